"""What the lists rest on: laws and their status, lists from above, duties, mechanisms (arts. 8–10).

A version's rows stand in `versions`. What was decided about a row from above belongs to the version
it was decided for, and is sealed with it.
"""

from __future__ import annotations

import re
from datetime import date
from typing import ClassVar, Self

from django.db import models

from liancha.accounts.models import Department, Region, User
from liancha.ledger.locks import Lock, Sealed
from liancha.rulebook.eligibility import Duty

from .versions import ListVersion

_NAMED = re.compile(r"《([^》]+)》")
_STATE, _EDITION = "中华人民共和国", re.compile(r"[（(][^（）()]*[修年版][^（）()]*[)）]$")


class LegalBasisQuerySet(models.QuerySet["LegalBasis"]):
    def not_in_force(self) -> Self:
        return self.exclude(status=LegalBasis.Status.IN_FORCE)


class LegalBasis(models.Model):
    """法律法规依据 and whether it is still in force (art. 8: 立改废释).

    title  as it stands between 《》 in the rows that cite it
    """

    class Status(models.TextChoices):
        IN_FORCE = "in_force", "现行有效"
        AMENDED = "amended", "已修订"
        REPEALED = "repealed", "已废止"

    title = models.CharField("名称", max_length=120, unique=True)
    document_number = models.CharField("文号", max_length=80, blank=True)
    status = models.CharField(
        "效力", max_length=10, choices=Status.choices, default=Status.IN_FORCE
    )
    since = models.DateField("自", null=True, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    objects = LegalBasisQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["title"]

    def __str__(self) -> str:
        return f"《{self.title}》"

    def standing(self, on: date) -> str:
        """已废止; 2027-01-01 起废止 while that day is still to come."""
        word = self.get_status_display()
        is_ahead = self.since is not None and self.since > on
        return f"{self.since:%Y-%m-%d} 起{word.removeprefix('已')}" if is_ahead else word

    def is_cited_in(self, text: str) -> bool:
        """Whether a row's basis names this law, with or without 中华人民共和国 and the edition.

        《食品安全法实施条例》 is not 《食品安全法》; a text without 《》 is searched for the name.
        """
        own, named = _bare(self.title), _NAMED.findall(text)
        return own in map(_bare, named) if named else own in text


def _bare(name: str) -> str:
    return _EDITION.sub("", "".join(name.split())).removeprefix(_STATE)


class UpperList(models.Model):
    """A joint list published by the nation or the province, taken in row by row (art. 9)."""

    class Level(models.TextChoices):
        NATION = "N", "国家"
        PROVINCE = "P", "省"

    level = models.CharField("层级", max_length=1, choices=Level.choices)
    title = models.CharField("标题", max_length=120)
    document_number = models.CharField("文号", max_length=80, blank=True)
    is_over = models.BooleanField("已不再适用", default=False)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.title


class UpperRow(models.Model):
    """A field of an upper list: every one is adopted or left out with a reason."""

    upper = models.ForeignKey(UpperList, models.CASCADE, related_name="rows")
    code = models.CharField("代码", max_length=20)
    name = models.CharField("抽查领域", max_length=120)
    targets = models.CharField("检查对象", max_length=300, blank=True)
    items = models.TextField("抽查事项", blank=True)
    initiator = models.CharField("发起部门", max_length=80, blank=True)
    cooperators = models.CharField("配合部门", max_length=300, blank=True)

    class Meta:
        ordering: ClassVar = ["upper", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["upper", "code"], name="upper_row_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def key(self) -> str:
        return f"{self.upper_id}:{self.code}"


class UpperDecision(models.Model):
    """What one version does with one row from above (art. 9).

    key         UpperRow.key, or the code of a field of the city's list for a county
    adopted_as  code of our own field; empty when the row is left out
    """

    class Cause(models.TextChoices):
        NO_TARGET = "no_target", "本地没有此类检查对象"
        NO_POWER = "no_power", "本地没有相应职权"
        ABOVE = "above", "由上级部门直接检查"
        OTHER = "other", "其他原因"

    version = models.ForeignKey(ListVersion, models.CASCADE, related_name="upper_decisions")
    row = models.ForeignKey(UpperRow, models.PROTECT, null=True, blank=True, related_name="+")
    key = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    adopted_as = models.CharField("纳入为", max_length=10, blank=True)
    cause = models.CharField("原因", max_length=10, choices=Cause.choices, blank=True)
    reason = models.CharField("说明", max_length=300, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    lock: ClassVar[Lock] = Sealed("list", "version_id", is_fixed=False)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "key"], name="decided_once_a_version"),
            models.CheckConstraint(
                condition=~models.Q(adopted_as="") | ~models.Q(reason=""),
                name="left_out_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} → {self.adopted_as or self.reason}"


class FieldDuty(models.Model):
    """职责: what duty a department holds in a field, and where that is written (art. 10).

    department  of the city; a county branch holds its system's duty
    basis       三定规定 or a law: duties are read there, not chosen for the occasion
    """

    department = models.ForeignKey(Department, models.PROTECT, related_name="duties")
    code = models.CharField("领域代码", max_length=10)
    name = models.CharField("领域", max_length=80)
    duty = models.CharField("职责", max_length=10, choices=Duty.choices())
    basis = models.CharField("职责依据", max_length=200)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["code", "department"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["department", "code"], name="one_duty_a_field"),
        ]

    def __str__(self) -> str:
        return f"{self.department.short} {self.name} {self.get_duty_display()}"


class Mechanism(models.Model):
    """联席会议、综合治理、联合执法 mechanisms whose checks could be drawn at random (art. 9).

    field_code  the joint field its checks became; empty while they are none
    """

    region = models.ForeignKey(Region, models.PROTECT, related_name="+")
    name = models.CharField("机制名称", max_length=120)
    lead = models.ForeignKey(Department, models.PROTECT, related_name="+", verbose_name="牵头部门")
    members = models.CharField("成员部门", max_length=300, blank=True)
    subject = models.CharField("检查什么", max_length=200)
    is_convertible = models.BooleanField("可以采取双随机方式", default=True)
    note = models.CharField("说明", max_length=300, blank=True)
    field_code = models.CharField("已纳入领域", max_length=10, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["region", "name"], name="mechanism_once"),
        ]

    def __str__(self) -> str:
        return self.name
