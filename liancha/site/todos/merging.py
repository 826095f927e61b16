"""Inspections of one firm that could be one visit, and appointments that came of it (E14)."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Exists, OuterRef

from liancha.oversight.models import MergeProposal, MergeSide

from ..desk import Desk
from ..workbench import MOST, Todo, page_at, place_of


def merges(desk: Desk) -> Iterator[Todo]:
    """Where this department's word is still missing; one row for all, or for the one there is."""
    own = desk.user.department
    if own is None:
        return
    rows = MergeProposal.objects.decidable_by(desk.user).select_related("target")
    found = list(rows[: MOST + 1])
    if not found:
        return
    first = found[0]
    names = "、".join(each.target.name for each in found[:2])
    count = f"{len(found)} 处" if len(found) <= MOST else f"{MOST} 处以上"
    yield Todo(
        "合并",
        f"商定合并检查：{first.target}" if len(found) == 1 else f"商定合并检查 {count}",
        "同一户有两项检查，可以同一次上门" if len(found) == 1 else f"{names}等",
        place_of(first) if len(found) == 1 else page_at("oversight:merging"),
        "商定合并检查",
        None,
        own,
        first.appointed_on,
        "待商定",
    )


def appointments(desk: Desk) -> Iterator[Todo]:
    """Where this department comes along with a joint check, for something it was not drawn for."""
    own = MergeSide.objects.filter(
        proposal=OuterRef("pk"), department=desk.user.department_id
    ).exclude(kind=MergeSide.Kind.DRAWN)
    rows = (
        MergeProposal.objects.accepted()
        .visible_to(desk.user)
        .filter(Exists(own), call__appointed_on__gte=desk.today)
        .select_related("target", "call")
    )
    for one in rows.order_by("call__appointed_on", "call__slot")[:MOST]:
        assert one.call is not None
        yield Todo(
            "上门",
            f"同一次上门：{one.target}",
            f"{one.call.appointed_on} {one.call.slot}，与联合检查组一起",
            place_of(one),
            "看约定",
            None,
            desk.user.department or desk.user,
            one.call.appointed_on,
            "已约定",
            "active",
        )
