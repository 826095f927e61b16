"""The search table follows an import, and an import taken back, a piece at a time."""

from __future__ import annotations

from datetime import datetime
from time import sleep

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from .. import search
from ..models import Import, SearchFill, SearchRow, Target

PAUSE = 0.11  # seconds; SQLite lets nobody queue: who waits looks again every tenth of a second


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
            if last:
                _let_others_write()
            count += search.fill(piece)
            last = piece[-1][0]
    with transaction.atomic():
        SearchFill.objects.get_or_create(batch=batch, defaults={"at": at})
    return count


def tidy_search(*, batch: Import, at: datetime) -> None:
    """Bring the search table in line with an import that was taken back; again does no harm.

    No facts change, so there is no entry in the ledger. Until the end the search asks the wide
    table as well.
    """
    follow(batch)
    with transaction.atomic():
        SearchFill.objects.get_or_create(batch=batch, defaults={"at": at})


def follow(batch: Import) -> None:
    """Forget what is there no more, put what is again as it was; short transactions."""
    first, last = batch.first_key or 0, batch.last_key or 0
    target = Target.objects.filter(pk=OuterRef("pk"))
    gone = SearchRow.objects.filter(~Exists(target), pk__gte=first, pk__lte=last).order_by("pk")
    while keys := list(gone.values_list("pk", flat=True)[: search.PIECE]):
        with transaction.atomic():
            search.forget(keys)
        _let_others_write()
    changes, last = batch.changes.order_by("pk").values_list("pk", "target"), 0
    while piece := list(changes.filter(pk__gt=last)[: search.PIECE]):
        if last:
            _let_others_write()
        last = piece[-1][0]
        with transaction.atomic():
            search.put_keys([key for _, key in piece])


def _let_others_write() -> None:
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        sleep(PAUSE)
