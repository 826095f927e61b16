"""Large pools: frozen and locked by the worker, with a bar, once, all or nothing (arts. 18, 19)."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from liancha.draw import background, frames, freezing, frozen, jobs
from liancha.draw.models import Candidate, Draw, DrawnTarget, FrozenPage, Reckoning
from liancha.ledger import queries as ledger
from liancha.ledger.models import Entry, Seal
from liancha.queue import actions as queue
from liancha.queue.models import Job
from liancha.registry.models import Target
from liancha.rulebook import bundle
from liancha.rulebook.lifecycles import DrawState, JobState, TaskState
from tests.people import NOON
from tests.rooms import draw_world as w
from tests.rooms import supplement_world as s
from tests.rooms.draw_world import as_, text, url
from tests.servers import environment

ROOT = Path(__file__).resolve().parents[2]
LATE = timedelta(minutes=1)
REASON = {"reason": "分类是全市统一口径"}


@pytest.fixture(autouse=True)
def large(settings):
    """Every pool of these tests is large."""
    settings.LIANCHA_BACKGROUND_FROM = 10
    cache.clear()


@pytest.fixture
def world(db):
    return w.make_world()


@pytest.fixture
def part():
    """What htmx says when it fetches a part of a page."""
    return {"HTTP_HX_REQUEST": "true"}


def job_of(client, job: Job) -> dict[str, object]:
    return client.get(reverse("queue:progress", args=[job.pk])).json()


class TestFreeze:
    def test_the_page_comes_at_once_and_the_counts_follow(self, world, part):
        shen = as_(world, "shen")
        page = shen.get(url("pool", world.task.pk))
        assert "正在统计约 76 户" in text(page)
        assert f'hx-get="{url("pool", world.task.pk)}"' in page.content.decode()
        counted = shen.get(url("pool", world.task.pk), **part)
        assert "冻结 76 户的待抽检库" in text(counted)
        assert "<html" not in counted.content.decode()

    def test_what_is_set_aside_counts_at_once(self, world, part):
        shen = as_(world, "shen")
        shen.get(url("pool", world.task.pk), **part)
        shen.post(url("set_aside", world.task.pk, world.targets[0].pk), {"reason": "停业装修"})
        assert "冻结 75 户" in text(shen.get(url("pool", world.task.pk), **part))

    def test_two_clicks_are_one_job_and_one_draw(
        self, world, part, django_capture_on_commit_callbacks
    ):
        shen = as_(world, "shen")
        with django_capture_on_commit_callbacks() as waiting:
            for _ in range(2):
                answer = shen.post(url("freeze", world.task.pk), REASON)
                assert answer["Location"] == url("pool", world.task.pk)
        job = Job.objects.get()
        assert len(waiting) == 1
        assert not Draw.objects.exists()
        page = shen.get(url("pool", world.task.pk), **part).content.decode()
        assert f'data-work="{reverse("queue:progress", args=[job.pk])}"' in page
        assert "冻结待抽检库</button>" not in page

        waiting[0]()

        draw = Draw.objects.get()
        told = job_of(shen, job)
        assert (told["state"], told["url"]) == ("done", draw.get_absolute_url())
        assert draw.frame_size == 76
        assert bundle.frame_of(frames.frame_of(draw)) == frames.logged_frame(draw)
        assert draw.frozen_by == world.cast.shen
        jobs.freeze(job.pk, world.task.pk, "")  # the queue delivers at least once
        assert Draw.objects.count() == 1

    def test_what_would_be_refused_is_refused_before_the_work(self, world):
        shen = as_(world, "shen")
        Target.objects.filter(credit_class="D").exclude(pk=world.targets[-1].pk).update(
            credit_class="C"
        )
        asked = shen.post(url("freeze", world.task.pk))
        assert asked.status_code == 409
        assert "D 只有 1 户" in text(asked)
        assert not Job.objects.exists()

    def test_stopped_before_it_is_written_nothing_is(self, world, part):
        job = background.freeze(task=world.task, reason="x", by=world.cast.shen, at=NOON)
        shen = as_(world, "shen")
        assert shen.post(reverse("queue:stop", args=[job.pk])).status_code == 302

        jobs.freeze(job.pk, world.task.pk, "x")

        assert not Draw.objects.exists()
        page = text(shen.get(url("pool", world.task.pk), **part))
        assert "已停止，没有写入任何内容" in page
        assert "冻结待抽检库" in page

    def test_stopped_while_it_reads_nothing_is_written(self, world, monkeypatch):
        monkeypatch.setattr(freezing, "PAGE", 20)
        job = background.freeze(task=world.task, reason="x", by=world.cast.shen, at=NOON)
        written = frozen.written

        def stopped_meanwhile(rows):
            queue.stop(job=job, by=world.cast.shen, at=NOON)
            return written(rows)

        monkeypatch.setattr(frozen, "written", stopped_meanwhile)
        jobs.freeze(job.pk, world.task.pk, "x")

        job.refresh_from_db()
        assert (job.state, Draw.objects.count()) == (JobState.CANCELLED, 0)

    def test_choices_that_change_meanwhile_stop_it_in_words(self, world, part, monkeypatch):
        job = background.freeze(task=world.task, reason="x", by=world.cast.shen, at=NOON)
        prepare = freezing.prepare

        def and_then_somebody_chooses(*args, **options):
            made = prepare(*args, **options)
            world.task.set_aside.create(
                target=world.targets[0], reason="停业装修", by=world.cast.shen, at=NOON
            )
            return made

        monkeypatch.setattr(freezing, "prepare", and_then_somebody_chooses)
        jobs.freeze(job.pk, world.task.pk, "x")

        assert not Draw.objects.exists()
        page = text(as_(world, "shen").get(url("pool", world.task.pk), **part))
        assert "上一次没有办成" in page
        assert "再冻结一次" in page

    def test_a_worker_that_died_is_missed_and_the_step_offered_again(self, world, part):
        job = background.freeze(task=world.task, reason="x", by=world.cast.shen, at=timezone.now())
        long_ago = timezone.now() - LATE
        queue.take_up(job=job, at=long_ago)
        shen = as_(world, "shen")
        assert job_of(shen, job)["state"] == "failed"
        page = text(shen.get(url("pool", world.task.pk), **part))
        assert "后台进程中途停了，没有写入任何内容" in page
        assert "冻结待抽检库" in page
        again = background.freeze(task=world.task, reason="x", by=world.cast.shen, at=NOON)
        assert again.pk != job.pk
        jobs.freeze(job.pk, world.task.pk, "x")  # the dead job comes round once more
        assert not Draw.objects.exists()

    def test_nobody_takes_it_up_and_the_bar_says_so(self, world):
        asked_at = timezone.now() - LATE
        job = background.freeze(task=world.task, reason="x", by=world.cast.shen, at=asked_at)
        assert "后台进程是否在运行" in str(job_of(as_(world, "shen"), job)["note"])

    def test_a_small_pool_needs_no_worker(self, world, settings):
        settings.LIANCHA_BACKGROUND_FROM = 5_000
        shen = as_(world, "shen")
        assert shen.post(url("freeze", world.task.pk), REASON)["Location"].startswith("/draws/")
        assert not Job.objects.exists()


class TestLock:
    def test_two_clicks_are_one_job_and_one_list(self, world, django_capture_on_commit_callbacks):
        draw = w.computed(world)
        shen = as_(world, "shen")
        frames.reckon(draw)
        with django_capture_on_commit_callbacks() as waiting:
            for _ in range(2):
                assert shen.post(url("lock", draw.pk))["Location"] == draw.get_absolute_url()
        assert (Job.objects.count(), len(waiting)) == (1, 1)
        page = shen.get(url("draw", draw.pk)).content.decode()
        assert f'data-work="{reverse("queue:progress", args=[Job.objects.get().pk])}"' in page
        assert "锁定名单</button>" not in page
        assert "正在锁定名单" in text(as_(world, "cheng").get(url("draw", draw.pk)))

        waiting[0]()

        draw.refresh_from_db()
        assert (draw.state, draw.drawn.count()) == (DrawState.LOCKED, 7)
        assert job_of(shen, Job.objects.get())["state"] == "done"
        assert set(draw.candidates.values_list("code", flat=True)) == {
            line.code for line in frames.outcome(draw).drawing.lines
        }

    def test_the_worker_computes_what_the_screens_show(
        self, world, django_capture_on_commit_callbacks
    ):
        draw = w.computed(world)
        shen = as_(world, "shen")
        with django_capture_on_commit_callbacks() as waiting:
            page = shen.get(url("draw", draw.pk)).content.decode()
            as_(world, "lu").get(url("hall", draw.pk))
        assert "正在算出名单" in page
        assert len(waiting) == 1
        version = re.search(r"live/\?v=([^\"]+)\"", page)[1]

        waiting[0]()

        name = w.first_name(draw)
        assert name in text(shen.get(f"{url('live', draw.pk)}?v={version}"))
        assert frames.reckoned(draw, frames.outcome(draw).seed) == frames.outcome(draw)

    def test_screens_that_showed_another_list_stop_the_lock(self, world):
        """What an engine gave for the screens is compared with what the plain one computes."""
        draw = w.computed(world)
        found = frames.outcome(draw)
        first, *others = [list(line) for line in found.drawing.lines]
        code = next(line.code for line in frozen.lines(draw) if line.code != first[3])
        Reckoning.objects.create(
            draw=draw,
            seed=found.seed,
            lines=[[*first[:3], code, *first[4:]], *others],
            thresholds=list(found.drawing.thresholds),
        )
        job = background.lock(draw=draw, by=world.cast.shen, at=NOON)
        jobs.lock(job.pk, draw.pk)
        job.refresh_from_db()
        draw.refresh_from_db()
        assert (job.state, draw.state) == (JobState.FAILED, DrawState.CLOSED)
        assert "抽中清单第 1 行" in job.message

    def test_a_value_that_is_corrected_meanwhile_stops_it(self, world, monkeypatch):
        draw = w.computed(world)
        job = background.lock(draw=draw, by=world.cast.shen, at=NOON)
        checked = frames.checked_for_lock

        def and_then_somebody_corrects(*args):
            made = checked(*args)
            Draw.objects.filter(pk=draw.pk).update(beacon_value="03 08 15 19 26 33 + 08")
            return made

        monkeypatch.setattr(frames, "checked_for_lock", and_then_somebody_corrects)
        jobs.lock(job.pk, draw.pk)

        job.refresh_from_db()
        draw.refresh_from_db()
        assert (job.state, draw.state) == (JobState.FAILED, DrawState.CLOSED)
        assert "没有锁定" in job.message
        assert not DrawnTarget.objects.exists()
        assert not Candidate.objects.exists()
        assert "没有锁定" in text(as_(world, "shen").get(url("draw", draw.pk)))

    def test_a_changed_frame_is_found_before_anything_is_written(self, world, monkeypatch):
        draw = w.computed(world)
        monkeypatch.setattr(frames, "frame_of", lambda draw: b"9\tA\t" + b"0" * 32 + b"\n")
        job = background.lock(draw=draw, by=world.cast.shen, at=NOON)
        jobs.lock(job.pk, draw.pk)
        job.refresh_from_db()
        assert "与冻结时存证的不一致" in job.message


class TestPages:
    """What the pages of a frozen pool hold, and how they are read."""

    def test_a_name_with_the_letters_that_part_cells_comes_back(self, world):
        odd = "甲\t乙\\t丙\n丁"
        Target.objects.filter(pk=world.targets[3].pk).update(name=odd)
        draw = w.freeze(world)
        code = world.targets[3].code
        assert frozen.found(draw, [code, "9" * 18])[code].name == odd
        assert len(frozen.lines(draw)) == 76

    def test_leafing_and_searching_over_many_pages(self, world, monkeypatch):
        monkeypatch.setattr(frozen, "ROWS", 7)
        draw = w.freeze(world)
        everybody = frozen.lines(draw)
        assert FrozenPage.objects.filter(draw=draw).count() == 11
        assert [line.code for line in everybody] == sorted(t.code for t in world.targets)
        leaves = frozen.Listing(draw, frozen.In)
        assert len(leaves) == 76
        assert [leaves[start : start + 20] for start in (0, 20, 40, 60)] == [
            everybody[start : start + 20] for start in (0, 20, 40, 60)
        ]
        assert leaves[76:90] == []
        assert len(frozen.Listing(draw, frozen.In, choice="D")) == 6
        assert [each.name for each in frozen.Listing(draw, frozen.In, text="第76宾")] == [
            "洛阳第76宾馆"
        ]
        own = world.targets[40].code
        assert [each.code for each in frozen.Listing(draw, frozen.In, text=own.lower())] == [own]
        monkeypatch.setattr(frozen, "MOST_FOUND", 5)
        assert frozen.Listing(draw, frozen.In, text="宾馆").is_cut_short


# ── The worker is killed ──────────────────────────────────────────────────────────────────────

WORK = """
import django
django.setup()
from liancha.draw import freezing, jobs
from liancha.queue.models import Job
from liancha.draw.models import Draw
from liancha.task.models import Task
freezing.PAGE = 50
job = Job.objects.filter(state="waiting").latest("pk")
print("ready", flush=True)
if "freeze" in job.about:
    jobs.freeze(job.pk, Task.objects.get().pk, "x")
else:
    jobs.lock(job.pk, Draw.objects.get().pk)
print("done", flush=True)
"""


def killed_after(url: str, home: Path, seconds: float | None) -> bool:
    """Let a process do the waiting job and kill it so much later; whether it was done first."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORK],
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
    return "done" in process.communicate(timeout=300)[0]


def test_killed_at_any_moment_there_is_nothing_or_everything(
    in_database, committed_database, tmp_path
):
    """kill -9 while freezing and while locking; at the end both are done, once."""
    moments = random.Random(1814)
    with in_database():
        world = w.make_world(classes="A" * 300 + "B" * 200 + "C" * 100 + "D" * 20)
    for seconds in (*(moments.uniform(0, 0.25) for _ in range(3)), None):
        with in_database():
            if Draw.objects.exists():
                break
            Job.objects.update(state=JobState.FAILED)
            queue.start_job(
                name="x", about=background.freezing_of(world.task), by=world.cast.shen, at=NOON
            )
        killed_after(committed_database, tmp_path, seconds)
        with in_database():
            is_there = Draw.objects.exists()
            world.task.refresh_from_db()
            assert (world.task.state == TaskState.POOL_FROZEN) is is_there
            assert FrozenPage.objects.exists() is is_there
            assert Seal.objects.filter(subject__startswith="frame:").exists() is is_there
            assert Entry.objects.filter(what="draw.freeze").exists() is is_there
            assert Job.objects.filter(state=JobState.DONE).exists() is is_there

    with in_database():
        draw = Draw.objects.get()
        assert bundle.frame_of(frames.frame_of(draw)) == frames.logged_frame(draw)
        w.open_rule(world, draw, "WJ")
        w.commit(world, draw)
        w.reveal(world, draw)
        Draw.objects.filter(pk=draw.pk).update(
            beacon_value=w.LOTTERY_VALUE, beacon_at=w.DUE, beacon_by=world.cast.shen
        )
    for seconds in (*(moments.uniform(0, 0.25) for _ in range(3)), None):
        with in_database():
            if DrawnTarget.objects.exists():
                break
            Job.objects.filter(state__in=("waiting", "running")).update(state=JobState.FAILED)
            queue.start_job(
                name="x", about=background.locking_of(draw), by=world.cast.shen, at=NOON
            )
        killed_after(committed_database, tmp_path, seconds)
        with in_database():
            draw.refresh_from_db()
            is_there = draw.state == DrawState.LOCKED
            assert (draw.drawn.count() == draw.quota) is is_there
            assert Candidate.objects.exists() is is_there
            assert Seal.objects.filter(subject=f"draw:{draw.pk}").exists() is is_there
            assert Entry.objects.filter(what="draw.lock").exists() is is_there
    with in_database():
        draw.refresh_from_db()
        assert draw.state == DrawState.LOCKED
        assert list(ledger.flaws()) == []
        connection.close()


class TestFurtherBatch:
    def test_what_a_large_batch_left_is_frozen_by_the_worker(
        self, world, django_capture_on_commit_callbacks
    ):
        """The click comes back at once; two clicks are one job; the pool is what was left."""
        after = w.locked(world)
        asked = s.agreed(world, after, {after.strata[0]["name"]: 1})
        shen = as_(world, "shen")
        with django_capture_on_commit_callbacks() as waiting:
            for _ in range(2):
                answer = shen.post(url("freeze_supplement", asked.pk))
                assert answer["Location"] == url("batches", world.task.pk)
        job = Job.objects.get(about=background.further_of(asked))
        assert len(waiting) == 1
        page = shen.get(url("batches", world.task.pk)).content.decode()
        assert f'data-work="{reverse("queue:progress", args=[job.pk])}"' in page
        assert "冻结补抽的库</button>" not in page

        waiting[0]()

        asked.refresh_from_db()
        assert asked.draw.frame_size == after.frame_size - after.quota
        assert bundle.frame_of(frames.frame_of(asked.draw)) == frames.logged_frame(asked.draw)
        assert not {line.code for line in frozen.lines(asked.draw)} & set(
            after.drawn.values_list("candidate__code", flat=True)
        )
        assert job_of(shen, job)["url"] == asked.draw.get_absolute_url()
        jobs.freeze_supplement(job.pk, asked.pk)  # the queue delivers at least once
        assert Draw.objects.filter(supplements=after).count() == 1
