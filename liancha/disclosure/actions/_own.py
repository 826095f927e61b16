"""Rows an action may change: held until it ends, one's own department's only."""

from __future__ import annotations

from collections.abc import Iterable

from liancha.accounts.models import User
from liancha.rulebook.verdicts import Blocked
from liancha.task.models import Task

from ..models import Result


def held(result: Result, by: User) -> Result:
    """The row, locked, if it is this person's own department's.

    Source: art. 22, paragraph 1, 谁检查、谁录入、谁公开.
    """
    return held_all([result], by)[0]


def held_all(results: Iterable[Result], by: User) -> list[Result]:
    """The rows, locked, all of one's own department, in the order of their keys.

    Their tasks are held first, as the end of a visit does it: in another order two people could
    wait for each other.
    """
    keys = sorted({each.pk for each in results})
    tasks = Task.objects.filter(teams__visits__parts__result__in=keys).values("pk")
    list(Task.objects.select_for_update().filter(pk__in=tasks).order_by("pk"))
    rows = list(
        Result.objects.select_for_update(of=("self",))
        .for_lists()
        .select_related("part__visit__team__task__line")
        .filter(pk__in=keys)
        .order_by("pk")
    )
    for each in rows:
        if each.part.department_id != by.department_id:
            raise Blocked(
                f"这是{each.part.department}的检查结果，由该部门录入、公示。",
                article="22",
                paragraph=1,
            )
    return rows
