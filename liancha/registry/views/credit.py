"""信用风险分类: the monthly file, what it changed, how the classes are spread (art. 15)."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from liancha.accounts.permissions import Permission, requires
from liancha.papers import uploads
from liancha.papers.downloads import workbook
from liancha.papers.faults import Unreadable
from liancha.queue import actions as queue
from liancha.queue.asking import ask
from liancha.rulebook.coverage import is_class_stale
from liancha.rulebook.lifecycles import JobState
from liancha.rulebook.verdicts import Blocked

from .. import actions, queries, sheets
from ..forms import UploadForm, suffix_of
from ..models import CreditBatch, Target
from .imports import SMALL

FOLDER = "registry/credit"
ROWS_AT_ONCE = 20_000  # written or taken back while the person waits; more go to the worker
ENDED = (JobState.FAILED, JobState.CANCELLED)


class CreditForm(UploadForm):
    source = forms.CharField(label="来源", max_length=60, help_text="如：省级通用型分类。")
    on = forms.DateField(label="分类日期", help_text="模型算出结果的日子，不是导入的日子。")


@requires(Permission.REGISTRY_VIEW)
def credit(request: HttpRequest) -> HttpResponse:
    """The spread of now, the history, and the form for the next monthly file."""
    form = CreditForm(request.POST or None, request.FILES or None)
    is_allowed = request.user.may(Permission.REGISTRY_IMPORT)
    if request.method == "POST" and is_allowed and form.is_valid():
        try:
            return _take(request, form)
        except (Unreadable, Blocked) as fault:
            if not actions.may_take_credit(request.user):
                raise
            form.add_error("file", str(fault))
    spread = queries.distribution()
    total = sum(n for _, _, n in spread)
    newest = CreditBatch.objects.standing().order_by("-on", "-id").first()
    today = timezone.localdate()
    context = {
        "form": form,
        "may_import": actions.may_take_credit(request.user),
        "spread": [(value, word, n, 100 * n // total if total else 0) for value, word, n in spread],
        "total": total,
        "newest": newest,
        "is_stale": is_class_stale(newest.on if newest else None, on=today),
        "days": (today - newest.on).days if newest else None,
        "history": queries.credit_history(),
        "page_obj": Paginator(CreditBatch.objects.select_related("by"), 12).get_page(
            request.GET.get("page")
        ),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "registry/credit.html", context, status=status)


@requires(Permission.REGISTRY_VIEW)
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """One batch: whose class changes, what is not taken; to write, give up or take back."""
    found = get_object_or_404(CreditBatch.objects.select_related("by", "job"), pk=pk)
    job, now = found.job, timezone.now()
    if job and job.is_live:
        queue.bury_dead(about=job.about, at=now)
        job.refresh_from_db()
    is_working = bool(job and job.is_live)
    actions.sweep_credit(batch=found)
    changes = found.changes.filter(
        target__in=Target.objects.visible_to(request.user)
    ).select_related("target")
    context = {
        "batch": found,
        "steps": _steps(found, is_working=is_working),
        "page_obj": Paginator(changes, 20).get_page(request.GET.get("page")),
        "may_import": actions.may_take_credit(request.user),
        "is_working": is_working,
        "is_mine": bool(job and job.owner_id == request.user.pk),
        "ended": job.message if job and job.state in ENDED else "",
        "is_undoable": found.is_undoable(now),
    }
    return render(request, "registry/credit_batch.html", context)


@requires(Permission.REGISTRY_IMPORT)
@require_POST
def look(request: HttpRequest, pk: int) -> HttpResponse:
    """Once more, after a look that was stopped or did not come to its end."""
    found = get_object_or_404(CreditBatch, pk=pk, written_at=None)
    return _later(request, found, "试算", "registry.look_credit")


@requires(Permission.REGISTRY_IMPORT)
@require_POST
def commit(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(CreditBatch, pk=pk)
    if found.rows > ROWS_AT_ONCE:
        return _later(request, found, "写入", "registry.write_credit")
    try:
        done = actions.commit_credit(batch=found, by=request.user, at=timezone.now())
    except Unreadable as fault:
        raise Blocked(str(fault), article="15") from fault
    messages.success(request, f"已更新分类，{done.changed} 户有变化")
    return redirect("registry:credit_batch", pk=pk)


@requires(Permission.REGISTRY_IMPORT)
@require_POST
def give_up(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(CreditBatch, pk=pk)
    actions.give_up_credit(batch=found, by=request.user, at=timezone.now())
    messages.success(request, "已放弃，没有改动任何分类")
    return redirect("registry:credit")


@requires(Permission.REGISTRY_IMPORT)
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(CreditBatch, pk=pk)
    if found.rows > ROWS_AT_ONCE:
        return _later(request, found, "撤回", "registry.undo_credit")
    actions.undo_credit(batch=found, by=request.user, at=timezone.now())
    messages.success(request, f"已撤回，{found.changed} 户恢复原来的分类")
    return redirect("registry:credit_batch", pk=pk)


@requires(Permission.REGISTRY_IMPORT)
def template(request: HttpRequest) -> HttpResponse:
    return workbook("信用风险分类模板.xlsx", sheets.credit_blank())


@requires(Permission.REGISTRY_VIEW)
def faults(request: HttpRequest, pk: int) -> HttpResponse:
    """The rows that are not taken, with what to mend, in the columns that can come in again."""
    found = get_object_or_404(CreditBatch, pk=pk)
    return workbook(f"信用风险分类_有误_{found.on}.xlsx", sheets.credit_faults(found))


def _take(request: HttpRequest, form: CreditForm) -> HttpResponse:
    """A small file is looked at while the person waits, a large one in the worker."""
    file, said = form.cleaned_data["file"], form.cleaned_data
    named = CreditBatch.objects.values_list("path", flat=True)
    uploads.sweep_strays(FOLDER, named, at=timezone.now())
    path = uploads.keep(file, FOLDER, suffix_of(file.name))
    try:
        with transaction.atomic():
            opened = actions.open_credit(
                path=path,
                file_name=file.name,
                source=said["source"],
                on=said["on"],
                by=request.user,
                at=timezone.now(),
            )
            if file.size <= SMALL:
                actions.look_credit(batch=opened, at=timezone.now())
            else:
                _later(request, opened, "试算", "registry.look_credit")
    except (Unreadable, Blocked):
        uploads.drop(path)
        raise
    return redirect("registry:credit_batch", pk=opened.pk)


def _later(request: HttpRequest, batch: CreditBatch, verb: str, job: str) -> HttpResponse:
    """Let the worker do it, once: a second click finds the job that is at it."""
    ask(
        request,
        job=job,
        key=batch.pk,
        name=f"{verb} {batch.file_name}",
        about=f"registry.credit:{batch.pk}",
        attach=lambda row: actions.attach_credit_job(batch=batch, job=row),
    )
    return redirect("registry:credit_batch", pk=batch.pk)


def _steps(batch: CreditBatch, *, is_working: bool) -> list[tuple[str, str, str]]:
    first = ("选文件", _moment(batch.at), "done")
    if batch.written_at:
        steps = [first, ("试算", "已核对", "done"), ("写入", _moment(batch.written_at), "done")]
        return [*steps, ("撤回", _moment(batch.undone_at), "done")] if batch.undone_at else steps
    if batch.looked_at and is_working:
        return [first, ("试算", "已核对", "done"), ("写入", "正在写", "now")]
    look = "请核对" if batch.looked_at else "正在看" if is_working else "没有看完"
    return [first, ("试算", look, "now"), ("写入", "一次完成", "")]


def _moment(at: datetime | None) -> str:
    return timezone.localtime(at).strftime("%m-%d %H:%M") if at else ""
