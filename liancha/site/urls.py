"""All addresses. Each room brings its own; the site adds the start page and its errors."""

from __future__ import annotations

from django.urls import include, path

from . import views

site = (
    [
        path("", views.home, name="workbench"),
        path("search/", views.search, name="search"),
        path("design/", views.design, name="design"),
        path("design/blocked/", views.design_blocked, name="design_blocked"),
        path("design/<slug:layout>/", views.design_layout, name="design_layout"),
    ],
    "site",
)

urlpatterns = [
    path("", include(site)),
    path("", include("liancha.accounts.urls")),
    path("", include("liancha.disclosure.urls")),
    path("", include("liancha.draw.urls")),
    path("", include("liancha.inspection.urls")),
    path("", include("liancha.lists.urls")),
    path("", include("liancha.plan.urls")),
    path("", include("liancha.task.urls")),
    path("", include("liancha.openlog.urls")),
    path("", include("liancha.oversight.urls")),
    path("", include("liancha.queue.urls")),
    path("", include("liancha.registry.urls")),
    path("", include("liancha.roster.urls")),
    path("", include("liancha.workdays.urls")),
]

handler400 = "liancha.site.errors.bad_request"
handler403 = "liancha.site.errors.forbidden"
handler404 = "liancha.site.errors.not_found"
handler500 = "liancha.site.errors.broken"
