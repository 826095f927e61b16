"""The draw of inspectors against the protocol's own words, and against what could be best.

`by_the_words` below follows §8 sentence by sentence, without any of the short cuts.
"""

import hashlib
import json
from collections import Counter, deque
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liancha.rulebook import explanation
from liancha.rulebook.assignment import assign
from liancha.rulebook.explanation import Fate
from liancha.rulebook.shortage import Infeasible
from liancha.rulebook.staffing import Need, Seat, Staffing
from tests.rooms.staffings import by_district, seed_of, staffings

SPEC = Path(__file__).resolve().parents[3] / "shared" / "spec"
worked_example = pytest.mark.skipif(
    not SPEC.is_dir(), reason="the protocol's worked example is not beside this repository"
)


def H(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def by_the_words(staffing: Staffing, seed: str, base: int):
    """(teams, loads, cap) by §8 as it is written, or None when infeasible."""
    units = sorted(staffing.needs, key=lambda u: (H(f"{seed}:unit:{u}"), u))
    people = sorted(staffing.roster, key=lambda i: (H(f"{seed}:inspector:{i}"), i))
    pairs = sorted(
        (H(f"{seed}:{u}:{i}"), u, i) for u in units for i in staffing.eligible.get(u, {})
    )
    teams: dict[str, set[str]] = {u: set() for u in units}

    def load(i):
        return sum(i in team for team in teams.values())

    def room(i, cap):
        return min(staffing.roster[i], cap) - load(i)

    def short(u):
        return len(teams[u]) < staffing.needs[u].people

    def fits(u, i, instead_of=None):
        seats = staffing.eligible[u]
        if seats[i] == Seat.LEAD:
            return True
        members = teams[u] - {instead_of} | {i}
        need = staffing.needs[u]
        return sum(seats[m] == Seat.ANY for m in members) <= need.people - need.leads

    def search(start, cap):
        came = {}
        queue = deque()
        for i in people:
            if i in staffing.eligible.get(start, {}) and i not in teams[start] and fits(start, i):
                came[i] = (start, None)
                queue.append(i)
        while queue:
            j = queue.popleft()
            if room(j, cap) > 0:
                path = []
                while j is not None:
                    unit, leaving = came[j]
                    path.append((unit, j))
                    j = leaving
                return path[::-1]
            for u in units:
                if j in teams[u]:
                    for i in people:
                        allowed = i in staffing.eligible[u] and i not in teams[u]
                        if allowed and i not in came and fits(u, i, j):
                            came[i] = (u, j)
                            queue.append(i)
        return None

    cap = base
    while True:
        for _, u, i in pairs:
            if i not in teams[u] and short(u) and fits(u, i) and room(i, cap) > 0:
                teams[u].add(i)
        for u in units:
            while short(u):
                path = search(u, cap)
                if path is None:
                    break
                for (_, mover), (left, _) in pairwise(path):
                    teams[left].remove(mover)
                for unit, joining in path:
                    teams[unit].add(joining)
        if not any(short(u) for u in units):
            found = {u: tuple(sorted(teams[u])) for u in sorted(units)}
            return found, {i: load(i) for i in sorted(people)}, cap
        if cap >= max(staffing.roster.values()):
            return None
        cap += 1


@settings(max_examples=400, deadline=None)
@given(staffings(), st.integers(0, 10**6), st.integers(1, 8))
def test_the_assignment_is_the_one_of_the_protocol(staffing, number, base):
    seed = seed_of(number)
    expected = by_the_words(staffing, seed, base)
    if expected is None:
        with pytest.raises(Infeasible):
            assign(staffing, seed=seed, base=base)
    else:
        found = assign(staffing, seed=seed, base=base)
        assert (found.teams, found.loads, found.cap) == expected


@pytest.mark.parametrize("number", range(12))
@pytest.mark.parametrize("base", [1, 5])
def test_districts_and_scarce_specialists_as_in_the_protocol(number, base):
    staffing = by_district(number, scarce=number % 2 == 0)
    expected = by_the_words(staffing, seed_of(number), base)
    assert expected is not None
    found = assign(staffing, seed=seed_of(number), base=base)
    assert (found.teams, found.loads, found.cap) == expected


def is_allowed(staffing: Staffing, teams) -> bool:
    for unit, need in staffing.needs.items():
        seats = staffing.eligible.get(unit, {})
        team = teams[unit]
        if len(set(team)) != need.people or not set(team) <= seats.keys():
            return False
        if sum(seats[name] == Seat.LEAD for name in team) < need.leads:
            return False
    loads = Counter(name for team in teams.values() for name in team)
    return all(loads[name] <= capacity for name, capacity in staffing.roster.items())


def every_assignment(staffing: Staffing):
    """All that the constraints allow, by trying everything."""
    units = list(staffing.needs)

    def extend(at, teams):
        if at == len(units):
            if is_allowed(staffing, teams):
                yield dict(teams)
            return
        unit = units[at]
        for team in combinations(
            sorted(staffing.eligible.get(unit, {})), staffing.needs[unit].people
        ):
            teams[unit] = team
            yield from extend(at + 1, teams)

    yield from extend(0, {})


def most_even(staffing: Staffing):
    """The least sorted loads, largest first, of all assignments; None if there is none."""
    best = None
    for teams in every_assignment(staffing):
        loads = Counter(name for team in teams.values() for name in team)
        measure = sorted((loads[name] for name in staffing.roster), reverse=True)
        if best is None or measure < best:
            best = measure
    return best


@settings(max_examples=150, deadline=None)
@given(staffings(most_people=5, most_units=4), st.integers(0, 10**6))
def test_with_base_1_loads_are_as_even_as_can_be_and_exist_whenever_any_do(staffing, number):
    best = most_even(staffing)
    if best is None:
        with pytest.raises(Infeasible):
            assign(staffing, seed=seed_of(number))
        return
    found = assign(staffing, seed=seed_of(number))
    assert is_allowed(staffing, found.teams)
    assert sorted(found.loads.values(), reverse=True) == best


def flow_optimum(staffing: Staffing) -> list[int] | None:
    """Sorted loads of the flow with the least sum of squares: successive shortest paths.

    Seats of a unit are two nodes: lead seats take leads only, the others anybody.
    """
    nodes = ["source", "sink", *staffing.roster]
    arcs: dict[tuple, list] = {}

    def arc(a, b, capacity, costs):
        arcs[a, b] = [capacity, costs, 0]

    for name, capacity in staffing.roster.items():
        arc("source", name, capacity, lambda flow: 2 * flow + 1)
    for unit, need in staffing.needs.items():
        nodes += [(unit, "lead"), (unit, "any")]
        arc((unit, "lead"), "sink", need.leads, None)
        arc((unit, "any"), "sink", need.people - need.leads, None)
        for name, seat in staffing.eligible.get(unit, {}).items():
            # One seat a person and unit: through a node of the pair.
            nodes.append((unit, name))
            arc(name, (unit, name), 1, None)
            arc((unit, name), (unit, "any"), 1, None)
            if seat == Seat.LEAD:
                arc((unit, name), (unit, "lead"), 1, None)
    total = sum(need.people for need in staffing.needs.values())
    for _ in range(total):
        far = dict.fromkeys(nodes, float("inf"))
        far["source"] = 0
        came = {}
        for _ in nodes:
            changed = False
            for (a, b), (capacity, costs, flow) in arcs.items():
                if flow < capacity and far[a] + (cost := costs(flow) if costs else 0) < far[b]:
                    far[b], came[b], changed = far[a] + cost, (a, b, 1), True
                if flow > 0 and far[b] - (cost := costs(flow - 1) if costs else 0) < far[a]:
                    far[a], came[a], changed = far[b] - cost, (a, b, -1), True
            if not changed:
                break
        if far["sink"] == float("inf"):
            return None
        at = "sink"
        while at != "source":
            a, b, sign = came[at]
            arcs[a, b][2] += sign
            at = a if sign == 1 else b
    return sorted(arcs["source", name][2] for name in staffing.roster)


@pytest.mark.parametrize("number", range(6))
def test_sorted_loads_equal_the_flow_optimum(number):
    staffing = by_district(number)
    small = dict(list(staffing.needs.items())[:14])
    eligible = {unit: staffing.eligible[unit] for unit in small}
    staffing = Staffing(staffing.roster, small, eligible)
    best = flow_optimum(staffing)
    assert best is not None
    assert sorted(assign(staffing, seed=seed_of(number)).loads.values()) == best


def test_a_larger_base_leaves_more_to_the_tickets():
    staffing = by_district(3)
    even = assign(staffing, seed=seed_of(1), base=1)
    free = assign(staffing, seed=seed_of(1), base=30)
    assert free.cap == 30
    assert max(free.loads.values()) - min(free.loads.values()) > (
        max(even.loads.values()) - min(even.loads.values())
    )


def test_the_order_of_the_inputs_changes_nothing():
    given = by_district(1)
    turned = Staffing(
        dict(reversed(given.roster.items())),
        dict(reversed(given.needs.items())),
        {unit: dict(reversed(seats.items())) for unit, seats in given.eligible.items()},
    )
    assert assign(turned, seed=seed_of(1)).pairs == assign(given, seed=seed_of(1)).pairs


class TestNothingToDraw:
    def test_no_units(self):
        found = assign(Staffing({"P": 1}, {}, {}), seed=seed_of(1))
        assert (found.pairs, found.loads, found.cap) == ((), {"P": 0}, 1)

    def test_a_unit_that_needs_nobody(self):
        found = assign(Staffing({"P": 0}, {"U": Need(0)}, {"U": {"P": Seat.ANY}}), seed=seed_of(1))
        assert found.teams == {"U": ()}
        fate = explanation.explain_unit(
            Staffing({"P": 0}, {"U": Need(0)}, {"U": {"P": Seat.ANY}}),
            found,
            seed=seed_of(1),
            unit="U",
        )
        assert [it.fate for it in fate] == [Fate.LATER]


@worked_example
class TestWorkedExample:
    FOLDER = SPEC / "assignment-example"

    @pytest.mark.parametrize(("name", "base"), [("transcript.json", 1), ("base-3.json", 3)])
    def test_the_published_assignments(self, name, base):
        files = {
            file: (self.FOLDER / file).read_bytes()
            for file in ("roster.tsv", "needs.tsv", "eligible.tsv")
        }
        seed = json.loads((self.FOLDER / "transcript.json").read_text(encoding="utf-8"))["seed"]
        published = json.loads((self.FOLDER / name).read_text(encoding="utf-8"))
        found = assign(Staffing.read(files), seed=seed, base=base)
        assert [list(pair) for pair in found.pairs] == published["assignment"]
        assert [list(item) for item in found.loads.items()] == published["loads"]
        assert found.cap == published["cap"]
