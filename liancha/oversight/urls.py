from django.urls import path

from . import views

app_name = "oversight"
urlpatterns = [
    path("overdue/", views.overdue, name="overdue"),
    path("reminders/", views.reminders, name="reminders"),
    path("reminders/new/", views.remind, name="remind"),
    path("reminders/<int:pk>/", views.reminder, name="reminder"),
    path("reminders/<int:pk>/reply/", views.reply, name="reply"),
    path("log/", views.log, name="log"),
    path("log/<int:index>/", views.entry, name="entry"),
]
