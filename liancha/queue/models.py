from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from liancha.rulebook import lifecycles
from liancha.rulebook.lifecycles import JobState


class Job(models.Model):
    """Long work somebody asked for: how far it is, what came of it.

    done, total  in the unit the job counts in; total 0 while unknown
    """

    name = models.CharField(max_length=60)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="jobs"
    )
    state = models.CharField(
        max_length=12, choices=lifecycles.choices(JobState), default=JobState.WAITING
    )
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} #{self.pk}"

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0
