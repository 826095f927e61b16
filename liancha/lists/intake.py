"""Holding the rows of a table against a draft or a list from above: what is new, changes, goes.

Writes nothing: the dry run shows what comes out, a commit writes it. A blank cell says nothing, so
what stands there stays. A joint field stands on several rows; one bad row keeps all of it out, and
while a row could not be read nothing goes for not being named.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from liancha.accounts.models import Department
from liancha.papers.faults import Fault, fault
from liancha.papers.held import Held
from liancha.papers.readers import Row as Line
from liancha.papers.readers import heading_word
from liancha.rulebook import listing
from liancha.rulebook.eligibility import Duty
from liancha.rulebook.regions import CITY
from liancha.rulebook.verdicts import Blocked

from . import duties
from . import rows as parsed
from .columns import (
    CLASSES,
    DUTIES,
    LEVEL_WORDS,
    METHOD_ALIASES,
    METHODS,
    half,
    names_of,
    words_of,
)
from .models import FieldDuty, Import, ListVersion, UpperList
from .rows import CheckRow, Departments, FieldRow, ItemRow
from .weighing import LENGTHS, NO_DEPARTMENT, Step, Table, Weighed, grouped, refused

ITEM_LENGTHS = {"item": 200, "basis": 200, "needs_tag": 40}
UPPER_WORDS = {
    "name": "抽查领域",
    "items": "抽查事项",
    "targets": "检查对象",
    "initiator": "发起部门",
    "cooperators": "配合部门",
}


def standing(version: ListVersion) -> list[dict[str, Any]]:
    """The rows of a version in their order, as JSON keeps them and `rows` reads them."""
    if version.is_joint:
        fields = version.fields.select_related("initiator").prefetch_related(
            "cooperators", "items__department"
        )
        return [parsed.of_field(each).plain() for each in fields]
    return [parsed.of_item(each).plain() for each in version.items.select_related("department")]


def above(title: str) -> list[dict[str, Any]]:
    """The rows of the list from above that now goes by this title."""
    upper = UpperList.objects.filter(title=title, is_over=False).last()
    names = ("code", *UPPER_WORDS)
    return list(upper.rows.order_by("pk").values(*names)) if upper else []


def digest(rows: Sequence[Mapping[str, Any]]) -> str:
    """One text for the same rows in the same order."""
    text = json.dumps(rows, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def weigh(batch: Import, there: Sequence[Mapping[str, Any]], own: Department | None) -> Weighed:
    """Hold the table of an import against the rows that stand there.

    own  whose items they are where the file does not say
    """
    held = Held.of(batch.held)
    if batch.kind == Import.Kind.UPPER:
        table: Table = _Upper(held, there)
    elif batch.version is None:
        raise ValueError(f"{batch} is for no version")
    elif batch.kind == Import.Kind.JOINT:
        table = _Joint(held, there, batch.version)
    else:
        table = _Items(held, there, batch.version, own)
    table.read()
    return table.ended(batch.is_whole)


class _Joint(Table):
    kind = "joint"

    def __init__(
        self, held: Held, there: Sequence[Mapping[str, Any]], version: ListVersion
    ) -> None:
        super().__init__(held, there)
        self.departments = Departments.load(version.region_id, there)
        self.is_county = version.region_id != CITY
        self.by_name = {"".join(str(row["name"]).split()): code for code, row in self.there.items()}
        place = held.places.get("code")
        self.is_numbered = place is not None and heading_word(held.titles[place]) == "序号"
        self.duties = {
            (each.department_id, each.code): Duty(each.duty) for each in FieldDuty.objects.all()
        }

    def read(self) -> None:
        for code, lines in grouped(self.lines(), self.code_in):
            self._take(code, lines)

    def code_in(self, line: Line) -> str:
        """A running number is no code: the field is found by its name."""
        code = super().code_in(line)
        if not self._is_number(code):
            return code
        return self.by_name.get("".join(line["name"].split()), code)

    def _is_number(self, code: str) -> bool:
        """Whether a table of a list that has its codes says 序号 instead, 1, 2, 3."""
        return self.is_numbered and code.isdecimal() and bool(self.there) and code not in self.there

    def _take(self, code: str, lines: list[Line]) -> None:
        first, faults = lines[0], list[Fault]()
        if self._is_number(code):
            what = f"“{first['name'][:40]}”不在清单里，序号不是领域代码"
            cure = "新领域请加“代码”一列，写领域代码，例如 JF41；已有的领域请核对名称。"
            self.refuse(lines, [self.wrong(first, "code", first["code"], what, cure)])
            return
        if not code:
            faults.append(self.wrong(first, "code", "", "没有代码", "请填写领域代码，例如 JF05。"))
            self.refuse(lines, faults)
            return
        self.named[code] = first.number
        was = self.there.get(code, {})
        for line in lines[1:]:
            if line["name"] and line["name"] != first["name"]:
                what = f"与第 {first.number} 行代码相同，领域名称不同"
                cure = "同一领域各行的名称要相同；确为两个领域时，改其中一个代码。"
                faults.append(self.wrong(line, "name", line["name"], what, cure))
        row = self._row(code, lines, was, faults)
        if row is not None and not faults:
            try:
                for remark in self._as_recorded(row).check(f"“{row.name}”"):
                    note = fault(
                        first.number, row.name, "配合部门", "", remark, "可以写入，请核对。"
                    )
                    self.out.remarks.append(note)
            except Blocked as blocked:
                faults.append(refused(first, row.name, blocked))
        if row is None or faults:
            self.refuse(lines, faults)
            return
        row = self._as_recorded(row)
        before = parsed.joint(was, self.departments).words() if was else {}
        is_same = bool(was) and row.plain() == dict(was)
        self.out.steps.append(Step(code, code, row.name, row, before, row.words(), is_same))

    def _row(
        self, code: str, lines: list[Line], was: Mapping[str, Any], faults: list[Fault]
    ) -> FieldRow | None:
        line = lines[0]
        texts = {
            key: self.text(line, key, faults, was)
            for key in ("name", "targets", "tag", "ratio_note", "source")
        }
        if len(code) > LENGTHS["joint"]["code"]:
            faults.append(self.wrong(line, "code", code, "代码太长", "请缩短到 10 个字符以内。"))
        initiator = self.departments.found.get(str(was.get("initiator", "")))
        if line["initiator"]:
            initiator = self.department(
                line, "initiator", line["initiator"], self.departments, faults
            )
        names = words_of(line["cooperators"]) or list(was.get("cooperators", ()))
        cooperators = [
            found
            for name in names
            if (found := self.department(line, "cooperators", name, self.departments, faults))
        ]
        items = self._items(lines, was, initiator, faults)
        self.missing(
            line,
            {
                **{key: texts[key] for key in ("name", "targets", "tag")},
                "item": items,
                "initiator": initiator,
                "cooperators": names,
            },
            faults,
        )
        item_class = self.choice(
            line, "item_class", CLASSES, faults, str(was.get("item_class") or "general")
        )
        level = self.choice(line, "level", LEVEL_WORDS, faults, str(was.get("level") or "CX"))
        duty = self.choice(
            line, "duty", DUTIES, faults, str(was.get("duty") or Duty.COMPETENT.value)
        )
        methods = self._methods(line, was, faults)
        return FieldRow(
            code=code,
            **texts,
            item_class=item_class,
            methods=methods,
            level=level,
            duty=duty,
            initiator=initiator,
            cooperators=cooperators,
            items=items,
        )

    def _methods(self, line: Line, was: Mapping[str, Any], faults: list[Fault]) -> str:
        digits = []
        for word in words_of(half(line["methods"])):
            word = METHOD_ALIASES.get(word, word)
            if word not in METHODS:
                cure = f"可用：{'、'.join(word for word in METHODS if not word.isascii())}。"
                faults.append(self.wrong(line, "methods", word, "不在字典中", cure))
            else:
                digits.append(METHODS[word])
        return " ".join(digits) or str(was.get("methods") or "1")

    def _items(
        self,
        lines: list[Line],
        was: Mapping[str, Any],
        initiator: Department | None,
        faults: list[Fault],
    ) -> list[ItemRow]:
        """Every item of the field; one that the table does not name at all leaves them as is."""
        known = {item["name"]: item for item in was.get("items", ())}
        found = []
        for line in lines:
            for name in names_of(line["item"]):
                there = known.get(name, {})
                said = line["department"] or str(there.get("department", ""))
                department = initiator
                if said:
                    department = self.department(line, "department", said, self.departments, faults)
                if len(name) > ITEM_LENGTHS["item"]:
                    what = f"有 {len(name)} 字，太长"
                    faults.append(self.wrong(line, "item", name, what, "请缩短到 200 字以内。"))
                texts = {
                    key: self.text(line, key, faults, there, ITEM_LENGTHS[key])
                    for key in ("basis", "needs_tag")
                }
                if department is not None:
                    found.append(ItemRow(name, department, **texts))
        if not found and known:
            return list(parsed.joint(was, self.departments).items)
        return found

    def _as_recorded(self, row: FieldRow) -> FieldRow:
        """With the duty on record, where there is one (art. 10); else what the table says.

        A county's table says nothing about duties: the city records them. Raises Blocked.
        """
        if row.initiator is None:
            return row
        holder = row.initiator.system_id or row.initiator.pk
        duty = self.duties.get((holder, row.code))
        if duty is None and self.is_county:
            return duties.as_recorded(row)
        return replace(row, duty=duty.value) if duty else row


class _Items(Table):
    kind = "items"

    def __init__(
        self,
        held: Held,
        there: Sequence[Mapping[str, Any]],
        version: ListVersion,
        own: Department | None,
    ) -> None:
        super().__init__(held, there)
        self.own = own
        self.departments = Departments.load(version.region_id, there)

    def key_of(self, row: Mapping[str, Any]) -> str:
        return f"{row['department']} {row['name']}"

    def name_of(self, key: str) -> tuple[str, str]:
        row = self.there[key]
        return str(row["department"]), str(row["name"])

    def read(self) -> None:
        for line in self.lines():
            self._take(line)

    def _take(self, line: Line) -> None:
        faults: list[Fault] = []
        department = self.own
        if line["department"]:
            department = self.department(
                line, "department", line["department"], self.departments, faults
            )
        elif department is None:
            faults.append(self.wrong(line, "department", "", "没有写部门", NO_DEPARTMENT))
        key = f"{department.code if department else ''} {line['name']}"
        first = self.named.setdefault(key, line.number)
        if first != line.number:
            what = f"与第 {first} 行是同一部门的同一事项"
            faults.append(self.wrong(line, "name", line["name"], what, "只保留一行。"))
        was = self.there.get(key, {})
        texts = {
            name: self.text(line, name, faults, was)
            for name in parsed.ITEM_TEXTS
            if name != "item_class"
        }
        item_class = self.choice(
            line, "item_class", CLASSES, faults, str(was.get("item_class", ""))
        )
        row = CheckRow(**texts, item_class=item_class, department=department)
        self.missing(line, {name: getattr(row, name) for name in parsed.ITEM_TEXTS}, faults)
        if not faults:
            try:
                row.check(f"“{row.name}”")
            except Blocked as blocked:
                faults.append(refused(line, row.name, blocked))
        if faults:
            self.refuse([line], faults)
            return
        if remark := listing.basis_remark(row.basis):
            cure = "可以写入；请补上条款，例如 《食品安全法》第110条。"
            note = fault(line.number, row.name, "检查依据", row.basis, remark, cure)
            self.out.remarks.append(note)
        before = parsed.check_item(was, self.departments).words() if was else {}
        code = department.short if department else ""
        is_same = row.plain() == dict(was)
        self.out.steps.append(Step(key, code, row.name, row, before, row.words(), is_same))


class _Upper(Table):
    kind = "upper"

    def read(self) -> None:
        for code, lines in grouped(self.lines(), self.code_in):
            self._take(code, lines)

    def _take(self, code: str, lines: list[Line]) -> None:
        line, faults = lines[0], list[Fault]()
        if not code:
            faults.append(self.wrong(line, "code", "", "没有代码", "请照上级清单填写领域代码。"))
            self.refuse(lines, faults)
            return
        self.named[code] = line.number
        was = self.there.get(code, {})
        row = {"code": code} | {
            key: self.text(line, key, faults, was)
            for key in ("name", "targets", "initiator", "cooperators")
        }
        items = "；".join(each["items"] for each in lines if each["items"])
        row["items"] = items or str(was.get("items", ""))
        if len(code) > LENGTHS["upper"]["code"]:
            faults.append(self.wrong(line, "code", code, "代码太长", "请缩短到 20 个字符以内。"))
        if not row["name"]:
            what, cure = "缺少抽查领域", "请照上级清单填写领域名称。"
            faults.append(self.wrong(line, "name", "", what, cure))
        for other in lines[1:]:
            if other["name"] and other["name"] != line["name"]:
                what = f"与第 {line.number} 行代码相同，领域名称不同"
                cure = "请对照上级清单核对代码和名称。"
                faults.append(self.wrong(other, "name", other["name"], what, cure))
        if faults:
            self.refuse(lines, faults)
            return
        before = upper_words(was) if was else {}
        is_same = bool(was) and row == dict(was)
        self.out.steps.append(Step(code, code, row["name"], row, before, upper_words(row), is_same))


def upper_words(row: Mapping[str, Any]) -> dict[str, str]:
    return {word: str(row.get(key, "")) for key, word in UPPER_WORDS.items()}
