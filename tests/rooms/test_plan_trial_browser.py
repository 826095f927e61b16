"""The simulator in a real browser: a slider moves, and figures, charts and address follow."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect

from liancha.accounts.models import User
from tests.rooms.plan_world import make_plan_world


@pytest.fixture
def simulator(site, in_database, desktop):
    """The simulator of a draft, open in the browser of the coordinating office."""
    with in_database():
        plan = make_plan_world().draft()
        client = Client()
        client.force_login(User.objects.get(username="zhou"))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    desktop.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": site.url}]
    )
    desktop.goto(f"{site.url}/plans/{plan.pk}/trial/")
    return desktop


def test_a_slider_answers_at_once_and_the_address_names_the_trial(simulator):
    bars = simulator.locator("#sm-months svg")
    expect(bars).to_be_visible()
    before = bars.inner_html()
    figures = simulator.locator("#sm-figures")
    expect(figures).to_contain_text("按计划")

    slider = simulator.get_by_label("A 类比例，拖动")
    slider.focus()
    for _ in range(4):
        simulator.keyboard.press("ArrowRight")
    expect(figures).to_contain_text("比按计划多")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"\d+%"))
    expect(simulator).to_have_url(re.compile("rate_A="))
    expect(bars).not_to_have_js_property("innerHTML", before)

    with_tables = simulator.locator("details.lc-numbers")
    with_tables.first.locator("summary").click()
    expect(simulator.locator("#sm-months-table")).to_be_visible()

    simulator.get_by_role("button", name="计划的比例").click()
    expect(figures).not_to_contain_text("比按计划多")
    expect(simulator).not_to_have_url(re.compile("rate_A="))


def test_what_is_tried_can_be_kept(simulator):
    simulator.get_by_label("D 类比例，百分比，留空按计划").fill("100")
    expect(simulator.locator("#sm-figures")).to_contain_text("比按计划多")
    simulator.get_by_role("button", name="保存方案").first.click()
    simulator.get_by_label("名称").fill("D 类全查")
    simulator.locator("dialog[open]").get_by_role("button", name="保存方案").click()
    compared = simulator.locator("#sm-compare")
    expect(compared).to_contain_text("D 类全查")
    expect(compared).to_contain_text("D 100%")
