"""Bringing in a roster: upload, look at what would happen, write or give up, take back."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from liancha.accounts.models import User
from liancha.accounts.permissions import Permission, requires
from liancha.papers.doors import Acts, TableDoor, choose, filled_in, recent
from liancha.papers.downloads import workbook
from liancha.papers.writers import Sheet

from .. import actions, forms, sheets
from ..models import Import


class _People(TableDoor[Import]):
    permission = Permission.ROSTER_EDIT
    room, keeps, unit = "roster", "名录", "名"
    notes = ("写入后进入名录库", "逐项记下改动前后", "不动，也不留痕")
    undo_hint = "其中有一人已被抽取或派出、或导入后又改动过的，整批不撤回，并说明是哪一人。"
    list_page = "roster/imports.html"

    def visible(self, user: User) -> QuerySet[Import]:
        return Import.objects.visible_to(user).select_related("by__department")

    def written(self, batch: Import) -> str:
        return f"已写入：新增 {batch.added} 名，变更 {batch.changed} 名"

    def back(self, batch: Import) -> str:
        return reverse("roster:import")

    def errors(self, batch: Import) -> Iterable[Sheet]:
        return sheets.faults(batch)


table = _People(
    Import,
    Acts(commit=actions.commit_import, give_up=actions.give_up_import, undo=actions.undo_import),
)


@requires(Permission.ROSTER_EDIT)
def upload(request: HttpRequest) -> HttpResponse:
    """Choose a file. It is only looked at; nothing is written yet."""
    form = filled_in(request, forms.Upload)
    context = recent(table.visible(request.user))
    return choose(request, "roster/upload.html", form, partial(_open, request), context)


@requires(Permission.ROSTER_VIEW)
def template(request: HttpRequest) -> HttpResponse:
    return workbook("执法检查人员导入模板.xlsx", sheets.blank())


def _open(request: HttpRequest, path: Path, file_name: str) -> Import:
    return actions.open_import(path=path, file_name=file_name, by=request.user, at=timezone.now())
