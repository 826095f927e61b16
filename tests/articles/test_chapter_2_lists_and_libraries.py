"""第二章 部门联合抽查事项清单及两库 — Chapter 2, the lists and the two libraries (arts. 8–11)."""

from datetime import date

import pytest

from liancha.rulebook import eligibility, listing
from liancha.rulebook.eligibility import (
    Duty,
    InspectorFacts,
    InspectorFault,
    Need,
    Span,
    TargetFacts,
    TargetFault,
    TargetStatus,
)
from liancha.rulebook.listing import SoloReason
from liancha.rulebook.verdicts import Blocked, NeedsReason

WINDOW = Span(date(2026, 11, 26), date(2026, 12, 11))
LONG = Span(date(2024, 1, 1), date(2029, 12, 31))
HOTEL = TargetFacts(TargetStatus.ACTIVE, "410305", frozenset({"宾馆旅店"}))


class TestArticle8:
    def test_inspecting_alone_in_a_joint_field_needs_a_reason(self):
        with pytest.raises(NeedsReason, match="不再单独开展") as refusal:
            listing.check_solo("旅店卫生检查", field_name="宾馆、旅店", reason=None)
        assert refusal.value.article == "8"
        assert ("complaint", "投诉举报") in refusal.value.codes

    @pytest.mark.parametrize("reason", list(SoloReason))
    def test_each_listed_reason_lets_it_through(self, reason):
        listing.check_solo("旅店卫生检查", field_name="宾馆、旅店", reason=reason)

    def test_what_no_joint_field_covers_is_free(self):
        listing.check_solo("医疗机构校验", field_name=None, reason=None)


class TestArticle9:
    def test_every_department_named_signs_before_publication(self):
        with pytest.raises(NeedsReason, match="卫健"):
            listing.check_cosigned(named={"公安", "卫健"}, signed={"公安"})

    def test_minutes_of_a_meeting_stand_in_and_say_for_whom(self):
        lacking = listing.check_cosigned(
            named={"公安", "卫健"}, signed={"公安"}, minutes="联席会议纪要〔2026〕2号"
        )
        assert lacking == ("卫健",)

    def test_rows_from_above_are_adopted_or_left_out_with_a_reason(self):
        upper = {"JF05": "宾馆、旅店", "JF20": "企业年度报告", "JF99": "进出口商品"}
        listing.check_adopted(upper=upper, ours={"JF05", "JF20"}, excluded={"JF99": "没有此类对象"})
        with pytest.raises(NeedsReason, match="1 个领域未纳入：进出口商品"):
            listing.check_adopted(upper=upper, ours={"JF05", "JF20"}, excluded={"JF99": " "})


class TestArticle10:
    def test_a_single_list_row_has_seven_columns(self):
        row = dict.fromkeys(listing.CHECK_ITEM_COLUMNS, "有")
        assert len(row) == 7
        listing.check_list_row(row, listing.CHECK_ITEM_COLUMNS, place="第 7 行")

    @pytest.mark.parametrize("column", listing.CHECK_ITEM_COLUMNS)
    @pytest.mark.parametrize("value", ["", "  ", None, [], ()])
    def test_each_of_them_must_be_filled(self, column, value):
        row = dict.fromkeys(listing.CHECK_ITEM_COLUMNS, "有") | {column: value}
        with pytest.raises(Blocked, match=f"第 7 行缺少：{column}"):
            listing.check_list_row(row, listing.CHECK_ITEM_COLUMNS, place="第 7 行")

    def test_a_joint_row_has_five_and_names_all_that_are_missing(self):
        row = {"抽查领域": "宾馆、旅店", "抽查事项": "卫生情况", "配合部门": ["卫健"]}
        assert listing.missing_columns(row, listing.JOINT_FIELD_COLUMNS) == ("检查对象", "发起部门")

    @pytest.mark.parametrize("duty", [Duty.COMPETENT, Duty.MAJOR])
    def test_the_initiator_is_competent_or_has_a_major_duty(self, duty):
        eligibility.check_initiator("公安", duty=duty, field_name="宾馆、旅店")

    @pytest.mark.parametrize("duty", [Duty.ORDINARY, None])
    def test_an_ordinary_duty_does_not_initiate(self, duty):
        with pytest.raises(Blocked, match="不能作为发起部门"):
            eligibility.check_initiator("税务", duty=duty, field_name="宾馆、旅店")

    def test_the_initiator_does_not_cooperate_with_itself(self):
        eligibility.check_cooperators("公安", ["卫健", "市监"])
        with pytest.raises(Blocked, match="不能同时作为配合部门"):
            eligibility.check_cooperators("公安", ["卫健", "公安"])

    def test_there_is_a_cooperator_and_none_twice(self):
        with pytest.raises(Blocked, match="还没有配合部门"):
            eligibility.check_cooperators("公安", [])
        with pytest.raises(Blocked, match="重复：卫健"):
            eligibility.check_cooperators("公安", ["卫健", "市监", "卫健"])

    def test_a_cooperator_without_an_item_on_the_target_is_remarked(self):
        (remark,) = eligibility.cooperator_remarks(["税务"], target_kind="加油站")
        assert "税务" in remark
        assert "加油站" in remark


class TestArticle11:
    def test_an_open_tagged_target_in_the_city_may_be_drawn(self):
        assert eligibility.target_faults(HOTEL, tag="宾馆旅店") == ()

    @pytest.mark.parametrize(
        "status",
        [
            TargetStatus.REVOKED,
            TargetStatus.CANCELLED,
            TargetStatus.WITHDRAWN,
            TargetStatus.MOVED,
        ],
    )
    def test_a_closed_target_is_not(self, status):
        target = TargetFacts(status, "410305", frozenset({"宾馆旅店"}))
        assert eligibility.target_faults(target, tag="宾馆旅店") == (TargetFault.NOT_OPEN,)

    def test_suspended_business_may_be_drawn_and_is_remarked(self):
        target = TargetFacts(TargetStatus.SUSPENDED, "410305", frozenset({"宾馆旅店"}))
        assert eligibility.target_faults(target, tag="宾馆旅店") == ()
        assert eligibility.target_remarks(target) != ()
        assert eligibility.target_remarks(HOTEL) == ()

    def test_a_target_whose_region_is_undecided_is_not_drawn(self):
        target = TargetFacts(TargetStatus.ACTIVE, None, frozenset({"宾馆旅店"}))
        assert eligibility.target_faults(target, tag="宾馆旅店") == (TargetFault.REGION_UNDECIDED,)

    def test_every_reason_is_said_at_once(self):
        target = TargetFacts(
            TargetStatus.CANCELLED, "410305", frozenset(), frozenset({TargetFault.DUPLICATE})
        )
        assert eligibility.target_faults(target, tag="宾馆旅店", regions={"410311"}) == (
            TargetFault.NOT_OPEN,
            TargetFault.OUTSIDE,
            TargetFault.UNTAGGED,
            TargetFault.DUPLICATE,
        )

    @pytest.mark.parametrize(
        ("certificates", "fault"),
        [
            ((), InspectorFault.NO_CERTIFICATE),
            ((Span(date(2020, 1, 1), date(2026, 11, 25)),), InspectorFault.CERTIFICATE_OVER),
            ((Span(date(2020, 1, 1), date(2026, 12, 10)),), InspectorFault.CERTIFICATE_ENDS),
            ((Span(date(2026, 11, 27), date(2030, 1, 1)),), InspectorFault.CERTIFICATE_LATER),
        ],
    )
    def test_a_certificate_covers_every_day_of_the_visits(self, certificates, fault):
        inspector = InspectorFacts(certificates)
        assert eligibility.inspector_faults(inspector, window=WINDOW) == (fault,)

    def test_one_of_two_certificates_suffices(self):
        inspector = InspectorFacts((Span(date(2020, 1, 1), date(2021, 1, 1)), LONG))
        assert eligibility.inspector_faults(inspector, window=WINDOW) == ()

    def test_who_is_not_on_duty_is_not_drawn_and_every_reason_is_said(self):
        inspector = InspectorFacts(
            (), is_on_duty=False, skills=frozenset({"食品"}), recused_from=frozenset({"H1"})
        )
        assert eligibility.inspector_faults(
            inspector, window=WINDOW, need=Need(frozenset({"特种设备"})), target="H1"
        ) == (
            InspectorFault.NO_CERTIFICATE,
            InspectorFault.NOT_ON_DUTY,
            InspectorFault.SKILL,
            InspectorFault.RECUSED,
        )
