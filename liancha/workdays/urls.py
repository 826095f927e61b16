from django.urls import path

from . import views

app_name = "workdays"
urlpatterns = [
    path("workdays/", views.calendar, name="calendar"),
    path("workdays/<int:year>/", views.year, name="year"),
    path("workdays/<int:year>/edit/", views.edit, name="edit"),
    path("workdays/quiet/", views.quiet_periods, name="quiet"),
    path("workdays/quiet/new/", views.new_quiet, name="new_quiet"),
    path("workdays/quiet/<int:pk>/strength/", views.quiet_strength, name="quiet_strength"),
    path("workdays/quiet/<int:pk>/end/", views.end_quiet, name="end_quiet"),
    path("public/quiet/", views.public_quiet, name="public_quiet"),
]
