"""Bringing in a roster: upload, look at what would happen, write or give up, take back."""

from __future__ import annotations

from pathlib import Path

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from liancha.accounts.permissions import Permission, requires
from liancha.papers.downloads import workbook
from liancha.papers.faults import Unreadable
from liancha.papers.showing import Count, page
from liancha.papers.uploads import on_disk

from .. import actions, forms, sheets
from ..models import Import

ROWS = 20


@requires(Permission.ROSTER_EDIT)
def upload(request: HttpRequest) -> HttpResponse:
    """Choose a file. It is only looked at; nothing is written yet."""
    is_sent = request.method == "POST"
    form = forms.Upload(request.POST if is_sent else None, request.FILES or None)
    if is_sent and form.is_valid():
        file = form.cleaned_data["file"]
        with on_disk(file) as path:
            try:
                batch = actions.open_import(
                    path=path, file_name=file.name, by=request.user, at=timezone.now()
                )
            except Unreadable as unreadable:
                form.add_error("file", str(unreadable))
            else:
                return redirect(batch)
    found = Import.objects.visible_to(request.user).select_related("by__department")
    context = {
        "form": form,
        "open": found.filter(written_at=None, given_up_at=None)[:8],
        "recent": found.filter(written_at__isnull=False)[:8],
    }
    return render(request, "roster/upload.html", context, status=422 if is_sent else 200)


@requires(Permission.ROSTER_EDIT)
def imports(request: HttpRequest) -> HttpResponse:
    """Every import of one's department, with its counts and its error table."""
    found = Import.objects.visible_to(request.user).select_related("by__department")
    context = {"page_obj": Paginator(found, ROWS).get_page(request.GET.get("page"))}
    return render(request, "roster/imports.html", context)


@requires(Permission.ROSTER_EDIT)
def show_import(request: HttpRequest, pk: int) -> HttpResponse:
    """What a file would do, or has done."""
    batch = get_object_or_404(Import.objects.visible_to(request.user).select_related("by"), pk=pk)
    bad = "不写入，其余不受影响" if batch.faulty else "每一行都能导入"
    counts = (
        Count("新增", batch.added, "写入后进入名录库", "plus-circle", "a"),
        Count("变更", batch.changed, "逐项记下改动前后", "pencil-square", "b"),
        Count("未变", batch.unchanged, "不动，也不留痕", "dash-circle", "c"),
        Count("有误", batch.faulty, bad, "x-octagon", "e", "行"),
        Count("合计", batch.rows, "不算空白行", "list-ol", unit="行"),
    )
    context = page(batch, request.GET, counts=counts, unit="名", at=timezone.now()) | {
        "is_mine": batch.by_id == request.user.pk,
        "may_undo": bool(batch.by and batch.by.department_id == request.user.department_id),
        "has_effect": batch.taken > 0,
        "undo_hint": "其中有一人已被抽取或派出、或导入后又改动过的，整批不撤回，并说明是哪一人。",
        "commit_url": reverse("roster:commit_import", args=[pk]),
        "give_up_url": reverse("roster:give_up_import", args=[pk]),
        "undo_url": reverse("roster:undo_import", args=[pk]),
        "errors_url": reverse("roster:import_faults", args=[pk]),
    }
    return render(request, "roster/import.html", context)


@requires(Permission.ROSTER_EDIT)
@require_POST
def commit(request: HttpRequest, pk: int) -> HttpResponse:
    done = actions.commit_import(batch=_mine(request, pk), by=request.user, at=timezone.now())
    messages.success(request, f"已写入：新增 {done.added} 名，变更 {done.changed} 名")
    return redirect(done)


@requires(Permission.ROSTER_EDIT)
@require_POST
def give_up(request: HttpRequest, pk: int) -> HttpResponse:
    batch = actions.give_up_import(batch=_mine(request, pk), by=request.user, at=timezone.now())
    messages.success(request, f"已放弃导入“{batch.file_name}”，名录没有变化")
    return redirect("roster:import")


@requires(Permission.ROSTER_EDIT)
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an import back within a day; a refusal says who stands in the way."""
    batch = get_object_or_404(Import.objects.visible_to(request.user), pk=pk)
    actions.undo_import(batch=batch, by=request.user, at=timezone.now())
    messages.success(request, f"已撤回“{batch.file_name}”，名录恢复到导入之前")
    return redirect(batch)


@requires(Permission.ROSTER_EDIT)
def import_faults(request: HttpRequest, pk: int) -> HttpResponse:
    """The bad rows with 怎么改, to mend and import again."""
    batch = get_object_or_404(Import.objects.visible_to(request.user), pk=pk)
    return workbook(f"{Path(batch.file_name).stem}-错误表.xlsx", sheets.faults(batch))


@requires(Permission.ROSTER_VIEW)
def template(request: HttpRequest) -> HttpResponse:
    return workbook("执法检查人员导入模板.xlsx", sheets.blank())


def _mine(request: HttpRequest, pk: int) -> Import:
    """An import that this very person began; whether it is over, the action says."""
    return get_object_or_404(Import.objects.filter(by=request.user.pk), pk=pk)
