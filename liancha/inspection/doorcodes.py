"""The code on the arrival page: what a firm scans to see who stands at its door.

It cannot be guessed and opens nothing but this one visit, from the first check-in to the end of
that day. What the firm may see by it is said by the pages.
"""

from __future__ import annotations

from datetime import date

from django.core import signing
from django.utils import timezone

from .models import Visit

SALT = "inspection.check"


def token_of(visit: Visit) -> str:
    """What the code on the arrival page carries: cannot be guessed, holds for the visit only."""
    return signing.dumps(visit.pk, salt=SALT)


def read(token: str) -> Visit | None:
    """Whose code it is; None for none of ours."""
    try:
        pk = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    rows = Visit.objects.select_related(
        "team__task__field__version", "team__leader", "drawn_target__candidate", "notice"
    )
    return rows.filter(pk=pk).first()


def is_open(visit: Visit, day: date) -> bool:
    """Whether the code may be used on this day: somebody has checked in, or it ended today."""
    if visit.completed_at and timezone.localdate(visit.completed_at) == day:
        return True
    return not visit.is_over and visit.checkins.filter(at__date=day).exists()
