"""The workbench: what waits for this person, soonest first; their week and their tasks.

It shows only. Who may act is decided again behind each link, and what waits is asked of the rooms'
own records in `todos`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType

from django.db.models import Model
from django.urls import NoReverseMatch, reverse

from liancha.accounts.models import Department, User
from liancha.accounts.permissions import Permission
from liancha.disclosure.models import Result
from liancha.disclosure.queries import Clock, clock
from liancha.rulebook import deadlines
from liancha.rulebook.deadlines import Calendar
from liancha.task import queries as tasks
from liancha.task.models import Task

from . import words

MOST = 200  # rows of one kind; a department with more works in that list itself


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do.

    mark         two characters for the calendar of the week
    title, note  what, and what it belongs to
    url, verb    where it is done, and the button's word: a verb with its object
    record       whose state the tag shows, unless `word` says it in the colour of `tone`
    who          whose it is: a person or a department
    due_on       the next date, None while there is none; is_result for the 20-day clock
    due_at       the moment of that day, where there is one
    """

    mark: str
    title: str
    note: str
    url: str
    verb: str
    record: Model | None
    who: User | Department | str
    due_on: date | None = None
    word: str = ""
    tone: str = "review"
    is_result: bool = False
    due_at: datetime | None = None

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


def page_at(name: str, *arguments: object) -> str:
    """The address of a page; "" while it does not exist."""
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""


def soonest_first(todos: Iterable[Todo], today: date) -> list[Todo]:
    """Overdue first, then by date, then what has none. What has no page yet stays out."""
    shown = [todo for todo in todos if todo.url]
    return sorted(shown, key=lambda todo: (todo.due_on is None, todo.due_on or today))


# ── The week ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Mark:
    """A word on a day. tone: red, ora, yel or act; said is what it stands for, in full."""

    word: str
    tone: str
    said: str


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the week with the marks of what is on."""

    on: date
    name: str
    is_today: bool
    is_rest: bool
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Week:
    """Monday to Sunday, with the Mondays before and after."""

    days: tuple[Day, ...]
    before: date
    after: date

    @property
    def first(self) -> date:
        return self.days[0].on

    @property
    def last(self) -> date:
        return self.days[-1].on


def is_rest(day: date, calendar: Calendar) -> bool:
    """Not worked; by the weekday alone where the year is not announced."""
    return not calendar.is_likely_worked(day)


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def week(
    todos: Iterable[Todo],
    today: date,
    calendar: Calendar,
    *,
    around: date | None = None,
    visits: Mapping[date, int] = MappingProxyType({}),
    shown: int = 3,
) -> Week:
    """What is due, and how many visits are planned, on the days around one (default today)."""
    monday = monday_of(around or today)
    by_day: dict[date, dict[str, list[Todo]]] = {}
    for todo in todos:
        if todo.due_on:
            by_day.setdefault(todo.due_on, {}).setdefault(todo.mark, []).append(todo)
    days = []
    for n in range(7):
        on = monday + timedelta(days=n)
        marks = [
            Mark(mark, _tone(mark, on, today), _said(found))
            for mark, found in by_day.get(on, {}).items()
            if not (mark == VISIT and on in visits)
        ]
        if on in visits:
            marks.append(Mark(VISIT, "act", f"检查 {visits[on]} 户"))
        days.append(
            Day(
                on,
                words.WEEKDAYS[n],
                on == today,
                is_rest(on, calendar),
                tuple(marks[:shown]),
            )
        )
    return Week(tuple(days), monday - timedelta(days=7), monday + timedelta(days=7))


VISIT = "检查"
CALM = ("摇号", VISIT)  # what is held on a day, rather than due by it


def _tone(mark: str, on: date, today: date) -> str:
    if mark in CALM:
        return "act"
    if on <= today:
        return "red"
    days = (on - today).days
    return "ora" if days <= 3 else "yel" if days <= 7 else "act"


def _said(todos: Sequence[Todo]) -> str:
    more = f"等 {len(todos)} 件" if len(todos) > 1 else ""
    return f"{todos[0].title}{more}"


def working_day_number(today: date, calendar: Calendar) -> int | None:
    """Which working day of its year a day is; None while the year is not announced."""
    return deadlines.days_used(date(today.year - 1, 12, 31), today, calendar)


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


@dataclass(frozen=True, slots=True)
class Progress:
    """A task with its place among the seven steps; dots are "d" done, "n" now or ""."""

    task: Task
    url: str
    step: str
    note: str
    place: int
    dots: tuple[str, ...]


def progress_of(task: Task, note: str = "") -> Progress:
    now = min(tasks.step_of(task), len(tasks.STEPS) - 1)
    dots = tuple("d" if n < now else "n" if n == now else "" for n in range(len(tasks.STEPS)))
    return Progress(task, place_of(task), tasks.STEPS[now], note, now + 1, dots)
