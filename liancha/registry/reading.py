"""What a file of targets says, piece by piece, without a look at the registry.

Works in the process that reads a large file (see `papers.feed`), so that the process that asked
has time to place and to write; hence what goes out is plain lists and strings. Knows no database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

from liancha.papers.feed import Piece, Source
from liancha.papers.readers import Row

from . import codes, columns
from .columns import Reading, Remark
from .kinds import CodeKind
from .plain import READ, PlainRows

BESIDE = "liancha.registry.reading.Reader"  # for papers.feed
# The columns of what is taken: whether a row says its kind, and what it says.
TAKEN = ("says_kind", *READ)
CODE, NAME = TAKEN.index("code"), TAKEN.index("name")
LONGEST_LINE_CELL = 2_000
DOUBLED = "行的代码重复"  # how the fault of a second row with a code ends
Note = tuple[int, str, list[tuple[str, str, str, str]], list[str]]


class Reader:
    """Reads the pieces of one table; remembers every code.

    has_lines  whether the cells of every row are wanted, not only of those refused
    """

    def __init__(self, table: Source, today: str, has_lines: bool) -> None:
        self._table, self._today, self._has_lines = table, date.fromisoformat(today), has_lines
        self._plain = PlainRows(table, self._today)
        self._seen: dict[str, int] = {}

    def read(self, piece: Piece) -> dict[str, Any]:
        """One piece, as it can be sent to another process.

        rows      how many there were
        numbers   of the rows taken
        columns   what they say, as TAKEN: a list, or one word that stands for all
        refused   (row, name, what is wrong, its cells); a row taken before counts as refused
        remarked  the same of rows that are taken with a doubt
        mended    what was put right by itself → how often
        lines     the cells of every row taken, when they are wanted
        """
        read, odd = self._plain.read(piece)
        taken = [["t"] * len(piece.numbers), *read]
        numbers, lines = list(piece.numbers), None
        refused: list[Note] = []
        remarked: list[Note] = []
        mended: Counter[str] = Counter()
        gone: set[int] = set()
        for place in odd:
            reading = self._look(piece, place)
            if reading.faults:
                gone.add(place)
                refused.append(_note(reading, reading.faults, reading.line))
                continue
            for column, value in zip(taken, _as_read(reading), strict=True):
                column[place] = value
            if reading.code not in self._seen:
                mended.update(reading.mended)
                if reading.remarks:
                    remarked.append(_note(reading, reading.remarks))
        refused += self._doubles(piece, taken, gone)
        if self._has_lines:
            lines = [list(map(str, line)) for line in zip(*piece.columns, strict=True)]
        for place in sorted(gone, reverse=True):
            del numbers[place]
            for column in taken:
                del column[place]
            if lines:
                del lines[place]
        return {
            "rows": len(piece.numbers),
            "numbers": numbers,
            "columns": [_one_for_all(column) for column in taken] if numbers else [],
            "refused": refused,
            "remarked": remarked,
            "mended": dict(mended),
            "lines": lines,
        }

    def _look(self, piece: Piece, place: int) -> Reading:
        """Read a row by itself."""
        row = Row(piece.numbers[place], piece.line(place), self._table.places)
        return columns.read(row, self._table.title, self._today)

    def _doubles(self, piece: Piece, taken: list[list[str]], gone: set[int]) -> list[Note]:
        """Rows whose code came before; they are added to those that are gone."""
        seen, codes_, numbers = self._seen, taken[CODE], piece.numbers
        if gone:
            kept = [place for place in range(len(numbers)) if place not in gone]
            codes_ = [codes_[place] for place in kept]
            numbers = [numbers[place] for place in kept]
        fresh = dict(zip(codes_, numbers, strict=True))
        if len(fresh) == len(numbers) and seen.keys().isdisjoint(fresh):
            seen.update(fresh)
            return []
        found: list[Note] = []
        for place, code in enumerate(taken[CODE]):
            if place in gone:
                continue
            number = piece.numbers[place]
            first = seen.setdefault(code, number)
            if first != number:
                gone.add(place)
                remark = Remark(
                    self._table.title("code"),
                    code,
                    f"与第 {first} {DOUBLED}",
                    "只留一行；确为两家时，核对其中一家的代码",
                )
                reading = Reading(number, taken[NAME][place], piece.line(place))
                found.append(_note(reading, [remark], reading.line))
        return found


def spread(piece: dict[str, Any]) -> list[list[str]]:
    """The columns of a piece, each as long as it has rows."""
    count = len(piece["numbers"])
    return [[each] * count if isinstance(each, str) else each for each in piece["columns"]]


def _one_for_all(column: list[str]) -> list[str] | str:
    first = column[0]
    return first if column[-1] == first and column.count(first) == len(column) else column


def _note(reading: Reading, remarks: Iterable[Remark], line: Iterable[str] = ()) -> Note:
    said = [(each.column, each.value, each.fault, each.cure) for each in remarks]
    return reading.number, reading.name, said, [cell[:LONGEST_LINE_CELL] for cell in line]


def _as_read(reading: Reading) -> tuple[str, ...]:
    """A row that was read by itself, as TAKEN."""
    values = reading.values | {"county": reading.county, "city": reading.city}
    says_kind = "t" if values.get("kind") else "f"
    if not values.get("kind"):
        code = codes.Code(reading.code, CodeKind(values["code_kind"]))
        values["kind"] = codes.kind_of(code)
    return (says_kind, *(str(values.get(key) or "") for key in READ))
