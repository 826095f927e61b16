"""Engines: the same draw, quicker, where a pool is large or a machine has more to offer.

The normative engine is `rulebook.sampling`, plain Python and nothing else. Everything here gives
the same bytes: the tickets come from several processes, from DataFusion or a SHA-256 compiled for
this processor where the extra `scale` is installed, or from Spark, which is never chosen by itself;
what is drawn from them is decided by the rulebook. An engine's word is for the screen: before a
list is locked the plain one computes every ticket again. Nothing here knows the database, and
nothing imports Django.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Final

from liancha.rulebook import bundle, sampling, tree
from liancha.rulebook.form import Refused
from liancha.rulebook.protocol import Frame, Stratum
from liancha.rulebook.sampling import Drawing, Sieve
from liancha.rulebook.verdicts import Blocked

from . import hands

HANDS_FROM: Final = 100_000  # lines; below, starting processes costs more than it saves
HANDS_FOR_SALTS: Final = 3  # with fewer, handing the lines over and back costs more than it saves
DATAFUSION_FROM: Final = 200_000  # lines; below, loading the library does
COMPILED_FROM: Final = 2_000_000  # lines; below, loading the compiler does
LEAST_LINE: Final = 60  # bytes: a code of 18, a stratum, a salt; tells how many lines a file has

log = logging.getLogger(__name__)


class Engine(StrEnum):
    PLAIN = "plain"
    HANDS = "hands"  # plain, in several processes
    DATAFUSION = "datafusion"
    COMPILED = "compiled"  # SHA-256 for this processor, by numba
    SPARK = "spark"


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of frame.tsv, each with its LF, as often as they are asked for.

    frame  the file, or where it is
    """

    frame: bytes | Path

    def __iter__(self) -> Iterator[bytes]:
        with (
            BytesIO(self.frame) if isinstance(self.frame, bytes) else self.frame.open("rb") as file
        ):
            yield from file


# The draw


def draw_fast(frame: bytes | Path, strata: Sequence[Stratum], seed: str) -> Drawing:
    """`sampling.draw_targets`, by whatever this machine has that is quickest for so large a pool.

    frame  frame.tsv, or where it is

    Raises what `draw_targets` raises. Before a lock: `sampling.check_drawing`.
    Source: liancha-draw/1, §5.
    """
    length = len(frame) if isinstance(frame, bytes) else frame.stat().st_size
    return draw_by(choose(length // LEAST_LINE), frame, strata, seed)


def choose(size: int) -> Engine:
    """The engine for a pool of so many targets."""
    if size >= COMPILED_FROM and find_spec("numba"):
        return Engine.COMPILED
    if size >= DATAFUSION_FROM and find_spec("datafusion"):
        return Engine.DATAFUSION
    return Engine.HANDS if size >= HANDS_FROM and hands.count() > 1 else Engine.PLAIN


def draw_by(engine: Engine, frame: bytes | Path, strata: Sequence[Stratum], seed: str) -> Drawing:
    """The same by the engine named; by the plain one if that cannot be had or fails."""
    if engine != Engine.PLAIN:
        try:
            return sampling.draw_with(sieve_of(engine, frame), strata, seed)
        except (Blocked, Refused):
            raise
        except Exception as problem:  # whatever a library of others may raise
            log.warning("the engine %s failed, the plain one draws: %s", engine, problem)
    return sampling.draw_targets(Lines(frame), strata, seed)


def sieve_of(engine: Engine, frame: bytes | Path) -> Sieve:
    """What computes the tickets of this frame. Raises ImportError if the engine is not here."""
    if engine == Engine.PLAIN:
        return lambda bounds, seed: sampling.sift(Lines(frame), bounds, seed)
    make: Callable[[bytes | Path], Sieve] = import_module(f".{engine}", __name__).sieve
    return make(frame)


# The freeze


def frame_of(data: bytes) -> Frame:
    """Root, SHA-256 and size of frame.tsv, as `bundle.frame_of`, by several hands if it pays."""
    size = data.count(b"\n")
    if size < HANDS_FROM or hands.count() < 2 or not data.endswith(b"\n"):
        return bundle.frame_of(data)
    shares = hands.pieces(memoryview(data), hands.count(), multiple=tree.CHUNK)
    try:
        tops = [top for tops in hands.work("tops", None, shares) for top in tops]
    except hands.HandsDown as problem:
        log.warning("one process computes the root: %s", problem)
        return bundle.frame_of(data)
    return Frame(tree.top(tops).hex(), sha256(data).hexdigest(), size)


def freeze(candidates: Iterable[tuple[str, str]], secret: str) -> tuple[bytes, Frame]:
    """frame.tsv of these (code, stratum) pairs and what is logged of it, as fast as can be.

    As `bundle.freeze` and `bundle.frame_of`, and raises what they raise.
    """
    pairs = list(candidates)
    data = None
    if len(pairs) >= HANDS_FROM and hands.count() >= HANDS_FOR_SALTS:
        data = _salted_by_hands(pairs, secret)
    if data is None:
        data = bundle.freeze(pairs, secret)
    return data, frame_of(data)


def _salted_by_hands(pairs: list[tuple[str, str]], secret: str) -> bytes | None:
    """frame.tsv, None if something is in the way that one process will name better."""
    try:
        plain = "".join([f"{code}\t{stratum}\n" for code, stratum in pairs]).encode()
        if plain.count(b"\n") != len(pairs) or plain.count(b"\t") != len(pairs):
            return None
        return bundle.merged(
            hands.work("salt", secret, hands.pieces(memoryview(plain), hands.count()))
        )
    except (hands.HandsDown, UnicodeEncodeError) as problem:
        log.warning("one process makes the salts: %s", problem)
        return None
