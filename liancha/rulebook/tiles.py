"""The public log's tree, kept in tiles of 256 hashes: quick for any size (draw protocol, §7).

A tile of level 0 holds 256 leaf hashes, one of level 1 the roots of 256 tiles of level 0, and so
on. A root or a proof over a million entries reads a handful of them. Where tiles are stored, and
when, is the ledger's; the tree itself is that of `tree`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from .tree import EMPTY, node_hash

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT

Fetch = Callable[[int, int], Sequence[bytes]]


def top(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    level = list(hashes)
    while len(level) > 1:
        level = [node_hash(level[at], level[at + 1]) for at in range(0, len(level), 2)]
    return level[0]


class TiledTree:
    """Roots and proofs of a log of a given size, from its tiles."""

    def __init__(self, fetch: Fetch, size: int) -> None:
        """fetch  (level, place) → the hashes of that tile, as many as the log fills"""
        self.size = size
        self._fetch = fetch
        self._read: dict[tuple[int, int], Sequence[bytes]] = {}

    def root(self, size: int | None = None) -> bytes:
        """The root now, or when the log had that size. Raises ValueError for a size it had not.

        Source: RFC 9162, §2.1.1.
        """
        size = self._size(size)
        return self._hash(0, size) if size else EMPTY

    def leaf(self, index: int) -> bytes:
        """The leaf hash at that index."""
        return self._subtree(0, index)

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Source: RFC 9162, §2.1.3.1. Raises ValueError."""
        size = self._size(size)
        if not 0 <= index < size:
            raise ValueError(f"no leaf {index} in a tree of {size}")
        path: list[bytes] = []
        low, high = 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._hash(middle, high))
                high = middle
            else:
                path.append(self._hash(low, middle))
                low = middle
        return path[::-1]

    def consistency(self, first: int, second: int | None = None) -> list[bytes]:
        """Source: RFC 9162, §2.1.4.1. Raises ValueError."""
        second = self._size(second)
        if not 0 < first <= second:
            raise ValueError(f"no proof from {first} to {second}")
        path: list[bytes] = []
        low, high = 0, second
        while first != high:
            middle = low + _split(high - low)
            if first <= middle:
                path.append(self._hash(middle, high))
                high = middle
            else:
                path.append(self._hash(low, middle))
                low = middle
        if low > 0:
            path.append(self._hash(low, high))
        return path[::-1]

    def _size(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise ValueError(f"the tree has {self.size} leaves, not {size}")
        return size

    def _hash(self, low: int, high: int) -> bytes:
        width = high - low
        if width & (width - 1) == 0:
            height = width.bit_length() - 1
            return self._subtree(height, low >> height)
        middle = low + _split(width)
        return node_hash(self._hash(low, middle), self._hash(middle, high))

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


def _split(width: int) -> int:
    """The largest power of two smaller than width."""
    return 1 << ((width - 1).bit_length() - 1)
