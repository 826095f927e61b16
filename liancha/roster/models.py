from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from liancha.accounts.models import Department, Region, User
from liancha.papers.models import TableImport
from liancha.registry.models import Target
from liancha.rulebook.eligibility import InspectorFacts, Span, is_recused
from liancha.rulebook.eligibility import Relation as RecusalRelation


class InspectorQuerySet(models.QuerySet["Inspector"]):
    def of(self, department: Department) -> Self:
        return self.filter(department=department)

    def officers(self) -> Self:
        """Everybody but experts."""
        return self.filter(is_expert=False)

    def visible_to(self, user: User) -> Self:
        """The coordinating office and supervisors see all, others their own department's people."""
        if user.sees_all_departments:
            return self
        return self.filter(department=user.department_id)

    def editable_by(self, user: User) -> Self:
        """A department keeps its own people and nobody else's (art. 11)."""
        return self.filter(department=user.department_id)

    def matching(self, text: str) -> Self:
        """Search by parts of the name, number or certificate number."""
        words = text.split()
        found = self
        for word in words:
            found = found.filter(
                Q(name__contains=word)
                | Q(number__icontains=word)
                | Q(certificates__number__contains=word)
            )
        return found.distinct() if words else found

    def with_skill(self, word: str) -> Self:
        """People with this very skill. SQLite cannot look inside JSON, so it is done here."""
        rows = self.values_list("pk", "skills")
        return self.filter(pk__in=[pk for pk, skills in rows if word in skills])

    def with_valid_certificate(self, first: date, last: date) -> Self:
        """Certificate valid over the whole window (art. 18)."""
        return self.filter(
            certificates__valid_from__lte=first, certificates__valid_to__gte=last
        ).distinct()

    def on_leave(self, first: date, last: date) -> Self:
        return self.filter(leaves__first_on__lte=last, leaves__last_on__gte=first).distinct()

    def with_papers(self) -> Self:
        """With all that `Inspector.facts` reads, in four queries for any number of people."""
        recusals = models.Prefetch(
            "recusals", Recusal.objects.select_related("target__merged_into")
        )
        return self.select_related("department", "region").prefetch_related(
            "certificates", "leaves", recusals
        )


class Inspector(models.Model):
    """执法检查人员.

    number    stable name of this person in draws: department code and a running number
    capacity  how many targets a draw may give them at most
    skills    words the items ask for, e.g. ["食品", "特种设备"]
    """

    class Status(models.TextChoices):
        ON_DUTY = "on_duty", "在岗"
        SECONDED = "seconded", "借调"
        LEFT = "left", "离岗"

    department = models.ForeignKey(
        Department, models.PROTECT, related_name="inspectors", verbose_name="部门"
    )
    number = models.CharField("人员编号", max_length=20, unique=True)
    name = models.CharField("姓名", max_length=40)
    post = models.CharField("岗位", max_length=60, blank=True)
    skills = models.JSONField("业务专长", default=list, blank=True)
    qualification = models.CharField("执法资质", max_length=60, blank=True)
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, verbose_name="区域")
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.ON_DUTY)
    capacity = models.PositiveIntegerField("承担上限", default=20)
    may_lead = models.BooleanField("可任组长", default=False)
    is_expert = models.BooleanField("专家", default=False)
    user = models.OneToOneField(
        User, models.PROTECT, null=True, blank=True, related_name="inspector", verbose_name="账号"
    )
    updated_at = models.DateTimeField("更新时间")

    objects = InspectorQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["department", "number"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("roster:inspector", args=[self.pk])

    def facts(self, on: date) -> InspectorFacts:
        """What the rulebook asks about this person, with the recusals that hold on a day.

        Take people from `with_papers()`, or each one costs four queries.
        """
        return InspectorFacts(
            certificates=tuple(each.span for each in self.certificates.all()),
            is_on_duty=self.status == self.Status.ON_DUTY,
            is_expert=self.is_expert,
            post=self.post,
            skills=frozenset(self.skills),
            leaves=tuple(each.span for each in self.leaves.all()),
            recused_from=frozenset(
                code for each in self.recusals.all() if each.holds(on) for code in each.codes
            ),
        )

    @property
    def certificate(self) -> Certificate | None:
        """The one that runs longest, or None."""
        return next(iter(self.certificates.all()), None)


class Certificate(models.Model):
    """行政执法证."""

    inspector = models.ForeignKey(Inspector, models.CASCADE, related_name="certificates")
    number = models.CharField("证号", max_length=30, unique=True)
    kind = models.CharField("证件类别", max_length=40, default="行政执法证")
    valid_from = models.DateField("有效期自")
    valid_to = models.DateField("有效期至")

    class Meta:
        ordering: ClassVar = ["-valid_to"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_to__gte=models.F("valid_from")), name="certificate_ends_later"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def span(self) -> Span:
        return Span(self.valid_from, self.valid_to)


class Leave(models.Model):
    """请假: not drawable when it takes more than half of a task's days."""

    inspector = models.ForeignKey(Inspector, models.CASCADE, related_name="leaves")
    first_on = models.DateField("自")
    last_on = models.DateField("至")
    note = models.CharField("事由", max_length=100, blank=True)

    class Meta:
        ordering: ClassVar = ["first_on"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(last_on__gte=models.F("first_on")), name="leave_ends_later"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.inspector} {self.first_on} 至 {self.last_on}"

    @property
    def span(self) -> Span:
        return Span(self.first_on, self.last_on)


class RecusalQuerySet(models.QuerySet["Recusal"]):
    def about(self, targets: Collection[int]) -> Self:
        """Recusals from these targets, under whichever of two merged records they were declared."""
        return self.filter(
            Q(target__in=targets)
            | Q(target__merged_into__in=targets)
            | Q(target__in=Target.objects.filter(pk__in=targets).values("merged_into"))
        )


class Recusal(models.Model):
    """执法回避: this inspector never goes to this target.

    ended_on  when a former post there ended; only that relation lapses, after three years
    """

    class Relation(models.TextChoices):
        RELATIVE = "relative", "近亲属在该单位任职或持股"
        INTEREST = "interest", "本人或近亲属有经济利益"
        FORMER = "former", "曾在该单位任职"
        SERVED = "served", "曾为其代理、鉴定或担保"
        REQUESTED = "requested", "企业申请回避"
        OTHER = "other", "其他可能影响公正的关系"

    inspector = models.ForeignKey(Inspector, models.CASCADE, related_name="recusals")
    target = models.ForeignKey(Target, models.CASCADE, related_name="recusals")
    relation = models.CharField("关系", max_length=10, choices=Relation.choices)
    ended_on = models.DateField("离任日期", null=True, blank=True)
    note = models.CharField("说明", max_length=100, blank=True)
    declared_at = models.DateTimeField()

    objects = RecusalQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["inspector", "target"], name="recused_once"),
        ]

    def __str__(self) -> str:
        return f"{self.inspector} 回避 {self.target}"

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the target; merged since, it is drawn under the other record's."""
        kept = self.target.merged_into
        return (self.target.code, kept.code) if kept else (self.target.code,)

    def holds(self, on: date) -> bool:
        """Whether it still keeps them away on a day."""
        return is_recused(RecusalRelation(self.relation), on=on, ended_on=self.ended_on)


class ImportQuerySet(models.QuerySet["Import"]):
    def visible_to(self, user: User) -> Self:
        """One's own department's imports; the coordinating office and supervisors see all."""
        if user.sees_all_departments:
            return self
        return self.filter(by__department=user.department_id)


class Import(TableImport):
    """One uploaded roster: what came in, what was wrong, whom it changed."""

    objects = ImportQuerySet.as_manager()

    class Meta(TableImport.Meta):
        pass

    def get_absolute_url(self) -> str:
        return reverse("roster:show_import", args=[self.pk])


class ImportChange(models.Model):
    """What one import did to one person, so that it can be taken back.

    inspector  nobody once a person it brought in was taken back
    before     what changed as it was, empty for a new person; a certificate as
               {"number", "kind", "valid_from", "valid_to"}, or None for none
    after      the same as the import left it
    uses       how many records named the person when it was written: more of them, and the
               person has been used since
    """

    batch = models.ForeignKey(Import, models.CASCADE, related_name="changes")
    inspector = models.ForeignKey(
        Inspector, models.SET_NULL, null=True, related_name="import_changes"
    )
    is_new = models.BooleanField(default=False)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    uses = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.batch} → {self.inspector}"
