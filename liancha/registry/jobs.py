"""Long work of this room, in the background: a big file is looked at or written; tags again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from liancha.accounts.models import User
from liancha.lists.models import ListVersion
from liancha.papers.faults import Unreadable
from liancha.queue import actions as queue
from liancha.queue.models import Job
from liancha.rulebook.lifecycles import JobState
from liancha.rulebook.verdicts import Blocked

from . import actions
from .models import Import


def check_file(batch: int) -> None:
    """The dry run of an uploaded file, with its progress on the page."""
    found = Import.objects.select_related("job", "by").get(pk=batch)
    job = found.job

    def progress(done: int, total: int) -> None:
        if job:
            queue.advance(job=job, done=done, total=total, message=f"已看 {done} 行")

    try:
        actions.check_import(batch=found, by=found.by, at=timezone.now(), progress=progress)
    except queue.Stopped:
        return
    except (Unreadable, Blocked) as fault:
        _end(job, str(fault), JobState.FAILED)
    else:
        _end(job, f"试算完成，共 {found.rows} 行")


def import_file(batch: int) -> None:
    """Write a file that was looked at."""
    found = Import.objects.select_related("job", "by").get(pk=batch)
    if found.by is None:
        return
    if found.job:
        queue.advance(job=found.job, done=0, total=0, message="正在写入，写完一次生效")
    try:
        found = actions.commit_import(batch=found, by=found.by, at=timezone.now())
    except (Unreadable, Blocked) as fault:
        _end(found.job, str(fault), JobState.FAILED)
    else:
        _end(found.job, f"已写入 {found.taken} 户")


def after_import(batch: int) -> None:
    """What an import brought can be searched, and what may be double waits in the queue."""
    found = Import.objects.filter(pk=batch, written_at__isnull=False).first()
    if found is None:
        return
    actions.fill_search(batch=found, at=timezone.now())
    actions.find_doubts(batch=found, by="system", at=timezone.now())


def import_credit(path: str, file_name: str, source: str, on: str, by: int) -> None:
    """Take over a big monthly file of classes; the page lists it when it is there."""
    place = Path(settings.MEDIA_ROOT) / path
    if not place.exists():
        return  # taken over already
    try:
        actions.import_credit(
            path=place,
            file_name=file_name,
            source=source,
            on=date.fromisoformat(on),
            by=User.objects.get(pk=by),
            at=timezone.now(),
        )
    finally:
        place.unlink(missing_ok=True)


def retag(job: int, by: int) -> None:
    """Apply the tag words to the whole registry."""
    found = Job.objects.get(pk=job)
    queue.advance(job=found, done=0, total=0, message="正在重新标注")
    given, taken = actions.retag(by=User.objects.get(pk=by), at=timezone.now())
    _end(found, f"加上 {given} 个标签，去掉 {taken} 个")


def sync_supervisors(version: int) -> None:
    """After a joint list is published: which departments supervise which kind of target."""
    actions.sync_supervisors(
        version=ListVersion.objects.get(pk=version), by="system", at=timezone.now()
    )


def _end(job: Job | None, message: str, state: JobState = JobState.DONE) -> None:
    if job:
        queue.finish(job=job, message=message, at=timezone.now(), state=state)
