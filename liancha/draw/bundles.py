"""The files of a draw, as bytes, out of stored rows (draw protocol, §6).

Pure functions of what is locked in the database: the same rows give the same bytes for ever. Who
may see which of them, and when, is said by `queries.openness` and asked by the doors.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Lock

from django.conf import settings

from liancha.ledger.models import Entry
from liancha.rulebook import bundle, publiclog, transcript, tree
from liancha.rulebook.lifecycles import DrawState
from liancha.rulebook.publiclog import Checkpoint, Log, LogEntry
from liancha.rulebook.transcript import TargetTranscript

from . import frames, rules, transcripts
from .models import Draw, Transcript

TRANSCRIPT = transcript.FILE
LOG = publiclog.FILE
FRAME, DRAWN, CODES, FIRM = bundle.FRAME, bundle.DRAWN, bundle.CODES, "firm.json"

CHUNK = 10_000


def transcript_file(draw: Draw) -> bytes:
    """transcript.json. Public at the draw."""
    return draw.transcript.text.encode()


def frame_file(draw: Draw) -> bytes:
    """frame.tsv: every candidate with its class and salt."""
    return frames.frame_of(draw)


def drawn_file(draw: Draw) -> bytes:
    """drawn.tsv."""
    return transcript.drawn_file(transcripts.drawn_lines(draw))


def codes_file(draw: Draw) -> bytes:
    """codes.txt: all that opens of a confidential draw."""
    return bundle.codes_file(draw.drawn.values_list("candidate__code", flat=True))


def firm_file(draw: Draw, code: str) -> bytes:
    """firm.json of one firm that was in the pool, drawn or not. Raises KeyError for any other."""
    return firm_answers(draw).of(code).file()


def firm_answers(draw: Draw) -> bundle.FirmAnswers:
    """Answers for every firm of the pool: the tree is built once."""
    written = transcripts.read(draw)
    assert isinstance(written, TargetTranscript)
    return bundle.FirmAnswers(frame_file(draw), written)


def inputs_files(draw: Draw) -> dict[str, bytes]:
    """roster.tsv, needs.tsv and eligible.tsv of a draw of inspectors."""
    return rules.inputs_of(draw)


def builders(draw: Draw) -> dict[str, Callable[[], bytes]]:
    """Every file a locked draw has, by name, with what makes its bytes; {} before the lock.

    Confidential strata have codes.txt for the public and the full lists for their parties.
    """
    if not Transcript.objects.filter(draw=draw).exists():
        return {}
    made: dict[str, Callable[[], bytes]] = {
        TRANSCRIPT: partial(transcript_file, draw),
        LOG: partial(log_file, draw),
    }
    if not draw.is_of_targets:
        return made | {name: partial(_same, data) for name, data in inputs_files(draw).items()}
    made[FRAME] = partial(frame_file, draw)
    if draw.state == DrawState.LOCKED:
        made |= {DRAWN: partial(drawn_file, draw), CODES: partial(codes_file, draw)}
    return made


def _same(data: bytes) -> bytes:
    return data


# ── log.json ──────────────────────────────────────────────────────────────────────────────────


def log_file(draw: Draw) -> bytes:
    """log.json: freeze, rule, close and draw with their proofs in the ledger's tree.

    The rule is proven in the tree as it was right after it, the close likewise, so that neither
    can have been written later; both trees are shown to be the beginning of the last.
    """
    kinds = (*publiclog.KINDS, "void")
    entries = list(Entry.objects.of_draw(draw.number).filter(kind__in=kinds).order_by("index"))
    if not entries:
        raise LookupError(f"{draw.number} is not in the ledger")
    sizes = sorted({entry.index + 1 for entry in entries if entry.kind != "freeze"})
    sizes = sizes or [entries[-1].index + 1]
    grown = _grown.up_to(sizes[-1])
    last = sizes[-1]
    return Log(
        entries=tuple(_proven(grown, sizes, entry) for entry in entries),
        checkpoints=tuple(_checkpoint(grown, size, last) for size in sizes),
    ).file()


def origin() -> str:
    """The name of this log, first line of its checkpoints."""
    return f"liancha/{settings.LIANCHA_CITY}"


def _proven(grown: tree.Tree, sizes: list[int], entry: Entry) -> LogEntry:
    place = next(n for n, size in enumerate(sizes) if size > entry.index)
    path = grown.inclusion(entry.index, sizes[place])
    return LogEntry(
        index=entry.index,
        leaf=f"{entry.salt}\t{entry.body}",
        path=tuple(node.hex() for node in path),
        checkpoint=place,
    )


def _checkpoint(grown: tree.Tree, size: int, last: int) -> Checkpoint:
    root = grown.root(size)
    proof = grown.consistency(size, last) if size < last else []
    return Checkpoint(
        size=size,
        root=root.hex(),
        text=publiclog.checkpoint_text(origin(), size, root),
        signatures=(),
        consistency=tuple(node.hex() for node in proof),
    )


class _Grown:
    """The ledger's tree in this process. It only grows; the digest of its last entry says whether
    it is still a tree of this ledger.
    """

    def __init__(self) -> None:
        self.guard = Lock()
        self.tree = tree.Tree()
        self.head = ""

    def up_to(self, size: int) -> tree.Tree:
        """The tree with at least so many leaves."""
        with self.guard:
            last = len(self.tree) - 1
            if last >= 0 and not Entry.objects.filter(index=last, digest=self.head).exists():
                self.tree, last = tree.Tree(), -1
            fresh = Entry.objects.filter(index__gt=last, index__lt=size).order_by("index")
            rows = fresh.values_list("salt", "body", "digest").iterator(chunk_size=CHUNK)
            for salt, body, digest in rows:
                self.tree.append(f"{salt}\t{body}".encode())
                self.head = digest
            return self.tree


_grown = _Grown()
