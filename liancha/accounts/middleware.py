"""Sends people whose password must be changed to the page that changes it, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from .models import PastPassword


class PasswordChangeMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = getattr(request, "user", None)
        if (
            user is not None
            and user.is_authenticated
            and not settings.LIANCHA_DEMO
            and PastPassword.too_old(user, timezone.now())
            and request.path not in (reverse("accounts:password"), reverse("accounts:logout"))
            and not request.path.startswith(settings.STATIC_URL)
        ):
            return redirect("accounts:password")
        return self.get_response(request)
