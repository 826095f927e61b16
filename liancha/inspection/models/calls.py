"""同一次上门: several inspections of one firm on one day, one appointment for the firm (E14).

Each inspection keeps its own team, its own record form and its own signature. What they share is
the door: the day, the time, and that everybody knows of the others.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from liancha.accounts.models import Department, User
from liancha.draw.models import DrawnTarget
from liancha.registry.models import Target


class JointCall(models.Model):
    """One appointment of one firm for everybody who comes.

    slot  time of day it begins, "09:00"
    """

    target = models.ForeignKey(Target, models.CASCADE, related_name="calls")
    appointed_on = models.DateField("上门日期")
    slot = models.CharField("开始时间", max_length=20)
    agreed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    agreed_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["appointed_on", "slot", "id"]

    def __str__(self) -> str:
        return f"{self.appointed_on} {self.slot} 同一次上门"


class Caller(models.Model):
    """Who comes with an appointment: the team of a drawn target, or one department by itself.

    drawn_target  of a joint check; its visit has day and time from the appointment
    key           what a department comes for that was not drawn, "solo:5": once an appointment
    what          the same in words
    """

    call = models.ForeignKey(JointCall, models.CASCADE, related_name="callers")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    drawn_target = models.OneToOneField(
        DrawnTarget, models.PROTECT, null=True, blank=True, related_name="caller"
    )
    key = models.CharField(max_length=40)
    what = models.CharField("检查", max_length=200)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key"], name="one_appointment_each"),
            models.CheckConstraint(
                condition=Q(drawn_target__isnull=False) | ~Q(key__startswith="drawn:"),
                name="drawn_callers_name_what_was_drawn",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.department.short} {self.what}"
