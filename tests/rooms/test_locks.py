"""What is locked refuses every change in the database itself, whoever asks and however (art. 19).

Raw SQL, as the app's own user and as the owner, on both databases.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

import pytest
from django.db import DatabaseError, connection, models, transaction

from liancha.draw.models import DrawnTarget
from liancha.ledger import actions as ledger
from liancha.ledger import locks
from tests.people import NOON
from tests.rooms import disclosure_world as results
from tests.rooms import draw_world as w
from tests.rooms.victims import LOCKED, Victim, drawn_rows, on_postgresql, on_sqlite, refused, run
from tests.rooms.visit_world import make_visit_world


@pytest.fixture
def rows(db: None) -> dict[str, Victim]:
    found = drawn_rows()
    connection.check_constraints()  # or PostgreSQL refuses TRUNCATE for reasons of its own
    return found


@pytest.fixture
def published(db: None) -> dict[str, Victim]:
    world = make_visit_world(1)
    head = world.cast.gu
    [visit] = results.finish(world, 1)
    publication = results.publish(results.result_of(visit, "WJ"), world.cast.lu, head)
    row = publication.rows.first()
    connection.check_constraints()
    return {
        "publication": Victim(publication),
        "published row": Victim(row, late={"id": 999_999_999, **_another_item(row)}),
    }


def _another_item(row: models.Model) -> dict[str, Any]:
    """Values that keep a second row of the publication clear of its unique keys."""
    changes: dict[str, Any] = {}
    for constraint in row._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            last = row._meta.get_field(constraint.fields[-1])
            changes[last.column] = 99 if isinstance(last, models.IntegerField) else "另一项"
    return changes


# ── The claims ────────────────────────────────────────────────────────────────────────────────

DRAWN = (
    *("drawn target", "assignment", "candidate", "transcript", "draw", "party", "rule"),
    *("frozen page", "input file", "ledger entry", "ledger seal"),
)


def test_every_change_to_a_locked_row_is_refused(rows):
    assert set(rows) == set(DRAWN)
    for victim in rows.values():
        for statement in victim.attacks():
            refused(statement)


def test_every_change_to_a_publication_is_refused(published):
    for victim in published.values():
        for statement in victim.attacks():
            refused(statement)
    refused(published["published row"].copy("INSERT", published["published row"].late))


def test_a_late_row_is_refused(rows):
    late = [name for name, victim in rows.items() if victim.late]
    assert late == [
        *("drawn target", "assignment", "candidate", "party", "frozen page", "ledger entry")
    ]
    for name in late:
        refused(rows[name].copy("INSERT", rows[name].late))


def test_what_has_one_row_a_draw_takes_no_second(rows):
    for name in ("transcript", "rule"):
        with pytest.raises(DatabaseError):
            run(rows[name].copy("INSERT", {"id": 999_999_999}))


def test_the_orm_is_refused_like_anybody(rows):
    for name, victim in rows.items():
        with pytest.raises(DatabaseError, match=LOCKED), transaction.atomic():
            type(victim.row)._base_manager.filter(pk=victim.row.pk)._raw_delete("default")
        with pytest.raises(DatabaseError, match=LOCKED), transaction.atomic():
            victim.row.save(force_update=True)
        assert type(victim.row)._base_manager.filter(pk=victim.row.pk).exists(), name


def test_nothing_has_changed_after_all_that(rows):
    before = {name: _values(victim) for name, victim in rows.items()}
    for victim in rows.values():
        for statement in [*victim.attacks(), victim.copy("INSERT", victim.late or {"id": 1})]:
            with contextlib.suppress(DatabaseError):
                run(statement)
    assert {name: _values(victim) for name, victim in rows.items()} == before


def _values(victim: Victim) -> Any:
    return list(type(victim.row)._base_manager.filter(pk=victim.row.pk).values())


def test_before_the_seal_rows_may_still_come_in(db):
    """The lock is on the sealed draw, not on the table: other draws go on."""
    world = w.make_world()
    draw = w.freeze(world)
    candidate = w.planted(draw)
    with transaction.atomic():
        row = DrawnTarget.objects.create(
            draw=draw, candidate=candidate, target_id=candidate.target_id, stratum="A", place=1,
            ticket="0" * 64,
        )  # fmt: skip
    refused(f"UPDATE draw_drawntarget SET place = 2 WHERE id = {row.pk}")


@on_postgresql
def test_the_apps_own_role_is_refused_too(rows):
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE liancha_app NOLOGIN")
        cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO liancha_app")
        cursor.execute("SET LOCAL ROLE liancha_app")
    for victim in rows.values():
        for statement in victim.attacks():
            if "RESTART IDENTITY" in statement:  # asks for a right only the owner has
                with pytest.raises(DatabaseError):
                    run(statement)
            else:
                refused(statement)


@on_postgresql
def test_not_even_as_a_replica(rows):
    """A superuser's usual way around triggers does not lead around these."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    for victim in rows.values():
        for statement in victim.attacks():
            refused(statement)


@on_postgresql
def test_a_copy_into_a_locked_list_is_refused(rows):
    victim = rows["drawn target"]
    named = ", ".join(f'"{c}"' for c in victim.columns)
    values = [
        victim.late.get(c, getattr(victim.row, victim.row._meta.get_field(c).attname, None))
        for c in victim.columns
    ]
    with (
        pytest.raises(DatabaseError, match=LOCKED),
        transaction.atomic(),
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(f"COPY draw_drawntarget ({named}) FROM STDIN") as copy,
    ):
        copy.write_row(values)


@on_sqlite
def test_the_owner_of_the_file_is_refused_too(in_database, committed_database):
    """Another process, its own connection, no foreign keys, no settings of ours."""
    with in_database():
        victims = drawn_rows()
    path = committed_database.removeprefix("sqlite:///")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as owner:
        owner.execute("PRAGMA foreign_keys=OFF")
        for victim in victims.values():
            for statement in victim.attacks():
                with pytest.raises(sqlite3.IntegrityError, match=LOCKED):
                    owner.execute(statement)
            if victim.late:
                with pytest.raises(sqlite3.IntegrityError, match=LOCKED):
                    owner.execute(victim.copy("INSERT", victim.late))


@on_sqlite
def test_an_open_row_does_not_push_a_sealed_one_out(rows):
    """UPDATE OR REPLACE of a row that may be changed, onto the key of one that may not."""
    sealed = rows["draw"].row
    open_draw = type(sealed).objects.exclude(pk=sealed.pk).filter(state="frozen").get()
    refused(f"UPDATE OR REPLACE draw_draw SET number = '{sealed.number}' WHERE id = {open_draw.pk}")
    refused(
        f"UPDATE OR REPLACE draw_draw SET task_id = {sealed.task_id}, state = 'locked', "
        f"locked_at = '2026-11-23', locked_by_id = {sealed.locked_by_id} WHERE id = {open_draw.pk}"
    )
    run(f"UPDATE draw_draw SET escrow = '' WHERE id = {open_draw.pk}")


def test_every_locked_table_has_its_triggers():
    names = {model._meta.db_table for model, _ in locks.locked_models()}
    assert names >= {
        "draw_drawntarget", "draw_assignment", "draw_candidate", "draw_transcript",
        "disclosure_publication", "disclosure_publishedrow", "ledger_entry", "ledger_seal",
    }  # fmt: skip


def test_the_chain_takes_only_its_own_continuation(db):
    entry = ledger.append("test.one", by="somebody", at=NOON)
    victim = Victim(entry)
    refused(victim.copy("INSERT", {"index": 1, "digest": "1" * 64}))
    refused(victim.copy("INSERT", {"index": 2, "previous": entry.digest, "digest": "1" * 64}))
    ledger.append("test.two", by="somebody", at=NOON)
    refused(victim.copy("INSERT", {"index": 1, "previous": entry.digest, "digest": "2" * 64}))
