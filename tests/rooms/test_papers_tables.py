"""What every small import shares: drop-downs of any length, tall cells, tables kept as values."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
import xlsxwriter

from liancha.papers.held import MOST, Held
from liancha.papers.readers import Column, Unreadable, find_table, open_book
from liancha.papers.writers import Sheet, write_workbook

COLUMNS = (Column("kind", ("类别",)), Column("name", ("名称",), is_required=True))


def test_a_drop_down_too_long_for_a_rule_stands_on_a_hidden_sheet(tmp_path):
    words = [f"洛阳市第{n}个部门的全称" for n in range(60)]
    short, long = ("是", "否"), tuple(words)
    file = io.BytesIO()
    write_workbook(file, [Sheet("表", ("名称", "类别"), (), choices={0: short, 1: long})])
    with zipfile.ZipFile(file) as parts:
        rules = parts.read("xl/worksheets/sheet1.xml").decode()
        book = parts.read("xl/workbook.xml").decode()
    assert '<formula1>"是,否"</formula1>' in rules
    assert "<formula1>'下拉项'!$A$1:$A$60</formula1>" in rules
    assert 'name="下拉项" sheetId="2" state="hidden"' in book
    path = tmp_path / "表.xlsx"
    path.write_bytes(file.getvalue())
    with open_book(path) as opened:
        assert [sheet.name for sheet in opened.sheets] == ["表"]


def test_a_tall_cell_fills_the_rows_it_covers_but_no_blank_row(tmp_path):
    path = tmp_path / "合并.xlsx"
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet()
    # nothing in column A: rows then come without it
    page.merge_range(0, 1, 0, 2, "一张表")
    page.write_row(1, 1, ("类别", "名称"))
    page.merge_range(2, 1, 5, 1, "登记")
    for row, name in ((2, "甲"), (3, "乙"), (5, "丙"), (6, "丁")):
        page.write(row, 2, name)
    book.close()
    with open_book(path) as opened:
        found = [
            (row.number, row["kind"], row["name"]) for row in find_table(opened, COLUMNS).rows()
        ]
    assert found == [(3, "登记", "甲"), (4, "登记", "乙"), (6, "登记", "丙"), (7, "", "丁")]


def test_empty_cells_merged_beyond_the_table_are_no_fault_of_the_file(tmp_path):
    path = tmp_path / "合并.xlsx"
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet()
    for number, row in enumerate((("类别", "名称"), ("登记", "甲"), ("登记", "乙"))):
        page.write_row(number, 0, row)
    page.merge_range(1, 5, 2, 6, "")
    book.close()
    with open_book(path) as opened:
        assert [row["name"] for row in find_table(opened, COLUMNS).rows()] == ["甲", "乙"]


def test_a_table_kept_as_json_is_the_same_table(tmp_path):
    path = tmp_path / "表.csv"
    path.write_bytes("说明\n类别,名称,备注\n一,甲,x\n,乙,\n".encode("gb18030"))
    held = Held.read(path, "表.csv", COLUMNS)
    again = Held.of(json.loads(json.dumps(held.kept())))
    assert [(row.number, row["kind"], row["name"]) for row in again.rows()] == [
        (3, "一", "甲"),
        (4, "", "乙"),
    ]
    assert held.taken_for(COLUMNS) == [["类别", "类别"], ["名称", "名称"], ["备注", ""]]
    assert [row["name"] for row in again.only({4}).rows()] == ["乙"]


def test_a_table_too_long_to_keep_is_refused_with_what_to_do(tmp_path):
    path = tmp_path / "表.csv"
    path.write_text("类别,名称\n" + "一,甲\n" * (MOST + 1), encoding="utf-8")
    with pytest.raises(Unreadable, match="分成几个文件"):
        Held.read(path, "表.csv", COLUMNS)
