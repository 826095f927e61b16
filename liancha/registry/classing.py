"""Where the classes of a monthly file wait, beside the registry, until all of them are read.

As with a register (see `staging`), the temporary table is the connection's own: filling it takes no
lock, a process that dies takes it with it, and then a few statements write whatever their number.
Knows no rules; the caller's transaction makes the writing one step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from typing import Any

from django.db import DatabaseError, connection

from .models import CreditBatch

JOINED = "liancha_classes s JOIN registry_target t ON t.code = s.code"
ROWS = 10_000  # taken from the database at once


class Classes:
    """The waiting (code, class), each code once; `count` is how many."""

    def __init__(self) -> None:
        self.count = 0
        self._is_sqlite = connection.vendor == "sqlite"

    def add(self, rows: Sequence[tuple[str, str]]) -> None:
        self.count += len(rows)
        with connection.cursor() as cursor:
            if self._is_sqlite:
                # Without it every row would be a transaction of its own.
                cursor.execute("SAVEPOINT liancha_classes")
                # Past Django's cursor, which would look at every value once more.
                cursor.connection.executemany("INSERT INTO liancha_classes VALUES (?, ?)", rows)
                cursor.execute("RELEASE liancha_classes")
            else:
                with cursor.copy("COPY liancha_classes FROM STDIN") as copy:
                    copy.write("".join([f"{code}\t{value}\n" for code, value in rows]).encode())

    def settle(self) -> None:
        """All rows are in."""
        if not self._is_sqlite:
            self._run("ANALYZE liancha_classes")

    def known(self) -> int:
        """How many of the codes the registry has."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {JOINED}")
            return int(cursor.fetchone()[0])

    def note(self, batch: CreditBatch) -> int:
        """Record whose class differs, before and after; returns how many."""
        return self._run(
            'INSERT INTO registry_creditchange (batch_id, target_id, "before", "after")'
            f" SELECT %s, t.id, t.credit_class, s.credit_class FROM {JOINED}"
            " WHERE t.credit_class <> s.credit_class ORDER BY t.id",
            [batch.pk],
        )

    def hold(self) -> Iterator[tuple[int, date | str | None, str]]:
        """Key, day and source of every target named, by key; nobody else changes them now."""
        locked = "" if self._is_sqlite else " FOR UPDATE OF t"
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT t.id, t.credit_on, t.credit_source FROM {JOINED} ORDER BY t.id{locked}"
            )
            while rows := cursor.fetchmany(ROWS):
                yield from rows

    def write(self, batch: CreditBatch, *, at: datetime) -> None:
        """Put class, day and source on the targets. Who keeps the class is not changed by it."""
        on = connection.ops.adapt_datefield_value(batch.on)
        moment = connection.ops.adapt_datetimefield_value(at)
        said = "credit_on = %s, credit_source = %s"
        self._run(
            "UPDATE registry_target AS t"
            f" SET credit_class = s.credit_class, updated_at = %s, {said}"
            " FROM liancha_classes s WHERE s.code = t.code AND t.credit_class <> s.credit_class",
            [moment, on, batch.source],
        )
        self._run(
            f"UPDATE registry_target AS t SET {said} FROM liancha_classes s WHERE s.code = t.code"
            " AND (t.credit_on IS NULL OR t.credit_on <> %s OR t.credit_source <> %s)",
            [on, batch.source, on, batch.source],
        )

    def open(self) -> None:
        self.close()
        self._run(
            "CREATE TEMPORARY TABLE liancha_classes"
            " (code text PRIMARY KEY, credit_class text NOT NULL)"
        )

    def close(self) -> None:
        self._run("DROP TABLE IF EXISTS liancha_classes")

    def _run(self, sql: str, values: Iterable[Any] | None = None) -> int:
        with connection.cursor() as cursor:
            cursor.execute(sql, values if values is None else list(values))
            return int(cursor.rowcount)


@contextmanager
def classes() -> Iterator[Classes]:
    """An empty table for them, gone afterwards."""
    opened = Classes()
    opened.open()
    try:
        yield opened
    finally:
        # After an error in a transaction the connection takes nothing more; it forgets by itself.
        with suppress(DatabaseError):
            opened.close()
