"""Reading the ledger as a whole: does it still say what it said?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest

from liancha.rulebook import chain, notes, signing
from liancha.rulebook.form import Refused
from liancha.rulebook.tiles import HEIGHT, top

from . import trees
from .locks import ZEROS
from .models import Checkpoint, Cosignature, Entry, LogKey, Tile

CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Flaw:
    """One entry that is not as it was written, and in what way (Chinese)."""

    index: int
    message: str


def flaws(progress: Callable[[int], None] = lambda done: None) -> Iterator[Flaw]:
    """Walk the whole chain and name every entry that was altered, lost or moved.

    An altered body, salt or digest breaks the entry itself; a missing or reordered one breaks
    the link of the next. Columns beside the body are compared with what the body says; only the
    subject, which serves the timelines of pages, stands in no body. A cut at the end shows in
    `log_flaws`, against what was signed.
    """
    expected, previous = 0, ZEROS
    for entry in Entry.objects.order_by("index").iterator(chunk_size=CHUNK):
        if entry.index != expected:
            yield Flaw(expected, f"第 {expected} 至 {entry.index - 1} 条缺失")
            previous = entry.previous
        if entry.previous != previous:
            yield Flaw(entry.index, f"第 {entry.index} 条与上一条接不上：次序被改动或上一条被替换")
        if chain.entry_digest(entry.previous, entry.salt, entry.body) != entry.digest:
            yield Flaw(entry.index, f"第 {entry.index} 条的内容与摘要不符：内容被改动")
        elif odd := _columns_that_differ(entry):
            yield Flaw(entry.index, f"第 {entry.index} 条的{'、'.join(odd)}与正文不符：被改动")
        expected, previous = entry.index + 1, entry.digest
        if expected % CHUNK == 0:
            progress(expected)
    progress(expected)


def _columns_that_differ(entry: Entry) -> list[str]:
    words = json.loads(entry.body)
    pairs = (
        ("时间", abs((datetime.fromisoformat(words["at"]) - entry.at).total_seconds()) < 1, True),
        ("人员", words["by"], entry.by),
        ("事项", words["what"], entry.what),
        ("抽取编号", words.get("draw", "") if entry.kind else "", entry.draw),
        ("种类", words.get("kind", "") if entry.draw else "", entry.kind),
    )
    return [name for name, said, stored in pairs if said != stored]


# ── The tree and what was signed over it ──────────────────────────────────────────────────────


def log_flaws() -> Iterator[Flaw]:
    """Compare the entries with the tree as it was stored, and with every checkpoint signed.

    A tile names the entry that is not what it was; a checkpoint says from which size on.
    """
    size = trees.size()
    for tile in Tile.objects.order_by("level", "place").iterator(chunk_size=100):
        stored = trees.unpacked(tile.hashes)
        now = trees.missing(tile.level, tile.place, size)
        first = (tile.place << HEIGHT) << (HEIGHT * tile.level)
        if tile.level == 0 and now != stored:
            pairs = zip_longest(now, stored)
            index = first + next(n for n, (here, there) in enumerate(pairs) if here != there)
            yield Flaw(index, f"第 {index} 条与存证树中的不符：被改动、缺失或调换")
        elif now != stored or top(stored).hex() != tile.root:
            yield Flaw(first, f"存证树第 {tile.level} 层从第 {first} 条起的一片被改动")
    keys = [notes.read_key(row.key) for row in LogKey.objects.all()]
    grown = trees.tree(size)
    for checkpoint in Checkpoint.objects.order_by("size").iterator():
        name = f"大小 {checkpoint.size} 的检查点"
        if checkpoint.size > size:
            yield Flaw(size, f"日志只有 {size} 条，少于{name}：被截短")
        elif grown.root(checkpoint.size).hex() != checkpoint.root:
            yield Flaw(checkpoint.size, f"{name}与日志不符：它以前的记录被改动")
        try:
            signed = notes.read_note(f"{checkpoint.text}\n{checkpoint.signatures}")
            is_good = signing.signed_by(signed, keys) is not None
        except Refused:
            is_good = False
        if not is_good:
            yield Flaw(checkpoint.size, f"{name}的署名不对")


# ── Where an entry stands in the public log ───────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Anchor:
    """How firmly an entry is in the public log.

    index       of the entry
    checkpoint  the checkpoint it is shown by: the first one cosigned, else the first; None before
    cosigned    the witnesses' lines under it, earliest first
    is_over     the next step has come: no checkpoint from now on can show that this was before it
    ends_at     when the next step came: a cosignature from then on shows nothing about the order
    """

    index: int
    checkpoint: Checkpoint | None
    cosigned: tuple[Cosignature, ...]
    is_over: bool = False
    ends_at: datetime | None = None

    @property
    def in_time(self) -> tuple[Cosignature, ...]:
        """The lines that show this entry to be older than the next step."""
        ends = self.ends_at
        return tuple(each for each in self.cosigned if ends is None or each.cosigned_at < ends)


def anchor(entry: Entry, before: int | None = None) -> Anchor:
    """Where an entry stands.

    before  index of the entry whose coming ends the time for it: its checkpoint may not hold that
    """
    holding = Checkpoint.objects.holding(entry.index)
    if before is not None:
        holding = holding.filter(size__lte=before)
    found = holding.cosigned().first() or holding.first()
    lines = tuple(found.cosignatures.order_by("cosigned_at")) if found else ()
    return Anchor(entry.index, found, lines, before is not None)


def anchor_of_draw(number: str, kind: str) -> Anchor | None:
    """Where a draw's rule or close stands, shown by a checkpoint from before the next step: the
    first reveal for the rule, the draw for the close. None while the entry is not logged.

    Source: draw protocol, §§6 and 7.
    """
    entries = Entry.objects.of_draw(number)
    entry = entries.filter(kind=kind).order_by("index").first()
    if entry is None:
        return None
    after = {"rule": ("reveal", "close"), "close": ("draw",)}.get(kind, ())
    following = entries.filter(kind__in=after, index__gt=entry.index).order_by("index").first()
    if following is None:
        return anchor(entry)
    return replace(anchor(entry, following.index), ends_at=following.at)
