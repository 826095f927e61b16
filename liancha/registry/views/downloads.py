"""Handing out a workbook, whatever its size."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import IO, cast

from django.http import FileResponse, HttpResponse

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(name: str, write: Callable[[IO[bytes]], None]) -> HttpResponse:
    """A workbook that `write` fills, as a download; it goes through a file, not through memory."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    write(file)
    file.seek(0)
    # A streamed response is no HttpResponse to the type checker, though Django takes either.
    return cast(
        HttpResponse, FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)
    )
