"""第四章 联合抽查活动的组织实施 — Chapter 4, the visit (arts. 20 and 21)."""

from datetime import date

import pytest

from liancha.rulebook import deadlines, presence
from liancha.rulebook.eligibility import Span
from liancha.rulebook.presence import (
    Channel,
    Ending,
    MeasureKind,
    Method,
    Notice,
    Present,
    Surprise,
)
from liancha.rulebook.verdicts import Blocked
from tests.articles.calendars import CALENDAR

TODAY = date(2026, 11, 26)
VALID = (Span(date(2024, 1, 1), date(2029, 12, 31)),)
OVER = (Span(date(2020, 1, 1), date(2026, 11, 25)),)


def officer(person, department, certificates=VALID, **facts):
    return Present(person, department, certificates, **facts)


class TestArticle20:
    def test_a_visit_is_on_the_spot_and_other_ways_are_not(self):
        assert Method.ONSITE.is_onsite
        assert not Method.DOCUMENT.is_onsite
        assert not Method.NETWORK.is_onsite

    def test_a_team_has_one_leader_among_its_members(self):
        presence.check_leader(members=["甲", "乙"], leaders=["甲"])

    @pytest.mark.parametrize(
        ("leaders", "message"),
        [([], "还没有组长"), (["甲", "乙"], "只能有一名组长"), (["丙"], "不在组员名单中")],
    )
    def test_no_leader_two_leaders_or_an_outsider_are_refused(self, leaders, message):
        with pytest.raises(Blocked, match=message) as refusal:
            presence.check_leader(members=["甲", "乙"], leaders=leaders)
        assert refusal.value.article == "20"

    def test_experts_help_and_never_count(self):
        team = [
            officer("甲", "市监"),
            officer("专家一", "市监", is_expert=True),
            officer("专家二", "市监", is_expert=True),
        ]
        assert presence.officers_present(team, ["市监"], on=TODAY) == {"市监": 1}
        with pytest.raises(Blocked, match="专家和辅助人员不计入"):
            presence.check_present(team, "市监", on=TODAY)


class TestArticle21:
    def test_two_officers_of_each_department_no_fewer(self):
        there = [officer("甲", "公安"), officer("乙", "公安"), officer("丙", "卫健")]
        presence.check_present(there, "公安", on=TODAY)
        with pytest.raises(Blocked, match="卫健到场的持有效执法证件人员 1 人") as refusal:
            presence.check_present(there, "卫健", on=TODAY)
        assert refusal.value.article == "21"
        assert presence.officers_present(there, ["公安", "卫健", "消防"], on=TODAY) == {
            "公安": 2,
            "卫健": 1,
            "消防": 0,
        }

    def test_an_expired_certificate_or_a_second_check_in_adds_nobody(self):
        there = [officer("甲", "公安"), officer("甲", "公安"), officer("乙", "公安", OVER)]
        assert presence.officers_present(there, ["公安"], on=TODAY) == {"公安": 1}
        assert presence.officers_present(there, ["公安"], on=date(2026, 11, 25)) == {"公安": 2}

    NOTICE = Notice("卫生情况", "2026-11-26 上午", "许可证、台账", "电话", "前台经理")

    def test_a_notice_says_what_when_and_which_papers(self):
        assert presence.check_told(self.NOTICE) == ()

    @pytest.mark.parametrize(
        ("part", "word"),
        [
            ("items", "检查事项"),
            ("when", "检查时间"),
            ("papers", "需要准备的检查材料"),
            ("channel", "告知方式"),
            ("contact", "被告知人"),
        ],
    )
    def test_each_part_is_needed(self, part, word):
        facts = {name: getattr(self.NOTICE, name) for name in Notice.__slots__} | {part: " "}
        with pytest.raises(Blocked, match=f"告知还缺：{word}"):
            presence.check_notice(Notice(**facts))

    def test_no_visit_begins_without_notice(self):
        with pytest.raises(Blocked, match="还没有告知企业"):
            presence.check_told(None)

    def test_only_a_clue_allows_a_surprise(self):
        presence.check_told(None, surprise=Surprise("12345 热线", "2026-118", "局长"))
        with pytest.raises(Blocked, match="线索编号、批准人"):
            presence.check_told(None, surprise=Surprise("12345 热线", "", ""))

    def test_after_three_tries_that_reached_nobody_the_visit_goes_on_with_a_remark(self):
        with pytest.raises(Blocked):
            presence.check_told(None, failed_tries=2)
        assert len(presence.check_told(None, failed_tries=3)) == 1

    def test_a_working_day_lies_between_word_and_visit(self):
        friday = date(2026, 9, 18)
        assert not deadlines.is_notice_early_enough(friday, date(2026, 9, 19), CALENDAR)
        assert deadlines.is_notice_early_enough(friday, date(2026, 9, 20), CALENDAR)  # worked
        assert not deadlines.is_notice_early_enough(friday, friday, CALENDAR)

    def test_nobody_may_insist_on_the_legal_representative(self):
        assert presence.notice_remarks("法定代表人必须到场") != ()
        assert presence.notice_remarks("请安排熟悉情况的人员配合") == ()

    def test_every_item_is_answered_before_the_form_is_signed(self):
        presence.check_answered({"许可": "fine", "消防": "none"})
        with pytest.raises(Blocked, match="还有 2 项没有填写：消防、价格"):
            presence.check_answered({"许可": "fine", "消防": None, "价格": ""})

    def test_the_firm_signs(self):
        presence.check_ending(Ending.SIGNED, signer="王某")
        with pytest.raises(Blocked, match="签字人"):
            presence.check_ending(Ending.SIGNED, signer=" ")

    @pytest.mark.parametrize("ending", [Ending.REFUSED, Ending.NOBODY])
    def test_or_two_officers_state_why_it_did_not(self, ending):
        statement = "对方称须请示总部，拒绝签名。"
        presence.check_ending(ending, statement=statement, officers=["甲", "乙"])
        with pytest.raises(Blocked, match="两名执法检查人员"):
            presence.check_ending(ending, statement=statement, officers=["甲", "甲"])
        with pytest.raises(Blocked, match="至少 10 个字"):
            presence.check_ending(ending, statement="对方拒绝签名　　　　　", officers=["甲", "乙"])

    def test_a_measure_rests_on_a_finding_and_a_basis(self):
        presence.check_measure(MeasureKind.EVIDENCE, has_finding=True, basis="行政处罚法第五十六条")
        with pytest.raises(Blocked, match="先有发现的问题"):
            presence.check_measure(MeasureKind.CEASE, has_finding=False, basis="有")
        with pytest.raises(Blocked, match="还没有法律依据"):
            presence.check_measure(MeasureKind.EVIDENCE, has_finding=True, basis=" ")

    @pytest.mark.parametrize("kind", [MeasureKind.CEASE, MeasureKind.RECTIFY])
    def test_an_order_is_written_spoken_or_printed(self, kind):
        facts = {"has_finding": True, "basis": "消防法第六十条"}
        with pytest.raises(Blocked, match="还没有方式"):
            presence.check_measure(kind, **facts)
        presence.check_measure(kind, **facts, channel=Channel.WRITTEN)
        presence.check_measure(kind, **facts, channel=Channel.PRINT)

    def test_a_spoken_order_keeps_its_words_and_who_heard_them(self):
        facts = {"has_finding": True, "basis": "消防法第六十条", "channel": Channel.ORAL}
        presence.check_measure(
            MeasureKind.CEASE, **facts, words="立即停止使用三楼", officers=["甲", "乙"]
        )
        with pytest.raises(Blocked, match="记下说的话"):
            presence.check_measure(MeasureKind.CEASE, **facts, officers=["甲", "乙"])
        with pytest.raises(Blocked, match="第二名"):
            presence.check_measure(MeasureKind.CEASE, **facts, words="停止", officers=["甲"])
