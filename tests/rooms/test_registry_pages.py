"""The registry in a browser: who sees what, and that every button does what it says."""

import csv
import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from liancha.accounts.models import Department, Grant, User
from liancha.ledger.models import Entry
from liancha.registry import sheets
from liancha.registry.models import KeyFlag, Licence, PlaceName, Release, Tag, Target
from tests.people import NOON
from tests.rooms.registers import code, write_target
from tests.rooms.tables import sheet, workbook

pytestmark = pytest.mark.django_db


@pytest.fixture
def county_clerk(cast):
    county = Department.objects.create(
        code="SCJG-LL",
        name="洛龙区市场监督管理局",
        short="洛龙市监",
        level="county",
        region_id="410311",
        system=cast.department["SCJG"],
    )
    clerk = User.objects.create(
        username="ll",
        full_name="洛龙经办",
        department=county,
        must_change_password=False,
        password_changed_at=timezone.now(),
    )
    Grant.objects.create(user=clerk, role="handler", granted_at=NOON, granted_by="sec")
    return clerk


class TestWho:
    PAGES = (
        *("/targets/", "/targets/pending/", "/targets/tags/", "/targets/places/"),
        "/targets/export/",
    )
    EDITS = ("/targets/new/", "/targets/tags/new/", "/targets/tags/apply/")
    IMPORTS = ("/targets/import/", "/targets/imports/", "/targets/import/template/")

    @pytest.mark.parametrize(
        ("who", "reads", "edits"),
        [
            ("zhou", 200, 200),
            ("shen", 200, 200),
            ("lu", 200, 200),
            ("cheng", 200, 403),
            ("xu", 200, 403),
            ("lin", 403, 403),
            ("qin", 403, 403),
            ("sys", 403, 403),
            ("sec", 403, 403),
            ("aud", 403, 403),
        ],
    )
    def test_by_role(self, cast, sign_in, who, reads, edits):
        client = sign_in(cast.user[who])
        assert [client.get(page).status_code for page in self.PAGES] == [reads] * len(self.PAGES)
        for page in (*self.EDITS, *self.IMPORTS):
            assert client.get(page).status_code == edits, page

    def test_nobody_without_an_account(self, client):
        for page in (*self.PAGES, *self.EDITS, *self.IMPORTS):
            response = client.get(page)
            assert response.status_code == 302
            assert "/login/" in response["Location"]

    def test_a_county_sees_its_own_and_what_is_undecided(self, cast, sign_in, county_clerk):
        own = write_target(1)
        write_target(2, region_id="410305", name="涧西的宾馆")
        undecided = write_target(3, region_id=None, is_pending=True)
        client = sign_in(county_clerk)
        page = client.get("/targets/").content.decode()
        assert own.name in page
        assert undecided.name in page
        assert "涧西的宾馆" not in page
        other = Target.objects.get(region="410305")
        assert client.get(f"/targets/{other.pk}/").status_code == 404
        assert client.get(f"/targets/{other.pk}/edit/").status_code == 404


class TestList:
    @pytest.fixture
    def client_of(self, cast, sign_in):
        write_target(1, name="洛阳云岫宾馆", credit_class="B")
        write_target(2, name="洛阳望嵩饭店", region_id="410305", status="cancelled")
        write_target(3, name="无名待核", region_id=None, is_pending=True, kind="03")
        Target.objects.get(name="洛阳云岫宾馆").tags.add(Tag.objects.get(code="hotel"))
        return sign_in(cast.zhou)

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", {"洛阳云岫宾馆", "洛阳望嵩饭店", "无名待核"}),
            ("q=云岫", {"洛阳云岫宾馆"}),
            (f"q={code('91', '410311', 2)}", {"洛阳望嵩饭店"}),
            ("q=松照路3", {"无名待核"}),
            ("region=410305", {"洛阳望嵩饭店"}),
            ("tag=hotel", {"洛阳云岫宾馆"}),
            ("status=cancelled", {"洛阳望嵩饭店"}),
            ("credit=B", {"洛阳云岫宾馆"}),
            ("credit=-", {"洛阳望嵩饭店", "无名待核"}),
            ("kind=03", {"无名待核"}),
            ("pending=yes", {"无名待核"}),
            ("q=没有这一户", set()),
            ("region=999999", {"洛阳云岫宾馆", "洛阳望嵩饭店", "无名待核"}),
        ],
    )
    def test_it_is_queried(self, client_of, query, found):
        page = client_of.get(f"/targets/?{query}")
        assert page.status_code == 200
        assert {target.name for target in page.context["page_obj"]} == found

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("flag=any", {"洛阳云岫宾馆", "无名待核"}),
            ("flag=abnormal", {"无名待核"}),
            ("flag=soon", {"洛阳云岫宾馆"}),
            ("licence=soon", {"洛阳云岫宾馆"}),
            ("licence=over", {"无名待核"}),
            ("licence=any", {"洛阳云岫宾馆", "无名待核"}),
            ("flag=any&licence=over", {"无名待核"}),
        ],
    )
    def test_it_is_queried_by_marks_and_licences(self, client_of, cast, query, found, time_machine):
        time_machine.move_to(timezone.now(), tick=False)  # no midnight in between
        today = timezone.localdate()
        firm, other = Target.objects.get(name="洛阳云岫宾馆"), Target.objects.get(name="无名待核")
        for target, kind, days in ((firm, "key", 30), (other, "abnormal", 31), (other, "key", -1)):
            KeyFlag.objects.create(
                target=target,
                kind=kind,
                source="食安办〔2026〕3号",
                since=today - timedelta(days=9),
                until=today + timedelta(days=days),
                department=cast.zhou.department,
                at=NOON,
                by=cast.zhou,
            )
        for target, days in ((firm, 0), (other, -1)):
            Licence.objects.create(
                target=target,
                name="食品经营许可证",
                number="JY14103",
                valid_to=today + timedelta(days=days),
                at=NOON,
                by=cast.zhou,
            )
        page = client_of.get(f"/targets/?{query}")
        assert {target.name for target in page.context["page_obj"]} == found
        export = workbook(client_of.get(f"/targets/export/?{query}"))
        lines = export.get_sheet_by_index(0).to_python()[1:]
        assert {line[1] for line in lines} == found
        assert all("食品经营许可证 JY14103（至 " in line[25] for line in lines)
        assert {line[24].partition("（")[0] for line in lines} <= {
            "重点监管对象",
            "列入经营异常名录",
        }
        assert "食安办〔2026〕3号" in lines[0][24]

    @pytest.mark.parametrize("sort", ["name", "-name", "code", "region", "inspected", "-updated"])
    def test_it_is_sorted(self, client_of, sort):
        assert client_of.get(f"/targets/?sort={sort}").status_code == 200

    def test_a_page_of_it_takes_few_queries(self, client_of, django_assert_max_num_queries):
        for n in range(10, 40):
            write_target(n).tags.add(Tag.objects.get(code="hotel"))
        with django_assert_max_num_queries(20):
            client_of.get("/targets/")

    def test_the_export_holds_what_the_query_finds(self, client_of):
        response = client_of.get("/targets/export/?region=410311")
        lines = sheet(response)
        assert [line[1] for line in lines] == ["名称", "洛阳云岫宾馆"]
        entry = Entry.objects.get(what="registry.export")
        assert json.loads(entry.body)["targets"] == 1

    def test_very_many_go_out_row_by_row(self, client_of, monkeypatch):
        monkeypatch.setattr("liancha.registry.views.targets.LONGEST_WORKBOOK", 1)
        Target.objects.filter(pk=Target.objects.first().pk).update(scope="=1+1")
        answer = client_of.get("/targets/export/")
        assert answer.streaming
        assert ".csv" in answer["Content-Disposition"]
        rows = list(csv.reader(b"".join(answer).decode("utf-8-sig").splitlines()))
        assert rows[0] == list(sheets.TARGET_TITLES)
        assert len(rows) == Target.objects.count() + 1
        assert "'=1+1" in [row[rows[0].index("经营范围")] for row in rows]
        assert (
            json.loads(Entry.objects.get(what="registry.export").body)["targets"] == len(rows) - 1
        )

    def test_the_export_of_a_hostile_name_is_text(self, client_of):
        write_target(4, name="=cmd|'/c calc'!A1")
        lines = sheet(client_of.get("/targets/export/"))
        assert "=cmd|'/c calc'!A1" in {line[1] for line in lines}


class TestBatches:
    @pytest.fixture
    def three(self):
        return [write_target(n) for n in (1, 2, 3)]

    def test_ticked_targets_get_a_tag(self, cast, sign_in, three):
        hotel = Tag.objects.get(code="hotel")
        response = sign_in(cast.zhou).post(
            "/targets/tag/", {"pick": [three[0].pk, three[2].pk], "tag-tag": hotel.pk}, follow=True
        )
        assert "已给 2 户加上标签“宾馆旅店”" in response.content.decode()
        assert set(Target.objects.tagged("hotel")) == {three[0], three[2]}

    def test_ticked_targets_get_a_mark_once_a_source(self, cast, sign_in, three):
        said = {
            "pick": [three[0].pk, three[2].pk],
            "flag-kind": "abnormal",
            "flag-source": "经营异常名录 2026-11",
            "flag-since": "2026-11-01",
            "flag-until": "2099-01-01",
        }
        client = sign_in(cast.zhou)
        page = client.post("/targets/flag/", said, follow=True).content.decode()
        assert "已给 2 户设重点标记" in page
        flags = KeyFlag.objects.order_by("target")
        assert [(each.target, each.department) for each in flags] == [
            (three[0], cast.zhou.department),
            (three[2], cast.zhou.department),
        ]
        said["pick"].append(three[1].pk)
        client.post("/targets/flag/", said)
        assert KeyFlag.objects.count() == 3
        assert Entry.objects.filter(what="registry.set_key_flags").count() == 2
        bad = client.post("/targets/flag/", said | {"flag-until": ""}, follow=True)
        assert "没有改动" in bad.content.decode()
        early = client.post("/targets/flag/", said | {"flag-until": "2026-10-01"})
        assert early.status_code == 409
        assert KeyFlag.objects.count() == 3

    def test_what_one_dialog_asks_for_stops_no_other_button(self, cast, sign_in, three):
        page = sign_in(cast.zhou).get("/targets/").content.decode()
        (bar,) = re.findall(r'<form[^>]*id="batch"[^>]*>', page)
        assert re.search(r'<select[^>]*form="batch"[^>]*required', page)
        assert "novalidate" in bar

    def test_a_county_marks_only_its_own(self, sign_in, county_clerk, three):
        Target.objects.filter(pk=three[1].pk).update(region="410305")
        said = {
            "pick": [three[0].pk, three[1].pk],
            "flag-kind": "key",
            "flag-source": "名录",
            "flag-since": "2026-11-01",
            "flag-until": "2099-01-01",
        }
        sign_in(county_clerk).post("/targets/flag/", said)
        assert set(KeyFlag.objects.values_list("target", flat=True)) <= {three[0].pk}

    def test_all_of_the_query_means_all_of_the_query(self, cast, sign_in, three):
        write_target(4, name="另一家")
        hotel = Tag.objects.get(code="hotel")
        sign_in(cast.zhou).post(
            "/targets/tag/", {"all": "1", "query": "q=漱石", "tag-tag": hotel.pk}
        )
        assert set(Target.objects.tagged("hotel")) == set(three)

    def test_a_county_is_decided_for_many(self, cast, sign_in):
        waiting = [write_target(n, region_id=None, is_pending=True) for n in (1, 2)]
        sign_in(cast.zhou).post(
            "/targets/place/",
            {
                "pick": [target.pk for target in waiting],
                "region-region": "410304",
                "region-reason": "电话核实",
                "page": "pending",
            },
        )
        assert Target.objects.filter(region="410304", is_pending=False).count() == 2
        assert Target.objects.first().region_reason == "周若禾核定：电话核实"
        assert not Target.objects.waiting().exists()

    def test_not_in_this_city_stays_waiting(self, cast, sign_in):
        target = write_target(1)
        sign_in(cast.zhou).post("/targets/place/", {"pick": target.pk, "region-is_outside": "on"})
        target.refresh_from_db()
        assert (target.region_id, target.is_pending) == (None, True)

    def test_nothing_chosen_changes_nothing(self, cast, sign_in, three):
        response = sign_in(cast.zhou).post("/targets/place/", {"pick": three[0].pk}, follow=True)
        assert "请选择县区" in response.content.decode()
        for picked in ({}, {"pick": "x"}, {"pick": "9" * 30}):
            assert sign_in(cast.zhou).post("/targets/review/", picked).status_code == 409

    def test_a_review_is_dated(self, cast, sign_in, three):
        sign_in(cast.zhou).post("/targets/review/", {"pick": three[0].pk})
        three[0].refresh_from_db()
        assert three[0].reviewed_at is not None
        assert three[0].fresh_at == three[0].reviewed_at

    def test_a_county_cannot_take_what_is_not_its_own(self, sign_in, county_clerk):
        waiting = write_target(1, region_id=None, is_pending=True)
        client = sign_in(county_clerk)
        refused = client.post("/targets/place/", {"pick": waiting.pk, "region-region": "410305"})
        assert refused.status_code == 409
        assert "管辖范围" in refused.content.decode()
        client.post("/targets/place/", {"pick": waiting.pk, "region-region": "410311"})
        waiting.refresh_from_db()
        assert waiting.region_id == "410311"

    def test_a_batch_never_leads_anywhere_else(self, cast, sign_in, three):
        response = sign_in(cast.zhou).post(
            "/targets/review/", {"pick": three[0].pk, "query": "next=//evil.example", "page": "//x"}
        )
        assert response["Location"].startswith("/targets/?")


class TestOneTarget:
    def test_its_page_tells_its_story(self, cast, sign_in):
        client = sign_in(cast.zhou)
        target = write_target(1, phone="13812342617")
        data = {
            "name": "洛阳新名宾馆",
            "kind": "01",
            "address": "洛阳市涧西区松照路2号",
            "status": "suspended",
            "scope": "住宿服务",
            "phone": "13812342617",
        }
        response = client.post(f"/targets/{target.pk}/edit/", data, follow=True)
        page = response.content.decode()
        assert "已保存“洛阳新名宾馆”" in page
        assert "名称由“洛阳漱石1号宾馆有限公司”改为“洛阳新名宾馆”" in page
        target.refresh_from_db()
        assert target.region_id == "410305"
        assert "hotel" in set(target.tags.values_list("code", flat=True))

    def test_the_telephone_is_masked_and_looking_is_on_record(self, cast, sign_in):
        target = write_target(1, phone="13812342617")
        client = sign_in(cast.zhou)
        page = client.get(f"/targets/{target.pk}/").content.decode()
        assert "138****2617" in page
        assert "13812342617" not in page
        shown = client.post(f"/targets/{target.pk}/phone/").content.decode()
        assert "13812342617" in shown
        assert Entry.objects.about("target", target.pk).get().what == "registry.show_phone"

    def test_a_new_one_is_placed_and_tagged(self, cast, sign_in):
        data = {
            "name": "洛阳听澜客栈",
            "code": code("92", "410305", 7).lower(),
            "kind": "03",
            "address": "洛阳市涧西区武汉路16号",
            "status": "active",
            "scope": "住宿服务",
        }
        response = sign_in(cast.zhou).post("/targets/new/", data)
        target = Target.objects.get()
        assert response["Location"] == f"/targets/{target.pk}/"
        assert (target.code, target.region_id) == (code("92", "410305", 7), "410305")

    @pytest.mark.parametrize(
        ("typed", "said"), [("91410311XXXX023137", "第 18 位应为"), ("", "没有代码")]
    )
    def test_a_wrong_code_is_refused_with_its_cure(self, cast, sign_in, typed, said):
        data = {"name": "甲", "code": typed, "kind": "01", "status": "active"}
        response = sign_in(cast.zhou).post("/targets/new/", data)
        assert response.status_code == 409
        assert said in response.content.decode()
        assert not Target.objects.exists()

    def test_a_known_code_names_whose_it_is(self, cast, sign_in):
        there = write_target(1)
        data = {"name": "甲", "code": there.code, "kind": "01", "status": "active"}
        response = sign_in(cast.zhou).post("/targets/new/", data)
        assert response.status_code == 409
        assert there.name in response.content.decode()

    def test_a_department_lets_a_target_go_and_takes_it_back(self, cast, sign_in):
        hotel = Tag.objects.get(code="hotel")
        hotel.supervisors.set([cast.department["GA"], cast.department["WJ"]])
        target = write_target(1)
        target.tags.add(hotel)
        both = [cast.department["GA"], cast.department["WJ"]]
        client = sign_in(cast.lu)
        assert client.post(f"/targets/{target.pk}/release/", {"reason": ""}).status_code == 422
        client.post(f"/targets/{target.pk}/release/", {"reason": "没有公共场所"})
        assert "没有公共场所" in client.get(f"/targets/{target.pk}/").content.decode()
        assert not Target.objects.common_to("hotel", both).exists()
        release = Release.objects.get()
        assert sign_in(cast.shen).post(f"/releases/{release.pk}/take-back/").status_code == 404
        sign_in(cast.lu).post(f"/releases/{release.pk}/take-back/")
        assert Target.objects.common_to("hotel", both).get() == target


class TestTables:
    def test_words_are_edited_previewed_and_applied(self, cast, sign_in):
        target = write_target(1, scope="剧本推理娱乐")
        client = sign_in(cast.zhou)
        hotel = Tag.objects.get(code="hotel")
        client.post(
            "/targets/tags/new/",
            {"code": "larp", "name": "剧本娱乐", "words": "剧本推理、剧本杀", "name_words": "漱石"},
        )
        preview = client.get("/targets/tags/apply/").content.decode()
        assert "剧本娱乐" in preview
        assert not target.tags.filter(code="larp").exists()
        client.post("/targets/tags/apply/")
        assert target.tags.filter(code="larp").exists()
        edit = client.get(f"/targets/tags/{hotel.pk}/").content.decode()
        assert "酒店用品" in edit

    def test_an_exclusion_hides_the_word_inside_it(self, cast, sign_in):
        target = write_target(1, name="洛阳某商贸", scope="酒店用品销售")
        client = sign_in(cast.zhou)
        client.post("/targets/tags/apply/")
        assert not target.tags.filter(code="hotel").exists()
        Target.objects.filter(pk=target.pk).update(name="洛阳某酒店")
        client.post("/targets/tags/apply/")
        assert target.tags.filter(code="hotel").exists()

    def test_what_a_scope_rules_out_gives_no_tag(self, cast, sign_in):
        target = write_target(1, name="洛阳某化工", scope="化工产品销售（不含危险化学品）")
        sign_in(cast.zhou).post("/targets/tags/apply/")
        assert not target.tags.filter(code="fireworks_chemicals").exists()

    def test_a_place_is_taught_and_must_be_in_this_city(self, cast, sign_in):
        client = sign_in(cast.zhou)
        data = {"name": "孙石桥园区", "region": "410305", "kind": "zone"}
        assert client.post("/targets/places/", data).status_code == 302
        assert PlaceName.objects.filter(name="孙石桥园区").exists()
        assert client.post("/targets/places/", data | {"region": "410102"}).status_code == 422
        sign_in(cast.xu).post("/targets/places/", data | {"name": "别的园区"})
        assert not PlaceName.objects.filter(name="别的园区").exists()
