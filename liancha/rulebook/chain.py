"""The chain of the ledger: each entry carries the digest of the one before.

Whoever alters, removes or moves an entry breaks every digest after it. The leaf of an entry in the
public log is made here too (liancha-draw/1, §7); trees and checkpoints are `tree` and `publiclog`.
Who may write entries, and when, is the ledger's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from .form import H, Refused, canonical, is_hex, parse_json

GENESIS: Final = "0" * 64
_CHAIN: Final = "liancha-ledger/1"


@dataclass(frozen=True, slots=True)
class Entry:
    """index from 0; body is RFC 8785 JSON; salt 32 hex digits; digests 64."""

    index: int
    previous: str
    salt: str
    body: str
    digest: str


class Fault(StrEnum):
    ALTERED = "altered"
    MISSING = "missing"
    REORDERED = "reordered"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Break:
    """The first entry that is not what it was: its index, or the index that is not there."""

    index: int
    fault: Fault

    def __str__(self) -> str:
        match self.fault:
            case Fault.ALTERED:
                return f"第 {self.index} 条被改动：内容与摘要不符"
            case Fault.MISSING:
                return f"第 {self.index} 条缺失"
            case Fault.REORDERED:
                return f"第 {self.index} 条不在原来的位置：与上一条接不上"
            case Fault.ADDED:
                return f"第 {self.index} 条是多出来的"


def entry_digest(previous: str, salt: str, body: str) -> str:
    """Digest of an entry: H("liancha-ledger/1" LF previous LF salt TAB body LF)."""
    return H(f"{_CHAIN}\n{previous}\n{salt}\t{body}\n")


def leaf(salt: str, body: str) -> bytes:
    """The entry's leaf data in the public log: 32 random hex digits TAB RFC 8785 JSON.

    Raises Refused where the two are not of that form.
    """
    if not is_hex(salt, 32):
        raise Refused("日志条目", "盐应为 32 位小写十六进制数")
    if canonical(parse_json(body, "日志条目", is_signed=True)) != body:
        raise Refused("日志条目", "正文应为 RFC 8785 规范形式")
    return f"{salt}\t{body}".encode()


def first_break(
    entries: Iterable[Entry],
    *,
    start: int = 0,
    previous: str = GENESIS,
    size: int | None = None,
    head: str | None = None,
) -> Break | None:
    """Walk the entries in the order they are kept; None if every one is in its place.

    start, previous  where the walk begins: index of the first, digest of the one before it
    size, head       how many entries in all and the last digest, where known from outside:
                     a cut at the end shows only there

    Source: art. 19, paragraph 3: a locked list is never changed; this is how a change shows.
    """
    index, last = start, previous
    for entry in entries:
        if entry.index > index:
            return Break(index, Fault.MISSING)
        if entry.index < index:
            return Break(entry.index, Fault.REORDERED)
        if entry_digest(entry.previous, entry.salt, entry.body) != entry.digest:
            return Break(index, Fault.ALTERED)
        if entry.previous != last:
            return Break(index, Fault.REORDERED)
        index, last = index + 1, entry.digest
    if size is not None and index < size:
        return Break(index, Fault.MISSING)
    if size is not None and index > size:
        return Break(size, Fault.ADDED)
    if head is not None and last != head:
        return Break(index - 1, Fault.ALTERED)
    return None
