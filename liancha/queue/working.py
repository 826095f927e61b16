"""How a worker does a job that tells how far it is: taken up once, heard of every second, ended.

The work itself must not write until its end, then all at once, and calls `Report.complete` in that
transaction. Progress goes out on a connection of its own, so that others see it meanwhile, and a
worker that is killed is missed within seconds. Nothing here knows what the work is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from django.db import DatabaseError, connection, connections
from django.utils import timezone

from liancha.rulebook.lifecycles import JobState
from liancha.rulebook.verdicts import Blocked, NeedsReason

from . import actions
from .actions import Stopped
from .models import Job

SECOND = 1.0
log = logging.getLogger(__name__)


class Report:
    """What the work says while it goes on. Call it with (done, total); it raises Stopped."""

    def __init__(self, job: Job, message: str) -> None:
        self.job = job
        self.done, self.total, self.message = 0, job.total, message
        self.is_direct = connection.in_atomic_block
        self.is_stopped = False

    def __call__(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        if self.is_direct:
            self.send()
        if self.is_stopped:
            raise Stopped

    def say(self, message: str) -> None:
        """What is being done now, for the person who waits."""
        self.message = message
        self(self.done, self.total)

    def send(self) -> None:
        try:
            actions.beat(
                job=self.job,
                done=self.done,
                total=self.total,
                message=self.message,
                at=timezone.now(),
            )
        except Stopped:
            self.is_stopped = True

    def complete(self, message: str, leads_to: str = "") -> None:
        """It is done: call it inside the transaction that writes."""
        actions.complete(job=self.job, message=message, leads_to=leads_to, at=timezone.now())


def carry_out(key: int, message: str, do: Callable[[Report], None]) -> None:
    """Take a job up and do it; for a second worker, or a job that was stopped, nothing happens.

    A refusal ends the job as failed with its sentence. A fault of ours does too, and goes on to
    the worker's log.
    """
    job = Job.objects.get(pk=key)
    try:
        actions.take_up(job=job, at=timezone.now())
        report = Report(job, message)
        with _heard(report):
            do(report)
    except Stopped:
        return
    except (Blocked, NeedsReason) as refusal:
        _fail(job, str(refusal))
    except Exception:
        _fail(
            job,
            "后台办理时出错，没有写入任何内容。请再办一次；再出错的，请系统管理员看后台日志。",
        )
        raise


def _fail(job: Job, message: str) -> None:
    actions.finish(job=job, message=message, at=timezone.now(), state=JobState.FAILED)


@contextmanager
def _heard(report: Report) -> Iterator[None]:
    """Send the report once a second from a thread, until the work ends."""
    if report.is_direct:
        yield
        return
    over = Event()
    thread = Thread(target=_send_until, args=(report, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _send_until(report: Report, over: Event) -> None:
    try:
        while not over.wait(SECOND):
            try:
                report.send()
            except DatabaseError:  # the database is busy: the next second will do
                log.info("%s: could not say how far it is", report.job, exc_info=True)
    finally:
        connections.close_all()
