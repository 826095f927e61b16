"""Long work is made ready while others go on; nothing they do meanwhile is lost or missed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from liancha.ledger import queries as ledger
from liancha.ledger.models import Entry
from liancha.queue import actions as queue
from liancha.queue.actions import Stopped
from liancha.registry import actions, jobs, search
from liancha.registry.actions import intake, undoing
from liancha.registry.models import (
    ComplaintDecision,
    Doubt,
    Import,
    ImportChange,
    Release,
    SearchRow,
    Tag,
    Tagging,
    Target,
)
from liancha.rulebook.lifecycles import JobState
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON, make_cast
from tests.rooms.killed import AFTER, MOMENTS, kill, statements
from tests.rooms.registers import code, firm, rows, text, write, write_target

HOUR = timedelta(hours=1)


@pytest.fixture
def office(db):
    return make_cast().zhou


@pytest.fixture
def bring_in(tmp_path, office):
    def bring(lines, at=NOON, **more):
        path = write(tmp_path / "名录.csv", text(lines))
        return actions.import_targets(path=path, file_name=path.name, by=office, at=at, **more)

    return bring


def once(work):
    """A progress that lets somebody do something when the file is being compared, once."""
    done = []

    def progress(*_):
        if not done and len(seen) == 1:
            done.append(work())
        seen.append(1)

    seen: list[int] = []
    return progress


def hotel(n):
    return Target.objects.get(code=code("91", "410311", n))


def tags(target):
    return set(target.tags.values_list("code", flat=True))


class TestImport:
    def test_what_somebody_saved_while_it_was_compared_is_what_it_changes(self, bring_in, office):
        bring_in(rows(4))
        gate = hotel(4)

        def save():
            for n, facts in ((1, {"phone": "0379-1"}), (2, {"name": "洛阳别名宾馆"})):
                actions.save_target(target=hotel(n), data=facts, by=office, at=NOON + HOUR)
            tag = Tag.objects.get(code="hotel")
            actions.tag_targets(
                targets=[gate.pk], tag=tag, is_taken_off=True, by=office, at=NOON + HOUR
            )
            write_target(5, name="洛阳云岫5号宾馆有限公司", updated_at=NOON + HOUR)

        # 1 changes, 2 would have stayed, 3 stays, 4 changes, 5 was new when it was read.
        lines = [firm(1, 登记状态="注销"), firm(2), firm(3), firm(4, 经营范围="住宿"), firm(5)]
        batch = bring_in(lines, at=NOON + 2 * HOUR, progress=once(save))
        assert (batch.added, batch.changed, batch.unchanged) == (0, 4, 1)
        one = hotel(1)
        assert (one.status, one.phone) == ("cancelled", "0379-1")
        assert hotel(2).name == "洛阳云岫2号宾馆有限公司"
        was = ImportChange.objects.get(batch=batch, target=hotel(2)).before["name"]
        assert was == "洛阳别名宾馆"
        assert "hotel" not in tags(gate)
        assert ImportChange.objects.filter(batch=batch).count() == 4

    def test_where_much_has_moved_all_of_it_is_read_once_more(self, bring_in, office, monkeypatch):
        bring_in(rows(3))
        monkeypatch.setattr(intake, "FEW", 0)

        def save():
            actions.save_target(target=hotel(2), data={"phone": "1"}, by=office, at=NOON + HOUR)

        lines = [firm(n, 登记状态="注销") for n in range(1, 5)]
        batch = bring_in(lines, at=NOON + 2 * HOUR, progress=once(save))
        assert (batch.rows, batch.added, batch.changed) == (4, 1, 3)
        assert hotel(2).phone == "1"
        assert Import.objects.count() == 2
        assert Entry.objects.filter(what="registry.import").count() == 2

    def test_a_target_that_is_gone_comes_in_as_new(self, bring_in, office):
        first = bring_in(rows(2))

        def undo():
            actions.undo_import(batch=first, by=office, at=NOON + HOUR)

        lines = [firm(1, 登记状态="注销"), firm(2)]
        batch = bring_in(lines, at=NOON + 2 * HOUR, progress=once(undo))
        assert (batch.added, batch.changed, batch.unchanged) == (2, 0, 0)
        assert Target.objects.came_with(batch).count() == 2

    def test_stopped_while_it_is_compared_nothing_is_written(self, bring_in):
        bring_in(rows(2))

        def stop(done, total):
            raise Stopped

        with pytest.raises(Stopped):
            bring_in([firm(1, 登记状态="注销"), firm(3)], at=NOON + HOUR, progress=stop)
        assert Import.objects.count() == 1
        assert Target.objects.filter(updated_at=NOON).count() == 2


class TestUndo:
    def test_a_target_saved_while_it_is_made_ready_keeps_all(self, bring_in, office):
        bring_in(rows(2))
        batch = bring_in([firm(1, 登记状态="注销"), firm(3)], at=NOON + HOUR)

        def save(*_):
            actions.save_target(target=hotel(1), data={"phone": "1"}, by=office, at=NOON + 2 * HOUR)

        with pytest.raises(Blocked, match="又改动过"):
            actions.undo_import(batch=batch, by=office, at=NOON + 2 * HOUR, progress=save)
        assert hotel(1).phone == "1"
        assert Target.objects.count() == 3
        assert not Entry.objects.filter(what="registry.undo_import").exists()

    def test_of_a_large_one_the_search_follows_in_the_worker(self, bring_in, office, monkeypatch):
        first = bring_in(rows(2))
        second = bring_in([firm(1, 企业名称="洛阳归燕客栈"), firm(3)], at=NOON + HOUR)
        for batch in (first, second):
            actions.fill_search(batch=batch, at=NOON + HOUR)
        monkeypatch.setattr(undoing, "FEW", 0)
        actions.undo_import(batch=second, by=office, at=NOON + 2 * HOUR)
        assert search.is_behind()
        assert hotel(1).pk in search.keys("云岫1号")
        jobs.after_undo(second.pk)
        assert not search.is_behind()
        assert search.keys("云岫1号") == [hotel(1).pk]
        assert search.keys("归燕") == search.keys("云岫3号") == []
        assert SearchRow.objects.count() == 2


class TestRetagging:
    @pytest.fixture
    def hotels(self, office):
        for n in range(1, 4):
            write_target(n)
        return Tag.objects.get(code="hotel")

    def test_the_job_tells_and_ends_with_what_it_did(self, office, hotels):
        job = queue.start_job(name="重新标注", about="registry.retag", by=office, at=timezone.now())
        jobs.retag(job.pk, office.pk)
        job.refresh_from_db()
        assert (job.state, job.percent) == (JobState.DONE, 100)
        assert job.message.startswith("加上 ")
        assert Tagging.objects.filter(tag=hotels).count() == 3

    def test_stopped_nothing_is_written(self, office, hotels):
        def stop(done, total):
            raise Stopped

        with pytest.raises(Stopped):
            actions.retag(by=office, at=NOON, progress=stop)
        assert not Tagging.objects.exists()
        assert not Entry.objects.filter(what="registry.retag").exists()

    def test_words_changed_meanwhile_are_not_passed_over(self, office, hotels):
        def other(*_):
            actions.save_tag(tag=hotels, name=hotels.name, words=["茶楼"], by=office, at=NOON)

        with pytest.raises(Blocked, match="关键词又改过"):
            actions.retag(by=office, at=NOON, progress=other)
        assert not Tagging.objects.exists()

    def test_a_target_renamed_or_marked_meanwhile_has_the_tags_of_now(self, office, hotels):
        one, two = Target.objects.order_by("pk")[:2]

        def other(*_):
            data = {"name": "洛阳归燕商贸行", "scope": ""}
            actions.save_target(target=one, data=data, by=office, at=NOON + HOUR)
            marked = {"targets": [two.pk], "tag": hotels, "by": office, "at": NOON + HOUR}
            actions.tag_targets(**marked)
            actions.tag_targets(**marked, is_taken_off=True)

        actions.retag(by=office, at=NOON + HOUR, progress=other)
        assert "hotel" not in tags(one) | tags(two)
        assert Tagging.objects.filter(tag=hotels).count() == 1


class TestMerging:
    def test_what_does_not_concern_and_what_was_decided_come_along(self, office):
        kept, other = write_target(1), write_target(2)
        doubt = Doubt.objects.create(kind="twin", left=kept, right=other, found_at=NOON)
        both, one = office.department, make_department(office)
        for target, department in ((kept, both), (other, both), (other, one)):
            Release.objects.create(
                target=target, department=department, reason=target.name, by=office, at=NOON
            )
        ComplaintDecision.objects.create(
            target=other, complaints=7, decided_on=NOON.date(), reason="同一人", by=office, at=NOON
        )
        actions.merge(doubt=doubt, keep=kept, reason="同一家", by=office, at=NOON + HOUR)
        found = Release.objects.filter(target=kept).order_by("pk")
        assert [(each.department, each.reason) for each in found] == [
            (both, kept.name),
            (one, other.name),
        ]
        assert kept.complaint_decisions.get().complaints == 7


def make_department(office):
    return type(office.department).objects.exclude(pk=office.department_id).first()


@pytest.mark.parametrize("what", ["import", "undo", "retag"])
def test_killed_at_any_moment_all_of_it_is_there_or_nothing(what, in_database, tmp_path):
    """kill -9 while it is made ready, while it is written, and on both sides of the commit."""
    path = write(tmp_path / "名录.csv", text(rows(4)))
    other = write(tmp_path / "新.csv", text([firm(1, 企业名称="甲"), firm(2, 住所="乙"), firm(9)]))

    def everything():
        fields = ("code", "name", "address", "updated_at")
        return (
            list(Target.objects.order_by("code").values_list(*fields)),
            sorted(Tagging.objects.values_list("target__code", "tag__code", "is_by_hand")),
            ImportChange.objects.count() if what == "import" else 0,
            Import.objects.filter(undone_at=None).count(),
        )

    with in_database():
        office, at = make_cast().zhou, timezone.now()
        bring = {"file_name": "名录.csv", "by": office}
        actions.import_targets(path=path, **bring, at=at)
        if what == "undo":
            batch = actions.import_targets(path=other, **bring, at=at + HOUR)
        if what == "retag":
            Tagging.objects.all().delete()

        def work():
            match what:
                case "import":
                    actions.import_targets(path=other, **bring, at=at + HOUR)
                case "undo":
                    actions.undo_import(batch=batch, by=office, at=at + 2 * HOUR)
                case _:
                    actions.retag(by=office, at=at)

        before, count = everything(), statements(work)
        assert everything() == before
        for moment in MOMENTS:
            kill(work, moment, of=count)
            assert (everything() == before) is (moment != AFTER)
        assert list(ledger.flaws()) == []
