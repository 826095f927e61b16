"""第五条: files for the 监管平台 under its own columns; numbers and receipts come back."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest

from liancha.draw.models import Draw
from liancha.ledger.models import Entry
from liancha.oversight import actions, exchange
from liancha.oversight.models import ExchangeMap, PlatformEntry
from liancha.papers.readers import find_table, open_book
from liancha.rulebook.verdicts import Blocked
from liancha.task import actions as tasks
from tests.people import NOON
from tests.rooms import draw_world
from tests.rooms.plan_world import make_plan_world

LATER = NOON + timedelta(hours=4)
OFFICE_MAP = (
    {"key": "name", "title": "RWMC", "codes": {}},
    {"key": "own", "title": "RWBH", "codes": {}},
    {"key": "source", "title": "LY", "codes": {"年度计划": "01", "突发风险": "02"}},
    {"key": "starts_on", "title": "KSRQ", "codes": {}},
    {"key": "platform_number", "title": "PTBH", "codes": {}},
    {"key": "method", "title": "FS", "codes": {"文件导入": "F", "人工录入": "R"}},
)


@pytest.fixture
def world(db):
    return make_plan_world(people=0)


@pytest.fixture
def task(world):
    world.published()
    task = world.task()
    task.state = "dispatched"
    task.save()
    return task


def back(tmp_path, world, kind, rows, *, by=None, at=LATER, name="回执.csv"):
    """A file that came back, looked at."""
    path = tmp_path / name
    with path.open("w", encoding="gb18030", newline="") as target:
        csv.writer(target).writerows(rows)
    return actions.check_file(kind=kind, path=path, file_name=name, by=by or world.cast.zhou, at=at)


class TestArticle5:
    def test_a_file_goes_out_under_the_platforms_own_columns(self, world, task):
        """Source: clause 5.1."""
        actions.save_map(
            kind="task", columns=OFFICE_MAP, date_format="%Y%m%d", by=world.cast.zhou, at=NOON
        )
        data, _ = actions.export_file(kind="task", is_csv=True, by=world.cast.zhou, at=LATER)
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
        assert rows[0] == ["RWMC", "RWBH", "LY", "KSRQ", "PTBH", "FS"]
        assert rows[1] == [task.name, task.number, "01", f"{task.starts_on:%Y%m%d}", "", ""]
        entry = Entry.objects.get(what="oversight.export_file")
        assert '"rows":1' in entry.body

    def test_an_exported_workbook_can_be_filled_in_and_comes_back(self, world, tmp_path):
        """Source: clauses 5.1 and 16.1."""
        world.published()
        data, made = actions.export_file(kind="line", by=world.cast.zhou, at=LATER)
        path = tmp_path / "计划.xlsx"
        path.write_bytes(data)
        with open_book(path) as book:
            assert len(list(find_table(book, exchange.sought("line")).rows())) == 3
        number = world.line().number
        batch = back(
            tmp_path,
            world,
            "line",
            [["联合抽查计划"], made.titles, *(_filled(made, row, number) for row in made.rows)],
        )
        assert (batch.added, batch.blank, batch.faults) == (1, 2, [])
        assert not PlatformEntry.objects.exists()
        actions.commit_file(batch=batch, by=world.cast.zhou, at=LATER)
        entry = PlatformEntry.objects.get()
        assert (entry.own, entry.number, entry.receipt) == (number, "HN2026-77", "HZ-1")
        assert entry.entered_on == date(2026, 11, 20)
        missing = exchange.content("line", world.cast.zhou, now=LATER, only_missing=True)
        assert number not in {row[0] for row in missing.rows}

    def test_faults_are_named_with_row_and_cure_and_good_rows_wait(self, world, task, tmp_path):
        batch = back(
            tmp_path,
            world,
            "task",
            [
                ["任务编号", "监管平台编号", "录入方式", "录入日期"],
                [task.number, "HN-1", "人工录入", "2026年11月20日"],
                ["不存在", "HN-2", "", ""],
                [task.number, "HN-3", "", ""],
                ["", "HN-4", "", ""],
                [task.number, "X" * 41, "", ""],
                [task.number, "HN-1", "传真", ""],
                [task.number, "HN-1", "", "下周"],
            ],
        )
        found = [(each["row"], each["fault"]) for each in batch.faults]
        assert found == [
            (3, "没有这个编号，或不归您办理"),
            (4, "前面的行写的不同"),
            (5, "没有编号"),
            (6, "超过 40 字"),
            (7, "不认得这个录入方式"),
            (8, "不是日期"),
        ]
        assert all(each["cure"] for each in batch.faults)
        assert [row["number"] for row in batch.rows] == ["HN-1"]
        actions.commit_file(batch=batch, by=world.cast.zhou, at=LATER)
        task.refresh_from_db()
        assert task.platform_number == "HN-1"

    def test_a_number_of_another_record_is_refused(self, world, tmp_path):
        world.published()
        first, second = (world.line(code).number for code in ("JF05", "JF26"))
        heading = ["计划编号", "监管平台编号"]
        batch = back(tmp_path, world, "line", [heading, [first, "HN-1"], [second, "HN-1"]])
        assert [each["fault"] for each in batch.faults] == [f"这是{first}的平台编号"]

    def test_it_is_taken_back_within_a_day_and_not_later(self, world, task, tmp_path):
        tasks.record_platform_number(task=task, number="OLD", by=world.cast.shen, at=NOON)
        rows = [["任务编号", "监管平台编号"], [task.number, "NEW"]]
        batch = back(tmp_path, world, "task", rows)
        assert batch.changed == 1
        actions.commit_file(batch=batch, by=world.cast.zhou, at=LATER)
        with pytest.raises(Blocked, match="已经写入"):
            actions.commit_file(batch=batch, by=world.cast.zhou, at=LATER)
        with pytest.raises(Blocked, match="超过一天"):
            actions.undo_file(batch=batch, by=world.cast.zhou, at=LATER + timedelta(days=2))
        actions.undo_file(batch=batch, by=world.cast.zhou, at=LATER + timedelta(hours=23))
        task.refresh_from_db()
        assert task.platform_number == "OLD"

    def test_what_changed_after_the_look_is_looked_at_again(self, world, task, tmp_path):
        rows = [["任务编号", "监管平台编号"], [task.number, "NEW"]]
        batch = back(tmp_path, world, "task", rows)
        tasks.record_platform_number(task=task, number="HAND", by=world.cast.shen, at=LATER)
        with pytest.raises(Blocked, match="编号又变了"):
            actions.commit_file(batch=batch, by=world.cast.zhou, at=LATER)

    def test_a_department_writes_for_what_it_initiates_only(self, world, tmp_path):
        world.published()
        hotels, petrol = (world.line(code).number for code in ("JF05", "JF26"))
        rows = [["计划编号", "监管平台编号"], [hotels, "HN-1"], [petrol, "HN-2"]]
        batch = back(tmp_path, world, "line", rows, by=world.cast.shen)
        assert [row["own"] for row in batch.rows] == [hotels]
        assert batch.faults[0]["own"] == petrol

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"key": "own", "title": "RWMC"}, "重复"),
            ({"key": "own", "title": " "}, "有空的"),
            ({"key": "source", "title": "LY", "codes": {"年度计划": "1", "突发风险": "1"}}, "重复"),
            ({"key": "source", "title": "LY", "codes": {"别的": "1"}}, "没有“别的”"),
        ],
    )
    def test_a_map_that_could_not_be_read_back_is_refused(self, world, change, why):
        kept = [each for each in OFFICE_MAP if each["key"] != change["key"]]
        with pytest.raises(Blocked, match=why):
            actions.save_map(
                kind="task",
                columns=[*kept, change],
                date_format="%Y%m%d",
                by=world.cast.zhou,
                at=NOON,
            )
        assert not ExchangeMap.objects.exists()

    def test_a_map_keeps_our_number_and_is_the_offices(self, world):
        columns = [each for each in OFFICE_MAP if each["key"] != "own"]
        with pytest.raises(Blocked, match="认得出是哪一条"):
            actions.save_map(
                kind="task", columns=columns, date_format="%Y%m%d", by=world.cast.zhou, at=NOON
            )
        with pytest.raises(Blocked, match="联席会议办公室维护"):
            actions.save_map(
                kind="task", columns=OFFICE_MAP, date_format="%Y%m%d", by=world.cast.shen, at=NOON
            )

    def test_a_list_that_is_not_open_goes_out_to_participants_only(self, db):
        world = draw_world.make_world(people=0, participants=("GA", "WJ", "XF"))
        draw = draw_world.locked(world)
        _, office = actions.export_file(kind="drawn", by=world.cast.zhou, at=LATER)
        assert (office.rows, office.withheld) == ([], (draw.number,))
        _, own = actions.export_file(kind="drawn", by=world.cast.shen, at=LATER)
        assert (len(own.rows), own.withheld) == (Draw.objects.get(pk=draw.pk).quota, ())


def _filled(made, row, number):
    """The row as a clerk fills it in: the platform's number, its receipt, the day."""
    said = {"监管平台编号": "HN2026-77", "回执号": "HZ-1", "录入日期": "2026/11/20"}
    named = dict(zip(made.titles, row, strict=True))
    return list((named | said).values()) if row[0] == number else list(row)
