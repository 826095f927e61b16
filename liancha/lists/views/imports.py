"""Tables into the lists: upload, look at what would happen, write or give up, take back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.contrib import messages
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

from .. import actions, forms, sheets
from ..models import Import
from .office import draft, may_write

NAMES = {
    "items": "抽查事项清单导入模板.xlsx",
    "joint": "部门联合抽查事项清单导入模板.xlsx",
    "upper": "上级清单导入模板.xlsx",
}


@requires(Permission.LISTS_PUBLISH)
def upload(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Choose a table for a draft. It is only looked at; nothing is written yet."""
    found = draft(request, pk)
    if found.kind != kind:
        raise Http404
    is_sent = request.method == "POST"
    form = forms.UploadForm(request.POST if is_sent else None, request.FILES or None)
    if is_sent and form.is_valid() and (batch := received(request, form, version=found)):
        return redirect(batch)
    context = {
        "form": form,
        "version": found,
        "may_load": may_write(request, found),
        "columns": [column.words[0] for column in sheets.COLUMNS[found.kind]],
        "came_in": found.imports.select_related("by__department")[:8],
    }
    return render(request, "lists/upload.html", context, status=422 if is_sent else 200)


@requires(Permission.LISTS_PUBLISH)
def show_import(request: HttpRequest, table: str, pk: int) -> HttpResponse:
    """What a table would do, or has done."""
    batch = _find(request, table, pk)
    bad = "不写入，其余不受影响" if batch.faulty else "每一行都能导入"
    counts = (
        Count("新增", batch.added, "写入后进入清单", "plus-circle", "a"),
        Count("变更", batch.changed, "逐项记下改动前后", "pencil-square", "b"),
        Count("未变", batch.unchanged, "不动", "dash-circle", "c"),
        Count("删去", batch.removed, "表里没有的", "trash", "d"),
        Count("有误", batch.faulty, bad, "x-octagon", "e"),
    )
    own = request.user.department
    context = page(batch, request.GET, counts=counts, unit=batch.unit, at=timezone.now()) | {
        "is_mine": batch.by_id == request.user.pk,
        "is_stale": batch.is_open and actions.is_stale(batch),
        "may_undo": bool(own and own.is_coordinator and batch.by)
        and (batch.version is None or may_write(request, batch.version)),
        "has_effect": batch.has_effect,
        "undo_hint": "清单已送会签或公布、或这些行在导入后又改动过的，整批不撤回，并说明是哪一处。",
        "home": batch.version.get_absolute_url() if batch.version else reverse("lists:uppers"),
        "commit_url": reverse("lists:commit_import", args=[table, pk]),
        "give_up_url": reverse("lists:give_up_import", args=[table, pk]),
        "check_url": reverse("lists:check_import", args=[table, pk]),
        "undo_url": reverse("lists:undo_import", args=[table, pk]),
        "errors_url": reverse("lists:import_faults", args=[table, pk]),
    }
    return render(request, "lists/import.html", context)


@requires(Permission.LISTS_PUBLISH)
@require_POST
def check(request: HttpRequest, table: str, pk: int) -> HttpResponse:
    """Look again, since the list has changed meanwhile."""
    batch = actions.check_import(
        batch=_mine(request, table, pk), by=request.user, at=timezone.now()
    )
    messages.success(request, "已按现在的清单重新试算，请再核对")
    return redirect(batch)


@requires(Permission.LISTS_PUBLISH)
@require_POST
def commit(request: HttpRequest, table: str, pk: int) -> HttpResponse:
    done = actions.commit_import(
        batch=_mine(request, table, pk), by=request.user, at=timezone.now()
    )
    gone = f"，删去 {done.removed} 个" if done.removed else ""
    messages.success(request, f"已写入：新增 {done.added} 个，变更 {done.changed} 个{gone}")
    return redirect(done)


@requires(Permission.LISTS_PUBLISH)
@require_POST
def give_up(request: HttpRequest, table: str, pk: int) -> HttpResponse:
    batch = actions.give_up_import(
        batch=_mine(request, table, pk), by=request.user, at=timezone.now()
    )
    messages.success(request, f"已放弃导入“{batch.file_name}”，清单没有变化")
    return redirect(batch.version or "lists:uppers")


@requires(Permission.LISTS_PUBLISH)
@require_POST
def undo(request: HttpRequest, table: str, pk: int) -> HttpResponse:
    """Take an import back within a day; a refusal says what stands in the way."""
    batch = actions.undo_import(batch=_find(request, table, pk), by=request.user, at=timezone.now())
    messages.success(request, f"已撤回“{batch.file_name}”，清单恢复到导入之前")
    return redirect(batch)


@requires(Permission.LISTS_PUBLISH)
def import_faults(request: HttpRequest, table: str, pk: int) -> HttpResponse:
    """The bad rows with 怎么改, to mend and import again."""
    batch = _find(request, table, pk)
    return workbook(f"{Path(batch.file_name).stem}-错误表.xlsx", sheets.faults(batch))


@requires(Permission.LISTS_VIEW)
def template(request: HttpRequest, table: str) -> HttpResponse:
    """An empty table for one of the lists."""
    return workbook(NAMES[table], sheets.blank(table))


def received(request: HttpRequest, form: forms.UploadForm, **about: Any) -> Import | None:
    """The import of what a form holds; None, and a fault under the field, for what is no table."""
    file = form.cleaned_data["file"]
    with on_disk(file) as path:
        try:
            return actions.open_import(
                path=path,
                file_name=file.name,
                is_whole=form.cleaned_data["scope"] == "whole",
                by=request.user,
                at=timezone.now(),
                **about,
            )
        except Unreadable as unreadable:
            form.add_error("file", str(unreadable))
    return None


def _find(request: HttpRequest, table: str, pk: int) -> Import:
    found = Import.objects.visible_to(request.user).select_related("by", "version__region")
    return get_object_or_404(found, kind=table, pk=pk)


def _mine(request: HttpRequest, table: str, pk: int) -> Import:
    """An import that this very person began; whether it is over, the action says."""
    return get_object_or_404(Import.objects.filter(by=request.user.pk), kind=table, pk=pk)
