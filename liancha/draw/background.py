"""Large pools: freezing and locking are asked of the worker, so that no page waits for them.

A door asks here instead of calling the action. Whoever asks twice, from two tabs or with a double
click, is given the job that is there. What the jobs do is in `jobs`.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from django.conf import settings
from django.db import transaction

from liancha.accounts.models import User
from liancha.queue import actions as queue
from liancha.queue.models import Job
from liancha.task.models import Task

from .models import Draw, Supplement


def is_large(rows: int) -> bool:
    """Whether so many targets are the worker's."""
    return rows >= settings.LIANCHA_BACKGROUND_FROM


def freezing_of(task: Task) -> str:
    return f"draw.freeze:{task.pk}"


def further_of(supplement: Supplement) -> str:
    return f"draw.further:{supplement.pk}"


def locking_of(draw: Draw) -> str:
    return f"draw.lock:{draw.pk}"


def freeze(*, task: Task, reason: str, by: User, at: datetime) -> Job:
    """Have the pool of a task frozen. Returns the job, an earlier one while it is live."""
    return _ask(
        f"冻结待抽检库 {task.name}", freezing_of(task), "draw.freeze", task.pk, reason, by=by, at=at
    )


def freeze_supplement(*, supplement: Supplement, by: User, at: datetime) -> Job:
    """Have what a large batch left frozen for a further one."""
    name, about = f"冻结补抽的库 {supplement.after.number}", further_of(supplement)
    return _ask(name, about, "draw.freeze_supplement", supplement.pk, by=by, at=at)


def lock(*, draw: Draw, by: User, at: datetime) -> Job:
    """Have a draw of targets checked ticket by ticket and locked."""
    return _ask(f"锁定名单 {draw.number}", locking_of(draw), "draw.lock", draw.pk, by=by, at=at)


def reckon(*, draw: Draw, seed: str, at: datetime) -> None:
    """Have a large draw computed for its screens, unless that is being done."""
    about = f"draw.reckon:{draw.pk}:{seed[:16]}"
    with suppress(queue.Twice), transaction.atomic():
        row = queue.start_job(name=f"算出名单 {draw.number}"[:60], about=about, by=None, at=at)
        queue.later("draw.reckon", row.pk, draw.pk)


def _ask(name: str, about: str, job: str, *args: int | str, by: User, at: datetime) -> Job:
    try:
        with transaction.atomic():
            row = queue.start_job(name=name[:60], about=about, total=100, by=by, at=at)
            queue.later(job, row.pk, *args)
    except queue.Twice as there:
        return there.job
    return row


def last(about: str, now: datetime) -> Job | None:
    """The newest job about something, if it is under way or did not come to its end.

    One whose worker died is called failed here.
    """
    job = Job.objects.about(about).first()
    if job is not None and job.is_live:
        queue.bury_dead(about=about, at=now)
        job.refresh_from_db()
    return job if job is not None and not job.is_done else None
