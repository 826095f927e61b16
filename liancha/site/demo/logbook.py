"""The public log of the demo year: checkpoints when a running site would make them, cosigned.

The witness keeps its folder beside the database, as the real one does on its own machine, and
judges every checkpoint by the same rule. `liancha witness --folder …/demo-witness --follow …`
goes on where the demo year ends.
"""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

from django.conf import settings

from liancha.ledger import logkeys, publishing, trees
from liancha.rulebook import notes
from liancha.rulebook.notes import Note
from liancha.witness import judging
from liancha.witness.store import Store

WITNESS = "洛阳市示范公证处"


class Logbook:
    """Signs and cosigns as the story goes on."""

    def __init__(self) -> None:
        if not logkeys.path().exists() and logkeys.current() is None:
            publishing.new_key()
        public = Path(settings.LIANCHA_DEMO_WITNESS)
        # A demo begins from nothing: a witness who remembers an earlier city would refuse this one.
        shutil.rmtree(public.parent, ignore_errors=True)
        self._store = Store(public.parent)
        self._signer = self._store.signer(WITNESS)
        self._store.trust(logkeys.signer().key)
        public.write_text(f"{self._signer.key}\n", encoding="utf-8")
        self._seen = 0

    def checkpoint(self, at: datetime) -> None:
        """One checkpoint of all there is, cosigned by the witness at the same moment."""
        made = publishing.make_checkpoint(at=at)
        if made is None or made.size == self._seen:
            return
        proof = trees.tree(made.size).consistency(self._seen) if self._seen else []
        own = Note(made.text, notes.read_signatures(made.signatures))
        line = judging.consider(
            self._store, self._signer, self._seen, proof, own, seconds=int(at.timestamp())
        )
        publishing.add_cosignatures(note=Note(made.text, (line,)), at=at)
        self._seen = made.size
