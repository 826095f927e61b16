"""What the worker does for this room: load, one action each. Running one twice does no harm."""

from __future__ import annotations

from datetime import date

from django.utils import timezone

from liancha.plan.models import PlanLine

from . import actions
from .models import Task


def follow_line(pk: int, starts_on: str, ends_on: str) -> None:
    """A plan line was delayed: its tasks that had its dates, these, have its new ones."""
    line = PlanLine.objects.get(pk=pk)
    before = (date.fromisoformat(starts_on), date.fromisoformat(ends_on))
    for task in Task.objects.filter(line=line).order_by("pk"):
        actions.follow_line(task=task, before=before, by="system", at=timezone.now())
