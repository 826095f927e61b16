"""The ceremony by liancha-draw/1: commitments, rule, reveals, public value, lock, void."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from liancha.draw import actions, beacons, frames, jobs, rules, transcripts
from liancha.draw.actions import BeaconSpec, PartySpec
from liancha.draw.models import Draw, DrawnTarget, Party, Transcript
from liancha.ledger.models import Entry, Seal
from liancha.plan.models import PlanLine
from liancha.rulebook import protocol, reading, sampling
from liancha.rulebook.lifecycles import DrawState, TaskState
from liancha.rulebook.verdicts import Blocked, NeedsReason
from liancha.task.models import Task
from tests.people import NOON
from tests.rooms import draw_world as w

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20


@pytest.fixture
def world() -> w.World:
    return w.make_world()


def kinds(draw: Draw) -> list[str]:
    return list(Entry.objects.of_draw(draw.number).order_by("index").values_list("kind", flat=True))


def body(draw: Draw, kind: str) -> dict[str, object]:
    return json.loads(Entry.objects.of_draw(draw.number).filter(kind=kind).latest("index").body)


class TestWholeCeremony:
    def test_each_step_stands_in_the_ledger_in_order(self, world):
        draw = w.locked(world)
        assert kinds(draw) == [
            *("freeze", "open", "commit", "commit", "commit", "rule"),
            *("reveal", "reveal", "reveal", "close", "beacon", "draw"),
        ]

    def test_what_comes_out_is_the_protocols(self, world):
        draw = w.locked(world)

        rule = reading.read_rule(draw.rule.text)
        nonces = [w.nonce(party) for party in draw.parties.all()]
        seed = protocol.seed(rule.digest, nonces, w.LOTTERY_VALUE)
        lines = frames.lines_of(frames.frame_of(draw))
        drawing = sampling.draw_targets(lines, rule.strata, seed)

        assert draw.seed == seed
        assert transcripts.drawn_lines(draw) == list(drawing.lines)
        assert draw.drawn.count() == draw.quota == 7
        assert transcripts.read(draw).digest == draw.transcript.digest
        assert body(draw, "draw")["transcript"] == draw.transcript.digest

    def test_the_same_frame_and_seed_give_the_same_list_again(self, world):
        draw = w.locked(world)
        assert frames.checked_for_lock(draw).outcome.drawing == frames.outcome(draw).drawing

    def test_the_list_is_sealed_and_the_task_goes_on(self, world):
        draw = w.locked(world)
        world.task.refresh_from_db()
        assert Seal.objects.filter(subject=f"draw:{draw.pk}").exists()
        assert world.task.state == TaskState.TARGETS_DRAWN
        assert (draw.locked_by, draw.locked_at) == (world.cast.shen, w.DUE)


class TestOpeningTheRule:
    def test_a_public_value_is_always_named(self, world):
        draw = w.freeze(world)
        with pytest.raises(Blocked, match="至少要有 8 位"):
            w.open_rule(world, draw, beacon=BeaconSpec("某值", "0000", w.DUE))
        with pytest.raises(Blocked, match="已经过去"):
            w.open_rule(world, draw, beacon=BeaconSpec("某值", "00000000", NOON))
        far = BeaconSpec("某值", "00000000", NOON + timedelta(days=40))
        with pytest.raises(Blocked, match="核对日期"):
            w.open_rule(world, draw, beacon=far)
        with pytest.raises(Blocked, match="不能为空"):
            w.open_rule(world, draw, beacon=BeaconSpec(" ", "00000000", w.DUE))

    def test_one_party_is_enough_with_a_public_value(self, world):
        draw = w.open_rule(world, w.freeze(world), witness=False)
        assert draw.parties.count() == 1

    def test_the_first_party_is_the_operator(self, world):
        other = world.department("WJ")
        with pytest.raises(Blocked, match="第一方应是洛阳市公安局"):
            actions.open_rule(
                draw=w.freeze(world),
                parties=[PartySpec(other.name, other)],
                beacon=w.LOTTERY,
                by=world.cast.shen,
                at=NOON,
            )

    def test_a_department_that_does_not_take_part_is_no_party(self, world):
        with pytest.raises(Blocked, match="不是本任务的参与部门"):
            w.open_rule(world, w.freeze(world), "SF")

    def test_a_witness_must_be_able_to_act(self, world):
        own = world.department("GA")
        spec = [PartySpec(own.name, own), PartySpec("程以宁", user=world.cast.cheng)]
        with pytest.raises(Blocked, match="没有参加摇号的权限"):
            actions.open_rule(
                draw=w.freeze(world), parties=spec, beacon=w.LOTTERY, by=world.cast.shen, at=NOON
            )

    def test_names_differ(self, world):
        own = world.department("GA")
        spec = [PartySpec(own.name, own), PartySpec(f" {own.name}", user=world.cast.qin)]
        with pytest.raises(Blocked, match="不能相同"):
            actions.open_rule(
                draw=w.freeze(world), parties=spec, beacon=w.LOTTERY, by=world.cast.shen, at=NOON
            )

    def test_it_may_be_agreed_anew_until_it_is_logged(self, world):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        w.commit(world, draw, but=0)
        w.open_rule(world, draw, "XF", witness=False)

        assert [p.name for p in draw.parties.all()] == ["洛阳市公安局", "洛阳市消防救援支队"]
        w.commit(world, draw)
        with pytest.raises(Blocked, match="不能直接变为"):
            w.open_rule(world, draw, "WJ")

    def test_a_plan_line_has_one_open_rule_at_a_time(self, world):
        w.open_rule(world, w.freeze(world), "WJ")
        second = Task.objects.get(pk=world.task.pk)
        second.pk, second.number, second.state = None, "41030020261116-2", "scheme_approved"
        second.save()
        for part in world.task.participations.all():
            part.pk, part.task = None, second
            part.save()
        draw = w.freeze(world, second)

        with pytest.raises(Blocked, match="1号-1还没有抽完"):
            w.open_rule(world, draw, "WJ")

    def test_only_the_operators_department(self, world):
        draw = w.freeze(world)
        own = world.department("GA")
        with pytest.raises(Blocked, match="只能由洛阳市公安局"):
            actions.open_rule(
                draw=draw, parties=[PartySpec(own.name, own)], beacon=w.LOTTERY,
                by=world.cast.lu, at=NOON,
            )  # fmt: skip


class TestCommitments:
    def test_nobody_speaks_for_another(self, world):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        party = draw.parties.first()
        with pytest.raises(Blocked, match="不能代交"):
            actions.commit(party=party, commitment="a" * 64, by=world.cast.lu, at=NOON)
        witness = draw.parties.last()
        with pytest.raises(Blocked, match="不能代交"):
            actions.commit(party=witness, commitment="a" * 64, by=world.cast.shen, at=NOON)

    @pytest.mark.parametrize("wrong", ["", "a" * 63, "A" * 64, "g" * 64, "a" * 65])
    def test_a_commitment_is_64_hex_digits(self, world, wrong):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        with pytest.raises(Blocked, match="64 位"):
            actions.commit(
                party=draw.parties.first(), commitment=wrong, by=world.cast.shen, at=NOON
            )

    def test_two_parties_may_not_hand_in_the_same(self, world):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        first, second, _ = draw.parties.all()
        actions.commit(party=first, commitment="a" * 64, by=world.cast.shen, at=NOON)
        with pytest.raises(Blocked, match="相同"):
            actions.commit(party=second, commitment="a" * 64, by=world.cast.lu, at=NOON)

    def test_it_may_be_replaced_while_others_are_awaited(self, world):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        party = draw.parties.first()
        actions.commit(party=party, commitment="a" * 64, by=world.cast.shen, at=NOON)
        actions.commit(party=party, commitment="b" * 64, by=world.cast.shen, at=NOON)
        party.refresh_from_db()
        assert party.commitment == "b" * 64
        assert kinds(draw).count("commit") == 2

    def test_the_last_one_logs_the_rule_with_all_of_them(self, world):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        w.commit(world, draw, but=2)
        draw.refresh_from_db()
        assert draw.state == DrawState.COMMITTING

        w.commit(world, draw)

        draw.refresh_from_db()
        rule = reading.read_rule(draw.rule.text)
        assert draw.state == DrawState.RULE_LOGGED
        assert [p.commitment for p in rule.parties] == [p.commitment for p in draw.parties.all()]
        assert body(draw, "rule")["rule_digest"] == draw.rule.digest == rule.digest

    def test_too_late_is_too_late(self, world):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        with pytest.raises(Blocked, match="重新约定"):
            w.commit(world, draw, at=w.DUE)


class TestReveals:
    @pytest.fixture
    def draw(self, world) -> Draw:
        draw = w.open_rule(world, w.freeze(world), "WJ")
        w.commit(world, draw)
        draw.refresh_from_db()
        return draw

    def test_a_wrong_number_is_refused_and_may_be_corrected(self, world, draw):
        party = draw.parties.first()
        with pytest.raises(Blocked, match="与洛阳市公安局的承诺不符"):
            actions.reveal(party=party, nonce="f" * 64, by=world.cast.shen, at=NOON)
        actions.reveal(party=party, nonce=w.nonce(party), by=world.cast.shen, at=NOON)
        party.refresh_from_db()
        assert party.revealed_at == NOON
        with pytest.raises(Blocked, match="已经揭示"):
            actions.reveal(party=party, nonce=w.nonce(party), by=world.cast.shen, at=NOON)

    def test_the_last_one_closes(self, world, draw):
        w.reveal(world, draw)
        draw.refresh_from_db()
        assert draw.state == DrawState.CLOSED
        assert body(draw, "close")["missing"] == []

    def test_who_is_missing_is_on_record_and_the_draw_goes_on(self, world, draw):
        w.reveal(world, draw, but=2)
        actions.close(draw=draw, by=world.cast.shen, at=NOON)
        assert body(draw, "close")["missing"] == [w.WITNESS]

        actions.enter_beacon(
            draw=draw, value=w.LOTTERY_VALUE, evidence="公告", by=world.cast.shen, at=w.DUE
        )
        draw = actions.lock(draw=draw, by=world.cast.shen, at=w.DUE)

        transcript = transcripts.read(draw)
        assert transcript.nonces[2] is None
        assert transcript.missing == [w.WITNESS]

    def test_with_nobody_there_is_nothing_to_close(self, world, draw):
        with pytest.raises(Blocked, match="没有一方揭示"):
            actions.close(draw=draw, by=world.cast.shen, at=NOON)

    def test_only_the_operator_closes_early(self, world, draw):
        w.reveal(world, draw, but=0)
        with pytest.raises(Blocked, match="只能由洛阳市公安局"):
            actions.close(draw=draw, by=world.cast.lu, at=NOON)

    def test_nothing_is_revealed_once_chance_has_spoken(self, world, draw):
        with pytest.raises(Blocked, match="作废"):
            w.reveal(world, draw, at=w.DUE)
        w.reveal(world, draw, but=0)
        with pytest.raises(Blocked, match="来不及"):
            actions.close(draw=draw, by=world.cast.shen, at=w.DUE)

    def test_the_clock_closes_in_time(self, world, draw, time_machine):
        w.reveal(world, draw, but=1)
        time_machine.move_to(w.DUE - timedelta(minutes=1))
        jobs.close_reveals(draw.pk)
        jobs.close_reveals(draw.pk)

        draw.refresh_from_db()
        assert draw.state == DrawState.CLOSED
        assert body(draw, "close")["by"] == "system"
        assert kinds(draw).count("close") == 1

    def test_the_clock_closes_nothing_that_nobody_began(self, world, draw, time_machine):
        time_machine.move_to(w.DUE - timedelta(minutes=1))
        jobs.close_reveals(draw.pk)
        draw.refresh_from_db()
        assert draw.state == DrawState.RULE_LOGGED


class TestPublicValue:
    def enter(self, world, draw: Draw, value: str = w.LOTTERY_VALUE, **more: object) -> Draw:
        given = {"evidence": "公告", "at": w.DUE} | more
        return actions.enter_beacon(draw=draw, value=value, by=world.cast.shen, **given)

    def test_not_before_it_exists(self, world):
        with pytest.raises(Blocked, match="还没有到公布时间"):
            self.enter(world, w.closed(world), at=w.DUE - timedelta(seconds=1))

    @pytest.mark.parametrize(
        ("value", "word"),
        [
            ("03 08 15 19 26 33 07", "等长"),
            ("03 08 15 19 26 33 - 07", "照写"),
            ("03 08 15 19 26 xx + 07", "阿拉伯数字"),
            ("33 08 15 19 26 03 + 07", "从小到大"),
            ("03 03 15 19 26 33 + 07", "互不相同"),
            ("03 08 15 19 26 34 + 07", "01 到 33"),
            ("00 08 15 19 26 33 + 07", "01 到 33"),
            ("03 08 15 19 26 33 + 17", "01 到 16"),
        ],
    )
    def test_it_is_one_the_source_can_show(self, world, value, word):
        with pytest.raises(Blocked, match=word):
            self.enter(world, w.closed(world), value)

    def test_dice_have_six_faces(self):
        dice = beacons.DICE
        assert beacons.odd_value(dice.form, dice.source(), "3 5 1 6 2 2 4 6 1 5") == ""
        assert "1 到 6" in beacons.odd_value(dice.form, dice.source(), "3 5 1 7 2 2 4 6 1 5")

    def test_it_needs_a_source_or_a_picture(self, world):
        draw = w.closed(world)
        with pytest.raises(Blocked, match="出处"):
            self.enter(world, draw, evidence=" ")
        picture = SimpleUploadedFile("骰子.png", PNG)

        self.enter(world, draw, evidence="", picture=picture)

        draw.refresh_from_db()
        assert Path(draw.picture.path).read_bytes() == PNG
        assert len(str(body(draw, "beacon")["picture"])) == 64

    def test_a_correction_has_a_reason_and_both_stay(self, world):
        draw = w.computed(world)
        with pytest.raises(NeedsReason, match="03 08"):
            self.enter(world, draw, "03 08 15 19 26 32 + 07")
        self.enter(world, draw, "03 08 15 19 26 32 + 07", reason="第六个红球看错")

        draw.refresh_from_db()
        assert draw.beacon_value == "03 08 15 19 26 32 + 07"
        assert kinds(draw).count("beacon") == 2
        assert body(draw, "beacon")["reason"] == "第六个红球看错"

    def test_not_while_reveals_are_open(self, world):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        w.commit(world, draw)
        with pytest.raises(Blocked, match="还没有截止"):
            self.enter(world, draw)

    def test_the_next_lottery_is_a_tuesday_thursday_or_sunday_evening(self):
        monday = NOON
        assert beacons.next_lottery(monday).isoformat() == "2026-11-24T21:15:00+08:00"
        late = monday.replace(day=24, hour=20, minute=30)
        assert beacons.next_lottery(late).isoformat() == "2026-11-26T21:15:00+08:00"


class TestLock:
    def test_once(self, world):
        draw = w.locked(world)
        with pytest.raises(Blocked, match="已锁定") as refusal:
            actions.lock(draw=draw, by=world.cast.shen, at=w.DUE)
        assert refusal.value.article == "19"
        assert (DrawnTarget.objects.count(), Transcript.objects.count()) == (7, 1)

    def test_not_without_the_public_value(self, world):
        draw = w.closed(world)
        with pytest.raises(Blocked, match="没有录入公开随机值"):
            actions.lock(draw=draw, by=world.cast.shen, at=w.DUE)
        draw.refresh_from_db()
        assert draw.state == DrawState.CLOSED

    def test_only_the_operators_department(self, world):
        with pytest.raises(Blocked, match="只能由"):
            actions.lock(draw=w.computed(world), by=world.cast.lu, at=w.DUE)

    def test_rows_that_were_planted_before_the_lock_stop_it(self, world):
        draw = w.computed(world)
        candidate = w.planted(draw)
        DrawnTarget.objects.create(
            draw=draw, candidate=candidate, target_id=candidate.target_id, stratum="A",
            place=1, ticket="0" * 64,
        )  # fmt: skip
        with pytest.raises(Blocked, match="不是本次抽取写入"):
            actions.lock(draw=draw, by=world.cast.shen, at=w.DUE)

    def test_a_changed_value_in_the_row_is_found(self, world):
        draw = w.computed(world)
        Draw.objects.filter(pk=draw.pk).update(beacon_value="03 08 15 19 26 33 + 99")
        with pytest.raises(Blocked, match="蓝球"):
            actions.lock(draw=draw, by=world.cast.shen, at=w.DUE)

    def test_a_changed_nonce_in_the_row_is_found(self, world):
        draw = w.computed(world)
        Party.objects.filter(draw=draw, position=0).update(nonce="0" * 64)
        with pytest.raises(Blocked, match="对不上"):
            actions.lock(draw=draw, by=world.cast.shen, at=w.DUE)
        assert not DrawnTarget.objects.exists()

    def test_strata_changed_in_the_row_change_nothing(self, world):
        draw = w.computed(world)
        Draw.objects.filter(pk=draw.pk).update(strata=[])
        actions.lock(draw=draw, by=world.cast.shen, at=w.DUE)
        assert draw.drawn.count() == 7

    def test_there_is_one_locked_draw_a_task(self, world):
        draw = w.locked(world)
        with pytest.raises(IntegrityError), transaction.atomic():
            Draw.objects.create(
                task=draw.task, kind=draw.kind, department=draw.department, year=2026, serial=99,
                number="x", state=DrawState.LOCKED, secret="0" * 64, frozen_at=NOON,
                frozen_by=world.cast.shen, locked_at=NOON, locked_by=world.cast.shen,
            )  # fmt: skip

    def test_a_frame_that_is_not_the_frozen_one_stops_it(self, world, monkeypatch):
        draw = w.computed(world)
        real = frames.frame_of(draw)
        monkeypatch.setattr(frames, "frame_of", lambda _: real.split(b"\n", 1)[1])
        with pytest.raises(Blocked, match="与冻结时存证的不一致"):
            actions.lock(draw=draw, by=world.cast.shen, at=w.DUE)

    def test_every_ticket_is_computed_again(self, world, monkeypatch):
        draw = w.computed(world)
        checked = []
        monkeypatch.setattr(
            sampling, "check_drawing", lambda lines, drawing, seed: checked.append(len(lines))
        )
        actions.lock(draw=draw, by=world.cast.shen, at=w.DUE)
        assert checked == [76]


def test_the_rule_in_the_log_is_what_counts_not_the_rows(world):
    draw = w.closed(world)
    Draw.objects.filter(pk=draw.pk).update(beacon_source="别的来源", frame_root="0" * 64)
    Party.objects.filter(draw=draw, position=1).update(name="别的一方")
    draw.refresh_from_db()
    assert rules.logged(draw).beacon.source == w.LOTTERY.source
    assert [p.name for p in rules.logged(draw).parties][1] == "洛阳市卫生健康委员会"


def test_a_line_keeps_its_rates_while_its_draw_is_open(world):
    """Rates changed after the freeze do not reach the frozen draw."""
    draw = w.freeze(world)
    PlanLine.objects.get(pk=world.task.line_id).rates.update(ratio="1/1")
    w.open_rule(world, draw, "WJ")
    w.commit(world, draw)
    assert [s.ratio for s in rules.logged(draw).strata] == [ratio for _, ratio in w.RATES]
