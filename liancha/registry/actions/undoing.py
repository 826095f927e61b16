"""Taking an import back within a day: what it brought goes, what it changed is as it was before.

All of it or nothing. Where a target has been used or changed since, nothing is taken back: what
people did meanwhile is not ours to undo, and the refusal names the first of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.ledger.models import Seal
from liancha.rulebook.verdicts import Blocked

from .. import search, tables
from ..models import (
    Doubt,
    Import,
    ImportChange,
    SearchRow,
    StandingChange,
    Tagging,
    Target,
)
from .intake import COMPARED, FOLLOWING, PIECE, RETAGGED, retag

UNDO_WITHIN = timedelta(days=1)  # local practice
OWN = (Tagging, ImportChange, StandingChange, SearchRow, Doubt)  # what comes and goes with a target


@transaction.atomic
def undo_import(*, batch: Import, by: User, at: datetime) -> Import:
    """Take an import back. Raises Blocked when it is too late, or a target is not as it left it.

    Source: art. 11, paragraph 1 (动态更新); the day is local practice.
    """
    batch = Import.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    _refuse_late(batch, at)
    _refuse_changed(batch)
    _refuse_used(batch)
    restored = _restore(batch)
    removed = _remove(batch)
    batch.undone_at = at
    batch.save(update_fields=["undone_at"])
    ledger.append(
        "registry.undo_import",
        by=by,
        at=at,
        about=("import", batch.pk),
        file=batch.file_name,
        removed=removed,
        restored=restored,
    )
    return batch


def is_undoable(batch: Import, at: datetime) -> bool:
    """Whether there is still time; what happened to the targets is only looked at when asked."""
    return bool(
        batch.written_at
        and batch.undone_at is None
        and batch.taken
        and at - batch.written_at <= UNDO_WITHIN
    )


def _refuse_late(batch: Import, at: datetime) -> None:
    if batch.undone_at:
        raise Blocked("这次导入已经撤回。", article="11", paragraph=1)
    if batch.written_at is None:
        raise Blocked("这个文件还没有写入，不用撤回；放弃即可。", article="11", paragraph=1)
    if not is_undoable(batch, at):
        raise Blocked(
            "写入已超过一天，不能整批撤回。请在检查对象页面逐户改正，或导入一份改好的表。",
            article="11",
            paragraph=1,
        )


def _refuse_changed(batch: Import) -> None:
    """Somebody saved, tagged, placed, reviewed or imported one of them again."""
    since = ~Q(updated_at=batch.written_at) | Q(reviewed_at__gt=batch.written_at)
    for touched in (
        Target.objects.came_with(batch),
        Target.objects.filter(import_changes__batch=batch),
    ):
        _refuse_first(touched.filter(since), "在导入之后又改动过")


def _refuse_used(batch: Import) -> None:
    """Another record points to one that would go: a pool, a draw, a recusal, a licence."""
    brought = Target.objects.came_with(batch)
    # A frozen pool names its targets in pages that point to none of them: whoever may be in one
    # that was sealed since stays.
    if Seal.objects.filter(subject__startswith="frame:", at__gte=batch.written_at).exists():
        _refuse_first(brought, "可能已在写入以后冻结的待抽检库里，算作已经在用")
    for relation in Target._meta.get_fields(include_hidden=True):
        if not (relation.one_to_many or relation.one_to_one) or not relation.auto_created:
            continue
        model: type[models.Model] = relation.related_model  # type: ignore[assignment]
        name = relation.field.name  # type: ignore[union-attr]
        if model in OWN or model._meta.auto_created:
            continue
        pointing = model._default_manager.filter(**{name: OuterRef("pk")})
        _refuse_first(brought.filter(Exists(pointing)), "已经在用（抽查任务、证照、检查记录等）")
    decided = Doubt.objects.exclude(outcome="").filter(
        Q(left=OuterRef("pk")) | Q(right=OuterRef("pk"))
    )
    _refuse_first(brought.filter(Exists(decided)), "已在疑似重复里处理过")


def _refuse_first(found: QuerySet[Target], why: str) -> None:
    first = found.order_by("pk").first()
    if first is None:
        return
    more = found.count() - 1
    others = f"等 {more + 1} 户" if more else ""
    raise Blocked(
        f"“{first.name}”{others}{why}，这次导入不能整批撤回。请逐户改正。",
        article="11",
        paragraph=1,
    )


def _restore(batch: Import) -> int:
    """Put back what it changed; returns how many targets."""
    tagger, count = tables.tagger(), 0
    for changes in _pieces(batch.changes.select_related("target")):
        targets = []
        for change in changes:
            for name, value in change.before.items():
                setattr(change.target, name, _value(name, value))
            targets.append(change.target)
        Target.objects.bulk_create(
            targets,
            update_conflicts=True,
            unique_fields=["code"],
            update_fields=[name.removesuffix("_id") for name in (*COMPARED, *FOLLOWING)],
        )
        retag(tagger, [each.target for each in changes if RETAGGED & each.before.keys()])
        search.put(targets)
        count += len(targets)
    return count


def _remove(batch: Import) -> int:
    """Take out what it brought; returns how many targets."""
    brought = Target.objects.came_with(batch)
    count = brought.count()
    if count == Target.objects.count():
        search.forget_all()
        _take_out(None)
        return count
    while keys := list(brought.order_by("pk").values_list("pk", flat=True)[:PIECE]):
        search.forget(keys)
        _take_out(keys)
    return count


def _take_out(keys: list[int] | None) -> None:
    """Delete these targets (None: all) with what comes and goes with them, search rows apart."""
    every = keys is None
    doubts = Doubt.objects.filter(Q() if every else Q(left__in=keys) | Q(right__in=keys))
    doubts.delete()
    for model in (Target.untagged.through, Tagging, ImportChange, StandingChange):
        rows = model._default_manager.filter(Q() if every else Q(target__in=keys))
        rows._raw_delete(rows.db)
    targets = Target.objects.filter(Q() if every else Q(pk__in=keys))
    targets._raw_delete(targets.db)


def _value(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in ("registered_on", "credit_on"):
        return date.fromisoformat(value)
    if name == "updated_at":
        moment = datetime.fromisoformat(value)
        return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
    return value


def _pieces(changes: QuerySet[ImportChange]) -> Iterator[list[ImportChange]]:
    last = 0
    while piece := list(changes.filter(pk__gt=last).order_by("pk")[:PIECE]):
        yield piece
        last = piece[-1].pk
