"""Tables into the two lists and from above: look first, write once, take back within a day."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from python_calamine import CalamineWorkbook

from liancha.ledger.models import Entry
from liancha.lists import actions
from liancha.lists.actions import importing
from liancha.lists.intake import standing
from liancha.lists.models import (
    FieldDuty,
    Import,
    ListChange,
    ListVersion,
    UpperDecision,
    UpperList,
)
from liancha.rulebook.listing import CHECK_ITEM_COLUMNS
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON
from tests.rooms.listings import HOTELS, LICENCE, PETROL, draft, published
from tests.rooms.tables import csv_file, downloaded, sheet, workbook

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
JOINT = ("代码", "抽查领域", "抽查事项", "检查对象", "发起部门", "配合部门", "检查部门", "对象标签")
TOBACCO = (
    ("JF30", "烟草市场抽查", "经营许可的检查", "烟草零售户", "市监", "公安", "市监", "tobacco"),
    ("", "", "走私烟的检查", "", "", "", "公安", ""),
)
ITEMS = (*CHECK_ITEM_COLUMNS, "部门")
NAMES = (
    *("登记事项检查", "名称规范使用情况的检查", "企业", "一般检查事项", "现场检查"),
    *("县级以上市场监督管理部门", "《企业名称登记管理规定》", "市监"),
)
UPPER = ("编号", "抽查领域", "抽查事项", "检查对象", "牵头部门")


@pytest.fixture
def bring(cast, tmp_path):
    """Look at a table; write it as well unless told otherwise."""

    def bring_in(titles, *rows, at=NOON, is_written=True, **about):
        path = table(tmp_path / "清单.csv", titles, *rows)
        batch = actions.open_import(path=path, file_name=path.name, by=cast.zhou, at=at, **about)
        if is_written:
            batch = actions.commit_import(batch=batch, by=cast.zhou, at=at)
        return batch

    return bring_in


def table(path: Path, *rows, encoding="gb18030") -> Path:
    path.write_bytes("\n".join(",".join(row) for row in rows).encode(encoding))
    return path


def upload(client, address, *rows, **more):
    return client.post(address, {"file": csv_file(rows, "清单.csv"), **more})


def undo(batch, by, at=NOON + HOUR):
    return actions.undo_import(batch=batch, by=by, at=at)


def state(version):
    """All that an import of a version may touch."""
    return (
        standing(version),
        list(version.changes.order_by("pk").values()),
        list(version.items.order_by("position").values_list("position", "name")),
        list(FieldDuty.objects.order_by("pk").values()),
    )


class TestLookFirst:
    def test_then_write_what_was_looked_at(self, cast, sign_in):
        version = draft(cast, LICENCE, kind="items")
        client = sign_in(cast.zhou)
        bad = (
            "登记事项检查",
            "期限的检查",
            "企业",
            "一般检查事项",
            "现场检查",
            "市监部门",
            "",
            "网格中心",
        )
        address = upload(client, f"/lists/{version.kind}/{version.pk}/import/", ITEMS, NAMES, bad)[
            "Location"
        ]
        batch = Import.objects.get()
        page = client.get(address).content.decode()
        assert "试算完成，尚未写入" in page
        assert "没有“网格中心”这个部门" in page
        assert "缺少检查依据" in page
        assert [(each["row"], each["column"]) for each in batch.faults] == [
            (3, "部门"),
            (3, "检查依据"),
        ]
        assert version.items.get().name == LICENCE["name"]
        client.post(f"{address}commit/")
        assert list(version.items.values_list("name", flat=True)) == [NAMES[1], LICENCE["name"]]
        assert "已写入" in client.get(address).content.decode()
        assert client.post(f"{address}commit/").status_code == 409
        story = client.get(f"/lists/items/{version.pk}/?tab=story").content.decode()
        assert "导入表格" in story
        assert Entry.objects.filter(what="lists.import").count() == 1

    def test_a_basis_without_an_article_is_taken_and_remarked_on(self, cast, bring):
        """Clause 10.1: 检查依据 names the law and its article."""
        version = draft(cast, LICENCE, kind="items")
        cited = (*NAMES[:1], "名称公示的检查", *NAMES[2:6], "《公司法》第二百五十八条", NAMES[7])
        batch = bring(ITEMS, NAMES, cited, version=version)
        assert (batch.added, batch.faulty) == (2, 0)
        assert [(each["row"], each["column"]) for each in batch.remarks] == [(2, "检查依据")]

    def test_a_whole_table_takes_out_what_it_does_not_name(self, cast, bring):
        version = draft(cast, LICENCE, kind="items")
        batch = bring(ITEMS, NAMES, version=version)
        assert (batch.added, batch.removed) == (1, 1)
        assert version.items.get().name == NAMES[1]

    def test_but_not_while_a_row_could_not_be_read(self, cast, bring):
        version = draft(cast, LICENCE, kind="items")
        batch = bring(ITEMS, NAMES, (*NAMES[:1], "", *NAMES[2:]), version=version)
        assert (batch.removed, batch.held_back, batch.faulty) == (0, 1, 1)
        assert version.items.count() == 2

    def test_some_rows_leave_the_others_alone(self, cast, bring):
        version = draft(cast, HOTELS, PETROL)
        batch = bring(JOINT, *TOBACCO, version=version, is_whole=False)
        assert (batch.added, batch.removed, batch.rows) == (1, 0, 2)
        field = version.fields.get(code="JF30")
        assert [item.department.code for item in field.items.all()] == ["SCJG", "GA"]
        assert version.fields.count() == 3

    def test_what_a_table_does_not_say_stays(self, cast, bring):
        version = draft(cast, HOTELS | {"ratio_note": "5%", "level": "C"})
        before = standing(version)
        row = ("ＪＦ05", "宾馆、旅店监督抽查", "", "酒店", "", "")
        batch = bring(JOINT[:6], row, version=version)
        assert (batch.changed, batch.faulty) == (1, 0)
        (field,) = standing(version)
        assert field == before[0] | {"targets": "酒店"}
        assert ["检查对象", "各类宾馆、旅店", "酒店"] in batch.differences[0]["parts"]

    def test_what_was_exported_can_be_brought_in_again_and_changes_nothing(self, cast, sign_in):
        version = draft(cast, HOTELS, PETROL)
        client = sign_in(cast.zhou)
        before = standing(version)
        export = client.get(f"/lists/versions/{version.pk}/export/")
        file = SimpleUploadedFile("清单.xlsx", downloaded(export))
        address = client.post(f"/lists/{version.kind}/{version.pk}/import/", {"file": file})[
            "Location"
        ]
        batch = Import.objects.get()
        assert (batch.unchanged, batch.changed, batch.added, batch.faulty) == (2, 0, 0, 0)
        assert "不用写入" in client.get(address).content.decode()
        assert standing(version) == before

    def test_an_export_has_the_official_columns_and_runs_nothing(self, cast, sign_in):
        version = draft(cast, LICENCE | {"name": "=HYPERLINK(1)"}, kind="items")
        response = sign_in(cast.zhou).get(f"/lists/versions/{version.pk}/export/")
        data = downloaded(response)
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")
        rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
        assert tuple(rows[1][:7]) == CHECK_ITEM_COLUMNS
        assert rows[2][1] == "=HYPERLINK(1)"

    def test_one_bad_row_keeps_its_field_out_with_all_its_rows(self, cast, sign_in):
        version = draft(cast, HOTELS)
        client = sign_in(cast.zhou)
        bad = (TOBACCO[0], ("", "", "走私烟的检查", "", "", "", "烟草局", ""))
        address = upload(
            client, f"/lists/{version.kind}/{version.pk}/import/", JOINT, *bad, scope="part"
        )["Location"]
        client.post(f"{address}give-up/")
        rows = sheet(client.get(f"{address}faults.xlsx"))
        assert [row[2] for row in rows[1:]] == ["经营许可的检查", "走私烟的检查"]
        assert rows[2][-3:-1] == [3, "没有“烟草局”这个部门"]
        mended = [[str(cell).replace("烟草局", "公安") for cell in row] for row in rows]
        address = upload(
            client, f"/lists/{version.kind}/{version.pk}/import/", *mended, scope="part"
        )["Location"]
        client.post(f"{address}commit/")
        assert version.fields.get(code="JF30").items.count() == 2

    def test_a_rule_that_refuses_a_field_is_told_with_its_cure(self, cast, bring):
        version = draft(cast, HOTELS)
        row = (*TOBACCO[0][:4], "司法", "公安", "市监", "tobacco")
        batch = bring(JOINT, row, version=version, is_whole=False, is_written=False)
        assert batch.faulty == 1
        assert "市监检查，但它不是发起或配合部门" in batch.faults[0]["fault"]
        assert "加入配合部门" in batch.faults[0]["cure"]

    def test_cells_merged_downwards_count_in_every_row(self, cast, tmp_path):
        version = draft(cast, LICENCE, kind="items")
        path = tmp_path / "合并.xlsx"
        book = xlsxwriter.Workbook(str(path))
        page = book.add_worksheet()
        page.merge_range(0, 0, 0, 7, "抽查事项清单")
        page.write_row(1, 0, ITEMS)
        for n in (1, 2, 3):
            page.write_row(1 + n, 1, (f"{NAMES[1]}{n}", *NAMES[2:]))
        page.merge_range(2, 0, 4, 0, NAMES[0])
        book.close()
        batch = actions.open_import(
            path=path, file_name=path.name, version=version, by=cast.zhou, at=NOON
        )
        assert (batch.added, batch.faulty) == (3, 0)

    def test_a_draft_changed_since_the_look_is_looked_at_again(self, cast, sign_in, bring):
        version = draft(cast, HOTELS, PETROL)
        batch = bring(JOINT, *TOBACCO, version=version, is_written=False)
        assert batch.removed == 2
        actions.remove_field(
            field=version.fields.get(code="JF26"), basis="条例废止", by=cast.zhou, at=NOON
        )
        client = sign_in(cast.zhou)
        address = batch.get_absolute_url()
        assert "重新试算" in client.get(address).content.decode()
        refused = client.post(f"{address}commit/")
        assert refused.status_code == 409
        assert "又有改动" in refused.content.decode()
        client.post(f"{address}check/")
        assert client.post(f"{address}commit/").status_code == 302
        assert [row["code"] for row in standing(version)] == ["JF30"]

    def test_every_difference_keeps_a_basis(self, cast, bring):
        published(cast, HOTELS, PETROL)
        version = actions.start_version(
            kind="joint", title="新版", basis="烟草专卖法修订", by=cast.zhou, at=NOON
        )
        changed = ("JF05", "宾馆、旅店和民宿监督抽查", "", "", "", "", "", "")
        bring(JOINT, changed, *TOBACCO, version=version)
        assert set(version.changes.values_list("code", "kind", "basis")) == {
            ("JF05", "changed", "烟草专卖法修订"),
            ("JF26", "removed", "烟草专卖法修订"),
            ("JF30", "added", "烟草专卖法修订"),
        }

    def test_a_commit_that_dies_leaves_nothing(self, cast, bring, monkeypatch):
        version = draft(cast, HOTELS, PETROL)
        batch = bring(JOINT, *TOBACCO, version=version, is_written=False)
        before = state(version)

        def dies(*args, **kwargs):
            raise SystemExit("killed")

        monkeypatch.setattr(importing, "_log", dies)  # the last thing it does
        with pytest.raises(SystemExit):
            actions.commit_import(batch=batch, by=cast.zhou, at=NOON)
        batch.refresh_from_db()
        assert batch.is_open
        assert len(batch.held["lines"]) == 2
        assert state(version) == before

    def test_what_is_no_table_comes_back_under_the_field(self, cast, sign_in):
        version = draft(cast, HOTELS)
        response = upload(
            sign_in(cast.zhou),
            f"/lists/{version.kind}/{version.pk}/import/",
            ("序号", "金额"),
            ("1", "2"),
        )
        assert response.status_code == 422
        assert "抽查领域" in response.content.decode()
        assert not Import.objects.exists()

    def test_only_the_office_brings_in(self, cast, sign_in):
        version = draft(cast, HOTELS)
        address = f"/lists/{version.kind}/{version.pk}/import/"
        assert upload(sign_in(cast.shen), address, JOINT, *TOBACCO).status_code == 403
        sealed = published(cast, LICENCE, kind="items")
        address = f"/lists/items/{sealed.pk}/import/"
        assert upload(sign_in(cast.zhou), address, ITEMS, NAMES).status_code == 409

    @pytest.mark.parametrize("kind", ["items", "joint", "upper"])
    def test_templates_have_notes_drop_downs_and_explanations(self, cast, sign_in, kind):
        book = workbook(sign_in(cast.zhou).get(f"/lists/{kind}/template.xlsx"))
        heading = book.get_sheet_by_name("清单").to_python()[0]
        told = [row[0] for row in book.get_sheet_by_name("填写说明").to_python()[1:]]
        assert heading == told
        assert all(row[2] for row in book.get_sheet_by_name("填写说明").to_python())


class TestUndo:
    @pytest.mark.parametrize("is_whole", [True, False])
    def test_a_joint_draft_is_as_before(self, cast, bring, is_whole):
        published(cast, HOTELS, PETROL)
        version = actions.start_version(
            kind="joint", title="新版", basis="条例修订", by=cast.zhou, at=NOON
        )
        before = state(version)
        changed = ("JF05", "宾馆、旅店和民宿监督抽查", "", "", "", "", "", "")
        batch = bring(JOINT, changed, *TOBACCO, version=version, is_whole=is_whole)
        assert (batch.added, batch.changed, batch.removed) == (1, 1, int(is_whole))
        assert FieldDuty.objects.filter(code="JF30").count() == 2
        undo(batch, cast.zhou)
        assert state(version) == before
        assert Entry.objects.filter(what="lists.undo_import").count() == 1
        with pytest.raises(Blocked, match="已经撤回"):
            undo(batch, cast.zhou)

    def test_a_draft_of_items_is_as_before_with_its_order(self, cast, bring):
        second = LICENCE | {"name": "年报的检查"}
        version = draft(cast, LICENCE, second, kind="items")
        before = state(version)
        batch = bring(ITEMS, NAMES, (*NAMES[:1], "年报的检查", *NAMES[2:]), version=version)
        assert (batch.added, batch.changed, batch.removed) == (1, 1, 1)
        assert state(version) != before
        undo(batch, cast.zhou)
        assert state(version) == before

    def test_after_a_day_it_is_too_late(self, cast, bring):
        version = draft(cast, HOTELS)
        batch = bring(JOINT, *TOBACCO, version=version)
        with pytest.raises(Blocked, match="超过一天"):
            undo(batch, cast.zhou, NOON + timedelta(days=1, seconds=1))

    def test_a_row_changed_since_keeps_all_and_is_named(self, cast, bring):
        version = draft(cast, HOTELS, PETROL)
        batch = bring(JOINT, *TOBACCO, version=version, is_whole=False)
        actions.remove_field(
            field=version.fields.get(code="JF26"), basis="条例废止", by=cast.zhou, at=NOON
        )
        with pytest.raises(Blocked, match=r"成品油市场抽查.*又改动过"):
            undo(batch, cast.zhou)
        assert version.fields.count() == 2

    def test_a_version_sent_on_or_published_keeps_all(self, cast, sign_in, bring):
        version = draft(cast, HOTELS)
        batch = bring(JOINT, *TOBACCO, version=version, is_whole=False)
        actions.consult(version=version, by=cast.zhou, at=NOON)
        with pytest.raises(Blocked, match="先退回草稿") as refused:
            undo(batch, cast.zhou)
        assert refused.value.article == "9"
        ListVersion.objects.filter(pk=version.pk).update(state="published", published_at=NOON)
        with pytest.raises(Blocked, match="已公布") as refused:
            undo(batch, cast.zhou)
        assert refused.value.article == "8"

    def test_a_duty_written_anew_keeps_all(self, cast, bring):
        version = draft(cast, HOTELS)
        batch = bring(JOINT, *TOBACCO, version=version)
        actions.record_duty(
            department=cast.department["SCJG"],
            code="JF30",
            name="烟草市场抽查",
            duty="major",
            basis="三定规定",
            by=cast.zhou,
            at=NOON + HOUR,
        )
        with pytest.raises(Blocked, match="职责在导入之后又登记过"):
            undo(batch, cast.zhou)


class TestFromAbove:
    ROWS = (
        ("P1", "宾馆抽查", "治安;消防", "宾馆", "公安厅"),
        ("P2", "加油站抽查", "油品", "加油站", "市场局"),
    )
    ABOUT = {"level": "P", "title": "河南省联合抽查清单"}

    def test_through_pages_and_counted_against_the_list_before(self, cast, sign_in, bring):
        bring(UPPER, *self.ROWS, **self.ABOUT)
        client = sign_in(cast.zhou)
        rows = (
            self.ROWS[0],
            ("P2", "成品油抽查", "油品", "加油站", "市场局"),
            ("", "无代码", "", "", ""),
        )
        form = self.ABOUT | {"document_number": "豫〔2026〕3 号", "scope": "whole"}
        address = upload(client, "/lists/upper/", UPPER, *rows, **form)["Location"]
        batch = Import.objects.first()
        assert (batch.unchanged, batch.changed, batch.faulty) == (1, 1, 1)
        assert UpperList.objects.filter(is_over=False).get().document_number == ""
        assert "没有代码" in client.get(address).content.decode()
        client.post(f"{address}commit/")
        upper = UpperList.objects.filter(is_over=False).get()
        assert upper.document_number == "豫〔2026〕3 号"
        assert list(upper.rows.values_list("code", "name")) == [
            ("P1", "宾馆抽查"),
            ("P2", "成品油抽查"),
        ]

    def test_decisions_about_rows_that_stayed_are_kept_and_go_back(self, cast, bring):
        first = bring(UPPER, *self.ROWS, **self.ABOUT)
        version = draft(cast, HOTELS)
        for row in first.upper.rows.all():
            actions.decide_upper(
                version=version, key=row.key, cause="no_power", by=cast.zhou, at=NOON
            )
        before = list(UpperDecision.objects.order_by("pk").values())
        other = ("P2", "成品油抽查", "油品", "加油站", "市场局")
        batch = bring(UPPER, self.ROWS[0], other, at=NOON + HOUR, **self.ABOUT)
        kept = UpperDecision.objects.get(name="宾馆抽查")
        assert kept.row.upper == batch.upper
        assert UpperDecision.objects.get(name="加油站抽查").row.upper == first.upper
        undo(batch, cast.zhou, NOON + 2 * HOUR)
        assert list(UpperDecision.objects.order_by("pk").values()) == before
        assert UpperList.objects.get() == first.upper
        assert not UpperList.objects.get().is_over

    def test_a_decision_since_keeps_all(self, cast, bring):
        batch = bring(UPPER, *self.ROWS, **self.ABOUT)
        version = draft(cast, HOTELS)
        row = batch.upper.rows.first()
        actions.decide_upper(version=version, key=row.key, cause="no_power", by=cast.zhou, at=NOON)
        with pytest.raises(Blocked, match=r"已对“宾馆抽查”作出决定"):
            undo(batch, cast.zhou)
        assert UpperList.objects.filter(is_over=False).exists()

    def test_a_field_that_answers_a_row_from_above_keeps_all(self, cast, bring):
        above = bring(UPPER, *self.ROWS, **self.ABOUT)
        version = draft(cast, HOTELS)
        batch = bring(JOINT, *TOBACCO, version=version, is_whole=False)
        row = above.upper.rows.first()
        actions.decide_upper(version=version, key=row.key, adopted_as="JF30", by=cast.zhou, at=NOON)
        with pytest.raises(Blocked, match="已用来回应上级清单"):
            undo(batch, cast.zhou)
        assert ListChange.objects.count() == 0
        assert version.fields.filter(code="JF30").exists()
