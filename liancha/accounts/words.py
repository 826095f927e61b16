"""What a person writes in a line of its own, a reason or a note, and what they say yes or no to.

It stands in the ledger for ever, so nothing is cut off in silence, nobody fills it up, and no
answer is taken for one.
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


def agreed(request: HttpRequest, name: str = "agree", *, article: str = "19") -> bool:
    """Yes or no, as the buttons of an application say it. Raises Blocked for neither."""
    said = request.POST.get(name, "")
    if said in ("yes", "1"):
        return True
    if said in ("no", "0"):
        return False
    raise Blocked("没有收到同意还是不同意。请回到刚才的页面，点其中一个按钮。", article=article)
