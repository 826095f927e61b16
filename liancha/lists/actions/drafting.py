"""Drawing up a version of a list (Measures, arts. 8–10).

A new version begins as a copy of the one in force, and every row that differs from it keeps the
law or the practice that made it differ. Only a draft can be written to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from liancha.accounts.models import Department, Region, User
from liancha.ledger import actions as ledger
from liancha.rulebook.regions import CITY, check_region
from liancha.rulebook.verdicts import Blocked

from .. import duties
from .. import rows as parsed
from ..models import (
    CheckItem,
    JointField,
    ListChange,
    ListVersion,
    UpperDecision,
)
from ..rows import CheckRow, Departments, FieldRow
from ._drafts import check_office, draft, note_change, take_duties, write_field, write_item


@transaction.atomic
def start_version(
    *,
    kind: str,
    title: str,
    basis: str,
    document_number: str = "",
    region: str | None = None,
    by: User,
    at: datetime,
) -> ListVersion:
    """Begin a version as a copy of the one in force; a county's first one copies the city's.

    basis  which laws or which practice make a new version necessary

    Raises Blocked while another version of the same list is still being drawn up.
    Source: art. 8, paragraph 2; art. 9, paragraphs 1 and 2. Clause 8.4.
    """
    code = check_region(region or CITY)
    place = Region.objects.select_for_update().get(pk=code)
    check_office(by, code)
    if not basis.strip():
        raise Blocked("请写明修订的依据和理由。", article="8", paragraph=2)
    ours = ListVersion.objects.filter(kind=kind, region=place)
    if other := ours.in_work().first():
        raise Blocked(
            f"“{other}”还在编制，一次只能编制一版。请先公布它，或在它上面修改。",
            article="8",
            paragraph=2,
        )
    previous = ListVersion.objects.in_force(kind, code).first()
    source = previous or ListVersion.objects.in_force(kind, CITY).first()
    version = ListVersion.objects.create(
        kind=kind,
        region=place,
        number=(ours.aggregate(last=Max("number"))["last"] or 0) + 1,
        title=title.strip(),
        document_number=document_number.strip(),
        basis=basis.strip(),
        previous=previous,
        created_by=by,
        created_at=at,
    )
    if source:
        _copy_rows(source, version)
    if previous:
        _copy_decisions(previous, version)
    ledger.append(
        "lists.start",
        by=by,
        at=at,
        about=("list", version.pk),
        list=kind,
        region=code,
        version=version.number,
        title=version.title,
        basis=version.basis,
        previous=previous.number if previous else 0,
    )
    return version


@transaction.atomic
def load_joint(
    *, version: ListVersion, rows: Iterable[Mapping[str, object]], by: User, at: datetime
) -> tuple[str, ...]:
    """Put a whole joint list into a draft, in place of the rows it has; returns remarks (WARN).

    rows  parsed fields: code, name, targets, tag, item_class, methods, level, initiator,
          cooperators, items (each name, department, basis, needs_tag), duty, ratio_note, source

    Duties that nobody has written down yet are taken from the table; where one is on record, the
    record decides. Raises Blocked, naming the row, for one that cannot stand in the list.
    Source: art. 10.
    """
    version = draft(version, by)
    departments = Departments.load(version.region_id)
    fields = [parsed.joint(row, departments) for row in rows]
    take_duties(version, fields, by, at)
    fields = [duties.as_recorded(field) for field in fields]
    remarks = [
        remark for n, field in enumerate(fields, 1) for remark in field.check(f"第 {n} 个领域")
    ]
    _refuse_doubles([field.code for field in fields])
    version.fields.all().delete()
    for field in fields:
        write_field(version, field)
    _note_differences(version, version.basis, by, at)
    _log("lists.load", version, by, at, fields=len(fields))
    return tuple(remarks)


@transaction.atomic
def load_items(
    *, version: ListVersion, rows: Iterable[Mapping[str, object]], by: User, at: datetime
) -> None:
    """Put a whole single-department list into a draft, in place of the rows it has.

    rows  parsed items: category, name, targets, item_class, methods, subject, basis, department
    """
    version = draft(version, by)
    departments = Departments.load(version.region_id)
    items = [parsed.check_item(row, departments) for row in rows]
    for n, item in enumerate(items, 1):
        item.check(f"第 {n} 行")
    version.items.all().delete()
    for n, item in enumerate(items, 1):
        write_item(version, item, n)
    _log("lists.load", version, by, at, items=len(items))


@transaction.atomic
def save_field(
    *,
    version: ListVersion,
    row: FieldRow,
    field: JointField | None = None,
    basis: str = "",
    by: User,
    at: datetime,
) -> tuple[JointField, tuple[str, ...]]:
    """Put a field into a draft or alter one; returns it and what is worth saying (WARN).

    The initiator's duty is read from the table of duties, whatever the row says.
    Raises Blocked for a row that cannot stand; NeedsReason without a basis, when there is an
    earlier version to differ from.
    Source: art. 8, paragraph 2, and art. 10. Clauses 8.4 and 9.5.
    """
    version = draft(version, by)
    row = duties.as_recorded(row)
    remarks = row.check(f"“{row.name or '新领域'}”")
    same = version.fields.filter(code=row.code)
    if (same.exclude(pk=field.pk) if field else same).exists():
        raise Blocked(f"代码 {row.code} 已用于另一个领域。请换一个。", article="10", paragraph=1)
    kind = ListChange.Kind.CHANGED if field else ListChange.Kind.ADDED
    note_change(version, kind, row.code, row.name, basis, by, at)
    written = write_field(version, row, field)
    _log("lists.save_field", version, by, at, code=row.code, name=row.name, basis=basis)
    return written, remarks


@transaction.atomic
def remove_field(*, field: JointField, basis: str, by: User, at: datetime) -> None:
    """Take a field out of a draft. Tasks already drawn from earlier versions live on (art. 8).

    A county that drops a field of the city's list thereby says why (art. 9, paragraph 2).

    Source: clauses 8.4 and 9.4.
    """
    version = draft(field.version, by)
    note_change(version, ListChange.Kind.REMOVED, field.code, field.name, basis, by, at)
    if version.region_id != CITY:
        UpperDecision.objects.update_or_create(
            version=version,
            key=field.code,
            defaults={
                "name": field.name,
                "cause": UpperDecision.Cause.OTHER,
                "reason": basis.strip()[:300],
                "at": at,
                "by": by,
            },
        )
    _log("lists.remove_field", version, by, at, code=field.code, name=field.name, basis=basis)
    field.delete()


@transaction.atomic
def save_item(
    *,
    version: ListVersion,
    row: CheckRow,
    item: CheckItem | None = None,
    basis: str = "",
    by: User,
    at: datetime,
) -> CheckItem:
    """Put a check item into a draft or alter one: the office any, a department its own.

    Only the office gives an item to another department. Raises Blocked, NeedsReason as save_field
    does.
    """
    is_kept = item is None or item.department == row.department
    version = draft(version, by, own=row.department if is_kept else None)
    row.check(f"“{row.name or '新事项'}”")
    same = version.items.filter(department=row.department, name=row.name)
    if (same.exclude(pk=item.pk) if item else same).exists():
        raise Blocked(
            f"{row.department}已有同名的事项“{row.name}”。请修改原有的一行。",
            article="10",
            paragraph=1,
        )
    kind = ListChange.Kind.CHANGED if item else ListChange.Kind.ADDED
    number = item.position if item else (version.items.aggregate(n=Max("position"))["n"] or 0) + 1
    note_change(version, kind, str(number), row.name, basis, by, at)
    written = write_item(version, row, number, item)
    _log("lists.save_item", version, by, at, name=row.name, basis=basis)
    return written


@transaction.atomic
def remove_item(*, item: CheckItem, basis: str, by: User, at: datetime) -> None:
    """Take a check item out of a draft."""
    version = draft(item.version, by, own=item.department)
    note_change(version, ListChange.Kind.REMOVED, str(item.position), item.name, basis, by, at)
    _log("lists.remove_item", version, by, at, name=item.name, basis=basis)
    item.delete()


def _copy_rows(source: ListVersion, version: ListVersion) -> None:
    """Rows of one version into another; a county's own departments take the city's place."""
    branches = {
        department.system_id: department
        for department in Department.objects.active().filter(region=version.region_id)
        if department.system_id
    }

    def here(department: Department) -> Department:
        return branches.get(department.pk, department)

    fields = source.fields.select_related("initiator").prefetch_related(
        "cooperators", "items__department"
    )
    for field in fields:
        if version.region_id != source.region_id and "X" not in field.level:
            continue
        row = parsed.of_field(field)
        items = [
            parsed.ItemRow(item.name, here(item.department), item.basis, item.needs_tag)
            for item in row.items
        ]
        cooperators = list(dict.fromkeys(here(d) for d in row.cooperators))
        values = {name: getattr(row, name) for name in FieldRow.__dataclass_fields__}
        values |= {
            "items": items,
            "initiator": here(field.initiator),
            "cooperators": [d for d in cooperators if d != here(field.initiator)],
        }
        write_field(version, FieldRow(**values))
    for item in source.items.select_related("department"):
        kept = replace(parsed.of_item(item), department=here(item.department))
        write_item(version, kept, item.position)


def _copy_decisions(source: ListVersion, version: ListVersion) -> None:
    """What was decided about rows from above stands until somebody decides otherwise."""
    UpperDecision.objects.bulk_create(
        UpperDecision(
            version=version,
            row=each.row,
            **{
                name: getattr(each, name)
                for name in ("key", "name", "adopted_as", "cause", "reason", "at", "by")
            },
        )
        for each in source.upper_decisions.select_related("row", "by")
    )


def _note_differences(version: ListVersion, basis: str, by: User, at: datetime) -> None:
    """What a whole new table changes against the version before, on the version's own basis."""
    if version.previous is None:
        return
    old = dict(version.previous.fields.values_list("code", "name"))
    new = dict(version.fields.values_list("code", "name"))
    version.changes.all().delete()
    for code in sorted(old.keys() | new.keys()):
        if code not in new:
            note_change(version, ListChange.Kind.REMOVED, code, old[code], basis, by, at)
        elif code not in old:
            note_change(version, ListChange.Kind.ADDED, code, new[code], basis, by, at)


def _refuse_doubles(codes: list[str]) -> None:
    if doubled := sorted({code for code in codes if codes.count(code) > 1}):
        raise Blocked(
            f"领域代码重复：{'、'.join(doubled)}。请各保留一个。", article="10", paragraph=1
        )


def _log(what: str, version: ListVersion, by: User, at: datetime, **facts: Any) -> None:
    ledger.append(what, by=by, at=at, about=("list", version.pk), version=version.number, **facts)
