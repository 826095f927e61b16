"""What is said of a draw of inspectors before it: against what the draws then are."""

import pytest

from liancha.rulebook import foresight
from liancha.rulebook.assignment import assign
from liancha.rulebook.foresight import foresee, trials_for
from liancha.rulebook.staffing import Need, Seat, Staffing, forced_pairs, forced_units
from tests.rooms.staffings import by_district, seed_of


def test_the_same_inputs_give_the_same_answer():
    staffing = by_district(1)
    assert foresee(staffing, trials=20) == foresee(staffing, trials=20)


def test_even_loads_are_foreseen_as_they_always_are():
    names = [f"P{at}" for at in range(4)]
    seats = dict.fromkeys(names, Seat.ANY)
    staffing = Staffing(
        dict.fromkeys(names, 9),
        {f"U{at}": Need(2) for at in range(6)},
        {f"U{at}": seats for at in range(6)},
    )
    even = foresee(staffing, base=1, trials=30)
    assert (even.span, even.loads) == ((3, 3), ((3, 120),))
    loose = foresee(staffing, base=6, trials=30)
    assert loose.span[0] < 3 < loose.span[1]
    assert sum(load * people for load, people in loose.loads) == 30 * 12


def test_the_surest_pair_is_the_one_that_scarcity_forces_most():
    """Only P0 and P1 may lead; P1 nearly always leads U0, from which P0 is kept apart but once."""
    staffing = Staffing(
        {"P0": 9, "P1": 9, "P2": 9, "P3": 9},
        {"U0": Need(2, 1), "U1": Need(2, 1), "U2": Need(2)},
        {
            "U0": {"P1": Seat.LEAD, "P2": Seat.ANY, "P3": Seat.ANY},
            "U1": {"P0": Seat.LEAD, "P1": Seat.LEAD, "P2": Seat.ANY, "P3": Seat.ANY},
            "U2": {"P0": Seat.ANY, "P2": Seat.ANY, "P3": Seat.ANY},
        },
    )
    assert forced_pairs(staffing) == (("U0", "P1"),)
    found = foresee(staffing, trials=60)
    assert found.forced == (("U0", "P1"),)
    assert (found.unit, found.inspector) != ("U0", "P1")
    assert 30 < found.times <= 60


@pytest.mark.parametrize("number", range(4))
def test_forced_pairs_are_in_every_draw(number):
    staffing = by_district(number, scarce=True)
    forced = set(forced_pairs(staffing))
    assert {unit for unit, _ in forced} == set(forced_units(staffing))
    for seed in map(seed_of, range(5)):
        assert forced <= set(assign(staffing, seed=seed).pairs)


def test_where_nothing_is_left_to_chance_no_pair_is_named():
    seats = {"P0": Seat.ANY, "P1": Seat.ANY}
    staffing = Staffing({"P0": 1, "P1": 1}, {"U0": Need(2)}, {"U0": seats})
    found = foresee(staffing)
    assert (found.unit, found.times, found.percent) == ("", 0, 0)
    assert found.forced == (("U0", "P0"), ("U0", "P1"))


def test_large_departments_are_tried_less_often(monkeypatch):
    small = by_district(0)
    assert trials_for(small) == foresight.TRIALS
    monkeypatch.setattr(foresight, "WORK", 3)
    assert trials_for(small) == foresight.LEAST_TRIALS
