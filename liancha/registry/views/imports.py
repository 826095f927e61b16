"""Bringing in a register: upload, look at what would happen, write or give up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from liancha.accounts.permissions import Permission, requires
from liancha.papers.downloads import filled
from liancha.papers.faults import Unreadable
from liancha.queue import actions as queue
from liancha.rulebook.lifecycles import JobState

from .. import actions, forms, history, sheets, uploads
from ..models import Import

FOLDER = "registry/imports"
SMALL = 1_500_000  # bytes that are looked at while the person waits; larger ones go to the worker
FEW = 5_000  # rows written while the person waits
ROWS = 20
SHOWN = 10


@requires(Permission.REGISTRY_IMPORT)
def upload(request: HttpRequest) -> HttpResponse:
    """Choose a file. It is only looked at; nothing is written yet."""
    form = forms.UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        named = Import.objects.values_list("path", flat=True)
        uploads.sweep_strays(FOLDER, named, at=timezone.now())
        path = uploads.keep(file, FOLDER, forms.suffix_of(file.name))
        try:
            batch = _open(request, path, file.name)
        except Unreadable as fault:
            uploads.drop(path)
            form.add_error("file", str(fault))
        else:
            return redirect(batch)
    recent = Import.objects.visible_to(request.user).select_related("by__department")
    context = {
        "form": form,
        "recent": recent.written()[:8],
        "open": recent.filter(written_at=None, given_up_at=None)[:8],
    }
    return render(
        request, "registry/upload.html", context, status=422 if request.method == "POST" else 200
    )


@requires(Permission.REGISTRY_IMPORT)
def imports(request: HttpRequest) -> HttpResponse:
    """Every import of one's department, with its counts and its error table."""
    found = Import.objects.visible_to(request.user).select_related("by__department")
    page = Paginator(found, ROWS).get_page(request.GET.get("page"))
    return render(request, "registry/imports.html", {"page_obj": page})


@requires(Permission.REGISTRY_IMPORT)
def show_import(request: HttpRequest, pk: int) -> HttpResponse:
    """What a file would do, or has done."""
    batch = get_object_or_404(
        Import.objects.visible_to(request.user).select_related("job", "by"), pk=pk
    )
    if batch.job and batch.job.is_live and batch.job.about:
        queue.bury_dead(about=batch.job.about, at=timezone.now())
        batch.job.refresh_from_db()
    actions.sweep(batch=batch)
    columns = batch.faults.filter(is_remark=False).values("column")
    groups = columns.annotate(n=Count("pk")).order_by("-n", "column")
    shown = batch.faults.filter(is_remark=request.GET.get("show") == "remarks")
    if column := request.GET.get("column", ""):
        shown = shown.filter(column=column)
    context = {
        "batch": batch,
        "steps": _steps(batch),
        "groups": groups,
        "column": column,
        "renamed": [(title, word) for title, word in batch.columns if word and word != title],
        "unused": [title for title, word in batch.columns if not word],
        "remarks": batch.faults.filter(is_remark=True).count(),
        "page_obj": Paginator(shown, ROWS).get_page(request.GET.get("page")),
        "parts": _parts(batch),
        "is_working": _is_working(batch),
        "is_open": not batch.written_at and not batch.given_up_at,
        "is_mine": batch.by_id == request.user.pk,
        "failed": batch.job.message if batch.job and batch.job.state == JobState.FAILED else "",
        "is_undoable": actions.is_undoable(batch, timezone.now()),
        "changes": _changes(batch) if batch.written_at else (),
    }
    return render(request, "registry/import.html", context)


@requires(Permission.REGISTRY_IMPORT)
@require_POST
def commit(request: HttpRequest, pk: int) -> HttpResponse:
    """Write what was looked at: at once when it is little, in the background when it is much."""
    batch = _mine(request, pk)
    if batch.checked_at is None:
        raise Http404
    now = timezone.now()
    is_over = batch.written_at or batch.given_up_at
    if batch.rows > FEW and not is_over:
        return _later(request, batch, "写入", "registry.import_file")
    try:
        done = actions.commit_import(batch=batch, by=request.user, at=now)
    except Unreadable as fault:
        messages.error(request, f"没有写入。{fault}")
    else:
        messages.success(request, f"已写入：新增 {done.added} 户，变更 {done.changed} 户")
    return redirect(batch)


@requires(Permission.REGISTRY_IMPORT)
@require_POST
def give_up(request: HttpRequest, pk: int) -> HttpResponse:
    batch = _mine(request, pk)
    actions.give_up_import(batch=batch, by=request.user, at=timezone.now())
    messages.success(request, f"已放弃导入“{batch.file_name}”，名录库没有变化")
    return redirect("registry:upload")


@requires(Permission.REGISTRY_IMPORT)
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an import back within a day; a refusal says which target stands in the way."""
    batch = get_object_or_404(Import.objects.visible_to(request.user).written(), pk=pk)
    if batch.taken > FEW:
        return _later(request, batch, "撤回", "registry.undo_import")
    actions.undo_import(batch=batch, by=request.user, at=timezone.now())
    messages.success(request, f"已撤回“{batch.file_name}”，名录库恢复到导入之前")
    return redirect(batch)


@requires(Permission.REGISTRY_IMPORT)
def errors(request: HttpRequest, pk: int) -> HttpResponse:
    """The bad rows with 怎么改, as .xlsx to mend and import again."""
    batch = get_object_or_404(Import.objects.visible_to(request.user), pk=pk)
    name = f"{Path(batch.file_name).stem}-错误表.xlsx"
    return filled(name, lambda file: sheets.write_faults(file, batch))


@requires(Permission.REGISTRY_IMPORT)
def template(request: HttpRequest) -> HttpResponse:
    """An empty table with the headings this room knows."""
    return filled("检查对象导入模板.xlsx", sheets.write_template)


def _open(request: HttpRequest, path: str, name: str) -> Import:
    """Open the file; look at it now if it is small, else let the worker do it."""
    now = timezone.now()
    with transaction.atomic():
        batch = actions.open_import(path=path, file_name=name, by=request.user, at=now)
        if batch.size > SMALL:
            _later(request, batch, "试算", "registry.check_file")
            return batch
    try:
        return actions.check_import(batch=batch, by=request.user, at=now)
    except Unreadable:
        actions.give_up_import(batch=batch, by=request.user, at=now)
        raise


def _later(request: HttpRequest, batch: Import, verb: str, job: str) -> HttpResponse:
    """Let the worker do it, once: a second click finds the job that is at it."""
    try:
        with transaction.atomic():
            row = queue.start_job(
                name=f"{verb} {batch.file_name}"[:60],
                about=f"registry.import:{batch.pk}",
                by=request.user,
                at=timezone.now(),
            )
            actions.attach_job(batch=batch, job=row)
            queue.later(job, row.pk, batch.pk)
    except queue.Twice:
        messages.info(request, "正在处理，请看下面的进度")
    return redirect(batch)


def _mine(request: HttpRequest, pk: int) -> Import:
    """An import that this very person began; whether it is over, the action says."""
    return get_object_or_404(Import.objects.filter(by=request.user.pk), pk=pk)


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
