"""What departs from one draw a task: supplementary batches, and drawing one side only."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from liancha.accounts.models import Department, User
from liancha.task.models import Task

from .draws import Draw


class Supplement(models.Model):
    """补抽: a further batch of a task, asked for with a reason and agreed by the head (A7).

    after   the locked draw it adds to, the last of its chain
    wanted  [[stratum, number]…]: how many more of each
    draw    the batch itself, once its pool is frozen; a new one after a void
    """

    after = models.ForeignKey(Draw, models.PROTECT, related_name="supplements_asked")
    wanted = models.JSONField("补抽户数")
    reason = models.CharField("补抽原因", max_length=300)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    is_agreed = models.BooleanField("同意", null=True, blank=True)
    note = models.CharField("批复意见", max_length=200, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    draw = models.ForeignKey(
        Draw, models.PROTECT, null=True, blank=True, related_name="asked_for_by"
    )

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["after"],
                condition=Q(is_agreed__isnull=True) | Q(is_agreed=True),
                name="one_supplement_a_draw",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.after} 补抽"

    @property
    def count(self) -> int:
        """How many more in all."""
        return sum(number for _, number in self.wanted)


class SingleRandom(models.Model):
    """单随机 (art. 19, paragraph 2): one side is too small to be drawn, and is fixed instead.

    random      what is still left to chance in the visits of that department, or of all
    department  whose people are too few; None where the targets are
    shortage    the figures the system had then: {"have", "wanted"}, people against those
                of one visit, or the pool against the number to draw
    """

    class Random(models.TextChoices):
        TARGETS = "targets", "只随机抽取检查对象"
        INSPECTORS = "inspectors", "只随机抽取执法检查人员"
        NOTHING = "nothing", "两方都不随机"

    task = models.ForeignKey(Task, models.PROTECT, related_name="single_randoms")
    random = models.CharField("随机的一方", max_length=12, choices=Random.choices)
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="+"
    )
    shortage = models.JSONField("系统查明的不足")
    reason = models.CharField("原因", max_length=300)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    is_agreed = models.BooleanField("同意", null=True, blank=True)
    note = models.CharField("批复意见", max_length=200, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["task", "department"],
                condition=Q(is_agreed__isnull=True) | Q(is_agreed=True),
                name="one_single_random_a_department",
            ),
            models.UniqueConstraint(
                fields=["task"],
                condition=Q(department__isnull=True)
                & (Q(is_agreed__isnull=True) | Q(is_agreed=True)),
                name="one_single_random_of_targets",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.get_random_display()}"
