"""Licences and marks from a table: good rows in, bad ones with their cure, back within a day."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
import time_machine
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile

from liancha.accounts.models import Department
from liancha.ledger.models import Entry
from liancha.papers.faults import Unreadable
from liancha.papers.writers import write_workbook
from liancha.queue import actions as queue
from liancha.registry import actions, history, jobs
from liancha.registry.models import (
    FormerCode,
    KeyFlag,
    Licence,
    StandingChange,
    StandingImport,
    Tag,
    Tagging,
    Target,
)
from liancha.registry.standing import intake, tables
from liancha.registry.views import standing
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON, make_cast
from tests.rooms.registers import code, write_target

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
LICENCE = ("统一社会信用代码", "名称", "许可证名称", "编号", "发证机关", "批准日期", "有效期至")
MARK = ("统一社会信用代码", "名称", "专项库或重点标记", "来源", "自", "至")
FOOD = ("", "食品经营许可证", "JY2410", "洛龙区市监局", "2024-01-01", "2028-12-31")
ODD = ("", "列入经营异常名录", "名录 2026-11", "2026-11-01", "2027-10-31")
INN = ("", "宾馆旅店", "文旅局名单", "", "")
FIRM = code("91", "410311", 1)


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def inn(cast) -> Target:
    return write_target(1)


def workbook(path: Path, titles, *rows, above=()) -> Path:
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet()
    for n, row in enumerate((*above, titles, *rows)):
        page.write_row(n, 0, row)
    book.close()
    return path


@pytest.fixture
def look(cast, tmp_path):
    def look_at(titles, *rows, by=None, at=NOON, above=()):
        by = by or cast.zhou
        path = workbook(tmp_path / "表.xlsx", titles, *rows, above=above)
        subject = "marks" if any("标记" in title for title in titles) else "licences"
        batch = actions.open_standing(subject=subject, path=path, file_name=path.name, by=by, at=at)
        return actions.check_standing(batch=batch, by=by, at=at)

    return look_at


@pytest.fixture
def bring(look, cast):
    def bring_in(titles, *rows, by=None, at=NOON):
        batch = look(titles, *rows, by=by, at=at)
        return actions.commit_standing(batch=batch, by=by or cast.zhou, at=at)

    return bring_in


def counts(batch):
    return batch.added, batch.changed, batch.unchanged, batch.faulty


def faults(batch):
    return [(each["row"], each["column"], each["fault"]) for each in batch.faults]


def everything():
    refused = Target.untagged.through.objects.order_by("target", "tag")
    return [
        *(list(model.objects.order_by("pk").values()) for model in (Licence, KeyFlag, Tagging)),
        list(refused.values_list("target", "tag")),
    ]


class TestLicences:
    def test_a_dry_run_writes_nothing_and_a_commit_all_at_once(self, cast, look, inn):
        """Source: art. 11, paragraph 1."""
        batch = look(LICENCE, (FIRM, *FOOD))
        assert counts(batch) == (1, 0, 0, 0)
        said = "JY2410，洛龙区市监局，2024-01-01 至 2028-12-31"
        assert batch.differences[0]["parts"] == [["食品经营许可证", "", said]]
        assert not Licence.objects.exists()
        actions.commit_standing(batch=batch, by=cast.zhou, at=NOON)
        licence = Licence.objects.get()
        assert (licence.target, licence.valid_to) == (inn, date(2028, 12, 31))
        assert (licence.issuer, licence.issued_on) == ("洛龙区市监局", date(2024, 1, 1))
        with pytest.raises(Blocked, match="已经写入"):
            actions.commit_standing(batch=batch, by=cast.zhou, at=NOON)

    def test_again_changes_nothing_and_blank_cells_erase_nothing(self, bring, inn):
        bring(LICENCE, (FIRM, *FOOD))
        assert counts(bring(LICENCE, (FIRM, *FOOD))) == (0, 0, 1, 0)
        assert counts(bring(LICENCE, (FIRM, *FOOD[:3], "", "", ""))) == (0, 0, 1, 0)
        later = bring(LICENCE, (FIRM, *FOOD[:3], "", "", "长期"), at=NOON + HOUR)
        assert counts(later) == (0, 1, 0, 0)
        licence = Licence.objects.get()
        assert (licence.valid_to, licence.issuer) == (None, "洛龙区市监局")
        assert later.differences[0]["code"] == f"{FIRM}　食品经营许可证 JY2410"
        assert later.differences[0]["parts"] == [["有效期至", "2028-12-31", "长期"]]

    def test_any_order_titles_above_full_width_and_excels_own_days(self, look, inn):
        titles = ("许可证编号", "有效期止", "证照名称", "企业名称", "代码", "发证日期")
        wide = "".join(chr(ord(c) + 0xFEE0) for c in FIRM)
        row = ("ＪＹ２４１０", 47118, "食品经营许可证", "", wide, "2024年1月1日")
        batch = look(titles, row, above=(("洛龙区许可证台账",), ()))
        assert (counts(batch), batch.faults) == ((1, 0, 0, 0), [])
        assert batch.differences[0]["parts"][0][2] == "JY2410，2024-01-01 至 2028-12-31"
        assert ["代码", "统一社会信用代码"] in batch.columns

    @pytest.mark.parametrize(
        ("change", "column", "fault"),
        [
            ({"统一社会信用代码": ""}, "统一社会信用代码", "没有填写代码"),
            ({"统一社会信用代码": code("91", "410311", 9)}, "统一社会信用代码", "没有这个代码"),
            ({"许可证名称": ""}, "许可证名称", "必填为空"),
            ({"编号": ""}, "编号", "必填为空"),
            ({"编号": "1.2E+18"}, "编号", "科学计数"),
            ({"有效期至": "明年底"}, "有效期至", "不是日期"),
            ({"有效期至": "2023-12-31"}, "有效期至", "早于批准日期"),
            ({"批准日期": "2024-02-30"}, "批准日期", "2 月没有 30 日"),
            ({"发证机关": "@1+1"}, "发证机关", "像是公式"),
            ({"发证机关": "局" * 81}, "发证机关", "有 81 字"),
            ({"状态": "已注销"}, "状态", "不再有效的许可证不登记"),
            ({"状态": "在途"}, "状态", "不认识的状态"),
        ],
    )
    def test_a_bad_row_has_its_cure_and_the_good_ones_stay(self, look, inn, change, column, fault):
        row = dict(zip((*LICENCE, "状态"), (FIRM, *FOOD, ""), strict=True)) | change
        other = (FIRM, "", "卫生许可证", "WS1", "", "", "")
        batch = look((*LICENCE, "状态"), tuple(row.values()), (*other, "有效"))
        assert counts(batch) == (1, 0, 0, 1)
        [(line, where, what)] = faults(batch)
        assert (line, where) == (2, column)
        assert fault in what
        assert batch.faults[0]["cure"].endswith("。")

    def test_the_same_licence_twice_is_refused_and_says_with_which(self, look, inn):
        batch = look(LICENCE, (FIRM, *FOOD), (FIRM, *FOOD))
        assert faults(batch) == [(3, "统一社会信用代码", "和第 2 行说的是同一件事")]

    def test_a_former_code_leads_to_the_target_and_another_name_is_remarked(self, look, inn):
        old = code("91", "410311", 77)
        FormerCode.objects.create(target=inn, code=old, at=NOON)
        batch = look(LICENCE, (old, *FOOD), (FIRM, "别的饭店", "卫生许可证", "1", "", "", ""))
        assert counts(batch) == (2, 0, 0, 0)
        said = [each["fault"] for each in batch.remarks]
        assert f"记到现代码 {FIRM} 名下" in said[0]
        assert said[1] == f"名录库里这个代码是“{inn.name}”"

    def test_a_merged_target_gives_to_the_one_that_was_kept(self, bring, inn):
        other = write_target(2, merged_into=inn)
        bring(LICENCE, (other.code, *FOOD))
        assert Licence.objects.get().target == inn

    def test_a_site_is_named_by_the_registrys_own_number(self, bring, cast):
        site = write_target(3, code="B100123456789ABCDEF", code_kind="own", kind="10")
        bring(LICENCE, (site.code, *FOOD))
        assert Licence.objects.get().target == site

    def test_a_county_brings_in_what_concerns_its_own_targets(self, look, cast, inn):
        """Source: art. 11, paragraph 1. Clause 11.3."""
        clerk = cast.xiang
        clerk.department = Department.objects.create(
            code="SCJG-XA",
            name="新安县市监局",
            short="新安市监",
            level="county",
            region_id="410323",
        )
        clerk.save()
        home = write_target(2, region_id="410323")
        batch = look(LICENCE, (FIRM, *FOOD), (home.code, *FOOD), by=clerk)
        assert counts(batch) == (1, 0, 0, 1)
        assert f"“{inn.name}”在洛龙区，不在本部门的管辖范围（第十一条）" in faults(batch)[0][2]
        assert "由洛龙区或市级部门导入" in batch.faults[0]["cure"]

    def test_the_target_tells_of_it_and_the_log_has_one_entry(self, bring, cast, inn):
        """Source: art. 11, paragraph 1. Clause 11.4."""
        bring(LICENCE, (FIRM, *FOOD), (write_target(2).code, *FOOD))
        [entry] = Entry.objects.filter(what="registry.import_licences")
        assert json.loads(entry.body)["added"] == 2
        [event] = history.story(inn)
        assert (event.text, event.number) == ("导入许可证", entry.index)
        assert event.note.startswith("食品经营许可证 JY2410，")
        bring(LICENCE, (FIRM, *FOOD[:3], "", "", "长期"), at=NOON + HOUR)
        assert "有效期至由“2028-12-31”改为“长期”；文件 表.xlsx" in history.story(inn)[0].note

    def test_a_table_of_something_else_is_refused_whole(self, look):
        with pytest.raises(Unreadable, match="许可证名称"):
            look(("序号", "统一社会信用代码"), ("1", FIRM))
        assert not StandingImport.objects.exists()


class TestMarks:
    def test_marks_and_members_come_in_together(self, bring, cast, inn):
        """Source: art. 15, 重点监管; art. 11, paragraph 1. Clause 15.3."""
        assert counts(bring(MARK, (FIRM, *ODD), (FIRM, *INN))) == (2, 0, 0, 0)
        flag = KeyFlag.objects.get()
        assert (flag.target, flag.kind, flag.source) == (inn, "abnormal", "名录 2026-11")
        assert (flag.since, flag.until) == (date(2026, 11, 1), date(2027, 10, 31))
        assert flag.department == cast.zhou.department
        assert Tagging.objects.get(target=inn).is_by_hand
        told = {event.text: event.note for event in history.story(inn)}
        assert told["导入重点标记"].startswith("列入经营异常名录 来源 名录 2026-11，2026-11-01 至")
        assert told["导入专项库"].startswith("专项库 宾馆旅店，来源 文旅局名单；")
        assert counts(bring(MARK, (FIRM, *ODD), (FIRM, *INN))) == (0, 0, 2, 0)

    @pytest.mark.parametrize(
        ("row", "column", "fault"),
        [
            (("", "没有的库", "来源", "", ""), "专项库或重点标记", "没有这个专项库或重点标记"),
            (("", "严重违法失信", "", "", "2027-01-01"), "来源", "没有来源"),
            (("", "严重违法失信", "名单", "", ""), "至", "没有截止日期"),
            (("", "严重违法失信", "名单", "", "2020-01-01"), "统一社会信用代码", "早于起始日期"),
            (("", "严重违法失信", "名单", "2027-01-01", "2026-12-31"), "至", "早于起始日期"),
        ],
    )
    def test_a_bad_row_has_its_cure(self, look, inn, row, column, fault):
        batch = look(MARK, (FIRM, *row))
        [(_, where, what)] = faults(batch)
        assert where == column
        assert fault in what

    def test_a_name_nearly_right_is_named(self, look, inn):
        batch = look(MARK, (FIRM, "", "宾馆旅馆", "", "", ""))
        assert "“宾馆旅店”" in batch.faults[0]["cure"]

    def test_another_departments_mark_is_its_own(self, bring, look, cast, inn):
        bring(MARK, (FIRM, *ODD), by=cast.xiang)
        batch = look(MARK, (FIRM, *ODD[:4], "2028-10-31"), by=cast.lu)
        assert "由洛阳市市场监督管理局所设" in faults(batch)[0][2]
        assert counts(bring(MARK, (FIRM, *ODD[:4], "2028-10-31"))) == (0, 1, 0, 0)
        assert KeyFlag.objects.get().until == date(2028, 10, 31)


class TestUndo:
    def test_all_is_as_it_was_before(self, bring, cast, inn):
        """Source: art. 11, paragraph 1 (动态更新)."""
        other = write_target(2)
        actions.tag_targets(
            targets=[inn.pk],
            tag=Tag.objects.get(code="hotel"),
            is_taken_off=True,
            by=cast.zhou,
            at=NOON,
        )
        bring(LICENCE, (FIRM, *FOOD))
        bring(MARK, (FIRM, *ODD))
        before = everything()
        at = NOON + HOUR
        licences = bring(LICENCE, (FIRM, *FOOD[:3], "新局", "", "长期"), (other.code, *FOOD), at=at)
        marks = bring(MARK, (FIRM, *INN), (FIRM, *ODD[:4], "2029-01-01"), (other.code, *ODD), at=at)
        assert (counts(licences), counts(marks)) == ((1, 1, 0, 0), (2, 1, 0, 0))
        for batch in (marks, licences):
            actions.undo_standing(batch=batch, by=cast.zhou, at=at + HOUR)
        assert everything() == before
        assert [event.text for event in history.story(other)][:2] == [
            "撤回导入许可证",
            "撤回导入重点标记",
        ]
        entry = Entry.objects.get(what="registry.undo_licences")
        assert json.loads(entry.body)["removed"] == 1
        with pytest.raises(Blocked, match="已经撤回"):
            actions.undo_standing(batch=marks, by=cast.zhou, at=at + HOUR)

    def test_what_somebody_touched_since_keeps_all_and_is_named(self, bring, cast, inn):
        batch = bring(LICENCE, (FIRM, *FOOD), (write_target(2).code, *FOOD))
        actions.remove_licence(licence=inn.licences.get(), reason="编号录错", by=cast.zhou, at=NOON)
        with pytest.raises(Blocked, match=f"“{inn.name}”的登记在导入之后又改动过"):
            actions.undo_standing(batch=batch, by=cast.zhou, at=NOON)
        assert Licence.objects.count() == 1

    def test_after_a_day_it_is_too_late(self, bring, cast, inn):
        batch = bring(LICENCE, (FIRM, *FOOD))
        with pytest.raises(Blocked, match="超过一天"):
            actions.undo_standing(batch=batch, by=cast.zhou, at=NOON + timedelta(days=1, hours=1))


def test_templates_can_be_handed_in_and_bring_nothing(cast, tmp_path):
    for table in tables.TABLES.values():
        path = tmp_path / f"{table.subject}.xlsx"
        write_workbook(str(path), table.blank())
        batch = actions.open_standing(
            subject=table.subject, path=path, file_name=path.name, by=cast.zhou, at=NOON
        )
        assert (batch.rows, [title for title, word in batch.columns if not word]) == (0, [])


def test_an_export_handed_in_again_changes_nothing(bring, client, cast, inn, tmp_path):
    bring(LICENCE, (FIRM, *FOOD), (write_target(2).code, *FOOD[:-1], "长期"))
    bring(MARK, (FIRM, *ODD), (FIRM, *INN))
    client.force_login(cast.zhou, backend="liancha.accounts.backends.WithDepartment")
    for subject in tables.TABLES:
        path = tmp_path / "导出.xlsx"
        with time_machine.travel(NOON, tick=False):  # while the mark holds
            sent = client.get(f"/targets/tables/{subject}/export.xlsx")
            path.write_bytes(b"".join(sent.streaming_content))
        batch = actions.open_standing(
            subject=subject, path=path, file_name=path.name, by=cast.zhou, at=NOON
        )
        batch = actions.check_standing(batch=batch, by=cast.zhou, at=NOON)
        assert (counts(batch), batch.remarks) == ((0, 0, 2, 0), [])
    taken = [json.loads(each.body) for each in Entry.objects.filter(what="registry.export")]
    assert [each["targets"] for each in taken] == [2, 1]


def test_the_error_table_is_mended_and_handed_in_again(look, cast, inn, tmp_path):
    batch = look(LICENCE, (FIRM, *FOOD), (FIRM, "", "卫生许可证", "", "", "", ""))
    actions.commit_standing(batch=batch, by=cast.zhou, at=NOON)
    path = tmp_path / "错误表.xlsx"
    write_workbook(str(path), tables.faults(batch))
    again = actions.open_standing(
        subject="licences", path=path, file_name=path.name, by=cast.zhou, at=NOON
    )
    again = actions.check_standing(batch=again, by=cast.zhou, at=NOON)
    assert (again.rows, faults(again)) == (1, [(2, "编号", "必填为空")])


def test_many_rows_are_held_against_the_registry_a_thousand_at_a_time(
    look, cast, django_assert_max_num_queries, monkeypatch
):
    monkeypatch.setattr(intake, "CHUNK", 20)
    there = [write_target(n).code for n in range(1, 61)]
    batch = look(LICENCE, *((each, *FOOD) for each in there))
    with django_assert_max_num_queries(40):
        actions.commit_standing(batch=batch, by=cast.zhou, at=NOON)
    assert Licence.objects.count() == StandingChange.objects.count() == 60


class TestPages:
    @pytest.fixture
    def browser(self, client, cast):
        client.force_login(cast.zhou, backend="liancha.accounts.backends.WithDepartment")
        return client

    def upload(self, browser, tmp_path, titles, *rows, subject="licences"):
        content = workbook(tmp_path / "许可证.xlsx", titles, *rows).read_bytes()
        file = SimpleUploadedFile("许可证.xlsx", content)
        return browser.post(f"/targets/tables/{subject}/", {"file": file})

    def test_look_write_and_take_back(self, browser, inn, tmp_path):
        sent = self.upload(
            browser, tmp_path, LICENCE, (FIRM, *FOOD), (FIRM, "", "卫生许可证", "", "", "", "")
        )
        address = sent["Location"]
        page = browser.get(address).content.decode()
        assert "试算完成，尚未写入" in page
        assert "写入 1 项" in page
        assert "必填为空" in page
        errors = browser.get(f"{address}faults.xlsx")
        assert errors["Content-Disposition"].endswith(".xlsx")
        assert not Licence.objects.exists()
        browser.post(f"{address}commit/")
        assert Licence.objects.count() == 1
        assert "导入许可证" in browser.get(inn.get_absolute_url()).content.decode()
        assert "许可证.xlsx" in browser.get("/targets/tables/licences/imports/").content.decode()
        browser.post(f"{address}undo/")
        assert not Licence.objects.exists()
        assert "撤回导入许可证" in browser.get(inn.get_absolute_url()).content.decode()

    def test_given_up_and_something_else(self, browser, inn, tmp_path):
        address = self.upload(browser, tmp_path, LICENCE, (FIRM, *FOOD))["Location"]
        assert browser.post(f"{address}give-up/").status_code == 302
        assert browser.post(f"{address}commit/").status_code == 409
        refused = self.upload(browser, tmp_path, LICENCE, (FIRM, *FOOD), subject="marks")
        assert refused.status_code == 422
        assert "专项库或重点标记" in refused.content.decode()
        assert browser.get("/targets/tables/other/").status_code == 404
        for subject in ("licences", "marks"):
            assert browser.get(f"/targets/tables/{subject}/").status_code == 200
            blank = browser.get(f"/targets/tables/{subject}/template.xlsx")
            assert blank["Content-Disposition"].endswith(".xlsx")

    def test_much_is_left_to_the_worker_and_asked_for_again(
        self, browser, cast, inn, tmp_path, monkeypatch
    ):
        monkeypatch.setattr(standing, "FEW", 1)
        rows = ((FIRM, *FOOD), (write_target(2).code, *FOOD))
        address = self.upload(browser, tmp_path, LICENCE, *rows)["Location"]
        batch = StandingImport.objects.get()
        page = browser.get(address).content.decode()
        assert "正在处理" in page
        assert f"{address}commit/" not in page
        jobs.check_standing(batch.job_id, batch.pk)
        assert "写入 2 项" in browser.get(address).content.decode()
        browser.post(f"{address}commit/")
        batch.refresh_from_db()
        assert not Licence.objects.exists()
        queue.stop(job=batch.job, by=cast.zhou, at=NOON)
        jobs.write_standing(batch.job_id, batch.pk)
        assert not Licence.objects.exists()
        assert "没有写入" in browser.get(address).content.decode()
        browser.post(f"{address}commit/")
        batch.refresh_from_db()
        jobs.write_standing(batch.job_id, batch.pk)
        assert Licence.objects.count() == 2
        browser.post(f"{address}undo/")
        batch.refresh_from_db()
        jobs.undo_standing(batch.job_id, batch.pk)
        assert not Licence.objects.exists()

    def test_who_only_reads_is_refused(self, client, cast):
        client.force_login(cast.xu, backend="liancha.accounts.backends.WithDepartment")
        assert client.get("/targets/tables/licences/").status_code == 403
