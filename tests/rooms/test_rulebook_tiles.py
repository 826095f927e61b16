"""The tiled tree says what the RFC's own recursive definition says, for every size."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liancha.rulebook import tree
from liancha.rulebook.tiles import WIDTH, TiledTree, top

LEAVES = [f"leaf {n}".encode() for n in range(70_000)]
HASHES = [tree.leaf_hash(leaf) for leaf in LEAVES]


def mth(leaves: list[bytes]) -> bytes:
    """MTH(D[n]) as RFC 9162, §2.1.1 defines it."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = split(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH(m, D[n]), §2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def proof(m: int, leaves: list[bytes], is_whole: bool = True) -> list[bytes]:
    """PROOF(m, D[n]) by SUBPROOF, §2.1.4.1."""
    if m == len(leaves):
        return [] if is_whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*proof(m, leaves[:k], is_whole), mth(leaves[k:])]
    return [*proof(m - k, leaves[k:], False), mth(leaves[:k])]


def split(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def tiled(size: int) -> TiledTree:
    """As the ledger keeps it: level n holds the roots of full tiles of level n−1."""
    levels = [HASHES[:size]]
    while len(levels[-1]) >= WIDTH:
        below = levels[-1]
        levels.append(
            [top(below[at : at + WIDTH]) for at in range(0, len(below) // WIDTH * WIDTH, WIDTH)]
        )
    return TiledTree(lambda level, at: levels[level][at * WIDTH : (at + 1) * WIDTH], size)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_small_logs_against_the_definition(data):
    size = data.draw(st.integers(1, 600))
    leaves, grown = LEAVES[:size], tiled(size)
    older = data.draw(st.integers(1, size))
    index = data.draw(st.integers(0, size - 1))

    assert grown.root() == mth(leaves)
    assert grown.root(older) == mth(leaves[:older])
    assert grown.leaf(index) == HASHES[index]
    assert grown.inclusion(index) == path(index, leaves)
    assert grown.consistency(older) == proof(older, leaves)


@given(st.integers(60_000, 70_000), st.data())
@settings(max_examples=15, deadline=None)
def test_three_levels_against_the_tree_in_memory(size, data):
    whole, grown = whole_tree(), tiled(size)
    older = data.draw(st.integers(1, size))
    index = data.draw(st.integers(0, older - 1))

    assert grown.root(older) == whole.root(older)
    assert grown.inclusion(index, older) == whole.inclusion(index, older)
    assert grown.consistency(older) == whole.consistency(older, size)
    assert tree.includes(
        grown.root(older), older, index, HASHES[index], grown.inclusion(index, older)
    )
    assert tree.extends(older, grown.root(older), size, grown.root(), grown.consistency(older))


_WHOLE: list[tree.Tree] = []


def whole_tree() -> tree.Tree:
    if not _WHOLE:
        _WHOLE.append(tree.Tree(LEAVES))
    return _WHOLE[0]


@given(st.integers(2, 300), st.data())
@settings(max_examples=60, deadline=None)
def test_a_broken_proof_proves_nothing(size, data):
    grown = tiled(size)
    older = data.draw(st.integers(1, size - 1))
    good = grown.consistency(older)
    at = data.draw(st.integers(0, len(good) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    flipped = bytes([good[at][0] ^ bit]) + good[at][1:]
    for bad in (
        [*good[:at], flipped, *good[at + 1 :]],
        good[:-1],
        [*good, good[-1]],
        [],
    ):
        assert not tree.extends(older, grown.root(older), size, grown.root(), bad)
    assert not tree.extends(older, flipped, size, grown.root(), good)


def test_what_the_log_never_was_has_no_proof():
    grown = tiled(10)
    for ask in (
        lambda: grown.root(11),
        lambda: grown.inclusion(10),
        lambda: grown.inclusion(-1),
        lambda: grown.consistency(0),
        lambda: grown.consistency(7, 6),
    ):
        with pytest.raises(ValueError, match=r"leaf|leaves|proof"):
            ask()
    assert tiled(0).root() == tree.EMPTY


def test_a_proof_reads_a_handful_of_tiles():
    levels = [HASHES[:70_000], []]
    levels[1] = [top(levels[0][at : at + 256]) for at in range(0, 273 * 256, 256)]
    levels.append([top(levels[1][:256])])
    read = []

    def fetch(level, at):
        read.append((level, at))
        return levels[level][at * WIDTH : (at + 1) * WIDTH]

    TiledTree(fetch, 70_000).inclusion(12_345)
    assert len(read) == len(set(read)) <= 6
