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


def columns_of(model: type[models.Model]) -> tuple[str, ...]:
    """Attribute names of a model's columns, without the key."""
    return tuple(field.attname for field in model._meta.concrete_fields if not field.primary_key)


def insert(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of values, one for each of the attributes named."""
    # The wrapper itself, not Django's proxy, which would look it up for every value.
    connection = connections[DEFAULT_DB_ALIAS]
    quote = connection.ops.quote_name
    known = {field.attname: field for field in model._meta.concrete_fields}
    fields = [known[name] for name in names]
    columns = ", ".join(quote(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
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

    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})",
            [ready(row) for row in rows],
        )


@contextmanager
def indexes_made_after(*tables: type[models.Model]) -> Iterator[None]:
    """Fill tables first and sort their indexes once, on SQLite, inside the caller's transaction.

    For more rows than are there already. Unique keys stay and are kept. PostgreSQL would lock the
    readers out meanwhile, so there nothing is done.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor != "sqlite":
        yield
        return
    names = [table._meta.db_table for table in tables]
    marks = ", ".join(["%s"] * len(names))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index'"
            f" AND sql LIKE 'CREATE INDEX%%' AND tbl_name IN ({marks})",
            names,
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {connection.ops.quote_name(name)}")
    yield
    with connection.cursor() as cursor:
        for _, sql in indexes:
            cursor.execute(sql)


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
