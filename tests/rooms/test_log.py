"""The ledger signs what it holds, never against what it signed, and tells only what is open."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core import checks
from django.db import IntegrityError, connection, transaction
from django.test import Client

from liancha.ledger import actions as ledger
from liancha.ledger import logkeys, publishing, trees
from liancha.ledger import queries as ledger_queries
from liancha.ledger.models import Checkpoint, Cosignature, Entry, LogKey, Tile
from liancha.openlog import jobs
from liancha.rulebook import notes, signing, tree
from liancha.rulebook.form import Refused
from liancha.rulebook.notes import Note
from liancha.witness import serving
from liancha.witness.fetching import Answered
from liancha.witness.store import Store
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


class TestCheckpoints:
    def test_an_empty_ledger_has_none(self):
        assert publishing.make_checkpoint(at=NOON) is None

    def test_it_is_signed_over_the_entries_and_made_once(self, key):
        write(5)
        made = signed()
        leaves = [f"{e.salt}\t{e.body}".encode() for e in Entry.objects.all()]
        assert made.root == tree.root(leaves).hex()
        note = notes.read_note(made.note)
        assert signing.head_of(note, logkeys.origin(), [key.key]).size == 5
        assert signed() == made
        assert Checkpoint.objects.count() == 1
        assert str(LogKey.objects.get()) == str(key.key)

    def test_tiles_are_stored_once_complete_and_give_the_same_tree(self):
        write(260)
        made = signed()
        assert list(Tile.objects.values_list("level", "place")) == [(0, 0)]
        write(3)
        later = signed()
        whole = tree.Tree(f"{e.salt}\t{e.body}".encode() for e in Entry.objects.all())
        assert (made.root, later.root) == (whole.root(260).hex(), whole.root(263).hex())
        grown = trees.tree(263)
        assert grown.consistency(260) == whole.consistency(260, 263)
        assert grown.inclusion(7) == whole.inclusion(7)

    def test_proofs_and_checkpoints_do_not_read_the_ledger(self, django_assert_max_num_queries):
        write(520)
        signed()
        write(1)
        with django_assert_max_num_queries(25):
            signed()
        with django_assert_max_num_queries(12):
            trees.tree(521).inclusion(3)

    @pytest.mark.parametrize("operation", ["UPDATE", "DELETE"])
    @pytest.mark.parametrize(
        "table", ["ledger_checkpoint", "ledger_cosignature", "ledger_logkey", "ledger_tile"]
    )
    def test_nothing_of_it_can_be_changed(self, witness, table, operation):
        write(256)
        cosign(witness, signed(), NOON)
        column = {"ledger_cosignature": "line", "ledger_tile": "root"}.get(table, "size")
        value = "'x'" if column in ("line", "root") else "999"
        statement = (
            f"UPDATE {table} SET {column} = {value}"
            if operation == "UPDATE"
            else f"DELETE FROM {table}"
        )
        with pytest.raises(IntegrityError, match="第十九条"), transaction.atomic():
            connection.cursor().execute(statement)

    def test_a_rewritten_ledger_is_not_signed(self):
        write(5)
        signed()
        unlocked('UPDATE ledger_entry SET body = \'{"at":1}\' WHERE "index" = 3')
        write(1)
        with pytest.raises(publishing.Rewritten, match="前 5 条"):
            signed()

    def test_a_cut_ledger_is_not_signed(self):
        write(5)
        signed()
        unlocked('DELETE FROM ledger_entry WHERE "index" > 2')
        with pytest.raises(publishing.Rewritten, match="只有 3 条"):
            signed()

    def test_the_site_itself_names_what_was_changed(self):
        write(258)
        signed()
        write(3)
        signed()
        assert list(ledger_queries.log_flaws()) == []
        unlocked("UPDATE ledger_entry SET salt = 'x' WHERE \"index\" IN (77, 259)")
        said = [flaw.message for flaw in ledger_queries.log_flaws()]
        assert said == [
            "第 77 条与存证树中的不符：被改动、缺失或调换",
            "大小 261 的检查点与日志不符：它以前的记录被改动",
        ]
        unlocked('DELETE FROM ledger_entry WHERE "index" > 257')
        assert "日志只有 258 条，少于大小 261" in list(ledger_queries.log_flaws())[-1].message


def unlocked(*statements: str) -> None:
    """What somebody could do who takes the triggers away first."""
    with connection.cursor() as cursor:
        for name in ("update", "delete"):
            on = "" if connection.vendor == "sqlite" else " ON ledger_entry"
            cursor.execute(f"DROP TRIGGER IF EXISTS lock_ledger_entry_{name}{on}")
        for statement in statements:
            cursor.execute(statement)


class TestKeys:
    def test_a_key_file_that_others_can_read_signs_nothing(self, settings):
        write(1)
        logkeys.path().chmod(0o644)
        with pytest.raises(logkeys.KeyAway, match="太宽"):
            signed()

    def test_another_key_than_the_published_one_signs_nothing(self):
        write(1)
        signed()
        write(1)
        logkeys.path().unlink()
        with pytest.raises(logkeys.KeyAway, match="没有存证日志的密钥文件"):
            signed()
        signing.keep(logkeys.path(), signing.new_signer(logkeys.origin()))
        with pytest.raises(logkeys.KeyAway, match="不是一对"):
            signed()
        with pytest.raises(logkeys.KeyAway, match="另起"):
            publishing.new_key()

    def test_the_private_half_is_nowhere_in_the_database(self, key):
        write(1)
        signed()
        publishing.rotate_key(reason="每年更换", by="system", at=NOON)
        secret = logkeys.path().read_text().strip().split("+", 4)[4]  # Base64 may hold a +
        assert len(secret) == 44  # the algorithm's byte and 32 of the seed
        with connection.cursor() as cursor:
            for table in ("entry", "checkpoint", "logkey"):
                cursor.execute(f"SELECT * FROM ledger_{table}")
                assert secret not in repr(cursor.fetchall())

    def test_a_rotation_is_on_record_and_signed_by_both(self, key):
        write(3)
        signed()
        made, put_by = publishing.rotate_key(reason="每年更换", by="system", at=NOON)
        new = logkeys.signer().key

        assert made.size == 4
        note = notes.read_note(made.note)
        assert signing.signed_by(note, [key.key]) == key.key
        assert signing.signed_by(note, [new]) == new
        entry = Entry.objects.get(what="log.rotate_key")
        assert json.loads(entry.body)["new"] == str(new)
        (step,) = signing.followed(logkeys.origin(), key.key, logkeys.statements())
        assert (step.new, step.size) == (new, 4)
        assert signing.load(type(logkeys.path())(put_by)).key == key.key

        write(1)
        assert signing.signed_by(notes.read_note(signed().note), [key.key]) is None

    def test_a_rotation_cut_short_is_ended_by_the_next_signature(self, key):
        write(1)
        signed()
        publishing.rotate_key(reason="每年更换", by="system", at=NOON)
        new = logkeys.path()
        new.replace(logkeys.fresh_path())
        signing.keep(new, key)
        write(1)
        signed()
        assert not logkeys.fresh_path().exists()
        assert str(signing.load(new).key) == logkeys.current().key

    def test_a_lost_key_has_no_statement(self):
        write(1)
        signed()
        logkeys.path().unlink()
        made, put_by = publishing.rotate_key(reason="硬盘损坏", is_lost=True, by="system", at=NOON)
        assert put_by == ""
        assert logkeys.statements() == []
        assert len(notes.read_note(made.note).signatures) == 1


class TestCosignatures:
    def test_of_a_known_witness_once(self, witness):
        write(2)
        made = signed()
        row = cosign(witness, made, NOON)
        assert cosign(witness, made, NOON + timedelta(minutes=5)) == row
        assert row.line in Checkpoint.objects.get().note

    def test_a_mistyped_witness_stops_the_start_and_breaks_no_page(self, settings, witness):
        log = signing.new_signer("log").key
        good = str(witness.key)
        settings.LIANCHA_LOG_WITNESSES = [good, good[:-3], str(log), f"{good} ftp://x"]
        assert [each.key for each in logkeys.witnesses()] == [witness.key]
        found = [each.msg for each in checks.run_checks() if each.id == "ledger.E002"]
        assert len(found) == 3
        assert Client().get("/log/keys.json").json()["witnesses"] == [good]

    def test_of_anybody_else_or_anything_else_not(self, witness):
        write(2)
        made = signed()
        stranger = signing.new_signer("公证处", notes.WITNESS)
        with pytest.raises(Refused, match="没有本站登记"):
            cosign(stranger, made, NOON)
        good = witness.cosign(made.text, int(NOON.timestamp()))
        bad = notes.Signature(good.name, good.key_id, good.blob[:-1] + bytes([good.blob[-1] ^ 1]))
        with pytest.raises(Refused, match="不符"):
            publishing.add_cosignatures(note=Note(made.text, (bad,)), at=NOON)
        text = notes.Head(logkeys.origin(), 2, bytes(32)).text
        line = witness.cosign(text, int(NOON.timestamp()))
        with pytest.raises(Refused, match="没有这样一个检查点"):
            publishing.add_cosignatures(note=Note(text, (line,)), at=NOON)
        line = witness.cosign(made.text, 5)
        with pytest.raises(Refused, match="时钟"):
            publishing.add_cosignatures(note=Note(made.text, (line,)), at=NOON)
        assert not Cosignature.objects.exists()


class TestPush:
    """The site sends checkpoints to a witness by itself, and starts from where that one is."""

    @pytest.fixture
    def there(self, settings, tmp_path, key, monkeypatch):
        store = Store(tmp_path / "witness")
        store.trust(key.key)
        signer = store.signer("公证处")
        settings.LIANCHA_LOG_WITNESSES = [f"{signer.key} http://witness.test"]

        def post(site, path, body):
            status, _, text = serving.answer(store, signer, path, body.encode())
            if status != 200:
                raise Answered(status, text)
            return text

        monkeypatch.setattr(jobs.Site, "post", post)
        return store

    def test_each_checkpoint_comes_back_cosigned(self, there):
        for count in (3, 4):
            write(count)
            jobs.checkpoint()
        assert [c.checkpoint_id for c in Cosignature.objects.all()] == [3, 7]
        assert there.logs()[logkeys.origin()].size == 7

    def test_a_witness_that_knows_more_than_the_site_remembers(self, there):
        write(3)
        made = signed()
        own = Note(made.text, notes.read_signatures(made.signatures))
        signer = there.signer()
        serving.answer(there, signer, "/add-checkpoint", f"old 0\n\n{own}".encode())
        write(2)
        jobs.checkpoint()
        assert Cosignature.objects.get().checkpoint_id == 5

    def test_a_change_of_keys_is_handed_over(self, there):
        write(3)
        jobs.checkpoint()
        publishing.rotate_key(reason="每年更换", by="system", at=NOON)
        write(1)
        jobs.checkpoint()
        assert list(Cosignature.objects.values_list("checkpoint_id", flat=True)) == [3, 5]

    def test_no_answer_is_asked_again_later(
        self, there, monkeypatch, django_capture_on_commit_callbacks
    ):
        from django_q.models import Schedule

        def away(site, path, body):
            raise Answered(503, "")

        monkeypatch.setattr(jobs.Site, "post", away)
        write(1)
        with django_capture_on_commit_callbacks(execute=True):
            jobs.checkpoint()
        assert "openlog.push" in Schedule.objects.get().args

    def test_without_its_key_the_job_says_so_and_ends(self, caplog):
        write(1)
        logkeys.path().unlink()
        jobs.checkpoint()
        assert "密钥文件" in caplog.text
