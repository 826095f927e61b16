from django.urls import path

from . import views

app_name = "accounts"
urlpatterns = [
    path("login/", views.log_in, name="login"),
    path("logout/", views.log_out, name="logout"),
    path("demo/step-in/", views.step_in, name="step_in"),
    path("password/", views.password, name="password"),
    path("roles/", views.roles, name="roles"),
    path("users/", views.users, name="users"),
    path("users/new/", views.open_account, name="open_account"),
    path("users/<int:pk>/", views.user, name="user"),
    path("users/<int:pk>/roles/", views.set_roles, name="set_roles"),
    path("users/<int:pk>/password/", views.reset_password, name="reset_password"),
    path("users/<int:pk>/active/", views.set_active, name="set_active"),
    path("departments/", views.departments, name="departments"),
    path("departments/new/", views.department, name="new_department"),
    path("departments/<int:pk>/", views.department, name="department"),
    path("departments/<int:pk>/close/", views.close_department, name="close_department"),
    path("departments/<int:pk>/reopen/", views.reopen_department, name="reopen_department"),
]
