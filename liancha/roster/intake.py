"""Holding the rows of a file against the roster: who is new, what changes, what cannot be taken.

Reads the roster once and writes nothing; the dry run shows what comes out, a commit writes it.
What a file does not say is never erased, and nobody is removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from liancha.accounts.models import Department, Region, User
from liancha.lists.rows import Departments
from liancha.papers.faults import Fault, fault
from liancha.rulebook import naming
from liancha.rulebook.regions import CITY

from .columns import Row
from .models import Certificate, Inspector

KEPT = ("name", "post", "skills", "qualification", "region", "status", "capacity", "may_lead")
FIELDS = (*KEPT, "is_expert")
CERTIFICATE = ("number", "kind", "valid_from", "valid_to")
KIND = "行政执法证"
WORDS = {
    "name": "姓名",
    "post": "岗位",
    "skills": "业务专长",
    "qualification": "执法资质",
    "region": "区域",
    "status": "状态",
    "capacity": "承担上限",
    "may_lead": "可任组长",
    "is_expert": "专家",
    "certificate": "执法证件",
}


@dataclass(slots=True)
class Step:
    """What one good row would do.

    person       the person as they are; a new one is not saved yet and has no number
    before       what changes as it is, plain; after is the same as the row wants it
    values       what the row says of the person, by field
    certificate  the one the row is about as it is on record, if it is
    wanted       what the row says of it, as CERTIFICATE; empty when it names none
    """

    row: Row
    department: Department
    person: Inspector
    is_new: bool
    values: dict[str, Any]
    certificate: Certificate | None
    wanted: tuple[Any, ...]
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """added, changed or unchanged."""
        return "added" if self.is_new else "changed" if self.after else "unchanged"

    @property
    def has_papers(self) -> bool:
        return bool(self.wanted or (not self.is_new and self.person.certificate))

    def difference(self, regions: Mapping[str, str]) -> dict[str, Any]:
        """As `TableImport.differences` keeps it. regions: their names by code."""
        was = {} if self.is_new else self.before
        return {
            "kind": self.kind,
            "code": self.person.number,
            "name": self.row.name,
            "parts": [
                [word, *(in_words(key, side.get(key), regions) for side in (was, self.after))]
                for key, word in WORDS.items()
                if key in self.after and (not self.is_new or self.after[key])
            ],
        }


class Intake:
    """One pass over a file.

    by  nobody for the command line, where rows name their department themselves; a person brings
        in only their own department's people (art. 11)
    """

    def __init__(self, by: User | None) -> None:
        self.own = by.department if by else None
        self.is_by_person = by is not None
        self.steps: list[Step] = []
        self.faults: list[Fault] = []
        self.remarks: list[Fault] = []
        self.faulty = 0
        departments = list(Department.objects.active())
        self.departments = {key: each for each in departments for key in (each.name, each.code)}
        called = Departments.load(self.own.region_id if self.own else CITY).found
        self.departments = called | self.departments
        self.regions = {
            key: each
            for each in Region.objects.all()
            for key in (each.code, *naming.words_for_place(each.name))
        }
        self.by_number: dict[str, Inspector] = {}
        self.by_certificate: dict[str, tuple[Certificate, Inspector]] = {}
        self.without_certificate: dict[tuple[int, str], Inspector] = {}
        for person in Inspector.objects.with_papers():
            self.by_number[person.number] = person
            papers = list(person.certificates.all())
            self.by_certificate |= {each.number: (each, person) for each in papers}
            if not papers:
                self.without_certificate.setdefault((person.department_id, person.name), person)
        self._certificates: dict[str, int] = {}  # what stood in the file → in which row
        self._people: dict[int, int] = {}
        self._names: dict[tuple[int, str], int] = {}

    def weigh(self, rows: Iterable[Row]) -> None:
        for row in rows:
            faults = list(row.faults)
            step = self._step(row, faults)
            if faults or step is None:
                self.faults += faults
                self.faulty += 1
                continue
            self._differ(step)
            self.steps.append(step)
            if not step.has_papers and not row.is_expert:
                self.remarks.append(
                    _fault(row, "执法证号", "", "没有执法证件", "登记证件后才能被抽取。")
                )

    def count(self, kind: str) -> int:
        return sum(step.kind == kind for step in self.steps)

    def differences(self) -> list[dict[str, Any]]:
        """What changes, in the file's order, changed people before new ones."""
        names = {each.pk: each.name for each in self.regions.values()}
        told = [step for step in self.steps if step.kind != "unchanged"]
        return [step.difference(names) for step in sorted(told, key=lambda step: step.is_new)]

    def _step(self, row: Row, faults: list[Fault]) -> Step | None:
        department = self._department(row, faults)
        region = self._region(row, faults)
        person, certificate = self._found(row, department, faults)
        if faults or department is None:
            return None
        self._refuse_twice(row, department, person, faults)
        if faults:
            return None
        values = {key: getattr(row, key) for key in KEPT if key in row.said} | {"name": row.name}
        if "is_expert" in row.said:
            values["is_expert"] = row.is_expert
        if "region" in row.said:
            values["region"] = region
        if "skills" in row.said:
            values["skills"] = list(row.skills)
        wanted: tuple[Any, ...] = ()
        if row.certificate:
            kind = row.certificate_kind or (certificate.kind if certificate else "") or KIND
            wanted = (row.certificate, kind, row.valid_from, row.valid_to)
        is_new = person is None
        person = person or Inspector(department=department)
        return Step(row, department, person, is_new, values, certificate, wanted)

    def _differ(self, step: Step) -> None:
        """Note what the row changes, before and after, as plain values."""
        for key, value in step.values.items():
            was = getattr(step.person, key)
            if step.is_new or was != value:
                step.before[key], step.after[key] = plain(key, was), plain(key, value)
        there = step.certificate
        was_papers = tuple(getattr(there, name) for name in CERTIFICATE) if there else ()
        if step.wanted and step.wanted != was_papers:
            step.before["certificate"] = papers(was_papers)
            step.after["certificate"] = papers(step.wanted)

    def _department(self, row: Row, faults: list[Fault]) -> Department | None:
        if not row.department:
            if self.own is None:
                cure = "请填写部门名称，与部门库一致。"
                faults.append(_fault(row, "部门", "", "没有写部门", cure))
            return self.own
        department = self.departments.get(row.department)
        if department is None:
            cure = "请填写部门全称、简称或代码，与部门库一致。"
            faults.append(_fault(row, "部门", row.department, "部门库中没有这个部门", cure))
        elif self.is_by_person and (self.own is None or department.pk != self.own.pk):
            cure = "只能维护本部门的人员（第十一条），请由该部门导入。"
            faults.append(_fault(row, "部门", row.department, "不是本部门的人员", cure))
            return None
        return department

    def _region(self, row: Row, faults: list[Fault]) -> Region | None:
        if not row.region:
            return None
        region = self.regions.get(row.region)
        if region is None:
            cure = "请填写本市的县（区）名称，全市性人员填“洛阳市”或留空。"
            faults.append(_fault(row, "区域", row.region, "不是洛阳市的区域", cure))
        return region

    def _found(
        self, row: Row, department: Department | None, faults: list[Fault]
    ) -> tuple[Inspector | None, Certificate | None]:
        """Whom the row is about, if they are on the roster already."""
        certificate, holder = self.by_certificate.get(row.certificate, (None, None))
        if row.certificate and row.certificate in self._certificates:
            cure = "同一证号只保留一行。"
            faults.append(_fault(row, "执法证号", row.certificate, "本表中证号重复", cure))
            return None, None
        person = self.by_number.get(row.number) if row.number else None
        if row.number and person is None:
            cure = "新增人员请把编号留空，由系统编号。"
            faults.append(_fault(row, "人员编号", row.number, "没有这个编号的人员", cure))
        if holder is not None and person is not None and holder.pk != person.pk:
            cure = "请对照证件核对证号。"
            faults.append(_fault(row, "执法证号", row.certificate, "证号已登记在他人名下", cure))
            return None, None
        person = person or holder
        if person is None and department is not None:
            person = self.without_certificate.get((department.pk, row.name))
        if person is not None and department is not None and person.department_id != department.pk:
            column, value = (
                ("人员编号", row.number) if row.number else ("执法证号", row.certificate)
            )
            cure = "请核对；人员调动请由原部门改为离岗并移除证件后再登记。"
            faults.append(_fault(row, column, value, "已登记在其他部门名下", cure))
            return None, None
        return person, certificate

    def _refuse_twice(
        self, row: Row, department: Department, person: Inspector | None, faults: list[Fault]
    ) -> None:
        """One row a person: a second one is refused, since nobody knows which is right."""
        if row.certificate:
            self._certificates[row.certificate] = row.line
        if person is not None:
            first = self._people.setdefault(person.pk, row.line)
        elif not row.certificate:
            first = self._names.setdefault((department.pk, row.name), row.line)
        else:
            return
        if first != row.line:
            what = f"与第 {first} 行是同一个人"
            cure = "同一人只保留一行；确为两人时，请补上各自的证号。"
            faults.append(_fault(row, "姓名", row.name, what, cure))


def plain(key: str, value: Any) -> Any:
    """A field's value as JSON keeps it."""
    return (value.pk if value else None) if key == "region" else value


def papers(values: tuple[Any, ...]) -> dict[str, str] | None:
    """A certificate as JSON keeps it; None for none."""
    if not values:
        return None
    number, kind, first, last = values
    return {
        "number": number,
        "kind": kind,
        "valid_from": first.isoformat(),
        "valid_to": last.isoformat(),
    }


def in_words(key: str, value: Any, regions: Mapping[str, str]) -> str:
    """A kept value as a person reads it."""
    match key, value:
        case "certificate", dict():
            return (
                f"{value['kind']} {value['number']}，{value['valid_from']} 至 {value['valid_to']}"
            )
        case "skills", list():
            return "、".join(value)
        case "status", str():
            return str(Inspector.Status(value).label)
        case "region", str():
            return regions.get(value, value)
        case _, bool():
            return "是" if value else "否"
        case _, None:
            return ""
        case _:
            return str(value)


def _fault(row: Row, column: str, value: str, what: str, cure: str) -> Fault:
    return fault(row.line, row.name, column, value, what, cure)
