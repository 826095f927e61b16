"""What the calendar says, quiet periods among it. Every room asks here, none looks at the rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from liancha.rulebook import quiet
from liancha.rulebook.deadlines import Calendar, DayKind
from liancha.rulebook.quiet import Quiet

from .models import CalendarYear, DayOff, QuietPeriod, digest_of

Editions = tuple[tuple[int, str], ...]

_read_before: dict[Editions, Calendar] = {}


def calendar() -> Calendar:
    """All announced years. One small query; the days are read again only after a change.

    The key is the content itself, so another process, or a transaction rolled back, leaves
    nothing stale behind.
    Source: art. 22, 工作日.
    """
    editions: Editions = tuple(CalendarYear.objects.order_by("year").values_list("year", "digest"))
    if (known := _read_before.get(editions)) is not None:
        return known
    days: dict[date, DayKind] = {}
    by_year: dict[int, list[tuple[date, str, str]]] = defaultdict(list)
    for on, kind, name, year in DayOff.objects.values_list(
        "on", "kind", "name", "calendar_year_id"
    ):
        days[on] = DayKind(kind)
        by_year[year].append((on, kind, name))
    fresh = Calendar(frozenset(year for year, _ in editions), MappingProxyType(days))
    # A publication between the two queries would put new days under the old key.
    if all(digest_of(by_year[year]) == digest for year, digest in editions):
        _read_before.clear()
        _read_before[editions] = fresh
    return fresh


def is_working_day(day: date) -> bool | None:
    """Whether a day is worked; None while its year is not announced."""
    known = calendar()
    return known.is_working_day(day) if known.knows(day) else None


def quiet_periods(*regions: str | None) -> tuple[Quiet, ...]:
    """The periods switched on for these regions and for the whole city. One query.

    regions  codes; None is left aside

    Source: E17, local practice.
    """
    rows = QuietPeriod.objects.over(*regions).switched_on().select_related("region")
    return tuple(each.as_quiet for each in rows)


@dataclass(frozen=True, slots=True)
class Cell:
    """One day on the year page. name is "" on an ordinary day; quiet names the periods."""

    on: date
    is_worked: bool
    kind: DayKind | None
    name: str
    quiet: str = ""

    @property
    def mark(self) -> str:
        """休, 班, or nothing where the weekday already says it."""
        return "" if self.kind is None else "休" if self.kind is DayKind.REST else "班"


@dataclass(frozen=True, slots=True)
class Month:
    """weeks run Monday to Sunday; None stands for a day of another month."""

    number: int
    weeks: tuple[tuple[Cell | None, ...], ...]
    worked: int


def months(
    year: int, days: Mapping[date, tuple[DayKind, str]], periods: Iterable[Quiet] = ()
) -> tuple[Month, ...]:
    """The twelve months of a year with these exceptions and quiet periods, for the page."""
    periods = tuple(periods)
    sheet = []
    for number in range(1, 13):
        first = date(year, number, 1)
        length = ((first + timedelta(days=31)).replace(day=1) - first).days
        cells: list[Cell | None] = [None] * first.weekday()
        for n in range(length):
            on = first + timedelta(days=n)
            kind, name = days.get(on, (None, ""))
            worked = on.weekday() < 5 if kind is None else kind is DayKind.WORK
            hush = "、".join(each.title for each in quiet.holding(periods, on))
            cells.append(Cell(on, worked, kind, name, hush))
        cells += [None] * (-len(cells) % 7)
        weeks = tuple(tuple(cells[n : n + 7]) for n in range(0, len(cells), 7))
        sheet.append(Month(number, weeks, sum(c.is_worked for c in cells if c is not None)))
    return tuple(sheet)


def exceptions_of(year: int) -> dict[date, tuple[DayKind, str]]:
    """The days of a year that differ from Monday to Friday."""
    return {
        on: (DayKind(kind), name)
        for on, kind, name in DayOff.objects.filter(calendar_year=year).values_list(
            "on", "kind", "name"
        )
    }
