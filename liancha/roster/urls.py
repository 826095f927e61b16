from django.urls import path

from . import views

app_name = "roster"
urlpatterns = [
    path("inspectors/", views.inspectors, name="inspectors"),
    path("inspectors/new/", views.new_inspector, name="new_inspector"),
    path("inspectors/import/", views.import_inspectors, name="import"),
    path("inspectors/import/<int:pk>/", views.import_report, name="import_report"),
    path("inspectors/import/<int:pk>/faults.xlsx", views.import_faults, name="import_faults"),
    path("inspectors/template.xlsx", views.template, name="template"),
    path("inspectors/inspectors.xlsx", views.export, name="export"),
    path("inspectors/<int:pk>/", views.inspector, name="inspector"),
    path("inspectors/<int:pk>/edit/", views.edit_inspector, name="edit_inspector"),
    path("inspectors/<int:pk>/certificates/", views.add_certificate, name="add_certificate"),
    path("inspectors/<int:pk>/leaves/", views.add_leave, name="add_leave"),
    path("inspectors/<int:pk>/recusals/", views.add_recusal, name="add_recusal"),
    path("certificates/<int:pk>/edit/", views.edit_certificate, name="edit_certificate"),
    path("certificates/<int:pk>/remove/", views.remove_certificate, name="remove_certificate"),
    path("leaves/<int:pk>/cancel/", views.cancel_leave, name="cancel_leave"),
    path("recusals/<int:pk>/lift/", views.lift_recusal, name="lift_recusal"),
]
