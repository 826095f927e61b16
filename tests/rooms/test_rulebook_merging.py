"""Which inspections of one target could be one visit, as a rule on paper (E14)."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations

import pytest

from liancha.rulebook.merging import Stop, are_apart, day_for, days_between, pairs, visits_saved

MONDAY = date(2026, 11, 23)


def stop(key: str, first: int, last: int | None = None, **more) -> Stop:
    """days after Monday; a place, a department and a field of its own unless said otherwise."""
    values = {"place": 1, "department": hash(key) % 1000, "field": "", "task": None} | more
    return Stop(
        key=key,
        first=MONDAY + timedelta(days=first),
        last=MONDAY + timedelta(days=first if last is None else last),
        **values,
    )


@pytest.mark.parametrize(
    ("one", "other", "days"),
    [((0, 4), (2, 9), 0), ((0, 4), (4, 4), 0), ((0, 4), (9, 9), 5), ((9, 12), (0, 4), 5)],
)
def test_days_lie_between_the_end_of_one_and_the_beginning_of_the_other(one, other, days):
    assert days_between(stop("a", *one), stop("b", *other)) == days


def test_two_errands_are_of_two_departments_or_of_two_fields_and_never_of_one_task():
    assert are_apart(stop("a", 0, department=1), stop("b", 0, department=2))
    assert are_apart(
        stop("a", 0, department=1, field="JF05"), stop("b", 0, department=1, field="JF28")
    )
    assert not are_apart(stop("a", 0, department=1), stop("b", 0, department=1))
    assert not are_apart(stop("a", 0, department=1, task=7), stop("b", 0, department=2, task=7))


def test_every_pair_comes_once_and_in_one_order_however_they_are_read():
    stops = [stop(f"{n}", n, department=n) for n in range(4)]
    expected = list(pairs(stops))
    assert len(expected) == 6
    assert all(list(pairs(order)) == expected for order in permutations(stops))


def test_other_places_and_far_days_are_no_pair():
    near = stop("a", 0, department=1)
    assert not list(pairs([near, stop("b", 0, department=2, place=2)]))
    assert not list(pairs([near, stop("b", 31, department=2)]))
    assert list(pairs([near, stop("b", 30, department=2)]))
    assert list(pairs([near, stop("b", 31, department=2)], within=31))


def test_a_day_that_is_set_is_kept_else_the_first_that_suits_both_and_never_a_past_one():
    window = stop("a", -3, 10, department=1)
    assert day_for(window, stop("b", 5, department=2), today=MONDAY) == MONDAY + timedelta(days=5)
    open_ended = stop("b", 2, 9, department=2)
    assert day_for(window, open_ended, today=MONDAY) == MONDAY + timedelta(days=2)
    past = stop("c", -5, department=3)
    assert day_for(window, past, today=MONDAY) == MONDAY
    saturday = stop("d", 5, 9, department=4)
    assert day_for(window, saturday, today=MONDAY) == MONDAY + timedelta(days=7), "Monday after"


def test_what_is_spared_is_one_door_less_for_every_errand_beyond_the_first():
    assert visits_saved([2, 3, 1]) == 3
    assert visits_saved([]) == 0
