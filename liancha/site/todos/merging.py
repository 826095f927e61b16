"""Inspections of one firm that could be one visit, and appointments that came of it (E14)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import Exists, OuterRef, Q

from liancha.accounts.models import Department
from liancha.accounts.permissions import Permission
from liancha.oversight.models import MergeProposal, MergeSide
from liancha.rulebook.lifecycles import MergeState

from ..desk import Desk
from ..workbench import MOST, Todo, page_at, place_of


def merges(desk: Desk) -> Iterator[Todo]:
    """Where this department's word is still missing, and where it comes along with a joint check
    for something it was not drawn for. One question for both.
    """
    own = desk.user.department
    if own is None:
        return
    sides = MergeSide.objects.filter(proposal=OuterRef("pk"), department=own)
    wanted = Q(
        Exists(sides.exclude(kind=MergeSide.Kind.DRAWN)),
        state=MergeState.ACCEPTED,
        call__appointed_on__gte=desk.today,
    )
    if desk.may(Permission.INSPECTION_MERGE):
        wanted |= Q(Exists(sides.filter(agreed_at=None)), state=MergeState.PROPOSED)
    rows = MergeProposal.objects.visible_to(desk.user).filter(wanted)
    found = list(rows.select_related("target", "call")[: 2 * MOST])
    yield from _to_decide([each for each in found if each.state == MergeState.PROPOSED], own)
    yield from _agreed([each for each in found if each.call is not None], own)


def _to_decide(found: Sequence[MergeProposal], own: Department) -> Iterator[Todo]:
    """One row for all, or for the one there is."""
    if not found:
        return
    first, is_one = found[0], len(found) == 1
    names = "、".join(each.target.name for each in found[:2])
    yield Todo(
        "合并",
        f"商定合并检查：{first.target}" if is_one else f"商定合并检查 {len(found)} 处",
        "同一户有两项检查，可以同一次上门" if is_one else f"{names}等",
        place_of(first) if is_one else page_at("oversight:merging"),
        "商定合并检查",
        None,
        own,
        first.appointed_on,
        "待商定",
    )


def _agreed(found: Sequence[MergeProposal], own: Department) -> Iterator[Todo]:
    for one in found[:MOST]:
        assert one.call is not None
        yield Todo(
            "上门",
            f"同一次上门：{one.target}",
            f"{one.call.appointed_on} {one.call.slot}，与联合检查组一起",
            place_of(one),
            "看约定",
            None,
            own,
            one.call.appointed_on,
            "已约定",
            "active",
        )
