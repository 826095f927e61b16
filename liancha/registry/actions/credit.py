"""信用风险分类 taken over: a monthly file, or classes from another room (arts. 15 and 22).

The class comes from the province's model; nobody decides it here. A file is looked at, then
written in one step, and can be taken back within a day. What a class was before stays on record.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, QuerySet
from django.utils import timezone

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.papers.readers import Column, Row, find_table, open_book
from liancha.rulebook.verdicts import Blocked

from .. import codes
from ..models import CreditBatch, CreditChange, Target

CHUNK = 2_000  # codes asked for at once
MOST_FAULTS = 1_000  # kept word by word; the rest is only counted
COLUMNS = (
    Column("code", ("统一社会信用代码", "社会信用代码", "信用代码", "注册号", "代码"), True),
    Column(
        "credit_class",
        ("信用风险分类", "信用风险等级", "风险分类", "信用分类", "分类结果", "等级"),
        True,
    ),
    Column("name", ("名称", "企业名称", "主体名称")),
)
_LETTER = re.compile(r"([ABCD])\s*[级类]?(?:[（(]?\w{0,4}?(?:风险)?[）)]?)?")
_WORDS = {"低风险": "A", "中低风险": "B", "中高风险": "C", "高风险": "D", "未分类": "", "无": ""}

Classed = tuple[str, str]
T = TypeVar("T")


@transaction.atomic
def set_credit(
    *,
    rows: Mapping[str, str] | Iterable[Classed],
    source: str,
    on: date,
    by: User | str,
    at: datetime,
) -> int:
    """Take over credit classes: code → A, B, C or D ("" for none). Returns how many changed.

    Source: art. 15, 根据监管对象信用类别. Clause 15.1.
    """
    wanted = dict(rows)
    if wrong := sorted(set(wanted.values()) - set(Target.CreditClass.values)):
        raise ValueError(f"credit classes are A, B, C, D or empty, got {wrong}")
    batch = _open(source, on, by, at)
    _write(batch, iter(wanted.items()), by, at)
    return batch.changed


@transaction.atomic
def open_credit(
    *, path: str, file_name: str, source: str, on: date, by: User, at: datetime
) -> CreditBatch:
    """Put a monthly file in hand, to be looked at. path: below the media folder.

    on  the day the classes were made; an older batch does not overwrite a newer one

    Raises Blocked for a day to come or one that is older than the newest batch.
    Source: art. 15, 加大对监管平台信用分类模块的查询和应用. Clause 15.1.
    """
    _check_day(on, at)
    batch = _open(source, on, by, at, file_name=file_name, path=path)
    ledger.append(
        "registry.open_credit",
        by=by,
        at=at,
        source=batch.source,
        on=on.isoformat(),
        file=file_name,
    )
    return batch


def look_credit(*, batch: CreditBatch, at: datetime) -> CreditBatch:
    """What a file would change, counted and listed; no target is touched. Raises Unreadable."""
    with transaction.atomic():
        batch = _held(batch)
        _afresh(batch)
        with open_book(_place(batch), batch.file_name) as book:
            table = find_table(book, COLUMNS)
            batch.sha256 = book.sha256
            for chunk in _chunks(_read(batch, table.rows())):
                _compare(batch, chunk, Target.objects.all())
        batch.looked_at, batch.failed = at, ""
        batch.save()
    return batch


@transaction.atomic
def commit_credit(*, batch: CreditBatch, by: User, at: datetime) -> CreditBatch:
    """Write a file that was looked at, all of its good rows. It is compared once more.

    Raises Blocked when that was done, or a newer batch was written meanwhile.
    Source: art. 15, paragraph 1. Clause 15.1.
    """
    batch = _held(batch)
    _check_day(batch.on, at)
    _afresh(batch)
    with open_book(_place(batch), batch.file_name) as book:
        _write(batch, _read(batch, find_table(book, COLUMNS).rows()), by, at)
    _let_go(batch)
    return batch


@transaction.atomic
def give_up_credit(*, batch: CreditBatch, by: User, at: datetime) -> None:
    """Let go of a file without writing it."""
    batch = _held(batch)
    ledger.append("registry.give_up_credit", by=by, at=at, file=batch.file_name)
    _let_go(batch)
    batch.delete()


def fail_credit(*, batch: CreditBatch, why: str) -> None:
    """Say on the batch why the worker could not read or write its file."""
    CreditBatch.objects.filter(pk=batch.pk, written_at=None).update(failed=why[:300])


@transaction.atomic
def undo_credit(*, batch: CreditBatch, by: User, at: datetime) -> CreditBatch:
    """Take a batch back within a day: classes, days and sources are as they were before it.

    Raises Blocked when it is too late, another batch came after it, or a class was changed since.
    Source: art. 15, paragraph 1; the day is local practice. Clause 15.1.
    """
    batch = CreditBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if not batch.is_undoable(at):
        raise Blocked("这批分类没有写入、已撤回，或写入已超过一天，不能撤回。", article="15")
    if CreditBatch.objects.standing().filter(written_at__gte=batch.written_at, pk__gt=batch.pk):
        raise Blocked("这批之后又写入过分类，请先撤回后面的那一批。", article="15")
    since = batch.changes.exclude(target__credit_class=F("after")).select_related("target").first()
    if since is not None:
        raise Blocked(f"{since.target.name}的分类在这批之后又改动过，不能整批撤回。", article="15")
    for value in Target.CreditClass.values:
        changed = batch.changes.filter(before=value).values("target")
        Target.objects.filter(pk__in=changed).update(credit_class=value, updated_at=at)
    here = Target.objects.filter(credit_on=batch.on, credit_source=batch.source)
    for group in batch.before:
        for keys in _chunks(key for a, b in group["keys"] for key in range(a, b + 1)):
            here.filter(pk__in=keys).update(credit_on=group["on"], credit_source=group["source"])
    batch.undone_at = at
    batch.save(update_fields=["undone_at"])
    ledger.append(
        "registry.undo_credit",
        by=by,
        at=at,
        source=batch.source,
        on=batch.on.isoformat(),
        changed=batch.changed,
        file=batch.file_name,
    )
    return batch


def _check_day(on: date, at: datetime) -> None:
    if on > timezone.localdate(at):
        raise Blocked(f"分类日期 {on} 还没有到。请改正。", article="15")
    newest = CreditBatch.objects.standing().order_by("-on").first()
    if newest and newest.on > on:
        raise Blocked(
            f"库里已有 {newest.on} 的分类，比这个文件的 {on} 新。请核对分类日期。", article="15"
        )


def _held(batch: CreditBatch) -> CreditBatch:
    """A file in hand, held until the transaction ends."""
    found = CreditBatch.objects.select_for_update(of=("self",)).filter(pk=batch.pk).first()
    if found is None or found.written_at or not found.path:
        raise Blocked("这个文件已经写入或放弃。请刷新页面看结果。", article="15")
    return found


def _place(batch: CreditBatch) -> Path:
    return Path(settings.MEDIA_ROOT) / batch.path


def _let_go(batch: CreditBatch) -> None:
    place = _place(batch)
    transaction.on_commit(lambda: place.unlink(missing_ok=True))
    CreditBatch.objects.filter(pk=batch.pk).update(path="")


def _afresh(batch: CreditBatch) -> None:
    batch.changes.all().delete()
    batch.rows = batch.changed = batch.unchanged = batch.unknown = batch.faulty = 0
    batch.faults = []


def _read(batch: CreditBatch, rows: Iterable[Row]) -> Iterator[Classed]:
    """(code, class) of every row that can be read; what cannot is noted in the batch."""
    seen: set[str] = set()
    for row in rows:
        batch.rows += 1
        read = codes.read(row["code"])
        value = read_class(row["credit_class"])
        if isinstance(read, codes.Fault):
            _fault(batch, row, "code", read.fault, read.cure)
        elif value is None:
            cure = "填 A、B、C、D；没有分类的填“未分类”"
            _fault(batch, row, "credit_class", "不是信用风险分类", cure)
        elif read.text in seen:
            _fault(batch, row, "code", "文件里有两行", "只留一行")
        else:
            seen.add(read.text)
            yield read.text, value


def read_class(cell: str) -> str | None:
    """A for A, a, A级, A 类（低风险） and 低风险; "" for 未分类; None for anything else."""
    text = cell.strip().upper()
    if text in _WORDS:
        return _WORDS[text]
    found = _LETTER.fullmatch(text)
    return found[1] if found else None


def _chunks(rows: Iterable[T]) -> Iterator[list[T]]:
    """Piece by piece, so that a million rows take no more memory than two thousand."""
    rows = iter(rows)
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _compare(
    batch: CreditBatch, chunk: Iterable[Classed], targets: QuerySet[Target]
) -> tuple[list[CreditChange], list[tuple[int, date | None, str]]]:
    """What these rows change, noted on the batch; and (key, day, source) of all that are there."""
    wanted = dict(chunk)
    rows = list(
        targets.filter(code__in=wanted)
        .order_by()
        .values_list("pk", "code", "credit_class", "credit_on", "credit_source")
    )
    changes = [
        CreditChange(batch=batch, target_id=key, before=old, after=wanted[code])
        for key, code, old, _, _ in rows
        if wanted[code] != old
    ]
    CreditChange.objects.bulk_create(changes)
    batch.unknown += len(wanted) - len(rows)
    batch.changed += len(changes)
    batch.unchanged += len(rows) - len(changes)
    return changes, [(key, on, source) for key, _, _, on, source in rows]


def _write(batch: CreditBatch, rows: Iterable[Classed], by: User | str, at: datetime) -> None:
    was: defaultdict[tuple[date | None, str], list[int]] = defaultdict(list)
    for chunk in _chunks(rows):
        there = Target.objects.select_for_update(of=("self",))
        changes, found = _compare(batch, chunk, there)
        for key, on, source in found:
            was[on, source].append(key)
        keys = [key for key, _, _ in found]
        Target.objects.filter(pk__in=keys).update(credit_on=batch.on, credit_source=batch.source)
        for value in sorted({each.after for each in changes}):
            keys = [each.target_id for each in changes if each.after == value]
            Target.objects.filter(pk__in=keys).update(credit_class=value, updated_at=at)
    batch.before = [
        {"on": on and on.isoformat(), "source": source, "keys": _ranges(keys)}
        for (on, source), keys in was.items()
    ]
    _close(batch, by, at)


def _ranges(keys: Iterable[int]) -> list[list[int]]:
    """[[1, 3], [7, 7]] for 3, 1, 2, 7: targets of a whole register stand close together."""
    found: list[list[int]] = []
    for key in sorted(keys):
        if found and found[-1][1] == key - 1:
            found[-1][1] = key
        else:
            found.append([key, key])
    return found


def _open(source: str, on: date, by: User | str, at: datetime, **facts: Any) -> CreditBatch:
    return CreditBatch.objects.create(
        source=source[:60], on=on, at=at, by=by if isinstance(by, User) else None, **facts
    )


def _close(batch: CreditBatch, by: User | str, at: datetime) -> None:
    counts = Target.objects.decided().order_by().values_list("credit_class")
    batch.counts = dict(counts.annotate(n=Count("pk")))
    batch.looked_at = batch.looked_at or at
    batch.written_at, batch.failed = at, ""
    batch.save()
    ledger.append(
        "registry.set_credit",
        by=by,
        at=at,
        source=batch.source,
        on=batch.on.isoformat(),
        changed=batch.changed,
        file=batch.file_name,
        sha256=batch.sha256,
    )


def _fault(batch: CreditBatch, row: Row, column: str, fault: str, cure: str) -> None:
    batch.faulty += 1
    if len(batch.faults) >= MOST_FAULTS:
        return
    batch.faults.append(
        {
            "row": row.number,
            "column": column,
            "value": row[column][:80],
            "fault": fault,
            "cure": cure,
            "line": [row[each.key][:200] for each in COLUMNS],
        }
    )
