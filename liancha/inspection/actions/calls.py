"""Coming together: one day and time for all who inspect one firm (综合查一次, E14)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from liancha.accounts.models import Department, User
from liancha.draw.models import DrawnTarget
from liancha.ledger import actions as ledger
from liancha.registry.models import Target
from liancha.rulebook.quiet import Exempted
from liancha.rulebook.verdicts import Blocked

from .. import calls, crew
from ..models import Caller, JointCall, Visit
from ._holding import hold, refresh_team
from ._quiet import settle


@dataclass(frozen=True, slots=True)
class Coming:
    """One who is to come: a drawn target's team, or a department for something of its own.

    key, what  as in models.Caller
    """

    key: str
    what: str
    department: Department
    drawn_target: DrawnTarget | None = None


@transaction.atomic
def call_together(
    *,
    target: Target,
    coming: Sequence[Coming],
    appointed_on: date,
    slot: str,
    by: User,
    at: datetime,
) -> tuple[JointCall, tuple[str, ...]]:
    """Give all of them one appointment: that of whoever has one already, else a new one.

    Visits that exist are planned for it, and one that gets its team later begins with it. The
    caller of this function has the word of every initiator. Returns remarks (WARN).

    Raises Blocked (art. 20): a day that is past, a visit under way, two with an appointment each;
    NeedsReason for a day in a quiet period that asks for one: then another day is named (E17).
    """
    if appointed_on < timezone.localdate(at):
        raise Blocked(
            f"{appointed_on} 已经过去，不能约定上门。请选今天或以后的日期。",
            article="20",
            paragraph=2,
        )
    there = JointCall.objects.select_for_update().filter(
        callers__key__in=[each.key for each in coming]
    )
    known = list({each.pk: each for each in there.order_by("pk")}.values())
    if len(known) > 1:
        raise Blocked(
            "两项检查各自已约定另一次上门，不能再并到一起。请在其中一次的页面改日程。",
            article="20",
            paragraph=2,
        )
    if known and (known[0].appointed_on, known[0].slot) != (appointed_on, slot):
        raise Blocked(
            f"其中一项已约定 {known[0].appointed_on} {known[0].slot} 与别的检查同一次上门。"
            "请按这个时间商定，或先改那一次的日程。",
            article="20",
            paragraph=2,
        )
    call = (
        known[0]
        if known
        else JointCall.objects.create(
            target=target, appointed_on=appointed_on, slot=slot, agreed_by=by, agreed_at=at
        )
    )
    for each in coming:
        Caller.objects.get_or_create(
            key=each.key,
            defaults={
                "call": call,
                "department": each.department,
                "drawn_target": each.drawn_target,
                "what": each.what[:200],
            },
        )
    remarks = _plan(call, None, by=by, at=at)
    ledger.append(
        "inspection.call_together",
        by=by,
        at=at,
        about=("call", call.pk),
        day=appointed_on.isoformat(),
        slot=slot,
        callers=call.callers.count(),  # not which: readers of the log may not know the lists
    )
    return call, remarks


def _plan(
    call: JointCall,
    exempted: Exempted | None,
    *,
    but: Visit | None = None,
    by: User,
    at: datetime,
) -> tuple[str, ...]:
    """Every visit of the appointment that has a team gets its day and time.

    but  the one that was asked about quiet days already
    """
    remarks: list[str] = []
    hushed: list[str] = []
    planned = []
    for each in Visit.objects.filter(drawn_target__caller__call=call).order_by("pk"):
        visit = hold(each)
        if visit.started_at or visit.is_over:
            raise Blocked(
                f"{visit.team.task}对{visit}的检查已经开始，不能再改为同一次上门。",
                article="20",
                paragraph=2,
            )
        refresh_team(visit, at)
        visit.planned_on, visit.slot = call.appointed_on, call.slot
        visit.save(update_fields=["planned_on", "slot"])
        planned.append(visit)
        if visit != but:
            hushed += settle(visit, call.appointed_on, exempted, by=by, at=at)
    for visit in planned:
        remarks += crew.clashes(visit)
        task = visit.team.task
        if not task.starts_on <= call.appointed_on <= task.ends_on:
            remarks.append(
                f"{call.appointed_on} 不在任务 {task.number} 的期限 {task.starts_on} 至 "
                f"{task.ends_on} 内。确需如此的，请先调整计划（第十六条）。"
            )
        notice = getattr(visit, "notice", None)
        if notice is not None and not notice.is_surprise:
            remarks.append(
                f"任务 {task.number} 已按 {notice.when} 告知企业，改为同一次上门后请再告知。"
            )
    return tuple(dict.fromkeys([*remarks, *hushed]))


def move_mates(
    visit: Visit, exempted: Exempted | None, *, by: User, at: datetime
) -> tuple[str, ...]:
    """A visit got another day or time: its appointment follows, and so do the others. Remarks.

    Called inside the action that planned the visit. Raises Blocked (art. 20) when one of the
    others has begun; NeedsReason where the new day is quiet for one of them (E17).
    """
    call = calls.call_of(visit.drawn_target_id)
    if call is None or visit.planned_on is None:
        return ()
    if (call.appointed_on, call.slot) == (visit.planned_on, visit.slot):
        return ()
    call.appointed_on, call.slot = visit.planned_on, visit.slot
    call.save(update_fields=["appointed_on", "slot"])
    remarks = _plan(call, exempted, but=visit, by=by, at=at)
    others = [str(each) for each in call.callers.exclude(drawn_target=visit.drawn_target_id)]
    return (f"{visit}与{'、'.join(others)}约定同一次上门，已一并改期，请告知对方。", *remarks)
