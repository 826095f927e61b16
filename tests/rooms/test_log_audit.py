"""`liancha log audit` from outside: all is well, or where exactly it breaks."""

from __future__ import annotations

import pytest

from liancha.rulebook import notes, publiclog, signing, tree
from liancha.rulebook.form import canonical
from liancha.rulebook.notes import Note
from liancha.witness import auditing
from liancha.witness.auditing import Seen, audit
from tests.rooms.log_site import NOW, ORIGIN, FakeSite


@pytest.fixture
def site():
    return FakeSite(30)


def broken(site: FakeSite, state: Seen, **more: object) -> str:
    return "\n".join(audit(site, state, seconds=NOW, **more).broken)


def test_a_sound_log_is_followed(site):
    state = Seen()
    first = audit(site, state, seconds=NOW)
    assert first.broken == []
    assert any(site.key in line for line in first.remarks)
    site.grow(12)
    second = audit(site, state, seconds=NOW)
    assert second.broken == []
    assert "上次见到的 30 条都在，没有改动，之后增加了 12 条" in second.good
    assert [size for size, _ in state.seen] == [30, 42]


def test_a_rewritten_log_is_placed_between_two_checkpoints_seen(site):
    state = Seen()
    for _ in range(4):
        audit(site, state, seconds=NOW)
        site.grow(10)
    kept = list(state.seen)
    site.leaves[45] = b"another"
    site.publish()
    said = broken(site, state)
    assert "序号 40 至 49 的记录之间" in said
    assert kept[2][1] in said
    assert "大小 50 时的根" in said
    assert site.head().root.hex() in said
    assert state.seen == kept


def test_a_cut_log_says_how_much_is_left(site):
    state = Seen()
    audit(site, state, seconds=NOW)
    site.grow(10)
    audit(site, state, seconds=NOW)
    del site.leaves[35:]
    site.publish()
    said = broken(site, state)
    assert "见过的大小是 40，现在只有 35 条" in said
    assert "前 30 条仍与" in said


def test_two_histories_of_one_size(site):
    state = Seen()
    audit(site, state, seconds=NOW)
    site.leaves[0] = b"for somebody else"
    site.publish()
    assert "没有一个见过的检查点还能接上，改写在序号 0 至 29" in broken(site, state)


def test_an_entry_changed_under_the_signed_tree_is_named(site):
    """What the site shows of entry 12 is not what its tree holds."""
    honest = FakeSite.get

    def get(path, **asked):
        if path == "/log/entries/12":
            return site._json(leaf_hash=tree.leaf_hash(b"other").hex(), leaf=None)
        return honest(site, path, **asked)

    site.get = get
    assert "第 12 条（从 0 数起）：现在的内容不在已署名的树中" in broken(site, Seen(), entries=30)


def test_a_signature_by_a_strange_key(site):
    state = Seen()
    audit(site, state, seconds=NOW)
    site.publish(signing.new_signer(ORIGIN))
    assert "不是记下的公钥" in broken(site, state)


def test_a_change_of_keys_is_followed_by_statement_only(site):
    state = Seen()
    audit(site, state, seconds=NOW)
    site.rotate()
    assert audit(site, state, seconds=NOW).broken == []
    assert state.key == site.key
    site.rotate(is_lost=True)
    assert "没有它的更替声明" in broken(site, state)
    by_hand = audit(site, state, keys=[notes.read_key(site.key)], seconds=NOW)
    assert by_hand.broken == []


def test_a_pinned_key_counts_from_the_first_look(site):
    other = signing.new_signer(ORIGIN).key
    assert "不是记下的公钥" in broken(site, Seen(), keys=[other])


class TestWitnesses:
    @pytest.fixture(autouse=True)
    def _witness(self, site):
        site.witnesses = [signing.new_signer("公证处", notes.WITNESS)]

    def test_a_cosignature_is_checked_and_its_age_told(self, site):
        site.publish(cosign_at=NOW - 60)
        found = audit(site, Seen(), seconds=NOW)
        assert found.broken == []
        assert any("公证处 联签" in line for line in found.good)
        site.publish(cosign_at=NOW - 3 * 24 * 3600)
        assert any("已过 24 小时" in line for line in audit(site, Seen(), seconds=NOW).remarks)

    def test_none_is_only_remarked(self, site):
        found = audit(site, Seen(), seconds=NOW)
        assert found.broken == []
        assert any("还没有一个检查点有见证方的联签" in line for line in found.remarks)

    def test_a_forged_one_is_not(self, site):
        site.publish(cosign_at=NOW)
        good = site.note
        site.grow(1)
        site.note = Note(site.note.text, (*site.note.signatures, good.signatures[-1]))
        assert "联签不对" in broken(site, Seen())

    def test_pinned_witnesses_stay_though_the_site_names_others(self, site):
        state = Seen()
        audit(site, state, seconds=NOW)
        first = list(state.witnesses)
        site.witnesses = [signing.new_signer("自家人", notes.WITNESS)]
        site.publish(cosign_at=NOW)
        found = audit(site, state, seconds=NOW)
        assert state.witnesses == first
        assert any("还没有一个检查点" in line for line in found.remarks)

    def test_a_cosigned_checkpoint_of_another_history(self, site):
        """The last checkpoint has no cosignature, the last cosigned one is of other entries."""
        site.publish(cosign_at=NOW)
        cosigned, honest = site.note, FakeSite.get
        site.leaves[3] = b"rewritten"
        site.grow(4)

        def get(path, **asked):
            if path == "/log/cosigned":
                return str(cosigned).encode()
            return honest(site, path, **asked)

        site.get = get
        assert "日志分成了两份" in broken(site, Seen())


class TestLogFiles:
    """log.json of a public draw, in one line with the log."""

    @pytest.fixture
    def drawn(self, site):
        words = [
            {"draw": "抽1", "kind": "freeze", "frame": {}},
            {"draw": "抽1", "kind": "rule", "rule_digest": "00"},
            {"draw": "抽1", "kind": "void"},
        ]
        first = len(site.leaves)
        leaves = [f"{n:032x}\t{canonical(each)}" for n, each in enumerate(words)]
        site.leaves += [leaf.encode() for leaf in leaves]
        site.publish()
        head, grown = site.head(), tree.Tree(site.leaves)
        site.draws = [{"draw": "抽1", "log": "/public/draws/1/log.json"}]
        site.files["/public/draws/1/log.json"] = publiclog.Log(
            entries=tuple(
                publiclog.LogEntry(
                    first + n, leaf, tuple(h.hex() for h in grown.inclusion(first + n)), 0
                )
                for n, leaf in enumerate(leaves)
            ),
            checkpoints=(
                publiclog.Checkpoint(
                    head.size,
                    head.root.hex(),
                    head.text,
                    tuple(each.line for each in site.note.signatures),
                    (),
                ),
            ),
        ).file()
        return site

    def test_one_that_holds(self, drawn):
        drawn.grow(3)
        found = audit(drawn, Seen(), seconds=NOW)
        assert found.broken == []
        assert "1 次公开抽取的 log.json 都与日志一致" in found.good

    def test_one_of_a_log_that_was_rewritten_since(self, drawn):
        drawn.leaves[2] = b"rewritten"
        drawn.publish()
        assert "抽1：它的检查点（大小 33" in broken(drawn, Seen())

    def test_one_with_a_changed_byte_or_a_strange_signature(self, drawn):
        name = "/public/draws/1/log.json"
        good = drawn.files[name]
        drawn.files[name] = good.replace(b"rule_digest", b"rule_Digest")
        assert "不能证明它在检查点" in broken(drawn, Seen())
        other = FakeSite(1).signers[0].sign(drawn.note.text).line
        drawn.files[name] = good.replace(drawn.note.signatures[0].line.encode(), other.encode())
        assert "没有日志已知密钥的署名" in broken(drawn, Seen())


def test_the_command_ends_with_what_it_found(tmp_path, site, monkeypatch, capsys):
    monkeypatch.setattr(auditing, "Site", lambda url: site)
    arguments = ["http://log.test", "--state", str(tmp_path / "state.json")]
    assert auditing.main(arguments) == 0
    site.grow(3)
    assert auditing.main(arguments) == 0
    before = (tmp_path / "state.json").read_bytes()
    site.leaves[1] = b"rewritten"
    site.publish()
    assert auditing.main(arguments) == 1
    assert "✗ 日志被改写" in capsys.readouterr().out
    assert (tmp_path / "state.json").read_bytes() == before
    (tmp_path / "state.json").write_text("[]")
    assert auditing.main(arguments) == 2
    assert auditing.main([*arguments, "--key", "nonsense"]) == 2


def test_no_answer_is_no_verdict(tmp_path, capsys):
    state = str(tmp_path / "state.json")
    assert auditing.main(["http://127.0.0.1:9", "--state", state]) == 3
    assert "没有核对成" in capsys.readouterr().err
