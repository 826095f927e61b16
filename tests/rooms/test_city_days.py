"""A day is a day of the city: half past midnight is not the evening before, as UTC has it."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta

import pytest
from python_calamine import CalamineWorkbook

from liancha.draw import pools
from liancha.plan import actions, sheets
from liancha.plan.models import Adjustment
from liancha.registry.models import Target
from tests.people import LUOYANG
from tests.rooms import draw_world
from tests.rooms.plan_world import make_plan_world

pytestmark = pytest.mark.django_db
TODAY = date(2026, 12, 1)
NIGHT = datetime(2026, 12, 1, 0, 30, tzinfo=LUOYANG).astimezone(UTC)  # 16:30 of the day before


@pytest.fixture
def plan_world():
    return make_plan_world()


def test_what_was_handed_in_today_can_be_noted_today(plan_world):
    plan = plan_world.published()
    filed = {"plan": plan, "kind": "justice", "to": "市司法局", "by": plan_world.cast.zhou}
    assert actions.file_plan(**filed, on=TODAY, at=NIGHT).filed_on == TODAY


def test_the_table_dates_an_adjustment_by_its_notice(plan_world):
    plan = plan_world.published()
    asked = actions.adjust(
        line=plan_world.line(),
        kind="delay",
        after={"ends_on": date(2026, 12, 20)},
        reason="会展期间延迟",
        by=plan_world.cast.shen,
        at=NIGHT,
    )
    actions.approve_adjustment(adjustment=asked, by=plan_world.cast.cheng, at=NIGHT)
    told = Adjustment.objects.filter(pk=asked.pk)
    book = CalamineWorkbook.from_filelike(io.BytesIO(sheets.workbook(plan, (), told)))
    assert book.get_sheet_by_name("计划调整").to_python()[-1][-1] == TODAY


def test_the_days_of_an_old_registry_are_counted_from_its_own(db):
    task = draw_world.make_world(classes="AB").task
    Target.objects.update(updated_at=NIGHT)
    (remark,) = pools.pool(task).remarks(TODAY + timedelta(days=40))
    assert "40 天没有更新" in remark
