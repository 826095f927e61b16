"""第三章 年度工作计划 on a plan with its lines: who writes it, what it holds, how it changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from liancha.ledger.models import Entry
from liancha.plan import actions, queries
from liancha.plan.models import Adjustment, CoverageException, Plan, PlanLine
from liancha.registry.models import Target
from liancha.rulebook.lifecycles import LineState, PlanState
from liancha.rulebook.verdicts import Blocked, NeedsReason
from tests.people import NOON
from tests.rooms.plan_world import RATES, YEAR, make_plan_world

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=1)


@pytest.fixture
def world():
    return make_plan_world()


class TestArticle12:
    def test_the_coordinating_office_gathers_the_plan(self, world):
        """Source: clause 12.1."""
        with pytest.raises(Blocked) as refused:
            actions.start_plan(year=YEAR, by=world.cast.shen, at=NOON)
        assert refused.value.article == "12"

    def test_a_region_outside_the_city_has_no_plan_here(self, world):
        with pytest.raises(Blocked, match="410102 不在洛阳市范围内") as refused:
            actions.start_plan(year=YEAR, region="410102", by=world.cast.zhou, at=NOON)
        assert refused.value.article == "2"
        assert not Plan.objects.exists()

    def test_each_initiator_writes_its_own_lines(self, world):
        """Source: clause 12.2."""
        plan = actions.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)
        line = actions.save_line(plan=plan, data=world.line_data(), by=world.cast.shen, at=NOON)
        assert line.number == "41030020260001"
        with pytest.raises(Blocked, match="由洛阳市市场监督管理局发起") as refused:
            actions.save_line(plan=plan, data=world.line_data("JF26"), by=world.cast.shen, at=NOON)
        assert refused.value.article == "12"

    def test_every_department_a_line_names_signs(self, world):
        """Source: clause 12.2."""
        plan = world.draft("JF05")
        asked = actions.send_for_cosign(plan=plan, by=world.cast.zhou, at=NOON)
        assert {each.department.code for each in asked} == {"GA", "WJ", "SCJG", "XF"}
        with pytest.raises(NeedsReason, match="还没有会签：") as refused:
            actions.approve(plan=plan, by=world.cast.zhou, at=NOON)
        assert refused.value.article == "12"

    def test_minutes_of_the_board_stand_for_a_missing_signature(self, world):
        plan = world.draft("JF05")
        actions.send_for_cosign(plan=plan, by=world.cast.zhou, at=NOON)
        plan = actions.approve(plan=plan, minutes="〔2026〕2号纪要", by=world.cast.zhou, at=NOON)
        assert (plan.state, plan.minutes) == (PlanState.APPROVED, "〔2026〕2号纪要")

    def test_a_department_that_is_not_named_has_nothing_to_sign(self, world):
        plan = world.draft("JF05")
        actions.send_for_cosign(plan=plan, by=world.cast.zhou, at=NOON)
        with pytest.raises(Blocked, match="没有涉及您的部门"):
            actions.cosign(plan=plan, by=world.cast.huo, at=NOON)

    def test_who_does_not_agree_sends_it_back_and_only_changed_lines_are_signed_again(self, world):
        plan = world.draft("JF05", "JF40")
        actions.send_for_cosign(plan=plan, by=world.cast.zhou, at=NOON)
        actions.cosign(plan=plan, by=world.cast.cheng, at=NOON + timedelta(hours=1))
        actions.return_plan(plan=plan, opinion="养老机构改到六月", by=world.cast.gu, at=LATER)
        plan.refresh_from_db()
        assert plan.state == PlanState.DRAFT
        line = world.line("JF40")
        data = world.line_data("JF40", starts_on=date(2026, 6, 1))
        actions.save_line(plan=plan, line=line, data=data, by=world.cast.zhou, at=LATER)
        asked = actions.send_for_cosign(plan=plan, by=world.cast.zhou, at=LATER)
        signed = {each.department.code for each in asked if each.signed_at}
        assert signed == {"GA"}

    def test_a_county_waits_for_the_citys_plan(self, world):
        """Source: clause 12.3."""
        county = world.department("SCJG")
        county.region_id = "410324"
        county.save()
        world.cast.zhou.refresh_from_db()
        with pytest.raises(Blocked, match="市级 2026 年度计划还没有公布") as refused:
            actions.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)
        assert refused.value.paragraph == 2


class TestArticle13:
    def test_a_plan_with_a_field_missing_is_not_published(self, world):
        """Source: clause 13.1."""
        plan = world.cosigned("JF05", "JF26")
        with pytest.raises(Blocked, match="计划还缺 1 个：养老机构抽查") as refused:
            actions.publish(plan=plan, by=world.cast.zhou, at=LATER)
        assert refused.value.article == "13"
        plan.refresh_from_db()
        assert plan.state == PlanState.APPROVED
        assert not PlanLine.objects.filter(state=LineState.PUBLISHED).exists()

    def test_the_coordinating_office_signs_for_a_field_without_a_line(self, world):
        """Source: clause 13.1."""
        plan = world.cosigned("JF05", "JF26")
        field, reason = world.fields["JF40"], CoverageException.Reason.SUPERIOR
        with pytest.raises(Blocked) as refused:
            actions.except_field(plan=plan, field=field, reason=reason, by=world.cast.shen, at=NOON)
        assert refused.value.article == "12"
        actions.except_field(plan=plan, field=field, reason=reason, by=world.cast.zhou, at=NOON)
        plan = actions.publish(plan=plan, by=world.cast.zhou, at=LATER)
        assert plan.state == PlanState.PUBLISHED

    def test_no_targets_is_not_signed_against_the_registry_without_a_word(self, world):
        """Source: clause 13.1."""
        plan = world.cosigned("JF05", "JF26")
        facts = {"plan": plan, "field": world.fields["JF40"], "by": world.cast.zhou, "at": NOON}
        none = CoverageException.Reason.NO_TARGETS
        with pytest.raises(Blocked, match=r"有 \d+ 户.*写明今年为什么不安排") as refused:
            actions.except_field(reason=none, **facts)
        assert refused.value.article == "13"
        actions.except_field(reason=none, note="机构集中搬迁，明年再查", **facts)
        Target.objects.update(status=Target.Status.CANCELLED)
        actions.except_field(reason=none, **facts)

    def test_a_cancelled_line_covers_nothing(self, world):
        plan = world.published()
        line = world.line("JF40")
        asked = actions.adjust(
            line=line, kind="cancel", reason="机构搬迁", by=world.cast.zhou, at=LATER
        )
        actions.approve_adjustment(adjustment=asked, by=world.cast.gu, at=LATER)
        with pytest.raises(Blocked, match="养老机构抽查"):
            actions.check_coverage(plan)

    def test_dropping_a_listed_cooperator_needs_a_reason_that_is_kept(self, world):
        """Source: clause 13.2."""
        plan = actions.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)
        fewer = world.line_data(cooperators=[world.department("WJ")])
        with pytest.raises(NeedsReason, match="市场监督管理局、洛阳市消防救援支队") as refused:
            actions.save_line(plan=plan, data=fewer, by=world.cast.shen, at=NOON)
        assert refused.value.article == "13"
        told = replace(fewer, participants_reason="消防另有专项")
        line = actions.save_line(plan=plan, data=told, by=world.cast.shen, at=NOON)
        assert line.participants_reason == "消防另有专项"

    def test_a_department_outside_the_list_may_join(self, world):
        plan = actions.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)
        more = [*world.fields["JF05"].cooperators.all(), world.department("SWJ")]
        line = actions.save_line(
            plan=plan, data=world.line_data(cooperators=more), by=world.cast.shen, at=NOON
        )
        assert world.department("SWJ") in line.departments


class TestArticle14:
    def test_a_line_has_all_eight_columns(self, world):
        """Source: clause 14.1."""
        plan = world.draft("JF05")
        texts = actions.save_line(
            plan=plan, line=world.line(), data=world.line_data(), by=world.cast.zhou, at=NOON
        )
        entry = Entry.objects.filter(what="plan.save_line").last()
        for column in ("任务名称", "联查部门", "抽查事项", "检查对象", "实施主体", "责任分工"):
            assert f'"{column}":""' not in entry.body
            assert column in entry.body
        assert texts.duties.startswith("洛阳市公安局牵头")

    def test_numbers_are_rounded_up_in_each_stratum(self, world):
        world.draft("JF05")
        line = world.line()
        assert line.base == 80
        assert [(r.stratum, r.base, r.count) for r in line.rates.all()] == [
            ("A", 40, 1),
            ("B", 20, 1),
            ("C", 10, 2),
            ("D", 6, 3),
            ("未分类", 4, 1),
        ]
        assert line.count == 8

    def test_five_percent_of_200_is_10_and_of_201_is_11(self, world):
        """Source: clause 14.1."""
        plan = actions.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)
        for base, count in ((200, 10), (201, 11)):
            data = world.line_data(stratify="none", rates=[("全部", "1/20")], bases={"全部": base})
            line = actions.save_line(plan=plan, data=data, by=world.cast.zhou, at=NOON)
            assert line.count == count

    def test_a_fixed_number_is_written_as_number_of_base(self, world):
        plan = actions.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)
        data = world.line_data(stratify="none", rates=[("全部", "", 9)])
        line = actions.save_line(plan=plan, data=data, by=world.cast.zhou, at=NOON)
        rate = line.rates.get()
        assert (rate.ratio, rate.count, rate.ratio_for(84), rate.ratio_for(5)) == (
            "9/80",
            9,
            "9/84",
            "5/5",
        )

    def test_the_base_counts_common_targets_only(self, world):
        plan = actions.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)
        hotels = Target.objects.tagged("hotel").filter(credit_class="A")
        hotels.filter(pk=hotels.first().pk).update(status="cancelled")
        hotels.filter(pk=hotels.last().pk).update(is_pending=True, region=None)
        line = actions.save_line(plan=plan, data=world.line_data(), by=world.cast.shen, at=NOON)
        assert line.base == 78

    @pytest.mark.parametrize(
        ("first", "last", "words"),
        [
            (date(2026, 10, 8), date(2026, 10, 1), "早于开始日期"),
            (date(2026, 10, 8), date(2027, 1, 5), "不在 2026 年度内"),
        ],
    )
    def test_the_dates_lie_in_the_plans_year(self, world, first, last, words):
        """Source: clause 14.1."""
        plan = actions.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)
        data = world.line_data(starts_on=first, ends_on=last)
        with pytest.raises(Blocked, match=words) as refused:
            actions.save_line(plan=plan, data=data, by=world.cast.shen, at=NOON)
        assert refused.value.article == "14"


class TestArticle15:
    def test_a_riskier_class_is_not_drawn_less_without_a_reason(self, world):
        """Source: clause 15.2."""
        plan = actions.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)
        wrong = (("A", "1/20"), ("B", "3/100"), *RATES[2:])
        with pytest.raises(NeedsReason, match="A 类比例 5% 高于 B 类 3%") as refused:
            actions.save_line(
                plan=plan, data=world.line_data(rates=wrong), by=world.cast.shen, at=NOON
            )
        assert refused.value.article == "15"
        line = actions.save_line(
            plan=plan,
            data=world.line_data(rates=wrong, ratio_reason="A 类投诉集中"),
            by=world.cast.shen,
            at=NOON,
        )
        assert line.ratio_reason == "A 类投诉集中"

    def test_an_unclassified_target_has_a_rate_of_its_own(self, world):
        """Source: clause 15.2."""
        plan = actions.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)
        with pytest.raises(Blocked, match="还没有抽查比例：未分类"):
            actions.save_line(
                plan=plan, data=world.line_data(rates=RATES[:4]), by=world.cast.shen, at=NOON
            )

    def test_general_items_over_a_tenth_need_a_reason(self, world):
        plan = actions.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)
        data = world.line_data("JF26", stratify="none", rates=[("全部", "1/5")], ratio_reason="")
        with pytest.raises(NeedsReason, match="高于上限 10%") as refused:
            actions.save_line(plan=plan, data=data, by=world.cast.zhou, at=NOON)
        assert refused.value.article == "15"
        under = replace(data, rates=[("全部", "1/10")])
        assert actions.save_line(plan=plan, data=under, by=world.cast.zhou, at=NOON).count == 3

    @pytest.mark.parametrize("ratio", ["2", "0/0", "百分之二", ""])
    def test_a_rate_is_a_share(self, world, ratio):
        plan = actions.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)
        data = world.line_data(stratify="none", rates=[("全部", ratio)])
        with pytest.raises(Blocked):
            actions.save_line(plan=plan, data=data, by=world.cast.shen, at=NOON)


class TestArticle16:
    def test_a_published_line_is_not_simply_edited(self, world):
        """Source: clause 16.3."""
        plan = world.published()
        with pytest.raises(Blocked, match="应办理计划调整") as refused:
            actions.save_line(
                plan=plan, line=world.line(), data=world.line_data(), by=world.cast.zhou, at=LATER
            )
        assert refused.value.article == "16"
        with pytest.raises(Blocked):
            actions.drop_line(line=world.line(), by=world.cast.zhou, at=LATER)

    def test_a_change_waits_for_somebody_else_and_is_published_with_its_reason(self, world):
        """Source: clauses 16.3 and 16.4."""
        world.published()
        asked = actions.adjust(
            line=world.line(),
            kind=Adjustment.Kind.DELAY,
            after={"ends_on": date(2026, 12, 20)},
            reason="会展期间延迟",
            by=world.cast.shen,
            at=LATER,
        )
        assert world.line().ends_on == date(2026, 12, 31)
        with pytest.raises(Blocked, match="不能批准自己的调整") as refused:
            actions.approve_adjustment(adjustment=asked, by=world.cast.shen, at=LATER)
        assert refused.value.article == "16"
        done = actions.approve_adjustment(adjustment=asked, by=world.cast.cheng, at=LATER)
        line = world.line()
        assert (line.ends_on, line.state) == (date(2026, 12, 20), LineState.POSTPONED)
        assert done.published_at == LATER
        assert (done.before, done.after) == (
            {"时间安排": "2026-10-08 至 2026-12-31"},
            {"时间安排": "2026-10-08 至 2026-12-20"},
        )

    def test_another_departments_head_does_not_decide(self, world):
        world.published()
        asked = actions.adjust(
            line=world.line(), kind="cancel", reason="重复", by=world.cast.shen, at=LATER
        )
        with pytest.raises(Blocked, match="由发起部门的负责人批准"):
            actions.approve_adjustment(adjustment=asked, by=world.cast.gu, at=LATER)

    def test_without_a_reason_there_is_no_change(self, world):
        """Source: clause 16.3."""
        world.published()
        with pytest.raises(Blocked, match="还没有写调整原因"):
            actions.adjust(
                line=world.line(), kind="cancel", reason=" ", by=world.cast.shen, at=NOON
            )

    def test_a_ratio_stands_once_its_list_is_locked(self, world):
        """Source: clause 16.3."""
        world.published()
        line = world.line()
        actions.lock_rates(line=line, by=world.cast.shen, at=LATER)
        with pytest.raises(Blocked, match="名单已经锁定") as refused:
            actions.adjust(
                line=line,
                kind="ratio",
                after={"rates": RATES},
                reason="多查",
                by=world.cast.shen,
                at=LATER,
            )
        assert (refused.value.article, refused.value.paragraph) == ("19", 3)

    def test_a_ratio_locked_between_request_and_approval_stands_too(self, world):
        world.published()
        more = (*RATES[:3], ("D", "1/1"), RATES[4])
        asked = actions.adjust(
            line=world.line(),
            kind="ratio",
            after={"rates": more},
            reason="多查",
            by=world.cast.shen,
            at=LATER,
        )
        actions.lock_rates(line=world.line(), by=world.cast.shen, at=LATER)
        with pytest.raises(Blocked):
            actions.approve_adjustment(adjustment=asked, by=world.cast.cheng, at=LATER)
        assert world.line().rates.get(stratum="D").ratio == "1/2"

    def test_rates_and_frequency_may_change(self, world):
        """Source: clause 16.3."""
        world.published()
        more = (*RATES[:3], ("D", "1/1"), RATES[4])
        for kind, after in (("ratio", {"rates": more}), ("frequency", {"frequency": 2})):
            asked = actions.adjust(
                line=world.line(),
                kind=kind,
                after=after,
                reason="多查",
                by=world.cast.shen,
                at=LATER,
            )
            actions.approve_adjustment(adjustment=asked, by=world.cast.cheng, at=LATER)
        line = world.line()
        assert (line.rates.get(stratum="D").count, line.frequency) == (6, 2)

    def test_a_line_is_added_by_an_adjustment_and_hidden_until_then(self, world):
        plan = world.published()
        line = actions.save_line(
            plan=plan, data=world.line_data(name="夜间旅店抽查"), by=world.cast.shen, at=LATER
        )
        assert line not in PlanLine.objects.public()
        asked = actions.adjust(
            line=line, kind="add", reason="群众反映", by=world.cast.shen, at=LATER
        )
        actions.approve_adjustment(adjustment=asked, by=world.cast.zhou, at=LATER)
        assert line in PlanLine.objects.public()

    def test_a_refused_change_leaves_the_line_and_stays_on_record(self, world):
        world.published()
        asked = actions.adjust(
            line=world.line(), kind="cancel", reason="人手不足", by=world.cast.shen, at=LATER
        )
        actions.decline_adjustment(
            adjustment=asked, note="可以延迟，不宜取消", by=world.cast.cheng, at=LATER
        )
        assert world.line().state == LineState.PUBLISHED
        with pytest.raises(Blocked, match="已经办结"):
            actions.approve_adjustment(adjustment=asked, by=world.cast.cheng, at=LATER)
        assert not Adjustment.objects.published().exists()

    def test_a_second_version_supersedes_the_first(self, world):
        """Source: clause 12.1."""
        first = world.published()
        second = world.published()
        first.refresh_from_db()
        assert (first.state, second.version) == (PlanState.SUPERSEDED, 2)
        assert second.lines.first().number == "41030020260004"

    def test_a_plan_that_is_being_carried_out_is_adjusted_and_not_written_anew(self, world):
        """Source: clause 16.3."""
        first = world.published()
        second = world.draft("JF05")
        actions.send_for_cosign(plan=second, by=world.cast.zhou, at=LATER)
        second = actions.approve(plan=second, minutes="2号纪要", by=world.cast.zhou, at=LATER)
        first.lines.first().advance(LineState.IN_PROGRESS)  # as the first task of the line does
        with pytest.raises(Blocked, match=r"已有计划行开展.*办理调整") as refused:
            actions.publish(plan=second, by=world.cast.zhou, at=LATER)
        assert refused.value.article == "16"
        second.delete()
        with pytest.raises(Blocked, match="不能另编一稿"):
            actions.start_plan(year=YEAR, by=world.cast.zhou, at=LATER)

    def test_the_version_in_force_can_be_taken_over_into_the_next(self, world):
        """Source: clause 12.1."""
        first = world.published()
        second = actions.start_plan(year=YEAR, by=world.cast.zhou, at=LATER)
        assert first in queries.sources(second)
        made = actions.derive(plan=second, source=first, by=world.cast.zhou, at=LATER)
        assert [each.name for each in made.lines] == [
            each.name for each in first.lines.order_by("pk")
        ]
