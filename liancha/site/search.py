"""The search box: targets, tasks, draws and inspectors by name, code or number.

The same scopes as the lists: nothing is found here that its own list would not show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

from liancha.accounts.models import User
from liancha.accounts.permissions import Permission
from liancha.draw.models import Draw
from liancha.registry.models import Target
from liancha.roster.models import Inspector
from liancha.task.models import Task

from .menu import url_of
from .workbench import place_of

SHOWN = 8
P = Permission


@dataclass(frozen=True, slots=True)
class Hit:
    record: Model
    url: str
    note: str


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found of one kind. rest is True when the list has more than is shown."""

    word: str
    icon: str
    hits: tuple[Hit, ...]
    rest: bool
    all_url: str


Scope = Callable[[User, str], QuerySet[Any]]
KINDS: tuple[tuple[str, str, Permission, str, str, Scope, Callable[[Any], str]], ...] = (
    (
        "检查对象",
        "buildings",
        P.REGISTRY_VIEW,
        "registry:targets",
        "registry:target",
        lambda user, text: (
            Target.objects.visible_to(user)
            .matching(text, region=Target.home_of(user))
            .order_by("pk")
        ),
        lambda target: f"{target.code}，{target.address}" if target.address else target.code,
    ),
    (
        "抽查任务",
        "clipboard2-check",
        P.TASK_VIEW,
        "task:tasks",
        "",
        lambda user, text: Task.objects.visible_to(user).matching(text),
        lambda task: f"任务 {task.number}",
    ),
    (
        "抽取",
        "shuffle",
        P.DRAW_WATCH,
        "draw:draws",
        "",
        lambda user, text: (
            Draw.objects.visible_to(user).filter(number__contains=text).select_related("task")
        ),
        lambda draw: f"{draw.task}，{draw.get_kind_display()}",
    ),
    (
        "执法检查人员",
        "person-vcard",
        P.ROSTER_VIEW,
        "roster:inspectors",
        "roster:inspector",
        lambda user, text: (
            Inspector.objects.visible_to(user).matching(text).select_related("department")
        ),
        lambda inspector: f"{inspector.department}，{inspector.number}",
    ),
)


def search(user: User, text: str) -> list[Hits]:
    """At most eight of each kind; kinds without a hit, a permission or a page stay out."""
    text = text.strip()
    if not text:
        return []
    found = []
    for word, icon, needs, everything, page, scope, note in KINDS:
        if not user.may(needs):
            continue
        rows = list(scope(user, text)[: SHOWN + 1])
        hits = tuple(
            Hit(row, url, note(row)) for row in rows[:SHOWN] if (url := place_of(row, page))
        )
        if hits:
            found.append(Hits(word, icon, hits, len(rows) > SHOWN, url_of(everything)))
    return found
