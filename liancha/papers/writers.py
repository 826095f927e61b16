"""Tables for people to take away: .xlsx workbooks and .csv streams.

Whatever a cell holds goes out as text or as a number, never as a formula or a link: what a firm
calls itself must not run in the spreadsheet of whoever opens the list.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice, zip_longest
from typing import IO

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

Value = str | int | date | None

FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r")
LONGEST_CELL = 32_767
LINES = 500  # of a CSV file in one piece
WIDEST = 60
FILLED_IN = 20_000  # rows below a heading that get a drop-down
LONGEST_CHOICES = 255  # characters of a drop-down that stands in the rule itself
CHOICES = "下拉项"


@dataclass(frozen=True, slots=True)
class Bad:
    """A cell to be shown as wrong, with a note that says why."""

    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One worksheet.

    lines   text above the heading, one a row
    widths  of the columns in characters; missing ones follow the headings
    choices what a column may say, by its place: a drop-down in every row to come
    notes   a word of help on a heading, by its place
    """

    name: str
    titles: Sequence[str]
    rows: Iterable[Sequence[Value | Bad]]
    lines: Sequence[str] = ()
    widths: Sequence[int] = ()
    choices: Mapping[int, Sequence[str]] = field(default_factory=dict)
    notes: Mapping[int, str] = field(default_factory=dict)


def write_workbook(target: IO[bytes] | str, sheets: Iterable[Sheet]) -> None:
    """Write an .xlsx row by row; a million rows take no more memory than one."""
    book = xlsxwriter.Workbook(
        target,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    looks = _Looks(book)
    long: list[Sequence[str]] = []
    for sheet in sheets:
        _write_sheet(book.add_worksheet(sheet.name[:31]), sheet, looks, long)
    if long:
        page = book.add_worksheet(CHOICES)
        page.hide()
        for number, words in enumerate(zip_longest(*long, fillvalue="")):
            page.write_row(number, 0, words)
    book.close()


def stream_csv(titles: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """The pieces of a CSV file, UTF-8 with BOM as Excel wants it; a piece has many lines."""
    line = csv.writer(_Echo())
    yield ("\ufeff" + line.writerow([neutral(title) for title in titles])).encode()
    lines = (line.writerow([_plain(value) for value in row]) for row in rows)
    while piece := "".join(islice(lines, LINES)):
        yield piece.encode()


def neutral(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


class _Looks:
    def __init__(self, book: xlsxwriter.Workbook) -> None:
        base = {"valign": "top", "font_size": 11}
        self.line: Format = book.add_format({"font_color": "#5b6b76"})
        self.title: Format = book.add_format(
            {"bold": True, "bg_color": "#efede6", "bottom": 1, "valign": "vcenter"}
        )
        self.text: Format = book.add_format(base | {"num_format": "@", "text_wrap": True})
        self.quoted: Format = book.add_format(
            base | {"num_format": "@", "text_wrap": True, "quote_prefix": True}
        )
        self.bad: Format = book.add_format(
            base
            | {"num_format": "@", "text_wrap": True, "bg_color": "#fdecea", "font_color": "#a4262c"}
            | {"quote_prefix": True}
        )
        self.number: Format = book.add_format(base | {"num_format": "#,##0"})
        self.day: Format = book.add_format(base | {"num_format": "yyyy-mm-dd", "align": "left"})
        self.moment: Format = book.add_format(
            base | {"num_format": "yyyy-mm-dd hh:mm", "align": "left"}
        )


def _source(words: Sequence[str], long: list[Sequence[str]]) -> list[str] | str:
    """The words of a drop-down, or where they stand when there are more than a cell's rule takes.

    long  the lists that go on a hidden sheet, one a column; this one is added if need be
    """
    if len(",".join(words)) <= LONGEST_CHOICES:
        return list(words)
    long.append(words)
    column = xl_col_to_name(len(long) - 1, col_abs=True)
    return f"='{CHOICES}'!{column}$1:{column}${len(words)}"


def _write_sheet(page: Worksheet, sheet: Sheet, looks: _Looks, long: list[Sequence[str]]) -> None:
    top = len(sheet.lines)
    for place, title in enumerate(sheet.titles):
        given = sheet.widths[place] if place < len(sheet.widths) else 0
        page.set_column(place, place, min(given or 2 * len(title) + 4, WIDEST))
    for number, line in enumerate(sheet.lines):
        page.write_string(number, 0, line[:LONGEST_CELL], looks.line)
    for place, title in enumerate(sheet.titles):
        page.write_string(top, place, title, looks.title)
        if note := sheet.notes.get(place):
            page.write_comment(top, place, note)
    for place, words in sheet.choices.items():
        page.data_validation(
            *(top + 1, place, top + FILLED_IN, place),
            {
                "validate": "list",
                "source": _source(words, long),
                # What stands in other systems is understood as well: say so, forbid nothing.
                "error_type": "information",
                "error_title": "不在下拉项里",
                "error_message": "常见的其他写法也认，导入时先试算。",
            },
        )
    page.freeze_panes(top + 1, 0)
    last = top
    for last, row in enumerate(sheet.rows, top + 1):
        for place, value in enumerate(row):
            _write_cell(page, last, place, value, looks)
    if sheet.titles:
        page.autofilter(top, 0, last, len(sheet.titles) - 1)


def _write_cell(page: Worksheet, row: int, place: int, value: Value | Bad, looks: _Looks) -> None:
    match value:
        case None | "":
            return
        case Bad():
            page.write_string(row, place, value.text[:LONGEST_CELL], looks.bad)
            if value.note:
                page.write_comment(row, place, value.note)
        case int():
            page.write_number(row, place, value, looks.number)
        case datetime():
            page.write_datetime(row, place, value.replace(tzinfo=None), looks.moment)
        case date():
            page.write_datetime(row, place, value, looks.day)
        case str():
            look = looks.quoted if value.startswith(FORMULA_STARTS) else looks.text
            page.write_string(row, place, value[:LONGEST_CELL], look)


def _plain(value: Value) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M")
        case str():
            return neutral(value)
        case _:
            return str(value)


class _Echo:
    """A file for csv.writer that hands back what is written."""

    def write(self, text: str) -> str:
        return text
