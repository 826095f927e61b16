"""Locks that live in the database, not in our good will (art. 19: 锁定后不可更改).

A model says `lock = AppendOnly()` or `lock = Sealed(...)`; after every migrate the triggers are
put in place, and `missing()` says which are not, so that start-up can be refused (SQLite drops
triggers silently when a migration rebuilds a table). They bind raw SQL, the app's own user and
the owner alike. There is no switch that turns them off: tests use a fresh schema or a copied file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import models

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

MESSAGE = "已锁定，任何人不能改动（第十九条）"
ZEROS = "0" * 64


@dataclass(frozen=True, slots=True)
class Lock:
    """What may still happen to the rows of one table. Nothing, for a plain Lock."""

    def refusals(self, model: type[models.Model], vendor: str) -> dict[str, str]:
        """Operation → SQL condition on NEW/OLD under which it is refused."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class AppendOnly(Lock):
    """Rows are inserted once and stay as they are: no UPDATE, DELETE, TRUNCATE, REPLACE."""

    def refusals(self, model: type[models.Model], vendor: str) -> dict[str, str]:
        rules = {"UPDATE": "TRUE", "DELETE": "TRUE"}
        if vendor == "sqlite":  # REPLACE deletes without firing DELETE triggers
            rules["INSERT"] = _there_already(model)
        return rules


@dataclass(frozen=True, slots=True)
class Chained(Lock):
    """The ledger itself: append-only, and each row must continue the last."""

    def refusals(self, model: type[models.Model], vendor: str) -> dict[str, str]:
        table = _quoted(model._meta.db_table)
        last = f'SELECT digest FROM {table} ORDER BY "index" DESC LIMIT 1'
        return {
            "UPDATE": "TRUE",
            "DELETE": "TRUE",
            "INSERT": (
                f'NEW."index" <> COALESCE((SELECT MAX("index") FROM {table}), -1) + 1 '
                f"OR NEW.previous <> COALESCE(({last}), '{ZEROS}')"
            ),
        }


@dataclass(frozen=True, slots=True)
class Sealed(Lock):
    """Rows belong to a parent; once `ledger.seal(kind, parent)` is written they refuse all.

    kind      first half of the seal's subject, e.g. "draw"
    column    database column with the parent's key, e.g. "draw_id"
    is_fixed  rows may not be edited even before the seal, only inserted
    """

    kind: str
    column: str
    is_fixed: bool = True

    def refusals(self, model: type[models.Model], vendor: str) -> dict[str, str]:
        def sealed(row: str) -> str:
            return (
                "EXISTS (SELECT 1 FROM ledger_seal WHERE subject = "
                f"'{self.kind}:' || CAST({row}.{_quoted(self.column)} AS TEXT))"
            )

        if self.is_fixed:
            return {"INSERT": sealed("NEW"), "UPDATE": "TRUE", "DELETE": "TRUE"}
        return {
            "INSERT": sealed("NEW"),
            "UPDATE": f"{sealed('OLD')} OR {sealed('NEW')}",
            "DELETE": sealed("OLD"),
        }


def locked_models() -> Iterator[tuple[type[models.Model], Lock]]:
    """Every model that declares a lock."""
    for model in apps.get_models():
        lock = getattr(model, "lock", None)
        if isinstance(lock, Lock):
            yield model, lock


def install(connection: BaseDatabaseWrapper) -> None:
    """Put every trigger in place that is missing or not as it should be."""
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        there = _present(connection)
        for model, name, statements, mark in _wanted(connection):
            if model._meta.db_table not in tables or there.get(name) == mark:
                continue
            for statement in statements:
                cursor.execute(statement)


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of triggers that are not there, not as declared, or switched off."""
    there = _present(connection)
    return [name for _, name, _, mark in _wanted(connection) if there.get(name) != mark]


# ── how each database says it ─────────────────────────────────────────────────────────────────


def _wanted(
    connection: BaseDatabaseWrapper,
) -> Iterator[tuple[type[models.Model], str, list[str], str]]:
    """(model, trigger name, statements that create it, what the catalogue then shows)."""
    speak = _sqlite if connection.vendor == "sqlite" else _postgresql
    for model, lock in locked_models():
        for operation, condition in lock.refusals(model, connection.vendor).items():
            yield model, *speak(model._meta.db_table, operation, condition)
        if connection.vendor == "postgresql":
            yield model, *_postgresql(model._meta.db_table, "TRUNCATE", "TRUE")


def _sqlite(table: str, operation: str, condition: str) -> tuple[str, list[str], str]:
    name = f"lock_{table}_{operation.lower()}"
    create = (
        f"CREATE TRIGGER {name} BEFORE {operation} ON {_quoted(table)} FOR EACH ROW "
        f"WHEN {condition} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    )
    return name, [f"DROP TRIGGER IF EXISTS {name}", create], create


def _postgresql(table: str, operation: str, condition: str) -> tuple[str, list[str], str]:
    """A function and a trigger. Inserts are judged once a statement, for COPY's sake."""
    name = f"lock_{table}_{operation.lower()}"
    refuse = f"RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';"
    reading, when, each = "", "BEFORE", "ROW"
    if operation == "TRUNCATE":
        each, body = "STATEMENT", f"BEGIN {refuse} END"
    elif operation == "INSERT" and '"index"' not in condition:
        reading, when, each = "REFERENCING NEW TABLE AS new_rows ", "AFTER", "STATEMENT"
        condition = condition.replace("NEW.", "new_row.")
        body = (
            f"BEGIN IF EXISTS (SELECT 1 FROM new_rows AS new_row WHERE {condition}) "
            f"THEN {refuse} END IF; RETURN NULL; END"
        )
    else:
        row = "OLD" if operation == "DELETE" else "NEW"
        body = f"BEGIN IF {condition} THEN {refuse} END IF; RETURN {row}; END"
    statements = [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql "
        f"AS $lock${body}$lock$",
        f"DROP TRIGGER IF EXISTS {name} ON {_quoted(table)}",
        f"CREATE TRIGGER {name} {when} {operation} ON {_quoted(table)} {reading}"
        f"FOR EACH {each} EXECUTE FUNCTION {name}()",
        f"ALTER TABLE {_quoted(table)} ENABLE ALWAYS TRIGGER {name}",
    ]
    return name, statements, f"A{body}"


def _present(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Trigger name → what the database's own catalogue says of it."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute(
                "SELECT t.tgname, t.tgenabled::text || p.prosrc FROM pg_trigger t "
                "JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid "
                "WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid)"
            )
        return dict(cursor.fetchall())


def _there_already(model: type[models.Model]) -> str:
    """SQL: a row with the same key, or the same unique columns, stands in the table."""
    table = _quoted(model._meta.db_table)
    keys = [[f.column] for f in model._meta.concrete_fields if f.unique]
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and constraint.condition is None:
            keys.append([model._meta.get_field(name).column for name in constraint.fields])
    same = (
        " AND ".join(f"there.{_quoted(c)} = NEW.{_quoted(c)}" for c in columns) for columns in keys
    )
    return " OR ".join(f"EXISTS (SELECT 1 FROM {table} there WHERE {match})" for match in same)


def _quoted(name: str) -> str:
    return f'"{name}"'
