"""What the worker does for the log: sign what is new, send it out. Running twice does no harm."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.utils import timezone

from liancha.ledger import logkeys, publishing, trees
from liancha.ledger.logkeys import Witness
from liancha.ledger.models import Checkpoint, Cosignature
from liancha.queue import actions as queue
from liancha.rulebook import notes
from liancha.rulebook.form import Refused, decimal
from liancha.rulebook.notes import Note
from liancha.witness.fetching import Answered, Site, Unreachable

logger = logging.getLogger("liancha.openlog")

PATIENCE = 5.0  # seconds for one witness; the next try comes by itself
TRIES = 6  # 10, 20, 40, … seconds apart; after that the timer's next checkpoint


def checkpoint() -> None:
    """Make a checkpoint of what the ledger holds, and send it out."""
    try:
        made = publishing.make_checkpoint(at=timezone.now())
    except (logkeys.KeyAway, publishing.Rewritten) as problem:
        logger.error("存证日志没有新的检查点：%s", problem)
        return
    if made is not None:
        push(made.size)


def push(size: int, tries: int = 0) -> None:
    """Send a checkpoint to every witness with an address that has not cosigned it or a later one.

    Whoever does not answer is asked again a little later, several times.
    """
    made = Checkpoint.objects.filter(size=size).first()
    if made is None:
        return
    waiting = [each for each in _addressed() if _cosigned(each) < size]
    failed = [witness for witness in waiting if not _sent(made, witness)]
    if failed and tries < TRIES:
        moment = timezone.now() + timedelta(seconds=10 * 2**tries)
        queue.at(moment, "openlog.push", size, tries + 1)


def _addressed() -> list[Witness]:
    return [each for each in logkeys.witnesses() if each.url]


def _cosigned(witness: Witness) -> int:
    """The largest size this witness has cosigned here."""
    rows = Cosignature.objects.filter(key=str(witness.key)).order_by("-checkpoint_id")
    return rows.values_list("checkpoint_id", flat=True).first() or 0


def _sent(made: Checkpoint, witness: Witness) -> bool:
    """Whether the witness cosigned it and the line was taken in."""
    try:
        answer = _asked(made, Site(witness.url, PATIENCE), _cosigned(witness))
        note = Note(made.text, notes.read_signatures(answer))
        publishing.add_cosignatures(note=note, at=timezone.now())
    except (Answered, Unreachable, Refused) as problem:
        logger.warning("见证方 %s 没有联签大小 %s：%s", witness.key.name, made.size, problem)
        return False
    return True


def _asked(made: Checkpoint, site: Site, old: int) -> str:
    """What the witness answers; it is asked again from the size it says it is at, and after a
    change of keys with the word of the old one."""
    is_introduced = False
    for _ in range(4):
        try:
            return site.post("/add-checkpoint", _request(made, old))
        except Answered as said:
            at = decimal(said.text.strip())
            if said.status == 409 and at is not None and at != old and at <= made.size:
                old = at
            elif said.status == 403 and not is_introduced and logkeys.statements():
                is_introduced = True
                _introduce(site)
            else:
                raise
    raise Unreachable("见证方每次说的大小都不同")


def _introduce(site: Site) -> None:
    """Hand over the statements; the witness takes the one that follows on its own key."""
    for statement in logkeys.statements():
        try:
            site.post("/add-key", str(statement))
        except Answered as said:
            logger.info("更替声明没有收下：%s", said)


def _request(made: Checkpoint, old: int) -> str:
    proof = trees.tree(made.size).consistency(old) if 0 < old < made.size else []
    own = Note(made.text, notes.read_signatures(made.signatures))
    return f"old {old}\n{notes.proof_lines(proof)}\n{own}"
