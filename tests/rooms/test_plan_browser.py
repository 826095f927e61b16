"""A plan line in a real browser: what is counted while somebody types is what the server plans."""

from __future__ import annotations

from fractions import Fraction

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect

from liancha.accounts.models import User
from liancha.plan import actions
from liancha.plan.readings import read_rate
from liancha.rulebook.coverage import planned_count
from tests.people import NOON
from tests.rooms.plan_world import YEAR, make_plan_world

BASES = (0, 1, 7, 20, 80, 201, 12_868, 286_000)
TEXTS = ("0", "0.5", "1", "2%", "7", "１２．５", "33.333333", "100", "1/3", "2/7", "9户", "0户")


@pytest.fixture
def line_form(site, in_database, desktop):
    """The form of a line of hotels, open in the browser of the police's planner."""
    with in_database():
        world = make_plan_world(people=0)
        plan = actions.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)
        client = Client()
        client.force_login(User.objects.get(username="shen"))
        address = f"/plans/{plan.pk}/lines/new/?field={world.fields['JF05'].pk}"
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    desktop.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": site.url}]
    )
    desktop.goto(site.url + address)
    return desktop


def test_the_page_counts_as_the_server_does(line_form):
    counted = line_form.evaluate(
        """async ([bases, texts]) => {
          const { count } = await import('/static/plan/rates.js');
          return texts.map((text) => bases.map((base) => Number(count(text, base))));
        }""",
        [BASES, TEXTS],
    )
    for text, numbers in zip(TEXTS, counted, strict=True):
        ratio, fixed = read_rate(text)
        for base, number in zip(BASES, numbers, strict=True):
            planned = (
                min(fixed, base) if fixed is not None else planned_count(base, Fraction(ratio))
            )
            assert number == planned, (text, base)


def test_counts_follow_the_typing_and_the_way_of_cutting(line_form):
    total = line_form.locator("[data-total]")
    expect(total).to_have_text("6")  # the preset of the province: 1 + 1 + 1 + 2 + 1
    line_form.fill("input[name=rate_D]", "100")
    expect(total).to_have_text("10")
    line_form.fill("input[name=rate_D]", "很多")
    expect(line_form.locator("[data-count]").nth(3)).to_have_text("—")
    line_form.get_by_role("button", name="安全民生类").click()
    expect(total).to_have_text("8")
    line_form.get_by_role("radio", name="按县区").check()
    expect(line_form.get_by_text("洛龙区")).to_be_visible()
    expect(line_form.get_by_label("其余 的比例")).to_be_visible()  # districts with nobody in them
    assert line_form.locator("[data-count]").count() < 17
    line_form.get_by_role("radio", name="不分层").check()
    expect(total).to_have_text("4")
    line_form.get_by_label("全部 的比例").fill("3–5家")
    line_form.get_by_label("全部 的比例").press("Tab")
    expect(line_form.get_by_text("写成范围，取下限 3 家")).to_be_visible()
    expect(total).to_have_text("3")
