"""Tables of lines into a draft: upload, look at what would happen, write or give up, take back.

Into the joint plan's, and into a department's own part.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from liancha.accounts.models import User
from liancha.accounts.permissions import Permission, requires
from liancha.papers.doors import Acts, TableDoor, choose, filled_in
from liancha.papers.downloads import workbook
from liancha.papers.writers import Sheet
from liancha.rulebook.lifecycles import PlanState

from .. import actions, forms, own_table, sheets
from ..models import DepartmentPart, Import, Plan
from ..table import COLUMNS, OTHERS_ONLY

OWN_NOTES = ("写入后成为草稿的计划行", "逐栏记下改动前后", "不动，也不留痕")
OWN_HINT = "部门计划已公布，或其中有一行在导入后又改动过的，整批不撤回，并说明是哪一行。"


class _Lines(TableDoor[Import]):
    permission = Permission.PLAN_EDIT
    room, keeps, unit = "plan", "草稿", "行"
    notes = ("写入后成为草稿的计划行", "逐栏记下改动前后", "不动，也不用重新会签")
    undo_hint = "计划已送会签，或其中有一行在导入后又改动过的，整批不撤回，并说明是哪一行。"

    def visible(self, user: User) -> QuerySet[Import]:
        found = Import.objects.visible_to(user).filter(
            Q(plan__in=Plan.objects.visible_to(user))
            | Q(part__in=DepartmentPart.objects.visible_to(user))
        )
        return found.select_related("by__department", "plan__region", "part__department")

    def written(self, batch: Import) -> str:
        return f"已写入：新增 {batch.added} 行，变更 {batch.changed} 行"

    def back(self, batch: Import) -> str:
        if batch.part_id is not None:
            return reverse("plan:import_part", args=[batch.part_id])
        return reverse("plan:import", args=[batch.plan_id])

    def errors(self, batch: Import) -> Iterable[Sheet]:
        return sheets.faults(batch)

    def notes_of(self, batch: Import) -> tuple[str, str, str]:
        return OWN_NOTES if batch.part_id else self.notes

    def may_undo(self, user: User, batch: Import) -> bool:
        return _is_draft(batch) and super().may_undo(user, batch)

    def more(self, request: HttpRequest, batch: Import) -> dict[str, Any]:
        is_draft = _is_draft(batch)
        waits = batch.is_open and is_draft and batch.by_id == request.user.pk
        return {
            "plan": batch.plan,
            "part": batch.part,
            "is_draft": is_draft,
            "is_stale": waits and actions.is_stale(batch, request.user),
            "again_url": self.back(batch),
        } | ({"undo_hint": OWN_HINT} if batch.part else {})


table = _Lines(
    Import,
    Acts(
        check=actions.check_import,
        commit=actions.commit_import,
        give_up=actions.give_up_import,
        undo=actions.undo_import,
    ),
)


@requires(Permission.PLAN_EDIT)
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose a table for a draft. It is only looked at; nothing is written yet."""
    plan = _plan(request, pk)
    came_in = Import.objects.visible_to(request.user).filter(plan=plan)
    context = {
        "plan": plan,
        "may_load": plan.state == PlanState.DRAFT,
        "own": plan.lines.live().editable_by(request.user).count(),
        "columns": [column.words[0] for column in COLUMNS if column.key not in OTHERS_ONLY],
        "others": [column.words[0] for column in COLUMNS if column.key in OTHERS_ONLY],
        "came_in": came_in.select_related("by__department")[:8],
    }
    form = filled_in(request, forms.UploadForm)
    return choose(
        request, "plan/upload.html", form, partial(_open, request, {"plan": plan}), context
    )


@requires(Permission.PLAN_VIEW)
def template(request: HttpRequest, pk: int) -> HttpResponse:
    """The table to fill in; with `lines=1` one's own lines stand in it already."""
    plan = _plan(request, pk)
    lines = plan.lines.live().editable_by(request.user).with_columns()
    is_filled = request.GET.get("lines") == "1"
    name = f"{plan.title}-计划行.xlsx" if is_filled else "年度计划导入模板.xlsx"
    return workbook(name, sheets.blank(plan, lines if is_filled else ()))


@requires(Permission.PLAN_EDIT)
def upload_part(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose a table for a department's own draft."""
    part = _part(request, pk)
    came_in = Import.objects.visible_to(request.user).filter(part=part)
    context = {
        "part": part,
        "may_load": part.is_draft and part.department_id == request.user.department_id,
        "own": part.lines.count(),
        "columns": [
            column.words[0]
            for column in own_table.COLUMNS
            if column.key not in own_table.OTHERS_ONLY
        ],
        "came_in": came_in.select_related("by__department")[:8],
    }
    form = filled_in(request, forms.UploadForm)
    return choose(
        request, "plan/part_upload.html", form, partial(_open, request, {"part": part}), context
    )


@requires(Permission.PLAN_VIEW)
def part_template(request: HttpRequest, pk: int) -> HttpResponse:
    """The table to fill in; with `lines=1` the part as it stands, in the order of article 14."""
    part = _part(request, pk)
    if request.GET.get("lines") != "1":
        return workbook("部门抽查计划导入模板.xlsx", sheets.own_blank(part))
    lines = part.lines.select_related("part__department")
    return workbook(f"{part}-第{part.version}稿.xlsx", sheets.own_blank(part, lines))


def _open(request: HttpRequest, draft: dict[str, Any], path: Path, file_name: str) -> Import:
    return actions.open_import(
        **draft, path=path, file_name=file_name, by=request.user, at=timezone.now()
    )


def _is_draft(batch: Import) -> bool:
    if batch.part is not None:
        return batch.part.is_draft
    return batch.plan is not None and batch.plan.state == PlanState.DRAFT


def _part(request: HttpRequest, pk: int) -> DepartmentPart:
    found = DepartmentPart.objects.visible_to(request.user).select_related("department__region")
    return get_object_or_404(found, pk=pk)


def _plan(request: HttpRequest, pk: int) -> Plan:
    return get_object_or_404(
        Plan.objects.visible_to(request.user).select_related("region", "list_version"), pk=pk
    )
