"""Jobs that come round by themselves, as long as a worker runs."""

from __future__ import annotations


def every(minutes: int, job: str) -> None:
    """Run `liancha.<room>.jobs.<name>()` so often. Saying it again changes the minutes only."""
    from django_q.models import Schedule

    Schedule.objects.update_or_create(
        name=job,
        defaults={
            "func": "liancha.queue.actions.run",
            "args": repr((job,)),
            "schedule_type": Schedule.MINUTES,
            "minutes": minutes,
            "repeats": -1,
        },
    )
