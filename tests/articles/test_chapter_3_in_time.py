"""第三章 — Chapter 3: one plan a year, who is reminded, whom it leaves in peace (arts. 12–15)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone

from liancha.accounts.models import User
from liancha.draw import pools
from liancha.oversight.queries import overdue
from liancha.plan import actions
from liancha.plan.actions import Terms
from liancha.plan.models import Plan, PlanLine
from liancha.registry import actions as registry
from liancha.registry.models import Target
from liancha.rulebook.eligibility import TargetFault
from liancha.rulebook.verdicts import Blocked
from liancha.site import todos
from liancha.task import actions as tasks
from liancha.task import sheets
from tests.people import NOON
from tests.rooms.plan_world import FIRST, YEAR, make_plan_world

LATER = NOON + timedelta(days=1)


@pytest.fixture
def world(db):
    return make_plan_world(people=0)


class TestArticle12:
    def test_one_plan_is_made_at_a_time_and_one_is_in_force(self, world):
        """Source: clause 12.1."""
        first = actions.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)
        with pytest.raises(Blocked, match="正在编制") as refused:
            actions.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)
        assert refused.value.article == "12"
        assert list(Plan.objects.all()) == [first]

    @pytest.mark.parametrize(
        ("day", "said"),
        [
            (date(YEAR, 2, 28), None),
            (date(YEAR, 3, 1), "03-01 第 1 次提醒"),
            (date(YEAR, 4, 24), "04-15 第 3 次提醒"),
            (date(YEAR, 4, 30), "04-25 第 4 次提醒"),
            (date(YEAR, 5, 1), None),
        ],
    )
    def test_an_initiator_is_reminded_of_its_own_fields_until_they_are_planned(
        self, world, day, said
    ):
        """Source: clause 12.2."""

        def reminded(who):
            user = User.objects.get(pk=world.cast.user[who].pk)
            found = [each for each in todos.waiting_for(user, day) if each.verb == "编计划行"]
            return [(each.note, each.due_on) for each in found]

        note = f"宾馆、旅店监督抽查，{said}"
        assert reminded("shen") == ([(note, date(YEAR, 4, 30))] if said else [])
        assert reminded("huo") == []
        late = [each.title for each in overdue(today=day, user=world.cast.shen)]
        assert late == (["JF05 宾馆、旅店监督抽查"] if day > date(YEAR, 4, 30) else [])
        world.draft("JF05")
        assert reminded("shen") == []


class TestArticle13:
    def test_who_joins_from_outside_the_list_is_marked_for_everybody_to_see(self, world, client):
        """Source: clause 13.2."""
        task = tasks.create_task(
            source="risk",
            source_document="市安委办〔2026〕7号",
            source_reason="连续两起火灾",
            field=world.fields["JF05"],
            departments=[world.department("XF"), world.department("SWJ")],
            starts_on=date(2026, 12, 1),
            ends_on=date(2026, 12, 20),
            by=world.cast.shen,
            at=NOON,
        )
        client.force_login(world.cast.shen)
        assert client.get(f"/tasks/{task.pk}/").content.decode().count("清单外") == 1


class TestArticle15:
    def test_the_law_abiding_rest_for_the_months_the_line_says_and_the_scheme_says_so(self, world):
        """Source: clause 15.4."""
        world.draft("JF05")
        actions.set_terms(
            line=world.line(), terms=Terms(cooldown_months=12), by=world.cast.shen, at=LATER
        )
        PlanLine.objects.update(state="published")
        Plan.objects.update(state="published", published_at=LATER)
        task = world.task()
        for credit in "AB":
            hotels = Target.objects.tagged("hotel").filter(credit_class=credit)
            registry.mark_inspected(
                target_ids=[hotels.first().pk],
                on=FIRST - timedelta(days=90),
                by="system",
                at=NOON,
            )
        found = pools.pool(task)
        assert [(each.code, each.count) for each in found.excluded] == [(TargetFault.COOLING, 1)]
        assert {each.name: each.size for each in found.strata}["A"] == 39
        assert sheets.resting_text(task) == "信用风险 A 类、12 个月内检查过的，不再抽取"
        PlanLine.objects.update(cooldown_months=0)
        task.refresh_from_db()
        assert (pools.pool(task).excluded, sheets.resting_text(task)) == ((), "")


class TestArticle16:
    def test_last_years_figures_are_minded_from_31_january_until_they_are_handed_in(self, world):
        """Source: art. 16 with 国办发〔2024〕54号 (E18)."""
        year = YEAR + 1

        def minded(day: date) -> list[str]:
            found = overdue(today=day, user=User.objects.get(pk=world.cast.zhou.pk))
            return [each.title for each in found if each.kind == "report"]

        assert minded(date(year, 2, 1)) == []  # there was no plan, and so no figures
        world.published()
        assert minded(date(year, 1, 31)) == []
        assert minded(date(year, 2, 1)) == [f"洛阳市 {YEAR} 年度执法数据"]
        filed = {"to": "市司法局", "on": date(year, 1, 20), "by": world.cast.zhou}
        with time_machine.travel(date(year, 1, 20)):
            following = actions.start_plan(year=year, by=world.cast.zhou, at=timezone.now())
            for kind, left in (("justice", 1), ("report", 0)):
                actions.file_plan(plan=following, kind=kind, at=timezone.now(), **filed)
                assert len(minded(date(year, 2, 1))) == left
