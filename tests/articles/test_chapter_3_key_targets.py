"""第十五条第二款: key targets are a stratum of their own, drawn by a higher rate, never by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from liancha.draw import pools
from liancha.plan import actions, bases, columns
from liancha.plan.actions import Terms
from liancha.plan.models import Plan, PlanLine, PlanRate
from liancha.plan.trial import Settings, Trial
from liancha.registry import actions as registry
from liancha.registry.models import Tag, Target
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON
from tests.rooms.plan_world import FIRST, LAST, RATES, make_plan_world

LATER = NOON + timedelta(days=1)
KEY = PlanRate.KEY
TERMS = Terms(key_ratio="1/5", key_source="投诉举报台账（2026年上半年）")


@pytest.fixture
def world(db):
    return make_plan_world(people=0)


def marked(world, *wanted, since=date(2026, 1, 1), until=date(2026, 12, 31)):
    """Hotels of these classes, one each, marked by the police."""
    found = []
    for credit in wanted:
        hotels = Target.objects.filter(credit_class=credit, tags__code="hotel")
        target = hotels.filter(key_flags=None).first()
        registry.set_key_flag(
            target=target,
            kind="complaints",
            source="12345 台账",
            since=since,
            until=until,
            by=world.cast.shen,
            at=NOON,
        )
        found.append(target)
    return found


def sizes(line):
    return {rate.stratum: rate.base for rate in line.rates.all()}


def keyed(world, terms=TERMS):
    world.draft("JF05")
    return actions.set_terms(line=world.line(), terms=terms, by=world.cast.shen, at=LATER)


class TestArticle15:
    def test_marked_targets_stand_apart_and_get_more(self, world):
        """Source: clause 15.3."""
        marked(world, "A", "A", "B")
        line = keyed(world)
        assert sizes(line) == {KEY: 3, "A": 38, "B": 19, "C": 10, "D": 6, "未分类": 4}
        assert line.base == 80
        assert line.rates.get(stratum=KEY).count == 1
        assert "重点对象 20%、A 2%" in columns.base_text(line)

    def test_who_gets_as_much_already_stays_in_its_class(self, world):
        """C is drawn by 20 % and D by 50 %: 重点对象 by 20 % would be no increase for them."""
        marked(world, "C", "D")
        assert sizes(keyed(world))[KEY] == 0

    def test_only_marks_that_hold_in_the_lines_window_count(self, world):
        """Source: clause 15.3."""
        marked(world, "A", until=FIRST - timedelta(days=1))
        marked(world, "A", since=LAST + timedelta(days=1), until=date(2027, 6, 30))
        kept = marked(world, "A", since=LAST, until=LAST)
        (lifted,) = marked(world, "B")
        registry.lift_key_flag(flag=lifted.key_flags.get(), by=world.cast.shen, at=NOON)
        line = keyed(world)
        assert sizes(line)[KEY] == 1
        found = bases.stratum_of(
            line.stratify,
            Target.objects.all(),
            key=bases.key_cut(line, line.rates.all(), first=FIRST, last=LAST),
        )
        assert list(Target.objects.annotate(stratum=found).filter(stratum=KEY)) == kept

    def test_the_pool_of_a_draw_is_cut_by_the_same_marks(self, world):
        """Source: clause 15.3."""
        marked(world, "A", "B", "D")
        keyed(world)
        actions.save_line(
            plan=world.line().plan,
            data=world.line_data("JF05"),
            line=world.line(),
            by=world.cast.shen,
            at=LATER,
        )
        PlanLine.objects.update(state="published")
        Plan.objects.update(state="published", published_at=LATER)
        task = world.task()
        pool = pools.pool(task)
        assert {each.name: each.size for each in pool.strata} == sizes(world.line())
        key = next(each for each in pool.strata if each.name == KEY)
        assert (key.size, key.count) == (2, 1)
        assert task.is_confidential

    @pytest.mark.parametrize("stratify", ["none", "region", "kind"])
    def test_whatever_else_a_line_is_cut_by(self, world, stratify):
        marked(world, "A", "D")
        plan = world.draft("JF05")
        departments = world.line().departments
        found = bases.count("hotel", departments, stratify=stratify, region="410300")
        rates = [(name, "1/20") for name in found]
        actions.save_line(
            plan=plan,
            data=world.line_data("JF05", stratify=stratify, rates=rates),
            line=world.line(),
            by=world.cast.shen,
            at=NOON,
        )
        line = actions.set_terms(line=world.line(), terms=TERMS, by=world.cast.shen, at=LATER)
        assert (sizes(line)[KEY], sum(sizes(line).values())) == (2, 80)
        assert columns.rate_texts(list(line.rates.all()))[0] == "重点对象 20%"

    def test_another_rate_of_a_class_moves_its_marked_ones(self, world):
        marked(world, "A", "D")
        line = keyed(world)
        assert sizes(line)[KEY] == 1
        rates = [("A", "1/50"), ("B", "1/20"), ("C", "1/10"), ("D", "1/10"), RATES[4]]
        line = actions.set_rates(line=line, rates=rates, by=world.cast.shen, at=LATER)
        assert sizes(line)[KEY] == 2

    def test_a_line_may_go_without_again(self, world):
        marked(world, "A")
        line = actions.set_terms(line=keyed(world), terms=Terms(), by=world.cast.shen, at=LATER)
        assert (KEY in sizes(line), sizes(line)["A"]) == (False, 40)

    def test_a_rate_no_higher_than_the_lowest_is_refused(self, world):
        """Source: clause 15.3."""
        world.draft("JF05")
        with pytest.raises(Blocked, match="起不到加大抽查") as refused:
            actions.set_terms(
                line=world.line(),
                terms=replace(TERMS, key_ratio="1/100"),
                by=world.cast.shen,
                at=LATER,
            )
        assert refused.value.article == "15"

    def test_a_trial_counts_the_same_strata(self, world):
        marked(world, "A", "B", "D")
        line = keyed(world)
        tried = Trial(line.plan, today=FIRST).run(Settings()).found
        shown = {name: found for (_, name), found in tried.by_stratum.items()}
        planned = {each.stratum: (each.base, each.count) for each in line.rates.all()}
        assert shown == planned
        assert shown[KEY] == (2, 1)

    @pytest.mark.parametrize("stratify", ["industry", "kind", "tag"])
    def test_a_trial_counts_whatever_a_line_is_cut_by(self, world, stratify):
        Target.objects.filter(credit_class="A").update(industry="住宿业", kind="01")
        Target.objects.filter(credit_class="B").update(industry="餐饮业", kind="03")
        tags = ["宾馆旅店"] if stratify == "tag" else []
        Tag.objects.filter(code="hotel").update(name="宾馆旅店")
        plan = world.draft("JF05")
        departments = world.line().departments
        found = bases.count("hotel", departments, stratify=stratify, region="410300", tags=tags)
        rates = [(name, f"1/{5 * n}") for n, name in enumerate(found, 1)]
        line = actions.save_line(
            plan=plan,
            data=world.line_data("JF05", stratify=stratify, rates=rates, strata_tags=tags),
            line=world.line(),
            by=world.cast.shen,
            at=NOON,
        )
        tried = Trial(line.plan, today=FIRST).run(Settings()).found
        shown = {name: counts for (_, name), counts in tried.by_stratum.items()}
        planned = {each.stratum: (each.base, each.count) for each in line.rates.all() if each.base}
        assert shown == planned
        assert len(shown) > 1 or stratify == "tag"

    def test_classes_of_two_months_ago_are_remarked_on_at_the_pool(self, world):
        """Source: clause 15.1."""
        world.published()
        task, day = world.task(), NOON.date()
        Target.objects.update(updated_at=NOON, credit_on=day - timedelta(days=60))
        assert ["60 天前" in each for each in pools.pool(task).remarks(day)] == [True]
        Target.objects.update(credit_on=day - timedelta(days=30))
        assert pools.pool(task).remarks(day) == ()
