from __future__ import annotations

from datetime import date
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from liancha.accounts.models import Department, Region, User
from liancha.registry.models import Target


class InspectorQuerySet(models.QuerySet["Inspector"]):
    def of(self, department: Department) -> Self:
        return self.filter(department=department)

    def officers(self) -> Self:
        """Everybody but experts."""
        return self.filter(is_expert=False)

    def visible_to(self, user: User) -> Self:
        """The coordinating office and supervisors see all, others their own department's people."""
        if user.sees_all_departments:
            return self
        return self.filter(department=user.department_id)

    def with_valid_certificate(self, first: date, last: date) -> Self:
        """Certificate valid over the whole window (art. 18)."""
        return self.filter(
            certificates__valid_from__lte=first, certificates__valid_to__gte=last
        ).distinct()

    def on_leave(self, first: date, last: date) -> Self:
        return self.filter(leaves__first_on__lte=last, leaves__last_on__gte=first).distinct()


class Inspector(models.Model):
    """执法检查人员.

    number    stable name of this person in draws: department code and a running number
    capacity  how many targets a draw may give them at most
    skills    words the items ask for, e.g. ["食品", "特种设备"]
    """

    class Status(models.TextChoices):
        ON_DUTY = "on_duty", "在岗"
        SECONDED = "seconded", "借调"
        LEFT = "left", "离岗"

    department = models.ForeignKey(Department, models.PROTECT, related_name="inspectors")
    number = models.CharField("人员编号", max_length=20, unique=True)
    name = models.CharField("姓名", max_length=40)
    post = models.CharField("岗位", max_length=60, blank=True)
    skills = models.JSONField("业务专长", default=list, blank=True)
    qualification = models.CharField("执法资质", max_length=60, blank=True)
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, verbose_name="区域")
    status = models.CharField(
        "状态", max_length=10, choices=Status.choices, default=Status.ON_DUTY
    )
    capacity = models.PositiveIntegerField("承担上限", default=20)
    may_lead = models.BooleanField("可任组长", default=False)
    is_expert = models.BooleanField("专家", default=False)
    user = models.OneToOneField(
        User, models.PROTECT, null=True, blank=True, related_name="inspector"
    )
    updated_at = models.DateTimeField()

    objects = InspectorQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["department", "number"]

    def __str__(self) -> str:
        return self.name


class Certificate(models.Model):
    """行政执法证."""

    inspector = models.ForeignKey(Inspector, models.CASCADE, related_name="certificates")
    number = models.CharField("证号", max_length=30, unique=True)
    kind = models.CharField("证件类别", max_length=40, default="行政执法证")
    valid_from = models.DateField("有效期自")
    valid_to = models.DateField("有效期至")

    class Meta:
        ordering: ClassVar = ["-valid_to"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_to__gte=models.F("valid_from")), name="certificate_ends_later"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Leave(models.Model):
    """请假: not drawable on these days."""

    inspector = models.ForeignKey(Inspector, models.CASCADE, related_name="leaves")
    first_on = models.DateField("自")
    last_on = models.DateField("至")
    note = models.CharField("事由", max_length=100, blank=True)


class Recusal(models.Model):
    """执法回避: this inspector never goes to this target."""

    class Relation(models.TextChoices):
        RELATIVE = "relative", "近亲属在该单位任职或持股"
        INTEREST = "interest", "本人或近亲属有经济利益"
        FORMER = "former", "曾在该单位任职"
        SERVED = "served", "曾为其代理、鉴定或担保"
        REQUESTED = "requested", "企业申请回避"
        OTHER = "other", "其他可能影响公正的关系"

    inspector = models.ForeignKey(Inspector, models.CASCADE, related_name="recusals")
    target = models.ForeignKey(Target, models.CASCADE, related_name="recusals")
    relation = models.CharField("关系", max_length=10, choices=Relation.choices)
    declared_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["inspector", "target"], name="recused_once"),
        ]
