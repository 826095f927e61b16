"""Who inspects whom, as drawn, and who went instead."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from liancha.accounts.models import User
from liancha.ledger.locks import Lock, Sealed
from liancha.roster.models import Inspector
from liancha.rulebook import lifecycles
from liancha.rulebook.lifecycles import ReplacementState

from .draws import Draw
from .lists import DrawnTarget


class Assignment(models.Model):
    """An inspector drawn for a target. Locked; who goes instead is a Replacement."""

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="assignments")
    drawn_target = models.ForeignKey(DrawnTarget, models.PROTECT, related_name="assignments")
    inspector = models.ForeignKey(Inspector, models.PROTECT, related_name="assignments")
    ticket = models.CharField(max_length=64)

    lock: ClassVar[Lock] = Sealed("draw", "draw_id")

    class Meta:
        ordering: ClassVar = ["draw", "drawn_target", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["draw", "drawn_target", "inspector"], name="assigned_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.inspector} → {self.drawn_target}"


class Replacement(models.Model):
    """人员更换: reason, the next by ticket (or designated, with a second reason), the head's word.

    assignment is the drawn seat; `leaving` may already be somebody who replaced another there.
    """

    class Reason(models.TextChoices):
        POST_CHANGE = "post_change", "岗位调整"
        WORK_CONFLICT = "work_conflict", "工作冲突"
        HEALTH = "health", "健康状况"
        RECUSAL = "recusal", "执法回避"
        OTHER = "other", "其他"

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="replacements")
    leaving = models.ForeignKey(Inspector, models.PROTECT, related_name="+")
    coming = models.ForeignKey(Inspector, models.PROTECT, related_name="+")
    reason = models.CharField("原因", max_length=15, choices=Reason.choices)
    detail = models.CharField("说明", max_length=300, blank=True)
    is_designated = models.BooleanField("指定人选", default=False)
    designation_reason = models.CharField("指定原因", max_length=300, blank=True)
    state = models.CharField(
        max_length=12,
        choices=lifecycles.choices(ReplacementState),
        default=ReplacementState.REQUESTED,
    )
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["assignment"],
                condition=Q(state="requested"),
                name="one_open_replacement_a_seat",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.leaving} → {self.coming}"

    def advance(self, then: ReplacementState) -> None:
        self.state = lifecycles.REPLACEMENT.step(ReplacementState(self.state), then)
        self.save(update_fields=["state"])
