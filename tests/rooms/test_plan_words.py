"""What people write stands in the ledger for ever: it is kept whole or refused."""

from __future__ import annotations

import pytest
import time_machine

from liancha.plan.models import Plan
from liancha.rulebook.lifecycles import PlanState
from tests.people import NOON
from tests.rooms.plan_world import YEAR, make_plan_world
from tests.rooms.test_plan_pages import at


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["reason", "minutes"])
def test_minutes_that_are_too_long_are_refused_and_nothing_is_approved(client, name):
    world = make_plan_world(people=0)
    client.force_login(world.cast.zhou)
    with time_machine.travel(NOON, tick=False):
        client.post(at("new_plan"), {"year": YEAR})
        plan = Plan.objects.get()
        answer = client.post(at("approve", plan.pk), {name: "会" * 121})
    assert 400 <= answer.status_code < 500
    assert "最多 120 字" in answer.content.decode()
    plan.refresh_from_db()
    assert plan.state == PlanState.DRAFT
