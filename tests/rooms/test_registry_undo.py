"""An import taken back within a day: all as it was before, or nothing and a reason."""

from datetime import timedelta

import pytest

from liancha.ledger.models import Entry
from liancha.registry import actions, search
from liancha.registry.models import SearchRow, Tagging, Target
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON, make_cast
from tests.rooms.registers import firm, rows, text, write

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def office():
    return make_cast().zhou


@pytest.fixture
def bring_in(tmp_path, office):
    def bring(lines, at=NOON):
        path = write(tmp_path / "名录.csv", text(lines))
        return actions.import_targets(path=path, file_name=path.name, by=office, at=at)

    return bring


def everything():
    return (
        list(Target.objects.order_by("code").values()),
        sorted(Tagging.objects.values_list("target__code", "tag__code", "is_by_hand")),
    )


def test_what_it_changed_and_brought_is_as_before(bring_in, office):
    bring_in(rows(3))
    before = everything()
    other = firm(1, 登记状态="注销", 经营范围="烟花爆竹零售", 住所="洛阳市涧西区松照路2号")
    batch = bring_in([other, *rows(6)[1:]], at=NOON + HOUR)
    assert (batch.added, batch.changed) == (3, 1)
    actions.undo_import(batch=batch, by=office, at=NOON + 2 * HOUR)
    assert everything() == before
    entry = Entry.objects.filter(what="registry.undo_import").get()
    assert '"removed":3' in entry.body.replace(" ", "")
    with pytest.raises(Blocked, match="已经撤回"):
        actions.undo_import(batch=batch, by=office, at=NOON + 2 * HOUR)


def test_where_it_brought_all_there_is_nothing_is_left_and_it_may_come_again(bring_in, office):
    batch = bring_in(rows(3))
    search.put(Target.objects.all())
    name = Target.objects.order_by("code").first().name
    assert len(search.keys(name)) == 1
    actions.undo_import(batch=batch, by=office, at=NOON + HOUR)
    assert everything() == ([], [])
    assert not SearchRow.objects.exists()
    assert search.keys(name) == []
    bring_in(rows(3), at=NOON + HOUR)
    search.put(Target.objects.all())
    assert len(search.keys(name)) == 1


def test_after_a_day_it_is_too_late(bring_in, office):
    batch = bring_in(rows(2))
    with pytest.raises(Blocked, match="超过一天"):
        actions.undo_import(batch=batch, by=office, at=NOON + timedelta(days=1, seconds=1))
    assert Target.objects.count() == 2


def test_a_target_changed_since_keeps_all_and_is_named(bring_in, office):
    batch = bring_in(rows(2))
    target = Target.objects.order_by("pk").first()
    actions.set_region(
        targets=[target.pk], region="410305", reason="现场核对", by=office, at=NOON + HOUR
    )
    with pytest.raises(Blocked, match=r"云岫1号.*又改动过"):
        actions.undo_import(batch=batch, by=office, at=NOON + HOUR)
    assert Target.objects.count() == 2
    assert Target.objects.came_with(batch).count() == 2


def test_a_target_in_use_keeps_all(bring_in, office):
    batch = bring_in(rows(2))
    target = Target.objects.order_by("pk").first()
    actions.release(
        target=target, department=office.department, reason="没有电梯", by=office, at=NOON + HOUR
    )
    Target.objects.update(updated_at=NOON)
    with pytest.raises(Blocked, match="已经在用"):
        actions.undo_import(batch=batch, by=office, at=NOON + HOUR)
    assert Target.objects.count() == 2


def test_licences_that_came_by_table_and_were_taken_back_stand_in_nobodys_way(
    bring_in, office, tmp_path
):
    batch = bring_in(rows(1))
    target = Target.objects.get()
    table = ("统一社会信用代码", "许可证名称", "编号"), (target.code, "食品经营许可证", "JY1")
    path = write(tmp_path / "许可证.csv", text(table[1:], table[0]))
    licences = actions.open_standing(
        subject="licences", path=path, file_name=path.name, by=office, at=NOON
    )
    licences = actions.check_standing(batch=licences, by=office, at=NOON)
    actions.commit_standing(batch=licences, by=office, at=NOON)
    with pytest.raises(Blocked, match="已经在用"):
        actions.undo_import(batch=batch, by=office, at=NOON + HOUR)
    actions.undo_standing(batch=licences, by=office, at=NOON + HOUR)
    actions.undo_import(batch=batch, by=office, at=NOON + HOUR)
    assert not Target.objects.exists()
