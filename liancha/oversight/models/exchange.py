"""What goes to the provincial platform as files, and the numbers that come back (art. 5)."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from liancha.accounts.models import User


class ExchangeKind(models.TextChoices):
    """What goes to the provincial platform as a file, and is known there by a number."""

    LINE = "line", "计划任务"
    TASK = "task", "抽查任务"
    DRAWN = "drawn", "抽中名单"
    RESULT = "result", "抽查结果"


class ExchangeMap(models.Model):
    """How a file for the platform looks: our fields under its headings, in its order and codes.

    columns      [{"key": "starts_on", "title": "开始时间", "codes": {"企业": "01"}}, …]
    date_format  as strftime takes it
    """

    class DateFormat(models.TextChoices):
        DASHES = "%Y-%m-%d", "2026-10-08"
        SLASHES = "%Y/%m/%d", "2026/10/08"
        PLAIN = "%Y%m%d", "20261008"
        WORDS = "%Y年%m月%d日", "2026年10月08日"

    kind = models.CharField(max_length=8, choices=ExchangeKind.choices, unique=True)
    columns = models.JSONField(default=list)
    date_format = models.CharField(
        "日期写法", max_length=12, choices=DateFormat.choices, default=DateFormat.DASHES
    )
    changed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.get_kind_display()}的对接列"


class PlatformEntry(models.Model):
    """录入监管平台: the number and receipt one of our records has there (art. 5).

    own  our number: of a plan line, a task, a draw, a publication
    """

    class Method(models.TextChoices):
        FILE = "file", "文件导入"
        HAND = "hand", "人工录入"
        LINK = "link", "接口报送"

    kind = models.CharField(max_length=8, choices=ExchangeKind.choices)
    own = models.CharField("本系统编号", max_length=40)
    number = models.CharField("监管平台编号", max_length=40, blank=True)
    receipt = models.CharField("回执号", max_length=60, blank=True)
    method = models.CharField("录入方式", max_length=4, choices=Method.choices, default=Method.FILE)
    entered_on = models.DateField("录入日期", null=True, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["kind", "own"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "own"], name="entered_once"),
            models.UniqueConstraint(
                fields=["kind", "number"], condition=~Q(number=""), name="platform_number_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.own} {self.number}"


class PlatformFileQuerySet(models.QuerySet["PlatformFile"]):
    def visible_to(self, user: User) -> Self:
        """One's own department's; all for those who see every department."""
        if user.sees_all_departments:
            return self
        return self.filter(by__department=user.department_id)


class PlatformFile(models.Model):
    """A file of numbers and receipts that came back: looked at, then written, maybe taken back.

    rows    what it would write: [{"own", "number", "receipt", "method", "entered_on",
            "before": the same four or None}, …]
    faults  [{"row", "own", "column", "value", "fault", "cure"}, …]
    """

    kind = models.CharField(max_length=8, choices=ExchangeKind.choices)
    file_name = models.CharField("文件", max_length=200)
    sha256 = models.CharField(max_length=64)
    recognised = models.CharField(max_length=200)
    rows = models.JSONField(default=list)
    faults = models.JSONField(default=list)
    unchanged = models.PositiveIntegerField(default=0)
    blank = models.PositiveIntegerField(default=0)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    committed_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = PlatformFileQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(undone_at=None) | Q(committed_at__isnull=False),
                name="undone_after_it_was_written",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("oversight:platform_file", args=[self.pk])

    @property
    def added(self) -> int:
        return sum(row["before"] is None for row in self.rows)

    @property
    def changed(self) -> int:
        return len(self.rows) - self.added
