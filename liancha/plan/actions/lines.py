"""One line of a plan: its eight columns, its departments, its rates (arts. 2–4, 10, 13–15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from liancha.accounts.models import Department, Region, User
from liancha.ledger import actions as ledger
from liancha.lists.models import JointField, JointItem
from liancha.registry.models import Tag
from liancha.rulebook import coverage, eligibility, planning
from liancha.rulebook.eligibility import Duty
from liancha.rulebook.lifecycles import LineState, PlanState
from liancha.rulebook.verdicts import Blocked

from .. import bases, columns
from ..models import LeftOut, Plan, PlanLine
from .rates import (
    Rate,
    RateLike,
    as_rate,
    as_rows,
    bases_of,
    check_rates,
    with_key,
    write_rates,
)
from .reasons import NeedsCapReason, asking_anew, check_rounds, is_old, is_stale
from .standing import append, coordinates, coordinating, locked


@dataclass(frozen=True, slots=True)
class LineData:
    """What a plan line says. What is left out is worded from the list.

    cooperators  who takes part this year; dropping one of the list needs participants_reason
    items        default all items of the field that belong to the departments
    rates        one for every stratum of `stratify`
    bases        targets by stratum; default counted from the registry now
    strata_tags  names of tags, where the line is cut by them; the first a target has counts
    is_reason_kept  somebody said that the stored ratio_reason holds for these rates too
    cap_reason   频次说明 where the door shows it; None leaves the line's own
    """

    field: JointField
    initiator: Department
    cooperators: Sequence[Department]
    starts_on: date
    ends_on: date
    rates: Sequence[RateLike]
    items: Sequence[JointItem] | None = None
    name: str = ""
    targets: str = ""
    executor: str = ""
    duties: str = ""
    stratify: str = PlanLine.Stratify.CREDIT
    ratio_reason: str = ""
    participants_reason: str = ""
    frequency: int = 1
    org_mode: str = PlanLine.OrgMode.CITY_CITY
    bases: Mapping[str, int] | None = None
    strata_tags: Sequence[str] = ()
    is_reason_kept: bool = False
    cap_reason: str | None = None


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """A line that may be written as it is: what it says, its items, its rates, its bases.

    line        the one that changes; None for a new one
    cap_reason  why its rounds are more than its own cap on visits; "" where they are not
    """

    data: LineData
    line: PlanLine | None
    items: Sequence[JointItem]
    rates: Sequence[Rate]
    found: Mapping[str, int]
    cap_reason: str

    @property
    def departments(self) -> list[Department]:
        return [self.data.initiator, *self.data.cooperators]

    def says(self) -> dict[str, str]:
        """The eight columns as they would stand."""
        data, rules = self.data, self.line.target_filter if self.line else {}
        return columns.texts(
            name=data.name.strip() or data.field.name,
            departments=self.departments,
            items=self.items,
            targets=data.targets.strip() or data.field.targets,
            rules=rules,
            executor=data.executor.strip() or executor_text(data.org_mode),
            duties=data.duties.strip() or columns.duties_text(self.items, self.departments),
            base=sum(self.found.values()),
            rates=as_rows(self.rates, self.found),
            frequency=data.frequency,
            starts_on=data.starts_on,
            ends_on=data.ends_on,
        )


@transaction.atomic
def save_line(
    *, plan: Plan, data: LineData, line: PlanLine | None = None, by: User, at: datetime
) -> PlanLine:
    """Write a line of a draft, or prepare one for a published plan (to be added by adjustment).

    Raises what `check_line` does.
    Source: art. 14, eight columns; art. 15, rates. Clauses 8.1, 13.2 and 14.1.
    """
    plan = locked(plan)
    if line is not None:
        line = PlanLine.objects.select_for_update().get(pk=line.pk, plan=plan)
    checked = check_line(plan=plan, data=data, line=line, by=by)
    line = put_line(plan, checked, at)
    ledger.append(
        "plan.save_line",
        by=by,
        at=at,
        about=("plan", plan.pk),
        line=line.number,
        columns=columns.columns(line),
    )
    return line


def check_line(*, plan: Plan, data: LineData, line: PlanLine | None, by: User) -> CheckedLine:
    """Whether a line may say this; writes nothing.

    Raises Blocked by arts. 2, 3, 4, 8, 10, 12, 14 and 15, NeedsReason by art. 13 (a cooperator
    dropped) and 15 (rates that do not rise with risk, a general field above its cap, more rounds
    than the line's own cap on visits; the reason of other rates than these is none).
    """
    check_writable(plan, line)
    check_writer(data.initiator, by, plan)
    _check_listed(data.field, plan)
    items = _items(data)
    _check_departments(data, items)
    coverage.check_dates(data.starts_on, data.ends_on, year=plan.year)
    cap_reason = _cap_reason(line, data) if line is not None else ""
    found = data.bases
    if found is None:
        found = bases.count(
            data.field.tag,
            [data.initiator, *data.cooperators],
            stratify=data.stratify,
            region=plan.region_id,
            tags=data.strata_tags,
            rules=line.target_filter if line else {},
            first=data.starts_on,
        )
    _check_tags(data)
    stratify, rounds = data.stratify, data.frequency
    with asking_anew(data.ratio_reason, stale=is_old(line, data, found)) as why:
        kind = data.field.item_class
        rates = check_rates(data.rates, found, kind, stratify, reason=why, rounds=rounds)
        if line is not None and line.key_ratio:
            line.stratify, line.ratio_reason = stratify, why
            line.starts_on, line.ends_on = data.starts_on, data.ends_on
            rates, found = with_key(line, plan, rates, data=data)
    checked = CheckedLine(data, line, items, rates, found, cap_reason)
    says = checked.says()
    coverage.check_columns(says, name=data.name.strip() or data.field.name)
    if line is not None:
        check_told(says, line.target_filter)
    return checked


def put_line(plan: Plan, checked: CheckedLine, at: datetime) -> PlanLine:
    """Write a line that was checked."""
    data, says = checked.data, checked.says()
    line = checked.line or PlanLine(plan=plan, number=_next_number(plan))
    line.name = says["任务名称"]
    line.field, line.initiator = data.field, data.initiator
    line.targets = data.targets.strip() or data.field.targets
    line.executor, line.duties = says["实施主体"], says["责任分工"]
    line.base, line.stratify = sum(checked.found.values()), data.stratify
    line.strata_tags = list(data.strata_tags) if data.stratify == PlanLine.Stratify.TAG else []
    line.ratio_reason = data.ratio_reason.strip()
    line.participants_reason = data.participants_reason.strip()
    line.frequency, line.cap_reason = data.frequency, checked.cap_reason
    line.org_mode = data.org_mode
    line.starts_on, line.ends_on = data.starts_on, data.ends_on
    line.changed_at = at
    line.save()
    line.cooperators.set(data.cooperators)
    line.items.set(checked.items)
    write_rates(line, checked.rates, checked.found)
    return PlanLine.objects.with_columns().get(pk=line.pk)


@transaction.atomic
def set_rates(
    *, line: PlanLine, rates: Sequence[RateLike], reason: str = "", by: User, at: datetime
) -> PlanLine:
    """Write the rates of a draft line, counted against its registry base of now.

    Raises Blocked for a published line: its rates change by an adjustment only (art. 16);
    NeedsReason, where the rates need a reason, for none and for the one that was stored before.
    """
    plan = locked(line.plan)
    line = PlanLine.objects.select_for_update().get(pk=line.pk)
    check_writable(plan, line)
    check_writer(line.initiator, by, plan)
    found = bases_of(line, plan)
    kind, rounds = line.field.item_class, line.frequency
    cut = line.stratify
    stale = is_stale(line, reason=reason, rates=rates, found=found, stratify=cut, rounds=rounds)
    with asking_anew(reason, stale=stale) as why:
        checked = check_rates(rates, found, kind, cut, reason=why, rounds=rounds)
        if line.key_ratio:
            line.ratio_reason = why
            checked, found = with_key(line, plan, checked)
    line.base, line.ratio_reason, line.changed_at = sum(found.values()), reason.strip(), at
    line.save(update_fields=["base", "ratio_reason", "changed_at"])
    write_rates(line, checked, found)
    ledger.append(
        "plan.set_rates",
        by=by,
        at=at,
        about=("plan", plan.pk),
        line=line.number,
        rates=[[each.stratum, each.ratio] for each in checked],
    )
    return PlanLine.objects.with_columns().get(pk=line.pk)


@transaction.atomic
def recount(*, plan: Plan, by: User, at: datetime) -> int:
    """Count the bases of a draft's lines anew from the registry; returns how many changed."""
    coordinating(by, plan)
    plan = locked(plan)
    if plan.state != PlanState.DRAFT:
        raise Blocked("计划已送会签，基数不再重算。需要时请先撤回会签。", article="14")
    changed: list[str] = []
    for line in plan.lines.live().with_columns():
        rates = [as_rate(each.as_given()) for each in line.rates.all()]
        key = bases.key_cut(line, line.rates.all(), first=line.starts_on, last=line.ends_on)
        found = bases_of(line, plan, key=key)
        now = {each.stratum: each.base for each in line.rates.all()}
        if now == found:
            continue
        line.base, line.changed_at = sum(found.values()), at
        line.save(update_fields=["base", "changed_at"])
        write_rates(line, rates, found)
        changed.append(line.number)
    if changed:
        append("plan.recount", plan, by, at, lines=changed)
    return len(changed)


@transaction.atomic
def drop_line(*, line: PlanLine, reason: str = "", by: User, at: datetime) -> None:
    """Take a draft line out. A published one is cancelled by an adjustment instead (art. 16).

    A line that a county derived from the city's plan is left out with a reason, which stays
    (art. 12, paragraph 2): NeedsReason without one.
    """
    plan = locked(line.plan)
    line = PlanLine.objects.select_for_update().get(pk=line.pk)
    check_writable(plan, line)
    check_writer(line.initiator, by, plan)
    number, name, parent = line.number, line.name, line.parent
    if parent is not None and parent.plan.region_id != plan.region_id:
        planning.check_left_out(name, reason=reason)
        LeftOut.objects.update_or_create(
            plan=plan,
            line=parent,
            defaults={"reason": reason.strip()[:200], "signed_by": by, "signed_at": at},
        )
    line.adjustments.all().delete()
    line.delete()
    append("plan.drop_line", plan, by, at, line=number, name=name, reason=reason.strip())


@transaction.atomic
def lock_rates(*, line: PlanLine, by: User, at: datetime) -> None:
    """A list has been drawn by the line's rates: from now on they stand (art. 19, paragraph 3).

    Called by the draw when it locks. The first time counts.
    """
    changed = PlanLine.objects.filter(pk=line.pk, rates_locked_at=None).update(rates_locked_at=at)
    if changed:
        ledger.append(
            "plan.lock_rates", by=by, at=at, about=("plan", line.plan_id), line=line.number
        )


# ── What is checked on the way ────────────────────────────────────────────────────────────


def check_writer(initiator: Department, by: User, plan: Plan) -> None:
    """A line is written by its initiator or by the coordinating office of its level.

    Source: art. 12, paragraph 1, 各抽查领域发起部门.
    """
    own = by.department
    if own is None or (own.pk != initiator.pk and not coordinates(own, plan)):
        raise Blocked(
            f"这一行由{initiator.name}发起，应由它编制。请改选本部门，或交由该部门办理。",
            article="12",
            paragraph=1,
        )


def duty_of(department: Department, field: JointField) -> Duty | None:
    """What duty a department holds in a field, as the list says it (art. 10).

    A county branch of the field's initiator holds its duty at home.
    """
    if field.initiator_id in (department.pk, department.system_id):
        return Duty(field.duty)
    listed = set(field.cooperators.values_list("pk", flat=True))
    if listed & {department.pk, department.system_id}:
        return Duty.ORDINARY
    return None


def executor_text(org_mode: str) -> str:
    """实施主体 as the way of organising says it."""
    return {
        PlanLine.OrgMode.CITY_CITY: "市级部门",
        PlanLine.OrgMode.CITY_COUNTY: "市级抽取，县（区）部门实施",
        PlanLine.OrgMode.COUNTY_COUNTY: "县（区）部门",
    }[PlanLine.OrgMode(org_mode)]


def _check_listed(field: JointField, plan: Plan) -> None:
    """A line belongs to a field of the list the plan is made from (art. 8, paragraph 1)."""
    if field.version_id == plan.list_version_id:
        return
    raise Blocked(
        f"“{field.name}”不在这份计划依据的清单（{plan.list_version}）中，不能编计划行。"
        "请改选清单中的领域；清单外的工作可以作为临时性联合抽查办理。",
        article="8",
        paragraph=1,
    )


def check_told(says: Mapping[str, str], rules: Mapping[str, Sequence[str]]) -> None:
    """What everybody reads does not name the mark that the range keeps back.

    Raises Blocked.
    Source: art. 16, the plan is public; decisions A33 and 0012.
    """
    for word in columns.inner_marks(rules):
        for heading in ("任务名称", "检查对象", "责任分工"):
            if word in says[heading]:
                raise Blocked(
                    f"{heading}写了“{word}”，会说出哪些企业有这个不公开的标记。"
                    "请改成不提标记的写法；公开的计划里只写“重点检查对象”。",
                    article="16",
                )


def _cap_reason(line: PlanLine, data: LineData) -> str:
    """Why the line may be done more often than its own cap on visits, "" where it is not.

    Raises NeedsCapReason where the door asks for it, Blocked where it only brings numbers.
    """
    said = line.cap_reason if data.cap_reason is None else data.cap_reason
    try:
        return check_rounds(line, rounds=data.frequency, cap=line.cap_per_year, reason=said)
    except NeedsCapReason as needs:
        if data.cap_reason is not None:
            raise
        place = "计划行页面的“频次说明”" if said else "这一行的“频次和范围”"
        raise Blocked(f"{needs}原因写在{place}里。", article="15") from needs


def _check_tags(data: LineData) -> None:
    """A line cut by tags names them, each once, all known."""
    if data.stratify != PlanLine.Stratify.TAG:
        return
    names = list(data.strata_tags)
    known = set(Tag.objects.filter(name__in=names).values_list("name", flat=True))
    unknown = [name for name in names if name not in known]
    if not names or unknown or len(set(names)) < len(names):
        problem = f"没有“{'、'.join(unknown)}”这个标签" if unknown else "标签没有填，或有重复"
        raise Blocked(
            f"按标签分层：{problem}。请按先后写出名录库已有的标签，每个一次；"
            "一户有几个标签的，归入写在前面的那个，都没有的归入“其他”。",
            article="15",
        )


def _items(data: LineData) -> list[JointItem]:
    if data.items is not None:
        return list(data.items)
    return data.field.answered_by((data.initiator, *data.cooperators))


def _check_departments(data: LineData, items: Sequence[JointItem]) -> None:
    """Who may take part, in how many, in which one field (arts. 2, 3, 4, 10 and 13)."""
    departments = [data.initiator, *data.cooperators]
    for each in departments:
        each.check_takes_part()
    eligibility.check_joint(
        departments=[each.name for each in departments],
        fields={data.field.name, *(item.field.name for item in items)},
        target_kinds={data.field.tag, *(item.field.tag for item in items)},
    )
    eligibility.check_cooperators(data.initiator.name, [each.name for each in data.cooperators])
    duty = duty_of(data.initiator, data.field)
    eligibility.check_initiator(data.initiator.name, duty=duty, field_name=data.field.name)
    listed = [each.name for each in data.field.cooperators.all() if each.pk != data.initiator.pk]
    eligibility.check_participants(
        listed=listed,
        chosen=[each.name for each in departments],
        reason=data.participants_reason,
    )


def check_writable(plan: Plan, line: PlanLine | None) -> None:
    if plan.state == PlanState.COSIGNING:
        raise Blocked("计划正在会签，计划行不能改。需要时请先撤回会签。", article="12")
    is_draft = line is None or line.state == LineState.DRAFT
    if plan.state == PlanState.DRAFT or (plan.state == PlanState.PUBLISHED and is_draft):
        return
    if plan.state == PlanState.PUBLISHED:
        raise Blocked("计划已公布，这一行要改应办理计划调整，并将调整公开。", article="16")
    raise Blocked("这一稿计划已经定稿，不能再改计划行。", article="16")


def _next_number(plan: Plan) -> str:
    """410300, the year, four digits: running through all versions of a year."""
    Region.objects.select_for_update(no_key=True).get(pk=plan.region_id)
    prefix = f"{plan.region_id}{plan.year}"
    last = (
        PlanLine.objects.filter(number__startswith=prefix)
        .order_by("-number")
        .values_list("number", flat=True)
        .first()
    )
    return f"{prefix}{int(last.removeprefix(prefix) if last else 0) + 1:04d}"
