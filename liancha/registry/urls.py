from django.urls import path

from .views import imports, targets, words

app_name = "registry"
urlpatterns = [
    path("targets/", targets.targets, name="targets"),
    path("targets/export/", targets.export, name="export"),
    path("targets/export/chosen/", targets.export_chosen, name="export_chosen"),
    path("targets/new/", targets.new_target, name="new_target"),
    path("targets/pending/", targets.pending, name="pending"),
    path("targets/place/", targets.place, name="place"),
    path("targets/tag/", targets.tag, name="tag"),
    path("targets/review/", targets.review, name="review"),
    path("targets/import/", imports.upload, name="upload"),
    path("targets/import/template/", imports.template, name="template"),
    path("targets/imports/", imports.imports, name="imports"),
    path("targets/imports/<int:pk>/", imports.show_import, name="import"),
    path("targets/imports/<int:pk>/commit/", imports.commit, name="commit_import"),
    path("targets/imports/<int:pk>/give-up/", imports.give_up, name="give_up_import"),
    path("targets/imports/<int:pk>/errors/", imports.errors, name="import_errors"),
    path("targets/tags/", words.tags, name="tags"),
    path("targets/tags/new/", words.new_tag, name="new_tag"),
    path("targets/tags/apply/", words.retag, name="retag"),
    path("targets/tags/<int:pk>/", words.edit_tag, name="edit_tag"),
    path("targets/places/", words.places, name="places"),
    path("targets/<int:pk>/", targets.target, name="target"),
    path("targets/<int:pk>/edit/", targets.edit_target, name="edit_target"),
    path("targets/<int:pk>/phone/", targets.show_phone, name="show_phone"),
    path("targets/<int:pk>/release/", targets.release, name="release"),
    path("releases/<int:pk>/take-back/", targets.take_back_release, name="take_back_release"),
]
