"""The plan as a table and as data, with the eight columns of article 14 under their own names."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.timezone import localdate

from liancha.papers.blanks import Blank, template
from liancha.papers.errata import error_sheets
from liancha.papers.held import Held
from liancha.papers.writers import Sheet, Value, write_workbook
from liancha.rulebook.coverage import PLAN_COLUMNS

from . import columns, own_table, table
from .actions import items_of, targets_of
from .models import Adjustment, DepartmentLine, DepartmentPart, Import, Plan, PlanLine
from .queries import Part

WIDTHS = (6, 18, 24, 30, 44, 24, 18, 44, 40, 26, 10)
PART = "部门抽查计划"
ADJUSTMENT_TITLES = ("计划编号", "任务名称", "调整", "调整前", "调整后", "原因", "公布日期")
HINTS = {
    "number": "改已有的计划行照抄编号，新增的留空。",
    "field": "领域代码或名称。任务名称就是领域名称的可以不写。",
    "name": "必填。与领域同名最清楚，一个领域几项任务时各取一名。",
    "departments": "几个部门用顿号分开，发起部门后写（发起）。留空照清单。",
    "items": "几个事项用分号分开。留空取参加部门在清单里的全部事项。",
    "targets": "留空照清单。",
    "executor": "留空按组织方式写。",
    "duties": "留空按部门和事项拟写。",
    "shares": "必填。5%、60–70家、5%且不少于2户、≤10所的不少于2所，其余按5%；"
    "分层写 A 1%、B 2%、C 10%、D 30%、未分类 2%，或 洛龙区 3户、其余 5%。"
    "基数不用写，由名录库数出。",
    "window": "必填。2026-03-01 至 2026-05-31、3月至5月、第二季度、全年。",
    "stratify": "比例里写了类别的不用写。各层同一比例时在这里选。",
    "frequency": "一年办几次，新行留空为 1。",
    "org_mode": "新行留空：市级计划为市抽市查，县级为县抽县查。",
    "ratio_reason": "风险高的比例反而低、一般事项超过 10% 时写明（第十五条）。",
    "participants_reason": "清单内部门不参加时写明（第十三条）。",
}
OWN_HINTS = {
    "name": "必填。照它找到已有的计划行；各行的任务名称不同。",
    "departments": "留空就是本部门。和其他部门一起查的列入联合抽查计划。",
    "items": "必填，本部门公布的抽查事项清单里的事项，几个用分号分开。",
    "targets": "新行留空照清单。",
    "executor": "新行留空为本部门。",
    "duties": "新行留空按本部门拟写。",
    "shares": "必填，基数在前、比例在后：200户；5%。比例也可以是 1/20、9户、60–70家、"
    "5%且不少于2户、全覆盖。已有的行只写比例，基数不变。",
    "window": "必填。2026-03-01 至 2026-05-31、3月至5月、第二季度、全年。",
    "reason": "事项在联合清单里还要单独检查（第八条），或一般事项超过 10%（本地做法）时写明。",
}
WIDE = {"items": 40, "duties": 40, "shares": 44, "departments": 30, "field": 28, "window": 26}


def blank(plan: Plan, lines: Iterable[PlanLine] = ()) -> list[Sheet]:
    """The table to fill in for one draft, with these lines in it, as the import reads it.

    Drop-downs hold the fields of the list with their departments and items, and the cuts.
    """
    fields = plan.fields()
    found = [each for field in fields for each in field.items.select_related("department")]
    departments = {each.short for field in fields for each in field.departments}
    choices = {
        "field": tuple(f"{field.code} {field.name}" for field in fields),
        "departments": tuple(sorted(departments)),
        "items": tuple(dict.fromkeys(item.name for item in found)),
        "stratify": tuple(map(str, PlanLine.Stratify.labels)),
        "org_mode": tuple(map(str, PlanLine.OrgMode.labels)),
    }
    return template(
        "年度计划",
        [
            Blank(column, HINTS[column.key], WIDE.get(column.key, 20), choices.get(column.key, ()))
            for column in table.COLUMNS
            if column.key not in table.OTHERS_ONLY
        ],
        [_as_row(line) for line in lines],
    )


def _as_row(line: PlanLine) -> list[str]:
    said = columns.columns(line)
    return [
        line.number,
        f"{line.field.code} {line.field.name}",
        *said.values(),
        line.get_stratify_display(),
        str(line.frequency),
        line.get_org_mode_display(),
        line.ratio_reason,
        line.participants_reason,
    ]


def own_blank(part: DepartmentPart, lines: Iterable[DepartmentLine] = ()) -> list[Sheet]:
    """The table to fill in for a department's own part, with these lines in it: the eight columns
    in their order, and 说明.

    Drop-downs hold what the department's list in force says.
    """
    choices = {
        "departments": (part.department.short,),
        "items": tuple(items_of(part.department)),
        "targets": tuple(dict.fromkeys(targets_of(part.department).values())),
    }
    return template(
        PART,
        [
            Blank(
                column, OWN_HINTS[column.key], WIDE.get(column.key, 20), choices.get(column.key, ())
            )
            for column in own_table.COLUMNS
            if column.key not in own_table.OTHERS_ONLY
        ],
        [[*columns.own_columns(line).values(), line.reason] for line in lines],
    )


def faults(batch: Import) -> list[Sheet]:
    """The rows that were not taken with what to mend, then fault by fault, and the remarks."""
    known = table.WORDS if batch.part_id is None else own_table.WORDS
    words = {word: key for key, word in known.items()}
    return error_sheets(Held.of(batch.held), batch.faults, batch.remarks, words=words)


def workbook(
    plan: Plan,
    lines: Iterable[PlanLine],
    adjustments: Iterable[Adjustment],
    parts: Iterable[Part] = (),
) -> bytes:
    """The eight columns, and beside them the number and state of each line; then the departments'
    own lines, and the changes.
    """
    titles = ("序号", "计划编号", *PLAN_COLUMNS, "状态")
    rows: list[Sequence[Value]] = [
        (n, line.number, *columns.columns(line).values(), line.get_state_display())
        for n, line in enumerate(lines, 1)
    ]
    heading = [plan.title]
    if plan.document_number:
        heading.append(plan.document_number)
    sheets = [Sheet("年度计划", titles, rows, heading, WIDTHS)]
    own: list[Sequence[Value]] = [
        (n, *said.values(), line.reason)
        for n, (line, said) in enumerate((row for part in parts for row in part.lines), 1)
    ]
    if own:
        headings = ("序号", *PLAN_COLUMNS, "说明")
        sheets.append(Sheet(PART, headings, own, (), (6, *WIDTHS[2:10], 30)))
    changed = [
        (
            each.line.number,
            each.line.name,
            each.get_kind_display(),
            changes_text(each.before),
            changes_text(each.after),
            each.reason,
            localdate(each.published_at) if each.published_at else None,
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
    plan: Plan,
    lines: Iterable[PlanLine],
    adjustments: Iterable[Adjustment],
    parts: Iterable[Part] = (),
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
        PART: [
            {"部门": part.part.department.name, **said, "说明": line.reason}
            for part in parts
            for line, said in part.lines
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
