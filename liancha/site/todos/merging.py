"""Inspections of one firm that could be one visit, and appointments that came of it (E14)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from liancha.accounts.permissions import Permission
from liancha.oversight.models import MergeProposal
from liancha.rulebook.lifecycles import MergeState

from ..desk import Desk
from ..workbench import MOST, Todo, page_at, place_of


def merges(desk: Desk) -> Iterator[Todo]:
    """Where this department's word is still missing, one row for all or for the one there is; and
    where it comes along with a joint check, for something it was not drawn for. One question.
    """
    rows = MergeProposal.objects.on_desk_of(desk.user, desk.today)
    found = list(rows.select_related("target", "call")[: 4 * MOST])
    if desk.user.may(Permission.INSPECTION_MERGE):
        yield from _undecided(desk, [each for each in found if each.state == MergeState.PROPOSED])
    coming = [each for each in found if each.state == MergeState.ACCEPTED]
    for one in coming[:MOST]:
        yield _appointment(desk, one)


def _undecided(desk: Desk, found: Sequence[MergeProposal]) -> Iterator[Todo]:
    own = desk.user.department
    if own is None or not found:
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


def _appointment(desk: Desk, one: MergeProposal) -> Todo:
    assert one.call is not None
    return Todo(
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
