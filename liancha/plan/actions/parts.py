"""A department's own part of the plan book: written, published, replaced (arts. 8, 12, 14, 16)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from django.conf import settings
from django.db import transaction

from liancha.accounts.models import Department, User
from liancha.ledger import actions as ledger
from liancha.lists.models import CheckItem, JointItem, ListVersion
from liancha.rulebook import coverage, quotas
from liancha.rulebook.coverage import ItemClass
from liancha.rulebook.regions import CITY
from liancha.rulebook.verdicts import Blocked, NeedsReason

from .. import columns, readings
from ..models import DepartmentLine, DepartmentPart

OWN_FIELDS = (
    *("name", "items", "targets", "executor", "duties", "base", "wording", "reason"),
    *("starts_on", "ends_on"),
)


@dataclass(frozen=True, slots=True)
class OwnLineData:
    """What a line of a department's own plan says; executor and duties are worded if left out."""

    name: str
    items: Sequence[str]
    targets: str
    base: int
    wording: str
    starts_on: date
    ends_on: date
    executor: str = ""
    duties: str = ""
    reason: str = ""


@transaction.atomic
def start_part(*, year: int, by: User, at: datetime) -> DepartmentPart:
    """Begin a department's own plan of a year; the next version holds the lines in force.

    Raises Blocked while a version is still being made.
    Source: art. 12, paragraph 1, 年度抽查工作计划. Clause 12.1.
    """
    own = _department(by)
    Department.objects.select_for_update(no_key=True).get(pk=own.pk)
    parts = DepartmentPart.objects.filter(year=year, department=own)
    if parts.open().exists():
        raise Blocked(f"本部门 {year} 年的部门抽查计划正在编制。请在这一稿上修改。", article="12")
    part = DepartmentPart.objects.create(
        year=year, department=own, version=parts.count() + 1, created_by=by, created_at=at
    )
    if there := parts.public().filter(superseded_at=None).first():
        for line in there.lines.all():
            line.pk, line.part = None, part
            line.save(force_insert=True)
    _log("plan.start_part", part, by, at, version=part.version)
    return part


@transaction.atomic
def save_own_line(
    *,
    part: DepartmentPart,
    data: OwnLineData,
    line: DepartmentLine | None = None,
    by: User,
    at: datetime,
) -> DepartmentLine:
    """Write a line of a department's own plan.

    Raises Blocked for another department's and for a published one, and what `check_own_line`
    raises.
    Source: art. 14, 年度抽查计划……应包括. Clauses 8.2 and 14.1.
    """
    part = own_draft(part, by)
    checked = check_own_line(part=part, data=data, line=line, listed=items_of(part.department))
    saved = put_own_line(checked, line, by, at)
    said = columns.own_columns(saved)
    _log("plan.save_own_line", part, by, at, columns=said, reason=saved.reason)
    return saved


def check_own_line(
    *,
    part: DepartmentPart,
    data: OwnLineData,
    line: DepartmentLine | None,
    listed: Mapping[str, str],
) -> DepartmentLine:
    """The line as it would stand, not written.

    line    the one that would change; it is left as it is
    listed  what `items_of` says of the department

    Raises Blocked for items that are not on the department's list, for columns that are empty and
    days outside the year; NeedsReason for what stands on the joint list too (art. 8) and for
    general items above the cap (art. 15).
    Source: art. 14, 年度抽查计划……应包括. Clauses 8.2 and 14.1.
    """
    names = [each for each in dict.fromkeys(data.items) if each]
    if unknown := [each for each in names if each not in listed]:
        raise Blocked(
            f"“{'、'.join(unknown)}”不在本部门公布的抽查事项清单里，不能列入计划。"
            "请改选清单里的事项，或先修订清单。",
            article="8",
            paragraph=1,
        )
    coverage.check_dates(data.starts_on, data.ends_on, year=part.year)
    quota = quotas.read(data.wording)
    readings.check_each(quota.text, is_by_county=False, is_whole=True)
    if not data.base:
        raise Blocked("抽查基数应大于 0。请填写本部门名录里的户数。", article="14")
    _check_alone(part.department, names, data.reason)
    kinds = {listed[each] for each in names}
    if kinds == {ItemClass.GENERAL.value}:
        coverage.check_cap(
            _share(quota, data.base),
            item_class=ItemClass.GENERAL,
            cap=_cap(),
            reason=data.reason,
        )
    if line is not None and line.part_id != part.pk:
        raise ValueError(f"{line} is no line of {part}")
    name = data.name.strip()
    others = part.lines.filter(name=name)
    if (others.exclude(pk=line.pk) if line else others).exists():
        raise Blocked(f"已有名为“{name}”的计划行。请改任务名称。", article="14")
    found = DepartmentLine(
        part=part,
        name=name,
        items=names,
        targets=data.targets.strip(),
        executor=data.executor.strip() or part.department.name,
        duties=data.duties.strip() or f"{part.department.name}按本部门职责抽取和检查。",
        base=data.base,
        wording=quota.text,
        reason=data.reason.strip(),
        starts_on=data.starts_on,
        ends_on=data.ends_on,
    )
    coverage.check_columns(columns.own_columns(found), name=name)
    return found


def put_own_line(
    checked: DepartmentLine, line: DepartmentLine | None, by: User, at: datetime
) -> DepartmentLine:
    """Write what `check_own_line` found good, as a new line or over this one."""
    line = line or DepartmentLine(part=checked.part)
    for name in OWN_FIELDS:
        setattr(line, name, getattr(checked, name))
    line.__dict__.pop("quota", None)
    line.written_by, line.written_at = by, at
    line.save()
    return line


@transaction.atomic
def drop_own_line(*, line: DepartmentLine, by: User, at: datetime) -> None:
    """Take a line out of a draft."""
    part = own_draft(line.part, by)
    name = line.name
    line.delete()
    _log("plan.drop_own_line", part, by, at, name=name)


@transaction.atomic
def publish_part(*, part: DepartmentPart, by: User, at: datetime) -> DepartmentPart:
    """Make a department's own plan public and fixed; the version before is superseded.

    Raises Blocked for another department's and for one without a line.
    Source: art. 12, paragraph 1; art. 16. Clauses 12.1 and 16.2.
    """
    part = own_draft(part, by)
    lines = list(part.lines.all())
    if not lines:
        raise Blocked("部门抽查计划还没有计划行，不能公布。请先编写。", article="14")
    before = DepartmentPart.objects.public().filter(
        year=part.year, department=part.department, superseded_at=None
    )
    before.update(superseded_at=at)
    part.published_by, part.published_at = by, at
    part.save(update_fields=["published_by", "published_at"])
    entry = ledger.append(
        "plan.publish_part",
        by=by,
        at=at,
        about=("part", part.pk),
        department=part.department.code,
        year=part.year,
        version=part.version,
        lines=[columns.own_columns(line) for line in lines],
    )
    ledger.seal("part", part.pk, entry=entry)
    return part


def items_of(department: Department) -> dict[str, str]:
    """Names of the items that a department may check by its list in force → key or general.

    A county's branch checks by its own county's list, or by what the city's says of its system.
    Source: art. 8; only what is published may be inspected (E9).
    """
    return {name: item_class for name, item_class, _ in _listed(department)}


def targets_of(department: Department) -> dict[str, str]:
    """The same names → 检查对象 as the list has them."""
    return {name: targets for name, _, targets in _listed(department)}


def _listed(department: Department) -> list[tuple[str, str, str]]:
    """(name, key or general, 检查对象) of the items of the list in force."""
    for region, holder in (
        (department.region_id, department.pk),
        (CITY, department.system_id or department.pk),
    ):
        version = ListVersion.objects.in_force(ListVersion.Kind.ITEMS, region).first()
        if version is not None:
            rows = CheckItem.objects.filter(version=version, department=holder)
            if found := list(rows.values_list("name", "item_class", "targets")):
                return found
    return []


def _check_alone(department: Department, names: Sequence[str], reason: str) -> None:
    """What the joint list holds is checked together, or the plan says why not (A14)."""
    versions = ListVersion.objects.in_force(ListVersion.Kind.JOINT)
    both = JointItem.objects.filter(
        version__in=versions,
        department__in=[department.system_id or department.pk, department.pk],
        name__in=names,
    )
    found = list(dict.fromkeys(both.values_list("name", flat=True)))
    if found and not reason.strip():
        raise NeedsReason(
            f"“{'、'.join(found)}”在部门联合抽查事项清单里，原则上不再单独开展日常性监督检查。"
            "请列入联合抽查计划，或写明单独检查的原因。",
            article="8",
            paragraph=1,
        )


def _share(quota: quotas.Quota, base: int) -> Fraction:
    return Fraction(quota.count(base), base) if quota.rate is None else quota.rate


def _cap() -> Fraction:
    return Fraction(settings.LIANCHA_GENERAL_CAP)


def _department(by: User) -> Department:
    if by.department is None:
        raise Blocked("没有部门的账号不能编部门抽查计划。请由部门的人员编制。", article="12")
    return by.department


def own_draft(part: DepartmentPart, by: User) -> DepartmentPart:
    """The part, held until the transaction ends. Raises Blocked unless `by` may write it."""
    part = (
        DepartmentPart.objects.select_for_update(of=("self",))
        .select_related("department")
        .get(pk=part.pk)
    )
    if _department(by).pk != part.department_id:
        raise Blocked(
            f"这是{part.department.name}的部门抽查计划，由该部门编制和公布。", article="12"
        )
    if not part.is_draft:
        raise Blocked("这一稿已经公布，不能再改。要改请编制新的一稿，公布后替代它。", article="16")
    return part


def _log(what: str, part: DepartmentPart, by: User, at: datetime, **facts: Any) -> None:
    ledger.append(
        what,
        by=by,
        at=at,
        about=("part", part.pk),
        department=part.department.code,
        year=part.year,
        **facts,
    )
