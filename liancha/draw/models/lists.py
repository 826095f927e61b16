"""What goes into a draw and what comes out: pool, inputs, drawn list."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models

from liancha.accounts.models import Department, User
from liancha.ledger.locks import AppendOnly, Lock, Sealed
from liancha.plan.models import PlanLine
from liancha.registry.models import Target
from liancha.task.models import Task

from .draws import Draw


class PoolChoices(models.Model):
    """What the initiator chose for the pool of a task, until it is frozen.

    cooling_months  class A targets inspected so many months before the task rest; 0: none does
    takes_suspended  targets on record as 歇业 stay in
    stratify         of a task without a plan line: how its pool is cut
    ratio            of a task without a plan line: the clerk's words for every stratum, as a plan
                     says them (rulebook.quotas): 1/20, 60–70家, ≤10所的不少于2所，其余按5%
    """

    task = models.OneToOneField(Task, models.CASCADE, related_name="pool_choices")
    cooling_months = models.PositiveSmallIntegerField("冷却期（月）", default=0)
    takes_suspended = models.BooleanField("歇业的也入库", default=False)
    stratify = models.CharField(
        "分层", max_length=10, choices=PlanLine.Stratify.choices, default=PlanLine.Stratify.NONE
    )
    ratio = models.CharField("抽查比例", max_length=80, blank=True)

    def __str__(self) -> str:
        return str(self.task)


class SetAside(models.Model):
    """人工排除: one target left out of one task's pool before the freeze, and why."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="set_aside")
    target = models.ForeignKey(Target, models.CASCADE, related_name="+")
    reason = models.CharField("理由", max_length=200)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["task", "target"], name="set_aside_once"),
        ]

    def __str__(self) -> str:
        return f"{self.target}：{self.reason}"


class FrozenPage(models.Model):
    """Some hundred lines of a frozen pool, in order. A pool is large: as rows of its own it would
    hold up everybody else's writing for many seconds, as pages it is written in a moment.

    part    "in": candidates; "out": targets that carried the tag and did not enter
    rows    how many lines
    first   code of the first line
    lines   bytes of frame.tsv, for candidates: all pages joined are the file that was hashed
    people  particulars as they were at the freeze, a line for each line (see draw.frozen)
    """

    class Part(models.TextChoices):
        IN = "in", "入库"
        OUT = "out", "排除"

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="pages", db_index=False)
    part = models.CharField(max_length=3, choices=Part.choices)
    position = models.PositiveIntegerField()
    rows = models.PositiveIntegerField()
    first = models.CharField(max_length=21)
    lines = models.BinaryField()
    people = models.BinaryField()

    lock: ClassVar[Lock] = Sealed("frame", "draw_id")

    class Meta:
        ordering: ClassVar = ["draw", "part", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["draw", "part", "position"], name="frozen_page_once_in_its_place"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.draw} {self.part} {self.position}"


class Reckoning(models.Model):
    """What the worker computed of a large draw, for its screens: to be looked at, never to be
    locked. The lock computes every ticket again; a corrected public value has another seed.

    lines  [[stratum, place, ticket, code, salt]…] of drawn.tsv; thresholds as in the transcript
    """

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="reckonings", db_index=False)
    seed = models.CharField(max_length=64)
    lines = models.JSONField()
    thresholds = models.JSONField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["draw", "seed"], name="reckoned_once_a_seed"),
        ]

    def __str__(self) -> str:
        return f"{self.draw} {self.seed[:8]}"


class Candidate(models.Model):
    """A drawn line of frame.tsv, with the target's particulars as they were at the freeze.

    Written at the lock. Who was in the pool and was not drawn stands in its frozen pages only.
    """

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="candidates", db_index=False)
    target = models.ForeignKey(Target, models.PROTECT, related_name="+", db_index=False)
    code = models.CharField(max_length=21)
    stratum = models.CharField(max_length=40)
    salt = models.CharField(max_length=32)
    name = models.CharField(max_length=200)
    address = models.CharField(max_length=300, blank=True)
    region_name = models.CharField(max_length=40)
    credit_class = models.CharField(max_length=1, blank=True)

    lock: ClassVar[Lock] = Sealed("draw", "draw_id")

    class Meta:
        ordering: ClassVar = ["code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["draw", "code"], name="candidate_once"),
        ]

    def __str__(self) -> str:
        return self.name


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
            models.UniqueConstraint(fields=["draw", "department", "name"], name="input_file_once"),
        ]

    def __str__(self) -> str:
        return f"{self.department} {self.name}"


class DrawnTargetQuerySet(models.QuerySet["DrawnTarget"]):
    def of_task(self, task: Task) -> Self:
        return self.filter(draw__task=task)


class DrawnTarget(models.Model):
    """One line of drawn.tsv. Locked for ever (art. 19). Clause 19.5."""

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
