"""Where the classes of a monthly file wait, beside the registry, until all of them are read.

As with a register (see `staging`), the temporary table is the connection's own: filling it takes no
lock, a process that dies takes it with it, and then a few statements write whatever their number.
Knows no rules; the caller's transaction makes the writing one step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from django.db import connection

from .models import CreditBatch
from .temporary import Temporary

JOINED = "liancha_classes s JOIN registry_target t ON t.code = s.code"
ROWS = 10_000  # taken from the database at once


class Classes(Temporary):
    """The waiting (code, class), each code once; `count` is how many."""

    tables = ("liancha_classes",)

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

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
        return int(self._one(f"SELECT count(*) FROM {JOINED}"))

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

    def create(self) -> None:
        self._run(
            "CREATE TEMPORARY TABLE liancha_classes"
            " (code text PRIMARY KEY, credit_class text NOT NULL)"
        )
