"""Two versions of a list beside each other: what was put in, altered, taken out."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from liancha.accounts.permissions import Permission, public, requires

from .. import queries
from ..models import ListVersion
from .office import versions

KINDS = (("added", "新增"), ("removed", "删除"), ("changed", "修改"))


@requires(Permission.LISTS_VIEW)
def compare(request: HttpRequest, kind: str) -> HttpResponse:
    """Any two versions of one list that this person may read."""
    return _page(request, versions(request).filter(kind=kind), "lists/compare.html", kind)


@public
def public_compare(request: HttpRequest, kind: str) -> HttpResponse:
    """Any two published versions, for everybody (art. 8)."""
    published = ListVersion.objects.published().filter(kind=kind)
    return _page(request, published, "lists/public_compare.html", kind)


def _page(request: HttpRequest, found: Any, template: str, kind: str) -> HttpResponse:
    choices = list(found.select_related("region").order_by("region", "-number"))
    new = _chosen(request, "new", choices)
    if new is None:
        new = next((one for one in choices if one.previous_id), None)
    old = _chosen(request, "old", choices)
    if old is None and new is not None:
        before = {one.pk: one for one in choices}
        old = before.get(new.previous_id)
    changes = queries.compare(old, new) if old and new else []
    asked = request.GET.get("only", "")
    counts = [(value, word, sum(one.kind == value for one in changes)) for value, word in KINDS]
    context = {
        "kind": ListVersion.Kind(kind),
        "choices": choices,
        "old": old,
        "new": new,
        "changes": [one for one in changes if asked in ("", one.kind)],
        "counts": counts,
        "tabs": [
            (word, f"?old={old.pk}&new={new.pk}&only={value}", n, value == asked)
            for value, word, n in [("", "全部", len(changes)), *counts]
        ]
        if old and new
        else [],
    }
    return render(request, template, context)


def _chosen(request: HttpRequest, name: str, choices: list[ListVersion]) -> ListVersion | None:
    """The version asked for; 404 for one that is not among the choices."""
    asked = request.GET.get(name, "")
    if not asked:
        return None
    for one in choices:
        if str(one.pk) == asked:
            return one
    raise Http404
