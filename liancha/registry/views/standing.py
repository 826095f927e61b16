"""Licences and marks by table: upload, look at what would happen, write or give up, take back."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from liancha.accounts.models import User
from liancha.accounts.permissions import Permission, requires
from liancha.papers.doors import Acts, TableDoor, choose, filled_in, recent
from liancha.papers.downloads import workbook
from liancha.papers.writers import Sheet
from liancha.queue import actions as queue
from liancha.queue.asking import ask
from liancha.rulebook.lifecycles import JobState

from .. import actions, forms
from ..models import StandingImport, Target
from ..standing import tables

FEW = 5_000  # rows looked at, written and taken back while the person waits
JOBS = {
    "check": ("试算", "registry.check_standing"),
    "commit": ("写入", "registry.write_standing"),
    "undo": ("撤回", "registry.undo_standing"),
}


class _Standing(TableDoor[StandingImport]):
    permission = Permission.REGISTRY_IMPORT
    room, keeps, unit = "registry", "名录库", "项"
    notes = ("写入后记到检查对象名下", "逐项记下改动前后", "不动，也不留痕")
    undo_hint = "其中有一项在导入后又改动过的，整批不撤回，并说明是哪一户。已冻结的库不变。"
    page, list_page = "registry/standing_import.html", "registry/standing_imports.html"
    names = {
        "show": "standing_import",
        "check": "look_standing",
        "commit": "commit_standing",
        "give_up": "give_up_standing",
        "undo": "undo_standing",
        "errors": "standing_faults",
    }

    def visible(self, user: User) -> QuerySet[StandingImport]:
        """Without the rows that wait: they are many, and no page shows them."""
        return StandingImport.objects.visible_to(user).select_related("by", "job").defer("held")

    def undoable(self, user: User) -> QuerySet[StandingImport]:
        written = self.visible(user).filter(written_at__isnull=False)
        return written.filter(by__department=user.department_id)

    def written(self, batch: StandingImport) -> str:
        return f"已写入：新增 {batch.added} 项，变更 {batch.changed} 项"

    def undone(self, batch: StandingImport) -> str:
        return f"已撤回“{batch}”，恢复到导入之前"

    def checked(self) -> str:
        return ""

    def back(self, batch: StandingImport) -> str:
        return reverse("registry:standing", args=[batch.subject])

    def errors(self, batch: StandingImport) -> Iterable[Sheet]:
        return tables.faults(batch)

    def by_worker(self, request: HttpRequest, batch: StandingImport, what: str) -> bool:
        if not (batch.taken > FEW if what == "undo" else batch.rows > FEW and batch.is_open):
            return False
        verb, job = JOBS[what]
        ask(
            request,
            job=job,
            key=batch.pk,
            name=f"{verb} {batch}",
            about=f"registry.standing:{batch.pk}",
            attach=lambda row: actions.attach_standing_job(batch=batch, job=row),
        )
        return True

    def around(self, **where: Any) -> dict[str, Any]:
        return {"table": _table(where["subject"])}

    def more(self, request: HttpRequest, batch: StandingImport) -> dict[str, Any]:
        job = batch.job
        if job and job.is_live:
            queue.bury_dead(about=job.about, at=timezone.now())
            job.refresh_from_db()
        has_failed = job and job.state in (JobState.FAILED, JobState.CANCELLED)
        return {
            "table": tables.TABLES[batch.subject],
            "job": job,
            "is_working": bool(job and job.is_live and batch.given_up_at is None),
            "failed": job.message if job and has_failed and batch.given_up_at is None else "",
            "most_faults": tables.LISTED_FAULTS if len(batch.faults) >= tables.LISTED_FAULTS else 0,
        }


door = _Standing(
    StandingImport,
    Acts(
        check=actions.check_standing,
        commit=actions.commit_standing,
        give_up=actions.give_up_standing,
        undo=actions.undo_standing,
    ),
)


@requires(Permission.REGISTRY_IMPORT)
def upload(request: HttpRequest, subject: str) -> HttpResponse:
    """Choose a file. It is only looked at; nothing is written yet."""
    table = _table(subject)
    found = door.visible(request.user).filter(subject=subject).select_related("by__department")
    form = filled_in(request, forms.TableForm)
    bring = partial(_open, request, subject)
    return choose(
        request, "registry/standing_upload.html", form, bring, {"table": table} | recent(found)
    )


@requires(Permission.REGISTRY_IMPORT)
def template(request: HttpRequest, subject: str) -> HttpResponse:
    """An empty table with the headings this room knows."""
    table = _table(subject)
    return workbook(f"{table.word}导入模板.xlsx", table.blank())


@requires(Permission.REGISTRY_VIEW)
def export(request: HttpRequest, subject: str) -> HttpResponse:
    """What is on record of the targets one may see, in the same columns; that is on record too."""
    table, now = _table(subject), timezone.now()
    today, targets = timezone.localdate(now), Target.objects.visible_to(request.user).standing()
    if subject == StandingImport.Subject.LICENCES:
        has, sheets = Q(licences__isnull=False), tables.licences(targets)
    else:
        marked = Q(key_flags__lifted_at=None, key_flags__until__gte=today)
        has, sheets = marked | Q(taggings__is_by_hand=True), tables.marks(targets, today)
    actions.note_export(targets=targets.filter(has).distinct().count(), by=request.user, at=now)
    return workbook(f"{table.word}{today:%Y%m%d}.xlsx", sheets)


def _table(subject: str) -> tables.Table:
    if subject not in tables.TABLES:
        raise Http404
    return tables.TABLES[subject]


def _open(request: HttpRequest, subject: str, path: Path, name: str) -> StandingImport:
    """Open the file; look at it now if it is small, else let the worker do it."""
    batch = actions.open_standing(
        subject=subject, path=path, file_name=name, by=request.user, at=timezone.now()
    )
    if not door.by_worker(request, batch, "check"):
        actions.check_standing(batch=batch, by=request.user, at=timezone.now())
    return batch
