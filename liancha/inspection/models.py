from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from liancha.accounts.models import Department, User
from liancha.draw.models import Assignment, DrawnTarget, Replacement
from liancha.ledger.locks import AppendOnly, Lock, Sealed
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
        others those of their department's tasks.
        """
        if user.sees_all_departments:
            return self
        inspector = getattr(user, "inspector", None)
        if user.roles <= {"officer", "expert"}:
            return self.none() if inspector is None else self.attended_by(inspector)
        return self.filter(
            team__task__in=Participation.objects.filter(department=user.department_id).values(
                "task"
            )
        )

    def attended_by(self, inspector: Inspector) -> Self:
        """Visits where this person has a seat now, or was invited as an expert."""
        return self.filter(
            Q(drawn_target__in=seats().filter(holder=inspector.pk).values("drawn_target"))
            | Q(pk__in=Invitation.objects.filter(expert=inspector).values("visit"))
        )

    def organised_by(self, user: User) -> Self:
        """Visits of tasks this person's department initiates: it forms teams (art. 20)."""
        return self.filter(team__task__initiator=user.department_id)

    def of_task(self, task: Task) -> Self:
        return self.filter(team__task=task)

    def to_do(self) -> Self:
        """Neither signed nor annotated yet."""
        return self.exclude(state__in=OVER)

    def matching(self, text: str) -> Self:
        """Search by name or code of the target, or by task number."""
        text = text.strip()
        return self.filter(
            Q(drawn_target__candidate__name__contains=text)
            | Q(drawn_target__candidate__code__startswith=text.upper())
            | Q(team__task__number__startswith=text)
        )


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
    approved_by = models.CharField("批准人", max_length=40, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(is_surprise=True) & ~Q(clue_source="")
                | Q(is_surprise=False) & ~Q(items="") & ~Q(when="") & ~Q(papers=""),
                name="notice_says_all_or_has_a_clue",
            ),
        ]

    def __str__(self) -> str:
        return "突击检查" if self.is_surprise else f"{self.get_channel_display()}告知"

    @property
    def masked_phone(self) -> str:
        """138****2617: how the number stands on paper and on pages of other departments."""
        return (
            f"{self.contact_phone[:3]}****{self.contact_phone[-4:]}" if self.contact_phone else ""
        )


class FailedContact(models.Model):
    """A try to reach the firm that failed; after three the visit may go (A11, local practice)."""

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="failed_contacts")
    channel = models.CharField("方式", max_length=10, choices=Notice.Channel.choices)
    note = models.CharField("经过", max_length=200)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["at"]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}：{self.note}"


class CheckIn(models.Model):
    """An officer on the spot. Two of each department, or its items wait (art. 21).

    by  who entered it: the officer, or the leader by the officer's certificate number
    """

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="checkins")
    inspector = models.ForeignKey(Inspector, models.PROTECT, related_name="+")
    certificate_number = models.CharField(max_length=30)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    lock: ClassVar[Lock] = AppendOnly()

    class Meta:
        ordering: ClassVar = ["at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["visit", "inspector"], name="checked_in_once"),
        ]

    def __str__(self) -> str:
        return f"{self.inspector} {self.certificate_number}"


class RecordForm(models.Model):
    """实地抽查记录表: one per target, a section per department, one signature at the end.

    ending          set with a statement that still waits for its second officer, too;
                    the form has ended when ended_at is set
    actual_address  实际检查地址 where it is not the registered one
    signature       PNG as base64; its SHA-256 beside it
    digest          SHA-256 over the canonical JSON of all the form says (contents.record_facts)
    """

    class Ending(models.TextChoices):
        SIGNED = "signed", "签名或盖章"
        REFUSED = "refused", "拒绝签名"
        NOBODY = "nobody", "无人可签"

    visit = models.OneToOneField(Visit, models.PROTECT, related_name="form")
    actual_address = models.CharField("实际检查地址", max_length=200, blank=True)
    opinion = models.TextField("被检查单位意见", blank=True)
    ending = models.CharField(max_length=10, choices=Ending.choices, blank=True)
    signer = models.CharField("签字人", max_length=40, blank=True)
    signer_post = models.CharField("职务", max_length=40, blank=True)
    signature = models.TextField(blank=True)
    signature_sha256 = models.CharField(max_length=64, blank=True)
    refusal = models.TextField("情况说明", blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    digest = models.CharField(max_length=64, blank=True)

    lock: ClassVar[Lock] = Sealed("record", "id", is_fixed=False)

    def __str__(self) -> str:
        return self.visit.number


class RefusalWitness(models.Model):
    """One of the two officers who confirm a refusal on the spot (art. 21).

    by  whose log-in it came through: the officer's own, or a colleague's device with the
        officer's own certificate number
    """

    form = models.ForeignKey(RecordForm, models.PROTECT, related_name="witnesses")
    inspector = models.ForeignKey(Inspector, models.PROTECT, related_name="+")
    certificate_number = models.CharField(max_length=30)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    lock: ClassVar[Lock] = Sealed("record", "form_id", is_fixed=False)

    class Meta:
        ordering: ClassVar = ["at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["form", "inspector"], name="confirmed_once"),
        ]

    def __str__(self) -> str:
        return self.inspector.name


class ItemAnswer(models.Model):
    """One row of the form: the item, what was seen, whether there is a problem. No blanks.

    version       counts the writes; a writer says which one it has seen
    written_from  the browser tab that wrote last, so that its own lost receipt is no conflict
    """

    class Finding(models.TextChoices):
        FINE = "fine", "未发现问题"
        FOUND = "found", "发现问题"
        NONE = "none", "不涉及"

    form = models.ForeignKey(RecordForm, models.PROTECT, related_name="answers")
    item = models.ForeignKey(JointItem, models.PROTECT, related_name="+")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    finding = models.CharField(max_length=10, choices=Finding.choices)
    situation = models.TextField("检查情况", blank=True)
    version = models.PositiveIntegerField(default=1)
    written_from = models.CharField(max_length=40, blank=True)
    by = models.ForeignKey(Inspector, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    lock: ClassVar[Lock] = Sealed("record", "form_id", is_fixed=False)

    class Meta:
        ordering: ClassVar = ["item__position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["form", "item"], name="answered_once"),
        ]

    def __str__(self) -> str:
        return f"{self.item}：{self.get_finding_display()}"


class Measure(models.Model):
    """What was ordered on the spot because of a finding (art. 21).

    form     the answer's form again, for the lock
    witness  the second officer who heard an oral order
    """

    class Kind(models.TextChoices):
        RECTIFY = "rectify", "责令改正"
        CEASE = "cease", "责令停止违法活动"
        RECORD = "record", "制作现场笔录"
        EVIDENCE = "evidence", "初步提取证据"
        LATER = "later", "待后续处理"

    class Channel(models.TextChoices):
        WRITTEN = "written", "书面"
        ORAL = "oral", "口头"
        PRINT = "print", "移动执法设备打印"

    form = models.ForeignKey(RecordForm, models.PROTECT, related_name="measures")
    answer = models.ForeignKey(ItemAnswer, models.PROTECT, related_name="measures")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    channel = models.CharField(max_length=10, choices=Channel.choices, blank=True)
    detail = models.TextField("内容", blank=True)
    basis = models.CharField("依据", max_length=200, blank=True)
    deadline_on = models.DateField("期限", null=True, blank=True)
    document_number = models.CharField("文书号", max_length=60, blank=True)
    witness = models.ForeignKey(Inspector, models.PROTECT, null=True, blank=True, related_name="+")
    by = models.ForeignKey(Inspector, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    lock: ClassVar[Lock] = Sealed("record", "form_id", is_fixed=False)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["answer", "kind"], name="measure_once_an_answer"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def sentence(self) -> str:
        """责令改正（书面），限 2026-12-04 前，洛市监责改〔2026〕118号: what the form prints."""
        words = [self.get_kind_display()]
        if self.channel:
            words[0] += f"（{self.get_channel_display()}）"
        if self.deadline_on:
            words.append(f"限 {self.deadline_on} 前")
        if self.document_number:
            words.append(self.document_number)
        if self.detail:
            words.append(self.detail)
        return "，".join(words)
