"""Inspections that are not drawn: one department alone, or a single case (art. 8, paragraph 1).

A daily inspection alone, in a field of the joint list, needs one of the reasons the Measures leave;
before anybody goes, what others found lately is offered instead. Complaints and clues are entered
as cases and answered by themselves: nothing here touches a pool.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import localdate

from liancha.accounts.models import Department, User
from liancha.ledger import actions as ledger
from liancha.lists.models import JointField, ListVersion
from liancha.rulebook.listing import SoloReason, check_solo
from liancha.rulebook.regions import CITY
from liancha.rulebook.verdicts import Blocked

from ..models import CaseCheck, InspectionFact, SoloCheck, Target


def covering(target: Target, department: Department) -> list[JointField]:
    """Fields of the joint list in force that take this department to this target.

    Source: art. 8, paragraph 1.
    """
    region = department.region_id
    version = (
        ListVersion.objects.in_force(ListVersion.Kind.JOINT, region).first()
        or ListVersion.objects.in_force(ListVersion.Kind.JOINT, CITY).first()
    )
    if version is None:
        return []
    ours = [key for key in (department.pk, department.system_id) if key]
    tags = target.tags.values_list("code", flat=True)
    return list(
        version.fields.filter(tag__in=list(tags))
        .filter(Q(initiator__in=ours) | Q(cooperators__in=ours))
        .distinct()
    )


@dataclass(frozen=True, slots=True)
class Finding:
    """What one published result says of one target, by one department."""

    target: int
    department: Department
    on: date
    subject: str
    outcome: str
    reference: str


@transaction.atomic
def note_results(*, facts: Sequence[Finding], by: User | str, at: datetime) -> int:
    """Keep what joint checks found, a publication at a time; the same reference again corrects it.

    Source: art. 8, paragraph 1; E25. Clause 21.7.
    """
    there = {
        (fact.target_id, fact.department_id, fact.reference): fact
        for fact in InspectionFact.objects.filter(reference__in={each.reference for each in facts})
    }
    new: list[InspectionFact] = []
    corrected: list[InspectionFact] = []
    for each in facts:
        known = there.get((each.target, each.department.pk, each.reference))
        fact = known or InspectionFact(
            target_id=each.target, department=each.department, reference=each.reference
        )
        fact.origin = InspectionFact.Origin.JOINT
        fact.on, fact.at = each.on, at
        fact.subject, fact.outcome = each.subject[:200], each.outcome[:120]
        (corrected if known else new).append(fact)
    InspectionFact.objects.bulk_create(new)
    InspectionFact.objects.bulk_update(corrected, ["origin", "on", "subject", "outcome", "at"])
    ledger.append("registry.note_results", by=by, at=at, results=len(facts))
    return len(facts)


@transaction.atomic
def note_inspection(
    *,
    target: Target | int,
    department: Department,
    origin: str,
    on: date,
    subject: str,
    outcome: str,
    reference: str = "",
    by: User | str,
    at: datetime,
) -> InspectionFact:
    """Keep what an inspection found, for whoever would go there next (E25).

    Called by the rooms that inspect; the same reference twice changes the first. The target's day
    of last inspection follows.
    """
    key = target.pk if isinstance(target, Target) else target
    values = {
        "origin": origin,
        "on": on,
        "subject": subject[:200],
        "outcome": outcome[:120],
        "at": at,
    }
    if reference:
        fact, _ = InspectionFact.objects.update_or_create(
            target_id=key, department=department, reference=reference[:60], defaults=values
        )
    else:
        fact = InspectionFact.objects.create(target_id=key, department=department, **values)
    Target.objects.filter(pk=key).filter(
        Q(last_inspected_on=None) | Q(last_inspected_on__lt=on)
    ).update(last_inspected_on=on)
    ledger.append(
        "registry.note_inspection",
        by=by,
        at=at,
        about=("target", key),
        department=department.code,
        origin=origin,
        on=on.isoformat(),
        reference=reference,
    )
    return fact


@transaction.atomic
def request_solo(
    *,
    target: Target,
    item: str,
    planned_on: date,
    code: str = "",
    reason: str = "",
    reused: InspectionFact | None = None,
    by: User,
    at: datetime,
) -> SoloCheck:
    """Ask for a daily inspection by one's own department alone, or take over another's result.

    code    SoloReason; needed where a joint field covers the target for this department
    reused  another department's recent result that will do: then nobody goes

    Raises NeedsReason, with the reasons to choose from; Blocked for a result that is too old.
    Source: art. 8, paragraph 1; decision A14; reuse is E25. Clause 8.2.
    """
    department = by.department
    if department is None:
        raise Blocked("账号没有所属部门，不能申请检查。", article="8", paragraph=1)
    if not item.strip():
        raise Blocked("请写明要检查什么事项。", article="8", paragraph=1)
    if planned_on < localdate(at):
        raise Blocked(
            f"拟检查日期 {planned_on} 已经过去。单独检查先批准后检查，请填今天或以后的日期。",
            article="8",
            paragraph=1,
        )
    names = "、".join(field.name for field in covering(target, department))
    if reused is None:
        reason_code = SoloReason(code) if code else None
        check_solo(item.strip(), field_name=names or None, reason=reason_code)
    else:
        _check_reusable(reused, target, department, planned_on)
    check = SoloCheck.objects.create(
        target=target,
        department=department,
        item=item.strip()[:200],
        planned_on=planned_on,
        fields=names[:300],
        code="" if reused else code,
        reason=reason.strip()[:300],
        reused=reused,
        at=at,
        by=by,
    )
    ledger.append(
        "registry.request_solo",
        by=by,
        at=at,
        about=("solo", check.pk),
        target=target.code,
        item=check.item,
        fields=names,
        reason=check.code,
        reused=reused.pk if reused else 0,
    )
    return check


def _check_reusable(
    fact: InspectionFact, target: Target, department: Department, planned_on: date
) -> None:
    """Another department inspected this target not long before that day. Raises Blocked."""
    recent = InspectionFact.objects.filter(pk=fact.pk, target=target)
    if not recent.recent(planned_on).of_others(department).exists():
        raise Blocked(
            "这一结果不是其他部门近期对这一户的检查，不能代替。请重新选择。",
            article="8",
            paragraph=1,
        )


@transaction.atomic
def decide_solo(
    *, check: SoloCheck, is_approved: bool, opinion: str = "", by: User, at: datetime
) -> SoloCheck:
    """The department's head says yes or no, before anybody goes (E2).

    Raises Blocked for one's own request, another department's, or one that is decided.
    Source: art. 8, paragraph 1. Clause 8.2.
    """
    check = SoloCheck.objects.select_for_update(of=("self",)).get(pk=check.pk)
    if check.department_id != by.department_id:
        raise Blocked(
            f"这是{check.department}的申请，由该部门负责人批准。", article="8", paragraph=1
        )
    if check.by_id == by.pk:
        raise Blocked("不能批准自己提出的申请。请由另一位负责人办理。", article="8", paragraph=1)
    if check.decided_at or check.reused_id:
        raise Blocked("这一申请已经办结。", article="8", paragraph=1)
    if not is_approved and not opinion.strip():
        raise Blocked("不同意时请写明意见。", article="8", paragraph=1)
    check.is_approved, check.opinion = is_approved, opinion.strip()[:300]
    check.decided_at, check.decided_by = at, by
    check.save()
    ledger.append(
        "registry.decide_solo",
        by=by,
        at=at,
        about=("solo", check.pk),
        approved=is_approved,
        opinion=check.opinion,
    )
    return check


@transaction.atomic
def close_solo(
    *, check: SoloCheck, checked_on: date, outcome: str, by: User, at: datetime
) -> InspectionFact:
    """Say what an agreed inspection alone found: whoever would go there next is offered it.

    What is told here is what counts as inspected apart (`queries.overlaps`).

    Raises Blocked for another department's, one that is not agreed to, a day before the agreement
    or to come, and a second result.
    Source: art. 8, paragraph 1; E2 and E25. Clauses 8.2 and 9.3(2).
    """
    check = SoloCheck.objects.select_for_update(of=("self",)).get(pk=check.pk)
    if check.department_id != by.department_id:
        raise Blocked(f"这是{check.department}的检查，由该部门填写。", article="8", paragraph=1)
    if not check.is_approved or check.decided_at is None:
        raise Blocked("还没有批准单独检查，不能填写结果。", article="8", paragraph=1)
    if check.result:
        raise Blocked("这次检查已经填写结果。", article="8", paragraph=1)
    if not outcome.strip():
        raise Blocked("请填写检查结果。", article="8", paragraph=1)
    _check_day(checked_on, at)
    agreed_on = localdate(check.decided_at)
    if checked_on < agreed_on:
        raise Blocked(
            f"检查日期 {checked_on} 早于批准日期 {agreed_on}。单独检查先批准后检查，请改正日期。",
            article="8",
            paragraph=1,
        )
    return note_inspection(
        target=check.target_id,
        department=check.department,
        origin=InspectionFact.Origin.SOLO,
        on=checked_on,
        subject=check.item,
        outcome=outcome.strip(),
        reference=check.reference,
        by=by,
        at=at,
    )


@transaction.atomic
def register_case(
    *,
    target: Target,
    origin: str,
    clue: str,
    received_on: date,
    reference: str = "",
    by: User,
    at: datetime,
) -> CaseCheck:
    """Enter a complaint or clue about one target: it is checked by itself, never drawn (E26).

    Source: art. 8, paragraph 1; decision A14: case checks are never held up. Clause 8.2.
    """
    if by.department is None:
        raise Blocked("账号没有所属部门，不能登记。", article="8", paragraph=1)
    if not clue.strip():
        raise Blocked("请写明线索内容。", article="8", paragraph=1)
    if received_on > localdate(at):
        raise Blocked(f"收到日期 {received_on} 还没有到。请改正。", article="8", paragraph=1)
    case = CaseCheck.objects.create(
        target=target,
        department=by.department,
        origin=origin,
        reference=reference.strip()[:60],
        received_on=received_on,
        clue=clue.strip()[:500],
        at=at,
        by=by,
    )
    ledger.append(
        "registry.register_case",
        by=by,
        at=at,
        about=("case", case.pk),
        target=target.code,
        origin=origin,
        reference=case.reference,
    )
    return case


@transaction.atomic
def close_case(
    *, case: CaseCheck, checked_on: date, outcome: str, by: User, at: datetime
) -> CaseCheck:
    """Say what the check of a case found; others see the result when they would go there."""
    case = CaseCheck.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if case.department_id != by.department_id:
        raise Blocked(f"这是{case.department}登记的个案，由该部门填写。", article="8", paragraph=1)
    if case.checked_on:
        raise Blocked("这一个案已经填写结果。", article="8", paragraph=1)
    if not outcome.strip():
        raise Blocked("请填写检查结果。", article="8", paragraph=1)
    _check_day(checked_on, at)
    case.checked_on, case.outcome = checked_on, outcome.strip()[:120]
    case.save()
    note_inspection(
        target=case.target_id,
        department=case.department,
        origin=InspectionFact.Origin.CASE,
        on=checked_on,
        subject=case.get_origin_display(),
        outcome=case.outcome,
        reference=f"case-{case.pk}",
        by=by,
        at=at,
    )
    return case


def _check_day(checked_on: date, at: datetime) -> None:
    if checked_on > localdate(at):
        raise Blocked(f"检查日期 {checked_on} 还没有到。请改正。", article="8", paragraph=1)
