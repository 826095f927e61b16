"""What came into a draft with a table: which lines it wrote and how they were (arts. 12 and 14).

Both parts of the plan book take tables in: the joint plan, and a department's own plan.
"""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from liancha.accounts.models import User
from liancha.papers.models import TableImport


class ImportQuerySet(models.QuerySet["Import"]):
    def visible_to(self, user: User) -> Self:
        """One's own department's imports; the coordinating office and supervisors see all."""
        if user.sees_all_departments:
            return self
        return self.filter(by__department=user.department_id)


class Import(TableImport):
    """One uploaded table of lines for a draft. A table writes and changes lines, it drops none.

    plan, part  the draft it is for: of the joint plan, or of a department's own
    stands_on   digest of the lines this person may write, as they stood when it was looked at
    before      key of a changed line → the line as `keeping.kept` keeps it
    after       the same of every line it wrote, as it left them
    """

    plan = models.ForeignKey(
        "plan.Plan", models.PROTECT, null=True, blank=True, related_name="imports"
    )
    part = models.ForeignKey(
        "plan.DepartmentPart", models.PROTECT, null=True, blank=True, related_name="imports"
    )
    stands_on = models.CharField(max_length=64, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    objects = ImportQuerySet.as_manager()

    class Meta(TableImport.Meta):
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(plan__isnull=False, part=None) | Q(plan=None, part__isnull=False),
                name="import_is_for_one_draft",
            ),
        ]

    def get_absolute_url(self) -> str:
        return reverse("plan:show_import", args=[self.pk])
