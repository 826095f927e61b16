"""What is overdue, over all rooms, with the article each term rests on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from liancha.accounts.models import Department, User
from liancha.disclosure.models import FollowUp, Result
from liancha.draw.models import Dispatch
from liancha.lists.models import JointField, ListVersion
from liancha.plan.models import Plan, PlanLine
from liancha.rulebook import deadlines
from liancha.rulebook.lifecycles import FollowUpState
from liancha.workdays import queries as workdays

from .models import Reminder

KINDS = {
    "result": "结果未按期公示",
    "dispatch": "派发未签收",
    "follow_up": "后续处置未办结",
    "plan": "领域未列入计划",
    "reminder": "督办未回复",
}


@dataclass(frozen=True, slots=True)
class Overdue:
    """One thing that should be done by now.

    article   number the term rests on; is_local where the number of days is our own practice
    days      working days over, None while the calendar is not announced
    page, key  URL name and argument of where it is done; "" where there is no such page
    """

    kind: str
    title: str
    note: str
    department: Department
    due_on: date
    days: int | None
    article: str
    is_local: bool
    page: str
    key: int | None

    @property
    def kind_label(self) -> str:
        return KINDS[self.kind]


def overdue(*, today: date, user: User) -> list[Overdue]:
    """All that is overdue and concerns this person, the longest overdue first.

    The coordinating office and supervisors see every department, others their own.
    Source: arts. 6, 12, 19 and 22.
    """
    found = [*_results(today), *_dispatches(today), *_follow_ups(today), *_reminders(today)]
    found += _unplanned(today)
    if not user.sees_all_departments:
        found = [one for one in found if one.department.pk == user.department_id]
    return sorted(found, key=lambda one: (one.due_on, one.kind, one.title))


def _days_over(due_on: date, today: date) -> int | None:
    return deadlines.days_used(due_on, today, workdays.calendar())


def _results(today: date) -> Iterator[Overdue]:
    rows = (
        Result.objects.unpublished()
        .filter(due_on__lt=today)
        .select_related(
            "part__department", "part__visit__drawn_target__candidate", "part__visit__team__task"
        )
    )
    for result in rows:
        visit = result.part.visit
        yield Overdue(
            "result",
            f"{visit.drawn_target.candidate.name} 抽查结果",
            visit.team.task.name,
            result.part.department,
            result.due_on,
            _days_over(result.due_on, today),
            "22",
            False,
            "disclosure:result",
            result.pk,
        )


def _dispatches(today: date) -> Iterator[Overdue]:
    rows = Dispatch.objects.filter(acknowledged_at=None, due_on__lt=today)
    for dispatch in rows.select_related("department", "draw__task"):
        yield Overdue(
            "dispatch",
            f"签收 {dispatch.draw.number}",
            dispatch.draw.task.name,
            dispatch.department,
            dispatch.due_on,
            _days_over(dispatch.due_on, today),
            "19",
            True,
            "draw:draw",
            dispatch.draw_id,
        )


def _follow_ups(today: date) -> Iterator[Overdue]:
    rows = FollowUp.objects.filter(state=FollowUpState.OPEN, due_on__lt=today)
    for follow_up in rows.select_related(
        "department", "result__part__visit__drawn_target__candidate"
    ):
        yield Overdue(
            "follow_up",
            f"{follow_up.result.part.visit.drawn_target.candidate.name} {follow_up.note}",
            follow_up.get_kind_display(),
            follow_up.department,
            follow_up.due_on,
            _days_over(follow_up.due_on, today),
            "22",
            True,
            "disclosure:follow_up",
            follow_up.pk,
        )


def _reminders(today: date) -> Iterator[Overdue]:
    for reminder in Reminder.objects.open().filter(due_on__lt=today).select_related("to"):
        yield Overdue(
            "reminder",
            f"{reminder.number} {reminder.subject}",
            "督办回复",
            reminder.to,
            reminder.due_on,
            _days_over(reminder.due_on, today),
            "6",
            True,
            "oversight:reminder",
            reminder.pk,
        )


def _unplanned(today: date) -> Iterator[Overdue]:
    """Fields of the list in force without a line in this year's plan after 30 April (art. 12)."""
    due_on = deadlines.plan_due(today.year)
    if today <= due_on:
        return
    version = ListVersion.objects.in_force(ListVersion.Kind.JOINT).first()
    if version is None:
        return
    plans = Plan.objects.filter(year=today.year, region=version.region)
    planned = PlanLine.objects.live().filter(plan__in=plans).values("field__code")
    excepted = plans.values("exceptions__field__code")
    fields = JointField.objects.filter(version=version).select_related("initiator")
    for joint_field in fields.exclude(code__in=planned).exclude(code__in=excepted):
        yield Overdue(
            "plan",
            f"{joint_field.code} {joint_field.name}",
            f"{today.year} 年计划没有这一领域",
            joint_field.initiator,
            due_on,
            _days_over(due_on, today),
            "12",
            False,
            "plan:plans",
            None,
        )
