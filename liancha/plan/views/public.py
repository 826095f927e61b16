"""The plan as anybody may read it: every line with its eight columns, every change with its why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header

from liancha.accounts.models import Department
from liancha.accounts.permissions import public
from liancha.rulebook.lifecycles import LineState

from .. import columns, documents, queries, quiet_days, sheets
from ..models import Adjustment, AdjustmentQuerySet, Plan, PlanLine, PlanLineQuerySet

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@public
def plans(request: HttpRequest) -> HttpResponse:
    found = Plan.objects.public().select_related("region")
    rows = [
        (plan, _lines(plan).count(), _adjustments(plan).count())
        for plan in found.order_by("-year", "region", "-version")
    ]
    return render(request, "plan/public_plans.html", {"rows": rows})


@public
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """Source: clauses 16.2 and 16.4. `?q=` looks into every column of every line."""
    asked = request.GET.get("q", "").strip()[:40]
    plan = get_object_or_404(Plan.objects.public().select_related("region"), pk=pk)
    everything = list(_lines(plan))
    departments = queries.named_in(plan, everything)
    chosen = _chosen(request, departments)
    changed: dict[int, list[Adjustment]] = {}
    adjustments = list(_adjustments(plan))
    for each in adjustments:
        changed.setdefault(each.line_id, []).append(each)
    said = ((line, columns.columns(line)) for line in _of(everything, chosen))
    found = [(line, texts) for line, texts in said if _says(asked, line.number, texts)]
    rows = [
        {
            "line": line,
            "texts": texts,
            "is_cancelled": line.state == LineState.CANCELLED,
            "changes": changed.get(line.pk, []),
        }
        for line, texts in found
    ]
    own = [
        (each.part, [(line, texts) for line, texts in each.lines if _says(asked, "", texts)])
        for each in queries.parts_of(plan, chosen)
    ]
    named = {line.pk for line, _ in found}
    shown = [
        (each, sheets.changes_text(each.before), sheets.changes_text(each.after))
        for each in adjustments
        if each.line_id in named
    ]
    context = {
        "plan": plan,
        "rows": rows,
        "adjustments": shown,
        "excepted": plan.exceptions.select_related("field") if chosen is None and not asked else (),
        "parts": [(part, lines) for part, lines in own if lines],
        "total": len(everything),
        "q": asked,
        "quiet": quiet_days.of_plan(plan),
        "departments": departments,
        "chosen": chosen,
    }
    return render(request, "plan/public_plan.html", context)


def _says(asked: str, number: str, texts: Mapping[str, str]) -> bool:
    """Whether a line says what was asked for: its number, or any of its columns."""
    return not asked or asked in number or any(asked in text for text in texts.values())


@public
def workbook(request: HttpRequest, pk: int) -> HttpResponse:
    plan = get_object_or_404(Plan.objects.public(), pk=pk)
    lines, parts, changes = _asked(request, plan)
    content = sheets.workbook(plan, lines, changes, parts)
    response = HttpResponse(content, content_type=XLSX)
    response.headers["Content-Disposition"] = (
        content_disposition_header(True, f"{plan.title}.xlsx") or ""
    )
    return response


@public
def document(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan as an official document."""
    plan = get_object_or_404(Plan.objects.public().select_related("region", "list_version"), pk=pk)
    lines, parts, _ = _asked(request, plan)
    chosen = _chosen(request, queries.named_in(plan, lines))
    live = [line for line in lines if line.state != LineState.CANCELLED]
    return _docx(documents.plan_document(plan, live, parts, chosen), plan.title)


@public
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """The notice of one change: line, before, after, why (art. 16). Clause 16.4."""
    adjustment = _published(pk)
    pairs = [
        (key, adjustment.before.get(key, ""), adjustment.after.get(key, ""))
        for key in dict.fromkeys([*adjustment.before, *adjustment.after])
    ]
    context = {
        "adjustment": adjustment,
        "plan": adjustment.line.plan,
        "pairs": pairs,
        "title": documents.notice_title(adjustment),
        "number": documents.notice_number(adjustment),
    }
    return render(request, "plan/notice.html", context)


@public
def notice_document(request: HttpRequest, pk: int) -> HttpResponse:
    adjustment = _published(pk)
    return _docx(documents.notice_document(adjustment), documents.notice_title(adjustment))


@public
def data(request: HttpRequest, pk: int) -> HttpResponse:
    plan = get_object_or_404(Plan.objects.public(), pk=pk)
    lines, parts, changes = _asked(request, plan)
    return JsonResponse(
        sheets.data(plan, lines, changes, parts),
        json_dumps_params={"ensure_ascii": False, "indent": 1},
    )


def _chosen(request: HttpRequest, departments: Sequence[Department]) -> Department | None:
    """The department the address asks for; 404 for one that the plan does not name."""
    code = request.GET.get("department", "")
    if not code:
        return None
    found = next((each for each in departments if each.code == code), None)
    if found is None:
        raise Http404
    return found


def _of(lines: Iterable[PlanLine], department: Department | None) -> list[PlanLine]:
    """All lines, or those a department takes part in."""
    return [line for line in lines if department is None or department in line.departments]


def _asked(
    request: HttpRequest, plan: Plan
) -> tuple[list[PlanLine], list[queries.Part], list[Adjustment]]:
    """Lines, departments' own parts and changes that a file holds: all, or a department's."""
    everything = list(_lines(plan))
    chosen = _chosen(request, queries.named_in(plan, everything))
    lines = _of(everything, chosen)
    named = {line.pk for line in lines}
    changes = [each for each in _adjustments(plan) if each.line_id in named]
    return lines, queries.parts_of(plan, chosen), changes


def _published(pk: int) -> Adjustment:
    found = Adjustment.objects.published().filter(line__plan__in=Plan.objects.public())
    return get_object_or_404(found.select_related("line__plan__region"), pk=pk)


def _docx(content: bytes, title: str) -> HttpResponse:
    response = HttpResponse(content, content_type=DOCX)
    response.headers["Content-Disposition"] = (
        content_disposition_header(True, f"{title}.docx") or ""
    )
    return response


def _lines(plan: Plan) -> PlanLineQuerySet:
    return plan.lines.public().with_columns()


def _adjustments(plan: Plan) -> AdjustmentQuerySet:
    return (
        Adjustment.objects.published()
        .filter(line__plan=plan)
        .select_related("line")
        .order_by("-published_at", "-id")
    )
