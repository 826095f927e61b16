"""Who goes where, how fast: 10,000 targets, eight departments, two inspectors each.

    .venv/bin/python benchmarks/match.py

liancha's assignment beside a min-cost flow (OR-tools) on the same departments, and beside
sortition-algorithms on a sample of the kind that one is for. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import sys
from hashlib import sha256
from importlib.util import find_spec
from time import perf_counter, process_time

from liancha.rulebook import sampling
from liancha.rulebook.assignment import assign
from liancha.rulebook.bundle import freeze
from liancha.rulebook.protocol import Stratum
from liancha.rulebook.staffing import Need, Seat, Staffing

WANTED = 10.0  # seconds for all departments


def seed(text: str) -> str:
    return sha256(f"liancha-match/1\n{text}\n".encode()).hexdigest()


def department(number: int, targets: int, people: int, recusal: float) -> Staffing:
    """A department in which a third may lead, and of a hundred pairs three are recused."""
    chance = random.Random(number)
    names = [f"D{number}-{at:04d}" for at in range(people)]
    leads = {name for name in names if chance.random() < 1 / 3} | {names[0]}
    units = [f"9141{at:014d}" for at in range(targets)]
    seats = {name: Seat.LEAD if name in leads else Seat.ANY for name in names}
    eligible = {}
    for unit in units:
        eligible[unit] = {n: seat for n, seat in seats.items() if chance.random() >= recusal}
    need = Need(2, 1 if number == 0 else 0)  # the initiator sends the leader of each team
    return Staffing(dict.fromkeys(names, targets), dict.fromkeys(units, need), eligible)


def by_flow(staffing: Staffing, most: int) -> tuple[float, list[int]]:
    """Seconds of OR-tools' solver and the sorted loads of its optimum.

    most  the largest load of any assignment: an optimum's is not larger
    """
    from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

    flow = SimpleMinCostFlow()
    who = {name: at for at, name in enumerate(staffing.roster)}
    sink, fresh, wanted = len(who), len(who) + 1, 0
    begun = perf_counter()
    for at in who.values():  # the n-th target of a person costs n
        for nth in range(1, most + 1):
            flow.add_arc_with_capacity_and_unit_cost(at, sink, 1, nth)
    for unit, need in staffing.needs.items():
        node, gate = fresh, fresh + 1
        fresh += 2
        flow.set_node_supply(node, need.people)
        wanted += need.people
        flow.add_arc_with_capacity_and_unit_cost(node, gate, need.people - need.leads, 0)
        for name, seat in staffing.eligible[unit].items():
            start = node if seat == Seat.LEAD else gate
            flow.add_arc_with_capacity_and_unit_cost(start, who[name], 1, 0)
    flow.set_node_supply(sink, -wanted)
    if flow.solve() != flow.OPTIMAL:
        raise SystemExit("OR-tools found no optimum")
    took = perf_counter() - begun
    loads = [0] * len(who)
    for arc in range(len(who) * most):
        loads[flow.tail(arc)] += flow.flow(arc)
    return took, sorted(loads)


def sortition(pool: int, panel: int, rounds: int) -> list[tuple[str, float, str]]:
    """A panel with quotas on three features at once, which is that library's kind of question.

    rounds  1: its quick way only; 2: also the one that evens out everybody's chance
    """
    import sortition_algorithms as sa

    chance = random.Random(7)
    kinds = {"sex": ["f", "m"], "age": ["18", "35", "55"], "area": ["n", "e", "s", "w"]}
    rows = [[f"p{at}", *(chance.choice(values) for values in kinds.values())] for at in range(pool)]
    features = ["feature,value,min,max"]
    for name, values in kinds.items():
        share = panel // len(values)
        features += [f"{name},{value},{share - 2},{share + 2}" for value in values]
    people = ["id," + ",".join(kinds), *map(",".join, rows)]
    found = []
    for algorithm in ("legacy", "maximin")[:rounds]:
        settings = sa.Settings(
            id_column="id", columns_to_keep=[], selection_algorithm=algorithm, random_number_seed=5
        )
        source = sa.SelectionData(sa.CSVStringDataSource("\n".join(features), "\n".join(people)))
        quotas, _ = source.load_features(panel)
        crowd, _ = source.load_people(settings, quotas)
        begun = perf_counter()
        done, panels, _ = sa.run_stratification(quotas, crowd, panel, settings)
        took = perf_counter() - begun
        if not done or len(panels[0]) != panel:
            raise SystemExit(f"sortition-algorithms ({algorithm}) found no panel")
        found.append((f"sortition-algorithms, {algorithm}", took, "quotas on three features"))
    strata: dict[str, int] = {}
    pairs = [(row[0], "/".join(row[1:])) for row in rows]
    for _, name in pairs:
        strata[name] = strata.get(name, 0) + 1
    layers = [Stratum.at_rate(n, size, f"{panel}/{pool}") for n, size in sorted(strata.items())]
    lines = freeze(pairs, seed("secret")).splitlines()
    begun = perf_counter()
    drawn = sampling.draw_targets(lines, layers, seed("panel"))
    took = perf_counter() - begun
    words = f"crossed classes, rounded up: {len(drawn.lines)} people"
    return [*found, ("liancha's draw of targets", took, words)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--targets", type=int, default=10_000)
    parser.add_argument("--departments", type=int, default=8)
    parser.add_argument("--people", type=int, default=100, help="of each department")
    parser.add_argument("--recusal", type=float, default=0.03, help="share of pairs kept apart")
    parser.add_argument("--flows", type=int, default=1, help="departments that OR-tools solves too")
    parser.add_argument("--maximin", action="store_true", help="sortition's even chances: minutes")
    asked = parser.parse_args()
    print(
        f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
    )
    total, cpu, status = 0.0, 0.0, 0
    has_flow = find_spec("ortools") is not None
    for number in range(asked.departments):
        staffing = department(number, asked.targets, asked.people, asked.recusal)
        begun, cpu_begun = perf_counter(), process_time()
        drawn = assign(staffing, seed=seed(f"department {number}"), base=1)
        took = perf_counter() - begun
        total += took
        cpu += process_time() - cpu_begun
        loads = sorted(drawn.loads.values())
        line = f"department {number + 1}: liancha {took:.2f} s, loads {loads[0]}–{loads[-1]}"
        if has_flow and number < asked.flows:
            theirs, best = by_flow(staffing, loads[-1])
            line += f"; OR-tools min-cost flow {theirs:.2f} s, "
            line += "sorted loads the same" if best == loads else "SORTED LOADS DIFFER"
            status |= best != loads
        print(line, flush=True)
    print(
        f"{asked.targets:,} targets × {asked.departments} departments × 2 inspectors, "
        f"{100 * asked.recusal:g} % recused: {total:.1f} s in all, "
        f"{cpu:.1f} s of CPU (wanted ≤ {WANTED:g})"
    )
    if find_spec("sortition_algorithms") is not None:
        pool, panel = 300, 30
        print(f"a panel of {panel} from {pool} people, not the same question:")
        for name, took, words in sortition(pool, panel, 2 if asked.maximin else 1):
            print(f"  {name}: {took:.3f} s, {words}")
    for module in ("ortools", "sortition_algorithms"):
        if find_spec(module) is None:
            print(f"not measured, not installed: {module}")
    return status


if __name__ == "__main__":
    sys.exit(main())
