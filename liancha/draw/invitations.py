"""Links for guests of a draw: signed, for one party or the keeper of one draw.

A link opens one page: for some days the one where its reader says who it is, and after that the
one that asks for the password chosen there. Whoever holds a link of ours that is over is told why;
to a text that we never signed there is one answer, whatever there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.core import signing

from liancha.rulebook import form
from liancha.rulebook.lifecycles import DrawState

from .models import Draw, Party

SALT = "liancha.draw.invitation"
LASTS = timedelta(days=14)  # local practice


class End(StrEnum):
    """Why a link opens nothing."""

    FOREIGN = "foreign"  # not signed by us, or not whole
    EXPIRED = "expired"
    REPLACED = "replaced"  # the parties were agreed anew
    CLOSED = "closed"  # the time to sign in is over, and nobody did


@dataclass(frozen=True, slots=True)
class Dead:
    """A link that opens nothing. draw: which it was for, as far as that is still known."""

    end: End
    draw: Draw | None = None


def for_party(party: Party) -> str:
    return signing.dumps(["party", party.pk], salt=SALT)


def for_keeper(draw: Draw) -> str:
    """Of the keeper named now: whoever was named before does not become somebody else by it."""
    return signing.dumps(["keeper", draw.pk, _mark(draw)], salt=SALT)


def read(token: str) -> Party | Draw | Dead:
    """Whom a link is for: a party, or the draw whose keeper; or why it is for nobody.

    Who signed in by it comes back by it for as long as the password is known.
    """
    is_old = False
    try:
        kind, pk, *mark = signing.loads(token, salt=SALT, max_age=LASTS)
    except signing.SignatureExpired:  # raised only for what we signed
        is_old = True
        kind, pk, *mark = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return Dead(End.FOREIGN)
    if kind == "party":
        return _of_party(pk, is_old)
    return _of_keeper(pk, mark, is_old)


def _of_party(pk: int, is_old: bool) -> Party | Dead:
    rows = Party.objects.select_related("draw__task", "draw__department", "user")
    party = rows.filter(pk=pk, is_invited=True).first()
    if party is None:
        return Dead(End.REPLACED)  # with the party went the way to its draw
    return party if party.user_id else _shut(party.draw, is_old) or party


def _of_keeper(pk: int, mark: list[str], is_old: bool) -> Draw | Dead:
    draw = Draw.objects.select_related("task", "department", "keeper").filter(pk=pk).first()
    if draw is None or not draw.escrow or mark != [_mark(draw)]:
        return Dead(End.REPLACED, draw)
    return draw if draw.keeper_id else _shut(draw, is_old) or draw


def _shut(draw: Draw, is_old: bool) -> Dead | None:
    """Why nobody can sign in for this draw by a link of this age; None while somebody can."""
    if draw.state != DrawState.COMMITTING:
        return Dead(End.CLOSED, draw)
    return Dead(End.EXPIRED, draw) if is_old else None


def _mark(draw: Draw) -> str:
    return form.H(draw.escrow)[:16]
