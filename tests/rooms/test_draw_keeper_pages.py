"""The pages of guests and keepers, by HTTP."""

from __future__ import annotations

import io
import re
import zipfile

import pyrage
import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from liancha.accounts.models import User
from liancha.draw import actions, invitations
from liancha.draw.actions.agreeing import INVITED, PartySpec
from liancha.draw.models import Draw
from liancha.ledger.models import Entry
from liancha.rulebook.lifecycles import DrawState
from tests.people import NOON
from tests.rooms import draw_world as w

WORD = "Ping-an-2026"


@pytest.fixture
def world(db, time_machine):
    time_machine.move_to(NOON)
    return w.make_world()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def rule_form(**options) -> dict[str, object]:
    told = {"departments": [], "witnesses": [], "guests": 1, "beacon": "escrow"}
    return told | {"keeper": w.KEEPER, "last": "guest"} | options


def opened(token: str) -> HttpResponse:
    return Client().get(reverse("draw:guest", args=[token]))


def said(page: HttpResponse) -> str:
    return re.sub(r"<script.*?</script>|nonce=\S+", "", page.content.decode(), flags=re.S)


class TestGuest:
    def test_from_the_link_to_the_commitment(self, world):
        draw = w.freeze(world)
        shen = signed_in(world.cast.shen)
        shen.post(
            reverse("draw:open_rule", args=[draw.pk]),
            rule_form(beacon="lottery", issue="2026135", due="2026-11-24T21:15"),
        )
        party = draw.parties.get(is_invited=True)
        # The link says in which second it was made: it is taken off the page, not made anew.
        shown = shen.get(draw.get_absolute_url()).content.decode()
        address = re.search(r"/guests/[^/\"]+/", shown)[0]
        assert invitations.read(address.split("/")[2]) == party

        phone = Client()
        told = {"name": "罗静", "body": "洛阳日报", "role": "记者", "password": WORD}
        assert phone.post(address, told | {"password": "123"}).status_code == 422
        assert phone.post(address, told).url == draw.get_absolute_url()
        party.refresh_from_db()
        page = phone.get(draw.get_absolute_url()).content.decode()
        assert "替罗静（洛阳日报）提交承诺" in page
        phone.post(
            reverse("draw:commit", args=[party.pk]),
            {
                "commitment": f"{actions.commitment_of(draw, party, w.nonce(party))}  -",
                "made": "own",
            },
        )
        party.refresh_from_db()
        assert party.is_own_make
        assert "/guests/" not in shen.get(draw.get_absolute_url()).content.decode()

        other = Client()
        assert "请输入口令" in other.get(address).content.decode()
        assert other.post(address, {"password": "Not-it-2026"}).status_code == 422
        assert other.post(address, {"password": WORD}).url == draw.get_absolute_url()

    def test_a_guest_sees_this_draw_and_nothing_else(self, world):
        draw = w.kept(world)
        guest = signed_in(draw.keeper)
        assert guest.get(draw.get_absolute_url()).status_code == 200
        assert guest.get(draw.task.get_absolute_url()).status_code in (403, 404)
        Draw.objects.update(keeper=None)
        assert guest.get(draw.get_absolute_url()).status_code == 404

    def test_a_forged_or_old_link_opens_nothing(self, world, time_machine):
        draw = w.open_rule(world, w.freeze(world), "WJ", beacon=None, escrow=w.KEEPER)
        token = invitations.for_keeper(draw)
        forged, guessed = opened(token + "x"), opened("WzEsMl0:1abcde:x")
        assert (forged.status_code, guessed.status_code) == (404, 404)
        assert said(forged) == said(guessed)
        assert draw.number not in said(forged)
        assert opened(token).status_code == 200
        time_machine.move_to(NOON + invitations.LASTS + invitations.LASTS)
        old = opened(token)
        assert old.status_code == 410
        assert "已经过期" in said(old)
        assert f"请{draw.department.name}重新发一个链接" in said(old)

    def test_a_link_of_parties_that_are_agreed_anew_says_so_and_makes_nobody_the_keeper(
        self, world
    ):
        draw = w.freeze(world)
        guest = PartySpec(INVITED, is_witness=True, is_invited=True)
        own = PartySpec(draw.department.name, department=draw.department)
        named = {"draw": draw, "beacon": None, "by": world.cast.shen, "at": NOON}
        actions.open_rule(**named, parties=[own, guest], escrow=w.KEEPER)
        party = invitations.for_party(draw.parties.get(is_invited=True))
        draw.refresh_from_db()
        keeper = invitations.for_keeper(draw)
        actions.open_rule(**named, parties=[own, guest], escrow="另一位公证员")
        for token in (party, keeper):
            assert opened(token).status_code == 410
            assert "已经被替换" in said(opened(token))
        assert "另一位公证员" not in said(opened(keeper))

    def test_who_signed_in_comes_back_by_it_later(self, world, time_machine):
        draw = w.open_rule(world, w.freeze(world), "WJ", beacon=None, escrow=w.KEEPER)
        token = invitations.for_keeper(draw)
        actions.accept_keeping(draw=draw, role="公证员", password=WORD, at=NOON)
        time_machine.move_to(NOON + invitations.LASTS + invitations.LASTS)
        assert "请输入口令" in said(opened(token))

    def test_nobody_signs_in_once_the_draw_is_void(self, world):
        draw = w.open_rule(world, w.freeze(world), "WJ", beacon=None, escrow=w.KEEPER)
        token = invitations.for_keeper(draw)
        asked = {"draw": draw, "cause": "technical", "reason": "断网", "at": NOON}
        actions.ask_void(**asked, by=world.cast.shen)
        actions.void(draw=draw, by=world.cast.cheng, at=NOON)
        assert opened(token).status_code == 410
        assert "不再登记" in said(opened(token))


class TestKeeper:
    def test_the_form_puts_the_chosen_party_last(self, world):
        draw = w.freeze(world)
        shen = signed_in(world.cast.shen)
        address = reverse("draw:open_rule", args=[draw.pk])
        health = world.department("WJ").pk
        refused = shen.post(address, rule_form(guests=0))
        assert refused.status_code == 422
        shen.post(address, rule_form(departments=[health], last=f"department-{health}"))
        draw.refresh_from_db()
        assert draw.escrow == w.KEEPER
        assert [p.department == world.department("WJ") for p in draw.parties.all()][-1]

    def test_sheets_by_file_and_by_envelope_until_all_are_revealed(self, world):
        draw = w.kept(world)
        keeper = signed_in(draw.keeper)
        own = pyrage.x25519.Identity.generate()
        page = reverse("draw:keeper", args=[draw.pk])
        keeper.post(reverse("draw:name_key", args=[draw.pk]), {"key": f"  {own.to_public()}\n"})
        parties = list(draw.parties.all())
        for party in parties[:2]:
            client = signed_in(w.speaker(world, party))
            shown = client.get(draw.get_absolute_url()).content.decode()
            assert f"封存{party.name}的随机数" in shown
            assert w.nonce(party) not in shown
            assert client.get(reverse("draw:sheet", args=[party.pk])).status_code == 200
            sheet = pyrage.encrypt(w.nonce(party).encode(), [own.to_public()], armored=True)
            client.post(reverse("draw:seal", args=[party.pk]), {"seal": sheet.decode()})
        assert "核对并揭示</button>" not in keeper.get(page).content.decode()
        sheets = reverse("draw:seals", args=[draw.pk])
        assert keeper.get(sheets).status_code == 200
        early = Entry.objects.filter(what="draw.read_list", by=draw.keeper.signature)
        assert early.count() == 1, "taken before all are in"
        keeper.post(reverse("draw:take_envelope", args=[parties[2].pk]))

        packed = keeper.get(sheets).content
        assert early.count() == 1
        with zipfile.ZipFile(io.BytesIO(packed)) as file:
            names = file.namelist()
            assert names[0] == "rule.json"
            opened = [pyrage.decrypt(file.read(name), [own]).decode() for name in names[1:]]
        told = {f"nonce-{p.pk}": n for p, n in zip(parties[:2], opened, strict=True)}
        told |= {f"nonce-{parties[2].pk}": w.nonce(parties[2]).upper(), "act": "open"}
        slip = told | {f"nonce-{parties[2].pk}": "0" * 64}
        wrong = keeper.post(reverse("draw:open_sheets", args=[draw.pk]), slip)
        assert wrong.status_code == 409
        shown = wrong.content.decode()
        assert f"与存证的承诺不符：{parties[2].name}" in shown
        assert all(number in shown for number in opened), "what was typed stays on the page"
        draw.refresh_from_db()
        assert draw.state == DrawState.RULE_LOGGED
        keeper.post(reverse("draw:open_sheets", args=[draw.pk]), told)
        draw.refresh_from_db()
        assert draw.state == DrawState.CLOSED
        shen = signed_in(world.cast.shen)
        assert "锁定 7 户名单" in shen.get(draw.get_absolute_url()).content.decode()
        shen.post(reverse("draw:lock", args=[draw.pk]))
        draw.refresh_from_db()
        assert draw.state == DrawState.LOCKED

    def test_a_failure_is_reported_and_confirmed(self, world):
        draw = w.kept(world)
        keeper = signed_in(draw.keeper)
        first, second, third = draw.parties.all()
        told = {f"nonce-{p.pk}": w.nonce(p) for p in (first, second)}
        keeper.post(
            reverse("draw:open_sheets", args=[draw.pk]),
            told | {"lacking": [third.pk], "act": "fail"},
        )
        draw.refresh_from_db()
        assert draw.escrow_fault["lacking"] == [third.name]
        head = signed_in(world.cast.cheng)
        assert "确认作废" in head.get(draw.get_absolute_url()).content.decode()
        head.post(reverse("draw:void", args=[draw.pk]), {"agree": "yes"})
        draw.refresh_from_db()
        assert draw.state == DrawState.VOID
        assert third.name in head.get(draw.get_absolute_url()).content.decode()

    def test_nobody_else_finds_the_keepers_page(self, world):
        draw = w.kept(world)
        for person in (world.cast.shen, world.cast.qin, world.cast.cheng):
            for name in ("keeper", "seals"):
                found = signed_in(person).get(reverse(f"draw:{name}", args=[draw.pk]))
                assert found.status_code in (403, 404)
