"""A real site, a witness and an audit in processes of their own, and an operator who cheats."""

from __future__ import annotations

import subprocess
import sys

from django.db import connection

from liancha.ledger import actions as ledger
from liancha.ledger import publishing
from liancha.rulebook import notes, signing
from liancha.witness.fetching import Site
from liancha.witness.store import Store
from tests.conftest import ROOT
from tests.people import NOON


def write(count: int) -> None:
    for n in range(count):
        ledger.append("test.write", by="somebody", at=NOON, n=n)
    publishing.make_checkpoint(at=NOON)


def cheat(*statements: str) -> None:
    """Take the triggers away, change the past, forget what was signed."""
    forget = [f"DELETE FROM ledger_{name}" for name in ("cosignature", "checkpoint", "tile")]
    with connection.cursor() as cursor:
        for table in ("entry", "cosignature", "checkpoint", "tile"):
            for name in ("update", "delete"):
                on = "" if connection.vendor == "sqlite" else f" ON ledger_{table}"
                cursor.execute(f"DROP TRIGGER IF EXISTS lock_ledger_{table}_{name}{on}")
        for statement in [*forget, *statements]:
            cursor.execute(statement)


def run(*arguments: object) -> tuple[int, str]:
    """A command of ours by an outsider: it has no settings and no database."""
    done = subprocess.run(
        [sys.executable, "-m", "liancha", *map(str, arguments)],
        cwd=ROOT,
        env={"PATH": "", "DATABASE_URL": "none://", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_witness_and_audit_refuse_a_cut_and_a_rewritten_log(
    start_site, in_database, settings, tmp_path
):
    settings.LIANCHA_LOG_KEY = str(tmp_path / "log_key")
    store = Store(tmp_path / "witness")
    witness = store.signer("公证处").key
    with in_database():
        store.trust(publishing.new_key().key)
        write(8)
    site = start_site(LIANCHA_LOG_KEY=settings.LIANCHA_LOG_KEY, LIANCHA_LOG_WITNESSES=str(witness))
    follow = ("witness", "--folder", store.folder, "--once", "--follow", site.url)
    audit = ("log", "audit", site.url, "--state", tmp_path / "seen.json")

    status, said = run(*follow)
    assert (status, "大小 8" in said) == (0, True), said
    note = notes.read_note(Site(site.url).get("/log/checkpoint"))
    assert signing.signed_by(note, [witness]) == witness
    status, said = run(*audit)
    assert (status, "公证处 联签" in said) == (0, True), said
    with in_database():
        write(4)
    assert run(*follow)[0] == run(*audit)[0] == 0

    with in_database():
        cheat('DELETE FROM ledger_entry WHERE "index" >= 10')
        publishing.make_checkpoint(at=NOON)
    where = "见过的大小是 12，现在只有 10 条：前 8 条仍与大小 8 的检查点一致"
    for command in (follow, audit):
        status, said = run(*command)
        assert (status, where in said) == (1, True), said

    with in_database():
        cheat("UPDATE ledger_entry SET salt = 'ffffffffffffffffffffffffffffffff' WHERE what <> ''")
        write(5)
    where = "没有一个见过的检查点还能接上，改写在序号 0 至 7 的记录之间（大小 8 时的根是"
    for command in (follow, audit):
        status, said = run(*command)
        assert (status, where in said) == (1, True), said
    assert len(list((store.folder / "refused").iterdir())) >= 2
