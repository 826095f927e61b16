"""Who goes instead: the next ticket, never a new draw."""

import pytest

from liancha.rulebook.assignment import assign, ticket
from liancha.rulebook.form import Refused
from liancha.rulebook.replacement import Replaced, next_in_line, replace
from liancha.rulebook.staffing import Need, Seat, Staffing
from tests.rooms import bundles

SEED = bundles.digits("replacement")


def everybody(people: int, units: int, *, capacity: int = 9, leads: int = 0) -> Staffing:
    roster = {f"P{at}": capacity for at in range(people)}
    needs = {f"U{at}": Need(2, leads) for at in range(units)}
    seats = {name: Seat.LEAD if at < 2 else Seat.ANY for at, name in enumerate(roster)}
    return Staffing(roster, needs, dict.fromkeys(needs, seats)).checked()


def by_ticket(unit: str, names: list[str]) -> list[str]:
    return sorted(names, key=lambda name: ticket(SEED, unit, name))


def test_the_smallest_ticket_among_the_others_comes():
    given = everybody(6, 3)
    found = assign(given, seed=SEED)
    unit = "U1"
    leaving = found.teams[unit][0]
    others = [name for name in given.roster if name not in found.teams[unit]]
    (answer,) = replace(given, found.teams, seed=SEED, cap=found.cap, leaving=[(unit, leaving)])
    assert answer == Replaced(unit, leaving, by_ticket(unit, others)[0])


def test_the_line_shown_beforehand_is_the_line_asked():
    given = everybody(6, 3)
    teams = {unit: set(names) for unit, names in assign(given, seed=SEED).teams.items()}
    leaving = min(teams["U0"])
    line = next_in_line(given, teams, seed=SEED, cap=1, unit="U0", leaving=leaving)
    assert set(line) == given.roster.keys() - teams["U0"]
    gone = []
    for name in line[:3]:
        (answer,) = replace(given, teams, seed=SEED, cap=1, leaving=[("U0", leaving)], barred=gone)
        assert answer.coming == name
        gone.append(("U0", leaving))
        teams["U0"] = teams["U0"] - {leaving} | {name}
        leaving = name


def test_somebody_barred_since_is_passed_over():
    given = everybody(4, 1)
    first, second = by_ticket("U0", ["P2", "P3"])
    line = next_in_line(
        given,
        {"U0": {"P0", "P1"}},
        seed=SEED,
        cap=1,
        unit="U0",
        leaving="P0",
        barred=[("U0", first), ("U9", second)],
    )
    assert line == (second,)


def test_whoever_has_less_to_do_is_asked_first():
    given = everybody(3, 3)
    teams = {"U0": {"P0"}, "U1": {"P1"}, "U2": {"P1"}}
    line = next_in_line(given, teams, seed=SEED, cap=1, unit="U0", leaving="P0")
    assert line == ("P2", "P1")  # P1 has two already, more than the cap + 1 allows at first


def test_a_lead_seat_goes_to_somebody_who_may_lead():
    given = everybody(5, 1, leads=1)
    teams = {"U0": {"P0", "P4"}}
    assert next_in_line(given, teams, seed=SEED, cap=1, unit="U0", leaving="P0") == ("P1",)
    for_the_other_seat = next_in_line(given, teams, seed=SEED, cap=1, unit="U0", leaving="P4")
    assert for_the_other_seat == tuple(by_ticket("U0", ["P1", "P2", "P3"]))


def test_when_both_leave_the_seats_are_filled_one_by_one():
    given = everybody(5, 1, leads=1)
    answers = replace(
        given, {"U0": {"P0", "P4"}}, seed=SEED, cap=1, leaving=[("U0", "P4"), ("U0", "P0")]
    )
    coming = [answer.coming for answer in answers]
    assert "P1" in coming  # the only other who may lead
    assert len(set(coming)) == 2
    assert not {"P0", "P4"} & set(coming)


def test_somebody_who_leaves_one_unit_is_not_sent_to_another():
    given = everybody(3, 2)
    teams = {"U0": {"P0", "P1"}, "U1": {"P1", "P2"}}
    answers = replace(given, teams, seed=SEED, cap=2, leaving=[("U0", "P0"), ("U1", "P2")])
    assert {answer.coming for answer in answers} == {None}


def test_units_are_filled_in_the_order_of_the_seed():
    given = everybody(8, 4)
    teams = {unit: {"P0", "P1"} for unit in given.needs}
    leaving = [(unit, "P0") for unit in given.needs]
    forward = replace(given, teams, seed=SEED, cap=4, leaving=leaving)
    assert forward == replace(given, teams, seed=SEED, cap=4, leaving=leaving[::-1])


def test_nobody_above_their_capacity():
    given = everybody(3, 2, capacity=1)
    teams = {"U0": {"P0", "P1"}, "U1": {"P2"}}
    (answer,) = replace(given, teams, seed=SEED, cap=1, leaving=[("U0", "P0")])
    assert answer.coming is None


def test_the_cap_keeps_its_value_for_later_units():
    """Where nobody fits at all the cap has risen to the largest capacity, and stays there."""
    roster = {"P0": 9, "busy": 9, "idle": 9}
    needs = {f"U{at}": Need(1) for at in range(6)}
    eligible = {unit: {"P0": Seat.ANY} for unit in needs}
    eligible["U0"] = {"P0": Seat.ANY, "busy": Seat.ANY, "idle": Seat.ANY}
    for unit in ("U3", "U4", "U5"):
        eligible[unit] = {"busy": Seat.ANY}
    given = Staffing(roster, needs, eligible)
    teams = {"U0": {"P0"}, "U1": {"P0"}, "U3": {"busy"}, "U4": {"busy"}, "U5": {"busy"}}
    seeds = [bundles.digits(str(at)) for at in range(60)]
    seen = set()
    for seed in seeds:
        answers = replace(given, teams, seed=seed, cap=1, leaving=[("U0", "P0"), ("U1", "P0")])
        first = answers[0].unit
        (coming,) = (answer.coming for answer in answers if answer.unit == "U0")
        tickets = {name: ticket(seed, "U0", name) for name in ("busy", "idle")}
        expected = min(tickets, key=tickets.__getitem__) if first == "U1" else "idle"
        assert coming == expected
        seen.add((first, coming))
    assert seen == {("U0", "idle"), ("U1", "idle"), ("U1", "busy")}


def test_somebody_designated_counts_as_an_ordinary_member():
    given = everybody(4, 1, leads=1)
    line = next_in_line(given, {"U0": {"P0", "外单位"}}, seed=SEED, cap=1, unit="U0", leaving="P0")
    assert line == ("P1",)


def test_who_is_not_there_cannot_leave():
    given = everybody(3, 1)
    for pair in (("U0", "P2"), ("U9", "P0")):
        with pytest.raises(Refused):
            replace(given, {"U0": {"P0", "P1"}}, seed=SEED, cap=1, leaving=[pair])
