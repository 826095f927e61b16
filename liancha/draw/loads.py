"""The hall's picture of a department's draw of people: seats, loads, tickets below the line.

Counts and tickets only, no name and no firm: who goes where stays with those who may see it until
the visits are over. Nothing moves that was not computed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count

from liancha.rulebook import assignment as drawing
from liancha.rulebook.lifecycles import DrawState
from liancha.rulebook.shortage import Infeasible
from liancha.rulebook.staffing import Staffing

from . import lanes, rules
from .models import Draw
from .scenes import Scene

MOST_LANES = 24  # visits shown with their tickets; the rest is counted


@dataclass(frozen=True, slots=True)
class Lane(lanes.Lane):
    """One visit. line is where its last ticket with a seat falls, "" while nothing is drawn.

    Dots: within the line and seated, or within it and full already (is_drawn false).
    """

    was_repaired: bool


@dataclass(frozen=True, slots=True)
class Load:
    """How many people carry so many visits; percent of the longest bar."""

    visits: int
    people: int
    percent: int


@dataclass(frozen=True, slots=True)
class Beside:
    """How far another department is with the same list."""

    short: str
    state: str
    seats: int | None


@dataclass(frozen=True)
class Bench:
    """A department's seats and, once there is a seed, who holds how many of them."""

    roster: int
    visits: int
    seats: int
    lanes: tuple[Lane, ...]
    loads: tuple[Load, ...]
    cap: int
    beside: tuple[Beside, ...]

    @property
    def is_drawn(self) -> bool:
        return bool(self.loads)

    @property
    def is_cut_short(self) -> bool:
        return len(self.lanes) < self.visits


def bench(scene: Scene) -> Bench:
    """The bench of a draw of inspectors."""
    draw = scene.draw
    staffing = rules.staffing_of(draw)
    drawn = _drawn(scene, staffing)
    units = sorted(staffing.needs)
    wide = max(1, lanes.MOST_DOTS // max(1, max(map(len, staffing.eligible.values()), default=1)))
    shown = units[: min(MOST_LANES, wide)]
    loads = Counter(drawn.loads.values()) if drawn else Counter()
    most = max(loads.values(), default=1)
    return Bench(
        roster=len(staffing.roster),
        visits=len(units),
        seats=sum(need.people for need in staffing.needs.values()),
        lanes=tuple(
            _lane(f"第 {n} 户", unit, staffing, scene.seed, drawn)
            for n, unit in enumerate(shown, start=1)
        ),
        loads=tuple(
            Load(visits, loads[visits], 100 * loads[visits] // most)
            for visits in sorted(loads, reverse=True)
        ),
        cap=drawn.cap if drawn else 0,
        beside=_beside(draw),
    )


def _drawn(scene: Scene, staffing: Staffing) -> drawing.Assignment | None:
    """Who goes where, as soon as there is a seed; a void draw sends nobody."""
    if not scene.seed or scene.draw.state == DrawState.VOID:
        return None
    try:
        return drawing.assign(staffing, seed=scene.seed, base=scene.draw.base)
    except Infeasible:
        return None


def _lane(
    word: str,
    unit: str,
    staffing: Staffing,
    seed: str,
    drawn: drawing.Assignment | None,
) -> Lane:
    people, count = staffing.eligible.get(unit, ()), staffing.needs[unit].people
    if drawn is None:
        return Lane(word, len(people), count, "", (), was_repaired=False)
    team = set(drawn.teams[unit])
    tickets = sorted((drawing.ticket(seed, unit, each), each) for each in people)
    filled = drawn.trace.filled.get(unit)
    return Lane(
        word=word,
        size=len(people),
        count=count,
        line=lanes.place_x(filled) if filled else "",
        dots=tuple(
            lanes.Dot(lanes.place_x(it), lanes.place_y(it), each in team) for it, each in tickets
        ),
        was_repaired=any((unit, each) in drawn.trace.repaired for each in team),
    )


def _beside(draw: Draw) -> tuple[Beside, ...]:
    """The departments that draw for the same list, this one too."""
    rows = (
        Draw.objects.of_inspectors()
        .filter(of=draw.of_id)
        .exclude(state=DrawState.VOID)
        .select_related("department")
        .annotate(n=Count("assignments"))
        .order_by("pk")
    )
    return tuple(
        Beside(each.department.short, each.get_state_display(), each.n or None) for each in rows
    )
