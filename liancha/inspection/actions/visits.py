"""Arrival and start: two officers of each department, or its items wait (art. 21)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.roster.models import Inspector
from liancha.rulebook import presence
from liancha.rulebook.lifecycles import TaskState, VisitState
from liancha.rulebook.quiet import Exempted
from liancha.rulebook.verdicts import Blocked
from liancha.task.models import Task

from .. import crew
from ..models import CheckIn, RecordForm, Visit
from ._holding import (
    acting_officer,
    hold,
    officer_on_the_spot,
    refresh_team,
    refuse_after_end,
    valid_certificate,
)
from ._quiet import settle


@transaction.atomic
def check_in(
    *,
    visit: Visit,
    inspector: Inspector,
    certificate_number: str = "",
    exempted: Exempted | None = None,
    by: User,
    at: datetime,
) -> CheckIn:
    """An officer has arrived: by their own log-in, or entered by the leader.

    certificate_number  what the leader read off the colleague's certificate; must be theirs
    exempted            why in a quiet period, where one asks for it

    A second time gives the first check-in back. Raises Blocked (art. 19, 20, 21): not of this
    team, not the leader, no certificate valid that day, a visit planned for later, not notified.
    Raises NeedsReason on a quiet day.

    Source: clause 21.5.
    """
    visit = hold(visit)
    refuse_after_end(visit)
    team = refresh_team(visit, at)
    if inspector.pk not in {each.pk for each in team}:
        raise Blocked(
            f"{inspector}不在这一组。检查人员由抽取产生，需要换人的请办理人员更换。",
            article="19",
            paragraph=3,
        )
    number = ""
    if inspector.user_id != by.pk:
        if acting_officer(visit, by).pk != visit.team.leader_id:
            raise Blocked(
                f"代为签到由组长（{visit.team.leader}）办理，其他人请各自登录签到。",
                article="20",
                paragraph=2,
            )
        if not (number := certificate_number.strip()):
            raise Blocked(f"请输入{inspector}的执法证号，对照证件核对。", article="21", paragraph=1)
    certificate = valid_certificate(inspector, timezone.localdate(at), number=number)
    _check_may_begin(visit, at)
    settle(visit, timezone.localdate(at), exempted, by=by, at=at)
    there = visit.checkins.filter(inspector=inspector).first()
    if there is not None:
        return there
    arrived = CheckIn.objects.create(
        visit=visit, inspector=inspector, certificate_number=certificate.number, at=at, by=by
    )
    ledger.append(
        "inspection.check_in",
        by=by,
        at=at,
        about=("visit", visit.pk),
        visit=visit.number,
        inspector=inspector.number,
        certificate=certificate.number,
    )
    return arrived


@transaction.atomic
def start(*, visit: Visit, exempted: Exempted | None = None, by: User, at: datetime) -> list[str]:
    """Every department with two officers begins its part; the others wait for their second.

    Called again when the second officer of a late department has come. Returns the names of the
    departments that began. Raises Blocked (art. 21) when none can, NeedsReason on a quiet day.

    Source: clauses 21.1 and 21.5.
    """
    visit = hold(visit)
    refuse_after_end(visit)
    refresh_team(visit, at)
    officer = officer_on_the_spot(visit, by)
    day = timezone.localdate(at)
    remarks = _check_may_begin(visit, at) + settle(visit, day, exempted, by=by, at=at)
    waiting = [row for row in crew.attendance(visit, on=day) if row.part.started_at is None]
    ready = [row for row in waiting if row.is_enough]
    if not ready:
        for row in sorted(
            waiting, key=lambda each: each.part.department_id != officer.department_id
        ):
            people = [each.inspector for each in row.here] if visit.is_onsite else row.members
            presence.check_present(map(crew.present, people), row.part.department.name, on=day)
        raise Blocked("各部门都已开始检查，请继续填写。", article="21", paragraph=1)
    for row in ready:
        row.part.started_at = at
        row.part.save(update_fields=["started_at"])
    if visit.state == VisitState.PENDING:  # reached by nobody, or not on the spot
        visit.advance(VisitState.NOTIFIED)
    if visit.state == VisitState.NOTIFIED:
        visit.advance(VisitState.STARTED)
        visit.started_at = at
        visit.save(update_fields=["started_at"])
        target = visit.drawn_target.target
        RecordForm.objects.create(
            visit=visit, representative=target.representative, contact=target.contact
        )
    task = Task.objects.select_for_update().get(pk=visit.team.task_id)
    if task.state == TaskState.TEAMS_SET:
        task.advance(TaskState.INSPECTING)
    names = [row.part.department.name for row in ready]
    ledger.append(
        "inspection.start",
        by=by,
        at=at,
        about=("visit", visit.pk),
        visit=visit.number,
        departments=[row.part.department.code for row in ready],
        waiting=[row.part.department.code for row in waiting if row not in ready],
        remarks=remarks,
    )
    return names


def _check_may_begin(visit: Visit, at: datetime) -> list[str]:
    """The firm was told, there is a clue, or three tries failed; and the day has come."""
    day = timezone.localdate(at)
    if visit.planned_on is not None and day < visit.planned_on:
        raise Blocked(
            f"检查定在 {visit.planned_on}，还没有到日子。要提前去，请先改日程并再告知企业。",
            article="21",
            paragraph=1,
        )
    if not visit.is_onsite:
        return []
    notice = getattr(visit, "notice", None)
    told = surprise = None
    if notice is not None and notice.is_surprise:
        surprise = presence.Surprise(notice.clue_source, notice.clue_number, notice.approved_by)
    elif notice is not None:
        told = presence.Notice(
            notice.items, notice.when, notice.papers, notice.channel, notice.contact
        )
    return list(
        presence.check_told(told, surprise=surprise, failed_tries=visit.failed_contacts.count())
    )
