from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from liancha.accounts.models import Department, User
from liancha.ledger.locks import AppendOnly, Lock, Sealed
from liancha.registry.models import Target
from liancha.roster.models import Inspector
from liancha.rulebook import lifecycles
from liancha.rulebook.lifecycles import DrawState, ReplacementState
from liancha.task.models import Task


class DrawQuerySet(models.QuerySet["Draw"]):
    def of_targets(self) -> Self:
        return self.filter(kind=Draw.Kind.TARGETS)

    def of_inspectors(self) -> Self:
        return self.filter(kind=Draw.Kind.INSPECTORS)

    def run_by(self, user: User) -> Self:
        """Draws this person's own department runs: nobody draws for another (art. 19)."""
        return self.filter(department=user.department_id)

    def visible_to(self, user: User) -> Self:
        """Draws of the department's tasks, and those the person is a party of."""
        if user.sees_all_departments:
            return self
        return self.filter(
            Q(task__in=Task.objects.visible_to(user))
            | Q(pk__in=Party.objects.filter(user=user).values("draw"))
        )

    def locked(self) -> Self:
        return self.filter(state=DrawState.LOCKED)


class Draw(models.Model):
    """One draw by liancha-draw/1, of targets or of one department's inspectors.

    number      洛公安抽〔2026〕7号-1; serials run without gaps per department and year
    department  who runs it: the initiator for targets, the participant for its inspectors
    secret      64 hex digits the candidates' salts come from; never shown
    salt        64 hex digits, inspectors' draws only (protocol §8)
    strata      [{"name", "ratio", "size", "count"}…] in the order of the rule
    excluded    [[reason, number]…]: who did not enter, counted by reason
    """

    class Kind(models.TextChoices):
        TARGETS = "targets", "抽取检查对象"
        INSPECTORS = "inspectors", "抽取执法检查人员"

    task = models.ForeignKey(Task, models.PROTECT, related_name="draws")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    year = models.PositiveIntegerField()
    serial = models.PositiveIntegerField()
    number = models.CharField("编号", max_length=60, unique=True)
    state = models.CharField(
        max_length=12, choices=lifecycles.choices(DrawState), default=DrawState.FROZEN
    )
    of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="inspector_draws"
    )
    supplements = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="supplementary"
    )
    secret = models.CharField(max_length=64)
    salt = models.CharField(max_length=64, blank=True)
    frame_root = models.CharField(max_length=64, blank=True)
    frame_sha256 = models.CharField(max_length=64, blank=True)
    frame_size = models.PositiveIntegerField(default=0)
    strata = models.JSONField(default=list)
    excluded = models.JSONField(default=list)
    base = models.PositiveIntegerField(default=1)
    escrow = models.CharField("托管人", max_length=60, blank=True)
    beacon_source = models.CharField("公开随机源", max_length=120, blank=True)
    beacon_form = models.CharField("格式", max_length=60, blank=True)
    beacon_due = models.DateTimeField("公布时间", null=True, blank=True)
    beacon_value = models.CharField("公开随机值", max_length=60, blank=True)
    beacon_evidence = models.CharField("出处", max_length=200, blank=True)
    seed = models.CharField(max_length=64, blank=True)
    frozen_at = models.DateTimeField()
    frozen_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    rule_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    locked_at = models.DateTimeField(null=True, blank=True)
    locked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    void_reason = models.CharField("作废原因", max_length=300, blank=True)

    objects = DrawQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["department", "year", "serial"], name="draw_serials_are_unique"
            ),
            models.UniqueConstraint(
                fields=["task", "kind", "department"],
                condition=~Q(state__in=["locked", "void"]),
                name="one_open_draw",
            ),
            models.UniqueConstraint(
                fields=["task", "kind", "department"],
                condition=Q(state="locked", supplements__isnull=True),
                name="drawn_once",
            ),
            models.CheckConstraint(
                condition=Q(locked_at__isnull=False, locked_by__isnull=False)
                | (Q(locked_at__isnull=True, locked_by__isnull=True) & ~Q(state="locked")),
                name="locked_draws_say_when_and_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("draw:draw", args=[self.pk])

    def advance(self, then: DrawState) -> None:
        self.state = lifecycles.DRAW.step(DrawState(self.state), then)
        self.save(update_fields=["state"])


class Candidate(models.Model):
    """One line of frame.tsv, with the target's particulars as they were at the freeze."""

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="candidates")
    target = models.ForeignKey(Target, models.PROTECT, related_name="+")
    code = models.CharField(max_length=21)
    stratum = models.CharField(max_length=40)
    salt = models.CharField(max_length=32)
    name = models.CharField(max_length=200)
    address = models.CharField(max_length=300, blank=True)
    region_name = models.CharField(max_length=40)
    credit_class = models.CharField(max_length=1, blank=True)

    lock: ClassVar[Lock] = Sealed("frame", "draw_id")

    class Meta:
        ordering: ClassVar = ["code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["draw", "code"], name="candidate_once"),
        ]


class Exclusion(models.Model):
    """A target that carried the tag and did not enter the pool, and why."""

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="exclusions")
    target = models.ForeignKey(Target, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=20)
    note = models.CharField(max_length=200, blank=True)

    lock: ClassVar[Lock] = Sealed("frame", "draw_id")

    class Meta:
        ordering: ClassVar = ["reason", "id"]


class InputFile(models.Model):
    """roster.tsv, needs.tsv, eligible.tsv of an inspectors' draw (protocol §8), or a roster
    frozen together with the target pool, before anybody knows who was drawn.
    """

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="inputs")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    name = models.CharField(max_length=20)
    text = models.TextField()
    sha256 = models.CharField(max_length=64)

    lock: ClassVar[Lock] = AppendOnly()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["draw", "department", "name"], name="input_file_once"
            ),
        ]


class Party(models.Model):
    """One hand in the seed: the initiator, a cooperating department, a witness."""

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="parties")
    position = models.PositiveIntegerField()
    name = models.CharField("一方", max_length=60)
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="+"
    )
    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    is_witness = models.BooleanField(default=False)
    commitment = models.CharField("承诺", max_length=64, blank=True)
    committed_at = models.DateTimeField(null=True, blank=True)
    committed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    nonce = models.CharField("随机数", max_length=64, blank=True)
    revealed_at = models.DateTimeField(null=True, blank=True)
    is_missing = models.BooleanField("未揭示", default=False)

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["draw", "name"], name="party_names_are_unique"),
            models.UniqueConstraint(fields=["draw", "position"], name="one_party_a_position"),
        ]

    def __str__(self) -> str:
        return self.name

    def speaks_for(self, user: User) -> bool:
        """True if this person may commit and reveal for the party."""
        if self.user_id:
            return self.user_id == user.pk
        return self.department_id is not None and self.department_id == user.department_id


class Rule(models.Model):
    """The logged rule: canonical JSON and its digest. Public as soon as it is there."""

    draw = models.OneToOneField(Draw, models.PROTECT, related_name="rule")
    text = models.TextField()
    digest = models.CharField(max_length=64)

    lock: ClassVar[Lock] = AppendOnly()


class Transcript(models.Model):
    """transcript.json of a finished draw, and its digest."""

    draw = models.OneToOneField(Draw, models.PROTECT, related_name="transcript")
    text = models.TextField()
    digest = models.CharField(max_length=64)

    lock: ClassVar[Lock] = AppendOnly()


class DrawnTargetQuerySet(models.QuerySet["DrawnTarget"]):
    def of_task(self, task: Task) -> Self:
        return self.filter(draw__task=task)


class DrawnTarget(models.Model):
    """One line of drawn.tsv. Locked for ever (art. 19)."""

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="drawn")
    candidate = models.OneToOneField(Candidate, models.PROTECT, related_name="drawn")
    target = models.ForeignKey(Target, models.PROTECT, related_name="drawn")
    stratum = models.CharField(max_length=40)
    place = models.PositiveIntegerField()
    ticket = models.CharField(max_length=64)

    objects = DrawnTargetQuerySet.as_manager()
    lock: ClassVar[Lock] = Sealed("draw", "draw_id")

    class Meta:
        ordering: ClassVar = ["draw", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["draw", "target"], name="target_drawn_once"),
            models.UniqueConstraint(
                fields=["draw", "stratum", "place"], name="one_target_per_place"
            ),
        ]

    def __str__(self) -> str:
        return self.candidate.name


class Dispatch(models.Model):
    """派发 of a locked list to one department, and its receipt."""

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="dispatches")
    department = models.ForeignKey(Department, models.PROTECT, related_name="dispatches")
    sent_at = models.DateTimeField()
    due_on = models.DateField("签收期限", null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["draw", "department"], name="dispatched_once"),
        ]


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

    def advance(self, then: ReplacementState) -> None:
        self.state = lifecycles.REPLACEMENT.step(ReplacementState(self.state), then)
        self.save(update_fields=["state"])
