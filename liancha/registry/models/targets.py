"""检查对象 and what is known of them: tags, words, places, releases."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from liancha.accounts.models import Department, Region, User

from .. import search
from ..kinds import CodeKind, CreditClass, Kind, Status

if TYPE_CHECKING:
    from .imports import Import


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
        return self.filter(is_pending=False, merged_into=None)

    def came_with(self, batch: Import) -> Self:
        """Targets that an import brought in."""
        return self.filter(came_with=batch, pk__range=(batch.first_key or 0, batch.last_key or 0))

    def standing(self) -> Self:
        """Targets that were not found to be another one and merged into it."""
        return self.filter(merged_into=None)

    def open_for_business(self) -> Self:
        return self.filter(status=Target.Status.ACTIVE)

    def tagged(self, tag: Tag | str) -> Self:
        """Targets with this tag, given as a record or by its code.

        With the record a database knows how many rows to expect, and reads a large tag in order.
        """
        has = models.Q(tags__code=tag) if isinstance(tag, str) else models.Q(tags=tag)
        return self.filter(has, merged_into=None)

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

    def matching(self, text: str, region: str = "") -> Self:
        """Search by part of the name, pinyin initials, code or address: see `registry.search`.

        region  of one county and what is pending, where only these are wanted; saves looking at
                the rest

        At most `search.MOST` targets: who gets so many has to say more.
        """
        return self.filter(pk__in=search.keys(text, region=region)) if text.strip() else self

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
    address            where an inspection goes: 经营场所 where it is known, else 住所
    registered_address 住所, only where it is another place than `address`
    representative     法定代表人, or whoever answers for a firm without one; never made public
    contact            whom to call; never made public
    region             where it operates, wherever it was registered (art. 11)
    is_pending         待核: region undecided or outside the city; enters no pool
    is_region_by_hand  a person decided the region; an import leaves it while the address stays
    untagged           tags that somebody took off, so that keywords do not put them back
    merged_into        the same target under another code; enters no pool, its code stays findable
    came_with          the import that brought it in; nothing when somebody entered it
    reviewed_at        when somebody last said that all of this is still so

    Rows come by the million: columns that hold few different things have no check of their own
    in the database (region, tags), and an index only where it leads to few rows.
    """

    CodeKind, Kind, Status, CreditClass = CodeKind, Kind, Status, CreditClass

    code = models.CharField("统一社会信用代码", max_length=21, unique=True)
    code_kind = models.CharField(max_length=12, choices=CodeKind.choices)
    name = models.CharField("名称", max_length=200)
    kind = models.CharField("类型", max_length=2, choices=Kind.choices)
    address = models.CharField("住所", max_length=300, blank=True)
    region = models.ForeignKey(
        Region,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="县区",
        related_name="targets",
        db_index=False,  # target_region_class begins with it
        db_constraint=False,
    )
    region_reason = models.CharField("县区依据", max_length=160, blank=True)
    is_region_by_hand = models.BooleanField("人工核定", default=False)
    is_pending = models.BooleanField("待核", default=False)
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
    representative = models.CharField("法定代表人（负责人）", max_length=80, blank=True, default="")
    contact = models.CharField("联络人", max_length=80, blank=True, default="")
    registered_address = models.CharField("登记住所", max_length=300, blank=True, default="")
    last_inspected_on = models.DateField("上次检查", null=True, blank=True)
    tags = models.ManyToManyField(Tag, through="Tagging", related_name="targets", blank=True)
    untagged = models.ManyToManyField(Tag, related_name="+", blank=True)
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="merged",
        verbose_name="已并入",
        db_index=False,
    )
    came_with = models.ForeignKey(
        "registry.Import",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="随导入入库",
        db_index=False,  # Import.first_key and last_key lead to them
        db_constraint=False,
    )
    updated_at = models.DateTimeField("更新时间")
    reviewed_at = models.DateTimeField("核对时间", null=True, blank=True)

    objects = TargetQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [
            models.Index(fields=["name"], name="target_name"),
            models.Index(fields=["region", "credit_class"], name="target_region_class"),
            models.Index(fields=["region"], condition=Q(is_pending=True), name="target_pending"),
            models.Index(
                fields=["merged_into"],
                condition=Q(merged_into__isnull=False),
                name="target_merged",
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(is_pending=True) | Q(region__isnull=False),
                name="decided_targets_have_a_region",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keeps the search table in step; many rows at once go through `search.put`."""
        super().save(*args, **kwargs)
        search.put([self])

    def get_absolute_url(self) -> str:
        return reverse("registry:target", args=[self.pk])

    def drop_same_address(self) -> None:
        """住所 is kept only where it is another place than where it operates."""
        if self.registered_address == self.address:
            self.registered_address = ""

    @staticmethod
    def home_of(user: User) -> str:
        """The county whose targets alone this person reads; "" for the whole city."""
        own = user.department
        if user.sees_all_departments or own is None or own.level == Department.Level.CITY:
            return ""
        return own.region_id

    @property
    def fresh_at(self) -> datetime:
        """When these facts were last changed, or said to be still so (art. 11, 动态更新)."""
        return max(self.updated_at, self.reviewed_at or self.updated_at)


class Tagging(models.Model):
    """A target carries a tag; by hand, or because a keyword says so."""

    target = models.ForeignKey(
        Target,
        models.CASCADE,
        related_name="taggings",
        db_index=False,  # tagged_once begins with it
        db_constraint=False,
    )
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="taggings", db_constraint=False)
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
