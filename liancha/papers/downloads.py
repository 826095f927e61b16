"""Handing out a table as a download: through a file or row by row, never through memory."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from typing import IO, cast

from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header

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


def streamed(name: str, pieces: Iterable[bytes]) -> HttpResponse:
    """A CSV file that is on its way while its later rows are still read."""
    answer = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = content_disposition_header(True, name)
    return cast(HttpResponse, answer)
