"""Two firms that a department means to visit by itself while a joint check is on its way there:
one is settled as one visit, the other waits for both to decide (E14).
"""

from __future__ import annotations

from datetime import timedelta

from liancha.inspection.models import Visit
from liancha.oversight import actions as oversight
from liancha.oversight.models import MergeProposal
from liancha.registry import actions as registry
from liancha.rulebook.lifecycles import VisitState

from .year import Story, World

ITEM = "投诉较多事项复核"


def merging(world: World) -> Story:
    """Asked for and agreed to in the afternoon, found in the night, settled the next morning."""
    moment = world.at(world.back(1), 14, 20)
    yield moment
    visits = list(
        Visit.objects.filter(
            state__in=(VisitState.PENDING, VisitState.NOTIFIED), planned_on__gt=world.anchor
        )
        .select_related("team__task__initiator", "drawn_target__target")
        .order_by("planned_on", "slot", "pk")[:2]
    )
    for n, visit in enumerate(visits):
        task = visit.team.task
        other = task.participations.exclude(department=task.initiator).order_by("pk").first()
        if other is None:
            return
        code = other.department.code
        moment += timedelta(minutes=10)
        yield moment
        check = registry.request_solo(
            target=visit.drawn_target.target,
            item=ITEM,
            planned_on=(visit.planned_on or world.anchor) + timedelta(days=3 + n),
            code="monitoring",
            by=world.people.handler[code],
            at=moment,
        )
        moment += timedelta(minutes=15)
        yield moment
        registry.decide_solo(check=check, is_approved=True, by=world.people.head[code], at=moment)
    moment = world.at(world.anchor, 2, 30)
    yield moment
    oversight.match(by="system", at=moment)
    moment = world.at(world.anchor, 8, 50)
    yield moment
    found = MergeProposal.objects.open().filter(sides__what__contains=ITEM)
    for proposal in found.order_by("appointed_on", "slot", "pk")[:1]:
        for side in proposal.sides.select_related("department"):
            moment += timedelta(minutes=6)
            yield moment
            proposal, _ = oversight.agree_to_merge(
                proposal=proposal,
                appointed_on=proposal.appointed_on,
                slot=proposal.slot,
                by=world.people.head[side.department.code],
                at=moment,
            )
