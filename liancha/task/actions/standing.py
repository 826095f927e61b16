"""Whose task it is, and holding it still while somebody acts. Used by this room's actions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.rulebook.verdicts import Blocked

from ..models import Task


def check_own(task: Task, by: User) -> None:
    if by.department_id != task.initiator_id:
        raise Blocked(f"任务由{task.initiator.name}发起，应由它办理。", article="17", paragraph=1)


def locked(task: Task) -> Task:
    """The task, held until the transaction ends, so that a second click waits."""
    return (
        Task.objects.select_for_update(of=("self",))
        .select_related("initiator", "field", "line")
        .get(pk=task.pk)
    )


def append(what: str, task: Task, by: User, at: datetime, **facts: Any) -> None:
    ledger.append(what, by=by, at=at, about=("task", task.pk), **facts)
