"""Putting what an import brought into the search table, a piece at a time."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from .. import search
from ..models import Import, SearchFill, Target


def fill_search(*, batch: Import, at: datetime) -> int:
    """Make the targets of an import findable; returns how many were looked at.

    No facts change, so there is no entry in the ledger. Short transactions, so that nobody waits;
    a second run finds most of them as they should be. Until the end the search asks the wide table
    as well.
    """
    count = 0
    for targets in (
        Target.objects.came_with(batch),
        Target.objects.filter(import_changes__batch=batch),
    ):
        rows, last = targets.order_by("pk").values_list(*search.FIELDS), 0
        while piece := list(rows.filter(pk__gt=last)[: search.PIECE]):
            count += search.fill(piece)
            last = piece[-1][0]
    with transaction.atomic():
        SearchFill.objects.get_or_create(batch=batch, defaults={"at": at})
    return count
