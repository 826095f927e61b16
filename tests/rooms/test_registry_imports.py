"""A register comes in: what is taken, what is not, and that a second time changes nothing."""

import io
from datetime import date

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from liancha.accounts.models import Department, Grant, User
from liancha.ledger.models import Entry
from liancha.papers.faults import Unreadable
from liancha.papers.writers import write_workbook
from liancha.registry import actions, sheets
from liancha.registry.kinds import WITHOUT_CODE
from liancha.registry.models import Import, ImportChange, Tag, Target
from tests.people import NOON, make_cast
from tests.rooms.registers import HEADINGS, code, firm, rows, text, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    return make_cast().zhou


@pytest.fixture
def bring_in(tmp_path, office):
    """Write these lines to a file and import it."""

    def bring(lines, headings=HEADINGS, *, by=office, encoding="utf-8", **options):
        path = write(tmp_path / "名录.csv", text(lines, headings, **options), encoding)
        return actions.import_targets(path=path, file_name=path.name, by=by, at=NOON)

    return bring


def counts(batch):
    return batch.added, batch.changed, batch.unchanged, batch.pending, batch.faulty


def faults(batch, *, remarks=False):
    return [
        (fault.row, fault.column, fault.fault) for fault in batch.faults.filter(is_remark=remarks)
    ]


class TestGoodRows:
    def test_they_become_targets_with_county_and_tags(self, bring_in):
        batch = bring_in(rows(3))
        assert counts(batch) == (3, 0, 0, 0, 0)
        target = Target.objects.get(code=code("91", "410311", 1))
        assert target.name == "洛阳云岫1号宾馆有限公司"
        assert target.region_id == "410311"
        assert target.region_reason == "住所写明“洛龙区”"
        assert target.registered_on == date(2017, 6, 8)
        assert target.legal_form == "有限责任公司"
        assert set(target.tags.values_list("code", flat=True)) >= {"hotel", "catering", "employer"}

    def test_the_same_file_again_changes_nothing(self, bring_in):
        bring_in(rows(5))
        before = list(Target.objects.order_by("pk").values())
        again = bring_in(rows(5))
        assert counts(again) == (0, 0, 5, 0, 0)
        assert list(Target.objects.order_by("pk").values()) == before
        assert not ImportChange.objects.filter(batch=again).exists()

    def test_a_gb18030_file_says_the_same(self, bring_in):
        bring_in(rows(5))
        again = bring_in(rows(5), encoding="gb18030")
        assert "GB18030" in again.recognised
        assert counts(again) == (0, 0, 5, 0, 0)

    def test_headings_of_the_open_data_are_known(self, bring_in):
        batch = bring_in(
            [["伊川县某供销社", code("91", "410329", 4), "1979-09-12", "N/A", "N/A", "日杂", "洛阳",
              "洛阳市伊川县平等乡", "1979"]],
            ("name", "uscc", "reg_date", "type", "capital", "scope", "city", "address", "src_year"),
        )  # fmt: skip
        assert counts(batch) == (1, 0, 0, 0, 0)
        target = Target.objects.get()
        assert (target.legal_form, target.capital, target.region_id) == ("", "", "410329")

    def test_a_change_keeps_what_was_before(self, bring_in):
        bring_in(rows(2))
        batch = bring_in([firm(1, 登记状态="注销", 住所="洛阳市涧西区松照路2号"), firm(2)])
        assert counts(batch) == (0, 1, 1, 0, 0)
        change = ImportChange.objects.get(batch=batch)
        assert change.before == {
            "address": "河南省洛阳市洛龙区青禾街1号",
            "region_id": "410311",
            "region_reason": "住所写明“洛龙区”",
            "status": "active",
        }
        assert change.after["region_id"] == "410305"

    def test_an_empty_cell_erases_nothing(self, bring_in):
        bring_in(rows(1))
        batch = bring_in([firm(1, 经营范围="", 成立日期="-", 住所="")])
        assert counts(batch) == (0, 0, 1, 0, 0)
        assert Target.objects.get().scope == "住宿服务；餐饮服务"

    def test_a_missing_column_erases_nothing(self, bring_in):
        bring_in(rows(1))
        batch = bring_in([firm(1)[:2]], HEADINGS[:2])
        assert counts(batch) == (0, 0, 1, 0, 0)

    def test_where_a_firm_operates_counts_before_where_it_is_registered(self, bring_in):
        batch = bring_in(
            [["云岫", code("91", "410311", 1), "郑州市花园路1号", "洛阳市涧西区松照路1号"]],
            ("名称", "统一社会信用代码", "注册地址", "经营场所"),
        )  # fmt: skip
        assert batch.pending == 0
        assert Target.objects.get().region_id == "410305"

    def test_sites_and_projects_may_come_without_a_code(self, bring_in):
        lines = [["牡丹大道工地", "", "工程项目", "洛阳市洛龙区牡丹大道1号"]]
        headings = ("名称", "统一社会信用代码", "类型", "住所")
        assert counts(bring_in(lines, headings)) == (1, 0, 0, 0, 0)
        assert counts(bring_in(lines, headings)) == (0, 0, 1, 0, 0)
        assert Target.objects.get().code_kind == Target.CodeKind.OWN

    @pytest.mark.parametrize("kind", WITHOUT_CODE)
    def test_goods_devices_and_sites_online_are_targets_too(self, bring_in, kind):
        lines = [["龙门 8 号", "", Target.Kind(kind).label, "洛阳市洛龙区龙门大道1号"]]
        assert counts(bring_in(lines, ("名称", "统一社会信用代码", "类型", "住所"))) == (
            1,
            0,
            0,
            0,
            0,
        )
        target = Target.objects.get()
        assert (target.kind, target.code[1:3]) == (kind, kind)

    def test_one_entry_in_the_ledger_says_what_came_of_it(self, bring_in):
        batch = bring_in([*rows(2), firm(3, 企业名称="")])
        entry = Entry.objects.about("import", batch.pk).get()
        assert entry.what == "registry.import"
        assert '"added":2' in entry.body
        assert '"faulty":1' in entry.body

    def test_credit_classes_come_with_their_date_and_source(self, bring_in):
        headings = ("企业名称", "统一社会信用代码", "信用风险分类", "分类日期", "分类来源")
        bring_in(
            [["洛阳云岫宾馆", code("91", "410311", 1), "C类", "2026-11-05", "省级通用模型"]],
            headings,
        )
        target = Target.objects.get()
        assert (target.credit_class, target.credit_on) == ("C", date(2026, 11, 5))
        assert target.credit_source == "省级通用模型"


class TestBadRows:
    def test_each_is_named_by_row_and_column_with_a_cure_and_the_others_are_taken(self, bring_in):
        wrong = code("91", "410311", 2)[:-1] + "?"
        batch = bring_in(
            [
                firm(1),
                firm(2, 统一社会信用代码=wrong.replace("?", "")),
                firm(3, 企业名称=""),
                firm(4, 成立日期="2026-02-30"),
                firm(5, 登记状态="开张大吉"),
                firm(6, 成立日期="2030-01-01"),
                firm(7, 企业名称="=HYPERLINK(1)"),
                firm(8, 统一社会信用代码="N/A"),
            ]
        )
        assert counts(batch) == (1, 0, 0, 0, 7)
        assert faults(batch) == [
            (3, "统一社会信用代码", "只有 17 位，少 1 位"),
            (4, "企业名称", "必填为空"),
            (5, "成立日期", "2 月没有 30 日"),
            (6, "登记状态", "不在字典中"),
            (7, "成立日期", "2030-01-01 还没有到"),
            (8, "企业名称", "名称以“=”开头，像是公式"),
            (9, "统一社会信用代码", "没有填写代码"),
        ]
        assert all(fault.cure for fault in batch.faults.all())

    def test_all_faults_of_a_row_are_said_at_once(self, bring_in):
        batch = bring_in([firm(1, 企业名称="", 成立日期="昨天", 登记状态="不明")])
        assert batch.faulty == 1
        assert [fault[1] for fault in faults(batch)] == ["企业名称", "登记状态", "成立日期"]

    def test_the_second_of_two_rows_with_one_code_is_not_taken(self, bring_in):
        batch = bring_in([firm(1), firm(2), firm(1, 企业名称="另一家")])
        assert counts(batch) == (2, 0, 0, 0, 1)
        assert faults(batch) == [(4, "统一社会信用代码", "与第 2 行的代码重复")]

    def test_outside_and_undecided_rows_wait_and_say_why(self, bring_in):
        batch = bring_in(
            [firm(1, 住所="常州市武进区洛阳镇戴溪街"), firm(2, 住所="洛阳市春都路8号"), firm(3)]
        )
        assert counts(batch) == (3, 0, 0, 2, 0)
        assert Target.objects.decided().count() == 1
        notes = faults(batch, remarks=True)
        assert [row for row, _, _ in notes] == [2, 3]
        assert "不在本市" in notes[0][2]

    def test_a_cell_of_a_megabyte_is_a_fault_not_a_crash(self, bring_in):
        batch = bring_in([firm(1, 企业名称="甲" * 2**20), firm(2, 经营范围="乙" * 40_000), firm(3)])
        assert counts(batch) == (1, 0, 0, 0, 2)

    def test_characters_lost_on_the_way_are_a_fault(self, tmp_path, office):
        content = text(rows(30)).encode().replace("云岫7号".encode(), b"\xff\xfe7\xe5\x8f\xb7", 1)
        path = write(tmp_path / "名录.csv", content)
        batch = actions.import_targets(path=path, file_name="名录.csv", by=office, at=NOON)
        assert batch.faulty == 1
        assert faults(batch) == [(8, "企业名称", "有认不出的字符")]

    def test_a_number_that_lost_its_digits_in_excel(self, tmp_path, office):
        path = tmp_path / "名录.xlsx"
        book = xlsxwriter.Workbook(str(path))
        page = book.add_worksheet()
        page.write_row(0, 0, ["企业名称", "统一社会信用代码", "成立日期"])
        page.write_row(1, 0, ["洛阳云岫宾馆", 9.14103e17, 42894])
        page.write_row(2, 0, ["洛阳望嵩酒店", code("91", "410311", 2), 42894])
        book.close()
        batch = actions.import_targets(path=path, file_name="名录.xlsx", by=office, at=NOON)
        assert counts(batch) == (1, 0, 0, 1, 1)
        assert "科学计数" in faults(batch)[0][2]
        assert Target.objects.get().registered_on == date(2017, 6, 8)
        assert batch.mended["日期序号改为日期"] == 1

    @pytest.mark.parametrize("content", [b"", b"\x00" * 50, "只有一列\n甲\n".encode(), b"%PDF-1.4"])
    def test_what_is_no_register_is_refused_and_leaves_nothing(self, tmp_path, office, content):
        path = write(tmp_path / "名录.csv", content)
        with pytest.raises(Unreadable):
            actions.import_targets(path=path, file_name="名录.csv", by=office, at=NOON)
        assert not Import.objects.exists()

    def test_a_file_that_breaks_off_in_the_middle_writes_nothing(self, tmp_path, office):
        content = text(rows(1_200)) + '甲,"' + "乙\n" * 300
        path = write(tmp_path / "名录.csv", content)
        with pytest.raises(Unreadable, match="第 1202 行"):
            actions.import_targets(path=path, file_name="名录.csv", by=office, at=NOON)
        assert not Target.objects.exists()

    def test_the_error_table_mended_can_be_imported(self, bring_in, tmp_path, office):
        right = code("91", "410311", 2)
        batch = bring_in([firm(1), firm(2, 统一社会信用代码=right[:-1])])
        file = io.BytesIO()
        write_workbook(file, sheets.faults(batch))
        file.seek(0)
        page = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()
        assert page[0][-3:] == ["原表行号", "哪里不对", "怎么改"]
        assert page[1][-3] == 3.0
        mended = [[*page[1][:1], right, *page[1][2:-3]]]
        assert counts(bring_in(mended)) == (1, 0, 0, 0, 0)


class TestByHand:
    def test_an_import_leaves_a_county_that_somebody_decided(self, bring_in, office):
        bring_in([firm(1, 住所="洛阳市春都路8号")])
        target = Target.objects.get()
        actions.set_region(targets=[target.pk], region="410302", by=office, at=NOON)
        assert counts(bring_in([firm(1, 住所="洛阳市春都路8号")])) == (0, 0, 1, 0, 0)
        target.refresh_from_db()
        assert (target.region_id, target.is_pending) == ("410302", False)

    def test_a_new_address_is_read_again(self, bring_in, office):
        bring_in([firm(1, 住所="洛阳市春都路8号")])
        target = Target.objects.get()
        actions.set_region(targets=[target.pk], region="410302", by=office, at=NOON)
        bring_in([firm(1, 住所="洛阳市涧西区松照路1号")])
        target.refresh_from_db()
        assert target.region_id == "410305"

    def test_tags_put_on_and_taken_off_by_hand_stay(self, bring_in, office):
        bring_in(rows(1))
        target = Target.objects.get()
        hotel, lift = (Tag.objects.get(code=code) for code in ("hotel", "special_equipment"))
        actions.tag_targets(targets=[target.pk], tag=lift, by=office, at=NOON)
        actions.tag_targets(targets=[target.pk], tag=hotel, is_taken_off=True, by=office, at=NOON)
        bring_in([firm(1, 经营范围="住宿服务；旅馆经营")])
        codes = set(target.tags.values_list("code", flat=True))
        assert "special_equipment" in codes
        assert "hotel" not in codes


class TestTwoSteps:
    @pytest.fixture
    def waiting(self, tmp_path, settings, office):
        settings.MEDIA_ROOT = tmp_path
        write(tmp_path / "上传.csv", text([*rows(2), firm(3, 企业名称="")]))
        batch = actions.open_import(path="上传.csv", file_name="名录.csv", by=office, at=NOON)
        return actions.check_import(batch=batch, by=office, at=NOON)

    def test_the_dry_run_counts_and_writes_no_target(self, waiting):
        assert counts(waiting) == (2, 0, 0, 0, 1)
        assert waiting.checked_at == NOON
        assert waiting.written_at is None
        assert not Target.objects.exists()

    def test_committing_writes_and_lets_go_of_the_file(
        self, waiting, office, tmp_path, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            actions.commit_import(batch=waiting, by=office, at=NOON)
        assert Target.objects.count() == 2
        assert not (tmp_path / "上传.csv").exists()

    def test_it_is_not_written_twice(self, waiting, office):
        actions.commit_import(batch=waiting, by=office, at=NOON)
        with pytest.raises(Exception, match="已经写入") as refusal:
            actions.commit_import(batch=waiting, by=office, at=NOON)
        assert refusal.value.article == "11"

    def test_what_was_given_up_is_not_written(self, waiting, office):
        actions.give_up_import(batch=waiting, by=office, at=NOON)
        with pytest.raises(Exception, match="已经放弃"):
            actions.commit_import(batch=waiting, by=office, at=NOON)
        assert not Target.objects.exists()

    def test_progress_is_told_piece_by_piece(self, tmp_path, office):
        path = write(tmp_path / "名录.csv", text(rows(2_500)))
        told = []
        actions.import_targets(
            path=path,
            file_name="名录.csv",
            by=office,
            at=NOON,
            progress=lambda done, total: told.append((done, total)),
        )
        assert told == [(2_000, 2_500), (2_500, 2_500)]


class TestCounties:
    def test_a_county_brings_in_its_own_targets_only(self, bring_in, office):
        county = Department.objects.create(
            code="SCJG-LL",
            name="洛龙区市场监督管理局",
            short="洛龙市监",
            level="county",
            region_id="410311",
        )
        clerk = User.objects.create(username="ll", full_name="洛龙经办", department=county)
        Grant.objects.create(user=clerk, role="handler", granted_at=NOON, granted_by="sec")
        batch = bring_in([firm(1), firm(2, 住所="洛阳市涧西区松照路2号")], by=clerk)
        assert counts(batch) == (1, 0, 0, 0, 1)
        assert "在涧西区，不在本部门的管辖范围" in faults(batch)[0][2]
        bring_in([firm(2, 住所="洛阳市涧西区松照路2号")], by=office)
        moved = bring_in([firm(2, 住所="洛阳市洛龙区青禾街2号")], by=clerk)
        assert counts(moved) == (0, 0, 0, 0, 1)


def test_the_command_reports_row_by_row(cli, tmp_path):
    """As a process of its own: good rows in, bad ones named, no traceback, status 0."""
    path = write(tmp_path / "名录.csv", text([*rows(2), firm(3, 成立日期="2026-02-30")]), "gb18030")
    first = cli("import", "targets", path)
    assert first.returncode == 0, first.stderr
    assert "第 4 行 洛阳云岫3号宾馆有限公司｜成立日期｜2026-02-30｜2 月没有 30 日" in first.stdout
    assert "新增 2，变更 0，未变 0，有误 1" in first.stdout
    second = cli("import", "targets", path)
    assert "新增 0，变更 0，未变 2，有误 1" in second.stdout
    broken = cli("import", "targets", write(tmp_path / "坏.csv", b"%PDF-1.7"))
    assert broken.returncode == 1
    assert "不是表格" in broken.stderr
    assert "Traceback" not in broken.stderr
    unknown = cli("import", "nothing")
    assert unknown.returncode == 2
    assert "targets" in unknown.stderr
