"""Tags from words: what a scope rules out, and texts that nobody writes on purpose."""

from __future__ import annotations

import time

import pytest

from liancha.registry.tagging import Rule, Tagger, allowed

LONGEST = 32_000  # letters, about as many as a cell takes


@pytest.mark.parametrize(
    ("scope", "left"),
    [
        ("住宿；餐饮（不含酒类）；停车", "住宿；餐饮；停车"),
        ("住宿（许可项目除外）", "住宿"),
        ("除危险化学品外的仓储", "的仓储"),
        ("住宿，不得经营餐饮；停车", "住宿，；停车"),
        ("住宿（餐饮", "住宿（餐饮"),
    ],
)
def test_what_a_scope_rules_out_is_not_read(scope, left):
    assert allowed(scope) == left


@pytest.mark.parametrize("scope", ["除" * LONGEST, "（" + "不含" * (LONGEST // 2)])
def test_a_text_made_to_keep_the_reader_busy_does_not(scope):
    began = time.process_time()
    tags = Tagger([Rule(1, words=frozenset({"住宿"}))]).tags("甲", f"住宿；{scope}", "01")
    assert tags == {1}
    assert time.process_time() - began < 3  # a twentieth of it on a quiet machine
