"""Results in a real browser: masking while typing, fields that come and go, and no page that a
screen reader or the content policy would stumble over.
"""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client

from liancha.accounts.models import User
from tests.rooms.disclosure_world import finish, make_head, publish, result_of
from tests.rooms.visit_world import make_visit_world

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
PRICE = "明码标价情况"


@pytest.fixture
def story(in_database):
    """Two visits are over; 卫健 has published its finding at the first, nobody else anything."""
    with in_database():
        world = make_visit_world(2)
        first, second = finish(world, found=(PRICE, "公共场所卫生许可"))
        head = make_head(world, "SCJG", "scjg-head")
        publish(result_of(first, "WJ"), world.cast.lu, world.cast.gu)
        publish(result_of(second, "SCJG"), world.cast.xiang, head)
        return {
            "own": result_of(first, "SCJG").pk,
            "published": result_of(first, "WJ").pk,
            "follow_up": result_of(first, "WJ").follow_ups.get().pk,
        }


@pytest.fixture
def log_in(in_database, site):
    """Give a page the cookie of somebody who has just logged in."""

    def enter(page, username: str) -> None:
        with in_database():
            client = Client()
            client.force_login(
                User.objects.get(username=username),
                backend="liancha.accounts.backends.WithDepartment",
            )
            cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": site.url}]
        )

    return enter


def faults(page) -> list[str]:
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    return [f"{page.url}: {each['id']} {each['nodes'][0]['html'][:120]}" for each in found]


def overflow(page) -> int:
    return page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


def test_what_will_be_covered_is_shown_while_typing(story, site, desktop, log_in):
    log_in(desktop, "xiang")
    desktop.goto(f"{site}/results/{story['own']}/")
    item = desktop.locator("[data-item]", has_text=PRICE)
    note = item.locator(".rs-w")
    note.wait_for()  # the record form itself brings a number
    assert "13800002617" in note.inner_text()
    item.locator("textarea").fill("价目牌已更换，未标退订费。")
    note.wait_for(state="hidden")
    item.locator("textarea").fill("座机 0379-63912345 无人接听")
    note.wait_for()
    assert "公示时会遮住 1 处：固定电话 0379-63912345" in note.inner_text()
    note.locator("summary").click()
    assert "0379*******45" in note.inner_text()


def test_the_fields_of_an_order_are_there_only_where_a_code_asks_for_one(
    story, site, desktop, log_in
):
    log_in(desktop, "xiang")
    desktop.goto(f"{site}/results/{story['own']}/")
    item = desktop.locator("[data-item]", has_text=PRICE)
    number = item.get_by_label("责令改正通知书文号")
    assert number.input_value() == "洛市监责改〔2026〕118号"
    item.locator("select").select_option("08")
    assert not number.is_visible()
    item.locator("select").select_option("11")
    assert number.is_visible()


def test_the_pages_are_readable_by_all_on_a_desk_and_on_a_phone(
    story, site, desktop, phone, log_in
):
    office = (
        "/",
        "/?tab=asked",
        "/results/",
        "/results/?state=audited",
        f"/results/{story['own']}/",
        f"/results/{story['published']}/",
        f"/results/{story['published']}/follow-up/",
        "/publications/1/correct/",
        "/follow-ups/",
        f"/follow-ups/{story['follow_up']}/",
        "/overdue/",
        "/reminders/",
    )
    public = (
        "/public/",
        "/public/draws/",
        "/public/results/",
        "/public/results/1/",
        "/public/verify/",
        "/public/data/",
    )
    found = []
    for page in (desktop, phone):
        for place in public:
            page.goto(f"{site}{place}")
            found += faults(page)
            assert overflow(page) == 0, place
        log_in(page, "lu")
        for place in office:
            answer = page.goto(f"{site}{place}")
            assert answer.status == 200, place
            found += faults(page)
            assert overflow(page) == 0, place
    assert found == []
