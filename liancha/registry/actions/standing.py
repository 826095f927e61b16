"""Licences of a target, and marks that call for more attention (arts. 11 and 15).

Every mark has a source and an end; it raises the rate of a class and picks nobody by hand.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from liancha.accounts.models import Department, User
from liancha.ledger import actions as ledger
from liancha.rulebook import planning
from liancha.rulebook.verdicts import Blocked, NeedsReason

from ..models import ComplaintDecision, KeyFlag, Licence, Target, Touched
from .targets import check_own


@transaction.atomic
def save_licence(
    *,
    target: Target,
    name: str,
    number: str,
    issuer: str = "",
    issued_on: date | None = None,
    valid_to: date | None = None,
    by: User,
    at: datetime,
) -> Licence:
    """Enter a licence, or its new validity. Without an end it is long-term.

    Source: art. 11, paragraph 1.
    """
    check_own([target.pk], by)
    if issued_on and valid_to and valid_to < issued_on:
        raise Blocked("有效期至不能早于批准日期。请核对两个日期。", article="11", paragraph=1)
    licence, _ = Licence.objects.update_or_create(
        target=target,
        name=name.strip(),
        number=number.strip(),
        defaults={
            "issuer": issuer.strip(),
            "issued_on": issued_on,
            "valid_to": valid_to,
            "at": at,
            "by": by,
        },
    )
    ledger.append(
        "registry.save_licence",
        by=by,
        at=at,
        about=("target", target.pk),
        licence=licence.name,
        number=licence.number,
        valid_to=valid_to.isoformat() if valid_to else "",
    )
    return licence


@transaction.atomic
def remove_licence(*, licence: Licence, reason: str, by: User, at: datetime) -> None:
    """Take away a licence that was entered by mistake; the log keeps what it said, and why.

    Raises NeedsReason without a reason, Blocked for a licence of another's target.
    Source: art. 11, paragraph 1.
    """
    check_own([licence.target_id], by)
    if not reason.strip():
        raise NeedsReason(
            f"请写明移除“{licence}”的理由，例如：编号录错。", article="11", paragraph=1
        )
    ledger.append(
        "registry.remove_licence",
        by=by,
        at=at,
        about=("target", licence.target_id),
        licence=licence.name,
        number=licence.number,
        issuer=licence.issuer,
        issued_on=licence.issued_on.isoformat() if licence.issued_on else "",
        valid_to=licence.valid_to.isoformat() if licence.valid_to else "",
        reason=reason.strip()[:200],
    )
    licence.delete()


@transaction.atomic
def set_key_flag(
    *,
    target: Target,
    kind: str,
    source: str,
    since: date,
    until: date,
    by: User,
    at: datetime,
) -> KeyFlag:
    """Mark a target for more attention until a day.

    Raises Blocked without a source, or for an end before the beginning.
    Source: art. 15, 重点监管. Clause 15.3.
    """
    flag = _mark(target=target, kind=kind, source=source, since=since, until=until, by=by, at=at)
    ledger.append(
        "registry.set_key_flag",
        by=by,
        at=at,
        about=("target", target.pk),
        flag=kind,
        source=flag.source,
        until=until.isoformat(),
    )
    return flag


def _mark(
    *,
    target: Target,
    kind: str,
    source: str,
    since: date,
    until: date,
    by: User,
    at: datetime,
) -> KeyFlag:
    """The mark itself; whoever sets it writes the entry. Raises Blocked as `set_key_flag` does."""
    check_own([target.pk], by)
    return KeyFlag.objects.create(
        target=target,
        kind=kind,
        source=source.strip()[:120],
        since=since,
        until=until,
        department=_check_mark(source, since, until, by),
        at=at,
        by=by,
    )


@transaction.atomic
def set_key_flags(
    *,
    targets: Collection[int],
    kind: str,
    source: str,
    since: date,
    until: date,
    by: User,
    at: datetime,
) -> int:
    """Mark many targets from one source, such as a list of 经营异常名录. Returns how many are new.

    Who carries the same mark from the same source until that day already is left as it is.
    Raises Blocked as for one.
    Source: art. 15, 重点监管. Clause 15.3.
    """
    check_own(targets, by)
    source = source.strip()[:120]
    department = _check_mark(source, since, until, by)
    there = KeyFlag.objects.filter(
        target__in=targets, kind=kind, source=source, until=until, lifted_at=None
    )
    new = sorted(set(targets) - set(there.values_list("target_id", flat=True)))
    KeyFlag.objects.bulk_create(
        KeyFlag(
            target_id=key,
            kind=kind,
            source=source,
            since=since,
            until=until,
            department=department,
            at=at,
            by=by,
        )
        for key in new
    )
    entry = ledger.append(
        "registry.set_key_flags",
        by=by,
        at=at,
        flag=kind,
        source=source,
        until=until.isoformat(),
        targets=len(new),
        keys=new[:1_000],
    )
    Touched.objects.note(entry, new)
    return len(new)


def _check_mark(source: str, since: date, until: date, by: User) -> Department:
    if by.department is None or not source.strip():
        raise Blocked("请写明标记的来源，例如文件号或名录。", article="15")
    if until < since:
        raise Blocked("标记的截止日期不能早于起始日期。", article="15")
    return by.department


@transaction.atomic
def weigh_complaints(
    *,
    target: Target,
    complaints: int,
    until: date | None = None,
    reason: str = "",
    by: User,
    at: datetime,
) -> ComplaintDecision:
    """Decide on a target with many complaints: a mark until a day, or none, with the reason.

    complaints  how many of a year were seen when deciding

    Raises NeedsReason without either, Blocked for too few complaints or another's target.
    Source: art. 15, paragraph 2, 投诉举报多的 … 应增加抽查的比例和频次. Clause 15.3.
    """
    check_own([target.pk], by)
    if not planning.are_many(complaints):
        raise Blocked(
            f"近一年的投诉举报是 {complaints} 件，不到 {planning.MANY_COMPLAINTS} 件，不用研判。",
            article="15",
        )
    if until is None and not reason.strip():
        raise NeedsReason(
            f"{target.name}近一年有 {complaints} 件投诉举报。不设重点标记的，请写明理由。",
            article="15",
        )
    today = timezone.localdate(at)
    flag = None
    if until is not None:
        flag = _mark(
            target=target,
            kind=KeyFlag.Kind.COMPLAINTS,
            source=f"近一年投诉举报 {complaints} 件",
            since=today,
            until=until,
            by=by,
            at=at,
        )
    decision = ComplaintDecision.objects.create(
        target=target,
        complaints=complaints,
        decided_on=today,
        reason=reason.strip()[:200],
        flag=flag,
        by=by,
        at=at,
    )
    ledger.append(
        "registry.weigh_complaints",
        by=by,
        at=at,
        about=("target", target.pk),
        complaints=complaints,
        marked=flag is not None,
        until=until.isoformat() if until else "",
        reason=decision.reason,
    )
    return decision


@transaction.atomic
def lift_key_flag(*, flag: KeyFlag, by: User, at: datetime) -> KeyFlag:
    """Take a mark off before its end: only the department that set it."""
    flag = KeyFlag.objects.select_for_update(of=("self",)).get(pk=flag.pk)
    if flag.department_id != by.department_id:
        raise Blocked(f"只有{flag.department}能解除它设的标记。", article="15")
    if flag.lifted_at is not None:
        raise Blocked("这个标记已经解除。请刷新页面看现在的标记。", article="15")
    flag.lifted_at = at
    flag.save(update_fields=["lifted_at"])
    ledger.append(
        "registry.lift_key_flag", by=by, at=at, about=("target", flag.target_id), flag=flag.kind
    )
    return flag
