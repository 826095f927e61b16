"""Every kind of file that is brought as a register: its rows come in, or it is told why not."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from liancha.papers.faults import Unreadable
from liancha.registry import actions
from liancha.registry.models import Import, Target
from tests.people import NOON
from tests.rooms.registers import HEADINGS, code, firm, rows, text

pytestmark = pytest.mark.django_db
FILES = Path(__file__).parent / "files"
MACROS = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
TABLE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


def book(*lines, fill: Callable | None = None, headings=HEADINGS) -> bytes:
    """A workbook with these rows; `fill` writes more on the page."""
    content = io.BytesIO()
    made = xlsxwriter.Workbook(content, {"in_memory": True})
    page = made.add_worksheet("名录")
    for number, line in enumerate((headings, *lines) if headings else lines):
        page.write_row(number, 0, line)
    if fill:
        fill(made, page)
    made.close()
    return content.getvalue()


def csv(*lines, **more) -> str:
    return text(lines, **more)


def xml(*lines) -> bytes:
    """The XML of Excel 2003."""
    cells = "".join(
        "<Row>" + "".join(f'<Cell><Data ss:Type="String">{c}</Data></Cell>' for c in line)
        + "</Row>" for line in (HEADINGS, *lines)
    )  # fmt: skip
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    return (
        f'<?xml version="1.0"?><Workbook xmlns="{space}" xmlns:ss="{space}">'
        f'<Worksheet ss:Name="名录"><Table>{cells}</Table></Worksheet></Workbook>'
    ).encode()


def page(*lines) -> bytes:
    """A web page that calls itself Excel."""
    cells = "".join(
        "<tr>" + "".join(f"<td>{c}</td>" for c in line) + "</tr>" for line in (HEADINGS, *lines)
    )
    return f"<html><meta charset=utf-8><table>{cells}</table></html>".encode()


def packed(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return made.getvalue()


def repacked(content: bytes, change: Callable[[str, bytes], bytes], **added: bytes) -> bytes:
    """A workbook with its parts changed, and others added."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
        for name, part in added.items():
            new.writestr(f"xl/{name}.bin", part)
    return made.getvalue()


def with_macros(*lines) -> bytes:
    def change(name: str, part: bytes) -> bytes:
        return part.replace(TABLE.encode(), MACROS.encode())

    return repacked(book(*lines), change, vbaProject=b"\xd0\xcf\x11\xe0" + bytes(600))


def declared_huge(*lines) -> bytes:
    """A sheet that says it reaches to the last cell there can be."""

    def change(name: str, part: bytes) -> bytes:
        return part.replace(b'<dimension ref="A1:G4"/>', b'<dimension ref="A1:XFD1048576"/>')

    return repacked(book(*lines), change)


def far_cell(made, sheet) -> None:
    sheet.write(1_048_575, 16_383, "x")


def with_password() -> bytes:
    """A compound file holding what Office puts into one when a password is set."""
    free, end, fat = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<5H6x9I", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, end, 0, end, 0)
    head += struct.pack("<109I", 0, *[free] * 108)
    # Sector 0 the table of sectors, 1 the directory, 2 to 9 and 10 to 17 the two streams.
    chains = [fat, end, *range(3, 10), end, *range(11, 18), end]
    table = struct.pack("<128I", *chains, *[free] * (128 - len(chains)))

    def entry(name: str, kind: int, child: int, right: int, start: int, size: int) -> bytes:
        words = (name + "\0").encode("utf-16-le")
        return (
            words.ljust(64, b"\0") + struct.pack("<HBB3I", len(words), kind, 1, free, right, child)
            + bytes(36) + struct.pack("<IQ", start, size)
        )  # fmt: skip

    directory = (
        entry("Root Entry", 5, 1, free, end, 0)
        + entry("EncryptionInfo", 2, free, 2, 2, 4096)
        + entry("EncryptedPackage", 2, free, free, 10, 4096)
    ).ljust(512, b"\0")
    return head + table + directory + bytes(16 * 512)


def dates_as_excel_keeps_them(made, sheet) -> None:
    day = made.add_format({"num_format": "yyyy/m/d"})
    for number in (1, 2, 3):
        sheet.write_datetime(number, 5, date(2017, 6, 8), day)


def merged_title(made, sheet) -> None:
    sheet.merge_range(0, 0, 0, 6, "洛阳市检查对象名录（2026 年 11 月）")
    sheet.write_row(2, 0, HEADINGS)
    for number, line in enumerate(rows(3), 3):
        sheet.write_row(number, 0, line)


def merged_cells(made, sheet) -> None:
    sheet.merge_range(1, 4, 3, 4, "住宿服务；餐饮服务")


def formulas(made, sheet) -> None:
    for number in (1, 2, 3):
        sheet.write_formula(number, 3, '="洛阳市"&"洛龙区"', None, "洛阳市洛龙区青禾街1号")


def hidden(made, sheet) -> None:
    made.add_worksheet("说明").write(0, 0, "名录在另一张表")
    made.worksheets()[1].activate()
    sheet.hide()


def full_width(line: list[str]) -> list[str]:
    wide = {ord(c): ord(c) + 0xFEE0 for c in "0123456789ABCDEFGHJKLMNPQRTUWXY"}
    return [line[0], line[1].translate(wide), *line[2:]]


def numbers_for_codes(made, sheet) -> None:
    sheet.write(1, 1, 914103001234567890)


THREE = rows(3)
ROWS = {
    "true xlsx": ("名录.xlsx", book(*THREE)),
    "xlsx named .xls": ("名录.xls", book(*THREE)),
    "xlsx named .csv": ("名录.csv", book(*THREE)),
    "xml named .xlsx": ("名录.xlsx", xml(*THREE)),
    "web page named .xls": ("名录.xls", page(*THREE)),
    "zip named .xls": ("名录.xls", packed("名录.csv", csv(*THREE).encode("gb18030"))),
    "xlsx in a zip": ("名录.zip", packed("名录.xlsx", book(*THREE))),
    "utf-8": ("名录.csv", csv(*THREE).encode()),
    "utf-8 with a mark": ("名录.csv", csv(*THREE).encode("utf-8-sig")),
    "utf-16": ("名录.csv", csv(*THREE).encode("utf-16")),
    "gb18030": ("名录.csv", csv(*THREE).encode("gb18030")),
    "csv named .xlsx": ("名录.xlsx", csv(*THREE).encode("gb18030")),
    "tabs": ("名录.txt", csv(*THREE, delimiter="\t").encode("gb18030")),
    "rows above the heading": ("名录.csv", csv(*THREE, above=[["洛阳市"], [], ["表"]]).encode()),
    "a merged title": ("名录.xlsx", book(fill=merged_title, headings=())),
    "merged cells": ("名录.xlsx", book(*THREE, fill=merged_cells)),
    "other order": (
        "名录.csv", csv(*(line[::-1] for line in THREE), headings=HEADINGS[::-1]).encode()
    ),
    "full width": ("名录.csv", csv(*map(full_width, THREE)).encode("gb18030")),
    "days as Excel keeps them": ("名录.xlsx", book(*THREE, fill=dates_as_excel_keeps_them)),
    "formulas": ("名录.xlsx", book(*THREE, fill=formulas)),
    "macros": ("名录.xlsm", with_macros(*THREE)),
    "a size that is not so": ("名录.xlsx", declared_huge(*THREE)),
}  # fmt: skip
REFUSED = {
    "nothing": ("名录.csv", b"", "文件是空的"),
    "nothing but blanks": ("名录.csv", b"\r\n \r\n", "文件是空的"),
    "a password": ("名录.xlsx", with_password(), "有密码"),
    "half an xlsx": ("名录.xlsx", book(*THREE)[:3_000], "不完整"),
    "an xlsx with its middle lost": (
        "名录.xlsx", repacked(book(*THREE), lambda name, part: part[: len(part) // 2]), "损坏"
    ),
    "a cell at the far end": ("名录.xlsx", book(*THREE, fill=far_cell), "远处有多余的单元格"),
    "a hidden sheet": ("名录.xlsx", book(*THREE, fill=hidden), "没有找到标题行"),
    "no heading": ("名录.xlsx", book(*THREE, headings=()), "没有找到标题行"),
    "a document": ("名录.xlsx", packed("word/document.xml", b"<w/>"), "Word 文档"),
    "an empty zip": ("名录.xlsx", b"PK\x05\x06" + bytes(18), "压缩包是空的"),
    "a PDF": ("名录.xlsx", b"%PDF-1.7", "PDF"),
}  # fmt: skip


def bring(folder: Path, name: str, content: bytes) -> Import:
    path = folder / "upload"
    path.write_bytes(content)
    return actions.import_targets(path=path, file_name=name, by=None, at=NOON)


@pytest.mark.parametrize("kind", ROWS)
def test_its_rows_come_in_as_they_are(tmp_path, kind):
    batch = bring(tmp_path, *ROWS[kind])
    assert (batch.added, batch.faulty, batch.pending) == (3, 0, 0)
    assert sorted(Target.objects.values_list("code", flat=True)) == sorted(r[1] for r in THREE)
    assert set(Target.objects.values_list("registered_on", "region")) == {
        (date(2017, 6, 8), "410311")
    }


@pytest.mark.parametrize("kind", REFUSED)
def test_or_it_is_told_why_not(tmp_path, kind):
    name, content, said = REFUSED[kind]
    with pytest.raises(Unreadable, match=said):
        bring(tmp_path, name, content)
    assert not Import.objects.exists()


def test_the_binary_format_of_old_excel(tmp_path):
    batch = bring(tmp_path, "名录.xls", (FILES / "register.xls").read_bytes())
    assert batch.recognised.startswith("XLS，")
    assert batch.rows == batch.added + batch.faulty > 0


def test_a_heading_without_rows_is_a_register_of_nobody(tmp_path):
    batch = bring(tmp_path, "名录.xlsx", book())
    assert (batch.rows, batch.added, batch.faulty) == (0, 0, 0)


def test_a_code_that_became_a_number_is_named_and_the_others_come_in(tmp_path):
    batch = bring(tmp_path, "名录.xlsx", book(*THREE, fill=numbers_for_codes))
    assert (batch.added, batch.faulty) == (2, 1)
    (fault,) = batch.faults.filter(is_remark=False)
    assert (fault.row, fault.column) == (2, "统一社会信用代码")
    assert "科学计数" in fault.fault
    assert "文本" in fault.cure


def test_a_short_row_and_a_long_one(tmp_path):
    lines = [[*firm(1)[:2]], [*firm(2), "多出的", "格子"], ["洛阳望嵩", code("91", "410311", 3)]]
    batch = bring(tmp_path, "名录.csv", text(lines).encode())
    assert (batch.added, batch.faulty) == (3, 0)
