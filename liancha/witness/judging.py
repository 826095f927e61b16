"""The witness's one decision: cosign this checkpoint, or say why not (C2SP tlog-witness)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from liancha.rulebook import notes, signing, tree
from liancha.rulebook.form import Refused
from liancha.rulebook.notes import Head, Key, Note, Signature
from liancha.rulebook.signing import Signer

from .store import REMEMBERED, Known, Store


class Unknown(Refused):
    """No log of that origin is followed here."""


class Unsigned(Refused):
    """No known key of the log has signed it."""


class Behind(Refused):
    """The proof starts elsewhere than at the last checkpoint seen: that one's size."""

    def __init__(self, size: int) -> None:
        super().__init__("旧大小", f"上次见到的大小是 {size}")
        self.size = size


class Inconsistent(Refused):
    """Signed by the log, and not a continuation of what it signed before. Kept as evidence."""

    def __init__(self, message: str, evidence: Path) -> None:
        super().__init__("日志前后不一", message)
        self.evidence = evidence


class Forked(Inconsistent):
    """Two roots for one size."""


def consider(
    store: Store, signer: Signer, old: int, proof: Sequence[bytes], note: Note, *, seconds: int
) -> Signature:
    """Cosign the checkpoint if it continues the last one seen of its log.

    old      size of the tree the proof starts from; 0 with no proof for the first time
    seconds  now, POSIX

    Raises Unknown, Unsigned, Behind, Forked, Inconsistent, Refused.
    """
    head = notes.read_head(note.text)
    with store.alone():
        logs = store.logs()
        known = logs.get(head.origin)
        if known is None:
            raise Unknown("来源", f"没有登记 {head.origin[:80]} 的公钥")
        if signing.signed_by(note, [notes.read_key(known.key)]) is None:
            raise Unsigned("署名", f"不是 {head.origin} 已登记公钥的署名")
        if old > head.size:
            raise Refused("旧大小", f"{old} 大于检查点的大小 {head.size}")
        if head.size < known.size:
            # Rightly signed and shorter. An old one is sent again by honest mistake, too.
            if dict(known.seen).get(head.size) == head.root.hex():
                raise Behind(known.size)
            raise _evident(store, known, head, note, proof)
        if old != known.size:
            raise Behind(known.size)
        if head.size == known.size and head.root.hex() != known.root:
            raise _evident(store, known, head, note, proof)
        if known.size and not tree.extends(
            known.size, bytes.fromhex(known.root), head.size, head.root, proof
        ):
            raise _evident(store, known, head, note, proof)
        if not known.size and proof:
            raise Refused("一致性证明", "第一次送来时应为空")
        if head.size > known.size:
            known.size, known.root, known.note = head.size, head.root.hex(), str(note)
            known.seen = [*known.seen, (head.size, known.root)][-REMEMBERED:]
            store.write(logs)
        return signer.cosign(note.text, seconds)


def _evident(
    store: Store, known: Known, head: Head, note: Note, proof: Sequence[bytes]
) -> Inconsistent:
    kind: type[Inconsistent] = Inconsistent
    before = f"上次联签的大小 {known.size}、根 {known.root}"
    now = f"这次送来的大小 {head.size}、根 {head.root.hex()}"
    if head.size == known.size:
        kind, what = Forked, "同样大小却有两个根，日志被改写或分成了两份"
    elif head.size < known.size:
        what = f"日志被截短，第 {head.size} 条（从 0 数起）之后原有的记录不见了，或被改写"
    else:
        what = f"前 {known.size} 条与上次不同，或没有证明它们没有改动"
    message = f"{what}：{before}；{now}"
    evidence = store.keep_evidence(head.origin, message, str(note), list(proof))
    return kind(message, evidence)


def take_handover(store: Store, statement: Note) -> Key:
    """Follow a log to its next key, on the word of the one before. Raises Refused."""
    handover = notes.read_handover(statement.text)
    with store.alone():
        logs = store.logs()
        known = logs.get(handover.origin)
        if known is None:
            raise Unknown("来源", f"没有登记 {handover.origin[:80]} 的公钥")
        if known.key == str(handover.new):
            return handover.new
        if signing.successor(statement, handover.origin, notes.read_key(known.key)) is None:
            raise Unsigned("密钥更替声明", "旧公钥不是已登记的那一把")
        known.key = str(handover.new)
        store.write(logs)
        return handover.new
