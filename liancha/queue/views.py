from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from liancha.accounts.permissions import signed_in

from . import actions
from .models import Job

NOBODY = "还没有后台进程接手。一分钟后仍不动的，请系统管理员查看后台进程是否在运行"


@signed_in
@never_cache
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far one's own job is, as JSON for the progress bar."""
    # A bar that asks by itself is nobody at the keyboard: it must not keep the session alive.
    request.session.save = lambda *args, **kwargs: None  # type: ignore[method-assign]
    job = get_object_or_404(Job, pk=pk, owner=request.user)
    now = timezone.now()
    if job.about and job.is_live:
        actions.bury_dead(about=job.about, at=now)
        job.refresh_from_db()
    return JsonResponse(
        {
            "state": job.state,
            "percent": job.percent,
            "note": NOBODY if job.is_late(now) else job.message,
            "message": job.message,
            "url": job.leads_to,
        }
    )


@signed_in
@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    job = get_object_or_404(Job, pk=pk, owner=request.user)
    actions.stop(job=job, by=request.user, at=timezone.now())
    return redirect(request.META.get("HTTP_REFERER") or "/")
