"""What the firm was told before, or why it was not."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from liancha.accounts.models import User

from .visits import Visit


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
