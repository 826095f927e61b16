from django.urls import path

from . import views

app_name = "openlog"
urlpatterns = [
    path("log/", views.log, name="log"),
    path("log/checkpoint", views.checkpoint, name="checkpoint"),
    path("log/cosigned", views.cosigned, name="cosigned"),
    path("log/checkpoints/<int:size>", views.checkpoint_of, name="checkpoint_of"),
    path("log/proofs/inclusion/", views.inclusion, name="inclusion"),
    path("log/proofs/consistency/", views.consistency, name="consistency"),
    path("log/entries/<int:index>", views.entry, name="entry"),
    path("log/keys.json", views.keys, name="keys"),
    path("log/draws.json", views.draws, name="draws"),
    path("log/cosignatures/", views.cosignatures, name="cosignatures"),
]
