"""A witness cosigns what continues, and refuses a log that was cut, rewritten or forked."""

from __future__ import annotations

import json
import threading

import pytest

from liancha.rulebook import notes, signing, tree
from liancha.rulebook.form import Refused
from liancha.rulebook.notes import Head, Note
from liancha.witness import following, judging, serving
from liancha.witness.command import main
from liancha.witness.fetching import Answered, Site
from liancha.witness.store import Store
from tests.rooms.log_site import NOW, ORIGIN, FakeSite


@pytest.fixture
def site():
    return FakeSite(20)


@pytest.fixture
def store(tmp_path, site):
    made = Store(tmp_path / "witness")
    made.trust(notes.read_key(site.key))
    return made


@pytest.fixture
def witness(store):
    return store.signer("公证处")


def request(site: FakeSite, old: int, path: list[bytes] | None = None) -> bytes:
    size = len(site.leaves)
    if path is None:
        path = tree.Tree(site.leaves).consistency(old) if 0 < old <= size else []
    return f"old {old}\n{notes.proof_lines(path)}\n{site.note}".encode()


def ask(store, witness, site, old, path=None):
    return serving.answer(store, witness, "/add-checkpoint", request(site, old, path))


class TestAddCheckpoint:
    """The answers that C2SP tlog-witness gives names to."""

    def test_the_first_checkpoint_and_one_that_continues_it(self, store, witness, site):
        status, _, line = ask(store, witness, site, 0)
        assert status == 200
        (made,) = notes.read_signatures(line)
        assert signing.is_by(made, site.note.text, witness.key)

        site.grow(13)
        status, _, line = ask(store, witness, site, 20)
        assert status == 200
        assert store.logs()[ORIGIN].seen == [
            (20, tree.Tree(site.leaves[:20]).root().hex()),
            (33, tree.Tree(site.leaves).root().hex()),
        ]

    def test_the_same_again_is_cosigned_again(self, store, witness, site):
        ask(store, witness, site, 0)
        assert ask(store, witness, site, 20)[0] == 200

    def test_another_old_size_is_told_the_size_it_is_at(self, store, witness, site):
        ask(store, witness, site, 0)
        site.grow(5)
        assert ask(store, witness, site, 0) == (409, "text/x.tlog.size", "20\n")
        assert ask(store, witness, site, 7) == (409, "text/x.tlog.size", "20\n")

    def test_an_old_checkpoint_does_not_lead_back(self, store, witness, site):
        old = site.note
        ask(store, witness, site, 0)
        site.grow(5)
        ask(store, witness, site, 20)
        site.note = old
        assert ask(store, witness, site, 20, []) == (409, "text/x.tlog.size", "25\n")
        assert store.logs()[ORIGIN].size == 25

    def test_an_unknown_log_or_key(self, store, witness, site):
        stranger = FakeSite(3)
        assert ask(store, witness, stranger, 0)[0] == 403
        text = Head("another", 1, bytes(32)).text
        stranger.note = Note(text, (stranger.signers[0].sign(text),))
        assert ask(store, witness, stranger, 0)[0] == 404

    @pytest.mark.parametrize(
        "body",
        [b"", b"old 0\n", b"old -1\n\nx\n", b"old 0\nAAAA\n\n", b"\xff", b"new 0\n\no\n1\nx\n"],
    )
    def test_what_cannot_be_read(self, store, witness, body):
        assert serving.answer(store, witness, "/add-checkpoint", body)[0] == 400

    def test_an_old_size_beyond_the_checkpoint(self, store, witness, site):
        assert ask(store, witness, site, 21)[0] == 400


class TestRefused:
    """Signed by the log, and not what it signed before."""

    @pytest.fixture(autouse=True)
    def _seen(self, store, witness, site):
        ask(store, witness, site, 0)

    def evidence(self, store) -> str:
        (path,) = (store.folder / "refused").iterdir()
        return path.read_text(encoding="utf-8")

    def test_a_rewritten_log(self, store, witness, site):
        before = store.logs()[ORIGIN]
        site.leaves[12] = b"something else"
        site.grow(5)
        status, _, text = ask(store, witness, site, 20)

        assert status == 422
        assert "前 20 条与上次不同" in text
        assert before.root in text
        assert site.head().root.hex() in text
        assert str(site.note) in self.evidence(store)
        assert before.note in self.evidence(store)
        assert store.logs()[ORIGIN] == before

    def test_a_log_that_was_cut(self, store, witness, site):
        del site.leaves[15:]
        site.publish()
        status, _, text = ask(store, witness, site, 15, [])
        assert status == 422
        assert "截短，第 15 条" in text
        assert "上次联签的大小 20" in text
        assert "这次送来的大小 15" in self.evidence(store)

    def test_a_log_that_was_cut_and_grew_again(self, store, witness, site):
        del site.leaves[15:]
        site.leaves += [f"again {n}".encode() for n in range(9)]
        site.publish()
        assert ask(store, witness, site, 20)[0] == 422
        assert store.logs()[ORIGIN].size == 20

    def test_a_fork_of_the_same_size(self, store, witness, site):
        site.leaves[3] = b"for other readers"
        site.publish()
        status, _, text = ask(store, witness, site, 20)
        assert status == 409
        assert "两个根" in text

    def test_the_same_evidence_is_one_file_and_what_the_log_did_not_sign_is_none(
        self, store, witness, site
    ):
        site.leaves[3] = b"for other readers"
        site.publish()
        ask(store, witness, site, 20)
        ask(store, witness, site, 20)
        assert len(list((store.folder / "refused").iterdir())) == 1
        site.publish(signing.new_signer(ORIGIN))
        assert ask(store, witness, site, 20)[0] == 403
        assert len(list((store.folder / "refused").iterdir())) == 1

    def test_a_damaged_memory_cosigns_nothing(self, store, witness, site):
        (store.folder / "witness.json").write_text("{}")
        status, _, text = ask(store, witness, site, 0)
        assert (status, "不要删除" in text) == (400, True)


class TestFollow:
    def test_it_fetches_cosigns_and_hands_back(self, store, witness, site):
        assert "已联签" in following.look(store, witness, site, seconds=NOW)
        (note,) = site.handed
        assert signing.signed_by(note, [witness.key]) == witness.key

        site.note = Note(site.note.text, (*site.note.signatures, *note.signatures))
        assert "没有新的检查点" in following.look(store, witness, site, seconds=NOW)
        assert len(site.handed) == 1

    def test_it_says_between_which_checkpoints_a_log_was_rewritten(self, store, witness, site):
        for _ in range(6):
            following.look(store, witness, site, seconds=NOW)
            site.grow(10)
        site.leaves[44] = b"something else"
        site.grow(1)
        with pytest.raises(judging.Inconsistent, match="序号 40 至 49 的记录之间") as refused:
            following.look(store, witness, site, seconds=NOW)
        assert "前 40 条仍与大小 40 的检查点一致" in refused.value.evidence.read_text()
        assert len(site.handed) == 6

    def test_it_says_where_a_log_was_cut(self, store, witness, site):
        for _ in range(3):
            following.look(store, witness, site, seconds=NOW)
            site.grow(10)
        del site.leaves[33:]
        site.publish()
        with pytest.raises(
            judging.Inconsistent, match=r"现在只有 33 条.*前 30 条.*序号 33 起的不见了"
        ):
            following.look(store, witness, site, seconds=NOW)

    def test_what_came_in_by_the_other_door_meanwhile_is_no_refusal(
        self, store, witness, site, monkeypatch
    ):
        assert ask(store, witness, site, 0)[0] == 200
        earlier, really = [str(site.note).encode()], site.get
        site.grow(13)
        assert ask(store, witness, site, 20)[0] == 200
        monkeypatch.setattr(
            site,
            "get",
            lambda path, **asked: (
                earlier.pop() if earlier and path == "/log/checkpoint" else really(path, **asked)
            ),
        )
        assert "大小 33" in following.look(store, witness, site, seconds=NOW)
        assert not earlier
        assert not (store.folder / "refused").exists()

    def test_it_follows_to_another_key_on_the_word_of_the_old(self, store, witness, site):
        following.look(store, witness, site, seconds=NOW)
        site.rotate()
        following.look(store, witness, site, seconds=NOW)
        site.rotate()
        site.grow(1)
        assert "大小 23" in following.look(store, witness, site, seconds=NOW)
        assert store.logs()[ORIGIN].key == site.key

    def test_a_key_without_the_word_of_the_old_waits_for_a_person(self, store, witness, site):
        following.look(store, witness, site, seconds=NOW)
        site.rotate(is_lost=True)
        with pytest.raises(judging.Unsigned):
            following.look(store, witness, site, seconds=NOW)
        with pytest.raises(Refused, match="--replace"):
            store.trust(notes.read_key(site.key))
        store.replace(notes.read_key(site.key))
        assert "大小 21" in following.look(store, witness, site, seconds=NOW)

    def test_an_unregistered_log_is_not_cosigned(self, tmp_path, site):
        store = Store(tmp_path / "other")
        with pytest.raises(judging.Unknown, match="--trust"):
            following.look(store, store.signer("w"), site, seconds=NOW)


def test_the_server_speaks_http_and_takes_a_handover(store, witness, site):
    server = serving.server(store, witness, "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        there = Site(f"http://127.0.0.1:{server.server_port}")
        assert str(witness.key) in there.get("/").decode()
        line = there.post("/add-checkpoint", request(site, 0).decode())
        assert signing.is_by(notes.read_signatures(line)[0], site.note.text, witness.key)

        site.rotate()
        site.grow(1)
        with pytest.raises(Answered) as refused:
            there.post("/add-checkpoint", request(site, 20).decode())
        assert refused.value.status == 403
        there.post("/add-key", str(site.rows[-1]["statement"]))
        there.post("/add-checkpoint", request(site, 20).decode())
        with pytest.raises(Answered) as unknown:
            there.post("/elsewhere", "x")
        assert unknown.value.status == 404
    finally:
        server.shutdown()
        server.server_close()
    assert store.logs()[ORIGIN].size == 22


def test_the_command_makes_a_key_once_and_names_what_is_wrong(tmp_path, site, capsys):
    folder = ["--folder", str(tmp_path / "w")]
    assert main([*folder, "--show"]) == 2
    assert main([*folder, "--name", "公证处", "--trust", site.key]) == 0
    first = capsys.readouterr().out
    assert main([*folder, "--show"]) == 0
    again = capsys.readouterr().out
    assert first.splitlines()[0] == again.splitlines()[0]
    assert ORIGIN in again
    assert main([*folder, "--name", "another"]) == 2
    assert main([*folder, "--trust", "nonsense"]) == 2
    assert main([*folder, "--follow", "http://127.0.0.1:9", "--once"]) == 3
    state = json.loads((tmp_path / "w" / "witness.json").read_text())
    assert list(state["logs"]) == [ORIGIN]
    (tmp_path / "w" / "witness_key").chmod(0o644)
    assert main([*folder, "--show"]) == 2


def test_one_log_refused_outweighs_another_that_did_not_answer(tmp_path, monkeypatch):
    folder = ["--folder", str(tmp_path / "w"), "--name", "公证处"]
    status = {"http://cut": 1, "http://away": 3, "http://fine": 0}
    monkeypatch.setattr(
        "liancha.witness.command._looked", lambda store, signer, site: status[site.base]
    )

    def ended(*sites: str) -> int:
        return main([*folder, *(word for each in sites for word in ("--follow", each)), "--once"])

    assert ended("http://cut", "http://away") == 1
    assert ended("http://fine", "http://away") == 3
    assert ended("http://fine") == 0
