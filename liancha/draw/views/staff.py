"""A department draws its own inspectors; afterwards who goes where, why, and who instead."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from liancha.accounts.again import told
from liancha.accounts.permissions import Permission, requires
from liancha.accounts.words import agreed
from liancha.roster.models import Inspector
from liancha.rulebook.lifecycles import DrawState, TaskState
from liancha.task.models import Task

from .. import actions, chains, duty, forms, queries, seats
from ..models import Assignment, Draw, DrawnTarget, Replacement


@requires(Permission.DRAW_WATCH)
@never_cache
def inspectors(request: HttpRequest, pk: int) -> HttpResponse:
    """How far every department is, and this person's own department's people before its draw."""
    task = get_object_or_404(Task.objects.visible_to(request.user), pk=pk)
    of = chains.to_man(task, request.user.department) if request.user.department else None
    of = of or chains.last(task)
    if of is None:
        raise Http404
    found = duty.progress(task, of)
    own = next((s for s in found if s.department.pk == request.user.department_id), None)
    may_draw = (
        own is not None
        and own.draw is None
        and own.units > 0
        and request.user.may(Permission.DRAW_INSPECTORS)
    )
    return render(
        request,
        "draw/inspectors.html",
        {
            "task": task,
            "of": of,
            "standings": found,
            "own": own,
            "may_draw": may_draw,
            "is_early": task.state == TaskState.TARGETS_DRAWN,
            "preview": duty.preview(of, own.department, removed={}, on=timezone.localdate())
            if may_draw and own
            else None,
        },
    )


@requires(Permission.DRAW_INSPECTORS)
@require_POST
def freeze(request: HttpRequest, pk: int) -> HttpResponse:
    """Fix the inputs of the department's own draw."""
    task = get_object_or_404(Task.objects.visible_to(request.user), pk=pk)
    numbers = list(
        Inspector.objects.filter(department=request.user.department_id).values_list(
            "number", flat=True
        )
    )
    form = forms.Inspectors(request.POST, numbers=numbers)
    if not form.is_valid():
        return told(request, "draw:inspectors", pk, fault="均衡起点应是 1 以上的整数。")
    draw = actions.freeze_inspectors(
        task=task,
        department=request.user.department,
        base=form.cleaned_data["base"],
        removed=form.removed(),
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, f"人员库已冻结，编号 {draw.number}，请约定各方和公开随机值")
    return redirect(draw)


def _locked(request: HttpRequest, pk: int) -> Draw:
    rows = Draw.objects.visible_to(request.user).of_inspectors().locked()
    return get_object_or_404(rows.select_related("task", "department", "of"), pk=pk)


@requires(Permission.DRAW_WATCH)
@never_cache
def staff(request: HttpRequest, pk: int) -> HttpResponse:
    """Who goes where, with the loads, the next in line, and why for one target."""
    draw = _locked(request, pk)
    if not queries.may_see_names(draw, request.user):
        return render(request, "draw/staff_closed.html", {"draw": draw})
    shown = draw.assignments.values_list("drawn_target", flat=True)
    asked = request.GET.get("why", "")
    targets = DrawnTarget.objects.filter(pk__in=shown).select_related("candidate").order_by("id")
    why = targets.filter(pk=asked).first() if asked.isdecimal() else None
    why = why or targets.first()
    own = request.user.department_id == draw.department_id
    return render(
        request,
        "draw/staff.html",
        {
            "draw": draw,
            "drawn": duty.drawn(draw, on=timezone.localdate()),
            "why": why,
            "fates": duty.explain(draw, why) if why else [],
            "may_ask": own and request.user.may(Permission.DRAW_INSPECTORS),
            "may_decide": own and request.user.may(Permission.DRAW_APPROVE_REPLACEMENT),
            "openness": queries.openness(draw, timezone.now()),
        },
    )


@requires(Permission.DRAW_INSPECTORS)
def replace(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for somebody else in one seat."""
    rows = Assignment.objects.filter(
        draw__department=request.user.department_id, draw__state=DrawState.LOCKED
    ).select_related("draw__department", "draw__of", "drawn_target__candidate", "inspector")
    assignment = get_object_or_404(rows, pk=pk)
    today = timezone.localdate()
    people = (
        Inspector.objects.of(assignment.draw.department)
        .officers()
        .filter(status=Inspector.Status.ON_DUTY)
    )
    form = forms.ReplacementRequest(
        request.POST if request.method == "POST" else None, people=people
    )
    if request.method == "POST" and form.is_valid():
        asked = actions.request_replacement(
            assignment=assignment, by=request.user, at=timezone.now(), **form.cleaned_data
        )
        messages.success(request, f"更换申请已提交：{asked.leaving} → {asked.coming}，等负责人批准")
        return redirect("draw:staff", assignment.draw_id)
    return render(
        request,
        "draw/replace.html",
        {
            "assignment": assignment,
            "draw": assignment.draw,
            "leaving": seats.holder(assignment),
            "line": seats.in_line(assignment, on=today),
            "form": form,
        },
        status=422 if form.errors else 200,
    )


@requires(Permission.DRAW_APPROVE_REPLACEMENT)
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """The head's word on a replacement in the head's own department."""
    rows = Replacement.objects.filter(assignment__draw__department=request.user.department_id)
    replacement = get_object_or_404(rows.select_related("assignment"), pk=pk)
    agree = agreed(request)
    actions.decide_replacement(
        replacement=replacement, agree=agree, by=request.user, at=timezone.now()
    )
    word = f"已更换为{replacement.coming}" if agree else "没有同意更换，原安排不变"
    messages.success(request, word)
    return redirect("draw:staff", replacement.assignment.draw_id)
