"""The RFC 9162 Merkle tree (§2.1): roots, proofs, and their checking.

One tree holds the lines of a frozen pool, another the entries of the public log. A leaf is
SHA-256(0x00 ‖ data), a node SHA-256(0x01 ‖ left ‖ right). Proofs are lists of hashes from the leaf
to the root. Signatures over a root are not this module's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import islice
from typing import Final

EMPTY: Final = sha256(b"").digest()
CHUNK: Final = 1 << 12  # leaves hashed level by level at once: quick, and small in memory


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """The tree hash over leaf data, read once and not kept (about a second for a million).

    Source: RFC 9162, §2.1.1.
    """
    return top(chunk_tops(leaves))


def chunk_tops(leaves: Iterable[bytes]) -> list[bytes]:
    """Tree hashes of every CHUNK leaves, the last of what is left: pieces that `top` joins.

    Pieces of several CHUNKs may be hashed apart, even in other processes; the hashes one after
    the other are those of the whole.
    """
    feed = iter(leaves)
    tops = []
    while level := [sha256(b"\x00" + data).digest() for data in islice(feed, CHUNK)]:
        tops.append(top(level))
    return tops


def top(level: list[bytes]) -> bytes:
    """The tree hash over these nodes: pairs, a last odd one carried up as it is.

    level  leaf hashes, or hashes of equally large complete trees and one of the rest
    """
    if not level:
        return EMPTY
    while len(level) > 1:
        pairs = iter(level)
        above = [
            sha256(b"\x01" + left + right).digest()
            for left, right in zip(pairs, pairs, strict=False)
        ]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]


class Proofs(ABC):
    """Root and proofs of a tree for every size it had, wherever its complete subtrees are kept."""

    @abstractmethod
    def __len__(self) -> int:
        """How many leaves there are."""

    @abstractmethod
    def _subtree(self, height: int, index: int) -> bytes:
        """The hash of the complete subtree over leaves index·2ʰ … (index+1)·2ʰ − 1."""

    def root(self, size: int | None = None) -> bytes:
        """The root now, or when the tree had that size. Raises ValueError for a size it had not.

        Source: RFC 9162, §2.1.1.
        """
        size = self._size(size)
        return self._hash(0, size) if size else EMPTY

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """PATH(index, D[size]): the proof that the leaf is in the tree of that size.

        Raises ValueError. Source: RFC 9162, §2.1.3.1.
        """
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
        path.reverse()
        return path

    def consistency(self, first: int, second: int | None = None) -> list[bytes]:
        """PROOF(first, D[second]): the tree of `first` leaves is the beginning of that of `second`.

        Raises ValueError. Source: RFC 9162, §2.1.4.1.
        """
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
        path.reverse()
        return path

    def _size(self, size: int | None) -> int:
        if size is None:
            return len(self)
        if not 0 <= size <= len(self):
            raise ValueError(f"the tree has {len(self)} leaves, not {size}")
        return size

    def _hash(self, low: int, high: int) -> bytes:
        """Hash over leaves low…high−1; low is a multiple of the power of two that covers them."""
        width = high - low
        if width & (width - 1) == 0:
            height = width.bit_length() - 1
            return self._subtree(height, low >> height)
        middle = low + _split(width)
        return node_hash(self._hash(low, middle), self._hash(middle, high))


class Tree(Proofs):
    """A tree that grows at its right end and proves what it holds, for every size it had.

    Keeps the hashes of all complete subtrees: about 150 bytes a leaf.
    """

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        """leaves  leaf data, in order"""
        self._levels: list[list[bytes]] = [[]]
        self.extend_hashes(map(leaf_hash, leaves))

    def __len__(self) -> int:
        return len(self._levels[0])

    def append(self, data: bytes) -> None:
        self.extend_hashes((leaf_hash(data),))

    def extend_hashes(self, hashes: Iterable[bytes]) -> None:
        """Add leaves of which only the leaf hash is at hand."""
        self._levels[0].extend(hashes)
        height = 0
        while len(self._levels[height]) > 1:
            if height + 1 == len(self._levels):
                self._levels.append([])
            below, above = self._levels[height], self._levels[height + 1]
            fresh = iter(below[2 * len(above) : len(below) // 2 * 2])
            above.extend(node_hash(left, right) for left, right in zip(fresh, fresh, strict=True))
            height += 1

    def _subtree(self, height: int, index: int) -> bytes:
        return self._levels[height][index]


def _split(width: int) -> int:
    """The largest power of two smaller than width."""
    return 1 << ((width - 1).bit_length() - 1)


def includes(root: bytes, size: int, index: int, leaf: bytes, path: Sequence[bytes]) -> bool:
    """True if the proof shows the leaf hash at that index of the tree of that size and root.

    Source: RFC 9162, §2.1.3.2.
    """
    if not 0 <= index < size:
        return False
    number, last, result = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if number & 1 or number == last:
            result = node_hash(sibling, result)
            while not number & 1 and number:
                number >>= 1
                last >>= 1
        else:
            result = node_hash(result, sibling)
        number >>= 1
        last >>= 1
    return last == 0 and result == root


def extends(
    first: int, first_root: bytes, second: int, second_root: bytes, path: Sequence[bytes]
) -> bool:
    """True if the proof shows the first tree to be the beginning of the second.

    Source: RFC 9162, §2.1.4.2. Two trees of one size need an empty proof and the same root.
    """
    if first == second:
        return not path and first_root == second_root
    if not 0 < first < second or not path:
        return False
    proof = [first_root, *path] if first & (first - 1) == 0 else list(path)
    number, last = first - 1, second - 1
    while number & 1:
        number >>= 1
        last >>= 1
    old = new = proof[0]
    for sibling in proof[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            old = node_hash(sibling, old)
            new = node_hash(sibling, new)
            while not number & 1 and number:
                number >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        number >>= 1
        last >>= 1
    return last == 0 and old == first_root and new == second_root
