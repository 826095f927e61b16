"""The draw itself: its steps, its hands, its rule, its transcript, and who got the list."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from liancha.accounts.models import Department, User
from liancha.ledger.locks import AppendOnly, Lock, Sealed
from liancha.plan.models import PlanLine, PlanRate
from liancha.rulebook import lifecycles
from liancha.rulebook.lifecycles import DrawState
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
            | Q(keeper=user)
        )

    def last_frozen(self) -> Draw | None:
        return self.order_by("-id").first()

    def locked(self) -> Self:
        return self.filter(state=DrawState.LOCKED)

    def uncomputed(self) -> Self:
        """Void after their reveals were closed: they are computed all the same (A6)."""
        return self.filter(state=DrawState.VOID, closed_at__isnull=False, transcript=None)

    def open(self) -> Self:
        """Neither locked nor void: something is still to be done."""
        return self.exclude(state__in=(DrawState.LOCKED, DrawState.VOID))

    def with_open_rule(self) -> Self:
        """A rule is being agreed or is logged: a plan line has one such at a time."""
        return self.filter(
            state__in=(DrawState.COMMITTING, DrawState.RULE_LOGGED, DrawState.CLOSED)
        )


class Draw(models.Model):
    """One draw by liancha-draw/1, of targets or of one department's inspectors.

    number       洛公安抽〔2026〕7号-1; serials run without gaps per department and year
    department   who runs it: the initiator for targets, the participant for its inspectors
    secret       64 hex digits the candidates' salts come from; never shown
    salt         64 hex digits, inspectors' draws only (protocol §8)
    stratify     how the strata are cut (plan.PlanLine.Stratify)
    strata       [{"name", "ratio", "size", "count"}…] in the order of the rule
    excluded     [[reason, number]…]: who did not enter, counted by reason
    freeze_note  why a confidential draw has a stratum that gives its members' class away, or a
                 task outside the plan draws more than the cap of general items
    picture      photograph of the beacon, as it was uploaded; its SHA-256 is in the ledger
    escrow       keeper's name, only in a draw without a beacon; keeper is the person behind it
    escrow_key   the keeper's age public key, "" where only printed sheets are taken
    sealed_at    when the last sealed sheet was in
    escrow_fault {"lacking": [party…], "wrong": [party…], "nonces": {party: nonce…}} of a failure
    void_by      the head who agreed; void_asked_by is somebody else
    """

    class Kind(models.TextChoices):
        TARGETS = "targets", "抽取检查对象"
        INSPECTORS = "inspectors", "抽取执法检查人员"

    class VoidCause(models.TextChoices):
        """The only grounds to void a draw (protocol §4)."""

        TECHNICAL = "technical", "技术故障"
        NO_NONCE = "no_nonce", "截止时没有一方揭示"
        NO_VALUE = "no_value", "公布时间后一天内没有符合格式的公开随机值"
        ESCROW = "escrow", "托管失败：封件缺失或与承诺不符"

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
    stratify = models.CharField(
        "分层", max_length=10, choices=PlanLine.Stratify.choices, default=PlanLine.Stratify.NONE
    )
    strata = models.JSONField(default=list)
    excluded = models.JSONField(default=list)
    freeze_note = models.CharField("分层过小的说明", max_length=200, blank=True)
    base = models.PositiveIntegerField(default=1)
    escrow = models.CharField("托管人", max_length=60, blank=True)
    keeper = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    escrow_key = models.CharField("托管人公钥", max_length=100, blank=True)
    sealed_at = models.DateTimeField("封件交齐时间", null=True, blank=True)
    escrow_fault = models.JSONField(null=True, blank=True)
    beacon_source = models.CharField("公开随机源", max_length=120, blank=True)
    beacon_form = models.CharField("格式", max_length=60, blank=True)
    beacon_due = models.DateTimeField("公布时间", null=True, blank=True)
    beacon_value = models.CharField("公开随机值", max_length=60, blank=True)
    beacon_evidence = models.CharField("出处", max_length=200, blank=True)
    beacon_at = models.DateTimeField("录入时间", null=True, blank=True)
    beacon_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    picture = models.FileField("照片", upload_to="draws/%Y/", blank=True)
    seed = models.CharField(max_length=64, blank=True)
    frozen_at = models.DateTimeField()
    frozen_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    rule_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    locked_at = models.DateTimeField(null=True, blank=True)
    locked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    void_cause = models.CharField(max_length=12, choices=VoidCause.choices, blank=True)
    void_reason = models.CharField("作废原因", max_length=300, blank=True)
    void_asked_at = models.DateTimeField(null=True, blank=True)
    void_asked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    void_at = models.DateTimeField(null=True, blank=True)
    void_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    lock: ClassVar[Lock] = Sealed("draw", "id", is_fixed=False)

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
            models.CheckConstraint(
                condition=Q(state="void", void_at__isnull=False, void_by__isnull=False)
                | Q(~Q(state="void"), void_at__isnull=True, void_by__isnull=True),
                name="void_draws_say_when_and_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("draw:draw", args=[self.pk])

    def advance(self, then: DrawState) -> None:
        """Take one step of the protocol; who did it and when must be set already."""
        self.state = lifecycles.DRAW.step(DrawState(self.state), then)
        self.save(update_fields=["state", "locked_at", "locked_by", "void_at", "void_by"])

    @property
    def is_of_targets(self) -> bool:
        return self.kind == self.Kind.TARGETS

    @property
    def has_keeper(self) -> bool:
        """Ended by a keeper who holds every number, not by a public value."""
        return bool(self.escrow)

    @property
    def quota(self) -> int:
        """How many targets are to be drawn, all strata together."""
        return sum(each["count"] for each in self.strata)

    @property
    def is_confidential(self) -> bool:
        """Its strata are an internal reference: lists never become public, only codes do."""
        line = self.task.line
        if self.is_of_targets and line is not None and line.is_inner:
            return True
        is_by_key = any(each["name"] == PlanRate.KEY for each in self.strata)
        return self.task.is_confidential and (
            is_by_key or self.stratify == PlanLine.Stratify.CREDIT
        )


class Party(models.Model):
    """One hand in the seed: the initiator, a cooperating department, a witness.

    role         as what a witness is here: 公证员, 人大代表
    is_invited   came by a link, without an account of a department
    is_own_make  made its number by its own shell and pasted the commitment
    seal         the nonce encrypted to the keeper's key (age, armored); "" for a printed sheet
    sealed_at    when the keeper had it; sealed_by handed the file over, or took the envelope
    """

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="parties")
    position = models.PositiveIntegerField()
    name = models.CharField("一方", max_length=60)
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="+"
    )
    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    is_witness = models.BooleanField(default=False)
    role = models.CharField("身份", max_length=40, blank=True)
    is_invited = models.BooleanField(default=False)
    is_own_make = models.BooleanField(default=False)
    seal = models.TextField("封存的随机数", blank=True)
    sealed_at = models.DateTimeField(null=True, blank=True)
    sealed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    commitment = models.CharField("承诺", max_length=64, blank=True)
    committed_at = models.DateTimeField(null=True, blank=True)
    committed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    nonce = models.CharField("随机数", max_length=64, blank=True)
    revealed_at = models.DateTimeField(null=True, blank=True)
    is_missing = models.BooleanField("未揭示", default=False)

    lock: ClassVar[Lock] = Sealed("draw", "draw_id", is_fixed=False)

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

    def __str__(self) -> str:
        return self.digest


class Transcript(models.Model):
    """transcript.json of a finished draw, and its digest."""

    draw = models.OneToOneField(Draw, models.PROTECT, related_name="transcript")
    text = models.TextField()
    digest = models.CharField(max_length=64)

    lock: ClassVar[Lock] = AppendOnly()

    def __str__(self) -> str:
        return self.digest


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

    def __str__(self) -> str:
        return f"{self.draw} → {self.department}"
