"""A small file into an empty registry: its rows go straight in, with no stage between.

There is nothing to hold them against, and so few that others can wait for the writing while the
file is read: under a second. On PostgreSQL the server writes what has been read while the rest is
being read. Asked like the stage, inside the caller's transaction; knows no rules.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from itertools import repeat
from typing import Any

from django.db import connection

from . import bulk
from .models import Import, Tagging, Target
from .plain import mute
from .staging import TEXTS, Stage

NULL = "\x02"  # to PostgreSQL; no cell can be that
Column = Sequence[Any] | str


class Straight(Stage):
    """A stage on which nothing waits: what has been added is in the registry.

    Since nothing in it was known before, nobody asks what differs from the registry.
    """

    is_busy = True

    def __init__(
        self,
        batch: Import,
        opened: ExitStack,
        *,
        places: Collection[str],
        today: date,
        at: datetime,
    ) -> None:
        super().__init__()
        self._opened = opened
        self._today, self._source = today.isoformat(), f"导入：{batch.file_name}"[:60]
        self._null = None if self._is_sqlite else NULL
        self._copy: Any = None  # open while rows come in
        self._rows: list[int] = []
        self._tagged: list[int] = []
        self._pending: list[tuple[int, str, str, str]] = []
        self._rest = ""
        said = {*TEXTS, "registered_address"} - mute(places)
        said |= {"code", "code_kind", "kind", "region_id", "region_reason", "is_pending"}
        said |= {"status", "registered_on", "credit_class", "credit_on", "credit_source"}
        fixed = {"updated_at": at, "came_with_id": batch.pk}
        self._said: dict[str, str] = {}  # column → attribute
        self._fixed: dict[str, Any] = {}
        for field in Target._meta.concrete_fields:
            column = connection.ops.quote_name(str(field.column))
            if field.primary_key:
                self._id = column
            elif field.attname in said:
                self._said[column] = field.attname
            else:
                value = fixed.get(field.attname, field.get_default())
                self._fixed[column] = field.get_db_prep_save(value, connection)
        self._top = self._last_key()

    # ── coming in ─────────────────────────────────────────────────────────────────────────

    def add(self, numbers: Sequence[int], columns: Mapping[str, Column]) -> None:
        """As `Stage.add`; a column may be one word that stands for all."""
        self._rows += numbers
        self._tagged += map(int, columns["tags"])
        if "t" in columns["is_pending"]:
            self._note_pending(numbers, columns)
        values = {name: columns.get(name, "") for name in self._said.values()}
        size = len(numbers)
        values["region_id"] = self._or_null(values["region_id"], size)
        values["registered_on"] = self._or_null(values["registered_on"], size)
        values["status"] = _or(values["status"], str(Target.Status.ACTIVE))
        if registered := values.get("registered_address"):
            address = values["address"]
            values["registered_address"] = [
                "" if each == own else each
                for each, own in zip(_long(registered, size), _long(address, size), strict=True)
            ]
        self._class(values)
        top = self._top
        keys = [top + number for number in numbers]
        (self._insert if self._is_sqlite else self._send)(keys, values)

    def _class(self, values: dict[str, Column]) -> None:
        """A credit class has a day and a source; without one there is neither."""
        classes, size = values["credit_class"], len(values["region_id"])
        days, sources = values["credit_on"], values["credit_source"]
        if isinstance(classes, str):
            classes = [classes] * size
        days, sources = _or(days, self._today), _or(sources, self._source)
        if isinstance(days, str) and isinstance(sources, str):
            values["credit_on"] = [days if each else self._null for each in classes]
            values["credit_source"] = [sources if each else "" for each in classes]
            return
        values["credit_on"] = [
            day if each else self._null
            for each, day in zip(classes, _long(days, size), strict=True)
        ]
        values["credit_source"] = [
            source if each else ""
            for each, source in zip(classes, _long(sources, size), strict=True)
        ]

    def settle(self, tags: Iterable[tuple[int, int]]) -> None:
        """As `Stage.settle`: the last row is in, and its tags follow."""
        self._opened.close()
        given: dict[int, list[int]] = {}
        for number, tag in tags:
            given.setdefault(number, []).append(tag)
        lines = [
            (self._top + row, tag)
            for row, number in zip(self._rows, self._tagged, strict=True)
            for tag in given.get(number, ())
        ]
        table = connection.ops.quote_name(Tagging._meta.db_table)
        with connection.cursor() as cursor:
            if self._is_sqlite:
                cursor.connection.executemany(
                    f"INSERT INTO {table} (target_id, tag_id, is_by_hand) VALUES (?, ?, 0)", lines
                )
            elif lines:
                text = "".join([f"{key}\t{tag}\tf\n" for key, tag in lines])
                into = f"COPY {table} (target_id, tag_id, is_by_hand) FROM STDIN"
                with cursor.copy(into) as copy:
                    copy.write(text.encode())

    # ── looking ───────────────────────────────────────────────────────────────────────────

    def count(self) -> int:
        return len(self._rows)

    def count_pending(self) -> int:
        return len(self._pending)

    def pending(self, most: int) -> list[tuple[int, str, str, str]]:
        return self._pending[:most]

    def meet(self, rows: Sequence[int] = ()) -> int:
        """The registry was empty, and is kept so."""
        return 0

    # ── leaving ───────────────────────────────────────────────────────────────────────────

    def bring_in(self, batch: Import, *, today: date, at: datetime) -> None:
        """All of it is in; the import learns the keys, and PostgreSQL where to count on."""
        batch.first_key, batch.last_key = self._top + self._rows[0], self._top + self._rows[-1]
        if not self._is_sqlite:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT setval(pg_get_serial_sequence('registry_target', 'id'), %s)",
                    [batch.last_key],
                )

    # ── the database ──────────────────────────────────────────────────────────────────────

    def _last_key(self) -> int:
        asked = (
            "SELECT COALESCE(max(seq), 0) FROM sqlite_sequence WHERE name = 'registry_target'"
            if self._is_sqlite
            else "SELECT nextval(pg_get_serial_sequence('registry_target', 'id'))"
        )
        with connection.cursor() as cursor:
            cursor.execute(asked)
            return int(cursor.fetchone()[0])

    def _insert(self, keys: list[int], values: Mapping[str, Column]) -> None:
        values = {**values, "is_pending": [each == "t" for each in values["is_pending"]]}
        names = [self._id, *self._said, *self._fixed]
        said = [values[name] for name in self._said.values()]
        given = [each for each in said if not isinstance(each, str)]
        marks = ["?"] + [_literal(each) if isinstance(each, str) else "?" for each in said]
        marks += map(_literal, self._fixed.values())
        with connection.cursor() as cursor:
            # Past Django's cursor, which would look at every value once more.
            cursor.connection.executemany(
                f"INSERT INTO registry_target ({', '.join(names)}) VALUES ({', '.join(marks)})",
                zip(keys, *given, strict=True),
            )

    def _send(self, keys: list[int], values: Mapping[str, Column]) -> None:
        if self._copy is None:
            fixed = {name: value for name, value in self._fixed.items() if value is not None}
            names = ", ".join([self._id, *self._said, *fixed])
            self._rest = "\t".join(_text(value) for value in fixed.values()) + "\n"
            cursor = self._opened.enter_context(connection.cursor())
            self._copy = self._opened.enter_context(
                cursor.copy(f"COPY registry_target ({names}) FROM STDIN WITH (NULL '{NULL}')")
            )
        given = [_long(values[name], len(keys)) for name in self._said.values()]
        lines: Iterable[Any] = zip(
            map(str, keys), *given, repeat(self._rest, len(keys)), strict=True
        )
        text = "".join(map("\t".join, lines))
        self._copy.write((text.replace("\\", "\\\\") if "\\" in text else text).encode())

    def _or_null(self, column: Column, size: int) -> Column:
        if isinstance(column, str):
            return column or [self._null] * size
        return [each or self._null for each in column] if "" in column else column

    def _note_pending(self, numbers: Sequence[int], columns: Mapping[str, Column]) -> None:
        shown = (
            _long(columns.get(name, ""), len(numbers))
            for name in ("is_pending", "name", "address", "region_reason")
        )
        for number, is_pending, name, address, reason in zip(numbers, *shown, strict=True):
            if is_pending == "t":
                self._pending.append((number, name, address, reason))


def _or(column: Column, word: str) -> Column:
    """The column with this word where it says nothing."""
    if isinstance(column, str):
        return column or word
    return [each or word for each in column] if "" in column else column


def _long(column: Column, size: int) -> Iterable[Any]:
    return repeat(column, size) if isinstance(column, str) else column


def _literal(value: Any) -> str:
    """A default, as SQLite reads it in a statement."""
    if value is None:
        return "NULL"
    return str(int(value)) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def _text(value: Any) -> str:
    """A default, as COPY reads it."""
    return {True: "t", False: "f"}[value] if isinstance(value, bool) else str(value)


@contextmanager
def straight(
    batch: Import, *, places: Collection[str], today: date, at: datetime
) -> Iterator[Straight]:
    """The way in for the rows of an import that is saved. After an error nothing is half open.

    places  the columns of its file, by key
    """
    with bulk.no_garbage(), ExitStack() as indexes, ExitStack() as opened:
        if connection.vendor == "sqlite":
            # PostgreSQL keeps them in step while the rest is read.
            indexes.enter_context(bulk.indexes_made_after(Target, Tagging))
        yield Straight(batch, opened, places=places, today=today, at=at)


def is_free() -> bool:
    """Whether the registry is empty and stays so for the rest of this transaction.

    Others read meanwhile; on PostgreSQL nobody else takes a key, so that keys can be counted on.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE registry_target IN SHARE ROW EXCLUSIVE MODE")
    return not Target.objects.exists()
