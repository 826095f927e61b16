"""The cells of one row as what a plan line says; a blank cell says what stands there already.

Every cell that cannot be read is a fault with its cure. Which line a row is about is known here;
whether the line may say it is asked afterwards. Writes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import prefetch_related_objects

from liancha.accounts.models import Department
from liancha.lists.models import JointField, JointItem
from liancha.lists.rows import Departments
from liancha.papers.faults import Fault, fault
from liancha.papers.readers import Row
from liancha.registry.models import Tag
from liancha.rulebook.regions import REGIONS, is_county
from liancha.rulebook.verdicts import Blocked

from .. import bases, columns, readings, table
from ..models import Plan, PlanLine, PlanRate
from ..readings import is_same, plain
from .deriving import at_home
from .lines import LineData
from .rates import Rate, as_rate, as_typed

NO_DEPARTMENT = "请写部门的全称、简称或代码，或先在部门与人员中建立。"
KEY_CURE = "重点对象的比例和依据在计划行的“频次和范围”里设，这里只写其余对象的比例。"


@dataclass
class Known:
    """What the cells of a table may speak of: departments, fields, lines, classes.

    fields  by code, with their items; lines by number
    cuts    see `cuts_of`
    """

    plan: Plan

    def __post_init__(self) -> None:
        fields = self.plan.fields()
        prefetch_related_objects(fields, "items__department")
        self.fields = {each.code: each for each in fields}
        self.departments = Departments.load(self.plan.region_id)
        lines = self.plan.lines.live().with_columns().select_related("plan__region")
        self.lines = {line.number: line for line in lines}
        self.homes: dict[int, Department | None] = {}
        self.cuts = cuts_of(self.plan.region_id)

    def at_home(self, department: Department) -> Department:
        """The branch of a county's plan; itself where there is none."""
        if department.pk not in self.homes:
            self.homes[department.pk] = at_home(department, self.plan)
        return self.homes[department.pk] or department


def cuts_of(region: str) -> dict[str, dict[str, str]]:
    """By the way of cutting: words for its classes → what the cut calls them."""
    cuts = PlanLine.Stratify
    counties = [(name, code) for code, name in REGIONS.items() if is_county(code)]
    short = [(re.sub("[县区]$", "", name), code) for name, code in counties if len(name) > 2]
    return {
        cuts.CREDIT: readings.words_for([(each, each) for each in bases.CREDIT_STRATA]),
        cuts.REGION: readings.words_for([*counties, *short]),
        cuts.KIND: _own(cuts.KIND, region),
        cuts.INDUSTRY: _own(cuts.INDUSTRY, region),
        cuts.TAG: readings.words_for(
            [(name, name) for name in Tag.objects.values_list("name", flat=True)]
        ),
    }


def _own(cut: str, region: str) -> dict[str, str]:
    return readings.words_for([(each, each) for each in bases.strata(cut, region=region)])


def _are_same(key: str, one: str, other: str) -> bool:
    """Whether two cells name the same departments or items, in whatever order."""
    if key == "items":
        return {plain(each) for each in readings.items(one)} == {
            plain(each) for each in readings.items(other)
        }
    mine, theirs = dict(readings.names(one)), dict(readings.names(other))
    return mine == theirs or (mine.keys() == theirs.keys() and not any(mine.values()))


@dataclass
class Cells:
    """One row being read: what is wrong with it, the line it is about, what that says now."""

    known: Known
    row: Row
    faults: list[Fault] = field(default_factory=list)
    remarks: list[Fault] = field(default_factory=list)
    line: PlanLine | None = None
    was: Mapping[str, str] = field(default_factory=dict)
    title: str = ""  # of the field, where the row names no task

    def wrong(self, key: str, what: str, cure: str) -> None:
        value = self.row[key] if key else ""
        word = table.WORDS.get(key, "整行")
        self.faults.append(fault(self.row.number, self.name_of(), word, value, what, cure))

    def blocked(self, blocked: Blocked, key: str) -> None:
        what, _, cure = str(blocked).partition("。")
        self.wrong(key, what, cure or f"请按第 {blocked.article} 条改正。")

    def name_of(self, joint: JointField | None = None) -> str:
        return self.row["name"] or (joint.name if joint else self.title or self.row["field"])

    def differs(self, key: str) -> bool:
        """Whether the cell says something that does not stand there."""
        cell, line = self.row[key], self.line
        if not cell or key in ("number", "field"):
            return False
        if line is None:
            return True
        said: dict[str, tuple[str, ...]] = {
            "initiator": (line.initiator.short, line.initiator.name, line.initiator.code),
            "cooperators": ("、".join(each.short for each in line.cooperators.all()),),
            "starts_on": (line.starts_on.isoformat(),),
            "ends_on": (line.ends_on.isoformat(),),
            "frequency": (str(line.frequency), f"{line.frequency} 次", f"全年 {line.frequency} 次"),
            "targets": (self.was["检查对象"], line.targets),
        }
        if key in ("departments", "cooperators", "items"):
            now = said[key][0] if key in said else self.was[table.WORDS[key]]
            return not _are_same(key, cell, now)
        known = said.get(key, (self.was.get(table.WORDS[key], ""),))
        return not any(is_same(cell, each) for each in known)

    def data(self, joint: JointField) -> LineData | None:
        first, others = self._departments(joint)
        days = self._days()
        mode = self._choice("org_mode", table.ORG_MODES)
        is_in_county = is_county(self.known.plan.region_id)
        usual = PlanLine.OrgMode.COUNTY_COUNTY if is_in_county else PlanLine.OrgMode.CITY_CITY
        items = self._items(joint, [first, *others])
        texts: dict[str, Any] = {key: self._text(key) for key in table.LENGTHS}
        if self.faults or days is None:
            self._read_words()
            return None
        cut = self._shares(joint, [first, *others], days[0])
        if cut is None:
            return None
        line = self.line
        return LineData(
            field=joint,
            initiator=first,
            cooperators=others,
            starts_on=days[0],
            ends_on=days[1],
            items=items,
            org_mode=mode or (line.org_mode if line else usual),
            **texts,
            **cut,
        )

    def _text(self, key: str) -> str:
        """The cell, or what stands there; a first wording of duties follows the departments."""
        line, cell = self.line, self.row[key]
        if key == "name":  # broken over two lines to fit the cell
            cell = re.sub(r"\s*\n\s*", "", cell)
        if cell and self.differs(key):
            if len(cell) > table.LENGTHS[key]:
                what = f"有 {len(cell)} 字，太长"
                self.wrong(key, what, f"请缩短到 {table.LENGTHS[key]} 字以内。")
            return cell
        if line is None:
            return ""
        is_first_wording = key == "duties" and line.duties == columns.duties_text(
            line.items.all(), line.departments
        )
        return "" if is_first_wording else str(getattr(line, key))

    def _department(self, key: str, word: str) -> Department | None:
        found = self.known.departments.found.get(word)
        if found is None:
            self.wrong(key, f"没有“{word[:40]}”这个部门", NO_DEPARTMENT)
            return None
        return self.known.at_home(found)

    def _departments(self, joint: JointField) -> tuple[Department, list[Department]]:
        """The initiator and the others, from whichever columns say them, or from the list."""
        usual = self.known.at_home(joint.initiator)
        first = self.line.initiator if self.line else usual
        listed = self.line or joint
        others = [self.known.at_home(each) for each in listed.cooperators.all()]
        if self.differs("departments"):
            said = readings.names(self.row["departments"])
            found = [
                (each, is_first)
                for word, is_first in said
                if (each := self._department("departments", word)) is not None
            ]
            everybody = [each for each, _ in found]
            marked = [each for each, is_first in found if is_first]
            if len(marked) > 1:
                self.wrong("departments", "写了几个发起部门", "只在一个部门后写（发起）。")
            if everybody:
                first = (marked or [d for d in everybody if d in (first, usual)] or everybody)[0]
                others = [each for each in everybody if each != first]
        if self.row["initiator"]:
            first = self._department("initiator", self.row["initiator"]) or first
            others = [each for each in others if each != first]
        if self.differs("cooperators"):
            words = [word for word, _ in readings.names(self.row["cooperators"])]
            found_others = [self._department("cooperators", word) for word in words]
            others = [each for each in found_others if each is not None and each != first]
        return first, sorted({each.pk: each for each in others}.values(), key=lambda d: d.pk)

    def _items(self, joint: JointField, departments: Sequence[Department]) -> list[JointItem]:
        """Items of the field by name; without a word those of the departments that take part."""
        known = {plain(each.name): each for each in joint.items.all()}
        if self.differs("items"):
            found = []
            for name in readings.items(self.row["items"]):
                item = known.get(plain(name))
                if item is None:
                    what = f"“{name[:60]}”不在“{joint.name}”的抽查事项里"
                    usable = "；".join(each.name for each in joint.items.all())
                    self.wrong("items", what, f"可用：{usable}")
                else:
                    found.append(item)
            return found
        answering = joint.answered_by(departments)
        if self.line is None:
            return answering
        stay = {plain(each.name) for each in self.line.items.all()}
        before = set(joint.answered_by(self.line.departments))
        return [each for each in answering if plain(each.name) in stay or each not in before]

    def _days(self) -> tuple[date, date] | None:
        was = (self.line.starts_on, self.line.ends_on) if self.line else None
        key, text = readings.said_days(self.row, was)
        if not text and was is None:
            self.wrong("window", "缺少时间安排", "请填写起止，如 3月至5月（第十四条）。")
        if not text:
            return was
        try:
            return readings.window(text, self.known.plan.year)
        except Blocked as blocked:
            self.blocked(blocked, key)
            return None

    def _choice(self, key: str, words: Mapping[str, str]) -> str:
        said = plain(self.row[key])
        if not said:
            return ""
        known = {plain(word): value for word, value in words.items()}
        if said not in known:
            self.wrong(key, "不在可选的写法里", f"可用：{'、'.join(words)}。")
            return ""
        return known[said]

    def _rounds(self, said: int | None) -> int:
        cell = plain(self.row["frequency"])
        if cell:
            found = re.fullmatch(
                r"(?:每年|全年|一年)?(?:([0-9]{1,2})|([一二两三四五六七八九十]+))次?(?:/年)?", cell
            )
            said = int(found[1] or readings.in_digits(found[2]) or 0) if found else 0
            if not 1 <= said <= table.MOST_ROUNDS:
                self.wrong("frequency", "读不出次数", f"请写 1 到 {table.MOST_ROUNDS} 的数。")
        return said or (self.line.frequency if self.line else 1)

    def _shares(
        self, joint: JointField, departments: Sequence[Department], first: date
    ) -> dict[str, Any] | None:
        """Cut, tags, rates, bases and rounds; None with a fault where they cannot be read."""
        line, stated = self.line, self._choice("stratify", table.STRATIFY)
        if line is not None and not self.differs("shares") and stated in ("", line.stratify):
            own = [each for each in line.rates.all() if each.stratum != PlanRate.KEY]
            return {
                "stratify": line.stratify,
                "strata_tags": line.strata_tags,
                "rates": [as_rate(each.as_given()) for each in own],
                "frequency": self._rounds(None),
            }
        text = self._without_key(self.row["shares"])
        if not text:
            self.wrong(
                "shares", "缺少抽查基数和比例", "请填写，如 5%，或 A 1%、B 2%、C 10%、D 30%。"
            )
        if self.faults:
            return None
        cuts = self.known.cuts
        if stated:
            cuts = {stated: cuts.get(stated, {})}
        try:
            said = readings.shares(text, cuts)
            cut = stated or said.cut or PlanLine.Stratify.NONE
            tags = [name for name, _ in said.by_class if name != bases.classes.OTHER]
            tags = tags if cut == PlanLine.Stratify.TAG else []
            found = bases.count(
                joint.tag,
                departments,
                stratify=cut,
                region=self.known.plan.region_id,
                tags=tags,
                rules=line.target_filter if line else {},
                first=first,
            )
            rates = self._rates(said, found)
        except Blocked as blocked:
            self.blocked(blocked, "shares")
            return None
        if said.base is not None and said.base != sum(found.values()):
            what = f"表里的基数是 {said.base:,} 户，名录库现有 {sum(found.values()):,} 户"
            self.remarks.append(
                fault(
                    *(self.row.number, self.name_of(joint), table.WORDS["shares"]),
                    *(self.row["shares"], what, "以名录库为准，可以写入。"),
                )
            )
        rounds = self._rounds(said.frequency)
        if self.faults:
            return None
        return {
            "stratify": cut,
            "strata_tags": tags,
            "rates": rates,
            "bases": found,
            "frequency": rounds,
        }

    def _read_words(self) -> None:
        """Say what is wrong with the rates too, where the row is not taken for something else."""
        text = self.row["shares"]
        if not text or not self.differs("shares") or PlanRate.KEY in text:
            return
        try:
            said = readings.shares(text, self.known.cuts)
            for words in (said.overall, said.rest, *(words for _, words in said.by_class)):
                if words:
                    as_typed("", words)
        except Blocked as blocked:
            self.blocked(blocked, "shares")

    def _rates(self, said: readings.Said, found: Mapping[str, int]) -> list[Rate]:
        """Each class by its own words, the others by those of the rest."""
        own = dict(said.by_class)
        if unknown := [name for name in own if name not in found]:
            nobody = "、".join(columns.stratum_word(name) for name in unknown)
            raise Blocked(f"{nobody}没有检查对象。请删去这一类的比例，或核对名录库。", article="14")
        words = {name: own.get(name) or said.rest or said.overall for name in found}
        return [as_typed(name, text) for name, text in words.items() if text]

    def _without_key(self, text: str) -> str:
        """The words without those for 重点对象, which stand among the terms of the line."""
        found = re.match(
            rf"(.*?){PlanRate.KEY}\s*([^、，,；;]+)[、，,；;]?\s*(.*)", text, re.DOTALL
        )
        if found is None:
            return text
        ratio = self.line.key_ratio if self.line else ""
        try:
            is_known = bool(ratio) and as_typed("", found[2].strip()).ratio == ratio
        except Blocked:
            is_known = False
        if not is_known:
            self.wrong("shares", f"这里改不了{PlanRate.KEY}的比例", KEY_CURE)
        return found[1] + re.sub("^(?:其余|其他)(?=[^、，,；;]*(?:$|[；;]))", "", found[3])
