"""Tables of lines into a draft: upload, look at what would happen, write or give up, take back."""

from __future__ import annotations

from pathlib import Path

from django.contrib import messages
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
from liancha.rulebook.lifecycles import PlanState

from .. import actions, forms, sheets
from ..models import Import, Plan
from ..table import COLUMNS, OTHERS_ONLY


@requires(Permission.PLAN_EDIT)
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose a table for a draft. It is only looked at; nothing is written yet."""
    plan = _plan(request, pk)
    is_sent = request.method == "POST"
    form = forms.UploadForm(request.POST if is_sent else None, request.FILES or None)
    if is_sent and form.is_valid() and (batch := _received(request, form, plan)):
        return redirect(batch)
    came_in = Import.objects.visible_to(request.user).filter(plan=plan)
    context = {
        "form": form,
        "plan": plan,
        "is_draft": plan.state == PlanState.DRAFT,
        "own": plan.lines.live().editable_by(request.user).count(),
        "columns": [column.words[0] for column in COLUMNS if column.key not in OTHERS_ONLY],
        "others": [column.words[0] for column in COLUMNS if column.key in OTHERS_ONLY],
        "came_in": came_in.select_related("by__department")[:8],
    }
    return render(request, "plan/upload.html", context, status=422 if is_sent else 200)


@requires(Permission.PLAN_EDIT)
def show_import(request: HttpRequest, pk: int) -> HttpResponse:
    """What a table would do, or has done."""
    batch = _find(request, pk)
    bad = "不写入，其余不受影响" if batch.faulty else "每一行都能导入"
    counts = (
        Count("新增", batch.added, "写入后成为草稿的计划行", "plus-circle", "a"),
        Count("变更", batch.changed, "逐栏记下改动前后", "pencil-square", "b"),
        Count("未变", batch.unchanged, "不动，也不用重新会签", "dash-circle", "c"),
        Count("有误", batch.faulty, bad, "x-octagon", "e"),
        Count("合计", batch.rows, "不算空白行", "list-ol"),
    )
    is_mine = batch.by_id == request.user.pk
    is_draft = batch.plan.state == PlanState.DRAFT
    context = page(batch, request.GET, counts=counts, unit="行", at=timezone.now()) | {
        "plan": batch.plan,
        "is_mine": is_mine,
        "is_draft": is_draft,
        "is_stale": batch.is_open
        and is_mine
        and is_draft
        and actions.is_stale(batch, request.user),
        "may_undo": is_draft
        and bool(batch.by and batch.by.department_id == request.user.department_id),
        "has_effect": batch.taken > 0,
        "undo_hint": "计划已送会签，或其中有一行在导入后又改动过的，整批不撤回，并说明是哪一行。",
        "commit_url": reverse("plan:commit_import", args=[pk]),
        "give_up_url": reverse("plan:give_up_import", args=[pk]),
        "check_url": reverse("plan:check_import", args=[pk]),
        "undo_url": reverse("plan:undo_import", args=[pk]),
        "errors_url": reverse("plan:import_faults", args=[pk]),
    }
    return render(request, "plan/import.html", context)


@requires(Permission.PLAN_EDIT)
@require_POST
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Look again, since the draft has changed meanwhile."""
    batch = actions.check_import(batch=_mine(request, pk), by=request.user, at=timezone.now())
    messages.success(request, "已按现在的草稿重新试算，请再核对")
    return redirect(batch)


@requires(Permission.PLAN_EDIT)
@require_POST
def commit(request: HttpRequest, pk: int) -> HttpResponse:
    done = actions.commit_import(batch=_mine(request, pk), by=request.user, at=timezone.now())
    messages.success(request, f"已写入：新增 {done.added} 行，变更 {done.changed} 行")
    return redirect(done)


@requires(Permission.PLAN_EDIT)
@require_POST
def give_up(request: HttpRequest, pk: int) -> HttpResponse:
    batch = actions.give_up_import(batch=_mine(request, pk), by=request.user, at=timezone.now())
    messages.success(request, f"已放弃导入“{batch.file_name}”，草稿没有变化")
    return redirect("plan:import", batch.plan_id)


@requires(Permission.PLAN_EDIT)
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an import back within a day; a refusal says which line stands in the way."""
    batch = actions.undo_import(batch=_find(request, pk), by=request.user, at=timezone.now())
    messages.success(request, f"已撤回“{batch.file_name}”，草稿恢复到导入之前")
    return redirect(batch)


@requires(Permission.PLAN_EDIT)
def import_faults(request: HttpRequest, pk: int) -> HttpResponse:
    """The bad rows with 怎么改, to mend and import again."""
    batch = _find(request, pk)
    return workbook(f"{Path(batch.file_name).stem}-错误表.xlsx", sheets.faults(batch))


@requires(Permission.PLAN_VIEW)
def template(request: HttpRequest, pk: int) -> HttpResponse:
    """The table to fill in; with `lines=1` one's own lines stand in it already."""
    plan = _plan(request, pk)
    lines = plan.lines.live().editable_by(request.user).with_columns()
    is_filled = request.GET.get("lines") == "1"
    name = f"{plan.title}-计划行.xlsx" if is_filled else "年度计划导入模板.xlsx"
    return workbook(name, sheets.blank(plan, lines if is_filled else ()))


def _received(request: HttpRequest, form: forms.UploadForm, plan: Plan) -> Import | None:
    """The import of what a form holds; None, and a fault under the field, for what is no table."""
    file = form.cleaned_data["file"]
    with on_disk(file) as path:
        try:
            return actions.open_import(
                plan=plan,
                path=path,
                file_name=file.name,
                by=request.user,
                at=timezone.now(),
            )
        except Unreadable as unreadable:
            form.add_error("file", str(unreadable))
    return None


def _plan(request: HttpRequest, pk: int) -> Plan:
    return get_object_or_404(
        Plan.objects.visible_to(request.user).select_related("region", "list_version"), pk=pk
    )


def _find(request: HttpRequest, pk: int) -> Import:
    found = Import.objects.visible_to(request.user).filter(
        plan__in=Plan.objects.visible_to(request.user)
    )
    return get_object_or_404(found.select_related("by__department", "plan__region"), pk=pk)


def _mine(request: HttpRequest, pk: int) -> Import:
    """An import that this very person began; whether it is over, the action says."""
    return get_object_or_404(Import.objects.filter(by=request.user.pk), pk=pk)
