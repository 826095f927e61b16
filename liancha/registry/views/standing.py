"""Licences and marks by table: upload, look at what would happen, write or give up, take back."""

from __future__ import annotations

from pathlib import Path

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from liancha.accounts.permissions import Permission, requires
from liancha.papers.downloads import workbook
from liancha.papers.faults import Unreadable
from liancha.papers.showing import Count, page
from liancha.papers.uploads import on_disk
from liancha.queue import actions as queue
from liancha.rulebook.lifecycles import JobState

from .. import actions, forms
from ..models import StandingImport, Target
from ..standing import tables

FEW = 5_000  # rows looked at, written and taken back while the person waits
ROWS = 20


@requires(Permission.REGISTRY_IMPORT)
def upload(request: HttpRequest, subject: str) -> HttpResponse:
    """Choose a file. It is only looked at; nothing is written yet."""
    table = _table(subject)
    is_sent = request.method == "POST"
    form = forms.TableForm(request.POST if is_sent else None, request.FILES or None)
    if is_sent and form.is_valid():
        file = form.cleaned_data["file"]
        with on_disk(file) as path:
            try:
                return redirect(_open(request, subject, path, file.name))
            except Unreadable as unreadable:
                form.add_error("file", str(unreadable))
    found = _visible(request).filter(subject=subject).select_related("by__department")
    context = {
        "table": table,
        "form": form,
        "open": found.filter(written_at=None, given_up_at=None)[:8],
        "recent": found.filter(written_at__isnull=False)[:8],
    }
    return render(request, "registry/standing_upload.html", context, status=422 if is_sent else 200)


@requires(Permission.REGISTRY_IMPORT)
def imports(request: HttpRequest, subject: str) -> HttpResponse:
    """Every import of one's department, with its counts and its error table."""
    found = _visible(request).filter(subject=subject).select_related("by__department")
    context = {
        "table": _table(subject),
        "page_obj": Paginator(found, ROWS).get_page(request.GET.get("page")),
    }
    return render(request, "registry/standing_imports.html", context)


@requires(Permission.REGISTRY_IMPORT)
def show_import(request: HttpRequest, pk: int) -> HttpResponse:
    """What a file would do, or has done; how far the worker is."""
    batch = get_object_or_404(_visible(request).select_related("job", "by"), pk=pk)
    table, job, now = tables.TABLES[batch.subject], batch.job, timezone.now()
    if job and job.is_live:
        queue.bury_dead(about=job.about, at=now)
        job.refresh_from_db()
    bad = "不写入，其余不受影响" if batch.faulty else "每一行都能导入"
    counts = (
        Count("新增", batch.added, "写入后记到检查对象名下", "plus-circle", "a"),
        Count("变更", batch.changed, "逐项记下改动前后", "pencil-square", "b"),
        Count("未变", batch.unchanged, "不动，也不留痕", "dash-circle", "c"),
        Count("有误", batch.faulty, bad, "x-octagon", "e", "行"),
        Count("合计", batch.rows, "不算空白行", "list-ol", unit="行"),
    )
    context = page(batch, request.GET, counts=counts, unit="项", at=now) | {
        "table": table,
        "job": job,
        "is_working": bool(job and job.is_live and batch.given_up_at is None),
        "failed": job.message if job and job.state in (JobState.FAILED, JobState.CANCELLED) else "",
        "is_mine": batch.by_id == request.user.pk,
        "may_undo": bool(batch.by and batch.by.department_id == request.user.department_id),
        "has_effect": batch.taken > 0,
        "most_faults": tables.LISTED_FAULTS if len(batch.faults) >= tables.LISTED_FAULTS else 0,
        "undo_hint": "其中有一项在导入后又改动过的，整批不撤回，并说明是哪一户。已冻结的库不变。",
        "look_url": reverse("registry:look_standing", args=[pk]),
        "commit_url": reverse("registry:commit_standing", args=[pk]),
        "give_up_url": reverse("registry:give_up_standing", args=[pk]),
        "undo_url": reverse("registry:undo_standing", args=[pk]),
        "errors_url": reverse("registry:standing_faults", args=[pk]),
    }
    return render(request, "registry/standing_import.html", context)


@requires(Permission.REGISTRY_IMPORT)
@require_POST
def look(request: HttpRequest, pk: int) -> HttpResponse:
    """Look at a file again whose dry run was stopped or failed."""
    return _check(request, _mine(request, pk))


@requires(Permission.REGISTRY_IMPORT)
@require_POST
def commit(request: HttpRequest, pk: int) -> HttpResponse:
    """Write what was looked at: at once when it is little, in the background when it is much."""
    batch = _mine(request, pk)
    if batch.rows > FEW and batch.is_open:
        return _later(request, batch, "写入", "registry.write_standing")
    done = actions.commit_standing(batch=batch, by=request.user, at=timezone.now())
    messages.success(request, f"已写入：新增 {done.added} 项，变更 {done.changed} 项")
    return redirect(done)


@requires(Permission.REGISTRY_IMPORT)
@require_POST
def give_up(request: HttpRequest, pk: int) -> HttpResponse:
    batch = actions.give_up_standing(batch=_mine(request, pk), by=request.user, at=timezone.now())
    messages.success(request, f"已放弃导入“{batch.file_name}”，名录库没有变化")
    return redirect("registry:standing", batch.subject)


@requires(Permission.REGISTRY_IMPORT)
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an import back within a day; a refusal says which target stands in the way."""
    written = _visible(request).filter(written_at__isnull=False)
    batch = get_object_or_404(written.filter(by__department=request.user.department_id), pk=pk)
    if batch.taken > FEW:
        return _later(request, batch, "撤回", "registry.undo_standing")
    actions.undo_standing(batch=batch, by=request.user, at=timezone.now())
    messages.success(request, f"已撤回“{batch.file_name}”，恢复到导入之前")
    return redirect(batch)


@requires(Permission.REGISTRY_IMPORT)
def faults(request: HttpRequest, pk: int) -> HttpResponse:
    """The bad rows with 怎么改, to mend and import again."""
    batch = get_object_or_404(StandingImport.objects.visible_to(request.user), pk=pk)
    return workbook(f"{Path(batch.file_name).stem}-错误表.xlsx", tables.faults(batch))


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


def _visible(request: HttpRequest) -> QuerySet[StandingImport]:
    """Without the rows that wait: they are many, and no page shows them."""
    return StandingImport.objects.visible_to(request.user).defer("held")


def _mine(request: HttpRequest, pk: int) -> StandingImport:
    """An import that this very person began; whether it is over, the action says."""
    return get_object_or_404(StandingImport.objects.filter(by=request.user.pk), pk=pk)


def _open(request: HttpRequest, subject: str, path: Path, name: str) -> StandingImport:
    batch = actions.open_standing(
        subject=subject, path=path, file_name=name, by=request.user, at=timezone.now()
    )
    _check(request, batch)
    return batch


def _check(request: HttpRequest, batch: StandingImport) -> HttpResponse:
    if batch.rows > FEW and batch.is_open:
        return _later(request, batch, "试算", "registry.check_standing")
    actions.check_standing(batch=batch, by=request.user, at=timezone.now())
    return redirect(batch)


def _later(request: HttpRequest, batch: StandingImport, verb: str, job: str) -> HttpResponse:
    """Let the worker do it, once: a second click finds the job that is at it."""
    try:
        with transaction.atomic():
            row = queue.start_job(
                name=f"{verb} {batch.file_name}"[:60],
                about=f"registry.standing:{batch.pk}",
                by=request.user,
                at=timezone.now(),
            )
            actions.attach_standing_job(batch=batch, job=row)
            queue.later(job, row.pk, batch.pk)
    except queue.Twice:
        messages.info(request, "正在处理，请看下面的进度")
    return redirect(batch)
