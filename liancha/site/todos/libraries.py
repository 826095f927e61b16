"""The two libraries: doubles to look at, checks alone to decide, certificates that run out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Max

from liancha.registry.models import Doubt, SoloCheck
from liancha.roster.models import Inspector
from liancha.roster.queries import EXPIRING_DAYS

from ..desk import Desk
from ..workbench import MOST, Todo, page_at, place_of


def doubts(desk: Desk) -> Iterator[Todo]:
    """Records that may be one target, one row for all of them (art. 11)."""
    count = Doubt.objects.visible_to(desk.user).open().count()
    if count and desk.user.department:
        yield Todo(
            "名录",
            f"核对疑似重复和冲突 {count} 条",
            "导入后自动核查，不自动合并",
            page_at("registry:doubts"),
            "核对重复",
            None,
            desk.user.department,
            word="待核对",
        )


def solo_checks(desk: Desk) -> Iterator[Todo]:
    """Checks by one's department alone that wait for its head (art. 8)."""
    waiting = SoloCheck.objects.undecided().filter(department=desk.user.department_id)
    for one in waiting.exclude(by=desk.user).select_related("target", "department")[:MOST]:
        yield Todo(
            "审批",
            f"单独检查：{one.target}",
            one.item,
            place_of(one),
            "审批单独检查",
            None,
            one.department,
            one.planned_on,
            "待批准",
        )


def certificates(desk: Desk) -> Iterator[Todo]:
    """People who soon cannot be drawn any more, the first of them with its day (art. 18)."""
    people = (
        Inspector.objects.filter(department=desk.user.department_id)
        .officers()
        .filter(status=Inspector.Status.ON_DUTY)
        .annotate(until=Max("certificates__valid_to"))
        .filter(until__lte=desk.today + timedelta(days=EXPIRING_DAYS), until__gte=desk.today)
        .order_by("until")
    )
    found = list(people.values_list("name", "until"))
    if found and desk.user.department:
        names = "、".join(name for name, _ in found[:3])
        yield Todo(
            "证件",
            f"{len(found)} 人的执法证件 {EXPIRING_DAYS} 天内到期",
            f"{names}{'等' if len(found) > 3 else ''}，到期后不能抽取",
            page_at("roster:inspectors"),
            "更新证件",
            None,
            desk.user.department,
            found[0][1],
            "快到期",
        )
