"""Targets held against the words that give tags: what each has, what it should have.

Looked at in pieces, without a lock: the page says what would change, the action makes it ready.
Knows nothing of writing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from .models import Tagging, Target
from .tagging import Tagger

PIECE = 5_000  # targets held at once


@dataclass(frozen=True, slots=True)
class Look:
    """One target: its key, `updated_at`, tags there (by hand or not), tags the words give it."""

    key: int
    was: datetime
    there: dict[int, bool]
    wanted: set[int]

    @property
    def given(self) -> set[int]:
        return self.wanted - self.there.keys()

    @property
    def taken(self) -> set[int]:
        """Never one that was put on by hand."""
        return {tag for tag, by_hand in self.there.items() if not by_hand} - self.wanted


def looks(tagger: Tagger) -> Iterator[list[Look]]:
    """All targets, a piece at a time. What was taken off by hand is not wanted."""
    refused = set(Target.untagged.through.objects.values_list("target_id", "tag_id"))
    rows = Target.objects.order_by("pk").values_list("pk", "updated_at", "name", "scope", "kind")
    last = 0
    while piece := list(rows.filter(pk__gt=last)[:PIECE]):
        first, last = piece[0][0], piece[-1][0]
        here = Tagging.objects.filter(target__gte=first, target__lte=last)
        yield _held(tagger, piece, here, refused)


def looks_at(tagger: Tagger, targets: Sequence[Target]) -> list[Look]:
    """The same for these targets."""
    keys = [target.pk for target in targets]
    refused = Target.untagged.through.objects.filter(target__in=keys)
    return _held(
        tagger,
        [(each.pk, each.updated_at, each.name, each.scope, each.kind) for each in targets],
        Tagging.objects.filter(target__in=keys),
        set(refused.values_list("target_id", "tag_id")),
    )


def _held(
    tagger: Tagger,
    rows: Iterable[tuple[int, datetime, str, str, str]],
    taggings: QuerySet[Tagging],
    refused: Collection[tuple[int, int]],
) -> list[Look]:
    there: dict[int, dict[int, bool]] = {}
    for target, tag, is_by_hand in taggings.values_list("target", "tag", "is_by_hand"):
        there.setdefault(target, {})[tag] = is_by_hand
    return [
        Look(
            key,
            was,
            there.get(key, {}),
            {tag for tag in tagger.tags(name, scope, kind) if (key, tag) not in refused},
        )
        for key, was, name, scope, kind in rows
    ]
