"""Tables into the lists: upload, look at what would happen, write or give up, take back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from liancha.accounts.models import User
from liancha.accounts.permissions import Permission, requires
from liancha.papers.doors import Acts, TableDoor, brought, choose, figures, filled_in
from liancha.papers.downloads import workbook
from liancha.papers.showing import Count
from liancha.papers.writers import Sheet

from .. import actions, forms, sheets
from ..models import Import
from .office import draft, may_write

NAMES = {
    "items": "抽查事项清单导入模板.xlsx",
    "joint": "部门联合抽查事项清单导入模板.xlsx",
    "upper": "上级清单导入模板.xlsx",
}


class _Rows(TableDoor[Import]):
    permission = Permission.LISTS_PUBLISH
    room, keeps = "lists", "清单"
    notes = ("写入后进入清单", "逐项记下改动前后", "不动")
    undo_hint = "清单已送会签或公布、或这些行在导入后又改动过的，整批不撤回，并说明是哪一处。"

    def visible(self, user: User) -> QuerySet[Import]:
        return Import.objects.visible_to(user).select_related("by", "version__region")

    def args(self, batch: Import) -> Sequence[Any]:
        return [batch.kind, batch.pk]

    def counts(self, batch: Import) -> list[Count]:
        *others, faulty = figures(batch, self.notes, of="")
        return [*others, Count("删去", batch.removed, "表里没有的", "trash", "d"), faulty]

    def unit_of(self, batch: Import) -> str:
        return batch.unit

    def has_effect(self, batch: Import) -> bool:
        return batch.has_effect

    def written(self, batch: Import) -> str:
        gone = f"，删去 {batch.removed} 个" if batch.removed else ""
        return f"已写入：新增 {batch.added} 个，变更 {batch.changed} 个{gone}"

    def back(self, batch: Import) -> str:
        return batch.version.get_absolute_url() if batch.version else reverse("lists:uppers")

    def errors(self, batch: Import) -> Iterable[Sheet]:
        return sheets.faults(batch)

    def more(self, request: HttpRequest, batch: Import) -> dict[str, Any]:
        own = request.user.department
        return {
            "is_stale": batch.is_open and actions.is_stale(batch),
            "may_undo": bool(own and own.is_coordinator and batch.by)
            and (batch.version is None or may_write(request, batch.version)),
            "home": self.back(batch),
        }


table = _Rows(
    Import,
    Acts(
        check=actions.check_import,
        commit=actions.commit_import,
        give_up=actions.give_up_import,
        undo=actions.undo_import,
    ),
)


@requires(Permission.LISTS_PUBLISH)
def upload(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Choose a table for a draft. It is only looked at; nothing is written yet."""
    found = draft(request, pk)
    if found.kind != kind:
        raise Http404
    form = filled_in(request, forms.UploadForm)
    context = {
        "version": found,
        "may_load": may_write(request, found),
        "columns": [column.words[0] for column in sheets.COLUMNS[found.kind]],
        "came_in": found.imports.select_related("by__department")[:8],
    }
    bring = partial(_open, request, form, {"version": found})
    return choose(request, "lists/upload.html", form, bring, context)


@requires(Permission.LISTS_VIEW)
def template(request: HttpRequest, table: str) -> HttpResponse:
    """An empty table for one of the lists."""
    return workbook(NAMES[table], sheets.blank(table))


def received(request: HttpRequest, form: Form, **about: Any) -> Import | None:
    """The import of what a form holds; None, and a fault under the field, for what is no table."""
    return brought(form, partial(_open, request, form, about))


def _open(
    request: HttpRequest, form: Form, about: dict[str, Any], path: Path, file_name: str
) -> Import:
    return actions.open_import(
        path=path,
        file_name=file_name,
        is_whole=form.cleaned_data["scope"] == "whole",
        by=request.user,
        at=timezone.now(),
        **about,
    )
