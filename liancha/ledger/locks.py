"""Locks that live in the database, not in our good will (art. 19: 锁定后不可更改).

A model says `lock = AppendOnly()` or `lock = Sealed(...)`; after every migrate the triggers are
put in place, and `missing()` says which are not, so that start-up can be refused (SQLite drops
triggers silently when a migration rebuilds a table). They bind raw SQL, the app's own user and
the owner alike. There is no switch that turns them off: tests use a fresh schema or a copied file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

MESSAGE = "已锁定，任何人不能改动（第十九条）"
ZEROS = "0" * 64


@dataclass(frozen=True, slots=True)
class Lock:
    """What may still happen to the rows of one table. Nothing, for a plain Lock."""

    def refusals(self, model: type[models.Model], vendor: str) -> dict[str, str]:
        """Operation → SQL condition on NEW/OLD under which it is refused.

        DELETE must be there: the same condition guards rows against SQLite's REPLACE.
        """
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class AppendOnly(Lock):
    """Rows are inserted once and stay as they are: no UPDATE, DELETE, TRUNCATE, REPLACE."""

    def refusals(self, model: type[models.Model], vendor: str) -> dict[str, str]:
        return {"UPDATE": "TRUE", "DELETE": "TRUE"}


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


def make_way(connection: BaseDatabaseWrapper) -> None:
    """Before a migration on SQLite: take away the triggers that read other tables than their own.

    SQLite renames no table while a trigger names one that is gone for a moment. `install` follows
    in the same command; should that be cut short, start-up is refused until it is run again.
    """
    if connection.vendor != "sqlite":
        return
    there = _present(connection)
    tables = {model._meta.db_table for model in apps.get_models()}
    with connection.cursor() as cursor:
        for model, name, _, _ in _wanted(connection):
            named = set(re.findall(r"\w+", there.get(name, "")))
            if named & (tables - {model._meta.db_table}):
                cursor.execute(f"DROP TRIGGER {name}")


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of triggers that are not there, not as declared, or switched off."""
    there = _present(connection)
    return [name for _, name, _, mark in _wanted(connection) if there.get(name) != mark]


def require(connection: BaseDatabaseWrapper) -> None:
    """Refuse to serve while a lock is missing. Raises ImproperlyConfigured naming each."""
    if absent := missing(connection):
        raise ImproperlyConfigured(
            f"数据库锁不在或已被改动：{'、'.join(absent)}。名单和日志不受保护，拒绝启动。"
            "运行 liancha migrate 重新建立，并用 liancha ledger verify 核对。"
        )


# ── how each database says it ─────────────────────────────────────────────────────────────────


def _wanted(
    connection: BaseDatabaseWrapper,
) -> Iterator[tuple[type[models.Model], str, list[str], str]]:
    """(model, trigger name, statements that create it, what the catalogue then shows)."""
    speak = _sqlite if connection.vendor == "sqlite" else _postgresql
    for model, lock in locked_models():
        refusals = lock.refusals(model, connection.vendor)
        if connection.vendor == "sqlite":
            refusals |= _against_replace(model, refusals, connection)
        else:
            refusals["TRUNCATE"] = "TRUE"
        for operation, condition in refusals.items():
            yield model, *speak(model._meta.db_table, operation, condition)


def _against_replace(
    model: type[models.Model], refusals: dict[str, str], connection: BaseDatabaseWrapper
) -> dict[str, str]:
    """INSERT OR REPLACE and UPDATE OR REPLACE remove the rows in their way, and SQLite fires no
    DELETE trigger for that. So both are refused where a row in the way may not be deleted.
    """
    guarded = refusals["DELETE"].replace("OLD.", "there.")
    table = _quoted(model._meta.db_table)
    own = _quoted(_key(model))
    in_the_way = [
        f"EXISTS (SELECT 1 FROM {table} there WHERE {clash} AND ({guarded})"
        for clash in _clashes(model, connection)
    ]
    insert = [*filter(None, [refusals.get("INSERT")]), *(f"{way})" for way in in_the_way)]
    update = [f"({refusals['UPDATE']})"]
    if refusals["UPDATE"] != "TRUE":
        update += [f"{way} AND there.{own} <> OLD.{own})" for way in in_the_way]
    return {"INSERT": " OR ".join(insert), "UPDATE": " OR ".join(update)}


def _clashes(model: type[models.Model], connection: BaseDatabaseWrapper) -> Iterator[str]:
    """SQL: `there` and NEW cannot both stand in the table, one condition for each unique key."""
    for field in model._meta.concrete_fields:
        if field.unique:
            yield _same([_column(field)])
    for constraint in model._meta.constraints:
        if not isinstance(constraint, models.UniqueConstraint):
            continue
        columns = [_column(model._meta.get_field(name)) for name in constraint.fields]
        if not columns:
            raise NotImplementedError(f"{constraint.name}: a lock needs unique keys of fields")
        if constraint.condition is None:
            yield _same(columns)
            continue
        # Both rows must fall under a partial key to clash in it.
        condition = constraint._get_condition_sql(  # type: ignore[attr-defined]
            model, connection.schema_editor()
        )
        named = ", ".join(
            f"NEW.{_quoted(_column(f))} AS {_quoted(_column(f))}"
            for f in model._meta.concrete_fields
        )
        table = _quoted(model._meta.db_table)
        own = _quoted(_key(model))
        yield (
            f"{_same(columns)} AND EXISTS (SELECT 1 FROM (SELECT {named}) WHERE {condition}) "
            f"AND there.{own} IN (SELECT {own} FROM {table} WHERE {condition})"
        )


def _key(model: type[models.Model]) -> str:
    """Column of the primary key."""
    assert model._meta.pk is not None
    return _column(model._meta.pk)


def _column(field: object) -> str:
    column = getattr(field, "column", None)
    if not isinstance(column, str):
        raise TypeError(f"{field} has no column of its own")
    return column


def _same(columns: list[str]) -> str:
    return " AND ".join(f"there.{_quoted(c)} = NEW.{_quoted(c)}" for c in columns)


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
    return name, statements, _mark("A", table, _type_of(when, operation, each), body)


# What pg_trigger.tgtype adds up from.
_BITS = {"ROW": 1, "BEFORE": 2, "INSERT": 4, "DELETE": 8, "UPDATE": 16, "TRUNCATE": 32}


def _type_of(*words: str) -> int:
    return sum(_BITS.get(word, 0) for word in words)


def _mark(enabled: str, table: str, kind: int, body: str) -> str:
    """What makes a trigger what it is: on, on which table, when, for each what, doing what."""
    return f"{enabled}|{table}|{kind}|{body}"


def _present(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Trigger name → what the database's own catalogue says of it."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute(
                "SELECT t.tgname, concat_ws('|', t.tgenabled, c.relname, t.tgtype, p.prosrc) "
                "FROM pg_trigger t "
                "JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid "
                "WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid) "
                "AND t.tgqual IS NULL AND t.tgattr = ''::int2vector"
            )
        return dict(cursor.fetchall())


def _quoted(name: str) -> str:
    return f'"{name}"'
