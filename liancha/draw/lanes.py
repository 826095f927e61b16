"""The hall's picture of a draw: every ticket where it really falls, the line, who is within.

Tickets and counts only: no class, no code, no name. Nothing moves that was not computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from liancha.rulebook import sampling

from . import frames
from .scenes import Scene

MOST_DOTS = 1500  # of one draw; beyond it only the drawn are shown


@dataclass(frozen=True, slots=True)
class Dot:
    """A ticket's place in its lane, in tenths of a percent: x by its size, y by its tail."""

    x: str
    y: str
    is_drawn: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """One stratum. line is where its last drawn ticket falls, "" while nothing is drawn."""

    word: str
    size: int
    count: int
    line: str
    dots: tuple[Dot, ...]


def lanes(scene: Scene) -> list[Lane]:
    """A lane for each stratum with its tickets, as soon as there is a seed."""
    outcome = scene.outcome
    tickets: dict[str, list[str]] = {}
    if outcome is not None:
        for stratum, ticket in _tickets(scene, outcome):
            tickets.setdefault(stratum, []).append(ticket)
    found = []
    for layer in scene.layers:
        own = sorted(tickets.get(layer.name, ()))
        found.append(
            Lane(
                word=layer.ordinal if scene.is_by_credit else layer.label,
                size=layer.size,
                count=layer.count,
                line=place_x(layer.threshold) if layer.threshold else "",
                dots=tuple(
                    Dot(place_x(each), place_y(each), sampling.is_drawn(each, layer.threshold))
                    for each in own
                ),
            )
        )
    return found


def _tickets(scene: Scene, outcome: frames.Outcome) -> Iterator[tuple[str, str]]:
    if scene.draw.frame_size > MOST_DOTS:
        yield from ((line.stratum, line.ticket) for line in outcome.drawing.lines)
        return
    for line in frames.lines_of(frames.frame_of(scene.draw)):
        code, stratum, salt = line.decode().split("\t")
        yield stratum, sampling.ticket(outcome.seed, code, salt)


def place_x(ticket: str) -> str:
    return f"{int(ticket[:8], 16) * 1000 // 2**32 / 10}%"


def place_y(ticket: str) -> str:
    return f"{10 + int(ticket[-4:], 16) * 800 // 2**16 / 10}%"
