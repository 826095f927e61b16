"""信用风险分类 as it came in, month by month, and what it changed (art. 15).

A target shows only its class of now; here is what it was before, since when and from which file.
The class is an internal reference and is never shown to the public.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models

from liancha.accounts.models import User
from liancha.queue.models import Job

UNDO_WITHIN = timedelta(days=1)  # local practice


class CreditBatchQuerySet(models.QuerySet["CreditBatch"]):
    def standing(self) -> Self:
        """Batches that were written and not taken back."""
        return self.filter(written_at__isnull=False, undone_at=None)


class CreditBatch(models.Model):
    """One monthly file of classes, or one handed over by another system.

    A file is looked at, then written or given up; what is written can be taken back within a day.

    on        the day the classes were made
    rows      lines of the file that are not blank
    unknown   codes that are not in the registry
    counts    targets of the registry by class afterwards: {"A": 120, …, "": 4}
    faults    [{"row", "value", "fault", "cure"}…]; a row with a fault was not taken
    path      the file below the media folder, until it is written or given up
    job       the work on it in the background, of a large file
    before    what the registry said of day and source until then:
              [{"on", "source", "keys": [[first, last]…]}…]
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
    path = models.CharField(max_length=200, blank=True)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+")
    looked_at = models.DateTimeField("试算", null=True, blank=True)
    written_at = models.DateTimeField("写入", null=True, blank=True)
    undone_at = models.DateTimeField("撤回", null=True, blank=True)
    before = models.JSONField(default=list, blank=True)

    objects = CreditBatchQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.source} {self.on}"

    def is_undoable(self, at: datetime) -> bool:
        """Whether there is still time to take it back."""
        return bool(
            self.written_at and self.undone_at is None and at - self.written_at <= UNDO_WITHIN
        )


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
