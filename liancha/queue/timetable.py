"""Jobs that come round by themselves, as long as a worker runs."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone


def every(minutes: int, job: str) -> None:
    """Run `liancha.<room>.jobs.<name>()` so often. Saying it again changes the minutes only."""
    from django_q.models import Schedule

    _keep(job, schedule_type=Schedule.MINUTES, minutes=minutes)


def nightly(hour: int, minute: int, job: str, *, now: datetime) -> None:
    """Run it once a day at this time of the city. Saying it again changes the time only."""
    from django_q.models import Schedule

    today = timezone.localdate(now)
    first = timezone.make_aware(datetime.combine(today, time(hour, minute)))
    if first <= now:
        first = timezone.make_aware(datetime.combine(today + timedelta(days=1), time(hour, minute)))
    _keep(job, schedule_type=Schedule.DAILY, next_run=first)


def _keep(job: str, **when: Any) -> None:
    from django_q.models import Schedule

    Schedule.objects.update_or_create(
        name=job,
        defaults={
            "func": "liancha.queue.actions.run",
            "args": repr((job,)),
            "repeats": -1,
            **when,
        },
    )
