"""第十二条第二款、第十六条: county plans in time, and the year's figures from what is published."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from docx import Document

from liancha.accounts.models import Department, User
from liancha.disclosure.models import FollowUp
from liancha.oversight import documents, queries
from liancha.oversight.report import report
from liancha.plan.models import Plan
from tests.people import NOON
from tests.rooms.disclosure_world import finish, make_head, publish, result_of
from tests.rooms.plan_world import YEAR, make_plan_world
from tests.rooms.visit_world import make_visit_world


class TestArticle12:
    def test_a_county_without_a_plan_after_thirty_days_is_named(self, db):
        """Source: clause 12.3."""
        world = make_plan_world(people=0)
        city = world.published()
        office = Department.objects.create(
            code="SCJG-LC",
            name="栾川县市场监管局",
            short="栾川市监",
            level="county",
            region_id="410324",
            system=world.department("SCJG"),
            is_coordinator=True,
        )
        on = NOON.date() + timedelta(days=30)

        def late(day):
            found = queries.overdue(today=day, user=world.cast.zhou)
            return [each.department for each in found if each.kind == "county"]

        assert late(on) == []
        assert late(on + timedelta(days=1)) == [office]
        own = User.objects.create(username="luan", department=office, password_changed_at=NOON)
        mine = queries.overdue(today=on + timedelta(days=1), user=own)
        assert [each.title for each in mine if each.kind == "county"] == ["栾川县 2026 年度计划"]
        Plan.objects.create(
            year=YEAR,
            region_id="410324",
            title="栾川县计划",
            list_version=city.list_version,
            state="published",
            published_at=NOON,
            created_by=world.cast.zhou,
            created_at=NOON,
        )
        assert late(on + timedelta(days=1)) == []


class TestArticle16:
    @pytest.fixture
    def world(self, db):
        return make_visit_world(1)

    def test_the_years_figures_come_from_what_is_published(self, world):
        [visit] = finish(world, count=1)
        result = result_of(visit, "WJ")
        before = report(YEAR)
        assert (before.published, before.checked) == (0, 4)
        publish(result, world.cast.lu, make_head(world, "WJ", "head_wj"))
        found = report(YEAR)
        row = next(each for each in found.rows if each.department.code == "WJ")
        assert (row.published, row.problems, row.checked) == (1, 0, 1)
        assert (found.published, found.firms, found.lines) == (1, 1, 1)
        assert found.begun == 1
        assert report(YEAR - 1).published == 0

    def test_cases_handed_over_are_counted_where_they_were_found(self, world):
        [visit] = finish(world, count=1)
        result = result_of(visit, "WJ")
        for kind in (FollowUp.Kind.CASE, FollowUp.Kind.RECTIFY):
            FollowUp.objects.create(
                result=result,
                kind=kind,
                department=world.cast.department["SCJG"],
                opened_by=world.cast.lu,
                opened_at=NOON,
            )
        row = next(each for each in report(YEAR).rows if each.department.code == "WJ")
        assert (row.cases, row.ordered) == (1, 1)

    def test_they_go_out_as_an_official_document_with_every_department(self, world):
        finish(world, count=1)
        found = report(YEAR)
        paper = Document(io.BytesIO(documents.year_report(found, on=NOON.date())))
        assert paper.paragraphs[0].text == "2026年度部门联合抽查执法数据报告"
        said = "\n".join(each.text for each in paper.paragraphs)
        assert "完成检查 4 户次" in said
        names = [row.cells[0].text for row in paper.tables[0].rows]
        assert names == ["部门", *(row.department.short for row in found.rows), "合计"]

    def test_an_approved_plan_is_entered_within_five_working_days(self, db):
        """Source: clause 16.1."""
        world = make_plan_world(people=0)
        plan = world.published()

        def late(day):
            found = queries.overdue(today=day, user=world.cast.zhou)
            return [each.title for each in found if each.article == "16"]

        # Approved on Monday 23 November: the fifth working day is the 30th.
        assert late(NOON.date() + timedelta(days=7)) == []
        assert late(NOON.date() + timedelta(days=8)) == [f"{plan.title} 监管平台编号"]
        Plan.objects.update(platform_number="HN-1")
        assert late(NOON.date() + timedelta(days=8)) == []
