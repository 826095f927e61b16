"""Tickets by SHA-256 compiled for this processor, sixteen lines at a time (extra `scale`).

The seed fills the first block of every ticket's text, so its state is computed once; code, salt
and padding fill the second, the only one computed for each line (liancha-draw/1, §5). The compiled
part rules lines out. Whatever it cannot rule out, because the ticket may lie below its bound or
because the line has not the usual shape, is left to `sampling.sift`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from itertools import repeat
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Final

import numpy as np

from liancha.rulebook.sampling import NO_TICKET, Sieve, Sifted, sift

from . import hands, kernel
from .kernel import LANES, Array

PIECE: Final = 4 << 20  # bytes that a thread reads and looks at in one go


def sieve(frame: bytes | Path) -> Sieve:
    """Tickets of a frame, by one thread a processor."""

    def pick(bounds: Mapping[bytes, bytes], seed: str) -> Sifted:
        work = _Work(bounds, seed)
        with (
            BytesIO(frame) if isinstance(frame, bytes) else frame.open("rb", buffering=0) as file,
            ThreadPoolExecutor(hands.count()) as threads,
        ):
            source = _Source(file)
            found = list(threads.map(work.all_of, repeat(source, hands.count())))
        return work.total(found)

    return pick


class _Source:
    """A file that several threads read piece by piece, whole lines each."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.rest, self.turn = file, b"", Lock()

    def __iter__(self) -> Iterator[memoryview]:
        while piece := self._next():
            yield piece

    def _next(self) -> memoryview:
        with self.turn:
            piece, self.rest = self.rest, b""
            while more := self.file.read(PIECE):
                piece += more
                end = piece.rfind(b"\n") + 1
                if end:
                    self.rest = piece[end:]
                    return memoryview(piece)[:end]
            return memoryview(piece)


class _Work:
    """What is the same for every piece: the seed's state, the strata, their bounds."""

    def __init__(self, bounds: Mapping[bytes, bytes], seed: str) -> None:
        self.bounds, self.seed = bounds, seed
        self.begin = _state_after(seed.encode())
        self.names = np.frombuffer(b"".join(bounds) or b"\0", np.uint8)
        self.ends: Array = np.cumsum([len(name) for name in bounds], dtype=np.int64)
        self.limits: Array = np.array(
            [
                # of a bound only the first 64 bits are looked at here, and rounded up
                [int.from_bytes(bound[:8].ljust(8, b"\xff")) for bound in bounds.values()],
                [bound != NO_TICKET for bound in bounds.values()],
            ],
            dtype=np.uint64,
        )

    def all_of(self, source: _Source) -> Sifted:
        """Pieces as long as there are any."""
        sizes = np.zeros(len(self.bounds), np.int64)
        words, state = np.zeros(64 * LANES, np.uint32), np.zeros(8 * LANES, np.uint32)
        blocks = np.zeros(64 * LANES, np.uint8)
        lines: list[bytes] = []
        for piece in source:
            data = np.frombuffer(piece, np.uint8)
            marks = np.flatnonzero(data <= 10)  # TAB and LF, and whatever should not be there
            kept = np.empty(2 * marks.size + 2, np.int64)
            count = kernel.pick(
                *(data, marks),
                *(self.begin, self.names, self.ends, self.limits, sizes, kept),
                *(words, state, blocks, blocks.view("<u4")),
            )
            for start, end in kept[: 2 * count].reshape(-1, 2).tolist():
                lines.append(bytes(piece[start:end]))
        counted, held = sift(lines, self.bounds, self.seed)
        for name, size in zip(self.bounds, sizes.tolist(), strict=True):
            counted[name] += size
        return counted, held

    def total(self, found: list[Sifted]) -> Sifted:
        sizes = {name: sum(each[name] for each, _ in found) for name in self.bounds}
        return sizes, {name: [one for _, held in found for one in held[name]] for name in sizes}


def _state_after(block: bytes) -> Array:
    """What one whole block of 64 bytes leaves."""
    words, state = np.zeros(64 * LANES, np.uint32), np.zeros(8 * LANES, np.uint32)
    words[: 16 * LANES : LANES] = np.frombuffer(block, ">u4")
    kernel.compress(words, state, kernel.BEGIN)
    return np.ascontiguousarray(state[::LANES])
