"""The files of a draw: what they say, that the verifier agrees, and who may have them when."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from liancha.draw import actions, bundles, frozen, queries
from liancha.draw.models import Draw
from liancha.draw.scenes import Scene
from liancha.ledger import actions as ledger
from liancha.ledger.models import Entry
from liancha.rulebook import verify
from liancha.rulebook.findings import Level
from liancha.task.models import Task
from tests.people import NOON
from tests.rooms import draw_world as w

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def world() -> w.World:
    return w.make_world()


def files_of(draw: Draw, *, public: bool = False) -> dict[str, bytes]:
    return {
        name: build()
        for name, build in bundles.builders(draw).items()
        if not public or queries.is_public(draw, name, NOON)
    }


def complete(world: w.World) -> None:
    Task.objects.filter(pk=world.task.pk).update(state="completed")


def fresh(draw: Draw) -> Draw:
    return Draw.objects.select_related("task").get(pk=draw.pk)


class TestVerified:
    def test_everything_is_accepted_at_every_level(self, world):
        draw = w.locked(world)
        files = files_of(draw) | {
            "firm-drawn.json": bundles.firm_file(draw, draw.drawn.first().candidate.code),
            "firm-not.json": bundles.firm_file(draw, w.not_drawn(draw)[0].code),
        }
        report = verify.check(files)
        assert report.is_good, report.findings
        assert set(report.levels) == {Level.FULL, Level.TRANSCRIPT, Level.LOG, Level.FIRM}

    def test_before_opening_the_public_checks_transcript_and_log(self, world):
        draw = fresh(w.locked(world))
        files = files_of(draw, public=True)
        assert set(files) == {"transcript.json", "log.json"}
        report = verify.check(files)
        assert report.is_good, report.findings
        assert set(report.levels) == {Level.TRANSCRIPT, Level.LOG}

    def test_by_the_command_anybody_can_run(self, world, tmp_path):
        draw = w.locked(world)
        call_command("draw", "bundle", draw.number, str(tmp_path), verbosity=0)
        run = subprocess.run(
            [sys.executable, "-S", "-m", "liancha.rulebook.verify", str(tmp_path)],
            cwd=ROOT, capture_output=True, text=True, check=False, env={"PYTHONUTF8": "1"},
        )  # fmt: skip
        assert run.returncode == 0, run.stdout + run.stderr

    def test_one_changed_byte_is_found(self, world):
        draw = w.locked(world)
        files = files_of(draw)
        data = bytearray(files["frame.tsv"])
        data[-2] = ord("0") if data[-2] != ord("0") else ord("1")
        assert not verify.check(files | {"frame.tsv": bytes(data)}).is_good

    def test_a_missing_party_and_later_entries_change_nothing(self, world):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        w.commit(world, draw)
        w.reveal(world, draw, but=1)
        actions.close(draw=draw, by=world.cast.shen, at=NOON)
        actions.enter_beacon(
            draw=draw, value=w.LOTTERY_VALUE, evidence="公告", by=world.cast.shen, at=w.DUE
        )
        draw = actions.lock(draw=draw, by=world.cast.shen, at=w.DUE)
        before = bundles.log_file(draw)
        for n in range(5):
            ledger.append("test.later", by="somebody", at=w.DUE, n=n)

        assert bundles.log_file(draw) == before
        assert verify.check(files_of(draw)).is_good

    def test_open_strata_by_district(self):
        world = w.make_world(
            stratify="region", rates=[(r, "1/10") for r in w.REGIONS], confidential=False
        )
        assert verify.check(files_of(w.locked(world))).is_good

    def test_inspectors_with_the_target_draw_beside(self, world):
        of = w.dispatched(world)
        draw = w.draw_inspectors(world, "GA")
        files = files_of(draw)
        assert set(files) == {
            *("transcript.json", "log.json", "roster.tsv", "needs.tsv", "eligible.tsv")
        }
        report = verify.check(files, earlier=[files_of(of)])
        assert report.is_good, report.findings
        assert {Level.FULL, Level.TRANSCRIPT, Level.LOG} <= set(report.levels)

    def test_a_void_draw_that_was_computed(self, world):
        draw = w.closed(world)
        actions.ask_void(draw=draw, cause="technical", reason="停电", by=world.cast.shen, at=NOON)
        actions.void(draw=draw, by=world.cast.cheng, at=NOON)
        actions.enter_beacon(
            draw=draw, value=w.LOTTERY_VALUE, evidence="公告", by=world.cast.shen, at=w.DUE
        )
        actions.compute_void(draw=draw, by=world.cast.shen, at=w.DUE)
        report = verify.check(files_of(fresh(draw), public=True))
        assert report.is_good, report.findings


class TestLog:
    def test_rule_and_close_are_proven_before_what_follows(self, world):
        draw = w.locked(world)
        log = json.loads(bundles.log_file(draw))
        index = {json.loads(e["leaf"].split("\t")[1])["kind"]: e["index"] for e in log["entries"]}
        sizes = [c["size"] for c in log["checkpoints"]]
        assert sizes == [index["rule"] + 1, index["close"] + 1, index["draw"] + 1]
        assert list(index) == ["freeze", "rule", "close", "draw"]

    def test_the_tree_follows_a_ledger_that_grows(self, world):
        first = w.locked(world)
        one = bundles.log_file(first)
        ledger.append("test.more", by="somebody", at=NOON)
        assert bundles.log_file(first) == one

    def test_no_entry_names_a_candidate_or_a_secret(self, world):
        draw = w.locked(world)
        codes = [line.code for line in frozen.lines(draw)]
        for entry in Entry.objects.of_draw(draw.number):
            assert not [code for code in codes if code in entry.body]
            assert draw.secret not in entry.body


class TestOpenness:
    """Draw protocol §6, A23, A33: what is public when."""

    def opened(self, draw: Draw, at=NOON) -> set[str]:
        found = queries.openness(fresh(draw), at)
        return {name for name in ("rule", "transcript", "codes", "lists", "inputs", "firms")
                if getattr(found, name)}  # fmt: skip

    def test_step_by_step(self, world):
        draw = w.freeze(world)
        assert self.opened(draw) == set()
        w.commit(world, w.open_rule(world, draw, "WJ"))
        assert self.opened(draw) == {"rule"}
        w.reveal(world, draw)
        actions.enter_beacon(
            draw=draw, value=w.LOTTERY_VALUE, evidence="公告", by=world.cast.shen, at=w.DUE
        )
        assert self.opened(draw) == {"rule"}
        actions.lock(draw=draw, by=world.cast.shen, at=w.DUE)
        assert self.opened(draw) == {"rule", "transcript"}

    def test_confidential_lists_never_open_only_codes_do(self, world):
        draw = w.locked(world)
        complete(world)
        assert self.opened(draw) == {"rule", "transcript", "codes", "firms"}
        assert set(files_of(fresh(draw), public=True)) == {
            *("transcript.json", "log.json", "codes.txt")
        }

    def test_confidential_lists_are_for_parties_witnesses_and_auditors_alone(self, world):
        draw = w.locked(world)
        people = world.cast.user
        for name in ("frame.tsv", "drawn.tsv"):
            have = {each for each in people if queries.may_have(draw, name, people[each], NOON)}
            assert have == {"shen", "cheng", "lu", "gu", "qin", "xu"}, name
        assert queries.may_have(draw, "transcript.json", people["pei"], NOON)

    def test_open_strata_open_after_the_last_visit(self):
        world = w.make_world(confidential=False)
        draw = w.locked(world)
        assert self.opened(draw) == {"rule", "transcript"}
        complete(world)
        assert self.opened(draw) == {"rule", "transcript", "codes", "lists", "firms"}
        assert Scene(
            fresh(draw), world.cast.huo, NOON, sees_names=True
        ).sees_lists  # as anybody may

    def test_or_on_the_day_of_the_scheme(self):
        world = w.make_world(confidential=False)
        draw = w.locked(world)
        Task.objects.update(lists_open_on=date(2026, 12, 20))
        day = NOON.replace(month=12, day=19, hour=23, minute=59)
        assert "lists" not in self.opened(draw, day)
        assert "lists" in self.opened(draw, day + timedelta(minutes=1))

    def test_who_goes_where_waits_for_the_last_visit_whatever_the_day(self, world):
        w.dispatched(world)
        draw = w.draw_inspectors(world, "WJ")
        Task.objects.update(lists_open_on=NOON.date())
        assert self.opened(draw) == set()
        complete(world)
        assert self.opened(draw) == {"rule", "transcript", "inputs"}

    def test_names_before_that_are_for_participants_parties_and_auditors(self, world):
        draw = w.locked(world)
        see = {name for name in world.cast.user
               if queries.may_see_names(draw, world.cast.user[name])}  # fmt: skip
        assert see == {"shen", "cheng", "lu", "gu", "xiang", "zhou", "pei", "lin", "qin", "xu"}
        assert "huo" not in see

    def test_a_witness_of_another_draw_sees_nothing(self, world):
        draw = w.open_rule(world, w.freeze(world), "WJ", witness=False)
        assert not queries.may_see_names(draw, world.cast.qin)


class TestCommand:
    def test_public_writes_only_what_is_public(self, world, tmp_path, capsys):
        draw = w.locked(world)
        call_command("draw", "bundle", draw.number, str(tmp_path / "p"), "--public")
        assert {p.name for p in (tmp_path / "p").iterdir()} == {"transcript.json", "log.json"}
        assert not Entry.objects.filter(what="draw.read_list").exists()

    def test_reading_a_closed_list_is_on_record(self, world, tmp_path):
        draw = w.locked(world)
        call_command("draw", "bundle", draw.number, str(tmp_path), verbosity=0)
        read = Entry.objects.filter(what="draw.read_list")
        assert {json.loads(e.body)["file"] for e in read} == {
            *("drawn.tsv", "frame.tsv", "codes.txt")
        }

    def test_one_firms_own_answer(self, world, tmp_path):
        draw = w.locked(world)
        code = draw.candidates.first().code
        call_command("draw", "bundle", draw.number, str(tmp_path), "--firm", code, verbosity=0)
        answer = json.loads((tmp_path / "firm.json").read_text())
        assert answer["line"].startswith(f"{code}\t")
        with pytest.raises(CommandError, match="不在这次"):
            call_command("draw", "bundle", draw.number, str(tmp_path), "--firm", "x", verbosity=0)
        with pytest.raises(CommandError, match="检查结束后"):
            call_command(
                "draw", "bundle", draw.number, str(tmp_path), "--public", "--firm", code,
                verbosity=0,
            )  # fmt: skip

    def test_wrong_numbers_and_unlocked_draws(self, world, tmp_path):
        with pytest.raises(CommandError, match="没有编号为"):
            call_command("draw", "bundle", "洛公安抽[2026]1号-1", str(tmp_path))
        draw = w.freeze(world)
        with pytest.raises(CommandError, match="还没有锁定"):
            call_command("draw", "bundle", draw.number, str(tmp_path))
