"""How each task of the demo year goes, and how far."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from liancha.rulebook.lifecycles import TaskState

# How far a task may have come: the states, and the steps inside the first draw.
STEPS = [str(state) for state in TaskState]
STEPS[STEPS.index("pool_frozen") + 1 : STEPS.index("pool_frozen") + 1] = ["committing", "closed"]


class Turn(StrEnum):
    """What goes otherwise than planned in the first draw of a task."""

    NONE = ""
    VOID = "void"  # the hall goes dark: the draw is void, and drawn anew under the next number
    ABSENT = "absent"  # a witness who committed does not come back to reveal
    KEEPER = "keeper"  # no public value is named: a keeper takes every number and reveals them
    BATCH = "batch"  # two of the drawn have closed down: a supplementary batch


@dataclass(frozen=True, slots=True)
class Plot:
    """How one task goes.

    field         code of the joint field, e.g. "JF05"
    start         working days before the anchor on which it is created
    until         a TaskState it is left in, or "committing", "closed" inside the first draw
    visits        working days before the anchor of the first visit; negative for days to come
    a_day         visits a day
    slow          departments that are late: codes
    is_confidential  None: as the plan line says
    turn          what goes otherwise than planned
    """

    field: str
    start: int
    until: str
    visits: int = 0
    a_day: int = 4
    slow: tuple[str, ...] = ()
    is_confidential: bool | None = None
    turn: Turn = Turn.NONE


def goes_beyond(plot: Plot, state: TaskState) -> bool:
    return STEPS.index(plot.until) > STEPS.index(state)
