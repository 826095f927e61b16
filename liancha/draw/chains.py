"""The draws of a task as a chain: the first, and each supplementary batch after it (A7).

A batch draws from what the one before it left. Inspectors are drawn for each batch on its own.
"""

from __future__ import annotations

from liancha.accounts.models import Department
from liancha.rulebook.lifecycles import DrawState
from liancha.task.models import Task

from . import rosters
from .models import Draw


def earlier(draw: Draw) -> list[Draw]:
    """The batches before this one, the first of the chain first."""
    found: list[Draw] = []
    while draw.supplements is not None:
        draw = draw.supplements
        found.insert(0, draw)
    return found


def batches(task: Task) -> list[Draw]:
    """Locked draws of targets, in the order of the chain."""
    return list(task.draws.of_targets().locked().order_by("id"))


def last(task: Task) -> Draw | None:
    """The batch another one would add to."""
    return next(reversed(batches(task)), None)


def is_manned(of: Draw) -> bool:
    """Every department that goes to one of its targets has drawn its people for it."""
    wanted = {department.pk for department in rosters.departments_that_draw(of.task, of)}
    done = of.inspector_draws.locked().values_list("department", flat=True)
    return wanted <= set(done)


def all_manned(task: Task) -> bool:
    """The same of every batch; not before there is one."""
    found = batches(task)
    return bool(found) and all(is_manned(of) for of in found)


def to_man(task: Task, department: Department) -> Draw | None:
    """The first batch for which this department has still to draw its people; else the last."""
    found = batches(task)
    for of in found:
        own = of.inspector_draws.filter(department=department).exclude(state=DrawState.VOID)
        is_done = own.filter(state=DrawState.LOCKED).exists()
        if not is_done and rosters.units_of(of, department):
            return of
    return next(reversed(found), None)
