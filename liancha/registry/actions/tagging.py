"""The tags of a few targets brought in line with the words, at once; all of them: `words.retag`."""

from __future__ import annotations

from collections.abc import Sequence

from .. import tables
from ..models import Tagging, Target
from ..retagging import looks_at


def retag(tagger: tables.Tagger, targets: Sequence[Target]) -> tuple[int, int]:
    """Give and take away what differs; (given, taken away).

    Tags put on or taken off by hand stay as people left them.
    """
    looks = looks_at(tagger, targets)
    given = [Tagging(target_id=look.key, tag_id=tag) for look in looks for tag in look.given]
    taken = [(look.key, tag) for look in looks for tag in look.taken]
    Tagging.objects.bulk_create(given)
    for tag in {tag for _, tag in taken}:
        Tagging.objects.filter(
            tag=tag, target__in=[key for key, other in taken if other == tag]
        ).delete()
    return len(given), len(taken)
