"""Bringing in a register: upload, look at what would happen, write or give up."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from liancha.accounts.models import User
from liancha.accounts.permissions import Permission, requires
from liancha.papers import uploads
from liancha.papers.doors import Acts, Door, filled_in, recent
from liancha.papers.downloads import filled
from liancha.papers.faults import Unreadable
from liancha.papers.writers import Sheet
from liancha.queue import actions as queue
from liancha.queue.asking import ask
from liancha.rulebook.lifecycles import JobState

from .. import actions, forms, history, sheets
from ..models import Import

FOLDER = "registry/imports"
SMALL = 1_500_000  # bytes that are looked at while the person waits; larger ones go to the worker
FEW = 5_000  # rows written while the person waits
ROWS = 20
SHOWN = 10
UNDO_HINT = "其中有一户已在用、或导入后又改动过的，整批不撤回，并说明是哪一户。"
JOBS = {
    "check": ("试算", "registry.check_file"),
    "commit": ("写入", "registry.import_file"),
    "undo": ("撤回", "registry.undo_import"),
}


class _Targets(Door[Import]):
    permission = Permission.REGISTRY_IMPORT
    room, keeps = "registry", "名录库"
    list_page = "registry/imports.html"
    names = {"show": "import", "errors": "import_errors"}

    def visible(self, user: User) -> QuerySet[Import]:
        return Import.objects.visible_to(user).select_related("by", "job")

    def undoable(self, user: User) -> QuerySet[Import]:
        return Import.objects.visible_to(user).written()

    def written(self, batch: Import) -> str:
        return f"已写入：新增 {batch.added} 户，变更 {batch.changed} 户"

    def back(self, batch: Import) -> str:
        return reverse("registry:upload")

    def around(self, **where: Any) -> dict[str, Any]:
        return {"counts_pending": True}

    def errors(self, batch: Import) -> list[Sheet]:
        return sheets.faults(batch)

    def by_worker(self, request: HttpRequest, batch: Import, what: str) -> bool:
        if what == "commit" and batch.checked_at is None:
            raise Http404
        much = {
            "check": batch.size > SMALL,
            "commit": batch.rows > FEW and batch.is_open,
            "undo": batch.taken > FEW,
        }
        if much[what]:
            verb, job = JOBS[what]
            ask(
                request,
                job=job,
                key=batch.pk,
                name=f"{verb} {batch}",
                about=f"registry.import:{batch.pk}",
                attach=lambda row: actions.attach_job(batch=batch, job=row),
            )
        return much[what]

    def context(self, request: HttpRequest, batch: Import) -> dict[str, Any]:
        if batch.job and batch.job.is_live and batch.job.about:
            queue.bury_dead(about=batch.job.about, at=timezone.now())
            batch.job.refresh_from_db()
        actions.sweep(batch=batch)
        columns = batch.faults.filter(is_remark=False).values("column")
        groups = columns.annotate(n=Count("pk"))
        is_working = _is_working(batch)
        shown = batch.faults.filter(is_remark=request.GET.get("show") == "remarks")
        if column := request.GET.get("column", ""):
            shown = shown.filter(column=column)
        return {
            "batch": batch,
            "steps": _steps(batch),
            "unit": "户",
            "job": batch.job,
            "n_faults": batch.faulty,
            "n_remarks": batch.faults.filter(is_remark=True).count(),
            "shows_remarks": request.GET.get("show") == "remarks",
            "groups": groups.order_by("-n", "column").values_list("column", "n"),
            "column": column,
            "renamed": [(title, word) for title, word in batch.columns if word and word != title],
            "unused": [title for title, word in batch.columns if not word],
            "page_obj": Paginator(shown, ROWS).get_page(request.GET.get("page")),
            "parts": _parts(batch),
            "total": batch.rows or 1,
            "is_working": is_working,
            "is_open": batch.is_open,
            "is_mine": batch.by_id == request.user.pk,
            "failed": batch.job.message if batch.job and batch.job.state == JobState.FAILED else "",
            "is_undoable": actions.is_undoable(batch, timezone.now()),
            "may_undo": not is_working,
            "has_effect": True,
            "undo_hint": UNDO_HINT,
            **{
                f"{what}_url": self.url(what, batch)
                for what in ("commit", "give_up", "undo", "errors")
            },
            "changes": _changes(batch) if batch.written_at else (),
        }


door = _Targets(
    Import,
    Acts(commit=actions.commit_import, give_up=actions.give_up_import, undo=actions.undo_import),
)


@requires(Permission.REGISTRY_IMPORT)
def upload(request: HttpRequest) -> HttpResponse:
    """Choose a file. It waits below the media folder, and is only looked at."""
    form = filled_in(request, forms.UploadForm)
    if form.is_bound and form.is_valid():
        file = form.cleaned_data["file"]
        named = Import.objects.values_list("path", flat=True)
        uploads.sweep_strays(FOLDER, named, at=timezone.now())
        path = uploads.keep(file, FOLDER, forms.suffix_of(file.name))
        try:
            return redirect(_open(request, path, file.name))
        except Unreadable as fault:
            uploads.drop(path)
            form.add_error("file", str(fault))
    found = Import.objects.visible_to(request.user).select_related("by__department")
    status = 422 if request.method == "POST" else 200
    return render(request, "registry/upload.html", {"form": form} | recent(found), status=status)


@requires(Permission.REGISTRY_IMPORT)
def template(request: HttpRequest) -> HttpResponse:
    """An empty table with the headings this room knows."""
    return filled("检查对象导入模板.xlsx", sheets.write_template)


def _open(request: HttpRequest, path: str, name: str) -> Import:
    """Open the file; look at it now if it is small, else let the worker do it."""
    now = timezone.now()
    with transaction.atomic():
        batch = actions.open_import(path=path, file_name=name, by=request.user, at=now)
        if door.by_worker(request, batch, "check"):
            return batch
    try:
        return actions.check_import(batch=batch, by=request.user, at=now)
    except Unreadable:
        actions.give_up_import(batch=batch, by=request.user, at=now)
        raise


def _is_working(batch: Import) -> bool:
    return bool(
        batch.job
        and batch.job.state in (JobState.WAITING, JobState.RUNNING)
        and not batch.given_up_at
    )


def _steps(batch: Import) -> list[tuple[str, str, str]]:
    at = timezone.localtime(batch.at).strftime("%H:%M")
    known = sum(bool(word) for _, word in batch.columns) or ""
    looked = "done" if batch.checked_at else "now"
    checking = ("试算", "请核对" if batch.checked_at else "正在看")
    if batch.undone_at:
        when = timezone.localtime(batch.undone_at).strftime("%m-%d %H:%M")
        return [
            ("选文件", at, "done"),
            ("试算", "已核对", "done"),
            ("写入", "写入过", "done"),
            ("撤回", when, "done"),
        ]
    if batch.written_at:
        when = timezone.localtime(batch.written_at).strftime("%m-%d %H:%M")
        return [
            ("选文件", at, "done"),
            ("认格式与列", f"认出 {known} 列", "done"),
            ("试算", "已核对", "done"),
            ("写入", when, "done"),
        ]
    return [
        ("选文件", at, "done"),
        ("认格式与列", f"认出 {known} 列" if known else "", looked),
        (*checking, "now" if batch.checked_at else ""),
        ("写入", "一次完成", ""),
    ]


def _parts(batch: Import) -> list[dict[str, Any]]:
    """The bar under the figures: where each part starts and how long it is, in rows."""
    parts: list[dict[str, Any]] = []
    start = 0
    for word, count, kind in (
        ("新增", batch.added, "a"),
        ("变更", batch.changed, "b"),
        ("未变", batch.unchanged, "c"),
        ("有误", batch.faulty, "e"),
    ):
        if count:
            parts.append({"word": word, "count": count, "kind": kind, "start": start})
        start += count
    return parts


def _changes(batch: Import) -> list[dict[str, Any]]:
    """The first few targets it changed, with what was changed in words."""
    found = batch.changes.select_related("target").order_by("pk")[:SHOWN]
    return [{"target": one.target, "words": history.in_words(one)} for one in found]
