"""The plan and the notice of a change as official documents (GB/T 9704), with the same words as
the public page and the tables.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from liancha.accounts.models import Department
from liancha.papers.official import Official
from liancha.rulebook.coverage import PLAN_COLUMNS

from . import columns, sheets
from .models import Adjustment, Plan, PlanLine
from .queries import Part

OFFICE = "洛阳市市场监管领域部门联合抽查联席会议办公室"
WIDTHS = (10.0, 28.0, 34.0, 38.0, 26.0, 22.0, 38.0, 29.0, 22.0)


def plan_document(
    plan: Plan,
    lines: Iterable[PlanLine],
    parts: Iterable[Part] = (),
    department: Department | None = None,
) -> bytes:
    """The plan: what it rests on, then the eight columns on pages that lie on their side.

    parts       what departments check by themselves, as a second table
    department  whose extract it is; None for the whole plan

    Source: clause 16.2.
    """
    rows = [(str(n), *columns.columns(line).values()) for n, line in enumerate(lines, 1)]
    document = Official(plan.title, number=plan.document_number)
    document.paragraph(
        f"根据《{plan.list_version.title}》，会同相关部门制定本计划。"
        + (
            f"全年安排联合抽查 {len(rows)} 项，覆盖清单中的所有抽查领域。"
            if department is None
            else f"本件摘录{department.name}参加的联合抽查 {len(rows)} 项。"
        )
    )
    document.heading("一、抽查任务")
    document.paragraph(
        "各项任务的联查部门、抽查事项、检查对象、实施主体、责任分工、抽查基数和比例、时间安排见附件。"
        "拟抽户数按每层基数乘以比例向上取整。"
    )
    document.heading("二、抽取和检查")
    document.paragraph(
        "检查对象和执法检查人员按计划确定的比例公开摇号抽取。"
        "每个部门实地核查的执法检查人员不少于两人，检查结果依法公示。"
    )
    if excepted := list(plan.exceptions.select_related("field")):
        document.heading("三、本年度不安排的领域")
        document.paragraph(
            "；".join(f"{each.field.name}：{each.get_reason_display()}" for each in excepted) + "。"
        )
    own = [said for part in parts for _, said in part.lines]
    if own:
        number = "四" if excepted else "三"
        document.heading(f"{number}、部门抽查任务")
        document.paragraph(
            f"各部门单独开展的抽查 {len(own)} 项，见附件 2。"
            "与联合抽查任务涉及同一检查对象的，尽量合并进行。"
        )
    document.attachment("附件：联合抽查任务表" if not own else "附件：1. 联合抽查任务表")
    if own:
        document.attachment("　　　2. 部门抽查任务表")
    day = plan.published_at or plan.created_at
    document.signature(_office(plan), timezone.localtime(day).date())
    document.landscape("联合抽查任务表")
    document.table(("序号", *PLAN_COLUMNS), rows, WIDTHS)
    if own:
        document.heading("部门抽查任务表")
        own_rows = [(str(n), *said.values()) for n, said in enumerate(own, 1)]
        document.table(("序号", *PLAN_COLUMNS), own_rows, WIDTHS)
    return document.save()


def notice_title(adjustment: Adjustment) -> str:
    """关于调整“…”时间安排的公告."""
    name = f"“{adjustment.line.name}”"
    return {
        Adjustment.Kind.ADD: f"关于增设{name}任务的公告",
        Adjustment.Kind.DELAY: f"关于调整{name}时间安排的公告",
        Adjustment.Kind.CANCEL: f"关于取消{name}任务的公告",
        Adjustment.Kind.RATIO: f"关于调整{name}抽查比例的公告",
        Adjustment.Kind.FREQUENCY: f"关于调整{name}抽查频次的公告",
    }[Adjustment.Kind(adjustment.kind)]


def notice_number(adjustment: Adjustment) -> str:
    """2026 年第 3 号."""
    plan = adjustment.line.plan
    return f"{plan.year} 年计划调整公告第 {adjustment.notice or adjustment.pk} 号"


def notice_document(adjustment: Adjustment) -> bytes:
    """The notice of a published change: which line, before, after, why (art. 16)."""
    plan = adjustment.line.plan
    document = Official(notice_title(adjustment), number=notice_number(adjustment))
    document.paragraph(f"根据工作需要，现对《{plan.title}》作如下调整，自公布之日起执行。")
    document.heading("一、调整的任务")
    document.paragraph(
        f"{adjustment.line.name}（计划编号 {adjustment.line.number}），"
        f"{adjustment.get_kind_display()}。"
    )
    document.heading("二、调整内容")
    if adjustment.before:
        document.paragraph("调整前：" + sheets.changes_text(adjustment.before))
    document.paragraph("调整后：" + sheets.changes_text(adjustment.after))
    document.heading("三、调整原因")
    document.paragraph(adjustment.reason)
    on = adjustment.published_at or adjustment.requested_at
    document.signature(_office(plan), timezone.localtime(on).date())
    return document.save()


def _office(plan: Plan) -> str:
    return OFFICE if plan.region_id == "410300" else f"{plan.region.name}市场监管部门"
