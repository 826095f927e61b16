"""Tables of a department's own lines: looked at, written once, taken back, round and round."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse

from liancha.ledger.models import Entry
from liancha.lists.models import CheckItem
from liancha.papers.writers import write_workbook
from liancha.plan import actions, readings, sheets
from liancha.plan.models import DepartmentPart, Import
from liancha.rulebook.coverage import PLAN_COLUMNS
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON
from tests.rooms.own_part_world import make_own_part_world
from tests.rooms.plan_world import YEAR
from tests.rooms.tables import sheet, workbook

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
HEAD = ",".join([*PLAN_COLUMNS, "说明"])
HEALTH = "医疗机构抽查,,医疗机构执业检查,各类医疗机构,,,200户；5%,4月至6月,"
WATER = "消毒产品抽查,,消毒产品检查,,,,40户；9户,全年,专项部署"


@pytest.fixture
def world():
    return make_own_part_world()


@pytest.fixture
def part(world):
    return actions.start_part(year=YEAR, by=world.cast.gu, at=NOON)


@pytest.fixture
def look(world, tmp_path):
    """Look at a table for a part, as somebody of its department unless another is named."""

    def open_it(part, *rows, head=HEAD, by=None, data=b""):
        path = tmp_path / "部门计划.csv"
        path.write_bytes(data or "\n".join((head, *rows)).encode())
        by = by or world.cast.gu
        return actions.open_import(part=part, path=path, file_name=path.name, by=by, at=NOON)

    return open_it


def commit(batch):
    return actions.commit_import(batch=batch, by=batch.by, at=NOON)


def counts(batch):
    return batch.added, batch.changed, batch.unchanged, batch.faulty


def said(part):
    return {line.name: (line.base, line.wording, line.targets) for line in part.lines.all()}


class TestLook:
    def test_a_dry_run_writes_nothing_and_a_commit_all_in_one_entry(self, part, look):
        batch = look(part, HEALTH, WATER)
        assert counts(batch) == (2, 0, 0, 0)
        assert not part.lines.exists()
        commit(batch)
        assert said(part) == {
            "医疗机构抽查": (200, "5%", "各类医疗机构"),
            "消毒产品抽查": (40, "9户", "医疗机构"),
        }
        entry = Entry.objects.about("part", part.pk).get(what="plan.import_lines")
        assert "医疗机构抽查" in entry.body
        assert "消毒产品抽查" in entry.body

    def test_a_blank_cell_says_nothing_and_no_line_goes_for_not_being_named(self, part, look):
        commit(look(part, HEALTH, WATER))
        batch = commit(look(part, "医疗机构抽查,,,,,,6%,,"))
        assert counts(batch) == (0, 1, 0, 0)
        assert said(part) == {
            "医疗机构抽查": (200, "6%", "各类医疗机构"),
            "消毒产品抽查": (40, "9户", "医疗机构"),
        }
        assert part.lines.get(base=200).starts_on == date(YEAR, 4, 1)

    def test_base_rate_and_days_in_columns_of_their_own(self, part, look):
        head = "任务名称,抽查事项,抽查基数,抽查比例,开始,结束"
        batch = look(part, "医疗机构抽查,医疗机构执业检查,200,5,4月1日,6月30日", head=head)
        commit(batch)
        assert said(part) == {"医疗机构抽查": (200, "5%", "医疗机构")}

    @pytest.mark.parametrize(
        ("row", "column", "fault"),
        [
            (HEALTH.replace("医疗机构执业检查", "登记检查"), "抽查事项", "不在本部门公布的"),
            (HEALTH.replace("抽查,,", "抽查,公安,", 1), "联查部门", "不是本部门"),
            (HEALTH.replace("200户；5%", "5%"), "抽查基数和比例", "缺少抽查基数"),
            (HEALTH.replace("5%", "酌情"), "抽查基数和比例", "读不出"),
            (HEALTH.replace("5%", "各县区2户"), "抽查基数和比例", "每一份各抽多少"),
            (HEALTH.replace("200户", "0户"), "抽查基数和比例", "抽查基数不是"),
            (HEALTH.replace("4月至6月", "尽快"), "时间安排", "读不出"),
            (HEALTH.replace("4月至6月", "2031年上半年"), "时间安排", "不在"),
            (HEALTH.replace("医疗机构执业检查", "卫健事项JF05"), "说明", "联合抽查事项清单"),
            (WATER.replace("9户", "50%").replace("专项部署", ""), "说明", "10%"),
            (HEALTH.replace("医疗机构抽查", "", 1), "任务名称", "没有任务名称"),
            (HEALTH.replace("各类医疗机构", "医" * 201), "检查对象", "太长"),
        ],
    )
    def test_a_bad_row_says_where_and_what_to_do_and_the_good_one_stays(
        self, part, look, row, column, fault
    ):
        good = HEALTH.replace("医疗机构抽查", "执业抽查", 1)
        batch = look(part, row, good)
        assert counts(batch) == (1, 0, 0, 1)
        (found,) = batch.faults
        assert (found["row"], found["column"]) == (2, column)
        assert fault in found["fault"]
        assert found["cure"]
        commit(batch)
        assert list(said(part)) == ["执业抽查"]

    def test_the_same_line_twice_is_refused(self, part, look):
        batch = look(part, HEALTH, HEALTH)
        assert counts(batch) == (1, 0, 0, 1)
        assert "与第 2 行" in batch.faults[0]["fault"]

    @pytest.mark.parametrize(
        ("text", "base", "words"),
        [
            ("200 户；5%；拟抽 10 户", 200, "5%"),
            ("1,200户;9户;拟抽9户", 1200, "9户"),
            ("抽查基数200户，比例3%", 200, "3%"),
            ("60–70家", None, "60–70家"),
            ("40 户；≤10所的不少于2所，其余按5%", 40, "≤10所的不少于2所，其余按5%"),
        ],
    )
    def test_base_and_share_are_told_apart(self, text, base, words):
        assert readings.own_shares(text) == (base, words)


class TestRound:
    def test_an_export_has_the_official_order_and_comes_in_unchanged(
        self, world, part, look, client, tmp_path
    ):
        commit(look(part, HEALTH, WATER, HEALTH.replace("医疗机构抽查", "三", 1)))
        client.force_login(world.cast.gu)
        address = reverse("plan:part_template", args=[part.pk])
        lines = sheet(client.get(address, {"lines": "1"}))
        assert lines[0] == [*PLAN_COLUMNS, "说明"]
        assert len(lines) == 4
        whole = tmp_path / "whole.xlsx"
        with whole.open("wb") as target:
            write_workbook(target, sheets.own_blank(part, part.lines.all()))
        assert counts(look(part, data=whole.read_bytes())) == (0, 0, 3, 0)

    def test_last_years_table_makes_the_same_lines(self, world, part, look, tmp_path):
        commit(look(part, HEALTH, WATER))
        whole = tmp_path / "whole.xlsx"
        with whole.open("wb") as target:
            write_workbook(target, sheets.own_blank(part, part.lines.all()))
        before = said(part)
        part.lines.all().delete()
        commit(look(part, data=whole.read_bytes()))
        assert said(part) == before

    def test_the_template_has_notes_and_drop_downs_and_brings_nothing(self, part, look, tmp_path):
        main, explained = sheets.own_blank(part)
        assert main.choices[2] == ("医疗机构执业检查", "消毒产品检查", "卫健事项JF05")
        assert set(main.notes) == set(range(9))
        assert explained.name == "填写说明"
        blank = tmp_path / "blank.xlsx"
        with blank.open("wb") as target:
            write_workbook(target, [main, explained])
        assert counts(look(part, data=blank.read_bytes())) == (0, 0, 0, 0)


class TestWhoAndWhen:
    def test_a_department_loads_its_own_part_only(self, world, part, look):
        for other in (world.cast.shen, world.cast.zhou):
            with pytest.raises(Blocked, match="由该部门编制"):
                look(part, HEALTH, by=other)

    def test_a_published_part_takes_no_table(self, world, part, look):
        batch = look(part, WATER)
        commit(look(part, HEALTH))
        actions.publish_part(part=part, by=world.cast.gu, at=NOON)
        for refused in (lambda: look(part, WATER), lambda: commit(batch)):
            with pytest.raises(Blocked, match="已经公布"):
                refused()

    def test_a_draft_that_moved_on_is_looked_at_again(self, part, look):
        batch = look(part, HEALTH)
        commit(look(part, WATER))
        with pytest.raises(Blocked, match="重新试算"):
            commit(batch)
        batch = actions.check_import(batch=batch, by=batch.by, at=NOON)
        assert counts(commit(batch)) == (1, 0, 0, 0)

    def test_undo_makes_everything_as_it_was(self, part, look):
        commit(look(part, HEALTH))
        line = part.lines.get()
        was = (line.wording, line.written_by_id, line.written_at)
        batch = commit(look(part, HEALTH.replace("5%", "8%"), WATER))
        actions.undo_import(batch=batch, by=batch.by, at=NOON + HOUR)
        line = part.lines.get()
        assert (line.wording, line.written_by_id, line.written_at) == was

    def test_a_line_changed_since_stops_the_undo_and_a_day_ends_it(self, part, look):
        batch = commit(look(part, HEALTH))
        with pytest.raises(Blocked, match="超过一天"):
            actions.undo_import(batch=batch, by=batch.by, at=NOON + 25 * HOUR)
        commit(look(part, HEALTH.replace("5%", "8%")))
        with pytest.raises(Blocked, match="“医疗机构抽查”在导入之后又改动过"):
            actions.undo_import(batch=batch, by=batch.by, at=NOON + HOUR)

    def test_an_import_is_for_one_draft(self, world, part):
        plan = world.draft("JF05")
        for drafts in ({"part": part, "plan": plan}, {}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Import.objects.create(file_name="表.csv", by=world.cast.gu, at=NOON, **drafts)


def test_the_pages_look_write_and_take_back(client, world, part):
    CheckItem.objects.update(department=world.department("GA"))
    part = actions.start_part(year=YEAR, by=world.cast.shen, at=NOON)
    client.force_login(world.cast.shen)
    address = reverse("plan:import_part", args=[part.pk])
    assert address in client.get(part.get_absolute_url()).content.decode()
    assert "还没有导入过" not in client.get(address).content.decode()
    assert client.post(address, {}).status_code == 422
    no_table = SimpleUploadedFile("表.csv", b"hello")
    assert client.post(address, {"file": no_table}).status_code == 422
    bad = HEALTH.replace("5%", "酌情").replace("医疗机构抽查", "坏行", 1)
    file = SimpleUploadedFile("表.csv", "\n".join((HEAD, HEALTH, bad)).encode())
    shown = client.post(address, {"file": file}, follow=True).content.decode()
    assert "坏行" in shown
    batch = Import.objects.get()
    table = workbook(client.get(reverse("plan:import_faults", args=[batch.pk])))
    (row,) = table.get_sheet_by_name("有误的行").to_python()[1:]
    assert row[0] == "坏行"
    assert "请写成" in row[-1]
    done = client.post(reverse("plan:commit_import", args=[batch.pk]), follow=True)
    assert "已写入：新增 1 行" in done.content.decode()
    client.force_login(world.cast.gu)
    assert client.get(address).status_code == 403
    client.force_login(world.cast.zhou)
    assert "由该部门导入" in client.get(address).content.decode()
    file = SimpleUploadedFile("表.csv", "\n".join((HEAD, WATER)).encode())
    assert client.post(address, {"file": file}).status_code == 409
    client.force_login(world.cast.shen)
    undone = client.post(reverse("plan:undo_import", args=[batch.pk]), follow=True)
    assert "已撤回" in undone.content.decode()
    assert not part.lines.exists()
    theirs = DepartmentPart.objects.get(department__code="WJ")
    assert client.get(reverse("plan:import_part", args=[theirs.pk])).status_code == 404
