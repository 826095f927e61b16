"""The chain finds what was altered, lost or moved; the database refuses most of it anyway."""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from liancha.ledger import actions, locks, queries
from liancha.ledger.models import Entry, Seal
from tests.people import NOON

pytestmark = pytest.mark.django_db


def write(count: int) -> None:
    for n in range(count):
        actions.append("test.write", by="somebody", at=NOON + timedelta(minutes=n), n=n)


def without_locks(*statements: str) -> None:
    """What somebody could do who takes the triggers away first."""
    with connection.cursor() as cursor:
        for name in ("update", "delete", "insert"):
            on = "" if connection.vendor == "sqlite" else " ON ledger_entry"
            cursor.execute(f"DROP TRIGGER lock_ledger_entry_{name}{on}")
        for statement in statements:
            cursor.execute(statement)


def test_entries_are_numbered_without_gaps_and_chained():
    write(3)

    entries = list(Entry.objects.all())

    assert [e.index for e in entries] == [0, 1, 2]
    assert [e.previous for e in entries] == [locks.ZEROS, entries[0].digest, entries[1].digest]
    assert json.loads(entries[2].body) == {
        "at": "2026-11-23T12:02:00+08:00",
        "by": "somebody",
        "n": 2,
        "what": "test.write",
    }
    assert list(queries.flaws()) == []


def test_an_action_that_fails_leaves_no_entry():
    write(1)
    with contextlib.suppress(RuntimeError), transaction.atomic():
        actions.append("test.write", by="somebody", at=NOON)
        raise RuntimeError

    assert Entry.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE ledger_entry SET body = '{}' WHERE \"index\" = 1", "内容被改动"),
        ("UPDATE ledger_entry SET salt = 'feed' WHERE \"index\" = 1", "内容被改动"),
        ("UPDATE ledger_entry SET digest = 'feed' WHERE \"index\" = 1", "内容被改动"),
        ('UPDATE ledger_entry SET "by" = \'another\' WHERE "index" = 1', "人员与正文不符"),
        ("UPDATE ledger_entry SET what = 'another' WHERE \"index\" = 1", "事项与正文不符"),
        ("UPDATE ledger_entry SET at = '2020-01-01' WHERE \"index\" = 1", "时间与正文不符"),
        ('DELETE FROM ledger_entry WHERE "index" = 1', "第 1 至 1 条缺失"),
        ('DELETE FROM ledger_entry WHERE "index" = 0', "第 0 至 0 条缺失"),
    ],
)
def test_every_change_is_found_and_named(change, says):
    write(4)
    without_locks(change)

    found = [flaw.message for flaw in queries.flaws()]

    assert any(says in message for message in found), found


def test_two_entries_that_changed_places_are_found():
    write(4)
    without_locks(
        'UPDATE ledger_entry SET "index" = 99 WHERE "index" = 1',
        'UPDATE ledger_entry SET "index" = 1 WHERE "index" = 2',
        'UPDATE ledger_entry SET "index" = 2 WHERE "index" = 99',
    )

    assert any("接不上" in flaw.message for flaw in queries.flaws())


def test_the_command_says_all_is_well_or_exits_with_what_is_not(capsys):
    write(3)
    call_command("ledger", "verify")
    assert "3 条记录首尾相接" in capsys.readouterr().out

    without_locks("UPDATE ledger_entry SET what = 'another' WHERE \"index\" = 1")
    with pytest.raises(CommandError, match="1 处记录、3 处锁"):
        call_command("ledger", "verify")
    out = capsys.readouterr().out
    assert "第 1 条" in out
    assert "lock_ledger_entry_update" in out


def test_an_entry_that_does_not_continue_the_chain_is_refused():
    write(2)
    forged = Entry.objects.get(index=1)
    for index, previous in ((1, forged.previous), (3, forged.digest), (2, "0" * 64)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Entry.objects.bulk_create(
                [
                    Entry(
                        index=index,
                        at=NOON,
                        by="x",
                        what="x",
                        salt="0" * 32,
                        body="{}",
                        previous=previous,
                        digest="1" * 64,
                    )
                ]
            )


def test_a_subject_is_sealed_once():
    entry = actions.append("test.write", by="somebody", at=NOON)
    actions.seal("test", 1, entry=entry)

    with pytest.raises(IntegrityError), transaction.atomic():
        actions.seal("test", 1, entry=entry)
    assert Seal.objects.count() == 1


@given(st.dictionaries(st.sampled_from("abcdefg"), st.text(max_size=20) | st.integers(0, 99)))
def test_bodies_are_canonical_whatever_the_facts(facts):
    with transaction.atomic():
        entry = actions.append("test.write", by="somebody", at=NOON, **facts)
        words = json.loads(entry.body)
        transaction.set_rollback(True)

    assert {key: words[key] for key in facts} == facts
    assert list(words) == sorted(words)


def test_floats_have_no_canonical_form():
    with pytest.raises(ValueError, match="float"), transaction.atomic():
        actions.append("test.write", by="somebody", at=NOON, ratio=0.07)


def test_a_kind_without_a_draw_is_a_fact_like_any_other_and_no_sign_of_tampering():
    """A filing, an exchanged file, a follow-up: each says of which kind it is, in the body."""
    entry = actions.append("plan.file", by="xieban@SCJG", at=NOON, kind="report", to="司法局")
    assert json.loads(entry.body)["kind"] == "report"
    assert list(queries.flaws()) == []
