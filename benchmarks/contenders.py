"""One contender of `draw.py`, alone in its process: `contenders.py NAME GIVEN`.

GIVEN is JSON, the answer is one line of JSON: seconds for reading and for drawing, how much memory
above that of the interpreter with its libraries, and a digest of what came out. Libraries are
loaded before the clock starts; opening a session or starting an engine is inside.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any

from liancha.draw import engines
from liancha.draw.engines import Engine
from liancha.rulebook import bundle, sampling
from liancha.rulebook.protocol import Stratum
from liancha.rulebook.transcript import drawn_file

Answer = dict[str, Any]
NAMES = "ABCD"
SECRET = "5e" * 32


def strata_of(size: int) -> list[Stratum]:
    """Four classes, a percent of each."""
    parts = [size - 3 * (size // 4), *[size // 4] * 3]
    return [Stratum.at_rate(name, n, "1/100") for name, n in zip(NAMES, parts, strict=True)]


def pairs_of(size: int) -> list[tuple[str, str]]:
    """Codes like 统一社会信用代码, in no order, and their classes; always the same."""
    return [(f"91410300{at * 7919 % 1_000_000_007:010d}", NAMES[at % 4]) for at in range(size)]


def memory(field: str) -> int:
    """kB of this process and of those it started: VmRSS now, VmHWM at most."""
    total, waiting = 0, [os.getpid()]
    while waiting:
        pid = waiting.pop()
        try:
            status = Path(f"/proc/{pid}/status").read_text()
            waiting += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        except OSError:
            continue
        total += next(
            (int(line.split()[1]) for line in status.splitlines() if line.startswith(field)), 0
        )
    return total


def codes_in(frame: Path) -> list[str]:
    with frame.open() as lines:
        return [line[: line.index("\t")] for line in lines]


def digest(codes: Iterable[str]) -> str:
    return sha256("\n".join(sorted(codes)).encode()).hexdigest()


# liancha


def by(engine: Engine) -> Callable[[Answer], Answer]:
    def draw(given: Answer) -> Answer:
        sieve = engines.sieve_of(engine, Path(given["frame"]))
        begun = perf_counter()
        drawing = sampling.draw_with(sieve, strata_of(given["size"]), given["seed"])
        took = perf_counter() - begun
        return {"draw": took, "digest": sha256(drawn_file(drawing.lines)).hexdigest()}

    return draw


def by_spark(given: Answer) -> Answer:
    from liancha.draw.engines import spark

    begun = perf_counter()
    session = spark.begin("local[2]")
    ready = perf_counter()
    sieve = spark.sieve(Path(given["frame"]), session)
    drawing = sampling.draw_with(sieve, strata_of(given["size"]), given["seed"])
    took = perf_counter() - ready
    answer = {"read": ready - begun, "draw": took}
    answer["digest"] = sha256(drawn_file(drawing.lines)).hexdigest()
    answer["memory"] = memory("VmHWM") - given["before"]
    session.stop()
    return answer


def freeze(is_plain: bool) -> Callable[[Answer], Answer]:
    def run(given: Answer) -> Answer:
        pairs = pairs_of(given["size"])
        before = memory("VmRSS")
        begun = perf_counter()
        if is_plain:
            data = bundle.freeze(pairs, SECRET)
            frame = bundle.frame_of(data)
        else:
            data, frame = engines.freeze(pairs, SECRET)
        took = perf_counter() - begun
        at_most = memory("VmHWM") - before
        Path(given["frame"]).write_bytes(data)
        return {"draw": took, "digest": frame.root, "memory": at_most}

    return run


# Others


def consistent_sampler(given: Answer) -> Answer:
    from consistent_sampler import sampler

    begun = perf_counter()
    codes = codes_in(Path(given["frame"]))
    ready = perf_counter()
    drawn = list(sampler(codes, given["seed"], take=given["count"], output="id"))
    return {"read": ready - begun, "draw": perf_counter() - ready, "digest": digest(drawn)}


def cryptorandom(given: Answer) -> Answer:
    from cryptorandom.cryptorandom import SHA256
    from cryptorandom.sample import random_sample

    begun = perf_counter()
    codes = codes_in(Path(given["frame"]))
    ready = perf_counter()
    drawn = random_sample(len(codes), given["count"], method="PIKK", prng=SHA256(given["seed"]))
    names = [codes[at] for at in drawn]
    return {"read": ready - begun, "draw": perf_counter() - ready, "digest": digest(names)}


def numpy_choice(given: Answer) -> Answer:
    import numpy

    begun = perf_counter()
    codes = codes_in(Path(given["frame"]))
    ready = perf_counter()
    chance = numpy.random.default_rng(int(given["seed"], 16))
    drawn = [codes[at] for at in chance.choice(len(codes), given["count"], replace=False)]
    return {"read": ready - begun, "draw": perf_counter() - ready, "digest": digest(drawn)}


def postgres(given: Answer) -> Answer:
    import psycopg

    with psycopg.connect(given["server"], autocommit=True) as connection:
        begun = perf_counter()
        rows = connection.execute(
            f"select code from frame_{given['size']} order by random() limit {given['count']}"
        ).fetchall()
        return {"draw": perf_counter() - begun, "digest": digest(row[0] for row in rows)}


CONTENDERS: dict[str, Callable[[Answer], Answer]] = {
    "freeze plain": freeze(True),
    "freeze hands": freeze(False),
    "plain": by(Engine.PLAIN),
    "hands": by(Engine.HANDS),
    "datafusion": by(Engine.DATAFUSION),
    "compiled": by(Engine.COMPILED),
    "spark": by_spark,
    "consistent_sampler": consistent_sampler,
    "cryptorandom": cryptorandom,
    "postgres": postgres,
    "numpy": numpy_choice,
}
LIBRARIES = {"pyspark", "psycopg", "consistent_sampler", "cryptorandom", "numpy"}
NEEDS = {"datafusion": "datafusion", "compiled": "numba", "spark": "pyspark", "postgres": "psycopg"}


def main() -> None:
    name, given = sys.argv[1], json.loads(sys.argv[2])
    module = NEEDS.get(name, name)
    if module in {
        "datafusion",
        "numba",
        "pyspark",
        "psycopg",
        "consistent_sampler",
        "cryptorandom",
        "numpy",
    }:
        __import__(module)
    if name == "datafusion":
        engines.sieve_of(Engine.DATAFUSION, Path(given["frame"]))  # its libraries, nothing more
    if name == "compiled":  # the same, and its code, which is kept from one run to the next
        engines.sieve_of(Engine.COMPILED, b"a\tA\tb\n")({b"A": b""}, given["seed"])
    given["before"] = memory("VmRSS")
    begun = sum(os.times()[:4])
    answer = CONTENDERS[name](given)
    answer["cpu"] = sum(os.times()[:4]) - begun  # of ended children too
    answer.setdefault("memory", memory("VmHWM") - given["before"])
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
