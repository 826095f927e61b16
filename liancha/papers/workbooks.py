"""Excel workbooks, .xlsx and .xls, through calamine; and how a cell reads as text."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import python_calamine as calamine

from . import percents
from .faults import Unreadable

LOCKED = "这个文件有密码。请去掉密码后再导入。"
EXACT = 10**15  # Excel keeps 15 digits of a number; beyond, what it shows is not what was typed


Sheets = list[tuple[str, Callable[[], Iterator[list[str]]], Callable[[], int]]]


def sheets(path: Path) -> Sheets:
    """(name, rows, size) of every visible worksheet; a sheet is read when it is first asked for.

    Raises Unreadable for a damaged file or one with a password.
    """
    try:
        with path.open("rb") as file:
            book = calamine.CalamineWorkbook.from_filelike(file)
        read = {
            about.name: cache(partial(book.get_sheet_by_name, about.name))
            for about in book.sheets_metadata
            if about.typ == calamine.SheetTypeEnum.WorkSheet
            and about.visible == calamine.SheetVisibleEnum.Visible
        }
        return [
            (
                name,
                partial(_rows, sheet, partial(percents.cells, path, name)),
                partial(_height, sheet),
            )
            for name, sheet in read.items()
        ]
    except calamine.PasswordError as error:
        raise Unreadable(LOCKED) from error
    except calamine.CalamineError as error:
        raise Unreadable(LOCKED if _is_locked(path) else _damaged()) from error
    except BaseException as error:
        raise _panic(error) from error


def text_of(value: Any) -> str:
    """A cell as a person reads it: whole numbers without “.0”, dates as 2026-11-23.

    A number too long for Excel to have kept stays in scientific notation, so that whoever
    expects a code sees that its digits are lost.
    """
    match value:
        case str():
            return value
        case bool():
            return "是" if value else "否"
        case int() | float() if abs(value) >= EXACT:
            return f"{float(value):.14E}"
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
        case date() | time():
            return value.isoformat()
        case timedelta() | int():
            return str(value)
        case _:
            return ""


def _rows(
    sheet: Callable[[], calamine.CalamineSheet],
    shown_as_percent: Callable[[], frozenset[tuple[int, int]]],
) -> Iterator[list[str]]:
    try:
        tall, shares = _tall_cells(sheet()), dict[int, list[int]]()
        left = _left(sheet())
        for number, column in shown_as_percent():
            shares.setdefault(number, []).append(column - left)
        for number, row in enumerate(sheet().iter_rows()):
            cells = [cell if cell.__class__ is str else text_of(cell) for cell in row]
            for place in shares.get(number, ()):
                if place < len(row) and isinstance(value := row[place], float | int):
                    cells[place] = percents.text(value)
            if tall:
                _fill_down(tall, number, cells)
            yield cells
    except calamine.CalamineError as error:
        raise Unreadable(_damaged()) from error
    except GeneratorExit:
        raise
    except BaseException as error:
        raise _panic(error) from error


@dataclass(slots=True)
class _Tall:
    """A cell merged over several rows: it stands in the first, and counts in the others as well."""

    place: int
    first: int
    last: int
    text: str = ""


def _tall_cells(sheet: calamine.CalamineSheet) -> list[_Tall]:
    left = _left(sheet)
    return [
        _Tall(column - left, top, bottom)
        for (top, column), (bottom, _) in sheet.merged_cell_ranges or ()
        if bottom > top and column >= left
    ]


def _left(sheet: calamine.CalamineSheet) -> int:
    """How many empty columns stand before the first: rows come without them."""
    return sheet.start[1] if sheet.start else 0


def _fill_down(tall: list[_Tall], number: int, cells: list[str]) -> None:
    """Put into a row what is merged into it from above; a row that is blank stays so."""
    is_blank = not any(cells)
    for each in tall:
        if each.place >= len(cells):  # merged, but beyond the last column with anything in it
            continue
        if each.first == number:
            each.text = cells[each.place]
        elif each.first < number <= each.last and not is_blank and not cells[each.place]:
            cells[each.place] = each.text
    if any(each.last <= number for each in tall):
        tall[:] = [each for each in tall if each.last > number]


def _height(sheet: Callable[[], calamine.CalamineSheet]) -> int:
    return sheet().total_height


def _is_locked(path: Path) -> bool:
    """Whether a password is in the way; calamine only says so of a file with the right name."""
    with tempfile.TemporaryDirectory(prefix="liancha-") as folder:
        for name in ("book.xls", "book.xlsx"):
            named = Path(folder) / name
            named.symlink_to(path.resolve())
            try:
                calamine.CalamineWorkbook.from_path(named)
            except calamine.PasswordError:
                return True
            except (calamine.CalamineError, OSError):
                continue
    return False


def _panic(error: BaseException) -> BaseException:
    """A file that trips the reader itself is a damaged file; anything else is not ours."""
    return Unreadable(_damaged()) if type(error).__name__ == "PanicException" else error


def _damaged() -> str:
    return (
        "这个 Excel 文件已损坏，或不是真正的 Excel 文件。"
        "请用 Excel 或 WPS 打开后另存为 .xlsx 再导入。"
    )
