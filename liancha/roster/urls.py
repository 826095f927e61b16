from django.urls import path

from .views import imports, people

app_name = "roster"
urlpatterns = [
    path("inspectors/", people.inspectors, name="inspectors"),
    path("inspectors/new/", people.new_inspector, name="new_inspector"),
    path("inspectors/import/", imports.upload, name="import"),
    path("inspectors/imports/", imports.table.imports, name="imports"),
    path("inspectors/imports/<int:pk>/", imports.table.show, name="show_import"),
    path("inspectors/imports/<int:pk>/commit/", imports.table.commit, name="commit_import"),
    path("inspectors/imports/<int:pk>/give-up/", imports.table.give_up, name="give_up_import"),
    path("inspectors/imports/<int:pk>/undo/", imports.table.undo, name="undo_import"),
    path("inspectors/imports/<int:pk>/faults.xlsx", imports.table.faults, name="import_faults"),
    path("inspectors/template.xlsx", imports.template, name="template"),
    path("inspectors/inspectors.xlsx", people.export, name="export"),
    path("inspectors/<int:pk>/", people.inspector, name="inspector"),
    path("inspectors/<int:pk>/edit/", people.edit_inspector, name="edit_inspector"),
    path("inspectors/<int:pk>/certificates/", people.add_certificate, name="add_certificate"),
    path("inspectors/<int:pk>/leaves/", people.add_leave, name="add_leave"),
    path("inspectors/<int:pk>/recusals/", people.add_recusal, name="add_recusal"),
    path("certificates/<int:pk>/edit/", people.edit_certificate, name="edit_certificate"),
    path("certificates/<int:pk>/remove/", people.remove_certificate, name="remove_certificate"),
    path("leaves/<int:pk>/cancel/", people.cancel_leave, name="cancel_leave"),
    path("recusals/<int:pk>/lift/", people.lift_recusal, name="lift_recusal"),
]
