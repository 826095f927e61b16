"""What is drawn from a frozen pool, before and at the lock (draw protocol, §5).

The pool is read back from its frozen pages for every computation. What comes out is kept by
`actions.lock` and by nobody before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from liancha.rulebook import protocol, sampling
from liancha.rulebook.verdicts import Blocked

from . import engines, frozen, rules
from .frozen import frame_of
from .models import Draw, Reckoning

__all__ = [
    "Checked",
    "Outcome",
    "checked_for_lock",
    "frame_of",
    "lines_of",
    "logged_frame",
    "outcome",
]


def logged_frame(draw: Draw) -> protocol.Frame:
    """What the ledger holds of the frame since the freeze."""
    return protocol.Frame(draw.frame_root, draw.frame_sha256, draw.frame_size)


def lines_of(frame: bytes) -> list[bytes]:
    return frame.removesuffix(b"\n").split(b"\n")


Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a draw of targets comes to, before or after it is locked."""

    seed: str
    drawing: sampling.Drawing


@lru_cache(maxsize=8)
def _drawing(
    draw: int, sha256: str, strata: tuple[protocol.Stratum, ...], seed: str
) -> sampling.Drawing:
    return engines.draw_fast(frame_of(Draw(pk=draw)), strata, seed)


def outcome(draw: Draw) -> Outcome:
    """Who is drawn, computed from the frozen rows; remembered while the page is watched."""
    seed = rules.seed_of(draw)
    return Outcome(seed, _drawing(draw.pk, draw.frame_sha256, rules.strata_of(draw), seed))


def reckon(draw: Draw) -> None:
    """Compute a large draw for its screens, once for each seed, and keep it for them."""
    found = outcome(draw)
    Reckoning.objects.get_or_create(
        draw=draw,
        seed=found.seed,
        defaults={
            "lines": [list(line) for line in found.drawing.lines],
            "thresholds": list(found.drawing.thresholds),
        },
    )


def reckoned(draw: Draw, seed: str) -> Outcome | None:
    """What `reckon` has kept, None before; read once and then remembered."""
    try:
        return Outcome(seed, _reckoned(draw.pk, rules.strata_of(draw), seed))
    except Reckoning.DoesNotExist:
        return None


@lru_cache(maxsize=8)
def _reckoned(draw: int, strata: tuple[protocol.Stratum, ...], seed: str) -> sampling.Drawing:
    row = Reckoning.objects.get(draw=draw, seed=seed)
    lines = tuple(sampling.DrawnLine(*line) for line in row.lines)
    return sampling.Drawing(strata, lines, tuple(row.thresholds))


@dataclass(frozen=True, slots=True)
class Checked:
    """An outcome that may be locked, and the drawn targets' particulars by code.

    Computed outside a transaction; `is_of` says inside whether it still stands.
    """

    draw: int
    frame: protocol.Frame
    outcome: Outcome
    people: dict[str, frozen.Line]

    def is_of(self, draw: Draw) -> bool:
        return (
            self.draw == draw.pk
            and self.frame == logged_frame(draw)
            and self.outcome.seed == rules.seed_of(draw)
        )


def checked_for_lock(draw: Draw, progress: Progress | None = None) -> Checked:
    """Who is drawn, with nothing taken on trust: the frame is read again and compared with what
    was logged at the freeze, and every ticket is computed again by the plain engine.

    progress  called with (percent, 100)

    Raises Blocked if the rows are not those that were frozen.
    Source: draw protocol, §5; art. 19.
    """
    tell = progress or _quiet
    data = frame_of(draw)
    rule = rules.logged(draw)
    assert isinstance(rule, protocol.TargetRule)
    if engines.frame_of(data) != rule.frame:
        raise Blocked(
            "数据库中的待抽检库与冻结时存证的不一致，不能抽取。"
            "请保留现场并通知审计管理员，本次抽取按技术故障作废。",
            article="19",
            paragraph=1,
        )
    tell(40, 100)
    seed = rules.seed_of(draw)
    shown = reckoned(draw, seed)  # what the screens have been given, of a large draw
    drawing = shown.drawing if shown else _drawing(draw.pk, draw.frame_sha256, rule.strata, seed)
    tell(55, 100)
    sampling.check_drawing(lines_of(data), drawing, seed)
    tell(90, 100)
    people = frozen.found(draw, (line.code for line in drawing.lines))
    return Checked(draw.pk, rule.frame, Outcome(seed, drawing), people)


def _quiet(done: int, total: int) -> None:
    """Nobody watches."""
