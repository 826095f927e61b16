from django.urls import path

from . import views

app_name = "workdays"
urlpatterns = [
    path("", views.calendar, name="calendar"),
    path("<int:year>/", views.year, name="year"),
    path("<int:year>/edit/", views.edit, name="edit"),
]
