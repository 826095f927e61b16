"""What of the log is open to whom, and what a ceremony shows and asks of its witnesses."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from liancha.draw import actions as draws
from liancha.draw import bundles, standing
from liancha.ledger import actions as ledger
from liancha.ledger import publishing, trees
from liancha.ledger.models import Checkpoint, Cosignature, Entry
from liancha.rulebook import notes, publiclog, signing, tree, verify
from liancha.rulebook.notes import Note
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON
from tests.rooms import draw_world as w

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def key(settings, tmp_path):
    settings.LIANCHA_LOG_KEY = str(tmp_path / "log_key")
    return publishing.new_key()


@pytest.fixture
def witness(settings):
    made = signing.new_signer("公证处", notes.WITNESS)
    settings.LIANCHA_LOG_WITNESSES = [str(made.key)]
    return made


@pytest.fixture
def world():
    return w.make_world()


def write(count: int) -> None:
    for n in range(count):
        ledger.append("test.write", by="somebody", at=NOON, n=n)


def signed(at=NOON) -> Checkpoint:
    made = publishing.make_checkpoint(at=at)
    assert made is not None
    return made


def cosign(witness, made: Checkpoint, at) -> Cosignature:
    line = witness.cosign(made.text, int(at.timestamp()))
    (row,) = publishing.add_cosignatures(note=Note(made.text, (line,)), at=at)
    return row


class TestCeremony:
    @pytest.fixture(autouse=True)
    def _waits(self, settings, witness):
        settings.LIANCHA_LOG_WAIT = True

    def test_reveals_wait_for_a_witness(self, world, witness):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        w.commit(world, draw)
        with pytest.raises(Blocked, match="没有见证方联签"):
            w.reveal(world, draw)
        cosign(witness, signed(), NOON)
        w.reveal(world, draw)
        now = standing.standing(type(draw).objects.get(pk=draw.pk), world.cast.shen, NOON)
        assert now.rule is not None
        assert [line.witness for line in now.rule.cosigned] == ["公证处"]

    def test_a_cosignature_after_the_first_reveal_does_not_vouch_for_the_rule(
        self, world, witness, settings
    ):
        settings.LIANCHA_LOG_WAIT = False
        draw = w.open_rule(world, w.freeze(world), "WJ")
        w.commit(world, draw)
        made = signed()
        w.reveal(world, draw)
        cosign(witness, made, NOON + timedelta(seconds=4))
        client = w.as_(world, "shen")
        page = w.text(client.get(w.url("draw", draw.pk)))
        assert "已开始揭示，不能证明规则在先" in page
        assert "公证处联签" not in w.text(client.get(w.url("hall", draw.pk)))

    def test_the_page_shows_it_and_changes_when_a_cosignature_comes(self, world, witness):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        w.commit(world, draw)
        client = w.as_(world, "shen")
        page = w.text(client.get(w.url("draw", draw.pk)))
        assert "等见证方联签，联签后各方才能揭示" in page
        before = standing.standing(draw, world.cast.shen, NOON).mark
        made = signed()
        cosign(witness, made, NOON)
        assert standing.standing(draw, world.cast.shen, NOON).mark != before
        page = w.text(client.get(w.url("draw", draw.pk)))
        assert "公证处联签" in page
        assert f"检查点 {made.size}" in page

    def test_going_on_is_a_form_on_the_page_once_it_is_time(self, world):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        w.commit(world, draw)
        client, address = w.as_(world, "shen"), w.url("go_on", draw.pk)
        with time_machine.travel(NOON + timedelta(minutes=11), tick=False):
            assert address in client.get(w.url("draw", draw.pk)).content.decode()
            assert client.post(address, {"reason": "见证方断网"}).status_code == 302
            assert address not in client.get(w.url("draw", draw.pk)).content.decode()

    def test_the_operator_may_go_on_after_a_while_with_a_reason(self, world):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        w.commit(world, draw)
        late = NOON + timedelta(minutes=11)
        by = world.cast.shen
        with pytest.raises(Blocked, match="还没有到时间"):
            draws.go_on_uncosigned(draw=draw, reason="见证方断网", by=by, at=NOON)
        with pytest.raises(Blocked, match="写明为什么"):
            draws.go_on_uncosigned(draw=draw, reason=" ", by=by, at=late)
        draws.go_on_uncosigned(draw=draw, reason="见证方断网", by=by, at=late)
        w.reveal(world, draw, at=late)
        assert "见证方断网" in Entry.objects.get(what="draw.go_on_uncosigned").body

    def test_log_json_proves_rule_and_close_by_cosigned_checkpoints(self, world, witness):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        w.commit(world, draw)
        cosign(witness, signed(), NOON)
        w.reveal(world, draw, at=NOON + timedelta(minutes=1))
        signed()
        ledger.append("test.between", by="somebody", at=NOON)
        cosign(witness, signed(), NOON + timedelta(minutes=2))
        draws.enter_beacon(
            draw=draw, value=w.LOTTERY_VALUE, evidence="公告", by=world.cast.shen, at=w.DUE
        )
        draw = draws.lock(draw=draw, by=world.cast.shen, at=w.DUE)
        cosign(witness, signed(w.DUE), w.DUE)

        log = publiclog.read_log(bundles.log_file(draw))
        assert publiclog.tree_problems(log) == []
        assert [len(one.signatures) for one in log.checkpoints] == [2, 2, 2]
        assert publiclog.late_cosigning(log, w.DUE) == []
        files = {name: build() for name, build in bundles.builders(draw).items()}
        report = verify.check(files)
        assert report.is_good, report.findings

    def test_a_cosignature_after_the_value_was_due_proves_no_close(self, world, witness):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        w.commit(world, draw)
        cosign(witness, signed(), NOON)
        w.reveal(world, draw, at=NOON + timedelta(minutes=1))
        cosign(witness, signed(), w.DUE + timedelta(seconds=1))
        draws.enter_beacon(
            draw=draw, value=w.LOTTERY_VALUE, evidence="公告", by=world.cast.shen, at=w.DUE
        )
        draw = draws.lock(draw=draw, by=world.cast.shen, at=w.DUE)
        log = publiclog.read_log(bundles.log_file(draw))
        close = log.checkpoint_of("close")
        assert close is not None
        assert len(close.signatures) == 1
        assert close.cosigned_at() == []


class TestPages:
    def get(self, path: str, status: int = 200):
        answer = Client().get(path, headers={"accept": "application/json"})
        assert answer.status_code == status, answer.content.decode()
        return answer

    def test_checkpoints_proofs_and_keys(self, key, witness):
        write(9)
        first = signed()
        cosign(witness, first, NOON)
        write(4)
        last = signed()
        assert self.get("/log/checkpoint").content.decode() == last.note
        assert self.get("/log/cosigned").content.decode() == first.note
        assert self.get("/log/checkpoints/9").content.decode() == first.note
        said = self.get("/log/proofs/consistency/?first=9&second=13").json()
        path = [bytes.fromhex(node) for node in said["path"]]
        root, new = bytes.fromhex(first.root), bytes.fromhex(last.root)
        assert tree.extends(9, root, 13, new, path)
        said = self.get("/log/proofs/inclusion/?index=4&size=13").json()
        leaf = self.get("/log/entries/4").json()
        assert leaf["leaf"] is None
        path = [bytes.fromhex(node) for node in said["path"]]
        assert tree.includes(new, 13, 4, bytes.fromhex(leaf["leaf_hash"]), path)
        said = self.get("/log/keys.json").json()
        assert said["keys"] == [{"key": str(key.key), "from": 0, "to": None, "statement": ""}]
        assert said["witnesses"] == [str(witness.key)]

    @pytest.mark.parametrize(
        ("path", "status", "words"),
        [
            ("/log/proofs/inclusion/?index=9&size=9", 400, "应小于大小 9"),
            ("/log/proofs/inclusion/?index=x&size=9", 400, "参数 index"),
            ("/log/proofs/inclusion/?index=1", 400, "参数 size"),
            ("/log/proofs/inclusion/?index=1&size=10", 400, "最近检查点的 9"),
            ("/log/proofs/consistency/?first=0&second=9", 400, "first 应在"),
            ("/log/proofs/consistency/?first=7&second=6", 400, "first 应在"),
            ("/log/proofs/consistency/?first=07&second=9", 400, "参数 first"),
            ("/log/checkpoints/8", 404, "没有大小为 8"),
            ("/log/checkpoints/99999999999999999999999999", 404, "没有大小为"),
            ("/log/entries/9", 404, "没有第 9 条"),
            ("/log/entries/99999999999999999999999999", 404, "没有第"),
            ("/log/cosigned", 404, "没有见证方联签"),
        ],
    )
    def test_a_question_without_an_answer_is_told_so(self, path, status, words):
        write(9)
        signed()
        write(3)
        assert words in self.get(path, status).json()["message"]

    def test_before_the_first_checkpoint(self):
        assert "还没有检查点" in self.get("/log/checkpoint", 404).json()["message"]
        assert "还没有检查点" in Client().get("/log/").content.decode()

    def test_a_witness_hands_in_its_line_and_a_stranger_cannot(self, witness):
        write(2)
        made = signed()
        from django.utils import timezone

        now = int(timezone.now().timestamp())
        client = Client(enforce_csrf_checks=True)

        def hand_in(signer):
            note = Note(made.text, (signer.cosign(made.text, now),))
            return client.post("/log/cosignatures/", str(note), content_type="text/plain")

        assert hand_in(signing.new_signer("x", notes.WITNESS)).status_code == 403
        assert hand_in(witness).status_code == 201
        assert client.post("/log/cosignatures/", "x", content_type="text/plain").status_code == 403
        big = client.post("/log/cosignatures/", "x" * 70_000, content_type="text/plain")
        assert big.status_code == 413
        assert client.get("/log/cosignatures/").status_code == 405
        page = Client().get("/log/").content.decode()
        assert "公证处" in page

    def test_only_rule_and_void_are_read_before_the_transcript_is_public(self, world):
        draw = w.closed(world)
        signed()
        shown = {}
        for entry in Entry.objects.of_draw(draw.number):
            shown[entry.kind] = self.get(f"/log/entries/{entry.index}").json()["leaf"]
        assert shown.pop("rule") is not None
        assert set(shown) >= {"freeze", "commit", "reveal", "close"}
        assert set(shown.values()) == {None}
        assert self.get("/log/draws.json").json() == {"draws": []}

    def test_after_the_lock_the_entries_of_the_transcript_are(self, world):
        draw = w.dispatched(world)
        signed()
        shown = {}
        for entry in Entry.objects.of_draw(draw.number):
            shown[entry.kind] = self.get(f"/log/entries/{entry.index}").json()["leaf"]
        is_open = {kind for kind, leaf in shown.items() if leaf is not None}
        assert is_open == {"freeze", "rule", "close", "draw"}
        (listed,) = self.get("/log/draws.json").json()["draws"]
        assert listed["draw"] == draw.number
        assert self.get(listed["log"]).content == bundles.log_file(draw)

    def test_the_tree_tells_nothing_of_who_was_drawn(self, world):
        """Two ledgers of one story have the same sizes; leaf hashes are salted at random."""
        draw = w.dispatched(world)
        signed()
        again = {trees.leaf_of(entry) for entry in Entry.objects.all()}
        assert len(again) == Entry.objects.count()
        codes = [drawn.candidate.code for drawn in draw.drawn.select_related("candidate")]
        said = "".join(
            self.get(path).content.decode()
            for path in ("/log/checkpoint", "/log/keys.json", "/log/draws.json", "/log/")
        )
        assert [code for code in codes if code in said] == []
