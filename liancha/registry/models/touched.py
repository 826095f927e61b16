"""Which targets a batch was about: the log has one entry for all of them (art. 11)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.db import models

from liancha.ledger.locks import AppendOnly, Lock
from liancha.ledger.models import Entry

from .. import bulk
from .targets import Target


class TouchedQuerySet(models.QuerySet["Touched"]):
    def note(self, entry: Entry, targets: Iterable[int]) -> None:
        """Say that an entry is about each of these targets, so that each of them tells of it."""
        rows = ((entry.pk, key) for key in sorted(set(targets)))
        bulk.insert(self.model, ("entry_id", "target_id"), rows)


class Touched(models.Model):
    """One target of a batch: placed, tagged, marked, reviewed with others in one step."""

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="+", db_index=False)
    target = models.ForeignKey(Target, models.PROTECT, related_name="touched", db_index=False)

    objects = TouchedQuerySet.as_manager()

    lock: ClassVar[Lock] = AppendOnly()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["target", "entry"], name="touched_once"),
        ]

    def __str__(self) -> str:
        return f"{self.entry} → {self.target}"
