"""The visit's pages in the office, on paper, and for whoever scans a code: who sees what."""

from __future__ import annotations

from datetime import date, datetime

import pytest
import time_machine
from django.urls import reverse

from liancha.disclosure.models import ResultCode
from liancha.inspection import actions, contents, sheets
from liancha.inspection.doorcodes import token_of
from liancha.inspection.models import RecordForm, Visit
from liancha.registry.models import Target
from liancha.rulebook.lifecycles import TaskState, VisitState
from tests.people import LUOYANG, NOON
from tests.rooms.visit_world import (
    DAY,
    MORNING,
    answer_all,
    arrive,
    begun,
    make_visit_world,
    sign,
    told,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_visit_world()


@pytest.fixture(autouse=True)
def on_the_morning():
    with time_machine.travel(MORNING, tick=False):
        yield


def at(name: str, *args: object) -> str:
    return reverse(f"inspection:{name}", args=args)


class TestOffice:
    def test_one_click_forms_the_teams(self, client, world):
        client.force_login(world.cast.shen)
        page = client.get(at("task", world.task.pk)).content.decode()
        assert "组成 3 个检查组" in page
        with time_machine.travel(NOON):
            answer = client.post(at("form_teams", world.task.pk), follow=True)
        assert "已组成 3 个检查组" in answer.content.decode()
        world.task.refresh_from_db()
        assert world.task.state == TaskState.TEAMS_SET

    def test_the_schedule_is_made_for_several_at_once_and_overlaps_are_said(self, client, world):
        """Source: clause 20.4."""
        actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        client.force_login(world.cast.shen)
        answer = client.post(
            at("plan_many", world.task.pk),
            {
                "pick": [each.pk for each in world.visits],
                "planned_on": "2026-11-30",
                "slot": "09:00",
                "every": "60",
            },
            follow=True,
        )
        page = answer.content.decode()
        assert "已把 3 户排在 2026-11-30" in page
        assert "相隔不到 90 分钟" in page
        assert [each.slot for each in world.visits] == ["09:00", "10:00", "11:00"]

    def test_a_wrong_date_is_said_and_nothing_is_planned(self, client, world):
        actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        client.force_login(world.cast.shen)
        answer = client.post(
            at("plan_many", world.task.pk),
            {
                "pick": [world.visits[0].pk],
                "planned_on": "2026-13-40",
                "slot": "25:00",
                "every": "7",
            },
        )
        assert answer.status_code == 422
        page = answer.content.decode()
        field = page[page.index('name="planned_on" value="2026-13-40"') :]
        assert "检查日期" in page
        assert "请照 2026-11-23 的样子填写日期" in field[:400]
        assert world.visits[0].planned_on is None

    def test_the_notice_comes_filled_in_with_all_departments_items(self, client, world):
        actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        visit = world.visits[0]
        actions.plan_visit(visit=visit, planned_on=DAY, slot="09:00", by=world.cast.shen, at=NOON)
        client.force_login(world.cast.shen)
        page = client.get(at("notify", visit.pk)).content.decode()
        assert "洛阳市公安局：特种行业许可证情况、住宿人员实名登记" in page
        assert "2026年11月27日 09:00" in page
        assert "13837912617" in page
        assert "电梯使用登记" not in page
        facts = {"items": "公安：许可", "when": "27 日 9 点", "papers": "执照", "contact": "经理"}
        answer = client.post(at("notify", visit.pk), facts | {"channel": ""})
        assert answer.status_code == 422
        facts |= {"channel": "phone", "papers": "执照；法定代表人必须到场"}
        answer = client.post(at("notify", visit.pk), facts, follow=True)
        page = answer.content.decode()
        assert "要求法定代表人到场" in page
        assert "不足 1 个工作日" in page
        assert Visit.objects.get(pk=visit.pk).state == VisitState.NOTIFIED

    def test_several_firms_are_told_by_one_form(self, client, world):
        actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        actions.plan_visits(
            visits=world.visits, planned_on=DAY, slot="09:00", by=world.cast.shen, at=NOON
        )
        client.force_login(world.cast.lu)
        picks = [each.pk for each in world.visits]
        page = client.post(at("notify_many"), {"pick": picks}).content.decode()
        assert "告知 3 户企业" in page
        data = {"pick": picks, "send": "1", "channel": "sms", "papers": "执照"}
        answer = client.post(at("notify_many"), data)
        assert answer.status_code == 422
        assert "请填写被告知人" in answer.content.decode()
        assert not any(hasattr(each, "notice") for each in world.visits)
        data |= {f"{pk}-contact": "经理" for pk in picks}
        client.post(at("notify_many"), data)
        assert {each.notice.channel for each in world.visits} == {"sms"}

    def test_the_clue_is_seen_by_those_who_notify_in_that_department_only(self, client, world):
        """Source: clause 21.2."""
        actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        visit = world.visits[0]
        actions.plan_visit(visit=visit, planned_on=DAY, slot="09:00", by=world.cast.shen, at=NOON)
        client.force_login(world.cast.shen)
        client.post(
            at("surprise", visit.pk),
            {"clue_source": "12345 热线转办", "clue_number": "密118", "approver": "程以宁"},
        )
        arrive(world, visit, "GA")
        assert "12345 热线转办" in client.get(at("visit", visit.pk)).content.decode()
        assert client.get(at("notice", visit.pk)).status_code == 404
        for person in (world.cast.lu, world.officers["GA"][0].user, world.cast.xu):
            client.force_login(person)
            page = client.get(at("visit", visit.pk)).content.decode()
            assert "突击检查" in page
            assert "热线转办" not in page
            assert "密118" not in page
        client.logout()
        page = client.get(at("check", token_of(visit))).content.decode()
        assert "突击检查" in page
        assert "热线转办" not in page
        client.force_login(world.officers["GA"][0].user)
        for name in ("record", "arrive"):
            assert "热线转办" not in client.get(at(name, visit.pk)).content.decode()

    @pytest.mark.parametrize("name", ["visit", "record", "plan", "notify", "surprise", "signature"])
    def test_another_departments_visit_is_not_there(self, client, world, name):
        visit = begun(world)
        answer_all(world, visit)
        sign(world, visit)
        client.force_login(world.cast.huo)
        answer = client.get(at(name, visit.pk))
        assert answer.status_code in (403, 404)
        assert client.get(at("visit", visit.pk)).status_code == 404

    def test_only_the_initiators_planner_forms_teams_and_names_leaders(self, client, world):
        client.force_login(world.cast.lu)
        assert client.post(at("form_teams", world.task.pk)).status_code == 403
        client.force_login(world.cast.huo)
        assert client.post(at("form_teams", world.task.pk)).status_code == 404
        visit = told(world)[0]
        client.force_login(world.cast.shen)
        client.post(at("leader", visit.pk), {"leader": world.officers["WJ"][0].pk})
        assert Visit.objects.get(pk=visit.pk).team.leader == world.officers["WJ"][0]
        for nonsense in ("", "x", world.officers["WJ"][2].pk):
            assert client.post(at("leader", visit.pk), {"leader": nonsense}).status_code == 404

    def test_the_list_finds_by_name_state_and_day(self, client, world):
        told(world)
        client.force_login(world.cast.shen)
        assert "找到" in client.get(at("visits")).content.decode()
        assert "洛阳第2宾馆" in client.get(at("visits"), {"q": "第2"}).content.decode()
        assert "洛阳第1宾馆" not in client.get(at("visits"), {"q": "第2"}).content.decode()
        assert "没有符合条件" in client.get(at("visits"), {"state": "signed"}).content.decode()
        assert "没有符合条件" in client.get(at("visits"), {"since": "2026-12-01"}).content.decode()
        assert client.get(at("visits"), {"since": "昨天", "page": "x"}).status_code == 200


class TestPaper:
    def test_the_form_prints_everything_in_the_official_order(self, client, world):
        firm = Target.objects.filter(drawn__draw__task=world.task)
        firm.update(representative="裴予安", contact="谷雨晴")
        visit = begun(world)
        one = world.officers["SCJG"][0]
        answer_all(world, visit, but=("明码标价情况",))
        answer = actions.answer(
            visit=visit,
            item=world.items["明码标价情况"],
            finding="found",
            situation="大床房标价 268 元，系统收费 288 元。",
            by=one.user,
            at=MORNING,
        )
        actions.take_measure(
            answer=answer,
            kind="rectify",
            channel="written",
            basis="价格法",
            document_number="洛市监责改〔2026〕118号",
            deadline_on=date(2026, 12, 4),
            by=one.user,
            at=MORNING,
        )
        sign(world, visit, opinion="无异议。")
        firm.update(representative="后来人", contact="后来人")  # the registry goes on
        client.force_login(world.cast.shen)
        page = client.get(at("record", visit.pk)).content.decode()
        assert "后来人" not in page
        places = [
            page.index(word)
            for word in (
                "实地抽查记录表</h1>",
                "任务名称",
                "裴予安",
                "核查方式",
                "洛阳市公安局（发起）",
                "责令改正（书面），限 2026-12-04 前，洛市监责改〔2026〕118号",
                "专家（第三方）",
                "无异议。",
                "签字或盖章",
                "检查人员签名",
                "检查结果",
                "后续处置",
                "组长审核意见",
                "公示<br>审批意见",
                RecordForm.objects.get().digest,
            )
        ]
        assert places == sorted(places)
        assert "小结：05 发现问题已责令改正" in page
        assert "☑ 05 发现问题已责令改正" in page
        assert "138****2617" in page
        assert "13837912617" not in page
        assert "第 1 页，共 2 页" in page

    def test_before_the_visit_it_is_a_blank_for_paper(self, client, world):
        visit = told(world)[0]
        client.force_login(world.cast.shen)
        page = client.get(at("record", visit.pk)).content.decode()
        assert "尚未签字" in page
        assert "☑ 01" not in page

    def test_the_printed_digest_leads_to_a_page_that_knows_it_and_tells_nothing_else(
        self, client, world
    ):
        visit = begun(world)
        answer_all(world, visit)
        form = sign(world, visit)
        page = client.get(at("check_record", form.digest)).content.decode()
        assert "与电子原件一致" in page
        assert visit.number in page
        assert str(visit) not in page
        assert client.get(at("check_record", "0" * 64)).status_code == 404
        assert client.get(at("check_record", "x")).status_code == 404

    def test_the_words_of_the_results_are_those_published(self):
        published = tuple((code.value, str(code.label)) for code in ResultCode)
        assert published == sheets.RESULTS
        assert {(each.value, each.label) for each in contents.Outcome} <= set(sheets.RESULTS)

    def test_the_notice_names_departments_officers_and_rights_but_no_legal_representative(
        self, client, world
    ):
        visit = told(world)[0]
        client.force_login(world.cast.lu)
        page = client.get(at("notice", visit.pk)).content.decode()
        for word in (
            "联合抽查通知书",
            "抽查事项",
            "检查时间和检查方式",
            "需要准备的材料",
            "申请回避",
            world.officers["XF"][1].name,
            world.officers["XF"][1].certificates.get().number,
        ):
            assert word in page
        assert "法定代表人" not in page


class TestScan:
    def test_the_firm_sees_who_is_there_and_only_while_they_are(self, client, world):
        visit = told(world)[0]
        token = token_of(visit)
        assert client.get(at("check", token)).status_code == 404
        arrive(world, visit, "GA")
        arrive(world, visit, "XF", count=1)
        page = client.get(at("check", token)).content.decode()
        one = world.officers["GA"][0]
        assert one.name in page
        assert one.certificates.get().number in page
        assert "到场 1 人，不足两人" in page
        with time_machine.travel(datetime(2026, 11, 28, 9, 0, tzinfo=LUOYANG)):
            assert client.get(at("check", token)).status_code == 404

    @pytest.mark.parametrize("token", ["1", "x:y:z", "MQ:1vX:aaaa"])
    def test_a_guessed_address_opens_nothing(self, client, world, token):
        begun(world)
        assert client.get(at("check", token)).status_code == 404


class TestExpert:
    def test_an_expert_sees_the_visit_they_were_asked_to_and_writes_an_opinion(self, client, world):
        first, second, _ = told(world)
        expert = world.officers["XF"][2]
        expert.is_expert = True
        expert.save()
        expert.user.grants.update(role="expert")
        client.force_login(world.cast.shen)
        client.post(at("invite", first.pk), {"expert": expert.pk, "contract_number": "服-12"})
        client.force_login(expert.user)
        assert client.get(at("visit", second.pk)).status_code == 404
        assert client.get(at("visit", first.pk)).status_code == 200
        assert client.get(at("arrive", first.pk)).status_code == 403
        client.post(at("opinion", first.pk), {"opinion": "线路老化，建议更换。"})
        assert first.invitations.get().opinion == "线路老化，建议更换。"
        client.force_login(world.cast.shen)
        assert client.get(at("opinion", first.pk)).status_code == 404
