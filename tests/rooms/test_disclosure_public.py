"""The public pages: what is open at once, what waits for the visits, and what never opens."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from liancha.disclosure import actions
from liancha.disclosure.models import Publication
from liancha.draw import actions as draws
from liancha.draw import frozen
from liancha.draw.models import Draw, DrawnTarget
from liancha.inspection.models import Visit
from liancha.registry.models import Target
from liancha.rulebook import verify
from liancha.task.models import Task
from tests.people import NOON
from tests.rooms import draw_world, supplement_world
from tests.rooms.disclosure_world import (
    EVENING,
    NEXT_DAY,
    check,
    enter,
    finish,
    make_drawn_world,
    make_head,
    publish,
    result_of,
)
from tests.rooms.draw_world import DUE, closed, make_world
from tests.rooms.visit_world import make_visit_world

pytestmark = pytest.mark.django_db

PLACES = (
    "/public/",
    "/public/draws/",
    "/public/draws/?q=宾馆",
    "/public/results/",
    "/public/results/?q=洛阳",
    "/public/results/?q=宾馆",
    "/public/results.json",
    "/public/results.json?q=洛阳",
    "/public/results.csv",
    "/public/verify/",
    "/public/data/",
)


def everything_public(client) -> dict[str, str]:
    """Every public address of this room that answers, guessed numbers too, and what it says."""
    found = {}
    guesses = [f"/public/draws/{n}/" for n in {*range(1, 8), *draws_there()}]
    guesses += [f"/public/results/{n}/" for n in range(1, 30)]
    for draw in Draw.objects.all():
        for name in (
            "transcript.json", "log.json", "rule.json", "frame.tsv", "drawn.tsv", "codes.txt",
            "roster.tsv", "needs.tsv", "eligible.tsv", "bundle.zip", "firm.json", "secret",
        ):  # fmt: skip
            guesses.append(f"/public/draws/{draw.pk}/{name}")
    for target in DrawnTarget.objects.select_related("candidate"):
        for text in (target.candidate.name, target.candidate.code):
            guesses.append(f"/public/results/?q={text}")
            guesses.append(f"/public/results.json?q={text}")
    for place in (*PLACES, *guesses):
        answer = client.get(place)
        assert answer.status_code in (200, 404), place
        if answer.status_code == 200:
            found[place] = read(answer)
    return found


def draws_there() -> list[int]:
    return list(Draw.objects.values_list("pk", flat=True))


def read(answer) -> str:
    data = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if not data.startswith(b"PK"):
        return data.decode()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return "\n".join(archive.read(name).decode() for name in archive.namelist())


def leaks(found: dict[str, str], words: set[str]) -> list[tuple[str, str]]:
    """(address, word) wherever one of these words is said, but for the search that asked for it."""
    return [
        (place, word)
        for place, text in found.items()
        for word in words
        if word in text.replace(f'value="{word}"', "") and f"q={word}" not in place
    ]


def named(rows) -> set[str]:
    return {word for row in rows for word in (row.name, row.code)}


class TestNamesWaitForTheVisits:
    def test_nothing_names_a_firm_of_the_pool_before_the_visits_are_over(self, client):
        make_drawn_world()
        everybody = named(frozen.lines(Draw.objects.of_targets().get()))
        found = everything_public(client)
        assert leaks(found, everybody) == []
        assert "检查结束后公开" in found["/public/"]
        draw = Draw.objects.of_targets().get()
        assert f"/public/draws/{draw.pk}/transcript.json" in found
        assert f"/public/draws/{draw.pk}/codes.txt" not in found

    def test_asking_for_a_drawn_firm_answers_like_asking_for_any_other(self, client):
        make_drawn_world()
        drawn = set(DrawnTarget.objects.values_list("candidate__name", flat=True))
        other = draw_world.not_drawn(Draw.objects.of_targets().get())[0].name
        answers = {
            client.get("/public/results/", {"q": name}).content.decode().replace(name, "")
            for name in (*drawn, other)
        }
        assert len(answers) == 1

    def test_the_names_of_inspectors_are_on_no_public_page(self, client):
        world = make_drawn_world()
        people = {f"{each.short}1号" for each in world.cast.department.values()}
        assert leaks(everything_public(client), people) == []

    def test_one_firm_s_result_names_that_firm_and_no_other(self, client):
        world = make_drawn_world()
        first, *rest = Visit.objects.order_by("pk")
        assert rest
        publish(result_of(check(first), "WJ"), world.cast.lu, world.cast.gu)
        own = first.drawn_target.candidate
        found = everything_public(client)
        assert own.name in found["/public/results/"]
        pool = frozen.lines(Draw.objects.of_targets().get())
        others = named(line for line in pool if line.code != own.code)
        assert leaks(found, others) == []
        draw = Draw.objects.of_targets().get()
        assert own.name not in found[f"/public/draws/{draw.pk}/"]

    def test_after_the_last_visit_codes_and_names_open_and_classes_never(self, client):
        make_drawn_world()
        for visit in Visit.objects.order_by("pk"):
            check(visit)
        draw = Draw.objects.of_targets().get()
        found = everything_public(client)
        page = found[f"/public/draws/{draw.pk}/"]
        for drawn in DrawnTarget.objects.select_related("candidate"):
            assert drawn.candidate.name in page
            assert drawn.candidate.code in found[f"/public/draws/{draw.pk}/codes.txt"]
        assert leaks(found, named(draw_world.not_drawn(draw))) == []
        assert f"/public/draws/{draw.pk}/frame.tsv" not in found
        assert f"/public/draws/{draw.pk}/drawn.tsv" not in found
        assert "第一层" in page
        assert ">分层</th>" not in page.partition("抽中名单")[2]

    def test_open_strata_open_the_whole_frame_and_it_can_be_drawn_again(
        self, client, tmp_path, capsys
    ):
        make_drawn_world(
            stratify="region",
            rates=[(code, "1/4") for code in ("410302", "410303", "410305", "410311")],
            confidential=False,
        )
        draw = Draw.objects.of_targets().get()
        before = client.get(f"/public/draws/{draw.pk}/frame.tsv")
        assert before.status_code == 404
        for visit in Visit.objects.order_by("pk"):
            check(visit)
        page = client.get(f"/public/draws/{draw.pk}/").content.decode()
        assert ">县区</th>" in page.partition("抽中名单")[2]
        data = client.get(f"/public/draws/{draw.pk}/bundle.zip").content
        assert data == client.get(f"/public/draws/{draw.pk}/bundle.zip").content
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            archive.extractall(tmp_path)
        assert {each.name for each in tmp_path.iterdir()} >= {
            "transcript.json",
            "log.json",
            "frame.tsv",
            "drawn.tsv",
        }
        assert verify.main([str(tmp_path)]) == 0
        assert "不认识的文件" not in capsys.readouterr().out, "each file of it is checked"
        frame = tmp_path / "frame.tsv"
        frame.write_text(frame.read_text().replace("410302", "410303", 1))
        assert verify.main([str(tmp_path)]) == 1

    def test_the_day_in_the_scheme_opens_the_list_too(self, client):
        world = make_drawn_world()
        draw = Draw.objects.of_targets().get()
        Task.objects.filter(pk=world.task.pk).update(lists_open_on="2026-01-01")
        assert client.get(f"/public/draws/{draw.pk}/codes.txt").status_code == 200


class TestDraws:
    def test_a_frozen_pool_is_not_public_before_its_rule_is_logged(self, client):
        from tests.rooms.draw_world import freeze

        world = make_world(classes="AAAA")
        draw = freeze(world)
        assert client.get(f"/public/draws/{draw.pk}/").status_code == 404
        assert draw.number not in client.get("/public/draws/").content.decode()

    def test_the_rule_is_public_at_once_and_the_seed_is_not_there_yet(self, client):
        world = make_world(classes="AAAA")
        draw = closed(world)
        page = client.get(f"/public/draws/{draw.pk}/").content.decode()
        assert "正在抽取" in page
        rule = client.get(f"/public/draws/{draw.pk}/rule.json")
        assert json.loads(rule.content)["draw"] == draw.number
        assert client.get(f"/public/draws/{draw.pk}/transcript.json").status_code == 404
        assert draw.secret not in page

    def test_a_public_value_that_was_changed_says_so_to_everybody(self, client):
        """Who changes it has seen whom the first one draws (draw protocol, §7)."""
        world = make_world(classes="AAAA")
        draw = draw_world.computed(world)
        before = draw.beacon_value
        assert "更正过" not in client.get(f"/public/draws/{draw.pk}/").content.decode()
        again = {"evidence": "福彩公告", "by": world.cast.shen, "at": DUE}
        draws.enter_beacon(
            draw=draw, value="03 08 15 19 26 32 + 07", reason="第六个红球看错", **again
        )
        page = client.get(f"/public/draws/{draw.pk}/").content.decode()
        assert "更正过" in page
        assert before in page
        assert "第六个红球看错" in page

    def test_reveals_that_did_not_wait_for_a_witness_say_so_to_everybody(self, client, settings):
        settings.LIANCHA_LOG_WAIT = True
        world = make_world(classes="AAAA")
        draw = draw_world.open_rule(world, draw_world.freeze(world), "WJ")
        draw_world.commit(world, draw)
        late = NOON + timedelta(minutes=settings.LIANCHA_LOG_PATIENCE)
        draws.go_on_uncosigned(draw=draw, reason="见证方断网", by=world.cast.shen, at=late)
        draw_world.reveal(world, draw, at=late)
        assert "见证方断网" in client.get(f"/public/draws/{draw.pk}/").content.decode()

    def test_a_void_draw_stays_for_ever_with_its_reason(self, client):
        world = make_world(classes="AAAA")
        draw = closed(world)
        draw = draws.ask_void(
            draw=draw, cause="technical", reason="停电，设备损坏", by=world.cast.shen, at=DUE
        )
        draws.void(draw=draw, by=world.cast.cheng, at=DUE)
        page = client.get(f"/public/draws/{draw.pk}/").content.decode()
        assert "停电，设备损坏" in page
        assert "作废" in client.get("/public/draws/").content.decode()
        with time_machine.travel(DUE):
            assert "1 次作废" in client.get("/public/").content.decode()

    def test_a_void_draw_names_the_one_in_its_place_once_that_is_public(self, client):
        world = make_world(classes="AAAA")
        void = closed(world)
        ask = {"cause": "technical", "reason": "停电，设备损坏", "by": world.cast.shen, "at": DUE}
        void = draws.ask_void(draw=void, **ask)
        draws.void(draw=void, by=world.cast.cheng, at=DUE)
        again = draw_world.freeze(world, at=DUE)
        page = f"/public/draws/{void.pk}/"
        assert again.number not in client.get(page).content.decode()
        draw_world.open_rule(world, again)
        link = f'重新抽取的是 <a href="/public/draws/{again.pk}/">{again.number}</a>'
        assert link not in client.get(page).content.decode()  # its rule is not logged yet
        draw_world.commit(world, again)
        assert link in client.get(page).content.decode()
        assert "重新抽取的是" not in client.get(f"/public/draws/{again.pk}/").content.decode()

    def test_the_list_marks_a_keeper_and_a_further_batch(self, client):
        world = make_world(
            classes="A" * 12,
            stratify="region",
            rates=[(code, "1/4") for code in draw_world.REGIONS],
            participants=("GA", "WJ"),
        )
        first = draw_world.locked(world)
        table = client.get("/public/draws/").content.decode()
        assert "托管人核对" not in table
        assert "补抽" not in table
        draw_world.kept(world, supplement_world.frozen(world, first, {"410302": 1}))
        table = client.get("/public/draws/").content.decode()
        assert table.count("托管人核对") == table.count("补抽") == 1

    def test_counts_of_a_draw_are_public_and_add_up(self, client):
        make_drawn_world()
        draw = Draw.objects.of_targets().get()
        page = client.get(f"/public/draws/{draw.pk}/")
        layers = page.context["layers"]
        assert sum(each["size"] for each in layers) == draw.frame_size == 18
        assert page.context["count"] == DrawnTarget.objects.count()

    def test_nothing_is_written_by_looking(self, client):
        from liancha.ledger.models import Entry

        make_drawn_world()
        before = Entry.objects.count()
        everything_public(client)
        assert Entry.objects.count() == before

    @pytest.mark.parametrize("place", PLACES)
    def test_public_pages_answer_without_anything_in_the_database(self, client, place):
        assert client.get(place).status_code == 200

    def test_public_pages_take_no_posts(self, client):
        assert client.post("/public/results/").status_code == 405


class TestResults:
    @pytest.fixture
    def world(self):
        return make_visit_world(2)

    def test_a_result_is_found_by_part_of_the_name_and_by_its_whole_code(self, client, world):
        first, _ = finish(world)
        publish(result_of(first, "WJ"), world.cast.lu, world.cast.gu)
        code = first.drawn_target.candidate.code
        for text, count in (
            ("第1宾馆", 1),
            (code, 1),
            (code.lower(), 1),
            (code[:-1], 0),
            ("无", 0),
        ):
            answer = client.get("/public/results.json", {"q": text}).json()
            assert answer["count"] == count, text
        assert "洛阳第1宾馆" in client.get("/public/results/?code=01").content.decode()
        assert "洛阳第1宾馆" not in client.get("/public/results/?code=05").content.decode()
        for odd in ("x", "9" * 30, "-1"):
            assert client.get("/public/results/", {"task": odd, "page": odd}).status_code == 200

    def test_a_publication_says_what_where_it_comes_from_and_who_else(self, client, world):
        first, _ = finish(world)
        one = publish(result_of(first, "WJ"), world.cast.lu, world.cast.gu)
        other = publish(result_of(first, "GA"), world.cast.shen, world.cast.cheng)
        page = client.get(f"/public/results/{one.serial}/").content.decode()
        for words in ("公共场所卫生许可", "未发现问题", world.task.number, one.digest):
            assert words in page
        assert reverse("disclosure:publication", args=[other.serial]) in page
        assert client.get("/public/results/99/").status_code == 404

    def test_both_editions_of_a_correction_are_public_and_point_at_each_other(self, client, world):
        first, _ = finish(world)
        old = publish(result_of(first, "WJ"), world.cast.lu, world.cast.gu)
        items = {item.item_id: ("05", "许可证过期") for item in old.result.items.all()}
        correction = actions.ask_correction(
            publication=old, items=items, reason="复核有误", by=world.cast.lu, at=NEXT_DAY
        )
        assert "复核有误" not in client.get(f"/public/results/{old.serial}/").content.decode()
        new = actions.decide_correction(
            correction=correction, agree=True, by=world.cast.gu, at=NEXT_DAY
        )
        before = client.get(f"/public/results/{old.serial}/").content.decode()
        after = client.get(f"/public/results/{new.serial}/").content.decode()
        assert f"第 {new.serial} 号" in before
        assert f"第 {old.serial} 号" in after
        assert "复核有误" in before
        assert "复核有误" in after
        assert "更正：" in client.get("/public/").content.decode()

    def test_phone_and_people_of_the_record_form_never_reach_the_public(self, client, world):
        """Source: clause 22.3."""
        price = "明码标价情况"
        first, _ = finish(world, found=(price,))
        first.notice.contact = "薄云舒"
        first.notice.save()
        of_firm = {
            "representative": "裴予安",
            "contact": "阮瑾言",
            "registered_address": "别处九号",
        }
        Target.objects.update(**of_firm)
        head = make_head(world, "SCJG", "scjg-head")
        publish(result_of(first, "SCJG"), world.cast.xiang, head)
        found = everything_public(client)
        assert leaks(found, {"薄云舒", "13800002617", "13837912617", *of_firm.values()}) == []
        assert "薄**" in found["/public/results/1/"]
        assert "138****2617" in found["/public/results/1/"]

    def test_order_numbers_follow_ups_and_who_did_it_stay_in_the_office(self, client, world):
        first, _ = finish(world, found=("明码标价情况",))
        head = make_head(world, "SCJG", "scjg-head")
        publish(result_of(first, "SCJG"), world.cast.xiang, head)
        secret = {"洛市监责改", "责令改正，跟踪复查", "向晚晴", "scjg-head", "限期改正"}
        assert leaks(everything_public(client), secret) == []

    def test_the_table_has_the_columns_of_the_public_display_and_no_formula(self, client, world):
        first, _ = finish(world)
        result = result_of(first, "WJ")
        [answer] = actions.checked_items(result)
        enter(result, world.cast.lu, items={answer.item_id: ("07", "=1+1")})
        actions.audit(result=result, by=world.cast.gu, at=EVENING)
        actions.publish(results=[result], by=world.cast.lu, at=NEXT_DAY)
        text = read(client.get("/public/results.csv")).lstrip("\ufeff")
        [row] = csv.DictReader(io.StringIO(text))
        assert row["检查对象名称"] == "洛阳第1宾馆"
        assert row["抽查结果代码"] == "07"
        assert row["抽查计划编号"] == world.task.line.number
        assert row["说明"] == "'=1+1"

    def test_the_json_carries_the_facts_its_digest_covers(self, client, world):
        from hashlib import sha256

        from liancha.rulebook import protocol

        first, _ = finish(world)
        publish(result_of(first, "WJ"), world.cast.lu, world.cast.gu)
        [one] = client.get("/public/results.json").json()["results"]
        assert one["digest"] == sha256(protocol.canonical(one["facts"]).encode()).hexdigest()
        assert one["facts"]["task"] == world.task.number

    def test_pages_of_many_results_take_few_queries(
        self, client, world, django_assert_max_num_queries
    ):
        for visit in finish(world):
            publish(result_of(visit, "WJ"), world.cast.lu, world.cast.gu)
        assert Publication.objects.count() == 2
        with django_assert_max_num_queries(8):
            client.get("/public/results/")
        with django_assert_max_num_queries(20):
            client.get("/public/")
