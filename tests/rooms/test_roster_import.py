"""A roster as a table: good rows in, bad rows reported by row, column and cure, twice is once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from liancha.ledger.models import Entry
from liancha.papers.faults import Unreadable
from liancha.papers.writers import write_workbook
from liancha.roster import actions, sheets
from liancha.roster.models import Import, Inspector
from tests.people import NOON, make_cast

pytestmark = pytest.mark.django_db
TITLES = ("姓名", "部门", "执法证号", "有效期自", "有效期至", "业务专长", "岗位", "可任组长")
GOOD = ("林知遥", "", "16030000001", "2024-01-01", "2028/12/31", "治安、消防", "执法科", "是")


@pytest.fixture
def cast():
    return make_cast()


def workbook(path: Path, *rows: tuple[object, ...], titles: tuple[str, ...] = TITLES) -> Path:
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet()
    for n, row in enumerate((titles, *rows)):
        page.write_row(n, 0, [cell if cell is not None else "" for cell in row])
    book.close()
    return path


def bring(cast, path: Path, by: str | None = "shen") -> Import:
    person = getattr(cast, by) if by else None
    return actions.import_inspectors(path=path, file_name=path.name, by=person, at=NOON)


def faults(batch: Import) -> list[tuple[int, str, str]]:
    return [(each["row"], each["column"], each["fault"]) for each in batch.faults]


def test_a_good_row_is_on_the_roster_with_its_certificate(cast, tmp_path):
    batch = bring(cast, workbook(tmp_path / "a.xlsx", GOOD))
    person = Inspector.objects.get()
    assert (batch.added, batch.faulty, batch.rows) == (1, 0, 1)
    assert (person.name, person.number, person.skills) == ("林知遥", "GA-0001", ["治安", "消防"])
    assert person.may_lead
    assert person.certificate.valid_to == date(2028, 12, 31)
    assert Entry.objects.filter(what="roster.import_inspectors").count() == 1


def test_the_same_file_again_changes_nothing(cast, tmp_path):
    nobody = ("无证人", "", "", "", "", "治安", "执法科", "")
    path = workbook(tmp_path / "a.xlsx", GOOD, nobody)
    first = bring(cast, path)
    before = list(Inspector.objects.values())
    again = bring(cast, path)
    assert (first.added, first.remarks[0]["fault"]) == (2, "没有执法证件")
    assert (again.added, again.changed, again.unchanged) == (0, 0, 2)
    assert list(Inspector.objects.values()) == before


def test_a_changed_cell_changes_that_person(cast, tmp_path):
    bring(cast, workbook(tmp_path / "a.xlsx", GOOD))
    batch = bring(cast, workbook(tmp_path / "b.xlsx", (*GOOD[:6], "法规科", "是")))
    assert (batch.added, batch.changed) == (0, 1)
    assert Inspector.objects.get().post == "法规科"


def test_csv_in_gb18030_is_read_too(cast, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("\n".join(",".join(row) for row in (TITLES, GOOD)), encoding="gb18030")
    assert bring(cast, path).added == 1


@pytest.mark.parametrize(
    ("cells", "column", "fault"),
    [
        ({"姓名": ""}, "姓名", "没有姓名"),
        ({"姓名": "长" * 41}, "姓名", "内容太长"),
        ({"有效期至": "明年底"}, "有效期至", "不是日期"),
        ({"有效期至": "2028-02-30"}, "有效期至", "没有这一天"),
        ({"有效期至": "2023-12-31"}, "有效期至", "早于有效期自"),
        ({"有效期至": ""}, "有效期至", "有证号没有有效期"),
        ({"执法证号": ""}, "执法证号", "有有效期没有证号"),
        ({"执法证号": "1.60300000001E+17"}, "执法证号", "证号被表格改成了科学计数"),
        ({"可任组长": "也许"}, "可任组长", "看不出是或否"),
        ({"部门": "洛阳市卫生健康委员会"}, "部门", "不是本部门的人员"),
        ({"部门": "市场局"}, "部门", "部门库中没有这个部门"),
    ],
)
def test_a_bad_row_is_named_and_the_good_ones_are_kept(cast, tmp_path, cells, column, fault):
    row = dict(zip(TITLES, GOOD, strict=True)) | cells
    other = ("陶然之", "公安", "16030000002", "2024-01-01", "2028-12-31", "", "", "否")
    batch = bring(cast, workbook(tmp_path / "a.xlsx", tuple(row.values()), other))
    assert faults(batch) == [(2, column, fault)]
    assert batch.faults[0]["name"] == row["姓名"][:40]
    assert batch.faults[0]["cure"].endswith("。")
    assert [person.name for person in Inspector.objects.all()] == ["陶然之"]


def test_a_number_twice_in_one_file_is_one_person(cast, tmp_path):
    batch = bring(cast, workbook(tmp_path / "a.xlsx", GOOD, ("另一人", *GOOD[1:])))
    assert faults(batch) == [(3, "执法证号", "本表中证号重复")]
    assert Inspector.objects.count() == 1


def test_a_number_of_another_department_is_refused(cast, tmp_path):
    path = workbook(tmp_path / "a.xlsx", GOOD)
    bring(cast, path)
    batch = bring(cast, path, by="lu")
    assert faults(batch) == [(2, "执法证号", "已登记在其他部门名下")]


def test_status_region_and_capacity_are_read(cast, tmp_path):
    titles = ("姓名", "状态", "层级/区域", "承担上限", "专家")
    batch = bring(
        cast,
        workbook(
            tmp_path / "a.xlsx",
            ("甲", "借调", "洛龙区", "30", ""),
            ("乙", "休假", "洛龙区", "30", ""),
            ("丙", "", "郑州市", "", "是"),
            ("丁", "", "", "0", ""),
            titles=titles,
        ),
    )
    person = Inspector.objects.get()
    assert (person.status, person.region.name, person.capacity) == ("seconded", "洛龙区", 30)
    assert faults(batch) == [
        (3, "状态", "不认识的状态"),
        (4, "区域", "不是洛阳市的区域"),
        (5, "承担上限", "超出范围"),
    ]


def test_a_file_that_is_no_roster_is_refused_whole(cast, tmp_path):
    path = workbook(tmp_path / "a.xlsx", ("1", "2"), titles=("序号", "金额"))
    with pytest.raises(Unreadable, match="姓名"):
        bring(cast, path)
    assert not Import.objects.exists()


def test_the_template_can_be_handed_in_and_brings_nobody(cast, tmp_path):
    path = tmp_path / "template.xlsx"
    write_workbook(str(path), sheets.blank())
    batch = bring(cast, path)
    assert (batch.rows, batch.faulty) == (0, 0)


def test_an_export_handed_in_again_changes_nothing(cast, tmp_path):
    bring(cast, workbook(tmp_path / "a.xlsx", GOOD))
    path = tmp_path / "export.xlsx"
    write_workbook(str(path), sheets.roster(Inspector.objects.with_papers()))
    batch = bring(cast, path)
    assert (batch.unchanged, batch.faulty, batch.changed) == (1, 0, 0)


def test_what_a_file_does_not_say_is_never_erased(cast, tmp_path):
    bring(cast, workbook(tmp_path / "a.xlsx", GOOD))
    Inspector.objects.update(status="seconded", capacity=7)
    few = ("姓名", "执法证号", "有效期自", "有效期至", "岗位")
    blank = ("林知遥", "16030000001", "2024-01-01", "2028-12-31", "")
    batch = bring(cast, workbook(tmp_path / "b.xlsx", blank, titles=few))
    person = Inspector.objects.get()
    assert batch.unchanged == 1
    assert (person.status, person.capacity, person.post) == ("seconded", 7, "执法科")
    assert (person.skills, person.may_lead) == (["治安", "消防"], True)


def test_full_width_digits_excels_own_days_and_xml_named_xlsx_are_read(cast, tmp_path):
    path = tmp_path / "导出.xlsx"
    cells = ("林知遥", "", "１６０３０００００01", "45292", "2028年12月31日", "治安", "", "")
    cell = '<Cell><Data ss:Type="String">{}</Data></Cell>'
    rows = "".join(f"<Row>{''.join(map(cell.format, row))}</Row>" for row in (TITLES, cells))
    path.write_text(
        '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="底册"><Table>'
        f"{rows}</Table></Worksheet></Workbook>",
        encoding="utf-8",
    )
    batch = bring(cast, path)
    certificate = Inspector.objects.get().certificate
    assert (batch.added, certificate.number) == (1, "16030000001")
    assert certificate.valid_from == date(2024, 1, 1)


def test_cells_merged_downwards_count_in_every_row(cast, tmp_path):
    path = tmp_path / "合并.xlsx"
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet()
    page.merge_range(0, 0, 0, 4, "洛阳市公安局执法检查人员")
    page.write_row(1, 0, ("岗位", "姓名", "执法证号", "有效期自", "有效期至"))
    for n in (1, 2, 3):
        page.write_row(1 + n, 1, (f"人{n}", f"1603000000{n}", "2024-01-01", "2028-12-31"))
    page.merge_range(2, 0, 4, 0, "执法科")
    book.close()
    bring(cast, path)
    assert set(Inspector.objects.values_list("name", "post")) == {
        (f"人{n}", "执法科") for n in (1, 2, 3)
    }


def test_two_rows_about_one_person_are_told_apart_by_nobody(cast, tmp_path):
    nobody = ("无证人", "", "", "", "", "治安", "执法科", "")
    batch = bring(cast, workbook(tmp_path / "a.xlsx", nobody, (*nobody[:5], "消防", "", "")))
    assert faults(batch) == [(3, "姓名", "与第 2 行是同一个人")]
    assert Inspector.objects.get().skills == ["治安"]


class TestPages:
    def upload(self, client, path: Path):
        file = SimpleUploadedFile(path.name, path.read_bytes())
        return client.post(reverse("roster:import"), {"file": file})

    def test_what_is_no_table_comes_back_under_the_field(self, client, cast, tmp_path):
        client.force_login(cast.shen)
        path = tmp_path / "a.xlsx"
        path.write_bytes(b"%PDF-1.7 not a table")
        answer = self.upload(client, path)
        assert answer.status_code == 422
        assert "PDF 文件" in answer.content.decode()

    def test_another_departments_report_is_not_there(self, client, cast, tmp_path):
        batch = bring(cast, workbook(tmp_path / "a.xlsx", GOOD))
        client.force_login(cast.lu)
        assert client.get(batch.get_absolute_url()).status_code == 404

    def test_only_who_keeps_a_roster_imports(self, client, cast):
        client.force_login(cast.zhou)
        assert client.get(reverse("roster:import")).status_code == 403


class TestCommand:
    def test_rows_name_their_department(self, cast, tmp_path, capsys):
        path = workbook(tmp_path / "a.xlsx", (GOOD[0], "公安", *GOOD[2:]))
        call_command("import_inspectors", str(path))
        assert "新增 1" in capsys.readouterr().out
        assert Inspector.objects.get().department.code == "GA"

    def test_bad_rows_end_with_status_1_and_a_report(self, cast, tmp_path, capsys):
        path = workbook(tmp_path / "a.xlsx", GOOD)
        report = tmp_path / "report.xlsx"
        with pytest.raises(SystemExit) as ended:
            call_command("import_inspectors", str(path), report=report)
        assert ended.value.code == 1
        assert "第 2 行 林知遥“部门”" in capsys.readouterr().out
        assert report.stat().st_size > 0
