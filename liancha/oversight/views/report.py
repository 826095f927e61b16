"""年度执法数据: the figures that are handed in by 31 January, as page, document and table."""

from __future__ import annotations

import io
from collections.abc import Iterable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header

from liancha.accounts.permissions import Permission, requires
from liancha.papers.writers import Sheet, write_workbook
from liancha.plan.models import Plan
from liancha.rulebook import planning

from .. import documents
from ..report import Report, report

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FIRST_YEAR = 2020


@requires(Permission.OVERSIGHT_VIEW)
def year(request: HttpRequest, year: int = 0) -> HttpResponse:
    """A year's figures; without one, those of the year under way."""
    this_year = timezone.localdate().year
    found = _found(year or this_year)
    years = set(Plan.objects.public().values_list("year", flat=True)) | {this_year, found.year}
    table = [_written(row) for row in documents.table(found)]
    context = {
        "found": found,
        "table": zip(found.rows, table, strict=False),
        "total": table[-1],
        "titles": documents.TITLES,
        "rate": documents.percent(found.problems, found.published),
        "due": planning.report_due(found.year + 1),
        "years": sorted(years, reverse=True),
    }
    return render(request, "oversight/report.html", context)


@requires(Permission.OVERSIGHT_VIEW)
def document(request: HttpRequest, year: int) -> HttpResponse:
    data = documents.year_report(_found(year), on=timezone.localdate())
    return _file(data, f"{year}年度部门联合抽查执法数据报告.docx", DOCX)


@requires(Permission.OVERSIGHT_VIEW)
def workbook(request: HttpRequest, year: int) -> HttpResponse:
    target = io.BytesIO()
    rows = documents.table(_found(year))
    heading = (f"{year}年度部门联合抽查执法数据",)
    write_workbook(target, [Sheet("执法数据", documents.TITLES, rows, heading)])
    return _file(target.getvalue(), f"{year}年度部门联合抽查执法数据.xlsx", XLSX)


def _written(row: Iterable[object]) -> list[str]:
    """A row of the workbook as a page shows it: 1,469."""
    return [f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row]


def _found(year: int) -> Report:
    if not FIRST_YEAR <= year <= timezone.localdate().year:
        raise Http404
    return report(year)


def _file(content: bytes, name: str, kind: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or ""
    return response
