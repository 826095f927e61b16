"""Who goes where, when, and which rows the form of that visit has."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from liancha.accounts.models import Department, User
from liancha.draw.models import Assignment, DrawnTarget, Replacement
from liancha.lists.models import JointItem, Method
from liancha.roster.models import Inspector
from liancha.rulebook import lifecycles, presence
from liancha.rulebook.lifecycles import ReplacementState, VisitState
from liancha.task.models import Participation, Task

OVER = (VisitState.SIGNED, VisitState.ANNOTATED)


def seats() -> models.QuerySet[Any]:
    """Drawn seats (Assignment) with `holder`: who sits there after replacements (art. 19)."""
    changes = Replacement.objects.filter(
        assignment=OuterRef("pk"), state=ReplacementState.APPROVED
    ).order_by("-id")
    return Assignment.objects.annotate(
        holder=Coalesce(
            Subquery(changes.values("coming")[:1]),
            F("inspector_id"),
            output_field=models.BigIntegerField(),
        )
    )


class Team(models.Model):
    """联合检查组: members of all departments, one leader among them (art. 20)."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="teams")
    number = models.PositiveIntegerField("组号")
    leader = models.ForeignKey(Inspector, models.PROTECT, related_name="leads")
    members = models.ManyToManyField(Inspector, related_name="teams")
    formed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    formed_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["task", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["task", "number"], name="team_numbers_are_unique"),
        ]

    def __str__(self) -> str:
        return f"第 {self.number} 组"


class VisitQuerySet(models.QuerySet["Visit"]):
    def visible_to(self, user: User) -> Self:
        """An officer sees visits of their own teams, an expert those they were invited to,
        others those of their department's tasks, and see `named_to`.
        """
        inspector = getattr(user, "inspector", None)
        if user.roles <= {"officer", "expert"}:
            return self.none() if inspector is None else self.attended_by(inspector)
        return self.named_to(user)

    def named_to(self, user: User) -> Self:
        """Visits whose firm this person may read: a supervisor all, participants those of their
        tasks. The coordinating office reads of others' tasks what is over, and no sooner: until
        then the list is for those who carry it out.

        Source: draw protocol, §6; decision A23.
        """
        if "supervisor" in user.roles:
            return self
        own = Participation.objects.filter(department=user.department_id).values("task")
        named = Q(team__task__in=own)
        if user.sees_all_departments:
            named |= Q(state__in=OVER)
        return self.filter(named)

    def attended_by(self, inspector: Inspector) -> Self:
        """Visits where this person has a seat now, or was invited as an expert."""
        return self.filter(
            Q(drawn_target__in=seats().filter(holder=inspector.pk).values("drawn_target"))
            | Q(pk__in=Invitation.objects.filter(expert=inspector).values("visit"))
        )

    def of_task(self, task: Task) -> Self:
        return self.filter(team__task=task)

    def to_do(self) -> Self:
        """Neither signed nor annotated yet."""
        return self.exclude(state__in=OVER)

    def matching(self, text: str) -> Self:
        """Search by parts of the target's name, by its code, or by task number."""
        found = self
        for word in text.split():
            found = found.filter(
                Q(drawn_target__candidate__name__contains=word)
                | Q(drawn_target__candidate__code__startswith=word.upper())
                | Q(team__task__number__startswith=word)
            )
        return found


class Visit(models.Model):
    """实地核查 of one drawn target by its team.

    slot     time of day it begins, "09:00"
    vehicle  检查用车, arranged by the leader (art. 20)
    """

    drawn_target = models.OneToOneField(DrawnTarget, models.PROTECT, related_name="visit")
    team = models.ForeignKey(Team, models.PROTECT, related_name="visits")
    method = models.CharField(
        "检查方式", max_length=2, choices=Method.choices, default=Method.ONSITE
    )
    planned_on = models.DateField("检查日期", null=True, blank=True)
    slot = models.CharField("开始时间", max_length=20, blank=True)
    vehicle = models.CharField("检查用车", max_length=40, blank=True)
    state = models.CharField(
        max_length=12, choices=lifecycles.choices(VisitState), default=VisitState.PENDING
    )
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = VisitQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["planned_on", "slot", "id"]

    def __str__(self) -> str:
        return self.drawn_target.candidate.name

    def get_absolute_url(self) -> str:
        return reverse("inspection:visit", args=[self.pk])

    @property
    def number(self) -> str:
        """编号 of the record form: the task's number and the team's."""
        return f"{self.team.task.number}-{self.team.number:03d}"

    @property
    def is_onsite(self) -> bool:
        return presence.Method(self.method).is_onsite

    @property
    def is_over(self) -> bool:
        return self.state in OVER

    def advance(self, then: VisitState) -> None:
        self.state = lifecycles.VISIT.step(VisitState(self.state), then)
        self.save(update_fields=["state"])


class VisitPart(models.Model):
    """One department's part of a visit: its clock of art. 22 runs from completed_at.

    is_involved  False where the department has no item here (不涉及, A10)
    """

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="parts")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    is_involved = models.BooleanField(default=True)
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["visit", "department"], name="one_part_each"),
        ]

    def __str__(self) -> str:
        return self.department.short


class VisitItem(models.Model):
    """One row the record form of this visit has, as it was when the team was formed.

    is_expected  False where the target lacks what the item is about: printed 不涉及, not asked
    """

    part = models.ForeignKey(VisitPart, models.PROTECT, related_name="rows")
    item = models.ForeignKey(JointItem, models.PROTECT, related_name="+")
    is_expected = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["part", "item__position", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["part", "item"], name="item_once_a_part"),
        ]

    def __str__(self) -> str:
        return self.item.name


class Invitation(models.Model):
    """专家 invited to a visit: gives an opinion, never counts, concludes nothing (art. 20)."""

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="invitations")
    expert = models.ForeignKey(Inspector, models.PROTECT, related_name="invitations")
    contract_number = models.CharField("服务合同号", max_length=60, blank=True)
    opinion = models.TextField("专家意见", blank=True)
    opinion_at = models.DateTimeField(null=True, blank=True)
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["visit", "expert"], name="invited_once"),
        ]

    def __str__(self) -> str:
        return self.expert.name
