"""Inspections of a target that is not drawn for them, and what inspections found (art. 8).

A complaint or a clue is a case: it is answered by itself and never put into a pool.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import CharField, Exists, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse

from liancha.accounts.models import Department, User
from liancha.rulebook.listing import SoloReason

from .targets import Target

REUSED_WITHIN = 180  # local practice: days during which a result of others may stand in (E25)


class InspectionFactQuerySet(models.QuerySet["InspectionFact"]):
    def recent(self, on: date) -> Self:
        """Results young enough to stand in for another visit."""
        return self.filter(on__gt=on - timedelta(days=REUSED_WITHIN), on__lte=on)

    def of_others(self, department: Department) -> Self:
        return self.exclude(department=department)


class InspectionFact(models.Model):
    """What an inspection of a target found, told to this room by the one that made it.

    origin     joint check, solo check or case check
    reference  number under which its papers are found
    """

    class Origin(models.TextChoices):
        JOINT = "joint", "联合抽查"
        SOLO = "solo", "单独检查"
        CASE = "case", "个案检查"

    target = models.ForeignKey(Target, models.CASCADE, related_name="inspections")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    origin = models.CharField("来源", max_length=6, choices=Origin.choices)
    on = models.DateField("检查日期")
    subject = models.CharField("检查了什么", max_length=200)
    outcome = models.CharField("结果", max_length=120)
    reference = models.CharField("编号", max_length=60, blank=True)
    at = models.DateTimeField()

    objects = InspectionFactQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-on", "-pk"]
        indexes: ClassVar = [models.Index(fields=["on"], name="inspection_fact_on")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["target", "department", "reference"],
                condition=~Q(reference=""),
                name="inspection_fact_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.department.short} {self.on} {self.outcome}"


SOLO_REFERENCE = "solo-"  # and the number of the request: how its result is found
SOLO_STATES = (
    ("waiting", "待批准"),
    ("approved", "已批准"),
    ("refused", "不同意"),
    ("reused", "采用其他部门结果"),
)


class SoloCheckQuerySet(models.QuerySet["SoloCheck"]):
    def visible_to(self, user: User) -> Self:
        """One's own department's; the coordinating office and supervisors see all (art. 8)."""
        if user.sees_all_departments:
            return self
        return self.filter(department=user.department_id)

    def undecided(self) -> Self:
        return self.filter(decided_at=None, reused=None)

    def without_result(self) -> Self:
        """Agreed to, and nobody has said yet what was found."""
        own = Concat(Value(SOLO_REFERENCE), Cast(OuterRef("pk"), CharField()))
        said = InspectionFact.objects.filter(
            target=OuterRef("target"), department=OuterRef("department"), reference=own
        )
        return self.filter(~Exists(said), is_approved=True)

    def standing(self, state: str) -> Self:
        """Those in one of SOLO_STATES; all for any other word."""
        match state:
            case "waiting":
                return self.undecided()
            case "approved" | "refused":
                return self.filter(is_approved=state == "approved")
            case "reused":
                return self.exclude(reused=None)
        return self


class SoloCheck(models.Model):
    """单独检查申请: a daily inspection by one department alone.

    fields  names of the joint fields that cover it; empty when none does
    code    SoloReason; needed when a joint field covers it
    reused  another department's result that stands in: then nobody goes
    """

    target = models.ForeignKey(Target, models.CASCADE, related_name="solo_checks")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    item = models.CharField("检查事项", max_length=200)
    planned_on = models.DateField("拟检查日期")
    fields = models.CharField("所属联合抽查领域", max_length=300, blank=True)
    code = models.CharField(
        "单独检查的原因", max_length=12, choices=SoloReason.choices(), blank=True
    )
    reason = models.CharField("说明", max_length=300, blank=True)
    reused = models.ForeignKey(
        InspectionFact, models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    is_approved = models.BooleanField("批准", null=True, blank=True)
    opinion = models.CharField("审批意见", max_length=300, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = SoloCheckQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(fields="") | ~Q(code="") | Q(reused__isnull=False),
                name="solo_in_a_joint_field_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.department.short}单独检查 {self.target}"

    def get_absolute_url(self) -> str:
        return reverse("registry:solo_check", args=[self.pk])

    @property
    def reference(self) -> str:
        """Under which its result is kept among the target's inspections."""
        return f"{SOLO_REFERENCE}{self.pk}"

    @property
    def result(self) -> InspectionFact | None:
        """What was found; nothing until the department says."""
        return InspectionFact.objects.filter(
            target=self.target_id, department=self.department_id, reference=self.reference
        ).first()

    def reusable(self, facts: Iterable[InspectionFact]) -> list[InspectionFact]:
        """Which of the target's facts would do instead of going: of others, and recent (E25)."""
        return [
            fact
            for fact in facts
            if fact.department_id != self.department_id
            and 0 <= (self.planned_on - fact.on).days < REUSED_WITHIN
        ]


class CaseCheckQuerySet(models.QuerySet["CaseCheck"]):
    def visible_to(self, user: User) -> Self:
        if user.sees_all_departments:
            return self
        return self.filter(department=user.department_id)


class CaseCheck(models.Model):
    """个案检查登记: complaints, referrals, clues. Nothing of it ever enters a pool (E26)."""

    class Origin(models.TextChoices):
        COMPLAINT = "complaint", "投诉举报"
        REFERRED = "referred", "转办交办"
        MONITORING = "monitoring", "数据监测"
        EMERGENCY = "emergency", "应急处置"
        CASE = "case", "案件查处"

    target = models.ForeignKey(Target, models.CASCADE, related_name="case_checks")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    origin = models.CharField("线索来源", max_length=12, choices=Origin.choices)
    reference = models.CharField("线索编号", max_length=60, blank=True)
    received_on = models.DateField("收到日期")
    clue = models.CharField("线索内容", max_length=500)
    checked_on = models.DateField("检查日期", null=True, blank=True)
    outcome = models.CharField("结果", max_length=120, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    objects = CaseCheckQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(checked_on__isnull=True, outcome="")
                | (Q(checked_on__isnull=False) & ~Q(outcome="")),
                name="checked_cases_have_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_origin_display()} {self.target}"
