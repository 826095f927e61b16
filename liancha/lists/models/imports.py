"""What came into the lists with a table: into a draft, or as a list from above (arts. 8–10)."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.urls import reverse

from liancha.accounts.models import User
from liancha.papers.models import TableImport

from .sources import UpperList
from .versions import ListVersion


class ImportQuerySet(models.QuerySet["Import"]):
    def visible_to(self, user: User) -> Self:
        """One's own department's imports; the coordinating office and supervisors see all."""
        if user.sees_all_departments:
            return self
        return self.filter(by__department=user.department_id)


class Import(TableImport):
    """One uploaded table of rows of a list.

    version    the draft it is for; nothing for a list from above
    level      of a list from above, with its title and document number
    is_whole   rows that the table does not name go from the draft, or from the list above
    removed    how many go, or would
    held_back  how many would go, but stay while a row that could not be read may be about them
    lost       numbers of the rows that were not taken, with all rows of the field they are about
    stands_on  digest of the rows as they stood when it was looked at
    upper      the list from above that it became
    before     what is needed to take it back: {"rows", "changes", "duties", "overs", "carried"}
    after      the rows as it left them
    """

    class Kind(models.TextChoices):
        ITEMS = "items", "抽查事项清单"
        JOINT = "joint", "部门联合抽查事项清单"
        UPPER = "upper", "上级清单"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    version = models.ForeignKey(
        ListVersion, models.CASCADE, null=True, blank=True, related_name="imports"
    )
    level = models.CharField("层级", max_length=1, choices=UpperList.Level.choices, blank=True)
    title = models.CharField("标题", max_length=120, blank=True)
    document_number = models.CharField("文号", max_length=80, blank=True)
    is_whole = models.BooleanField("整张表", default=True)
    removed = models.PositiveIntegerField("删去", default=0)
    held_back = models.PositiveIntegerField("暂不删", default=0)
    lost = models.JSONField(default=list)
    stands_on = models.CharField(max_length=64, blank=True)
    upper = models.ForeignKey(UpperList, models.SET_NULL, null=True, blank=True, related_name="+")
    before = models.JSONField(default=dict)
    after = models.JSONField(default=list)

    objects = ImportQuerySet.as_manager()

    class Meta(TableImport.Meta):
        ordering: ClassVar = ["-id"]

    def get_absolute_url(self) -> str:
        return reverse("lists:show_import", args=[self.kind, self.pk])

    @property
    def has_effect(self) -> bool:
        return bool(self.taken or self.removed)

    @property
    def unit(self) -> str:
        return "个事项" if self.kind == self.Kind.ITEMS else "个领域"
