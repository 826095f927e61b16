"""Tables that go into a page and come out of one, for the tests of imports and exports."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from python_calamine import CalamineWorkbook


def downloaded(response: Any) -> bytes:
    """What a download holds, streamed or not."""
    return b"".join(response) if response.streaming else response.content


def workbook(response: Any) -> CalamineWorkbook:
    """The workbook that was downloaded."""
    return CalamineWorkbook.from_filelike(io.BytesIO(downloaded(response)))


def sheet(response: Any) -> list[list[Any]]:
    """The lines of its first sheet, the heading among them."""
    return workbook(response).get_sheet_by_index(0).to_python()


def csv_file(rows: Iterable[Sequence[str]], name: str = "表.csv") -> SimpleUploadedFile:
    """Rows as a file to upload, in the encoding that Excel writes here."""
    text = "\n".join(",".join(map(str, row)) for row in rows)
    return SimpleUploadedFile(name, text.encode("gb18030"))
