"""What can happen in this room: a year's working days are published, once or anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.rulebook.deadlines import DayKind, calendar_faults
from liancha.rulebook.verdicts import Blocked

from .models import CalendarYear, DayOff, digest_of
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
