"""The pages of results for those who enter, audit and publish; masking; who may do which."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date

import pytest
import time_machine
from django.urls import reverse

from liancha.disclosure import actions, queries
from liancha.disclosure.masking import mask
from liancha.disclosure.models import Correction, FollowUp, Publication, Result
from liancha.ledger.models import Entry
from liancha.rulebook.lifecycles import ResultState
from liancha.workdays.queries import calendar
from tests.people import NOON
from tests.rooms.disclosure_world import (
    EVENING,
    NEXT_DAY,
    enter,
    finish,
    make_head,
    publish,
    result_of,
)
from tests.rooms.visit_world import VisitWorld, make_visit_world

PRICE = "明码标价情况"


@contextmanager
def at(moment, client, person):
    """It is that moment, and this person has just logged in."""
    with time_machine.travel(moment, tick=False):
        client.force_login(person)
        yield client


@pytest.fixture
def world(db) -> VisitWorld:
    return make_visit_world(2)


# ── What is covered ───────────────────────────────────────────────────────────────────────


class TestMasking:
    @pytest.mark.parametrize(
        ("text", "covered", "kind"),
        [
            ("联系人 13800002617 称", "联系人 138****2617 称", "手机号"),
            ("电话138-0000-2617", "电话138******2617", "手机号"),
            ("手机１３８００００２６１７", "手机138****2617", "手机号"),
            ("身份证 410303199001011234", "身份证 410***********1234", "身份证号"),
            ("41030319900101123X。", "410***********123X。", "身份证号"),
            ("卡号 6222 0217 1234 5678 901", "卡号 6222*************** 901", "银行卡号"),
            ("座机 0379-63912345", "座机 0379*******45", "固定电话"),
            ("电话：63912345", "电话：63****45", "固定电话"),
            ("邮箱 zhang.san@example.com", "邮箱 z****************.com", "电子邮箱"),
            ("车牌豫C12345停在门口", "车牌豫C****5停在门口", "车牌号"),
            ("联系人张三 称已改", "联系人张* 称已改", "姓名"),
            ("负责人：李晓明在场", "负责人：李**在场", "姓名"),
            ("豫C·D12345 绿牌", "豫C******5 绿牌", "车牌号"),
        ],
    )
    def test_numbers_of_persons_are_covered(self, text, covered, kind):
        masked = mask(text)
        assert masked.text == covered
        assert masked.kinds == (kind,)

    @pytest.mark.parametrize(
        "text",
        [
            "统一社会信用代码 91410303XXXX00027Q",
            "代码 91410300171123456X",
            "大床房标价 268 元，系统收费 288 元",
            "2026-11-27 检查，限 2026-12-04 前改正",
            "文号 洛市监责改〔2026〕118号，任务 410300202611160008",
            "第 2 页第 13 行",
            "负责人于现场说明情况，经理高度重视，马上整改",
            "联系人员到场，负责人应当在场，当事人陈述意见",
            "员工宿舍，服务员张贴，当事人陈述，老板说明天改好",
            "",
        ],
    )
    def test_what_is_nobody_s_number_stays(self, text):
        assert mask(text).text == text
        assert mask(text).kinds == ()

    def test_names_on_the_record_form_are_covered_and_single_characters_are_not(self):
        masked = mask("薄云舒称大床房已改价，薄云说不。", ["薄云舒", "薄云", "床"])
        assert masked.text == "薄**称大床房已改价，薄*说不。"
        assert masked.kinds == ("姓名",)

    def test_the_length_stays_so_that_places_do_not_move(self):
        text = "联系人薄云舒 13800002617，0379-63912345"
        assert len(mask(text, ["薄云舒"]).text) == len(text)

    def test_covering_twice_is_as_good_as_once(self):
        once = mask("13800002617 与 410303199001011234").text
        assert mask(once).text == once


# ── The list ──────────────────────────────────────────────────────────────────────────────


def test_the_list_opens_what_the_job_has_not_opened_yet_and_writes_nothing_more(client, world):
    finish(world)
    assert not Result.objects.exists()
    with at(EVENING, client, world.cast.lu):
        page = client.get("/results/").content.decode()
        assert page.count("录入结果</a>") == 2
        entries = Entry.objects.count()
        client.get("/results/")
    assert Entry.objects.count() == entries


def test_a_department_lists_its_own_and_may_look_at_the_others_of_its_tasks(client, world):
    finish(world)
    with at(EVENING, client, world.cast.lu):
        assert client.get("/results/").context["page_obj"].paginator.count == 2
        assert client.get("/results/?of=all").context["page_obj"].paginator.count == 8
    with at(EVENING, client, world.cast.huo):
        assert client.get("/results/?of=all").context["page_obj"].paginator.count == 0
    with at(EVENING, client, world.cast.xu):
        assert client.get("/results/").context["page_obj"].paginator.count == 8


def test_a_row_offers_the_next_step_only_to_whoever_may_do_it(client, world):
    """Who inspects enters, another person audits; those who oversee read.

    Source: art. 22, paragraph 1.
    """
    [visit, _] = finish(world)
    with at(EVENING, client, world.cast.xu):
        page = client.get("/results/").content.decode()
        assert page.count("看结果</a>") == 8
    with at(EVENING, client, world.cast.gu):
        assert "录入结果</a>" not in client.get("/results/").content.decode()
    enter(result_of(visit, "WJ"), world.cast.lu)
    with at(EVENING, client, world.cast.lu):
        assert "审核结果</a>" not in client.get("/results/").content.decode()
        assert client.get("/results/?of=all").content.decode().count("录入结果</a>") == 1
    with at(EVENING, client, world.cast.gu):
        assert client.get("/results/").content.decode().count("审核结果</a>") == 1


def test_the_clock_counts_every_unpublished_result_once(client, world):
    visits = finish(world)
    result = result_of(visits[0], "WJ")
    assert result.due_on == date(2026, 12, 25)
    rows = Result.objects.of_department(world.cast.lu)
    for day, key in (
        (date(2026, 11, 27), "10"),
        (date(2026, 12, 11), "10"),
        (date(2026, 12, 14), "15"),
        (date(2026, 12, 18), "15"),
        (date(2026, 12, 21), "18"),
        (date(2026, 12, 23), "18"),
        (date(2026, 12, 24), "20"),
        (date(2026, 12, 25), "20"),
        (date(2026, 12, 26), "over"),
    ):
        clock = queries.clock(rows, day, calendar())
        assert {band.key: band.count for band in clock.bands if band.count} == {key: 2}, day
        assert rows.filter(queries.within(key, day, calendar())).count() == 2


def test_the_rate_counts_what_is_out_in_time_against_what_was_due(world):
    visits = finish(world)
    publish(result_of(visits[0], "WJ"), world.cast.lu, world.cast.gu)
    rows = Result.objects.of_department(world.cast.lu)
    today = queries.clock(rows, NEXT_DAY.date(), calendar())
    assert (today.in_time, today.due, today.said) == (1, 1, "1 / 1")
    after = queries.clock(rows, date(2026, 12, 28), calendar())
    assert (after.in_time, after.due, after.said) == (1, 2, "1 / 2，未按期 1 户")


def test_each_figure_opens_the_rows_it_counts(client, world):
    finish(world)
    with at(EVENING, client, world.cast.lu):
        clock = client.get("/results/").context["clock"]
        for band in clock.bands:
            rows = client.get("/results/", {"used": band.key}).context["page_obj"]
            assert rows.paginator.count == band.count


def test_the_list_takes_few_queries_however_long(client, world, django_assert_max_num_queries):
    finish(world)
    with at(EVENING, client, world.cast.lu):
        client.get("/results/")
        with django_assert_max_num_queries(18):
            client.get("/results/?of=all")


# ── From entry to publication, through the pages ──────────────────────────────────────────


def posted(answer_items, code="01", **more):
    data = {}
    for item in answer_items:
        data[f"item-{item}-code"] = code
        data[f"item-{item}-text"] = "现场查看。"
    return data | more


def test_a_result_goes_through_its_pages(client, world):
    [visit, _] = finish(world)
    result = result_of(visit, "WJ")
    items = [answer.item_id for answer in actions.checked_items(result)]
    place = result.get_absolute_url()
    with at(EVENING, client, world.cast.lu):
        page = client.get(place).content.decode()
        assert "送审核" in page
        empty = client.post(f"{place}enter/", {})
        assert empty.status_code == 422
        assert "请选择抽查结果" in empty.content.decode()
        assert client.post(f"{place}enter/", posted(items)).status_code == 302
        assert client.post(f"{place}enter/", posted(items)).status_code == 409
        assert client.post(f"{place}audit/").status_code == 403
    with at(EVENING, client, world.cast.gu):
        assert "审核同意" in client.get(place).content.decode()
        assert client.post(f"{place}back/", {"note": ""}).status_code == 409
        client.post(f"{place}audit/")
        assert client.post("/results/publish/", {"one": result.pk}).status_code == 403
    with at(NEXT_DAY, client, world.cast.lu):
        assert "公示结果" in client.get(place).content.decode()
        sent = client.post("/results/publish/", {"one": result.pk}, follow=True)
        assert "已公示 1 户" in sent.content.decode()
        again = client.post("/results/publish/", {"one": result.pk})
        assert again.status_code == 409
        assert "看公示页" in client.get(place).content.decode()
    assert Publication.objects.count() == 1


def test_the_form_brings_what_the_record_says(client, world):
    [visit, _] = finish(world, found=(PRICE,))
    result = result_of(visit, "SCJG")
    with at(EVENING, client, world.cast.xiang):
        page = client.get(result.get_absolute_url()).content.decode()
    assert "洛市监责改〔2026〕118号" in page
    assert 'value="2026-12-04"' in page
    assert "薄云舒" in page  # the office reads what the record form says


def test_what_will_be_covered_is_shown_while_typing_and_kept_nowhere(client, world):
    [visit, _] = finish(world)
    result = result_of(visit, "WJ")
    visit.notice.contact = "薄云舒"
    visit.notice.save()
    place = reverse("disclosure:covered", args=[result.pk])
    with at(EVENING, client, world.cast.lu):
        answer = client.post(place, {"text": "联系人薄云舒 13800002617 称改好"}).json()
        assert answer == {
            "text": "联系人薄** 138****2617 称改好",
            "found": [["手机号", "13800002617"], ["姓名", "薄云舒"]],
        }
        assert client.post(place, {"text": ""}).json() == {"text": "", "found": []}
    with at(EVENING, client, world.cast.huo):
        assert client.post(place, {"text": "x"}).status_code == 404
    assert not Entry.objects.filter(what="disclosure.enter").exists()


def test_the_server_covers_whatever_the_page_sent(client, world):
    [visit, _] = finish(world)
    result = result_of(visit, "WJ")
    [item] = [answer.item_id for answer in actions.checked_items(result)]
    with at(EVENING, client, world.cast.lu):
        data = {f"item-{item}-code": "01", f"item-{item}-text": "店长 13800002617"}
        page = client.post(f"{result.get_absolute_url()}enter/", data, follow=True)
    assert "已遮住手机号" in page.content.decode()
    assert result.items.get().text == "店长 138****2617"


def test_a_reason_is_asked_for_and_the_rest_is_sent_again(client, world):
    [visit, _] = finish(world, found=(PRICE,))
    result = result_of(visit, "SCJG")
    items = [answer.item_id for answer in actions.checked_items(result)]
    with at(EVENING, client, world.cast.xiang):
        place = f"{result.get_absolute_url()}enter/"
        asked = client.post(place, posted(items))
        assert asked.status_code == 409
        assert 'name="reason"' in asked.content.decode()
        assert client.post(place, posted(items, reason="误记")).status_code == 302


def test_a_batch_publishes_the_ticked_or_all_of_them(client, world):
    results = [result_of(visit, "WJ") for visit in finish(world)]
    for result in results:
        enter(result, world.cast.lu)
        actions.audit(result=result, by=world.cast.gu, at=EVENING)
    with at(NEXT_DAY, client, world.cast.lu):
        page = client.get("/results/?state=audited").content.decode()
        assert "公示所选" in page
        nothing = client.post("/results/publish/", {})
        assert nothing.status_code == 409
        client.post("/results/publish/", {"all": "1", "query": "state=audited"})
    assert Publication.objects.count() == 2
    assert {r.state for r in Result.objects.filter(pk__in=[r.pk for r in results])} == {"published"}


def test_another_department_s_result_cannot_be_slipped_into_a_batch(client, world):
    [visit, _] = finish(world)
    own, foreign = result_of(visit, "WJ"), result_of(visit, "GA")
    enter(own, world.cast.lu)
    actions.audit(result=own, by=world.cast.gu, at=EVENING)
    enter(foreign, world.cast.shen)
    actions.audit(result=foreign, by=world.cast.cheng, at=EVENING)
    with at(NEXT_DAY, client, world.cast.lu):
        client.post("/results/publish/", {"pick": [own.pk, foreign.pk]})
        assert client.post("/results/publish/", {"one": foreign.pk}).status_code == 409
    foreign.refresh_from_db()
    assert foreign.state == ResultState.AUDITED
    assert [p.department.code for p in Publication.objects.all()] == ["WJ"]


@pytest.mark.parametrize(
    ("who", "code", "status"),
    [
        ("lu", "WJ", 200),
        ("lu", "GA", 200),  # the departments of one visit read each other's
        ("huo", "WJ", 404),
        ("lin", "WJ", 403),
        ("qin", "WJ", 403),
        ("sys", "WJ", 403),
        ("xu", "WJ", 200),
    ],
)
def test_who_reads_a_result(client, world, who, code, status):
    [visit, _] = finish(world)
    result = result_of(visit, code)
    with at(EVENING, client, world.cast.user[who]):
        assert client.get(result.get_absolute_url()).status_code == status


@pytest.mark.parametrize("who", ["shen", "huo", "zhou", "xu"])
def test_nobody_else_enters_for_a_department(client, world, who):
    [visit, _] = finish(world)
    result = result_of(visit, "WJ")
    items = [answer.item_id for answer in actions.checked_items(result)]
    with at(EVENING, client, world.cast.user[who]):
        answer = client.post(f"{result.get_absolute_url()}enter/", posted(items))
    assert answer.status_code in (403, 404, 409)
    result.refresh_from_db()
    assert result.state == ResultState.TO_ENTER


@pytest.mark.parametrize(
    "place",
    ["/results/", "/results/1/", "/follow-ups/", "/overdue/", "/reminders/", "/oversight/log/"],
)
def test_the_office_asks_who_one_is(client, db, place):
    assert client.get(place).status_code == 302
    assert "/login/" in client.get(place)["Location"]


# ── Corrections and follow-ups, through the pages ─────────────────────────────────────────


def test_a_correction_is_asked_for_on_one_page_and_agreed_to_on_another(client, world):
    [visit, _] = finish(world)
    old = publish(result_of(visit, "WJ"), world.cast.lu, world.cast.gu)
    [item] = [each.item_id for each in old.result.items.all()]
    place = reverse("disclosure:ask_correction", args=[old.serial])
    data = {f"item-{item}-code": "08", f"item-{item}-text": "许可证过期", "reason": "复核有误"}
    with at(NEXT_DAY, client, world.cast.lu):
        assert client.get(place).status_code == 200
        for lacking in ({}, data | {"reason": ""}):
            assert client.post(place, lacking).status_code == 422
        assert client.post(place, data).status_code == 302
    correction = Correction.objects.get()
    decide = reverse("disclosure:decide_correction", args=[correction.pk])
    with at(NEXT_DAY, client, world.cast.cheng):
        assert client.post(decide, {"agree": "1"}).status_code == 404
    with at(NEXT_DAY, client, world.cast.gu):
        page = client.get(old.result.get_absolute_url()).content.decode()
        assert "同意并公示更正" in page
        client.post(decide, {"agree": "1"})
        assert client.post(decide, {"agree": "1"}).status_code == 409
    assert [p.code for p in Publication.objects.order_by("serial")] == ["01", "08"]
    with at(NEXT_DAY, client, world.cast.xiang):
        assert client.get(place).status_code == 404


def test_a_follow_up_is_handed_over_seen_by_both_and_closed_by_its_owner(client, world):
    [visit, _] = finish(world, found=(PRICE,))
    head = make_head(world, "SCJG", "scjg-head")
    result = result_of(visit, "SCJG")
    publish(result, world.cast.xiang, head)
    place = reverse("disclosure:open_follow_up", args=[result.pk])
    with at(NEXT_DAY, client, world.cast.xiang):
        assert client.get(place).status_code == 200
        wordless = {"kind": "1", "department": world.cast.department["SCJG"].pk}
        assert client.post(place, wordless).status_code == 422
        client.post(
            place,
            {"kind": "5", "department": world.cast.department["XF"].pk, "note": "通道被占"},
        )
    handed = FollowUp.objects.get(kind="5")
    for who, status in (("xiang", 200), ("pei", 200), ("lu", 404), ("huo", 404)):
        with at(NEXT_DAY, client, world.cast.user[who]):
            assert client.get(handed.get_absolute_url()).status_code == status, who
    close = reverse("disclosure:close_follow_up", args=[handed.pk])
    with at(NEXT_DAY, client, world.cast.xiang):
        assert client.post(close, {"note": "好了"}).status_code == 409
    with at(NEXT_DAY, client, world.cast.pei):
        assert client.post(close, {"note": ""}).status_code == 422
        assert client.post(close, {"note": "已清理"}).status_code == 302
        page = client.get("/follow-ups/?state=closed").content.decode()
    assert "洛阳第1宾馆" in page
    handed.refresh_from_db()
    assert handed.closed_by == world.cast.pei


def test_looking_into_another_department_s_follow_ups_is_not_possible(client, world):
    with at(NOON, client, world.cast.huo):
        assert client.get(reverse("disclosure:open_follow_up", args=[1])).status_code == 404
