"""What every change of a draft needs: who may write to it, its rows, why they differ."""

from __future__ import annotations

from datetime import datetime

from liancha.accounts.models import Department, User
from liancha.rulebook.eligibility import Duty
from liancha.rulebook.lifecycles import LIST, ListState
from liancha.rulebook.regions import CITY
from liancha.rulebook.verdicts import Blocked, NeedsReason

from ..models import (
    CheckItem,
    Cooperation,
    FieldDuty,
    JointField,
    JointItem,
    ListChange,
    ListVersion,
)
from ..rows import CheckRow, FieldRow


def check_office(by: User, region: str) -> None:
    """Lists are kept by the coordinating office of their own level (art. 9).

    Raises Blocked.

    Source: clause 9.1.
    """
    department = by.department
    if department and department.is_coordinator and department.region_id == region:
        return
    raise Blocked(
        "清单由同级市场监管局（联席会议办公室）会同相关部门制定。请联系联席会议办公室。",
        article="9",
        paragraph=1,
    )


def draft(version: ListVersion, by: User, own: Department | None = None) -> ListVersion:
    """The version, locked for writing, if it is a draft and this person may write to it."""
    version = ListVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    if not version.is_draft:
        LIST.step(ListState(version.state), ListState.DRAFT)
        raise Blocked(
            f"“{version}”正在征求意见，不能改动。请先退回草稿。", article="9", paragraph=1
        )
    if own is None or own.pk != by.department_id:
        check_office(by, version.region_id)
    return version


def write_field(version: ListVersion, row: FieldRow, field: JointField | None = None) -> JointField:
    field = field or JointField(version=version)
    for name in (
        *("code", "name", "targets", "tag", "item_class", "methods", "level", "duty"),
        *("ratio_note", "source", "initiator"),
    ):
        setattr(field, name, getattr(row, name))
    field.save()
    field.cooperations.all().delete()
    field.items.all().delete()
    Cooperation.objects.bulk_create(
        Cooperation(field=field, department=department) for department in row.cooperators
    )
    JointItem.objects.bulk_create(
        JointItem(
            version=version,
            field=field,
            position=n,
            name=item.name,
            department=item.department,
            basis=item.basis,
            needs_tag=item.needs_tag,
        )
        for n, item in enumerate(row.items, 1)
    )
    return field


def write_item(
    version: ListVersion, row: CheckRow, position: int, item: CheckItem | None = None
) -> CheckItem:
    item = item or CheckItem(version=version)
    item.position = position
    for name in (
        *("category", "name", "targets", "item_class", "methods", "subject", "basis"),
        "department",
    ):
        setattr(item, name, getattr(row, name))
    item.save()
    return item


def take_duties(
    version: ListVersion, fields: list[FieldRow], by: User, at: datetime
) -> list[FieldDuty]:
    """Write down the duties a whole table names, as far as none is on record; returns those.

    Duties are the city's to record; a county's table names none that are not there.
    """
    written: list[FieldDuty] = []
    if version.region_id != CITY:
        return written
    for row in fields:
        if row.initiator is None:
            continue
        held = {row.initiator: row.duty}
        for department in row.cooperators:
            held.setdefault(department, Duty.ORDINARY)
        for department, duty in held.items():
            duty_there, is_new = FieldDuty.objects.get_or_create(
                department=department.system or department,
                code=row.code,
                defaults={
                    "name": row.name,
                    "duty": duty,
                    "basis": f"按{version.title}登记"[:200],
                    "at": at,
                    "by": by,
                },
            )
            if is_new:
                written.append(duty_there)
    return written


def note_change(
    version: ListVersion, kind: str, code: str, name: str, basis: str, by: User, at: datetime
) -> ListChange | None:
    """Keep why a row differs from the version before; None where there is nothing to differ from.

    Raises NeedsReason without a basis.
    """
    if not version.asks_for_basis:
        return None  # its own basis stands for every row
    if not basis.strip():
        raise NeedsReason(
            f"“{name}”的变动要写明依据：哪部法律立、改、废、释，或哪项实际工作需要。",
            article="8",
            paragraph=2,
        )
    return ListChange.objects.create(
        version=version, kind=kind, code=code, name=name, basis=basis.strip()[:300], by=by, at=at
    )
