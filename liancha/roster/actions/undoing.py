"""Taking a roster's import back within a day: whom it brought goes, whom it changed is as before.

All of it or nothing. Where somebody was changed or sent out since, nothing is taken back, and the
refusal names the first of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.ledger.models import Seal
from liancha.rulebook.verdicts import Blocked

from ..intake import FIELDS
from ..models import Certificate, Import, ImportChange, Inspector
from ..uses import uses
from .importing import PIECE, lock_departments
from .people import check_own


@transaction.atomic
def undo_import(*, batch: Import, by: User, at: datetime) -> Import:
    """Take an import back.

    Raises Blocked when it is too late, when somebody it brought or changed was changed since, or
    has been frozen, drawn or sent out since.
    Source: art. 11, paragraph 1 (动态更新), and art. 18, paragraph 2; the day is local practice.
    """
    batch = Import.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    batch.refuse_late(at, "请逐人改正，或导入一份改好的表。", "11", 1)
    changes = list(batch.changes.all())
    if len(changes) != batch.taken:
        raise Blocked(
            "这次导入没有记下改动前的内容，不能整批撤回。请逐人改正。", article="11", paragraph=1
        )
    lock_departments({by.department_id or 0})
    people = Inspector.objects.select_related("department").in_bulk(
        [_who(each) for each in changes]
    )
    for person in people.values():
        check_own(person.department_id, by)
    _refuse_changed(batch, people.values())
    _refuse_used(batch, changes, people)
    _restore([each for each in changes if not each.is_new], people)
    brought = [_who(each) for each in changes if each.is_new]
    Inspector.objects.filter(pk__in=brought).delete()
    batch.undone_at = at
    batch.save(update_fields=["undone_at"])
    ledger.append(
        "roster.undo_import",
        by=by,
        at=at,
        about=("roster_import", batch.pk),
        file=batch.file_name,
        removed=len(brought),
        restored=len(changes) - len(brought),
    )
    return batch


def _who(change: ImportChange) -> int:
    """Key of the person; nobody is taken off the roster but by taking an import back."""
    if change.inspector_id is None:
        raise ValueError(f"{change} has lost its person")
    return change.inspector_id


def _refuse_changed(batch: Import, people: Iterable[Inspector]) -> None:
    """Somebody saved, licensed, sent on leave, recused or imported one of them again."""
    _refuse(
        [each for each in people if each.updated_at != batch.written_at], "在导入之后又改动过", "11"
    )


def _refuse_used(batch: Import, changes: list[ImportChange], people: dict[int, Inspector]) -> None:
    """One of them is in a draw, a team or a visit that was not there before."""
    used = uses(people.keys())
    _refuse(
        [people[_who(one)] for one in changes if used[_who(one)] > one.uses],
        "已经被抽取或派往检查",
        "19",
    )
    if _is_frozen(batch, {each.department.code for each in people.values()}):
        _refuse(list(people.values()), "已在写入以后随待抽检库冻结的人员名单里", "18")


def _is_frozen(batch: Import, departments: set[str]) -> bool:
    """Whether a roster of theirs was frozen since, with the pool of a task they take part in.

    The frozen text points to nobody; the entry that sealed the pool says whose rosters it holds.
    """
    seals = Seal.objects.filter(subject__startswith="frame:", at__gte=batch.written_at)
    for seal in seals.select_related("entry"):
        rosters = json.loads(seal.entry.body).get("rosters")
        if rosters is None or departments & rosters.keys():
            return True
    return False


def _refuse(found: list[Inspector], why: str, article: str) -> None:
    if not found:
        return
    first = min(found, key=lambda each: each.number)
    others = f"等 {len(found)} 人" if len(found) > 1 else ""
    raise Blocked(
        f"“{first.name}”{others}{why}，这次导入不能整批撤回。请逐人改正。",
        article=article,
        paragraph=None if article == "19" else 2 if article == "18" else 1,
    )


def _restore(changes: list[ImportChange], people: dict[int, Inspector]) -> None:
    """Put back what it changed."""
    for each in changes:
        person = people[_who(each)]
        for key, value in each.before.items():
            if key in FIELDS:
                setattr(person, "region_id" if key == "region" else key, value)
        person.updated_at = datetime.fromisoformat(each.before["updated_at"])
        if "certificate" in each.before:
            _restore_certificate(each)
    Inspector.objects.bulk_update(
        [people[_who(each)] for each in changes],
        [*FIELDS, "updated_at"],
        batch_size=PIECE,
    )


def _restore_certificate(change: ImportChange) -> None:
    certificate = Certificate.objects.get(number=change.after["certificate"]["number"])
    was = change.before["certificate"]
    if was is None:
        certificate.delete()
        return
    certificate.kind = was["kind"]
    certificate.valid_from = date.fromisoformat(was["valid_from"])
    certificate.valid_to = date.fromisoformat(was["valid_to"])
    certificate.save()
