"""What can happen in this room: a job is asked for, gets on, ends. `later` is the way to ask."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from importlib import import_module

from django.db import transaction

from liancha.accounts.models import User
from liancha.rulebook.lifecycles import JobState

from .models import Job

Progress = Callable[[int, int], None]


class Stopped(Exception):
    """The owner has asked the job to stop; whatever it was writing is rolled back."""


def later(job: str, *args: int | str) -> None:
    """Run `liancha.<room>.jobs.<name>(*args)` in the worker, after and only if this commits."""
    transaction.on_commit(partial(_enqueue, job, args))


def at(moment: datetime, job: str, *args: int | str) -> None:
    """The same at a given moment, or as soon as the worker is there again after it."""
    transaction.on_commit(partial(_schedule, moment, job, args))


def start_job(*, name: str, total: int = 0, by: User | None, at: datetime) -> Job:
    """Open a progress row for long work; hand its pk to the job that `later` names."""
    return Job.objects.create(name=name, owner=by, total=total, asked_at=at)


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
    Job.objects.filter(pk=job.pk, owner=by, state__in=(JobState.WAITING, JobState.RUNNING)).update(
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
