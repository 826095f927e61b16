"""Who may be sent where: the three frozen files of an inspectors' draw (liancha-draw/1, §8).

roster.tsv names the inspectors and how much each can take, needs.tsv the units and how many
people each wants, eligible.tsv every allowed pair. Why a pair is allowed or not is decided in
`eligibility`; here it is only written down, read and checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, Self

from .form import Refused, clean_lines, decimal, file_digest, name_problem, raise_all, rows, shown
from .protocol import Inputs

ROSTER: Final = "roster.tsv"
NEEDS: Final = "needs.tsv"
ELIGIBLE: Final = "eligible.tsv"


class Seat(StrEnum):
    """LEAD may lead or holds the required qualification; ANY may take the other seats."""

    LEAD = "lead"
    ANY = "any"


class Need(NamedTuple):
    """How many people a unit needs, and how many of them must hold the lead seat."""

    people: int
    leads: int = 0


@dataclass(frozen=True, slots=True)
class Staffing:
    """The inputs of one department's draw.

    roster    inspector → capacity, at least one
    needs     unit (a target, or a team's group of targets) → need
    eligible  unit → inspector → seat, for every allowed pair and no other
    """

    roster: Mapping[str, int]
    needs: Mapping[str, Need]
    eligible: Mapping[str, Mapping[str, Seat]]

    def checked(self) -> Self:
        """The staffing itself. Raises Refused with every problem."""
        problems: list[Refused] = []
        for name in (*self.roster, *self.needs):
            if problem := name_problem(name):
                problems.append(Refused(shown(name), problem))
        problems += self._problems()
        raise_all(problems)
        return self

    def files(self) -> dict[str, bytes]:
        """The three files, sorted by their bytes. Raises Refused."""
        self.checked()
        roster = (f"{name}\t{capacity}\n" for name, capacity in sorted(self.roster.items()))
        needs = (
            f"{unit}\t{need.people}\t{need.leads}\n" for unit, need in sorted(self.needs.items())
        )
        eligible = (
            f"{unit}\t{inspector}\t{seat}\n"
            for unit in sorted(self.eligible)
            for inspector, seat in sorted(self.eligible[unit].items())
        )
        return {
            ROSTER: "".join(roster).encode(),
            NEEDS: "".join(needs).encode(),
            ELIGIBLE: "".join(eligible).encode(),
        }

    def inputs(self) -> Inputs:
        return inputs_of(self.files())

    @classmethod
    def read(cls, files: Mapping[str, bytes]) -> Self:
        """Read the three files by their names. Raises Refused with every problem."""
        problems: list[Refused] = []
        roster = _read_roster(files[ROSTER], problems)
        needs = _read_needs(files[NEEDS], problems)
        eligible = _read_eligible(files[ELIGIBLE], problems)
        if not problems:
            problems += cls(roster, needs, eligible)._problems()
        raise_all(problems)
        return cls(roster, needs, eligible)

    def _problems(self) -> list[Refused]:
        problems: list[Refused] = []
        if not self.roster:
            problems.append(Refused(ROSTER, "至少要有一名执法检查人员"))
        for unit, need in self.needs.items():
            if not 0 <= need.leads <= need.people:
                problems.append(Refused(f"{NEEDS} {shown(unit)}", "主检席数应在 0 与所需人数之间"))
        for unit, inspectors in self.eligible.items():
            if unit not in self.needs:
                problems.append(Refused(f"{ELIGIBLE} {shown(unit)}", f"不在 {NEEDS} 中"))
            if inspectors.keys() <= self.roster.keys():
                continue
            problems += (
                Refused(f"{ELIGIBLE} {shown(unit)} {shown(name)}", f"不在 {ROSTER} 中")
                for name in inspectors
                if name not in self.roster
            )
        return problems


def inputs_of(files: Mapping[str, bytes]) -> Inputs:
    """SHA-256 of the three files."""
    return Inputs(
        eligible=file_digest(files[ELIGIBLE]),
        needs=file_digest(files[NEEDS]),
        roster=file_digest(files[ROSTER]),
    )


def forced_units(staffing: Staffing) -> tuple[str, ...]:
    """Units with no more eligible than needed, all or for the lead seat, in order of their names.

    Nothing is left to chance there; they are shown before the rule is logged.
    """
    forced = []
    for unit, need in sorted(staffing.needs.items()):
        seats = staffing.eligible.get(unit, {})
        leads = sum(seat == Seat.LEAD for seat in seats.values())
        all_go = 0 < need.people >= len(seats)
        all_lead = 0 < need.leads >= leads
        if all_go or all_lead:
            forced.append(unit)
    return tuple(forced)


def forced_pairs(staffing: Staffing) -> tuple[tuple[str, str], ...]:
    """(unit, inspector) pairs that every assignment contains, for such units, sorted.

    Everybody eligible where all of them must go; those who may lead where all of them must.
    """
    forced = []
    for unit in forced_units(staffing):
        seats, need = staffing.eligible.get(unit, {}), staffing.needs[unit]
        all_go = need.people >= len(seats)
        forced += [
            (unit, name) for name, seat in sorted(seats.items()) if all_go or seat == Seat.LEAD
        ]
    return tuple(forced)


def _read_roster(data: bytes, problems: list[Refused]) -> dict[str, int]:
    roster: dict[str, int] = {}
    previous = ""
    for number, (name, capacity) in rows(data, ROSTER, 2, problems):
        where = f"{ROSTER} 第 {number} 行"
        _look_at_name(name, where, problems)
        if name <= previous:
            problems.append(Refused(where, "应按人员排序，不重复"))
        previous = name
        roster[name] = _number(capacity, where, problems)
    return roster


def _read_needs(data: bytes, problems: list[Refused]) -> dict[str, Need]:
    needs: dict[str, Need] = {}
    previous = ""
    for number, (unit, people, leads) in rows(data, NEEDS, 3, problems):
        where = f"{NEEDS} 第 {number} 行"
        _look_at_name(unit, where, problems)
        if unit <= previous:
            problems.append(Refused(where, "应按检查对象排序，不重复"))
        previous = unit
        needs[unit] = Need(_number(people, where, problems), _number(leads, where, problems))
    return needs


def _read_eligible(data: bytes, problems: list[Refused]) -> dict[str, dict[str, Seat]]:
    """A million lines are common here: read fast, and once more slowly if anything is wrong."""
    eligible = _read_sorted(data)
    if eligible is not None:
        return eligible
    eligible = {}
    seats = {seat.value: seat for seat in Seat}
    previous = ("", "")
    for number, (unit, name, seat) in rows(data, ELIGIBLE, 3, problems):
        if (unit, name) <= previous:
            where = f"{ELIGIBLE} 第 {number} 行"
            problems.append(Refused(where, "应按检查对象、人员排序，不重复"))
        previous = (unit, name)
        if seat not in seats:
            problems.append(Refused(f"{ELIGIBLE} 第 {number} 行", "席位应为 lead 或 any"))
        eligible.setdefault(unit, {})[name] = seats.get(seat, Seat.ANY)
    return eligible


def _read_sorted(data: bytes) -> dict[str, dict[str, Seat]] | None:
    """The pairs of a file without a fault, None if there is one."""
    seats = {seat.value: seat for seat in Seat}
    eligible: dict[str, dict[str, Seat]] = {}
    of_unit: dict[str, Seat] = {}
    current = ""
    try:
        lines = clean_lines(data, ELIGIBLE)
        # A TAB is smaller than what a name may hold: lines stand as their columns do.
        if lines != sorted(lines):
            return None
        for line in lines:
            unit, name, seat = line.split("\t")
            if unit != current:
                current = unit
                eligible[unit] = of_unit = {}
            of_unit[name] = seats[seat]
    except (ValueError, KeyError):
        return None
    return eligible if sum(map(len, eligible.values())) == len(lines) else None


def _look_at_name(name: str, where: str, problems: list[Refused]) -> None:
    if problem := name_problem(name):
        problems.append(Refused(where, problem))


def _number(text: str, where: str, problems: list[Refused]) -> int:
    number = decimal(text)
    if number is None:
        problems.append(Refused(where, "人数应为不带前导零的阿拉伯数字"))
    return number or 0
