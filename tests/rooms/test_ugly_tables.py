"""Tables as clerks send them: percentages, 同上, remarks below, codes and names typed anyhow."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
import xlsxwriter

from liancha.lists import actions as lists
from liancha.papers import percents
from liancha.papers.feed import Piece
from liancha.papers.held import Held
from liancha.papers.readers import Column, Row, find_table, open_book
from liancha.plan import actions as plans
from liancha.plan import readings
from liancha.plan.models import PlanLine
from liancha.registry.columns import read, word_of
from liancha.registry.plain import PlainRows
from liancha.roster import actions as roster
from liancha.roster.models import Inspector
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON, make_cast
from tests.rooms.listings import HOTELS, PETROL, draft
from tests.rooms.plan_world import make_plan_world
from tests.rooms.tables import csv_file

COLUMNS = (Column("name", ("名称",), is_required=True), Column("rate", ("比例",)))
LIST = "序号,领域代码,抽查领域,抽查事项,检查对象,发起部门,配合部门,检查方式,对象标签"


def csv(folder: Path, *rows: str) -> Path:
    path = folder / "表.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


class TestCells:
    def test_a_cell_shown_as_a_percentage_reads_as_one(self, tmp_path):
        path = tmp_path / "比例.xlsx"
        book = xlsxwriter.Workbook(str(path))
        page = book.add_worksheet("表 & 一")
        whole, tenth = (book.add_format({"num_format": each}) for each in ("0%", "0.0%"))
        own, day = (book.add_format({"num_format": each}) for each in ('0.00%"起"', "yyyy-mm-dd"))
        # nothing in column A: rows then come without it
        page.write_row(1, 1, ("名称", "比例"))
        rows = ((0.05, whole), (0.125, tenth), (1, whole), (0.07, own), (0.05, None), (46100, day))
        for row, (value, shown) in enumerate(rows, 2):
            page.write(row, 1, "甲")
            page.write(row, 2, value, shown)
        page.write(8, 1, "甲")
        page.write(8, 2, "5%", whole)
        book.close()
        with open_book(path) as opened:
            found = [row["rate"] for row in find_table(opened, COLUMNS).rows()]
        assert found == ["5%", "12.5%", "100%", "7%", "0.05", "2026-03-19", "5%"]

    def test_what_binary_fractions_add_is_not_said(self):
        assert percents.text(0.1 + 0.2) == "30%"
        assert percents.text(0.0005) == "0.05%"

    def test_ditto_says_what_stands_above(self, tmp_path):
        held = Held.read(
            csv(tmp_path, "名称,比例", "同上,5%", "乙,", "丙,同上", "丁,〃"), "表.csv", COLUMNS
        )
        assert [(row["name"], row["rate"]) for row in held.rows()] == [
            *(("同上", "5%"), ("乙", ""), ("丙", "5%"), ("丁", "5%"))
        ]

    def test_remarks_signatures_and_sums_are_no_rows_and_that_is_said(self, tmp_path):
        path = csv(
            *(tmp_path, "名称,比例", "甲,5%", "说明书印刷厂,5%", "合计,2 户", "备注：以文件为准,"),
            *("填表人：李四,审核人：王五", ",联系电话：63000000"),
        )
        held = Held.read(path, "表.csv", COLUMNS)
        assert [row["name"] for row in held.rows()] == ["甲", "说明书印刷厂"]
        assert held.recognised.endswith("，第 4、5、6、7 行是备注、签名或合计，没有读")


class TestShares:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("百分之五", "5%"),
            ("百分之十", "10%"),
            ("百分之二十五", "25%"),
            ("百分之十二点五", "12.5%"),
            ("百分之百", "100%"),
            ("百分之3", "3%"),
            ("不低于百分之三", "不低于3%"),
            ("5%（不少于10户）", "5%且不少于10户"),
            ("百分之五(不少于2家)", "5%且不少于2家"),
        ],
    )
    def test_percentages_in_words(self, text, words):
        assert readings.shares(text, {}).overall == words
        assert readings.own_shares(f"200户；{text}") == (200, words)

    @pytest.mark.parametrize("text", ["0.05", "０．０５", ".5", "1", "1.0"])
    def test_a_number_that_may_be_a_share_or_a_percentage_is_refused_with_both(self, text):
        for of in (lambda: readings.shares(text, {}), lambda: readings.own_shares(text)):
            with pytest.raises(Blocked, match=r"看不出是 .+% 还是 .+%。请带上百分号"):
                of()

    def test_numbers_beyond_one_and_parts_of_one_stay(self):
        assert readings.shares("5", {}).overall == "5"
        assert readings.shares("0.05%", {}).overall == "0.05%"
        assert readings.shares("1/20", {}).overall == "1/20"

    def test_departments_behind_the_words_for_their_part(self):
        said = readings.names("牵头：教育局 配合：市监局、消防")
        assert said == [("教育局", True), ("市监局", False), ("消防", False)]


@pytest.mark.django_db
def test_departments_in_two_columns_of_a_line_that_stands(tmp_path):
    world = make_plan_world(people=0)
    plan = world.draft("JF05")
    head = "抽查领域,任务名称,发起部门,配合部门,抽查比例,时间安排"
    line = PlanLine.objects.get(plan=plan)
    others = "、".join(each.name for each in line.cooperators.all())
    row = f"JF05,{line.name},{line.initiator.name},{others},百分之五,3月至5月"
    path = csv(tmp_path, head, row)
    batch = plans.open_import(
        plan=plan, path=path, file_name=path.name, by=world.cast.zhou, at=NOON
    )
    assert (batch.changed, batch.faults) == (1, [])
    plans.commit_import(batch=batch, by=world.cast.zhou, at=NOON)
    line.refresh_from_db()
    assert (line.rates.get().ratio, line.starts_on.month) == ("1/20", 3)
    assert "、".join(each.name for each in line.cooperators.all()) == others


@pytest.mark.django_db
def test_numbers_codes_rounds_and_broken_names_of_a_plan(tmp_path):
    world = make_plan_world(people=0)
    plan = world.draft("JF05")
    line = PlanLine.objects.get(plan=plan)
    path = tmp_path / "计划.xlsx"
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet()
    head = ("计划编号", "抽查领域", "任务名称", "抽查比例", "时间安排", "频次")
    page.write_row(0, 0, head)
    page.write_row(1, 0, (f"'{line.number}", "'jf05", line.name, "5%", "3月至5月", "一年一次"))
    page.write_row(2, 0, ("", "’JF40", "养老机构消防\n和卫生抽查", "5%", "3月至5月", "两次"))
    book.close()
    batch = plans.open_import(
        plan=plan, path=path, file_name=path.name, by=world.cast.zhou, at=NOON
    )
    assert (batch.added, batch.changed, batch.faults) == (1, 1, [])
    plans.commit_import(batch=batch, by=world.cast.zhou, at=NOON)
    new = world.line("JF40")
    assert (new.name, new.frequency) == ("养老机构消防和卫生抽查", 2)


@pytest.mark.django_db
class TestJointList:
    @pytest.fixture
    def look(self, cast, tmp_path):
        version = draft(cast, HOTELS, PETROL)

        def bring(*rows: str):
            path = csv(tmp_path, *rows)
            return lists.open_import(
                path=path, file_name=path.name, by=cast.zhou, at=NOON, version=version
            )

        return bring

    def test_a_code_is_the_same_code_however_it_is_typed(self, look):
        batch = look(
            LIST,
            f"1,'{HOTELS['code']},旅馆抽查,治安检查,旅馆,公安局,市监部门,实地核查,旅馆",
            f"2, {PETROL['code'][:2].lower()} {PETROL['code'][2:]},加油站抽查,质量检查,加油站,"
            "市场监管局,消防,同上,加油站",
        )
        assert (batch.added, batch.changed, batch.removed, batch.faults) == (0, 2, 0, [])

    def test_a_name_broken_over_two_lines_is_the_same_name(self, look):
        head = LIST.replace("领域代码,", "")
        broken = f'"{HOTELS["name"][:4]}\n{HOTELS["name"][4:]}"'
        batch = look(head, f"1,{broken},治安检查,旅馆,公安局,市监局,现场检查,旅馆")
        (change,) = [each for each in batch.differences if each["kind"] == "changed"]
        assert (change["code"], change["name"]) == (HOTELS["code"], HOTELS["name"])

    def test_a_running_number_is_no_code(self, look):
        head = LIST.replace("领域代码,", "")
        new = "2,新行业抽查,新检查,新行业,公安局,市监局,现场检查,新行业"
        batch = look(head, f"1,{HOTELS['name']},治安检查,旅馆,公安局,市监局,现场检查,旅馆", new)
        assert (batch.added, batch.changed, batch.removed, batch.held_back) == (0, 1, 0, 1)
        (fault,) = batch.faults
        assert (fault["row"], fault["column"], fault["value"]) == (3, "代码", "2")
        assert "序号不是领域代码" in fault["fault"]
        assert "例如 JF41" in fault["cure"]


@pytest.mark.django_db
def test_a_roster_as_it_is_typed(tmp_path):
    cast = make_cast()
    path = csv(
        *(tmp_path, "公安局双随机人员", "序号,姓名,单位,执法证号,发证日期,有效期至,状态,区域,专长"),
        "1,王　建国,市公安局,'16031112223,2024.1.1,2028年12月31日,在职,市本级,治安",
        "2,李 丽,公安局,1603 1112 224,2024-01-01,2028-12-31,退休,洛龙,/",
        *("3,钱七,同上,无,/,/,,,", "合计,3人,,,,,,,", "备注：以上人员均有证,,,,,,,,"),
    )
    batch = roster.import_inspectors(path=path, file_name=path.name, by=cast.shen, at=NOON)
    assert (batch.added, batch.faults) == (3, [])
    wang, li, qian = Inspector.objects.order_by("pk")
    assert (wang.name, wang.certificate.number, wang.region.name) == (
        *("王建国", "16031112223", "洛阳市"),
    )
    assert wang.certificate.valid_to == date(2028, 12, 31)
    assert (li.name, li.status, li.region.name, li.skills) == ("李丽", "left", "洛龙区", [])
    assert (qian.department.code, qian.certificate) == ("GA", None)


REGISTER = ("序号", "企业名称", "统一社会信用代码", "住所", "经营场所")


@pytest.mark.parametrize(
    ("cells", "column", "fault"),
    [
        (("合计", "", "5户", "", ""), "企业名称", "是备注、签名或合计，不是检查对象"),
        (("备注：截至10月", "", "", "", ""), "企业名称", "是备注、签名或合计，不是检查对象"),
        (("2", "同上", "91410302XXX000019L", "一号", "同上"), "企业名称", "写的是“同上”"),
        (("2", "甲店", "91410302XXX000019L", "同上", ""), "住所", "写的是“同上”"),
    ],
)
def test_a_register_says_which_row_is_none_and_which_cell_says_nothing_by_itself(
    cells, column, fault
):
    places = {"name": 1, "code": 2, "address": 3, "premises": 4}
    titles = {key: REGISTER[place] for key, place in places.items()}
    found = read(Row(7, cells, places), titles.__getitem__, NOON.date())
    assert [(each.column, each.fault) for each in found.faults] == [(column, fault)]
    piece = Piece([7], [[cell] for cell in cells])
    assert PlainRows(SimpleNamespace(places=places), NOON.date()).read(piece)[1] == [0]


@pytest.mark.django_db
def test_a_monthly_file_names_row_and_column_of_what_it_leaves_out(sign_in, cast):
    rows = (
        *(("序号", "企业名称", "统一社会信用代码", "信用风险等级"),),
        *(("1", "甲", "91410302XXX000019L", "中"), ("备注：以省局为准", "", "", "")),
    )
    client = sign_in(cast.zhou)
    sent = {"on": "2026-10-31", "source": "省级通用模型", "file": csv_file(rows, "分类.csv")}
    page = client.post("/targets/credit/", sent, follow=True).content.decode()
    assert '<th scope="col">列</th>' in page
    for row, column, fault in (
        ("2", "信用风险分类", "不是信用风险分类"),
        ("3", "统一社会信用代码", "是备注、签名或合计，不是检查对象"),
    ):
        assert f'>{row}</td><td class="nowrap">{column}</td>' in page
        assert fault in page


@pytest.mark.parametrize("word", ["在营（开业）企业", "在营(开业)", "正常经营"])
def test_the_registers_own_word_for_a_firm_in_business(word):
    assert word_of("status", word) == "active"
