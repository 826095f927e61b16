"""Holding the rows of a table against the registry: what is new, what changes, what is not taken.

Codes are asked for a thousand at a time. Nothing is written; what a file does not say is never
erased, and no licence, mark or membership is taken away.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any, ClassVar, NamedTuple, TypeVar

from liancha.accounts.models import Department, Region, User
from liancha.papers.faults import Fault, fault
from liancha.papers.models import LISTED
from liancha.papers.readers import Row

from ..models import (
    FormerCode,
    KeyFlag,
    Licence,
    StandingChange,
    StandingImport,
    Tag,
    Tagging,
    Target,
)
from .lines import Line, Reader
from .tables import LISTED_FAULTS, TABLES

CHUNK = 1_000  # rows held against the registry at once
T = TypeVar("T")
What = StandingChange.What
Progress = Callable[[int, int], None]
NO_END = "长期"
WORDS = {
    "issuer": "发证机关",
    "issued_on": "批准日期",
    "valid_to": "有效期至",
    "since": "自",
    "until": "至",
}
_COLUMNS = ("code", "pk", "name", "region_id", "is_pending", "merged_into_id")


class Found(NamedTuple):
    """A target as a row needs it. is_former: the row names it by a code it had before."""

    code: str
    key: int
    name: str
    region: str | None
    is_pending: bool
    merged_into: int | None
    is_former: bool = False


@dataclass(slots=True)
class Step:
    """What one good row would do.

    record  the licence, mark or tagging that is there; None for a new one
    before  what changes as it is, plain values; after is the same as the row wants it
    """

    line: Line
    target: Found
    record: Any
    after: dict[str, Any]
    before: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """added, changed or unchanged."""
        return "added" if self.record is None else "changed" if self.after else "unchanged"

    def difference(self) -> dict[str, Any]:
        """As `TableImport.differences` keeps it."""
        code = self.target.code
        if self.record is None:
            word, said = told(self.line.what, self.after)
            parts = [[word, "", said]]
        else:  # which of a target's licences or marks it is
            code = f"{code}　{_same(self.line.what, self.record)}"
            was, now = in_words(self.before), in_words(self.after)
            parts = [[word, was.get(word, ""), value] for word, value in now.items()]
        return {"kind": self.kind, "code": code, "name": self.target.name, "parts": parts}


def in_words(values: dict[str, Any]) -> dict[str, str]:
    """Plain values that change as people read them, in the columns' order."""
    found = {word: str(values[key] or "") for key, word in WORDS.items() if key in values}
    if "valid_to" in values:
        found[WORDS["valid_to"]] = values["valid_to"] or NO_END
    return found


def told(what: str, values: dict[str, Any]) -> tuple[str, str]:
    """(食品经营许可证, JY2410，洛龙区市监局，2024-01-01 至 2028-12-31) of a new one."""
    source = f"来源 {values['source']}" if values.get("source") else ""
    if what == What.LICENCE:
        until = values["valid_to"]
        days = f"{values['issued_on'] or ''} 至 {until}".strip() if until else NO_END
        return values["name"], "，".join(filter(None, (values["number"], values["issuer"], days)))
    if what == What.FLAG:
        kind = str(KeyFlag.Kind(values["kind"]).label)
        return kind, f"{source}，{values['since']} 至 {values['until']}"
    return "专项库", "，".join(filter(None, (values["tag"], source)))


def plain(value: Any) -> Any:
    """A value as JSON keeps it."""
    return value.isoformat() if isinstance(value, date) else value


def _same(what: str, record: Any) -> str:
    if what == What.LICENCE:
        return str(record)
    return f"{record.get_kind_display()}，来源 {record.source}"


class Intake(ABC):
    """One pass over a file.

    by        brings in only what concerns targets of their own area (art. 11)
    progress  hears of every thousand rows
    """

    subject: ClassVar[str]

    def __init__(self, by: User, today: date, progress: Progress | None = None) -> None:
        self.by, self.today, self.progress = by, today, progress
        department = by.department
        self.is_city = department is not None and department.level == Department.Level.CITY
        self.region = department.region_id if department else ""
        self.regions = dict(Region.objects.values_list("code", "name"))
        self.tags = {word: tag for tag in Tag.objects.all() for word in (tag.name, tag.code)}
        self.reader = Reader(TABLES[self.subject], today, self.tags)
        self.steps: list[Step] = []
        self.faults: list[Fault] = []
        self.remarks: list[Fault] = []
        self.faulty = 0
        self._seen: dict[tuple[int, str, tuple[str, ...]], int] = {}

    @abstractmethod
    def _there(self, keys: Sequence[int], lines: Sequence[Line]) -> None:
        """Read what these targets have already of what the rows speak of."""

    @abstractmethod
    def _step(self, line: Line, target: Found) -> Step | Fault:
        """What a good row does to its target."""

    def weigh(self, rows: Iterable[Row], total: int = 0) -> None:
        rows, done = iter(rows), 0
        while lines := [self.reader.read(row) for row in islice(rows, CHUNK)]:
            self._weigh(lines)
            done += len(lines)
            if self.progress:
                self.progress(done, total)

    def count(self, kind: str) -> int:
        return sum(step.kind == kind for step in self.steps)

    def writes(self) -> list[Step]:
        """The rows that do something."""
        return [step for step in self.steps if step.kind != "unchanged"]

    def differences(self) -> list[dict[str, Any]]:
        """The first of them in words: what changes before what is new."""
        told = sorted(self.writes(), key=lambda step: step.record is None)
        return [step.difference() for step in told[:LISTED]]

    def _weigh(self, lines: list[Line]) -> None:
        found = _targets({line.code for line in lines if line.code})
        self._there([target.key for target in found.values()], lines)
        for line in lines:
            target = self._target(line, found)
            if target is None or line.faults:
                self._refuse(line)
                continue
            step = self._step(line, target)
            if isinstance(step, Step):
                self.steps.append(step)
                self._remark(line.remarks)
            else:
                line.faults.append(step)
                self._refuse(line)

    def _target(self, line: Line, found: dict[str, Found]) -> Found | None:
        """The target a row is about, if it is there and one's own; notes what is wrong."""
        if not line.code:
            return None
        target = found.get(line.code)
        if target is None:
            cure = "请核对代码；确是新的检查对象，先导入名录或新增。"
            line.faults.append(self._about(line, "名录库里没有这个代码", cure))
            return None
        if not self._is_own(target):
            where = self.regions.get(target.region or "", "其他县区")
            what = f"“{target.name}”在{where}，不在本部门的管辖范围（第十一条）"
            cure = f"请从表中删去，由{where}或市级部门导入。"
            line.faults.append(self._about(line, what, cure))
            return None
        if line.faults:
            return target
        first = self._seen.setdefault((target.key, line.what, line.same), line.number)
        if first != line.number:
            cure = "只保留一行。"
            line.faults.append(self._about(line, f"和第 {first} 行说的是同一件事", cure))
        if target.is_former:
            said = f"这是“{target.name}”的原代码，记到现代码 {target.code} 名下"
            line.remarks.append(self._about(line, said, "请在原系统换成现代码。"))
        elif line.name != line.code and _bare(line.name) != _bare(target.name):
            said = f"名录库里这个代码是“{target.name}”"
            line.remarks.append(self._about(line, said, "请核对代码有没有填错。"))
        return target

    def _is_own(self, target: Found) -> bool:
        """As `TargetQuerySet.editable_by`."""
        return self.is_city or (
            target.region == self.region
            if target.region
            else target.is_pending and bool(self.region)
        )

    def _about(self, line: Line, what: str, cure: str) -> Fault:
        column = self.reader.words["code"]
        return fault(line.number, line.name, column, line.code, what, cure)

    def _refuse(self, line: Line) -> None:
        self.faulty += 1
        self.faults += line.faults[: max(0, LISTED_FAULTS - len(self.faults))]

    def _remark(self, remarks: list[Fault]) -> None:
        self.remarks += remarks[: max(0, LISTED_FAULTS - len(self.remarks))]


class LicenceIntake(Intake):
    subject = StandingImport.Subject.LICENCES.value
    FIELDS = ("issuer", "issued_on", "valid_to")

    def _there(self, keys: Sequence[int], lines: Sequence[Line]) -> None:
        numbers = {line.same[1] for line in lines}
        self.licences = {
            (each.target_id, each.name, each.number): each
            for each in Licence.objects.filter(target__in=keys, number__in=numbers)
        }

    def _step(self, line: Line, target: Found) -> Step | Fault:
        name, number = line.same
        there = self.licences.get((target.key, name, number))
        if there is None:
            values = {key: plain(line.values.get(key)) for key in self.FIELDS}
            after = {"name": name, "number": number, **values, "issuer": values["issuer"] or ""}
            return Step(line, target, None, after)
        step = _changes(line, target, there)
        valid_to = line.values.get("valid_to", there.valid_to)
        issued_on = line.values.get("issued_on", there.issued_on)
        if step.after and valid_to and issued_on and valid_to < issued_on:
            what = f"有效期至 {valid_to} 早于批准日期 {issued_on}"
            return self._about(line, what, "请把批准日期和有效期至都填上。")
        return step


class MarkIntake(Intake):
    subject = StandingImport.Subject.MARKS.value

    def _there(self, keys: Sequence[int], lines: Sequence[Line]) -> None:
        self.flags: dict[tuple[int, str, str], list[KeyFlag]] = {}
        for flag in KeyFlag.objects.filter(target__in=keys, lifted_at=None).order_by("until", "pk"):
            self.flags.setdefault((flag.target_id, flag.kind, flag.source), []).append(flag)
        self.taggings = {
            (each.target_id, each.tag_id): each for each in Tagging.objects.filter(target__in=keys)
        }
        refused = Target.untagged.through.objects.filter(target__in=keys)
        self.refused = set(refused.values_list("target_id", "tag_id"))

    def _step(self, line: Line, target: Found) -> Step | Fault:
        if line.what == What.TAG:
            return self._tag(line, target)
        kind, source = line.same
        there = self.flags.get((target.key, kind, source), [])
        until = line.values["until"]
        if not there:
            since = line.values.get("since") or self.today
            if until < since:
                what = f"截止日期 {until} 早于起始日期 {since}"
                return self._about(line, what, "请填起始日期，或改正截止日期。")
            days = {"since": plain(since), "until": plain(until)}
            return Step(line, target, None, {"kind": kind, "source": source, **days})
        flag = next((each for each in there if each.until == until), there[-1])
        step = _changes(line, target, flag)
        if step.after and flag.department_id != self.by.department_id:
            return self._about(
                line, f"同一来源的标记由{flag.department}所设", "请由该部门改动，或写明另外的来源。"
            )
        if step.after and until < line.values.get("since", flag.since):
            what = f"截止日期 {until} 早于起始日期 {flag.since}"
            return self._about(line, what, "请核对两个日期。")
        return step

    def _tag(self, line: Line, target: Found) -> Step:
        [key] = line.same
        there = self.taggings.get((target.key, int(key)))
        if there is not None:
            return Step(line, target, there, {})
        name = next(tag.name for tag in self.tags.values() if str(tag.pk) == key)
        after = {"tag": name, "source": line.values.get("source", "")}
        is_refused = (target.key, int(key)) in self.refused
        return Step(line, target, None, after, {"is_refused": True} if is_refused else {})


def intake_for(
    batch: StandingImport, by: User, today: date, progress: Progress | None = None
) -> Intake:
    kind = LicenceIntake if batch.subject == StandingImport.Subject.LICENCES else MarkIntake
    return kind(by, today, progress)


def pieces(things: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    rows = iter(things)
    while piece := list(islice(rows, size)):
        yield piece


def _targets(wanted: set[str]) -> dict[str, Found]:
    """By the code of the row: the target, or the one that has taken its place."""
    found = {
        row[0]: Found(*row)
        for row in Target.objects.filter(code__in=wanted).order_by().values_list(*_COLUMNS)
    }
    former: dict[str, set[int]] = {}
    for code, key in FormerCode.objects.filter(code__in=wanted - found.keys()).values_list(
        "code", "target"
    ):
        former.setdefault(code, set()).add(key)
    moved = {code: each.merged_into for code, each in found.items() if each.merged_into}
    moved |= {code: next(iter(keys)) for code, keys in former.items() if len(keys) == 1}
    if moved:
        rows = Target.objects.filter(pk__in=set(moved.values())).values_list(*_COLUMNS)
        now = {row[1]: Found(*row)._replace(is_former=True) for row in rows}
        found |= {code: now[key] for code, key in moved.items() if key in now}
    return found


def _changes(line: Line, target: Found, record: Any) -> Step:
    """Note what a row changes of a record, before and after, as plain values."""
    step = Step(line, target, record, {})
    for key, value in line.values.items():
        was = getattr(record, key)
        if was != value:
            step.before[key], step.after[key] = plain(was), plain(value)
    return step


def _bare(name: str) -> str:
    return "".join(c for c in name.replace("(", "（").replace(")", "）") if not c.isspace())
