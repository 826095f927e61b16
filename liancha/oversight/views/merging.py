"""合并检查: which inspections of one firm could be one visit, and the word of both departments."""

from __future__ import annotations

from datetime import time
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from liancha.accounts.models import User
from liancha.accounts.permissions import Permission, requires
from liancha.rulebook import lifecycles
from liancha.rulebook.lifecycles import MergeState
from liancha.rulebook.verdicts import Blocked

from .. import actions, documents, merge_forms, merging
from ..models import MergeProposal, MergeProposalQuerySet, MergeSide

A_PAGE = 30


def _rows() -> MergeProposalQuerySet:
    return MergeProposal.objects.select_related("target", "call").prefetch_related(
        "sides__department", "sides__agreed_by", "sides__task"
    )


def _found(rows: MergeProposalQuerySet, form: merge_forms.MergeQuery) -> MergeProposalQuerySet:
    if not form.is_valid():
        return rows
    asked = form.cleaned_data
    rows = rows.matching(asked["q"])
    if asked["kind"]:
        sides = MergeSide.objects.filter(kind=asked["kind"])
        rows = rows.filter(pk__in=sides.values("proposal"))
    if asked["department"]:
        sides = MergeSide.objects.filter(department=asked["department"])
        rows = rows.filter(pk__in=sides.values("proposal"))
    if asked["since"]:
        rows = rows.filter(appointed_on__gte=asked["since"])
    if asked["until"]:
        rows = rows.filter(appointed_on__lte=asked["until"])
    return rows


@requires(Permission.OVERSIGHT_VIEW)
def merges(request: HttpRequest) -> HttpResponse:
    """What this person may read of it, and what a year of it spared."""
    user, today = request.user, timezone.localdate()
    state = request.GET.get("state", "")
    if state not in MergeState.__members__.values():
        state = MergeState.PROPOSED
    form = merge_forms.MergeQuery(request.GET or None)
    seen, words = MergeProposal.objects.visible_to(user), lifecycles.choices(MergeState)
    counts, balance = merging.counts(user), merging.balance(today.year)
    page = Paginator(
        _found(_rows().filter(pk__in=seen.values("pk")), form).filter(state=state), A_PAGE
    ).get_page(request.GET.get("page"))
    waiting = set(
        MergeProposal.objects.decidable_by(user)
        .filter(pk__in=[each.pk for each in page])
        .values_list("pk", flat=True)
    )
    context = {
        "form": form,
        "page_obj": page,
        "rows": [(each, each.pk in waiting and _may_decide(user)) for each in page],
        "states": [(each, word, counts.get(each, 0)) for each, word in words],
        "state": state,
        "balance": balance,
        "rate": documents.percent(balance.together, balance.together + balance.alone),
        "within": settings.LIANCHA_MERGE_DAYS,
        "match_url": reverse("oversight:match"),
        "withheld": MergeProposal.objects.withheld_from(user).count()
        if user.sees_all_departments
        else 0,
        "may_match": _may_match(user),
        "ahead": merging.lines_ahead(user, today),
    }
    return render(request, "oversight/merges.html", context)


@requires(Permission.INSPECTION_MERGE, Permission.OVERSIGHT_REMIND)
@require_POST
def match(request: HttpRequest) -> HttpResponse:
    """The nightly look, now. It says the same whether or not something was found."""
    actions.match(by=request.user, at=timezone.now())
    messages.success(request, "已重新比对，列表为现在的情况")
    return redirect("oversight:merging")


@requires(Permission.OVERSIGHT_VIEW)
def merge(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _show(request, _proposal(request, pk))


@requires(Permission.INSPECTION_MERGE)
@require_POST
def agree(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The word of one's own department; with the other's it is settled."""
    one = _proposal(request, pk)
    form = merge_forms.Agree(request.POST)
    if not form.is_valid():
        return _show(request, one, status=422, agree=form)
    try:
        settled, remarks = actions.agree_to_merge(
            proposal=one,
            appointed_on=form.day,
            slot=form.clock,
            by=request.user,
            at=timezone.now(),
        )
    except Blocked as refusal:
        return _show(request, one, status=409, agree=form, refusal=refusal)
    for remark in remarks:
        messages.warning(request, remark)
    when = f"{settled.appointed_on} {settled.slot}"
    if settled.state == MergeState.ACCEPTED:
        messages.success(request, f"已约定 {when} 同一次上门，两个检查组的手机页和日程都已更新")
    else:
        messages.success(request, f"已同意在 {when} 同一次上门，等对方部门同意")
    return redirect(settled)


@requires(Permission.INSPECTION_MERGE)
@require_POST
def decline(request: HttpRequest, pk: UUID) -> HttpResponse:
    one = _proposal(request, pk)
    form = merge_forms.Decline(request.POST)
    if not form.is_valid():
        return _show(request, one, status=422, decline=form)
    try:
        actions.decline_merge(
            proposal=one, reason=form.cleaned_data["reason"], by=request.user, at=timezone.now()
        )
    except Blocked as refusal:
        return _show(request, one, status=409, decline=form, refusal=refusal)
    messages.success(request, "已记下不合并的理由，这两项检查不再提示")
    return redirect(one)


def _proposal(request: HttpRequest, pk: UUID) -> MergeProposal:
    seen = MergeProposal.objects.visible_to(request.user)
    found: MergeProposal = get_object_or_404(_rows().filter(pk__in=seen.values("pk")), pk=pk)
    return found


def _show(
    request: HttpRequest, one: MergeProposal, *, status: int = 200, **more: object
) -> HttpResponse:
    user = request.user
    one = _rows().get(pk=one.pk)
    sides = list(one.sides.all())
    mine = [each for each in sides if user.department_id == each.department_id]
    given = [each for each in sides if each.agreed_at]
    is_open = one.state == MergeState.PROPOSED
    blind = one.blind() if is_open else []
    hour, _, minute = one.slot.partition(":")
    context = {
        "proposal": one,
        "sides": sides,
        "blind": blind,
        "is_open": is_open,
        "may_agree": is_open
        and not blind
        and _may_decide(user)
        and any(each.agreed_at is None for each in mine),
        "may_decline": is_open and _may_decide(user) and bool(mine),
        "is_fixed": bool(given),
        "when": f"{one.appointed_on} {one.slot}",
        "agreed_word": "建议上门" if is_open and not given else "约定上门",
        "gap": f"{one.gap} 天" if one.gap else "时间重合",
        "agree": merge_forms.Agree(
            initial={
                "appointed_on": max(one.appointed_on, timezone.localdate()),
                "slot": time(int(hour), int(minute or 0)),
            }
        ),
        "decline": merge_forms.Decline(),
        "callers": one.call.callers.select_related("department") if one.call else [],
        **more,
    }
    return render(request, "oversight/merge.html", context, status=status)


def _may_decide(user: User) -> bool:
    return user.department_id is not None and user.may(Permission.INSPECTION_MERGE)


def _may_match(user: User) -> bool:
    return user.may(Permission.INSPECTION_MERGE) or user.may(Permission.OVERSIGHT_REMIND)
