"""Tables that only call themselves Excel: the XML of Excel 2003, and web pages saved as .xls.

Business platforms hand out both under the name .xls. Only the cells are taken; scripts, links and
entities of one's own mean nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.parsers import expat

from .faults import Unreadable

MOST_COLUMNS = 16_384
LARGEST = 50 * 2**20
_META = re.compile(rb"charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
_DAMAGED = "文件里的标记不完整。请用 Excel 或 WPS 打开后另存为 .xlsx 再导入。"


Sheets = list[tuple[str, Callable[[], Iterator[list[str]]], Callable[[], int]]]


def xml_sheets(path: Path) -> Sheets:
    """(name, rows, size) of the worksheets of an Excel 2003 XML file. Raises Unreadable."""
    _check_size(path)
    reader = _XmlReader()
    try:
        with path.open("rb") as file:
            reader.parser.ParseFile(file)
    except expat.ExpatError as error:
        raise Unreadable(f"第 {error.lineno} 行附近{_DAMAGED}") from error
    return [(name, partial(iter, rows), partial(len, rows)) for name, rows in reader.sheets]


def html_sheets(path: Path) -> Sheets:
    """(name, rows, size) of the tables of a web page, in their order. Raises Unreadable."""
    _check_size(path)
    content = path.read_bytes()
    declared = _META.search(content[:4096])
    names = [declared[1].decode("ascii").lower()] if declared else []
    for encoding in (*names, "utf-8-sig", "gb18030"):
        try:
            text = content.decode("gb18030" if encoding.startswith("gb") else encoding)
            break
        except (UnicodeDecodeError, LookupError):
            continue
    else:
        text = content.decode("gb18030", errors="replace")
    reader = _HtmlReader()
    reader.feed(text)
    reader.close()
    return [
        (f"表 {n}", partial(iter, rows), partial(len, rows))
        for n, rows in enumerate(reader.tables, 1)
    ]


def _check_size(path: Path) -> None:
    if path.stat().st_size > LARGEST:
        raise Unreadable(
            f"这种格式最多读 {LARGEST // 2**20} MB。请用 Excel 打开后另存为 .xlsx 再导入。"
        )


class _XmlReader:
    """Worksheet / Row / Cell / Data, with ss:Index jumping over empty rows and cells."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, list[list[str]]]] = []
        self._row: list[str] | None = None
        self._text: list[str] | None = None
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data

    def _refuse(self, *_: Any) -> None:
        raise Unreadable("XML 表格里带有文档类型声明，出于安全不读取。请另存为 .xlsx 再导入。")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        about = {name.rpartition(" ")[2]: value for name, value in attributes.items()}
        match tag.rpartition(" ")[2]:
            case "Worksheet":
                self.sheets.append((about.get("Name", ""), []))
            case "Row" if self.sheets:
                rows = self.sheets[-1][1]
                self._skip(rows, about.get("Index"), [], 1_048_576)
                self._row = []
            case "Cell" if self._row is not None:
                self._skip(self._row, about.get("Index"), "", MOST_COLUMNS)
                self._row.append("")
            case "Data" if self._row:
                self._text = []

    def _end(self, tag: str) -> None:
        match tag.rpartition(" ")[2]:
            case "Row" if self._row is not None:
                self.sheets[-1][1].append(self._row)
                self._row = None
            case "Data" if self._text is not None and self._row:
                self._row[-1] = "".join(self._text).removesuffix("T00:00:00.000")
                self._text = None

    def _data(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    @staticmethod
    def _skip(cells: list[Any], index: str | None, blank: Any, most: int) -> None:
        if index is None:
            return
        if not index.isdecimal() or int(index) > most:
            raise Unreadable(_DAMAGED)
        cells.extend(blank for _ in range(int(index) - 1 - len(cells)))


class _HtmlReader(HTMLParser):
    """table / tr / td; a cell that spans columns is followed by empty ones."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[str]]] = []
        self._cell: list[str] | None = None
        self._span = 1
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        match tag:
            case "table":
                self._close()
                self.tables.append([])
            case "tr" if self.tables:
                self.tables[-1].append([])
            case "td" | "th" if self.tables and self.tables[-1]:
                self._close()
                span = dict(attrs).get("colspan") or "1"
                self._span = min(int(span), MOST_COLUMNS) if span.isdecimal() else 1
                self._cell = []
            case "br" if self._cell is not None:
                self._cell.append("\n")
            case "script" | "style":
                self._hidden += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._close()
        elif tag in ("script", "style"):
            self._hidden = max(0, self._hidden - 1)

    def handle_data(self, data: str) -> None:
        if self._cell is not None and not self._hidden:
            self._cell.append(data)

    def _close(self) -> None:
        if self._cell is not None:
            row = self.tables[-1][-1]
            row.append("".join(self._cell).strip())
            row.extend("" for _ in range(self._span - 1))
            self._cell = None
