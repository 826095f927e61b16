"""Lists for everybody: the ones in force, earlier ones, and as files (art. 8). Clause 8.3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render

from liancha.accounts.permissions import public

from .. import queries, sheets
from ..models import JointField, ListVersion
from .office import workbook


@public
def lists(request: HttpRequest) -> HttpResponse:
    """What is in force in the city and its counties, and what was before."""
    published = ListVersion.objects.published().select_related("region")
    context = {
        "current": published.filter(state="published").order_by("region", "kind"),
        "earlier": published.filter(state="superseded").order_by("-published_at"),
    }
    return render(request, "lists/public.html", context)


@public
def version(request: HttpRequest, pk: int) -> HttpResponse:
    """The rows of a version; `?q=` looks into every column."""
    found, asked = _find(pk), request.GET.get("q", "").strip()[:40]
    fields = list(sheets.fields_of(found)) if found.is_joint else []
    items = [] if found.is_joint else list(found.items.select_related("department"))
    context = {
        "version": found,
        "q": asked,
        "total": len(fields) + len(items),
        "fields": [each for each in fields if _says(asked, _words(each))],
        "items": [
            each
            for each in items
            if _says(asked, (each.name, each.category, each.targets, each.subject, each.basis))
        ],
        "changes": queries.differences(found),
        "newer": ListVersion.objects.in_force(found.kind, found.region_id)
        .exclude(pk=found.pk)
        .first(),
    }
    return render(request, "lists/public_version.html", context)


@public
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    return workbook(_find(pk))


@public
def data(request: HttpRequest, pk: int) -> HttpResponse:
    return JsonResponse(
        sheets.as_json(_find(pk)), json_dumps_params={"ensure_ascii": False, "indent": 2}
    )


def _words(field: JointField) -> Iterator[str]:
    """What a field's row says on the page."""
    yield from (field.name, field.targets, field.initiator.name, field.initiator.short)
    for each in field.cooperators.all():
        yield from (each.name, each.short)
    for item in field.items.all():
        yield from (item.name, item.basis)


def _says(asked: str, words: Iterable[str]) -> bool:
    return not asked or any(asked in word for word in words)


def _find(pk: int) -> ListVersion:
    """A version that is public; others are not there."""
    published = ListVersion.objects.published().select_related("region", "previous")
    return get_object_or_404(published, pk=pk)
