"""The simulator on a small city: it counts as the plan does, keeps scenarios, and draws nobody."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import ClassVar

import pytest
import time_machine
from django.urls import reverse
from python_calamine import CalamineWorkbook

from liancha.ledger.models import Entry
from liancha.lists.models import JointField, ListVersion
from liancha.plan import actions, bases, headcount, trial_shown
from liancha.plan.models import PlanLine, Scenario
from liancha.plan.trial import Settings, Trial, next_step
from liancha.plan.trial_form import LADDER_TEXTS, address, read
from liancha.registry import actions as registry
from liancha.registry.models import Tag, Target
from tests.people import NOON
from tests.rooms.plan_world import YEAR, make_plan_world

pytestmark = pytest.mark.django_db
TODAY = NOON.date()


@pytest.fixture
def world():
    return make_plan_world()


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


def tried(world, *codes, **settings):
    plan = world.draft(*codes)
    trial = Trial(plan, today=TODAY)
    return plan, trial, trial.run(Settings(**settings))


class TestCounting:
    def test_the_headcount_is_the_registry(self, world):
        counted = headcount.headcount(TODAY)
        assert sum(kin.size for kin in counted.kin) == Target.objects.count() == counted.total

    def test_bases_and_counts_are_those_of_the_plan(self, world):
        _, trial, outcome = tried(world)
        for line in trial.lines:
            for rate in line.rates.all():
                found = outcome.found.by_stratum.get((str(line.pk), rate.stratum), (0, 0))
                assert found == (rate.base, rate.count), (line, rate)
        assert outcome.found.unmerged == sum(line.count for line in trial.lines)

    def test_a_change_of_the_registry_is_counted_anew_and_nothing_else_is(
        self, world, django_assert_num_queries
    ):
        headcount.headcount(TODAY)
        with django_assert_num_queries(2):
            headcount.headcount(TODAY)
        hotel = Target.objects.tagged("hotel").filter(credit_class="A").first()
        registry.set_credit(rows={hotel.code: "D"}, source="测试", on=TODAY, by="system", at=NOON)
        _, _, outcome = tried(world, "JF05")
        line = str(PlanLine.objects.get().pk)
        assert outcome.found.by_stratum[line, "D"][0] == 7

    def test_a_released_target_is_left_out(self, world):
        hotel = Target.objects.tagged("hotel").first()
        registry.release(
            target=hotel,
            department=world.department("XF"),
            reason="没有消防设施",
            by=world.cast.pei,
            at=NOON,
        )
        plan = world.draft("JF05")
        found = Trial(plan, today=TODAY).run(Settings()).found
        total = sum(base for base, _ in found.by_stratum.values())
        departments = PlanLine.objects.with_columns().get().departments
        assert total == bases.candidates("hotel", departments, region="410300").count() == 79

    def test_a_line_with_a_range_sees_only_that(self, world):
        plan = world.draft("JF05")
        actions.set_terms(
            line=world.line(),
            terms=actions.Terms(target_filter={"classes": ["D"]}),
            by=world.cast.shen,
            at=NOON,
        )
        found = Trial(plan, today=TODAY).run(Settings()).found
        assert list(found.by_stratum.values()) == [(6, 3)]

    def test_an_a_class_target_inspected_lately_cools_down(self, world):
        hotels = Target.objects.tagged("hotel").filter(credit_class="A")
        registry.mark_inspected(
            target_ids=[each.pk for each in hotels[:10]],
            on=TODAY - timedelta(days=90),
            by="system",
            at=NOON,
        )
        plan = world.draft("JF05")
        trial, line = Trial(plan, today=TODAY), str(PlanLine.objects.get().pk)
        assert trial.run(Settings()).found.by_stratum[line, "A"][0] == 40
        assert trial.run(Settings(is_cooling=True)).found.by_stratum[line, "A"][0] == 30

    def test_more_tags_than_one_number_has_bits(self, world):
        first = Tag.objects.order_by("pk").last().pk
        Tag.objects.bulk_create(
            Tag(code=f"more{n}", name=f"更多{n}") for n in range(headcount.BITS + 5)
        )
        last = Tag.objects.order_by("pk").last()
        hotel = Target.objects.tagged("hotel").first()
        registry.tag_targets(
            targets=Target.objects.filter(pk=hotel.pk), tag=last, by=world.cast.zhou, at=NOON
        )
        assert last.pk > first
        both = [kin for kin in headcount.headcount(TODAY).kin if last.pk in kin.tags]
        assert [(kin.size, len(kin.tags)) for kin in both] == [(1, 2)]


class TestPeople:
    def test_capacity_is_working_days_of_people_with_certificates(self, world):
        _, trial, outcome = tried(world, "JF05", share=100)
        own = outcome.capacity[str(world.department("GA").pk)]
        worked = sum(day.month == 11 for day in _days(YEAR) if day not in trial.days_off)
        assert own[10] == 4 * worked
        assert outcome.people == 16

    def test_who_has_too_few_people_is_named_with_the_month(self, world):
        _, _, outcome = tried(world, "JF05", share=1)
        assert outcome.heavy
        assert "10、11、12 月" in trial_shown.heavy_words(outcome)
        assert trial_shown.heat(outcome)[0]["cells"][9]["level"] == 4


class TestWhatIf:
    def test_other_rates_are_counted_at_once(self, world):
        plan, trial, outcome = tried(world, "JF05", is_merged=False)
        more = trial.run(Settings(is_merged=False, rates={"A": "1/2"}))
        assert outcome.found.unmerged == 8
        assert more.found.unmerged == 8 - 1 + 20
        assert plan.lines.get().count == 8

    def test_the_cost_of_a_step_is_what_trying_it_says(self, world):
        _, trial, outcome = tried(world, "JF05", is_merged=False)
        row = next(each for each in trial_shown.costs(outcome) if each["stratum"] == "D")
        assert row["up"]["word"] == "50% → 60%"
        there = trial.run(Settings(is_merged=False, rates={"D": "3/5"}))
        assert row["up"]["targets"] == there.found.unmerged - outcome.found.unmerged == 1
        more = there.found.person_days - outcome.found.person_days
        assert row["up"]["days"] == round(more) == 4

    def test_the_ladder_goes_up_and_down(self):
        assert next_step(Fraction(1, 100)) == Fraction(2, 100)
        assert next_step(Fraction(7, 1000)) == Fraction(1, 100)
        assert next_step(Fraction(1, 100), -1) == Fraction(1, 200)
        assert (next_step(Fraction(1)), next_step(Fraction(0), -1)) == (1, 0)
        assert LADDER_TEXTS[:4] == ("0", "0.5", "1", "2")

    def test_settings_survive_address_and_json(self, rf):
        away = {"off_site": 30, "off_site_all": True, "off_site_time": 25}
        settings = Settings(rates={"A": "1/50", "未分类": "1/3"}, moves={7: -2}, cap=3, **away)
        request = rf.get("/?" + address(settings))
        assert read(request.GET)[1] == settings
        assert Settings.from_json(settings.as_json()) == settings

    @pytest.mark.parametrize(
        "query", ["rate_A=很多", "rate_A=9户", "cap=x&share=0", "move_9x=3&move_1=99", "share=٣"]
    )
    def test_nonsense_in_the_address_is_no_error(self, rf, query):
        _, settings = read(rf.get("/?" + query).GET)
        assert (settings.rates, settings.moves) == ({}, {})
        assert settings.cap == 2


class TestOffSite:
    """Checks without a visit (art. 20): only where the list's methods allow it, A first."""

    TRIED: ClassVar = {"is_merged": False, "rates": {"A": "1/2", "D": "1/2"}}

    @pytest.fixture
    def trial(self, world):
        ListVersion.objects.update(state="draft")
        JointField.objects.filter(code="JF05").update(methods="1 2")
        ListVersion.objects.update(state="published")
        world.fields["JF05"].refresh_from_db()
        return Trial(world.draft("JF05"), today=TODAY)

    def test_half_of_class_a_stays_unvisited_and_costs_half_the_time(self, trial):
        """Source: clauses 20.1 and 20.2."""
        there = trial.run(Settings(**self.TRIED)).found
        spared = trial.run(Settings(**self.TRIED, off_site=50))
        found = spared.found
        assert (there.off_site, found.off_site) == (0, pytest.approx(10))
        assert there.visits - found.visits == pytest.approx(10)
        # Ten checks, four departments, two people, a quarter of a day less each.
        assert there.person_days - found.person_days == pytest.approx(10 * 4 * 2 * 0.25)
        assert found.firms == pytest.approx(there.firms)
        figures = trial_shown.figures(spared)
        assert (figures["off_site"], figures["merged"]) == (10, 0)
        step = next(each for each in trial_shown.costs(spared) if each["stratum"] == "A")
        more = trial.run(Settings(**{**self.TRIED, "rates": {"A": "3/5"}}, off_site=50)).found
        assert step["up"]["days"] == round(more.person_days - found.person_days)

    def test_of_all_classes_if_somebody_wants_to_see_that(self, trial):
        """Source: clause 20.2."""
        found = trial.run(Settings(**self.TRIED, off_site=100, off_site_all=True)).found
        assert (found.visits, found.off_site) == (pytest.approx(0), pytest.approx(27))

    def test_a_field_with_visits_only_is_visited(self, world):
        """Source: clause 20.1."""
        _, _, outcome = tried(world, "JF05", off_site=100, off_site_all=True)
        assert (outcome.found.off_site, outcome.found.visits) == (0, pytest.approx(8))
        assert "的有 0 / 1 行" in trial_shown.off_site_words(replace(outcome, settings=Settings()))

    def test_the_page_says_what_is_supposed_and_where_from(self, client, world, trial):
        client.force_login(world.cast.zhou)
        place = reverse("plan:trial", args=[trial.plan.pk])
        page = client.get(place).content.decode()
        for said in ("全部实地核查（第二十条）", "国办发〔2024〕54号", "本地假定", "两名执法人员"):
            assert said in page
        tried = client.get(
            place + "?rate_A=50&share=25&cap=2&halves=1&off_site=50"
        ).content.decode()
        assert "抽中的 A 类有 50% 书面检查或网络监测，不入企" in tried
        assert "A 50%，非现场 50%" in tried
        assert "比按计划" in tried


class TestPages:
    def at(self, name, *args):
        return reverse(f"plan:{name}", args=args)

    def test_the_page_shows_charts_with_tables_and_changes_nothing(self, client, world):
        plan = world.published()
        entries = Entry.objects.count()
        client.force_login(world.cast.gu)
        page = client.get(self.at("trial", plan.pk) + "?rate_A=2&rate_D=1").content.decode()
        assert page.count("data-chart=") == 2
        assert page.count("看数字") == 2
        assert "A 类比例高于 D 类" in page
        assert "用这组比例改计划草稿" not in page
        part = client.get(self.at("trial", plan.pk), headers={"X-Part": "outcome"})
        assert "<html" not in part.content.decode()
        assert Entry.objects.count() == entries

    def test_a_million_visits_ask_no_more_questions_than_one(
        self, client, world, django_assert_max_num_queries
    ):
        plan = world.published()
        client.force_login(world.cast.zhou)
        client.get(self.at("trial", plan.pk))
        with django_assert_max_num_queries(36):
            client.get(self.at("trial", plan.pk) + "?rate_A=2&share=30&cap=2&halves=1")

    def test_a_scenario_is_kept_beside_the_plan_and_compared(self, client, world):
        plan = world.published()
        client.force_login(world.cast.zhou)
        kept = {"name": "A 类 50%", "query": "rate_A=50&share=25&cap=2&halves=1"}
        client.post(self.at("save_scenario", plan.pk), kept)
        scenario = Scenario.objects.get()
        assert scenario.settings["rates"] == {"A": "1/2"}
        assert scenario.figures["unmerged"] > world_count(plan)
        page = client.get(self.at("trial", plan.pk)).content.decode()
        assert "A 类 50%" in page
        refused = client.post(self.at("save_scenario", plan.pk), {"name": " ", "query": ""})
        assert refused.status_code == 409
        client.post(self.at("drop_scenario", scenario.pk))
        assert not Scenario.objects.exists()
        what = set(Entry.objects.filter(what__contains="scenario").values_list("what", flat=True))
        assert what == {"plan.save_scenario", "plan.drop_scenario"}

    def test_rates_go_into_the_draft_of_the_coordinating_office_only(self, client, world):
        plan = world.draft("JF05")
        client.force_login(world.cast.zhou)
        page = client.get(self.at("trial", plan.pk) + "?rate_A=4").content.decode()
        assert "用这组比例改计划草稿" in page
        client.post(self.at("apply_rates", plan.pk), {"query": "rate_A=4"})
        assert world.line().rates.get(stratum="A").ratio == "1/25"
        client.force_login(world.cast.shen)
        refused = client.post(self.at("apply_rates", plan.pk), {"query": "rate_A=5"})
        assert refused.status_code == 409

    def test_the_workbook_has_a_table_for_every_chart(self, client, world):
        plan = world.published()
        client.force_login(world.cast.zhou)
        content = client.get(self.at("trial_workbook", plan.pk) + "?rate_A=2").content
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        assert book.sheet_names == ["方案对比", "每月人日", "一户被查几次", "各行"]
        assert len(book.get_sheet_by_name("各行").to_python()) == 1 + 3

    @pytest.mark.parametrize("who", ["qin", "sys"])
    def test_who_plans_nothing_sees_nothing(self, client, world, who):
        plan = world.published()
        client.force_login(world.cast.user[who])
        assert client.get(self.at("trial", plan.pk)).status_code in (403, 404)


def world_count(plan) -> int:
    return sum(line.count for line in plan.lines.all())


def _days(year):
    first = date(year, 1, 1)
    return [first + timedelta(days=n) for n in range(365)]
