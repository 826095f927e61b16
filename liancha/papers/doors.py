"""The doors of a table: a file is chosen, looked at, written or given up, taken back within a day.

Lists, libraries and plans all take tables in through these. A room makes a door of its own: whose
imports there are, what its actions are, its words. Nothing is decided here: who may is the
permission and the scopes the room names, and a refusal is its actions'.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import models
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from liancha.accounts.models import User
from liancha.accounts.permissions import Permission, View, requires

from .downloads import workbook
from .faults import Unreadable
from .models import TableImport
from .showing import Count, page
from .uploads import on_disk
from .writers import Sheet

ROWS = 20  # imports on a page
NAMES = {
    "show": "show_import",
    "check": "check_import",
    "commit": "commit_import",
    "give_up": "give_up_import",
    "undo": "undo_import",
    "errors": "import_faults",
}


class HasPage(Protocol):
    def get_absolute_url(self) -> str: ...


B = TypeVar("B", bound=models.Model)
T = TypeVar("T", bound=TableImport)
P = TypeVar("P", bound=HasPage)


@dataclass(frozen=True, slots=True)
class Acts(Generic[B]):
    """The actions behind the doors of one table, each called with batch=, by= and at=.

    check  looks again; without it the first look is the only one
    """

    commit: Callable[..., B]
    give_up: Callable[..., B]
    undo: Callable[..., B]
    check: Callable[..., B] | None = None


class Door(ABC, Generic[B]):
    """The doors of one kind of import, whatever its record is.

    keeps  what an import changes, as its toasts say it: 草稿, 名录库
    names  of its addresses in the room, where they are not those of NAMES
    page   the template of an import, where it is not the room's import.html

    Views take the key of an import and what else the address says of it, field by field.
    """

    permission: ClassVar[Permission]
    room: ClassVar[str]
    keeps: ClassVar[str]
    names: ClassVar[Mapping[str, str]] = {}
    page: ClassVar[str] = ""
    list_page: ClassVar[str] = ""

    def __init__(self, model: type[B], acts: Acts[B]) -> None:
        self.model, self.acts = model, acts
        guarded = requires(self.permission)

        def posted(view: View) -> View:
            return guarded(require_POST(view))

        self.imports: View = guarded(self._imports)
        self.show: View = guarded(self._show)
        self.check: View = posted(self._check)
        self.commit: View = posted(self._commit)
        self.give_up: View = posted(self._give_up)
        self.undo: View = posted(self._undo)
        self.faults: View = guarded(self._faults)

    @abstractmethod
    def visible(self, user: User) -> models.QuerySet[B]:
        """Whose imports somebody may look at."""

    def mine(self, user: User) -> models.QuerySet[B]:
        """Those that this very person began; whether one is over, the action says."""
        return self.model._default_manager.filter(by=user.pk)

    def undoable(self, user: User) -> models.QuerySet[B]:
        """Those that somebody may ask to take back; whether it can be, the action says."""
        return self.visible(user)

    @abstractmethod
    def written(self, batch: B) -> str:
        """What the toast says of a table that has just been written."""

    def undone(self, batch: B) -> str:
        return f"已撤回“{batch}”，{self.keeps}恢复到导入之前"

    @abstractmethod
    def back(self, batch: B) -> str:
        """Where one stands after giving a table up."""

    @abstractmethod
    def errors(self, batch: B) -> Iterable[Sheet]:
        """The bad rows with 怎么改, to mend and import again."""

    @abstractmethod
    def context(self, request: HttpRequest, batch: B) -> dict[str, Any]:
        """What its page shows."""

    def args(self, batch: B) -> Sequence[Any]:
        """What stands in its addresses."""
        return [batch.pk]

    def url(self, what: str, batch: B) -> str:
        name = self.names.get(what, NAMES[what])
        return reverse(f"{self.room}:{name}", args=self.args(batch))

    def by_worker(self, request: HttpRequest, batch: B, what: str) -> bool:
        """Hand it to the worker if it is much. what: check, commit or undo."""
        return False

    def _imports(self, request: HttpRequest, **where: Any) -> HttpResponse:
        """Every import of one's department, with its counts and its error table."""
        found = self.visible(_user(request)).filter(**where).select_related("by__department")
        shown = Paginator(found, ROWS).get_page(request.GET.get("page"))
        listed = [(batch, self.url("errors", batch)) for batch in shown]
        context = {"page_obj": shown, "listed": listed} | self.around(**where)
        return render(request, self.list_page, context)

    def around(self, **where: Any) -> dict[str, Any]:
        """What the list of imports shows beside them."""
        return {}

    def _show(self, request: HttpRequest, pk: int, **where: Any) -> HttpResponse:
        """What a table would do, or has done."""
        batch = get_object_or_404(self.visible(_user(request)), pk=pk, **where)
        return render(
            request, self.page or f"{self.room}/import.html", self.context(request, batch)
        )

    def _check(self, request: HttpRequest, pk: int, **where: Any) -> HttpResponse:
        """Look again: what stands there has changed meanwhile, or the look was stopped."""
        batch = get_object_or_404(self.mine(_user(request)), pk=pk, **where)
        if not self.by_worker(request, batch, "check") and self.acts.check is not None:
            self.acts.check(batch=batch, by=request.user, at=timezone.now())
            if said := self.checked():
                messages.success(request, said)
        return redirect(self.url("show", batch))

    def checked(self) -> str:
        return f"已按现在的{self.keeps}重新试算，请再核对"

    def _commit(self, request: HttpRequest, pk: int, **where: Any) -> HttpResponse:
        """Write what was looked at: at once when it is little, by the worker when it is much."""
        batch = get_object_or_404(self.mine(_user(request)), pk=pk, **where)
        if not self.by_worker(request, batch, "commit"):
            try:
                done = self.acts.commit(batch=batch, by=request.user, at=timezone.now())
            except Unreadable as fault:  # a file that waits on disk, and is not what it was
                messages.error(request, f"没有写入。{fault}")
            else:
                messages.success(request, self.written(done))
        return redirect(self.url("show", batch))

    def _give_up(self, request: HttpRequest, pk: int, **where: Any) -> HttpResponse:
        batch = get_object_or_404(self.mine(_user(request)), pk=pk, **where)
        self.acts.give_up(batch=batch, by=request.user, at=timezone.now())
        messages.success(request, f"已放弃导入“{batch}”，{self.keeps}没有变化")
        return redirect(self.back(batch))

    def _undo(self, request: HttpRequest, pk: int, **where: Any) -> HttpResponse:
        """Take an import back within a day; a refusal says what stands in the way."""
        batch = get_object_or_404(self.undoable(_user(request)), pk=pk, **where)
        if not self.by_worker(request, batch, "undo"):
            self.acts.undo(batch=batch, by=request.user, at=timezone.now())
            messages.success(request, self.undone(batch))
        return redirect(self.url("show", batch))

    def _faults(self, request: HttpRequest, pk: int, **where: Any) -> HttpResponse:
        batch = get_object_or_404(self.visible(_user(request)), pk=pk, **where)
        return workbook(f"{Path(str(batch)).stem}-错误表.xlsx", self.errors(batch))


class TableDoor(Door[T]):
    """The doors of a small table, whose rows wait in its record; see `papers/import.html`.

    unit       of what it counts: 行, 名; rows that are refused are always rows
    notes      under 新增, 变更 and 未变
    undo_hint  what keeps an import from being taken back
    """

    unit: ClassVar[str]
    notes: ClassVar[tuple[str, str, str]]
    undo_hint: ClassVar[str]

    def counts(self, batch: T) -> list[Count]:
        return [
            *figures(batch, self.notes_of(batch)),
            Count("合计", batch.rows, "不算空白行", "list-ol", unit="行"),
        ]

    def notes_of(self, batch: T) -> tuple[str, str, str]:
        return self.notes

    def unit_of(self, batch: T) -> str:
        return self.unit

    def has_effect(self, batch: T) -> bool:
        """Whether writing it changes anything."""
        return batch.taken > 0

    def may_undo(self, user: User, batch: T) -> bool:
        """Whether the button is shown: to the department of whoever wrote it."""
        return bool(batch.by and batch.by.department_id == user.department_id)

    def more(self, request: HttpRequest, batch: T) -> dict[str, Any]:
        """What the room's own page shows beside what all of them show."""
        return {}

    def context(self, request: HttpRequest, batch: T) -> dict[str, Any]:
        user, counts = _user(request), self.counts(batch)
        urls = {f"{what}_url": self.url(what, batch) for what in ("commit", "give_up", "undo")}
        if self.acts.check is not None:
            urls["check_url"] = self.url("check", batch)
        shown = page(batch, request.GET, counts=counts, unit=self.unit_of(batch), at=timezone.now())
        return {
            **shown,
            **urls,
            "errors_url": self.url("errors", batch),
            "is_mine": batch.by_id == user.pk,
            "may_undo": self.may_undo(user, batch),
            "has_effect": self.has_effect(batch),
            "undo_hint": self.undo_hint,
            **self.more(request, batch),
        }


def figures(batch: TableImport, notes: tuple[str, str, str], of: str = "行") -> list[Count]:
    """新增, 变更, 未变 with these notes, and 有误, which counts rows or what the others count."""
    added, changed, unchanged = notes
    bad = "不写入，其余不受影响" if batch.faulty else "每一行都能导入"
    return [
        Count("新增", batch.added, added, "plus-circle", "a"),
        Count("变更", batch.changed, changed, "pencil-square", "b"),
        Count("未变", batch.unchanged, unchanged, "dash-circle", "c"),
        Count("有误", batch.faulty, bad, "x-octagon", "e", of),
    ]


def choose(
    request: HttpRequest,
    page: str,
    form: Form,
    bring: Callable[[Path, str], HasPage],
    context: Mapping[str, Any],
) -> HttpResponse:
    """The page where a file is chosen. It is only looked at; nothing is written yet.

    form   with a field `file`
    bring  from the file and its name to its import, which has a page of its own

    What is no table comes back under the field, with 422.
    """
    if batch := brought(form, bring):
        return redirect(batch)
    status = 422 if request.method == "POST" else 200
    return render(request, page, {"form": form, **context}, status=status)


def brought(form: Form, bring: Callable[[Path, str], P]) -> P | None:
    """The import of what a form holds; None, and a fault under the field, for what is no table."""
    if not (form.is_bound and form.is_valid()):
        return None
    file = form.cleaned_data["file"]
    try:
        with on_disk(file, at=timezone.now()) as path:
            return bring(path, file.name)
    except Unreadable as unreadable:
        form.add_error("file", str(unreadable))
    return None


def filled_in(request: HttpRequest, kind: type[Form], **more: Any) -> Form:
    """A form of this kind with what was sent, file and all; unbound when nothing was."""
    data = request.POST if request.method == "POST" else None
    return kind(data, request.FILES or None, **more)


def recent(found: models.QuerySet[B]) -> dict[str, Any]:
    """The imports of the page where a file is chosen: those that wait, and the last written."""
    return {
        "open": found.filter(written_at=None, given_up_at=None)[:8],
        "recent": found.filter(written_at__isnull=False)[:8],
    }


def _user(request: HttpRequest) -> User:
    """Whoever is behind @requires is somebody."""
    return cast(User, request.user)
