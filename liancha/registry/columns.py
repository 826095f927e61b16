"""One row of a register: the headings it may come under, and what each cell is taken for.

Takes what clerks really send (N/A, 2017/6/8, 在业, full-width digits) and says of the rest in which
column it stands, what is wrong and what cures it. Knows no database: whether a row is new is said
by the import.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from liancha.papers.around import DITTO, is_beside
from liancha.papers.readers import LONGEST_CELL, Column, Row

from . import codes
from .kinds import WITHOUT_CODE, CodeKind, Kind, Status

COLUMNS = (
    Column(
        "name",
        (
            *("名称", "企业名称", "单位名称", "市场主体名称", "主体名称", "经营主体名称"),
            *("机构名称", "字号名称", "商户名称", "检查对象", "检查对象名称", "被检查单位"),
            *("企业（机构）名称", "name", "comp_nm"),
        ),
        is_required=True,
    ),
    Column(
        "code",
        (
            *("统一社会信用代码", "统一社会信用代码（注册号）", "注册号/统一社会信用代码"),
            *("统一社会信用代码/注册号", "信用代码/注册号", "社会信用代码", "信用代码"),
            *("统一代码", "统一社会信用代码/本库编号", "注册号", "uscc", "uni_social_crd_cd"),
        ),
        is_required=True,
    ),
    Column("kind", ("对象类型",)),
    Column(
        "legal_form",
        ("类型", "主体类型", "企业类型", "市场主体类型", "经济性质", "type", "comp_type"),
    ),
    Column("premises", ("经营场所", "经营地址", "实际经营地址", "经营场所地址", "opt_loc")),
    Column(
        "address",
        (
            *("住所", "住所（经营场所）", "住所/经营场所", "注册地址", "地址", "登记地址"),
            *("企业地址", "单位地址", "详细地址", "注册住所", "address", "addr"),
        ),
    ),
    Column("county", ("所在县区", "县区", "区县", "县（区）", "所属区县", "所属县区", "行政区划")),
    Column("city", ("城市", "所在城市", "市", "city")),
    Column(
        "status", ("登记状态", "经营状态", "企业状态", "主体状态", "状态", "status", "reg_state")
    ),
    Column(
        "registered_on", ("成立日期", "注册日期", "设立日期", "核准设立日期", "reg_date", "est_dt")
    ),
    Column("capital", ("注册资本", "注册资金", "资金数额", "capital", "reg_capt")),
    Column("scope", ("经营范围", "业务范围", "经营（业务）范围", "scope", "opt_scop")),
    Column("industry", ("行业", "所属行业", "行业名称", "行业门类", "国民经济行业", "industry")),
    Column("authority", ("登记机关", "注册机关", "reg_org")),
    Column("phone", ("联系电话", "电话", "联系方式", "手机", "phone")),
    Column(
        "representative",
        (
            *("法定代表人（负责人）", "法定代表人", "法定代表人/负责人", "法人代表", "法人"),
            *("负责人", "经营者", "投资人", "执行事务合伙人"),
        ),
    ),
    Column("contact", ("联络人", "联络员", "联系人")),
    Column(
        "credit_class",
        ("信用风险分类", "信用分类", "风险分类", "信用风险等级", "信用等级", "credit_class"),
    ),
    Column("credit_on", ("分类日期", "信用风险分类日期", "评定日期")),
    Column("credit_source", ("分类来源", "信用风险分类来源")),
)
TEMPLATE = (  # column key, width, what to write there
    ("name", 34, "营业执照上的全称"),
    ("code", 24, "18 位统一社会信用代码，或 15 位注册号；没有执照的对象留空"),
    (
        "kind",
        16,
        "有代码的可以不填；没有代码的填：" + "、".join(each.label for each in WITHOUT_CODE),
    ),
    ("legal_form", 26, "营业执照上的类型"),
    ("address", 44, "写到区县和乡镇街道，系统据此认县区"),
    ("premises", 30, "与住所不同时填写，检查到这里"),
    ("county", 14, "住所看不出县区时填写"),
    ("status", 12, "存续、歇业、吊销、注销、撤销、迁出"),
    ("registered_on", 14, "2026-11-23"),
    ("capital", 16, "例如 100万元，照营业执照"),
    ("scope", 60, "系统据此加标签"),
    (
        "industry",
        20,
        "GB/T 4754 的门类、大类名称或代码，例如 住宿业、H61；小类名称也认",
    ),
    ("authority", 26, "例如 洛阳市洛龙区市场监督管理局"),
    ("representative", 20, "法定代表人；个体户填经营者，其他填负责人。不对外公布"),
    ("contact", 14, "企业的联络人。不对外公布"),
    ("phone", 16, "手机或固定电话，页面上默认遮住中间四位"),
    ("credit_class", 14, "A、B、C、D，没有分类的留空"),
    ("credit_on", 14, "2026-11-23"),
    ("credit_source", 20, "例如 省级通用模型"),
)

BLANK = frozenset(
    {"", "n/a", "na", "#n/a", "-", "--", "—", "——", "/", "\\", "无", "空", "暂无", "null", "none"}
)
LONGEST_BLANK = max(map(len, BLANK)) + 1
STATUSES = {
    Status.ACTIVE: "存续 在业 在营 开业 正常 登记成立 确立 存续（在营、开业、在册） 仍注册"
    " 在营（开业） 在营（开业）企业 正常经营 正常营业",
    Status.SUSPENDED: "歇业 停业",
    Status.REVOKED: "吊销 吊销未注销 吊销，未注销 被吊销",
    Status.CANCELLED: "注销 已注销 吊销已注销 吊销，已注销 吊销后注销",
    Status.WITHDRAWN: "撤销 撤销登记 被撤销",
    Status.MOVED: "迁出 已迁出 迁往市外",
}
_STATUS = {word: status for status, words in STATUSES.items() for word in words.split()}
_CREDIT = {
    word: value
    for value, words in {
        "A": "A A类 A级 A低 低 低风险 信用风险低 A信用风险低",
        "B": "B B类 B级 B中低 中低 中低风险 较低风险 信用风险一般 B信用风险一般 一般",
        "C": "C C类 C级 C中高 中高 中高风险 较高风险 信用风险较高 C信用风险较高 较高",
        "D": "D D类 D级 D高 高 高风险 信用风险高 D信用风险高",
    }.items()
    for word in words.split()
}
_DICTIONARIES: dict[str, dict[str, Any]] = {"status": _STATUS, "credit_class": _CREDIT}
KINDS = {label: value for value, label in Kind.choices}
FORMULA = "=+@"
NO_ROW = "是备注、签名或合计，不是检查对象"
NO_ROW_CURE = "不用改，这一行不导入；也可以从表中删去"
NO_END = ("长期", "永久")
SAME_ADDRESS = frozenset({"同住所", "同上", "同注册地址", "与住所一致", "同"})

_DAY = re.compile(r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T].*)?$")
_BARE_DAY = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_SERIAL = re.compile(r"^\d{5}$")
_SPACES = re.compile(r"[\s\x00-\x1f\x7f]+")
FIRST_DAY = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about one cell: where, what it says, what is wrong, what cures it."""

    column: str
    value: str
    fault: str
    cure: str


@dataclass(slots=True)
class Reading:
    """One row as it was understood.

    values   model field → value, only for what the file says
    faults   why the row is not taken; empty when it is
    remarks  doubts that do not keep it out
    mended   what was put right by itself
    """

    number: int
    name: str
    line: tuple[str, ...]
    values: dict[str, Any] = field(default_factory=dict)
    faults: list[Remark] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    county: str = ""
    city: str = ""

    @property
    def code(self) -> str:
        return self.values.get("code", "")


def read(row: Row, title: Callable[[str], str], today: date) -> Reading:
    """Understand one row.

    title  what the file calls a column, for the report
    today  nothing was founded later
    """
    found = Reading(row.number, row["name"][:200], row.cells)
    if is_beside(row.cells):
        said = next(cell for cell in row.cells if cell)
        found.faults.append(Remark(title("name"), said[:300], NO_ROW, NO_ROW_CURE))
        return found
    reader = _Reader(row, title, found)
    reader.text("name", 200, is_required=True)
    reader.text("scope", LONGEST_CELL)
    for key, longest in (
        ("legal_form", 80),
        ("capital", 60),
        ("industry", 80),
        ("authority", 80),
        ("phone", 40),
        ("representative", 80),
        ("contact", 80),
        ("credit_source", 60),
    ):
        reader.text(key, longest)
    reader.address()
    reader.identity()
    reader.word("status", "改为“存续”；可用：存续、歇业、吊销、注销、撤销、迁出")
    reader.word("credit_class", "填 A、B、C、D；没有分类的留空")
    reader.day("registered_on", today)
    reader.day("credit_on", today)
    found.county = value_of(row["county"])
    found.city = value_of(row["city"])
    return found


class _Reader:
    def __init__(self, row: Row, title: Callable[[str], str], found: Reading) -> None:
        self.row, self.title, self.found = row, title, found

    def fault(self, key: str, fault: str, cure: str, value: str | None = None) -> None:
        shown = self.row[key] if value is None else value
        self.found.faults.append(Remark(self.title(key), shown[:300], fault, cure))

    def text(self, key: str, longest: int, *, is_required: bool = False) -> str:
        """A cell as text, kept under its key; too long or broken is a fault, never cut."""
        value = value_of(self.row[key])
        if not value:
            if is_required:
                self.fault(key, "必填为空", "填营业执照上的全称")
            return ""
        if len(value) > longest:
            self.fault(key, f"有 {len(value)} 字，最多 {longest} 字", "请删去多余的内容")
        elif "�" in value:
            self.fault(key, "有认不出的字符", "文件的编码损坏了，请从原系统重新导出")
        elif key == "name" and value[0] in FORMULA:
            self.fault(key, f"名称以“{value[0]}”开头，像是公式", "删去开头的符号，只写名称")
        elif value in DITTO and key != "premises":
            self.fault(key, f"写的是“{value}”", "请照上一行把内容写全，每一行都能单独看懂")
        else:
            self.found.values[key] = value
            return value
        return ""

    def address(self) -> None:
        """经营场所 where it is given, else 住所: a target belongs where it operates (art. 11).

        A file that tells the two apart says 住所 too, even where it is the same place: whoever
        keeps it can tell that from a file that says nothing.
        """
        premises = self.text("premises", 300)
        address = self.text("address", 300)
        self.found.values.pop("premises", None)
        if address and "premises" in self.row.places:
            self.found.values["registered_address"] = address
        if premises and premises not in SAME_ADDRESS:
            self.found.values["address"] = premises
        elif address:
            self.found.values["address"] = address

    def identity(self) -> None:
        """Code and kind. Only sites, projects and the like may come without a code."""
        word = value_of(self.row["kind"]) or value_of(self.row["legal_form"])
        kind = KINDS.get(word, "")
        if word and word in KINDS:
            self.found.values.pop("legal_form", None)
        values = self.found.values
        cell = value_of(self.row["code"])
        if not cell and kind in WITHOUT_CODE and "name" in values:
            values["code"] = codes.own(kind, values["name"], values.get("address", ""))
            values["code_kind"], values["kind"] = CodeKind.OWN, kind
            return
        code = codes.read(cell)
        if isinstance(code, codes.Fault):
            self.fault("code", code.fault, code.cure)
            return
        values["code"], values["code_kind"] = code.text, code.kind
        if code.kind is CodeKind.OWN:
            kind = kind or code.text[1:3]
        if kind or word or code.kind is CodeKind.USCC:
            values["kind"] = kind or codes.kind_of(code, word)
        if code.mended:
            self.found.mended += code.mended.split("、")
        if code.remark:
            self.found.remarks.append(
                Remark(
                    self.title("code"), cell, code.remark, "对照登记系统，有 18 位代码的换成新代码"
                )
            )

    def word(self, key: str, cure: str) -> None:
        """A cell that must be one of a code list's words."""
        cell = self.row[key]
        if not value_of(cell):
            return
        found = word_of(key, cell)
        if found is None:
            self.fault(key, "不在字典中", cure)
        else:
            self.found.values[key] = found

    def day(self, key: str, today: date) -> None:
        value = value_of(self.row[key])
        if not value or value in NO_END:
            return
        day = day_of(value)
        if isinstance(day, str):
            self.fault(key, day, "按 2026-11-23 这样写")
        elif day > today:
            self.fault(key, f"{day} 还没有到", "请对照营业执照核对年份")
        elif day < FIRST_DAY:
            self.fault(key, f"{day} 太早", "请对照营业执照核对年份")
        else:
            self.found.values[key] = day
            if _SERIAL.match(value):
                self.found.mended.append("日期序号改为日期")


def value_of(cell: str) -> str:
    """A cell without line breaks and doubled spaces; "" for what people write for nothing."""
    if not cell:
        return ""
    text = _SPACES.sub(" ", cell).strip()
    # None of those words is longer, and most cells are.
    return "" if len(text) < LONGEST_BLANK and text.lower() in BLANK else text


def word_of(key: str, cell: str) -> Any:
    """The value that a word of a code list stands for; None for a word nobody knows."""
    value = value_of(cell).replace(" ", "").replace("(", "（").replace(")", "）")
    known = _DICTIONARIES[key]
    return known.get(value, known.get(value.upper()))


def day_of(text: str) -> date | str:
    """The day, or what is wrong with it."""
    if _SERIAL.match(text):
        return date(1899, 12, 30) + timedelta(days=int(text))
    match = _DAY.match(text) or _BARE_DAY.match(text)
    if match is None:
        return "不是日期"
    year, month, day = (int(part) for part in match.groups())
    if not 1 <= month <= 12:
        return f"没有 {month} 月"
    try:
        return date(year, month, day)
    except ValueError:
        return f"{month} 月没有 {day} 日"
