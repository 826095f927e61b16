from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Case, F, Q, When
from django.urls import reverse

from liancha.accounts.models import Department, User
from liancha.draw.models import Candidate
from liancha.inspection.models import Visit, VisitPart
from liancha.ledger.locks import AppendOnly, Lock, Sealed
from liancha.lists.models import JointItem
from liancha.registry.models import Target
from liancha.rulebook import lifecycles
from liancha.rulebook.lifecycles import FollowUpState, ResultState
from liancha.task.models import Task


class ResultCode(models.TextChoices):
    """抽查结果 of the national publicity system, with 09–11 (domain §c.4, set N)."""

    FINE = "01", "未发现问题"
    NOT_DISCLOSED = "02", "未按规定公示应当公示的信息"
    FALSE_DISCLOSURE = "03", "公示信息隐瞒真实情况、弄虚作假"
    UNREACHABLE = "04", "通过登记的住所（经营场所）无法联系"
    ORDERED = "05", "发现问题已责令改正"
    UNCOOPERATIVE = "06", "不配合检查情节严重"
    NO_ACTIVITY = "07", "未发现开展本次抽查涉及的经营活动"
    TO_FOLLOW = "08", "发现问题待后续处理"
    GONE = "09", "注销、迁出、被吊销或被撤销"
    CLOSED = "10", "已关闭停业或正在组织清算"
    TRANSFERRED = "11", "发现问题已责令改正并移送或抄告其他部门"


class ResultQuerySet(models.QuerySet["Result"]):
    def of_department(self, user: User) -> Self:
        """A department enters and publishes only its own (art. 22); others see 404."""
        return self.filter(part__department=user.department_id)

    def visible_to(self, user: User) -> Self:
        """Results on the targets of one's own tasks: the departments of a visit read each other's
        (art. 21, 信息互通), before they are public too.
        """
        if user.sees_all_departments:
            return self
        return self.filter(part__visit__team__task__in=Task.objects.visible_to(user))

    def of_task(self, task: Task) -> Self:
        return self.filter(part__visit__team__task=task)

    def unpublished(self) -> Self:
        return self.exclude(state=ResultState.PUBLISHED)

    def matching(self, text: str) -> Self:
        """Search by parts of the target's name, or by its code."""
        found = self
        for word in text.split():
            found = found.filter(
                Q(part__visit__drawn_target__candidate__name__contains=word)
                | Q(part__visit__drawn_target__candidate__code__startswith=word.upper())
            )
        return found

    def to_do_first(self) -> Self:
        """What is not public yet by its due date; then what is, the last first."""
        is_out = Case(When(state=ResultState.PUBLISHED, then=1), default=0)
        return self.order_by(is_out, "-published_at", F("due_on").asc(nulls_last=True), "id")

    def for_lists(self) -> Self:
        """With all that a row of a list shows."""
        return self.select_related(
            "part__department",
            "part__visit__drawn_target__candidate",
            "part__visit__team__task",
        )


class Result(models.Model):
    """抽查结果 of one department on one target.

    due_on     20th working day after completion; null while the year's working days are not
               announced, and for tasks from before the Measures
    term_note  what the clock says where due_on is null
    """

    part = models.OneToOneField(VisitPart, models.PROTECT, related_name="result")
    state = models.CharField(
        max_length=12, choices=lifecycles.choices(ResultState), default=ResultState.TO_ENTER
    )
    code = models.CharField("结果", max_length=2, choices=ResultCode.choices, blank=True)
    completed_on = models.DateField("检查完成日")
    due_on = models.DateField("公示期限", null=True, blank=True)
    term_note = models.CharField(max_length=120, blank=True)
    entered_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    entered_at = models.DateTimeField(null=True, blank=True)
    audited_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    audited_at = models.DateTimeField(null=True, blank=True)
    returned_note = models.CharField("退回意见", max_length=300, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)

    objects = ResultQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = [F("due_on").asc(nulls_last=True), "id"]

    def __str__(self) -> str:
        return f"{self.candidate.name}（{self.part.department.short}）"

    def get_absolute_url(self) -> str:
        return reverse("disclosure:result", args=[self.pk])

    @property
    def visit(self) -> Visit:
        return self.part.visit

    @property
    def task(self) -> Task:
        return self.part.visit.team.task

    @property
    def candidate(self) -> Candidate:
        """The target as it was when its pool was frozen: name, code, region."""
        return self.part.visit.drawn_target.candidate

    def advance(self, then: ResultState) -> None:
        self.state = lifecycles.RESULT.step(ResultState(self.state), then)
        self.save(update_fields=["state"])


class ItemResult(models.Model):
    """The result on one item: the row that is published.

    text          already covered: what the public reads
    order_number  责令改正通知书文号, and by when it must be done; both stay in the office
    """

    result = models.ForeignKey(Result, models.CASCADE, related_name="items")
    item = models.ForeignKey(JointItem, models.PROTECT, related_name="+")
    code = models.CharField("结果", max_length=2, choices=ResultCode.choices)
    text = models.CharField("检查情况", max_length=500, blank=True)
    order_number = models.CharField("责令改正通知书文号", max_length=60, blank=True)
    deadline_on = models.DateField("改正期限", null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["item__position", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["result", "item"], name="one_result_an_item"),
        ]

    def __str__(self) -> str:
        return f"{self.item}：{self.get_code_display()}"


class PublicationQuerySet(models.QuerySet["Publication"]):
    def in_force(self) -> Self:
        """The last edition of each: what is not corrected."""
        return self.filter(corrections=None)

    def matching(self, text: str) -> Self:
        """About a firm: by parts of its name, or by its whole code."""
        found = self
        for word in text.split():
            found = found.filter(Q(target_name__contains=word) | Q(target_code=word.upper()))
        return found


class Publication(models.Model):
    """公示: what one department told the public about one target, once and for all.

    serial    1, 2, 3, … over the site
    edition   1; 2, 3, … for corrections, each standing beside the one it mends
    corrects  the publication this one mends
    digest    SHA-256 of the canonical JSON of `facts`
    """

    serial = models.PositiveIntegerField("公示编号", unique=True)
    result = models.ForeignKey(Result, models.PROTECT, related_name="publications")
    edition = models.PositiveIntegerField(default=1)
    task = models.ForeignKey(Task, models.PROTECT, related_name="publications")
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    target_name = models.CharField(max_length=200)
    target_code = models.CharField(max_length=21, db_index=True)
    completed_on = models.DateField()
    code = models.CharField(max_length=2, choices=ResultCode.choices)
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="corrections"
    )
    reason = models.CharField("更正理由", max_length=300, blank=True)
    digest = models.CharField(max_length=64)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    objects = PublicationQuerySet.as_manager()
    lock: ClassVar[Lock] = AppendOnly()

    class Meta:
        ordering: ClassVar = ["-serial"]
        constraints: ClassVar = [
            # Nobody slips a second publication of the same result in beside the first.
            models.UniqueConstraint(
                fields=["result", "edition"], name="one_publication_an_edition"
            ),
            models.CheckConstraint(
                condition=Q(edition=1, corrects__isnull=True)
                | Q(edition__gt=1, corrects__isnull=False),
                name="later_editions_correct_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target_name}（{self.department.short}）"

    @property
    def is_corrected(self) -> bool:
        """A later edition stands beside this one. In lists prefetch `corrections`."""
        return bool(self.corrections.all())

    def facts(self, rows: Iterable[PublishedRow] | None = None) -> dict[str, Any]:
        """All that was said, as the digest covers it.

        rows  the rows where they are not written yet
        """
        return {
            "code": str(self.code),
            "completed_on": self.completed_on.isoformat(),
            "corrects": self.corrects.serial if self.corrects else None,
            "department": self.department.code,
            "name": self.target_name,
            "reason": self.reason,
            "rows": [
                {"code": str(row.code), "item": row.item, "text": row.text}
                for row in (self.rows.all() if rows is None else rows)
            ],
            "serial": self.serial,
            "target": self.target_code,
            "task": self.task.number,
        }


class PublishedRow(models.Model):
    """One row of a publication: item and result, in the words the public reads."""

    publication = models.ForeignKey(Publication, models.PROTECT, related_name="rows")
    position = models.PositiveIntegerField()
    item = models.CharField("抽查事项", max_length=200)
    code = models.CharField("抽查结果", max_length=2, choices=ResultCode.choices)
    text = models.CharField("说明", max_length=500, blank=True)

    lock: ClassVar[Lock] = Sealed("publication", "publication_id")

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["publication", "position"], name="row_once"),
        ]

    def __str__(self) -> str:
        return f"{self.item}：{self.get_code_display()}"


class CorrectionQuerySet(models.QuerySet["Correction"]):
    def waiting(self) -> Self:
        return self.filter(decided_at=None)


class Correction(models.Model):
    """更正: asked for by one, agreed to by another of the same department, then published.

    items      [[joint item pk, code, text]…], what is to stand there instead
    is_agreed  None while nobody has decided
    published  the new edition, once agreed
    """

    publication = models.ForeignKey(Publication, models.PROTECT, related_name="asked_corrections")
    items = models.JSONField()
    reason = models.CharField("更正理由", max_length=300)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    is_agreed = models.BooleanField(null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField("意见", max_length=300, blank=True)
    published = models.OneToOneField(
        Publication, models.PROTECT, null=True, blank=True, related_name="correction"
    )

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["publication"],
                condition=Q(decided_at__isnull=True),
                name="one_open_correction",
            ),
        ]

    def __str__(self) -> str:
        return f"更正第 {self.publication.serial} 号公示"


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    def open(self) -> Self:
        return self.filter(state=FollowUpState.OPEN)

    def visible_to(self, user: User) -> Self:
        """Of the department that has it, and of the one that found it."""
        if user.sees_all_departments:
            return self
        return self.filter(
            Q(department=user.department_id) | Q(result__part__department=user.department_id)
        )


class FollowUp(models.Model):
    """后续处置 of a finding, by the department that has jurisdiction, until closed (art. 22)."""

    class Kind(models.TextChoices):
        NONE = "1", "无需后续处置"
        FEEDBACK = "2", "反馈日常监管部门处理"
        RECTIFY = "3", "责令改正，跟踪复查"
        CASE = "4", "固定证据后移送办案机构"
        NOTIFY = "5", "抄告相关部门"
        ABNORMAL = "6", "列入经营异常名录"
        JUSTICE = "7", "移送司法机关"
        OTHER = "9", "其他"

    result = models.ForeignKey(Result, models.PROTECT, related_name="follow_ups")
    kind = models.CharField("措施", max_length=2, choices=Kind.choices)
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    due_on = models.DateField("期限", null=True, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)
    state = models.CharField(
        max_length=10, choices=lifecycles.choices(FollowUpState), default=FollowUpState.OPEN
    )
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closing_note = models.CharField("办结说明", max_length=300, blank=True)

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = [F("due_on").asc(nulls_last=True), "id"]

    def __str__(self) -> str:
        return f"{self.result}：{self.get_kind_display()}"

    def get_absolute_url(self) -> str:
        return reverse("disclosure:follow_up", args=[self.pk])

    def advance(self, then: FollowUpState) -> None:
        self.state = lifecycles.FOLLOW_UP.step(FollowUpState(self.state), then)
        self.save(update_fields=["state"])


class OwnLinkQuerySet(models.QuerySet["OwnLink"]):
    def in_force(self, now: datetime) -> Self:
        return self.filter(revoked_at=None, expires_at__gt=now)


class OwnLink(models.Model):
    """自查链接: opens one firm's own page until it expires or is taken back.

    visit      where it was taken, by the code of the firm's own visit; null for one from the desk
    handed_by  who gave it at the desk; null for one from a visit
    """

    target = models.ForeignKey(Target, models.PROTECT, related_name="own_links")
    visit = models.OneToOneField(
        Visit, models.PROTECT, null=True, blank=True, related_name="own_link"
    )
    handed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    handed_at = models.DateTimeField()
    expires_at = models.DateTimeField("有效期至")
    revoked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    revoked_at = models.DateTimeField("收回时间", null=True, blank=True)

    objects = OwnLinkQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(visit__isnull=True, handed_by__isnull=False)
                | Q(visit__isnull=False, handed_by__isnull=True),
                name="own_links_come_from_a_desk_or_a_visit",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="revoked_links_say_when_and_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target.name}的自查链接"

    def is_in_force(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at
