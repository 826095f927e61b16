"""The log as people read it: who did what, found by name or by what happened, and who may read.

What the log says is the ledger's; the words for it are in verbs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from liancha.accounts.models import User
from liancha.accounts.permissions import Permission
from liancha.disclosure.models import Result
from liancha.draw.models import Draw
from liancha.inspection.models import Visit
from liancha.ledger.models import Entry
from liancha.plan.models import Plan
from liancha.task.models import Task

from . import verbs
from .models import Reminder

MACHINES = {"system": "系统"}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as people read it: who, not which account; what, not which function."""

    entry: Entry
    who: User | str
    words: str


def find_entries(text: str) -> Q:
    """Entries by a person's name or account, or by what happened."""
    people = User.objects.filter(Q(full_name__contains=text) | Q(username=text))
    by = Q(by__startswith=text)
    for person in people.select_related("department")[:50]:
        by |= Q(by=person.signature)
    return by | Q(what__in=verbs.meaning(text)) | Q(what=text)


def lines_of(entries: Iterable[Entry]) -> list[Line]:
    """The entries with the people behind the signatures; one query for all."""
    entries = list(entries)
    accounts = {entry.by.partition("@")[0] for entry in entries}
    people = {
        person.username: person
        for person in User.objects.filter(username__in=accounts).select_related("department")
    }
    return [
        Line(
            entry,
            people.get(entry.by.partition("@")[0]) or MACHINES.get(entry.by, entry.by),
            verbs.words_of(entry.what),
        )
        for entry in entries
    ]


def may_read(entry: Entry, user: User) -> bool:
    """Whether this person may read what an entry says, not only that it is there.

    Auditors, supervisors and the coordinating office read all; others what their own department
    did, and what is about records they may see. Source: art. 6 for who supervises.
    """
    if user.sees_all_departments or user.may(Permission.ACCOUNTS_AUDIT):
        return True
    if user.department and entry.by.endswith(f"@{user.department.code}"):
        return True
    kind, _, key = entry.subject.partition(":")
    if not key.isdecimal():
        return False
    seen = {
        "task": Task.objects.visible_to,
        "draw": Draw.objects.visible_to,
        "visit": Visit.objects.visible_to,
        "result": Result.objects.visible_to,
        "plan": Plan.objects.visible_to,
        "reminder": Reminder.objects.visible_to,
    }.get(kind)
    return seen is not None and seen(user).filter(pk=int(key)).exists()
