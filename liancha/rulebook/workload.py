"""Whether departments have the people a plan asks for, month by month, and what would help.

Needs come from `forecast`; what people there are is handed in. A proposal is a date moved within
the year: nobody is drawn and nothing is changed here.
"""

from __future__ import annotations

import calendar as months_of
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from .coverage import planned_count
from .forecast import MONTHS, Forecast, Line, by_month, rounds


def excess(need: Mapping[str, Sequence[float]], capacity: Mapping[str, Sequence[float]]) -> float:
    """Person-days above what departments have, summed over all months."""
    return sum(
        max(0.0, wanted - there)
        for department, row in need.items()
        for wanted, there in zip(row, capacity.get(department, (0.0,) * MONTHS), strict=True)
    )


def overloaded(
    need: Mapping[str, Sequence[float]], capacity: Mapping[str, Sequence[float]]
) -> list[tuple[str, int, float]]:
    """(department, month 0–11, share of its capacity), worst first; above 1 only.

    A share of nothing is infinite.
    """
    found = []
    for department, row in need.items():
        has = capacity.get(department, (0.0,) * MONTHS)
        for month, (wanted, there) in enumerate(zip(row, has, strict=True)):
            if wanted > there + 1e-9:
                found.append((department, month, wanted / there if there else float("inf")))
    return sorted(found, key=lambda each: (-each[2], each[0], each[1]))


def moved(line: Line, by: int) -> Line | None:
    """The line with its window moved by months; None when it would leave its year."""
    first, last = _month_later(line.starts_on, by), _month_later(line.ends_on, by)
    if first is None or last is None or last < first:
        return None
    return replace(line, starts_on=first, ends_on=last)


@dataclass(frozen=True, slots=True)
class Move:
    """A line whose window, moved by months, takes this much off what is too much.

    spared  person-days above capacity that are gone
    peak    the worst department and month the line takes part in, its share before and afterwards
    """

    line: str
    months: int
    spared: float
    peak: tuple[str, int, float, float]


def moves(
    lines: Sequence[Line],
    found: Forecast,
    capacity: Mapping[str, Sequence[float]],
    *,
    not_before: date = date.min,
    days_off: frozenset[date] = frozenset(),
) -> list[Move]:
    """For each line that meets an overloaded month: the move that helps most, best lines first.

    not_before  lines that have begun stay, and nothing is moved to before this day

    The need of a line moves with its window; what merging saves is taken as it was.
    """
    heavy = overloaded(found.need, capacity)
    now = excess(found.need, capacity)
    best: list[Move] = []
    for line in lines:
        part = _line_months(line, days_off)
        own = [each for each in heavy if each[0] in line.departments and part[each[1]] > 0]
        if not own or line.starts_on < not_before:
            continue
        department, month, before = own[0]
        options = []
        for by in sorted(range(1 - MONTHS, MONTHS), key=lambda n: (abs(n), -n)):
            there = moved(line, by)
            if by == 0 or there is None or there.starts_on < not_before:
                continue
            need = _with_moved(found, line, there, days_off)
            spared = now - excess(need, capacity)
            has = capacity.get(department, (0.0,) * MONTHS)[month]
            after = need[department][month] / has if has else float("inf")
            options.append(Move(line.key, by, spared, (department, month, before, after)))
        if options and (top := max(options, key=lambda each: round(each.spared, 6))).spared > 0.5:
            best.append(top)
    return sorted(best, key=lambda each: (-each.spared, each.line))


@dataclass(frozen=True, slots=True)
class Cost:
    """What other rates would cost, before anything is merged.

    targets    more (or fewer) targets drawn a year
    days       more person-days
    need       the needs of departments then
    """

    targets: int
    days: float
    need: dict[str, list[float]]


def cost(
    lines: Sequence[Line],
    found: Forecast,
    rates: Mapping[tuple[str, str], Fraction],
    *,
    effort: float,
    factors: Mapping[str, float] | None = None,
    days_off: frozenset[date] = frozenset(),
) -> Cost:
    """What it costs to draw these strata by these rates instead: exact counts, unmerged days.

    rates   (line, stratum) → the other rate
    effort  person-days one visit takes each department
    factors line key → what part of that a drawn target takes, where some are checked off site
    """
    need = {department: list(row) for department, row in found.need.items()}
    targets, days = 0, 0.0
    for line in lines:
        more = 0
        for (key, stratum), (base, drawn) in found.by_stratum.items():
            if key == line.key and (key, stratum) in rates:
                more += planned_count(base, rates[key, stratum]) - drawn
        if not more:
            continue
        visits = more * max(1, line.frequency)
        targets += visits
        parts = _line_months(line, days_off)
        each = visits * effort * (factors or {}).get(line.key, 1.0)
        for department in line.departments:
            days += each
            need[department] = [
                now + each * part for now, part in zip(need[department], parts, strict=True)
            ]
    return Cost(targets, days, need)


def _with_moved(
    found: Forecast, line: Line, there: Line, days_off: frozenset[date]
) -> dict[str, list[float]]:
    need = dict(found.need)
    was, then = _line_months(line, days_off), _line_months(there, days_off)
    for department in line.departments:
        total = found.line_need.get((line.key, department), 0.0)
        need[department] = [
            now + total * (new - old)
            for now, new, old in zip(found.need[department], then, was, strict=True)
        ]
    return need


def _line_months(line: Line, days_off: frozenset[date]) -> list[float]:
    parts = [by_month(each.starts_on, each.ends_on, days_off) for each in rounds(line)]
    return [float(sum(column)) / len(parts) for column in zip(*parts, strict=True)]


def _month_later(day: date, by: int) -> date | None:
    month = day.month + by
    if not 1 <= month <= MONTHS:
        return None
    last = months_of.monthrange(day.year, month)[1]
    is_end = day.day == months_of.monthrange(day.year, day.month)[1]
    return day.replace(month=month, day=last if is_end else min(day.day, last))
