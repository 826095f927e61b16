"""Merkle trees against the definitions of RFC 9162, §2.1, written out plainly here."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liancha.rulebook import tree


def split(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = split(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: list[bytes], is_whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if is_whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], is_whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def some_leaves(n: int) -> list[bytes]:
    return [b"leaf %d" % at for at in range(n)]


@pytest.mark.parametrize("n", [*range(40), 4095, 4096, 4097, 12_289])
def test_roots_are_those_of_the_definition(n):
    leaves = some_leaves(n)
    assert tree.root(iter(leaves)) == mth(leaves)
    assert tree.Tree(leaves).root() == mth(leaves)


def test_a_tree_that_grows_leaf_by_leaf_remembers_every_size():
    grown = tree.Tree()
    leaves = some_leaves(70)
    for leaf in leaves:
        grown.append(leaf)
    assert [grown.root(n) for n in range(71)] == [mth(leaves[:n]) for n in range(71)]


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, 13, 21])
def test_every_leaf_is_proven_and_nothing_else(n):
    leaves = some_leaves(n)
    whole, root = tree.Tree(some_leaves(30)), mth(leaves)
    for index, leaf in enumerate(leaves):
        proof = whole.inclusion(index, n)
        own = tree.leaf_hash(leaf)
        assert proof == path(index, leaves)
        assert tree.includes(root, n, index, own, proof)

        assert not tree.includes(root, n, index, tree.leaf_hash(b"other"), proof)
        assert not tree.includes(mth(leaves[1:]), n, index, own, proof)
        assert not any(
            tree.includes(root, n, other, own, proof)
            for other in range(-1, n + 2)
            if other != index
        )
        assert not tree.includes(root, n, index, own, [*proof, own])
        for at in range(len(proof)):
            assert not tree.includes(root, n, index, own, proof[:at] + proof[at + 1 :])
            broken = [*proof[:at], bytes(32), *proof[at + 1 :]]
            assert not tree.includes(root, n, index, own, broken)
            turned = proof[:at] + proof[at : at + 2][::-1] + proof[at + 2 :]
            assert turned == proof or not tree.includes(root, n, index, own, turned)


@pytest.mark.parametrize("second", [1, 2, 3, 6, 7, 8, 9, 16, 20])
def test_every_earlier_tree_is_proven_to_be_the_beginning(second):
    leaves = some_leaves(second)
    whole = tree.Tree(some_leaves(25))
    new = mth(leaves)
    for first in range(1, second + 1):
        old, proof = mth(leaves[:first]), whole.consistency(first, second)
        assert proof == subproof(first, leaves, True)
        assert tree.extends(first, old, second, new, proof)

        assert not tree.extends(first, bytes(32), second, new, proof)
        assert not tree.extends(first, old, second, bytes(32), proof)
        assert not tree.extends(first, old, second, new, [*proof, old])
        assert not tree.extends(second + 1, old, second, new, proof)
        for at in range(len(proof)):
            assert not tree.extends(first, old, second, new, proof[:at] + proof[at + 1 :])
            broken = [*proof[:at], bytes(32), *proof[at + 1 :]]
            assert not tree.extends(first, old, second, new, broken)


def test_a_rewritten_log_is_not_the_beginning():
    honest, rewritten = some_leaves(12), some_leaves(20)
    rewritten[3] = b"another history"
    proof = tree.Tree(rewritten).consistency(12, 20)
    assert not tree.extends(12, mth(honest), 20, mth(rewritten), proof)


@given(st.lists(st.binary(max_size=3), min_size=1, max_size=40), st.data())
def test_proofs_hold_for_any_leaves(leaves, data):
    index = data.draw(st.integers(0, len(leaves) - 1))
    first = data.draw(st.integers(1, len(leaves)))
    whole = tree.Tree(leaves)
    leaf = tree.leaf_hash(leaves[index])
    assert tree.includes(whole.root(), len(leaves), index, leaf, whole.inclusion(index))
    proof = whole.consistency(first)
    assert tree.extends(first, whole.root(first), len(leaves), whole.root(), proof)


def test_what_cannot_be_proven_is_refused():
    whole = tree.Tree(some_leaves(3))
    for ask in (
        lambda: whole.inclusion(3),
        lambda: whole.inclusion(0, 4),
        lambda: whole.consistency(0),
    ):
        with pytest.raises(ValueError, match=r"leaf|leaves|proof"):
            ask()
