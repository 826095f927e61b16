"""A draft made from another plan: a county's from the city's, or next year's (art. 12).

Every derived line knows where it came from. What a county does not take up, it says why; nothing
is derived over lines that somebody has written already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import transaction

from liancha.accounts.models import Department, User
from liancha.lists.models import JointField, JointItem
from liancha.rulebook import regions
from liancha.rulebook.lifecycles import PlanState
from liancha.rulebook.verdicts import Blocked

from .. import bases, columns
from ..models import CoverageException, Plan, PlanLine, PlanRate
from .lines import LineData, check_line, put_line
from .rates import Rate, as_rate, with_key, write_rates
from .reasons import asking_anew, is_stale
from .standing import append, coordinating, locked


@dataclass(frozen=True, slots=True)
class Derived:
    """What came of it: lines written, fields left to the city, and why others could not be."""

    lines: tuple[PlanLine, ...]
    received: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]


@transaction.atomic
def derive(*, plan: Plan, source: Plan, by: User, at: datetime) -> Derived:
    """Write draft lines from those of another plan, counted against the registry of now.

    source  the city's plan of the same year for a county's; otherwise a public plan of the
            region's own: of another year, or the version that this one is to replace

    A county's lines are of its own branches of the same systems. What the city draws itself and
    the county only carries out is received, not copied: the county signs for it (A13).

    Raises Blocked for anybody but the region's coordinating office, for a plan that is no draft
    or has lines, and for a source that is not public.
    Source: art. 12, paragraph 2, 根据市级联合抽查年度工作计划. Clause 12.3.
    """
    coordinating(by, plan)
    plan = locked(plan)
    _check(plan, source)
    fields = {field.code: field for field in plan.fields()}
    is_county = regions.is_county(plan.region_id) and source.region_id != plan.region_id
    made: list[PlanLine] = []
    received: list[str] = []
    failed: list[tuple[str, str]] = []
    for line in source.lines.live().with_columns():
        field = fields.get(line.field.code)
        if field is None:
            continue
        if is_county and line.org_mode == PlanLine.OrgMode.CITY_COUNTY:
            _receive(plan, field, line, by, at)
            received.append(line.name)
            continue
        try:
            made.append(_derive(plan, field, line, by, at))
        except Blocked as refused:
            failed.append((line.name, str(refused)))
    if is_county:
        plan.parent = source
        plan.save(update_fields=["parent"])
    append(
        "plan.derive",
        plan,
        by,
        at,
        source=source.pk,
        lines={line.number: columns.columns(line) for line in made},
        received=len(received),
        failed=len(failed),
    )
    return Derived(tuple(made), tuple(received), tuple(failed))


def _check(plan: Plan, source: Plan) -> None:
    if plan.state != PlanState.DRAFT:
        raise Blocked("计划不是草稿，不能再引用别的计划起草。", article="12", paragraph=1)
    if plan.lines.exists():
        raise Blocked("计划已有计划行。请先删除，或逐行编制。", article="12", paragraph=1)
    if source.state not in (PlanState.PUBLISHED, PlanState.SUPERSEDED):
        raise Blocked("引用的计划还没有公布。请等待公布后再起草。", article="12", paragraph=2)
    is_from_city = source.region_id == regions.CITY and source.year == plan.year
    is_own = source.region_id == plan.region_id
    if not (is_from_city or is_own):
        raise Blocked(
            "只能引用同年度的市级计划，或本级公布过的计划。请重新选择。",
            article="12",
            paragraph=2,
        )


def _receive(plan: Plan, field: JointField, line: PlanLine, by: User, at: datetime) -> None:
    CoverageException.objects.update_or_create(
        plan=plan,
        field=field,
        defaults={
            "reason": CoverageException.Reason.SUPERIOR,
            "note": f"市级计划 {line.number} 市抽县查",
            "signed_by": by,
            "signed_at": at,
        },
    )


def _derive(plan: Plan, field: JointField, line: PlanLine, by: User, at: datetime) -> PlanLine:
    """One line, in a savepoint of its own: a refusal leaves the others.

    The reason for the rates comes along with the rates it was written for, and with no others.
    """
    data = _data_of(plan, field, line)
    stale, cure = _is_stale(plan, line, data), "请在本级计划里编这一行，另写说明。"
    with asking_anew(line.ratio_reason, stale=stale, cure=cure) as why, transaction.atomic():
        data = replace(data, ratio_reason=why)
        new = put_line(plan, check_line(plan=plan, data=data, line=None, by=by), at)
        return _with_terms(plan, new, line)


def _data_of(plan: Plan, field: JointField, line: PlanLine) -> LineData:
    """What the line says when those who hold it here say it, on the targets that are here.

    Raises Blocked where nobody is here to initiate it, or nobody to inspect.
    """
    together, absent = _here(plan, line)
    starts_on, ends_on = (_in_year(day, plan.year) for day in (line.starts_on, line.ends_on))
    found = bases.count(
        field.tag,
        together,
        stratify=line.stratify,
        region=plan.region_id,
        tags=line.strata_tags,
        rules=line.target_filter,
        first=starts_on,
    )
    if not sum(found.values()):
        raise Blocked("本地没有共同的检查对象", article="14")
    is_county = regions.is_county(plan.region_id)
    mode = PlanLine.OrgMode.COUNTY_COUNTY if is_county else PlanLine.OrgMode(line.org_mode)
    gone = f"本地没有{'、'.join(absent)}的派出部门" if absent else ""
    return LineData(
        field=field,
        initiator=together[0],
        cooperators=together[1:],
        starts_on=starts_on,
        ends_on=ends_on,
        rates=_rates_for(found, line),
        items=_items(field, line, together),
        name=line.name,
        targets=line.targets,
        duties="" if is_county else line.duties,
        stratify=line.stratify,
        strata_tags=line.strata_tags,
        participants_reason=gone or line.participants_reason,
        frequency=line.frequency,
        org_mode=mode,
        bases=found,
    )


def _here(plan: Plan, line: PlanLine) -> tuple[list[Department], list[str]]:
    """The line's departments as they are here, the initiator first; short names of those that
    are not. Raises Blocked where the initiator is not.
    """
    pairs = [(each, at_home(each, plan)) for each in line.departments]
    if pairs[0][1] is None:
        raise Blocked(f"本地没有{line.initiator.short}的派出部门", article="12", paragraph=2)
    return (
        [there for _, there in pairs if there is not None],
        [each.short for each, there in pairs if there is None],
    )


def _rates_for(found: Iterable[str], line: PlanLine) -> list[Rate]:
    """The line's rate for each stratum here; one that it has none for takes its first."""
    kept = {rate.stratum: rate for rate in line.rates.all() if rate.stratum != PlanRate.KEY}
    spare = next(iter(kept.values()))
    return [
        Rate(stratum, each.ratio, each.fixed, each.wording)
        for stratum in found
        for each in (kept.get(stratum, spare),)
    ]


def _is_stale(plan: Plan, line: PlanLine, data: LineData) -> bool:
    """Whether the line's reason was written for other rates than these."""
    rates = [as_rate(each) for each in data.rates]
    # Nine of the city's thousand are not nine of a county's ten.
    is_of_numbers = any(each.fixed is not None or each.wording for each in rates)
    if regions.is_county(plan.region_id) and is_of_numbers:
        return True
    return is_stale(
        line,
        reason=line.ratio_reason,
        rates=rates,
        found=data.bases or {},
        stratify=line.stratify,
        rounds=line.frequency,
    )


def _with_terms(plan: Plan, new: PlanLine, line: PlanLine) -> PlanLine:
    """The new line with the range, the caps and the key targets of the one it comes from."""
    PlanLine.objects.filter(pk=new.pk).update(
        parent=line,
        target_filter=line.target_filter,
        cap_per_year=line.cap_per_year,
        cap_reason=line.cap_reason,
        cooldown_months=line.cooldown_months,
        key_ratio=line.key_ratio,
        key_source=line.key_source,
    )
    new = PlanLine.objects.with_columns().get(pk=new.pk)
    if line.key_ratio:
        written, found = with_key(new, plan, [as_rate(r.as_given()) for r in new.rates.all()])
        write_rates(new, written, found)
        new = PlanLine.objects.with_columns().get(pk=new.pk)
    return new


def at_home(department: Department, plan: Plan) -> Department | None:
    """The same department for the city's own plan, its system's branch for a county's."""
    if department.region_id == plan.region_id:
        return department
    return (
        Department.objects.qualified()
        .filter(system=department.system_id or department.pk, region=plan.region_id)
        .first()
    )


def _items(field: JointField, line: PlanLine, departments: Sequence[Department]) -> list[JointItem]:
    """The line's items, as this list says them, that these departments answer."""
    names = {item.name for item in line.items.all()}
    return [item for item in field.answered_by(departments) if item.name in names]


def _in_year(day: date, year: int) -> date:
    """The same day of another year; 28 February for a leap day."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=year, day=28) if is_leap_day else day.replace(year=year)
