"""The workbench: what waits for this person, soonest first; their week and their tasks.

It shows only. Who may act is decided again behind each link, and what waits is asked of the rooms'
own records in `todos`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Model
from django.urls import NoReverseMatch, reverse

from liancha.accounts.models import Department, User
from liancha.accounts.permissions import Permission
from liancha.disclosure.models import Result
from liancha.disclosure.queries import Clock, clock
from liancha.rulebook.deadlines import Calendar
from liancha.rulebook.lifecycles import TaskState
from liancha.task.models import Task

from . import words

MOST = 200  # rows of one kind; a department with more works in that list itself


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do.

    mark         two characters for the calendar of the week
    title, note  what, and what it belongs to
    url, verb    where it is done, and the button's word: a verb with its object
    record       whose state the tag shows; word instead of the state's own
    who          whose it is: a person or a department
    due_on       the next date, None while there is none; is_result for the 20-day clock
    """

    mark: str
    title: str
    note: str
    url: str
    verb: str
    record: Model
    who: User | Department
    due_on: date | None = None
    word: str = ""
    is_result: bool = False

    def is_pressing(self, today: date) -> bool:
        """Due today or overdue: only these get a filled button."""
        return self.due_on is not None and self.due_on <= today


def place_of(record: Model, page: str = "", *arguments: object) -> str:
    """The page of a record; "" while that page does not exist, and then it is not shown."""
    try:
        if page:
            return reverse(page, args=arguments or [record.pk])
        return str(record.get_absolute_url())  # type: ignore[attr-defined]
    except NoReverseMatch:
        return ""


def soonest_first(todos: Iterable[Todo], today: date) -> list[Todo]:
    """Overdue first, then by date, then what has none. What has no page yet stays out."""
    shown = [todo for todo in todos if todo.url]
    return sorted(shown, key=lambda todo: (todo.due_on is None, todo.due_on or today))


# ── The week ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the week with the marks of what is due. tone: red, ora or act."""

    on: date
    name: str
    is_today: bool
    is_rest: bool
    marks: tuple[tuple[str, str], ...]


def is_rest(day: date, calendar: Calendar) -> bool:
    """Not worked; by the weekday alone where the year is not announced."""
    return not calendar.is_working_day(day) if calendar.knows(day) else day.weekday() > 4


def week(todos: list[Todo], today: date, calendar: Calendar, *, shown: int = 3) -> list[Day]:
    """Monday to Sunday around a day."""
    monday = today - timedelta(days=today.weekday())
    days = []
    for n in range(7):
        on = monday + timedelta(days=n)
        marks = dict.fromkeys(todo.mark for todo in todos if todo.due_on == on)
        tone = "red" if on <= today else "ora" if (on - today).days <= 3 else "act"
        days.append(
            Day(
                on,
                words.WEEKDAYS[n],
                on == today,
                is_rest(on, calendar),
                tuple((mark, tone) for mark in list(marks)[:shown]),
            )
        )
    return days


# ── The clock of 20 working days ──────────────────────────────────────────────────────────


def result_clock(user: User, today: date, calendar: Calendar) -> Clock | None:
    """Where the unpublished results of one's department stand, or of all for those who oversee.

    None for people without results in sight, and while there are none.
    """
    if not user.may(Permission.DISCLOSURE_VIEW):
        return None
    everybody = user.sees_all_departments
    rows = Result.objects.visible_to(user) if everybody else Result.objects.of_department(user)
    found = clock(rows, today, calendar, unit="件" if everybody else "户")
    is_empty = not (found.uncounted or found.due or any(band.count for band in found.bands))
    return None if is_empty else found


# ── My tasks ──────────────────────────────────────────────────────────────────────────────

STEPS: tuple[tuple[str, frozenset[TaskState]], ...] = (
    ("方案", frozenset({TaskState.CREATED, TaskState.SCHEME_SUBMITTED})),
    ("建库", frozenset({TaskState.SCHEME_APPROVED})),
    ("抽取对象", frozenset({TaskState.POOL_FROZEN})),
    ("抽取人员", frozenset({TaskState.TARGETS_DRAWN, TaskState.DISPATCHED})),
    ("检查", frozenset({TaskState.INSPECTORS_DRAWN, TaskState.TEAMS_SET, TaskState.INSPECTING})),
    ("录入公示", frozenset({TaskState.COMPLETED})),
    ("后续", frozenset({TaskState.RESULTS_PUBLISHED, TaskState.ARCHIVED})),
)


@dataclass(frozen=True, slots=True)
class Progress:
    """A task with its place among the seven steps; dots are "d" done, "n" now or ""."""

    task: Task
    url: str
    step: str
    place: int
    dots: tuple[str, ...]


def progress_of(task: Task) -> Progress:
    now = next(n for n, (_, states) in enumerate(STEPS) if task.state in states)
    dots = tuple("d" if n < now else "n" if n == now else "" for n in range(len(STEPS)))
    return Progress(task, place_of(task), STEPS[now][0], now + 1, dots)


def my_tasks(user: User, count: int = 6) -> list[Progress]:
    """The person's running tasks, those that end first on top."""
    running = (
        Task.objects.visible_to(user)
        .exclude(state__in=(TaskState.RESULTS_PUBLISHED, TaskState.ARCHIVED))
        .order_by("ends_on", "pk")[:count]
    )
    return [progress for task in running if (progress := progress_of(task)).url]
