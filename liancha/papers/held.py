"""A small table kept as plain values: read from its file once, looked at now, written later.

A list has hundreds of rows and a roster thousands, so their rows wait in the record of the import
and no file lies about. Large registers wait as files, see `feed`. Knows no room's columns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any, Self

from .around import as_above, is_beside
from .readers import Column, Row, Unreadable, find_table, open_book

MOST = 20_000  # rows
LONGEST = 4_000  # characters of a cell
NAMED = 8  # rows named one by one among those that were left out


@dataclass(frozen=True, slots=True)
class Held:
    """The rows of a table below its heading, none of them blank.

    titles  the file's own headings, in order
    places  column key → index of the cell
    lines   (number as Excel shows it, cells)
    """

    titles: tuple[str, ...]
    places: Mapping[str, int]
    lines: tuple[tuple[int, tuple[str, ...]], ...]
    sha256: str = ""
    size: int = 0
    recognised: str = ""

    @classmethod
    def read(
        cls, path: Path | str, file_name: str, columns: Sequence[Column], *, most: int = MOST
    ) -> Self:
        """Open a file of any kind and keep its table. Raises Unreadable, as for too many rows."""
        with open_book(path, file_name) as book:
            table = find_table(book, columns)
            lines: list[tuple[int, tuple[str, ...]]] = []
            beside: list[int] = []
            above: tuple[str, ...] = ()
            for row in table.rows():
                if is_beside(row.cells):
                    beside.append(row.number)
                    continue
                if len(lines) == most:
                    raise Unreadable(f"超过 {most} 行。请分成几个文件再导入。")
                cells = as_above(tuple(cell[:LONGEST] for cell in row.cells), above)
                lines.append((row.number, cells))
                above = tuple(
                    cell or last for cell, last in zip_longest(cells, above, fillvalue="")
                )
            return cls(
                table.titles,
                table.places,
                tuple(lines),
                book.sha256,
                book.size,
                (table.recognised + _left_out(beside))[:200],
            )

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """The table that `kept` made."""
        return cls(
            tuple(kept.get("titles", ())),
            kept.get("places", {}),
            tuple((number, tuple(cells)) for number, cells in kept.get("lines", ())),
        )

    def kept(self) -> dict[str, Any]:
        """As JSON can keep it."""
        return {"titles": self.titles, "places": dict(self.places), "lines": self.lines}

    def rows(self) -> Iterator[Row]:
        places = dict(self.places)
        for number, cells in self.lines:
            yield Row(number, cells, places)

    def only(self, numbers: Collection[int]) -> Self:
        """The same table with these rows alone."""
        wanted = set(numbers)
        return replace(self, lines=tuple(line for line in self.lines if line[0] in wanted))

    def has(self, key: str) -> bool:
        """Whether the file has this column."""
        return key in self.places

    def taken_for(self, columns: Sequence[Column]) -> list[list[str]]:
        """[heading of the file, what it was taken for], in the file's order; "" for nothing."""
        words = {self.places[c.key]: c.words[0] for c in columns if c.key in self.places}
        return [[title, words.get(n, "")] for n, title in enumerate(self.titles) if title]


def _left_out(numbers: Sequence[int]) -> str:
    """，第 13、14 行是备注或合计，没有读."""
    if not numbers:
        return ""
    named = "、".join(map(str, numbers[:NAMED])) + ("等" if len(numbers) > NAMED else "")
    return f"，第 {named} 行是备注、签名或合计，没有读"
