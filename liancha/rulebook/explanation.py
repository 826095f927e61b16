"""Why this inspector and not that one (liancha-draw/1, §8; Measures, art. 19).

Every inspector passed over for one with a larger ticket was full, was moved, or only a lead seat
was open: here it is said which. Read off the trace of a finished assignment, nothing drawn again.
Why a pair was not eligible at all is for the room that decided it.
"""

from __future__ import annotations

from dataclasses import dataclass

from .assignment import Assignment, ticket
from .staffing import Staffing
from .wording import Worded


class Fate(Worded):
    DRAWN = "drawn", "抽中"
    REPAIRED = "repaired", "换位补入"
    MOVED = "moved", "换到别处"
    FULL = "full", "已排满"
    SEAT = "seat", "只剩主检席"
    LATER = "later", "票据更大"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One eligible pair and what became of it; moved_to is a unit, "" unless MOVED."""

    unit: str
    inspector: str
    ticket: str
    fate: Fate
    moved_to: str = ""


def explain_unit(
    staffing: Staffing, assignment: Assignment, *, seed: str, unit: str
) -> tuple[Candidate, ...]:
    """Everybody eligible for the unit, in the order of the tickets."""
    seen = (_candidate(assignment, seed, unit, name) for name in staffing.eligible.get(unit, {}))
    return tuple(sorted(seen, key=lambda it: (it.ticket, it.inspector)))


def explain_inspector(
    staffing: Staffing, assignment: Assignment, *, seed: str, inspector: str
) -> tuple[Candidate, ...]:
    """Every unit the inspector is eligible for, in the order of the tickets."""
    seen = (
        _candidate(assignment, seed, unit, inspector)
        for unit, names in staffing.eligible.items()
        if inspector in names
    )
    return tuple(sorted(seen, key=lambda it: (it.ticket, it.unit)))


def _candidate(assignment: Assignment, seed: str, unit: str, name: str) -> Candidate:
    trace, pair, own = assignment.trace, (unit, name), ticket(seed, unit, name)
    filled = trace.filled.get(unit, "")  # "" for a unit that needs nobody
    if name in assignment.teams[unit]:
        return Candidate(*pair, own, Fate.REPAIRED if pair in trace.repaired else Fate.DRAWN)
    if pair in trace.moved:
        return Candidate(*pair, own, Fate.MOVED, trace.moved[pair])
    if filled is not None and own > filled:
        return Candidate(*pair, own, Fate.LATER)
    if name in trace.only_lead.get(unit, ()):
        return Candidate(*pair, own, Fate.SEAT)
    return Candidate(*pair, own, Fate.FULL)
