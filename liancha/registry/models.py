from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from liancha.accounts.models import Department, Region, User
from liancha.queue.models import Job

from .classes import CreditBatch as CreditBatch
from .classes import CreditChange as CreditChange


class Tag(models.Model):
    """What kind of place a target is: 宾馆旅店, 加油站. Joint fields meet targets through tags.

    kinds        every target of these kinds has the tag, whatever its scope says: "01 02"
    supervisors  departments that supervise such targets (art. 18: 共同的监管对象)
    """

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField("标签", max_length=40, unique=True)
    kinds = models.CharField("对象类型", max_length=40, blank=True)
    supervisors = models.ManyToManyField(Department, related_name="tags", blank=True)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.name


class TagKeyword(models.Model):
    """A word in the business scope (or name) that gives a tag.

    is_exclusion  a longer word that only looks like one: in 酒店用品 there is no 酒店
    """

    tag = models.ForeignKey(Tag, models.CASCADE, related_name="keywords")
    word = models.CharField("关键词", max_length=40)
    is_exclusion = models.BooleanField("排除词", default=False)
    in_name_only = models.BooleanField("只看名称", default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tag", "word", "in_name_only"], name="keyword_once_a_tag"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.word} → {self.tag}"


class PlaceName(models.Model):
    """A name inside addresses → its region (see places.Place, which reads with them).

    formerly  codes of the counties a town belonged to before: "410307 410311"
    """

    class Kind(models.TextChoices):
        COUNTY = "county", "区县"
        SHORT = "short", "区县简称"
        AREA = "area", "功能区"
        TOWN = "town", "乡镇街道"
        ZONE = "zone", "园区"
        ROAD = "road", "道路"

    name = models.CharField("地名", max_length=40)
    region = models.ForeignKey(Region, models.CASCADE, related_name="places")
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    is_old = models.BooleanField("旧名", default=False)
    formerly = models.CharField("原属", max_length=40, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["name", "region", "kind"], name="place_once_a_region"),
        ]

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
        """Targets with the tag that every one of these departments supervises (art. 18).

        A county department supervises what its system's city department does.
        """
        tags = Tag.objects.filter(code=tag)
        released = Release.objects.none()
        for department in departments:
            # One filter() each: inside a single one, Django would accept any of them.
            tags = tags.filter(supervisors=department.system_id or department.pk)
            released |= Release.objects.filter(department=department)
        return self.filter(tags__in=tags).exclude(pk__in=released.values("target"))

    def matching(self, text: str) -> Self:
        """Search by part of the name, by code, or by address."""
        text = text.strip()
        if not text:
            return self
        if text.isascii() and text.isalnum() and any(c.isdigit() for c in text):
            return self.filter(Q(code__contains=text.upper()) | Q(name__contains=text))
        return self.filter(Q(name__contains=text) | Q(address__contains=text))

    def visible_to(self, user: User) -> Self:
        """A city department reads the whole registry, a county one its own county."""
        department = user.department
        if user.sees_all_departments or department is None or department.level == "city":
            return self
        return self.filter(Q(region=department.region) | Q(is_pending=True))

    def editable_by(self, user: User) -> Self:
        """By 管辖范围 (art. 11): the city's departments everywhere, a county's at home.

        Of what is pending a county may take what turns out to be its own.
        """
        if user.department is None:
            return self.none()
        if user.department.level == Department.Level.CITY:
            return self
        return self.filter(Q(region=user.department.region) | Q(is_pending=True, region=None))

    def waiting(self) -> Self:
        """待核: whose place somebody must look at."""
        return self.filter(is_pending=True)


class Target(models.Model):
    """检查对象.

    code               统一社会信用代码 (18), else registration number (15), else our own number
    region             where it operates, wherever it was registered (art. 11)
    is_pending         待核: region undecided or outside the city; enters no pool
    is_region_by_hand  a person decided the region; an import leaves it while the address stays
    untagged           tags that somebody took off, so that keywords do not put them back
    reviewed_at        when somebody last said that all of this is still so
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
    region_reason = models.CharField("县区依据", max_length=160, blank=True)
    is_region_by_hand = models.BooleanField("人工核定", default=False)
    is_pending = models.BooleanField("待核", default=False, db_index=True)
    status = models.CharField(
        "登记状态", max_length=12, choices=Status.choices, default=Status.ACTIVE
    )
    scope = models.TextField("经营范围", blank=True)
    industry = models.CharField("行业", max_length=80, blank=True)
    registered_on = models.DateField("成立日期", null=True, blank=True)
    capital = models.CharField("注册资本", max_length=60, blank=True)
    legal_form = models.CharField("主体类型", max_length=80, blank=True)
    authority = models.CharField("登记机关", max_length=80, blank=True)
    credit_class = models.CharField(
        "信用风险分类", max_length=1, choices=CreditClass.choices, blank=True
    )
    credit_on = models.DateField("分类日期", null=True, blank=True)
    credit_source = models.CharField("分类来源", max_length=60, blank=True)
    phone = models.CharField("联系电话", max_length=40, blank=True)
    last_inspected_on = models.DateField("上次检查", null=True, blank=True)
    tags = models.ManyToManyField(Tag, through="Tagging", related_name="targets", blank=True)
    untagged = models.ManyToManyField(Tag, related_name="+", blank=True)
    updated_at = models.DateTimeField("更新时间")
    reviewed_at = models.DateTimeField("核对时间", null=True, blank=True)

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

    def get_absolute_url(self) -> str:
        return reverse("registry:target", args=[self.pk])

    @property
    def fresh_at(self) -> datetime:
        """When these facts were last changed, or said to be still so (art. 11, 动态更新)."""
        return max(self.updated_at, self.reviewed_at or self.updated_at)


class Tagging(models.Model):
    """A target carries a tag; by hand, or because a keyword says so."""

    target = models.ForeignKey(Target, models.CASCADE, related_name="taggings")
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="taggings")
    is_by_hand = models.BooleanField("人工", default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["target", "tag"], name="tagged_once"),
        ]

    def __str__(self) -> str:
        return f"{self.target} · {self.tag}"


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

    def __str__(self) -> str:
        return f"{self.target} · {self.department} 不涉及"


class RegisterQuerySet(models.QuerySet["Import"]):
    def visible_to(self, user: User) -> Self:
        """One's own department's imports; the coordinating office and supervisors see all."""
        if user.sees_all_departments:
            return self
        return self.filter(by__department=user.department_id) if user.department_id else self.none()

    def written(self) -> Self:
        return self.filter(written_at__isnull=False)


class Import(models.Model):
    """One uploaded register: what came in, what was wrong, what the file looked like.

    path        where the file waits, below MEDIA_ROOT, until it is written or given up
    rows        rows of the file that are not blank
    pending     of the rows taken: how many wait as 待核
    faulty      rows not taken
    mended      what was put right by itself: {"全角改为半角": 214}
    columns     [heading of the file, what it was taken for], in the file's order
    written_at  empty for a dry run that nobody has committed
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
    given_up_at = models.DateTimeField(null=True, blank=True)
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
    """What one import did to one target: brought it in, or changed these columns."""

    batch = models.ForeignKey(Import, models.CASCADE, related_name="changes")
    target = models.ForeignKey(Target, models.CASCADE, related_name="import_changes")
    is_new = models.BooleanField(default=False)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.batch} → {self.target}"
