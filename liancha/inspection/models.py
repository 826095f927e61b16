from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from liancha.accounts.models import Department, User
from liancha.draw.models import DrawnTarget
from liancha.lists.models import JointItem, Method
from liancha.roster.models import Inspector
from liancha.rulebook import lifecycles
from liancha.rulebook.lifecycles import VisitState
from liancha.task.models import Participation, Task


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
        """An officer sees visits of their own teams, others those of their department's tasks."""
        if user.sees_all_departments:
            return self
        inspector = getattr(user, "inspector", None)
        if inspector is not None and user.roles == {"officer"}:
            return self.filter(team__members=inspector)
        return self.filter(
            team__task__in=Participation.objects.filter(department=user.department_id).values(
                "task"
            )
        )

    def attended_by(self, inspector: Inspector) -> Self:
        return self.filter(team__members=inspector)


class Visit(models.Model):
    """实地核查 of one drawn target by its team."""

    drawn_target = models.OneToOneField(DrawnTarget, models.PROTECT, related_name="visit")
    team = models.ForeignKey(Team, models.PROTECT, related_name="visits")
    method = models.CharField(
        "检查方式", max_length=2, choices=Method.choices, default=Method.ONSITE
    )
    planned_on = models.DateField("检查日期", null=True, blank=True)
    slot = models.CharField("时段", max_length=20, blank=True)
    state = models.CharField(
        max_length=12, choices=lifecycles.choices(VisitState), default=VisitState.PENDING
    )
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = VisitQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["planned_on", "id"]

    def __str__(self) -> str:
        return self.drawn_target.candidate.name

    def get_absolute_url(self) -> str:
        return reverse("inspection:visit", args=[self.pk])

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


class Notice(models.Model):
    """One notice for all departments: what, when, which papers (art. 21).

    A surprise visit has none of these but a clue, which stays confidential.
    """

    class Channel(models.TextChoices):
        WRITTEN = "written", "书面送达"
        POST = "post", "邮寄"
        PHONE = "phone", "电话"
        FAX = "fax", "传真"
        SMS = "sms", "短信"
        APP = "app", "政务 App"

    visit = models.OneToOneField(Visit, models.PROTECT, related_name="notice")
    number = models.CharField("文号", max_length=60, blank=True)
    items = models.TextField("检查事项", blank=True)
    when = models.CharField("检查时间", max_length=60, blank=True)
    papers = models.TextField("需要准备的材料", blank=True)
    channel = models.CharField("方式", max_length=10, choices=Channel.choices, blank=True)
    contact = models.CharField("被告知人", max_length=40, blank=True)
    contact_phone = models.CharField("联系电话", max_length=30, blank=True)
    sent_at = models.DateTimeField()
    sent_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    is_surprise = models.BooleanField("突击检查", default=False)
    clue_source = models.CharField("线索来源", max_length=100, blank=True)
    clue_number = models.CharField("线索编号", max_length=60, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(is_surprise=True) & ~Q(clue_source="")
                | Q(is_surprise=False) & ~Q(items="") & ~Q(when="") & ~Q(papers=""),
                name="notice_says_all_or_has_a_clue",
            ),
        ]


class CheckIn(models.Model):
    """An officer on the spot. Two of each department, or its items wait (art. 21)."""

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="checkins")
    inspector = models.ForeignKey(Inspector, models.PROTECT, related_name="+")
    certificate_number = models.CharField(max_length=30)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["visit", "inspector"], name="checked_in_once"),
        ]


class RecordForm(models.Model):
    """实地抽查记录表: one per target, a section per department, one signature at the end.

    signature  PNG as base64; its SHA-256 beside it
    """

    class Ending(models.TextChoices):
        SIGNED = "signed", "签名或盖章"
        REFUSED = "refused", "拒绝签名"
        NOBODY = "nobody", "无人可签"

    visit = models.OneToOneField(Visit, models.PROTECT, related_name="form")
    opinion = models.TextField("被检查单位意见", blank=True)
    ending = models.CharField(max_length=10, choices=Ending.choices, blank=True)
    signer = models.CharField("签字人", max_length=40, blank=True)
    signer_post = models.CharField("职务", max_length=40, blank=True)
    signature = models.TextField(blank=True)
    signature_sha256 = models.CharField(max_length=64, blank=True)
    refusal = models.TextField("情况说明", blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)



class RefusalWitness(models.Model):
    """One of the two officers who confirm a refusal on the spot (art. 21)."""

    form = models.ForeignKey(RecordForm, models.PROTECT, related_name="witnesses")
    inspector = models.ForeignKey(Inspector, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["form", "inspector"], name="confirmed_once"),
        ]


class ItemAnswer(models.Model):
    """One row of the form: the item, what was seen, whether there is a problem. No blanks."""

    class Finding(models.TextChoices):
        FINE = "fine", "未发现问题"
        FOUND = "found", "发现问题"
        NONE = "none", "不涉及"

    form = models.ForeignKey(RecordForm, models.PROTECT, related_name="answers")
    item = models.ForeignKey(JointItem, models.PROTECT, related_name="+")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    finding = models.CharField(max_length=10, choices=Finding.choices)
    situation = models.TextField("检查情况", blank=True)
    by = models.ForeignKey(Inspector, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["item__position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["form", "item"], name="answered_once"),
        ]


class Measure(models.Model):
    """What was ordered on the spot because of a finding (art. 21)."""

    class Kind(models.TextChoices):
        RECORD = "record", "制作现场笔录"
        EVIDENCE = "evidence", "初步提取证据"
        CEASE = "cease", "责令停止违法活动"
        RECTIFY = "rectify", "责令改正"
        LATER = "later", "待后续处理"

    class Channel(models.TextChoices):
        WRITTEN = "written", "书面"
        ORAL = "oral", "口头"
        PRINT = "print", "移动执法设备打印"

    answer = models.ForeignKey(ItemAnswer, models.PROTECT, related_name="measures")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    channel = models.CharField(max_length=10, choices=Channel.choices, blank=True)
    detail = models.TextField("内容", blank=True)
    basis = models.CharField("依据", max_length=200)
    deadline_on = models.DateField("期限", null=True, blank=True)
    document_number = models.CharField("文书号", max_length=60, blank=True)
    by = models.ForeignKey(Inspector, models.PROTECT, related_name="+")
    at = models.DateTimeField()
