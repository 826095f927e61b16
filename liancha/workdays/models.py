from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from hashlib import sha256
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.urls import reverse

from liancha.accounts.models import User
from liancha.rulebook.deadlines import DayKind


class CalendarYear(models.Model):
    """A year whose arrangement is announced. A year without a row is not known.

    source        the notice it was entered from
    edition       1, 2, …: how often this year has been published here
    published_at, published_by  None for the years that come with the software
    digest        digest_of its days: the calendar is read anew when, and only when, it changes
    """

    year = models.PositiveIntegerField("年度", primary_key=True)
    source = models.CharField("依据", max_length=120)
    edition = models.PositiveIntegerField("稿次", default=1)
    published_at = models.DateTimeField("公布时间", null=True)
    published_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    digest = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar = ["year"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(published_at__isnull=True, published_by__isnull=True)
                | Q(published_at__isnull=False, published_by__isnull=False),
                name="published_years_say_when_and_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} 年工作日历"

    def get_absolute_url(self) -> str:
        return reverse("workdays:year", args=[self.year])


class DayOff(models.Model):
    """A day that differs from Monday to Friday: a holiday, or a weekend day that is worked."""

    calendar_year = models.ForeignKey(CalendarYear, models.CASCADE, related_name="days")
    on = models.DateField("日期", unique=True)
    kind = models.CharField("安排", max_length=4, choices=DayKind.choices())
    name = models.CharField("名称", max_length=20)

    class Meta:
        ordering: ClassVar = ["on"]

    def __str__(self) -> str:
        return f"{self.on} {self.get_kind_display()} {self.name}"


def digest_of(days: Iterable[tuple[date, str, str]]) -> str:
    """SHA-256 over (day, kind, name), sorted, a line each: 64 hex digits."""
    lines = sorted(f"{on.isoformat()}\t{kind}\t{name}\n" for on, kind, name in days)
    return sha256("".join(lines).encode()).hexdigest()
