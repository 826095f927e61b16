"""With base 1 loads are as even as any assignment could make them: against a min-cost flow."""

import random

import networkx as nx
import pytest

from liancha.rulebook.assignment import assign
from liancha.rulebook.shortage import Infeasible
from liancha.rulebook.staffing import Need, Seat, Staffing
from tests.rooms.staffings import by_district, seed_of


def optimum(staffing: Staffing) -> list[int] | None:
    """Sorted loads of the flow with the least sum of squares, None if no flow fills every seat.

    A seat flows from its unit to an inspector; whoever may not lead goes through a gate that lets
    `need − leads` through. The n-th target of an inspector costs 2n − 1, so that n cost n².
    """
    net = nx.DiGraph()
    wanted = 0
    for unit, need in staffing.needs.items():
        wanted += need.people
        net.add_edge("source", ("unit", unit), capacity=need.people, weight=0)
        gate = ("gate", unit)
        net.add_edge(("unit", unit), gate, capacity=need.people - need.leads, weight=0)
        for name, seat in staffing.eligible.get(unit, {}).items():
            start = ("unit", unit) if seat == Seat.LEAD else gate
            net.add_edge(start, ("who", name), capacity=1, weight=0)
    for name, capacity in staffing.roster.items():
        for nth in range(1, capacity + 1):
            net.add_edge(("who", name), ("load", name, nth), capacity=1, weight=2 * nth - 1)
            net.add_edge(("load", name, nth), "sink", capacity=1, weight=0)
    if wanted and "sink" not in net:
        return None
    flow = nx.max_flow_min_cost(net, "source", "sink") if wanted else {}
    loads = dict.fromkeys(staffing.roster, 0)
    for name in loads:
        loads[name] = sum(flow.get(("who", name), {}).values())
    return sorted(loads.values()) if sum(loads.values()) == wanted else None


def made(number: int) -> Staffing:
    """Up to twelve units in separate or overlapping districts, lead seats, tight capacities."""
    chance = random.Random(number)
    districts = chance.randint(1, 4)
    roster = {f"P{at:02d}": chance.choice((1, 2, 3, 5, 9)) for at in range(chance.randint(3, 10))}
    home = {name: chance.randrange(districts) for name in roster}
    everywhere = {name for name in roster if chance.random() < 0.15}
    leads = {name for name in roster if chance.random() < 0.5}
    needs, eligible = {}, {}
    for at in range(chance.randint(1, 12)):
        unit, where = f"U{at:02d}", chance.randrange(districts)
        needs[unit] = Need(chance.choice((1, 2, 2, 2, 3)), chance.choice((0, 0, 1)))
        eligible[unit] = {
            name: Seat.LEAD if name in leads else Seat.ANY
            for name in roster
            if (home[name] == where or name in everywhere) and chance.random() > 0.1
        }
    return Staffing(roster, needs, eligible)


def loads_of(staffing: Staffing, seed: str) -> list[int] | None:
    try:
        return sorted(assign(staffing.checked(), seed=seed, base=1).loads.values())
    except Infeasible:
        return None


def test_small_departments_are_as_even_as_the_flow_or_have_none():
    answers = []
    for number in range(160):
        staffing = made(number)
        best = optimum(staffing)
        assert loads_of(staffing, seed_of(number)) == best, number
        answers.append(best is None)
    assert 20 < sum(answers) < 140  # both kinds were seen


@pytest.mark.parametrize("number", range(4))
def test_districts_of_their_own_are_as_even_as_the_flow(number):
    staffing = by_district(number, scarce=number % 2 == 0)
    assert loads_of(staffing, seed_of(number)) == optimum(staffing)
