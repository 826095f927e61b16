"""Links for guests of a draw: signed, for one party or the keeper of one draw, for some days.

A link opens one page: the one where its reader says who it is. It is worth nothing after that
without the password chosen there.
"""

from __future__ import annotations

from datetime import timedelta

from django.core import signing

from .models import Draw, Party

SALT = "liancha.draw.invitation"
LASTS = timedelta(days=14)  # local practice


def for_party(party: Party) -> str:
    return signing.dumps(["party", party.pk], salt=SALT)


def for_keeper(draw: Draw) -> str:
    return signing.dumps(["keeper", draw.pk], salt=SALT)


def read(token: str) -> Party | Draw | None:
    """Whom a link is for: a party, or the draw whose keeper; None for a bad or old one."""
    try:
        kind, pk = signing.loads(token, salt=SALT, max_age=LASTS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    if kind == "party":
        rows = Party.objects.select_related("draw__task", "draw__department", "user")
        return rows.filter(pk=pk, is_invited=True).first()
    draws = Draw.objects.select_related("task", "department", "keeper")
    return draws.filter(pk=pk).exclude(escrow="").first()
