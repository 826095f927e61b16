"""Temporary tables of the connection: nobody else sees them, filling them locks nothing.

A process that dies takes them along. What waits on them is said by each kind.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, ClassVar, TypeVar

from django.db import DatabaseError, connection, models


class Temporary(ABC):
    """Tables of one kind, there once they are `opened`."""

    tables: ClassVar[tuple[str, ...]]

    def __init__(self) -> None:
        self._is_sqlite = connection.vendor == "sqlite"

    @abstractmethod
    def create(self) -> None:
        """Make the tables, empty."""

    def remove(self) -> None:
        for table in self.tables:
            self._run(f"DROP TABLE IF EXISTS {table}")

    def _run(self, sql: str, parameters: Sequence[Any] | None = None) -> int:
        """How many rows it concerned."""
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return int(cursor.rowcount)

    def _all(self, sql: str, parameters: Sequence[Any] | None = None) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall()

    def _one(self, sql: str) -> Any:
        return self._all(sql)[0][0]


T = TypeVar("T", bound=Temporary)


@contextmanager
def opened(tables: T) -> Iterator[T]:
    """Empty tables, gone afterwards."""
    tables.remove()
    tables.create()
    try:
        yield tables
    finally:
        # After an error in a transaction the connection takes nothing more; it forgets by itself.
        with suppress(DatabaseError):
            tables.remove()


def table_of(model: type[models.Model]) -> str:
    """The name of a model's table, quoted."""
    return connection.ops.quote_name(model._meta.db_table)
