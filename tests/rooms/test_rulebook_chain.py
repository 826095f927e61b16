"""The ledger's chain: an altered, missing, moved or added entry shows, and where."""

from dataclasses import replace

import pytest

from liancha.rulebook import chain
from liancha.rulebook.chain import Entry, Fault
from liancha.rulebook.form import H, Refused


def written(count: int) -> list[Entry]:
    entries: list[Entry] = []
    previous = chain.GENESIS
    for index in range(count):
        salt, body = H(str(index))[:32], f'{{"at":"{index}"}}'
        digest = chain.entry_digest(previous, salt, body)
        entries.append(Entry(index, previous, salt, body, digest))
        previous = digest
    return entries


def again(entry: Entry, **changes: object) -> Entry:
    """The entry with changes, and a digest that fits them: what a careful forger would write."""
    changed = replace(entry, **changes)
    return replace(changed, digest=chain.entry_digest(changed.previous, changed.salt, changed.body))


def test_an_untouched_chain_has_no_break():
    entries = written(6)
    assert chain.first_break(entries) is None
    assert chain.first_break(entries, size=6, head=entries[-1].digest) is None
    assert chain.first_break(entries[4:], start=4, previous=entries[3].digest) is None
    assert chain.first_break([]) is None


@pytest.mark.parametrize("at", range(6))
@pytest.mark.parametrize("field", ["previous", "salt", "body", "digest"])
def test_a_changed_field_is_found_at_its_entry(at, field):
    entries = written(6)
    entries[at] = replace(entries[at], **{field: "x" + getattr(entries[at], field)[1:]})
    found = chain.first_break(entries)
    assert found is not None
    assert (found.index, found.fault) == (at, Fault.ALTERED)


@pytest.mark.parametrize("at", range(5))
def test_a_forged_entry_with_its_own_digest_breaks_the_next(at):
    entries = written(6)
    entries[at] = again(entries[at], body='{"at":"forged"}')
    found = chain.first_break(entries)
    assert found is not None
    assert (found.index, found.fault) == (at + 1, Fault.REORDERED)


@pytest.mark.parametrize("at", range(5))
def test_a_missing_entry_is_named(at):
    entries = written(6)
    del entries[at]
    found = chain.first_break(entries)
    assert found is not None
    assert (found.index, found.fault) == (at, Fault.MISSING)
    assert str(found) == f"第 {at} 条缺失"


@pytest.mark.parametrize("at", range(5))
def test_two_entries_that_changed_places_are_found(at):
    entries = written(6)
    entries[at], entries[at + 1] = entries[at + 1], entries[at]
    assert chain.first_break(entries) is not None
    renumbered = [replace(entry, index=index) for index, entry in enumerate(entries)]
    found = chain.first_break(renumbered)
    assert found is not None
    assert (found.index, found.fault) == (at, Fault.REORDERED)


def test_a_doubled_entry_is_found():
    entries = written(3)
    found = chain.first_break([*entries, entries[-1]])
    assert found is not None
    assert (found.index, found.fault) == (2, Fault.REORDERED)


def test_a_cut_or_an_addition_at_the_end_shows_against_a_known_head():
    entries = written(6)
    cut = chain.first_break(entries[:4], size=6, head=entries[-1].digest)
    assert cut is not None
    assert (cut.index, cut.fault) == (4, Fault.MISSING)
    more = chain.first_break(entries, size=5, head=entries[4].digest)
    assert more is not None
    assert (more.index, more.fault) == (5, Fault.ADDED)
    other = chain.first_break(
        [*entries[:5], again(entries[5], body="{}")], size=6, head=entries[5].digest
    )
    assert other is not None
    assert (other.index, other.fault) == (5, Fault.ALTERED)


def test_the_leaf_is_salt_tab_canonical_json():
    salt = "0" * 32
    assert chain.leaf(salt, '{"a":1,"b":"联"}') == f'{salt}\t{{"a":1,"b":"联"}}'.encode()
    assert chain.leaf(salt, '{"a":-1,"b":"line\\nbreak"}')
    for body in ('{"b":1,"a":1}', '{"a": 1}', '{"a":1.0}', "", '{"a":"\\u8054"}'):
        with pytest.raises(Refused):
            chain.leaf(salt, body)
    with pytest.raises(Refused):
        chain.leaf("0" * 31, "{}")
