"""Pages of a large register: which twenty rows come first, then the rows, then what hangs on them.

A database that sorts half a million whole rows for the first twenty takes seconds; their keys
alone it sorts at once. The count of a large answer may be a minute old.
"""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.core.paginator import Page, Paginator

from .models import TargetQuerySet

LARGE = 50_000  # rows of an answer whose count is kept
KEPT_FOR = 60  # seconds


class Leaves(Paginator):
    """A paginator over targets.

    found  which targets, in which order; only keys are asked of it
    rows   the same records with all a page shows, in any order
    """

    def __init__(self, found: TargetQuerySet, rows: TargetQuerySet, per_page: int) -> None:
        self.keys = found.values_list("pk", flat=True)
        super().__init__(self.keys, per_page)
        self.rows = rows

    @cached_property
    def count(self) -> int:
        keys = self.keys.order_by()
        try:
            question = repr(keys.query.sql_with_params())
        except EmptyResultSet:
            return 0
        name = f"registry.count.{sha256(question.encode()).hexdigest()}"
        kept: int | None = cache.get(name)
        if kept is None:
            kept = int(keys.count())
            if kept >= LARGE:
                cache.set(name, kept, KEPT_FOR)
        return kept

    def page(self, number: int | str) -> Page:
        page = super().page(number)
        keys = list(page.object_list)
        there = {row.pk: row for row in self.rows.filter(pk__in=keys)}
        page.object_list = [there[key] for key in keys if key in there]
        return page
