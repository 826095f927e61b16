"""What a department's own draw would be like, for the page that asks how loads are shared.

Both ways of sharing side by side: the loads to expect and the pair easiest to guess. Made-up seeds,
nothing kept here; what was shown when the people were frozen is kept with the draw.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from liancha.rulebook.foresight import Foresight, foresee

from . import rosters

FILE = "foresight.json"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A staffing that is the same where its frozen files are."""

    files: tuple[str, str, str]
    base: int
    prepared: rosters.Prepared = field(compare=False, repr=False)


@lru_cache(maxsize=32)
def _foreseen(asked: _Asked) -> Foresight:
    return foresee(asked.prepared.staffing, base=asked.base)


def foreseen(prepared: rosters.Prepared, base: int) -> Foresight:
    """What the draw would come to with this base; remembered while the page is looked at.

    prepared  one that has an assignment
    """
    inputs = prepared.staffing.inputs()
    return _foreseen(_Asked((inputs.roster, inputs.needs, inputs.eligible), base, prepared))


def ways(mean: int) -> tuple[int, ...]:
    """The bases to choose from: even, and left to chance up to the mean load."""
    return (1, mean) if mean > 1 else (1,)


@dataclass(frozen=True, slots=True)
class Bar:
    """So many people will have so many targets. percent of the longest bar."""

    load: int
    people: str
    percent: int


@dataclass(frozen=True)
class Way:
    """One way of sharing, in words and bars."""

    foresight: Foresight
    bars: tuple[Bar, ...]
    inspector: str
    target: str
    usual: int  # percent: how often any allowed pair comes out on average

    @property
    def base(self) -> int:
        return self.foresight.base

    @property
    def is_even(self) -> bool:
        return self.base == 1

    @property
    def span(self) -> str:
        least, most = self.foresight.span
        return f"{least}" if least == most else f"{least}~{most}"


def shown(prepared: rosters.Prepared, base: int) -> Way:
    found = foreseen(prepared, base)
    pairs = sum(map(len, prepared.staffing.eligible.values())) or 1
    most = max((people for _, people in found.loads), default=1)
    return Way(
        foresight=found,
        bars=tuple(
            Bar(load, _people(people, found.trials), max(1, 100 * people // most))
            for load, people in found.loads
        ),
        inspector=prepared.people[found.inspector].name if found.inspector else "",
        target=prepared.units[found.unit].candidate.name if found.unit else "",
        usual=100 * prepared.seats // pairs,
    )


def _people(people: int, trials: int) -> str:
    """Of all trials together to one draw: a whole number, or that it is less than one."""
    rounded = (2 * people + trials) // (2 * trials)
    return str(rounded) if rounded else "不到 1"
