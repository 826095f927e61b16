"""The draw of inspectors against the protocol's own words, and against what could be best.

`by_the_words` below follows §8 sentence by sentence, without any of the short cuts.
"""

import hashlib
import json
import random
from collections import Counter, deque
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liancha.rulebook import assignment, explanation
from liancha.rulebook.assignment import assign
from liancha.rulebook.explanation import Fate
from liancha.rulebook.shortage import Infeasible, Loosen
from liancha.rulebook.staffing import Need, Seat, Staffing

SPEC = Path(__file__).resolve().parents[3] / "shared" / "spec"
worked_example = pytest.mark.skipif(
    not SPEC.is_dir(), reason="the protocol's worked example is not beside this repository"
)


def seed_of(number: int) -> str:
    return hashlib.sha256(b"%d" % number).hexdigest()


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


@st.composite
def staffings(pick: st.DrawFn, most_people: int = 6, most_units: int = 7) -> Staffing:
    people = [f"P{at}" for at in range(pick(st.integers(1, most_people)))]
    units = [f"U{at}" for at in range(pick(st.integers(0, most_units)))]
    roster = {name: pick(st.integers(0, 6)) for name in people}
    needs = {}
    eligible = {}
    for unit in units:
        wanted = pick(st.integers(0, 3))
        needs[unit] = Need(wanted, pick(st.integers(0, wanted)))
        seats = pick(
            st.dictionaries(st.sampled_from(people), st.sampled_from(list(Seat)), max_size=6)
        )
        if seats:
            eligible[unit] = seats
    return Staffing(roster, needs, eligible).checked()


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


def by_district(number: int, *, scarce: bool = False) -> Staffing:
    """Forty units, fourteen people in three districts, few who may lead."""
    chance = random.Random(number)
    roster = {f"P{at:02d}": 30 for at in range(14)}
    everywhere = {"P00", "P01"}  # they lead, so that there is an assignment
    district = {name: 0 if name in everywhere else chance.randrange(3) for name in roster}
    share = 0.1 if scarce else 0.6
    leads = everywhere | {name for name in roster if chance.random() < share}
    needs = {f"U{at:02d}": Need(2, 1) for at in range(40)}
    eligible = {}
    for unit in needs:
        where = chance.choice([0, 0, 0, 1, 2])
        eligible[unit] = {
            name: Seat.LEAD if name in leads else Seat.ANY
            for name in roster
            if name in everywhere or (district[name] in (where, 0) and chance.random() > 0.05)
        }
    return Staffing(roster, needs, eligible)


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


class TestInfeasible:
    def shortage(self, staffing: Staffing):
        with pytest.raises(Infeasible) as refusal:
            assign(staffing.checked(), seed=seed_of(7))
        assert refusal.value.article == "19"
        return refusal.value.shortages

    def test_too_few_are_allowed_at_all(self):
        (found,) = self.shortage(
            Staffing({"甲": 9, "乙": 9}, {"U": Need(2)}, {"U": {"甲": Seat.ANY}})
        )
        assert str(found) == "U 需 2 席，可派的只有 1 人"
        assert [[str(change) for change in way] for way in found.relaxations] == [["乙 可派往 U"]]

    def test_nobody_allowed_may_lead(self):
        (found,) = self.shortage(
            Staffing(
                {"甲": 9, "乙": 9, "丙": 9},
                {"U": Need(2, 1)},
                {"U": {"甲": Seat.ANY, "乙": Seat.ANY}},
            )
        )
        assert found.is_lead
        assert str(found) == "U 需 1 主检席，合格的只有 0 人"
        kinds = [way[0].kind for way in found.relaxations]
        assert kinds == [Loosen.LEAD, Loosen.ALLOW_LEAD, Loosen.LEADS]

    def test_those_who_may_lead_are_full(self):
        """The design page's case: three lead seats, two qualified, one group each."""
        needs = {f"第 {at} 组": Need(2, 1) for at in (2, 4, 6)}
        seats = {"万里晴": Seat.LEAD, "钟离秋": Seat.LEAD, "甲": Seat.ANY, "乙": Seat.ANY}
        roster = {"万里晴": 1, "钟离秋": 1, "甲": 3, "乙": 3}
        (found,) = self.shortage(Staffing(roster, needs, dict.fromkeys(needs, seats)))
        assert found.is_lead
        assert found.seats == 1
        assert found.inspectors == (("万里晴", 1), ("钟离秋", 1))
        assert found.reached == 3
        (first, *_) = found.relaxations
        assert [change.kind for change in first] == [Loosen.CAPACITY]
        assert str(first[0]).endswith("的上限由 1 改为 2")

    def test_everybody_is_full(self):
        needs = {f"U{at}": Need(2) for at in range(6)}
        seats = {f"P{at}": Seat.ANY for at in range(4)}
        (found,) = self.shortage(
            Staffing(dict.fromkeys(seats, 2), needs, dict.fromkeys(needs, seats))
        )
        assert found.seats == 4
        assert sum(capacity for _, capacity in found.inspectors) == 8
        assert [len(way) for way in found.relaxations] == [1, 4]
        assert str(found.relaxations[0][0]) == "能派去的人上限都提高到 3"

    def test_two_knots_are_told_apart(self):
        shortages = self.shortage(
            Staffing(
                {"东": 1, "西": 1, "空": 5},
                {"E1": Need(1), "E2": Need(1), "W1": Need(1), "W2": Need(1)},
                {
                    "E1": {"东": Seat.ANY},
                    "E2": {"东": Seat.ANY},
                    "W1": {"西": Seat.ANY},
                    "W2": {"西": Seat.ANY},
                },
            )
        )
        assert [found.inspectors for found in shortages] == [(("东", 1),), (("西", 1),)]

    def test_people_are_never_talked_down_below_two(self):
        (found,) = self.shortage(Staffing({"甲": 9}, {"U": Need(2)}, {"U": {"甲": Seat.ANY}}))
        assert found.relaxations == ()

    @settings(max_examples=200, deadline=None)
    @given(staffings(), st.integers(0, 10**6))
    def test_every_relaxation_offered_is_enough(self, staffing, number):
        try:
            assign(staffing, seed=seed_of(number))
        except Infeasible as refusal:
            shortages = refusal.shortages
        else:
            return
        if len(shortages) > 1:
            return  # two knots may want the same person; each is offered its own way out
        for way in shortages[0].relaxations:
            assign(with_changes(staffing, way, shortages[0]), seed=seed_of(number + 1))


def with_changes(staffing: Staffing, way, found) -> Staffing:
    roster = dict(staffing.roster)
    needs = dict(staffing.needs)
    eligible = {unit: dict(seats) for unit, seats in staffing.eligible.items()}
    for change in way:
        match change.kind:
            case Loosen.CAPACITY:
                assert roster[change.inspector] == change.before
                roster[change.inspector] = change.after
            case Loosen.EVERYONE:
                for name, capacity in found.inspectors:
                    roster[name] = max(capacity, change.after)
            case Loosen.LEAD:
                eligible[change.unit][change.inspector] = Seat.LEAD
            case Loosen.ALLOW | Loosen.ALLOW_LEAD:
                seat = Seat.ANY if change.kind is Loosen.ALLOW else Seat.LEAD
                eligible.setdefault(change.unit, {})[change.inspector] = seat
            case Loosen.LEADS:
                needs[change.unit] = Need(needs[change.unit].people, change.after)
            case Loosen.PEOPLE:
                needs[change.unit] = Need(change.after, needs[change.unit].leads)
    return Staffing(roster, needs, eligible).checked()


class TestExplanation:
    @pytest.mark.parametrize("number", range(10))
    def test_whoever_has_a_smaller_ticket_was_full_moved_or_not_qualified(self, number):
        staffing = by_district(number)
        found = assign(staffing, seed=seed_of(number))
        for unit in staffing.needs:
            fates = explanation.explain_unit(staffing, found, seed=seed_of(number), unit=unit)
            assert [it.inspector for it in fates] == sorted(
                staffing.eligible[unit],
                key=lambda name: assignment.ticket(seed_of(number), unit, name),
            )
            drawn = {it.inspector for it in fates if it.fate in (Fate.DRAWN, Fate.REPAIRED)}
            assert drawn == set(found.teams[unit])
            for it in fates:
                if it.fate is Fate.FULL:
                    assert found.loads[it.inspector] > 0
                if it.fate is Fate.SEAT:
                    assert staffing.eligible[unit][it.inspector] == Seat.ANY
                if it.fate is Fate.MOVED:
                    assert it.moved_to in staffing.needs
                if it.fate is Fate.LATER:
                    drawn_by_ticket = [d.ticket for d in fates if d.fate is Fate.DRAWN]
                    assert all(it.ticket > ticket for ticket in drawn_by_ticket)

    def test_the_panel_of_an_inspector_says_the_same(self):
        staffing = by_district(1)
        found = assign(staffing, seed=seed_of(1))
        units = {
            it.unit: it
            for it in explanation.explain_inspector(
                staffing, found, seed=seed_of(1), inspector="P03"
            )
        }
        assert units.keys() == {u for u, seats in staffing.eligible.items() if "P03" in seats}
        for unit, it in units.items():
            panel = explanation.explain_unit(staffing, found, seed=seed_of(1), unit=unit)
            assert it in panel

    def test_each_fate_is_told(self):
        seen: set[Fate] = set()
        for number in range(40):
            staffing = by_district(number, scarce=number % 3 == 0)
            found = assign(staffing, seed=seed_of(number))
            for unit in staffing.needs:
                seen |= {
                    it.fate
                    for it in explanation.explain_unit(
                        staffing, found, seed=seed_of(number), unit=unit
                    )
                }
        assert seen == set(Fate)


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
