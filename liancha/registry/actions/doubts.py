"""Records that may be one target: found, shown side by side, decided by a person (art. 11).

Nothing is merged or overwritten in silence. A merged record stays where it is, enters no pool any
more, and its code leads to the one that was kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import islice, pairwise
from typing import Any

from django.db import transaction
from django.db.models import Count, Min

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.ledger.models import Entry
from liancha.rulebook.verdicts import Blocked, NeedsReason

from .. import tables
from ..models import CHOSEN, Doubt, FormerCode, Import, ImportChange, Tagging, Target
from ..reading import DOUBLED
from .tagging import retag
from .targets import check_own

MOST_PAIRS = 5_000  # found at once; the next import finds the rest
SLICE = 1_000  # doubts written in one transaction
BRANCHES = ("分公司", "分店", "分部", "分行", "支公司", "营业部", "门市部")


def find_doubts(*, batch: Import | None = None, by: User | str, at: datetime) -> int:
    """Look for records that may be one target; returns how many are new in the queue.

    batch  also look at the names that this import changed, or had twice for one code

    Pairs somebody has decided about are not brought up again. The registry is read without a
    transaction, for that takes seconds; what is found is written in slices, so that nobody else
    waits for long. Cut short, it finds the rest when it is run again, and its one entry tells of
    all of them.
    Source: art. 11, paragraph 1, 实行动态更新. Clause 11.1.
    """
    source = (f"导入 {batch.file_name}" if batch else "全库核查")[:200]
    count = 0
    for doubts in _slices(_suspected(batch)):
        for doubt in doubts:
            doubt.source, doubt.batch, doubt.found_at = source, batch, at
        count += _put_in_queue(doubts)
    return _tell(count, batch, by, at)


@transaction.atomic
def merge(
    *,
    doubt: Doubt,
    keep: Target,
    from_other: Collection[str] = (),
    reason: str,
    by: User,
    at: datetime,
) -> Target:
    """Make one target of two; `keep` stays, with these fields of the other. Returns it.

    from_other  attribute names out of CHOSEN

    Tags, licences, marks, findings, 不涉及 and what was decided on complaints come along from the
    other; its code is kept as a former one. What was drawn and frozen before stays as it was.
    Raises Blocked for another county's target or a doubt already decided, NeedsReason without one.
    Source: art. 11, paragraph 1.
    """
    doubt = _undecided(doubt, by)
    if doubt.right is None or keep.pk not in (doubt.left_id, doubt.right_id):
        raise Blocked("这一条不是两户，不能合并。请改用“确定名称”。", article="11", paragraph=1)
    _need_reason(reason, "合并")
    pair = {
        each.pk: each
        for each in Target.objects.select_for_update(of=("self",))
        .filter(pk__in=(doubt.left_id, doubt.right.pk))
        .order_by("pk")
    }
    kept = pair.pop(keep.pk)
    (other,) = pair.values()
    if kept.merged_into_id or other.merged_into_id:
        raise Blocked("其中一户已经并入另一户。请刷新页面再办。", article="11", paragraph=1)
    changed = _take_fields(kept, {name: getattr(other, name) for name in from_other})
    kept.updated_at = at
    kept.is_region_by_hand = kept.is_region_by_hand or "region_id" in changed
    kept.save()
    _hand_over(other, kept, at, reason)
    other.merged_into = kept
    other.updated_at = at
    other.save()
    retag(tables.tagger(), [kept])
    _decide(doubt, Doubt.Outcome.MERGED, reason, sorted(from_other), by, at)
    Doubt.objects.open().filter(left=other).delete()
    Doubt.objects.open().filter(right=other).delete()
    ledger.append(
        "registry.merge",
        by=by,
        at=at,
        about=("target", kept.pk),
        kept=kept.code,
        merged=other.code,
        taken=sorted(from_other),
        changed={name: [str(old or ""), str(new or "")] for name, (old, new) in changed.items()},
        reason=reason.strip(),
    )
    return kept


@transaction.atomic
def keep_both(*, doubt: Doubt, reason: str, by: User, at: datetime) -> Doubt:
    """Say that these are two targets, and why; they are not brought up again."""
    doubt = _undecided(doubt, by)
    if doubt.right is None:
        raise Blocked("这一条只有一户。请改用“确定名称”。", article="11", paragraph=1)
    _need_reason(reason, "两户都保留")
    _decide(doubt, Doubt.Outcome.KEPT, reason, [], by, at)
    ledger.append(
        "registry.keep_both",
        by=by,
        at=at,
        about=("target", doubt.left_id),
        codes=sorted((doubt.left.code, doubt.right.code)),
        reason=doubt.reason,
    )
    return doubt


@transaction.atomic
def settle_name(
    *, doubt: Doubt, from_other: Collection[str] = (), reason: str, by: User, at: datetime
) -> Target:
    """For one code with two names: which fields are taken from the other side. Returns the target.

    The name that is not used stays findable.
    """
    doubt = _undecided(doubt, by)
    if doubt.right is not None:
        raise Blocked("这一条是两户。请选择合并或都保留。", article="11", paragraph=1)
    _need_reason(reason, "确定名称")
    target = Target.objects.select_for_update(of=("self",)).get(pk=doubt.left_id)
    unused = target.name if "name" in from_other else str(doubt.incoming.get("name", ""))
    changed = _take_fields(
        target, {name: doubt.incoming[name] for name in from_other if name in doubt.incoming}
    )
    if changed:
        target.updated_at = at
        target.save()
        retag(tables.tagger(), [target])
    FormerCode.objects.update_or_create(
        target=target,
        code=target.code,
        defaults={"name": unused[:200], "reason": "名称不一致", "at": at},
    )
    _decide(doubt, Doubt.Outcome.TAKEN, reason, sorted(changed), by, at)
    ledger.append(
        "registry.settle_name",
        by=by,
        at=at,
        about=("target", target.pk),
        code=target.code,
        changed={name: [str(old or ""), str(new or "")] for name, (old, new) in changed.items()},
        reason=doubt.reason,
    )
    return target


# ── Finding ───────────────────────────────────────────────────────────────────────────────────


def _twins() -> Iterable[tuple[int, int]]:
    """Same name and address under two codes."""
    groups = (
        Target.objects.standing()
        .exclude(address="")
        .order_by()
        .values("name", "address")
        .annotate(n=Count("pk"), first=Min("pk"))
        .filter(n__gt=1)[:MOST_PAIRS]
    )
    for group in groups:
        others = (
            Target.objects.standing()
            .filter(name=group["name"], address=group["address"], pk__gt=group["first"])
            .order_by("pk")
        )
        for other in others.values_list("pk", flat=True)[:20]:
            yield group["first"], other


def _old_numbers() -> Iterable[tuple[int, int]]:
    """A registration number and a unified code with the same name in the same region."""
    old = Target.objects.standing().filter(code_kind=Target.CodeKind.REGISTRATION)
    names = old.order_by("pk").values_list("pk", "name", "region")
    for piece in _pieces(list(names), 500):
        by_name: dict[str, list[tuple[int, str | None]]] = {}
        for key, name, region in (
            Target.objects.standing()
            .filter(code_kind=Target.CodeKind.USCC, name__in=[name for _, name, _ in piece])
            .values_list("pk", "name", "region")
        ):
            by_name.setdefault(name, []).append((key, region))
        for key, name, region in piece:
            for other, there in by_name.get(name, []):
                if region is None or there is None or region == there:
                    yield key, other


def _branches() -> Iterable[tuple[int, int]]:
    """A branch at its parent's address: one place, perhaps entered twice."""
    for word in BRANCHES:
        rows = (
            Target.objects.standing()
            .filter(name__endswith=word)
            .exclude(address="")
            .values_list("pk", "name", "address")
        )
        for piece in _pieces(list(rows[:MOST_PAIRS]), 500):
            at_place: dict[str, list[tuple[int, str]]] = {}
            for key, name, address in (
                Target.objects.standing()
                .filter(address__in={address for _, _, address in piece})
                .values_list("pk", "name", "address")
            ):
                at_place.setdefault(address, []).append((key, name))
            for key, name, address in piece:
                for other, parent in at_place[address]:
                    if other != key and name.startswith(parent):
                        yield key, other


def _suspected(batch: Import | None) -> Iterator[Doubt]:
    """All there is to ask, a thing at a time."""
    known = set(Doubt.objects.exclude(right=None).values_list("left", "right"))
    found: dict[tuple[int, int], Doubt.Kind] = {}
    for kind, pairs in (
        (Doubt.Kind.OLD_NUMBER, _old_numbers()),
        (Doubt.Kind.TWIN, _twins()),
        (Doubt.Kind.BRANCH, _branches()),
    ):
        for left, right in pairs:
            pair = (min(left, right), max(left, right))
            if pair not in known:
                found.setdefault(pair, kind)
    for (left, right), kind in islice(found.items(), MOST_PAIRS):
        yield Doubt(kind=kind, left_id=left, right_id=right)
    if batch:
        asked = {left for left, _ in islice(found, MOST_PAIRS)}
        for renamed in _renamed(batch):
            asked.add(renamed.left_id)
            yield renamed
        yield from _doubled(batch, asked)


def _renamed(batch: Import) -> Iterator[Doubt]:
    """Records whose name an import replaced by one that has nothing to do with it."""
    waiting = set(Doubt.objects.open().filter(right=None).values_list("left", flat=True))
    changes = ImportChange.objects.filter(batch=batch).order_by("pk")
    rows, last = changes.values_list("pk", "target", "before", "after"), 0
    while piece := list(rows.filter(pk__gt=last)[:SLICE]):
        last = piece[-1][0]
        for _, target, before, after in piece:
            was, now = before.get("name"), after.get("name")
            if not was or not now or target in waiting or _is_same_name(was, now):
                continue
            waiting.add(target)
            incoming = {name: value for name, value in before.items() if name in CHOSEN}
            yield Doubt(kind=Doubt.Kind.NAMESAKE, left_id=target, incoming=incoming)


def _doubled(batch: Import, found_before: set[int]) -> Iterator[Doubt]:
    """Codes that the file itself gives two names: its second line was not taken."""
    asked = Doubt.objects.open() | Doubt.objects.filter(batch=batch)
    seen = found_before.union(asked.filter(right=None).values_list("left", flat=True))
    lines = batch.faults.filter(is_remark=False, fault__contains=DOUBLED).order_by("row", "pk")
    others = lines.values_list("value", "name", "row")[:MOST_PAIRS]
    by_code = Target.objects.standing().in_bulk({code for code, *_ in others}, field_name="code")
    for code, name, row in others:
        target = by_code.get(code)
        if not target or target.pk in seen or not name or _is_same_name(target.name, name):
            continue
        seen.add(target.pk)
        yield Doubt(kind=Doubt.Kind.NAMESAKE, left=target, incoming={"name": name, "row": row})


@transaction.atomic
def _put_in_queue(doubts: list[Doubt]) -> int:
    """Those of a slice that still are to be asked; returns how many. Others worked meanwhile."""
    lefts = [each.left_id for each in doubts]
    keys = {*lefts, *(each.right_id for each in doubts if each.right_id)}
    held = Target.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
    merged = dict(held.filter(pk__in=keys).values_list("pk", "merged_into"))
    there = Doubt.objects.filter(left__in=lefts)
    asked = set(there.exclude(right=None).values_list("left", "right"))
    asked |= set(there.open().filter(right=None).values_list("left", "right"))
    fresh = [
        each
        for each in doubts
        if (each.left_id, each.right_id) not in asked
        and each.left_id in merged
        and (
            each.right_id is None
            or (each.right_id in merged and not merged[each.left_id] and not merged[each.right_id])
        )
    ]
    Doubt.objects.bulk_create(fresh)
    return len(fresh)


@transaction.atomic
def _tell(count: int, batch: Import | None, by: User | str, at: datetime) -> int:
    """One entry for what was found, with what an earlier run had no time to tell; how many."""
    about = ("import", batch.pk) if batch else None
    told = Entry.objects.filter(what="registry.find_doubts")
    told = told.filter(subject=":".join(map(str, about)) if about else "")
    untold = Doubt.objects.filter(batch=batch, found_at__lt=at)
    if last := told.order_by("-index").first():
        untold = untold.filter(found_at__gt=last.at)
    if found := count + untold.count():
        ledger.append("registry.find_doubts", by=by, at=at, about=about, found=found)
    return found


def _is_same_name(one: str, other: str) -> bool:
    """Whether one name is the other written a little differently: half of its pairs are shared."""
    pairs = [{a + b for a, b in pairwise(name)} for name in (one, other)]
    return 2 * len(pairs[0] & pairs[1]) >= min(len(pairs[0]), len(pairs[1]))


# ── Deciding ──────────────────────────────────────────────────────────────────────────────────


def _undecided(doubt: Doubt, by: User) -> Doubt:
    found = (
        Doubt.objects.select_for_update(of=("self",))
        .select_related("left", "right")
        .get(pk=doubt.pk)
    )
    if found.decided_at:
        raise Blocked("这一条已经处理过。请看处理记录。", article="11", paragraph=1)
    check_own([found.left_id, *([found.right_id] if found.right_id else [])], by)
    return found


def _need_reason(reason: str, verb: str) -> None:
    if not reason.strip():
        raise NeedsReason(f"请写明{verb}的理由，会记入存证日志。", article="11", paragraph=1)


def _take_fields(target: Target, values: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    changed = {}
    for name, value in values.items():
        if name not in CHOSEN:
            raise ValueError(f"not a field that can be chosen: {name}")
        old = getattr(target, name)
        if str(old or "") != str(value or ""):
            setattr(target, name, value)
            changed[name] = (old, value)
    target.drop_same_address()
    if target.region_id:
        target.is_pending = False
    return changed


def _hand_over(other: Target, kept: Target, at: datetime, reason: str) -> None:
    """What hangs on the merged record goes to the kept one, except what it has already."""
    has = set(kept.taggings.values_list("tag", flat=True))
    other.taggings.filter(is_by_hand=True).exclude(tag__in=has).update(target=kept)
    Tagging.objects.filter(target=other).delete()
    licences = set(kept.licences.values_list("name", "number"))
    for licence in other.licences.all():
        if (licence.name, licence.number) not in licences:
            licence.target = kept
            licence.save(update_fields=["target"])
    other.key_flags.update(target=kept)
    other.complaint_decisions.update(target=kept)
    released = set(kept.released.values_list("department", flat=True))
    other.released.exclude(department__in=released).update(target=kept)
    known = set(kept.inspections.exclude(reference="").values_list("department", "reference"))
    for fact in other.inspections.all():
        if (fact.department_id, fact.reference) not in known:
            fact.target = kept
            fact.save(update_fields=["target"])
    other.case_checks.update(target=kept)
    other.solo_checks.update(target=kept)
    other.merged.update(merged_into=kept)
    if other.last_inspected_on:
        Target.objects.filter(pk=kept.pk).exclude(
            last_inspected_on__gte=other.last_inspected_on
        ).update(last_inspected_on=other.last_inspected_on)
    for former in other.former_codes.all():
        FormerCode.objects.get_or_create(
            target=kept,
            code=former.code,
            defaults={"name": former.name, "reason": former.reason, "at": former.at},
        )
    FormerCode.objects.update_or_create(
        target=kept,
        code=other.code,
        defaults={"name": other.name, "reason": f"合并：{reason.strip()}"[:200], "at": at},
    )


def _decide(
    doubt: Doubt, outcome: str, reason: str, chosen: list[str], by: User, at: datetime
) -> None:
    doubt.outcome, doubt.reason, doubt.chosen = outcome, reason.strip()[:300], chosen
    doubt.decided_at, doubt.decided_by = at, by
    doubt.save()


def _pieces(rows: list[Any], size: int) -> Iterable[list[Any]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _slices(doubts: Iterator[Doubt]) -> Iterator[list[Doubt]]:
    while piece := list(islice(doubts, SLICE)):
        yield piece
