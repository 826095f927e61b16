"""Engines: the same draw, quicker, where a pool is large or a machine has more to offer.

The normative engine is `rulebook.sampling`, plain Python and nothing else. Everything here gives
the same bytes: the tickets come from several processes, or from DataFusion where the extra `scale`
is installed, or from Spark (`engines.spark`, never chosen by itself); what is drawn from them is
decided by the rulebook. An engine's word is for the screen. Before a list is locked the plain one
computes every ticket again. Nothing here knows the database, and nothing imports Django.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from hashlib import sha256
from importlib.util import find_spec
from typing import Final

from liancha.rulebook import bundle, sampling, tree
from liancha.rulebook.form import Refused
from liancha.rulebook.protocol import Frame, Stratum
from liancha.rulebook.sampling import Drawing, Held

from . import hands

HANDS_FROM: Final = 100_000  # lines; below, starting processes costs more than it saves
DATAFUSION_FROM: Final = 200_000  # lines; below, loading the library does

log = logging.getLogger(__name__)


class Engine(StrEnum):
    PLAIN = "plain"
    HANDS = "hands"  # plain, in several processes
    DATAFUSION = "datafusion"
    SPARK = "spark"


def frame_of(data: bytes) -> Frame:
    """Root, SHA-256 and size of frame.tsv, as `bundle.frame_of`, with several hands if it pays."""
    view, size = memoryview(data), data.count(b"\n")
    if size < HANDS_FROM or hands.count() < 2 or not data.endswith(b"\n"):
        return bundle.frame_of(data)
    shares = hands.pieces(view, hands.count(), multiple=tree.CHUNK)
    try:
        tops = [top for tops in hands.work("tops", None, shares) for top in tops]
    except hands.HandsDown as problem:
        log.warning("several hands: %s", problem)
        return bundle.frame_of(data)
    return Frame(tree.top(tops).hex(), sha256(data).hexdigest(), size)


def draw_fast(frame: bytes, strata: Sequence[Stratum], seed: str) -> Drawing:
    """`sampling.draw_targets`, by whatever this machine has that is quickest for a pool so large.

    frame  the whole file

    Raises what `draw_targets` raises. Before a lock: `sampling.check_drawing`.
    Source: liancha-draw/1, §5.
    """
    return draw_by(choose(frame.count(b"\n")), frame, strata, seed)


def choose(size: int) -> Engine:
    """The engine for a pool of so many targets."""
    if size >= DATAFUSION_FROM and find_spec("datafusion"):
        return Engine.DATAFUSION
    return Engine.HANDS if size >= HANDS_FROM and hands.count() > 1 else Engine.PLAIN


def draw_by(engine: Engine, frame: bytes, strata: Sequence[Stratum], seed: str) -> Drawing:
    """The same by the engine named; if it fails, by the plain one."""
    lines = frame.removesuffix(b"\n").split(b"\n")
    if engine == Engine.HANDS:
        try:
            return sampling.draw_with(by_hands(frame), strata, seed)
        except hands.HandsDown as problem:
            log.warning("several hands: %s", problem)
    return sampling.draw_targets(lines, strata, seed)


def by_hands(frame: bytes) -> sampling.Sieve:
    """Tickets from several processes."""
    shares = hands.pieces(memoryview(frame), hands.count())

    def sieve(
        bounds: Mapping[bytes, bytes], seed: str
    ) -> tuple[dict[bytes, int], dict[bytes, list[Held]]]:
        sizes: dict[bytes, int] = dict.fromkeys(bounds, 0)
        held: dict[bytes, list[Held]] = {name: [] for name in bounds}
        for their_sizes, their_held in hands.work("sift", [dict(bounds), seed], shares):
            for name in bounds:
                sizes[name] += their_sizes[name]
                held[name] += their_held[name]
        return sizes, held

    return sieve


def freeze(candidates: Iterable[tuple[str, str]], secret: str) -> tuple[bytes, Frame]:
    """frame.tsv of these (code, stratum) pairs and what is logged of it, as fast as can be.

    As `bundle.freeze` and `bundle.frame_of`; raises what they raise.
    """
    pairs = list(candidates)
    if len(pairs) < HANDS_FROM or hands.count() < 2:
        data = bundle.freeze(pairs, secret)
        return data, frame_of(data)
    try:
        plain = "".join([f"{code}\t{stratum}\n" for code, stratum in pairs]).encode()
        shares = hands.pieces(memoryview(plain), hands.count())
        salted = hands.work("salt", secret, shares)
    except (hands.HandsDown, UnicodeEncodeError) as problem:
        log.warning("several hands: %s", problem)
        data = bundle.freeze(pairs, secret)
        return data, frame_of(data)
    data = bundle.merged(salted)
    if data.count(b"\n") != len(pairs):
        raise Refused(bundle.FRAME, "代码或分层中不能有换行")
    return data, frame_of(data)
