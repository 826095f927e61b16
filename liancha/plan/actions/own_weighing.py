"""Holding the rows of a table against a department's own draft: new, changed, the same, not taken.

A line is found again by the name of its task. A blank cell says nothing, so what stands there
stays, and a new line takes it from the list. No line goes for not being named. Writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from liancha.accounts.models import Department
from liancha.lists.rows import Departments
from liancha.papers.faults import Fault, fault
from liancha.papers.held import Held
from liancha.papers.readers import Row
from liancha.rulebook import coverage, quotas
from liancha.rulebook.verdicts import Blocked, NeedsReason

from .. import columns, own_table, readings
from ..models import DepartmentLine, DepartmentPart
from ..readings import is_same, plain
from .looking import Looked, Step
from .parts import OwnLineData, check_own_line, items_of, targets_of

REASON = "说明"
JOINT = "和其他部门一起查的，请列入联合抽查计划；这里只写本部门单独查的。"


@dataclass(kw_only=True)
class OwnIntake(Looked[DepartmentLine, DepartmentLine]):
    """One pass over a table of lines for one department's draft."""

    part: DepartmentPart

    def __post_init__(self) -> None:
        self.named: dict[str, int] = {}
        department = self.part.department
        self.listed = items_of(department)
        self.targets = targets_of(department)
        self.departments = Departments.load(department.region_id)
        lines = self.part.lines.select_related("part__department")
        self.lines = {plain(line.name): line for line in lines}

    def weigh(self, held: Held) -> None:
        for row in held.rows():
            _OwnRow(self, row).take()


@dataclass
class _OwnRow:
    """A row and what it comes to: a step, or faults."""

    intake: OwnIntake
    row: Row
    faults: list[Fault] = field(default_factory=list)
    line: DepartmentLine | None = None
    was: Mapping[str, str] = field(default_factory=dict)

    def take(self) -> None:
        name = plain(self.row["name"])
        if not name:
            self.wrong("name", "没有任务名称", "请填写，同一部门各行的任务名称不同。")
            return self._refuse()
        first = self.intake.named.setdefault(name, self.row.number)
        if first != self.row.number:
            cure = "只保留一行；确为两项任务时，改其中一个任务名称。"
            self.wrong("name", f"与第 {first} 行是同一条计划行", cure)
            return self._refuse()
        self.line = self.intake.lines.get(name)
        if self.line is not None:
            self.was = said_by(self.line)
        data = self._data()
        if data is None or self.faults:
            return self._refuse()
        try:
            checked = check_own_line(
                part=self.intake.part, data=data, line=self.line, listed=self.intake.listed
            )
        except NeedsReason as needs:
            self.blocked(needs, "reason")
            return self._refuse()
        except Blocked as blocked:
            self.blocked(blocked, "")
            return self._refuse()
        now = said_by(checked)
        is_kept = self.line is not None and now == self.was
        self.intake.steps.append(
            Step(self.line, None if is_kept else checked, "", checked.name, self.was, now)
        )
        return None

    def wrong(self, key: str, what: str, cure: str) -> None:
        value = self.row[key] if key else ""
        word = own_table.WORDS.get(key, "整行")
        self.faults.append(fault(self.row.number, self.row["name"], word, value, what, cure))

    def blocked(self, blocked: Blocked, key: str) -> None:
        what, _, cure = str(blocked).partition("。")
        self.wrong(key, what, cure or f"请按第 {blocked.article} 条改正。")

    def _refuse(self) -> None:
        self.intake.faulty += 1
        self.intake.faults += self.faults

    def _data(self) -> OwnLineData | None:
        """What the row says, with what stands there where it says nothing."""
        line = self.line
        self._check_department()
        names = self._items()
        texts = {key: self._text(key) for key in own_table.LENGTHS}
        base, wording = self._shares()
        days = self._days()
        if self.faults or days is None:
            return None
        targets = texts["targets"] or (
            line.targets if line else self._listed_targets(names, own_table.LENGTHS["targets"])
        )
        return OwnLineData(
            name=texts["name"],
            items=names,
            targets=targets,
            base=base,
            wording=wording,
            starts_on=days[0],
            ends_on=days[1],
            executor=texts["executor"],
            duties=texts["duties"],
            reason=texts["reason"],
        )

    def _check_department(self) -> None:
        """A department loads its own lines only; its name is there for the official column."""
        own = self.intake.part.department
        for word, _ in readings.names(self.row["departments"]):
            if is_own(word, own, self.intake.departments):
                continue
            self.wrong("departments", f"“{word[:40]}”不是本部门（{own.short}）", JOINT)

    def _items(self) -> list[str]:
        said = readings.items(self.row["items"])
        if not said:
            if self.line is None:
                self.wrong("items", "缺少抽查事项", "请照本部门公布的抽查事项清单填写。")
            return list(self.line.items) if self.line else []
        known = {plain(name): name for name in self.intake.listed}
        found = []
        for name in said:
            if plain(name) in known:
                found.append(known[plain(name)])
                continue
            usable = "；".join(self.intake.listed) or "清单里还没有本部门的事项，请先修订清单。"
            what = f"“{name[:60]}”不在本部门公布的抽查事项清单里"
            self.wrong("items", what, f"可用：{usable}" if self.intake.listed else usable)
        return found

    def _text(self, key: str) -> str:
        """The cell, or what stands there."""
        cell, most = self.row[key].strip(), own_table.LENGTHS[key]
        if len(cell) > most:
            self.wrong(key, f"有 {len(cell)} 字，太长", f"请缩短到 {most} 字以内。")
        if cell:
            return cell
        return str(getattr(self.line, key)) if self.line else ""

    def _shares(self) -> tuple[int, str]:
        line, cell = self.line, self.row["shares"]
        base: int | None = None
        words = ""
        if line is not None and (not cell or is_same(cell, self.was[own_table.WORDS["shares"]])):
            base, words = line.base, line.wording
        elif cell:
            try:
                base, words = readings.own_shares(cell)
            except Blocked as blocked:
                self.blocked(blocked, "shares")
                return 0, ""
        if said := plain(self.row["base"]).replace(",", "").rstrip("户家个所座处台辆件批名"):
            base = int(said) if said.isdecimal() and len(said) <= 7 else 0
        elif base is None and line is not None:
            base = line.base
        if not words:
            self.wrong("shares", "缺少抽查比例", "请写成 200户；5%，基数在前，比例在后。")
        elif base is None:
            cure = "请在比例前写明本部门名录里的户数，如 200户；5%。"
            self.wrong("shares", "缺少抽查基数", cure)
        elif not 0 < base <= own_table.MOST_BASE:
            key = "base" if self.row["base"] else "shares"
            self.wrong(key, "抽查基数不是 1 到 9,999,999 的数", "请填写本部门名录里的户数。")
        else:
            try:
                quotas.read(words)
                readings.check_each(words, is_by_county=False, is_whole=True)
            except Blocked as blocked:
                self.blocked(blocked, "shares")
        return base or 0, words

    def _days(self) -> tuple[date, date] | None:
        year = self.intake.part.year
        was = (self.line.starts_on, self.line.ends_on) if self.line else None
        key, text = readings.said_days(self.row, was)
        if not text and was is None:
            self.wrong("window", "缺少时间安排", "请填写起止，如 3月至5月（第十四条）。")
        if not text:
            return was
        try:
            first, last = readings.window(text, year)
            coverage.check_dates(first, last, year=year)
        except Blocked as blocked:
            self.blocked(blocked, key)
            return None
        return first, last

    def _listed_targets(self, names: list[str], most: int) -> str:
        said = [self.intake.targets.get(name, "") for name in names]
        return "、".join(dict.fromkeys(each for each in said if each))[:most]


def is_own(word: str, own: Department, known: Departments) -> bool:
    """Whether a word is the department's own name, short name or code, or its system's."""
    if plain(word) in {plain(own.short), plain(own.name), plain(own.code)}:
        return True
    found = known.found.get(word)
    return found is not None and found.pk in (own.pk, own.system_id)


def said_by(line: DepartmentLine) -> dict[str, str]:
    """A line as the table's columns say it."""
    return columns.own_columns(line) | {REASON: line.reason}
