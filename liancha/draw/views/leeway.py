"""The batches of a task: which there are, a further one, and drawing one side only."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from liancha.accounts.again import told
from liancha.accounts.permissions import Permission, requires
from liancha.accounts.words import agreed, written
from liancha.queue.models import Job
from liancha.rulebook.lifecycles import DrawState
from liancha.task.models import Task

from .. import actions, background, chains, leeway_forms, scenes
from ..models import Draw, SingleRandom, Supplement


@requires(Permission.DRAW_WATCH)
def task(request: HttpRequest, pk: int) -> HttpResponse:
    """The draw of targets that a task is at: the one under way, else the last."""
    found = get_object_or_404(Task.objects.visible_to(request.user), pk=pk)
    draws = found.draws.of_targets()
    draw = draws.open().first() or draws.exclude(state=DrawState.VOID).first()
    if draw is None:
        return redirect("draw:pool", pk)
    return redirect(draw)


@requires(Permission.DRAW_WATCH)
def batches(request: HttpRequest, pk: int) -> HttpResponse:
    """Every batch with its counts, what was asked for, and what the system finds too few."""
    found = get_object_or_404(
        Task.objects.visible_to(request.user).select_related("initiator", "line", "field"), pk=pk
    )
    draws = found.draws.of_targets().filter(
        Q(state=DrawState.LOCKED) | Q(supplements__isnull=False)
    )
    last = chains.last(found)
    own = request.user.department_id == found.initiator_id
    asked = Supplement.objects.filter(after__task=found).select_related(
        "after", "draw", "asked_by", "decided_by"
    )
    may_ask = (
        own
        and request.user.may(Permission.DRAW_RUN)
        and last is not None
        and found.state in actions.MAY_GROW
        and any(actions.left_by(last).values())
        and not asked.filter(after=last).exclude(is_agreed=False).exists()
    )
    return render(
        request,
        "draw/batches.html",
        {
            "task": found,
            "draws": draws.select_related("supplements").order_by("id"),
            "asked": [(each, _work(each)) for each in asked],
            "last": last,
            "is_exhausted": last is not None and not any(actions.left_by(last).values()),
            "form": _form(request, last) if may_ask and last else None,
            "singles": found.single_randoms.select_related("department", "asked_by", "decided_by"),
            "shortages": _unasked(found) if own else [],
            "may_run": own and request.user.may(Permission.DRAW_RUN),
            "may_decide": own and request.user.may(Permission.TASK_APPROVE),
        },
    )


def _work(asked: Supplement) -> Job | None:
    """The freeze of its pool, while that is under way or did not come to its end."""
    if not asked.is_agreed or asked.draw_id:
        return None
    return background.last(background.further_of(asked), timezone.now())


def _unasked(found: Task) -> list[actions.Side]:
    """What the system finds too few and nobody has asked about yet."""
    asked = set(found.single_randoms.exclude(is_agreed=False).values_list("department", flat=True))
    return [
        each
        for each in actions.shortages(found, timezone.now())
        if (each.department.pk if each.department else None) not in asked
    ]


def _form(request: HttpRequest, last: Draw) -> leeway_forms.Supplement:
    labels = scenes.labels_of(last)
    return leeway_forms.Supplement(
        request.POST if request.method == "POST" else None,
        left=[
            (name, labels.get(name, name), number)
            for name, number in actions.left_by(last).items()
            if number
        ],
    )


def _own_task(request: HttpRequest, pk: int) -> Task:
    return get_object_or_404(Task.objects.initiated_by(request.user), pk=pk)


@requires(Permission.DRAW_RUN)
@require_POST
def ask_supplement(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a further batch after the last one."""
    last = chains.last(_own_task(request, pk))
    if last is None:
        raise Http404
    form = _form(request, last)
    if not form.is_valid():
        return told(request, "draw:batches", pk, fault=form)
    actions.ask_supplement(
        after=last,
        wanted=form.wanted(),
        reason=form.cleaned_data["reason"],
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, "已申请补抽，等待负责人批准")
    return redirect("draw:batches", pk)


@requires(Permission.TASK_APPROVE)
@require_POST
def decide_supplement(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Supplement.objects.filter(after__department=request.user.department_id)
    asked = get_object_or_404(rows.select_related("after"), pk=pk)
    note, agree = written(request, "note"), agreed(request)
    actions.decide_supplement(
        supplement=asked,
        agree=agree,
        note=note,
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, "已同意补抽" if agree else "已退回补抽申请")
    return redirect("draw:batches", asked.after.task_id)


@requires(Permission.DRAW_RUN)
@require_POST
def freeze_supplement(request: HttpRequest, pk: int) -> HttpResponse:
    """Freeze what the last batch left; the ceremony follows."""
    rows = Supplement.objects.filter(after__department=request.user.department_id)
    found, now = get_object_or_404(rows.select_related("after"), pk=pk), timezone.now()
    if background.is_large(found.after.frame_size):
        actions.check_freeze_supplement(supplement=found, by=request.user)
        background.freeze_supplement(supplement=found, by=request.user, at=now)
        return redirect("draw:batches", found.after.task_id)
    draw = actions.freeze_supplement(supplement=found, by=request.user, at=now)
    messages.success(request, f"补抽的库已冻结，{draw.frame_size:,} 户，编号 {draw.number}")
    return redirect(draw)


@requires(Permission.DRAW_RUN)
@require_POST
def ask_single_random(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask to draw one side only, where the system finds the other too small."""
    found = _own_task(request, pk)
    code = request.POST.get("department", "")
    department = get_object_or_404(found.departments, code=code) if code else None
    actions.ask_single_random(
        task=found,
        department=department,
        reason=written(request, longest=300),
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, "已申请单随机，等待负责人批准")
    return redirect("draw:batches", pk)


@requires(Permission.TASK_APPROVE)
@require_POST
def decide_single_random(request: HttpRequest, pk: int) -> HttpResponse:
    rows = SingleRandom.objects.filter(task__initiator=request.user.department_id)
    asked = get_object_or_404(rows, pk=pk)
    note, agree = written(request, "note"), agreed(request)
    actions.decide_single_random(
        request=asked,
        agree=agree,
        note=note,
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, "已同意单随机" if agree else "已退回单随机申请")
    return redirect("draw:batches", asked.task_id)
