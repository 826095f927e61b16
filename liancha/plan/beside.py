"""Records beside a plan: filings, campaigns, saved filters, what a county left out, trials.

None of them changes what a plan says; a published plan is changed by adjustments only (art. 16).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from liancha.accounts.models import Department, Region, User
from liancha.lists.models import JointField
from liancha.registry.models import KeyFlag


class Filing(models.Model):
    """备案: that a plan, or last year's figures, were handed in where they must be (E18, E19).

    plan    of filings of a plan; figures are due in January, when the new plan may not be begun
    year    of figures: the year in which they are due, of the year before
    region  of figures: whose they are
    to      who took it
    number  of the receipt or letter
    """

    class Kind(models.TextChoices):
        JUSTICE = "justice", "报司法行政部门备案"
        SUPERIOR = "superior", "报上级联席会议备案"
        REPORT = "report", "报送上年度执法数据"

    plan = models.ForeignKey(
        "plan.Plan", models.PROTECT, null=True, blank=True, related_name="filings"
    )
    year = models.PositiveIntegerField("报送年度", null=True, blank=True)
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField("事项", max_length=10, choices=Kind.choices)
    to = models.CharField("接收单位", max_length=80)
    number = models.CharField("文号或回执号", max_length=60, blank=True)
    filed_on = models.DateField("报送日期")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan", "kind"], name="filed_once_a_kind"),
            models.UniqueConstraint(fields=["year", "region"], name="one_report_a_year"),
            models.CheckConstraint(
                condition=Q(kind="report", plan=None, year__isnull=False, region__isnull=False)
                | (~Q(kind="report") & Q(plan__isnull=False, year=None, region=None)),
                name="filing_of_a_plan_or_a_year",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan or f'{self.region} {self.year} 年'}：{self.get_kind_display()}"


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def visible_to(self, user: User) -> Self:
        """The coordinating office sees all, others their own and those in their fields."""
        if user.sees_all_departments:
            return self
        return self.filter(
            Q(department=user.department_id) | Q(fields__initiator=user.department_id)
        ).distinct()


class Campaign(models.Model):
    """专项整治: outside the yearly plan, in principle run as a joint check (art. 13, paragraph 2).

    fields       fields of the joint list it touches
    solo_reason  why it is not a joint check although it touches them
    approval     number of the approval by government or the higher department (E18)
    """

    title = models.CharField("名称", max_length=120)
    department = models.ForeignKey(Department, models.PROTECT, related_name="campaigns")
    basis = models.CharField("来源文件", max_length=160)
    fields = models.ManyToManyField(JointField, related_name="campaigns", blank=True)
    is_joint = models.BooleanField("以联合抽查方式开展", default=True)
    solo_reason = models.CharField("单独开展的原因", max_length=200, blank=True)
    approved_by_body = models.CharField("批准机关", max_length=80, blank=True)
    approval = models.CharField("批准文号", max_length=60, blank=True)
    starts_on = models.DateField("开始")
    ends_on = models.DateField("结束")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = CampaignQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=models.F("starts_on")), name="campaign_ends_later"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class SavedFilter(models.Model):
    """A way of narrowing 检查对象 that people use again: a plan line keeps a copy of its rules.

    rules  {"kinds": ["01"], "regions": ["410311"], "classes": ["C", "D"],
           "industries": ["H", "61"], "tags": ["宾馆旅店"], "flags": ["serious"]}; what is left
           out narrows nothing (see bases.narrowed); industries are sections and divisions of
           GB/T 4754, flags are kinds of marks that hold on the line's first day
    """

    name = models.CharField("名称", max_length=60)
    department = models.ForeignKey(Department, models.CASCADE, related_name="+")
    rules = models.JSONField(default=dict)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["department", "name"], name="one_filter_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


# Lists that the law itself publishes (企业信息公示暂行条例): to name them tells nothing new.
PUBLIC_MARKS = frozenset({KeyFlag.Kind.ABNORMAL, KeyFlag.Kind.SERIOUS})


def is_inner(rules: Mapping[str, Sequence[str]]) -> bool:
    """Whether a range would tell a firm's class, or a mark that no public list names.

    Source: decision A33 (classes are an internal reference); decision 0012.
    """
    return bool(rules.get("classes")) or not PUBLIC_MARKS.issuperset(rules.get("flags", ()))


class LeftOut(models.Model):
    """A line of the city's plan that a county does not take up, with the reason (art. 12)."""

    plan = models.ForeignKey("plan.Plan", models.CASCADE, related_name="left_out")
    line = models.ForeignKey("plan.PlanLine", models.PROTECT, related_name="left_out")
    reason = models.CharField("原因", max_length=200)
    signed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan", "line"], name="left_out_once"),
        ]

    def __str__(self) -> str:
        return f"{self.plan}不承接{self.line}"


class Scenario(models.Model):
    """试算方案: a set of rates and dates somebody tried on a plan, with what came out.

    settings  what was asked (see trial.Settings)
    figures   what came out on that day, for comparison: the registry moves on
    counted   the registry's last ledger entry then
    """

    plan = models.ForeignKey("plan.Plan", models.CASCADE, related_name="scenarios")
    name = models.CharField("名称", max_length=60)
    settings = models.JSONField(default=dict)
    figures = models.JSONField(default=dict)
    counted = models.BigIntegerField(default=0)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan", "name"], name="one_scenario_a_name"),
        ]

    def __str__(self) -> str:
        return self.name
