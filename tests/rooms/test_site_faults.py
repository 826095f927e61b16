"""What is said of a wrong field where the form has no words of its own."""

from __future__ import annotations

import pytest
from django import forms

from liancha.rulebook import lifecycles
from liancha.rulebook.lifecycles import DrawState
from liancha.rulebook.verdicts import Blocked, NeedsReason
from liancha.site.blocked import Refusal


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        (forms.CharField(max_length=3), "很长的话", "最多 3 个字，现在 4 个。请写短一些。"),
        (forms.CharField(), "甲\0", "文字里有看不见的空字符，请删去后重填。"),
        (forms.IntegerField(min_value=1), "0", "不能小于 1。"),
        (forms.IntegerField(), "一", "请填写整数。"),
        (forms.DateField(), "明天", "请照 2026-11-23 的样子填写日期。"),
        (forms.ChoiceField(choices=[("a", "甲")]), "b" * 9999, "没有这个选项，请重新选择。"),
    ],
)
def test_a_wrong_field_is_told_in_words_one_can_act_on(field, typed, said):
    with pytest.raises(forms.ValidationError) as fault:
        field.clean(typed)
    assert fault.value.messages == [said]


def test_a_second_click_is_told_that_it_is_done():
    with pytest.raises(Blocked, match="抽取已经是“已锁定”，不用再办。请刷新页面看结果。"):
        lifecycles.DRAW.step(DrawState.LOCKED, DrawState.LOCKED)


def test_what_only_wants_a_reason_is_not_said_to_be_impossible():
    long = "分层 D 只有 2 户，少于 5 户；" * 9 + "请写明原因。"
    assert Refusal.of(NeedsReason(long, article="18")).title == "写明原因后可以办"
    assert Refusal.of(Blocked(long, article="18")).title == "这一步现在不能办"
