from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import ClassVar, Self

from django.contrib.auth.models import AbstractUser
from django.db import models

from liancha.rulebook import eligibility

from .permissions import ROLE_CHOICES, Permission, permissions_of


class Region(models.Model):
    """洛阳市, its 14 districts and counties and the functional areas (domain §c.1).

    code  six characters: GB/T 2260, or 4103Y1… for areas without a national code
    """

    class Kind(models.TextChoices):
        CITY = "city", "市"
        DISTRICT = "district", "区"
        COUNTY = "county", "县"
        AREA = "area", "功能区"

    code = models.CharField("区划代码", max_length=6, primary_key=True)
    name = models.CharField("名称", max_length=40, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    host = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return self.name


class DepartmentQuerySet(models.QuerySet["Department"]):
    def active(self) -> Self:
        return self.filter(closed_on=None)

    def qualified(self) -> Self:
        """Departments that may initiate or cooperate (art. 2): they have 执法主体资格."""
        return self.active().filter(is_qualified=True)

    def city(self) -> Self:
        return self.filter(level=Department.Level.CITY)


class Department(models.Model):
    """A 监管相关部门 of the city or a county (art. 2)."""

    class Level(models.TextChoices):
        CITY = "city", "市级"
        COUNTY = "county", "县（区）级"

    class Kind(models.TextChoices):
        OWN = "own", "本级"
        VERTICAL = "vertical", "垂直管理"
        STATE = "state", "国家综合性消防"
        PARTY = "party", "党委部门"

    code = models.CharField("部门代码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=60, unique=True)
    short = models.CharField("简称", max_length=20)
    level = models.CharField("层级", max_length=10, choices=Level.choices, default=Level.CITY)
    kind = models.CharField("性质", max_length=10, choices=Kind.choices, default=Kind.OWN)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="区域")
    system = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="branches"
    )
    is_qualified = models.BooleanField("执法主体资格", default=True)
    is_coordinator = models.BooleanField("联席会议办公室", default=False)
    closed_on = models.DateField("撤销日期", null=True, blank=True)
    successor = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="predecessors",
        verbose_name="承接部门",
    )

    objects = DepartmentQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_closed(self) -> bool:
        return self.closed_on is not None

    def check_takes_part(self) -> None:
        """Raise Blocked when it can neither initiate nor cooperate (art. 2, paragraph 2)."""
        eligibility.check_body(
            self.name,
            is_qualified=self.is_qualified,
            closed_on=self.closed_on,
            successor=self.successor.name if self.successor else "",
        )


class User(AbstractUser):
    """A person. Roles come as grants; what they may do comes from the role table."""

    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="people"
    )
    full_name = models.CharField("姓名", max_length=40)
    body = models.CharField("单位", max_length=60, blank=True)  # witnesses, experts: who sent them
    must_change_password = models.BooleanField(default=True)
    password_changed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.full_name or self.username

    @property
    def signature(self) -> str:
        """How the ledger knows this person: account and department."""
        return f"{self.username}@{self.department.code}" if self.department else self.username

    @cached_property
    def roles(self) -> frozenset[str]:
        return frozenset(self.grants.values_list("role", flat=True))

    @cached_property
    def permissions(self) -> frozenset[Permission]:
        return permissions_of(self.roles) if self.is_active else frozenset()

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    @property
    def sees_all_departments(self) -> bool:
        """The coordinating office and the supervisors: they read, others act (arts. 6 and 7)."""
        return bool(self.roles & {"coordinator", "supervisor"})


class Grant(models.Model):
    """One role of one person, and who gave it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="grants")
    role = models.CharField(max_length=20, choices=ROLE_CHOICES)
    granted_at = models.DateTimeField()
    granted_by = models.CharField(max_length=150)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "role"], name="one_grant_per_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"


class PastPassword(models.Model):
    """Hashes of earlier passwords: the last five may not come back."""

    user = models.ForeignKey(User, models.CASCADE, related_name="past_passwords")
    hash = models.CharField(max_length=200)
    set_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-set_at", "-id"]

    def __str__(self) -> str:
        return f"{self.user} · {self.set_at:%Y-%m-%d}"

    @staticmethod
    def too_old(user: User, at: datetime, days: int = 90) -> bool:
        """True when the password must be changed: first log-in, or older than `days`."""
        changed = user.password_changed_at
        return user.must_change_password or changed is None or (at - changed).days >= days
