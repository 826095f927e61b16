"""Who sits where while an assignment is being made (liancha-draw/1, §8).

The board knows which moves are allowed and finds the path of moves that makes room. It decides
nothing about tickets or caps; `assignment` does, and `shortage` reads the board when it is stuck.
Units and inspectors are numbered in the order that the seed gives them, so that bit i of a mask
is inspector i and the lowest bit comes first.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Iterator
from copy import copy
from hashlib import sha256
from itertools import pairwise
from typing import Self

from .staffing import Need, Seat, Staffing

# (unit, inspector who joins it); the one who joins a unit leaves the next unit of the path
Path = list[tuple[int, int]]


class Board:
    """One assignment in the making.

    eligible, leads, members   by unit, masks of inspectors; leads = eligible for its lead seats
    free, door                 by unit, eligible and not on it; door: fitting as well
    open, any_open             by unit: seats still empty, and how many of any kind may be added
    missing                    seats still empty in all
    load, capacity, posts      by inspector; posts = the units he is on, in order
    """

    def __init__(self, staffing: Staffing, seed: str) -> None:
        self.units = _in_order(staffing.needs, seed, "unit")
        self.inspectors = _in_order(staffing.roster, seed, "inspector")
        bit = {name: 1 << i for i, name in enumerate(self.inspectors)}

        needs = [Need(*staffing.needs[unit]) for unit in self.units]
        self.open = [need.people for need in needs]
        self.any_open = [need.people - need.leads for need in needs]
        self.members = [0] * len(needs)
        self.eligible: list[int] = []
        self.leads: list[int] = []
        self.reach: list[list[int]] = [[] for _ in self.inspectors]
        reach_of = dict(zip(self.inspectors, self.reach, strict=True))
        lead = Seat.LEAD
        for u, (need, unit) in enumerate(zip(needs, self.units, strict=True)):
            seats = staffing.eligible.get(unit, {})
            # Where no lead seat is wanted, nobody needs to be told apart.
            leading = [name for name, seat in seats.items() if seat == lead] if need.leads else []
            self.eligible.append(sum(map(bit.__getitem__, seats)))
            self.leads.append(sum(map(bit.__getitem__, leading)))
            for name in seats:
                reach_of[name].append(u)
        self.free = list(self.eligible)
        self.door = list(self.eligible)
        for u in range(len(self.units)):
            self.look(u)
        self.capacity = [staffing.roster[name] for name in self.inspectors]
        self.load = [0] * len(self.inspectors)
        self.posts: list[list[int]] = [[] for _ in self.inspectors]
        self.missing = sum(self.open)
        self.short = [u for u, seats in enumerate(self.open) if seats]

    def copy(self) -> Self:
        """A board to try things on."""
        twin = copy(self)
        for name in (
            "open",
            "any_open",
            "members",
            "free",
            "door",
            "eligible",
            "leads",
            "capacity",
            "load",
        ):
            setattr(twin, name, list(getattr(self, name)))
        twin.posts = [list(units) for units in self.posts]
        twin.short = list(self.short)
        return twin

    # Asking

    def is_on(self, u: int, i: int) -> bool:
        return bool(self.members[u] >> i & 1)

    def fits(self, u: int, i: int) -> bool:
        """Seat lead there, or one more of seat any is within need − leads."""
        return self.any_open[u] > 0 or bool(self.leads[u] >> i & 1)

    def room(self, i: int, cap: int) -> int:
        return min(self.capacity[i], cap) - self.load[i]

    def roomy(self, cap: int) -> int:
        """Mask of inspectors with room who are not on every unit they are eligible for already."""
        mask = 0
        for i, load in enumerate(self.load):
            if load < cap and load < self.capacity[i] and load < len(self.reach[i]):
                mask |= 1 << i
        return mask

    def still_short(self) -> list[int]:
        """Units with an empty seat, in order."""
        self.short = [u for u in self.short if self.open[u]]
        return self.short

    def search(self, start: int, roomy: int, alive: int) -> tuple[Path | None, int]:
        """Breadth first from a short unit to the first inspector with room.

        roomy, alive  masks: who may end a path, who may be on one
        returns       the path, or None, and the mask of inspectors reached
        """
        free, door, leads = self.free, self.door, self.leads
        came: dict[int, tuple[int, int | None]] = {}  # inspector → unit he joins, who leaves it
        queue: list[int] = []
        hunted = alive  # whoever has not been reached yet

        def reach(fresh: int, u: int, leaving: int | None) -> int | None:
            nonlocal hunted
            if ends := fresh & roomy:
                end = (ends & -ends).bit_length() - 1
                came[end] = (u, leaving)
                return end
            hunted ^= fresh
            for i in bits(fresh):
                came[i] = (u, leaving)
                queue.append(i)
            return None

        end = reach(door[start] & hunted, start, None)
        for i in queue:  # grows while it is read
            own = 1 << i
            # Posts are looked at by the million; few of them lead on, and fewer as others do.
            for u in [
                u for u in self.posts[i] if (door[u] if leads[u] & own else free[u]) & hunted
            ]:
                if end is not None:
                    break
                fresh = (door[u] if leads[u] & own else free[u]) & hunted
                if fresh:
                    end = reach(fresh, u, i)
            if end is not None:
                break
        if end is None:
            return None, alive ^ hunted
        path: Path = []
        step: int | None = end
        while step is not None:
            u, leaving = came[step]
            path.append((u, step))
            step = leaving
        path.reverse()
        return path, alive ^ hunted

    # Moving

    def join(self, u: int, i: int) -> None:
        self.members[u] |= 1 << i
        self.open[u] -= 1
        self.missing -= 1
        if not self.leads[u] >> i & 1:
            self.any_open[u] -= 1
        self.look(u)
        self.load[i] += 1
        insort(self.posts[i], u)

    def leave(self, u: int, i: int) -> None:
        self.members[u] &= ~(1 << i)
        self.open[u] += 1
        self.missing += 1
        if not self.leads[u] >> i & 1:
            self.any_open[u] += 1
        self.look(u)
        self.load[i] -= 1
        self.posts[i].remove(u)

    def look(self, u: int) -> None:
        """Bring `free` and `door` up to date with what else is known of the unit."""
        self.free[u] = self.eligible[u] & ~self.members[u]
        self.door[u] = self.free[u] if self.any_open[u] > 0 else self.free[u] & self.leads[u]

    def follow(self, path: Path) -> list[tuple[int, int, int]]:
        """Move everyone along the path; returns (unit left, inspector, unit joined)."""
        moves = [(left, mover, joined) for (joined, mover), (left, _) in pairwise(path)]
        for left, mover, _ in moves:
            self.leave(left, mover)
        for unit, inspector in path:
            self.join(unit, inspector)
        return moves


def bits(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _in_order(names: Iterable[str], seed: str, what: str) -> list[str]:
    """By H(seed ":" what ":" name), ties by name."""
    prefix = f"{seed}:{what}:"
    return sorted(names, key=lambda name: (sha256(f"{prefix}{name}".encode()).digest(), name))
