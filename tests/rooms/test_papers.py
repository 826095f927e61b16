"""Tables that clerks really upload, and tables they take away."""

import gzip
import io
import zipfile
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from liancha.papers import kinds
from liancha.papers.faults import Unreadable
from liancha.papers.kinds import Kind, Limits
from liancha.papers.readers import Column, find_table, heading_word, open_book
from liancha.papers.workbooks import text_of
from liancha.papers.writers import Bad, Sheet, neutral, stream_csv, write_workbook
from tests.rooms.registers import text, write

FILES = Path(__file__).parent / "files"
COLUMNS = (
    Column("name", ("企业名称", "单位名称"), is_required=True),
    Column("code", ("统一社会信用代码", "统一社会信用代码（注册号）"), is_required=True),
    Column("day", ("成立日期",)),
)
PLAIN = "企业名称,统一社会信用代码\n洛阳云岫宾馆,91A\n\n洛阳望嵩酒店,91B\n"


def read(path, columns=COLUMNS, **options):
    with open_book(path, path.name, **options) as book:
        table = find_table(book, columns)
        return table, list(table.rows())


def workbook(path, *sheets, **options):
    book = xlsxwriter.Workbook(str(path), options)
    for name, lines in sheets:
        page = book.add_worksheet(name)
        for number, line in enumerate(lines):
            for place, value in enumerate(line):
                page.write(number, place, value)
    book.close()
    return path


class TestText:
    @pytest.mark.parametrize(
        ("encoding", "word"),
        [
            ("utf-8", "UTF-8"),
            ("utf-8-sig", "UTF-8"),
            ("gb18030", "GB18030"),
            ("gbk", "GB18030"),
            ("utf-16", "UTF-16"),
        ],
    )
    def test_the_usual_encodings_are_told_by_their_bytes(self, tmp_path, encoding, word):
        table, rows = read(write(tmp_path / "册.csv", PLAIN, encoding))
        assert word in table.recognised
        assert [row["name"] for row in rows] == ["洛阳云岫宾馆", "洛阳望嵩酒店"]

    @pytest.mark.parametrize(
        ("delimiter", "word"), [("\t", "制表符"), (";", "分号"), ("，", "中文逗号")]
    )
    def test_other_delimiters(self, tmp_path, delimiter, word):
        content = PLAIN.replace(",", delimiter)
        table, rows = read(write(tmp_path / "册.txt", content))
        assert word in table.recognised
        assert rows[1]["code"] == "91B"

    def test_row_numbers_are_those_that_excel_shows(self, tmp_path):
        above = [["洛阳市名录"], [], ["制表：市场监管局"]]
        content = text([["甲", "9\n1"], [], ["乙", "92"]], COLUMNS_WORDS, above=above)
        table, rows = read(write(tmp_path / "册.csv", content))
        assert table.heading == 4
        assert [(row.number, row["name"]) for row in rows] == [(5, "甲"), (7, "乙")]

    def test_a_compressed_file_is_read_like_the_plain_one(self, tmp_path):
        table, rows = read(write(tmp_path / "册.csv.gz", gzip.compress(PLAIN.encode())))
        assert len(rows) == 2
        assert table.book.size == (tmp_path / "册.csv.gz").stat().st_size

    def test_text_that_excel_keeps_as_text_loses_its_wrapping(self, tmp_path):
        content = 'name\n企业名称,统一社会信用代码\n甲,"=""914103"""\n'
        _, (row,) = read(write(tmp_path / "册.csv", content))
        assert row["code"] == "914103"

    def test_characters_that_cannot_be_seen_are_dropped(self, tmp_path):
        content = "企业名称,统一社会信用代码\n\u200b 洛阳云岫\u3000,\ufeff91A\u00a0\n"
        _, (row,) = read(write(tmp_path / "册.csv", content))
        assert (row["name"], row["code"]) == ("洛阳云岫", "91A")

    def test_a_damaged_byte_damages_only_its_character(self, tmp_path):
        content = (PLAIN * 20).encode().replace("云".encode(), b"\xff", 1)
        table, rows = read(write(tmp_path / "册.csv", content))
        assert table.book.is_broken
        assert "�" in rows[0]["name"]

    def test_a_quote_that_is_never_closed_is_named_with_its_row(self, tmp_path):
        content = PLAIN + '丙,"91C\n' + "丁,91D\n" * 400
        with pytest.raises(Unreadable, match="第 5 行有一个双引号没有成对"):
            read(write(tmp_path / "册.csv", content))

    def test_ten_megabytes_without_a_quote_are_not_called_a_quote(self, tmp_path):
        with pytest.raises(Unreadable, match="第 5 行有一格超过"):
            read(write(tmp_path / "册.csv", PLAIN + "A" * 10_000_000))

    def test_a_megabyte_in_one_cell_is_a_cell(self, tmp_path):
        content = f"企业名称,统一社会信用代码\n{'甲' * 2**20},91A\n"
        _, (row,) = read(write(tmp_path / "册.csv", content))
        assert len(row["name"]) == 2**20


COLUMNS_WORDS = ("企业名称", "统一社会信用代码")


class TestHeadings:
    def test_spaces_brackets_and_stars_do_not_matter(self):
        assert heading_word(" * 统一社会 信用代码（注册号）：") == heading_word(
            "统一社会信用代码(注册号)"
        )

    def test_the_better_known_of_two_headings_counts(self, tmp_path):
        content = "单位名称,企业名称,统一社会信用代码\n甲,乙,91A\n"
        table, (row,) = read(write(tmp_path / "册.csv", content))
        assert row["name"] == "乙"
        assert table.ignored == ("单位名称",)

    def test_the_same_heading_twice_is_refused(self, tmp_path):
        content = "企业名称,统一社会信用代码,企业名称\n甲,91A,乙\n"
        with pytest.raises(Unreadable, match="第 1 列和第 3 列的标题都是“企业名称”"):
            read(write(tmp_path / "册.csv", content))

    def test_a_missing_column_is_named(self, tmp_path):
        content = "企业名称,成立日期\n甲,2020-01-01\n"
        with pytest.raises(Unreadable, match="缺少“统一社会信用代码”列"):
            read(write(tmp_path / "册.csv", content))

    @pytest.mark.parametrize("content", ["甲\n乙\n", "甲,乙\n丙,丁\n", "企业名称\n甲\n"])
    def test_without_headings_it_says_which_are_needed(self, tmp_path, content):
        with pytest.raises(Unreadable, match="“企业名称”、“统一社会信用代码”"):
            read(write(tmp_path / "册.csv", content))


class TestWorkbooks:
    def test_cells_read_as_people_see_them(self):
        assert text_of(410300000012345.0) == "410300000012345"
        assert text_of(0.25) == "0.25"
        assert text_of(date(2017, 6, 8)) == "2017-06-08"
        assert text_of(True) == "是"
        assert text_of(None) == ""

    def test_a_code_that_excel_turned_into_a_number_is_seen_to_be_lost(self):
        assert text_of(9.14103001234567e17) == "9.14103001234567E+17"

    def test_the_sheet_with_the_headings_is_found(self, tmp_path):
        path = workbook(
            tmp_path / "册.xlsx",
            ("说明", [["这是说明"]]),
            ("名录", [["洛阳市名录"], ["企业名称", "统一社会信用代码"], ["甲", "91A"]]),
        )
        table, (row,) = read(path)
        assert "工作表“名录”，标题在第 2 行" in table.recognised
        assert (row.number, row["name"]) == (3, "甲")

    def test_what_counts_is_the_content_not_the_name(self, tmp_path):
        path = workbook(tmp_path / "册.xls", ("名录", [COLUMNS_WORDS, ["甲", "91A"]]))
        assert read(path)[0].book.kind is Kind.XLSX
        assert read(write(tmp_path / "册.xlsx", PLAIN))[0].book.kind is Kind.TEXT

    def test_the_binary_format_of_old_excel(self):
        table, rows = read(FILES / "register.xls")
        assert table.book.kind is Kind.XLS
        assert (rows[0].number, rows[0]["day"]) == (3, "2017-06-08")

    def test_the_xml_of_excel_2003(self, tmp_path):
        content = """<?xml version="1.0"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
 xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="名录"><Table>
<Row><Cell><Data ss:Type="String">企业名称</Data></Cell><Cell><Data>统一社会信用代码</Data></Cell>
<Cell><Data>成立日期</Data></Cell></Row>
<Row ss:Index="4"><Cell><Data>甲</Data></Cell><Cell ss:Index="3">
<Data ss:Type="DateTime">2017-06-08T00:00:00.000</Data></Cell></Row></Table>
</Worksheet></Workbook>"""
        table, (row,) = read(write(tmp_path / "册.xlsx", content))
        assert table.book.kind is Kind.XML
        assert (row.number, row["name"], row["code"], row["day"]) == (4, "甲", "", "2017-06-08")

    def test_a_web_page_that_calls_itself_excel(self, tmp_path):
        content = (
            '<html><head><meta charset="gbk"></head><table><tr><th>企业名称</th>'
            "<th>统一社会信用代码</th></tr><tr><td>甲<br>分店</td><td>91A</td></tr></table></html>"
        )
        table, (row,) = read(write(tmp_path / "册.xls", content, "gb18030"))
        assert table.book.kind is Kind.HTML
        assert (row["name"], row["code"]) == ("甲\n分店", "91A")

    def test_an_archive_with_one_table_is_that_table(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "册.xls", "w") as archive:
            archive.writestr("名录.csv", PLAIN)
        assert len(read(tmp_path / "册.xls")[1]) == 2


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "空的"),
            (b"   \n \n", "空的"),
            (b"%PDF-1.7 ...", "这是 PDF 文件，不是表格"),
            (b"\x89PNG\r\n\x1a\n....", "图片"),
            (b"Rar!\x1a\x07\x00", "RAR"),
            (b"\x00\x01\x02\x03" * 100, "不是文本表格"),
            ("企业名称,统一社会信用代码\n甲\x00,91A\n" * 900, "二进制|空字符"),
            (b"PK\x03\x04broken", "不完整"),
            (b"\xd0\xcf\x11\xe0" + b"\x00" * 600, "已损坏|不是真正的 Excel"),
            (b"\x1f\x8bnot really gzip", "解不开"),
            (b'<?xml version="1.0"?><a/>', "不是 Excel 的 XML 表格"),
        ],
    )
    def test_what_is_no_table_is_named(self, tmp_path, content, message):
        with pytest.raises(Unreadable, match=message):
            read(write(tmp_path / "册.xlsx", content))

    @pytest.mark.parametrize("letters", ["BM", "MZ"])
    def test_letters_that_begin_a_picture_or_a_program_may_begin_a_heading(self, tmp_path, letters):
        path = tmp_path / "名录.csv"
        path.write_text(f"{letters},名称\n1,甲\n", encoding="utf-8")
        assert kinds.look(path) is kinds.Kind.TEXT
        path.write_bytes(letters.encode() + b"\x00\x01\x00")
        with pytest.raises(Unreadable, match="不是表格"):
            kinds.look(path)

    def test_a_document_is_named(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "册.xlsx", "w") as archive:
            archive.writestr("word/document.xml", "<a/>")
        with pytest.raises(Unreadable, match="Word 文档"):
            read(tmp_path / "册.xlsx")

    def test_two_tables_in_one_archive_are_not_guessed(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "册.zip", "w") as archive:
            archive.writestr("一.csv", PLAIN)
            archive.writestr("二.csv", PLAIN)
        with pytest.raises(Unreadable, match="2 个表格"):
            read(tmp_path / "册.zip")

    def test_a_file_over_the_limit_is_not_opened(self, tmp_path):
        path = write(tmp_path / "册.csv", PLAIN * 100)
        with pytest.raises(Unreadable, match="分成几个文件"):
            read(path, limits=Limits(file=100))

    def test_a_compressed_bomb_stops_at_the_limit(self, tmp_path):
        path = write(tmp_path / "册.csv.gz", gzip.compress(b"0," * 2**21))
        with pytest.raises(Unreadable, match="过大"):
            read(path, limits=Limits(unpacked=2**20))

    def test_a_workbook_is_measured_by_what_comes_out_not_by_what_it_declares(self, tmp_path):
        path = tmp_path / "册.xlsx"
        sheet = b"<worksheet>" + b" " * 2**22 + b"</worksheet>"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.xml", "<workbook/>")
            archive.writestr("xl/worksheets/sheet1.xml", sheet)
        lying = path.read_bytes().replace(len(sheet).to_bytes(4, "little"), b"\x10\x00\x00\x00")
        path.write_bytes(lying)
        with pytest.raises(Unreadable, match=r"过大|已损坏"):
            kinds.check_workbook(path, limits=Limits(unpacked=2**20))

    def test_two_cells_far_apart_are_not_laid_out(self, tmp_path):
        path = tmp_path / "册.xlsx"
        book = xlsxwriter.Workbook(str(path))
        page = book.add_worksheet()
        page.write(0, 0, "甲")
        page.write(1_048_575, 16_383, "乙")
        book.close()
        with pytest.raises(Unreadable, match="第 1048576 行、第 16384 列"):
            read(path)

    def test_entities_of_an_xml_table_are_not_expanded(self, tmp_path):
        content = (
            '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb">]>'
            '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">&b;</Workbook>'
        )
        with pytest.raises(Unreadable, match="出于安全不读取"):
            read(write(tmp_path / "册.xml", content))


class TestWriting:
    def test_no_cell_goes_out_as_a_formula(self):
        file = io.BytesIO()
        rows = [("=1+1", "@SUM(A1)", 5, date(2026, 11, 23), Bad("+86", "说明"), None)]
        write_workbook(file, [Sheet("表", ("一", "二", "三", "四", "五", "六"), rows, ("说明",))])
        with zipfile.ZipFile(file) as archive:
            assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
        file.seek(0)
        read = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()
        assert read[0][0] == "说明"
        assert read[2][:5] == ["=1+1", "@SUM(A1)", 5.0, date(2026, 11, 23), "+86"]

    def test_a_csv_starts_with_a_mark_and_hides_formulas(self):
        content = b"".join(stream_csv(("名称", "户"), [("=cmd", 3), (None, 4)]))
        assert content.startswith(b"\xef\xbb\xbf")
        assert content.decode("utf-8-sig") == "名称,户\r\n'=cmd,3\r\n,4\r\n"

    @pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "＝1", "＋1", "－1", "＠a"])
    def test_starts_that_spreadsheets_calculate(self, text):
        assert neutral(text) == f"'{text}"
        assert neutral("洛阳=1") == "洛阳=1"
