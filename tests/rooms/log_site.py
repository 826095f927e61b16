"""A public log in memory that answers like a site, and does with its past what it is told to."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from liancha.rulebook import notes, signing, tree
from liancha.rulebook.notes import Handover, Head, Note
from liancha.rulebook.signing import Signer
from liancha.witness.fetching import Answered, Site

NOW = 1_800_000_000
ORIGIN = "liancha/410300"


class FakeSite(Site):
    """leaves may be changed at will; `publish` signs whatever they then are."""

    def __init__(self, count: int = 0) -> None:
        super().__init__("http://log.test")
        self.signers = [signing.new_signer(ORIGIN)]
        self.rows: list[dict[str, object]] = [
            {"key": str(self.signers[0].key), "from": 0, "to": None, "statement": ""}
        ]
        self.witnesses: list[Signer] = []
        self.leaves: list[bytes] = []
        self.note = Note("", ())
        self.draws: list[dict[str, str]] = []
        self.files: dict[str, bytes] = {}
        self.handed: list[Note] = []
        if count:
            self.grow(count)

    @property
    def key(self) -> str:
        return str(self.signers[-1].key)

    def grow(self, count: int) -> None:
        self.leaves += [f"leaf {len(self.leaves) + n}".encode() for n in range(count)]
        self.publish()

    def head(self) -> Head:
        return Head(ORIGIN, len(self.leaves), tree.Tree(self.leaves).root())

    def publish(self, *by: Signer, cosign_at: int | None = None) -> None:
        text = self.head().text
        lines = [each.sign(text) for each in (by or self.signers[-1:])]
        if cosign_at is not None:
            lines += [each.cosign(text, cosign_at) for each in self.witnesses]
        self.note = Note(text, tuple(lines))

    def rotate(self, *, is_lost: bool = False) -> None:
        old, new = self.signers[-1], signing.new_signer(ORIGIN)
        self.leaves.append(b"another key")
        size = len(self.leaves)
        text = Handover(ORIGIN, old.key, new.key, size).text
        statement = "" if is_lost else str(Note(text, (old.sign(text),)))
        self.rows[-1]["to"] = size
        self.rows.append({"key": str(new.key), "from": size, "to": None, "statement": statement})
        self.signers.append(new)
        self.publish()

    # ── what is asked ──

    def get(self, path: str, **asked: int | str) -> bytes:
        grown = tree.Tree(self.leaves)
        parts = urlsplit(path).path.strip("/").split("/")
        try:
            match parts:
                case ["log", "checkpoint"]:
                    return str(self.note).encode()
                case ["log", "cosigned"]:
                    raise Answered(404, "")
                case ["log", "keys.json"]:
                    return self._json(
                        origin=ORIGIN,
                        keys=self.rows,
                        witnesses=[str(each.key) for each in self.witnesses],
                    )
                case ["log", "proofs", "consistency"]:
                    found = grown.consistency(int(asked["first"]), int(asked["second"]))
                    return self._json(path=[node.hex() for node in found])
                case ["log", "proofs", "inclusion"]:
                    found = grown.inclusion(int(asked["index"]), int(asked["size"]))
                    return self._json(path=[node.hex() for node in found])
                case ["log", "entries", index]:
                    leaf = tree.leaf_hash(self.leaves[int(index)]).hex()
                    return self._json(index=int(index), leaf_hash=leaf, leaf=None)
                case ["log", "draws.json"]:
                    return self._json(draws=self.draws)
        except (ValueError, IndexError) as error:
            raise Answered(400, str(error)) from error
        if path in self.files:
            return self.files[path]
        raise Answered(404, path)

    def post(self, path: str, body: str) -> str:
        assert path == "/log/cosignatures/"
        self.handed.append(notes.read_note(body))
        return ""

    @staticmethod
    def _json(**facts: object) -> bytes:
        return json.dumps(facts).encode()
