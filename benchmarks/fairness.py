"""Is anybody drawn more often than the rate says? 2,000 draws, counted and tested.

    .venv/bin/python benchmarks/fairness.py            writes docs/fairness.md
    .venv/bin/python benchmarks/fairness.py --check    compares, exit status 1 if it differs

Standard library and the rulebook only; every seed is fixed, so the report comes out the same on any
machine. For contrast the same tests look at two ways of drawing that are met in the field.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from random import Random

from liancha.rulebook import bundle, sampling
from liancha.rulebook.assignment import assign
from liancha.rulebook.protocol import Stratum
from liancha.rulebook.staffing import Need, Seat, Staffing

REPORT = Path(__file__).resolve().parents[1] / "docs" / "fairness.md"
DRAWS = 2_000
LEVEL = 0.05
SIZES = {"A": (200, "1/20"), "B": (80, "1/8"), "C": (40, "1/4"), "D": (20, "1/2")}
Draw = tuple[int, ...]  # places in the list, ascending


def seed(number: int, what: str = "seed") -> str:
    return sha256(f"liancha-fairness/1\n{what}\n{number}\n".encode()).hexdigest()


# Statistics: chi-square of a sum of draws, in a part of space where no direction is special


@dataclass(frozen=True)
class Test:
    """One question. p is the chance that a fair draw looks as odd as this, or odder."""

    question: str
    statistic: float
    freedom: int
    p: float


def chi_square(question: str, length: float, per_draw: float, draws: int, freedom: int) -> Test:
    """length and per_draw: squared lengths of the summed and, on average, of one draw's vector.

    In a fair draw every direction of this part of space is alike, so one draw has the variance
    per_draw / freedom in each, and the sum of all has draws times that.
    """
    statistic = length * freedom / (draws * per_draw)
    return Test(question, statistic, freedom, upper_tail(statistic, freedom))


def upper_tail(x: float, freedom: int) -> float:
    """P(chi-square > x): the regularized upper incomplete gamma function."""
    a, x = freedom / 2, x / 2
    if x <= 0:
        return 1.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        n = a
        while term > total * 1e-15:
            n += 1
            term *= x / n
            total += term
        return 1 - front * total
    b = x + 1 - a
    c, d = 1e300, 1 / b
    result = d
    for n in range(1, 100_000):
        step = -n * (n - a)
        b += 2
        d = 1 / (step * d + b)
        c = b + step / c
        result *= d * c
        if abs(d * c - 1) < 1e-14:
            break
    return front * result


def inclusion(question: str, draws: Sequence[Draw], size: int) -> Test:
    """Does everybody come out equally often?"""
    counts = [0] * size
    for draw in draws:
        for place in draw:
            counts[place] += 1
    mean = sum(counts) / size
    per_draw = sum(len(draw) * (1 - len(draw) / size) for draw in draws) / len(draws)
    length = sum((count - mean) ** 2 for count in counts)
    return chi_square(question, length, per_draw, len(draws), size - 1)


def trend(question: str, draws: Sequence[Draw], size: int) -> Test:
    """Does it matter how far down the list somebody stands?"""
    middle = (size - 1) / 2
    moment = sum(place - middle for draw in draws for place in draw)
    spread = sum((place - middle) ** 2 for place in range(size))
    n = len(draws[0])
    variance = len(draws) * n * (size - n) / (size * (size - 1)) * spread
    return chi_square(question, moment**2, variance, 1, 1)


def together(question: str, draws: Sequence[Draw], size: int) -> Test:
    """Do any two come out together more or less often than any other two?

    What follows from each one's own frequency is taken out first: that is `inclusion`'s.
    """
    counts: dict[tuple[int, int], float] = {}
    for draw in draws:
        for pair in combinations(draw, 2):
            counts[pair] = counts.get(pair, 0) + 1
    one = dict.fromkeys(combinations(draws[0], 2), 1.0)
    freedom = size * (size - 3) // 2
    return chi_square(
        question, rest_of_pairs(counts, size), rest_of_pairs(one, size), len(draws), freedom
    )


def rest_of_pairs(counts: dict[tuple[int, int], float], size: int) -> float:
    """Squared length of what two members' own sums do not explain."""
    total = sum(counts.values())
    sums = [0.0] * size
    for (a, b), count in counts.items():
        sums[a] += count
        sums[b] += count
    square = sum(count**2 for count in counts.values())
    # ‖t‖² = ‖y‖² − ‖its part made of single members‖², by their sums
    part = sum(each**2 for each in sums) / (size - 2) - 2 * total**2 / ((size - 1) * (size - 2))
    return square - part


def across(question: str, left: Sequence[Draw], right: Sequence[Draw], a: int, b: int) -> Test:
    """Does who is drawn in one class say anything about who is drawn in another?"""
    return table(
        question,
        [[(x, y) for x in one for y in other] for one, other in zip(left, right, strict=True)],
        a,
        b,
    )


def table(question: str, draws: Sequence[Iterable[tuple[int, int]]], a: int, b: int) -> Test:
    """Counts by row and column; sums of rows and of columns are taken out first."""
    counts = [[0] * b for _ in range(a)]
    per_draw = 0.0
    for draw in draws:
        cells = list(draw)
        for x, y in cells:
            counts[x][y] += 1
        one = [[0] * b for _ in range(a)]
        for x, y in cells:
            one[x][y] = 1
        per_draw += rest_of_table(one)
    return chi_square(
        question, rest_of_table(counts), per_draw / len(draws), len(draws), (a - 1) * (b - 1)
    )


def rest_of_table(counts: list[list[int]]) -> float:
    a, b = len(counts), len(counts[0])
    rows = sum(sum(row) ** 2 for row in counts) / b
    columns = sum(sum(column) ** 2 for column in zip(*counts, strict=True)) / a
    total = sum(map(sum, counts)) ** 2 / (a * b)
    return sum(x * x for row in counts for x in row) - rows - columns + total


def holm(tests: Sequence[Test]) -> list[float]:
    """p-values corrected for the number of questions (Holm): at most LEVEL that one is wrong."""
    order = sorted(range(len(tests)), key=lambda at: tests[at].p)
    corrected, running = [0.0] * len(tests), 0.0
    for rank, at in enumerate(order):
        running = max(running, min(1.0, (len(tests) - rank) * tests[at].p))
        corrected[at] = running
    return corrected


# Who draws


def by_liancha() -> dict[str, list[Draw]]:
    """One frozen pool, 2,000 seeds; by class the places in the list of those drawn."""
    pairs = [(f"{name}{at:03d}", name) for name, (size, _) in SIZES.items() for at in range(size)]
    strata = [Stratum.at_rate(name, size, rate) for name, (size, rate) in SIZES.items()]
    lines = bundle.read_frame(bundle.freeze(pairs, seed(0, "secret"))).lines
    found: dict[str, list[Draw]] = {name: [] for name in SIZES}
    for number in range(DRAWS):
        drawn: dict[str, list[int]] = {name: [] for name in SIZES}
        for line in sampling.draw_targets(lines, strata, seed(number)).lines:
            drawn[line.stratum].append(int(line.code[1:]))
        for name, places in drawn.items():
            found[name].append(tuple(sorted(places)))
    return found


def with_fresh_salts(size: int, count: int) -> list[Draw]:
    """The same seed 2,000 times, new salts each time: what the salts alone do."""
    strata = [Stratum.at_number("A", size, count)]
    pairs = [(f"{at:03d}", "A") for at in range(size)]
    found = []
    for number in range(DRAWS):
        lines = bundle.read_frame(bundle.freeze(pairs, seed(number, "secret"))).lines
        drawing = sampling.draw_targets(lines, strata, seed(0))
        found.append(tuple(sorted(int(line.code) for line in drawing.lines)))
    return found


def by_skipping(size: int, count: int) -> list[Draw]:
    """One start below the interval, then every so-manyth of the sorted list."""
    step = size // count
    starts = (Random(number).randrange(step) for number in range(DRAWS))
    return [tuple(start + step * at for at in range(count)) for start in starts]


def by_one_start(size: int, count: int) -> list[Draw]:
    """One start anywhere in the list, then skipping to its end; again until there are enough."""
    step = size // count
    found = []
    for number in range(DRAWS):
        chance, places = Random(number), set[int]()
        while len(places) < count:
            for place in range(chance.randrange(size), size, step):
                if len(places) < count:
                    places.add(place)
        found.append(tuple(sorted(places)))
    return found


def inspectors(units: int, people: int, base: int) -> list[list[tuple[int, int]]]:
    """(unit, inspector) pairs of 2,000 draws of a department where anybody may go anywhere."""
    names = [f"P{at:02d}" for at in range(people)]
    places = [f"U{at:02d}" for at in range(units)]
    staffing = Staffing(
        dict.fromkeys(names, units),
        dict.fromkeys(places, Need(2)),
        {unit: dict.fromkeys(names, Seat.ANY) for unit in places},
    )
    return [
        [
            (int(unit[1:]), int(name[1:]))
            for unit, name in assign(staffing, seed=seed(number, "inspectors"), base=base).pairs
        ]
        for number in range(DRAWS)
    ]


def round_robin(units: int, people: int) -> list[list[tuple[int, int]]]:
    """One start in the department's list, then two by two round the table."""
    found = []
    for number in range(DRAWS):
        start = Random(number).randrange(people)
        found.append(
            [(unit, (start + 2 * unit + n) % people) for unit in range(units) for n in (0, 1)]
        )
    return found


def teams(question: str, draws: Sequence[list[tuple[int, int]]], people: int) -> Test:
    """Do any two inspectors go together more often than any other two?"""
    counts: dict[tuple[int, int], float] = {}
    per_draw = 0.0
    for draw in draws:
        crews: dict[int, list[int]] = {}
        for unit, person in draw:
            crews.setdefault(unit, []).append(person)
        one: dict[tuple[int, int], float] = {}
        for crew in crews.values():
            pair = (min(crew), max(crew))
            one[pair] = one.get(pair, 0) + 1
            counts[pair] = counts.get(pair, 0) + 1
        per_draw += rest_of_pairs(one, people)
    freedom = people * (people - 3) // 2
    return chi_square(
        question, rest_of_pairs(counts, people), per_draw / len(draws), len(draws), freedom
    )


# The report


def of_targets(draws: Sequence[Draw], size: int, name: str) -> list[Test]:
    return [
        inclusion(f"{name}: everybody equally often", draws, size),
        trend(f"{name}: the place in the list does not matter", draws, size),
        together(f"{name}: any two equally often together", draws, size),
    ]


def fair_tests() -> list[Test]:
    drawn = by_liancha()
    tests = []
    for name, (size, rate) in SIZES.items():
        tests += of_targets(drawn[name], size, f"class {name}, {size} targets at {rate}")
    for one, other in combinations(SIZES, 2):
        question = f"classes {one} and {other}: independent"
        tests.append(across(question, drawn[one], drawn[other], SIZES[one][0], SIZES[other][0]))
    tests += of_targets(with_fresh_salts(60, 6), 60, "fresh salts, one seed, 6 of 60")
    for base, word in ((1, "even loads"), (5, "left to chance up to 5")):
        found = inspectors(31, 12, base)
        tests.append(table(f"inspectors, {word}: anybody anywhere", found, 31, 12))
        tests.append(teams(f"inspectors, {word}: any two together", found, 12))
    return tests


def lines_of(tests: Sequence[Test], corrected: Sequence[float]) -> list[str]:
    rows = [
        "| question | χ² | degrees | p | p, corrected | |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for test, p in zip(tests, corrected, strict=True):
        mark = "**bias**" if p < LEVEL else "none found"
        rows.append(
            f"| {test.question} | {test.statistic:,.1f} | {test.freedom:,} | {written(test.p)} "
            f"| {written(p)} | {mark} |"
        )
    return rows


def written(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else ("< 10⁻⁹" if p < 1e-9 else f"{p:.0e}")


def described(draws: Sequence[Draw], size: int) -> str:
    counts = [0] * size
    pairs: set[tuple[int, int]] = set()
    for draw in draws:
        pairs.update(combinations(draw, 2))
        for place in draw:
            counts[place] += 1
    tenth = size // 10
    first, last = sum(counts[:tenth]), sum(counts[-tenth:])
    per = len(draws) * tenth
    never, apart = counts.count(0), math.comb(size, 2) - len(pairs)
    return (
        f"{len(set(draws)):,} different lists in {DRAWS:,} draws; never drawn: {never} of {size}; "
        f"pairs never together: {apart:,} of {math.comb(size, 2):,}; drawn in the first tenth of "
        f"the list {100 * first / per:.1f} %, in the last {100 * last / per:.1f} %."
    )


def report() -> tuple[str, int]:
    """The text, and how many biases were found in liancha's draws."""
    tests = fair_tests()
    corrected = holm(tests)
    found = sum(p < LEVEL for p in corrected)
    size, count = 205, 10
    lines = [
        "# Is the draw fair? · 抽取是否公平",
        "",
        "Made by `.venv/bin/python benchmarks/fairness.py`; `--check` makes it again and compares.",
        "Every seed is fixed, nothing but Python is needed, so anybody gets this text.",
        "",
        f"{DRAWS:,} draws each. A p-value is the chance that a fair draw looks as odd as this one",
        f"did, or odder. {len(tests)} questions are asked, so the p-values are corrected for their",
        f"number (Holm); a bias is statistically significant below {LEVEL}.",
        "",
        "## liancha",
        "",
        f"**{found} statistically significant bias{'' if found == 1 else 'es'}.**",
        "",
        *lines_of(tests, corrected),
        "",
        "Targets: one frozen pool, a new seed for each draw; then one seed and new salts for each.",
        "Inspectors: 31 targets, two people each out of twelve who may all go anywhere.",
        "",
        "## For contrast: two ways met in the field",
        "",
        f"{count} of {size} targets, sorted, with one random number for the whole draw.",
    ]
    ways: tuple[tuple[str, Callable[[int, int], list[Draw]]], ...] = (
        ("Every so-manyth from one start (systematic sampling)", by_skipping),
        ("One start anywhere, then skipping, again until full", by_one_start),
    )
    for title, way in ways:
        draws = way(size, count)
        own = of_targets(draws, size, f"{count} of {size}")
        lines += ["", f"### {title}", "", described(draws, size), "", *lines_of(own, holm(own))]
    spun = round_robin(31, 12)
    own = [
        table("inspectors: anybody anywhere", spun, 31, 12),
        teams("inspectors: any two together", spun, 12),
    ]
    lines += [
        "",
        "### Inspectors round the table from one start",
        "",
        "Whoever stands side by side in the department's list always goes together.",
        "",
        *lines_of(own, holm(own)),
        "",
        f"The same description of liancha's draw, {count} of {size}:",
        described(ours(size, count), size),
        "",
    ]
    return "\n".join(lines), found


def ours(size: int, count: int) -> list[Draw]:
    lines = bundle.read_frame(
        bundle.freeze([(f"{at:03d}", "A") for at in range(size)], seed(1, "secret"))
    ).lines
    strata = [Stratum.at_number("A", size, count)]
    return [
        tuple(sorted(int(line.code) for line in sampling.draw_targets(lines, strata, s).lines))
        for s in map(seed, range(DRAWS))
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    asked = parser.parse_args()
    text, found = report()
    if asked.check:
        is_same = REPORT.read_text(encoding="utf-8") == text
        print("the same" if is_same else f"{REPORT.name} is not what comes out now")
        return 0 if is_same and not found else 1
    REPORT.write_text(text, encoding="utf-8")
    print(text)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
