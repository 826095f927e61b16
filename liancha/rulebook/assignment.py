"""Which inspectors go where (Measures, arts. 18 and 19; liancha-draw/1, §8).

An assignment exists whenever any exists; with base 1 loads are as even as the constraints allow;
among such assignments the tickets decide. Integers and hashes only, so that no solver and no
version of one decides who inspects whom. Who is eligible comes in from outside, and nobody is
drawn a second time: see `replacement` for an inspector who cannot go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from heapq import heapify, heappop, heappush
from math import isqrt
from typing import Final

from .form import Refused, is_hex
from .seating import Board, bits
from .shortage import infeasible
from .staffing import Staffing

_LAST: Final = b"\xff" * 33  # no ticket reaches it


def ticket(seed: str, unit: str, inspector: str) -> str:
    """A pair's ticket, 64 hex digits."""
    return sha256(f"{seed}:{unit}:{inspector}".encode()).hexdigest()


@dataclass(slots=True)
class Trace:
    """How it came about, for the explain panel. Pairs are (unit, inspector).

    filled     unit → the largest ticket that took a seat there, None if a repair took the last
    moved      pair given up in a repair → the unit the inspector went to (the last one, if often)
    only_lead  unit → inspectors passed over because only a lead seat was open
    repaired   pairs that a repair brought in
    """

    filled: dict[str, str | None] = field(default_factory=dict)
    moved: dict[tuple[str, str], str] = field(default_factory=dict)
    only_lead: dict[str, tuple[str, ...]] = field(default_factory=dict)
    repaired: set[tuple[str, str]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who goes where.

    teams  unit → inspectors sorted by name, every unit of the inputs
    loads  inspector → number of units, zeros too
    cap    the final one; above the largest capacity only where the base is
    """

    teams: Mapping[str, tuple[str, ...]]
    loads: Mapping[str, int]
    cap: int
    trace: Trace

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """(unit, inspector) sorted by bytes, as the transcript lists them."""
        return tuple((unit, name) for unit in sorted(self.teams) for name in self.teams[unit])


def assign(staffing: Staffing, *, seed: str, base: int = 1) -> Assignment:
    """Draw the inspectors of every unit.

    staffing  checked inputs (`Staffing.read`, or `.checked()`)
    seed      64 hex digits
    base      loads up to it are left to the tickets alone; 1 is as even as can be

    Raises Infeasible (a Blocked, art. 19) with the proof when no assignment exists.
    Source: art. 19, paragraph 1.
    """
    if not is_hex(seed, 64):
        raise Refused("seed", "应为 64 位小写十六进制数")
    if base < 1:
        raise Refused("base", "均衡起点至少为 1")
    run = _Run(staffing, seed)
    board = run.board
    # Nobody can stand on more units than he may be sent to: beyond that a cap changes nothing.
    largest = max(map(min, board.capacity, map(len, board.reach)), default=0)
    cap = base
    while True:
        run.take_by_ticket(cap)
        run.repair(cap)
        if not board.missing:
            break
        if cap >= largest:
            raise infeasible(board)
        cap += 1
    teams = {
        unit: tuple(sorted(board.inspectors[i] for i in bits(board.members[u])))
        for u, unit in sorted(enumerate(board.units), key=lambda item: item[1])
    }
    loads = dict(sorted(zip(board.inspectors, board.load, strict=True)))
    return Assignment(teams, loads, cap, run.finish())


_Entry = tuple[bytes, str, int]  # ticket, unit, its number


class _Run:
    """One pass through the caps.

    Each inspector has a heap of his open pairs below a ceiling, which is raised when the heap
    runs dry: of a department's million pairs only some thousand are ever sorted. A pair whose
    unit is full is gone for good. One that does not fit waits at the unit until the unit changes.
    """

    def __init__(self, staffing: Staffing, seed: str) -> None:
        self.board = Board(staffing, seed)
        self.trace = Trace()
        self.states = [sha256(f"{seed}:{unit}:".encode()) for unit in self.board.units]
        self.tails = [name.encode() for name in self.board.inspectors]
        self.heaps: list[list[_Entry]] = [[] for _ in self.tails]
        self.ceilings = [b""] * len(self.tails)
        self.waiting = [0] * len(self.states)  # masks of inspectors
        self.passed = [0] * len(self.states)  # the same, never taken back
        self.latest = [b""] * len(self.states)  # the largest ticket that took a seat
        self.is_strict = any(not free for free in self.board.any_open)  # units of leads alone
        wanted = sum(self.board.open) // max(1, len(self.tails)) + 1
        self.first_aim = 2 * wanted + 6 * isqrt(wanted) + 16

    def take_by_ticket(self, cap: int) -> None:
        """Step 1: all eligible pairs by (ticket, unit, inspector), while there is room."""
        board, names = self.board, self.board.inspectors
        line: list[tuple[bytes, str, str, int, int]] = []

        def stand(i: int) -> None:
            entry = self.next_open(i)
            if entry is not None:
                heappush(line, (entry[0], entry[1], names[i], entry[2], i))

        for i in range(len(names)):
            if board.room(i, cap) > 0:
                stand(i)
        while line:
            ticket, _, _, u, i = heappop(line)
            if board.open[u]:
                if board.fits(u, i):
                    board.join(u, i)
                    self.latest[u] = max(self.latest[u], ticket)
                    if not board.open[u]:
                        self.trace.filled[board.units[u]] = self.latest[u].hex()
                else:
                    self.waiting[u] |= 1 << i
            if board.room(i, cap) > 0:
                stand(i)

    def repair(self, cap: int) -> None:
        """Step 2: for each short unit a path of moves to somebody with room."""
        board, names = self.board, self.board.inspectors
        roomy = board.roomy(cap)
        alive = (1 << len(names)) - 1
        for u in board.still_short():
            while board.open[u] and roomy and board.door[u] & alive:
                path, reached = board.search(u, roomy, alive)
                if path is None:
                    alive &= ~reached  # they reach no room at this cap, whoever asks
                    break
                moves = board.follow(path)
                for left, mover, joined in moves:
                    self.give_up(left, mover, joined)
                for unit, mover in path:
                    self.trace.repaired.add((board.units[unit], names[mover]))
                    if board.open[unit] and board.any_open[unit] > 0:
                        self.bring_back(unit)
                if not board.open[u]:
                    self.trace.filled[board.units[u]] = None
                last = path[-1][1]
                if board.room(last, cap) <= 0 or board.load[last] == len(board.reach[last]):
                    roomy &= ~(1 << last)

    def next_open(self, i: int) -> _Entry | None:
        """The inspector's open pair with the smallest ticket, taken off his heap."""
        board, heap = self.board, self.heaps[i]
        while True:
            while heap:
                entry = heappop(heap)
                u = entry[2]
                if not board.open[u] or board.is_on(u, i):
                    continue
                if board.fits(u, i):
                    return entry
                self.waiting[u] |= 1 << i
            if self.ceilings[i] == _LAST:
                return None
            self.raise_ceiling(i)

    def raise_ceiling(self, i: int) -> None:
        """Bring in the inspector's open pairs with tickets up to a higher bound."""
        board, low, tail = self.board, self.ceilings[i], self.tails[i]
        states, units, heap = self.states, board.units, self.heaps[i]
        reach = self.fitting_units(i) if low or self.is_strict else board.reach[i]
        share = 4 * int.from_bytes(low) if low else self.first_aim * 2**64 // (len(reach) or 1)
        high = _LAST if share >= 2**64 else share.to_bytes(8)
        for u in reach:
            state = states[u].copy()
            state.update(tail)
            ticket = state.digest()
            if ticket < high and low <= ticket:
                heap.append((ticket, units[u], u))
        heapify(heap)
        self.ceilings[i] = high

    def fitting_units(self, i: int) -> list[int]:
        """Open units the inspector may take a seat of; at the others he waits."""
        board, own = self.board, 1 << i
        fitting = []
        for u in board.reach[i]:
            if board.open[u]:
                if board.any_open[u] > 0 or board.leads[u] & own:
                    fitting.append(u)
                else:
                    self.waiting[u] |= own
        return fitting

    def bring_back(self, u: int) -> None:
        """The unit takes seats of any kind again: whoever waits there may stand in line."""
        self.passed[u] |= self.waiting[u]
        for i in bits(self.waiting[u]):
            self.stand_again(u, i)
        self.waiting[u] = 0

    def give_up(self, u: int, i: int, joined: int) -> None:
        """The inspector left the unit in a repair; the pair is open again if the unit is short."""
        board = self.board
        pair = (board.units[u], board.inspectors[i])
        self.trace.moved[pair] = board.units[joined]
        self.trace.repaired.discard(pair)
        if board.open[u]:
            self.stand_again(u, i)

    def stand_again(self, u: int, i: int) -> None:
        state = self.states[u].copy()
        state.update(self.tails[i])
        if state.digest() < self.ceilings[i]:  # otherwise raising the ceiling finds it
            heappush(self.heaps[i], (state.digest(), self.board.units[u], u))

    def finish(self) -> Trace:
        board = self.board
        for u, unit in enumerate(board.units):
            passed = (self.passed[u] | self.waiting[u]) & ~board.members[u]
            if passed:
                self.trace.only_lead[unit] = tuple(board.inspectors[i] for i in bits(passed))
        return self.trace
