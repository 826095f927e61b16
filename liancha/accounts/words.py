"""What a person writes in a line of its own: a reason, a note. Taken whole or not at all.

It stands in the ledger for ever, so nothing is cut off in silence, and nobody fills it up.
"""

from __future__ import annotations

from django.http import HttpRequest

from liancha.rulebook.verdicts import Blocked

LONGEST = 200


def written(
    request: HttpRequest, name: str = "reason", *, longest: int = LONGEST, article: str = "19"
) -> str:
    """The line of this name; "" if there is none. Raises Blocked for one that is too long."""
    text = request.POST.get(name, "").strip()
    if len(text) > longest:
        raise Blocked(
            f"理由或意见有 {len(text):,} 字，最多 {longest} 字。请写短一些再交。", article=article
        )
    return text
