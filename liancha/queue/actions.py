"""What can happen in this room: a job is asked for, gets on, ends. `later` is the way to ask."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from importlib import import_module

from django.db import IntegrityError, OperationalError, transaction

from liancha.accounts.models import User
from liancha.rulebook.lifecycles import JobState

from .models import LIVE, Job

Progress = Callable[[int, int], None]
SILENCE = timedelta(seconds=30)  # a worker that has not been heard of for so long is dead


class Stopped(Exception):
    """The owner has asked the job to stop; whatever it was writing is rolled back."""


class Twice(Exception):
    """There is a live job about this already."""

    def __init__(self, job: Job) -> None:
        super().__init__(str(job))
        self.job = job


def later(job: str, *args: int | str) -> None:
    """Run `liancha.<room>.jobs.<name>(*args)` in the worker, after and only if this commits."""
    transaction.on_commit(partial(_enqueue, job, args))


def at(moment: datetime, job: str, *args: int | str) -> None:
    """The same at a given moment, or as soon as the worker is there again after it."""
    transaction.on_commit(partial(_schedule, moment, job, args))


def start_job(*, name: str, about: str = "", total: int = 0, by: User | None, at: datetime) -> Job:
    """Open a progress row for long work; hand its pk to the job that `later` names.

    about  the thing it is for; while a job about it is live, Twice is raised with that job
    """
    if about:
        bury_dead(about=about, at=at)
        if there := Job.objects.live().about(about).first():
            raise Twice(there)
    try:
        with transaction.atomic():
            return Job.objects.create(name=name, about=about, owner=by, total=total, asked_at=at)
    except IntegrityError:
        raise Twice(Job.objects.live().about(about).get()) from None


def take_up(*, job: Job, at: datetime) -> None:
    """A worker begins. Raises Stopped when it was stopped, ended, or another worker has it."""
    waiting = Job.objects.filter(pk=job.pk, state=JobState.WAITING)
    if not waiting.update(state=JobState.RUNNING, beat_at=at):
        raise Stopped


def beat(*, job: Job, done: int, total: int, message: str, at: datetime) -> None:
    """The worker lives and is so far. Raises Stopped when it should not go on."""
    running = Job.objects.filter(pk=job.pk, state=JobState.RUNNING)
    if not running.update(beat_at=at, done=done, total=total, message=message[:300]):
        raise Stopped


def complete(*, job: Job, message: str, leads_to: str = "", at: datetime) -> None:
    """Done, in the transaction that writes the work itself: both are true or neither is.

    Raises Stopped when the owner has stopped it; the work is then rolled back.
    """
    running = Job.objects.filter(pk=job.pk, state=JobState.RUNNING)
    if not running.update(
        state=JobState.DONE, message=message[:300], leads_to=leads_to, ended_at=at
    ):
        raise Stopped


def bury_dead(*, about: str, at: datetime) -> None:
    """A job whose worker has fallen silent ends as failed, so that it can be asked for again."""
    dead = Job.objects.filter(about=about, state=JobState.RUNNING, beat_at__lt=at - SILENCE)
    if not dead.exists():  # so that a page that only asks need not wait for its turn to write
        return
    # Silent because it is just writing, it keeps the database busy: then it is not dead.
    with suppress(OperationalError), transaction.atomic():
        dead.update(
            state=JobState.FAILED,
            ended_at=at,
            message="后台进程中途停了，没有写入任何内容。"
            "请再办一次；再停的，请系统管理员看后台日志。",
        )


def advance(*, job: Job, done: int, total: int, message: str = "") -> None:
    """Say how far it is. Raises Stopped when the owner has asked to stop.

    Outside the work's own transaction nobody could see it, so the caller reports between chunks
    through a connection of its own (see `reporting`).
    """
    changed = Job.objects.filter(pk=job.pk).exclude(state=JobState.CANCELLED)
    if not changed.update(state=JobState.RUNNING, done=done, total=total, message=message):
        raise Stopped


def finish(*, job: Job, message: str, at: datetime, state: JobState = JobState.DONE) -> None:
    """Say what came of it: done, or failed with a sentence for the person who asked."""
    Job.objects.filter(pk=job.pk).update(state=state, message=message[:300], ended_at=at)


def stop(*, job: Job, by: User, at: datetime) -> None:
    """Ask a waiting or running job to stop; it does at its next step."""
    Job.objects.filter(pk=job.pk, owner=by, state__in=LIVE).update(
        state=JobState.CANCELLED, ended_at=at, message="已停止，没有写入任何内容。"
    )


def run(job: str, *args: int | str) -> None:
    """Find the named job and run it: what the worker calls."""
    room, name = job.split(".")
    getattr(import_module(f"liancha.{room}.jobs"), name)(*args)


def _enqueue(job: str, args: tuple[int | str, ...]) -> None:
    from django_q.tasks import async_task

    async_task("liancha.queue.actions.run", job, *args, task_name=job[:100])


def _schedule(moment: datetime, job: str, args: tuple[int | str, ...]) -> None:
    from django_q.models import Schedule
    from django_q.tasks import schedule

    schedule(
        "liancha.queue.actions.run",
        job,
        *args,
        schedule_type=Schedule.ONCE,
        next_run=moment,
    )
