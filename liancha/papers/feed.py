"""Reading a table piece by piece, a large one in a process of its own.

    with open_table(path, "底册.xlsx", COLUMNS) as table:
        for piece in table.pieces():
            piece.numbers, piece.columns

The process beside reads on another core, and its memory is gone when the table is closed. It knows
no database; what the columns mean is said by the reader a room names, whose work is done there too:

    python -m liancha.papers.feed        the question on its input, the pieces on its output
"""

from __future__ import annotations

import gc
import marshal
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import IO, Any, Protocol

from . import kinds
from .faults import Unreadable
from .kinds import Kind
from .readers import Column, Table, clean, find_table, open_book

PIECE = 2_000  # rows
RUN = 100  # cells looked at together
BESIDE = 6 * 2**20  # bytes from which a process of its own is worth its start
_FORMAT = 2  # of marshal: without looking for strings that are the same object
_LOST = "文件没有读完：读表格的进程中断了，多半是内存不够。请分成几个文件再导入。"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows below the heading that are not blank, column by column.

    numbers  of the rows, as Excel shows them
    columns  one list of cleaned cells for each title
    """

    numbers: list[int]
    columns: list[list[str]]

    def line(self, place: int) -> tuple[str, ...]:
        """The cells of one row."""
        return tuple(column[place] for column in self.columns)


class Source(Protocol):
    """An opened table, wherever it is read."""

    titles: tuple[str, ...]
    places: dict[str, int]
    recognised: str
    sha256: str
    size: int
    rows: int

    def title(self, key: str) -> str:
        """What the file calls a column; "" when it has none."""

    def pieces(self) -> Iterator[Any]:
        """All rows, as pieces or what became of them. Raises Unreadable as the file is read."""


@contextmanager
def open_table(
    path: Path | str,
    file_name: str,
    columns: Sequence[Column],
    through: str = "",
    *asked: str | bool,
) -> Iterator[Source]:
    """Open a file of any kind and find its table. Raises Unreadable.

    through  the dotted name of a class that reads the pieces, wherever the file is read:
             through(source, *asked).read(piece) gives what comes out, of plain lists, dicts and
             strings; without it the pieces themselves come out
    """
    path = Path(path)
    if path.stat().st_size < BESIDE:
        with open_book(path, file_name) as book:
            yield _Here(find_table(book, columns), through, asked)
        return
    is_workbook = kinds.look(path) is Kind.XLSX
    process = subprocess.Popen(
        [sys.executable, "-m", __spec__.name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        yield _Beside(process, (path, file_name, columns, through, asked), is_workbook)
    finally:
        process.kill()
        process.communicate()


class _Here:
    """A table read in this process."""

    def __init__(self, table: Table, through: str, asked: Sequence[str | bool]) -> None:
        self._table = table
        self.titles, self.places = table.titles, table.places
        self.recognised = table.recognised
        self.sha256, self.size = table.book.sha256, table.book.size
        self.rows = table.size()
        self._through = through
        self._asked = asked

    def title(self, key: str) -> str:
        return self._table.title(key)

    def pieces(self) -> Iterator[Any]:
        if not self._through:
            return _pieces(self._table)
        module, _, name = self._through.rpartition(".")
        reader = getattr(import_module(module), name)(self, *self._asked)
        return map(reader.read, _pieces(self._table))


class _Beside:
    """A table read by the process beside."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        asked: tuple[Path, str, Sequence[Column], str, Sequence[str | bool]],
        is_workbook: bool,
    ) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("the process has no pipes")
        self._output = process.stdout
        path, file_name, columns, self._through, more = asked
        words = [(column.key, column.words, column.is_required) for column in columns]
        question = (str(path.resolve()), file_name, words, is_workbook, self._through, tuple(more))
        _send(process.stdin, question)
        if is_workbook:
            # While it is being read, on this core: whoever finds it would burst ends the reading.
            kinds.check_workbook(path)
        about = self._receive()
        self.titles, self.places = tuple(about["titles"]), about["places"]
        self.recognised, self.rows = about["recognised"], about["rows"]
        self.sha256, self.size = about["sha256"], about["size"]

    def title(self, key: str) -> str:
        place = self.places.get(key)
        return self.titles[place] if place is not None else ""

    def pieces(self) -> Iterator[Any]:
        while piece := self._receive():
            yield piece if self._through else Piece(*piece)

    def _receive(self) -> Any:
        try:
            found = _received(self._output)
        except EOFError:
            raise Unreadable(_LOST) from None
        if isinstance(found, str):
            raise Unreadable(found)
        return found


def _pieces(table: Table) -> Iterator[Piece]:
    """Rows below the heading, cut and filled up to the width of the heading."""
    width = len(table.titles)
    first = table.places[min(table.places, key=lambda key: table.places[key])]
    records = islice(table.sheet.records(), table.heading, None)
    number = table.heading + 1
    while lines := list(islice(records, PIECE)):
        numbers = list(range(number, number + len(lines)))
        number += len(lines)
        if {*map(len, lines)} != {width}:
            lines = [[*line[:width], *[""] * (width - len(line))] for line in lines]
        columns = [_cleaned(column) for column in zip(*lines, strict=True)]
        if "" in columns[first]:
            _drop_blank(numbers, columns)
        if numbers:
            yield Piece(numbers, columns)


def _cleaned(cells: Sequence[str]) -> list[str]:
    """The same as `clean` on each; most runs of cells are seen to be clean at one look."""
    found: list[str] = []
    for start in range(0, len(cells), RUN):
        run = cells[start : start + RUN]
        text = "".join(run)
        if text.isprintable() and (" " not in text or not _has_outer_spaces(run)):
            found += run
            continue
        found += [
            cell
            if not cell or (cell.isprintable() and cell[0] != " " and cell[-1] != " ")
            else clean(cell)
            for cell in run
        ]
    return found


def _has_outer_spaces(cells: Sequence[str]) -> bool:
    """Of cells without a line break."""
    text = "\n".join(("", *cells, ""))
    return "\n " in text or " \n" in text


def _drop_blank(numbers: list[int], columns: list[list[str]]) -> None:
    """Leave out rows in which nothing is left, now that they are clean."""
    kept = [place for place, cells in enumerate(zip(*columns, strict=True)) if any(cells)]
    if len(kept) < len(numbers):
        numbers[:] = [numbers[place] for place in kept]
        for n, column in enumerate(columns):
            columns[n] = [column[place] for place in kept]


def _send(target: IO[bytes], what: Any) -> None:
    content = marshal.dumps(what, _FORMAT)
    target.write(len(content).to_bytes(8, "big") + content)
    target.flush()


def _received(source: IO[bytes]) -> Any:
    head = source.read(8)
    content = source.read(int.from_bytes(head, "big"))
    if len(head) < 8 or not content:
        raise EOFError
    return marshal.loads(content)


def main() -> None:
    """Answer one question: what the table is, its pieces, nothing more; or why it is unreadable."""
    output = sys.stdout.buffer
    path, file_name, words, is_checked, through, asked = _received(sys.stdin.buffer)
    try:
        with open_book(path, file_name, is_checked=is_checked) as book:
            table = find_table(book, [Column(*column) for column in words])
            about = {
                "titles": list(table.titles),
                "places": table.places,
                "recognised": table.recognised,
                "rows": table.size(),
                "sha256": book.sha256,
                "size": book.size,
            }
            _send(output, about)
            gc.disable()  # many rows and no cycles
            for piece in _Here(table, through, asked).pieces():
                _send(output, piece if through else (piece.numbers, piece.columns))
        _send(output, None)
    except Unreadable as fault:
        _send(output, str(fault))
    except BrokenPipeError:  # whoever asked has gone
        os._exit(1)


if __name__ == "__main__":
    main()
