"""第三章, what stands around a plan: county plans, campaigns, caps, notices, filings."""

from __future__ import annotations

import io
from datetime import date, timedelta
from fractions import Fraction

import pytest
from docx import Document

from liancha.accounts.models import User
from liancha.ledger.models import Entry
from liancha.oversight.queries import overdue
from liancha.plan import actions, bases, columns, documents, queries
from liancha.plan.actions import Terms
from liancha.plan.models import Campaign, LeftOut, Plan, PlanLine
from liancha.registry import actions as registry
from liancha.registry.models import CreditBatch, Target
from liancha.rulebook import planning
from liancha.rulebook.lifecycles import LineState
from liancha.rulebook.verdicts import Blocked, NeedsReason
from tests.people import NOON
from tests.rooms.plan_world import YEAR, make_county, make_plan_world

LATER = NOON + timedelta(days=1)


@pytest.fixture
def world(db):
    return make_plan_world(people=0)


@pytest.fixture
def county(world):
    return make_county(world)


class TestArticle12:
    def test_a_county_has_thirty_days_after_the_citys_plan(self):
        """Source: clause 12.3."""
        assert planning.county_plan_due(date(2026, 4, 24)) == date(2026, 5, 24)

    def test_a_countys_draft_counts_its_own_days_and_a_later_city_plan_gives_no_new_ones(
        self, world, county
    ):
        """Source: clause 12.3: 30 April is the city's day."""
        world.published()
        plan = actions.start_plan(year=YEAR, region="410324", by=county, at=LATER)
        due = NOON.date() + timedelta(days=30)

        def late(day):
            found = overdue(today=day, user=world.cast.zhou)
            return [each.due_on for each in found if each.kind == "county"]

        for step in (1, 2):
            found = queries.countdown(plan, today=due + timedelta(days=3))
            assert (found.due, found.word) == (due, "已超期限（本地做法） 3 天")
            assert late(due) == []
            assert late(due + timedelta(days=1)) == [due]
            if step == 1:
                second = world.published()
                Plan.objects.filter(pk=second.pk).update(published_at=NOON + timedelta(days=20))

    def test_a_county_derives_its_lines_from_the_citys(self, world, county):
        """Source: clause 12.3."""
        city = world.published()
        plan = actions.start_plan(year=YEAR, region="410324", by=county, at=LATER)
        done = actions.derive(plan=plan, source=city, by=county, at=LATER)
        plan.refresh_from_db()
        assert plan.parent == city
        assert dict(done.failed) == {
            "养老机构抽查": "本地没有卫健的派出部门",
            "成品油市场抽查": "本地没有共同的检查对象",
        }
        line = PlanLine.objects.get(plan=plan, field__code="JF05")
        assert line.parent == city.lines.get(field__code="JF05")
        assert {each.code for each in line.departments} == {"GA-LC", "SCJG-LC", "XF-LC"}
        assert "卫健" in line.participants_reason
        assert line.base == sum(rate.base for rate in line.rates.all()) > 0
        assert line.org_mode == PlanLine.OrgMode.COUNTY_COUNTY

    def test_districts_and_areas_stand_in_the_matrix_as_counties_do(self, world):
        """Source: clause 12.3."""
        city = world.published()
        office = world.department("SCJG")
        for region in ("410311", "410371"):
            Plan.objects.create(
                year=YEAR,
                region_id=region,
                title=f"{region} 计划",
                list_version=city.list_version,
                created_by=User.objects.filter(department=office).first(),
                created_at=LATER,
            )
        rows = queries.matrix(city, list(city.fields()))
        assert {row.name for row in rows if row.plan} == {"洛龙区", "高新区"}

    def test_what_the_city_draws_and_the_county_only_carries_out_is_received(self, world, county):
        """Source: clause 12.3."""
        city = world.published()
        PlanLine.objects.filter(plan=city, field__code="JF05").update(
            org_mode=PlanLine.OrgMode.CITY_COUNTY
        )
        plan = actions.start_plan(year=YEAR, region="410324", by=county, at=LATER)
        done = actions.derive(plan=plan, source=city, by=county, at=LATER)
        assert done.received == ("宾馆、旅店监督抽查",)
        assert plan.exceptions.get(field__code="JF05").reason == "superior"
        assert not plan.lines.filter(field__code="JF05").exists()

    def test_a_county_says_why_it_leaves_a_line_out(self, world, county):
        """Source: clause 12.3."""
        city = world.published()
        plan = actions.start_plan(year=YEAR, region="410324", by=county, at=LATER)
        actions.derive(plan=plan, source=city, by=county, at=LATER)
        line = PlanLine.objects.get(plan=plan, field__code="JF05")
        with pytest.raises(NeedsReason, match="来自市级计划") as refused:
            actions.drop_line(line=line, by=county, at=LATER)
        assert (refused.value.article, refused.value.paragraph) == ("12", 2)
        actions.drop_line(line=line, reason="本县旅店已纳入专项", by=county, at=LATER)
        assert LeftOut.objects.get(plan=plan).reason == "本县旅店已纳入专项"

    def test_next_years_draft_comes_from_this_years_plan(self, world):
        city = world.published()
        plan = actions.start_plan(year=YEAR + 1, by=world.cast.zhou, at=LATER)
        done = actions.derive(plan=plan, source=city, by=world.cast.zhou, at=LATER)
        assert len(done.lines) == 3
        line = plan.lines.get(field__code="JF05")
        assert (line.starts_on, line.state) == (date(YEAR + 1, 10, 8), LineState.DRAFT)
        assert line.count == city.lines.get(field__code="JF05").count
        with pytest.raises(Blocked, match="已有计划行"):
            actions.derive(plan=plan, source=city, by=world.cast.zhou, at=LATER)

    def test_a_draft_is_no_source(self, world):
        draft = world.draft("JF05")
        plan = actions.start_plan(year=YEAR + 1, by=world.cast.zhou, at=LATER)
        with pytest.raises(Blocked, match="还没有公布"):
            actions.derive(plan=plan, source=draft, by=world.cast.zhou, at=LATER)

    def test_the_matrix_shows_which_county_covers_which_field(self, world, county):
        city = world.published()
        plan = actions.start_plan(year=YEAR, region="410324", by=county, at=LATER)
        actions.derive(plan=plan, source=city, by=county, at=LATER)
        rows = {row.name: row for row in queries.matrix(city, city.fields())}
        assert [mark for _, mark, _ in rows["栾川县"].cells] == ["n", "x", "x"]
        assert {mark for _, mark, _ in rows["嵩县"].cells} == {"z"}


class TestArticle13:
    CAMPAIGN = {"approved_by_body": "洛阳市人民政府", "approval": "洛政办〔2026〕12号"}

    def test_a_campaign_in_a_field_of_the_list_is_joint_or_says_why_not(self, world):
        """Source: clause 13.4."""

        def register(**changes):
            return actions.register_campaign(
                title="加油站专项",
                department=world.department("SCJG"),
                basis="豫市监〔2026〕9号",
                fields=[world.fields["JF26"]],
                starts_on=date(2026, 11, 1),
                ends_on=date(2026, 12, 1),
                by=world.cast.zhou,
                at=NOON,
                **(self.CAMPAIGN | changes),
            )

        assert register().is_joint
        with pytest.raises(NeedsReason, match="成品油市场抽查") as refused:
            register(is_joint=False)
        assert (refused.value.article, refused.value.paragraph) == ("13", 2)
        alone = register(is_joint=False, solo_reason="只查计量器具")
        assert alone.solo_reason == "只查计量器具"
        with pytest.raises(Blocked, match="批准文号"):
            register(approval=" ")
        assert Campaign.objects.count() == 2
        assert Entry.objects.filter(what="plan.register_campaign").count() == 2

    def test_a_campaign_outside_the_list_may_go_alone(self):
        planning.check_campaign(
            "野生动物", touched=[], is_joint=False, solo_reason="", **self.CAMPAIGN
        )


class TestArticle14:
    def test_the_base_is_counted_from_the_registry_within_the_lines_range(self, world):
        world.draft("JF05")
        line = actions.set_terms(
            line=world.line(),
            terms=Terms(target_filter={"classes": ["C", "D"], "regions": ["410302", "410303"]}),
            by=world.cast.shen,
            at=LATER,
        )
        expected = Target.objects.tagged("hotel").filter(
            credit_class__in=("C", "D"), region__in=("410302", "410303")
        )
        assert line.base == expected.count() > 0
        narrowed = bases.narrowed(Target.objects.tagged("hotel"), line.target_filter)
        assert set(narrowed) == set(expected)
        assert columns.filter_text(line.target_filter) == "老城区、西工区；C、D 类"
        told = columns.columns(line)["检查对象"]
        assert told.endswith("（老城区、西工区；重点检查对象，名单不公开）")

    def test_a_range_with_nobody_in_it_is_refused(self, world):
        world.draft("JF05")
        with pytest.raises(Blocked, match="没有共同的检查对象"):
            actions.set_terms(
                line=world.line(),
                terms=Terms(target_filter={"kinds": ["11"]}),
                by=world.cast.shen,
                at=LATER,
            )

    def test_the_document_has_the_eight_columns_of_every_line(self, world):
        """Source: clause 16.2."""
        plan = world.published()
        lines = list(plan.lines.with_columns())
        document = Document(io.BytesIO(documents.plan_document(plan, lines)))
        (table,) = document.tables
        assert [cell.text for cell in table.rows[0].cells][1:] == list(documents.PLAN_COLUMNS)
        assert [row.cells[1].text for row in table.rows[1:]] == [line.name for line in lines]
        first = document.sections[0]
        assert (first.top_margin.mm, first.left_margin.mm) == pytest.approx((37, 28), abs=0.1)
        assert plan.document_number in [each.text for each in document.paragraphs]


class TestArticle15:
    def test_a_monthly_file_sets_classes_and_keeps_what_was(self, world, settings, tmp_path):
        """Source: clause 15.1."""
        targets = list(Target.objects.tagged("hotel").order_by("pk")[:4])
        rows = ["统一社会信用代码,信用风险分类"]
        for n, target in enumerate(targets):
            target.code = _with_check(f"9141030{n}700000000")
            target.save()
            rows.append(f"{target.code},{('D', 'A类', '很高', '高风险')[n]}")
        rows.append(f"{_with_check('91410309500000000')},B")
        file = tmp_path / "classes.csv"
        file.write_text("\n".join(rows), encoding="utf-8")
        settings.MEDIA_ROOT = tmp_path
        batch = registry.open_credit(
            path="classes.csv",
            file_name="classes.csv",
            source="省级通用型分类",
            on=date(2026, 11, 1),
            by=world.cast.zhou,
            at=NOON,
        )
        registry.look_credit(batch=batch, at=NOON)
        done = registry.commit_credit(batch=batch, by=world.cast.zhou, at=NOON)
        assert (done.rows, done.changed, done.unchanged) == (5, 2, 1)
        assert (done.unknown, done.faulty) == (1, 1)
        assert done.faults[0]["row"] == 4
        changed = done.changes.get(target=targets[0])
        assert (changed.before, changed.after) == ("A", "D")
        targets[0].refresh_from_db()
        assert (targets[0].credit_class, targets[0].credit_on) == ("D", date(2026, 11, 1))
        assert sum(done.counts.values()) == Target.objects.decided().count()

    def test_an_older_file_does_not_overwrite_a_newer_one(self, world):
        """Source: clause 15.1."""
        registry.set_credit(rows={}, source="十一月", on=date(2026, 11, 1), by="system", at=NOON)
        with pytest.raises(Blocked, match="比这个文件的 2026-10-01 新") as refused:
            registry.open_credit(
                path="old.csv",
                file_name="old.csv",
                source="十月",
                on=date(2026, 10, 1),
                by=world.cast.zhou,
                at=NOON,
            )
        assert refused.value.article == "15"
        assert CreditBatch.objects.count() == 1

    def test_a_frequency_above_the_cap_says_how_nobody_is_met_too_often(self):
        """Source: clause 15.4."""
        planning.check_frequency(2, cap=2, reason="")
        planning.check_frequency(4, cap=None, reason="")
        with pytest.raises(NeedsReason, match="全年 3 次"):
            planning.check_frequency(3, cap=2, reason="")
        planning.check_frequency(3, cap=2, reason="每次抽不同的县区")
        with pytest.raises(Blocked, match="不小于 1"):
            planning.check_frequency(1, cap=0, reason="")

    def test_a_line_saved_with_more_rounds_than_its_cap_has_the_reason_among_its_terms(self, world):
        """Source: clause 15.4."""
        plan = world.draft("JF05")

        def save(frequency: int):
            data = world.line_data("JF05", frequency=frequency)
            return actions.save_line(
                plan=plan, data=data, line=world.line(), by=world.cast.zhou, at=LATER
            )

        terms = {"line": world.line(), "by": world.cast.shen, "at": LATER}
        actions.set_terms(terms=Terms(cap_per_year=2), **terms)
        assert save(2).frequency == 2
        with pytest.raises(Blocked, match=r"全年 3 次.*频次和范围") as refused:
            save(3)
        assert (refused.value.article, world.line().frequency) == ("15", 2)
        actions.set_terms(terms=Terms(cap_per_year=2, cap_reason="每次抽不同的县区"), **terms)
        assert save(3).frequency == 3

    def test_key_targets_get_no_less_than_others_and_have_a_source(self):
        """Source: clause 15.3."""
        rates = {"A": Fraction(1, 50), "D": Fraction(1, 2)}
        planning.check_key_ratio(Fraction(1, 5), rates=rates, source="投诉台账")
        planning.check_key_ratio(None, rates=rates, source="")
        with pytest.raises(Blocked, match="依据"):
            planning.check_key_ratio(Fraction(1, 5), rates=rates, source=" ")
        with pytest.raises(Blocked, match="起不到加大抽查"):
            planning.check_key_ratio(Fraction(1, 100), rates=rates, source="投诉台账")
        with pytest.raises(Blocked, match="不超过 100%"):
            planning.check_key_ratio(Fraction(3, 2), rates=rates, source="投诉台账")

    @pytest.mark.parametrize("months", [-1, 37])
    def test_a_cool_down_has_an_end(self, months):
        """Source: clause 15.4."""
        planning.check_cooldown(12)
        with pytest.raises(Blocked, match="36 个月"):
            planning.check_cooldown(months)

    def test_a_line_keeps_its_terms_and_says_them(self, world):
        world.draft("JF05")
        line = actions.set_terms(
            line=world.line(),
            terms=Terms(cap_per_year=2, cooldown_months=12, key_ratio="1/5", key_source="投诉台账"),
            by=world.cast.shen,
            at=LATER,
        )
        assert (line.cap_per_year, line.cooldown_months, line.key_ratio) == (2, 12, "1/5")
        assert Entry.objects.filter(what="plan.set_terms").count() == 1

    def test_rates_of_a_trial_go_into_the_draft_and_not_upside_down(self, world):
        plan = world.draft("JF05")
        done = actions.apply_rates(plan=plan, rates={"A": "1/25"}, by=world.cast.zhou, at=LATER)
        assert (done, world.line().rates.get(stratum="A").ratio) == (1, "1/25")
        with pytest.raises(NeedsReason, match="A 类比例 50% 高于 B 类"):
            actions.apply_rates(plan=plan, rates={"A": "1/2"}, by=world.cast.zhou, at=LATER)
        assert world.line().rates.get(stratum="A").ratio == "1/25"

    def test_a_published_plan_takes_no_rates_from_a_trial(self, world):
        plan = world.published()
        with pytest.raises(Blocked, match="逐行办理计划调整"):
            actions.apply_rates(plan=plan, rates={"A": "1/25"}, by=world.cast.zhou, at=LATER)

    def test_every_preset_says_where_it_comes_from_and_rises_with_risk(self):
        for name, values, source in queries.PRESETS:
            assert source, name
            assert list(map(Fraction, values[:4])) == sorted(map(Fraction, values[:4])), name


class TestArticle16:
    def test_a_change_is_published_as_a_notice_with_line_change_and_reason(self, world, client):
        """Source: clause 16.4."""
        plan = world.published()
        asked = actions.adjust(
            line=world.line(),
            kind="delay",
            after={"ends_on": date(2026, 12, 20)},
            reason="会展期间延迟",
            by=world.cast.shen,
            at=LATER,
        )
        assert client.get(f"/public/plans/notices/{asked.pk}/").status_code == 404
        done = actions.approve_adjustment(adjustment=asked, by=world.cast.cheng, at=LATER)
        assert done.notice == 1
        page = client.get(f"/public/plans/notices/{done.pk}/").content.decode()
        for said in (world.line().name, "2026-12-31", "2026-12-20", "会展期间延迟", "第 1 号"):
            assert said in page
        public = client.get(f"/public/plans/{plan.pk}/").content.decode()
        assert f"/public/plans/notices/{done.pk}/" in public
        assert "会展期间延迟" in public
        document = Document(io.BytesIO(documents.notice_document(done)))
        text = "\n".join(each.text for each in document.paragraphs)
        assert "会展期间延迟" in text
        assert "2026-12-20" in text

    def test_filing_is_on_record_and_last_years_figures_are_due_in_january(self, world):
        plan = world.published()
        assert planning.report_due(YEAR) == date(YEAR, 1, 31)
        with pytest.raises(Blocked) as refused:
            actions.file_plan(
                plan=plan,
                kind="justice",
                to="市司法局",
                on=date(2026, 11, 20),
                by=world.cast.shen,
                at=LATER,
            )
        assert refused.value.article == "12"
        actions.file_plan(
            plan=plan,
            kind="justice",
            to="市司法局",
            number="备 7 号",
            on=date(2026, 11, 20),
            by=world.cast.zhou,
            at=LATER,
        )
        rows = {row["word"]: row for row in queries.filing_rows(plan, today=LATER.date())}
        assert rows["报司法行政部门备案"]["filing"].number == "备 7 号"
        assert rows["报送上年度执法数据"]["is_over"]

    def test_the_three_percent_are_an_indicator_and_no_block(self):
        assert planning.floor_remark(30, 1000) == ""
        assert planning.floor_remark(29, 1000) == "占 2.9%，低于 3%，还差 1 户"
        assert planning.floor_remark(296, 10_000) == "占 2.9%，低于 3%，还差 4 户"  # not 3.0 %
        assert planning.floor_remark(0, 0) == ""


def _with_check(body: str) -> str:
    """An 18-digit code from its first 17 (GB 32100)."""
    signs = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    total = sum(signs.index(sign) * pow(3, n, 31) for n, sign in enumerate(body))
    return body + signs[(31 - total % 31) % 31]
