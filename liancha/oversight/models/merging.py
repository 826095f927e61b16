"""合并检查: one visit proposed instead of two, and the word of each department (E14)."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Self
from uuid import uuid4

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from liancha.accounts.models import Department, User
from liancha.draw.models import DrawnTarget
from liancha.draw.pools import FINISHED
from liancha.inspection.models import OVER, JointCall
from liancha.registry.models import Target
from liancha.rulebook import lifecycles
from liancha.rulebook.lifecycles import MergeState
from liancha.task.models import Participation, Task


class MergeProposalQuerySet(models.QuerySet["MergeProposal"]):
    def visible_to(self, user: User) -> Self:
        """What this person may read: all drawn lists in it, and one side of it is their own.

        The coordinating office and supervisors need no side of their own, the lists they need too.
        Source: draw protocol, §6; decision A23.
        """
        hidden = MergeSide.objects.filter(proposal=OuterRef("pk")).hidden_from(user)
        seen = self.filter(~Exists(hidden))
        if user.sees_all_departments:
            return seen
        return seen.filter(pk__in=_proposals_of(user))

    def withheld_from(self, user: User) -> Self:
        """Of what is open, what names firms this person may not read; the names are all of it.

        Nothing of a task of one's own: who knows one of two lists would learn of the other.
        """
        hidden = MergeSide.objects.filter(proposal=OuterRef("pk")).hidden_from(user)
        own = Participation.objects.filter(department=user.department_id).values("task")
        mine = MergeSide.objects.filter(proposal=OuterRef("pk"), task__in=own)
        return self.open().filter(Exists(hidden), ~Exists(mine)).exclude(pk__in=_proposals_of(user))

    def open(self) -> Self:
        return self.filter(state=MergeState.PROPOSED)

    def decidable_by(self, user: User) -> Self:
        """Open ones where the word of this person's department is still missing."""
        return self.open().visible_to(user).filter(_lacks_the_word_of(user))

    def on_desk_of(self, user: User, today: date) -> Self:
        """What this person's department has to say a word on, and the visits to come that it goes
        along with for something it was not drawn for; those first, by their day.
        """
        along = _sides_of(user).exclude(kind=MergeSide.Kind.DRAWN)
        to_come = Q(state=MergeState.ACCEPTED, call__appointed_on__gte=today)
        undecided = Q(state=MergeState.PROPOSED) & _lacks_the_word_of(user)
        rows = self.visible_to(user).filter((to_come & Exists(along)) | undecided)
        return rows.order_by("state", "call__appointed_on", "call__slot", "appointed_on", "id")

    def matching(self, text: str) -> Self:
        """Search by parts of the target's name, or its code."""
        found = self
        for word in text.split():
            found = found.filter(
                Q(target__name__contains=word) | Q(target__code__startswith=word.upper())
            )
        return found


def _sides_of(user: User) -> MergeSideQuerySet:
    """The sides of this person's department in the proposal that is asked about."""
    return MergeSide.objects.filter(proposal=OuterRef("pk"), department=user.department_id)


def _lacks_the_word_of(user: User) -> Exists:
    """Whether this person's department has a side in a proposal and has not said yes to it."""
    return Exists(_sides_of(user).filter(agreed_at=None))


def _proposals_of(user: User) -> models.QuerySet[MergeSide]:
    """Of which proposals this person's department is a side, as keys for a filter."""
    return MergeSide.objects.filter(department=user.department_id).values("proposal")  # type: ignore[return-value]


class MergeProposal(models.Model):
    """合并检查建议: two inspections of one target that could be one visit (综合查一次, E14).

    id            by chance: numbers in a row would say that there is one somebody may not see
    pair          the keys of both sides in order, "drawn:12 solo:5": once while it is not lapsed
    gap           days between the two as they were planned
    appointed_on  the day both are to come, offered by the machine until somebody agrees
    decline       why not; whoever declined says it
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    pair = models.CharField(max_length=90)
    target = models.ForeignKey(Target, models.CASCADE, related_name="+")
    state = models.CharField(
        max_length=10, choices=lifecycles.choices(MergeState), default=MergeState.PROPOSED
    )
    gap = models.PositiveIntegerField("相隔天数")
    appointed_on = models.DateField("上门日期")
    slot = models.CharField("开始时间", max_length=20, default="09:00")
    call = models.ForeignKey(
        JointCall, models.SET_NULL, null=True, blank=True, related_name="proposals"
    )
    found_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decline = models.CharField("不合并的理由", max_length=200, blank=True)

    objects = MergeProposalQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["appointed_on", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["pair"], condition=~Q(state="lapsed"), name="one_live_proposal_a_pair"
            ),
            models.CheckConstraint(
                condition=~Q(state="declined") | ~Q(decline=""),
                name="declined_merges_have_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"合并检查：{self.target.name}"

    def get_absolute_url(self) -> str:
        return reverse("oversight:merge", args=[self.pk])

    def blind(self) -> list[Department]:
        """Departments of a side that may not read a list in it yet: there is no deciding till then.

        Source: draw protocol, §6.
        """
        sides = list(self.sides.select_related("department", "task"))
        found = []
        for department in {side.department_id: side.department for side in sides}.values():
            secret = [
                side.task_id
                for side in sides
                if side.task is not None
                and side.task.state not in FINISHED
                and (side.kind, side.department_id) != (MergeSide.Kind.FOLLOW, department.pk)
            ]
            seen = Participation.objects.filter(department=department, task__in=secret)
            if seen.values("task").distinct().count() < len(set(secret)):
                found.append(department)
        return found

    def advance(self, then: MergeState) -> None:
        self.state = lifecycles.MERGE.step(MergeState(self.state), then)
        self.save(update_fields=["state"])


class MergeSideQuerySet(models.QuerySet["MergeSide"]):
    def hidden_from(self, user: User) -> Self:
        """Sides that say who was drawn in a list this person may not read yet.

        Participants of the task may, supervisors may, everybody once the task's visits are over;
        the coordinating office once that one visit is over, as it reads visits.
        Source: draw protocol, §6; decision A23.
        """
        if "supervisor" in user.roles:
            return self.none()
        own = Participation.objects.filter(department=user.department_id).values("task")
        secret = self.exclude(task=None).exclude(task__in=own).exclude(task__state__in=FINISHED)
        secret = secret.exclude(kind=MergeSide.Kind.FOLLOW, department=user.department_id)
        if user.sees_all_departments:
            secret = secret.exclude(drawn_target__visit__state__in=OVER)
        return secret


class MergeSide(models.Model):
    """One of the two: what it is, whose it is, when it is planned, and that department's word.

    key           rulebook.merging.Stop.key; what it names is found by kind
    task          whose drawn list the side gives away: of a drawn target, of one looked at again
    drawn_target  of a joint check: the one to be visited, or the one visited before
    agreed_by     None while the department has not said yes
    """

    class Kind(models.TextChoices):
        DRAWN = "drawn", "联合抽查"
        SOLO = "solo", "单独检查"
        CASE = "case", "个案检查"
        FOLLOW = "follow", "复查"

    proposal = models.ForeignKey(MergeProposal, models.CASCADE, related_name="sides")
    kind = models.CharField("检查类型", max_length=6, choices=Kind.choices)
    key = models.CharField(max_length=40)
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    what = models.CharField("检查", max_length=200)
    first_on = models.DateField("最早")
    last_on = models.DateField("最晚")
    task = models.ForeignKey(Task, models.PROTECT, null=True, blank=True, related_name="+")
    drawn_target = models.ForeignKey(
        DrawnTarget, models.PROTECT, null=True, blank=True, related_name="+"
    )
    agreed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    agreed_at = models.DateTimeField(null=True, blank=True)

    objects = MergeSideQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["proposal", "key"], name="each_side_once"),
            models.CheckConstraint(
                condition=Q(agreed_at__isnull=True, agreed_by__isnull=True)
                | Q(agreed_at__isnull=False, agreed_by__isnull=False),
                name="a_word_has_its_giver",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=("drawn", "follow")) | Q(task__isnull=False),
                name="sides_of_a_draw_name_its_task",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.department.short} {self.what}"
