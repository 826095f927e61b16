"""部门抽查计划: what a department checks by itself in a year, the other part of the plan book.

Article 12 makes the joint plan a part of the yearly plan of random checks, and article 14 asks the
same eight columns of both. A part is its department's own: written, published and replaced by it.
"""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from liancha.accounts.models import Department, User
from liancha.ledger.locks import Lock, Sealed
from liancha.rulebook import quotas
from liancha.rulebook.quotas import Quota


class DepartmentPartQuerySet(models.QuerySet["DepartmentPart"]):
    def public(self) -> Self:
        return self.filter(published_at__isnull=False)

    def in_force(self, year: int, region: str) -> Self:
        """The newest published part of each department of a region."""
        return self.public().filter(year=year, department__region=region, superseded_at=None)

    def visible_to(self, user: User) -> Self:
        """What is public, and one's own department's drafts."""
        if user.sees_all_departments:
            return self
        return self.filter(Q(published_at__isnull=False) | Q(department=user.department_id))

    def open(self) -> Self:
        return self.filter(published_at=None)


class DepartmentPart(models.Model):
    """One department's own plan of a year, one version; the next one takes its place (art. 12)."""

    year = models.PositiveIntegerField("年度")
    department = models.ForeignKey(Department, models.PROTECT, related_name="plan_parts")
    version = models.PositiveIntegerField("稿次", default=1)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    published_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)

    objects = DepartmentPartQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-year", "department", "-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["year", "department", "version"], name="one_part_version"
            ),
            models.UniqueConstraint(
                fields=["year", "department"],
                condition=Q(published_at__isnull=False, superseded_at=None),
                name="one_part_in_force",
            ),
            models.UniqueConstraint(
                fields=["year", "department"],
                condition=Q(published_at=None),
                name="one_part_being_made",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.department.short} {self.year} 年部门抽查计划"

    def get_absolute_url(self) -> str:
        return reverse("plan:part", args=[self.pk])

    @property
    def is_draft(self) -> bool:
        return self.published_at is None

    @property
    def state_word(self) -> str:
        return "草稿" if self.is_draft else "已替代" if self.superseded_at else "已公布"


class DepartmentLine(models.Model):
    """部门计划行, with the eight columns of art. 14; what a published part says stays as it is.

    items     names of rows of the department's 抽查事项清单
    base      抽查基数 as the department counts it
    wording   抽查比例 in words that rulebook.quotas reads: 5%, 60–70家
    reason    why it goes alone where the item stands on the joint list too (art. 8)
    """

    part = models.ForeignKey(DepartmentPart, models.CASCADE, related_name="lines")
    name = models.CharField("任务名称", max_length=120)
    items = models.JSONField("抽查事项", default=list)
    targets = models.CharField("检查对象", max_length=200)
    executor = models.CharField("实施主体", max_length=100)
    duties = models.CharField("责任分工", max_length=300)
    base = models.PositiveIntegerField("抽查基数")
    wording = models.CharField("抽查比例", max_length=80)
    starts_on = models.DateField("开始")
    ends_on = models.DateField("结束")
    reason = models.CharField("单独检查的原因", max_length=200, blank=True)
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    lock: ClassVar[Lock] = Sealed("part", "part_id", is_fixed=False)

    class Meta:
        ordering: ClassVar = ["starts_on", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="part_line_ends_later"
            ),
            models.UniqueConstraint(fields=["part", "name"], name="one_part_line_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def quota(self) -> Quota:
        return quotas.read(self.wording)

    @property
    def count(self) -> int:
        return self.quota.count(self.base)
