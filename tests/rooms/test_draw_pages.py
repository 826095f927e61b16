"""The pages of the draw: who may see and do what, what they say, what bad input gets."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from liancha.draw import actions, frozen
from liancha.draw.models import Draw, PoolChoices
from liancha.ledger.models import Entry
from liancha.registry.models import Target
from liancha.rulebook.lifecycles import DrawState
from liancha.task.models import Task
from tests.people import NOON
from tests.rooms import draw_world as w
from tests.rooms.draw_world import as_, text, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(time_machine) -> w.World:
    time_machine.move_to(NOON)
    return w.make_world()


class TestScopes:
    def test_outsiders_find_nothing(self, world):
        draw = w.locked(world)
        huo = as_(world, "huo")
        for name, args in (
            *(("draw", draw.pk), ("live", draw.pk), ("hall", draw.pk), ("rule", draw.pk)),
            *(("pool", world.task.pk), ("inspectors", world.task.pk)),
        ):
            assert huo.get(url(name, args)).status_code == 404, name
        assert huo.get(url("file", draw.pk, "drawn.tsv")).status_code == 404
        assert draw.number not in text(huo.get(url("draws")))

    def test_nobody_comes_in_without_an_account(self, world):
        draw = w.freeze(world)
        for name in ("draw", "live", "hall", "rule"):
            response = Client().get(url(name, draw.pk))
            assert response.status_code == 302
            assert "/login/" in response.headers["Location"]

    def test_three_administrators_have_no_business_here(self, world):
        draw = w.freeze(world)
        for name in ("sys", "sec", "aud"):
            assert as_(world, name).get(url("draw", draw.pk)).status_code == 403

    def test_a_witness_sees_the_draw_it_is_a_party_of_and_no_other(self, world):
        draw = w.freeze(world)
        qin = as_(world, "qin")
        assert qin.get(url("draw", draw.pk)).status_code == 404
        w.open_rule(world, draw, "WJ")
        assert qin.get(url("draw", draw.pk)).status_code == 200

    @pytest.mark.parametrize(
        "name", ["lock", "close", "beacon", "dispatch", "ask_void", "open_rule", "compute_void"]
    )
    def test_the_operators_acts_are_not_there_for_others(self, world, name):
        draw = w.computed(world)
        assert as_(world, "lu").post(url(name, draw.pk)).status_code in (403, 404)
        assert as_(world, "huo").post(url(name, draw.pk)).status_code in (403, 404)
        draw.refresh_from_db()
        assert draw.state == DrawState.CLOSED

    def test_acts_are_posts(self, world):
        draw = w.computed(world)
        for name in ("lock", "close", "beacon", "dispatch", "void"):
            assert as_(world, "shen").get(url(name, draw.pk)).status_code in (403, 405)
        assert as_(world, "shen").get(url("freeze", world.task.pk)).status_code == 405


class TestPoolPage:
    def test_the_funnel_the_strata_and_the_freeze(self, world):
        Target.objects.filter(pk=world.targets[0].pk).update(status="cancelled")
        shen = as_(world, "shen")
        page = text(shen.get(url("pool", world.task.pk)))
        assert "注销、吊销、撤销或迁出" in page
        assert "冻结 75 户的待抽检库" in page

        asked = shen.post(url("freeze", world.task.pk))
        assert asked.status_code == 302
        draw = Draw.objects.get()
        assert asked.headers["Location"] == url("draw", draw.pk)
        frozen = text(shen.get(url("pool", world.task.pk)))
        assert "已冻结" in frozen
        assert draw.frame_root[:8] in frozen

    def test_a_participant_reads_and_has_no_button(self, world):
        page = text(as_(world, "lu").get(url("pool", world.task.pk)))
        assert "可以入库" in page
        assert "冻结待抽检库" not in page
        assert as_(world, "lu").post(url("freeze", world.task.pk)).status_code == 403

    def test_search_strata_reasons_and_pages(self, world):
        Target.objects.filter(pk__in=[t.pk for t in world.targets[:3]]).update(status="moved")
        shen = as_(world, "shen")
        base = url("pool", world.task.pk)
        assert "找到 73 户" in text(shen.get(base))
        assert "找到 6 户" in text(shen.get(f"{base}?stratum=D"))
        assert "找到 1 户" in text(shen.get(f"{base}?q=第76宾馆"))
        assert "找到 3 户" in text(shen.get(f"{base}?tab=out&reason=not_open"))
        assert "没有符合条件" in text(shen.get(f"{base}?q=没有这一家"))
        assert shen.get(f"{base}?page=999&stratum=没有这一层").status_code == 200

    def test_leaving_somebody_out_asks_for_the_reason(self, world):
        shen = as_(world, "shen")
        target = world.targets[0]
        address = url("set_aside", world.task.pk, target.pk)
        asked = shen.post(address)
        assert asked.status_code == 409
        assert "写明理由" in text(asked)
        assert shen.post(address, {"reason": "停业装修"}).status_code == 302
        out = text(shen.get(url("pool", world.task.pk) + "?tab=out"))
        assert "人工排除" in out
        assert shen.post(url("take_back", world.task.pk, target.pk)).status_code == 302
        assert not world.task.set_aside.exists()

    def test_a_reason_is_kept_whole_or_refused(self, world):
        """It stands for ever: nothing is cut off in silence, and nobody fills the ledger."""
        shen, long = as_(world, "shen"), {"reason": "长" * 201, "note": "长" * 201}
        aside = url("set_aside", world.task.pk, world.targets[3].pk)
        places = [aside, url("freeze", world.task.pk)]
        for place in places:
            answer = shen.post(place, long)
            assert answer.status_code == 409, place
            assert "最多 200 字" in text(answer), place
        assert not world.task.set_aside.exists()
        assert shen.post(aside, {"reason": "长" * 200}).status_code == 302
        draw = w.computed(world)
        before = Entry.objects.count()
        value = {"value": w.LOTTERY_VALUE, "evidence": "公告"}
        for name, more in (("beacon", value), ("dispatch", {}), ("go_on", {}), ("void", {})):
            client = as_(world, "cheng") if name == "void" else shen
            assert "最多 200 字" in text(client.post(url(name, draw.pk), long | more)), name
        assert Entry.objects.count() == before

    def test_choices_that_are_none_are_refused_in_words(self, world):
        shen = as_(world, "shen")
        bad = shen.post(url("pool_choices", world.task.pk), {"cooling_months": "13"})
        assert bad.status_code == 422
        assert not PoolChoices.objects.filter(cooling_months=13).exists()
        assert (
            shen.post(url("pool_choices", world.task.pk), {"cooling_months": "12"}).status_code
            == 302
        )
        assert world.task.pool_choices.cooling_months == 12

    @pytest.mark.parametrize(
        ("typed", "kept"),
        [("5%", "1/20"), ("2.5%", "1/40"), ("１/２０", "1/20"), ("3/10", "3/10"), ("100%", "1/1")],
    )
    def test_a_ratio_is_written_as_people_write_it(self, world, typed, kept):
        Task.objects.update(line=None, source="risk")
        given = {"cooling_months": "0", "ratio": typed}
        as_(world, "shen").post(url("pool_choices", world.task.pk), given)
        assert world.task.pool_choices.ratio == kept

    @pytest.mark.parametrize("typed", ["abc", "0%", "3/0", "120%", "-5%", "1/2/3"])
    def test_and_nonsense_is_not_kept(self, world, typed):
        Task.objects.update(line=None, source="risk")
        given = {"cooling_months": "0", "ratio": typed}
        response = as_(world, "shen").post(url("pool_choices", world.task.pk), given)
        assert response.status_code == 422
        assert "请写成" in text(response) or "比例应大于 0" in text(response)
        assert not PoolChoices.objects.exclude(ratio="").exists()

    def test_after_a_void_the_pool_is_open_again(self, world):
        draw = w.freeze(world)
        actions.ask_void(draw=draw, cause="technical", reason="停电", by=world.cast.shen, at=NOON)
        actions.void(draw=draw, by=world.cast.cheng, at=NOON)
        assert "未冻结" in text(as_(world, "shen").get(url("pool", world.task.pk)))


class TestCeremonyPage:
    def test_what_each_person_is_asked_at_each_step(self, world, time_machine):
        draw = w.freeze(world)
        page = url("draw", draw.pk)
        shen, lu, qin = (as_(world, name) for name in ("shen", "lu", "qin"))
        assert "约定各方和公开随机值" in text(shen.get(page))
        assert "等洛阳市公安局约定各方" in text(lu.get(page))

        w.open_rule(world, draw, "WJ")
        assert "替洛阳市公安局提交承诺" in text(shen.get(page))
        assert "替秦牧之（洛阳市公证处）提交承诺" in text(qin.get(page))
        assert "等各方提交承诺，0 / 3" in text(as_(world, "pei").get(page))

        w.commit(world, draw)
        assert "揭示洛阳市卫生健康委员会的随机数" in text(lu.get(page))

        w.reveal(world, draw, but=0)
        assert "等各方揭示，2 / 3" in text(lu.get(page))
        shen.post(url("close", draw.pk))
        assert "揭示已截止，等公开随机值" in text(lu.get(page))
        assert "未揭示，已记录" in text(lu.get(page))

        time_machine.move_to(w.DUE + timedelta(minutes=1))
        shen, lu = as_(world, "shen"), as_(world, "lu")  # nine hours later they log in again
        assert "录入公开随机值" in text(shen.get(page))
        assert "等洛阳市公安局录入" in text(lu.get(page))
        given = {"value": "０３ 08 15 19 26  33 ＋ 07", "evidence": "公告"}
        assert shen.post(url("beacon", draw.pk), given).status_code == 302

        assert "锁定 7 户名单" in text(shen.get(page))
        draw.refresh_from_db()
        assert w.first_name(draw) in text(shen.get(page))
        assert shen.post(url("lock", draw.pk)).status_code == 302
        assert shen.post(url("lock", draw.pk)).status_code == 409

        assert "派发 7 户名单" in text(shen.get(page))
        assert shen.post(url("dispatch", draw.pk)).status_code == 302
        assert "签收 7 户名单" in text(lu.get(page))
        dispatch = draw.dispatches.get(department=world.department("WJ"))
        assert lu.post(url("acknowledge", dispatch.pk)).status_code == 302
        assert "2 / 4 已签收" in text(lu.get(page))

    def test_two_screens_without_reloading(self, world):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        lu = as_(world, "lu")
        first = lu.get(url("draw", draw.pk))
        version = re.search(r"live/\?v=([^\"]+)\"", first.content.decode())[1]
        assert lu.get(f"{url('live', draw.pk)}?v={version}").status_code == 204

        w.commit(world, draw, but=1)

        update = lu.get(f"{url('live', draw.pk)}?v={version}")
        assert update.status_code == 200
        assert "2 / 3" in text(update)
        assert "<html" not in update.content.decode()

    def test_the_rule_form_takes_lottery_dice_and_others(self, world):
        draw = w.freeze(world)
        shen = as_(world, "shen")
        assert "谁出随机数" in text(shen.get(url("open_rule", draw.pk)))
        given = {
            "departments": [world.department("WJ").pk],
            "witnesses": [world.cast.qin.pk],
            "beacon": "lottery",
            "issue": "2026135",
            "due": "2026-11-24T21:15",
        }
        assert shen.post(url("open_rule", draw.pk), given).status_code == 302
        draw.refresh_from_db()
        assert draw.beacon_source == "双色球 第2026135期 红球升序 + 蓝球"
        assert [p.name for p in draw.parties.all()] == [
            "洛阳市公安局", "洛阳市卫生健康委员会", "秦牧之（洛阳市公证处）",
        ]  # fmt: skip
        dice = given | {"beacon": "dice", "issue": ""}
        shen.post(url("open_rule", draw.pk), dice)
        draw.refresh_from_db()
        assert draw.beacon_form == "0 0 0 0 0 0 0 0 0 0"
        other = given | {"beacon": "other", "source": "上证综指收盘", "spelling": "0000.0000"}
        shen.post(url("open_rule", draw.pk), other)
        draw.refresh_from_db()
        assert draw.beacon_source == "上证综指收盘"

    @pytest.mark.parametrize(
        ("change", "word"),
        [
            ({"issue": "135"}, "期号是七位数字"),
            ({"due": ""}, "请填写公布时间"),
            ({"beacon": "other", "source": "", "spelling": ""}, "请填写来源"),
            ({"beacon": "nothing"}, "公开随机值"),
        ],
    )
    def test_and_says_beside_the_field_what_is_wrong(self, world, change, word):
        draw = w.freeze(world)
        given = {"beacon": "lottery", "issue": "2026135", "due": "2026-11-24T21:15"} | change
        response = as_(world, "shen").post(url("open_rule", draw.pk), given)
        assert response.status_code == 422
        assert word in text(response)

    def test_a_commitment_is_read_off_the_line_of_sha256sum(self, world):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        party = draw.parties.first()
        line = {"commitment": f"{'A' * 64}  -\n"}
        as_(world, "shen").post(url("commit", party.pk), line)
        party.refresh_from_db()
        assert party.commitment == "a" * 64
        for line, word in (("x", "64 位十六进制数"), ("", "没有收到承诺"), ("汉" * 64, "64 位")):
            bad = as_(world, "shen").post(url("commit", party.pk), {"commitment": line})
            assert bad.status_code == 422
            assert word in text(bad)
        party.refresh_from_db()
        assert party.commitment == "a" * 64

    def test_another_partys_hand_is_refused(self, world):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        party = draw.parties.get(position=1)
        response = as_(world, "shen").post(url("commit", party.pk), {"commitment": "a" * 64})
        assert response.status_code == 409
        assert "不能代交" in text(response)

    def test_a_wrong_reveal_is_a_page_with_its_reason(self, world):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        w.commit(world, draw)
        party = draw.parties.first()
        response = as_(world, "shen").post(url("reveal", party.pk), {"nonce": "f" * 64})
        assert response.status_code == 409
        assert "承诺不符" in text(response)

    def test_the_logged_rule_can_be_read_word_for_word(self, world):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        assert as_(world, "lu").get(url("rule", draw.pk)).status_code == 404
        w.commit(world, draw)
        draw.refresh_from_db()
        assert as_(world, "lu").get(url("rule", draw.pk)).content.decode() == draw.rule.text

    def test_pictures_only(self, world, time_machine):
        draw = w.closed(world)
        time_machine.move_to(w.DUE)
        given = {"value": w.LOTTERY_VALUE, "picture": SimpleUploadedFile("x.png", b"<svg>")}
        response = as_(world, "shen").post(url("beacon", draw.pk), given)
        assert response.status_code == 422
        assert "JPG 或 PNG" in text(response)
        good = SimpleUploadedFile("x.jpg", b"\xff\xd8\xff\xe0" + b"0" * 9)
        given = {"value": w.LOTTERY_VALUE, "picture": good}
        assert as_(world, "shen").post(url("beacon", draw.pk), given).status_code == 302
        shown = as_(world, "lu").get(url("picture", draw.pk))
        assert shown.headers["Content-Type"] == "image/jpeg"
        public = reverse("disclosure:public_draw_picture", args=[draw.pk])
        assert Client().get(public).status_code == 404
        actions.lock(draw=draw, by=world.cast.shen, at=w.DUE)
        assert Client().get(public).headers["Content-Type"] == "image/jpeg"

    def test_a_second_click_on_the_lock_meets_a_locked_list(self, world):
        draw = w.locked(world)
        answer = as_(world, "shen").post(url("lock", draw.pk))
        assert answer.status_code == 409
        assert "名单已锁定，不用再锁" in text(answer)
        assert f"锁定人是{world.cast.shen}" in text(answer)
        assert Entry.objects.filter(what="draw.lock").count() == 1
        for name, word in (("open_rule", "不能再约定"), ("ask_void", "不能申请作废")):
            old = as_(world, "shen").get(url(name, draw.pk))  # by the browser's way back
            assert old.status_code == 409
            assert word in text(old)

    def test_void_is_asked_and_decided_on_pages(self, world):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        shen, cheng = as_(world, "shen"), as_(world, "cheng")
        assert shen.post(url("ask_void", draw.pk), {"cause": "technical"}).status_code == 422
        given = {"cause": "technical", "reason": "大厅停电"}
        assert shen.post(url("ask_void", draw.pk), given).status_code == 302
        assert "同意作废" in text(cheng.get(url("draw", draw.pk)))
        assert "同意作废" not in text(shen.get(url("draw", draw.pk))).replace("同意后", "")
        neither = cheng.post(url("void", draw.pk))
        assert neither.status_code == 409
        assert "没有收到同意还是不同意" in text(neither)
        assert cheng.post(url("void", draw.pk), {"agree": "yes"}).status_code == 302
        assert f"{draw.number} 已作废" in text(shen.get(url("draw", draw.pk)))


class TestNames:
    def test_before_the_visits_only_those_in_the_hall(self, world):
        draw = w.computed(world)
        name = w.first_name(draw)
        world.task.participations.filter(department=world.department("SCJG")).delete()
        assert name in text(as_(world, "lu").get(url("draw", draw.pk)))
        assert name in text(as_(world, "qin").get(url("draw", draw.pk)))
        page = text(as_(world, "zhou").get(url("draw", draw.pk)))
        assert name not in page
        assert "名单只给参与部门" in page

    def test_the_hall_shows_tickets_but_no_name_code_or_class(self, world):
        draw = w.locked(world)
        page = as_(world, "shen").get(url("hall", draw.pk)).content.decode()
        for candidate in frozen.lines(draw):
            assert candidate.name not in page
            assert candidate.code not in page
        assert "lc-credit" not in page
        assert "第一层" in page
        assert page.count("<circle cx=") - 2 == 76  # two are the mark
        assert page.count('class="on"/') == 7
        assert "本次抽取的公开页" in page  # the code to scan, once there is something to check

    def test_the_hall_says_that_a_draw_is_void(self, world):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        page = text(as_(world, "shen").get(url("hall", draw.pk)))
        assert "本次已作废" not in page
        assert "扫码自己验" not in page
        actions.ask_void(
            draw=draw, cause="technical", reason="大厅停电", by=world.cast.shen, at=NOON
        )
        actions.void(draw=draw, by=world.cast.cheng, at=NOON)
        page = text(as_(world, "shen").get(url("hall", draw.pk)))
        assert "本次已作废" in page
        assert "大厅停电" in page
        assert "随机数齐了才能算出" not in page

    def test_the_hall_follows_too(self, world):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        shen = as_(world, "shen")
        version = re.search(
            r"hall/\?v=([^\"]+)\"", shen.get(url("hall", draw.pk)).content.decode()
        )[1]
        assert shen.get(f"{url('hall', draw.pk)}?v={version}").status_code == 204
        w.commit(world, draw)
        update = shen.get(f"{url('hall', draw.pk)}?v={version}", headers={"HX-Request": "true"})
        assert update.status_code == 200
        assert "<html" not in update.content.decode()

    def test_reading_a_list_before_it_is_public_is_on_record(self, world):
        draw = w.locked(world)
        lu = as_(world, "lu")
        assert lu.get(url("file", draw.pk, "transcript.json")).status_code == 200
        assert not Entry.objects.filter(what="draw.read_list").exists()
        got = lu.get(url("file", draw.pk, "drawn.tsv"))
        assert got.headers["Content-Disposition"] == 'attachment; filename="drawn.tsv"'
        assert Entry.objects.filter(what="draw.read_list").get().by == "lu@WJ"
        assert lu.get(url("file", draw.pk, "secret.txt")).status_code == 404

    def test_a_coordinator_outside_the_task_gets_transcript_but_no_list(self, world):
        draw = w.locked(world)
        world.task.participations.filter(department=world.department("SCJG")).delete()
        zhou = as_(world, "zhou")
        assert zhou.get(url("file", draw.pk, "transcript.json")).status_code == 200
        for name in ("drawn.tsv", "frame.tsv", "codes.txt"):
            assert zhou.get(url("file", draw.pk, name)).status_code == 404


def test_the_list_of_draws_has_what_waits_for_me(world):
    draw = w.open_rule(world, w.freeze(world), "WJ")
    lu = as_(world, "lu")
    assert draw.number in text(lu.get(url("draws") + "?tab=mine"))
    w.commit(world, draw, but=0)
    assert draw.number not in text(lu.get(url("draws") + "?tab=mine"))
    assert draw.number in text(lu.get(url("draws")))
    assert draw.number not in text(lu.get(url("draws") + "?tab=inspectors"))
