from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from liancha.accounts.models import Department, Region, User


class Tag(models.Model):
    """What kind of place a target is: 宾馆旅店, 加油站. Joint fields meet targets through tags.

    supervisors  departments that supervise such targets (art. 18: 共同的监管对象)
    """

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField("标签", max_length=40, unique=True)
    supervisors = models.ManyToManyField(Department, related_name="tags", blank=True)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.name


class TagKeyword(models.Model):
    """A word in the business scope (or name) that gives a tag, or takes it away."""

    tag = models.ForeignKey(Tag, models.CASCADE, related_name="keywords")
    word = models.CharField("关键词", max_length=40)
    is_exclusion = models.BooleanField("排除词", default=False)
    in_name_only = models.BooleanField("只看名称", default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tag", "word"], name="keyword_once_a_tag"),
        ]

    def __str__(self) -> str:
        return f"{self.word} → {self.tag}"


class PlaceName(models.Model):
    """A town, street, development zone or old county name inside an address → its region."""

    name = models.CharField("地名", max_length=40, unique=True)
    region = models.ForeignKey(Region, models.CASCADE, related_name="places")
    is_old = models.BooleanField("旧名", default=False)

    def __str__(self) -> str:
        return f"{self.name} → {self.region}"


class TargetQuerySet(models.QuerySet["Target"]):
    def decided(self) -> Self:
        """Targets whose region is known to be in the city: only they may enter a pool (art. 11)."""
        return self.filter(is_pending=False)

    def open_for_business(self) -> Self:
        return self.filter(status=Target.Status.ACTIVE)

    def tagged(self, code: str) -> Self:
        return self.filter(tags__code=code)

    def in_region(self, region: str | None) -> Self:
        """Targets of one district or county; all of the city for None or the city itself."""
        return self if region in (None, "", "410300") else self.filter(region=region)

    def common_to(self, tag: str, departments: Iterable[Department]) -> Self:
        """Targets with the tag that every one of these departments supervises (art. 18)."""
        targets = self.tagged(tag)
        for department in departments:
            # One filter() each: inside a single one, Django would accept any of them.
            targets = targets.filter(
                tags__in=Tag.objects.filter(code=tag, supervisors=department)
            ).exclude(released__department=department)
        return targets.distinct()

    def matching(self, text: str) -> Self:
        """Search by part of the name, by code, or by address."""
        text = text.strip()
        if not text:
            return self
        if text.isascii() and text.isalnum() and any(c.isdigit() for c in text):
            return self.filter(code__startswith=text.upper())
        return self.filter(Q(name__contains=text) | Q(address__contains=text))

    def visible_to(self, user: User) -> Self:
        """A city department reads the whole registry, a county one its own county."""
        department = user.department
        if user.sees_all_departments or department is None or department.level == "city":
            return self
        return self.filter(Q(region=department.region) | Q(is_pending=True))

    def editable_by(self, user: User) -> Self:
        """By 管辖范围 (art. 11): the city's departments everywhere, a county's at home."""
        if user.department is None:
            return self.none()
        return self.visible_to(user)


class Target(models.Model):
    """检查对象.

    code        统一社会信用代码 (18), else registration number (15), else our own number
    is_pending  待核: region undecided or outside the city; enters no pool
    """

    class CodeKind(models.TextChoices):
        USCC = "uscc", "统一社会信用代码"
        REGISTRATION = "registration", "注册号"
        OWN = "own", "本库编号"

    class Kind(models.TextChoices):
        COMPANY = "01", "企业"
        COOPERATIVE = "02", "农民专业合作社"
        INDIVIDUAL = "03", "个体工商户"
        OFFICE = "04", "外国企业常驻代表机构"
        SOCIAL = "05", "社会组织"
        PUBLIC = "06", "机关事业单位"
        OTHER_BODY = "07", "其他组织"
        SITE = "10", "场所网点"
        PROJECT = "11", "工程项目"
        OTHER = "99", "其他"

    class Status(models.TextChoices):
        ACTIVE = "active", "存续"
        SUSPENDED = "suspended", "歇业"
        REVOKED = "revoked", "吊销"
        CANCELLED = "cancelled", "注销"
        WITHDRAWN = "withdrawn", "撤销"
        MOVED = "moved", "迁出"

    class CreditClass(models.TextChoices):
        A = "A", "A 低"
        B = "B", "B 中低"
        C = "C", "C 中高"
        D = "D", "D 高"
        UNKNOWN = "", "未分类"

    code = models.CharField("统一社会信用代码", max_length=21, unique=True)
    code_kind = models.CharField(max_length=12, choices=CodeKind.choices)
    name = models.CharField("名称", max_length=200, db_index=True)
    kind = models.CharField("类型", max_length=2, choices=Kind.choices)
    address = models.CharField("住所", max_length=300, blank=True)
    region = models.ForeignKey(
        Region, models.PROTECT, null=True, blank=True, verbose_name="县区", related_name="targets"
    )
    region_reason = models.CharField("县区依据", max_length=120, blank=True)
    is_pending = models.BooleanField("待核", default=False, db_index=True)
    status = models.CharField(
        "登记状态", max_length=12, choices=Status.choices, default=Status.ACTIVE
    )
    scope = models.TextField("经营范围", blank=True)
    industry = models.CharField("行业", max_length=80, blank=True)
    registered_on = models.DateField("成立日期", null=True, blank=True)
    capital = models.CharField("注册资本", max_length=60, blank=True)
    credit_class = models.CharField(
        "信用风险分类", max_length=1, choices=CreditClass.choices, blank=True
    )
    credit_on = models.DateField("分类日期", null=True, blank=True)
    credit_source = models.CharField("分类来源", max_length=60, blank=True)
    phone = models.CharField("联系电话", max_length=40, blank=True)
    last_inspected_on = models.DateField("上次检查", null=True, blank=True)
    tags = models.ManyToManyField(Tag, related_name="targets", blank=True)
    updated_at = models.DateTimeField("更新时间")

    objects = TargetQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [
            models.Index(fields=["region", "credit_class"], name="target_region_class"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(is_pending=True) | Q(region__isnull=False),
                name="decided_targets_have_a_region",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Release(models.Model):
    """One department does not supervise this target although its tag says so (A10: 不涉及)."""

    target = models.ForeignKey(Target, models.CASCADE, related_name="released")
    department = models.ForeignKey(Department, models.PROTECT)
    reason = models.CharField("理由", max_length=200)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["target", "department"], name="released_once"),
        ]


class Import(models.Model):
    """One uploaded register: what came in, what was wrong, what the file looked like."""

    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    recognised = models.CharField("识别结果", max_length=200, blank=True)
    rows = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField("新增", default=0)
    changed = models.PositiveIntegerField("变更", default=0)
    unchanged = models.PositiveIntegerField("未变", default=0)
    pending = models.PositiveIntegerField("待核", default=0)
    faulty = models.PositiveIntegerField("有误", default=0)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.file_name


class ImportFault(models.Model):
    """One cell that could not be taken: where, what it says, what cures it."""

    batch = models.ForeignKey(Import, models.CASCADE, related_name="faults")
    row = models.PositiveIntegerField("行")
    column = models.CharField("列", max_length=60)
    value = models.CharField("原值", max_length=300, blank=True)
    fault = models.CharField("问题", max_length=200)
    cure = models.CharField("怎么改", max_length=300)
    line = models.JSONField("原行", default=list)

    class Meta:
        ordering: ClassVar = ["row", "id"]
