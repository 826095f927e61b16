"""The locks are there after every migration, and while one is missing nothing is served."""

from __future__ import annotations

import shutil

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection, migrations, models
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState

from liancha.draw.models import Assignment, Candidate, DrawnTarget, Transcript
from liancha.ledger import locks
from liancha.ledger.models import Entry
from tests.rooms.victims import ON_SQLITE, drawn_rows, on_postgresql, refused, run

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


@pytest.mark.parametrize(
    ("app", "operation"),
    [
        (
            "ledger",
            'AlterField("seal", "subject", models.CharField(max_length=90, primary_key=True))',
        ),
        ("lists", 'AlterField("jointfield", "ratio_note", models.CharField(max_length=99))'),
        ("draw", 'AlterField("drawntarget", "stratum", models.CharField(max_length=60))'),
        ("draw", 'RenameField("candidate", "region_name", "place")'),
    ],
)
def test_tables_that_other_locks_read_can_be_migrated(
    in_database, settings, tmp_path, monkeypatch, app, operation
):
    """A real `migrate`, with one more migration in a copy of the room's own."""
    package = f"wider_{tmp_path.name}"  # a name of its own: Python keeps a module it once imported
    folder = tmp_path / package
    shutil.copytree(f"{apps.get_app_config(app).path}/migrations", folder)
    last = sorted(path.stem for path in folder.glob("0*.py"))[-1]
    (folder / "9999_wider.py").write_text(
        "from django.db import migrations, models\n"
        "class Migration(migrations.Migration):\n"
        f"    dependencies = [({app!r}, {last!r})]\n"
        f"    operations = [migrations.{operation}]\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    settings.MIGRATION_MODULES = {app: package}
    with in_database():
        victims = drawn_rows()
        if "RenameField" in operation:
            del victims["candidate"]  # its own columns have another name now
        call_command("migrate", app, verbosity=0)

        assert "9999_wider" in str(MigrationRecorder(connection).applied_migrations())
        gone = "lock_draw_candidate" if "RenameField" in operation else "nothing"
        assert [name for name in locks.missing(connection) if gone not in name] == []
        for victim in victims.values():
            for statement in victim.attacks():
                refused(statement)


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
