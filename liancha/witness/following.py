"""A witness that may only open connections outwards: it fetches, and hands its line back."""

from __future__ import annotations

from liancha.rulebook import notes, signing
from liancha.rulebook.notes import Head, Key, Note
from liancha.rulebook.signing import Signer

from . import judging, locating
from .fetching import Site, Unreachable
from .judging import Inconsistent
from .store import Known, Store


def statements(site: Site) -> tuple[str, list[Key], list[Note]]:
    """Origin, keys and handovers as the site publishes them; nothing of it is believed yet.

    Raises Unreachable, Answered, Refused.
    """
    said = site.json("/log/keys.json")
    try:
        origin, rows = str(said["origin"]), list(said["keys"])
        keys = [notes.read_key(str(row["key"])) for row in rows]
        handed = [notes.read_note(str(row["statement"])) for row in rows if row["statement"]]
    except (KeyError, TypeError) as error:
        raise Unreachable(f"{site.base}/log/keys.json 的内容不完整") from error
    return origin, keys, handed


def look(store: Store, signer: Signer, site: Site, *, seconds: int) -> str:
    """Fetch the last checkpoint, cosign it if it continues what was seen, hand the line back.

    Gives a sentence for the log of the witness. A key of the log seen for the first time must have
    been registered by a person. Raises Refused (Inconsistent with evidence), Unreachable, Answered.
    """
    note, head, known = _fetched(store, site)
    if head.size < known.size:
        # The site may have handed a newer one to our other door meanwhile: then it shows it now.
        note, head, known = _fetched(store, site)
    if signing.signed_by(note, [notes.read_key(known.key)]) is None:
        _, _, handed = statements(site)
        for step in signing.followed(head.origin, notes.read_key(known.key), handed):
            judging.take_handover(store, next(each for each in handed if each.text == step.text))
    if head.size < known.size:
        raise _refused(store, site, note, head, [])
    proof: list[bytes] = []
    if 0 < known.size < head.size:
        proof = locating.proof(site, known.size, head.size) or []
    try:
        made = judging.consider(store, signer, known.size, proof, note, seconds=seconds)
    except judging.Behind as problem:
        return f"别处已联签到大小 {problem.size}，下次再取"
    except Inconsistent as problem:
        raise _refused(store, site, note, head, proof) from problem
    if any(each.claims(signer.key) for each in note.signatures):
        return f"没有新的检查点，仍是大小 {head.size}"
    site.post("/log/cosignatures/", str(Note(note.text, (made,))))
    return f"已联签 {head.origin} 大小 {head.size}，根 {head.root.hex()}"


def _fetched(store: Store, site: Site) -> tuple[Note, Head, Known]:
    """The site's last checkpoint, and what was seen of that log until now."""
    note = notes.read_note(site.get("/log/checkpoint"))
    head = notes.read_head(note.text)
    with store.alone():
        known = store.logs().get(head.origin)
    if known is None:
        raise judging.Unknown(
            "来源", f"没有登记 {head.origin[:80]} 的公钥，请核实后用 --trust 登记"
        )
    return note, head, known


def _refused(store: Store, site: Site, note: Note, head: Head, proof: list[bytes]) -> Inconsistent:
    """The refusal with the place of the damage, kept as evidence. An unsigned one is none."""
    with store.alone():
        known = store.logs()[head.origin]
        if signing.signed_by(note, [notes.read_key(known.key)]) is None:
            raise judging.Unsigned("署名", f"不是 {head.origin} 已登记公钥的署名")
    try:
        message = locating.damage(site, known.seen, head)
    except Unreachable:
        last = Head(head.origin, known.size, bytes.fromhex(known.root))
        message = f"上次联签的{last}；现在{head}"
    with store.alone():
        return Inconsistent(message, store.keep_evidence(head.origin, message, str(note), proof))
