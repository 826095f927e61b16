"""What happened on the spot: who was there, the form, how it ended. Sealed when it ends."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from liancha.accounts.models import Department, User
from liancha.ledger.locks import AppendOnly, Lock, Sealed
from liancha.lists.models import JointItem
from liancha.roster.models import Inspector

from .visits import Visit


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
    representative, contact  法定代表人（负责人） and 联络人 as the registry had them when the visit
                    began; empty on forms begun before these were kept
    signature       PNG as base64; its SHA-256 beside it
    digest          SHA-256 over the canonical JSON of all the form says (contents.record_facts)
    """

    class Ending(models.TextChoices):
        SIGNED = "signed", "签名或盖章"
        REFUSED = "refused", "拒绝签名"
        NOBODY = "nobody", "无人可签"

    visit = models.OneToOneField(Visit, models.PROTECT, related_name="form")
    actual_address = models.CharField("实际检查地址", max_length=200, blank=True)
    representative = models.CharField("法定代表人（负责人）", max_length=80, blank=True)
    contact = models.CharField("联络人", max_length=80, blank=True)
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

    @property
    def ending_word(self) -> str:
        """How it ended; off the spot nobody was there to sign (A12)."""
        if self.ending == self.Ending.NOBODY and not self.visit.is_onsite:
            return "非现场检查，由两人确认"
        return self.get_ending_display()


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
