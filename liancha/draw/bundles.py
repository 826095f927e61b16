"""The files of a draw, as bytes, out of stored rows (draw protocol, §6).

Pure functions of what is locked in the database: the same rows give the same bytes for ever. Who
may see which of them, and when, is said by `queries.openness` and asked by the doors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from liancha.ledger import logkeys, trees
from liancha.ledger.models import Checkpoint, Entry
from liancha.rulebook import bundle, publiclog, transcript
from liancha.rulebook.lifecycles import DrawState
from liancha.rulebook.publiclog import Log, LogEntry
from liancha.rulebook.tiles import TiledTree
from liancha.rulebook.transcript import TargetTranscript

from . import frames, rules, transcripts
from .models import Draw, Transcript

TRANSCRIPT = transcript.FILE
LOG = publiclog.FILE
RULE = "rule.json"  # the logged rule, word for word
FRAME, DRAWN, CODES, FIRM = bundle.FRAME, bundle.DRAWN, bundle.CODES, "firm.json"

TRIED = 50  # checkpoints looked through for one that is cosigned


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

    The rule is proven against a checkpoint from before the first reveal, the close against one from
    before the public value was due: signed and cosigned where there is such a one. Where there is
    none, against the tree as it was right after the entry, without a signature. All are shown to be
    the beginning of the last. Cosignatures may still come in, so that the bytes may grow.

    Source: draw protocol, §6.
    """
    kinds = (*publiclog.KINDS, "void")
    entries = list(Entry.objects.of_draw(draw.number).filter(kind__in=kinds).order_by("index"))
    if not entries:
        raise LookupError(f"{draw.number} is not in the ledger")
    heads = [_head(draw, entry) for entry in entries if entry.kind != "freeze"]
    heads = heads or [_head(draw, entries[-1])]
    by_size = {head.size: head for head in reversed(heads)}  # of two, the earlier entry's
    sizes = sorted(by_size)
    grown = trees.tree(sizes[-1])
    return Log(
        entries=tuple(_proven(grown, sizes, entry) for entry in entries),
        checkpoints=tuple(_checkpoint(grown, by_size[size], sizes[-1]) for size in sizes),
    ).file()


@dataclass(frozen=True, slots=True)
class _Head:
    """The checkpoint an entry is shown by; no lines where the log has not signed one in time."""

    size: int
    lines: tuple[str, ...] = ()


def _head(draw: Draw, entry: Entry) -> _Head:
    """The first checkpoint cosigned in time, else the first signed in time, else the bare tree."""
    ends, before = _in_time(draw, entry)
    holding = Checkpoint.objects.holding(entry.index)
    if ends is not None:
        holding = holding.filter(size__lte=ends)
    signed: _Head | None = None
    for checkpoint in holding.prefetch_related("cosignatures")[:TRIED]:
        good = [
            each
            for each in checkpoint.cosignatures.all()
            if before is None or each.cosigned_at < before
        ]
        lines = (*checkpoint.signatures.splitlines(), *(each.line for each in good))
        if good:
            return _Head(checkpoint.size, lines)
        signed = signed or _Head(checkpoint.size, lines)
    return signed or _Head(entry.index + 1)


def _in_time(draw: Draw, entry: Entry) -> tuple[int | None, datetime | None]:
    """(largest size, latest cosignature) of a checkpoint that shows this entry came in time."""
    after = {"rule": ("reveal", "close"), "close": ("draw",)}.get(entry.kind, ())
    following = (
        Entry.objects.of_draw(draw.number)
        .filter(kind__in=after, index__gt=entry.index)
        .order_by("index")
        .first()
    )
    ends = following.index if following else None
    if entry.kind == "close":
        return ends, draw.beacon_due
    return ends, following.at if following else None


def _proven(grown: TiledTree, sizes: list[int], entry: Entry) -> LogEntry:
    place = next(n for n, size in enumerate(sizes) if size > entry.index)
    path = grown.inclusion(entry.index, sizes[place])
    return LogEntry(
        index=entry.index,
        leaf=f"{entry.salt}\t{entry.body}",
        path=tuple(node.hex() for node in path),
        checkpoint=place,
    )


def _checkpoint(grown: TiledTree, head: _Head, last: int) -> publiclog.Checkpoint:
    root = grown.root(head.size)
    proof = grown.consistency(head.size, last) if head.size < last else []
    return publiclog.Checkpoint(
        size=head.size,
        root=root.hex(),
        text=publiclog.checkpoint_text(logkeys.origin(), head.size, root),
        signatures=head.lines,
        consistency=tuple(node.hex() for node in proof),
    )
