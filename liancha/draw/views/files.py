"""Downloads for those who work on a draw. What the public gets is another room's door."""

from __future__ import annotations

from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.cache import never_cache

from liancha.accounts.permissions import Permission, requires

from .. import actions, bundles, queries, sheets
from ..models import Draw

MINUTES = {
    "docx": (
        sheets.minutes_docx,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "pdf": (sheets.minutes_pdf, "application/pdf"),
}


@requires(Permission.DRAW_WATCH)
@never_cache
def minutes(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """抽取纪要, as a document to edit and sign or as PDF."""
    if kind not in MINUTES:
        raise Http404
    draw = get_object_or_404(
        Draw.objects.visible_to(request.user).select_related("task", "department", "of"), pk=pk
    )
    make, content_type = MINUTES[kind]
    response = HttpResponse(make(draw, timezone.now()), content_type=content_type)
    name = quote(f"{draw.number} 抽取纪要.{kind}")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return response


@requires(Permission.DRAW_WATCH)
@never_cache
def download(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """One file of a draw. Whoever reads a list before it is public stands in the ledger for it."""
    draw = get_object_or_404(
        Draw.objects.visible_to(request.user).select_related("task", "department"), pk=pk
    )
    now = timezone.now()
    build = bundles.builders(draw).get(name)
    if build is None or not queries.may_have(draw, name, request.user, now):
        raise Http404
    data = build()
    if not queries.is_public(draw, name, now):
        actions.note_reading(draw=draw, name=name, by=request.user, at=now)
    kind = "application/json" if name.endswith(".json") else "text/plain"
    response = HttpResponse(data, content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
