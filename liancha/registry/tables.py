"""The tables clerks keep, ready to be used: place names and the words that give tags."""

from __future__ import annotations

from collections import defaultdict

from liancha.accounts.models import Region

from .models import PlaceName, Tag, TagKeyword
from .places import Gazetteer, Place
from .tagging import Rule, Tagger


def gazetteer() -> Gazetteer:
    """All place names, to read addresses with."""
    return Gazetteer(
        (
            Place(row.name, row.region_id, row.kind, row.is_old, frozenset(row.formerly.split()))
            for row in PlaceName.objects.all()
        ),
        dict(Region.objects.values_list("code", "name")),
    )


def tagger() -> Tagger:
    """All words and kinds that give tags."""
    return Tagger(rules())


def rules() -> list[Rule]:
    """The same as they stand, to see later whether somebody has changed them."""
    words: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
    for row in TagKeyword.objects.all():
        column = "not" if row.is_exclusion else "name" if row.in_name_only else "any"
        words[row.tag_id, column].add(row.word)
    return [
        Rule(
            tag.pk,
            frozenset(tag.kinds.split()),
            frozenset(words[tag.pk, "any"]),
            frozenset(words[tag.pk, "name"]),
            frozenset(words[tag.pk, "not"]),
        )
        for tag in Tag.objects.order_by("pk")
    ]
