"""Opening a table that somebody uploaded: what it is, where its heading stands, its rows.

    with open_book(path, "底册.xlsx") as book:
        table = find_table(book, COLUMNS)
        for row in table.rows():
            row.number, row["name"]

The room says by which words its columns are known; this module finds them, below title rows and
in any order. It strips what nobody typed on purpose (outer spaces, zero-width characters) and
judges nothing else.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from . import kinds, markup, text, workbooks
from .faults import Unreadable
from .kinds import LIMITS, Kind, Limits

__all__ = ["Column", "Row", "Table", "Unreadable", "find_table", "heading_word", "open_book"]

SEARCHED = 20  # rows in which the heading must stand
LONGEST_CELL = 32_767  # as in Excel

_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\x00"))
_OUTER = " \t\r\n\u00a0\u3000"


@dataclass(frozen=True, slots=True)
class Column:
    """A column a room knows.

    key    what the room calls it
    words  headings it goes by, the best known first; spaces and brackets do not matter
    """

    key: str
    words: tuple[str, ...]
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A worksheet; `size` is about how many rows it has, for a progress bar."""

    name: str
    records: Callable[[], Iterator[list[str]]]
    size: Callable[[], int]


@dataclass(slots=True)
class Book:
    """An opened file. Close it (or use `with`) when its rows have been read."""

    kind: Kind
    detail: str
    size: int
    sha256: str
    sheets: list[Sheet]
    is_broken: bool = False
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()


@dataclass(frozen=True, slots=True)
class Row:
    """One row below the heading.

    number  as Excel shows it, from 1
    cells   every cell of the row, cleaned, in the file's order
    """

    number: int
    cells: tuple[str, ...]
    places: dict[str, int]

    def __getitem__(self, key: str) -> str:
        """The cell under a column; "" when the file has no such column."""
        place = self.places.get(key)
        return self.cells[place] if place is not None else ""


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet whose heading was found.

    heading  row number of the heading
    titles   the file's own headings, in order
    places   column key → index of the cell
    ignored  headings nobody here knows, or that came second
    """

    book: Book
    sheet: Sheet
    heading: int
    titles: tuple[str, ...]
    places: dict[str, int]
    ignored: tuple[str, ...]

    def rows(self) -> Iterator[Row]:
        """Rows below the heading that are not blank. Raises Unreadable as the file is read."""
        width = len(self.titles)
        for number, record in enumerate(self.sheet.records(), 1):
            if number <= self.heading:
                continue
            cells = [clean(cell) for cell in record]
            if any(cells):
                cells += [""] * (width - len(cells))
                yield Row(number, tuple(cells), self.places)

    def size(self) -> int:
        """About how many rows there are below the heading."""
        return max(0, self.sheet.size() - self.heading)

    def title(self, key: str) -> str:
        """What the file calls a column; "" when it has none."""
        place = self.places.get(key)
        return self.titles[place] if place is not None else ""

    @property
    def recognised(self) -> str:
        """XLSX，工作表“底册”，标题在第 3 行，认出 9 列."""
        named = f"工作表“{self.sheet.name}”" if self.sheet.name else ""
        parts = (self.book.kind.value, self.book.detail, named, f"标题在第 {self.heading} 行")
        return "，".join((*filter(None, parts), f"认出 {len(self.places)} 列"))


def open_book(
    path: Path | str, file_name: str = "", *, limits: Limits = LIMITS, is_checked: bool = False
) -> Book:
    """Open a CSV (any usual encoding, .csv.gz), .xlsx, .xls, Excel XML, or web table.

    is_checked  an .xlsx is known not to burst, or somebody else is looking (kinds.check_workbook)

    Raises Unreadable.
    """
    path = Path(path)
    opened = ExitStack()
    try:
        kind = kinds.look(path, limits=limits)
        size, digest = path.stat().st_size, _sha256(path)
        if kind is None:
            folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="liancha-")))
            inner = folder / "table"
            with inner.open("wb") as target:
                kinds.unpack(path, target, limits=limits)
            is_checked = False
            path, kind = inner, kinds.look(inner, limits=Limits(limits.unpacked, limits.unpacked))
            if kind is None:
                raise Unreadable("压缩包里还是压缩包。请解开后直接选择表格。")
        book = _open(path, kind, None if is_checked else limits)
    except BaseException:
        opened.close()
        raise
    book.size, book.sha256, book._open = size, digest, opened
    return book


def find_table(book: Book, columns: Sequence[Column]) -> Table:
    """The first sheet with the required headings in one of its first rows.

    Raises Unreadable that says which heading is missing, or stands there twice.
    """
    nearest: tuple[int, Table] | None = None
    for sheet in book.sheets:
        for number, record in enumerate(_first(sheet.records(), SEARCHED), 1):
            table = _read_heading(book, sheet, number, record, columns)
            known = len(table.places)
            if known >= min(2, len(columns)) and (nearest is None or known > nearest[0]):
                nearest = (known, table)
        if nearest is not None and not _missing(nearest[1], columns):
            return _without_doubles(nearest[1], columns)
    wanted = "、".join(f"“{column.words[0]}”" for column in columns if column.is_required)
    if nearest is None:
        raise Unreadable(
            f"前 {SEARCHED} 行里没有找到标题行。标题行里至少要有{wanted}这几列，可以先下载模板。"
        )
    lacking = "、".join(f"“{column.words[0]}”" for column in _missing(nearest[1], columns))
    raise Unreadable(
        f"标题在第 {nearest[1].heading} 行，但缺少{lacking}列。请补上这一列，可以先下载模板。"
    )


def clean(cell: str) -> str:
    """A cell without outer spaces and characters that cannot be seen."""
    return cell.translate(_UNSEEN).strip(_OUTER)


def heading_word(title: str) -> str:
    """A heading as it is compared: no spaces, brackets, stars, colons; lower case, half width."""
    kept = title.replace("（", "(").replace("）", ")").lower()
    return "".join(c for c in clean(kept) if c not in " \t\r\n\u3000*：:()[]【】“”\"'、/_-·")


def _open(path: Path, kind: Kind, limits: Limits | None) -> Book:
    if kind is Kind.TEXT:
        found = text.recognise(path)
        sheets = [Sheet("", found.records, found.lines)]
        return Book(kind, found.words, 0, "", sheets, found.is_broken)
    if kind is Kind.XLSX and limits:
        kinds.check_workbook(path, limits=limits)
    read = {Kind.XML: markup.xml_sheets, Kind.HTML: markup.html_sheets}.get(kind, workbooks.sheets)
    sheets = [Sheet(name, records, size) for name, records, size in read(path)]
    if not sheets:
        raise Unreadable("文件里没有可见的工作表。请检查工作表是否都被隐藏了。")
    return Book(kind, "", 0, "", sheets)


def _first(records: Iterator[list[str]], count: int) -> Iterable[list[str]]:
    for _, record in zip(range(count), records, strict=False):
        yield record


def _read_heading(
    book: Book, sheet: Sheet, number: int, record: list[str], columns: Sequence[Column]
) -> Table:
    titles = tuple(clean(title) for title in record)
    words = [heading_word(title) for title in titles]
    places: dict[str, int] = {}
    for column in columns:
        for word in map(heading_word, column.words):
            if word in words:
                places[column.key] = words.index(word)
                break
    used = set(places.values())
    ignored = tuple(title for place, title in enumerate(titles) if title and place not in used)
    return Table(book, sheet, number, titles, places, ignored)


def _missing(table: Table, columns: Sequence[Column]) -> list[Column]:
    return [column for column in columns if column.is_required and column.key not in table.places]


def _without_doubles(table: Table, columns: Sequence[Column]) -> Table:
    words = [heading_word(title) for title in table.titles]
    for column in columns:
        place = table.places.get(column.key)
        if place is not None and words.count(words[place]) > 1:
            second = words.index(words[place], place + 1)
            raise Unreadable(
                f"第 {place + 1} 列和第 {second + 1} 列的标题都是“{table.titles[place]}”，"
                "不知道用哪一列。请删去或改名其中一列。"
            )
    return table


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
