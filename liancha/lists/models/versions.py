"""Versions of the two lists and what stands in them: rows, co-signatures, changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Self

from django.db import models
from django.urls import reverse

from liancha.accounts.models import Department, Region, User
from liancha.ledger.locks import Lock, Sealed
from liancha.rulebook import lifecycles
from liancha.rulebook.eligibility import Duty
from liancha.rulebook.lifecycles import ListState
from liancha.rulebook.regions import CITY


class ItemClass(models.TextChoices):
    KEY = "key", "重点检查事项"
    GENERAL = "general", "一般检查事项"


class Method(models.TextChoices):
    """检查方式 (domain §c.5)."""

    ONSITE = "1", "现场检查"
    DOCUMENT = "2", "书面检查"
    NETWORK = "3", "网络监测"
    TESTING = "4", "抽样检验"
    SHARED = "5", "利用其他部门结果"
    ENTRUSTED = "6", "委托专业机构"
    REMOTE = "7", "非现场监管"


LEVELS = (("C", "市级"), ("X", "县（区）级"), ("CX", "市、县（区）级"))


class ListVersionQuerySet(models.QuerySet["ListVersion"]):
    def in_force(self, kind: str, region: str = "410300") -> Self:
        return self.filter(kind=kind, region=region, state=ListState.PUBLISHED)

    def published(self) -> Self:
        """Versions anybody may read: the one in force and those it superseded."""
        return self.filter(state__in=(ListState.PUBLISHED, ListState.SUPERSEDED))

    def in_work(self) -> Self:
        """Versions that are being drawn up: not public yet."""
        return self.exclude(state__in=(ListState.PUBLISHED, ListState.SUPERSEDED))


class ListVersion(models.Model):
    """One version of a list. Its rows are sealed when it is published."""

    class Kind(models.TextChoices):
        ITEMS = "items", "抽查事项清单"
        JOINT = "joint", "部门联合抽查事项清单"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    region = models.ForeignKey(Region, models.PROTECT)
    number = models.PositiveIntegerField("版次")
    title = models.CharField("标题", max_length=120)
    document_number = models.CharField("文号", max_length=60, blank=True)
    basis = models.TextField("修订依据和理由", blank=True)
    state = models.CharField(
        max_length=12, choices=lifecycles.choices(ListState), default=ListState.DRAFT
    )
    previous = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)

    objects = ListVersionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["kind", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "region", "number"], name="list_numbers_are_unique"
            ),
            models.UniqueConstraint(
                fields=["kind", "region"],
                condition=models.Q(state="published"),
                name="one_list_in_force",
            ),
            models.CheckConstraint(
                condition=models.Q(published_at__isnull=False)
                | ~models.Q(state__in=["published", "superseded"]),
                name="published_lists_have_a_date",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}（第 {self.number} 版）"

    def get_absolute_url(self) -> str:
        return reverse("lists:version", args=[self.kind, self.pk])

    @property
    def is_joint(self) -> bool:
        return self.kind == self.Kind.JOINT

    @property
    def is_draft(self) -> bool:
        return self.state == ListState.DRAFT

    @property
    def asks_for_basis(self) -> bool:
        """Whether every change must say why: only the city's first list differs from nothing."""
        return self.previous_id is not None or self.region_id != CITY

    @property
    def is_public(self) -> bool:
        return self.state in (ListState.PUBLISHED, ListState.SUPERSEDED)

    @property
    def is_settled(self) -> bool:
        """Approved, or public since: nothing in it is decided any more (art. 9)."""
        return self.state == ListState.APPROVED or self.is_public

    def advance(self, then: ListState) -> None:
        self.state = lifecycles.LIST.step(ListState(self.state), then)
        self.save(update_fields=["state"])


class CoSign(models.Model):
    """会签: one named department's word on a list version (art. 9).

    agrees  None until it has spoken; only agreement counts towards publication
    """

    version = models.ForeignKey(ListVersion, models.CASCADE, related_name="cosigns")
    department = models.ForeignKey(Department, models.PROTECT)
    agrees = models.BooleanField("同意", null=True, blank=True)
    opinion = models.CharField("意见", max_length=300, blank=True)
    signed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    signed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "department"], name="one_cosign_each"),
        ]


class ListChange(models.Model):
    """立改废释: one row put in, altered or taken out against the version before (art. 8).

    basis  which law changed, or which practice: no change without one
    """

    class Kind(models.TextChoices):
        ADDED = "added", "新增"
        CHANGED = "changed", "修改"
        REMOVED = "removed", "删除"

    version = models.ForeignKey(ListVersion, models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    code = models.CharField(max_length=10)
    name = models.CharField(max_length=200)
    basis = models.CharField("依据和理由", max_length=300)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    lock: ClassVar[Lock] = Sealed("list", "version_id", is_fixed=False)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name}"


class CheckItem(models.Model):
    """抽查事项, with the seven columns of art. 10."""

    version = models.ForeignKey(ListVersion, models.CASCADE, related_name="items")
    position = models.PositiveIntegerField("序号")
    category = models.CharField("抽查类别", max_length=60)
    name = models.CharField("抽查事项", max_length=200)
    targets = models.CharField("检查对象", max_length=200)
    item_class = models.CharField("事项类别", max_length=10, choices=ItemClass.choices)
    methods = models.CharField("检查方式", max_length=60)
    subject = models.CharField("检查主体", max_length=100)
    basis = models.TextField("检查依据")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")

    lock: ClassVar[Lock] = Sealed("list", "version_id", is_fixed=False)

    class Meta:
        ordering: ClassVar = ["position"]

    def __str__(self) -> str:
        return self.name


class JointField(models.Model):
    """抽查领域: the row of the joint list that one task is about (art. 10).

    tag      code of the registry's tag that its targets carry
    methods  digits of Method: "1 3"
    duty     what makes the initiator fit to initiate: 主管部门 or 重要监管职责
    """

    version = models.ForeignKey(ListVersion, models.CASCADE, related_name="fields")
    code = models.CharField("代码", max_length=10)
    name = models.CharField("抽查领域", max_length=80)
    targets = models.CharField("检查对象", max_length=200)
    tag = models.CharField("对象标签", max_length=40)
    item_class = models.CharField("事项类别", max_length=10, choices=ItemClass.choices)
    methods = models.CharField("检查方式", max_length=20)
    ratio_note = models.CharField("参考比例和频次", max_length=80, blank=True)
    level = models.CharField("层级", max_length=2, choices=LEVELS)
    source = models.CharField("来源", max_length=60, blank=True)
    initiator = models.ForeignKey(
        Department, models.PROTECT, related_name="+", verbose_name="发起部门"
    )
    duty = models.CharField(
        "发起部门职责", max_length=10, choices=Duty.choices(), default=Duty.COMPETENT
    )
    cooperators = models.ManyToManyField(
        Department, through="Cooperation", related_name="+", verbose_name="配合部门"
    )

    lock: ClassVar[Lock] = Sealed("list", "version_id", is_fixed=False)

    class Meta:
        ordering: ClassVar = ["code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "code"], name="field_once_a_version"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def departments(self) -> list[Department]:
        """The initiator first, then the cooperators."""
        return [self.initiator, *self.cooperators.all()]

    def answered_by(self, departments: Iterable[Department]) -> list[JointItem]:
        """The items these departments answer, or the systems they are branches of.

        A county without a list of its own uses the city's, where its departments' systems stand.
        """
        answering = {key for each in departments for key in (each.pk, each.system_id)}
        return [item for item in self.items.all() if item.department_id in answering]

    @property
    def method_words(self) -> str:
        """现场检查、网络监测."""
        return "、".join(Method(digit).label for digit in self.methods.split())


@dataclass(frozen=True, slots=True)
class SealedWithItsField(Lock):
    """Rows that hang on a joint field refuse every change once its version is sealed."""

    def refusals(self, model: type[models.Model], vendor: str) -> dict[str, str]:
        def sealed(row: str) -> str:
            return (
                "EXISTS (SELECT 1 FROM ledger_seal JOIN lists_jointfield ON ledger_seal.subject = "
                "'list:' || CAST(lists_jointfield.version_id AS TEXT) "
                f'WHERE lists_jointfield.id = {row}."field_id")'
            )

        return {
            "INSERT": sealed("NEW"),
            "UPDATE": f"{sealed('OLD')} OR {sealed('NEW')}",
            "DELETE": sealed("OLD"),
        }


class Cooperation(models.Model):
    """A department named as cooperator in a field."""

    field = models.ForeignKey(JointField, models.CASCADE, related_name="cooperations")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")

    lock: ClassVar[Lock] = SealedWithItsField()

    class Meta:
        ordering: ClassVar = ["department"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["field", "department"], name="cooperates_once"),
        ]

    def __str__(self) -> str:
        return f"{self.field} · {self.department}"


class JointItem(models.Model):
    """抽查事项 of a field, and which department answers it.

    needs_tag  only targets that also carry this tag have the item (a hotel with a lift)
    """

    version = models.ForeignKey(ListVersion, models.CASCADE, related_name="joint_items")
    field = models.ForeignKey(JointField, models.CASCADE, related_name="items")
    position = models.PositiveIntegerField("序号")
    name = models.CharField("抽查事项", max_length=200)
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    basis = models.CharField("检查依据", max_length=200, blank=True)
    needs_tag = models.CharField(max_length=40, blank=True)

    lock: ClassVar[Lock] = Sealed("list", "version_id", is_fixed=False)

    class Meta:
        ordering: ClassVar = ["position"]

    def __str__(self) -> str:
        return self.name
