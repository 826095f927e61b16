"""One firm's own side of the draws: a link for it alone, and what it may have of each draw.

The link is handed over by an official who knows whom he has before him, or taken at the firm's
own visit. Until a draw opens for this firm the page says the same, drawn or not, and computes
nothing that could take longer for one than for the other (draw protocol, §6).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.core import signing
from django.core.cache import cache

from liancha.draw import bundles, frozen
from liancha.draw.models import Draw, DrawQuerySet
from liancha.draw.queries import openness
from liancha.inspection.models import Visit
from liancha.registry.models import Target

from .models import OwnLink

SALT = "liancha.disclosure.own-link"
# Seconds for which a made file need not be made again: of a large pool it takes seconds.
KEPT = 3600


@dataclass(frozen=True, slots=True)
class OwnDraw:
    """A draw whose pool had the firm, under this code.

    is_open  its firm.json is this firm's to have
    """

    draw: Draw
    code: str
    is_open: bool


def token_of(link: OwnLink) -> str:
    """What the link carries: cannot be guessed, opens this firm's page and no other."""
    return signing.Signer(salt=SALT).sign_object(link.pk)


def read(token: str) -> OwnLink | None:
    """The link of this token, in force or not; None for none of ours."""
    try:
        pk = signing.Signer(salt=SALT).unsign_object(token)
    except signing.BadSignature:
        return None
    return OwnLink.objects.select_related("target").filter(pk=pk).first()


def years() -> list[int]:
    """Years in which anything was drawn, newest first: the same for every firm."""
    found = Draw.objects.of_targets().locked().order_by("-year")
    return list(found.values_list("year", flat=True).distinct())


def own_draws(target: Target, year: int, now: datetime) -> list[OwnDraw]:
    """The draws of a year this firm may know it was in the pool of, newest first."""
    return _looked_up(target, Draw.objects.filter(year=year), now)


def own_draw(target: Target, pk: int, now: datetime) -> OwnDraw | None:
    """One draw, if its firm.json is this firm's to have. What is not open is not there."""
    found = _looked_up(target, Draw.objects.filter(pk=pk), now)
    return next((each for each in found if each.is_open), None)


def _looked_up(target: Target, draws: DrawQuerySet, now: datetime) -> list[OwnDraw]:
    """A further batch is not named before it opens: who is in its pool was not drawn before."""
    codes = [target.code, *target.former_codes.values_list("code", flat=True)]
    rows = draws.of_targets().locked().select_related("task", "supplements__task")
    # Its own visit is over: from then on nobody can be warned.
    over = Visit.objects.filter(drawn_target__target=target, completed_at__isnull=False)
    visited = set(over.values_list("drawn_target__draw", flat=True))
    found = []
    for draw in rows.order_by("-pk"):
        is_open = openness(draw, now).firms or draw.pk in visited
        if not is_open and draw.supplements_id is not None:
            continue  # not even looked up: that would take a different time
        if code := next(iter(frozen.found(draw, codes)), None):
            found.append(OwnDraw(draw, code, is_open))
    return found


def file_of(own: OwnDraw) -> bytes:
    """firm.json, once it is open."""
    assert own.is_open
    key = f"disclosure.firm.{own.draw.seed}.{own.code}"
    found: bytes | None = cache.get(key)
    if found is None:
        found = bundles.firm_file(own.draw, own.code)
        cache.set(key, found, KEPT)
    return found
