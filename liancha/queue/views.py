from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from liancha.accounts.permissions import signed_in

from . import actions
from .models import Job


@signed_in
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far one's own job is, as JSON for the progress bar."""
    job = get_object_or_404(Job, pk=pk, owner=request.user)
    return JsonResponse(
        {"state": job.state, "percent": job.percent, "note": job.message, "message": job.message}
    )


@signed_in
@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    job = get_object_or_404(Job, pk=pk, owner=request.user)
    actions.stop(job=job, by=request.user, at=timezone.now())
    return redirect(request.META.get("HTTP_REFERER") or "/")
