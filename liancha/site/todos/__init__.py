"""What waits for somebody, room by room, in the order of an inspection.

Each source names the permission it is for and asks one question of the records of a room, or of
the desk. A person with the permission sees what waits in their own department, nobody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from liancha.accounts.models import User
from liancha.accounts.permissions import Permission

from ..desk import Desk
from ..workbench import Todo, soonest_first
from . import batches, checking, drawing, libraries, merging, minding, planning
from .checking import open_follow_ups, open_results
from .drawing import how_far

__all__ = [
    "SOURCES",
    "asked_by",
    "how_far",
    "open_follow_ups",
    "open_results",
    "waiting_at",
    "waiting_for",
]

P = Permission
Source = Callable[[Desk], Iterator[Todo]]

# Who is asked what; sources of several steps sort out by themselves which are whose.
SOURCES: tuple[tuple[tuple[Permission, ...], Source], ...] = (
    ((P.LISTS_COSIGN,), planning.lists_to_cosign),
    ((P.LISTS_PUBLISH,), planning.lists_to_publish),
    ((P.PLAN_APPROVE, P.PLAN_EDIT), planning.plans_to_cosign),
    ((P.PLAN_PUBLISH,), planning.plans_to_publish),
    ((P.PLAN_PUBLISH,), planning.fields_to_plan),
    ((P.PLAN_EDIT,), planning.own_fields_to_plan),
    ((P.PLAN_APPROVE,), planning.adjustments_to_decide),
    ((P.REGISTRY_EDIT,), libraries.kept),
    ((P.TASK_APPROVE,), libraries.solo_checks),
    ((P.ROSTER_EDIT,), libraries.certificates),
    ((P.TASK_EDIT, P.TASK_APPROVE, P.DRAW_RUN), drawing.own_tasks),
    ((P.TASK_CONFIRM,), drawing.tasks_to_confirm),
    ((P.DRAW_JOIN, P.DRAW_RUN, P.DRAW_INSPECTORS, P.DRAW_VOID), drawing.draws),
    ((P.TASK_APPROVE, P.DRAW_RUN), batches.supplements),
    ((P.TASK_APPROVE,), batches.single_randoms),
    ((P.DRAW_RUN, P.DRAW_INSPECTORS), batches.voids),
    ((P.DRAW_ACKNOWLEDGE,), drawing.lists_to_acknowledge),
    ((P.DRAW_INSPECTORS,), drawing.inspectors_to_draw),
    ((P.DRAW_APPROVE_REPLACEMENT,), drawing.replacements_to_decide),
    ((P.INSPECTION_TEAM, P.INSPECTION_NOTIFY), checking.visits_to_prepare),
    ((P.INSPECTION_MERGE, P.TASK_CONFIRM), merging.merges),
    ((P.INSPECTION_CHECK,), checking.visits_to_make),
    (tuple(step.needs for step in checking.RESULT_STEPS), checking.results),
    ((P.DISCLOSURE_AUDIT,), checking.corrections_to_decide),
    ((P.DISCLOSURE_FOLLOW_UP,), checking.follow_ups),
    ((P.OVERSIGHT_REPLY,), minding.reminders),
    ((P.OVERSIGHT_REMIND,), minding.overdue),
    ((P.WORKDAYS_EDIT,), minding.calendars_to_enter),
    ((P.ACCOUNTS_MANAGE,), minding.departments_without_people),
    ((P.ACCOUNTS_GRANT,), minding.people_without_roles),
)


def waiting_at(desk: Desk) -> list[Todo]:
    """All that waits for the person of this desk, soonest first."""
    found = (
        todo for permissions, source in SOURCES if desk.may(*permissions) for todo in source(desk)
    )
    return soonest_first(found, desk.today)


def waiting_for(user: User, today: date) -> list[Todo]:
    """All that waits for this person."""
    return waiting_at(Desk(user, today))


def asked_by(desk: Desk) -> list[Todo]:
    """What the person's department set going and others, or it, have still to finish."""
    found = [*drawing.initiated(desk)]
    if desk.may(P.OVERSIGHT_REMIND):
        found += minding.reminded(desk)
    return soonest_first(found, desk.today)
