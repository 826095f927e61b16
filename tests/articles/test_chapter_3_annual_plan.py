"""第三章 随机联查年度工作计划 — Chapter 3, the yearly plan (arts. 12–16)."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liancha.rulebook import coverage, deadlines, eligibility
from liancha.rulebook.coverage import (
    AdjustmentKind,
    CreditClass,
    ExceptionReason,
    ItemClass,
    SignedException,
    TaskSource,
)
from liancha.rulebook.verdicts import Blocked, NeedsReason

FIELDS = {"JF01": "学校办学情况", "JF05": "宾馆、旅店", "JF26": "成品油市场"}
A, B, C, D = CreditClass.A, CreditClass.B, CreditClass.C, CreditClass.D


class TestArticle12:
    @pytest.mark.parametrize("year", [2026, 2027, 2028])
    def test_the_citys_plan_is_due_on_30_april_of_its_year(self, year):
        """Source: clause 12.2."""
        assert deadlines.plan_due(year) == date(year, 4, 30)

    def test_a_rest_day_does_not_shift_it(self):
        assert deadlines.plan_due(2028).weekday() == 6

    def test_reminders_come_before_it(self):
        """Source: clause 12.2."""
        days = deadlines.plan_reminders(2026)
        assert [f"{day:%m-%d}" for day in days] == ["03-01", "03-31", "04-15", "04-25"]
        assert max(days) < deadlines.plan_due(2026)


class TestArticle13:
    def test_every_field_of_the_list_has_a_line(self):
        coverage.check_coverage(FIELDS, planned={"JF01", "JF05", "JF26"})

    def test_a_missing_field_is_named(self):
        """Source: clause 13.1."""
        with pytest.raises(Blocked, match="还缺 1 个：宾馆、旅店") as refusal:
            coverage.check_coverage(FIELDS, planned={"JF01", "JF26"})
        assert refusal.value.article == "13"

    def test_a_signed_exception_stands_for_a_line(self):
        signed = {"JF05": SignedException(ExceptionReason.NO_TARGETS, "联席会议办公室")}
        coverage.check_coverage(FIELDS, planned={"JF01", "JF26"}, exceptions=signed)

    def test_an_unsigned_one_does_not(self):
        """Source: clause 13.1."""
        unsigned = {"JF05": SignedException(ExceptionReason.SUPERIOR, " ")}
        missing = coverage.uncovered(FIELDS, planned={"JF01", "JF26"}, exceptions=unsigned)
        assert missing == ("JF05",)

    def test_a_line_outside_the_list_covers_nothing(self):
        assert coverage.uncovered(FIELDS, planned={"JF99"}) == tuple(FIELDS)

    def test_dropping_a_listed_cooperator_needs_a_reason(self):
        """Source: clause 13.2."""
        with pytest.raises(NeedsReason, match="消防"):
            eligibility.check_participants(listed=["卫健", "消防"], chosen=["卫健"])

    def test_a_department_from_outside_the_list_may_join_and_is_marked(self):
        """Source: clause 13.2."""
        outside = eligibility.check_participants(
            listed=["卫健", "消防"], chosen=["卫健", "烟草"], reason="消防另有专项"
        )
        assert outside == {"烟草"}

    @pytest.mark.parametrize("source", [TaskSource.RISK, TaskSource.SUPERIOR, TaskSource.SPECIAL])
    def test_a_task_outside_the_plan_says_why_and_on_what_paper(self, source):
        """Source: clause 13.3."""
        coverage.check_source(source, reason="群众反映集中", document="豫市监〔2026〕9号")
        with pytest.raises(Blocked, match="来源文件文号"):
            coverage.check_source(source, reason="群众反映集中", document="")
        with pytest.raises(Blocked, match="原因"):
            coverage.check_source(source, reason=" ", document="豫市监〔2026〕9号")

    def test_a_planned_task_needs_neither(self):
        coverage.check_source(TaskSource.PLAN, reason="", document="")


class TestArticle14:
    @pytest.mark.parametrize("column", coverage.PLAN_COLUMNS)
    def test_each_of_the_eight_columns_is_filled(self, column):
        """Source: clause 14.1."""
        line = dict.fromkeys(coverage.PLAN_COLUMNS, "有")
        assert len(line) == 8
        coverage.check_columns(line, name="宾馆抽查")
        with pytest.raises(Blocked, match=f"缺少：{column}"):
            coverage.check_columns(line | {column: ""}, name="宾馆抽查")

    @pytest.mark.parametrize(
        ("base", "ratio", "count"),
        [
            (200, "5/100", 10),
            (201, "5/100", 11),
            (100, "7/100", 7),  # 8 in floating point
            (1, "1/100", 1),
            (0, "1/2", 0),
            (10, "0", 0),
            (10, "3/2", 10),
        ],
    )
    def test_the_count_is_rounded_up_and_never_above_the_base(self, base, ratio, count):
        """Source: clause 14.1."""
        assert coverage.planned_count(base, Fraction(ratio)) == count

    @given(st.integers(0, 10_000), st.fractions(0, 1))
    def test_rounding_up_adds_less_than_one(self, base, ratio):
        count = coverage.planned_count(base, ratio)
        assert 0 <= count - base * ratio < 1
        assert count <= base

    def test_each_stratum_is_rounded_by_itself(self):
        bases = {"A": 120, "B": 80, "C": 30, "D": 10}
        ratios = {
            "A": Fraction(1, 50),
            "B": Fraction(1, 20),
            "C": Fraction(1, 5),
            "D": Fraction(1, 2),
        }
        assert coverage.planned_counts(bases, ratios) == {"A": 3, "B": 4, "C": 6, "D": 5}

    def test_a_line_lies_inside_the_plans_year(self):
        """Source: clause 14.1."""
        coverage.check_dates(date(2026, 1, 1), date(2026, 12, 31), year=2026)
        with pytest.raises(Blocked, match="不在 2026 年度内"):
            coverage.check_dates(date(2026, 12, 1), date(2027, 1, 5), year=2026)
        with pytest.raises(Blocked, match="早于开始日期"):
            coverage.check_dates(date(2026, 5, 2), date(2026, 5, 1), year=2026)


class TestArticle15:
    def test_rates_rise_with_risk(self):
        coverage.check_ratios(
            {A: Fraction(1, 100), B: Fraction(1, 50), C: Fraction(1, 10), D: Fraction(3, 10)}
        )
        coverage.check_ratios({A: Fraction(1, 20), D: Fraction(1, 20)})

    def test_a_lower_rate_for_a_riskier_class_needs_a_reason(self):
        """Source: clause 15.2."""
        upside_down = {A: Fraction(1, 20), B: Fraction(3, 100)}
        with pytest.raises(NeedsReason, match="A 类比例 5% 高于 B 类 3%"):
            coverage.check_ratios(upside_down)
        coverage.check_ratios(upside_down, reason="B 类仅 2 户，已全部纳入专项")

    def test_a_gap_between_classes_hides_nothing(self):
        with pytest.raises(NeedsReason, match="A 类比例 10% 高于 D 类 2%"):
            coverage.check_ratios({A: Fraction(1, 10), D: Fraction(1, 50)})

    @pytest.mark.parametrize("ratio", [Fraction(-1, 100), Fraction(101, 100)])
    def test_a_rate_is_between_nothing_and_all(self, ratio):
        with pytest.raises(Blocked, match="0 到 100%"):
            coverage.check_ratios({A: ratio}, reason="有")

    def test_general_items_above_the_local_cap_need_a_reason(self):
        """Source: clause 15.4."""
        coverage.check_cap(Fraction(1, 10), item_class=ItemClass.GENERAL)
        with pytest.raises(NeedsReason, match="本地做法"):
            coverage.check_cap(Fraction(1001, 10_000), item_class=ItemClass.GENERAL)
        with pytest.raises(NeedsReason, match=r"10\.01% 高于上限 10%"):  # 10.00001 % is not 10 %
            coverage.check_cap(Fraction(1_000_001, 10_000_000), item_class=ItemClass.GENERAL)
        coverage.check_cap(Fraction(1, 5), item_class=ItemClass.GENERAL, reason="基数只有 5 户")

    def test_key_items_have_no_cap(self):
        """Source: clause 15.3."""
        coverage.check_cap(Fraction(1), item_class=ItemClass.KEY)

    def test_classes_grow_old_after_45_days(self):
        """Source: clause 15.1."""
        on = date(2026, 11, 25)
        assert not coverage.is_class_stale(date(2026, 10, 11), on=on)
        assert coverage.is_class_stale(date(2026, 10, 10), on=on)
        assert coverage.is_class_stale(None, on=on)


class TestArticle16:
    @staticmethod
    def adjust(kind=AdjustmentKind.CANCEL, **changes):
        facts = {
            "reason": "对象已全部注销",
            "requested_by": "planner",
            "approved_by": "head",
            "is_locked": False,
        }
        coverage.check_adjustment(kind, **(facts | changes))

    @pytest.mark.parametrize("kind", list(AdjustmentKind))
    def test_a_change_has_a_reason_and_an_approver(self, kind):
        """Source: clause 16.3."""
        self.adjust(kind)
        with pytest.raises(Blocked, match="调整原因"):
            self.adjust(kind, reason=" ")
        with pytest.raises(Blocked, match="批准人"):
            self.adjust(kind, approved_by="")

    def test_nobody_approves_their_own_change(self):
        """Source: clause 16.3."""
        with pytest.raises(Blocked, match="自己的调整"):
            self.adjust(approved_by="planner")

    def test_the_ratio_stands_once_targets_are_locked(self):
        """Source: clause 16.3."""
        with pytest.raises(Blocked, match="已经锁定") as refusal:
            self.adjust(AdjustmentKind.RATIO, is_locked=True)
        assert refusal.value.article == "19"
        self.adjust(AdjustmentKind.DELAY, is_locked=True)
