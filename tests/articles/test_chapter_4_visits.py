"""第四章 联合抽查活动的组织实施 — Chapter 4, the visit (arts. 20 and 21)."""

from datetime import date, timedelta

import pytest

from liancha.inspection import actions
from liancha.inspection.models import ItemAnswer, RecordForm, Visit
from liancha.rulebook import deadlines, presence
from liancha.rulebook.eligibility import Span
from liancha.rulebook.lifecycles import VisitState
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
from tests.people import NOON
from tests.rooms.visit_world import (
    DAY,
    MORNING,
    answer_all,
    arrive,
    begun,
    make_visit_world,
    sign,
    tell,
    told,
)

TODAY = date(2026, 11, 26)
VALID = (Span(date(2024, 1, 1), date(2029, 12, 31)),)
OVER = (Span(date(2020, 1, 1), date(2026, 11, 25)),)


@pytest.fixture
def world(db):
    """Three hotels and their officers are drawn; the teams are still to be formed."""
    return make_visit_world()


def officer(person, department, certificates=VALID, **facts):
    return Present(person, department, certificates, **facts)


class TestArticle20:
    def test_a_visit_is_on_the_spot_and_other_ways_are_not(self):
        """Source: clauses 20.1 and 20.2."""
        assert Method.ONSITE.is_onsite
        assert not Method.DOCUMENT.is_onsite
        assert not Method.NETWORK.is_onsite

    def test_a_team_has_one_leader_among_its_members(self):
        """Source: clause 20.3."""
        presence.check_leader(members=["甲", "乙"], leaders=["甲"])

    @pytest.mark.parametrize(
        ("leaders", "message"),
        [([], "还没有组长"), (["甲", "乙"], "只能有一名组长"), (["丙"], "不在组员名单中")],
    )
    def test_no_leader_two_leaders_or_an_outsider_are_refused(self, leaders, message):
        """Source: clause 20.3."""
        with pytest.raises(Blocked, match=message) as refusal:
            presence.check_leader(members=["甲", "乙"], leaders=leaders)
        assert refusal.value.article == "20"

    def test_experts_help_and_never_count(self):
        """Source: clause 20.6."""
        team = [
            officer("甲", "市监"),
            officer("专家一", "市监", is_expert=True),
            officer("专家二", "市监", is_expert=True),
        ]
        assert presence.officers_present(team, ["市监"], on=TODAY) == {"市监": 1}
        with pytest.raises(Blocked, match="专家和辅助人员不计入"):
            presence.check_present(team, "市监", on=TODAY)

    def test_the_initiator_forms_the_teams_and_names_the_leader(self, world):
        """Source: clause 20.3."""
        with pytest.raises(Blocked, match="由发起部门") as refusal:
            actions.form_teams(task=world.task, by=world.cast.lu, at=NOON)
        assert refusal.value.article == "20"
        for team in actions.form_teams(task=world.task, by=world.cast.shen, at=NOON):
            assert team.leader == world.officers["GA"][0]
            assert team.leader in team.members.all()

    def test_another_member_may_lead_if_their_certificate_is_valid(self, world):
        team = actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)[0]
        member, outsider = world.officers["WJ"][0], world.officers["WJ"][2]
        facts = {"team": team, "by": world.cast.shen, "at": NOON}
        with pytest.raises(Blocked, match="不在组员名单中"):
            actions.set_leader(inspector=outsider, **facts)
        member.certificates.update(valid_to=date(2026, 11, 22))
        with pytest.raises(Blocked, match="已过期"):
            actions.set_leader(inspector=member, **facts)
        member.certificates.update(valid_to=date(2028, 12, 31))
        assert actions.set_leader(inspector=member, **facts).leader == member

    def test_an_invited_expert_on_the_spot_does_not_make_up_for_an_officer(self, world):
        """Source: clause 20.6."""
        visit = told(world)[0]
        expert = world.officers["WJ"][2]
        expert.is_expert = True
        expert.save()
        actions.invite(visit=visit, expert=expert, by=world.cast.shen, at=NOON)
        arrive(world, visit, "WJ", count=1)
        with pytest.raises(Blocked, match="不在这一组"):
            actions.check_in(visit=visit, inspector=expert, by=expert.user, at=MORNING)
        with pytest.raises(Blocked, match="到场的持有效执法证件人员 1 人"):
            actions.start(visit=visit, by=world.officers["WJ"][0].user, at=MORNING)


class TestArticle21:
    def test_two_officers_of_each_department_no_fewer(self):
        """Source: clause 21.5."""
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
        """Source: clause 21.3."""
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
        """Source: clause 21.4."""
        assert presence.notice_remarks("法定代表人必须到场") != ()
        assert presence.notice_remarks("请安排熟悉情况的人员配合") == ()

    def test_every_item_is_answered_before_the_form_is_signed(self):
        presence.check_answered({"许可": "fine", "消防": "none"})
        with pytest.raises(Blocked, match="还有 2 项没有填写：消防、价格"):
            presence.check_answered({"许可": "fine", "消防": None, "价格": ""})

    def test_the_firm_signs(self):
        """Source: clause 21.11."""
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
        """Source: clause 21.9."""
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

    # The same on a task of three hotels and four departments

    def test_one_notice_speaks_for_all_departments(self, world):
        """Source: clause 21.3."""
        visit = told(world)[0]
        tell(world, visit)
        assert Visit.objects.get(pk=visit.pk).notice.items == "公安：许可；卫健：卫生许可"

    def test_a_visit_without_notice_does_not_begin_and_nobody_checks_in(self, world):
        """Source: clause 21.1."""
        actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        visit, first = world.visits[0], world.officers["GA"][0]
        with pytest.raises(Blocked, match="还没有告知企业"):
            actions.check_in(visit=visit, inspector=first, by=first.user, at=MORNING)
        for n in range(3):
            actions.log_failed_contact(
                visit=visit,
                channel="phone",
                note=f"第 {n + 1} 次无人接听",
                by=world.cast.shen,
                at=NOON,
            )
        arrive(world, visit, "GA")
        actions.start(visit=visit, by=first.user, at=MORNING)
        assert Visit.objects.get(pk=visit.pk).state == VisitState.STARTED

    def test_a_surprise_visit_needs_a_clue_and_no_notice(self, world):
        """Source: clause 21.2."""
        actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        visit, first = world.visits[0], world.officers["GA"][0]
        facts = {"visit": visit, "approver": "程以宁", "by": world.cast.shen, "at": NOON}
        with pytest.raises(Blocked, match="线索编号"):
            actions.notify_surprise(clue_source="投诉举报", clue_number="", **facts)
        actions.notify_surprise(clue_source="投诉举报", clue_number="2026-118", **facts)
        arrive(world, visit, "GA")
        assert actions.start(visit=visit, by=first.user, at=MORNING) == ["洛阳市公安局"]

    def test_a_department_with_one_officer_is_stopped_and_the_others_go_on(self, world):
        """Source: clause 21.5."""
        visit = told(world)[0]
        arrive(world, visit, "GA", "WJ", "SCJG")
        arrive(world, visit, "XF", count=1)
        begun_by = actions.start(visit=visit, by=world.officers["GA"][0].user, at=MORNING)
        assert len(begun_by) == 3
        alone = world.officers["XF"][0]
        with pytest.raises(Blocked, match="还没有开始检查") as refusal:
            actions.answer(
                visit=visit,
                item=world.items["消防安全检查合格证"],
                finding="fine",
                by=alone.user,
                at=MORNING,
            )
        assert refusal.value.article == "21"

    def test_its_items_hold_up_the_signature_until_its_second_officer_has_come(self, world):
        visit = told(world)[0]
        arrive(world, visit, "GA", "WJ", "SCJG")
        arrive(world, visit, "XF", count=1)
        actions.start(visit=visit, by=world.officers["GA"][0].user, at=MORNING)
        answer_all(world, visit)
        with pytest.raises(Blocked, match="消防救援支队的 1 项还没有开始，现在到场 1 人"):
            sign(world, visit)
        late = MORNING + timedelta(minutes=40)
        arrive(world, visit, "XF", at=late)
        actions.start(visit=visit, by=world.officers["XF"][1].user, at=late)
        answer_all(world, visit)
        sign(world, visit)
        assert Visit.objects.get(pk=visit.pk).state == VisitState.SIGNED

    def test_an_order_without_a_finding_is_refused(self, world):
        """Source: clause 21.8."""
        visit = begun(world)
        one = world.officers["SCJG"][0]
        answer = actions.answer(
            visit=visit, item=world.items["明码标价情况"], finding="fine", by=one.user, at=MORNING
        )
        with pytest.raises(Blocked, match="先有发现的问题"):
            actions.take_measure(
                answer=answer,
                kind="cease",
                channel="written",
                basis="价格法",
                by=one.user,
                at=MORNING,
            )

    def test_a_spoken_order_names_its_words_and_a_colleague_on_the_spot(self, world):
        """Source: clause 21.9."""
        visit = begun(world)
        one, two, absent = world.officers["SCJG"]
        answer = actions.answer(
            visit=visit,
            item=world.items["明码标价情况"],
            finding="found",
            situation="收费高于标价",
            by=one.user,
            at=MORNING,
        )
        facts = {"answer": answer, "kind": "cease", "channel": "oral", "basis": "价格法第十三条"}
        facts |= {"by": one.user, "at": MORNING}
        with pytest.raises(Blocked, match="记下说的话"):
            actions.take_measure(**facts, witness=two)
        with pytest.raises(Blocked, match="第二名"):
            actions.take_measure(**facts, detail="立即停止加价收费。")
        with pytest.raises(Blocked, match="已签到的另一名"):
            actions.take_measure(**facts, detail="立即停止加价收费。", witness=absent)
        measure = actions.take_measure(**facts, detail="立即停止加价收费。", witness=two)
        assert measure.witness == two

    def test_a_blank_item_holds_up_the_signature(self, world):
        """Source: clause 21.10."""
        visit = begun(world)
        answer_all(world, visit, but=("公共场所卫生许可",))
        with pytest.raises(Blocked, match="卫健还有 1 项没有填写：公共场所卫生许可"):
            sign(world, visit)

    def test_a_refusal_is_stated_by_two_officers_on_the_spot(self, world):
        """Source: clause 21.12."""
        visit = begun(world)
        answer_all(world, visit)
        one, two, absent = world.officers["GA"]
        facts = {
            "visit": visit,
            "ending": "refused",
            "refusal": "负责人称需请示总部，拒绝签名。",
            "by": one.user,
            "at": MORNING,
        }
        with pytest.raises(Blocked, match="现在有 1 名确认"):
            actions.refuse(**facts, inspectors=[one])
        with pytest.raises(Blocked, match="没有在现场签到"):
            actions.refuse(**facts, inspectors=[absent])
        with pytest.raises(Blocked, match="至少 10 个字"):
            actions.refuse(**facts | {"refusal": "拒绝签名"}, inspectors=[two])
        form = actions.refuse(**facts, inspectors=[two])
        assert {each.inspector for each in form.witnesses.all()} == {one, two}
        assert Visit.objects.get(pk=visit.pk).state == VisitState.ANNOTATED

    def test_a_signed_form_takes_no_more_answers(self, world):
        """Source: clause 21.11."""
        visit = begun(world)
        answer_all(world, visit)
        sign(world, visit)
        one = world.officers["WJ"][0]
        with pytest.raises(Blocked, match="不能再改") as refusal:
            actions.answer(
                visit=visit,
                item=world.items["公共场所卫生许可"],
                finding="found",
                by=one.user,
                at=MORNING,
            )
        assert refusal.value.article == "21"
        assert set(ItemAnswer.objects.values_list("finding", flat=True)) == {"fine"}

    def test_each_department_writes_its_own_rows_only(self, world):
        """Source: clause 20.5."""
        visit = begun(world)
        with pytest.raises(Blocked, match="由负责的部门填写"):
            actions.answer(
                visit=visit,
                item=world.items["公共场所卫生许可"],
                finding="fine",
                by=world.officers["SCJG"][0].user,
                at=MORNING,
            )

    def test_anybody_the_firm_sends_may_sign(self, world):
        """Source: clause 21.4."""
        visit = begun(world)
        answer_all(world, visit)
        sign(world, visit, signer="值班前台", signer_post="前台接待")
        assert RecordForm.objects.get().signer_post == "前台接待"
        assert Visit.objects.get(pk=visit.pk).planned_on == DAY
