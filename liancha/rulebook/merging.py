"""Which inspections of one target could be one visit (综合查一次), and on which day.

Looks at what is planned, never at what was found. A match is a proposal and nothing more: those
who started the two inspections decide, and nobody is drawn, added or left out by it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations

WITHIN = 30  # days apart, either way; local practice, a site may set another number


@dataclass(frozen=True, slots=True)
class Stop:
    """One inspection that somebody means to make at one target.

    key         names it once and for all: "drawn:12", "solo:5"
    place       the target
    department  who started it
    field       code of the joint field; "" for an inspection outside the list
    task        the task it belongs to, where it belongs to one
    first, last the days it may be on; the same day twice where the day is set
    """

    key: str
    place: int
    department: int
    field: str
    first: date
    last: date
    task: int | None = None

    @property
    def is_set(self) -> bool:
        return self.first == self.last


def days_between(one: Stop, other: Stop) -> int:
    """Days from the end of the earlier to the beginning of the later; 0 where they overlap."""
    return max(0, (other.first - one.last).days, (one.first - other.last).days)


def are_apart(one: Stop, other: Stop) -> bool:
    """Whether they are two errands: of two departments, or in two fields, and not one task.

    Source: 综合查一次 (E14); art. 9, paragraph 1, 重复检查频繁.
    """
    if one.task is not None and one.task == other.task:
        return False
    return (one.department, one.field) != (other.department, other.field)


def pairs(stops: Iterable[Stop], *, within: int = WITHIN) -> Iterator[tuple[Stop, Stop]]:
    """Pairs at one target that lie at most `within` days apart, each pair once, in a fixed order.

    Source: 综合查一次 (E14).
    """
    at: dict[int, list[Stop]] = defaultdict(list)
    for each in stops:
        at[each.place].append(each)
    for here in at.values():
        for one, other in combinations(sorted(here, key=lambda stop: stop.key), 2):
            if are_apart(one, other) and days_between(one, other) <= within:
                yield one, other


def day_for(one: Stop, other: Stop, *, today: date) -> date:
    """The day to propose: one that is set already, else the first that suits both, never past."""
    for each in (one, other):
        if each.is_set and each.first >= today:
            return each.first
    day = max(one.first, other.first, today)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day


def visits_saved(sizes: Iterable[int]) -> int:
    """How often nobody had to open the door again: Σ (inspections made in one visit − 1).

    Source: K17 合并检查减少户次, for information only and never scored.
    """
    return sum(max(0, size - 1) for size in sizes)
