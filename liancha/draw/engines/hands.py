"""Several hands: pieces of a frozen pool hashed in other processes of this machine.

The hands are plain Python interpreters with the standard library and the rulebook, fed and read
through pipes. So they may be called for from anywhere: from a thread of a web server, from a
worker that may not have children of `multiprocessing`. They see no database, keep no file, and
their secrets come in through the pipe, where no list of processes shows them. Whatever goes wrong
with them is `HandsDown`, and the caller does the work alone.
"""

from __future__ import annotations

import marshal
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from mmap import ACCESS_READ, mmap
from pathlib import Path
from threading import Timer
from typing import Any, BinaryIO, Final

from liancha.rulebook import bundle, sampling, tree

HOME: Final = Path(__file__).resolve().parents[3]  # where `import liancha` finds this package
MOST: Final = 8
PATIENCE: Final = 15 * 60  # seconds
AT_ONCE: Final = 1 << 20  # bytes written to a hand in one go
START: Final = "import sys; sys.path.insert(0, sys.argv[1]); import liancha.draw.engines.hands as h"


class HandsDown(RuntimeError):
    """The other processes could not be started, or did not give an answer."""


def count() -> int:
    """How many processors this process may use, at most MOST."""
    if hasattr(os, "sched_getaffinity"):
        return min(MOST, len(os.sched_getaffinity(0)))
    return min(MOST, os.cpu_count() or 1)


def pieces(data: memoryview, into: int, *, multiple: int = 1) -> list[memoryview]:
    """Cut a file between its lines, into so many pieces of about the same length, or fewer.

    multiple  every piece but the last has a multiple of so many lines
    """
    cut: list[memoryview] = []
    start = 0
    while start < len(data):
        left = into - len(cut)
        end = _after(data, start + (len(data) - start) // left) if left > 1 else len(data)
        if multiple > 1 and end < len(data):
            for _ in range(-_lines(data[start:end]) % multiple):
                end = _after(data, end)
        cut.append(data[start:end])
        start = end
    return cut


def _after(data: memoryview, start: int) -> int:
    """Where the line that holds this place ends."""
    while start < len(data):
        found = bytes(data[start : start + 4096]).find(b"\n")
        if found >= 0:
            return start + found + 1
        start += 4096
    return len(data)


def _lines(data: memoryview) -> int:
    return sum(bytes(data[at : at + AT_ONCE]).count(b"\n") for at in range(0, len(data), AT_ONCE))


def work(task: str, given: Any, shares: Sequence[memoryview]) -> list[Any]:
    """One process for each share, all at once; their answers in the order of the shares.

    task    a key of TASKS
    given   what goes to all of them: numbers, text, bytes, and lists or dicts of these
    shares  whole lines, with LF

    Raises HandsDown.
    """
    with ThreadPoolExecutor(max(1, len(shares))) as threads:
        return list(threads.map(lambda share: _ask(task, given, share), shares))


def _ask(task: str, given: Any, share: memoryview) -> Any:
    head = marshal.dumps(given)
    command = [sys.executable, "-I", "-S", "-c", f"{START}; h.main(sys.argv[2])", str(HOME), task]
    try:
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as hand:
            assert hand.stdin is not None
            assert hand.stdout is not None
            guard = Timer(PATIENCE, hand.kill)
            guard.start()
            try:
                # A hand says nothing before it has heard everything, so neither waits for ever.
                hand.stdin.write(len(head).to_bytes(8) + head)
                for at in range(0, len(share), AT_ONCE):
                    hand.stdin.write(share[at : at + AT_ONCE])
                hand.stdin.close()
                answer = hand.stdout.read()
            except BaseException:
                hand.kill()
                raise
            finally:
                guard.cancel()
        if hand.returncode:
            raise HandsDown(f"{task}: exit status {hand.returncode}")
        return marshal.loads(answer)  # from our own child
    except (OSError, ValueError, EOFError, TypeError) as problem:
        raise HandsDown(f"{task}: {problem}") from problem


def sieve(frame: bytes | Path) -> sampling.Sieve:
    """Tickets of a frame from several processes."""

    def sift(bounds: Mapping[bytes, bytes], seed: str) -> sampling.Sifted:
        sizes: dict[bytes, int] = dict.fromkeys(bounds, 0)
        held: dict[bytes, list[sampling.Held]] = {name: [] for name in bounds}
        given = [dict(bounds), seed]
        with _open(frame) as data:
            answers = work("sift", given, pieces(data, count()))
        for their_sizes, their_held in answers:
            for name in bounds:
                sizes[name] += their_sizes[name]
                held[name] += their_held[name]
        return sizes, held

    return sift


@contextmanager
def _open(frame: bytes | Path) -> Iterator[memoryview]:
    if isinstance(frame, bytes):
        yield memoryview(frame)
        return
    with frame.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as mapped:
        view = memoryview(mapped)
        try:
            yield view
        finally:
            view.release()


# What a hand does


def _sift(given: Any, lines: BinaryIO) -> Any:
    bounds, seed = given
    return sampling.sift(lines, bounds, seed)


def _tops(given: Any, lines: BinaryIO) -> Any:
    return tree.chunk_tops(line.removesuffix(b"\n") for line in lines)


def _salt(secret: Any, lines: BinaryIO) -> Any:
    """`code TAB stratum` lines become lines of frame.tsv, sorted."""
    pairs = lines.read().decode().split("\n")[:-1]
    own = bundle.salts((pair[: pair.find("\t")] for pair in pairs), secret)
    salted = [f"{pair}\t{salt}\n" for pair, salt in zip(pairs, own, strict=True)]
    salted.sort()
    return "".join(salted).encode()


TASKS: Final[Mapping[str, Callable[[Any, BinaryIO], Any]]] = {
    "sift": _sift,
    "tops": _tops,
    "salt": _salt,
}


def main(task: str) -> None:
    """The life of a hand: hear what is given and the lines, do it, answer."""
    heard = sys.stdin.buffer
    given = marshal.loads(heard.read(int.from_bytes(heard.read(8))))
    answer = marshal.dumps(TASKS[task](given, heard))
    sys.stdout.buffer.write(answer)
