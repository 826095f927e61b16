"""A monthly file of credit classes: looked at, written in one step, taken back within a day."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from liancha.accounts.models import Department, User
from liancha.ledger.models import Entry
from liancha.papers import uploads
from liancha.queue.models import Job
from liancha.registry import actions, history, queries
from liancha.registry.actions.credit import read_class
from liancha.registry.models import CreditBatch, Target
from liancha.registry.views import credit
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON, make_cast
from tests.rooms.registers import write_target
from tests.rooms.tables import sheet

pytestmark = pytest.mark.django_db

NOVEMBER = date(2026, 11, 1)
LATER = NOON + timedelta(hours=23)


@pytest.fixture
def cast(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return make_cast()


@pytest.fixture
def later(django_capture_on_commit_callbacks):
    """What was asked of the worker is done when the block ends."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def targets() -> list[Target]:
    """Two of October, one that has no class; the last is not in the file."""
    kept = {"credit_on": date(2026, 10, 1), "credit_source": "十月"}
    rows = ({"credit_class": "A", **kept}, {"credit_class": "B", **kept}, {}, {"credit_class": "C"})
    return [write_target(n, **row) for n, row in enumerate(rows, 1)]


def rows_of(targets: list[Target], classes: str = "DBC") -> str:
    lines = [
        f"{each.code},{value},{each.name}" for each, value in zip(targets, classes, strict=False)
    ]
    return "\n".join(["统一社会信用代码,信用风险分类,名称", *lines, "不是代码,A,某户"])


def state() -> list[tuple[str, date | None, str]]:
    rows = Target.objects.order_by("pk")
    return list(rows.values_list("credit_class", "credit_on", "credit_source"))


def opened(cast, text: str, at=NOON, name="c.csv", by=None) -> CreditBatch:
    folder = Path(settings.MEDIA_ROOT) / "registry"
    folder.mkdir(exist_ok=True)
    (folder / "c.csv").write_text(text)
    batch = actions.open_credit(
        path="registry/c.csv",
        file_name=name,
        source="十一月",
        on=NOVEMBER,
        by=by or cast.zhou,
        at=at,
    )
    return actions.look_credit(batch=batch, at=at)


class TestLook:
    def test_it_counts_and_touches_nothing(self, cast, targets):
        before = state()
        batch = opened(cast, rows_of(targets))
        assert (batch.changed, batch.unchanged, batch.faulty) == (2, 1, 1)
        assert [(each.before, each.after) for each in batch.changes.order_by("target")] == [
            ("A", "D"),
            ("", "C"),
        ]
        assert state() == before
        assert not CreditBatch.objects.standing().exists()
        assert queries.credit_history()["x"] == []
        assert all("信用风险分类" not in event.text for event in history.story(targets[0]))

    def test_given_up_leaves_neither_file_nor_batch(
        self, cast, targets, django_capture_on_commit_callbacks
    ):
        batch = opened(cast, rows_of(targets))
        place = Path(settings.MEDIA_ROOT) / batch.path
        with django_capture_on_commit_callbacks(execute=True):
            actions.give_up_credit(batch=batch, by=cast.zhou, at=NOON)
        assert not place.exists()
        assert not CreditBatch.objects.exists()

    def test_it_is_compared_again_when_it_is_written_and_only_once(self, cast, targets):
        batch = opened(cast, rows_of(targets))
        Target.objects.filter(pk=targets[0].pk).update(credit_class="D")
        done = actions.commit_credit(batch=batch, by=cast.zhou, at=NOON)
        assert (done.rows, done.changed, done.unchanged, done.faulty) == (4, 1, 2, 1)
        with pytest.raises(Blocked, match="已经写入或放弃"):
            actions.commit_credit(batch=batch, by=cast.zhou, at=NOON)
        assert Entry.objects.filter(what="registry.set_credit").count() == 1


class TestUndo:
    def test_all_is_as_it_was_before(self, cast, targets):
        before = state()
        batch = actions.commit_credit(batch=opened(cast, rows_of(targets)), by=cast.zhou, at=NOON)
        said = ("十一月", NOVEMBER)
        assert [(each[0], (each[2], each[1])) for each in state()[:3]] == [
            ("D", said),
            ("B", said),
            ("C", said),
        ]
        assert state()[3] == before[3]
        with pytest.raises(Blocked, match="超过一天"):
            actions.undo_credit(batch=batch, by=cast.zhou, at=NOON + timedelta(days=2))
        actions.undo_credit(batch=batch, by=cast.zhou, at=LATER)
        assert state() == before
        assert "已撤回" in history.story(targets[0])[0].note
        with pytest.raises(Blocked):
            actions.undo_credit(batch=batch, by=cast.zhou, at=LATER)

    def test_a_second_file_of_the_same_day_takes_back_only_its_own(self, cast, targets):
        first = actions.commit_credit(
            batch=opened(cast, rows_of(targets[:2])), by=cast.zhou, at=NOON
        )
        between = state()
        second = actions.commit_credit(
            batch=opened(cast, rows_of(targets[1:3], "AC")), by=cast.zhou, at=NOON
        )
        with pytest.raises(Blocked, match="先撤回后面的那一批"):
            actions.undo_credit(batch=first, by=cast.zhou, at=LATER)
        actions.undo_credit(batch=second, by=cast.zhou, at=LATER)
        assert state() == between

    def test_what_was_opened_first_and_written_last_is_taken_back_first(self, cast, targets):
        early = opened(cast, rows_of(targets))
        late = opened(cast, rows_of(targets))
        actions.commit_credit(batch=late, by=cast.zhou, at=NOON)
        actions.commit_credit(batch=early, by=cast.zhou, at=NOON + timedelta(hours=1))
        before = state()
        with pytest.raises(Blocked, match="先撤回后面的那一批"):
            actions.undo_credit(batch=late, by=cast.zhou, at=LATER)
        assert state() == before

    def test_a_very_long_file_name_is_kept_as_far_as_there_is_room(self, cast, targets):
        batch = opened(cast, rows_of(targets), name=f"{'名' * 240}.csv")
        assert batch.file_name == "名" * 200

    def test_a_county_takes_no_month_of_the_whole_city(self, cast, targets):
        batch = opened(cast, rows_of(targets))
        clerk = User.objects.get(pk=cast.zhou.pk)
        clerk.department = Department.objects.create(
            code="SCJG-LC", name="栾川市监局", short="栾川市监", level="county", region_id="410324"
        )
        clerk.save()
        for step in (
            lambda: opened(cast, rows_of(targets), by=clerk),
            lambda: actions.commit_credit(batch=batch, by=clerk, at=NOON),
            lambda: actions.give_up_credit(batch=batch, by=clerk, at=NOON),
        ):
            with pytest.raises(Blocked, match="由市级部门") as refusal:
                step()
            assert refusal.value.article == "11"
        assert not actions.may_take_credit(clerk)
        assert state()[0][0] == "A"

    def test_a_class_changed_since_keeps_the_batch_and_is_named(self, cast, targets):
        batch = actions.commit_credit(batch=opened(cast, rows_of(targets)), by=cast.zhou, at=NOON)
        Target.objects.filter(pk=targets[0].pk).update(credit_class="C")
        before = state()
        with pytest.raises(Blocked, match=targets[0].name):
            actions.undo_credit(batch=batch, by=cast.zhou, at=LATER)
        assert state() == before


class TestPages:
    def test_a_clerk_looks_writes_and_takes_back(self, cast, targets, client):
        before = state()
        client.force_login(cast.zhou, backend="liancha.accounts.backends.WithDepartment")
        with time_machine.travel(NOON, tick=False):
            file = SimpleUploadedFile("十一月.csv", rows_of(targets).encode())
            said = {"file": file, "source": "十一月", "on": NOVEMBER.isoformat()}
            page = client.post(reverse("registry:credit"), said, follow=True).content.decode()
            batch = CreditBatch.objects.get()
            at = {
                name: reverse(f"registry:{name}_credit", args=[batch.pk])
                for name in ("commit", "undo", "give_up")
            }
            assert at["commit"] in page
            assert at["undo"] not in page
            assert "2 户改为新的分类" in page
            errors = client.get(reverse("registry:credit_faults", args=[batch.pk]))
            lines = sheet(errors)
            assert lines[1][:3] == ["不是代码", "A", "某户"]
            assert lines[1][3] == 5
            written = client.post(at["commit"], follow=True).content.decode()
            assert at["undo"] in written
            assert at["give_up"] not in written
            client.post(at["undo"])
            assert state() == before
            client.force_login(cast.lin, backend="liancha.accounts.backends.WithDepartment")
            assert client.post(at["undo"]).status_code == 403

    def test_the_template_has_the_columns_the_reader_knows(self, cast, client):
        client.force_login(cast.zhou, backend="liancha.accounts.backends.WithDepartment")
        lines = sheet(client.get(reverse("registry:credit_template")))
        assert lines[0] == ["统一社会信用代码", "信用风险分类", "名称"]

    def test_a_large_file_goes_through_the_worker(self, cast, targets, client, monkeypatch, later):
        """Looked at, written and taken back in the background, each with its bar and a stop."""
        monkeypatch.setattr(credit, "SMALL", 10)
        monkeypatch.setattr(credit, "ROWS_AT_ONCE", 2)
        before = state()
        client.force_login(cast.zhou, backend="liancha.accounts.backends.WithDepartment")
        with time_machine.travel(NOON, tick=False), later():
            page = self.sent(client, rows_of(targets))
        batch = CreditBatch.objects.get()
        assert f"/jobs/{batch.job_id}/stop/" in page
        assert "正在处理" in page
        assert (batch.job.message, batch.changed) == ("试算完成，共 4 行", 2)
        for verb, said in (("commit", "已写入，2 户有变化"), ("undo", "已撤回“十一月.csv”")):
            with time_machine.travel(NOON, tick=False), later():
                address = reverse(f"registry:{verb}_credit", args=[batch.pk])
                page = client.post(address, follow=True).content.decode()
                assert f"/jobs/{CreditBatch.objects.get().job_id}/stop/" in page
                assert client.post(address).status_code == 302  # a second click finds the job
            batch.refresh_from_db()
            assert batch.job.message == said
            assert (state() == before) is (verb == "undo")
        assert not list(Path(settings.MEDIA_ROOT).glob("registry/credit/*"))
        assert Job.objects.count() == 3

    def test_a_look_that_was_stopped_can_be_asked_for_again(
        self, cast, targets, client, monkeypatch, later
    ):
        monkeypatch.setattr(credit, "SMALL", 10)
        client.force_login(cast.zhou, backend="liancha.accounts.backends.WithDepartment")
        with time_machine.travel(NOON, tick=False), later():
            self.sent(client, rows_of(targets))
            batch = CreditBatch.objects.get()
            client.post(f"/jobs/{batch.job_id}/stop/")
        address = reverse("registry:credit_batch", args=[batch.pk])
        page = client.get(address).content.decode()
        assert "没有试算成。</b>已停止，没有写入任何内容" in page
        assert reverse("registry:commit_credit", args=[batch.pk]) not in page
        with later():
            client.post(reverse("registry:look_credit", args=[batch.pk]))
        assert "2 户改为新的分类" in client.get(address).content.decode()

    def test_what_the_worker_cannot_read_stands_on_its_page(
        self, cast, targets, client, monkeypatch, later
    ):
        monkeypatch.setattr(credit, "SMALL", 10)
        client.force_login(cast.zhou, backend="liancha.accounts.backends.WithDepartment")
        with time_machine.travel(NOON, tick=False), later():
            self.sent(client, "没有,这样的标题\n")
        batch = CreditBatch.objects.get()
        page = client.get(reverse("registry:credit_batch", args=[batch.pk])).content.decode()
        assert "没有试算成。" in page
        assert "没有找到标题行" in page
        assert reverse("registry:commit_credit", args=[batch.pk]) not in page

    def test_an_upload_that_nobody_names_goes_with_the_next(self, cast, targets, client):
        """Killed between keeping the file and the record of it; one of just now is left alone."""
        folder = Path(settings.MEDIA_ROOT) / credit.FOLDER
        folder.mkdir(parents=True)
        for name, at in (("old.csv", NOON - 2 * uploads.STRAY), ("new.csv", NOON)):
            (folder / name).touch()
            os.utime(folder / name, (at.timestamp(),) * 2)
        client.force_login(cast.zhou, backend="liancha.accounts.backends.WithDepartment")
        with time_machine.travel(NOON, tick=False):
            self.sent(client, rows_of(targets))
        named = Path(CreditBatch.objects.get().path).name
        assert {each.name for each in folder.iterdir()} == {"new.csv", named}

    def sent(self, client, content: str) -> str:
        file = SimpleUploadedFile("十一月.csv", content.encode())
        said = {"file": file, "source": "十一月", "on": NOVEMBER.isoformat()}
        return client.post(reverse("registry:credit"), said, follow=True).content.decode()


@pytest.mark.parametrize(
    ("cells", "value"),
    [
        (("A", "ａ", "A 级", "A类（低风险）", "低", "A信用风险低"), "A"),
        (("B(中低)", "中低风险", "较低风险"), "B"),
        (("C类", "中高风险"), "C"),
        (("D高", "高风险", "D信用风险高"), "D"),
        (("未分类", "无"), ""),
        (("AAA", "BB", "AB", "CD", "A高风险", "B中高风险", "中风险", "E", "A-", "1", ""), None),
    ],
)
def test_letter_and_words_agree_and_a_rating_is_no_class(cells, value):
    assert {read_class(cell) for cell in cells} == {value}
