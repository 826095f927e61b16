"""A rate as people type it, and as the pages say it: exact, or not taken (art. 14)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from liancha.plan.columns import percent_text
from liancha.plan.readings import read_rate


@pytest.mark.parametrize(
    ("text", "ratio", "fixed"),
    [
        ("2", "1/50", None),
        ("2%", "1/50", None),
        ("0.5", "1/200", None),
        ("7", "7/100", None),
        ("12.5％", "1/8", None),
        ("1/3", "1/3", None),
        (" 100 ", "1/1", None),
        ("9户", "", 9),
        ("9 家", "", 9),
        ("１２．５", "1/8", None),
        ("１／３", "1/3", None),
    ],
)
def test_a_rate_is_read_exactly(text, ratio, fixed):
    assert read_rate(text) == (ratio, fixed)


@pytest.mark.parametrize("text", ["", "二", "1/0", "2..5", "-3", "1e2", "2 5", "²", "٣"])
def test_what_is_no_rate_is_not_guessed(text):
    with pytest.raises(ValueError, match=r"数|分母"):
        read_rate(text)


@pytest.mark.parametrize(
    ("ratio", "text"),
    [("1/50", "2%"), ("1/200", "0.5%"), ("1/3", "1/3"), ("1/1", "100%"), ("0/1", "0%")],
)
def test_a_rate_is_written_exactly(ratio, text):
    assert percent_text(Fraction(ratio)) == text
