"""Signed notes, checkpoints and cosignatures, byte for byte as C2SP writes them."""

from __future__ import annotations

import base64
import os

import pytest

from liancha.rulebook import notes, signing
from liancha.rulebook.form import Refused
from liancha.rulebook.notes import Handover, Head, Key, Note, Signature

# The example of the signed-note text, with the key pair its reference implementation documents.
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotp"
    "RZb6KE6RyyBwJnAM="
)
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"


@pytest.fixture
def peter(tmp_path):
    path = tmp_path / "key"
    path.write_text(PRIVATE + "\n")
    path.chmod(0o600)
    return signing.load(path)


class TestSignedNote:
    def test_the_known_answer(self, peter):
        key = notes.read_key(PUBLIC)
        note = notes.read_note(f"{TEXT}\n{LINE}\n")

        assert key.id.hex() == "c74f20a3"
        assert (note.text, str(note), str(key)) == (TEXT, f"{TEXT}\n{LINE}\n", PUBLIC)
        assert signing.signed_by(note, [key]) == key
        assert peter.sign(TEXT).line == LINE
        assert peter.key == key

    def test_another_text_under_the_signature_is_refused(self):
        note = notes.read_note(f"{TEXT.replace('your', 'my')}\n{LINE}\n")
        with pytest.raises(Refused, match="改动"):
            signing.signed_by(note, [notes.read_key(PUBLIC)])

    def test_lines_of_unknown_keys_are_let_be(self, peter):
        stranger = signing.new_signer("stranger")
        note = Note(TEXT, (stranger.sign(TEXT), peter.sign(TEXT)))
        assert signing.signed_by(note, [peter.key]) == peter.key
        assert signing.signed_by(Note(TEXT, (stranger.sign(TEXT),)), [peter.key]) is None

    @pytest.mark.parametrize(
        "broken",
        [
            "",
            "only text\n",
            f"{TEXT}{LINE}\n",
            f"{TEXT}\n{LINE}",
            f"{TEXT}\n{LINE[2:]}\n",
            f"{TEXT}\n— Peter Neumann AAAAAAA=\n",
            f"{TEXT}\n— PeterNeumann AAAA\n",
            f"{TEXT}\n— PeterNeumann not-base64\n",
            f"tab\there\n\n{LINE}\n",
        ],
    )
    def test_what_is_not_a_note_is_refused(self, broken):
        with pytest.raises(Refused):
            notes.read_note(broken)

    @pytest.mark.parametrize(
        "broken",
        [
            "",
            "name",
            PUBLIC.replace("c74f20a3", "c74f20a4"),
            PUBLIC.replace("PeterNeumann", "Peter Neumann"),
            PUBLIC[:-4],
            "x+00000000+" + base64.b64encode(b"\x07" + bytes(32)).decode(),
        ],
    )
    def test_what_is_not_a_key_is_refused(self, broken):
        with pytest.raises(Refused):
            notes.read_key(broken)


class TestCheckpoint:
    def test_text_as_the_specification_shows_it(self):
        root = base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
        head = Head("example.com/behind-the-sofa", 20852163, root)
        text = (
            "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        )
        assert head.text == text
        assert notes.read_head(text) == head
        assert notes.read_head(f"{text}an extension line\n") == head

    @pytest.mark.parametrize(
        "broken",
        [
            "o\n1\n",
            "o\n01\n" + base64.b64encode(bytes(32)).decode() + "\n",
            "o\n-1\n" + base64.b64encode(bytes(32)).decode() + "\n",
            "o\n1\n" + base64.b64encode(bytes(31)).decode() + "\n",
            "o\n1\n" + base64.b64encode(bytes(32)).decode(),
            "\n1\n" + base64.b64encode(bytes(32)).decode() + "\n",
        ],
    )
    def test_what_is_not_a_checkpoint_is_refused(self, broken):
        with pytest.raises(Refused):
            notes.read_head(broken)


class TestCosignature:
    def test_it_signs_the_time_and_the_checkpoint(self):
        witness = signing.new_signer("公证处", notes.WITNESS)
        text = Head("log", 7, bytes(32)).text
        made = witness.cosign(text, 1_700_000_000)

        assert notes.cosigned_text(text, 5) == f"cosignature/v1\ntime 5\n{text}"
        assert made.blob[:8] == (1_700_000_000).to_bytes(8)
        assert len(made.key_id + made.blob) == 4 + 8 + 64
        assert made.seconds == 1_700_000_000
        assert signing.is_by(made, text, witness.key)

    def test_another_time_or_text_does_not_hold(self):
        witness = signing.new_signer("w", notes.WITNESS)
        text = Head("log", 7, bytes(32)).text
        made = witness.cosign(text, 100)
        later = Signature(made.name, made.key_id, (101).to_bytes(8) + made.blob[8:])
        assert not signing.is_by(later, text, witness.key)
        assert not signing.is_by(made, Head("log", 8, bytes(32)).text, witness.key)

    def test_a_plain_signature_is_no_cosignature(self):
        """The same bytes of key under another type are another key."""
        log = signing.new_signer("w")
        as_witness = Key("w", notes.WITNESS, log.key.raw)
        text = Head("log", 7, bytes(32)).text
        made = log.sign(text)
        assert log.key.id != as_witness.id
        assert not signing.is_by(made, text, as_witness)
        assert not signing.is_by(Signature("w", as_witness.id, made.blob), text, as_witness)


class TestHandover:
    def test_a_chain_of_statements_leads_to_the_newest_key(self):
        one, two, three = (signing.new_signer("log") for _ in range(3))
        statements = []
        for n, (old, new) in enumerate([(one, two), (two, three)]):
            text = Handover("log", old.key, new.key, 10 * (n + 1)).text
            statements.append(Note(text, (old.sign(text),)))

        steps = signing.followed("log", one.key, reversed(statements))

        assert [(step.old, step.new, step.size) for step in steps] == [
            (one.key, two.key, 10),
            (two.key, three.key, 20),
        ]
        assert signing.followed("another log", one.key, statements) == []
        assert signing.followed("log", three.key, statements) == []

    def test_only_the_old_key_may_name_the_next(self):
        one, two = (signing.new_signer("log") for _ in range(2))
        text = Handover("log", one.key, two.key, 10).text
        with pytest.raises(Refused, match="旧密钥"):
            signing.followed("log", one.key, [Note(text, (two.sign(text),))])

    def test_a_statement_is_no_checkpoint(self):
        one = signing.new_signer("log")
        with pytest.raises(Refused):
            notes.read_head(Handover("log", one.key, one.key, 10).text)


class TestKeyFile:
    def test_written_and_read_by_the_owner_alone(self, tmp_path):
        made = signing.new_signer("log")
        signing.keep(tmp_path / "key", made)
        assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
        assert signing.load(tmp_path / "key").sign("x") == made.sign("x")
        with pytest.raises(FileExistsError):
            signing.keep(tmp_path / "key", made)

    @pytest.mark.skipif(os.name != "posix", reason="file modes are of POSIX")
    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
    def test_a_file_that_others_may_read_is_refused(self, tmp_path, mode):
        signing.keep(tmp_path / "key", signing.new_signer("log"))
        (tmp_path / "key").chmod(mode)
        with pytest.raises(Refused, match="太宽"):
            signing.load(tmp_path / "key")

    def test_a_key_for_another_use_or_a_damaged_file_is_refused(self, tmp_path):
        signing.keep(tmp_path / "key", signing.new_signer("w", notes.WITNESS))
        with pytest.raises(Refused, match="用途"):
            signing.load(tmp_path / "key")
        text = (tmp_path / "key").read_text()
        (tmp_path / "key").write_text(text.replace("+w+", "+v+"))
        with pytest.raises(Refused, match="编号"):
            signing.load(tmp_path / "key", notes.WITNESS)
        (tmp_path / "key").write_text("something else")
        with pytest.raises(Refused, match="不是密钥"):
            signing.load(tmp_path / "key", notes.WITNESS)

    def test_the_private_half_is_never_shown(self):
        signer = signing.new_signer("log")
        secret = base64.b64encode(signer.private.private_bytes_raw()).decode()
        assert secret not in repr(signer)
        assert signer.private.private_bytes_raw().hex() not in repr(signer)

    def test_a_name_must_fit_into_a_note(self):
        for name in ("", "two words", "a+b", "line\nbreak"):
            with pytest.raises(Refused):
                signing.new_signer(name)
