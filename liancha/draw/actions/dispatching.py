"""派发: send the locked list to every participant, and their receipts (art. 19, paragraph 1)."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.queue import actions as queue
from liancha.rulebook import deadlines
from liancha.rulebook.lifecycles import DrawState, TaskState
from liancha.rulebook.verdicts import Blocked, NeedsReason
from liancha.task import actions as tasks
from liancha.task.models import Task
from liancha.workdays.queries import calendar

from ..models import Dispatch, Draw
from .ceremony import held
from .pooling import only_for


@transaction.atomic
def dispatch(*, draw: Draw, reason: str = "", by: User, at: datetime) -> list[Dispatch]:
    """Send the list to all departments of the task. The initiator's own copy is signed for.

    reason  why there is no number of the provincial platform yet; it is kept with the task

    Raises Blocked before the lock, NeedsReason without platform number and reason.
    Source: art. 19, paragraph 1; art. 5 for the platform. Clauses 5.1 and 19.2.
    """
    draw = held(draw)
    only_for(draw.department, by)
    if draw.state != DrawState.LOCKED or not draw.is_of_targets:
        raise Blocked("名单锁定后才能派发。", article="19", paragraph=1)
    task = Task.objects.select_for_update(of=("self",)).get(pk=draw.task_id)
    if not task.platform_number and not task.platform_reason:
        if not reason.strip():
            raise NeedsReason(
                "任务还没有监管平台编号。请先录入编号；平台暂时不可用的，写明原因，之后补录。",
                article="5",
            )
        task = tasks.record_platform_number(
            task=task, number="", reason=reason.strip(), by=by, at=at
        )
    if draw.supplements_id is None:
        task.advance(TaskState.DISPATCHED)
    elif draw.dispatches.exists():
        raise Blocked("这一批名单已经派发。", article="19", paragraph=1)
    elif task.state == TaskState.TARGETS_DRAWN:
        raise Blocked("请先派发前一批名单。", article="19", paragraph=1)
    today = timezone.localtime(at).date()
    due = deadlines.acknowledge_due(today, calendar()).due
    dispatches = Dispatch.objects.bulk_create(
        Dispatch(
            draw=draw,
            department=department,
            sent_at=at,
            due_on=due,
            acknowledged_at=at if department.pk == draw.department_id else None,
            acknowledged_by=by if department.pk == draw.department_id else None,
        )
        for department in task.departments.order_by("pk")
    )
    if due is not None:
        # The room above looks, once the term is over, who has not signed.
        over = datetime.combine(due + timedelta(days=1), time(0, 5))
        queue.at(timezone.make_aware(over), "oversight.remind_of_receipts", draw.pk)
    ledger.append(
        "draw.dispatch",
        by=by,
        at=at,
        draw=draw.number,
        kind="dispatch",
        about=("draw", draw.pk),
        to=[each.department.code for each in dispatches],
        due_on=due.isoformat() if due else None,
    )
    return dispatches


@transaction.atomic
def acknowledge(*, dispatch: Dispatch, by: User, at: datetime) -> Dispatch:
    """Sign for the list on behalf of one's own department. Raises Blocked when it is done.

    Source: clause 19.2.
    """
    dispatch = (
        Dispatch.objects.select_for_update(of=("self",))
        .select_related("draw", "department")
        .get(pk=dispatch.pk)
    )
    only_for(dispatch.department, by)
    if dispatch.acknowledged_at:
        raise Blocked(f"{dispatch.department.name}已经签收。", article="19", paragraph=1)
    dispatch.acknowledged_at, dispatch.acknowledged_by = at, by
    dispatch.save(update_fields=["acknowledged_at", "acknowledged_by"])
    ledger.append(
        "draw.acknowledge",
        by=by,
        at=at,
        draw=dispatch.draw.number,
        kind="acknowledge",
        about=("draw", dispatch.draw_id),
        department=dispatch.department.code,
    )
    return dispatch


@transaction.atomic
def note_reading(*, draw: Draw, name: str, by: User | str, at: datetime) -> None:
    """Put on record who took a list that is not public yet; by is a word for a machine.

    Source: draw protocol, §7, frame.tsv is guarded like the drawn list.
    """
    ledger.append("draw.read_list", by=by, at=at, about=("draw", draw.pk), file=name)
