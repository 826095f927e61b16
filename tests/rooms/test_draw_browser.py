"""The ceremony in real browsers: nonces made and kept there, two screens that follow each other."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Page, expect

from liancha.accounts.models import User
from liancha.draw import actions
from liancha.draw.models import Draw, Party
from liancha.rulebook import protocol
from liancha.rulebook.lifecycles import DrawState
from tests.rooms import draw_world as w


@pytest.fixture
def enter(in_database, site, new_page) -> Callable[[str], Page]:
    """A browser of this person's own, signed in, on the page of the draw."""

    def entered(name: str) -> Page:
        with in_database():
            person = User.objects.get(username=name)
            session = SessionStore()
            session[SESSION_KEY] = str(person.pk)
            session[BACKEND_SESSION_KEY] = "liancha.accounts.backends.WithDepartment"
            session[HASH_SESSION_KEY] = person.get_session_auth_hash()
            session.save()
            address = f"{site.url}{Draw.objects.get().get_absolute_url()}"
        page = new_page()
        cookie = {"name": "liancha_session", "value": session.session_key, "url": site.url}
        page.context.add_cookies([cookie])
        page.goto(address)
        return page

    return entered


@pytest.fixture
def opened(in_database) -> Callable[[], Draw]:
    """A draw of two parties that wait for each other's commitments, due in an hour."""
    with in_database():
        world = w.make_world()
        now = timezone.now()
        draw = w.freeze(world, at=now)
        due = (now + timedelta(hours=1)).replace(microsecond=0)
        w.open_rule(
            world, draw, "WJ", witness=False, at=now,
            beacon=w.BeaconSpec("现场掷骰 10 枚，自左至右", "0 0 0 0 0 0 0 0 0 0", due),
        )  # fmt: skip

    def now_in_database() -> Draw:
        with in_database():
            return Draw.objects.get(pk=draw.pk)

    return now_in_database


def test_a_ceremony_on_two_screens(opened, in_database, enter):
    shen, lu = enter("shen"), enter("lu")

    shen.get_by_role("button", name="生成随机数并提交承诺").click()
    expect(shen.get_by_role("heading", name="等各方提交承诺，1 / 2")).to_be_visible()
    # The other screen hears of it without a reload, and the nonce is in no page and no request.
    expect(lu.locator(".ce-par .lc-hash")).to_have_count(1)
    kept = shen.evaluate("Object.entries(localStorage)")
    [(key, nonce)] = [(k, v) for k, v in kept if k.startswith("liancha-nonce:")]
    assert re.fullmatch("[0-9a-f]{64}", nonce)
    assert nonce not in shen.content()
    with in_database():
        party = Party.objects.get(position=0)
    assert key == f"liancha-nonce:{opened().number}:{party.name}"
    assert party.commitment == protocol.commitment(opened().number, party.name, nonce)

    own = sha256(b"my own shell").hexdigest()
    with in_database():
        other = Party.objects.get(position=1)
    lu.get_by_text("不想信任这个网页").click()
    expect(lu.locator("[data-shell]")).to_contain_text("openssl rand -hex 32")
    lu.fill("#own-commitment", protocol.commitment(opened().number, other.name, own) + "  -")
    lu.get_by_role("button", name="提交这份承诺").click()

    # One click a party: the page that made the number finds its commitment in the logged rule.
    expect(shen.get_by_role("heading", name="等各方揭示，1 / 2")).to_be_visible()

    lu.get_by_role("button", name="核对规则并揭示").click()
    expect(lu.get_by_text("本机没有这一方的随机数")).to_be_visible()
    lu.get_by_text("随机数不在这台设备上").click()
    lu.fill("#own-nonce", own)
    lu.get_by_role("button", name="揭示这个随机数").click()
    expect(shen.get_by_role("heading", name="揭示已截止，等公开随机值")).to_be_visible()
    assert opened().state == DrawState.CLOSED


def test_what_is_being_typed_survives_the_other_screen(opened, enter):
    page = enter("shen")
    page.get_by_text("不想信任这个网页").click()
    page.fill("#own-commitment", "abc")
    with page.expect_response(lambda response: "/live/" in response.url) as answer:
        pass
    assert answer.value.status == 204
    expect(page.locator("#own-commitment")).to_have_value("abc")


def test_a_party_does_not_reveal_into_a_rule_that_is_not_its_own(opened, in_database, enter):
    """The page finds its commitment in the logged rule first; a swapped one stops it."""
    page = enter("shen")
    page.get_by_role("button", name="生成随机数并提交承诺").click()
    expect(page.get_by_role("heading", name="等各方提交承诺，1 / 2")).to_be_visible()
    with in_database():
        first, second = Party.objects.order_by("position")
        Party.objects.filter(pk=first.pk).update(commitment="e" * 64)
        actions.commit(
            party=second, commitment="f" * 64, by=User.objects.get(username="lu"),
            at=timezone.now(),
        )  # fmt: skip
    expect(page.get_by_role("heading", name="揭示洛阳市公安局的随机数")).to_be_visible()
    expect(page.get_by_text("存证的承诺不是由本机的随机数算出的")).to_be_visible()
    with in_database():
        assert Party.objects.get(position=0).nonce == ""


def test_the_nonce_can_be_taken_away_as_a_file(opened, enter):
    page = enter("shen")
    with page.expect_download() as download:
        page.get_by_role("button", name="保存随机数文件").click()
    sheet = download.value.path().read_text(encoding="utf-8")
    nonce = re.search(r"^[0-9a-f]{64}$", sheet, re.M)[0]
    page.get_by_role("button", name="生成随机数并提交承诺").click()
    expect(page.get_by_role("heading", name="等各方提交承诺，1 / 2")).to_be_visible()
    assert nonce in str(page.evaluate("Object.values(localStorage)"))


def test_a_screen_left_alone_times_out_and_shows_the_log_in(opened, in_database, enter):
    """The page asks by itself every two seconds; that is nobody at the keyboard."""
    page = enter("shen")
    with in_database():
        before = Session.objects.get().expire_date
    with page.expect_response(lambda response: "/live/" in response.url):
        pass
    with in_database():
        assert Session.objects.get().expire_date == before
        Session.objects.all().delete()
    page.wait_for_url(lambda url: "/login/" in url)
    expect(page.locator("#live")).to_have_count(0)
