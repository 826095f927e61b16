"""Who goes instead (Measures, art. 19, paragraph 3; liancha-draw/1, §8).

An inspector who cannot go is replaced by the next ticket among those eligible, never by a new
draw: the tickets are fixed since the seed. Whether the reason is good enough, who approves, and a
designated person with a second reason are the room's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from .assignment import ticket
from .form import H, Refused, shown
from .staffing import Seat, Staffing


@dataclass(frozen=True, slots=True)
class Replaced:
    """coming is None where nobody eligible can go: then a person has to be designated."""

    unit: str
    leaving: str
    coming: str | None


def replace(
    staffing: Staffing,
    teams: Mapping[str, Collection[str]],
    *,
    seed: str,
    cap: int,
    leaving: Collection[tuple[str, str]],
    barred: Collection[tuple[str, str]] = (),
) -> tuple[Replaced, ...]:
    """Fill the seats of those who leave, by the tickets already fixed.

    teams    unit → inspectors on it now, earlier replacements included
    cap      the transcript's
    leaving  (unit, inspector) pairs, all of this occasion at once; a person who is ill leaves
             every unit. Nobody in it is taken for another unit
    barred   (unit, inspector) pairs that may not come either: who left before, recusals since
    returns  units in the order of the seed

    Raises Refused for a pair that is not there.
    Source: art. 19, paragraph 3.
    """
    for unit, name in leaving:
        if name not in teams.get(unit, ()):
            raise Refused(f"更换 {shown(unit)}", f"{shown(name)} 不在该组")
    line = _Line(staffing, teams, seed, cap, leaving, barred)
    order = sorted(set(leaving), key=lambda pair: (H(f"{seed}:unit:{pair[0]}"), pair))
    replaced = []
    for unit, name in order:
        coming = next(line.candidates(unit), None)
        if coming is not None:
            line.join(unit, coming)
        replaced.append(Replaced(unit, name, coming))
    return tuple(replaced)


def next_in_line(
    staffing: Staffing,
    teams: Mapping[str, Collection[str]],
    *,
    seed: str,
    cap: int,
    unit: str,
    leaving: str,
    barred: Collection[tuple[str, str]] = (),
) -> tuple[str, ...]:
    """Everybody who could take this one's seat, in the order they would be asked."""
    line = _Line(staffing, teams, seed, cap, [(unit, leaving)], barred)
    return tuple(line.candidates(unit))


class _Line:
    def __init__(
        self,
        staffing: Staffing,
        teams: Mapping[str, Collection[str]],
        seed: str,
        cap: int,
        leaving: Collection[tuple[str, str]],
        barred: Iterable[tuple[str, str]],
    ) -> None:
        self.staffing = staffing
        self.seed = seed
        self.teams = {unit: set(names) for unit, names in teams.items()}
        self.barred = set(barred)
        self.leaving = {name for _, name in leaving}
        for unit, name in leaving:
            self.teams[unit].discard(name)
        self.load = dict.fromkeys(staffing.roster, 0)
        for names in self.teams.values():
            for name in names:
                self.load[name] = self.load.get(name, 0) + 1
        self.cap = cap + 1  # rises while nobody fits, and keeps its value for later units
        self.largest = max(staffing.roster.values(), default=0)

    def candidates(self, unit: str) -> Iterator[str]:
        """By ticket among those with load < min(capacity, cap), then at the next cap.

        The cap rises to the largest capacity also where nobody fits at all, and stays there.
        """
        roster = self.staffing.roster
        queue = sorted(
            (name for name in self.staffing.eligible.get(unit, {}) if self.may_join(unit, name)),
            key=lambda name: (ticket(self.seed, unit, name), name),
        )
        while True:
            later = []
            for name in queue:
                if self.load[name] < min(roster[name], self.cap):
                    yield name
                else:
                    later.append(name)
            if self.cap >= self.largest:
                return
            self.cap += 1
            queue = later

    def may_join(self, unit: str, name: str) -> bool:
        """Not on it, not leaving, not barred, and fitting as in `assignment`."""
        team, seats = self.teams[unit], self.staffing.eligible[unit]
        if name in team or name in self.leaving or (unit, name) in self.barred:
            return False
        need = self.staffing.needs[unit]
        others = sum(seats.get(member) != Seat.LEAD for member in team)
        return seats[name] == Seat.LEAD or others < need.people - need.leads

    def join(self, unit: str, name: str) -> None:
        self.teams[unit].add(name)
        self.load[name] += 1
