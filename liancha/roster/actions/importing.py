"""A roster brought in from a table: good rows are taken, the others reported row by row."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import transaction

from liancha.accounts.models import Department, Region, User
from liancha.ledger import actions as ledger

from .. import columns
from ..columns import Row, Sheet
from ..models import Certificate, Fault, Import, Inspector
from .people import next_numbers


@dataclass(slots=True)
class _Import:
    """What one import knows while it runs."""

    by: User | None
    at: datetime
    departments: dict[str, Department] = field(default_factory=dict)
    regions: dict[str, Region] = field(default_factory=dict)
    by_number: dict[str, Inspector] = field(default_factory=dict)
    by_certificate: dict[str, Certificate] = field(default_factory=dict)
    without_certificate: dict[tuple[int, str], Inspector] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    remarks: list[Fault] = field(default_factory=list)
    counts: dict[str, int] = field(
        default_factory=lambda: {"added": 0, "changed": 0, "unchanged": 0, "faulty": 0}
    )


def import_inspectors(*, path: Path, file_name: str, by: User | None, at: datetime) -> Import:
    """Take the good rows of a file into the roster and report the others, row by row.

    by  None from the command line of the machine, where rows name their department themselves;
        a person brings in only their own department's people (art. 11)

    A person is found again by number, by certificate number, or, without a certificate, by name
    in the department; so the same file a second time changes nothing. Nobody is removed.
    Raises Unreadable (papers) when the file is no such table; then nothing is written.
    """
    return load_rows(sheet=columns.read(path, file_name), file_name=file_name, by=by, at=at)


@transaction.atomic
def load_rows(*, sheet: Sheet, file_name: str, by: User | None, at: datetime) -> Import:
    """The same for a table that has been read."""
    work = _Import(by, at)
    work.departments = {
        key: each for each in Department.objects.active() for key in (each.name, each.code)
    }
    for each in Department.objects.active().city():
        work.departments.setdefault(each.short, each)
    work.regions = {key: each for each in Region.objects.all() for key in (each.name, each.code)}
    for person in Inspector.objects.with_papers():
        work.by_number[person.number] = person
        papers = list(person.certificates.all())
        work.by_certificate |= {each.number: each for each in papers}
        if not papers:
            work.without_certificate.setdefault((person.department_id, person.name), person)
    for row in sheet.rows:
        work.counts[_take(work, row)] += 1
    batch = Import.objects.create(
        file_name=file_name[:200],
        sha256=sheet.sha256,
        recognised=sheet.recognised[:200],
        rows=len(sheet.rows),
        faults=work.faults,
        remarks=work.remarks,
        at=at,
        by=by,
        **work.counts,
    )
    ledger.append(
        "roster.import_inspectors",
        by=by or "system",
        at=at,
        about=("roster_import", batch.pk),
        file=batch.file_name,
        sha256=batch.sha256,
        rows=batch.rows,
        added=batch.added,
        changed=batch.changed,
        faulty=batch.faulty,
    )
    return batch


def _take(work: _Import, row: Row) -> str:
    """Take one row; says under which count it falls."""
    faults = list(row.faults)
    department = _department(work, row, faults)
    region = _region(work, row, faults)
    person, certificate = _found(work, row, department, faults)
    if faults or department is None:
        work.faults += faults
        return "faulty"
    if row.certificate:
        work.seen.add(row.certificate)
    elif not row.is_expert:
        work.remarks.append(_fault(row, "执法证号", "", "没有执法证件", "登记证件后才能被抽取。"))
    values = {
        "name": row.name,
        "post": row.post,
        "skills": list(row.skills),
        "qualification": row.qualification,
        "region": region,
        "status": row.status,
        "capacity": row.capacity,
        "may_lead": row.may_lead,
        "is_expert": row.is_expert,
    }
    is_new = person is None
    if person is None:
        person = Inspector(department=department, number=next_numbers(department, 1)[0])
    is_changed = any(getattr(person, key) != value for key, value in values.items())
    if is_new or is_changed:
        for key, value in values.items():
            setattr(person, key, value)
        person.updated_at = work.at
        person.save()
        work.by_number[person.number] = person
    if row.certificate:
        is_changed |= _keep_certificate(work, person, certificate, row)
    elif is_new:
        work.without_certificate.setdefault((department.pk, person.name), person)
    return "added" if is_new else "changed" if is_changed else "unchanged"


def _keep_certificate(
    work: _Import, person: Inspector, certificate: Certificate | None, row: Row
) -> bool:
    """Write the row's certificate if it says anything new."""
    if row.valid_from is None or row.valid_to is None:
        raise ValueError("a row with a certificate and without dates is faulty")
    certificate = certificate or Certificate(inspector=person, number=row.certificate, kind="")
    kind = row.certificate_kind or certificate.kind or "行政执法证"
    wanted = (kind, row.valid_from, row.valid_to)
    if (
        certificate.pk
        and (certificate.kind, certificate.valid_from, certificate.valid_to) == wanted
    ):
        return False
    certificate.kind, certificate.valid_from, certificate.valid_to = wanted
    certificate.save()
    Inspector.objects.filter(pk=person.pk).update(updated_at=work.at)
    work.by_certificate[row.certificate] = certificate
    work.without_certificate.pop((person.department_id, person.name), None)
    return True


def _department(work: _Import, row: Row, faults: list[Fault]) -> Department | None:
    own = work.by.department if work.by else None
    if not row.department:
        if own is None:
            faults.append(_fault(row, "部门", "", "没有写部门", "请填写部门名称，与部门库一致。"))
        return own
    department = work.departments.get(row.department)
    if department is None:
        cure = "请填写部门全称、简称或代码，与部门库一致。"
        faults.append(_fault(row, "部门", row.department, "部门库中没有这个部门", cure))
    elif work.by is not None and department.pk != work.by.department_id:
        cure = "只能维护本部门的人员（第十一条），请由该部门导入。"
        faults.append(_fault(row, "部门", row.department, "不是本部门的人员", cure))
        return None
    return department


def _region(work: _Import, row: Row, faults: list[Fault]) -> Region | None:
    if not row.region:
        return None
    region = work.regions.get(row.region)
    if region is None:
        cure = "请填写本市的县（区）名称，全市性人员填“洛阳市”或留空。"
        faults.append(_fault(row, "区域", row.region, "不是洛阳市的区域", cure))
    return region


def _found(
    work: _Import, row: Row, department: Department | None, faults: list[Fault]
) -> tuple[Inspector | None, Certificate | None]:
    """Whom the row is about, if they are on the roster already."""
    certificate = work.by_certificate.get(row.certificate) if row.certificate else None
    if row.certificate and row.certificate in work.seen:
        cure = "同一证号只保留一行。"
        faults.append(_fault(row, "执法证号", row.certificate, "本表中证号重复", cure))
        return None, None
    person = work.by_number.get(row.number) if row.number else None
    if row.number and person is None:
        cure = "新增人员请把编号留空，由系统编号。"
        faults.append(_fault(row, "人员编号", row.number, "没有这个编号的人员", cure))
    if certificate is not None and person is not None and certificate.inspector_id != person.pk:
        cure = "请对照证件核对证号。"
        faults.append(_fault(row, "执法证号", row.certificate, "证号已登记在他人名下", cure))
        return None, None
    if person is None and certificate is not None:
        person = work.by_number[certificate.inspector.number]
    if person is None and department is not None:
        person = work.without_certificate.get((department.pk, row.name))
    if person is not None and department is not None and person.department_id != department.pk:
        column, value = ("人员编号", row.number) if row.number else ("执法证号", row.certificate)
        cure = "请核对；人员调动请由原部门改为离岗并移除证件后再登记。"
        faults.append(_fault(row, column, value, "已登记在其他部门名下", cure))
        return None, None
    return person, certificate


def _fault(row: Row, column: str, value: str, what: str, cure: str) -> Fault:
    return columns.fault_of(row.line, row.name, column, value, what, cure)
