"""Tables of this room to take away: the template, the roster itself, what was wrong in an import.

The first two have the columns the import knows, so that either can be imported again.
"""

from __future__ import annotations

import io
from collections.abc import Iterable

from liancha.papers.writers import Bad, Sheet, write_workbook

from .columns import COLUMNS, EXAMPLE, HELP, SHEET, cells_of
from .models import Import, Inspector

TITLES = tuple(column.words[0] for column in COLUMNS)
WIDTHS = (14, 14, 26, 18, 14, 14, 14, 22, 18, 22, 14, 10, 10, 10, 8)


def template() -> bytes:
    """An empty roster with an example row and what to write where."""
    return _book(Sheet(SHEET, TITLES, [EXAMPLE], HELP, WIDTHS))


def roster(inspectors: Iterable[Inspector]) -> bytes:
    """These people, one a row."""
    return _book(Sheet(SHEET, TITLES, map(cells_of, inspectors), (), WIDTHS))


def faults(batch: Import) -> bytes:
    """What was not taken, and what was taken with a remark, each with its place and cure."""
    titles = ("行", "姓名", "列", "原值", "问题", "怎么改")
    widths = (8, 12, 14, 30, 28, 50)
    sheets = [
        Sheet(
            name,
            titles,
            [
                (
                    *(each["row"], each.get("name", ""), each["column"]),
                    *(Bad(each["value"]), each["fault"], each["cure"]),
                )
                for each in rows
            ],
            (f"{batch.file_name}，{said}",),
            widths,
        )
        for name, rows, said in (
            ("有误", batch.faults, "这些行没有写入，改好后可以只导入这些行"),
            ("提醒", batch.remarks, "这些行已经写入"),
        )
        if rows
    ]
    return _book(*(sheets or [Sheet("有误", titles, [], ("没有问题",), widths)]))


def _book(*sheets: Sheet) -> bytes:
    target = io.BytesIO()
    write_workbook(target, sheets)
    return target.getvalue()
