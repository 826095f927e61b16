"""What can happen in this room: a year's working days are published; quiet periods are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from liancha.accounts.models import Region, User
from liancha.ledger import actions as ledger
from liancha.rulebook import quiet
from liancha.rulebook.deadlines import DayKind, calendar_faults
from liancha.rulebook.quiet import QuietKind, Strength
from liancha.rulebook.verdicts import Blocked

from .models import CalendarYear, DayOff, QuietPeriod, digest_of, regions_kept_by
from .notices import Day


@transaction.atomic
def publish_year(
    *, year: int, source: str, days: Sequence[Day], by: User, at: datetime
) -> CalendarYear:
    """Publish which days of a year are worked, in place of what was published for it before.

    Terms written down earlier stay as they are; whoever shows a term that was not known asks the
    calendar again. Raises Blocked when the days cannot be a calendar.
    Source: art. 22, 工作日.
    """
    if faults := calendar_faults(year, [(day.on, day.kind) for day in days]):
        raise Blocked("".join(faults), article="22")
    digest = digest_of((day.on, day.kind.value, day.name) for day in days)
    before = CalendarYear.objects.select_for_update().filter(year=year).first()
    edition = before.edition + 1 if before else 1
    published, _ = CalendarYear.objects.update_or_create(
        year=year,
        defaults={
            "source": source,
            "edition": edition,
            "published_at": at,
            "published_by": by,
            "digest": digest,
        },
    )
    published.days.all().delete()
    DayOff.objects.bulk_create(
        DayOff(calendar_year=published, on=day.on, kind=day.kind, name=day.name) for day in days
    )
    ledger.append(
        "workdays.publish_year",
        by=by,
        at=at,
        about=("workdays", year),
        year=year,
        edition=edition,
        source=source,
        digest=digest,
        rest=[day.on.isoformat() for day in days if day.kind is DayKind.REST],
        work=[day.on.isoformat() for day in days if day.kind is DayKind.WORK],
    )
    return published


@transaction.atomic
def add_quiet_period(
    *,
    region: Region,
    kind: str,
    title: str,
    source: str,
    starts_on: date,
    ends_on: date | None = None,
    until_day: int | None = None,
    strength: str = Strength.OFF,
    by: User,
    at: datetime,
) -> QuietPeriod:
    """Register a period with the document it rests on; off unless somebody says otherwise.

    until_day  of a monthly one: quiet from the first to this day

    Raises Blocked: another office's region, days that leave no room for checks.
    Source: E17, local practice; art. 6, paragraph 1, for whose word it is.
    """
    _check_keeper(region, by)
    kind = QuietKind(kind)
    quiet.check_period(
        kind=kind, title=title, source=source, first=starts_on, last=ends_on, until_day=until_day
    )
    period = QuietPeriod.objects.create(
        region=region,
        kind=kind,
        title=title.strip(),
        source=source.strip(),
        until_day=until_day if kind is QuietKind.MONTHLY else None,
        starts_on=starts_on,
        ends_on=ends_on,
        strength=Strength(strength),
        added_by=by,
        added_at=at,
    )
    _append(
        "workdays.add_quiet_period",
        period,
        by,
        at,
        days=period.as_quiet.days,
        source=period.source,
        starts_on=starts_on.isoformat(),
        ends_on=ends_on.isoformat() if ends_on else "",
        strength=str(period.strength),
    )
    return period


@transaction.atomic
def set_quiet_strength(
    *, period: QuietPeriod, strength: str, by: User, at: datetime
) -> QuietPeriod:
    """Switch a period off, to a remark, or to a written exemption. The same again is nothing new.

    Raises Blocked: another office's region, a period that was ended.
    Source: E17, local practice.
    """
    period = _held(period, by)
    before, period.strength = period.strength, Strength(strength)
    if before == period.strength:
        return period
    period.save(update_fields=["strength"])
    _append(
        "workdays.set_quiet_strength",
        period,
        by,
        at,
        before=str(before),
        strength=str(period.strength),
    )
    return period


@transaction.atomic
def end_quiet_period(*, period: QuietPeriod, note: str, by: User, at: datetime) -> QuietPeriod:
    """End a period: from tomorrow on it no longer holds. What was written for it stays.

    Raises Blocked: another office's region, a period that was ended, no reason.
    Source: E17, local practice.
    """
    period = _held(period, by)
    if not note.strip():
        raise Blocked("还没有写终止的依据或原因。企业会看到，请写明。", article="6", paragraph=1)
    period.ended_on, period.ended_by = timezone.localdate(at), by
    period.ended_note = note.strip()
    period.save(update_fields=["ended_on", "ended_by", "ended_note"])
    _append(
        "workdays.end_quiet_period",
        period,
        by,
        at,
        ended_on=period.ended_on.isoformat(),
        note=period.ended_note,
    )
    return period


def _held(period: QuietPeriod, by: User) -> QuietPeriod:
    """The period, held until the transaction ends; not yet ended, and of this office."""
    period = (
        QuietPeriod.objects.select_for_update(of=("self",))
        .select_related("region")
        .get(pk=period.pk)
    )
    _check_keeper(period.region, by)
    if period.ended_on is not None:
        raise Blocked(
            f"“{period}”已于 {period.ended_on} 终止。需要恢复的，请另登记一个。",
            article="6",
            paragraph=1,
        )
    return period


def _check_keeper(region: Region, by: User) -> None:
    """The coordinating office of the region, or the city's."""
    if not regions_kept_by(by).filter(pk=region.pk).exists():
        raise Blocked(
            f"{region}的安静期由本级或市级联席会议办公室登记。请由它办理。",
            article="6",
            paragraph=1,
        )


def _append(what: str, period: QuietPeriod, by: User, at: datetime, **facts: Any) -> None:
    ledger.append(
        what,
        by=by,
        at=at,
        about=("quiet", period.pk),
        region=period.region_id,
        title=period.title,
        **facts,
    )
