"""Who may act on a plan, and holding it still while somebody does. Used by this room's actions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from liancha.accounts.models import Department, User
from liancha.ledger import actions as ledger
from liancha.lists.models import ListVersion
from liancha.rulebook.verdicts import Blocked

from ..models import Plan


def coordinates(department: Department | None, plan: Plan) -> bool:
    return (
        department is not None
        and department.is_coordinator
        and department.region_id == plan.region_id
    )


def coordinating(by: User, plan: Plan | None = None) -> Department:
    """The coordinating office `by` belongs to. Raises Blocked when it is none."""
    own = by.department
    if own is None or not own.is_coordinator or (plan is not None and not coordinates(own, plan)):
        raise Blocked(
            "年度计划由本级市场监管部门（联席会议办公室）统筹。请由联席会议办公室办理。",
            article="12",
            paragraph=1,
        )
    return own


def locked(plan: Plan) -> Plan:
    """The plan, held until the transaction ends, so that a second click waits."""
    return (
        Plan.objects.select_for_update(of=("self",))
        .select_related("region", "list_version")
        .get(pk=plan.pk)
    )


def list_in_force(region: str) -> ListVersion | None:
    """The joint list a plan of this region is made from: its own, else the city's."""
    own = ListVersion.objects.in_force(ListVersion.Kind.JOINT, region).first()
    return own or ListVersion.objects.in_force(ListVersion.Kind.JOINT).first()


def append(what: str, plan: Plan, by: User, at: datetime, **facts: Any) -> None:
    ledger.append(what, by=by, at=at, about=("plan", plan.pk), **facts)
