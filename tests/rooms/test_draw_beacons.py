"""The lotteries' calendars: which issue comes next, and what a lottery can show."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from liancha.draw import beacons

SPRING = frozenset(date(2026, 2, 15) + timedelta(days=n) for n in range(9))


@pytest.mark.parametrize(
    ("preset", "on", "issue"),
    [
        (beacons.LOTTERY, date(2026, 1, 1), "2026001"),  # the year begins on a Thursday
        (beacons.LOTTERY, date(2026, 1, 4), "2026002"),
        (beacons.SUPER, date(2026, 1, 3), "2026001"),
        (beacons.LOTTERY, date(2026, 2, 12), "2026019"),
        (beacons.LOTTERY, date(2026, 2, 24), "2026020"),  # nothing over the Spring Festival
    ],
)
def test_an_issue_is_its_number_within_the_year(preset, on, issue):
    assert beacons.issue_on(on, preset, spring=SPRING) == issue


def test_nothing_is_drawn_over_the_holidays():
    eve = datetime(2026, 2, 13, 9)
    assert beacons.next_lottery(eve, spring=SPRING) == datetime(2026, 2, 24, 21, 15)
    eve = datetime(2026, 9, 30, 22)
    assert beacons.next_lottery(eve) == datetime(2026, 10, 6, 21, 15)
    assert beacons.next_lottery(eve, beacons.SUPER) == datetime(2026, 10, 5, 21, 25)


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("01 02 03 04 35 + 01 12", ""),
        ("01 02 03 04 36 + 01 12", "前区"),
        ("01 02 03 04 04 + 01 12", "前区"),
        ("01 02 03 04 05 + 12 01", "后区"),
        ("01 02 03 04 05 + 01 13", "后区"),
    ],
)
def test_super_lotto_shows_five_and_two(value, word):
    odd = beacons.odd_value(beacons.SUPER.form, beacons.SUPER.source("2026136"), value)
    assert (word in odd) if word else odd == ""
