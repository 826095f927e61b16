"""What the lists rest on: laws and their status, lists from above, duties, mechanisms.

Nothing here writes a row of a list: a repealed law flags the rows that cite it, and people decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction

from liancha.accounts.models import Department, User
from liancha.ledger import actions as ledger
from liancha.rulebook.eligibility import Duty
from liancha.rulebook.regions import CITY
from liancha.rulebook.verdicts import Blocked, NeedsReason

from ..models import (
    FieldDuty,
    LegalBasis,
    ListVersion,
    Mechanism,
    UpperDecision,
    UpperList,
    UpperRow,
)
from ._drafts import check_office


@transaction.atomic
def record_basis(
    *,
    title: str,
    status: str,
    since: date | None = None,
    document_number: str = "",
    note: str = "",
    by: User,
    at: datetime,
) -> LegalBasis:
    """Enter a law, or say that it is amended or repealed. Rows that cite it are flagged, not cut.

    Raises Blocked without a name, or for an end without its day.
    Source: art. 8, paragraph 2, 法律、法规、规章立改废释. Clause 8.5.
    """
    check_office(by, CITY)
    name = title.strip().strip("《》")
    if not name:
        raise Blocked("请写法律法规的名称。", article="8", paragraph=2)
    if status != LegalBasis.Status.IN_FORCE and since is None:
        raise Blocked(
            f"《{name}》从哪一天起{LegalBasis.Status(status).label}？请填写日期。",
            article="8",
            paragraph=2,
        )
    basis, _ = LegalBasis.objects.update_or_create(
        title=name,
        defaults={
            "status": status,
            "since": since,
            "document_number": document_number.strip(),
            "note": note.strip()[:300],
            "at": at,
            "by": by,
        },
    )
    ledger.append(
        "lists.record_basis",
        by=by,
        at=at,
        about=("basis", basis.pk),
        title=name,
        status=status,
        since=since.isoformat() if since else "",
    )
    return basis


@transaction.atomic
def load_upper(
    *,
    level: str,
    title: str,
    rows: Sequence[Mapping[str, str]],
    document_number: str = "",
    by: User,
    at: datetime,
) -> UpperList:
    """Take in a joint list of the nation or the province, whole.

    rows  code, name, and as far as the file says them targets, items, initiator, cooperators

    An earlier list with the same title is no longer used. Raises Blocked for an empty one.
    Source: art. 9, paragraph 1 (一). Clause 9.3(1).
    """
    check_office(by, CITY)
    if not rows:
        raise Blocked("文件里没有领域。请检查是否选对了文件。", article="9", paragraph=1)
    for n, row in enumerate(rows, 1):
        if not row.get("code") or not row.get("name"):
            raise Blocked(
                f"第 {n} 行没有代码或领域名称。请补全后再导入。", article="9", paragraph=1
            )
    codes = [row["code"] for row in rows]
    if doubled := sorted({code for code in codes if codes.count(code) > 1}):
        raise Blocked(f"代码重复：{'、'.join(doubled)}。请各保留一个。", article="9", paragraph=1)
    UpperList.objects.filter(title=title.strip(), is_over=False).update(is_over=True)
    upper = UpperList.objects.create(
        level=level, title=title.strip(), document_number=document_number.strip(), at=at, by=by
    )
    UpperRow.objects.bulk_create(
        UpperRow(
            upper=upper,
            code=row["code"],
            name=row["name"],
            targets=row.get("targets", "")[:300],
            items=row.get("items", ""),
            initiator=row.get("initiator", "")[:80],
            cooperators=row.get("cooperators", "")[:300],
        )
        for row in rows
    )
    ledger.append(
        "lists.load_upper",
        by=by,
        at=at,
        about=("upper", upper.pk),
        level=level,
        title=upper.title,
        rows=len(rows),
    )
    return upper


@transaction.atomic
def decide_upper(
    *,
    version: ListVersion,
    key: str,
    adopted_as: str = "",
    cause: str = "",
    reason: str = "",
    by: User,
    at: datetime,
) -> UpperDecision:
    """Adopt a row from above as one of our fields, or leave it out with a reason.

    key  UpperRow.key, or for a county the code of a field of the city's list

    Raises Blocked for a version that is approved or public, or a field that is not on it;
    NeedsReason without a reason.
    Source: art. 9, paragraph 1 (一) and paragraph 2. Clauses 9.3(1) and 9.4.
    """
    version = ListVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    check_office(by, version.region_id)
    _check_open(version)
    row = _row(key)
    name = row.name if row else _citys(version, key)
    if not name:
        raise Blocked("上级清单中没有这个领域。请刷新页面再办。", article="9")
    if adopted_as and not version.fields.filter(code=adopted_as).exists():
        raise Blocked(
            f"本版清单中没有代码为 {adopted_as} 的领域。请先加入这个领域，再关联。", article="9"
        )
    words = reason.strip()
    if not adopted_as and not words and cause in (UpperDecision.Cause.OTHER, ""):
        raise NeedsReason(
            f"“{name}”不纳入，请写明原因（本地没有此类对象、没有相应职权）。", article="9"
        )
    decision, _ = UpperDecision.objects.update_or_create(
        version=version,
        key=key,
        defaults={
            "row": row,
            "name": name,
            "adopted_as": adopted_as,
            "cause": "" if adopted_as else cause or UpperDecision.Cause.OTHER,
            "reason": words[:300] or ("" if adopted_as else UpperDecision.Cause(cause).label),
            "at": at,
            "by": by,
        },
    )
    ledger.append(
        "lists.decide_upper",
        by=by,
        at=at,
        about=("list", version.pk),
        version=version.number,
        name=name,
        adopted=adopted_as,
        cause=decision.cause,
        reason=decision.reason,
    )
    return decision


def _check_open(version: ListVersion) -> None:
    """Nobody has approved yet what is decided. Raises Blocked (arts. 8, 9)."""
    if version.is_public:
        raise Blocked(
            f"“{version}”已公布，不能再改。请在编制新版时决定。", article="8", paragraph=2
        )
    if version.is_settled:
        raise Blocked(
            f"“{version}”已批准，上级领域的取舍不能再改。请先退回草稿，决定后重新会签、批准。",
            article="9",
            paragraph=1,
        )


def _row(key: str) -> UpperRow | None:
    """The row of an upper list with this key; None for the code of a field of the city's."""
    same = UpperRow.objects.filter(code=key.partition(":")[2]) if ":" in key else ()
    return next((each for each in same if each.key == key), None)


@transaction.atomic
def record_duty(
    *,
    department: Department,
    code: str,
    name: str,
    duty: str,
    basis: str,
    by: User,
    at: datetime,
) -> FieldDuty:
    """Write down what duty a department holds in a field, and where that is laid down.

    A county branch holds its system's duty, so duties are the city's departments'.
    Raises Blocked without a basis, or for a body without powers of its own.
    Source: art. 10, paragraph 2. Clauses 9.2 and 10.3.
    """
    check_office(by, CITY)
    holder = department.system or department
    if not basis.strip():
        raise Blocked(
            f"请写明{holder.short}在“{name}”领域职责的依据，例如三定规定或法律条款。",
            article="10",
            paragraph=2,
        )
    if not holder.is_qualified:
        raise Blocked(f"{holder}无行政检查主体资格，不登记职责。", article="2", paragraph=2)
    found, _ = FieldDuty.objects.update_or_create(
        department=holder,
        code=code,
        defaults={
            "name": name,
            "duty": Duty(duty).value,
            "basis": basis.strip()[:200],
            "at": at,
            "by": by,
        },
    )
    ledger.append(
        "lists.record_duty",
        by=by,
        at=at,
        department=holder.code,
        field=code,
        duty=found.duty,
        basis=found.basis,
    )
    return found


@transaction.atomic
def record_mechanism(
    *,
    name: str,
    lead: Department,
    subject: str,
    members: str = "",
    is_convertible: bool = True,
    field_code: str = "",
    note: str = "",
    by: User,
    at: datetime,
) -> Mechanism:
    """Enter a standing mechanism of joint work, or what became of it.

    Raises Blocked for a field that is not on the list in force or in work.
    Source: art. 9, paragraph 1 (三). Clause 9.3(3).
    """
    region = by.department.region_id if by.department else CITY
    check_office(by, region)
    if field_code and not _known_field(field_code, region):
        raise Blocked(
            f"清单中没有代码为 {field_code} 的领域。请核对代码。", article="9", paragraph=1
        )
    found, _ = Mechanism.objects.update_or_create(
        region_id=region,
        name=name.strip(),
        defaults={
            "lead": lead,
            "subject": subject.strip(),
            "members": members.strip(),
            "is_convertible": is_convertible,
            "field_code": field_code,
            "note": note.strip()[:300],
            "at": at,
            "by": by,
        },
    )
    ledger.append(
        "lists.record_mechanism",
        by=by,
        at=at,
        about=("mechanism", found.pk),
        name=found.name,
        convertible=is_convertible,
        field=field_code,
    )
    return found


def _citys(version: ListVersion, code: str) -> str:
    """The name of a field of the city's list in force; "" if there is none, or we are the city."""
    if version.region_id == CITY:
        return ""
    city = ListVersion.objects.in_force(version.kind, CITY).first()
    field = city.fields.filter(code=code).first() if city else None
    return field.name if field else ""


def _known_field(code: str, region: str) -> bool:
    return (
        ListVersion.objects.filter(kind=ListVersion.Kind.JOINT, region__in=(CITY, region))
        .exclude(state="superseded")
        .filter(fields__code=code)
        .exists()
    )
