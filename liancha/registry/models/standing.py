"""Licences and marks that came in by table: an import, and what it did to each target."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.urls import reverse

from liancha.accounts.models import User
from liancha.papers.models import TableImport
from liancha.queue.models import Job

from .targets import Target


class StandingImportQuerySet(models.QuerySet["StandingImport"]):
    def visible_to(self, user: User) -> Self:
        """One's own department's imports; the coordinating office and supervisors see all."""
        if user.sees_all_departments:
            return self
        return self.filter(by__department=user.department_id) if user.department_id else self.none()


class StandingImport(TableImport):
    """One uploaded table of licences, or of marks and members of 专项库.

    job  the work that looks at it, writes it or takes it back, where that takes long
    """

    class Subject(models.TextChoices):
        LICENCES = "licences", "许可证"
        MARKS = "marks", "专项库和重点标记"

    subject = models.CharField("内容", max_length=10, choices=Subject.choices)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = StandingImportQuerySet.as_manager()

    class Meta(TableImport.Meta):
        pass

    def get_absolute_url(self) -> str:
        return reverse("registry:standing_import", args=[self.pk])


class StandingChange(models.Model):
    """What one import gave to one target or changed there, so that it can be taken back.

    record  key of the licence, the mark or the tagging
    before  as it was, plain values; empty for a new one
    after   the same as the import left it
    """

    class What(models.TextChoices):
        LICENCE = "licence", "许可证"
        FLAG = "flag", "重点标记"
        TAG = "tag", "专项库"

    batch = models.ForeignKey(StandingImport, models.CASCADE, related_name="changes")
    target = models.ForeignKey(Target, models.CASCADE, related_name="standing_changes")
    what = models.CharField(max_length=8, choices=What.choices)
    record = models.PositiveBigIntegerField()
    is_new = models.BooleanField(default=False)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.batch} → {self.target}"
