"""When things are due (Measures, arts. 12, 19, 21 and 22). Days in, terms out; no clock.

The Measures name three limits: 30 April, 20 and 7 working days. They stand apart from our own
norms, which are marked "local practice" and can be set otherwise. A term that runs into a year
whose working days are not announced yet is not guessed: it says how far it has been counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType

from .wording import Worded

RESULT_DAYS = 20  # art. 22, paragraph 1
PENALTY_DAYS = 7  # art. 22, paragraph 2

# Local practice: where the Measures say 及时 or nothing, and what we remind of.
ACKNOWLEDGE_DAYS = 2  # participants confirm the list they received (art. 19)
ENTRY_DAYS = 5  # 及时 for plans and their adjustments (art. 16)
NOTICE_DAYS = 1  # 提前 for the notice to the target (art. 21)
PLAN_REMINDERS = ((3, 1), (3, 31), (4, 15), (4, 25))  # month and day, before 30 April (art. 12)
TRANSFER_HOURS = 24  # 及时移送 after approval (art. 22)


WEEKDAYS = "一二三四五六日"


class DayKind(Worded):
    """How a day differs from an ordinary Monday to Friday week."""

    REST = "rest", "放假"
    WORK = "work", "上班"


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are working days.

    years  whose arrangement is announced, with the exceptions in `days`
    days   exceptions to Monday to Friday: holidays, and weekend days that are worked
    """

    years: frozenset[int]
    days: Mapping[date, DayKind] = field(default_factory=lambda: MappingProxyType({}))

    def knows(self, day: date) -> bool:
        """Whether the arrangement of this day's year is announced."""
        return day.year in self.years

    def is_working_day(self, day: date) -> bool:
        """Monday to Friday unless the announcement says otherwise.

        Raises LookupError for a year that is not announced.
        """
        if not self.knows(day):
            raise LookupError(f"working days of {day.year} are not announced")
        kind = self.days.get(day)
        return day.weekday() < 5 if kind is None else kind is DayKind.WORK

    def is_likely_worked(self, day: date) -> bool:
        """A working day; by the weekday alone in a year that is not announced."""
        return self.is_working_day(day) if self.knows(day) else day.weekday() < 5

    def working_days_in(self, year: int) -> int:
        """Number of working days of an announced year."""
        first, length = date(year, 1, 1), (date(year + 1, 1, 1) - date(year, 1, 1)).days
        return sum(self.is_working_day(first + timedelta(days=n)) for n in range(length))


def calendar_faults(year: int, days: Sequence[tuple[date, DayKind]]) -> tuple[str, ...]:
    """What is wrong with a year's exceptions, in Chinese; empty when it may be published.

    Source: art. 22, 工作日; the arrangement itself is the State Council's.
    """
    faults = []
    if not any(kind is DayKind.REST for _, kind in days):
        faults.append(f"没有读到 {year} 年的放假安排，请粘贴通知中写明日期的各条。")
    seen: dict[date, DayKind] = {}
    for day, kind in days:
        if day.year != year:
            faults.append(f"{day} 不在 {year} 年，请核对年度。")
        if kind is DayKind.WORK and day.weekday() < 5:
            faults.append(f"{day} 是周{WEEKDAYS[day.weekday()]}，本来就上班，请核对日期。")
        if day in seen:
            both = "既放假又上班" if seen[day] is not kind else "写了两次"
            faults.append(f"{day} {both}，请只留一条。")
        seen[day] = kind
    return tuple(dict.fromkeys(faults))


@dataclass(frozen=True, slots=True)
class Term:
    """A limit in working days, as far as it can be counted.

    due      last day, until 24:00; None while the calendar ends before it
    counted  working days counted so far: all of them when due is known
    days     working days the limit has
    until    last day the count reached
    """

    due: date | None
    counted: int
    days: int
    until: date

    @property
    def is_known(self) -> bool:
        return self.due is not None

    @property
    def label(self) -> str:
        """2026-03-17, or what is known instead."""
        if self.due is not None:
            return self.due.isoformat()
        missing = (self.until + timedelta(days=1)).year
        return f"{missing} 年工作日未公布，已计 {self.counted}/{self.days} 日，至 {self.until}"


def working_days_after(start: date, days: int, calendar: Calendar) -> Term:
    """The `days`-th working day after `start`, which itself is not counted.

    A start on a rest day gives the same day as a start on the last working day before it.
    Source: art. 22, counted as 民法典 does (general law, not the Measures).
    """
    if days < 1:
        raise ValueError(f"at least one day, got {days}")
    day, counted = start, 0
    while counted < days:
        following = day + timedelta(days=1)
        if not calendar.knows(following):
            return Term(None, counted, days, day)
        day = following
        counted += calendar.is_working_day(day)
    return Term(day, counted, days, day)


def earlier(one: Term, other: Term) -> Term:
    """The term that ends first. Of two unfinished ones, that with fewer days to go."""
    if one.due is not None and other.due is not None:
        return one if one.due <= other.due else other
    if one.due is not None:
        return one if one.due <= other.until else other
    if other.due is not None:
        return other if other.due <= one.until else one
    return one if one.days - one.counted <= other.days - other.counted else other


class Completion(Worded):
    """What 抽查任务完成 means for the 20 working days."""

    PER_TARGET = "per_target", "每个部门办结每户之日"
    PER_TASK = "per_task", "任务整体完成之日"


def results_due(
    *,
    target_completed_on: date | None,
    task_completed_on: date | None,
    task_planned_end: date,
    calendar: Calendar,
    completion: Completion = Completion.PER_TARGET,
) -> Term:
    """The term to enter and publish one department's results on one target.

    target_completed_on  day the department's last item there was closed and signed or annotated
    task_completed_on    day the task was marked completed, if it has been
    task_planned_end     its planned end; the outer limit runs from the earlier of the two

    The strictest reading satisfies every reader: the clock of the target or the outer limit,
    whichever ends first. Before the target is completed, and with PER_TASK, only the outer limit
    binds.
    Source: art. 22, 20 working days after completion, for entry and publication together.
    Clause 22.2.
    """
    ended_on = min(task_planned_end, task_completed_on or task_planned_end)
    outer = working_days_after(ended_on, RESULT_DAYS, calendar)
    if completion is Completion.PER_TASK or target_completed_on is None:
        return outer
    return earlier(working_days_after(target_completed_on, RESULT_DAYS, calendar), outer)


def penalty_due(decided_on: date, calendar: Calendar) -> Term:
    """The term to collect a penalty on the platform and show it, under the target's name.

    Source: art. 22, 7 working days, from the day after the decision.
    """
    return working_days_after(decided_on, PENALTY_DAYS, calendar)


def plan_due(year: int) -> date:
    """Last day for the city's joint plan of a year. A calendar date: no shift for a rest day.

    Source: art. 12, 每年 4 月底前. Clause 12.2.
    """
    return date(year, 4, 30)


def plan_reminders(year: int) -> tuple[date, ...]:
    """Days on which initiators without a plan are reminded. Local practice, for art. 12.

    Source: clause 12.2.
    """
    return tuple(date(year, month, day) for month, day in PLAN_REMINDERS)


def acknowledge_due(dispatched_on: date, calendar: Calendar) -> Term:
    """The term for a participant to confirm the list it received. Local practice.

    Source: art. 19, 分发至各参与部门, which names no number of days.
    """
    return working_days_after(dispatched_on, ACKNOWLEDGE_DAYS, calendar)


def entry_due(approved_on: date, calendar: Calendar) -> Term:
    """The term to enter a plan, or publish an adjustment of it. Local practice.

    Source: art. 16, 及时. Clause 16.1.
    """
    return working_days_after(approved_on, ENTRY_DAYS, calendar)


def transfer_due(approved_at: datetime) -> datetime:
    """The moment a suspected crime must have gone to the judicial authority. Local practice.

    Source: art. 22, 及时移送; the 24 hours are those of 国务院令第310号.
    """
    return approved_at + timedelta(hours=TRANSFER_HOURS)


def is_notice_early_enough(told_on: date, visit_on: date, calendar: Calendar) -> bool:
    """Whether at least one working day lies between word and visit. Local practice: WARN only.

    The visit may be on the first working day after the notice. Unannounced years count weekdays.
    Source: art. 21, 提前, which names no number of days.
    """
    term = working_days_after(told_on, NOTICE_DAYS, calendar)
    return visit_on > told_on if term.due is None else visit_on >= term.due


class Colour(Worded):
    """How far a term is used up. Local practice: half, three quarters, nine tenths, all."""

    GREEN = "green", "时间充裕"
    YELLOW = "yellow", "已过半"
    ORANGE = "orange", "临近期限"
    RED = "red", "即将到期"
    BLACK = "black", "超期"
    GREY = "grey", "工作日未公布"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a term stands on a day.

    used  working days gone, counting the day itself if it is one; None past the calendar
    left  working days that remain after it; negative when overdue; None past the calendar
    """

    used: int | None
    left: int | None
    colour: Colour


def standing(term: Term, *, start: date, on: date, calendar: Calendar) -> Standing:
    """Where a term that runs from `start` stands on a day: for 20, the colours turn at 11, 16, 19.

    Past the due date it is black even on a rest day.
    Source: art. 22; the colours are local practice.
    """
    used = days_used(start, on, calendar)
    if used is None:
        is_over = term.due is not None and on > term.due
        return Standing(None, None, Colour.BLACK if is_over else Colour.GREY)
    left = term.days - used
    if left < 0 or (term.due is not None and on > term.due):
        return Standing(used, min(left, 0), Colour.BLACK)
    tenths = used * 10
    if tenths <= term.days * 5:
        return Standing(used, left, Colour.GREEN)
    if 4 * used <= 3 * term.days:
        return Standing(used, left, Colour.YELLOW)
    if tenths <= term.days * 9:
        return Standing(used, left, Colour.ORANGE)
    return Standing(used, left, Colour.RED)


def days_used(start: date, on: date, calendar: Calendar) -> int | None:
    """Working days after `start` up to and including `on`; None if one is not announced.

    Source: art. 22, the starting day is not counted.
    """
    used = 0
    for n in range(1, (on - start).days + 1):
        day = start + timedelta(days=n)
        if not calendar.knows(day):
            return None
        used += calendar.is_working_day(day)
    return used
