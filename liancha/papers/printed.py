"""Official documents as PDF, set by Typst with open fonts that are embedded in the file.

The same blocks as `official.Official` writes for a word processor; what the text says is the
caller's. Everything is set as it is given: nothing in a name or a reason is read as markup.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
import typst

TEMPLATE = Path(__file__).parent / "typst" / "official.typ"


class Printed:
    """A document that is written from top to bottom, then `save`d as PDF."""

    def __init__(self, title: str, *, number: str = "") -> None:
        self._given: dict[str, Any] = {"title": title, "number": number, "blocks": []}

    def paragraph(self, text: str) -> None:
        """Body text, two characters in."""
        for part in text.splitlines() or [""]:
            self._add("paragraph", text=part)

    def heading(self, text: str) -> None:
        self._add("heading", text=text)

    def table(
        self, titles: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]
    ) -> None:
        """A table of this width in millimetres; its heading is repeated on every page."""
        self._add(
            "table", titles=list(titles), rows=[list(row) for row in rows], widths=list(widths)
        )

    def signature(self, body: str, on: date) -> None:
        """Who and when, at the right, four characters in; the day in Arabic digits."""
        self._add("signature", body=body, on=f"{on.year}年{on.month}月{on.day}日")

    def save(self) -> bytes:
        return bytes(
            typst.compile(
                str(TEMPLATE),
                format="pdf",
                font_paths=[str(pylopdf_fonts_zh_cn.serif_path().parent)],
                ignore_system_fonts=True,
                sys_inputs={"given": json.dumps(self._given, ensure_ascii=False)},
            )
        )

    def _add(self, kind: str, **facts: Any) -> None:
        self._given["blocks"].append({"kind": kind, **facts})
