"""What of the log anybody may know: proofs up to the last checkpoint, and open entries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from liancha.draw import bundles
from liancha.draw import queries as draws
from liancha.draw.models import Draw
from liancha.ledger import logkeys, trees
from liancha.ledger.models import Checkpoint, Entry, LogKey
from liancha.rulebook.form import decimal
from liancha.rulebook.tiles import TiledTree

AT_ONCE = ("rule", "void")  # public as soon as they are logged
WITH_TRANSCRIPT = ("freeze", "close", "draw")


class Unanswerable(Exception):
    """A question about the log that has no answer; Chinese. status is that of HTTP."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def latest() -> Checkpoint:
    """Raises Unanswerable while there is none."""
    found = Checkpoint.objects.order_by("-size").prefetch_related("cosignatures").first()
    if found is None:
        raise Unanswerable("存证日志还没有检查点。", 404)
    return found


def latest_cosigned() -> Checkpoint:
    """Raises Unanswerable while there is none."""
    found = Checkpoint.objects.cosigned().order_by("-size").first()
    if found is None:
        raise Unanswerable("还没有见证方联签过的检查点。", 404)
    return found


def checkpoint(size: int) -> Checkpoint:
    """Raises Unanswerable."""
    found = Checkpoint.objects.filter(size=size).first() if size < 2**63 else None
    if found is None:
        raise Unanswerable(f"没有大小为 {size} 的检查点。", 404)
    return found


def number(text: str | None, name: str) -> int:
    """A number of a query. Raises Unanswerable naming the parameter."""
    value = decimal(text or "")
    if value is None:
        raise Unanswerable(f"参数 {name} 应为不带前导零的十进制数，例如 {name}=12。")
    return value


def tree(size: int) -> TiledTree:
    """Raises Unanswerable beyond the last checkpoint: what is not signed for is not told."""
    signed = latest().size
    if not 0 < size <= signed:
        raise Unanswerable(f"大小应在 1 和最近检查点的 {signed} 之间，现在是 {size}。")
    return trees.tree(size)


def inclusion(index: int, size: int) -> dict[str, object]:
    """Raises Unanswerable."""
    grown = tree(size)
    if index >= size:
        raise Unanswerable(f"序号从 0 数起，应小于大小 {size}，现在是 {index}。")
    return {
        "index": index,
        "size": size,
        "leaf_hash": grown.leaf(index).hex(),
        "path": [node.hex() for node in grown.inclusion(index)],
    }


def consistency(first: int, second: int) -> dict[str, object]:
    """Raises Unanswerable."""
    grown = tree(second)
    if not 0 < first <= second:
        raise Unanswerable(f"first 应在 1 和 second 的 {second} 之间，现在是 {first}。")
    path = [node.hex() for node in grown.consistency(first)]
    return {"first": first, "second": second, "path": path}


def entry(index: int, now: datetime) -> dict[str, object]:
    """One entry as far as it is public. Raises Unanswerable."""
    signed = latest().size
    found = Entry.objects.filter(index=index).first() if index < signed else None
    if found is None:
        raise Unanswerable(f"最近检查点之内没有第 {index} 条，它的大小是 {signed}。", 404)
    leaf = f"{found.salt}\t{found.body}" if is_public(found, now) else None
    return {"index": index, "leaf_hash": trees.leaf_of(found).hex(), "leaf": leaf}


def is_public(found: Entry, now: datetime) -> bool:
    """Whether anybody may read what the entry says.

    Source: draw protocol, §7: rule and void at once; freeze, close and draw with the transcript.
    """
    if not found.draw or found.kind not in AT_ONCE + WITH_TRANSCRIPT:
        return False
    if found.kind in AT_ONCE:
        return True
    draw = Draw.objects.select_related("task").filter(number=found.draw).first()
    return draw is not None and draws.openness(draw, now).transcript


def keys() -> dict[str, object]:
    """The log's keys with the sizes they sign for, and the witnesses'."""
    return {
        "origin": logkeys.origin(),
        "keys": [
            {"key": row.key, "from": row.size, "to": end, "statement": row.statement}
            for row, end in _spans()
        ],
        "witnesses": [str(witness.key) for witness in logkeys.witnesses()],
    }


def _spans() -> list[tuple[LogKey, int | None]]:
    """Each key with the size from which the next one signs."""
    rows = list(LogKey.objects.order_by("size"))
    return [(row, rows[at + 1].size if at + 1 < len(rows) else None) for at, row in enumerate(rows)]


def open_draws(now: datetime) -> Iterator[dict[str, str]]:
    """Draws whose log.json anybody may have, with its address."""
    related = "task", "transcript", "supplements__task"  # all that openness asks of most draws
    found = Draw.objects.filter(transcript__isnull=False).select_related(*related).order_by("pk")
    for draw in found.iterator():
        if draws.is_public(draw, bundles.LOG, now):
            address = reverse("disclosure:public_draw_file", args=[draw.pk, bundles.LOG])
            yield {"draw": draw.number, "log": address}


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key for the page: name, id, whole text, the sizes it signs for."""

    name: str
    id: str
    text: str
    first: int | None = None
    end: int | None = None


def key_lines() -> tuple[list[KeyLine], list[KeyLine]]:
    """The log's keys, newest first, and the witnesses'."""
    own = [_line(row.key, row.size, end) for row, end in _spans()]
    return own[::-1], [_line(str(witness.key)) for witness in logkeys.witnesses()]


def _line(text: str, first: int | None = None, end: int | None = None) -> KeyLine:
    name, key_id, _ = text.split("+", 2)
    return KeyLine(name, key_id, text, first, end)
