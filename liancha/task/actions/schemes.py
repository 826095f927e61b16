"""The 实施方案: written, submitted, approved or returned (art. 17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from liancha.accounts.models import User
from liancha.lists.models import Method
from liancha.rulebook import coverage
from liancha.rulebook.lifecycles import TaskState
from liancha.rulebook.quiet import Exempted
from liancha.rulebook.verdicts import Blocked

from ..models import STAGES, Scheme, Task
from .quiet import settle_scheme
from .standing import append, check_own, locked

Stage = Mapping[str, Any]  # {"name", "starts", "ends"}, days as date or ISO text


@transaction.atomic
def save_scheme(
    *,
    task: Task,
    goal: str,
    duties: str,
    stages: Sequence[Stage],
    method: str = Method.ONSITE,
    requirements: str = "",
    beacon_source: str = "",
    offsite: str = Scheme.Offsite.NO,
    offsite_note: str = "",
    lists_open_on: date | None = None,
    exempted: Exempted | None = None,
    by: User,
    at: datetime,
) -> Scheme:
    """Write the scheme of a task that is not submitted yet.

    stages    分类建库, 摇号派发, 实地核查, 公示处理, each {"name", "starts", "ends"}
    exempted  why visits in a quiet period, where one asks for it

    Raises Blocked outside the plan line's window: the plan has to be adjusted first. Raises
    NeedsReason where every day of the visits is quiet.
    Source: art. 17, paragraph 1; art. 20, paragraph 1, for the method.
    """
    task = locked(task)
    check_own(task, by)
    if task.state != TaskState.CREATED:
        raise Blocked(
            "实施方案已经提交，不能再改。需要修改的，请由负责人退回。", article="17", paragraph=1
        )
    written = _stages(stages)
    scheme = Scheme.objects.filter(task=task).first() or Scheme(task=task)
    scheme.goal, scheme.duties = goal.strip(), duties.strip()
    scheme.stages = written
    scheme.method, scheme.offsite = Method(method), Scheme.Offsite(offsite)
    scheme.offsite_note, scheme.requirements = offsite_note.strip(), requirements.strip()
    scheme.beacon_source, scheme.saved_at = beacon_source.strip(), at
    _check_window(task, scheme)
    settle_scheme(task, scheme, exempted, by=by, at=at)
    scheme.save()
    task.lists_open_on = lists_open_on
    task.save(update_fields=["lists_open_on"])
    append("task.save_scheme", task, by, at, stages=written, method=str(scheme.method))
    return scheme


@transaction.atomic
def submit_scheme(*, task: Task, exempted: Exempted | None = None, by: User, at: datetime) -> Task:
    """Hand the scheme to the head of the initiating department.

    Raises Blocked naming what it lacks; NeedsReason for a quiet period switched on since.
    Source: art. 17, paragraph 1, 明确目标任务、职责分工、工作阶段安排等.
    """
    task = locked(task)
    check_own(task, by)
    scheme = Scheme.objects.filter(task=task).first()
    coverage.check_scheme(
        {
            "目标任务": scheme.goal if scheme else "",
            "职责分工": scheme.duties if scheme else "",
            "工作阶段安排": scheme.stages if scheme else [],
        }
    )
    if scheme is None:
        raise ValueError("check_scheme lets no task through without a scheme")
    _check_window(task, scheme)
    settle_scheme(task, scheme, exempted, by=by, at=at)
    task.advance(TaskState.SCHEME_SUBMITTED)
    scheme.submitted_by, scheme.submitted_at, scheme.returned_note = by, at, ""
    scheme.save(update_fields=["submitted_by", "submitted_at", "returned_note"])
    append("task.submit_scheme", task, by, at)
    return task


@transaction.atomic
def approve_scheme(*, task: Task, by: User, at: datetime) -> Task:
    """Approve the scheme as head of the initiating department.

    Raises Blocked for whoever submitted it, and while a participant has not confirmed.
    Source: art. 17, paragraph 1. Clause 17.1.
    """
    task, scheme = _submitted(task, by)
    if by.pk in (scheme.submitted_by_id, task.created_by_id):
        raise Blocked(
            f"拟定方案的人不能批准自己的方案。请由{task.initiator.name}的负责人批准。",
            article="17",
            paragraph=1,
        )
    taking_part = list(task.participations.select_related("department"))
    coverage.check_confirmed(
        [each.department.name for each in taking_part],
        confirmed={each.department.name for each in taking_part if each.confirmed_at},
    )
    _check_window(task, scheme)
    task.advance(TaskState.SCHEME_APPROVED)
    scheme.approved_by, scheme.approved_at = by, at
    scheme.save(update_fields=["approved_by", "approved_at"])
    append("task.approve_scheme", task, by, at)
    return task


@transaction.atomic
def return_scheme(*, task: Task, note: str, by: User, at: datetime) -> Task:
    """Send the scheme back to be written again, with what to change."""
    task, scheme = _submitted(task, by)
    if not note.strip():
        raise Blocked("还没有写退回的意见。请写明哪里要改、怎样改。", article="17", paragraph=1)
    task.advance(TaskState.CREATED)
    scheme.returned_note = note.strip()
    scheme.save(update_fields=["returned_note"])
    append("task.return_scheme", task, by, at, note=scheme.returned_note)
    return task


def _stages(stages: Sequence[Stage]) -> list[dict[str, str]]:
    """The four stages as they are kept. Raises Blocked when one is lacking or out of order."""
    given = {str(each["name"]): each for each in stages}
    if lacking := [name for name in STAGES if name not in given]:
        raise Blocked(
            f"工作阶段安排缺少：{'、'.join(lacking)}。请补全四个阶段。", article="17", paragraph=2
        )
    written, before = [], date.min
    for name in STAGES:
        starts, ends = _day(given[name]["starts"]), _day(given[name]["ends"])
        if ends < starts:
            raise Blocked(
                f"“{name}”结束 {ends} 早于开始 {starts}。请改正。", article="17", paragraph=1
            )
        if starts < before:
            raise Blocked(
                f"“{name}”早于前一个阶段开始。四个阶段应依次进行，请改正日期。",
                article="17",
                paragraph=2,
            )
        before = starts
        written.append({"name": name, "starts": starts.isoformat(), "ends": ends.isoformat()})
    return written


def _check_window(task: Task, scheme: Scheme) -> None:
    window, periods = task.window, scheme.periods
    coverage.check_scheme_dates(
        min(each.starts_on for each in periods),
        max(each.ends_on for each in periods),
        line_starts_on=window.starts_on,
        line_ends_on=window.ends_on,
    )


def _submitted(task: Task, by: User) -> tuple[Task, Scheme]:
    task = locked(task)
    check_own(task, by)
    scheme = Scheme.objects.filter(task=task).first()
    if task.state != TaskState.SCHEME_SUBMITTED or scheme is None:
        raise Blocked(
            "实施方案现在不在待批准的状态。请刷新页面看是否已有人办理。",
            article="17",
            paragraph=1,
        )
    return task, scheme


def _day(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
