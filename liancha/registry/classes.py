"""信用风险分类 as it came in, month by month, and what it changed (art. 15).

A target shows only its class of now; here is what it was before, since when and from which file.
The class is an internal reference and is never shown to the public.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from liancha.accounts.models import User


class CreditBatch(models.Model):
    """One monthly file of classes, or one handed over by another system.

    on        the day the classes were made
    rows      lines of the file that are not blank
    unknown   codes that are not in the registry
    counts    targets of the registry by class afterwards: {"A": 120, …, "": 4}
    faults    [{"row", "value", "fault", "cure"}…]; a row with a fault was not taken
    """

    file_name = models.CharField("文件", max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    source = models.CharField("来源", max_length=60)
    on = models.DateField("分类日期")
    rows = models.PositiveIntegerField("合计", default=0)
    changed = models.PositiveIntegerField("变更", default=0)
    unchanged = models.PositiveIntegerField("未变", default=0)
    unknown = models.PositiveIntegerField("库中没有", default=0)
    faulty = models.PositiveIntegerField("有误", default=0)
    counts = models.JSONField("分布", default=dict)
    faults = models.JSONField(default=list)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.source} {self.on}"


class CreditChange(models.Model):
    """One target's class before and after one batch; "" is 未分类."""

    batch = models.ForeignKey(CreditBatch, models.CASCADE, related_name="changes")
    target = models.ForeignKey("registry.Target", models.CASCADE, related_name="credit_changes")
    before = models.CharField("原分类", max_length=1, blank=True)
    after = models.CharField("新分类", max_length=1, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.target}：{self.before or '未分类'}→{self.after or '未分类'}"
