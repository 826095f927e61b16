from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from liancha.accounts.models import Department, User
from liancha.inspection.models import VisitPart
from liancha.ledger.locks import AppendOnly, Lock, Sealed
from liancha.lists.models import JointItem
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
        if user.sees_all_departments:
            return self
        return self.filter(part__visit__team__task__in=Task.objects.visible_to(user))

    def unpublished(self) -> Self:
        return self.exclude(state=ResultState.PUBLISHED)


class Result(models.Model):
    """抽查结果 of one department on one target.

    due_on        20th working day after completion, null while the calendar is not published
    term_note     what the clock says where due_on is null
    """

    part = models.OneToOneField(VisitPart, models.PROTECT, related_name="result")
    state = models.CharField(
        max_length=12, choices=lifecycles.choices(ResultState), default=ResultState.TO_ENTER
    )
    code = models.CharField("结果", max_length=2, choices=ResultCode.choices, blank=True)
    text = models.TextField("公示说明", blank=True)
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
        ordering: ClassVar = ["due_on", "id"]

    def get_absolute_url(self) -> str:
        return reverse("disclosure:result", args=[self.pk])

    def advance(self, then: ResultState) -> None:
        self.state = lifecycles.RESULT.step(ResultState(self.state), then)
        self.save(update_fields=["state"])


class ItemResult(models.Model):
    """The result on one item: the row that is published."""

    result = models.ForeignKey(Result, models.CASCADE, related_name="items")
    item = models.ForeignKey(JointItem, models.PROTECT, related_name="+")
    code = models.CharField("结果", max_length=2, choices=ResultCode.choices)
    text = models.CharField("说明", max_length=500, blank=True)

    class Meta:
        ordering: ClassVar = ["item__position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["result", "item"], name="one_result_an_item"),
        ]


class Publication(models.Model):
    """公示: what one department told the public about one target, once and for all.

    serial    1, 2, 3, … over the site
    corrects  the publication this one stands beside, when it mends an error
    digest    SHA-256 of the canonical JSON of the rows
    """

    serial = models.PositiveIntegerField(unique=True)
    result = models.ForeignKey(Result, models.PROTECT, related_name="publications")
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

    lock: ClassVar[Lock] = AppendOnly()

    class Meta:
        ordering: ClassVar = ["-serial"]

    def __str__(self) -> str:
        return f"{self.target_name}（{self.department.short}）"


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


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    def visible_to(self, user: User) -> Self:
        if user.sees_all_departments:
            return self
        return self.filter(
            Q(department=user.department_id) | Q(result__part__department=user.department_id)
        )


class FollowUp(models.Model):
    """后续处置 of a finding, by the department that has jurisdiction, until closed (art. 22)."""

    class Kind(models.TextChoices):
        NONE = "1", "已改正，无需后续处置"
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
        ordering: ClassVar = ["due_on", "id"]

    def advance(self, then: FollowUpState) -> None:
        self.state = lifecycles.FOLLOW_UP.step(FollowUpState(self.state), then)
        self.save(update_fields=["state"])
