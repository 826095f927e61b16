"""The tree over the ledger's entries, out of the tiles that are stored and the rest that is not."""

from __future__ import annotations

from django.db.models import Max

from liancha.rulebook.tiles import WIDTH, TiledTree, top
from liancha.rulebook.tree import leaf_hash

from .models import Entry, Tile

HASH = 32


def size() -> int:
    """How many entries there are."""
    last = Entry.objects.aggregate(last=Max("index"))["last"]
    return 0 if last is None else last + 1


def tree(upto: int) -> TiledTree:
    """The tree of the first so many entries. Costs a handful of rows once its tiles are stored."""
    return TiledTree(lambda level, place: _hashes(level, place, upto), upto)


def leaf_of(entry: Entry) -> bytes:
    """Leaf hash of an entry as it stands in the ledger now, whatever a tile says."""
    return leaf_hash(f"{entry.salt}\t{entry.body}".encode())


def unpacked(packed: bytes | memoryview) -> list[bytes]:
    packed = bytes(packed)
    return [packed[at : at + HASH] for at in range(0, len(packed), HASH)]


def _hashes(level: int, place: int, upto: int) -> list[bytes]:
    stored = Tile.objects.filter(level=level, place=place).values_list("hashes", flat=True).first()
    if stored is not None:
        return unpacked(stored)
    return missing(level, place, upto)


def missing(level: int, place: int, upto: int) -> list[bytes]:
    """The hashes of a tile that is not stored: from the entries, or the tiles below."""
    low, high = place * WIDTH, (place + 1) * WIDTH
    if level == 0:
        rows = Entry.objects.filter(index__gte=low, index__lt=min(high, upto)).order_by("index")
        return [
            leaf_hash(f"{salt}\t{body}".encode()) for salt, body in rows.values_list("salt", "body")
        ]
    # A tile below that is complete within this size.
    high = min(high, upto >> (8 * level))
    roots = dict(
        Tile.objects.filter(level=level - 1, place__gte=low, place__lt=high).values_list(
            "place", "root"
        )
    )
    return [
        bytes.fromhex(roots[at]) if at in roots else top(_hashes(level - 1, at, upto))
        for at in range(low, high)
    ]
