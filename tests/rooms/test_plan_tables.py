"""Tables of plan lines: words read as clerks write them, looked at, written once, taken back."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from python_calamine import CalamineWorkbook

from liancha.ledger.models import Entry
from liancha.papers.writers import write_workbook
from liancha.plan import actions, readings, sheets
from liancha.plan.actions.cells import cuts_of
from liancha.plan.actions.keeping import kept
from liancha.plan.models import Import, PlanLine
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON
from tests.rooms.plan_world import YEAR, make_plan_world

HOUR = timedelta(hours=1)
HEAD = "抽查领域,任务名称,联查部门,抽查事项,抽查基数和比例,时间安排,比例说明,部门不参加的原因"


def csv(*rows: str, head: str = HEAD) -> bytes:
    return "\n".join((head, *rows)).encode()


@pytest.fixture
def world(db):
    return make_plan_world(people=0)


@pytest.fixture
def look(world, tmp_path):
    """Look at a table for a draft, as the office unless somebody is named."""

    def open_it(plan, *rows, head=HEAD, by=None, data=b"", name="计划.csv"):
        path = tmp_path / name
        path.write_bytes(data or csv(*rows, head=head))
        by = by or world.cast.zhou
        return actions.open_import(plan=plan, path=path, file_name=name, by=by, at=NOON)

    return open_it


def commit(batch):
    return actions.commit_import(batch=batch, by=batch.by, at=NOON)


def counts(batch):
    return batch.added, batch.changed, batch.unchanged, batch.faulty


class TestWords:
    @pytest.mark.parametrize(
        ("text", "first", "last"),
        [
            ("2026-10-08 至 2026-12-31", (10, 8), (12, 31)),
            ("2026年3月—2026年11月", (3, 1), (11, 30)),
            ("2026.3.1-2026.5.31", (3, 1), (5, 31)),
            ("3月至5月", (3, 1), (5, 31)),
            ("３－５月", (3, 1), (5, 31)),
            ("3月15日至4月20日", (3, 15), (4, 20)),
            ("2月", (2, 1), (2, 28)),
            ("第二季度", (4, 1), (6, 30)),
            ("二至三季度", (4, 1), (9, 30)),
            ("2026年上半年", (1, 1), (6, 30)),
            ("全年", (1, 1), (12, 31)),
        ],
    )
    def test_days_of_the_year_are_read(self, text, first, last):
        assert readings.window(text, YEAR) == (date(YEAR, *first), date(YEAR, *last))

    @pytest.mark.parametrize("text", ["6月底前", "尽快", "13月", "2月30日至3月1日", "3月至"])
    def test_what_has_no_two_ends_is_refused_with_a_way_out(self, text):
        with pytest.raises(Blocked, match="请写成"):
            readings.window(text, YEAR)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("5%", {"overall": "5%"}),
            ("60–70家", {"overall": "60–70家"}),
            ("≤10所的不少于2所，其余按5%", {"overall": "≤10所的不少于2所，其余按5%"}),
            ("5%，每年2次", {"overall": "5%", "frequency": 2}),
            ("240 户；5%；拟抽 12 户；全年 2 次", {"overall": "5%", "base": 240, "frequency": 2}),
            ("抽查基数1,240户，比例3%", {"overall": "比例3%", "base": 1240}),
            (
                "A 1%、B类2%，C 10%、D级30%、其余2%",
                {
                    "by_class": (("A", "1%"), ("B", "2%"), ("C", "10%"), ("D", "30%")),
                    "rest": "2%",
                    "cut": "credit",
                },
            ),
            (
                "A、B 2%；C、D 20%",
                {
                    "by_class": (("A", "2%"), ("B", "2%"), ("C", "20%"), ("D", "20%")),
                    "cut": "credit",
                },
            ),
            (
                "洛龙 3户、其余 5%",
                {"by_class": (("410311", "3户"),), "rest": "5%", "cut": "region"},
            ),
            ("各县区 2家", {"overall": "各县区 2家", "cut": "region"}),
            (
                "企业 3%、个体工商户 1%",
                {"by_class": (("企业", "3%"), ("个体工商户", "1%")), "cut": "kind"},
            ),
        ],
    )
    @pytest.mark.django_db
    def test_rates_are_read_as_they_are_written(self, text, expected):
        assert readings.shares(text, cuts_of("410300")) == readings.Said(**expected)

    def test_a_class_with_two_rates_is_refused(self, db):
        with pytest.raises(Blocked, match="写了两次"):
            readings.shares("A 1%、A 2%", cuts_of("410300"))

    def test_departments_and_items_are_divided(self):
        said = readings.names("公安（发起）、卫健，市监")
        assert said == [("公安", True), ("卫健", False), ("市监", False)]
        assert readings.names("牵头部门：公安；配合部门：卫健") == [("公安", True), ("卫健", False)]
        assert readings.items("1.登记检查；2、用工检查。\n登记检查") == ["登记检查", "用工检查"]


class TestLook:
    def test_a_row_needs_a_field_a_rate_and_days_only(self, world, look):
        plan = world.draft("JF05")
        rows = ("JF40,,,,5%,3月至5月,,", "JF26,,,,10–12家,第二季度,旺季加大,")
        batch = commit(look(plan, *rows))
        assert counts(batch) == (2, 0, 0, 0)
        home, petrol = world.line("JF40"), world.line("JF26")
        assert (home.name, home.stratify, home.count) == ("养老机构抽查", "none", 1)
        assert [each.code for each in home.departments] == ["WJ", "XF"]
        assert home.items.count() == 2
        assert (home.starts_on, home.ends_on) == (date(YEAR, 3, 1), date(YEAR, 5, 31))
        assert (petrol.rates.get().wording, petrol.count) == ("10–12家", 10)
        assert petrol.ratio_reason == "旺季加大"

    def test_a_reason_that_stands_excuses_no_rates_that_come_by_table(self, world, look):
        plan = world.draft("JF26")
        PlanLine.objects.update(ratio_reason="旺季加大")
        batch = look(plan, "JF26,,,,50%,,,")
        assert counts(batch)[3] == 1
        assert batch.faults[0]["column"] == "比例说明"
        assert "“旺季加大”是为原来的比例写的，请改写" in batch.faults[0]["cure"]
        assert counts(look(plan, "JF26,,,,50%,,今年全面排查,")) == (0, 1, 0, 0)

    def test_a_blank_cell_says_nothing_and_what_is_the_same_stays(self, world, look):
        plan = world.draft()
        before = {line.pk: kept(line) for line in plan.lines.with_columns()}
        batch = look(
            plan,
            ",宾馆、旅店监督抽查,公安（发起）、卫健、市监、消防,,,,,",
            ",成品油市场抽查,,,,,,",
            ",养老机构抽查,,,,2026-10-08 至 2026-11-30,,",
        )
        assert counts(batch) == (0, 1, 2, 0)
        [change] = batch.differences
        assert change["parts"] == [
            ["时间安排", "2026-10-08 至 2026-12-31", "2026-10-08 至 2026-11-30"]
        ]
        commit(batch)
        now = {line.pk: kept(line) for line in plan.lines.with_columns()}
        line = world.line("JF40")
        assert now.pop(line.pk) == before.pop(line.pk) | {"ends_on": "2026-11-30"}
        assert now == before

    def test_the_plans_own_tables_come_in_unchanged(self, world, look):
        """The filled template and the eight-column export."""
        plan = world.draft()
        lines = plan.lines.with_columns()
        template = io.BytesIO()
        write_workbook(template, sheets.blank(plan, lines))
        for data in (template.getvalue(), sheets.workbook(plan, lines, ())):
            assert counts(look(plan, data=data, name="计划.xlsx")) == (0, 0, 3, 0)
        book = CalamineWorkbook.from_filelike(io.BytesIO(template.getvalue()))
        titles = book.get_sheet_by_index(0).to_python()[0]
        assert titles[2:10] == [
            *("任务名称", "联查部门", "抽查事项", "检查对象", "实施主体", "责任分工"),
            *("抽查基数和比例", "时间安排"),
        ]

    def test_last_years_table_makes_new_lines(self, world, look):
        old = world.published()
        data = sheets.workbook(old, old.lines.with_columns(), ())
        plan = actions.start_plan(year=YEAR + 1, by=world.cast.zhou, at=NOON)
        data_of = readings.window("全年", YEAR + 1)
        batch = look(plan, data=data, name="计划.xlsx")
        assert counts(batch) == (0, 0, 0, 3)
        assert {each["fault"] for each in batch.faults} == {
            "时间安排 2026-10-08 至 2026-12-31 不在 2027 年度内"
        }
        assert data_of[0].year == YEAR + 1
        head = "计划编号,任务名称,抽查比例,起止时间,比例说明"
        row = f"{old.lines.first().number},宾馆、旅店监督抽查,5%,全年,"
        batch = look(plan, row, head=head)
        assert counts(batch) == (1, 0, 0, 0)
        assert "另一份计划" in batch.remarks[0]["fault"]

    @pytest.mark.parametrize(
        ("row", "column", "words"),
        [
            ("JF99,,,,5%,全年,,", "抽查领域", "没有这个抽查领域"),
            (",从未有过的任务,,,5%,全年,,", "抽查领域", "认不出"),
            ("JF05,,公安、航天,,5%,全年,,", "联查部门", "没有“航天”这个部门"),
            ("JF05,,公安（发起）、卫健（发起）,,5%,全年,,", "联查部门", "几个发起部门"),
            ("JF05,,,没有的事项,5%,全年,,", "抽查事项", "不在“宾馆、旅店监督抽查”"),
            ("JF05,,,,尽量多查,全年,,", "抽查基数和比例", "读不出抽多少"),
            ("JF05,,,,,全年,,", "抽查基数和比例", "缺少抽查基数和比例"),
            ("JF05,,,,A 1%、B 2%、C 10%、D 30%,全年,,", "抽查基数和比例", "未分类"),
            ("JF05,,,,重点对象 20%、其余 5%,全年,,", "抽查基数和比例", "改不了重点对象"),
            ("JF05,,,,5%,尽快,,", "时间安排", "读不出起止"),
            ("JF05,,,,5%,,,", "时间安排", "缺少时间安排"),
            ("JF05,,,,5%,2027年1月至2027年2月,,", "整行", "不在 2026 年度内"),
            ("JF05,,公安（发起）、卫健、市监,,5%,全年,,", "部门不参加的原因", "消防"),
            ("JF26,,,,20%,全年,,", "比例说明", "高于上限 10%"),
        ],
    )
    def test_a_bad_row_says_where_and_what_to_do(self, world, look, row, column, words):
        plan = actions.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)
        batch = look(plan, row, "JF40,,,,5%,全年,,")
        assert counts(batch) == (1, 0, 0, 1)
        [wrong] = batch.faults
        assert wrong["row"] == 2
        assert words in wrong["fault"] + wrong["cure"]
        assert wrong["cure"]
        if column != "抽查基数和比例" or "未分类" not in row:
            assert wrong["column"] in (column, "整行")
        commit(batch)
        assert PlanLine.objects.get().field.code == "JF40"

    def test_everything_that_is_wrong_with_a_row_is_said_at_once(self, world, look):
        batch = look(world.draft("JF40"), "JF05,,航天,,尽量多查,尽快,,")
        assert [each["column"] for each in batch.faults] == [
            *("联查部门", "时间安排", "抽查基数和比例"),
        ]
        assert {each["name"] for each in batch.faults} == {"宾馆、旅店监督抽查"}

    def test_the_same_line_twice_is_refused(self, world, look):
        plan = world.draft("JF05")
        batch = look(plan, "JF40,,,,5%,全年,,", "JF40,,,,6%,全年,,")
        assert counts(batch) == (1, 0, 0, 1)
        assert "与第 2 行" in batch.faults[0]["fault"]

    def test_columns_of_other_cities_are_known(self, world, look):
        plan = world.draft("JF05")
        head = (
            "抽查任务名称,发起部门,配合部门,检查事项,联查对象,抽查比例,开始时间,结束时间,检查模式"
        )
        row = "养老机构抽查,卫健,消防,,各类养老机构,A 10%、其余 20%,2026/4/1,2026-06-30,市抽县查"
        batch = commit(look(plan, row, head=head))
        assert counts(batch) == (1, 0, 0, 0)
        line = world.line("JF40")
        assert (line.targets, line.org_mode) == ("各类养老机构", "city_county")
        assert (line.starts_on, line.ends_on) == (date(YEAR, 4, 1), date(YEAR, 6, 30))
        assert {r.stratum: r.ratio for r in line.rates.all()}["B"] == "1/5"

    def test_a_base_that_is_not_the_registrys_is_worth_a_remark(self, world, look):
        plan = world.draft("JF05")
        batch = look(plan, "JF40,,,,240 户；5%,全年,,")
        assert counts(batch) == (1, 0, 0, 0)
        assert "名录库现有 12 户" in batch.remarks[0]["fault"]


class TestCommitAndUndo:
    def test_one_entry_holds_every_line(self, world, look):
        plan = world.draft("JF05")
        before = Entry.objects.count()
        commit(look(plan, "JF05,,,,6%,全年,,", "JF40,,,,5%,全年,,"))
        entries = Entry.objects.filter(what__startswith="plan.").order_by("index")
        assert Entry.objects.count() - before == 2
        assert entries.last().what == "plan.import_lines"
        assert '"41030020260002"' in entries.last().body

    def test_a_draft_that_moved_on_is_looked_at_again(self, world, look):
        plan = world.draft("JF05")
        batch = look(plan, "JF05,,,,6%,全年,,")
        actions.save_line(plan=plan, data=world.line_data("JF40"), by=world.cast.zhou, at=NOON)
        with pytest.raises(Blocked, match="重新试算"):
            commit(batch)
        assert counts(commit(actions.check_import(batch=batch, by=batch.by, at=NOON))) == (
            *(0, 1),
            *(0, 0),
        )

    def test_undo_makes_everything_as_it_was(self, world, look):
        plan = world.draft("JF05")
        was = kept(world.line())
        batch = commit(look(plan, "JF05,,,,6%,全年,,", "JF40,,,,5%,全年,,"))
        assert kept(world.line()) != was
        actions.undo_import(batch=batch, by=world.cast.zhou, at=NOON + HOUR)
        assert kept(world.line()) == was
        assert plan.lines.count() == 1
        with pytest.raises(Blocked, match="已经撤回"):
            actions.undo_import(batch=batch, by=world.cast.zhou, at=NOON + HOUR)

    def test_a_line_changed_since_stops_the_undo(self, world, look):
        plan = world.draft("JF05")
        batch = commit(look(plan, "JF05,,,,6%,全年,,"))
        actions.set_rates(
            line=world.line(), rates=[("全部", "1/10")], by=world.cast.zhou, at=NOON + HOUR
        )
        with pytest.raises(Blocked, match="又改动过"):
            actions.undo_import(batch=batch, by=world.cast.zhou, at=NOON + HOUR)

    def test_a_day_later_it_is_too_late(self, world, look):
        batch = commit(look(world.draft("JF05"), "JF05,,,,6%,全年,,"))
        with pytest.raises(Blocked, match="超过一天"):
            actions.undo_import(batch=batch, by=batch.by, at=NOON + 25 * HOUR)

    def test_given_up_is_over(self, world, look):
        batch = look(world.draft("JF05"), "JF05,,,,6%,全年,,")
        actions.give_up_import(batch=batch, by=batch.by, at=NOON)
        with pytest.raises(Blocked, match="已经放弃"):
            commit(batch)


def test_the_pages_look_write_and_take_back(client, world):
    plan = world.draft("JF05")
    client.force_login(world.cast.zhou)
    address = reverse("plan:import", args=[plan.pk])
    assert address in client.get(plan.get_absolute_url()).content.decode()
    assert "还没有" not in client.get(address).content.decode()
    assert client.post(address, {}).status_code == 422
    no_table = SimpleUploadedFile("计划.csv", b"hello")
    assert client.post(address, {"file": no_table}).status_code == 422
    file = SimpleUploadedFile("计划.csv", csv("JF40,,,,5%,全年,,", "JF99,,,,5%,全年,,"))
    shown = client.post(address, {"file": file}, follow=True).content.decode()
    assert "没有这个抽查领域" in shown
    batch = Import.objects.get()
    errors = client.get(reverse("plan:import_faults", args=[batch.pk]))
    assert errors["Content-Type"].endswith("sheet")
    template = client.get(reverse("plan:template", args=[plan.pk]), {"lines": "1"})
    assert template.status_code == 200
    done = client.post(reverse("plan:commit_import", args=[batch.pk]), follow=True)
    assert "已写入：新增 1 行" in done.content.decode()
    undone = client.post(reverse("plan:undo_import", args=[batch.pk]), follow=True)
    assert "已撤回" in undone.content.decode()
    assert plan.lines.count() == 1
    client.force_login(world.cast.shen)
    assert client.get(batch.get_absolute_url()).status_code == 404
