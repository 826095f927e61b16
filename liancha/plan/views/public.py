"""The plan as anybody may read it: every line with its eight columns, every change with its why."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header

from liancha.accounts.permissions import public
from liancha.rulebook.lifecycles import LineState

from .. import columns, sheets
from ..models import Adjustment, AdjustmentQuerySet, Plan, PlanLineQuerySet

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
    plan = get_object_or_404(Plan.objects.public().select_related("region"), pk=pk)
    changed: dict[int, list[Adjustment]] = {}
    adjustments = list(_adjustments(plan))
    for each in adjustments:
        changed.setdefault(each.line_id, []).append(each)
    rows = [
        {
            "line": line,
            "texts": columns.columns(line),
            "is_cancelled": line.state == LineState.CANCELLED,
            "changes": changed.get(line.pk, []),
        }
        for line in _lines(plan)
    ]
    shown = [
        (each, sheets.changes_text(each.before), sheets.changes_text(each.after))
        for each in adjustments
    ]
    excepted = plan.exceptions.select_related("field")
    context = {"plan": plan, "rows": rows, "adjustments": shown, "excepted": excepted}
    return render(request, "plan/public_plan.html", context)


@public
def workbook(request: HttpRequest, pk: int) -> HttpResponse:
    plan = get_object_or_404(Plan.objects.public(), pk=pk)
    content = sheets.workbook(plan, _lines(plan), _adjustments(plan))
    response = HttpResponse(content, content_type=XLSX)
    response.headers["Content-Disposition"] = (
        content_disposition_header(True, f"{plan.title}.xlsx") or ""
    )
    return response


@public
def data(request: HttpRequest, pk: int) -> HttpResponse:
    plan = get_object_or_404(Plan.objects.public(), pk=pk)
    return JsonResponse(
        sheets.data(plan, _lines(plan), _adjustments(plan)),
        json_dumps_params={"ensure_ascii": False, "indent": 1},
    )


def _lines(plan: Plan) -> PlanLineQuerySet:
    return plan.lines.public().with_columns()


def _adjustments(plan: Plan) -> AdjustmentQuerySet:
    return (
        Adjustment.objects.published()
        .filter(line__plan=plan)
        .select_related("line")
        .order_by("-published_at", "-id")
    )
