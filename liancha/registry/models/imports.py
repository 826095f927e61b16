"""What came in with files: imports, their faults, what they changed."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.urls import reverse

from liancha.accounts.models import User
from liancha.queue.models import Job

from .targets import Target


class RegisterQuerySet(models.QuerySet["Import"]):
    def visible_to(self, user: User) -> Self:
        """One's own department's imports; the coordinating office and supervisors see all."""
        if user.sees_all_departments:
            return self
        return self.filter(by__department=user.department_id) if user.department_id else self.none()

    def written(self) -> Self:
        return self.filter(written_at__isnull=False)

    def settled(self) -> Self:
        """Written or given up: the uploaded file is not read any more."""
        return self.filter(models.Q(written_at__isnull=False) | models.Q(given_up_at__isnull=False))


class Import(models.Model):
    """One uploaded register: what came in, what was wrong, what the file looked like.

    path        where the file waits, below MEDIA_ROOT, until it is written or given up
    rows        rows of the file that are not blank
    pending     of the rows taken: how many wait as 待核
    faulty      rows not taken
    mended      what was put right by itself: {"全角改为半角": 214}
    columns     [heading of the file, what it was taken for], in the file's order
    written_at  empty for a dry run that nobody has committed
    undone_at   when it was taken back, within a day of being written
    first_key   of the targets it brought in; others may lie between (see TargetQuerySet.came_with)
    """

    file_name = models.CharField("文件", max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField("字节", default=0)
    path = models.CharField(max_length=300, blank=True)
    recognised = models.CharField("识别结果", max_length=200, blank=True)
    columns = models.JSONField("列的对应", default=list)
    titles = models.JSONField("原标题", default=list)
    mended = models.JSONField("自动整理", default=dict)
    rows = models.PositiveIntegerField("合计", default=0)
    added = models.PositiveIntegerField("新增", default=0)
    changed = models.PositiveIntegerField("变更", default=0)
    unchanged = models.PositiveIntegerField("未变", default=0)
    pending = models.PositiveIntegerField("待核", default=0)
    faulty = models.PositiveIntegerField("有误", default=0)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField(null=True, blank=True)
    written_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField("撤回时间", null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)
    first_key = models.PositiveBigIntegerField(null=True, blank=True)
    last_key = models.PositiveBigIntegerField(null=True, blank=True)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = RegisterQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("registry:import", args=[self.pk])

    @property
    def taken(self) -> int:
        """Rows that are written or would be."""
        return self.added + self.changed

    @property
    def is_open(self) -> bool:
        return self.written_at is None and self.given_up_at is None


class ImportFault(models.Model):
    """One cell that could not be taken, or (a remark) was taken with a doubt.

    row    as Excel numbers it
    line   the whole row as it stood in the file
    """

    batch = models.ForeignKey(Import, models.CASCADE, related_name="faults")
    row = models.PositiveIntegerField("行")
    name = models.CharField("名称", max_length=200, blank=True)
    column = models.CharField("列", max_length=60)
    value = models.CharField("文件中的值", max_length=300, blank=True)
    fault = models.CharField("哪里不对", max_length=200)
    cure = models.CharField("怎么改", max_length=300)
    is_remark = models.BooleanField(default=False)
    line = models.JSONField("原行", default=list)

    class Meta:
        ordering: ClassVar = ["row", "id"]
        indexes: ClassVar = [models.Index(fields=["batch", "row"], name="fault_batch_row")]

    def __str__(self) -> str:
        return f"第 {self.row} 行 {self.column}：{self.fault}"


class ImportChange(models.Model):
    """What one import changed of one target that was there; a new one says `came_with`."""

    batch = models.ForeignKey(Import, models.CASCADE, related_name="changes")
    target = models.ForeignKey(Target, models.CASCADE, related_name="import_changes")
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.batch} → {self.target}"
