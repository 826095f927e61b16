"""Why no assignment exists, and the least that would help (liancha-draw/1, §8, step 3).

What a failed search reached is the proof: these units are allowed only these inspectors, and those
are full or may not take the lead seat. Each relaxation named here was tried on the board and fills
every missing seat of its shortage. Which one to take, and who may grant it, is for people.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from .seating import Board, bits
from .verdicts import Blocked

LEAST_PEOPLE = 2  # art. 20: no fewer than two inspectors go
SHOWN = 8
MOST_CHANGES = 40  # nobody grants more single exceptions than this


class Loosen(StrEnum):
    CAPACITY = "capacity"  # let an inspector take more
    EVERYONE = "everyone"  # let all of those who may be sent take more
    LEAD = "lead"  # recognise an eligible inspector for the lead seat
    ALLOW = "allow"  # allow a pair that is not allowed now
    ALLOW_LEAD = "allow_lead"  # the same, for a lead seat
    LEADS = "leads"  # ask for fewer lead seats
    PEOPLE = "people"  # ask for fewer people, never below two


@dataclass(frozen=True, slots=True)
class Change:
    """One number or one pair to change: `unit` or `inspector` is "" where the kind has none."""

    kind: Loosen
    unit: str
    inspector: str
    before: int
    after: int

    def __str__(self) -> str:
        match self.kind:
            case Loosen.CAPACITY:
                return f"{self.inspector} 的上限由 {self.before} 改为 {self.after}"
            case Loosen.EVERYONE:
                return f"能派去的人上限都提高到 {self.after}"
            case Loosen.LEAD:
                return f"{self.inspector} 取得 {self.unit} 的主检资格"
            case Loosen.ALLOW:
                return f"{self.inspector} 可派往 {self.unit}"
            case Loosen.ALLOW_LEAD:
                return f"{self.inspector} 可派往 {self.unit}，坐主检席"
            case Loosen.LEADS:
                return f"{self.unit} 的主检席由 {self.before} 改为 {self.after}"
            case Loosen.PEOPLE:
                return f"{self.unit} 的人数由 {self.before} 改为 {self.after}"


@dataclass(frozen=True, slots=True)
class Shortage:
    """One knot that cannot be undone.

    missing      (unit, empty seats), in order of the units' names
    is_lead      the empty seats can only be lead seats
    inspectors   those who may be sent there and are full, sorted by name, with their capacity;
                 empty where everybody allowed is on the unit already
    allowed      for each unit of `missing` how many are allowed at all (lead seats: how many lead)
    wanted       for each unit how many are needed (lead seats: how many leads)
    reached      how many units the search went through: the knot's size
    relaxations  each alone is enough, fewest changes first
    """

    missing: tuple[tuple[str, int], ...]
    is_lead: bool
    inspectors: tuple[tuple[str, int], ...]
    allowed: tuple[int, ...]
    wanted: tuple[int, ...]
    reached: int
    relaxations: tuple[tuple[Change, ...], ...]

    @property
    def seats(self) -> int:
        return sum(seats for _, seats in self.missing)

    def __str__(self) -> str:
        units = _listed(unit for unit, _ in self.missing)
        seat = "主检席" if self.is_lead else "席"
        if not self.inspectors:
            word = "合格的" if self.is_lead else "可派的"
            return f"{units} 需 {self.wanted[0]} {seat}，{word}只有 {self.allowed[0]} 人"
        names = _listed(name for name, _ in self.inspectors)
        total = sum(capacity for _, capacity in self.inspectors)
        return (
            f"{units} 还缺 {self.seats} {seat}，能派去的只有 {names}，合计最多 {total} 席，已排满"
        )


class Infeasible(Blocked):
    """No assignment exists. Feasibility does not depend on the seed."""

    def __init__(self, shortages: tuple[Shortage, ...]) -> None:
        first = shortages[0]
        more = f"另有 {len(shortages) - 1} 处。" if len(shortages) > 1 else ""
        cure = (
            f"可放宽一项后重试：{'，'.join(map(str, first.relaxations[0]))}。"
            if first.relaxations
            else "请补充人员后重试。"
        )
        super().__init__(f"执法检查人员排不开：{first}。{more}{cure}", article="19", paragraph=1)
        self.shortages = shortages


def infeasible(board: Board) -> Infeasible:
    """Read the proof off a board whose repair failed at the largest cap."""
    roomy = board.roomy(max(board.capacity, default=0))
    everyone = (1 << len(board.inspectors)) - 1
    knots: list[tuple[int, list[int]]] = []  # inspectors reached, short units
    for u in board.still_short():
        _, reached = board.search(u, roomy, everyone)
        units = [u]
        if reached:
            apart = []
            for others, theirs in knots:
                if others & reached:
                    reached |= others
                    units += theirs
                else:
                    apart.append((others, theirs))
            knots = apart
        knots.append((reached, units))
    shortages = [_shortage(board, reached, units) for reached, units in knots]
    return Infeasible(tuple(sorted(shortages, key=lambda shortage: shortage.missing)))


def _shortage(board: Board, reached: int, units: list[int]) -> Shortage:
    units.sort(key=lambda u: board.units[u])
    is_lead = all(board.any_open[u] == 0 for u in units)
    through = {u for i in bits(reached) for u in board.posts[i]} | set(units)
    people = sorted((board.inspectors[i], board.capacity[i]) for i in bits(reached))
    allowed = [(board.leads if is_lead else board.eligible)[u].bit_count() for u in units]
    wanted = [_leads(board, u) if is_lead else _people(board, u) for u in units]
    few = sum(board.open[u] for u in units) <= MOST_CHANGES
    tried = [
        _more_capacity(board, units) if few else None,
        _more_for_all(board, reached, units) if reached else None,
        _more_pairs(board, units, Loosen.LEAD) if is_lead and few else None,
        _more_pairs(board, units, Loosen.ALLOW) if few else None,
        _fewer_leads(board, units) if is_lead else None,
        _fewer_people(board, units),
    ]
    return Shortage(
        missing=tuple((board.units[u], board.open[u]) for u in units),
        is_lead=is_lead,
        inspectors=tuple(people),
        allowed=tuple(allowed),
        wanted=tuple(wanted),
        reached=len(through),
        relaxations=tuple(sorted((changes for changes in tried if changes), key=_weight)),
    )


def _people(board: Board, u: int) -> int:
    return board.open[u] + board.members[u].bit_count()


def _leads(board: Board, u: int) -> int:
    any_seats = board.any_open[u] + (board.members[u] & ~board.leads[u]).bit_count()
    return _people(board, u) - any_seats


# Relaxations: each is played out on a copy of the board; None where it cannot fill every seat


def _more_capacity(board: Board, units: list[int]) -> tuple[Change, ...] | None:
    """Each missing seat needs one more place; the least burdened of those reached gives it."""
    trial = board.copy()
    everyone = (1 << len(board.inspectors)) - 1
    for u in units:
        while trial.open[u]:
            _, reached = trial.search(u, 0, everyone)
            if not reached:
                return None
            i = min(bits(reached), key=lambda i: (trial.load[i], i))
            trial.capacity[i] += 1
            path, _ = trial.search(u, 1 << i, everyone)
            if path is None:
                return None
            trial.follow(path)
    return tuple(
        Change(Loosen.CAPACITY, "", name, board.capacity[i], trial.capacity[i])
        for i, name in sorted(enumerate(board.inspectors), key=lambda item: item[1])
        if trial.capacity[i] > board.capacity[i]
    )


def _more_for_all(board: Board, reached: int, units: list[int]) -> tuple[Change, ...] | None:
    """The smallest common capacity of those reached that is enough."""
    people = list(bits(reached))
    everyone = (1 << len(board.inspectors)) - 1
    missing = sum(board.open[u] for u in units)
    most = max(len(board.reach[i]) for i in people)
    before = max(board.capacity[i] for i in people)
    least = -(-(sum(board.load[i] for i in people) + missing) // len(people))
    for common in range(max(least, min(board.capacity[i] for i in people) + 1), most + 1):
        trial = board.copy()
        for i in people:
            trial.capacity[i] = max(trial.capacity[i], common)
        if all(_filled(trial, u, everyone) for u in units):
            return (Change(Loosen.EVERYONE, "", "", before, common),)
    return None


def _filled(trial: Board, u: int, everyone: int) -> bool:
    while trial.open[u]:
        path, _ = trial.search(u, trial.roomy(max(trial.capacity)), everyone)
        if path is None:
            return False
        trial.follow(path)
    return True


def _more_pairs(board: Board, units: list[int], kind: Loosen) -> tuple[Change, ...] | None:
    """Somebody with room: not allowed there yet, or allowed but not for the lead seat."""
    trial = board.copy()
    changes = []
    for u in units:
        while trial.open[u]:
            pool = (
                trial.eligible[u] & ~trial.leads[u] if kind is Loosen.LEAD else (~trial.eligible[u])
            )
            free = [
                i
                for i in range(len(trial.inspectors))
                if pool >> i & 1 and not trial.is_on(u, i) and trial.load[i] < trial.capacity[i]
            ]
            if not free:
                return None
            i = min(free, key=lambda i: (trial.load[i], i))
            trial.eligible[u] |= 1 << i
            granted = kind
            if trial.any_open[u] == 0:
                trial.leads[u] |= 1 << i
                granted = Loosen.LEAD if kind is Loosen.LEAD else Loosen.ALLOW_LEAD
            trial.join(u, i)
            changes.append(Change(granted, board.units[u], board.inspectors[i], 0, 1))
    return tuple(changes)


def _fewer_leads(board: Board, units: list[int]) -> tuple[Change, ...] | None:
    trial = board.copy()
    everyone = (1 << len(board.inspectors)) - 1
    changes = []
    for u in units:
        leads = _leads(board, u)
        changes.append(Change(Loosen.LEADS, board.units[u], "", leads, leads - board.open[u]))
        trial.any_open[u] += board.open[u]
        trial.look(u)
        if not _filled(trial, u, everyone):
            return None
    return tuple(changes)


def _fewer_people(board: Board, units: list[int]) -> tuple[Change, ...] | None:
    """Those already there are enough, if they are two and the lead seats are taken."""
    changes = []
    for u in units:
        before, after = _people(board, u), board.members[u].bit_count()
        if after < LEAST_PEOPLE or board.any_open[u] < board.open[u]:
            return None
        changes.append(Change(Loosen.PEOPLE, board.units[u], "", before, after))
    return tuple(changes)


def _weight(changes: tuple[Change, ...]) -> tuple[int, bool]:
    return len(changes), changes[0].kind is Loosen.EVERYONE


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    more = f" 等 {len(names)} 个" if len(names) > SHOWN else ""
    return "、".join(names[:SHOWN]) + more
