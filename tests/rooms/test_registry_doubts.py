"""Pages of doubles, checks alone and cases; the search table and what keeps it in step."""

import json
from datetime import timedelta

import pytest
from django.utils.timezone import localdate

from liancha.ledger.models import Entry
from liancha.lists.models import LegalBasis
from liancha.registry import actions, jobs, search
from liancha.registry.actions import doubts
from liancha.registry.models import CaseCheck, Doubt, SearchFill, SearchRow, SoloCheck, Target
from liancha.registry.pinyin import initials
from liancha.site import todos
from tests.people import NOON
from tests.rooms.registers import firm, rows, text, write, write_target

pytestmark = pytest.mark.django_db


@pytest.fixture
def doubt():
    left = write_target(1, name="洛阳云岫宾馆", industry="住宿业")
    write_target(2, name="洛阳云岫宾馆", address=left.address, industry="餐饮业")
    actions.find_doubts(by="system", at=NOON)
    return Doubt.objects.get()


class TestQueue:
    def test_it_lists_what_waits_and_the_page_merges_field_by_field(self, cast, sign_in, doubt):
        client = sign_in(cast.zhou)
        assert "洛阳云岫宾馆" in client.get("/targets/doubts/").content.decode()
        page = client.get(f"/targets/doubts/{doubt.pk}/").content.decode()
        assert page.count("保留这一户") == 2
        form = {"verb": "merge", "keep": "left", "use-industry": "right"}
        refused = client.post(f"/targets/doubts/{doubt.pk}/", form)
        assert refused.status_code == 409
        assert "写明合并的理由" in refused.content.decode()
        done = client.post(f"/targets/doubts/{doubt.pk}/", form | {"reason": "同一家"})
        assert done.status_code == 302
        assert Target.objects.standing().get().industry == "餐饮业"
        assert "已合并" in client.get("/targets/doubts/?done=1").content.decode()
        assert client.get("/targets/").content.decode().count("洛阳云岫宾馆</a>") == 1

    def test_who_may_only_look_decides_nothing(self, cast, sign_in, doubt):
        client = sign_in(cast.cheng)
        page = client.get(f"/targets/doubts/{doubt.pk}/")
        assert "合并为一户" not in page.content.decode()
        form = {"verb": "both", "reason": "两家"}
        assert client.post(f"/targets/doubts/{doubt.pk}/", form).status_code == 409
        assert Doubt.objects.open().count() == 1

    def test_it_stands_on_the_workbench_of_those_who_can_decide(self, cast, doubt):
        waiting = [one.title for one in todos.waiting_for(cast.zhou, NOON.date())]
        assert "核对疑似重复和冲突 1 条" in waiting
        assert "核对疑似重复和冲突 1 条" not in [
            one.title for one in todos.waiting_for(cast.cheng, NOON.date())
        ]

    def test_a_name_that_an_import_replaced_by_another_is_asked_about(self, cast, tmp_path):
        first = write(tmp_path / "a.csv", text(rows(2)))
        actions.import_targets(path=first, file_name="a.csv", by=cast.zhou, at=NOON)
        second = write(
            tmp_path / "b.csv",
            text([firm(1, 企业名称="栾川老君茶楼"), firm(2, 企业名称="洛阳云岫2号宾馆")]),
        )
        batch = actions.import_targets(path=second, file_name="b.csv", by=cast.zhou, at=NOON)
        jobs.after_import(batch.pk)
        doubt = Doubt.objects.get()
        assert (doubt.kind, doubt.left.name) == ("namesake", "栾川老君茶楼")
        target = actions.settle_name(
            doubt=doubt, from_other=["name"], reason="文件填错", by=cast.zhou, at=NOON
        )
        assert target.name == "洛阳云岫1号宾馆有限公司"
        assert target.former_codes.get().name == "栾川老君茶楼"

    def test_a_search_that_was_cut_short_finds_the_rest_and_tells_of_all(
        self, cast, tmp_path, monkeypatch
    ):
        """Slices of their own, so that nobody waits: one is written, then the worker is gone."""
        first = write(tmp_path / "a.csv", text(rows(5)))
        actions.import_targets(path=first, file_name="a.csv", by=cast.zhou, at=NOON)
        lines = [firm(n, 企业名称=f"栾川老君{n}号茶楼") for n in range(1, 6)]
        second = write(tmp_path / "b.csv", text(lines))
        batch = actions.import_targets(path=second, file_name="b.csv", by=cast.zhou, at=NOON)
        monkeypatch.setattr(doubts, "SLICE", 2)
        put, done = doubts._put_in_queue, []

        def put_once(found):
            if done:
                raise KeyboardInterrupt
            done.append(put(found))
            return done[0]

        monkeypatch.setattr(doubts, "_put_in_queue", put_once)
        with pytest.raises(KeyboardInterrupt):
            actions.find_doubts(batch=batch, by="system", at=NOON)
        told = Entry.objects.filter(what="registry.find_doubts")
        assert (Doubt.objects.count(), told.count()) == (2, 0)
        monkeypatch.setattr(doubts, "_put_in_queue", put)
        later = NOON + timedelta(minutes=20)
        assert actions.find_doubts(batch=batch, by="system", at=later) == 5
        assert json.loads(told.get().body)["found"] == Doubt.objects.count() == 5
        assert actions.find_doubts(batch=batch, by="system", at=later + timedelta(hours=1)) == 0
        assert told.count() == 1

    def test_a_code_with_two_names_in_one_file_is_asked_about(self, cast, sign_in, tmp_path):
        """The second line is refused with its cure, and the conflict waits in the queue (11.1)."""
        lines = [
            firm(1),
            firm(1, 企业名称="栾川老君茶楼"),
            firm(2),
            firm(2),
            firm(3),
            firm(3, 企业名称="洛阳云岫3号宾馆"),
        ]
        path = write(tmp_path / "a.csv", text(lines))
        batch = actions.import_targets(path=path, file_name="a.csv", by=cast.zhou, at=NOON)
        assert (batch.added, batch.faulty) == (3, 3)
        for _ in range(2):  # a job may run twice
            jobs.after_import(batch.pk)
        doubt = Doubt.objects.get()
        assert (doubt.kind, doubt.left.name) == ("namesake", "洛阳云岫1号宾馆有限公司")
        page = sign_in(cast.zhou).get(f"/targets/doubts/{doubt.pk}/").content.decode()
        assert "同一文件第 3 行" in page
        target = actions.settle_name(doubt=doubt, reason="执照上是这个名称", by=cast.zhou, at=NOON)
        assert target.name == "洛阳云岫1号宾馆有限公司"
        assert target.former_codes.get().name == "栾川老君茶楼"
        jobs.after_import(batch.pk)
        assert not Doubt.objects.open().exists()


class TestSearchTable:
    def test_an_import_is_found_before_and_after_the_job(self, cast, tmp_path):
        path = write(tmp_path / "a.csv", text(rows(3)))
        batch = actions.import_targets(path=path, file_name="a.csv", by=cast.zhou, at=NOON)
        assert search.is_behind()
        assert not SearchRow.objects.exists()
        assert len(search.keys("云岫2号")) == 1
        jobs.after_import(batch.pk)
        jobs.after_import(batch.pk)  # a job may run twice
        assert not search.is_behind()
        assert SearchFill.objects.get().batch == batch
        assert SearchRow.objects.count() == 3
        assert len(search.keys("云岫2号")) == 1
        assert len(search.keys("qhj2h")) == 0  # initials are of names, not of addresses

    def test_a_county_is_searched_by_itself(self, cast):
        here = write_target(1, region_id="410311")
        there = write_target(2, region_id="410324")
        waits = write_target(3, region_id=None, is_pending=True)
        assert set(search.keys("宾馆")) == {here.pk, there.pk, waits.pk}
        assert set(search.keys("宾馆", region="410311")) == {here.pk, waits.pk}
        actions.set_region(targets=[there.pk], region="410311", by=cast.zhou, at=NOON)
        assert set(search.keys("宾馆", region="410311")) == {here.pk, there.pk, waits.pk}

    @pytest.mark.parametrize(
        ("typed", "found"),
        [
            ("云岫 宾馆", {1, 2}),
            ("宾馆　云岫", {1, 2}),
            ("宾馆 2号", {2}),
            ("老城 云岫", {1}),
            ("lyyx 老城", {1}),
            ("云岫 茶楼", set()),
            ("云岫 -", {1, 2}),
        ],
    )
    def test_several_words_are_all_wanted_wherever_they_stand(self, typed, found):
        keys = {
            write_target(1, name="洛阳云岫1号宾馆", address="老城区中州东路1号").pk: 1,
            write_target(2, name="洛阳云岫2号宾馆", address="西工区金谷园路7号").pk: 2,
            write_target(3, name="洛阳归燕茶楼", address="老城区中州东路3号").pk: 3,
        }
        assert {keys[each] for each in search.keys(typed)} == found

    @pytest.mark.parametrize("text", ["'", '"', "a'b", "-", "NOT", "*", "洛 AND 阳", "ω", "\\"])
    def test_nothing_typed_breaks_it(self, text):
        write_target(1)
        assert isinstance(search.keys(text), list)

    @pytest.mark.parametrize(
        ("name", "letters"),
        [("洛阳云岫宾馆", "lyyxbg"), ("中国银行KTV", "zgyhktv"), ("重庆音乐会计8号", "cqyykj8h")],
    )
    def test_initials_are_one_a_character(self, name, letters):
        assert initials(name) == letters


class TestChecksAlone:
    def test_the_form_asks_for_the_request_and_the_head_decides(self, cast, sign_in):
        target = write_target(1)
        soon = localdate() + timedelta(days=5)
        form = {"item": "卫生", "planned_on": soon.isoformat(), "code": "complaint"}
        made = sign_in(cast.lu).post(f"/targets/{target.pk}/solo/", form)
        check = SoloCheck.objects.get()
        assert made["Location"] == f"/solo-checks/{check.pk}/"
        assert "批准单独检查" not in sign_in(cast.lu).get(made["Location"]).content.decode()
        client = sign_in(cast.gu)
        assert "批准单独检查" in client.get(made["Location"]).content.decode()
        client.post(f"/solo-checks/{check.pk}/decide/", {"verb": "yes"})
        check.refresh_from_db()
        assert check.is_approved is True
        assert sign_in(cast.shen).get(made["Location"]).status_code == 404

    def test_a_case_is_entered_and_answered(self, cast, sign_in):
        target = write_target(1)
        client = sign_in(cast.lu)
        form = {"origin": "complaint", "received_on": "2026-11-20", "clue": "夜间噪声"}
        assert client.post(f"/targets/{target.pk}/case/", form).status_code == 302
        case = CaseCheck.objects.get()
        assert "夜间噪声" in client.get("/case-checks/").content.decode()
        answer = {"checked_on": "2026-11-21", "outcome": "已改正"}
        client.post(f"/case-checks/{case.pk}/close/", answer)
        assert "已改正" in client.get("/case-checks/").content.decode()
        assert "夜间噪声" not in sign_in(cast.shen).get("/case-checks/").content.decode()


class TestSourcesPages:
    PAGES = (
        *("/lists/bases/", "/lists/duties/", "/lists/mechanisms/", "/lists/upper/"),
        *("/lists/joint/compare/", "/lists/items/compare/", "/targets/overlap/", "/solo-checks/"),
    )

    @pytest.mark.parametrize(("who", "status"), [("zhou", 200), ("shen", 200), ("sys", 403)])
    def test_by_role(self, cast, sign_in, who, status):
        client = sign_in(cast.user[who])
        assert {client.get(page).status_code for page in self.PAGES} == {status}

    def test_only_the_office_records(self, cast, sign_in):
        form = {"title": "消防法", "status": "repealed", "since": "2026-01-01"}
        assert sign_in(cast.shen).post("/lists/bases/", form).status_code == 403
        assert sign_in(cast.zhou).post("/lists/bases/", form).status_code == 302
        assert LegalBasis.objects.get().status == "repealed"
