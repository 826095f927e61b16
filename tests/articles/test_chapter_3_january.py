"""第十六条: last year's figures are handed in by 31 January, plan or no plan."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from liancha.ledger.models import Entry
from liancha.oversight import queries as oversight
from liancha.plan import actions, queries
from liancha.plan.models import Filing, Plan
from liancha.rulebook.verdicts import Blocked
from tests.rooms.plan_world import YEAR, make_plan_world

pytestmark = pytest.mark.django_db
NEXT = YEAR + 1
JANUARY = datetime(NEXT, 1, 28, 12, tzinfo=timezone.get_current_timezone())


@pytest.fixture
def world():
    world = make_plan_world(people=0)
    world.published()
    return world


def file(world, **changes):
    said = {"year": NEXT, "to": "市司法局", "on": date(NEXT, 1, 27), "by": world.cast.zhou}
    return actions.file_report(**said | changes, at=JANUARY)


class TestArticle16:
    def test_figures_are_handed_in_before_the_new_plan_is_begun(self, world):
        """Source: art. 16 with 国办发〔2024〕54号 (E18)."""
        late = date(NEXT, 2, 1)

        def over():
            found = oversight.overdue(today=late, user=world.cast.zhou)
            return [each.title for each in found if each.kind == "report"]

        assert over() == [f"洛阳市 {YEAR} 年度执法数据"]
        filing = file(world, number="收 9 号")
        assert not Plan.objects.filter(year=NEXT).exists()
        assert (filing.plan, filing.year, filing.region_id) == (None, NEXT, "410300")
        assert over() == []
        assert Entry.objects.filter(what="plan.file_report").count() == 1
        plan = actions.start_plan(year=NEXT, by=world.cast.zhou, at=JANUARY)
        row = queries.filing_rows(plan, today=late)[-1]
        assert (row["word"], row["filing"], row["is_late"]) == (
            "报送上年度执法数据",
            filing,
            False,
        )

    def test_the_newest_note_stands_wherever_it_is_written(self, world):
        file(world)
        plan = actions.start_plan(year=NEXT, by=world.cast.zhou, at=JANUARY)
        actions.file_plan(
            plan=plan,
            kind="report",
            to="省司法厅",
            on=date(NEXT, 1, 28),
            by=world.cast.zhou,
            at=JANUARY,
        )
        assert Filing.objects.get().to == "省司法厅"

    def test_only_the_office_and_only_of_a_year_that_is_over(self, world):
        with pytest.raises(Blocked, match="联席会议办公室"):
            file(world, by=world.cast.shen)
        with pytest.raises(Blocked, match="还没有到"):
            file(world, on=JANUARY.date() + timedelta(days=1))
        with pytest.raises(Blocked, match=f"{YEAR} 年在报送日期 {YEAR}-12-30 还没有结束"):
            file(world, on=date(YEAR, 12, 30))
        assert not Filing.objects.exists()

    def test_the_page_of_plans_takes_it(self, world, client):
        client.force_login(world.cast.zhou)
        today = timezone.localdate()
        address = reverse("plan:plans")
        assert "登记报送" in client.get(address).content.decode()
        assert (
            "没有登记"
            in client.post(reverse("plan:file_report"), {"to": ""}, follow=True).content.decode()
        )
        said = {"to": "市司法局", "number": "收 9 号", "on": today.isoformat()}
        done = client.post(reverse("plan:file_report"), said, follow=True).content.decode()
        assert "已登记报送" in done
        assert "收 9 号" in done
        client.force_login(world.cast.shen)
        assert "登记报送" not in client.get(address).content.decode()
