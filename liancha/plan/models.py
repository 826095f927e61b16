from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from liancha.accounts.models import Department, Region, User
from liancha.lists.models import JointField, JointItem, ListVersion
from liancha.rulebook import lifecycles, quotas
from liancha.rulebook.coverage import planned_count
from liancha.rulebook.lifecycles import LineState, PlanState
from liancha.rulebook.quotas import Quota
from liancha.rulebook.regions import is_county

from .beside import Campaign, Filing, LeftOut, SavedFilter, Scenario, is_inner
from .imports import Import
from .parts import DepartmentLine, DepartmentPart

__all__ = [
    "Adjustment",
    "AdjustmentQuerySet",
    "Campaign",
    "CoverageException",
    "DepartmentLine",
    "DepartmentPart",
    "Filing",
    "Import",
    "LeftOut",
    "Plan",
    "PlanCoSign",
    "PlanLine",
    "PlanLineQuerySet",
    "PlanQuerySet",
    "PlanRate",
    "SavedFilter",
    "Scenario",
]


class PlanQuerySet(models.QuerySet["Plan"]):
    def public(self) -> Self:
        return self.filter(state__in=(PlanState.PUBLISHED, PlanState.SUPERSEDED))

    def visible_to(self, user: User) -> Self:
        """The city's plan and that of one's own county, drafts too: plans are made together."""
        if user.sees_all_departments:
            return self
        own = user.department.region_id if user.department else None
        return self.filter(Q(region__kind=Region.Kind.CITY) | Q(region=own))

    def open(self) -> Self:
        """Versions still being made."""
        return self.filter(state__in=(PlanState.DRAFT, PlanState.COSIGNING, PlanState.APPROVED))

    def in_force(self, year: int, region: str = "410300") -> Self:
        return self.filter(year=year, region=region, state=PlanState.PUBLISHED)


class Plan(models.Model):
    """年度联合抽查工作计划, one version.

    minutes  the meeting that decided without the departments which had not signed
    parent   the city's plan that a county's was derived from (art. 12, paragraph 2)
    """

    year = models.PositiveIntegerField("年度")
    region = models.ForeignKey(Region, models.PROTECT)
    version = models.PositiveIntegerField("稿次", default=1)
    title = models.CharField("标题", max_length=120)
    document_number = models.CharField("文号", max_length=60, blank=True)
    list_version = models.ForeignKey(ListVersion, models.PROTECT, related_name="plans")
    state = models.CharField(
        max_length=12, choices=lifecycles.choices(PlanState), default=PlanState.DRAFT
    )
    platform_number = models.CharField("监管平台编号", max_length=40, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    minutes = models.CharField("联席会议纪要", max_length=120, blank=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="derived"
    )

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-year", "-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["year", "region", "version"], name="one_plan_version"),
            models.UniqueConstraint(
                fields=["year", "region"],
                condition=Q(state="published"),
                name="one_plan_in_force",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("plan:plan", args=[self.pk])

    def fields(self, version: ListVersion | None = None) -> list[JointField]:
        """What a plan of this level covers: of its list, or of this one (art. 13, decision A13)."""
        level = "X" if is_county(self.region_id) else "C"
        fields = (version or self.list_version).fields.filter(level__contains=level)
        found = fields.select_related("initiator").prefetch_related("cooperators")
        return list(found.order_by("code"))

    def advance(self, then: PlanState) -> None:
        self.state = lifecycles.PLAN.step(PlanState(self.state), then)
        self.save(update_fields=["state"])


class PlanCoSign(models.Model):
    """联查部门确认: one department's word on the lines that name it (art. 12).

    is_returned  it does not agree: `opinion` says why, and the plan is a draft again
    """

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="cosigns")
    department = models.ForeignKey(Department, models.PROTECT)
    opinion = models.CharField("意见", max_length=300, blank=True)
    signed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    signed_at = models.DateTimeField(null=True, blank=True)
    is_returned = models.BooleanField("退回", default=False)

    class Meta:
        ordering: ClassVar = ["department"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan", "department"], name="one_plan_cosign_each"),
        ]

    def __str__(self) -> str:
        return f"{self.department}会签{self.plan}"


class CoverageException(models.Model):
    """A field without a line this year, with the reason and who signed it (art. 13)."""

    class Reason(models.TextChoices):
        NO_TARGETS = "no_targets", "本年度无检查对象"
        SUPERIOR = "superior", "上级统一实施"

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="exceptions")
    field = models.ForeignKey(JointField, models.PROTECT)
    reason = models.CharField(max_length=12, choices=Reason.choices)
    note = models.CharField("说明", max_length=200, blank=True)
    signed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan", "field"], name="one_exception_a_field"),
        ]

    def __str__(self) -> str:
        return f"{self.field}：{self.get_reason_display()}"


class PlanLineQuerySet(models.QuerySet["PlanLine"]):
    def live(self) -> Self:
        """Lines that count towards coverage: not cancelled."""
        return self.exclude(state=LineState.CANCELLED)

    def public(self) -> Self:
        """Lines anybody may read: of a published plan, cancelled ones too, drafts not."""
        return self.filter(plan__in=Plan.objects.public()).exclude(state=LineState.DRAFT)

    def ready(self) -> Self:
        """Lines a task may be made from."""
        return self.filter(
            plan__state=PlanState.PUBLISHED,
            state__in=(LineState.PUBLISHED, LineState.POSTPONED, LineState.IN_PROGRESS),
        )

    def editable_by(self, user: User) -> Self:
        """The initiator's own lines (art. 12); all for the coordinating office."""
        if user.department is not None and user.department.is_coordinator:
            return self.filter(plan__region=user.department.region_id)
        return self.filter(initiator=user.department_id)

    def with_columns(self) -> Self:
        """With all that the eight columns print."""
        return self.select_related("plan", "field", "initiator").prefetch_related(
            "cooperators", "items__department", "rates", "adjustments"
        )

    def initiated_by(self, user: User) -> Self:
        return self.filter(initiator=user.department_id)

    def concerning(self, user: User) -> Self:
        """Lines that name this person's department; all for the coordinating office. Clause 6.3."""
        if user.sees_all_departments:
            return self
        return self.filter(
            Q(initiator=user.department_id) | Q(cooperators=user.department_id)
        ).distinct()


class PlanLine(models.Model):
    """计划行, with the eight columns of art. 14.

    base                 抽查基数: how many targets the line chose from when it was written
    stratify             how the rates are cut: by credit class, district, industry (GB/T 4754
                         section), tag, kind of body, or one for all
    strata_tags          names of the tags it is cut by, in their order: of several tags a target
                         has the first one counts, who has none is 其他
    participants_reason  why a cooperator of the list does not take part this year (art. 13)
    rates_locked_at      when a list was drawn by these rates: from then on they stand (art. 19)
    changed_at           a department that signed before this has to look again
    parent               the line of the city's plan it was derived from (art. 12)
    parent_note          why it differs from that line
    target_filter        narrows the targets beyond the field's tag: see SavedFilter.rules
    cap_per_year         how often one department may visit one firm a year, in this line's pool
    cooldown_months      an A-class target inspected so recently is not drawn; 0 is off (art. 15)
    key_ratio            the least rate "p/q" for key targets, from `key_source`; "" is off
    """

    class Stratify(models.TextChoices):
        NONE = "none", "不分层"
        CREDIT = "credit", "按信用风险分类"
        REGION = "region", "按县区"
        INDUSTRY = "industry", "按行业门类"
        TAG = "tag", "按标签"
        KIND = "kind", "按主体类型"

    class OrgMode(models.TextChoices):
        CITY_CITY = "city_city", "市抽市查"
        CITY_COUNTY = "city_county", "市抽县查"
        COUNTY_COUNTY = "county_county", "县抽县查"

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="lines")
    number = models.CharField("计划编号", max_length=20, unique=True)
    name = models.CharField("任务名称", max_length=120)
    field = models.ForeignKey(JointField, models.PROTECT, related_name="lines")
    initiator = models.ForeignKey(Department, models.PROTECT, related_name="+")
    cooperators = models.ManyToManyField(Department, related_name="+")
    items = models.ManyToManyField(JointItem, related_name="+")
    targets = models.CharField("检查对象", max_length=200)
    executor = models.CharField("实施主体", max_length=100)
    duties = models.TextField("责任分工")
    base = models.PositiveIntegerField("抽查基数")
    stratify = models.CharField(
        "分层", max_length=10, choices=Stratify.choices, default=Stratify.CREDIT
    )
    strata_tags = models.JSONField("分层标签", default=list, blank=True)
    ratio_reason = models.CharField("比例说明", max_length=200, blank=True)
    participants_reason = models.CharField("部门调整原因", max_length=200, blank=True)
    frequency = models.PositiveIntegerField("频次", default=1)
    org_mode = models.CharField(
        "组织方式", max_length=15, choices=OrgMode.choices, default=OrgMode.CITY_CITY
    )
    starts_on = models.DateField("开始")
    ends_on = models.DateField("结束")
    state = models.CharField(
        max_length=12, choices=lifecycles.choices(LineState), default=LineState.DRAFT
    )
    rates_locked_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="derived"
    )
    parent_note = models.CharField("与市级计划不同的原因", max_length=200, blank=True)
    target_filter = models.JSONField("检查对象范围", default=dict, blank=True)
    cap_per_year = models.PositiveSmallIntegerField("每户每部门每年上限", null=True, blank=True)
    cap_reason = models.CharField("频次说明", max_length=200, blank=True)
    cooldown_months = models.PositiveSmallIntegerField("A 类冷却期（月）", default=0)
    key_ratio = models.CharField("重点对象最低比例", max_length=40, blank=True)
    key_source = models.CharField("重点对象依据", max_length=200, blank=True)

    objects = PlanLineQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="line_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("plan:line", args=[self.pk])

    def advance(self, then: LineState) -> None:
        self.state = lifecycles.LINE.step(LineState(self.state), then)
        self.save(update_fields=["state"])

    @property
    def departments(self) -> list[Department]:
        """联查部门: the initiator first, then the cooperators."""
        return [self.initiator, *self.cooperators.all()]

    @property
    def count(self) -> int:
        """How many targets the line plans to draw, rounded up in each stratum (A29)."""
        return sum(rate.count for rate in self.rates.all())

    @property
    def is_inner(self) -> bool:
        """Its range is not told in public, and its draws show no firm's place in them (0012)."""
        return is_inner(self.target_filter)

    @property
    def is_editable(self) -> bool:
        """A draft in a plan that is open for writing, or prepared for an adjustment (art. 16)."""
        return self.state == LineState.DRAFT and self.plan.state in (
            PlanState.DRAFT,
            PlanState.PUBLISHED,
        )


class PlanRate(models.Model):
    """抽查比例 of one stratum, kept as written: "1/50".

    stratum  A, B, C, D or 未分类 by credit class; a region code by district; the name of an
             industry, a tag or a kind; 全部 for one rate; 其余 for whatever strata turn up later;
             重点对象 for marked targets of strata that get less
    base     targets of the stratum when the line was written
    fixed    a number of targets instead of a rate; `ratio` is then fixed/base
    wording  the plan's own words, where they are more than a rate or a number: "60–70家";
             what they come to is said by rulebook.quotas, `ratio` is that of the base
    """

    ALL = "全部"
    UNKNOWN = "未分类"
    REST = "其余"
    KEY = "重点对象"

    line = models.ForeignKey(PlanLine, models.CASCADE, related_name="rates")
    stratum = models.CharField(max_length=40)
    ratio = models.CharField("比例", max_length=40)
    base = models.PositiveIntegerField("基数", default=0)
    fixed = models.PositiveIntegerField("户数", null=True, blank=True)
    wording = models.CharField("原文", max_length=80, blank=True)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["position", "stratum"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["line", "stratum"], name="one_rate_a_stratum"),
        ]

    def __str__(self) -> str:
        return f"{self.stratum} {self.ratio}"

    @property
    def fraction(self) -> Fraction:
        return Fraction(self.ratio)

    def as_given(self) -> tuple[str, str, int | None, str]:
        """(stratum, ratio, fixed, wording): what it takes to write it again."""
        return self.stratum, self.ratio, self.fixed, self.wording

    @cached_property
    def quota(self) -> Quota | None:
        """What the words ask for; None where a rate or a number is all."""
        return quotas.read(self.wording) if self.wording else None

    @property
    def count(self) -> int:
        """How many of the stratum are planned to be drawn."""
        if self.quota is not None:
            return self.quota.count(self.base)
        if self.fixed is not None:
            return min(self.fixed, self.base)
        return planned_count(self.base, self.fraction)

    def ratio_for(self, size: int) -> str:
        """The rate a draw uses on a stratum of this size, as the protocol writes it (§2)."""
        if self.quota is not None:
            return self.quota.ratio(size)
        if self.fixed is None:
            return self.ratio
        return f"{min(self.fixed, size)}/{size}" if size else "0/1"


class AdjustmentQuerySet(models.QuerySet["Adjustment"]):
    def published(self) -> Self:
        return self.filter(published_at__isnull=False)

    def waiting(self) -> Self:
        """Asked for and not decided."""
        return self.filter(approved_at=None, declined_at=None)

    def visible_to(self, user: User) -> Self:
        if user.sees_all_departments:
            return self
        return self.filter(line__in=PlanLine.objects.concerning(user))

    def decidable_by(self, user: User) -> Self:
        """By the initiator's own head, or the coordinating office; see the action for who not."""
        return self.filter(line__in=PlanLine.objects.editable_by(user))


class Adjustment(models.Model):
    """计划调整 (art. 16): what changed, why, who agreed; public once published.

    before, after  {"时间安排": "10-08 至 12-31", …}: what the page shows, in the plan's own columns
    change         what approval applies: {"starts_on", "ends_on"}, {"frequency"},
                   {"rates": [[stratum, ratio, fixed]…]}, {} for a cancelled or added line
    notice         number of the published notice within its plan
    """

    class Kind(models.TextChoices):
        ADD = "add", "增设任务"
        DELAY = "delay", "延迟任务"
        CANCEL = "cancel", "取消任务"
        RATIO = "ratio", "调整比例"
        FREQUENCY = "frequency", "调整频次"

    line = models.ForeignKey(PlanLine, models.PROTECT, related_name="adjustments")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    reason = models.CharField("理由", max_length=300)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    change = models.JSONField(default=dict)
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    declined_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    declined_at = models.DateTimeField(null=True, blank=True)
    declined_note = models.CharField("不同意的原因", max_length=200, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    notice = models.PositiveIntegerField("公告序号", null=True, blank=True)

    objects = AdjustmentQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}：{self.line}"

    @property
    def is_waiting(self) -> bool:
        return self.approved_at is None and self.declined_at is None
