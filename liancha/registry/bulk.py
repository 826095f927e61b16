"""Writing many rows with one statement, where making a model's own SQL would cost most of the time.

An import of a whole city is a matter of seconds with this and of minutes without. Only plain rows:
no signals, no defaults, no many-to-many; keys come from the database.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models

AS_IT_IS = (models.CharField, models.TextField, models.BooleanField, models.ForeignKey)


def insert(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of values, one for each of the attributes named."""
    # The wrapper itself, not Django's proxy, which would look it up for every value.
    connection = connections[DEFAULT_DB_ALIAS]
    quote = connection.ops.quote_name
    known = {field.attname: field for field in model._meta.concrete_fields}
    fields = [known[name] for name in names]
    columns = ", ".join(quote(str(field.column)) for field in fields)
    prepare: list[tuple[int, Callable[[Any], Any]]] = [
        (n, partial(field.get_db_prep_save, connection=connection))
        for n, field in enumerate(fields)
        if not isinstance(field, AS_IT_IS)
    ]

    def ready(row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for n, prepared in prepare:
            if values[n] is not None:
                values[n] = prepared(values[n])
        return values

    table = quote(model._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(ready(row))
            return
        marks = ", ".join(["%s"] * len(fields))
        cursor.executemany(
            f"INSERT INTO {table} ({columns}) VALUES ({marks})", [ready(row) for row in rows]
        )


@contextmanager
def indexes_made_after(*tables: type[models.Model]) -> Iterator[None]:
    """Fill tables first and sort their indexes once, inside the caller's transaction.

    For more rows than are there already. On SQLite unique keys stay as they are. PostgreSQL lets
    nobody read meanwhile, so there it is only for tables that are empty.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    names = [table._meta.db_table for table in tables]
    take_off, put_back = (_on_sqlite if connection.vendor == "sqlite" else _on_postgres)(names)
    _run(take_off)
    yield
    _run(put_back)


def _on_sqlite(tables: Sequence[str]) -> tuple[list[str], list[str]]:
    """Statements that take the indexes off, and that put them back."""
    connection = connections[DEFAULT_DB_ALIAS]
    marks = ", ".join(["%s"] * len(tables))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index'"
            f" AND sql LIKE 'CREATE INDEX%%' AND tbl_name IN ({marks})",
            tables,
        )
        found = cursor.fetchall()
    quote = connection.ops.quote_name
    return [f"DROP INDEX {quote(name)}" for name, _ in found], [sql for _, sql in found]


def _on_postgres(tables: Sequence[str]) -> tuple[list[str], list[str]]:
    """The same, with the keys that no other table points to.

    A key of a table to itself too: checked at the end for all rows at once, not row by row.
    """
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(
            "SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),"
            " format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname,"
            " pg_get_constraintdef(oid)) FROM pg_constraint c"
            " WHERE contype IN ('p', 'u', 'f') AND conrelid = ANY(%s::regclass[])"
            " AND CASE contype WHEN 'f' THEN confrelid = conrelid ELSE NOT EXISTS"
            " (SELECT 1 FROM pg_constraint f WHERE f.contype = 'f' AND f.conindid = c.conindid)"
            " END",
            [list(tables)],
        )
        found = cursor.fetchall()
        cursor.execute(
            "SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)"
            " FROM pg_index i WHERE indrelid = ANY(%s::regclass[]) AND NOT EXISTS"
            " (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
            [list(tables)],
        )
        found += cursor.fetchall()
    return (
        [take_off for take_off, _ in found],
        [
            "SET CONSTRAINTS ALL IMMEDIATE",  # a table that waits for its checks is not altered
            "SET LOCAL maintenance_work_mem = '256MB'",
            *(put_back for _, put_back in found),
            "SET CONSTRAINTS ALL DEFERRED",
        ],
    )


def _run(statements: Iterable[str]) -> None:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextmanager
def no_garbage() -> Iterator[None]:
    """Work that makes many rows and no cycles: the search for cycles would take a sixth of it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
