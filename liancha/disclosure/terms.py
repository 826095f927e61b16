"""By when one department's result on one target must be out (art. 22, paragraph 1).

Asks the rulebook with what is on record. A task from before the Measures took effect here carries
no term; one that runs into a year without a calendar says how far it was counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from liancha.inspection.models import VisitPart
from liancha.plan.models import Adjustment
from liancha.rulebook import deadlines
from liancha.rulebook.deadlines import Calendar, Term
from liancha.task.models import Task

from .models import Result

BEFORE_THE_MEASURES = "《实施办法》施行前的任务，不计期限"


class Due(NamedTuple):
    """The last day; or None, and why there is none."""

    on: date | None
    note: str


def due_of(task: Task, completed_on: date, calendar: Calendar) -> Due:
    """The last day to enter and publish what was completed on this day.

    Source: art. 22, paragraph 1, 20 working days; decision A2 for which completion counts;
    art. 23 for tasks that are older than the Measures.
    """
    if timezone.localdate(task.created_at) < settings.LIANCHA_EFFECTIVE_FROM:
        return Due(None, BEFORE_THE_MEASURES)
    term = deadlines.results_due(
        target_completed_on=completed_on,
        task_completed_on=timezone.localdate(task.completed_at) if task.completed_at else None,
        task_planned_end=planned_end(task),
        calendar=calendar,
    )
    return Due(term.due, "" if term.is_known else term.label)


def planned_end(task: Task) -> date:
    """The task's planned last day; a published delay of its plan line moves it (art. 16)."""
    line = task.line
    if line is None or line.ends_on <= task.ends_on:
        return task.ends_on
    delays = line.adjustments.published().filter(
        kind=Adjustment.Kind.DELAY, published_at__gte=task.created_at
    )
    return line.ends_on if delays.exists() else task.ends_on


def without_result() -> QuerySet[VisitPart]:
    """Parts that are done and have no result yet."""
    return VisitPart.objects.filter(completed_at__isnull=False, is_involved=True, result=None)


def can_be_counted_now(calendar: Calendar) -> bool:
    """A year was announced meanwhile: some unpublished result without a date can have one."""
    waiting = Result.objects.unpublished().filter(due_on=None).order_by()
    days = waiting.exclude(term_note=BEFORE_THE_MEASURES).values_list("completed_on", flat=True)
    return any(
        deadlines.working_days_after(day, deadlines.RESULT_DAYS, calendar).is_known
        for day in days.distinct()
    )


def are_behind(calendar: Calendar) -> bool:
    """Something is missing that `actions.collect` would write."""
    return without_result().exists() or can_be_counted_now(calendar)


@dataclass(frozen=True, slots=True)
class Clocks:
    """Both clocks of one result, as the page shows them (decision A2: the earlier governs).

    own    from the day the department was done at the target
    outer  from the end of the task, planned or real, whichever came first
    used   working days gone of the one that governs; None while they cannot be counted
    light  colour of the meter: g, y, r, k
    """

    own: Term
    outer: Term
    ends_on: date
    used: int | None

    @property
    def light(self) -> str:
        used = self.used or 0
        return "g" if used <= 10 else "y" if used <= 15 else "r" if used <= 20 else "k"

    @property
    def percent(self) -> int:
        return min(100, 100 * (self.used or 0) // deadlines.RESULT_DAYS)


def clocks_of(result: Result, today: date, calendar: Calendar) -> Clocks | None:
    """How the result's date comes about; None for a task from before the Measures."""
    if result.term_note == BEFORE_THE_MEASURES:
        return None
    task = result.task
    ended = planned_end(task)
    if task.completed_at:
        ended = min(ended, timezone.localdate(task.completed_at))
    own = deadlines.working_days_after(result.completed_on, deadlines.RESULT_DAYS, calendar)
    outer = deadlines.working_days_after(ended, deadlines.RESULT_DAYS, calendar)
    start = result.completed_on if deadlines.earlier(own, outer) is own else ended
    used = deadlines.days_used(start, today, calendar) if today >= start else 0
    return Clocks(own, outer, ended, used)
