from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from hashlib import sha256
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from liancha.accounts.models import Region, User
from liancha.rulebook.deadlines import DayKind
from liancha.rulebook.quiet import LAST_DAY, Quiet, QuietKind, Strength


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


def regions_kept_by(user: User) -> models.QuerySet[Region]:
    """Regions whose quiet periods this person's office answers for: its own; the city's, all."""
    own = user.department
    if own is None or not own.is_coordinator:
        return Region.objects.none()
    if own.region.kind == Region.Kind.CITY:
        return Region.objects.all()
    return Region.objects.filter(pk=own.region_id)


class QuietPeriodQuerySet(models.QuerySet["QuietPeriod"]):
    def over(self, *regions: str | None) -> Self:
        """Periods of the city and of these regions, or of the region an area belongs to."""
        hosts = Region.objects.filter(pk__in=regions).values("host")
        return self.filter(
            Q(region__kind=Region.Kind.CITY) | Q(region__in=regions) | Q(region__in=hosts)
        )

    def kept_by(self, user: User) -> Self:
        """Periods this person's office answers for."""
        return self.filter(region__in=regions_kept_by(user))

    def not_over(self, day: date) -> Self:
        """Periods that hold on this day or on a later one, were they switched on."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=day)).filter(
            Q(ended_on=None) | Q(ended_on__gte=day)
        )

    def switched_on(self) -> Self:
        return self.exclude(strength=Strength.OFF)


class QuietPeriod(models.Model):
    """安静期 of a region: local practice, never law (E17).

    until_day          of a monthly one: quiet from the first to this day of each month
    starts_on, ends_on days of a dated one; from when, and perhaps until when, a monthly one holds
    ended_on           last day it held after it was ended early
    """

    region = models.ForeignKey(Region, models.PROTECT, verbose_name="地区", related_name="+")
    kind = models.CharField("方式", max_length=8, choices=QuietKind.choices())
    title = models.CharField("名称", max_length=40)
    source = models.CharField("依据文件", max_length=120)
    until_day = models.PositiveSmallIntegerField("每月到几日", null=True, blank=True)
    starts_on = models.DateField("开始")
    ends_on = models.DateField("结束", null=True, blank=True)
    strength = models.CharField(
        "遇到时", max_length=8, choices=Strength.choices(), default=Strength.OFF
    )
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    ended_on = models.DateField("终止", null=True, blank=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    ended_note = models.CharField("终止的依据或原因", max_length=200, blank=True)

    objects = QuietPeriodQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["region", "starts_on", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(
                    kind=QuietKind.MONTHLY,
                    until_day__isnull=False,
                    until_day__gte=1,
                    until_day__lte=LAST_DAY,
                )
                | Q(kind=QuietKind.DATED, until_day__isnull=True, ends_on__isnull=False),
                name="quiet_periods_say_their_days",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="quiet_periods_end_after_they_start",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True, ended_by__isnull=True)
                | Q(ended_on__isnull=False, ended_by__isnull=False),
                name="ended_quiet_periods_say_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def as_quiet(self) -> Quiet:
        """The period as the rulebook looks at it."""
        ends = [day for day in (self.ends_on, self.ended_on) if day is not None]
        return Quiet(
            title=self.title,
            source=self.source,
            strength=Strength(self.strength),
            starts_on=self.starts_on,
            ends_on=min(ends) if ends else None,
            until_day=self.until_day,
            region=self.region.name,
        )


def digest_of(days: Iterable[tuple[date, str, str]]) -> str:
    """SHA-256 over (day, kind, name), sorted, a line each: 64 hex digits."""
    lines = sorted(f"{on.isoformat()}\t{kind}\t{name}\n" for on, kind, name in days)
    return sha256("".join(lines).encode()).hexdigest()
