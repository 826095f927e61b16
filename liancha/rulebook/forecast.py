"""What a yearly plan will ask of firms and departments, before anything is drawn (arts. 12–15).

Nothing here is random and nobody is drawn. A draw of k out of n takes each of the n with
probability k/n, draws of different lines do not know of each other, and expected values add up;
so visits, person-days and the number of firms met once, twice, … are exact sums over groups of
targets that are alike, however many targets there are. Counts are whole numbers and rates exact
fractions, as in the plan; only probabilities and what follows from them are floating point, and
no list ever depends on one.

Targets that are alike are handed in as groups; where the counts come from is not asked here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import prod

from .coverage import planned_count

MONTHS = 12
MOST_VISITS = 12  # a histogram is cut here: its last bar is “12 or more”


@dataclass(frozen=True, slots=True)
class Line:
    """One plan line as far as a forecast needs it.

    departments  the initiator first
    rates        stratum → share drawn, or a fixed number of targets
    may_be_off_site  whether its items may be checked without going there at all (art. 20)
    """

    key: str
    departments: tuple[str, ...]
    starts_on: date
    ends_on: date
    rates: Mapping[str, Fraction | int]
    frequency: int = 1
    may_be_off_site: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """`size` targets that are alike: in the same strata of the same lines.

    strata  (line key, stratum), each line once
    credit  their class; "" without one
    """

    size: int
    strata: tuple[tuple[str, str], ...]
    credit: str = ""


@dataclass(frozen=True, slots=True)
class Round:
    """One draw of one line: a line of frequency 2 has two, each in its half of the window."""

    line: str
    departments: tuple[str, ...]
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What a forecast supposes; none of it is the Measures' except two people (art. 21).

    people      inspectors each department sends on a visit
    days        days one visit takes each of them
    merge_days  two visits to one firm become one when their windows lie no further apart;
                None: every line visits for itself
    cap         visits of one department to one firm a year that are still in order
    off_site    share of drawn targets checked without going there, where line and class allow it
    off_site_classes  the classes meant by that; None for all
    off_site_days     days one such check takes each of its people, who are as many (A12)
    """

    people: int = 2
    days: Fraction = Fraction(1, 2)
    merge_days: int | None = None
    cap: int | None = None
    off_site: Fraction = Fraction(0)
    off_site_classes: frozenset[str] | None = frozenset({"A"})
    off_site_days: Fraction = Fraction(1, 4)

    def off_site_share(self, line: Line, credit: str) -> Fraction:
        """Which part of a class, drawn for a line, is checked without going there.

        Source: art. 20, paragraph 1, 根据实际也可以采取书面检查、网络监测等非现场检查. Clause 20.2.
        """
        is_meant = self.off_site_classes is None or credit in self.off_site_classes
        return self.off_site if is_meant and line.may_be_off_site else Fraction(0)

    def factor(self, line: Line, credit: str) -> float:
        """What a drawn target of this class costs, in visits: 1 where everybody goes there."""
        share = self.off_site_share(line, credit)
        return float(1 - share + share * self.off_site_days / self.days)


@dataclass
class Forecast:
    """What comes out. All counts are of a year.

    drawn         targets drawn, by line: whole numbers, known before the draw
    by_stratum    (line, stratum) → (base, drawn)
    firms         expected number of different firms visited
    visits        expected visits to firms, merged as assumed; what is done off site is none
    off_site      expected checks that need no visit, each line for itself
    unmerged      visits when every line goes for itself: exactly the sum of `drawn` × frequency
    separate      visits when every department goes for itself
    histogram     [expected firms visited 0 times, once, twice, …]
    over_cap      expected pairs of a firm and a department above the cap
    need          department → person-days by month, January first
    line_need     (line, department) → person-days of the year
    """

    drawn: dict[str, int] = field(default_factory=dict)
    by_stratum: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    firms: float = 0.0
    visits: float = 0.0
    off_site: float = 0.0
    unmerged: int = 0
    separate: int = 0
    histogram: list[float] = field(default_factory=list)
    over_cap: float = 0.0
    need: dict[str, list[float]] = field(default_factory=dict)
    line_need: dict[tuple[str, str], float] = field(default_factory=dict)

    @property
    def person_days(self) -> float:
        return sum(sum(row) for row in self.need.values())


def shares(
    lines: Sequence[Line], groups: Iterable[Group]
) -> dict[tuple[str, str], tuple[int, int]]:
    """(line, stratum) → (base, number drawn): ⌈rate × base⌉ in each stratum by itself.

    Source: art. 14, 抽查基数和比例; rounding up is decision A29.
    """
    bases: dict[tuple[str, str], int] = defaultdict(int)
    for group in groups:
        for key in group.strata:
            bases[key] += group.size
    by_key = {line.key: line for line in lines}
    found = {}
    for (line, stratum), base in bases.items():
        if line in by_key:
            rate = by_key[line].rates.get(stratum, 0)
            count = min(rate, base) if isinstance(rate, int) else planned_count(base, rate)
            found[line, stratum] = (base, count)
    return found


def rounds(line: Line) -> list[Round]:
    """The draws of a line: its window cut into `frequency` parts that differ by a day at most."""
    days = (line.ends_on - line.starts_on).days + 1
    times = max(1, line.frequency)
    cuts = [line.starts_on + timedelta(days=days * n // times) for n in range(times + 1)]
    return [
        Round(line.key, line.departments, first, max(first, after - timedelta(days=1)))
        for first, after in pairwise(cuts)
    ]


def times_visited(chances: Sequence[float]) -> list[float]:
    """Probabilities of 0, 1, 2, … visits when each of these happens by itself."""
    spread = [1.0]
    for chance in chances:
        longer = [0.0] * (len(spread) + 1)
        for times, probability in enumerate(spread):
            longer[times] += probability * (1 - chance)
            longer[times + 1] += probability * chance
        spread = longer
    return spread


@dataclass(slots=True)
class Met:
    """What one target of a group may expect.

    times  probabilities of 0, 1, 2, … visits
    need   round (its place) → department → probability that it goes there for this round
    over   expected departments' visits above the cap
    """

    times: list[float]
    need: list[dict[str, float]]
    over: float


def met(chances: Sequence[tuple[Round, float]], *, merge_days: int | None, cap: int | None) -> Met:
    """The visits of one target drawn by each round with its chance.

    With `merge_days`, a visit waits until the end of its window (and the leeway) and takes along
    every other visit whose window has begun by then: the fewest visits that serve all, exactly.
    """
    order = sorted(range(len(chances)), key=lambda n: (chances[n][0].ends_on, n))
    if merge_days is None or len(chances) < 2:
        times = times_visited([chance for _, chance in chances])
        alone = [dict.fromkeys(each.departments, chance) for each, chance in chances]
        return Met(times, alone, _over_cap(chances, cap))
    leeway = timedelta(days=merge_days)
    times = _merged_times([chances[n] for n in order], leeway)
    need: list[dict[str, float]] = [{} for _ in chances]
    over = 0.0
    for department in sorted({each for one, _ in chances for each in one.departments}):
        goes = [n for n in order if department in chances[n][0].departments]
        if len(goes) == 1:
            need[goes[0]][department] = chances[goes[0]][1]
            over += _above([1 - chances[goes[0]][1], chances[goes[0]][1]], cap)
            continue
        ordered = [chances[n] for n in order]
        going, spread = _merged_for(department, ordered, leeway)
        for place, n in enumerate(order):
            if department in chances[n][0].departments:
                need[n][department] = going[place]
        over += _above(spread, cap)
    return Met(times, need, over)


def _merged_times(ordered: Sequence[tuple[Round, float]], leeway: timedelta) -> list[float]:
    """Probabilities of 0, 1, 2, … visits, after merging. ordered by the end of the window.

    The state is the round that set the day of the last visit, and how many there were.
    """
    states: dict[tuple[int, int], float] = {(-1, 0): 1.0}
    for place, (one, chance) in enumerate(ordered):
        after: dict[tuple[int, int], float] = defaultdict(float)
        for (last, times), probability in states.items():
            if last >= 0 and one.starts_on <= ordered[last][0].ends_on + leeway:
                after[last, times] += probability  # comes along, or is not drawn
            else:
                after[last, times] += probability * (1 - chance)
                after[place, times + 1] += probability * chance
        states = after
    spread = [0.0] * (len(ordered) + 1)
    for (_, times), probability in states.items():
        spread[times] += probability
    return spread


def _merged_for(
    department: str, ordered: Sequence[tuple[Round, float]], leeway: timedelta
) -> tuple[list[float], list[float]]:
    """For each round the chance that it sends this department out; and its visits' spread."""
    going = [0.0] * len(ordered)
    states: dict[tuple[int, bool, int], float] = {(-1, False, 0): 1.0}
    for place, (one, chance) in enumerate(ordered):
        takes_part = department in one.departments
        after: dict[tuple[int, bool, int], float] = defaultdict(float)
        for (last, is_there, times), probability in states.items():
            after[last, is_there, times] += probability * (1 - chance)
            drawn = probability * chance
            if last >= 0 and one.starts_on <= ordered[last][0].ends_on + leeway:
                if takes_part and not is_there:
                    going[place] += drawn
                    after[last, True, times + 1] += drawn
                else:
                    after[last, is_there, times] += drawn
            elif takes_part:
                going[place] += drawn
                after[place, True, times + 1] += drawn
            else:
                after[place, False, times] += drawn
        states = after
    spread = [0.0] * (len(ordered) + 1)
    for (_, _, times), probability in states.items():
        spread[times] += probability
    return going, spread


def _over_cap(chances: Sequence[tuple[Round, float]], cap: int | None) -> float:
    if cap is None:
        return 0.0
    everybody = {each for one, _ in chances for each in one.departments}
    return sum(
        _above(times_visited([c for one, c in chances if each in one.departments]), cap)
        for each in sorted(everybody)
    )


def _above(spread: Sequence[float], cap: int | None) -> float:
    """Probability of more visits than the cap allows."""
    return sum(spread[cap + 1 :]) if cap is not None else 0.0


@lru_cache(maxsize=4096)
def by_month(starts_on: date, ends_on: date, days_off: frozenset[date]) -> tuple[Fraction, ...]:
    """What part of a window's working days lies in each month; evenly when it has none.

    days_off  days of the year that are not worked
    """
    span = (ends_on - starts_on).days + 1
    days = [starts_on + timedelta(days=n) for n in range(span)]
    worked = [day for day in days if day not in days_off] or days
    counts = [0] * MONTHS
    for day in worked:
        counts[day.month - 1] += 1
    return tuple(Fraction(count, len(worked)) for count in counts)


def forecast(
    lines: Sequence[Line],
    groups: Sequence[Group],
    *,
    days_off: frozenset[date] = frozenset(),
    suppose: Assumptions | None = None,
) -> Forecast:
    """What these lines ask of these targets and of the departments, over a year.

    Source: arts. 12 and 14 for what a plan says, art. 15 for its rates, art. 21 for two people,
    art. 20, paragraph 1, for checks off the spot.
    """
    suppose = suppose or Assumptions()
    found = Forecast(by_stratum=shares(lines, groups))
    cut = {line.key: rounds(line) for line in lines}
    for line in lines:
        counts = [drawn for (key, _), (_, drawn) in found.by_stratum.items() if key == line.key]
        found.drawn[line.key] = sum(counts)
        found.unmerged += sum(counts) * len(cut[line.key])
        found.separate += sum(counts) * len(cut[line.key]) * len(line.departments)
        for department in line.departments:
            found.need.setdefault(department, [0.0] * MONTHS)
    histogram = [0.0] * (MOST_VISITS + 1)
    days: dict[tuple[Round, str], float] = defaultdict(float)
    there, away = (float(suppose.people * n) for n in (suppose.days, suppose.off_site_days))
    by_key = {line.key: line for line in lines}
    for size, chances, credit in _alike(groups, found.by_stratum, cut, suppose):
        parts = [float(suppose.off_site_share(by_key[one.line], credit)) for one, _ in chances]
        going = [
            (one, chance * (1 - share)) for (one, chance), share in zip(chances, parts, strict=True)
        ]
        one = met(going, merge_days=suppose.merge_days, cap=suppose.cap)
        found.over_cap += size * one.over
        for times, probability in enumerate(one.times):
            histogram[min(times, MOST_VISITS)] += size * probability
            found.visits += size * probability * times
        found.firms += size * (1 - prod(1 - chance for _, chance in chances))
        for (which, chance), share, departments in zip(chances, parts, one.need, strict=True):
            for department, probability in departments.items():
                days[which, department] += size * probability * there
            if share:
                found.off_site += size * chance * share
                for department in which.departments:
                    days[which, department] += size * chance * share * away
    found.histogram = histogram
    for (which, department), asked in days.items():
        for month, part in enumerate(by_month(which.starts_on, which.ends_on, days_off)):
            found.need[department][month] += asked * float(part)
        place = (which.line, department)
        found.line_need[place] = found.line_need.get(place, 0.0) + asked
    return found


def _alike(
    groups: Iterable[Group],
    drawn: Mapping[tuple[str, str], tuple[int, int]],
    cut: Mapping[str, Sequence[Round]],
    suppose: Assumptions,
) -> Iterable[tuple[int, list[tuple[Round, float]], str]]:
    """Groups with the chance of each round, strata that draw nobody left out, equal ones joined.

    The class is told apart only where it decides who is visited; "" otherwise.
    """
    decides = suppose.off_site_classes if suppose.off_site else None
    sizes: dict[tuple[tuple[tuple[str, str], ...], str], int] = defaultdict(int)
    for group in groups:
        credit = group.credit if decides is not None and group.credit in decides else ""
        strata = tuple(key for key in group.strata if drawn.get(key, (0, 0))[1])
        sizes[strata, credit] += group.size
    for (strata, credit), size in sizes.items():
        chances = []
        for key in strata:
            base, count = drawn[key]
            chances += [(each, count / base) for each in cut[key[0]]]
        yield size, chances, credit
