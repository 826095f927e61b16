"""Which rows a batch is about: the ticked ones, or all that the list's query finds.

A door helper for views behind `{% batch %}`. It decides nothing and changes nothing; what may be
done with the rows is said by the action they are given to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict

Q = TypeVar("Q", bound=QuerySet[Model])


def chosen(request: HttpRequest, rows: Q, again: Callable[[QueryDict], Q]) -> Q:
    """The rows a batch form means, always within `rows`, the QuerySet this person may see.

    again  redoes the list's query from its query string, for 选中全部
    """
    if request.POST.get("all") == "1":
        found = again(QueryDict(request.POST.get("query", "")))
        return rows.filter(pk__in=found.values("pk"))
    picked = [pk for pk in request.POST.getlist("pick") if may_be_key(pk)]
    return rows.filter(pk__in=picked)


def may_be_key(text: str) -> bool:
    """Whether a database can be asked for this key at all: SQLite refuses longer numbers."""
    return text.isdecimal() and len(text) < 19
