"""What the worker does for this room: load, one action, done. Running one twice does no harm."""

from __future__ import annotations

from django.utils import timezone

from liancha.rulebook.lifecycles import DrawState

from . import actions
from .models import Draw


def close_reveals(pk: int) -> None:
    """Close the reveals in time when the operator has not; nothing where nobody revealed."""
    draw = Draw.objects.get(pk=pk)
    now = timezone.now()
    if draw.state != DrawState.RULE_LOGGED or draw.beacon_due is None or now >= draw.beacon_due:
        return
    if draw.parties.exclude(nonce="").exists():
        actions.close(draw=draw, by=None, at=now)
