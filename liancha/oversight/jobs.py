"""What the worker does for this room: one action each. Running one twice does no harm."""

from __future__ import annotations

from django.utils import timezone

from liancha.draw.models import Dispatch

from . import actions


def remind_of_receipts(draw: int) -> None:
    """The term to sign for a list is over: 督办 to each department that has not."""
    for dispatch in Dispatch.objects.filter(draw=draw, acknowledged_at=None).order_by("pk"):
        actions.remind_of_receipt(dispatch=dispatch, by="system", at=timezone.now())


def match() -> None:
    """Every night: which inspections of one firm could be one visit."""
    actions.match(by="system", at=timezone.now())
