from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from liancha.rulebook import lifecycles
from liancha.rulebook.lifecycles import JobState

LIVE = (JobState.WAITING, JobState.RUNNING)
LATE = timedelta(seconds=15)  # a worker that is there takes a job up sooner


class JobQuerySet(models.QuerySet["Job"]):
    def about(self, subject: str) -> Self:
        """Jobs for one thing, "draw.lock:42"; newest first."""
        return self.filter(about=subject)

    def live(self) -> Self:
        """Waiting or under way."""
        return self.filter(state__in=LIVE)


class Job(models.Model):
    """Long work somebody asked for: how far it is, what came of it.

    about        "draw.lock:42": there is one live job about a thing, however often it is asked
    done, total  in the unit the job counts in; total 0 while unknown
    beat_at      when its worker was last heard of; empty for jobs that do not tell
    leads_to     path of the page that shows what came of it
    """

    name = models.CharField(max_length=60)
    about = models.CharField(max_length=80, blank=True, db_index=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="jobs"
    )
    state = models.CharField(
        max_length=12, choices=lifecycles.choices(JobState), default=JobState.WAITING
    )
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)
    leads_to = models.CharField(max_length=200, blank=True)
    asked_at = models.DateTimeField()
    beat_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["about"],
                condition=Q(state__in=[state.value for state in LIVE]) & ~Q(about=""),
                name="one_live_job_about_a_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} #{self.pk}"

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def is_done(self) -> bool:
        return self.state == JobState.DONE

    @property
    def has_failed(self) -> bool:
        return self.state == JobState.FAILED

    def is_late(self, now: datetime) -> bool:
        """No worker has taken it up although one should have."""
        return self.state == JobState.WAITING and now - self.asked_at > LATE
