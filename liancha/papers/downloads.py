"""Handing out a workbook as a download; it goes through a file, not through memory."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from typing import IO, cast

from django.http import FileResponse, HttpResponse

from .writers import Sheet, write_workbook

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(name: str, sheets: Iterable[Sheet]) -> HttpResponse:
    """These sheets under a file name."""
    return filled(name, lambda file: write_workbook(file, sheets))


def filled(name: str, write: Callable[[IO[bytes]], None]) -> HttpResponse:
    """A workbook that `write` fills, whatever its size."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    write(file)
    file.seek(0)
    # A streamed response is no HttpResponse to the type checker, though Django takes either.
    return cast(
        HttpResponse, FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)
    )
