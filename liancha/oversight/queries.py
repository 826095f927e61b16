"""What is overdue, or nearly, over all rooms, with the article each term rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from liancha.accounts.models import Department, User
from liancha.disclosure.models import FollowUp, Result
from liancha.draw.models import Dispatch, Draw
from liancha.lists.models import JointField, ListVersion
from liancha.plan import queries as plans
from liancha.plan.models import Adjustment, Filing, Plan
from liancha.registry.models import SoloCheck
from liancha.rulebook import articles, deadlines, planning, regions
from liancha.rulebook.deadlines import Calendar
from liancha.rulebook.lifecycles import PlanState, TaskState
from liancha.task.models import Task
from liancha.workdays import queries as workdays

from .models import Reminder

KINDS = {
    "result": "结果未公示",
    "dispatch": "派发未签收",
    "follow_up": "后续处置未办结",
    "task": "任务未按期完成",
    "platform": "平台编号未补录",
    "plan": "领域未列入计划",
    "adjustment": "计划调整未办结",
    "county": "县区计划未公布",
    "report": "上年度数据未报送",
    "solo": "单独检查未批准",
    "reminder": "督办未回复",
}
SOON = 2  # working days before a due date from which it is a warning. Local practice.
UNDER_WAY = tuple(
    state
    for state in TaskState
    if state not in (TaskState.COMPLETED, TaskState.RESULTS_PUBLISHED, TaskState.ARCHIVED)
)


@dataclass(frozen=True, slots=True)
class Pending:
    """One thing that should be done by now, or within two working days.

    article    number the term rests on; is_local where the number of days is our own practice
    days       working days over, None while the calendar is not announced; 0 if it is not over
    page, key  URL name and argument of where it is done
    """

    kind: str
    title: str
    note: str
    department: Department
    due_on: date
    article: str
    is_local: bool
    page: str
    key: int | None = None
    days: int | None = 0
    is_over: bool = False

    @property
    def kind_label(self) -> str:
        return KINDS[self.kind]

    @property
    def clause(self) -> str:
        """第十二条."""
        return articles.article(int(self.article)).name


@dataclass(frozen=True, slots=True)
class Horizon:
    """What is asked: all that is due before `before`; over is what was due before `today`."""

    today: date
    before: date
    calendar: Calendar

    def over(self, due_on: date) -> tuple[int | None, bool]:
        if due_on >= self.today:
            return 0, False
        return deadlines.days_used(due_on, self.today, self.calendar), True


def pending(
    *, today: date, user: User, soon: bool = True, calendar: Calendar | None = None
) -> list[Pending]:
    """All that is overdue, or nearly, and concerns this person; the longest overdue first.

    calendar  the city's, where somebody has read it already

    The coordinating office and supervisors see every department, others their own and those of
    their own system in the counties.
    Source: art. 6, paragraphs 1 and 2; arts. 5, 8, 12, 17, 19 and 22 for the terms. Clause 6.2.
    """
    calendar = calendar or workdays.calendar()
    last = deadlines.working_days_after(today, SOON, calendar).due if soon else None
    horizon = Horizon(today, last or today, calendar)
    found = [one for source in SOURCES for one in source(horizon)]
    if not user.sees_all_departments:
        own = user.department_id
        found = [
            one for one in found if own and own in (one.department.pk, one.department.system_id)
        ]
    return sorted(found, key=lambda one: (one.due_on, one.kind, one.title))


def overdue(*, today: date, user: User, calendar: Calendar | None = None) -> list[Pending]:
    """Only what is over."""
    return pending(today=today, user=user, soon=False, calendar=calendar)


def _results(asked: Horizon) -> Iterator[Pending]:
    rows = Result.objects.unpublished().filter(due_on__lt=asked.before).for_lists()
    for result in rows:
        assert result.due_on is not None
        yield Pending(
            "result",
            f"{result.candidate.name} 抽查结果",
            f"{result.task.name}，{result.get_state_display()}",
            result.part.department,
            result.due_on,
            "22",
            False,
            "disclosure:result",
            result.pk,
            *asked.over(result.due_on),
        )


def _dispatches(asked: Horizon) -> Iterator[Pending]:
    rows = Dispatch.objects.filter(acknowledged_at=None, due_on__lt=asked.before)
    for dispatch in rows.select_related("department", "draw__task"):
        assert dispatch.due_on is not None
        yield Pending(
            "dispatch",
            f"签收 {dispatch.draw.number}",
            dispatch.draw.task.name,
            dispatch.department,
            dispatch.due_on,
            "19",
            True,
            "draw:draw",
            dispatch.draw_id,
            *asked.over(dispatch.due_on),
        )


def _follow_ups(asked: Horizon) -> Iterator[Pending]:
    rows = FollowUp.objects.open().filter(due_on__lt=asked.before)
    for follow_up in rows.select_related(
        "department", "result__part__visit__drawn_target__candidate"
    ):
        assert follow_up.due_on is not None
        yield Pending(
            "follow_up",
            f"{follow_up.result.candidate.name} {follow_up.note}",
            follow_up.get_kind_display(),
            follow_up.department,
            follow_up.due_on,
            "22",
            True,
            "disclosure:follow_up",
            follow_up.pk,
            *asked.over(follow_up.due_on),
        )


def _tasks(asked: Horizon) -> Iterator[Pending]:
    rows = Task.objects.filter(state__in=UNDER_WAY, ends_on__lt=asked.before)
    for task in rows.select_related("initiator"):
        yield Pending(
            "task",
            task.name,
            f"任务 {task.number}，{task.get_state_display()}",
            task.initiator,
            task.ends_on,
            "17",
            False,
            "task:task",
            task.pk,
            *asked.over(task.ends_on),
        )


def _without_number(asked: Horizon) -> Iterator[Pending]:
    """Dispatched with a reason instead of a number: to be filled in later (art. 5)."""
    rows = Task.objects.filter(platform_number="").exclude(platform_reason="")
    draws = (
        Draw.objects.of_targets().locked().filter(task__in=rows).select_related("task__initiator")
    )
    for draw in draws:
        if draw.locked_at is None:
            continue
        due = deadlines.entry_due(timezone.localdate(draw.locked_at), asked.calendar).due
        if due is None or due >= asked.before:
            continue
        yield Pending(
            "platform",
            f"{draw.task.name} 监管平台编号",
            draw.task.platform_reason,
            draw.task.initiator,
            due,
            "5",
            True,
            "task:task",
            draw.task_id,
            *asked.over(due),
        )


def _public_plans(asked: Horizon) -> Iterator[Pending]:
    """What public plans wait for: a number of the platform, the counties', their adjustments."""
    public = list(Plan.objects.public().select_related("region"))
    yield from _not_entered(asked, [plan for plan in public if not plan.platform_number])
    yield from _county_plans(asked, public)
    if public:
        yield from _adjustments(asked)


def _not_entered(asked: Horizon, waiting: Iterable[Plan]) -> Iterator[Pending]:
    """Plans that are approved and have no number of the platform yet.

    Source: art. 16, 及时录入; five working days are local practice.
    """
    for plan in waiting:
        if plan.approved_at is None:
            continue
        due = deadlines.entry_due(timezone.localdate(plan.approved_at), asked.calendar).due
        office = Department.objects.active().filter(region=plan.region, is_coordinator=True).first()
        if due is None or due >= asked.before or office is None:
            continue
        yield Pending(
            "platform",
            f"{plan.title} 监管平台编号",
            f"{plan.region.name}，{timezone.localdate(plan.approved_at)} 批准",
            office,
            due,
            "16",
            True,
            "plan:plan",
            plan.pk,
            *asked.over(due),
        )


def _adjustments(asked: Horizon) -> Iterator[Pending]:
    """Changes of a published plan that nobody has agreed to or declined; agreeing publishes them.

    Source: art. 16, 并将调整情况公开; five working days are local practice. Clause 16.4.
    """
    rows = Adjustment.objects.waiting().filter(line__plan__state=PlanState.PUBLISHED)
    for change in rows.select_related("line__initiator"):
        asked_on = timezone.localdate(change.requested_at)
        due = deadlines.entry_due(asked_on, asked.calendar).due
        if due is None or due >= asked.before:
            continue
        yield Pending(
            "adjustment",
            f"{change.line.name} {change.get_kind_display()}",
            f"{asked_on} 提出，等待批准",
            change.line.initiator,
            due,
            "16",
            True,
            "plan:line",
            change.line_id,
            *asked.over(due),
        )


def _reminders(asked: Horizon) -> Iterator[Pending]:
    for reminder in Reminder.objects.open().filter(due_on__lt=asked.before).select_related("to"):
        yield Pending(
            "reminder",
            f"{reminder.number} {reminder.subject}",
            "督办回复",
            reminder.to,
            reminder.due_on,
            "6",
            True,
            "oversight:reminder",
            reminder.pk,
            *asked.over(reminder.due_on),
        )


def _unplanned(asked: Horizon) -> Iterator[Pending]:
    """Fields of the list in force without a line in this year's plan (arts. 12 and 13)."""
    due_on = deadlines.plan_due(asked.today.year)
    if due_on >= asked.before:
        return
    fields = JointField.objects.filter(
        version__in=ListVersion.objects.in_force(ListVersion.Kind.JOINT, regions.CITY)
    )
    missing = plans.uncovered(fields, regions.CITY, asked.today.year)
    for joint_field in missing.select_related("initiator"):
        yield Pending(
            "plan",
            f"{joint_field.code} {joint_field.name}",
            f"{asked.today.year} 年计划没有这一领域",
            joint_field.initiator,
            due_on,
            "12",
            False,
            "plan:plans",
            None,
            *asked.over(due_on),
        )


def _county_plans(asked: Horizon, public: Iterable[Plan]) -> Iterator[Pending]:
    """Counties whose own plan is not public 30 days after the city's.

    Source: art. 12, paragraph 2, 结合各地实际制定; the days are local practice (A17).
    """
    years_own = (
        plan
        for plan in public
        if plan.published_at and (plan.region_id, plan.year) == (regions.CITY, asked.today.year)
    )
    # The first: a later version of the city's gives no county new days.
    city = min(years_own, key=lambda plan: plan.version, default=None)
    if city is None or city.published_at is None:
        return
    due_on = planning.county_plan_due(timezone.localdate(city.published_at))
    if due_on >= asked.before:
        return
    there = Plan.objects.public().filter(year=city.year).values("region")
    offices = Department.objects.active().filter(level=Department.Level.COUNTY, is_coordinator=True)
    for office in offices.exclude(region__in=there).select_related("region"):
        yield Pending(
            "county",
            f"{office.region.name} {city.year} 年度计划",
            f"市级计划 {timezone.localdate(city.published_at)} 公布",
            office,
            due_on,
            "12",
            True,
            "plan:plans",
            None,
            *asked.over(due_on),
        )


def _year_reports(asked: Horizon) -> Iterator[Pending]:
    """Last year's figures, where a plan was in force, until somebody notes they were handed in.

    Source: art. 16 with 国办发〔2024〕54号: by 31 January (E18).
    """
    year, due_on = asked.today.year, planning.report_due(asked.today.year)
    if due_on >= asked.before:
        return
    filed = Filing.objects.filter(kind=Filing.Kind.REPORT, year=year).values("region")
    old = Plan.objects.filter(year=year - 1, state=PlanState.PUBLISHED).values("region")
    offices = Department.objects.active().filter(is_coordinator=True, region__in=old)
    for office in offices.exclude(region__in=filed).select_related("region"):
        title, note = f"{office.region.name} {year - 1} 年度执法数据", "报送后在年度计划页登记"
        over = asked.over(due_on)
        yield Pending("report", title, note, office, due_on, "16", False, "plan:plans", None, *over)


def _solo_checks(asked: Horizon) -> Iterator[Pending]:
    """Requests to inspect alone that nobody has decided; due before the day somebody would go.

    Source: art. 8, paragraph 1, 原则上……不再单独开展日常性监督检查. Decision A14. Clause 8.2.
    """
    rows = SoloCheck.objects.undecided().filter(planned_on__lt=asked.before)
    for check in rows.select_related("target", "department").prefetch_related(
        "target__inspections__department"
    ):
        facts = check.reusable(check.target.inspections.all())
        offered = f"，{facts[0].department.short} {facts[0].on} 的结果可以采用" if facts else ""
        where = (
            f"属于{check.fields}，{check.get_code_display()}" if check.fields else "不在清单领域"
        )
        yield Pending(
            "solo",
            f"{check.target.name} 单独检查",
            f"{check.item}，{where}{offered}",
            check.department,
            check.planned_on,
            "8",
            True,
            "registry:solo_check",
            check.pk,
            *asked.over(check.planned_on),
        )


def unplanned(version: ListVersion, year: int) -> list[JointField]:
    """Fields of a list that no live line of the region's plan and no exception covers (art. 13).

    Source: clause 13.1.
    """
    missing = plans.uncovered(version.fields.all(), version.region_id, year)
    return list(missing.select_related("initiator"))


SOURCES: tuple[Callable[[Horizon], Iterable[Pending]], ...] = (
    _results,
    _dispatches,
    _follow_ups,
    _tasks,
    _without_number,
    _public_plans,
    _reminders,
    _unplanned,
    _year_reports,
    _solo_checks,
)
