"""联合抽查实施方案 as a Word document, in the form of GB/T 9704-2012.

A4 with 37/35/28/26 mm margins, 22 lines of 28 characters; the fonts are named, not embedded: an
office has 方正小标宋 and 仿宋_GB2312, elsewhere the program substitutes. Chapters as domain §i.4.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from docx import Document
from docx.document import Document as Word
from docx.enum.section import WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import _Cell
from docx.text.paragraph import Paragraph

from liancha.plan import columns
from liancha.plan.models import PlanLine, PlanRate

from .models import QuietExemption, Scheme, Task
from .queries import Seat

TITLE_FONT, BODY_FONT = "方正小标宋简体", "仿宋_GB2312"
FIRST_FONT, SECOND_FONT, PAGE_FONT = "黑体", "楷体_GB2312", "宋体"
SIZE_2, SIZE_3, SIZE_4, SIZE_5 = Pt(22), Pt(16), Pt(14), Pt(10.5)
LINE = Pt(28.95)
CHARACTER = SIZE_3  # an indent of two characters is twice this
DIGITS = "一二三四五六七八九十"
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # not in XML


def rate_rows(task: Task) -> list[tuple[str, int, str, int]]:
    """(stratum, base, rate, count) of the plan line; [] outside the plan."""
    if task.line is None:
        return []
    by_credit = task.line.stratify == PlanLine.Stratify.CREDIT
    return [
        (
            f"信用风险分类 {each.stratum}"
            if by_credit and each.stratum not in (PlanRate.UNKNOWN, PlanRate.KEY)
            else columns.stratum_word(each.stratum),
            each.base,
            columns.rate_text(each),
            each.count,
        )
        for each in task.line.rates.all()
    ]


def offsite_text(scheme: Scheme) -> str:
    """The answer to 能否非现场, with its explanation."""
    note = f"（{scheme.offsite_note.rstrip('。')}）" if scheme.offsite_note else ""
    return scheme.get_offsite_display() + note


def beacon_text(scheme: Scheme) -> str:
    """The public value, or where it will be named."""
    return scheme.beacon_source or "由发起部门在抽取规则中载明"


def resting_text(task: Task) -> str:
    """Whom a plan line leaves in peace; "" where nobody is.

    Source: art. 15, paragraph 2, 应适当降低: an option the scheme states. Clause 15.4.
    """
    months = task.line.cooldown_months if task.line else 0
    return f"信用风险 A 类、{months} 个月内检查过的，不再抽取" if months else ""


def quiet_text(task: Task) -> str:
    """Why visits are made in a quiet period; "" where nobody had to say."""
    last = QuietExemption.objects.filter(task=task).latest_for()
    return f"{last.get_code_display()}：{last.reason}" if last else ""


def opening_text(task: Task) -> str:
    """When the drawn names become public."""
    if task.lists_open_on:
        return f"名单自{_day(task.lists_open_on)}起公开"
    return "名单在全部检查结束后公开"


def scheme_document(task: Task, seats: Sequence[Seat]) -> bytes:
    """The scheme as .docx; the task must have one."""
    scheme: Scheme = task.scheme
    paper = Document()
    _page(paper)
    _title(paper, f"{task.name}实施方案")
    _text(paper, "各参与部门：", indent=False)
    chapters = (
        ("目标任务", [*_paragraphs(scheme.goal), *_targets(task)]),
        ("职责分工", _paragraphs(scheme.duties)),
        ("工作阶段安排", _stages(scheme)),
        ("实施方式", _methods(task, scheme)),
        ("工作要求", _paragraphs(scheme.requirements)),
    )
    for number, (heading, paragraphs) in enumerate(chapters):
        _heading(paper, f"{DIGITS[number]}、{heading}")
        if heading == "目标任务" and (rows := rate_rows(task)):
            for each in paragraphs:
                _text(paper, each)
            _table(
                paper,
                ("分层", "抽查基数", "抽查比例", "应抽户数"),
                [(word, f"{base:,}", rate, f"{count:,}") for word, base, rate, count in rows],
            )
            continue
        for each in paragraphs:
            _text(paper, each)
    _attachments(paper, ("抽查事项表", "执法检查人员库情况", "检查对象库来源说明"))
    _signature(paper, task, scheme)
    _items_page(paper, seats)
    _people_page(paper, task, seats)
    _source_page(paper, task)
    target = io.BytesIO()
    paper.save(target)
    return target.getvalue()


# ── Chapters ──────────────────────────────────────────────────────────────────────────────


def _paragraphs(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _targets(task: Task) -> list[str]:
    line = task.line
    if line is None:
        return ["抽查比例在建库时按参与部门协商确定，写入抽取规则，向社会公开。"]
    resting = f"{said}。" if (said := resting_text(task)) else ""
    return [
        f"实施主体：{line.executor}（{line.get_org_mode_display()}）。检查对象：{line.targets}。"
        f"{resting}"
    ]


def _stages(scheme: Scheme) -> list[str]:
    what = {
        "分类建库": "由发起部门牵头梳理共同的监管对象，建立检查对象库；各参与部门按执法资质、"
        "业务专长和部门岗位建立执法检查人员库。库冻结后不再改动。",
        "摇号派发": "由发起部门公开抽取检查对象，当场锁定，分发至各参与部门；"
        "各参与部门自行抽取匹配的执法检查人员。",
        "实地核查": "成立联合检查组，由组长统一联系企业，各参与部门同时到场，"
        "逐项检查并填写记录表。",
        "公示处理": "各部门在检查完成后 20 个工作日内录入并公示本部门的检查结果，"
        "发现的问题依法处置、跟踪到办结。",
    }
    if said := quiet_text(scheme.task):
        what["实地核查"] += f"安静期内入企的例外情形：{said}。"
    return [
        f"（{DIGITS[n]}）{each.name}（{_day(each.starts_on)}至{_day(each.ends_on)}）。"
        f"{what[each.name]}"
        for n, each in enumerate(scheme.periods)
    ]


def _methods(task: Task, scheme: Scheme) -> list[str]:
    line = task.line
    strata = line.get_stratify_display() if line else "不分层"
    opens = opening_text(task)
    confidential = "，分层情况不公开" if task.is_confidential else ""
    beacon = beacon_text(scheme)
    offsite = offsite_text(scheme)
    return [
        "（一）抽取方式。采取“二次随机”，先抽取检查对象，再由各参与部门抽取执法检查人员；"
        f"{strata}，每层按比例向上取整。抽取过程和结果任何人都可以验算。",
        f"（二）见证与公开。各参与方提交承诺和随机数，公开随机源为{beacon}；{opens}{confidential}。",
        f"（三）检查方式。{scheme.get_method_display()}。能否非现场：{offsite}。",
        "（四）单随机。检查对象或执法检查人员数量不足、无法实施双随机的，写明原因，"
        "经发起部门负责人批准后只抽取一方。",
    ]


# ── Attachments ───────────────────────────────────────────────────────────────────────────


def _items_page(paper: Word, seats: Sequence[Seat]) -> None:
    _attachment_heading(paper, 1, "抽查事项表")
    rows: list[tuple[str, ...]] = []
    for seat in seats:
        role = seat.participation.get_role_display()
        for item in seat.participation.items.all():
            rows.append(
                (
                    str(len(rows) + 1),
                    item.name,
                    f"{seat.participation.department.name}（{role}）",
                    item.basis or "按部门抽查事项清单",
                )
            )
    _table(paper, ("序号", "抽查事项", "检查部门", "检查依据"), rows)


def _people_page(paper: Word, task: Task, seats: Sequence[Seat]) -> None:
    _attachment_heading(paper, 2, "执法检查人员库情况")
    visits = task.visits
    _text(
        paper,
        f"按实地核查期间（{_day(visits.starts_on)}至{_day(visits.ends_on)}）统计在岗、"
        "执法证件有效且未请长假的人员。",
    )
    rows = [
        (seat.participation.department.name, f"{seat.drawable} 名", seat.shortage or "满足")
        for seat in seats
    ]
    _table(paper, ("部门", "可抽取人员", "情况"), rows)


def _source_page(paper: Word, task: Task) -> None:
    _attachment_heading(paper, 3, "检查对象库来源说明")
    _text(
        paper,
        f"检查对象来自检查对象名录库中带有“{task.field.name}”领域标签、登记状态正常、"
        "属于各参与部门共同监管的对象。县区待核的不进入。排除的对象逐户写明原因，"
        "随抽取纪要存档；库冻结时计算摘要并存证。",
    )


# ── Paper ─────────────────────────────────────────────────────────────────────────────────


def _page(paper: Word) -> None:
    """A4, margins, body style, page numbers outside: odd right, even left."""
    section = paper.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(28)
    paper.settings.odd_and_even_pages_header_footer = True
    style = paper.styles["Normal"]
    style.font.name, style.font.size = BODY_FONT, SIZE_3
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), BODY_FONT)
    for footer, side in (
        (section.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        footer.is_linked_to_previous = False
        line = footer.paragraphs[0]
        line.alignment = side
        indent = line.paragraph_format
        if side == WD_ALIGN_PARAGRAPH.RIGHT:
            indent.right_indent = SIZE_4
        else:
            indent.left_indent = SIZE_4
        _run(line, "— ", PAGE_FONT, SIZE_4)
        _field(line, "PAGE")
        _run(line, " —", PAGE_FONT, SIZE_4)


def _title(paper: Word, words: str) -> None:
    line = _paragraph(paper)
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(line, words, TITLE_FONT, SIZE_2)
    line.paragraph_format.space_after = LINE


def _heading(paper: Word, words: str) -> None:
    line = _paragraph(paper)
    line.paragraph_format.first_line_indent = CHARACTER * 2
    line.paragraph_format.keep_with_next = True
    _run(line, words, FIRST_FONT, SIZE_3)


def _text(paper: Word, words: str, *, indent: bool = True) -> None:
    """Body text; a leading （一）… up to its full stop stands in 楷体."""
    line = _paragraph(paper)
    line.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    if indent:
        line.paragraph_format.first_line_indent = CHARACTER * 2
    found = re.match(r"（[一二三四五六七八九十]+）[^。]*。", words)
    if found:
        _run(line, found[0], SECOND_FONT, SIZE_3)
        words = words[found.end() :]
    _run(line, words, BODY_FONT, SIZE_3)


def _attachments(paper: Word, names: Sequence[str]) -> None:
    _paragraph(paper)
    for number, name in enumerate(names, 1):
        line = _paragraph(paper)
        line.paragraph_format.left_indent = CHARACTER * 2
        _run(line, f"附件：{number}. {name}" if number == 1 else f"　　　{number}. {name}")


def _signature(paper: Word, task: Task, scheme: Scheme) -> None:
    """The initiator and the day it was approved, or saved while it is a draft."""
    _paragraph(paper)
    made = scheme.approved_at or scheme.saved_at
    day = timezone.localtime(made).date()
    for words in (task.initiator.name, _day(day) + ("" if scheme.approved_at else "（草稿）")):
        line = _paragraph(paper)
        line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        line.paragraph_format.right_indent = CHARACTER * 4
        _run(line, words)


def _attachment_heading(paper: Word, number: int, name: str) -> None:
    paper.add_section(WD_SECTION.NEW_PAGE)
    line = _paragraph(paper)
    _run(line, f"附件 {number}", FIRST_FONT, SIZE_3)
    _title(paper, name)


def _table(paper: Word, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = paper.add_table(rows=1, cols=len(titles))
    table.style = "Table Grid"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    for cell, title in zip(table.rows[0].cells, titles, strict=True):
        _cell(cell, title, FIRST_FONT)
    _repeat(table.rows[0])
    for row in rows:
        for cell, words in zip(table.add_row().cells, row, strict=True):
            _cell(cell, words, BODY_FONT)
    _paragraph(paper)


def _cell(cell: _Cell, words: str, font: str) -> None:
    line = cell.paragraphs[0]
    line.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    line.paragraph_format.line_spacing = Pt(20)
    _run(line, words, font, SIZE_4)


def _repeat(row: Any) -> None:
    """The heading of a table stands on each page it runs over."""
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)


def _paragraph(paper: Word) -> Paragraph:
    line = paper.add_paragraph()
    shape = line.paragraph_format
    shape.space_before = shape.space_after = Pt(0)
    shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, LINE
    return line


def _run(line: Paragraph, words: str, font: str = BODY_FONT, size: Pt = SIZE_3) -> None:
    run = line.add_run(UNPRINTABLE.sub("", words))
    run.font.name, run.font.size = font, size
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def _field(line: Paragraph, name: str) -> None:
    """A field that the word processor fills in."""
    run = line.add_run()
    run.font.name, run.font.size = PAGE_FONT, SIZE_4
    for kind, text in (("begin", None), (None, name), ("end", None)):
        if kind is None:
            part = OxmlElement("w:instrText")
            part.set(qn("xml:space"), "preserve")
            part.text = text
        else:
            part = OxmlElement("w:fldChar")
            part.set(qn("w:fldCharType"), kind)
        run._element.append(part)


def _day(day: Any) -> str:
    """2026 年 11 月 16 日, in Arabic digits without leading zeros."""
    return f"{day.year}年{day.month}月{day.day}日"
