"""A draw without a public value: a keeper holds every number (draw protocol, §§2–4)."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from io import StringIO

import pyrage
import pytest
from django.core.management import CommandError, call_command

from liancha.draw import actions, bundles, rules
from liancha.draw.models import Draw, Transcript
from liancha.ledger.models import Entry
from liancha.rulebook import verify
from liancha.rulebook.lifecycles import DrawState
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON
from tests.rooms import draw_world as w

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def world(db):
    return w.make_world()


def void(world, draw: Draw, **options) -> Draw:
    return actions.void(draw=draw, by=world.cast.cheng, at=LATER, **options)


class TestAgreeing:
    """Source: draw protocol, §2: a beacon is the rule, without one an escrow is required."""

    def test_without_a_public_value_there_is_a_keeper(self, world):
        with pytest.raises(Blocked, match="必须有托管人"):
            w.open_rule(world, w.freeze(world), "WJ", beacon=None)

    def test_not_both(self, world):
        with pytest.raises(Blocked, match="只选一种"):
            w.open_rule(world, w.freeze(world), "WJ", escrow=w.KEEPER)

    def test_the_keeper_is_no_party(self, world):
        with pytest.raises(Blocked, match="不能是其中一方"):
            w.open_rule(world, w.freeze(world), beacon=None, escrow=w.WITNESS)

    def test_the_last_party_is_of_another_house(self, world):
        with pytest.raises(Blocked, match="最后提交的一方必须在洛阳市公安局以外"):
            w.open_rule(world, w.freeze(world), witness=False, beacon=None, escrow=w.KEEPER)

    def test_the_rule_says_so_and_is_the_protocols(self, world):
        draw = w.kept(world)
        rule = json.loads(draw.rule.text)
        assert rule["beacon"] is None
        assert rule["escrow"] == w.KEEPER
        assert rules.logged(draw).checked().digest == draw.rule.digest


class TestTurns:
    """Source: draw protocol, §2: the operator's own party first, an outsider's own shell last."""

    @pytest.fixture
    def draw(self, world):
        return w.open_rule(world, w.freeze(world), "WJ", beacon=None, escrow=w.KEEPER)

    def hand_in(self, world, draw, position, **options):
        party = draw.parties.get(position=position)
        own = actions.commitment_of(draw, party, w.nonce(party))
        by = w.speaker(world, party)
        return actions.commit(party=party, commitment=own, by=by, at=NOON, **options)

    def test_the_operator_is_first(self, world, draw):
        with pytest.raises(Blocked, match="由洛阳市公安局先提交"):
            self.hand_in(world, draw, 1)

    def test_and_cannot_change_its_mind_after_the_others(self, world, draw):
        self.hand_in(world, draw, 0)
        self.hand_in(world, draw, 0)
        self.hand_in(world, draw, 1)
        with pytest.raises(Blocked, match="不能再改"):
            self.hand_in(world, draw, 0)

    def test_the_last_waits_for_all(self, world, draw):
        self.hand_in(world, draw, 0)
        with pytest.raises(Blocked, match="最后提交的一方，请等"):
            self.hand_in(world, draw, 2, is_own_make=True)

    def test_the_last_makes_its_number_without_our_page(self, world, draw):
        self.hand_in(world, draw, 0)
        self.hand_in(world, draw, 1)
        with pytest.raises(Blocked, match="用自己的命令行"):
            self.hand_in(world, draw, 2)
        self.hand_in(world, draw, 2, is_own_make=True)
        draw.refresh_from_db()
        assert draw.state == DrawState.RULE_LOGGED


class TestKeeping:
    """Source: draw protocol, §3: handed over sealed, opened only when all are in, and checked."""

    def test_nobody_reveals_by_itself_and_nobody_closes(self, world):
        draw = w.kept(world)
        with pytest.raises(Blocked, match="由托管人核对后一并揭示"):
            w.reveal(world, draw)
        with pytest.raises(Blocked, match="不能缺任何一方"):
            actions.close(draw=draw, by=world.cast.shen, at=NOON)

    def test_only_the_keeper_takes_envelopes(self, world):
        draw = w.kept(world)
        with pytest.raises(Blocked, match="只由托管人"):
            actions.take_envelope(party=draw.parties.first(), by=world.cast.shen, at=NOON)

    def test_a_file_is_sealed_with_the_keepers_key(self, world):
        draw = w.kept(world)
        party = draw.parties.get(position=1)
        own = pyrage.x25519.Identity.generate()
        seal = pyrage.encrypt(w.nonce(party).encode(), [own.to_public()], armored=True).decode()
        with pytest.raises(Blocked, match="还没有给出公钥"):
            actions.hand_over(party=party, seal=seal, by=world.cast.lu, at=NOON)
        with pytest.raises(Blocked, match="不要贴 AGE-SECRET-KEY"):
            actions.name_key(draw=draw, key=str(own), by=draw.keeper, at=NOON)
        actions.name_key(draw=draw, key=str(own.to_public()), by=draw.keeper, at=NOON)
        with pytest.raises(Blocked, match="不是封存文件"):
            actions.hand_over(party=party, seal=w.nonce(party), by=world.cast.lu, at=NOON)
        with pytest.raises(Blocked, match="不能代交"):
            actions.hand_over(party=party, seal=seal, by=world.cast.shen, at=NOON)
        party = actions.hand_over(party=party, seal=seal, by=world.cast.lu, at=NOON)
        assert pyrage.decrypt(party.seal.encode(), [own]).decode() == w.nonce(party)
        with pytest.raises(Blocked, match="不能再换"):
            actions.hand_over(party=party, seal=seal, by=world.cast.lu, at=NOON)

    def test_none_is_opened_before_all_are_in(self, world):
        draw = w.kept(world)
        actions.take_envelope(party=draw.parties.first(), by=draw.keeper, at=NOON)
        with pytest.raises(Blocked, match="没有交齐，还不能开封。还差：洛阳市卫生"):
            actions.open_sheets(draw=draw, nonces=w.sheets(draw), by=draw.keeper, at=NOON)

    def test_a_slip_reveals_nothing_and_may_be_corrected(self, world):
        draw = w.sealed(world)
        with pytest.raises(Blocked, match=f"与存证的承诺不符：{w.WITNESS}。一份也没有揭示"):
            actions.open_sheets(
                draw=draw, nonces=w.sheets(draw) | {w.WITNESS: "0" * 64}, by=draw.keeper, at=NOON
            )
        assert not draw.parties.exclude(nonce="").exists()

    def test_all_are_revealed_together_and_the_draw_is_locked_without_a_value(self, world):
        draw = w.sealed(world)
        draw = actions.open_sheets(draw=draw, nonces=w.sheets(draw), by=draw.keeper, at=NOON)
        assert draw.state == DrawState.CLOSED
        with pytest.raises(Blocked, match="没有约定公开随机值"):
            actions.enter_beacon(draw=draw, value="1", evidence="x", by=world.cast.shen, at=NOON)
        draw = actions.lock(draw=draw, by=world.cast.shen, at=LATER)
        files = {name: build() for name, build in bundles.builders(draw).items()}
        report = verify.check(files)
        assert report.is_good, report.lines()
        assert json.loads(files["transcript.json"])["beacon"] is None


class TestFailing:
    """Source: draw protocol, §3: a lacking or wrong sheet voids the draw and names the party."""

    def failed(self, world) -> Draw:
        draw = w.kept(world)
        first, second, third = draw.parties.all()
        for party in (first, second):
            actions.take_envelope(party=party, by=draw.keeper, at=NOON)
        said = {first.name: w.nonce(first), second.name: "0" * 64}
        return actions.fail_escrow(
            draw=draw, nonces=said, lacking=[third.name], by=draw.keeper, at=NOON
        )

    def test_who_failed_is_named_and_what_was_in_hand_is_published(self, world):
        draw = self.failed(world)
        first, second, third = draw.parties.all()
        assert draw.void_reason == f"没有交来封件：{third.name}；封件与承诺不符：{second.name}"
        draw = void(world, draw)
        entry = json.loads(Entry.objects.get(what="draw.void").body)
        assert entry["escrow"] == {
            "lacking": [third.name],
            "wrong": [second.name],
            "nonces": {first.name: w.nonce(first), second.name: "0" * 64},
        }
        assert draw.state == DrawState.VOID

    def test_the_head_confirms_and_cannot_wave_it_through(self, world):
        with pytest.raises(Blocked, match="必须作废，不能退回"):
            void(world, self.failed(world), agree=False)

    def test_nothing_goes_on_after_it(self, world):
        draw = self.failed(world)
        with pytest.raises(Blocked, match="只能作废"):
            actions.take_envelope(party=draw.parties.last(), by=draw.keeper, at=NOON)

    def test_there_must_be_something_to_report(self, world):
        draw = w.sealed(world)
        with pytest.raises(Blocked, match="没有托管失败"):
            actions.fail_escrow(draw=draw, nonces=w.sheets(draw), by=draw.keeper, at=NOON)

    def test_the_operator_cannot_say_it(self, world):
        draw = w.kept(world)
        with pytest.raises(Blocked, match="由托管人开封核对后上报"):
            actions.ask_void(
                draw=draw, cause="escrow", reason="不想等", by=world.cast.shen, at=NOON
            )

    def test_the_next_draw_of_the_line_names_a_public_value(self, world):
        void(world, self.failed(world))
        again = w.freeze(world, at=LATER)
        with pytest.raises(Blocked, match="下一次抽取必须约定公开随机值（抽取规程第 3 节）"):
            w.open_rule(world, again, "WJ", beacon=None, escrow=w.KEEPER, at=LATER)
        w.open_rule(world, again, "WJ", at=LATER)


class TestVoidAfterTheLastSheet:
    """Source: draw protocol, §4: still computed, so that a convenient void shows."""

    def test_it_is_computed_when_the_keeper_opens(self, world):
        draw = w.sealed(world)
        actions.ask_void(draw=draw, cause="technical", reason="停电", by=world.cast.shen, at=NOON)
        draw = void(world, draw)
        with pytest.raises(Blocked):
            actions.compute_void(draw=draw, by=world.cast.shen, at=LATER)
        draw = actions.open_sheets(draw=draw, nonces=w.sheets(draw), by=draw.keeper, at=LATER)
        assert draw.state == DrawState.VOID
        actions.compute_void(draw=draw, by=world.cast.shen, at=LATER)
        written = Transcript.objects.get(draw=draw)
        assert verify.check({"transcript.json": written.text.encode()}).is_good


class TestGuests:
    """Source: art. 19, paragraph 1: witnesses from outside, by name, body and role."""

    def invited(self, world) -> Draw:
        own = world.department("GA")
        return actions.open_rule(
            draw=w.freeze(world),
            parties=[
                actions.PartySpec(own.name, department=own),
                actions.PartySpec("待登记见证人 1", is_witness=True, is_invited=True),
            ],
            beacon=w.LOTTERY,
            by=world.cast.shen,
            at=NOON,
        )

    def accept(self, draw, **options):
        told = {"name": "罗静", "body": "洛阳日报", "role": "记者", "password": "ping-an-2026-x"}
        return actions.accept_invitation(
            party=draw.parties.get(position=1), at=NOON, **(told | options)
        )

    def test_who_it_is_stands_in_rule_and_ledger(self, world):
        draw = self.invited(world)
        party = self.accept(draw)
        assert (party.name, party.role) == ("罗静（洛阳日报）", "记者")
        assert party.user.department is None
        assert Draw.objects.visible_to(party.user).get() == draw
        w.commit(world, draw)
        draw.refresh_from_db()
        assert "罗静（洛阳日报）" in draw.rule.text
        entry = json.loads(Entry.objects.get(what="draw.accept_invitation").body)
        assert entry["role"] == "记者"

    def test_a_link_serves_one_person(self, world):
        draw = self.invited(world)
        self.accept(draw)
        with pytest.raises(Blocked, match="已经有人登记"):
            self.accept(draw, name="别人")

    def test_not_two_hands_of_one_person(self, world):
        draw = self.invited(world)
        draw.parties.filter(position=0).update(name="罗静（洛阳日报）")
        with pytest.raises(Blocked, match="不能担任两方"):
            self.accept(draw)

    def test_nobody_commits_for_a_guest_that_has_not_come(self, world):
        draw = self.invited(world)
        party = draw.parties.get(position=1)
        with pytest.raises(Blocked, match="不能代交"):
            actions.commit(party=party, commitment="e" * 64, by=world.cast.shen, at=NOON)


class TestCommand:
    """`liancha escrow`: on the keeper's own machine, with files alone."""

    @pytest.fixture
    def key(self, tmp_path):
        file = tmp_path / "keeper.key"
        call_command("escrow", "key", str(file), stdout=StringIO(), stderr=StringIO())
        return file

    def sheet(self, key, folder, name, nonce):
        public = re.search("age1[0-9a-z]+", key.read_text())[0]
        recipient = pyrage.x25519.Recipient.from_str(public)
        file = folder / name
        file.write_bytes(pyrage.encrypt(f"{nonce}\n".encode(), [recipient], armored=True))
        return str(file)

    def opened(self, *args):
        out, err = StringIO(), StringIO()
        call_command("escrow", "open", *args, stdout=out, stderr=err)
        return out.getvalue(), err.getvalue()

    def test_a_key_is_never_overwritten_and_only_its_owner_reads_it(self, key):
        assert key.stat().st_mode & 0o077 == 0
        with pytest.raises(CommandError, match="不覆盖"):
            call_command("escrow", "key", str(key), stdout=StringIO(), stderr=StringIO())

    def test_it_says_what_every_sheet_holds_and_what_is_wrong(self, world, key, tmp_path):
        draw = w.kept(world)
        rule = tmp_path / "rule.json"
        rule.write_text(draw.rule.text, encoding="utf-8")
        parties = list(draw.parties.all())
        own = [self.sheet(key, tmp_path, f"{p.position}.age", w.nonce(p)) for p in parties[:2]]
        options = ["--key", str(key), "--rule", str(rule)]
        out, err = self.opened(*own, *options)
        assert out == "".join(f"{p.name}\t{w.nonce(p)}\n" for p in parties[:2])
        assert parties[2].name in err

        wrong = self.sheet(key, tmp_path, "3.age", "0" * 64)
        with pytest.raises(CommandError, match="有 1 份打不开或与承诺不符"):
            self.opened(*own, wrong, *options)
        foreign = tmp_path / "other.key"
        call_command("escrow", "key", str(foreign), stdout=StringIO(), stderr=StringIO())
        with pytest.raises(CommandError, match="有 2 份打不开"):
            self.opened(*own, "--key", str(foreign), "--rule", str(rule))
        with pytest.raises(CommandError, match=r"没有 rule\.json"):
            self.opened(*own, "--key", str(key))
