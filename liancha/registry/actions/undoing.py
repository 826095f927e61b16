"""Taking an import back within a day: what it brought goes, what it changed is as it was before.

All of it or nothing. Where a target has been used or changed since, nothing is taken back: what
people did meanwhile is not ours to undo, and the refusal names the first of them. What will be
there again is made ready before anything is locked; the search table follows afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.ledger.models import Seal
from liancha.queue.actions import later
from liancha.rulebook.verdicts import Blocked

from .. import search, tables
from ..models import (
    Doubt,
    Import,
    ImportChange,
    SearchFill,
    SearchRow,
    StandingChange,
    Tagging,
    Target,
)
from ..prepared import Moved, Prepared, has_moved, last_entry
from ..temporary import opened
from .intake import PIECE, RETAGGED
from .searching import follow

UNDO_WITHIN = timedelta(days=1)  # local practice
OWN = (Tagging, ImportChange, StandingChange, SearchRow, Doubt)  # what comes and goes with a target
TRIES = 3  # where others work on the same targets meanwhile
FEW = 2_000  # targets whose search rows are put right at once
Progress = Callable[[int, int], None]


def undo_import(
    *,
    batch: Import,
    by: User,
    at: datetime,
    progress: Progress | None = None,
    then: Callable[[Import], None] | None = None,
) -> Import:
    """Take an import back. Raises Blocked when it is too late, or a target is not as it left it.

    progress  called with targets made ready and how many there are
    then      called once it is taken back, in the same transaction

    Source: art. 11, paragraph 1 (动态更新); the day is local practice.
    """
    batch = Import.objects.get(pk=batch.pk)
    for _ in range(TRIES):
        since = last_entry()
        _refuse(batch, at)
        rules = tables.rules()
        with opened(Prepared()) as ready:
            _make_ready(batch, ready, tables.Tagger(rules), progress)
            try:
                with transaction.atomic():
                    batch = Import.objects.select_for_update(of=("self",)).get(pk=batch.pk)
                    _refuse_late(batch, at)
                    if has_moved(since):
                        _refuse(batch, at)
                        if tables.rules() != rules:
                            raise Moved
                    _take_back(batch, ready, by, at)
                    if then:
                        then(batch)
            except (Moved, IntegrityError):  # somebody changed or used one at this moment
                continue
        return batch
    raise Blocked(
        "其他人正在改动或使用这次导入的检查对象，没有撤回任何内容。请过几分钟再撤回。",
        article="11",
        paragraph=1,
    )


def _take_back(batch: Import, ready: Prepared, by: User, at: datetime) -> None:
    """In one transaction, with a few statements whatever the number of targets."""
    restored = ready.write()
    ready.write_tags()
    removed = _remove(batch)
    ready.look_at_keys()
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
    if restored + removed <= FEW:
        follow(batch)
        return
    # Until then the search asks the wide table as well.
    SearchFill.objects.filter(batch=batch).delete()
    later("registry.after_undo", batch.pk)


def is_undoable(batch: Import, at: datetime) -> bool:
    """Whether there is still time; what happened to the targets is only looked at when asked."""
    return bool(
        batch.written_at
        and batch.undone_at is None
        and batch.taken
        and at - batch.written_at <= UNDO_WITHIN
    )


def _refuse(batch: Import, at: datetime) -> None:
    _refuse_late(batch, at)
    _refuse_changed(batch)
    _refuse_used(batch)


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
        # Looked at from the other side first: few of them point to any of these.
        near = {
            f"{name}__gte": batch.first_key or 0,
            f"{name}__lte": batch.last_key or 0,
            f"{name}__came_with": batch,
        }
        if not model._default_manager.filter(**near).order_by().exists():
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


def _make_ready(
    batch: Import, ready: Prepared, tagger: tables.Tagger, progress: Progress | None
) -> None:
    """What it changed, as it was before, with the tags that go with it."""
    total, done = batch.changed, 0
    for changes in _pieces(batch.changes.select_related("target")):
        lines, tagged = [], []
        for change in changes:
            target = change.target
            was = target.updated_at
            for name, value in change.before.items():
                setattr(target, name, _value(name, value))
            lines.append((change.pk, target, was, change.before, change.after))
            if RETAGGED & change.before.keys():
                tags = tagger.tags(target.name, target.scope, target.kind)
                tagged.append((target.pk, was, tags))
        ready.change(lines)
        ready.tag(tagged)
        done += len(changes)
        if progress:
            progress(done, max(total, done))
    ready.settle()


def _remove(batch: Import) -> int:
    """Take out what it brought; returns how many targets."""
    brought = Target.objects.came_with(batch)
    count = brought.count()
    if not count:
        return 0
    is_all = count == Target.objects.count()
    if is_all:
        search.forget_all()
    keys = Q() if is_all else Q(target__in=brought.order_by().values("pk"))
    doubts = Q() if is_all else Q(left__came_with=batch) | Q(right__came_with=batch)
    Doubt.objects.filter(doubts).delete()
    for model in (Target.untagged.through, Tagging, ImportChange, StandingChange):
        rows = model._default_manager.filter(keys)
        rows._raw_delete(rows.db)
    as_left = brought.filter(updated_at=batch.written_at or batch.at)
    if as_left._raw_delete(as_left.db) != count:
        raise Moved
    return count


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
