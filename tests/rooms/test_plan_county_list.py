"""A county's plan after the county's own joint list, whose items its own departments answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from liancha.lists import actions as lists
from liancha.lists.models import ListVersion
from liancha.plan import actions
from liancha.plan.models import PlanLine
from tests.people import NOON
from tests.rooms.plan_world import YEAR, make_county, make_plan_world

LATER = NOON + timedelta(days=1)
REGION = "410324"


@pytest.fixture
def world(db):
    return make_plan_world(people=0)


@pytest.fixture
def county(world):
    return make_county(world)


@pytest.fixture
def own_list(world, county):
    """The city's list as the county took it over, in force."""
    version = lists.start_version(
        kind="joint", title="栾川县清单", basis="本地实际", region=REGION, by=county, at=NOON
    )
    ListVersion.objects.filter(pk=version.pk).update(state="published", published_at=NOON)
    return version


def answered(line):
    return {(item.name, item.department.code) for item in line.items.all()}


def test_a_line_taken_from_the_city_keeps_the_items_of_the_branches(world, county, own_list):
    city = world.published()
    plan = actions.start_plan(year=YEAR, region=REGION, by=county, at=LATER)
    assert plan.list_version == own_list
    actions.derive(plan=plan, source=city, by=county, at=LATER)
    line = PlanLine.objects.get(plan=plan, field__code="JF05")
    of_the_city = answered(PlanLine.objects.get(plan=city, field__code="JF05"))
    assert answered(line) == {
        (name, f"{code}-LC") for name, code in of_the_city if code in ("GA", "SCJG", "XF")
    }
    assert answered(line)


def test_a_table_without_a_word_about_items_takes_those_of_the_branches(
    world, county, own_list, tmp_path
):
    world.published()
    plan = actions.start_plan(year=YEAR, region=REGION, by=county, at=LATER)
    path = tmp_path / "计划.csv"
    row = "宾馆、旅店监督抽查,宾馆抽查,公安局（发起）、市场监管局,20%,10—12月,旅店少,消防另办"
    head = "抽查领域,任务名称,联查部门,抽查基数和比例,时间安排,比例说明,部门不参加的原因"
    path.write_text(f"{head}\n{row}\n", encoding="utf-8")
    batch = actions.open_import(plan=plan, path=path, file_name=path.name, by=county, at=LATER)
    assert [each["fault"] for each in batch.faults] == []
    actions.commit_import(batch=batch, by=county, at=LATER)
    assert {code for _, code in answered(plan.lines.get())} == {"GA-LC", "SCJG-LC"}
