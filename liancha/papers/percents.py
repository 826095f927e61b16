"""Cells that Excel shows as a percentage: what is stored is 0.05, what was typed and is seen is 5%.

The reader of workbooks gives numbers without their format, so the formats are looked up beside it:
in two small parts of the archive, and in the sheet only where a format has a percent sign. A second
reader that knows formats would load the whole book again. Only .xlsx says them in the open; nothing
is judged here, and a book too large for it is read as is.
"""

from __future__ import annotations

import html
import re
import zipfile
from decimal import Decimal
from functools import cache
from pathlib import Path

MOST = 32 * 2**20  # bytes of a sheet, unpacked; lists and plans have a hundredth of it
BUILT_IN = {b"9", b"10"}  # 0% and 0.00%
PLACES = Decimal("1e-8")

_FORMAT = re.compile(rb"<(?:\w+:)?numFmt\s([^>]*)>")
_STYLES = re.compile(rb"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", re.DOTALL)
_STYLE = re.compile(rb"<(?:\w+:)?xf\s([^>]*)>")
_CELL = re.compile(rb'<(?:\w+:)?c\s+r="([A-Z]{1,3})([0-9]{1,7})"\s+s="([0-9]+)"')
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s([^>]*)>")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\s([^>]*)>")


def cells(path: Path, sheet: str) -> frozenset[tuple[int, int]]:
    """(row, column), from 0, of the cells of a sheet that are shown as a percentage."""
    try:
        with zipfile.ZipFile(path) as book:
            wanted = _percent_styles(book)
            part = _part(book, sheet) if wanted else ""
            if not part or book.getinfo(part).file_size > MOST:
                return frozenset()
            found = _CELL.findall(book.read(part))
    except (zipfile.BadZipFile, KeyError, OSError):
        return frozenset()
    return frozenset((int(row) - 1, _column(name)) for name, row, style in found if style in wanted)


def text(value: float) -> str:
    """5% for 0.05, without what binary fractions add."""
    exact = (Decimal(repr(value)) * 100).quantize(PLACES).normalize()
    return f"{exact:f}%"


def _percent_styles(book: zipfile.ZipFile) -> frozenset[bytes]:
    """The styles, by their place, whose format has a percent sign."""
    styles = book.read("xl/styles.xml")
    formats = BUILT_IN | {
        _said(about, b"numFmtId")
        for about in _FORMAT.findall(styles)
        if b"%" in _said(about, b"formatCode")
    }
    table = _STYLES.search(styles)
    uses = _STYLE.findall(table[0]) if table else []
    return frozenset(
        b"%d" % place for place, about in enumerate(uses) if _said(about, b"numFmtId") in formats
    )


def _part(book: zipfile.ZipFile, sheet: str) -> str:
    """Where in the archive a sheet stands; "" when its name is not there."""
    targets = {
        _said(about, b"Id"): _said(about, b"Target").decode()
        for about in _RELATION.findall(book.read("xl/_rels/workbook.xml.rels"))
    }
    for about in _SHEET.findall(book.read("xl/workbook.xml")):
        if html.unescape(_said(about, b"name").decode("utf-8", "replace")) == sheet:
            target = targets.get(_said(about, rb"\w+:id"), "")
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return ""


def _said(attributes: bytes, name: bytes) -> bytes:
    found = re.search(rb"(?:^|\s)" + name + rb'="([^"]*)"', attributes)
    return found[1] if found else b""


@cache
def _column(name: bytes) -> int:
    """0 for A, 26 for AA."""
    number = 0
    for letter in name:
        number = number * 26 + letter - 64
    return number - 1
