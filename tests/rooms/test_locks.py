"""What is locked refuses every change in the database itself, whoever asks and however (art. 19).

Raw SQL, as the app's own user and as the owner, on both databases; also after a migration that
rebuilds the table; and when somebody takes a trigger away, nothing is served any more.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, connection, migrations, models, transaction
from django.db.migrations.state import ProjectState

from liancha.draw.models import Assignment, Candidate, DrawnTarget, Transcript
from liancha.ledger import actions as ledger
from liancha.ledger import locks
from liancha.ledger.models import Entry, Seal
from tests.people import NOON
from tests.rooms import disclosure_world as results
from tests.rooms import draw_world as w
from tests.rooms.visit_world import make_visit_world

LOCKED = re.escape(locks.MESSAGE)
ON_SQLITE = connection.vendor == "sqlite"
on_sqlite = pytest.mark.skipif(not ON_SQLITE, reason="SQLite's own way")
on_postgresql = pytest.mark.skipif(ON_SQLITE, reason="PostgreSQL's own way")


@dataclass
class Victim:
    """A locked row, and what another row of the same table would look like.

    late    columns → values of a late row; {} where late rows are no attack on the lock
    moved   columns → values that take the row's key to a parent that is not locked
    clashes  a moved copy under another key still meets the row in a second unique key
    """

    row: models.Model
    late: dict[str, Any] = field(default_factory=dict)
    moved: dict[str, Any] = field(default_factory=dict)
    clashes: bool = False

    @property
    def table(self) -> str:
        return self.row._meta.db_table

    @property
    def key(self) -> str:
        return self.row._meta.pk.column

    @property
    def where(self) -> str:
        value = self.row.pk
        return f'"{self.key}" = ' + (f"'{value}'" if isinstance(value, str) else str(value))

    @property
    def columns(self) -> list[str]:
        return [f.column for f in self.row._meta.concrete_fields]

    def copy(self, verb: str, changes: dict[str, Any], tail: str = "") -> str:
        """An INSERT of the row's own values with some changed."""
        values = ", ".join(sql(changes[c]) if c in changes else f'"{c}"' for c in self.columns)
        named = ", ".join(f'"{c}"' for c in self.columns)
        return (
            f'{verb} INTO "{self.table}" ({named}) SELECT {values} '
            f'FROM "{self.table}" WHERE {self.where} {tail}'
        )

    def attacks(self) -> Iterator[str]:
        """Every way to change, remove or displace the row."""
        free = next(c for c in self.columns if c != self.key)
        yield f'UPDATE "{self.table}" SET "{free}" = "{free}" WHERE {self.where}'
        yield f'DELETE FROM "{self.table}" WHERE {self.where}'
        yield f'DELETE FROM "{self.table}"'
        upsert = f'ON CONFLICT ("{self.key}") DO UPDATE SET "{free}" = excluded."{free}"'
        if ON_SQLITE:
            yield self.copy("INSERT OR REPLACE", {})
            yield self.copy("REPLACE", {})
            yield self.copy("INSERT", {}, upsert)
            yield f'UPDATE OR REPLACE "{self.table}" SET "{free}" = "{free}" WHERE {self.where}'
            if self.moved:
                yield self.copy("INSERT OR REPLACE", self.moved)
            if self.clashes:
                yield self.copy("INSERT OR REPLACE", self.moved | {self.key: 999_999_999})
        else:
            yield self.copy("INSERT", {}, upsert)
            yield f'TRUNCATE "{self.table}" CASCADE'
            yield f'TRUNCATE TABLE ONLY "{self.table}" RESTART IDENTITY CASCADE'


def sql(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)


def run(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def refused(statement: str) -> None:
    with pytest.raises(DatabaseError, match=LOCKED):
        run(statement)


# ── The rows ──────────────────────────────────────────────────────────────────────────────────


def drawn_rows() -> dict[str, Victim]:
    world = w.make_world()
    w.dispatched(world)
    draw = w.draw_inspectors(world, "WJ")
    of = draw.of
    free = of.candidates.filter(drawn=None).first()
    open_draw = w.freeze(world, _second_task(world))
    drawn = of.drawn.first()
    seat = draw.assignments.first()
    team = draw.assignments.filter(drawn_target=seat.drawn_target).values("inspector")
    stranger = draw.department.inspectors.exclude(pk__in=team).first()
    candidate = of.candidates.first()
    entry = Entry.objects.last()
    key = {"id": 999_999_999}
    return {
        "drawn target": Victim(
            drawn,
            late=key | {"candidate_id": free.pk, "target_id": free.target_id, "place": 999},
            moved={"draw_id": open_draw.pk},
            clashes=True,
        ),
        "assignment": Victim(
            seat, late=key | {"inspector_id": stranger.pk}, moved={"draw_id": open_draw.pk}
        ),
        "candidate": Victim(candidate, late=key | {"code": "X"}, moved={"draw_id": draw.pk}),
        "transcript": Victim(draw.transcript, moved={"digest": "0" * 64}, clashes=True),
        "draw": Victim(of, moved={"state": "void"}, clashes=True),
        "party": Victim(of.parties.first(), late=key | {"name": "另一方", "position": 9}),
        "rule": Victim(draw.rule),
        "exclusion": Victim(_exclusion(open_draw), late=key),
        "input file": Victim(draw.inputs.first()),
        "ledger entry": Victim(
            entry,
            late={"index": entry.index + 5, "digest": "0" * 64},
            moved={"index": entry.index + 1, "previous": entry.digest},
        ),
        "ledger seal": Victim(Seal.objects.get(subject=f"draw:{draw.pk}")),
    }


def _second_task(world: w.World) -> Any:
    from liancha.task.models import Task

    task = Task.objects.get(pk=world.task.pk)
    task.pk, task.number, task.state = None, "41030020261116-2", "scheme_approved"
    task.save()
    for part in world.task.participations.all():
        part.pk, part.task = None, task
        part.save()
    return task


def _exclusion(draw: Any) -> models.Model:
    found = draw.exclusions.first()
    assert found is not None, "the targets of the first draw are out of the second pool"
    return found


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
    *("exclusion", "input file", "ledger entry", "ledger seal"),
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
    assert late == ["drawn target", "assignment", "candidate", "party", "exclusion", "ledger entry"]
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
    candidate = draw.candidates.first()
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


# ── Migrations ────────────────────────────────────────────────────────────────────────────────


def rebuild(model: type[models.Model], name: str, longer: int) -> None:
    """Run a migration that widens a column; on SQLite this rebuilds the table."""
    app = model._meta.app_label

    class Wider(migrations.Migration):
        operations = [
            migrations.AlterField(model.__name__.lower(), name, models.CharField(max_length=longer))
        ]

    state = ProjectState.from_apps(apps)
    with connection.schema_editor() as editor:
        Wider("9999_wider", app).apply(state, editor)


@pytest.mark.parametrize(
    ("model", "column", "name"),
    [
        (DrawnTarget, "stratum", "drawn target"),
        (Assignment, "ticket", "assignment"),
        (Candidate, "stratum", "candidate"),
        (Transcript, "digest", "transcript"),
        (Entry, "what", "ledger entry"),
    ],
)
def test_after_a_migration_that_alters_the_table(in_database, model, column, name):
    with in_database():
        victim = drawn_rows()[name]
        rebuild(model, column, 90)
        if ON_SQLITE:
            assert locks.missing(connection), "the rebuilt table has lost its triggers"
            with pytest.raises(SystemCheckError, match=f"lock_{victim.table}_delete"):
                call_command("check", databases=["default"])

        call_command("migrate", verbosity=0)

        assert locks.missing(connection) == []
        call_command("check", databases=["default"])
        for statement in victim.attacks():
            refused(statement)
        if victim.late:
            refused(victim.copy("INSERT", victim.late))


# ── When somebody takes a lock away ───────────────────────────────────────────────────────────


def drop(name: str, table: str) -> None:
    run(f"DROP TRIGGER {name}" + ("" if ON_SQLITE else f' ON "{table}"'))


def test_a_dropped_lock_is_named(db):
    drop("lock_draw_drawntarget_update", "draw_drawntarget")
    assert locks.missing(connection) == ["lock_draw_drawntarget_update"]
    with pytest.raises(ImproperlyConfigured, match="lock_draw_drawntarget_update"):
        locks.require(connection)
    with pytest.raises(SystemCheckError, match="lock_draw_drawntarget_update"):
        call_command("check", databases=["default"])


def test_a_lock_replaced_by_a_harmless_one_is_named(db):
    name = "lock_draw_drawntarget_delete"
    if ON_SQLITE:
        drop(name, "draw_drawntarget")
        run(f"CREATE TRIGGER {name} BEFORE DELETE ON draw_drawntarget BEGIN SELECT 1; END")
    else:
        run(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql "
            "AS $$BEGIN RETURN OLD; END$$"
        )
    assert locks.missing(connection) == [name]


@on_postgresql
@pytest.mark.parametrize(
    "trick",
    [
        "ALTER TABLE draw_drawntarget DISABLE TRIGGER lock_draw_drawntarget_update",
        "ALTER TABLE draw_drawntarget ENABLE TRIGGER lock_draw_drawntarget_update",
        "DROP TRIGGER lock_draw_drawntarget_update ON draw_drawntarget;"
        "CREATE TRIGGER lock_draw_drawntarget_update BEFORE UPDATE ON draw_drawntarget "
        "FOR EACH ROW WHEN (false) EXECUTE FUNCTION lock_draw_drawntarget_update();"
        "ALTER TABLE draw_drawntarget ENABLE ALWAYS TRIGGER lock_draw_drawntarget_update",
        "DROP TRIGGER lock_draw_drawntarget_update ON draw_drawntarget;"
        "CREATE TRIGGER lock_draw_drawntarget_update BEFORE UPDATE OF stratum ON draw_drawntarget "
        "FOR EACH ROW EXECUTE FUNCTION lock_draw_drawntarget_update();"
        "ALTER TABLE draw_drawntarget ENABLE ALWAYS TRIGGER lock_draw_drawntarget_update",
    ],
)
def test_tricks_that_leave_its_name_standing_are_seen(db, trick):
    run(trick)
    assert locks.missing(connection) == ["lock_draw_drawntarget_update"]


def test_nothing_is_served_and_migrate_is_the_cure(in_database, cli, start_site):
    with in_database():
        drop("lock_draw_drawntarget_update", "draw_drawntarget")

    checked = cli("check", "--database", "default")
    assert checked.returncode == 1
    assert "lock_draw_drawntarget_update" in checked.stderr
    with pytest.raises(RuntimeError, match="lock_draw_drawntarget_update"):
        start_site()

    assert cli("migrate").returncode == 0
    assert cli("check", "--database", "default").returncode == 0
    start_site()


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
