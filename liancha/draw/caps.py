"""频次上限: whom one department has met as often this year as the plan line allows (art. 15, E4).

Visits of a joint check and inspections alone count, cases do not. Writes nothing.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from liancha.registry.models import InspectionFact
from liancha.rulebook.lifecycles import DrawState
from liancha.task.models import Task

from .models import DrawnTarget


def reached(task: Task, most: int) -> Q:
    """Targets that one and the same participant has met `most` times in the year of this task.

    A visit of several departments counts once for each. What a locked list holds counts, whether
    or not the visit is over; an inspection alone once its result is said. A complaint or a clue is
    followed however often it comes (case checks, A14).

    Source: art. 15, paragraph 2, 抽查频次; the number is own practice, set by the plan line.
    """
    drawn = _drawn(task, draw__task__participations__department__in=task.departments.all()).values(
        "target", "draw__task__participations__department"
    )
    often = drawn.annotate(times=Count("pk")).filter(times__gte=most)
    here = _drawn(
        task,
        target=OuterRef("target"),
        draw__task__participations__department=OuterRef("department"),
    )
    alone = (
        InspectionFact.objects.filter(
            origin=InspectionFact.Origin.SOLO,
            on__year=task.starts_on.year,
            department__in=task.departments.all(),
        )
        .order_by()
        .values("target", "department")
        .annotate(times=Count("pk"))
        .annotate(
            drawn=Coalesce(Subquery(here.values("target").annotate(n=Count("pk")).values("n")), 0)
        )
        .filter(times__gte=most - F("drawn"))
    )
    return Q(pk__in=often.values("target")) | Q(pk__in=alone.values("target"))


def _drawn(task: Task, **of: Any) -> QuerySet[DrawnTarget]:
    """What other tasks of the year have drawn, a row for each participant that `of` names."""
    # One filter: a second would join the participants once more, and count for each of them.
    return (
        DrawnTarget.objects.filter(
            draw__state=DrawState.LOCKED, draw__task__starts_on__year=task.starts_on.year, **of
        )
        .exclude(draw__task=task)
        .order_by()
    )
