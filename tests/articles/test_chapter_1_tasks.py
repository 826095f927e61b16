"""第一章 on plan lines and tasks: who takes part, in how many, in which one field; the platform."""

from __future__ import annotations

from datetime import date

import pytest

from liancha.plan import actions as plans
from liancha.plan.models import PlanLine
from liancha.rulebook.verdicts import Blocked
from liancha.task import actions
from liancha.task.models import Task
from tests.people import NOON
from tests.rooms.plan_world import YEAR, make_plan_world

pytestmark = pytest.mark.django_db
DAYS = {"starts_on": date(2026, 12, 1), "ends_on": date(2026, 12, 20)}
WHY = {
    "source": Task.Source.SUPERIOR,
    "source_document": "豫市监办〔2026〕18号",
    "source_reason": "上级部署",
}


@pytest.fixture
def world():
    return make_plan_world()


class TestArticle2:
    def test_a_body_without_standing_is_refused_in_a_plan_line(self, world):
        grid = world.department("XF")
        grid.is_qualified = False
        grid.save()
        plan = plans.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)
        with pytest.raises(Blocked, match="无行政检查主体资格") as refused:
            plans.save_line(plan=plan, data=world.line_data(), by=world.cast.shen, at=NOON)
        assert (refused.value.article, refused.value.paragraph) == ("2", 2)
        assert not PlanLine.objects.exists()

    def test_and_in_a_task(self, world):
        grid = world.department("XF")
        grid.is_qualified = False
        grid.save()
        with pytest.raises(Blocked, match="无行政检查主体资格"):
            actions.create_task(
                field=world.fields["JF05"], **WHY, **DAYS, by=world.cast.shen, at=NOON
            )
        assert not Task.objects.exists()


class TestArticle3:
    def test_one_department_is_no_joint_task(self, world):
        with pytest.raises(Blocked, match="至少要有两个部门") as refused:
            actions.create_task(
                field=world.fields["JF05"],
                departments=[world.department("GA")],
                **WHY,
                **DAYS,
                by=world.cast.shen,
                at=NOON,
            )
        assert refused.value.article == "3"
        assert not Task.objects.exists()

    def test_nor_is_a_plan_line_with_one(self, world):
        plan = plans.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)
        alone = world.line_data(cooperators=[], participants_reason="都不参加")
        with pytest.raises(Blocked) as refused:
            plans.save_line(plan=plan, data=alone, by=world.cast.shen, at=NOON)
        assert refused.value.article == "3"


class TestArticle4:
    def test_two_fields_are_two_tasks(self, world):
        with pytest.raises(Blocked, match="只能属于一个抽查领域") as refused:
            actions.create_task(
                field=[world.fields["JF05"], world.fields["JF40"]],
                **WHY,
                **DAYS,
                by=world.cast.shen,
                at=NOON,
            )
        assert refused.value.article == "4"

    def test_an_item_of_another_field_does_not_slip_in(self, world):
        plan = plans.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)
        mixed = [*world.fields["JF05"].items.all(), world.fields["JF40"].items.first()]
        with pytest.raises(Blocked) as refused:
            plans.save_line(
                plan=plan, data=world.line_data(items=mixed), by=world.cast.shen, at=NOON
            )
        assert refused.value.article == "4"


class TestArticle5:
    def test_a_task_has_its_platform_number_or_the_reason_why_not(self, world):
        """Source: clause 5.1."""
        task = world.task()
        with pytest.raises(Blocked, match="监管平台的任务编号") as refused:
            actions.record_platform_number(task=task, by=world.cast.shen, at=NOON)
        assert refused.value.article == "5"
        task = actions.record_platform_number(
            task=task, reason="平台维护", by=world.cast.shen, at=NOON
        )
        assert (task.platform_number, task.platform_reason) == ("", "平台维护")
        task = actions.record_platform_number(
            task=task, number="4103002026050017", by=world.cast.shen, at=NOON
        )
        assert (task.platform_number, task.platform_reason) == ("4103002026050017", "")
