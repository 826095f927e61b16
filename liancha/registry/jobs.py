"""Long work of this room, in the background: a big file is looked at or written; tags again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import transaction
from django.utils import timezone

from liancha.accounts.models import User
from liancha.lists.models import ListVersion
from liancha.papers.faults import Unreadable
from liancha.queue.working import Report, carry_out
from liancha.rulebook.verdicts import Blocked

from . import actions
from .models import CreditBatch, Import, StandingImport


def check_file(job: int, batch: int) -> None:
    """The dry run of an uploaded file, with its progress on the page."""

    def do(report: Report) -> None:
        found = Import.objects.select_related("by").get(pk=batch)
        with unreadable_as_blocked("11", 1):
            actions.check_import(
                batch=found,
                by=found.by,
                at=timezone.now(),
                progress=report,
                then=lambda done: report.complete(f"试算完成，共 {done.rows} 行"),
            )

    carry_out(job, "正在看文件", do)


def import_file(job: int, batch: int) -> None:
    """Write a file that was looked at: read it again, then all of it in one stroke."""

    def do(report: Report) -> None:
        found = Import.objects.select_related("by").get(pk=batch)
        if found.by is None:
            raise Blocked("没有导入人，不能写入。", article="11", paragraph=1)

        with unreadable_as_blocked("11", 1):
            actions.commit_import(
                batch=found,
                by=found.by,
                at=timezone.now(),
                progress=_telling(report, "正在核对并写入，写完一次生效"),
                then=lambda done: report.complete(f"已写入 {done.taken} 户"),
            )

    carry_out(job, "正在再读一遍文件，与名录库比对，还没有写入", do)


def undo_import(job: int, batch: int) -> None:
    """Take a large import back."""

    def do(report: Report) -> None:
        found, by = Import.objects.get(pk=batch), report.job.owner
        if by is None:
            raise Blocked("没有撤回人，不能撤回。", article="11", paragraph=1)
        actions.undo_import(
            batch=found,
            by=by,
            at=timezone.now(),
            progress=_telling(report, "正在撤回，完成后一次生效"),
            then=lambda done: report.complete(f"已撤回“{done.file_name}”"),
        )

    carry_out(job, "正在准备撤回，还没有改动", do)


@contextmanager
def unreadable_as_blocked(article: str, paragraph: int | None = None) -> Iterator[None]:
    """A file that is no table any more is told to the person, like every refusal."""
    try:
        yield
    except Unreadable as fault:
        raise Blocked(str(fault), article=article, paragraph=paragraph) from fault


def after_import(batch: int) -> None:
    """What an import brought can be searched, and what may be double waits in the queue."""
    found = Import.objects.filter(pk=batch, written_at__isnull=False).first()
    if found is None:
        return
    actions.sweep(batch=found)
    actions.fill_search(batch=found, at=timezone.now())
    actions.find_doubts(batch=found, by="system", at=timezone.now())


def after_undo(batch: int) -> None:
    """What an import that was taken back had brought is found no more, the rest as it is again."""
    found = Import.objects.filter(pk=batch, undone_at__isnull=False).first()
    if found is not None:
        actions.tidy_search(batch=found, at=timezone.now())


def look_credit(job: int, batch: int) -> None:
    """The dry run of a big monthly file of classes, with its progress on the page."""

    def do(report: Report) -> None:
        found = CreditBatch.objects.get(pk=batch)
        with unreadable_as_blocked("15"):
            actions.look_credit(
                batch=found,
                at=timezone.now(),
                progress=report,
                then=lambda done: report.complete(f"试算完成，共 {done.rows} 行"),
            )

    carry_out(job, "正在看文件", do)


def write_credit(job: int, batch: int) -> None:
    """Write a big monthly file of classes that was looked at, all of it in one stroke."""

    def do(report: Report) -> None:
        found, by = CreditBatch.objects.get(pk=batch), report.job.owner
        if by is None:
            raise Blocked("没有导入人，不能写入。", article="15")

        def progress(done: int, total: int) -> None:
            report(done, total)
            if done >= total:
                report.say("正在写入，写完一次生效")

        with unreadable_as_blocked("15"):
            actions.commit_credit(
                batch=found,
                by=by,
                at=timezone.now(),
                progress=progress,
                then=lambda done: report.complete(f"已写入，{done.changed} 户有变化"),
            )

    carry_out(job, "正在再读一遍文件，还没有写入", do)


def undo_credit(job: int, batch: int) -> None:
    """Take a big monthly file of classes back."""

    def do(report: Report) -> None:
        found, by = CreditBatch.objects.get(pk=batch), report.job.owner
        if by is None:
            raise Blocked("没有撤回人，不能撤回。", article="15")
        with transaction.atomic():
            done = actions.undo_credit(batch=found, by=by, at=timezone.now())
            report.complete(f"已撤回“{done.file_name}”")

    carry_out(job, "正在撤回，完成后一次生效", do)


def check_standing(job: int, batch: int) -> None:
    """The dry run of a large table of licences or marks, with its progress on the page."""

    def do(report: Report) -> None:
        found = StandingImport.objects.get(pk=batch)
        actions.check_standing(
            batch=found,
            by=_owner(report),
            at=timezone.now(),
            progress=report,
            then=lambda done: report.complete(f"试算完成，共 {done.rows} 行"),
        )

    carry_out(job, "正在试算，不写入", do)


def write_standing(job: int, batch: int) -> None:
    """Write a large table of licences or marks, all of it in one stroke."""

    def do(report: Report) -> None:
        found = StandingImport.objects.get(pk=batch)

        def progress(done: int, total: int) -> None:
            report(done, total)
            if done >= total:
                report.say("正在写入，写完一次生效")

        actions.commit_standing(
            batch=found,
            by=_owner(report),
            at=timezone.now(),
            progress=progress,
            then=lambda done: report.complete(f"已写入，新增 {done.added}，变更 {done.changed}"),
        )

    carry_out(job, "正在再核对一遍，还没有写入", do)


def undo_standing(job: int, batch: int) -> None:
    """Take a large table of licences or marks back."""

    def do(report: Report) -> None:
        actions.undo_standing(
            batch=StandingImport.objects.get(pk=batch),
            by=_owner(report),
            at=timezone.now(),
            then=lambda done: report.complete(f"已撤回“{done.file_name}”"),
        )

    carry_out(job, "正在撤回，完成后一次生效", do)


def _owner(report: Report) -> User:
    """Who asked for the job; a table is brought in and taken back by somebody."""
    if report.job.owner is None:
        raise Blocked("没有办理人，不能办理。", article="11", paragraph=1)
    return report.job.owner


def retag(job: int, by: int) -> None:
    """Apply the tag words to the whole registry: look at every target, then all in one stroke."""

    def do(report: Report) -> None:
        actions.retag(
            by=User.objects.get(pk=by),
            at=timezone.now(),
            progress=_telling(report, "正在写入，写完一次生效"),
            then=lambda given, taken: report.complete(f"加上 {given} 个标签，去掉 {taken} 个"),
        )

    carry_out(job, "正在按关键词逐户核对，还没有写入", do)


def sync_supervisors(version: int) -> None:
    """After a joint list is published: which departments supervise which kind of target."""
    actions.sync_supervisors(
        version=ListVersion.objects.get(pk=version), by="system", at=timezone.now()
    )


def _telling(report: Report, writing: str) -> Callable[[int, int], None]:
    """Progress with a sentence of its own from when all is looked at."""
    looking = report.message

    def progress(done: int, total: int) -> None:
        report.message = writing if done >= total else looking
        report(done, total)

    return progress
