"""People, their certificates, leave and recusals; each kept by their own department (art. 11)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction

from liancha.accounts.models import Department, Region, User
from liancha.ledger import actions as ledger
from liancha.registry.models import Target
from liancha.rulebook.verdicts import Blocked

from ..models import Certificate, Inspector, Leave, Recusal


def check_own(department: Department | int, by: User) -> None:
    """Only a department's own people are edited. Raises Blocked.

    Source: art. 11, 根据管辖范围和监管职能. Clause 11.3.
    """
    key = department.pk if isinstance(department, Department) else department
    if by.department_id != key:
        raise Blocked(
            "只能维护本部门的执法检查人员。请由该人员所在部门办理。", article="11", paragraph=1
        )


@transaction.atomic
def note_export(*, people: int, by: User, at: datetime) -> None:
    """Who took how much of the roster away as a table."""
    ledger.append("roster.export", by=by, at=at, people=people)


@transaction.atomic
def save_inspector(
    *,
    name: str,
    department: Department | None = None,
    post: str = "",
    skills: Iterable[str] = (),
    qualification: str = "",
    region: Region | None = None,
    status: str = Inspector.Status.ON_DUTY,
    capacity: int = 20,
    may_lead: bool = False,
    is_expert: bool = False,
    user: User | None = None,
    inspector: Inspector | None = None,
    by: User,
    at: datetime,
) -> Inspector:
    """Enter a person on the roster, or change one; a new one gets the department's next number.

    department  default the department of `by`; a person does not change departments

    Raises Blocked for another department's person.
    Source: art. 11; art. 18, paragraph 2, for what is kept. Clauses 11.2 and 11.3.
    """
    home = inspector.department if inspector else department or by.department
    if home is None:
        raise Blocked("您的账号没有部门，不能维护人员名录库。", article="11", paragraph=1)
    check_own(home, by)
    if inspector is None:
        inspector = Inspector(department=home, number=next_numbers(home, 1)[0])
    inspector.name, inspector.post = name.strip(), post.strip()
    inspector.skills = _tidy(skills)
    inspector.qualification, inspector.region = qualification.strip(), region
    inspector.status, inspector.capacity = status, capacity
    inspector.may_lead, inspector.is_expert = may_lead, is_expert
    inspector.user, inspector.updated_at = user, at
    inspector.save()
    ledger.append(
        "roster.save_inspector",
        by=by,
        at=at,
        about=("inspector", inspector.pk),
        number=inspector.number,
        name=inspector.name,
        status=inspector.status,
        skills=inspector.skills,
        is_expert=is_expert,
    )
    return inspector


@transaction.atomic
def save_certificate(
    *,
    inspector: Inspector,
    number: str,
    valid_from: date,
    valid_to: date,
    kind: str = "行政执法证",
    certificate: Certificate | None = None,
    by: User,
    at: datetime,
) -> Certificate:
    """Enter an enforcement certificate, or correct one.

    Raises Blocked when the dates run backwards or the number is somebody else's.
    Source: art. 18, paragraph 2, 执法资质.
    """
    check_own(inspector.department_id, by)
    number = number.strip()
    if valid_to < valid_from:
        raise Blocked(
            f"证件有效期至 {valid_to} 早于有效期自 {valid_from}。请对照证件改正。", article="18"
        )
    taken = Certificate.objects.filter(number=number).select_related("inspector__department")
    if certificate is not None:
        taken = taken.exclude(pk=certificate.pk)
    if other := taken.first():
        whose = other.inspector
        where = "本部门" if whose.department_id == by.department_id else str(whose.department)
        raise Blocked(
            f"执法证号 {number} 已登记在{where}{whose.name if where == '本部门' else ''}名下。"
            "请对照证件核对证号。",
            article="18",
            paragraph=2,
        )
    certificate = certificate or Certificate(inspector=inspector)
    certificate.number, certificate.kind = number, kind.strip() or "行政执法证"
    certificate.valid_from, certificate.valid_to = valid_from, valid_to
    certificate.save()
    _touch(inspector, at)
    ledger.append(
        "roster.save_certificate",
        by=by,
        at=at,
        about=("inspector", inspector.pk),
        number=inspector.number,
        certificate=number,
        valid_from=valid_from.isoformat(),
        valid_to=valid_to.isoformat(),
    )
    return certificate


@transaction.atomic
def remove_certificate(*, certificate: Certificate, by: User, at: datetime) -> None:
    """Take a certificate off the roster: entered by mistake, or withdrawn."""
    inspector = certificate.inspector
    check_own(inspector.department_id, by)
    number = certificate.number
    certificate.delete()
    _touch(inspector, at)
    ledger.append(
        "roster.remove_certificate",
        by=by,
        at=at,
        about=("inspector", inspector.pk),
        number=inspector.number,
        certificate=number,
    )


@transaction.atomic
def grant_leave(
    *,
    inspector: Inspector,
    first_on: date,
    last_on: date,
    note: str = "",
    by: User,
    at: datetime,
) -> Leave:
    """Note days on which a person is away. Raises Blocked when they run backwards."""
    check_own(inspector.department_id, by)
    if last_on < first_on:
        raise Blocked(
            f"请假结束 {last_on} 早于开始 {first_on}。请改正日期。", article="18", paragraph=2
        )
    leave, is_new = Leave.objects.get_or_create(
        inspector=inspector, first_on=first_on, last_on=last_on, defaults={"note": note.strip()}
    )
    if is_new:
        _touch(inspector, at)
        ledger.append(
            "roster.grant_leave",
            by=by,
            at=at,
            about=("inspector", inspector.pk),
            number=inspector.number,
            first_on=first_on.isoformat(),
            last_on=last_on.isoformat(),
        )
    return leave


@transaction.atomic
def cancel_leave(*, leave: Leave, by: User, at: datetime) -> None:
    """Take a leave back."""
    inspector = leave.inspector
    check_own(inspector.department_id, by)
    first_on, last_on = leave.first_on.isoformat(), leave.last_on.isoformat()
    leave.delete()
    _touch(inspector, at)
    ledger.append(
        "roster.cancel_leave",
        by=by,
        at=at,
        about=("inspector", inspector.pk),
        number=inspector.number,
        first_on=first_on,
        last_on=last_on,
    )


@transaction.atomic
def declare_recusal(
    *,
    inspector: Inspector,
    target: Target,
    relation: str,
    ended_on: date | None = None,
    note: str = "",
    by: User,
    at: datetime,
) -> Recusal:
    """Say that a person keeps away from a target; from now on no draw sends them there.

    A second word on the same pair replaces the first.
    Source: art. 19, paragraph 3, 执法回避.
    """
    check_own(inspector.department_id, by)
    recusal, _ = Recusal.objects.update_or_create(
        inspector=inspector,
        target=target,
        defaults={
            "relation": Recusal.Relation(relation),
            "ended_on": ended_on,
            "note": note.strip(),
            "declared_at": at,
        },
    )
    _touch(inspector, at)
    ledger.append(
        "roster.declare_recusal",
        by=by,
        at=at,
        about=("inspector", inspector.pk),
        number=inspector.number,
        target=target.code,
        relation=str(recusal.relation),
    )
    return recusal


@transaction.atomic
def lift_recusal(*, recusal: Recusal, by: User, at: datetime) -> None:
    """Take a recusal back; the ledger keeps that it stood."""
    inspector, target = recusal.inspector, recusal.target
    check_own(inspector.department_id, by)
    recusal.delete()
    _touch(inspector, at)
    ledger.append(
        "roster.lift_recusal",
        by=by,
        at=at,
        about=("inspector", inspector.pk),
        number=inspector.number,
        target=target.code,
    )


def next_numbers(department: Department, count: int) -> list[str]:
    """The next running numbers of a department: GA-0007, GA-0008.

    The department's row is locked, so two people adding at once get different ones.
    """
    Department.objects.select_for_update(no_key=True).get(pk=department.pk)
    prefix = f"{department.code}-"
    taken = Inspector.objects.filter(department=department, number__startswith=prefix)
    ends = [n.removeprefix(prefix) for n in taken.values_list("number", flat=True)]
    last = max((int(end) for end in ends if end.isdecimal()), default=0)
    return [f"{prefix}{last + n:04d}" for n in range(1, count + 1)]


def _touch(inspector: Inspector, at: datetime) -> None:
    inspector.updated_at = at
    inspector.save(update_fields=["updated_at"])


def _tidy(words: Iterable[str]) -> list[str]:
    """Without blanks and doubles, in the order given."""
    return list(dict.fromkeys(word.strip() for word in words if word.strip()))
