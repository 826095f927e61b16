"""The public log's tree, kept in tiles of 256 hashes: quick for any size (draw protocol, §7).

A tile of level 0 holds 256 leaf hashes, one of level 1 the roots of 256 tiles of level 0, and so
on. A root or a proof over a million entries reads a handful of them. Where tiles are stored, and
when, is the ledger's; the tree itself is that of `tree`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from .tree import Proofs, node_hash

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT

Fetch = Callable[[int, int], Sequence[bytes]]


def top(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    level = list(hashes)
    while len(level) > 1:
        level = [node_hash(level[at], level[at + 1]) for at in range(0, len(level), 2)]
    return level[0]


class TiledTree(Proofs):
    """Roots and proofs of a log of a given size, from its tiles."""

    def __init__(self, fetch: Fetch, size: int) -> None:
        """fetch  (level, place) → the hashes of that tile, as many as the log fills"""
        self.size = size
        self._fetch = fetch
        self._read: dict[tuple[int, int], Sequence[bytes]] = {}

    def __len__(self) -> int:
        return self.size

    def leaf(self, index: int) -> bytes:
        """The leaf hash at that index."""
        return self._subtree(0, index)

    def _subtree(self, height: int, index: int) -> bytes:
        """The hash of a complete subtree: some hashes of one tile, paired up."""
        level, inside = divmod(height, HEIGHT)
        first = index << inside
        hashes = self._tile(level, first >> HEIGHT)
        at = first & (WIDTH - 1)
        return top(hashes[at : at + (1 << inside)])

    def _tile(self, level: int, place: int) -> Sequence[bytes]:
        if (level, place) not in self._read:
            self._read[level, place] = self._fetch(level, place)
        return self._read[level, place]
