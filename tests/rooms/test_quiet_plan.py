"""A plan shows the quiet days of its region: to who writes it and to firms (E17)."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine
from django.urls import reverse

from liancha.plan import quiet_days
from liancha.rulebook.quiet import Strength
from tests.people import NOON
from tests.rooms.plan_world import make_plan_world
from tests.rooms.quiet_world import quiet_months

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    world = make_plan_world()
    world.published()
    return world


def test_the_plan_its_lines_and_the_trial_say_which_days(client, world):
    quiet_months(world.cast)
    line = world.line()
    with time_machine.travel(NOON, tick=False):
        client.force_login(world.cast.shen)
        assert "每月 1 日至 20 日" in client.get(line.plan.get_absolute_url()).content.decode()
        assert "中有安静期" in client.get(line.get_absolute_url()).content.decode()
        trial = client.get(reverse("plan:trial", args=[line.plan.pk])).content.decode()
        assert "可以入企的工作日：1 月" in trial


def test_firms_read_them_beside_the_plan(client, world):
    quiet_months(world.cast)
    quiet_months(world.cast, title="还没启用", strength=Strength.OFF)
    page = client.get(reverse("plan:public_plan", args=[world.line().plan.pk])).content.decode()
    assert "企业安静期（洛阳市）：每月 1 日至 20 日" in page
    assert "还没启用" not in page


def test_the_days_that_are_left_are_counted_by_the_calendar(world):
    quiet_months(world.cast, starts_on=date(2026, 2, 1), ends_on=date(2026, 2, 28))
    days = quiet_days.open_days(world.line().plan)
    # 21 to 28 February 2026: 春节 until the 23rd, and Saturday the 28th is worked for it.
    assert days[1] == 5
    assert days[2] == 22  # March is not touched


def test_without_a_period_nothing_is_said(client, world):
    assert quiet_days.of_line(world.line()) == ()
    page = client.get(reverse("plan:public_plan", args=[world.line().plan.pk])).content.decode()
    assert "日常检查原则上不进企业" not in page
