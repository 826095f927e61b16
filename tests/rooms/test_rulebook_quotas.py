"""Wordings of published plans, as their clerks wrote them, turned into counts.

Source: shared data of published plans (青山、长治、亳州、枣庄 and others): ratios kept exactly.
"""

import pytest

from liancha.rulebook import protocol, quotas
from liancha.rulebook.verdicts import Blocked

SIZES = (0, 1, 8, 10, 11, 100, 1000)
READ = {
    "5%": (0, 1, 1, 1, 1, 5, 50),
    "0.5%": (0, 1, 1, 1, 1, 1, 5),
    "２％": (0, 1, 1, 1, 1, 2, 20),
    "1/3": (0, 1, 3, 4, 4, 34, 334),
    "9户": (0, 1, 8, 9, 9, 9, 9),
    "0户": (0, 0, 0, 0, 0, 0, 0),
    "不低于3%": (0, 1, 1, 1, 1, 3, 30),
    "≥50%": (0, 1, 4, 5, 6, 50, 500),
    "3%以上": (0, 1, 1, 1, 1, 3, 30),
    "全年不低于5%,每年1次": (0, 1, 1, 1, 1, 5, 50),
    "5%;每年1次": (0, 1, 1, 1, 1, 5, 50),
    "3%;2次/年": (0, 1, 1, 1, 1, 3, 30),
    "60–70家": (0, 1, 8, 10, 11, 60, 60),
    "60至70户": (0, 1, 8, 10, 11, 60, 60),
    "全覆盖": SIZES,
    "各2家": (0, 1, 2, 2, 2, 2, 2),
    "各两家": (0, 1, 2, 2, 2, 2, 2),
    "≤10所的不少于2所，其余按5%": (0, 1, 2, 2, 1, 5, 50),
    "≤10所的不少于2所;>10所的不低于50%": (0, 1, 2, 2, 6, 50, 500),
    "10所以下的不少于2所，10所以上的按50%": (0, 1, 2, 2, 6, 50, 500),
    "5%且不少于2户": (0, 1, 2, 2, 2, 5, 50),
    "5%，至少3户，不超过20户": (0, 1, 3, 3, 3, 5, 20),
}
REFUSED = {
    "": "还没有写",
    "省级计划规定比例": "读不出抽多少",
    "市级2% 区级10%": "读不出抽多少",
    "三级≥50%,二级≥30%": "读不出抽多少",
    "市级每年对市级及以下经办机构抽查比例之和≥20%;1次/年": "读不出抽多少",
    "1户(实际以联合双随机牵头单位抽查数为准。)": "读不出抽多少",
    "每月≥10%": "读不出抽多少",
    "200%": "读不出抽多少",
    "1/0": "读不出抽多少",
    "2次/年": "只有频次",
    "不超过10%": "只写了比例的上限",
    "不超过20户": "只写了上限",
    "70–60家": "下限大于上限",
    "5%，6%": "写了两个",
    "2户，3户": "写了两个",
    "5%，至少9户，不超过3户": "至少 9 大于至多 3",
    "≤10所的不少于2所": "没有写11 户时抽多少",
    "其余按5%，≤10所的不少于2所": "“其余”应写在最后",
    "5%" * 41: "超过 80 字",
}


@pytest.mark.parametrize(("text", "counts"), READ.items())
def test_a_wording_gives_its_counts(text, counts):
    quota = quotas.read(text)
    assert tuple(quota.count(size) for size in SIZES) == counts


@pytest.mark.parametrize("text", READ)
def test_the_rule_of_a_draw_comes_to_the_same_count(text):
    """The protocol's own arithmetic on the ratio that is written, art. 19, paragraph 1."""
    quota = quotas.read(text)
    for size in range(0, 130):
        assert protocol.count(quota.ratio(size), size) == quota.count(size)


def test_a_plain_rate_stays_a_rate_and_a_number_becomes_count_over_size():
    assert quotas.read("不低于3%").ratio(700) == "3/100"
    assert quotas.read("60–70家").ratio(700) == "60/700"
    assert quotas.read("60–70家").ratio(0) == "0/1"
    assert quotas.read("≤10所的不少于2所，其余按5%").ratio(41) == "3/41"


@pytest.mark.parametrize(("text", "problem"), REFUSED.items())
def test_what_has_no_single_reading_is_refused_with_the_cure(text, problem):
    with pytest.raises(Blocked, match=problem) as refusal:
        quotas.read(text)
    assert "请写成 5%" in str(refusal.value)
    assert refusal.value.article == "14"


def test_the_count_is_explained_in_the_words_of_the_plan():
    school = quotas.read("≤10所的不少于2所，其余按5%")
    assert school.explain(8) == (
        "“≤10所的不少于2所，其余按5%”：库中 8 所，属于“不超过 10 所”，定数 2 所，应抽 2 所。"
    )
    assert "属于“其余”，41 × 5%，向上取整为 3 所，应抽 3 所" in school.explain(41)
    assert "取下限 60 家" in quotas.read("60–70家").explain(500)
    assert "库中只有 20 家，全部抽取，应抽 20 家" in quotas.read("60–70家").explain(20)
    assert "全部抽取，应抽 1,200 户" in quotas.read("全覆盖").explain(1200)
    assert "没有检查对象" in school.explain(0)
