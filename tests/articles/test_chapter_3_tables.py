"""第三章: what a table may do to a plan, and what it may not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from liancha.plan import actions
from liancha.plan.models import PlanLine
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON
from tests.rooms.plan_world import make_plan_world

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
HEAD = "抽查领域,任务名称,抽查基数和比例,时间安排"


@pytest.fixture
def world():
    return make_plan_world(people=0)


@pytest.fixture
def look(world, tmp_path):
    def open_it(plan, *rows, by=None):
        path = tmp_path / "计划.csv"
        path.write_text("\n".join((HEAD, *rows)), encoding="utf-8")
        return actions.open_import(
            plan=plan, path=path, file_name="计划.csv", by=by or world.cast.zhou, at=NOON
        )

    return open_it


class TestArticle12:
    def test_a_department_brings_in_the_lines_it_initiates(self, world, look):
        """Source: clause 12.2."""
        plan = world.draft("JF05")
        batch = look(plan, "JF05,,6%,全年", "JF40,,5%,全年", by=world.cast.shen)
        assert (batch.changed, batch.added, batch.faulty) == (1, 0, 1)
        assert "由洛阳市卫生健康委员会发起" in batch.faults[0]["fault"]

    def test_who_signed_looks_again_at_lines_a_table_changed(self, world, look):
        """Source: clause 12.2."""
        plan = world.draft("JF05", "JF40")
        actions.send_for_cosign(plan=plan, by=world.cast.zhou, at=NOON)
        actions.cosign(plan=plan, by=world.cast.cheng, at=NOON)
        with pytest.raises(Blocked, match="正在会签"):
            look(plan, "JF40,,5%,全年")
        actions.withdraw_plan(plan=plan, by=world.cast.zhou, at=NOON)
        batch = look(plan, "JF40,,5%,全年")
        actions.commit_import(batch=batch, by=world.cast.zhou, at=NOON + HOUR)
        asked = actions.send_for_cosign(plan=plan, by=world.cast.zhou, at=NOON + HOUR)
        assert {each.department.code for each in asked if each.signed_at} == {"GA"}


class TestArticle14:
    def test_the_eight_columns_come_in_and_are_held_to_the_same_rules(self, world, look):
        """Source: clause 14.1."""
        plan = actions.start_plan(year=2026, by=world.cast.zhou, at=NOON)
        batch = look(
            plan, "JF05,,A 2%、B 5%、C 20%、D 50%、未分类 5%,10月8日至12月31日", "JF40,,,全年"
        )
        assert (batch.added, batch.faulty) == (1, 1)
        actions.commit_import(batch=batch, by=world.cast.zhou, at=NOON)
        actions.save_line(plan=plan, data=world.line_data("JF26"), by=world.cast.zhou, at=NOON)
        typed = world.line_data("JF05", name="另填的一行")
        typed_line = actions.save_line(plan=plan, data=typed, by=world.cast.zhou, at=NOON)
        line = PlanLine.objects.with_columns().get(name="宾馆、旅店监督抽查")
        assert (line.base, line.count) == (typed_line.base, typed_line.count) == (80, 8)
        assert line.duties == typed_line.duties


class TestArticle15:
    def test_rates_that_do_not_rise_with_risk_want_their_reason(self, world, look):
        """Source: clause 15.2."""
        plan = world.draft("JF26")
        batch = look(plan, "JF05,,A 5%、B 3%、C 10%、D 30%、未分类 5%,全年")
        assert (batch.faulty, batch.faults[0]["column"]) == (1, "比例说明")


class TestArticle16:
    def test_a_published_plan_takes_no_table_and_gives_none_back(self, world, look):
        """Source: clause 16.3."""
        plan = world.draft()
        batch = look(plan, "JF05,,6%,全年")
        actions.commit_import(batch=batch, by=world.cast.zhou, at=NOON)
        plan.state = "published"
        plan.save()
        with pytest.raises(Blocked, match="计划调整"):
            look(plan, "JF05,,7%,全年")
        with pytest.raises(Blocked, match="计划调整"):
            actions.undo_import(batch=batch, by=world.cast.zhou, at=NOON + HOUR)
