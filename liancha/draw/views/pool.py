"""分类建库: the pool of a task before and after the freeze."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from liancha.accounts.again import told
from liancha.accounts.permissions import Permission, requires
from liancha.accounts.words import written
from liancha.registry.models import Target
from liancha.rulebook.lifecycles import TaskState
from liancha.task.models import Task

from .. import (
    actions,
    background,
    forms,
    freezing,
    frozen,
    pools,
    queries,
    rosters,
    scenes,
    software,
)
from ..actions.pooling import check_freeze
from ..models import Draw, PoolChoices

PAGE = 20
EARLY = (TaskState.CREATED, TaskState.SCHEME_SUBMITTED, TaskState.SCHEME_APPROVED)


@requires(Permission.TASK_VIEW)
def pool(request: HttpRequest, pk: int) -> HttpResponse:
    """The pool: how it comes about, how it is cut, who is in, who is out and why."""
    task = get_object_or_404(
        Task.objects.visible_to(request.user).select_related("field", "line", "initiator"), pk=pk
    )
    if TaskState(task.state) in EARLY:
        return _open_pool(request, task)
    draw = task.draws.of_targets().exclude(state="void").first()
    if draw is None:
        draw = get_object_or_404(task.draws.of_targets())
    return _frozen_pool(request, task, draw)


def _open_pool(request: HttpRequest, task: Task) -> HttpResponse:
    """A large pool's page comes at once; the counts, which take seconds, follow by themselves."""
    expected = freezing.expected(task)
    is_part = bool(request.htmx) and not request.htmx.boosted
    if background.is_large(expected) and not is_part:
        return render(request, "draw/pool.html", {"task": task, "expected": expected})
    found = queries.counted_pool(task)
    now = timezone.now()
    today = timezone.localdate(now)
    work = background.last(background.freezing_of(task), now)
    tab = "out" if request.GET.get("tab") == "out" else "in"
    search = forms.PoolSearch(
        request.GET,
        strata=[(s.name, s.label) for s in found.strata if s.size] if tab == "in" else [],
        reasons=[(e.code, e.label) for e in found.excluded] if tab == "out" else [],
    )
    rows = found.candidates if tab == "in" else found.set_aside
    rows = _searched(rows.select_related("region"), search)
    pages = Paginator(rows, PAGE)
    if not any(request.GET.get(each) for each in ("q", "stratum", "reason")):
        pages.count = found.size if tab == "in" else found.out
    page = pages.get_page(request.GET.get("page"))
    labels = {stratum.name: stratum.label for stratum in found.strata}
    for target in page:
        target.reason_label = pools.REASONS.get(target.reason, "")
        target.stratum_label = labels.get(target.stratum, target.stratum)
    choices = PoolChoices.objects.filter(task=task).first() or PoolChoices(task=task)
    return render(
        request,
        "draw/_pool_open.html" if is_part else "draw/pool.html",
        {
            "task": task,
            "pool": found,
            "work": work,
            "is_my_work": work is not None and work.owner_id == request.user.pk,
            "widest": max((each.count for each in found.excluded), default=1),
            "remarks": found.remarks(today),
            "software": software.version(),
            "supplies": rosters.supplies(task, count=found.count, on=today),
            "tab": tab,
            "search": search,
            "page_obj": page,
            "tab_in": tab == "in",
            "tab_out": tab == "out",
            "choices": choices,
            "choices_form": forms.PoolChoices(
                initial={
                    "cooling_months": choices.cooling_months,
                    "takes_suspended": choices.takes_suspended,
                    "ratio": choices.ratio,
                    "stratify": choices.stratify,
                },
                has_plan=task.line_id is not None,
            ),
            "is_operator": request.user.may(Permission.DRAW_RUN)
            and request.user.department_id == task.initiator_id,
            "may_freeze": task.state == TaskState.SCHEME_APPROVED,
        },
    )


def _searched(rows: QuerySet[Target], search: forms.PoolSearch) -> QuerySet[Target]:
    if not search.is_valid():
        return rows
    given = search.cleaned_data
    if given.get("stratum"):
        rows = rows.filter(stratum=given["stratum"])
    if given.get("reason"):
        rows = rows.filter(reason=given["reason"])
    return rows.matching(given["q"])


def _frozen_pool(request: HttpRequest, task: Task, draw: Draw) -> HttpResponse:
    # Beside the pool before it, the pool of a supplementary batch gives away who was drawn.
    if draw.supplements_id and not queries.may_see_names(draw, request.user):
        return render(request, "draw/pool_closed.html", {"task": task, "draw": draw})
    tab = "out" if request.GET.get("tab") == "out" else "in"
    labels = scenes.labels_of(draw)
    search = forms.PoolSearch(
        request.GET,
        strata=[(s["name"], labels.get(s["name"], s["name"])) for s in draw.strata]
        if tab == "in"
        else [],
        reasons=[(code, pools.REASONS[code]) for code, _ in draw.excluded] if tab == "out" else [],
    )
    given = search.cleaned_data if search.is_valid() else {}
    listing = frozen.Listing(
        draw,
        frozen.In if tab == "in" else frozen.Out,
        text=given.get("q", ""),
        choice=given.get("stratum" if tab == "in" else "reason", ""),
    )
    page: Page[Any] = Paginator(listing, PAGE).get_page(request.GET.get("page"))
    rows = [
        (row, labels.get(row.stratum, row.stratum) if tab == "in" else pools.REASONS[row.reason])
        for row in page
    ]
    excluded = [pools.Excluded(code, pools.REASONS[code], n) for code, n in draw.excluded]
    return render(
        request,
        "draw/pool_frozen.html",
        {
            "task": task,
            "draw": draw,
            "scene": scenes.Scene(draw, request.user, timezone.now(), False),
            "excluded": excluded,
            "universe": draw.frame_size + sum(each.count for each in excluded),
            "widest": max((each.count for each in excluded), default=1),
            "out": sum(each.count for each in excluded),
            "tab": tab,
            "tab_in": tab == "in",
            "tab_out": tab == "out",
            "search": search,
            "page_obj": page,
            "rows": rows,
            "is_cut_short": listing.is_cut_short,
        },
    )


@requires(Permission.DRAW_RUN)
@require_POST
def choose(request: HttpRequest, pk: int) -> HttpResponse:
    """Set cooling period, suspended targets and, without a plan line, the ratio."""
    task = get_object_or_404(Task.objects.initiated_by(request.user), pk=pk)
    form = forms.PoolChoices(request.POST, has_plan=task.line_id is not None)
    if not form.is_valid():
        return told(request, "draw:pool", pk, fault=form)
    actions.choose_pool(task=task, by=request.user, at=timezone.now(), **form.cleaned_data)
    messages.success(request, "已按新的条件重新建库")
    return redirect("draw:pool", pk)


@requires(Permission.DRAW_RUN)
@require_POST
def set_aside(request: HttpRequest, pk: int, target: int) -> HttpResponse:
    """Leave one target out, with a reason."""
    task = get_object_or_404(Task.objects.initiated_by(request.user), pk=pk)
    found = get_object_or_404(Target.objects.visible_to(request.user), pk=target)
    actions.set_aside(
        task=task,
        target=found,
        reason=written(request),
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, f"已把{found.name}排除在库外")
    return redirect("draw:pool", pk)


@requires(Permission.DRAW_RUN)
@require_POST
def take_back(request: HttpRequest, pk: int, target: int) -> HttpResponse:
    """Put a target that was left out by hand back in."""
    task = get_object_or_404(Task.objects.initiated_by(request.user), pk=pk)
    found = get_object_or_404(Target.objects.visible_to(request.user), pk=target)
    actions.take_back(task=task, target=found, by=request.user, at=timezone.now())
    messages.success(request, f"{found.name}已回到库内")
    return redirect(f"{reverse('draw:pool', args=[pk])}?tab=out")


@requires(Permission.DRAW_RUN)
@require_POST
def freeze(request: HttpRequest, pk: int) -> HttpResponse:
    """Freeze the pool; afterwards nothing about it changes."""
    task = get_object_or_404(Task.objects.initiated_by(request.user), pk=pk)
    reason, now = written(request), timezone.now()
    if background.is_large(freezing.expected(task)):
        check_freeze(task=task, pool=queries.counted_pool(task), reason=reason, by=request.user)
        background.freeze(task=task, reason=reason, by=request.user, at=now)
        return redirect("draw:pool", pk)
    draw = actions.freeze(task=task, reason=reason, by=request.user, at=now)
    messages.success(request, f"待抽检库已冻结，{draw.frame_size:,} 户，编号 {draw.number}")
    return redirect(draw)
