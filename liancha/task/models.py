"""A task, who takes part in it and with which items, and its scheme (arts. 3–5, 13 and 17)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from liancha.accounts.models import Department, User
from liancha.ledger.locks import AppendOnly, Lock
from liancha.lists.models import JointField, JointItem, ListVersion, Method
from liancha.plan.models import PlanLine
from liancha.registry.models import Target
from liancha.rulebook import lifecycles
from liancha.rulebook.lifecycles import TaskState
from liancha.rulebook.quiet import Exemption


class TaskQuerySet(models.QuerySet["Task"]):
    def matching(self, text: str) -> Self:
        """Search by parts of the name, or by number."""
        found = self
        for word in text.split():
            found = found.filter(
                Q(name__contains=word)
                | Q(number__startswith=word)
                | Q(line__number=word)
                | Q(field__name__contains=word)
            )
        return found

    def confirmable_by(self, user: User) -> Self:
        """Tasks that wait for the word of this person's department."""
        waiting = Participation.objects.filter(department=user.department_id, confirmed_at=None)
        return self.filter(
            pk__in=waiting.values("task"),
            state__in=(TaskState.CREATED, TaskState.SCHEME_SUBMITTED),
        )

    def initiated_by(self, user: User) -> Self:
        """The tasks of this person's own department: the only ones it may draw for (art. 19)."""
        return self.filter(initiator=user.department_id)

    def visible_to(self, user: User) -> Self:
        """Tasks the person's department takes part in; all for coordinators and supervisors."""
        if user.sees_all_departments:
            return self
        return self.filter(
            pk__in=Participation.objects.filter(department=user.department_id).values("task")
        )


class Task(models.Model):
    """抽查任务.

    source_reason    why a task outside the plan is needed (art. 13)
    is_confidential  strata are an internal reference (A33): public files show only totals
    lists_open_on    names of the drawn are public from this day, or after the last visit
    """

    class Source(models.TextChoices):
        PLAN = "plan", "年度计划"
        RISK = "risk", "突发风险"
        SUPERIOR = "superior", "上级交办"
        SPECIAL = "special", "专项整治"

    number = models.CharField("任务编号", max_length=24, unique=True)
    name = models.CharField("任务名称", max_length=120)
    source = models.CharField("来源", max_length=10, choices=Source.choices, default=Source.PLAN)
    source_document = models.CharField("来源文件", max_length=120, blank=True)
    source_reason = models.CharField("原因", max_length=200, blank=True)
    line = models.ForeignKey(PlanLine, models.PROTECT, null=True, blank=True, related_name="tasks")
    field = models.ForeignKey(JointField, models.PROTECT, related_name="tasks")
    initiator = models.ForeignKey(Department, models.PROTECT, related_name="+")
    departments = models.ManyToManyField(Department, through="Participation", related_name="tasks")
    starts_on = models.DateField("开始")
    ends_on = models.DateField("结束")
    state = models.CharField(
        max_length=20, choices=lifecycles.choices(TaskState), default=TaskState.CREATED
    )
    platform_number = models.CharField("监管平台编号", max_length=40, blank=True)
    platform_reason = models.CharField("暂无平台编号的原因", max_length=200, blank=True)
    is_confidential = models.BooleanField("分层不公开", default=True)
    lists_open_on = models.DateField("名单公开日", null=True, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(line__isnull=False) | ~Q(source="plan"),
                name="planned_tasks_have_a_line",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("task:task", args=[self.pk])

    def advance(self, then: TaskState) -> None:
        self.state = lifecycles.TASK.step(TaskState(self.state), then)
        self.save(update_fields=["state"])

    @property
    def window(self) -> Period:
        """The days the task has: those of its plan line now, or its own outside the plan."""
        if self.line is not None:
            return Period("时间安排", self.line.starts_on, self.line.ends_on)
        return Period("时间安排", self.starts_on, self.ends_on)

    @property
    def is_off_the_list(self) -> bool:
        """Whether the list in force has no longer this field: the task goes on, and says so.

        Source: art. 8, paragraph 2, 进行动态调整. Clause 8.4.
        """
        version = self.field.version
        in_force = ListVersion.objects.in_force(version.kind, version.region_id)
        return not JointField.objects.filter(version__in=in_force, code=self.field.code).exists()

    @property
    def visits(self) -> Period:
        """First to last day of the visits as the scheme has them, the task's days without one."""
        scheme = getattr(self, "scheme", None)
        found = scheme.period("实地核查") if scheme is not None else None
        return found or Period("实地核查", self.starts_on, self.ends_on)


class Participation(models.Model):
    """One department in one task: its role, its items, its word."""

    class Role(models.TextChoices):
        INITIATOR = "initiator", "发起"
        COOPERATOR = "cooperator", "配合"

    task = models.ForeignKey(Task, models.CASCADE, related_name="participations")
    department = models.ForeignKey(Department, models.PROTECT, related_name="participations")
    role = models.CharField(max_length=10, choices=Role.choices)
    items = models.ManyToManyField(JointItem, related_name="+")
    is_from_list = models.BooleanField("清单内", default=True)
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["task", "department"], name="takes_part_once"),
            models.UniqueConstraint(
                fields=["task"], condition=Q(role="initiator"), name="one_initiator_a_task"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.department.short}（{self.get_role_display()}）"


@dataclass(frozen=True, slots=True)
class Period:
    """One stage of the work, both days counted."""

    name: str
    starts_on: date
    ends_on: date

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days + 1


STAGES = ("分类建库", "摇号派发", "实地核查", "公示处理")  # art. 17, paragraph 2


class Scheme(models.Model):
    """实施方案: 目标任务、职责分工、工作阶段安排 and what else it fixes (art. 17).

    stages   [{"name": "分类建库", "starts": "2026-11-16", "ends": "2026-11-20"}, …], four of them
    offsite  the answer to 能否非现场, asked before anybody is sent out (art. 20)
    """

    class Offsite(models.TextChoices):
        NO = "no", "不能，须到现场"
        PART = "part", "部分事项可以非现场"
        YES = "yes", "可以，不必到现场"

    task = models.OneToOneField(Task, models.CASCADE, related_name="scheme")
    goal = models.TextField("目标任务")
    duties = models.TextField("职责分工")
    stages = models.JSONField("工作阶段安排", default=list)
    method = models.CharField(
        "检查方式", max_length=20, choices=Method.choices, default=Method.ONSITE
    )
    offsite = models.CharField(
        "能否非现场", max_length=4, choices=Offsite.choices, default=Offsite.NO
    )
    offsite_note = models.CharField("说明", max_length=200, blank=True)
    requirements = models.TextField("工作要求", blank=True)
    beacon_source = models.CharField("公开随机源", max_length=120, blank=True)
    saved_at = models.DateTimeField()
    submitted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    returned_note = models.CharField("退回意见", max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.task}实施方案"

    @property
    def periods(self) -> Sequence[Period]:
        """The stages with their days, in order."""
        return [
            Period(
                each["name"], date.fromisoformat(each["starts"]), date.fromisoformat(each["ends"])
            )
            for each in self.stages
        ]

    def period(self, name: str) -> Period | None:
        return next((each for each in self.periods if each.name == name), None)


class QuietExemptionQuerySet(models.QuerySet["QuietExemption"]):
    def latest_for(self, target: Target | None = None) -> QuietExemption | None:
        """The last one written for the whole task or, where one is named, for this target."""
        return self.filter(Q(target=None) | Q(target=target)).order_by("-id").first()


class QuietExemption(models.Model):
    """例外情形: why a check goes there in a quiet period (E17). Written once, never altered.

    target  the one it was written for; None for the whole task
    """

    task = models.ForeignKey(Task, models.PROTECT, related_name="quiet_exemptions")
    target = models.ForeignKey(Target, models.PROTECT, null=True, related_name="+")
    code = models.CharField("例外情形", max_length=12, choices=Exemption.choices())
    reason = models.CharField("理由", max_length=200)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = QuietExemptionQuerySet.as_manager()
    lock: ClassVar[Lock] = AppendOnly()

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.get_code_display()
