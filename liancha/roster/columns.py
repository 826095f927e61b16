"""The roster as a table: its columns, and how a row that somebody typed is read.

What a cell should be is said here, cell by cell and with a cure; whether the row fits the roster
(whose department, whose certificate) is for the action to say. Nothing is written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

from liancha.papers.faults import Fault, fault
from liancha.papers.held import Held
from liancha.papers.readers import Column
from liancha.papers.readers import Row as Line
from liancha.registry.columns import value_of

from .models import Inspector

LEAST_CAPACITY, MOST_CAPACITY = 1, 999
SHEET = "执法检查人员"
COLUMNS = (
    Column("number", ("人员编号",)),
    Column("name", ("姓名", "执法人员姓名", "检查人员"), is_required=True),
    Column("department", ("部门", "工作单位", "所属部门", "单位")),
    Column("certificate", ("执法证号", "执法证件号", "证号", "行政执法证号")),
    Column("certificate_kind", ("证件类别", "执法证类别")),
    Column("valid_from", ("有效期自", "发证日期", "有效期起")),
    Column("valid_to", ("有效期至", "证件有效期", "有效期止")),
    Column("skills", ("业务专长", "专长", "执法领域")),
    Column("post", ("岗位", "岗位大类", "职务")),
    Column("qualification", ("执法资质", "岗位资格")),
    Column("region", ("层级/区域", "区域", "县区")),
    Column("status", ("状态", "在岗状态")),
    Column("capacity", ("承担上限",)),
    Column("may_lead", ("可任组长",)),
    Column("is_expert", ("专家", "是否专家")),
)
# What a fault calls a column → its key, to find the cell again.
WORDS = {column.words[0]: column.key for column in COLUMNS} | {"区域": "region"}
EXAMPLE = (
    *("", "示例：林知遥", "", "16030000001", "行政执法证", "2024-01-01", "2028-12-31"),
    *("食品、特种设备", "执法科", "特种设备安全监察员", "洛阳市", "在岗", "20", "是", "否"),
)
EXAMPLE_STARTS = "示例："

YES, NO = ("是", "有", "√", "y", "yes", "1", "true"), ("", "否", "无", "×", "n", "no", "0", "false")
_DAY = re.compile(
    r"([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*日?(?:\s+0?0:00(?::00)?)?"
)
_PLAIN_DAY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_SERIAL = re.compile(r"[2-7][0-9]{4}")  # 1954 to 2118
EXCEL_BEGINS = date(1899, 12, 30)
_SPLIT = re.compile(r"[、，,;；/|\s]+")
_HAN_NAME = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf\s·]+")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """One row as read; what a cell could not be is in `faults`.

    line        number of the row in the sheet
    department  as written; "" means the department of whoever imports
    said        keys of the cells that are not blank: what a file does not say is never erased
    """

    line: int
    name: str = ""
    number: str = ""
    department: str = ""
    certificate: str = ""
    certificate_kind: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    skills: tuple[str, ...] = ()
    post: str = ""
    qualification: str = ""
    region: str = ""
    status: str = Inspector.Status.ON_DUTY
    capacity: int = 20
    may_lead: bool = False
    is_expert: bool = False
    said: frozenset[str] = frozenset()
    faults: tuple[Fault, ...] = ()


def read(path: Path | str, file_name: str) -> Held:
    """The table of an uploaded roster, without the template's own example.

    Raises Unreadable (papers) for what is no such table.
    """
    held = Held.read(path, file_name, COLUMNS)
    return held.only(
        {row.number for row in held.rows() if not row["name"].startswith(EXAMPLE_STARTS)}
    )


def read_row(row: Line) -> Row:
    """Read the cells of one row, each by itself."""
    faults: list[Fault] = []
    row = _without_blanks(row)

    def cell(column: str, key: str, read: Callable[[str], T], default: T, cure: str) -> T:
        try:
            return read(row[key])
        except ValueError as error:
            faults.append(fault_of(row, column, row[key], str(error), cure))
            return default

    def text(column: str, key: str, longest: int) -> str:
        return cell(
            column, key, lambda value: _short(value, longest), "", f"请缩短到 {longest} 字。"
        )

    name = text("姓名", "name", 40)
    if _HAN_NAME.fullmatch(name):
        name = "".join(name.split())
    if not name and not faults:
        faults.append(fault_of(row, "姓名", "", "没有姓名", "请填写姓名，空行请删去。"))
    certificate = re.sub(r"[\s'‘’`]", "", half(text("执法证号", "certificate", 30)))
    if "E+" in certificate.upper():
        cure = "请把这一列设为文本格式，重新输入完整证号。"
        faults.append(fault_of(row, "执法证号", certificate, "证号被表格改成了科学计数", cure))
    day_cure = "请写成 2026-01-31 这样的日期。"
    valid_from = cell("有效期自", "valid_from", read_day, None, day_cure)
    valid_to = cell("有效期至", "valid_to", read_day, None, day_cure)
    faults += _certificate_faults(row, certificate, valid_from, valid_to, faults)
    return Row(
        line=row.number,
        name=name,
        number=half(text("人员编号", "number", 20)),
        department=text("部门", "department", 60),
        certificate=certificate,
        certificate_kind=text("证件类别", "certificate_kind", 40),
        valid_from=valid_from,
        valid_to=valid_to,
        skills=cell(
            "业务专长", "skills", read_skills, (), "多项专长用顿号分开，每项不超过 20 字。"
        ),
        post=text("岗位", "post", 60),
        qualification=text("执法资质", "qualification", 60),
        region=text("区域", "region", 40),
        status=cell("状态", "status", read_status, "", "请填在岗、借调或离岗，留空为在岗。"),
        capacity=cell("承担上限", "capacity", read_capacity, 0, "请填 1 到 999，留空为 20。"),
        may_lead=cell("可任组长", "may_lead", read_yes, False, "请填“是”或“否”。"),
        is_expert=cell("专家", "is_expert", read_yes, False, "请填“是”或“否”。"),
        said=frozenset(column.key for column in COLUMNS if row[column.key]),
        faults=tuple(faults),
    )


def _without_blanks(row: Line) -> Line:
    """The row without what people write for nothing (无, /, —): such a cell says nothing."""
    cells = list(row.cells)
    for key, place in row.places.items():
        if key not in ("may_lead", "is_expert") and value_of(cells[place]) == "":
            cells[place] = ""
        elif key == "name":  # 王　明, and names broken over two lines
            cells[place] = " ".join(cells[place].split())
    return Line(row.number, tuple(cells), row.places)


def half(text: str) -> str:
    """Digits and letters in half width: １６０３ is 1603."""
    return unicodedata.normalize("NFKC", text)


def read_day(text: str) -> date | None:
    """2026-01-31, 2026/1/31, 2026年1月31日, 20260131, 46053 (Excel's own); None for nothing.

    Raises ValueError.
    """
    text = half(text)
    if not text:
        return None
    if _SERIAL.fullmatch(text):
        return EXCEL_BEGINS + timedelta(days=int(text))
    found = _DAY.fullmatch(text) or _PLAIN_DAY.fullmatch(text)
    if found is None:
        raise ValueError("不是日期")
    try:
        return date(*map(int, found.groups()[:3]))
    except ValueError:
        raise ValueError("没有这一天") from None


def read_skills(text: str) -> tuple[str, ...]:
    """食品、特种设备. Raises ValueError."""
    words = tuple(dict.fromkeys(word for word in _SPLIT.split(text) if word))
    if any(len(word) > 20 or _UNSAFE.search(word) for word in words):
        raise ValueError("有一项太长")
    return words


def read_status(text: str) -> str:
    """在岗, 借调 or 离岗. Raises ValueError."""
    words = {status.label: str(status.value) for status in Inspector.Status} | {
        "": str(Inspector.Status.ON_DUTY.value),
        **dict.fromkeys(("有效", "在职", "在编", "正常"), str(Inspector.Status.ON_DUTY.value)),
        **dict.fromkeys(("退休", "离职", "调离", "调出"), str(Inspector.Status.LEFT.value)),
    }
    if text not in words:
        raise ValueError("不认识的状态")
    return words[text]


def read_capacity(text: str) -> int:
    """A whole number, 20 for nothing. Raises ValueError."""
    text = half(text)
    if not text:
        return 20
    if not text.isascii() or not text.isdecimal():
        raise ValueError("不是整数")
    if not LEAST_CAPACITY <= int(text) <= MOST_CAPACITY:
        raise ValueError("超出范围")
    return int(text)


def read_yes(text: str) -> bool:
    """是 or 否. Raises ValueError."""
    if text.lower() in YES:
        return True
    if text.lower() in NO:
        return False
    raise ValueError("看不出是或否")


def fault_of(row: Line, column: str, value: str, what: str, cure: str) -> Fault:
    """What is wrong with one cell, of whom, and what to do about it."""
    return fault(row.number, row["name"], column, value, what, cure)


def cells_of(inspector: Inspector) -> tuple[str, ...]:
    """A person as a row of the same table, so that an export can be imported again."""
    certificate = inspector.certificate
    return (
        inspector.number,
        inspector.name,
        inspector.department.name,
        certificate.number if certificate else "",
        certificate.kind if certificate else "",
        certificate.valid_from.isoformat() if certificate else "",
        certificate.valid_to.isoformat() if certificate else "",
        "、".join(inspector.skills),
        inspector.post,
        inspector.qualification,
        inspector.region.name if inspector.region else "",
        inspector.get_status_display(),
        str(inspector.capacity),
        "是" if inspector.may_lead else "否",
        "是" if inspector.is_expert else "否",
    )


def _short(text: str, longest: int) -> str:
    if _UNSAFE.search(text):
        raise ValueError("有换行或控制字符")
    if len(text) > longest:
        raise ValueError("内容太长")
    return text


def _certificate_faults(
    row: Line,
    certificate: str,
    valid_from: date | None,
    valid_to: date | None,
    faults: list[Fault],
) -> list[Fault]:
    """A certificate has both dates, dates have a certificate, and they run forwards."""
    if {"有效期自", "有效期至", "执法证号"} & {each["column"] for each in faults}:
        return []
    found = []
    if certificate:
        for column, value in (("有效期自", valid_from), ("有效期至", valid_to)):
            if value is None:
                cure = "请对照证件填写。"
                found.append(fault_of(row, column, "", "有证号没有有效期", cure))
    elif valid_from or valid_to:
        cure = "请填写证号，没有证件的请把有效期也清空。"
        found.append(fault_of(row, "执法证号", "", "有有效期没有证号", cure))
    if valid_from and valid_to and valid_to < valid_from:
        cure = "请对照证件改正有效期。"
        found.append(fault_of(row, "有效期至", row["valid_to"], "早于有效期自", cure))
    return found
