from django.urls import path

from . import views

app_name = "queue"
urlpatterns = [
    path("jobs/<int:pk>/", views.progress, name="progress"),
    path("jobs/<int:pk>/stop/", views.stop, name="stop"),
]
