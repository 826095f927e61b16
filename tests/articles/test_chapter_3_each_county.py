"""第十四条: so many of every county are not so many of the whole city."""

from __future__ import annotations

import pytest

from liancha.plan import actions, bases
from liancha.plan.actions import OwnLineData, Rate
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON
from tests.rooms.plan_world import YEAR, make_plan_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_plan_world(people=0)


class TestArticle14:
    @pytest.mark.parametrize(
        ("stratify", "words"),
        [
            ("none", "各县区2家"),
            ("none", "5%，每县区不少于 2 家"),
            ("none", "各2家"),
            ("credit", "各县（区）2家"),
        ],
    )
    def test_words_for_every_county_need_a_line_cut_by_counties(self, world, stratify, words):
        """Source: clause 14.1; two of each of fifteen counties would be two in all."""
        plan = actions.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)
        names = ("A", "B", "C", "D", "未分类") if stratify == "credit" else ("全部",)
        rates = [Rate(name, wording=words) for name in names]
        data = world.line_data(stratify=stratify, rates=rates)
        with pytest.raises(Blocked, match="每一份各抽多少") as refused:
            actions.save_line(plan=plan, data=data, by=world.cast.shen, at=NOON)
        assert refused.value.article == "14"

    def test_a_line_cut_by_counties_draws_so_many_in_each(self, world):
        """Source: clause 14.1."""
        plan = actions.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)
        rates = [Rate(name, wording="各县区2家") for name in (*bases.REGION_STRATA, "其余")]
        data = world.line_data(stratify="region", rates=rates)
        line = actions.save_line(plan=plan, data=data, by=world.cast.shen, at=NOON)
        assert {rate.count for rate in line.rates.all() if rate.base > 1} == {2}

    def test_nor_does_a_departments_own_plan_say_so_of_its_one_number(self, world):
        """Source: clause 14.1."""
        part = actions.start_part(year=YEAR, by=world.cast.gu, at=NOON)
        data = OwnLineData(
            name="抽查",
            items=(),
            targets="各类医疗机构",
            base=200,
            wording="各县区2家",
            starts_on=world.line_data().starts_on,
            ends_on=world.line_data().ends_on,
        )
        with pytest.raises(Blocked, match="每一份各抽多少"):
            actions.save_own_line(part=part, data=data, by=world.cast.gu, at=NOON)
