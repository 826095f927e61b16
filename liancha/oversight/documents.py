"""The year's figures as an official document (GB/T 9704), with the words of the page."""

from __future__ import annotations

from datetime import date

from liancha.papers.official import Official
from liancha.plan.documents import OFFICE

from .report import Report

TITLES = (
    "部门",
    "计划任务",
    "已开展",
    "计划户次",
    "检查户次",
    "公示结果",
    "发现问题",
    "问题率",
    "责令改正",
    "移送办案",
)
WIDTHS = (36.0, 22.0, 22.0, 28.0, 28.0, 24.0, 24.0, 22.0, 22.0, 22.0)


def table(found: Report) -> list[tuple[str, ...]]:
    """A row a department, and the total."""
    rows = [
        (
            row.department.short,
            f"{row.lines}",
            f"{row.begun}",
            f"{row.planned}",
            f"{row.checked}",
            f"{row.published}",
            f"{row.problems}",
            percent(row.problems, row.published),
            f"{row.ordered}",
            f"{row.cases}",
        )
        for row in found.rows
    ]
    total = (
        "合计",
        f"{found.lines}",
        f"{found.begun}",
        "—",
        f"{found.checked}",
        f"{found.published}",
        f"{found.problems}",
        percent(found.problems, found.published),
        f"{found.ordered}",
        f"{found.cases}",
    )
    return [*rows, total]


def percent(part: int, of: int) -> str:
    """12.5%, — of nothing."""
    return f"{part * 100 / of:.1f}%" if of else "—"


def year_report(found: Report, *, office: str = OFFICE, on: date) -> bytes:
    """The report that is handed in by 31 January (E18)."""
    document = Official(f"{found.year}年度部门联合抽查执法数据报告")
    document.heading("一、计划执行情况")
    document.paragraph(
        f"{found.year}年度联合抽查工作计划安排任务 {found.lines} 项，已开展 {found.begun} 项"
        f"（其中办结 {found.done} 项），取消 {found.cancelled} 项，"
        f"公布计划调整 {found.adjusted} 次。"
    )
    if found.idle:
        names = "、".join(line.name for line in found.idle)
        document.paragraph(f"尚未建立任务的 {len(found.idle)} 项：{names}。")
    document.heading("二、检查和公示情况")
    document.paragraph(
        f"各部门完成检查 {found.checked} 户次，公示结果 {found.published} 件，"
        f"涉及检查对象 {found.firms} 户。发现问题 {found.problems} 件，"
        f"问题率 {percent(found.problems, found.published)}。"
    )
    document.heading("三、后续处置情况")
    document.paragraph(
        f"责令改正 {found.ordered} 件，移送办案机构或司法机关 {found.cases} 件。"
        "行政处罚由办案机构另行公示，本报告只统计移送数。"
    )
    document.attachment("附件：各部门执法数据表")
    document.signature(office, on)
    document.landscape("各部门执法数据表")
    document.table(TITLES, table(found), WIDTHS)
    return document.save()
