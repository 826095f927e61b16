from django.urls import path

from . import views

app_name = "task"
urlpatterns = [
    path("tasks/", views.tasks, name="tasks"),
    path("tasks/new/", views.new_task, name="new_task"),
    path("plan-lines/<int:pk>/task/", views.from_line, name="from_line"),
    path("tasks/<int:pk>/", views.task, name="task"),
    path("tasks/<int:pk>/confirm/", views.confirm, name="confirm"),
    path("tasks/<int:pk>/scheme/", views.scheme, name="scheme"),
    path("tasks/<int:pk>/scheme/edit/", views.edit_scheme, name="edit_scheme"),
    path("tasks/<int:pk>/scheme.docx", views.scheme_docx, name="scheme_docx"),
    path("tasks/<int:pk>/scheme/submit/", views.submit, name="submit"),
    path("tasks/<int:pk>/scheme/approve/", views.approve, name="approve"),
    path("tasks/<int:pk>/scheme/return/", views.return_scheme, name="return"),
    path("tasks/<int:pk>/platform/", views.platform, name="platform"),
]
