"""Empty tables to fill in: headings with notes, drop-downs, and a sheet that explains them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .readers import Column
from .writers import Sheet

ALSO = 7  # other headings that are listed


@dataclass(frozen=True, slots=True)
class Blank:
    """A column of a template.

    hint     how it is filled in
    choices  what it may say, for a drop-down
    """

    column: Column
    hint: str
    width: int = 20
    choices: tuple[str, ...] = ()


def template(name: str, blanks: Sequence[Blank], rows: Sequence[Sequence[str]] = ()) -> list[Sheet]:
    """The empty table and the sheet that says what goes where."""
    return [
        Sheet(
            name,
            [each.column.words[0] for each in blanks],
            rows,
            widths=[each.width for each in blanks],
            choices={n: each.choices for n, each in enumerate(blanks) if each.choices},
            notes={n: each.hint for n, each in enumerate(blanks) if each.hint},
        ),
        Sheet(
            "填写说明",
            ("列", "必填", "怎么填", "也认这些标题"),
            [
                (
                    each.column.words[0],
                    "是" if each.column.is_required else "",
                    each.hint,
                    "、".join(each.column.words[1 : 1 + ALSO]),
                )
                for each in blanks
            ],
            widths=(22, 8, 60, 60),
        ),
    ]
