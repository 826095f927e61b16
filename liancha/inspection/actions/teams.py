"""Who goes, when, and which expert comes along (art. 20)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from liancha.accounts.models import User
from liancha.draw import chains, pools
from liancha.draw.models import Draw, DrawnTarget
from liancha.ledger import actions as ledger
from liancha.lists.models import JointItem, Method
from liancha.registry.models import Target
from liancha.roster.models import Inspector
from liancha.rulebook import presence
from liancha.rulebook.lifecycles import TaskState
from liancha.rulebook.quiet import Exempted
from liancha.rulebook.verdicts import Blocked
from liancha.task.models import Participation, Task

from .. import crew
from ..calls import appointments
from ..models import Invitation, Team, Visit, VisitItem, VisitPart
from ._holding import first_leader, hold, refresh_team, valid_certificate
from ._quiet import settle
from .calls import move_mates


@transaction.atomic
def form_teams(*, task: Task, by: User, at: datetime) -> list[Team]:
    """One team for every drawn target that has none yet, with its visit and the form's rows.

    Members are those who hold the drawn seats now; the leader is the first of the initiator's
    who may lead and has a valid certificate. A target's rows are fixed here: an item whose tag
    the target lacks, or of a department released from it, is 不涉及.

    Raises Blocked (art. 20, 21): not the initiator, nothing to form, a department with fewer
    than two officers for a target.

    Source: clause 20.3.
    """
    task = Task.objects.select_for_update().get(pk=task.pk)
    _check_initiator(task, by)
    first_time = task.state == TaskState.INSPECTORS_DRAWN
    if not first_time and task.state not in (TaskState.TEAMS_SET, TaskState.INSPECTING):
        task.advance(TaskState.TEAMS_SET)  # is not allowed from here, and says why
    waiting = _waiting(task)
    if not waiting:
        raise Blocked("每户都已组好检查组，没有需要新组的。", article="20", paragraph=2)
    rows_of = _rows_by_target(task, waiting)
    people = crew.members_by_target(task)
    appointed = appointments(waiting)
    method = _method(task)
    teams = []
    for number, drawn in enumerate(waiting, start=task.teams.count() + 1):
        rows = rows_of[drawn.pk]
        members = _members(drawn, rows, people.get(drawn.pk, []))
        team = Team.objects.create(
            task=task,
            number=number,
            leader=first_leader(task, members, timezone.localdate(at)),
            formed_by=by,
            formed_at=at,
        )
        team.members.set(members)
        _lay_out(
            Visit.objects.create(
                drawn_target=drawn, team=team, method=method, **appointed.get(drawn.pk, {})
            ),
            rows,
        )
        teams.append(team)
    if first_time:
        task.advance(TaskState.TEAMS_SET)
    ledger.append(
        "inspection.form_teams",
        by=by,
        at=at,
        about=("task", task.pk),
        task=task.number,
        teams=[[each.number, each.leader.number] for each in teams],
    )
    return teams


Rows = dict[Participation, list[tuple[JointItem, bool]]]
"""What one target is looked at for: a department's items, and whether each is 涉及 there."""


def _waiting(task: Task) -> list[DrawnTarget]:
    """The drawn targets that have no team yet and whose batch every department has manned."""
    return list(
        DrawnTarget.objects.of_task(task)
        .filter(visit=None)
        .exclude(draw__in=_unmanned(task))
        .select_related("candidate", "target")
        .prefetch_related("target__tags")
    )


def _rows_by_target(task: Task, waiting: Sequence[DrawnTarget]) -> dict[int, Rows]:
    """Drawn target → its rows, read for all of them at once."""
    takes_part = list(task.participations.select_related("department").prefetch_related("items"))
    away = pools.released(task, [each.target_id for each in waiting])
    return {
        drawn.pk: {
            each: _rows(
                each,
                drawn.target,
                is_released=each.department_id in away.get(drawn.target_id, ()),
            )
            for each in takes_part
        }
        for drawn in waiting
    }


def _is_involved(own: Sequence[tuple[JointItem, bool]]) -> bool:
    return any(is_expected for _, is_expected in own)


def _members(drawn: DrawnTarget, rows: Rows, seated: Sequence[Inspector]) -> list[Inspector]:
    """Those of the seated whose department has something to look at, two of each at least.

    Raises Blocked (art. 21).
    """
    involved = [each for each, own in rows.items() if _is_involved(own)]
    keys = {each.department_id for each in involved}
    members = [each for each in seated if each.department_id in keys]
    _check_enough(drawn, involved, members)
    return members


def _lay_out(visit: Visit, rows: Rows) -> None:
    """The visit's part for every department, and the rows of its record form."""
    for participation, own in rows.items():
        part = VisitPart.objects.create(
            visit=visit, department=participation.department, is_involved=_is_involved(own)
        )
        VisitItem.objects.bulk_create(
            VisitItem(part=part, item=item, is_expected=is_expected) for item, is_expected in own
        )


def _unmanned(task: Task) -> list[Draw]:
    """Supplementary batches for which some department has still to draw its people."""
    return [
        each for each in chains.batches(task) if each.supplements_id and not chains.is_manned(each)
    ]


@transaction.atomic
def set_leader(*, team: Team, inspector: Inspector, by: User, at: datetime) -> Team:
    """The initiator names another member as leader; there is always exactly one.

    Raises Blocked (art. 20): not a member, no valid certificate today.

    Source: clause 20.3.
    """
    # Whoever changes a team holds its visit: one order, or two changes could wait for each other.
    visit = hold(team.visits.get())
    team = visit.team
    _check_initiator(team.task, by)
    if visit.is_over:
        raise Blocked("检查已结束，不能再换组长。", article="20", paragraph=2)
    presence.check_leader(
        members=[_named(each) for each in refresh_team(visit, at)], leaders=[_named(inspector)]
    )
    valid_certificate(inspector, timezone.localdate(at), article="20")
    team.leader = inspector
    team.save(update_fields=["leader"])
    ledger.append(
        "inspection.set_leader",
        by=by,
        at=at,
        about=("visit", visit.pk),
        task=team.task.number,
        team=team.number,
        leader=inspector.number,
    )
    return team


@transaction.atomic
def plan_visit(
    *,
    visit: Visit,
    planned_on: date,
    slot: str,
    vehicle: str = "",
    method: str = "",
    exempted: Exempted | None = None,
    by: User,
    at: datetime,
) -> tuple[str, ...]:
    """Set day and time of a visit that has not started. Returns remarks (WARN).

    slot    "09:00"
    method  Method of lists.models; empty leaves it as it is

    Raises Blocked (art. 20): a day in the past, a visit under way; NeedsReason in a quiet period.

    Source: clause 20.4.
    """
    return plan_visits(
        visits=[visit],
        planned_on=planned_on,
        slot=slot,
        vehicle=vehicle,
        method=method,
        exempted=exempted,
        by=by,
        at=at,
    )


@transaction.atomic
def plan_visits(
    *,
    visits: Sequence[Visit],
    planned_on: date,
    slot: str,
    every: timedelta = crew.SPACING,
    vehicle: str = "",
    method: str = "",
    exempted: Exempted | None = None,
    by: User,
    at: datetime,
) -> tuple[str, ...]:
    """Plan several visits of one task on one day, one after the other. Returns remarks (WARN).

    every     from one beginning to the next
    exempted  why in a quiet period, where one asks for it

    Source: clause 20.4.
    """
    if planned_on < timezone.localdate(at):
        raise Blocked(
            f"{planned_on} 已经过去，不能安排检查。请选今天或以后的日期。",
            article="20",
            paragraph=2,
        )
    if not visits:
        raise Blocked("还没有选择检查。请先勾选要排日程的检查。", article="20", paragraph=2)
    slots = _slots(len(visits), first=slot, every=every)
    held = {each.pk: hold(each) for each in sorted(visits, key=lambda each: each.pk)}
    planned = [held[each.pk] for each in visits]
    hushed: list[str] = []
    for visit, its_slot in zip(planned, slots, strict=True):
        _check_organiser(visit, by)
        if visit.started_at or visit.is_over:
            raise Blocked(f"{visit}已经开始检查，不能改日程。", article="20", paragraph=2)
        refresh_team(visit, at)
        visit.planned_on, visit.slot = planned_on, its_slot
        visit.vehicle = vehicle or visit.vehicle
        visit.method = method or visit.method
        visit.save(update_fields=["planned_on", "slot", "vehicle", "method"])
        hushed += settle(visit, planned_on, exempted, by=by, at=at)
    task = planned[0].team.task
    remarks = [*hushed, *_remarks_on(planned, task, planned_on)]
    ledger.append(
        "inspection.plan_visit",
        by=by,
        at=at,
        about=("task", task.pk) if len(planned) > 1 else ("visit", planned[0].pk),
        task=task.number,
        visits=[[each.team.number, f"{each.planned_on} {each.slot}"] for each in planned],
        remarks=remarks,
    )
    moved = [word for visit in planned for word in move_mates(visit, exempted, by=by, at=at)]
    return tuple(dict.fromkeys([*remarks, *moved]))


def _slots(count: int, *, first: str, every: timedelta) -> list[str]:
    """Beginnings of one day's visits, "09:00" and on. Raises Blocked when the day is too short."""
    begin = datetime.strptime(first, "%H:%M")
    slots = []
    for n in range(count):
        when = begin + n * every
        if when.date() != begin.date():
            raise Blocked(
                f"一天排不下 {count} 户：第 {n + 1} 户要到次日才开始。请减少户数。",
                article="20",
                paragraph=2,
            )
        slots.append(f"{when:%H:%M}")
    return slots


def _remarks_on(planned: Sequence[Visit], task: Task, planned_on: date) -> list[str]:
    """What speaks against the day without forbidding it: clashes, the term, a firm told before."""
    remarks = [remark for visit in planned for remark in crew.clashes(visit)]
    if not task.starts_on <= planned_on <= task.ends_on:
        remarks.append(
            f"{planned_on} 不在任务期限 {task.starts_on} 至 {task.ends_on} 内。确需如此的，"
            "请先调整计划（第十六条）。"
        )
    remarks += [
        f"{visit}已按 {visit.notice.when} 告知，改期后请再告知企业。"
        for visit in planned
        if hasattr(visit, "notice") and not visit.notice.is_surprise
    ]
    return remarks


@transaction.atomic
def invite(
    *, visit: Visit, expert: Inspector, contract_number: str = "", by: User, at: datetime
) -> Invitation:
    """Ask an expert along. Experts never count towards the two officers of a department.

    Raises Blocked (art. 20): not an expert of the roster, a team without enough officers.

    Source: clause 20.6.
    """
    visit = hold(visit)
    _check_organiser(visit, by)
    if visit.is_over:
        raise Blocked("检查已结束，不能再请专家。", article="20", paragraph=4)
    if not expert.is_expert:
        raise Blocked(
            f"{expert}在名录库中不是专家。执法人员由抽取产生，不在这里加入。",
            article="20",
            paragraph=4,
        )
    invitation, is_new = Invitation.objects.get_or_create(
        visit=visit,
        expert=expert,
        defaults={
            "contract_number": contract_number,
            "invited_by": by,
            "invited_at": at,
        },
    )
    if is_new:
        ledger.append(
            "inspection.invite",
            by=by,
            at=at,
            about=("visit", visit.pk),
            visit=visit.number,
            expert=expert.number,
        )
    return invitation


@transaction.atomic
def give_opinion(*, invitation: Invitation, opinion: str, by: User, at: datetime) -> Invitation:
    """The invited expert says what they think; it stands on the form beside the findings.

    Raises Blocked (art. 20): somebody else, or a form that is signed.
    """
    visit = hold(invitation.visit)
    invitation = Invitation.objects.get(pk=invitation.pk)
    if invitation.expert.user_id != by.pk:
        raise Blocked("专家意见由受邀专家本人填写。", article="20", paragraph=4)
    if visit.is_over:
        raise Blocked("记录表已签字，不能再写意见。", article="21", paragraph=4)
    invitation.opinion, invitation.opinion_at = opinion.strip(), at
    invitation.save(update_fields=["opinion", "opinion_at"])
    ledger.append(
        "inspection.give_opinion",
        by=by,
        at=at,
        about=("visit", visit.pk),
        visit=visit.number,
        expert=invitation.expert.number,
        letters=len(invitation.opinion),
    )
    return invitation


# ── what must hold ────────────────────────────────────────────────────────────────────────


def _check_initiator(task: Task, by: User) -> None:
    if task.initiator_id != by.department_id:
        raise Blocked(
            f"检查组由发起部门（{task.initiator}）牵头成立并确定组长。", article="20", paragraph=2
        )


def _check_organiser(visit: Visit, by: User) -> None:
    """The initiator's office or the team's leader negotiate the schedule."""
    inspector = getattr(by, "inspector", None)
    if inspector is None or inspector.pk != visit.team.leader_id:
        _check_initiator(visit.team.task, by)


def _named(inspector: Inspector) -> str:
    return f"{inspector.name}（{inspector.number}）"


def _rows(
    participation: Participation, target: Target, *, is_released: bool
) -> list[tuple[JointItem, bool]]:
    """A department's items for this target, and whether each has to be answered there."""
    tags = {each.code for each in target.tags.all()}
    return [
        (item, not is_released and (not item.needs_tag or item.needs_tag in tags))
        for item in participation.items.all()
    ]


def _check_enough(
    drawn: DrawnTarget, involved: Sequence[Participation], people: Sequence[Inspector]
) -> None:
    """Two officers of every department that has something to look at (art. 21, paragraph 1)."""
    for participation in involved:
        count = sum(
            1
            for each in people
            if each.department_id == participation.department_id and not each.is_expert
        )
        if count < presence.LEAST:
            cure = (
                "请该部门先抽取或补齐人员。"
                if count
                else "请该部门先抽取人员；抽取时登记为不涉及、后来撤回的，请重新登记不涉及再组队。"
            )
            raise Blocked(
                f"{participation.department}在“{drawn}”只有 {count} 名执法检查人员，至少应有 "
                f"{presence.LEAST} 名。{cure}",
                article="21",
                paragraph=1,
            )


def _method(task: Task) -> str:
    """The method the scheme names first; on the spot where it names none (art. 20)."""
    scheme = getattr(task, "scheme", None)
    named = scheme.method.split() if scheme else []
    return named[0] if named and named[0] in Method.values else Method.ONSITE
