"""Official documents (公文) as .docx in the form of GB/T 9704–2012.

A4, margins 37/35/28/26 mm, 22 lines of 28 characters; title, body and headings in the standard's
typefaces by name. No font is embedded: offices have these, and a computer without them shows its
nearest. A wide table stands in a landscape section of its own. What the text says is the caller's.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date

from docx import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

TITLE, BODY, HEADING, SUBHEADING = "方正小标宋简体", "仿宋_GB2312", "黑体", "楷体_GB2312"
SIZE_2, SIZE_3, SIZE_4, SIZE_SMALL = Pt(22), Pt(16), Pt(14), Pt(10.5)
PITCH = Pt(28.95)  # 22 lines in 225 mm
CHARACTER = SIZE_3


class Official:
    """A document that is written from top to bottom, then `save`d."""

    def __init__(self, title: str, *, number: str = "") -> None:
        self._document = Document()
        self._document.core_properties.title = title
        self._document.core_properties.author = ""
        section = self._document.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.top_margin, section.bottom_margin = Mm(37), Mm(35)
        section.left_margin, section.right_margin = Mm(28), Mm(26)
        self._document.settings.odd_and_even_pages_header_footer = True
        _page_number(section.footer.paragraphs[0], WD_ALIGN_PARAGRAPH.RIGHT)
        _page_number(section.even_page_footer.paragraphs[0], WD_ALIGN_PARAGRAPH.LEFT)
        normal = self._document.styles["Normal"]
        normal.font.size = SIZE_3
        normal.font.name = BODY
        normal.element.rPr.rFonts.set(qn("w:eastAsia"), BODY)
        if number:
            self._line(number, BODY, SIZE_3, WD_ALIGN_PARAGRAPH.CENTER)
        self._line(title, TITLE, SIZE_2, WD_ALIGN_PARAGRAPH.CENTER)
        self._line("", BODY, SIZE_3)

    def paragraph(self, text: str) -> None:
        """Body text, two characters in."""
        for part in text.splitlines() or [""]:
            self._line(part, BODY, SIZE_3, indent=2)

    def heading(self, text: str, *, level: int = 1) -> None:
        """一、 in 黑体, （一） in 楷体."""
        self._line(text, HEADING if level == 1 else SUBHEADING, SIZE_3, indent=2)

    def attachment(self, text: str) -> None:
        """附件：… after an empty line."""
        self._line("", BODY, SIZE_3)
        self._line(text, BODY, SIZE_3, indent=2)

    def signature(self, body: str, on: date) -> None:
        """Who and when, at the right, four characters in; the day in Arabic digits."""
        self._line("", BODY, SIZE_3)
        for text in (body, f"{on.year}年{on.month}月{on.day}日"):
            line = self._line(text, BODY, SIZE_3, WD_ALIGN_PARAGRAPH.RIGHT)
            line.paragraph_format.right_indent = CHARACTER * 4

    def table(
        self, titles: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]
    ) -> None:
        """A table of this width in millimetres; its heading is repeated on every page."""
        table = self._document.add_table(rows=1, cols=len(titles), style="Table Grid")
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        _fill(table.rows[0].cells, titles, HEADING)
        _repeat(table.rows[0]._tr)
        for row in rows:
            _fill(table.add_row().cells, row, BODY)
        for row in table.rows:
            for cell, width in zip(row.cells, widths, strict=True):
                cell.width = Mm(width)

    def landscape(self, title: str) -> None:
        """From here on pages lie on their side: 附件 with a wide table."""
        section = self._document.add_section(WD_SECTION.NEW_PAGE)
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = Mm(297), Mm(210)
        section.top_margin, section.bottom_margin = Mm(28), Mm(26)
        section.left_margin, section.right_margin = Mm(25), Mm(25)
        self._line(title, TITLE, Pt(18), WD_ALIGN_PARAGRAPH.CENTER)

    def save(self) -> bytes:
        target = io.BytesIO()
        self._document.save(target)
        return target.getvalue()

    def _line(
        self,
        text: str,
        face: str,
        size: Pt,
        alignment: WD_ALIGN_PARAGRAPH | None = None,
        indent: int = 0,
    ) -> Paragraph:
        line = self._document.add_paragraph()
        shape = line.paragraph_format
        shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, PITCH
        shape.space_before = shape.space_after = Pt(0)
        if size > SIZE_3:
            shape.line_spacing = Pt(35)
        if alignment is not None:
            line.alignment = alignment
        if indent:
            shape.first_line_indent = size * indent
        _write(line, text, face, size)
        return line


def _write(line: Paragraph, text: str, face: str, size: Pt) -> None:
    run = line.add_run(text)
    run.font.size, run.font.name = size, face
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face)


def _fill(cells: Sequence[object], texts: Sequence[str], face: str) -> None:
    for cell, text in zip(cells, texts, strict=True):
        line = cell.paragraphs[0]  # type: ignore[attr-defined]
        line.paragraph_format.space_after = Pt(0)
        _write(line, text, face, SIZE_SMALL)


def _repeat(row: object) -> None:
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row.get_or_add_trPr().append(mark)  # type: ignore[attr-defined]


def _page_number(line: Paragraph, alignment: WD_ALIGN_PARAGRAPH) -> None:
    """— 1 —, outside on the page."""
    line.alignment = alignment
    _write(line, "— ", "宋体", SIZE_4)
    run = line.add_run()
    run.font.size = SIZE_4
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        if kind:
            part = OxmlElement("w:fldChar")
            part.set(qn("w:fldCharType"), kind)
        else:
            part = OxmlElement("w:instrText")
            part.set(qn("xml:space"), "preserve")
            part.text = text
        run._element.append(part)
    _write(line, " —", "宋体", SIZE_4)
