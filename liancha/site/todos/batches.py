"""What departs from one draw a task: further batches, single random, void draws to be computed.

Source: art. 19; decisions A6, A7, A9.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q

from liancha.accounts.permissions import Permission
from liancha.draw.models import SingleRandom, Supplement
from liancha.rulebook.lifecycles import DrawState

from ..desk import Desk
from ..workbench import MOST, Todo, place_of

P = Permission


def supplements(desk: Desk) -> Iterator[Todo]:
    """补抽: the head's word, then the frozen pool of the batch."""
    own = Supplement.objects.filter(after__department=desk.user.department_id)
    wanted = Q(pk__in=())
    if desk.may(P.TASK_APPROVE):
        wanted |= Q(is_agreed=None) & ~Q(asked_by=desk.user)
    if desk.may(P.DRAW_RUN):
        wanted |= Q(is_agreed=True) & (Q(draw=None) | Q(draw__state=DrawState.VOID))
    related = "after__task", "after__department", "asked_by__department"
    for one in own.filter(wanted).select_related(*related)[:MOST]:
        task, is_asked = one.after.task, one.is_agreed is None
        yield Todo(
            "补抽",
            f"{'批准补抽' if is_asked else '冻结补抽的库'}：{task}",
            f"接 {one.after.number}，补抽 {one.count} 户：{one.reason}",
            place_of(task, "draw:batches"),
            "审阅补抽" if is_asked else "冻结补抽的库",
            one,
            one.asked_by if is_asked else one.after.department,
            word="待批准" if is_asked else "已同意",
        )


def single_randoms(desk: Desk) -> Iterator[Todo]:
    """单随机: the head's word on a request of somebody else."""
    waiting = SingleRandom.objects.filter(
        is_agreed=None, task__initiator=desk.user.department_id
    ).exclude(asked_by=desk.user)
    for one in waiting.select_related("task", "asked_by__department")[:MOST]:
        yield Todo(
            "单随",
            f"批准单随机：{one.task}",
            f"{one.get_random_display()}，{one.reason}",
            place_of(one.task, "draw:batches"),
            "审阅单随机",
            one,
            one.asked_by,
            word="待批准",
        )


def voids(desk: Desk) -> Iterator[Todo]:
    """A draw that was made void after its reveals were closed is still computed."""
    for draw in desk.uncomputed:
        if not desk.may(P.DRAW_RUN if draw.is_of_targets else P.DRAW_INSPECTORS):
            continue
        yield Todo(
            "补算",
            f"补算作废的抽取：{draw.task}",
            f"{draw.number} 作废前已截止揭示，结果与作废编号一起公开",
            place_of(draw),
            "补算并公开" if draw.beacon_value or draw.has_keeper else "录入公开随机值",
            draw,
            draw.department,
            due_at=draw.beacon_due,
        )
