"""The queue of records that may be one target, and one of them side by side."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from liancha.accounts.permissions import Permission, requires
from liancha.rulebook.verdicts import Blocked

from .. import actions, forms, queries
from ..models import CHOSEN, Doubt

ROWS = 20


@requires(Permission.REGISTRY_VIEW)
def doubts(request: HttpRequest) -> HttpResponse:
    """What waits to be decided, kind by kind; ?done=1: what was decided."""
    mine = Doubt.objects.visible_to(request.user)
    is_done = request.GET.get("done") == "1"
    found = mine.exclude(decided_at=None) if is_done else mine.open()
    kind = request.GET.get("kind", "")
    tail = "&done=1" if is_done else ""
    tabs = [
        (word, f"?kind={value}{tail}", n, value == kind)
        for value, word, n in [
            ("", "全部", found.count()),
            *(
                (value, word, found.filter(kind=value).count())
                for value, word in Doubt.Kind.choices
            ),
        ]
    ]
    if kind in Doubt.Kind.values:
        found = found.filter(kind=kind)
    order = "-decided_at" if is_done else "-pk"
    rows = found.select_related("left__region", "right__region", "decided_by").order_by(order)
    context = {
        "page_obj": Paginator(rows, ROWS).get_page(request.GET.get("page")),
        "tabs": tabs,
        "is_done": is_done,
        "open": mine.open().count(),
    }
    return render(request, "registry/doubts.html", context)


@requires(Permission.REGISTRY_VIEW)
def doubt(request: HttpRequest, pk: int) -> HttpResponse:
    """Two records beside each other; choose field by field, then merge or keep both."""
    found = get_object_or_404(
        Doubt.objects.visible_to(request.user).select_related(
            "left__region", "right__region", "decided_by"
        ),
        pk=pk,
    )
    form = forms.DecisionForm(request.POST or None)
    refused: Blocked | None = None
    if request.method == "POST" and form.is_valid():
        if not request.user.may(Permission.REGISTRY_EDIT):
            raise Blocked("没有修改名录库的权限。请由经办人办理。", article="11", paragraph=1)
        try:
            return _decide(request, found, form.cleaned_data)
        except Blocked as blocked:
            refused = blocked
    context = {
        "doubt": found,
        "rows": queries.side_by_side(found, request.POST),
        "form": form,
        "refused": refused,
        "keep": request.POST.get("keep") or queries.better_side(found),
        "next": Doubt.objects.visible_to(request.user).open().exclude(pk=found.pk).first(),
        "may_decide": request.user.may(Permission.REGISTRY_EDIT) and not found.decided_at,
    }
    status = 409 if refused else 422 if request.method == "POST" else 200
    return render(request, "registry/doubt.html", context, status=status)


def _decide(request: HttpRequest, found: Doubt, data: dict[str, Any]) -> HttpResponse:
    keep = "right" if data["keep"] == "right" and found.right else "left"
    taken = [name for name in CHOSEN if request.POST.get(f"use-{name}", keep) not in (keep, "")]
    common: dict[str, Any] = {
        "doubt": found,
        "reason": data["reason"],
        "by": request.user,
        "at": timezone.now(),
    }
    if data["verb"] == "merge":
        kept = found.right if keep == "right" and found.right else found.left
        saved = actions.merge(keep=kept, from_other=taken, **common)
        messages.success(request, f"已合并为“{saved.name}”，原代码仍可查到")
    elif data["verb"] == "settle":
        saved = actions.settle_name(from_other=taken, **common)
        messages.success(request, f"已确定为“{saved.name}”，另一个名称仍可查到")
    else:
        actions.keep_both(**common)
        messages.success(request, "两户都保留，以后不再提示")
    after = Doubt.objects.visible_to(request.user).open().first()
    return redirect(after or "registry:doubts")
