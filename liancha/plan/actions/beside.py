"""Filings of a plan and campaigns outside it (arts. 13 and 16)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.timezone import localdate

from liancha.accounts.models import Department, User
from liancha.ledger import actions as ledger
from liancha.lists.models import JointField
from liancha.rulebook import planning
from liancha.rulebook.verdicts import Blocked

from ..models import Campaign, Filing, Plan
from .standing import append, coordinating, locked


@transaction.atomic
def file_plan(
    *, plan: Plan, kind: str, to: str, number: str = "", on: date, by: User, at: datetime
) -> Filing:
    """Note that the plan, or last year's figures, were handed in; the newest note stands.

    Raises Blocked for anybody but the coordinating office, and for a day to come.
    Source: art. 16, 及时录入; filing itself is asked by 国办发〔2024〕54号 (E18, E19).
    """
    coordinating(by, plan)
    plan = locked(plan)
    wanted = Filing.Kind(kind)
    if wanted is Filing.Kind.REPORT:
        about: dict[str, Any] = {"year": plan.year, "region": plan.region, "kind": wanted}
        _check_year(plan.year, on)
    else:
        about = {"plan": plan, "kind": wanted}
    filing = _note(about, to=to, number=number, on=on, by=by, at=at)
    append("plan.file", plan, by, at, kind=str(filing.kind), to=filing.to, on=on.isoformat())
    return filing


@transaction.atomic
def file_report(
    *, year: int, to: str, number: str = "", on: date, by: User, at: datetime
) -> Filing:
    """Note that the figures of the year before were handed in, whether or not a plan is begun.

    year  in which they are due, by 31 January

    Raises Blocked for anybody but a coordinating office, for a day to come, and for one before
    the year they tell of was over.
    Source: art. 16 with 国办发〔2024〕54号 (E18).
    """
    office = coordinating(by)
    _check_year(year, on)
    about = {"year": year, "region": office.region, "kind": Filing.Kind.REPORT}
    filing = _note(about, to=to, number=number, on=on, by=by, at=at)
    ledger.append(
        "plan.file_report",
        by=by,
        at=at,
        about=("filing", filing.pk),
        year=year - 1,
        region=office.region_id,
        to=filing.to,
        on=on.isoformat(),
    )
    return filing


def _note(
    about: dict[str, Any], *, to: str, number: str, on: date, by: User, at: datetime
) -> Filing:
    if not to.strip():
        raise Blocked("还没有写接收单位。请填写。", article="16")
    if on > localdate(at):
        raise Blocked(f"报送日期 {on} 还没有到。请改正。", article="16")
    said = {"to": to.strip(), "number": number.strip(), "filed_on": on, "by": by, "at": at}
    filing, _ = Filing.objects.update_or_create(**about, defaults=said)
    return filing


def _check_year(year: int, on: date) -> None:
    if on.year < year:
        raise Blocked(
            f"{year - 1} 年在报送日期 {on} 还没有结束，没有全年的执法数据。请改正日期。",
            article="16",
        )


@transaction.atomic
def register_campaign(
    *,
    title: str,
    department: Department,
    basis: str,
    fields: Sequence[JointField] = (),
    is_joint: bool = True,
    solo_reason: str = "",
    approved_by_body: str = "",
    approval: str = "",
    starts_on: date,
    ends_on: date,
    by: User,
    at: datetime,
) -> Campaign:
    """Enter a campaign; one that touches the joint list is joint, or says why not.

    Raises Blocked without its papers, NeedsReason by art. 13, paragraph 2.

    Source: clause 13.4.
    """
    _check_registrar(department, by)
    if not title.strip() or not basis.strip():
        raise Blocked("还没有写名称或来源文件。请补全。", article="13", paragraph=2)
    if ends_on < starts_on:
        raise Blocked("结束日期早于开始日期。请改正。", article="13", paragraph=2)
    planning.check_campaign(
        title.strip(),
        touched=[field.name for field in fields],
        is_joint=is_joint,
        solo_reason=solo_reason,
        approval=approval,
        approved_by_body=approved_by_body,
    )
    campaign = Campaign.objects.create(
        title=title.strip(),
        department=department,
        basis=basis.strip(),
        is_joint=is_joint,
        solo_reason=solo_reason.strip(),
        approved_by_body=approved_by_body.strip(),
        approval=approval.strip(),
        starts_on=starts_on,
        ends_on=ends_on,
        by=by,
        at=at,
    )
    campaign.fields.set(fields)
    ledger.append(
        "plan.register_campaign",
        by=by,
        at=at,
        about=("campaign", campaign.pk),
        title=campaign.title,
        joint=is_joint,
        fields=[field.code for field in fields],
        reason=campaign.solo_reason,
    )
    return campaign


def _check_registrar(department: Department, by: User) -> None:
    own = by.department
    if own is None or (own.pk != department.pk and not own.is_coordinator):
        raise Blocked("专项整治由开展的部门登记。请改选本部门。", article="13", paragraph=2)
