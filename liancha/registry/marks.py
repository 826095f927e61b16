"""Marks that many targets were given at once, as the story of one of them tells it.

The log has one entry for the whole batch; the mark itself says which of them it came with.
"""

from __future__ import annotations

import json

from liancha.ledger.models import Entry

from .models import Target


def given_at_once(target: Target) -> list[tuple[Entry, str]]:
    """(the batch's entry, what the mark says) for each mark this target got in a batch."""
    marks = list(target.key_flags.all())
    entries = {}
    for entry in Entry.objects.filter(
        what="registry.set_key_flags", at__in={mark.at for mark in marks}
    ):
        body = json.loads(entry.body)
        entries[entry.at, body["flag"], body["source"], body["until"]] = entry
    found = []
    for mark in marks:
        batch = entries.get((mark.at, mark.kind, mark.source, mark.until.isoformat()))
        if batch is not None:
            words = f"{mark.get_kind_display()}，来源 {mark.source}，至 {mark.until.isoformat()}"
            found.append((batch, words))
    return found
