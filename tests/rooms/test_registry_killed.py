"""A worker is killed in the middle of an import: nothing of it is there, or all (art. 11)."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings as django_settings
from django.utils import timezone

from liancha.ledger import queries as ledger
from liancha.ledger.models import Entry
from liancha.queue import actions as queue
from liancha.queue.models import Job
from liancha.registry import actions
from liancha.registry.models import Import, Tagging, Target
from liancha.rulebook.lifecycles import JobState
from tests.conftest import environment
from tests.people import make_cast
from tests.rooms.registers import rows, text, write

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
    process.communicate(timeout=60)


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
            client.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")
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
    client.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")
    write(tmp_path / "上传.csv", text(rows(3)))
    batch = actions.open_import(path="上传.csv", file_name="名录.csv", by=clerk, at=at)
    client.get(f"/targets/imports/{batch.pk}/")
    assert (tmp_path / "上传.csv").exists()
    Import.objects.filter(pk=batch.pk).update(checked_at=at, written_at=at)  # and killed here
    client.get(f"/targets/imports/{batch.pk}/")
    assert not (tmp_path / "上传.csv").exists()
    assert Import.objects.get().path == ""
