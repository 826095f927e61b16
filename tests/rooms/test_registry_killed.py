"""A worker or a server is killed in an import: nothing of it is there, or all (arts. 8, 11, 15)."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from liancha.ledger import queries as ledger
from liancha.ledger.models import Entry
from liancha.lists.models import CheckItem
from liancha.queue import actions as queue
from liancha.queue.models import Job
from liancha.registry import actions, jobs
from liancha.registry.models import CreditBatch, CreditChange, Import, Tagging, Target
from liancha.registry.views import credit
from liancha.roster.models import Certificate, Inspector
from liancha.rulebook.lifecycles import JobState
from liancha.rulebook.listing import CHECK_ITEM_COLUMNS
from tests.people import NOON, make_cast
from tests.rooms.killed import AFTER, BEFORE, MOMENTS, kill, statements
from tests.rooms.listings import LICENCE, draft
from tests.rooms.registers import rows, text, write, write_target
from tests.servers import environment

ROOT = Path(__file__).resolve().parents[2]
ROWS = 3_000
# A worker takes the job up; a second one that comes after the kill finds what the first left.
WORK = """
import sys
import django
django.setup()
from liancha.papers import feed
from liancha.registry import jobs
feed.BESIDE = 1000  # with a process beside, as for a large file
print("ready", flush=True)
jobs.import_file(int(sys.argv[1]), int(sys.argv[2]))
print("done", flush=True)
"""


def killed_after(url: str, home: Path, seconds: float | None, job: int, batch: int) -> None:
    """Let a process write the import and kill it so much later; None: let it."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORK, str(job), str(batch)],
        cwd=ROOT,
        env=environment(
            url, home, DJANGO_SETTINGS_MODULE="liancha.site.settings", DATABASE_POOL="0"
        ),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    if seconds is not None:
        time.sleep(seconds)
        process.kill()
    process.communicate(timeout=300)


def test_all_rows_are_there_or_none_and_the_page_says_which(
    in_database, committed_database, tmp_path, settings, client
):
    """kill -9 at some moments; each time the same file is asked for again, the last in peace."""
    home, moments = tmp_path / "home", random.Random(5)
    media = home / Path(django_settings.MEDIA_ROOT).name
    settings.MEDIA_ROOT = media
    media.mkdir(parents=True)
    write(media / "上传.csv", text(rows(ROWS)))
    with in_database():
        clerk = make_cast().zhou
        at = timezone.now()
        batch = actions.open_import(path="上传.csv", file_name="名录.csv", by=clerk, at=at)
        actions.check_import(batch=batch, by=clerk, at=at)
    for seconds in (*(moments.uniform(0.1, 0.9) for _ in range(3)), None):
        with in_database():
            batch.refresh_from_db()
            if batch.written_at:
                break
            job = queue.start_job(
                name="写入", about=f"registry.import:{batch.pk}", by=clerk, at=timezone.now()
            )
            actions.attach_job(batch=batch, job=job)
        killed_after(committed_database, home, seconds, job.pk, batch.pk)
        with in_database():
            batch.refresh_from_db()
            is_there = batch.written_at is not None
            assert Target.objects.count() == (ROWS if is_there else 0)
            assert Tagging.objects.exists() is is_there
            assert Target.objects.came_with(batch).count() == (ROWS if is_there else 0)
            assert Entry.objects.filter(what="registry.import").count() == is_there
            job.refresh_from_db()
            assert (job.state == JobState.DONE) is is_there
            # Half a minute later whoever looks at the page is told, and may ask again.
            Job.objects.filter(state=JobState.WAITING).update(state=JobState.CANCELLED)
            Job.objects.filter(pk=job.pk).update(beat_at=timezone.now() - timedelta(minutes=1))
            client.force_login(clerk, backend="liancha.accounts.backends.WithDepartment")
            page = client.get(f"/targets/imports/{batch.pk}/").content.decode()
            # The upload goes after the commit; what a kill between the two left goes at this look.
            assert (media / "上传.csv").exists() is not is_there
            if is_there:
                assert "已写入" in page
            elif job.state == JobState.RUNNING:
                assert "后台进程中途停了，没有写入任何内容" in page
                assert f"写入 {ROWS:,} 户" in page
    with in_database():
        assert Import.objects.get().written_at is not None
        assert list(ledger.flaws()) == []


def test_an_upload_left_between_commit_and_clean_up_goes_at_the_next_look(
    db, tmp_path, settings, client
):
    """Nothing asked for the file again: a written import's page sweeps, an open one's does not."""
    settings.MEDIA_ROOT = tmp_path
    clerk, at = make_cast().zhou, timezone.now()
    client.force_login(clerk, backend="liancha.accounts.backends.WithDepartment")
    write(tmp_path / "上传.csv", text(rows(3)))
    batch = actions.open_import(path="上传.csv", file_name="名录.csv", by=clerk, at=at)
    client.get(f"/targets/imports/{batch.pk}/")
    assert (tmp_path / "上传.csv").exists()
    Import.objects.filter(pk=batch.pk).update(checked_at=at, written_at=at)  # and killed here
    client.get(f"/targets/imports/{batch.pk}/")
    assert not (tmp_path / "上传.csv").exists()
    assert Import.objects.get().path == ""


# ── A server is killed while a person waits for a small file ──────────────────────────────────

FEW = 12


@dataclass(frozen=True)
class Way:
    """One way in: (titles, rows) of its file, what it is sent with, and what it leaves.

    entry  the event of the ledger
    there  how many of FEW rows are in the tables; all must say the same
    keeps  whether the file waits below the media folder
    """

    entry: str
    file: Callable[[], str]
    address: Callable[[Any], str]
    there: Callable[[], set[int]]
    by: str = "zhou"
    keeps: bool = True
    more: tuple[tuple[str, str], ...] = ()
    says: str = "尚未写入"


def list_address(cast: Any) -> str:
    version = draft(cast, LICENCE, kind="items")
    return f"/lists/{version.kind}/{version.pk}/import/"


def items() -> str:
    line = (
        "登记事项检查",
        "名称{}的检查",
        "企业",
        "一般检查事项",
        "现场检查",
        "市监部门",
        "规定",
        "市监",
    )
    lines = [",".join((*CHECK_ITEM_COLUMNS, "部门"))]
    return "\n".join(lines + [",".join(line).format(n) for n in range(FEW)])


def people() -> str:
    lines = [f"林知{n},160300000{n:02},2024-01-01,2028-12-31" for n in range(FEW)]
    return "\n".join(("姓名,执法证号,有效期自,有效期至", *lines))


def classed() -> str:
    lines = [f"{each.code},D" for each in Target.objects.all()]
    return "\n".join(("统一社会信用代码,信用风险分类", *lines))


def credit_address(cast: Any) -> str:
    for n in range(1, FEW + 1):
        write_target(n, credit_class="A")
    return "/targets/credit/"


CREDIT = Way(
    "registry.set_credit",
    classed,
    credit_address,
    lambda: {
        Target.objects.filter(credit_class="D").count(),
        Target.objects.filter(credit_source="十一月").count(),
    },
    more=(("source", "十一月"), ("on", NOON.date().isoformat())),
)
WAYS = {
    "straight into an empty registry": Way(
        "registry.import",
        lambda: text(rows(FEW)),
        lambda cast: "/targets/import/",
        lambda: {Target.objects.count(), Tagging.objects.values("target").distinct().count()},
    ),
    "a list": Way(
        "lists.import",
        items,
        list_address,
        lambda: {CheckItem.objects.filter(name__startswith="名称").count()},
        keeps=False,
    ),
    "a roster": Way(
        "roster.import_inspectors",
        people,
        lambda cast: "/inspectors/import/",
        lambda: {Inspector.objects.count(), Certificate.objects.count()},
        by="shen",
        keeps=False,
    ),
    "the classes of a month": CREDIT,
}


def sent(client: Any, way: Way, cast: Any) -> str:
    """The page of a file that was looked at."""
    client.force_login(getattr(cast, way.by), backend="liancha.accounts.backends.WithDepartment")
    address = way.address(cast)
    file = SimpleUploadedFile("表.csv", way.file().encode())
    response = client.post(address, {"file": file, **dict(way.more)})
    assert response.status_code == 302, response.content.decode()
    return response["Location"]


def files(media: Path) -> list[Path]:
    return [each for each in media.rglob("*") if each.is_file()]


@pytest.mark.parametrize("name", WAYS)
def test_a_small_import_is_written_whole_or_not_at_all(
    name, in_database, tmp_path, settings, client
):
    """kill -9 while it is written, at the last moment before its commit, and at the first after."""
    settings.MEDIA_ROOT, way = tmp_path, WAYS[name]
    with in_database():
        page = sent(client, way, make_cast())
        before = Entry.objects.filter(what=way.entry).count()

        def write_it() -> None:
            client.post(f"{page}commit/")

        count = statements(write_it)
        for moment in MOMENTS:
            kill(write_it, moment, of=count)
            is_there = moment == AFTER
            assert way.there() == {FEW if is_there else 0}
            assert Entry.objects.filter(what=way.entry).count() - before == is_there
            shown = client.get(page).content.decode()
            assert ("尚未写入" in shown) is not is_there
            assert (f"{page}commit/" in shown) is not is_there
            assert bool(files(tmp_path)) is (way.keeps and not is_there)
        assert "已写入" in shown
        assert list(ledger.flaws()) == []


def test_the_classes_of_a_month_in_the_worker(in_database, tmp_path, settings, client, monkeypatch):
    """As with a large register: after each kill whoever looks is told, and may ask again."""
    settings.MEDIA_ROOT = tmp_path
    with in_database():
        page = sent(client, CREDIT, make_cast())
        batch = CreditBatch.objects.get()
        monkeypatch.setattr(credit, "ROWS_AT_ONCE", 1)
        monkeypatch.setattr(queue, "_enqueue", lambda *job: None)  # a worker of ours takes it

        def write_it() -> None:
            jobs.write_credit(batch.job_id, batch.pk)

        count = 0
        for moment in (0.6, 0.9, BEFORE, AFTER):
            client.post(f"{page}commit/")
            batch.refresh_from_db()
            count = count or statements(write_it)
            kill(write_it, moment, of=count)
            is_there = moment == AFTER
            assert CREDIT.there() == {FEW if is_there else 0}
            assert CreditChange.objects.count() == FEW  # of the look, or of the writing
            assert Entry.objects.filter(what=CREDIT.entry).count() == is_there
            live = Job.objects.filter(state=JobState.RUNNING)
            assert live.update(beat_at=timezone.now() - timedelta(minutes=1)) == (not is_there)
            shown = client.get(page).content.decode()
            assert ("没有写入。</b>后台进程中途停了，没有写入任何内容" in shown) is not is_there
            assert (f"{page}commit/" in shown) is not is_there
            assert bool(files(tmp_path)) is not is_there
        assert "已写入" in shown
        assert list(ledger.flaws()) == []
