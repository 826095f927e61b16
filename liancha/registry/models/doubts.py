"""Two records that may be one target, and the codes a target had before (art. 11)."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from liancha.accounts.models import Department, User

from .imports import Import
from .targets import Target

CHOSEN = (  # fields of two records that are chosen one by one
    *("name", "address", "region_id", "status", "legal_form", "registered_on", "capital"),
    *("industry", "scope", "authority", "phone", "representative", "contact"),
    "registered_address",
)


class DoubtQuerySet(models.QuerySet["Doubt"]):
    def open(self) -> Self:
        return self.filter(decided_at=None)

    def visible_to(self, user: User) -> Self:
        """A county reads those that touch a target it may read."""
        department = user.department
        if user.sees_all_departments or department is None or department.level == "city":
            return self
        home = Q(left__region=department.region) | Q(right__region=department.region)
        return self.filter(home | Q(left__is_pending=True))


class Doubt(models.Model):
    """疑似重复或冲突: nothing is merged or overwritten in silence (art. 11, 动态更新).

    left, right  the two records; right is empty when one record came in with two names
    incoming     for that case: what the record said before, or the other line of the file says
    chosen       fields taken from the right-hand side when it was decided
    """

    class Kind(models.TextChoices):
        TWIN = "twin", "名称、地址相同，代码不同"
        OLD_NUMBER = "old_number", "旧注册号与统一社会信用代码"
        BRANCH = "branch", "分支机构与总部同址"
        NAMESAKE = "namesake", "代码相同，名称不同"

    class Outcome(models.TextChoices):
        MERGED = "merged", "已合并"
        KEPT = "kept", "两户都保留"
        TAKEN = "taken", "已定名称"

    kind = models.CharField("类型", max_length=12, choices=Kind.choices)
    left = models.ForeignKey(Target, models.CASCADE, related_name="+")
    right = models.ForeignKey(Target, models.CASCADE, null=True, blank=True, related_name="+")
    incoming = models.JSONField(default=dict, blank=True)
    source = models.CharField("来源", max_length=200, blank=True)
    batch = models.ForeignKey(Import, models.SET_NULL, null=True, blank=True, related_name="+")
    found_at = models.DateTimeField()
    outcome = models.CharField("处理", max_length=10, choices=Outcome.choices, blank=True)
    reason = models.CharField("理由", max_length=300, blank=True)
    chosen = models.JSONField(default=list, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = DoubtQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["left", "right"],
                condition=Q(right__isnull=False),
                name="doubted_once_a_pair",
            ),
            models.UniqueConstraint(
                fields=["left"],
                condition=Q(right__isnull=True, decided_at__isnull=True),
                name="one_open_name_doubt",
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, outcome="")
                | (Q(decided_at__isnull=False) & ~Q(outcome="")),
                name="decided_doubts_have_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.left}：{self.get_kind_display()}"

    def get_absolute_url(self) -> str:
        return reverse("registry:doubt", args=[self.pk])


class FormerCode(models.Model):
    """A code a target had, or came in with: it stays findable for good."""

    target = models.ForeignKey(Target, models.CASCADE, related_name="former_codes")
    code = models.CharField("原代码", max_length=21, db_index=True)
    name = models.CharField("当时名称", max_length=200, blank=True)
    reason = models.CharField("原因", max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["target", "code"], name="former_code_once"),
        ]

    def __str__(self) -> str:
        return self.code


class LicenceQuerySet(models.QuerySet["Licence"]):
    def ending(self, first: date, last: date) -> Self:
        """Licences of targets still in business that end on a day from first to last."""
        return self.filter(
            valid_to__gte=first, valid_to__lte=last, target__status=Target.Status.ACTIVE
        )

    def over(self, today: date) -> Self:
        """Licences of targets still in business that ended before today."""
        return self.filter(valid_to__lt=today, target__status=Target.Status.ACTIVE)


class Licence(models.Model):
    """许可证 of a target. Without an end it is long-term (9999-09-09 in other systems)."""

    target = models.ForeignKey(Target, models.CASCADE, related_name="licences")
    name = models.CharField("许可证名称", max_length=80)
    number = models.CharField("编号", max_length=60)
    issuer = models.CharField("发证机关", max_length=80, blank=True)
    issued_on = models.DateField("批准日期", null=True, blank=True)
    valid_to = models.DateField("有效期至", null=True, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    objects = LicenceQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["valid_to", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["target", "name", "number"], name="licence_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"


class ComplaintDecision(models.Model):
    """投诉集中的研判: somebody weighed many complaints about one target (art. 15).

    complaints  how many there were; those received up to decided_on are weighed with it
    flag        the mark that was set; None where the reason says why none is
    """

    target = models.ForeignKey(Target, models.CASCADE, related_name="complaint_decisions")
    complaints = models.PositiveIntegerField("投诉举报")
    decided_on = models.DateField("研判日期")
    reason = models.CharField("理由", max_length=200, blank=True)
    flag = models.ForeignKey(
        "KeyFlag", models.PROTECT, null=True, blank=True, related_name="decisions"
    )
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.target} {self.complaints} 件"


class KeyFlagQuerySet(models.QuerySet["KeyFlag"]):
    def holding(self, first: date, last: date) -> Self:
        """Marks not lifted that hold on any day from first to last."""
        return self.filter(lifted_at=None, since__lte=last, until__gte=first)

    def ending(self, first: date, last: date) -> Self:
        """Marks not lifted whose last day is from first to last."""
        return self.filter(lifted_at=None, until__gte=first, until__lte=last)


class KeyFlag(models.Model):
    """重点监管标记: raises the rate of its class, never picks a target by hand (art. 15).

    until  when it lapses by itself; every mark has an end
    """

    class Kind(models.TextChoices):
        KEY = "key", "重点监管对象"
        ABNORMAL = "abnormal", "列入经营异常名录"
        SERIOUS = "serious", "严重违法失信"
        WARNED = "warned", "风险预警"
        COMPLAINTS = "complaints", "投诉举报集中"

    target = models.ForeignKey(Target, models.CASCADE, related_name="key_flags")
    kind = models.CharField("标记", max_length=12, choices=Kind.choices)
    source = models.CharField("来源", max_length=120)
    since = models.DateField("自")
    until = models.DateField("至")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    objects = KeyFlagQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-since"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(until__gte=models.F("since")), name="key_flag_ends_later"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target} {self.get_kind_display()}"
