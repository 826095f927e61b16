"""法定代表人, 联络人 and 住所 of a target: every way in takes them, none loses them (art. 11)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from liancha.papers.feed import open_table
from liancha.papers.readers import Row
from liancha.registry import actions, columns, plain, sheets
from liancha.registry.actions import imports, targets
from liancha.registry.models import ImportChange, Target
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON, make_cast
from tests.rooms.registers import code, text, write, write_target

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
HEADINGS = ("名称", "统一社会信用代码", "住所", "经营场所", "法定代表人", "联系人")
HERE, THERE = "洛阳市涧西区松照路1号", "郑州市花园路1号"
LINES = (
    ("云岫宾馆", THERE, HERE, "薄云舒", "简若谷"),
    ("云岫商店", HERE, "", "", "无"),
    ("云岫饭店", HERE, "同住所", "宁 安", ""),
    ("云岫书店", HERE, HERE, "柏　和景", "梅 言"),
    ("云岫网店", "", HERE, "阮思远", ""),
)
TAKEN = (
    ("云岫书店", HERE, "", "柏 和景", "梅 言"),
    ("云岫商店", HERE, "", "", ""),
    ("云岫宾馆", HERE, THERE, "薄云舒", "简若谷"),
    ("云岫网店", HERE, "", "阮思远", ""),
    ("云岫饭店", HERE, "", "宁 安", ""),
)


@pytest.fixture
def office():
    return make_cast().zhou


@pytest.fixture
def bring_in(tmp_path, office):
    def bring(lines, headings=HEADINGS, *, at=NOON):
        rows = [(line[0], _code(line[0]), *line[1:]) for line in lines]
        path = write(tmp_path / "名录.csv", text(rows, headings))
        return actions.import_targets(path=path, file_name=path.name, by=office, at=at)

    return bring


def _code(name: str) -> str:
    return code("91", "410305", [line[0] for line in LINES].index(name) + 1)


def there() -> tuple[tuple[str, ...], ...]:
    names = ("name", "address", "registered_address", "representative", "contact")
    return tuple(Target.objects.order_by("name").values_list(*names))


def counts(batch):
    return batch.added, batch.changed, batch.unchanged, batch.faulty


@pytest.mark.parametrize("small", [0, imports.SMALL], ids=["staged", "straight"])
def test_they_come_in_and_a_second_time_changes_nothing(bring_in, monkeypatch, small):
    monkeypatch.setattr(imports, "SMALL", small)
    assert counts(bring_in(LINES)) == (5, 0, 0, 0)
    assert sorted(there()) == sorted(TAKEN)
    assert counts(bring_in(LINES)) == (0, 0, 5, 0)
    assert sorted(there()) == sorted(TAKEN)


def test_a_file_without_them_erases_nothing(bring_in):
    bring_in(LINES)
    short = [(line[0],) for line in LINES]
    assert counts(bring_in(short, HEADINGS[:2])) == (0, 0, 5, 0)
    assert sorted(there()) == sorted(TAKEN)


def test_a_change_is_remembered_and_can_be_taken_back(bring_in, office):
    bring_in(LINES)
    other = (("云岫宾馆", HERE, HERE, "陆知行", ""), ("云岫商店", THERE, HERE, "", ""))
    batch = bring_in(other, at=NOON + HOUR)
    assert counts(batch) == (0, 2, 0, 0)
    assert {row[0]: row[1:] for row in there()}["云岫宾馆"] == (HERE, "", "陆知行", "简若谷")
    assert {row[0]: row[1:] for row in there()}["云岫商店"] == (HERE, THERE, "", "")
    before = ImportChange.objects.get(batch=batch, target__name="云岫宾馆").before
    assert before.pop("updated_at")
    assert before == {"registered_address": THERE, "representative": "薄云舒"}
    actions.undo_import(batch=batch, by=office, at=NOON + 2 * HOUR)
    assert sorted(there()) == sorted(TAKEN)


def test_a_register_that_moves_the_firm_says_its_registered_address_too(bring_in):
    bring_in(LINES[:1])
    bring_in((("云岫宾馆", "洛阳市洛龙区青禾街1号"),), HEADINGS[:3])
    assert there() == (("云岫宾馆", "洛阳市洛龙区青禾街1号", "", "薄云舒", "简若谷"),)


def test_read_by_columns_and_one_by_one_they_are_the_same(tmp_path):
    long = ("云岫宾馆", THERE * 40, HERE, "薄" * 81, "简�")
    rows = [(line[0], _code(line[0]), *line[1:]) for line in (*LINES, long)]
    path = write(tmp_path / "名录.csv", text(rows, HEADINGS))
    with open_table(path, path.name, columns.COLUMNS) as table:
        reader = plain.PlainRows(table, NOON.date())
        (piece,) = table.pieces()
        read, odd = reader.read(piece)
        assert odd == [len(LINES)]
        for place, said in enumerate(zip(*read, strict=True)):
            row = Row(piece.numbers[place], piece.line(place), table.places)
            reading = columns.read(row, table.title, NOON.date())
            if place in odd:
                assert [each.column for each in reading.faults] == [
                    *("法定代表人", "联系人", "住所"),
                ]
            else:
                assert {k: str(v) for k, v in reading.values.items()} == plain.said(said)


def test_the_export_can_come_in_again(bring_in, office, tmp_path):
    bring_in(LINES)
    path = tmp_path / "导出.csv"
    path.write_bytes(b"".join(sheets.stream_targets(Target.objects.order_by("pk"), NOON.date())))
    batch = actions.import_targets(path=path, file_name=path.name, by=office, at=NOON + HOUR)
    assert counts(batch) == (0, 0, 5, 0)
    assert sorted(there()) == sorted(TAKEN)


def test_the_page_and_the_form_have_them(bring_in, office, client):
    bring_in(LINES[:1])
    client.force_login(office)
    target = Target.objects.get()
    page = client.get(target.get_absolute_url()).content.decode()
    assert all(word in page for word in (HERE, THERE, "薄云舒", "简若谷"))
    form = client.get(f"/targets/{target.pk}/edit/").context["form"]
    data = {name: "" if form[name].value() is None else form[name].value() for name in form.fields}
    data |= {"representative": "陆知行", "registered_address": HERE}
    assert client.post(f"/targets/{target.pk}/edit/", data).status_code == 302
    assert there() == (("云岫宾馆", HERE, "", "陆知行", "简若谷"),)


def test_of_two_who_enter_one_code_the_second_is_told(office, monkeypatch):
    there = write_target(1)
    monkeypatch.setattr(
        targets, "_new_target", lambda data: Target(code=there.code, code_kind="uscc", kind="01")
    )
    with pytest.raises(Blocked, match="刚刚由别人录入"):
        actions.save_target(data={"name": "洛阳漱石1号宾馆"}, by=office, at=NOON)
    assert Target.objects.get() == there
