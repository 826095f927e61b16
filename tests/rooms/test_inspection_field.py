"""The visit's pages on the phone: whose they are, what a hostile phone gets back."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from liancha.inspection import actions
from liancha.inspection.models import ItemAnswer, RecordForm, Visit
from liancha.rulebook.lifecycles import VisitState
from tests.rooms.visit_world import (
    MORNING,
    answer_all,
    arrive,
    begun,
    drawn_signature,
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


def row(visit: Visit, world, item: str, **body: object) -> tuple[str, str]:
    return at("fill", visit.pk, world.items[item].pk), json.dumps(body)


def post_row(client, visit: Visit, world, item: str, **body: object):
    url, data = row(visit, world, item, **body)
    return client.post(
        url, data, content_type="application/json", headers={"accept": "application/json"}
    )


class TestPhone:
    def test_today_shows_what_is_planned_left_over_or_under_way(self, client, world):
        told(world)
        client.force_login(world.officers["WJ"][0].user)
        page = client.get(at("today")).content.decode()
        assert "今天 3 户" in page
        with time_machine.travel(MORNING + timedelta(days=3)):
            client.force_login(world.officers["WJ"][0].user)
            page = client.get(at("today")).content.decode()
            assert "原定 2026-11-27 周五，还没有完成" in page
        client.force_login(world.officers["WJ"][2].user)
        assert "今天没有检查" in client.get(at("today")).content.decode()

    def test_the_phone_pages_are_for_people_with_a_certificate(self, client, world):
        client.force_login(world.cast.shen)
        assert client.get(at("today")).status_code == 403
        client.force_login(world.cast.lin)  # an officer's account without an inspector behind it
        assert client.get(at("today")).status_code == 403
        assert client.get(at("card")).status_code == 403

    def test_an_officer_of_another_team_finds_nothing(self, client, world):
        visit = begun(world)
        client.force_login(world.officers["WJ"][2].user)
        for name in ("arrive", "items", "sign"):
            assert client.get(at(name, visit.pk)).status_code == 404
        answer = post_row(client, visit, world, "公共场所卫生许可", finding="fine", seen=0)
        assert answer.status_code == 404

    def test_the_department_with_one_officer_reads_the_article_and_others_go_on(
        self, client, world
    ):
        visit = told(world)[0]
        arrive(world, visit, "GA", "WJ", "SCJG")
        arrive(world, visit, "XF", count=1)
        client.force_login(world.officers["SCJG"][0].user)
        page = client.get(at("arrive", visit.pk)).content.decode()
        assert "消防的事项现在不能开始" in page
        assert "各参与部门实地核查人员不得少于两人。" in page
        assert "3 个部门先开始检查" in page
        answer = client.post(at("start", visit.pk))
        assert answer.url == at("items", visit.pk)
        client.force_login(world.officers["XF"][0].user)
        assert client.get(at("items", visit.pk)).url == at("arrive", visit.pk)

    def test_a_refused_check_in_is_said_on_the_same_page(self, client, world):
        visit = told(world)[0]
        one = world.officers["GA"][0]
        one.certificates.update(valid_to=date(2026, 11, 20))
        client.force_login(one.user)
        answer = client.post(at("check_in", visit.pk))
        assert answer.status_code == 409
        assert "已过期" in answer.content.decode()
        assert "site/css/refusal.css" in answer.content.decode()  # it looks like a refusal, too
        one.certificates.update(valid_to=date(2028, 11, 20))
        client.post(at("check_in", visit.pk))
        colleague = world.officers["WJ"][0]
        answer = client.post(
            at("check_in", visit.pk), {"inspector": colleague.pk, "certificate_number": "1603"}
        )
        assert answer.status_code == 409
        assert 'value="1603"' in answer.content.decode()
        answer = client.post(at("check_in", visit.pk), {"inspector": "0"})
        assert answer.status_code == 422
        assert "请先选择要代为签到的组员" in answer.content.decode()
        number = colleague.certificates.get().number
        client.post(
            at("check_in", visit.pk), {"inspector": colleague.pk, "certificate_number": number}
        )
        assert visit.checkins.count() == 2

    def test_another_departments_row_is_not_there(self, client, world):
        visit = begun(world)
        client.force_login(world.officers["SCJG"][0].user)
        assert "公共场所卫生许可" not in client.get(at("items", visit.pk)).content.decode()
        answer = post_row(client, visit, world, "公共场所卫生许可", finding="fine", seen=0)
        assert answer.status_code == 404
        answer = post_row(client, visit, world, "电梯使用登记", finding="fine", seen=0)
        assert answer.status_code == 404  # not expected at this hotel
        assert ItemAnswer.objects.count() == 0

    def test_a_row_says_its_version_and_what_it_lacks(self, client, world):
        visit = begun(world)
        client.force_login(world.officers["SCJG"][0].user)
        answer = post_row(client, visit, world, "明码标价情况", finding="found", seen=0, tab="a")
        assert answer.json() == {
            "version": 1,
            "missing": ["发现的情况", "处置"],
            "answered": 2,
            "total": 3,
        }

    def test_a_conflict_comes_back_with_the_others_words(self, client, world):
        visit = begun(world)
        one, two, _ = world.officers["SCJG"]
        client.force_login(one.user)
        post_row(
            client, visit, world, "明码标价情况", finding="fine", situation="甲", seen=0, tab="a"
        )
        client.force_login(two.user)
        answer = post_row(
            client, visit, world, "明码标价情况", finding="none", situation="乙", seen=0, tab="b"
        )
        assert answer.status_code == 409
        theirs = answer.json()["theirs"]
        assert (theirs["by"], theirs["situation"], theirs["version"]) == (one.name, "甲", 1)
        assert ItemAnswer.objects.get().situation == "甲"

    def test_a_stale_tab_is_refused_with_the_article_after_the_signature(self, client, world):
        visit = begun(world)
        answer_all(world, visit)
        sign(world, visit)
        client.force_login(world.officers["SCJG"][0].user)
        answer = post_row(client, visit, world, "明码标价情况", finding="found", seen=1)
        assert answer.status_code == 409
        assert answer.json()["error"] == "blocked"
        assert answer.json()["article"] == "21"
        assert client.get(at("items", visit.pk)).url == at("arrive", visit.pk)
        assert client.get(at("sign", visit.pk)).url == at("arrive", visit.pk)
        assert client.post(at("confirm", visit.pk)).status_code == 409

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"[]",
            b"{",
            b"null",
            b'{"finding": 3}',
            b'{"finding": "fine", "situation": "\\u0000"}',
            b'{"finding": "fine", "situation": "\\ud800"}',
            b'{"finding": "found", "measures": {}}',
            b'{"finding": "found", "measures": [1]}',
            b'{"finding": "found", "measures": [{"kind": "rectify", "deadline_on": "2026-02-30"}]}',
            b'{"finding": "found", "measures": [{"kind": "cease", "witness": "x"}]}',
            b'{"finding": "found", "measures": [{"kind": "cease", "witness": true}]}',
            b"[" * 100_000,
            b'{"finding": "fine", "situation": "' + b"x" * 200_000 + b'"}',
            b"\xff\xfe",
        ],
    )
    def test_what_no_phone_of_ours_sends_is_422_and_never_500(self, client, world, body):
        visit = begun(world)
        client.force_login(world.officers["SCJG"][0].user)
        url, _ = row(visit, world, "明码标价情况")
        answer = client.post(url, body, content_type="application/json")
        assert answer.status_code == 422
        assert answer.json()["message"]
        assert ItemAnswer.objects.count() == 0

    @pytest.mark.parametrize(
        "body",
        [
            {"finding": "perhaps"},
            {"finding": ""},
            {"finding": "fine", "measures": [{"kind": "cease"}]},
            {"finding": "found", "measures": [{"kind": "jail"}]},
            {"finding": "found", "measures": [{"kind": "cease"}, {"kind": "cease"}]},
            {"finding": "found", "measures": [{"kind": "cease", "channel": "shout"}]},
            {"finding": "found", "measures": [{"kind": "rectify", "deadline_on": "1999-01-01"}]},
            {"finding": "found", "measures": [{"kind": "cease", "witness": 2_000_000_000}]},
            {"finding": "found", "measures": [{"kind": "cease", "basis": "长" * 300}]},
            {"finding": "fine", "situation": "长" * 5000},
        ],
    )
    def test_what_the_form_does_not_take_is_refused_whole(self, client, world, body):
        visit = begun(world)
        client.force_login(world.officers["SCJG"][0].user)
        answer = post_row(client, visit, world, "明码标价情况", seen=0, **body)
        assert answer.status_code == 409
        assert answer.json()["article"] == "21"
        assert ItemAnswer.objects.count() == 0

    def test_the_page_of_items_carries_what_was_stored(self, client, world):
        visit = begun(world)
        one, item = world.officers["SCJG"][0], world.items["明码标价情况"]
        answer = actions.answer(
            visit=visit,
            item=item,
            finding="found",
            situation='标价 "268" <元>',
            by=one.user,
            at=MORNING,
        )
        actions.take_measure(
            answer=answer,
            kind="rectify",
            channel="written",
            detail="补标",
            basis="价格法",
            deadline_on=date(2026, 12, 4),
            by=one.user,
            at=MORNING,
        )
        client.force_login(one.user)
        page = client.get(at("items", visit.pk)).content.decode()
        assert "标价 &quot;268&quot; &lt;元&gt;" in page
        assert 'data-stored="rectify" data-channel="written" data-detail="补标"' in page
        assert 'data-deadline_on="2026-12-04"' in page


class TestSignaturePage:
    def ready(self, world):
        visit = begun(world)
        answer_all(world, visit)
        return visit

    def test_it_says_what_is_still_open(self, client, world):
        visit = begun(world)
        client.force_login(world.officers["GA"][0].user)
        page = client.get(at("sign", visit.pk)).content.decode()
        assert "还不能签字" in page
        assert "公安还有 2 项没有填写" in page

    def test_the_signed_picture_is_kept_and_served_to_those_who_may_see_the_form(
        self, client, world
    ):
        visit = self.ready(world)
        client.force_login(world.officers["GA"][0].user)
        data = {
            "ending": "signed",
            "signer": "王晓",
            "signer_post": "前厅部经理",
            "signature": drawn_signature(),
        }
        answer = client.post(at("sign", visit.pk), data)
        assert answer.url == at("arrive", visit.pk)
        assert client.post(at("sign", visit.pk), data).url == at("arrive", visit.pk)  # once only
        picture = client.get(at("signature", visit.pk))
        assert picture["Content-Type"] == "image/png"
        assert picture.content.startswith(b"\x89PNG")
        assert "检查完成" in client.get(at("arrive", visit.pk)).content.decode()
        client.logout()
        assert client.get(at("signature", visit.pk)).status_code == 302

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"signature": ""}, "还没有签名"),
            ({"signature": "data:image/png;base64,AAAA"}, "不是可以读取的 PNG"),
            ({"signer": ""}, "请填写签字人"),
            ({"signer_post": ""}, "请填写职务"),
            ({"ending": "maybe"}, "签字方式"),
        ],
    )
    def test_a_faulty_signature_changes_nothing(self, client, world, change, message):
        visit = self.ready(world)
        client.force_login(world.officers["GA"][0].user)
        data = {
            "ending": "signed",
            "signer": "王晓",
            "signer_post": "经理",
            "signature": drawn_signature(),
        }
        answer = client.post(at("sign", visit.pk), data | change)
        assert answer.status_code == 422
        assert message in answer.content.decode()
        assert Visit.objects.get(pk=visit.pk).state == VisitState.STARTED

    def test_the_second_officer_confirms_on_this_device_with_their_own_number(self, client, world):
        visit = self.ready(world)
        one, two, _ = world.officers["GA"]
        client.force_login(one.user)
        data = {
            "ending": "refused",
            "refusal": "负责人称需请示总部，拒绝签名。",
            "colleague": two.pk,
            "certificate_number": one.certificates.get().number,
        }
        page = client.post(at("sign", visit.pk), data).content.decode()
        assert "证号与这名执法人员不符" in page
        assert "本人勾选确认" in page
        data |= {"certificate_number": two.certificates.get().number, "is_confirmed": "on"}
        assert client.post(at("sign", visit.pk), data).url == at("arrive", visit.pk)
        form = RecordForm.objects.get()
        assert [(each.inspector, each.by) for each in form.witnesses.all()] == [
            (one, one.user),
            (two, one.user),
        ]
        client.force_login(world.cast.shen)
        page = client.get(at("visit", visit.pk)).content.decode()
        assert f"在{one.user}的设备上" in page

    def test_or_on_their_own_phone(self, client, world):
        visit = self.ready(world)
        one, two = world.officers["GA"][0], world.officers["SCJG"][1]
        client.force_login(one.user)
        data = {"ending": "nobody", "refusal": "现场已关门，电话无人接听。"}
        assert client.post(at("sign", visit.pk), data).url == at("sign", visit.pk)
        assert "等第二人确认" in client.get(at("sign", visit.pk)).content.decode()
        assert client.post(at("confirm", visit.pk)).status_code == 409
        client.force_login(two.user)
        assert "我在场，确认属实" in client.get(at("sign", visit.pk)).content.decode()
        client.post(at("confirm", visit.pk))
        assert Visit.objects.get(pk=visit.pk).state == VisitState.ANNOTATED
