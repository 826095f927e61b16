"""From a draft to the list in force: consultation, co-signing, approval, publication (art. 9)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from liancha.accounts.models import Department, User
from liancha.ledger import actions as ledger
from liancha.queue.actions import later
from liancha.rulebook import listing
from liancha.rulebook.lifecycles import LIST, ListState
from liancha.rulebook.verdicts import Blocked

from .. import rows as parsed
from .. import upper
from ..models import CoSign, ListVersion
from ._drafts import check_office


@transaction.atomic
def consult(*, version: ListVersion, by: User, at: datetime) -> ListVersion:
    """Send a draft to every department it names, to be co-signed.

    Raises Blocked for an empty list or a row that cannot stand in it; NeedsReason while a row from
    above is undecided.
    Source: art. 9, paragraph 1, 会同相关部门, and art. 10. Clause 9.1.
    """
    version = _locked(version, by)
    named = _check_rows(version)
    upper.check(version)
    version.advance(ListState.CONSULTING)
    version.cosigns.all().delete()
    CoSign.objects.bulk_create(
        CoSign(version=version, department=department)
        for department in sorted(named, key=lambda one: one.pk)
    )
    _log("lists.consult", version, by, at, departments=sorted(d.code for d in named))
    return version


@transaction.atomic
def send_back(*, version: ListVersion, note: str, by: User, at: datetime) -> ListVersion:
    """Take a version that is not public yet back to draft; signatures are void, and on record.

    Source: art. 9, paragraph 1.
    """
    version = _locked(version, by)
    if not note.strip():
        raise Blocked("请写明退回草稿的原因，会签部门会看到。", article="9", paragraph=1)
    version.advance(ListState.DRAFT)
    signed = sorted(version.cosigns.filter(agrees=True).values_list("department__code", flat=True))
    version.cosigns.all().delete()
    _log("lists.send_back", version, by, at, note=note.strip(), void=signed)
    return version


@transaction.atomic
def cosign(
    *,
    version: ListVersion,
    department: Department,
    opinion: str = "",
    agrees: bool = True,
    by: User,
    at: datetime,
) -> CoSign:
    """One department's word on the list. Disagreement is kept, and is no signature.

    Raises Blocked for somebody of another department, and when it has agreed already.
    Source: art. 9, paragraph 1. Clause 9.1.
    """
    version = ListVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    if version.state != ListState.CONSULTING:
        raise Blocked(f"“{version}”不在征求意见，不能会签。", article="9", paragraph=1)
    if by.department_id != department.pk:
        raise Blocked(f"只有{department}的人员能代表它会签。", article="9", paragraph=1)
    sign = version.cosigns.filter(department=department).first()
    if sign is None:
        raise Blocked(f"清单没有提到{department}，不需要它会签。", article="9", paragraph=1)
    if sign.agrees:
        raise Blocked(f"{department}已经会签同意，不能重复会签。", article="9", paragraph=1)
    if not agrees and not opinion.strip():
        raise Blocked("不同意时请写明意见，联席会议办公室据此修改。", article="9", paragraph=1)
    sign.agrees, sign.opinion = agrees, opinion.strip()[:300]
    sign.signed_by, sign.signed_at = by, at
    sign.save()
    _log(
        "lists.cosign",
        version,
        by,
        at,
        department=department.code,
        agrees=agrees,
        opinion=sign.opinion,
    )
    return sign


@transaction.atomic
def approve(*, version: ListVersion, minutes: str = "", by: User, at: datetime) -> ListVersion:
    """Approve a version that every department it names has signed.

    minutes  document number of the meeting that decided without the missing ones

    Raises NeedsReason when signatures are missing and no minutes are given.
    Source: art. 9, paragraph 1. Clause 9.1.
    """
    version = _locked(version, by)
    lacking = _check_signed(version, minutes)
    version.advance(ListState.APPROVED)
    _log("lists.approve", version, by, at, minutes=minutes.strip(), without=list(lacking))
    return version


@transaction.atomic
def publish(*, version: ListVersion, by: User, at: datetime) -> ListVersion:
    """Put a version in force: it is public and sealed, and the one before is superseded.

    Raises NeedsReason while a row of an upper list is neither adopted nor left out with a reason.
    Source: art. 8, paragraph 2, 通过相关网站和平台向社会公开; art. 9, paragraphs 1 and 2.
    Clause 8.3.
    """
    version = _locked(version, by)
    upper.check(version)
    LIST.step(ListState(version.state), ListState.PUBLISHED)
    before = ListVersion.objects.in_force(version.kind, version.region_id).first()
    if before:
        before.advance(ListState.SUPERSEDED)
    version.published_at = at
    version.state = ListState.PUBLISHED
    version.save(update_fields=["published_at", "state"])
    entry = _log(
        "lists.publish",
        version,
        by,
        at,
        list=version.kind,
        title=version.title,
        document=version.document_number,
        rows=version.fields.count() if version.is_joint else version.items.count(),
        supersedes=before.number if before else 0,
    )
    ledger.seal("list", version.pk, entry=entry)
    if version.is_joint:
        later("registry.sync_supervisors", version.pk)
    return version


def _locked(version: ListVersion, by: User) -> ListVersion:
    version = ListVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    check_office(by, version.region_id)
    return version


def _check_rows(version: ListVersion) -> set[Department]:
    """Every row once more; the departments they name."""
    named: set[Department] = set()
    fields = version.fields.select_related("initiator").prefetch_related(
        "cooperators", "items__department"
    )
    for field in fields:
        row = parsed.of_field(field)
        row.check(f"“{field.name}”")
        named |= {field.initiator, *row.cooperators, *(item.department for item in row.items)}
    for item in version.items.select_related("department"):
        parsed.of_item(item).check(f"第 {item.position} 行")
        named.add(item.department)
    if not named:
        raise Blocked("清单还没有内容。请先加入抽查事项再征求意见。", article="10", paragraph=1)
    return named


def _check_signed(version: ListVersion, minutes: str) -> tuple[str, ...]:
    names = dict(version.cosigns.values_list("department__name", "agrees"))
    return listing.check_cosigned(
        named=names.keys(),
        signed=[name for name, agrees in names.items() if agrees],
        minutes=minutes,
    )


def _log(what: str, version: ListVersion, by: User, at: datetime, **facts: Any) -> ledger.Entry:
    return ledger.append(
        what, by=by, at=at, about=("list", version.pk), version=version.number, **facts
    )
