"""The plan as a table and as data, with the eight columns of article 14 under their own names."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from liancha.papers.writers import Sheet, Value, write_workbook
from liancha.rulebook.coverage import PLAN_COLUMNS

from . import columns
from .models import Adjustment, Plan, PlanLine

WIDTHS = (6, 18, 24, 30, 44, 24, 18, 44, 40, 26, 10)
ADJUSTMENT_TITLES = ("计划编号", "任务名称", "调整", "调整前", "调整后", "原因", "公布日期")


def workbook(plan: Plan, lines: Iterable[PlanLine], adjustments: Iterable[Adjustment]) -> bytes:
    """The eight columns, and beside them the number and state of each line; then the changes."""
    titles = ("序号", "计划编号", *PLAN_COLUMNS, "状态")
    rows: list[Sequence[Value]] = [
        (n, line.number, *columns.columns(line).values(), line.get_state_display())
        for n, line in enumerate(lines, 1)
    ]
    heading = [plan.title]
    if plan.document_number:
        heading.append(plan.document_number)
    sheets = [Sheet("年度计划", titles, rows, heading, WIDTHS)]
    changed = [
        (
            each.line.number,
            each.line.name,
            each.get_kind_display(),
            changes_text(each.before),
            changes_text(each.after),
            each.reason,
            each.published_at.date() if each.published_at else None,
        )
        for each in adjustments
    ]
    if changed:
        sheets.append(
            Sheet("计划调整", ADJUSTMENT_TITLES, changed, (), (18, 24, 12, 40, 40, 40, 14))
        )
    target = io.BytesIO()
    write_workbook(target, sheets)
    return target.getvalue()


def data(
    plan: Plan, lines: Iterable[PlanLine], adjustments: Iterable[Adjustment]
) -> dict[str, Any]:
    """The published plan for programs; keys are the headings of art. 14."""
    return {
        "年度": plan.year,
        "标题": plan.title,
        "文号": plan.document_number,
        "版次": plan.version,
        "公布时间": plan.published_at.isoformat() if plan.published_at else None,
        "计划行": [
            {"计划编号": line.number, **columns.columns(line), "状态": line.get_state_display()}
            for line in lines
        ],
        "调整": [
            {
                "计划编号": each.line.number,
                "任务名称": each.line.name,
                "调整": each.get_kind_display(),
                "调整前": each.before,
                "调整后": each.after,
                "原因": each.reason,
                "公布时间": each.published_at.isoformat() if each.published_at else None,
            }
            for each in adjustments
        ],
    }


def changes_text(part: dict[str, str]) -> str:
    """时间安排：… in one line each; — for nothing."""
    return "\n".join(f"{key}：{value}" for key, value in part.items()) or "—"
