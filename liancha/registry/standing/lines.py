"""One row of a table of licences or marks, read cell by cell; whether it fits is for `intake`."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from liancha.papers.faults import Fault, fault
from liancha.papers.readers import Row

from .. import codes
from ..columns import FIRST_DAY, FORMULA, day_of, value_of
from ..models import KeyFlag, StandingChange, Tag
from .tables import Table

What = StandingChange.What
_SCIENTIFIC = re.compile(r"\d(\.\d+)?E\+?\d+", re.IGNORECASE)
_NO_END = ("长期", "长期有效", "永久", "永久有效", "无固定期限", "长期至今")
_IN_FORCE = ("有效", "正常", "在期", "存续", "生效", "现行", "过期", "已过期")
_GONE = ("注销", "吊销", "撤销", "撤回", "作废", "失效", "缴销", "废止")
DAY_CURE = "请写成 2026-01-31 这样的日期。"


@dataclass(slots=True)
class Line:
    """A row as read.

    code    of the target, as the registry keeps it; "" when it could not be read
    what    licence, flag or tag; "" when that could not be told
    same    what makes it the same record of a target: name and number, kind and source, the tag
    values  the other columns the row says something of
    """

    number: int
    name: str
    code: str = ""
    what: str = ""
    same: tuple[str, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    remarks: list[Fault] = field(default_factory=list)


class Reader:
    """Reads the rows of one table. tags: key by name and by code, for a table of marks."""

    def __init__(self, table: Table, today: date, tags: Mapping[str, Tag]) -> None:
        self.words = {column.key: column.words[0] for column in table.columns}
        self.is_licences = "number" in self.words
        self.today, self.tags = today, tags
        self.kinds = {str(label): str(value) for value, label in KeyFlag.Kind.choices}

    def read(self, row: Row) -> Line:
        line = Line(row.number, value_of(row["target"])[:200] or row["code"][:40])
        self._code(row, line)
        if self.is_licences:
            self._licence(row, line)
        else:
            self._mark(row, line)
        return line

    def _code(self, row: Row, line: Line) -> None:
        cell = row["code"]
        if codes.is_plain(cell):
            line.code = cell
            return
        found = codes.read(cell)
        if isinstance(found, codes.Fault):
            self._fault(row, line, "code", found.fault, f"{found.cure}。")
        else:
            line.code = found.text

    def _licence(self, row: Row, line: Line) -> None:
        line.what = What.LICENCE.value
        name = self._text(row, line, "name", 80, "填许可证的名称，例如 食品经营许可证。")
        number = self._text(row, line, "number", 60, "对照许可证填写编号。")
        number = re.sub(r"\s", "", unicodedata.normalize("NFKC", number))
        if _SCIENTIFIC.fullmatch(number):
            cure = "请把这一列设为文本格式，重新输入完整编号。"
            self._fault(row, line, "number", "编号被表格改成了科学计数", cure)
        line.same = (name, number)
        if issuer := self._text(row, line, "issuer", 80):
            line.values["issuer"] = issuer
        self._day(row, line, "issued_on")
        cell = unicodedata.normalize("NFKC", value_of(row["valid_to"]))
        if cell in _NO_END or cell.startswith("9999"):
            line.values["valid_to"] = None
        else:
            self._day(row, line, "valid_to")
        issued_on, valid_to = (line.values.get(key) for key in ("issued_on", "valid_to"))
        if valid_to and issued_on and valid_to < issued_on:
            cure = "请对照许可证核对两个日期。"
            self._fault(row, line, "valid_to", "早于批准日期", cure)
        elif valid_to and valid_to < self.today:
            cure = "写入后列为已过期；已换证的请填新证。"
            self._remark(row, line, "valid_to", "已经过期", cure)
        self._state(row, line)

    def _state(self, row: Row, line: Line) -> None:
        state = value_of(row["state"])
        if any(word in state for word in _GONE):
            cure = "请从表中删去这一行；库里已有的，请在检查对象页面移除并写明理由。"
            self._fault(row, line, "state", "不再有效的许可证不登记", cure)
        elif state and state not in _IN_FORCE:
            cure = "填 有效、注销、吊销或撤销，有效的可留空。"
            self._fault(row, line, "state", "不认识的状态", cure)

    def _mark(self, row: Row, line: Line) -> None:
        word = self._text(row, line, "mark", 40, "从模板的下拉中选一个。")
        source = self._text(row, line, "source", 120)
        self._day(row, line, "since")
        self._day(row, line, "until")
        since, until = (line.values.get(key) for key in ("since", "until"))
        if since and until and until < since:
            self._fault(row, line, "until", "早于起始日期", "请核对两个日期。")
        if kind := self.kinds.get(word):
            line.what, line.same = What.FLAG.value, (kind, source)
            if not source and not row["source"]:
                cure = "请填文件号或名录，标记要说得出来源（第十五条）。"
                self._fault(row, line, "source", "重点标记没有来源", cure)
            if until is None and not value_of(row["until"]):
                self._fault(row, line, "until", "重点标记没有截止日期", "请填到期自动失效的日期。")
            elif until and until < self.today:
                self._remark(row, line, "until", "已经到期", "写入后不起作用，请核对。")
        elif tag := self.tags.get(word):
            line.what, line.same = What.TAG.value, (str(tag.pk),)
            if source:
                line.values["source"] = source
            if line.values.pop("until", None):
                cure = "到期请在名录库里去掉这个标签。"
                self._remark(row, line, "until", "专项库没有截止日期，这一格不写入", cure)
            line.values.pop("since", None)
        elif word:
            self._fault(row, line, "mark", "没有这个专项库或重点标记", self._known(word))

    def _known(self, word: str) -> str:
        """What it may have meant, or where the names are."""
        names = [*self.kinds, *(tag.name for tag in self.tags.values())]
        if near := difflib.get_close_matches(word, dict.fromkeys(names), 2, 0.5):
            return f"相近的有{'、'.join(f'“{each}”' for each in near)}，请核对。"
        return "请从模板的下拉中选；新的专项库先在“标签和关键词”里新增。"

    def _text(self, row: Row, line: Line, key: str, longest: int, needed: str = "") -> str:
        """A cell as text. needed: what to do when there is nothing, where there must be."""
        text = value_of(row[key])
        if not text:
            if needed:
                self._fault(row, line, key, "必填为空", needed)
        elif len(text) > longest:
            cure = f"请缩短到 {longest} 字。"
            self._fault(row, line, key, f"有 {len(text)} 字", cure)
        elif "�" in text:
            cure = "文件的编码损坏了，请从原系统重新导出。"
            self._fault(row, line, key, "有认不出的字符", cure)
        elif text[0] in FORMULA:
            self._fault(row, line, key, f"以“{text[0]}”开头，像是公式", "请删去开头的符号。")
        else:
            return text
        return ""

    def _day(self, row: Row, line: Line, key: str) -> None:
        text = unicodedata.normalize("NFKC", value_of(row[key]))
        if not text:
            return
        day = day_of(text)
        if isinstance(day, str):
            self._fault(row, line, key, day, DAY_CURE)
        elif day < FIRST_DAY:
            self._fault(row, line, key, f"{day} 太早", "请核对年份。")
        else:
            line.values[key] = day

    def _fault(self, row: Row, line: Line, key: str, what: str, cure: str) -> None:
        found = fault(row.number, line.name, self.words[key], row[key], what, cure)
        line.faults.append(found)

    def _remark(self, row: Row, line: Line, key: str, what: str, cure: str) -> None:
        found = fault(row.number, line.name, self.words[key], row[key], what, cure)
        line.remarks.append(found)
