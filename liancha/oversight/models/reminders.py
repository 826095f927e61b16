"""督办单: what one department is reminded of, and its answer (art. 6)."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from liancha.accounts.models import Department, User


class ReminderQuerySet(models.QuerySet["Reminder"]):
    def visible_to(self, user: User) -> Self:
        """The coordinating office and supervisors see all, a department its own."""
        if user.sees_all_departments:
            return self
        return self.filter(Q(to=user.department_id) | Q(issued_by__department=user.department_id))

    def open(self) -> Self:
        return self.filter(replied_at=None)


class Reminder(models.Model):
    """督办单: to one department of the same level and region, with its basis and date (art. 6).

    issued_by  None: by the system itself, when a term ran out
    about  what it was issued about by the system, "dispatch:12": once each
    basis  number of the article it rests on
    link   address on this site of what it is about
    """

    number = models.CharField("文号", max_length=60, unique=True)
    to = models.ForeignKey(Department, models.PROTECT, related_name="reminders")
    subject = models.CharField("事由", max_length=200)
    basis = models.CharField("依据", max_length=20)
    link = models.CharField(max_length=200, blank=True)
    due_on = models.DateField("回复期限")
    issued_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    about = models.CharField(max_length=40, blank=True)
    issued_at = models.DateTimeField()
    reply = models.TextField("回复", blank=True)
    replied_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    replied_at = models.DateTimeField(null=True, blank=True)

    objects = ReminderQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["about"], condition=~Q(about=""), name="reminded_once_by_the_system"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("oversight:reminder", args=[self.pk])

    @property
    def issuer(self) -> User | str:
        return self.issued_by or "系统，期限届满自动发出"
