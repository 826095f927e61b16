"""Lists for everybody: the ones in force, earlier ones, and as files (art. 8). Clause 8.3."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render

from liancha.accounts.permissions import public

from .. import queries, sheets
from ..models import ListVersion
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
    found = _find(pk)
    context = {
        "version": found,
        "fields": sheets.fields_of(found) if found.is_joint else [],
        "items": found.items.select_related("department"),
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


def _find(pk: int) -> ListVersion:
    """A version that is public; others are not there."""
    published = ListVersion.objects.published().select_related("region", "previous")
    return get_object_or_404(published, pk=pk)
