"""信用风险分类 taken over: a monthly file, or classes from another room (arts. 15 and 22).

The class comes from the province's model; nobody decides it here. What it was before stays on
record with its file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Count

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.papers.readers import Column, find_table, open_book
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
    _take(batch, iter(wanted.items()), at)
    _close(batch, by, at)
    return batch.changed


@transaction.atomic
def import_credit(
    *, path: Path, file_name: str, source: str, on: date, by: User, at: datetime
) -> CreditBatch:
    """Take over a monthly file: good rows at once, bad ones listed with their cure.

    on  the day the classes were made; an older batch does not overwrite a newer one

    Raises Unreadable for a file that is no table, Blocked for a day to come or one that is
    older than the newest batch.
    Source: art. 15, 加大对监管平台信用分类模块的查询和应用. Clause 15.1.
    """
    if on > at.date():
        raise Blocked(f"分类日期 {on} 还没有到。请改正。", article="15")
    newest = CreditBatch.objects.order_by("-on").first()
    if newest and newest.on > on:
        raise Blocked(
            f"库里已有 {newest.on} 的分类，比这个文件的 {on} 新。请核对分类日期。", article="15"
        )
    with open_book(path, file_name) as book:
        table = find_table(book, COLUMNS)
        batch = _open(source, on, by, at, file_name=file_name, sha256=book.sha256)
        _take(batch, _read(batch, table.rows()), at)
    _close(batch, by, at)
    return batch


def _read(batch: CreditBatch, rows: Iterable[Any]) -> Iterator[Classed]:
    """(code, class) of every row that can be read; what cannot is noted in the batch."""
    seen: set[str] = set()
    for row in rows:
        batch.rows += 1
        read = codes.read(row["code"])
        if isinstance(read, codes.Fault):
            _fault(batch, row.number, row["code"], read.fault, read.cure)
            continue
        value = read_class(row["credit_class"])
        if value is None:
            _fault(
                batch,
                row.number,
                row["credit_class"],
                "不是信用风险分类",
                "填 A、B、C、D；没有分类的填“未分类”",
            )
            continue
        if read.text in seen:
            _fault(batch, row.number, row["code"], "文件里有两行", "只留一行")
            continue
        seen.add(read.text)
        yield read.text, value


def read_class(cell: str) -> str | None:
    """A for A, a, A级, A 类（低风险） and 低风险; "" for 未分类; None for anything else."""
    text = cell.strip().upper()
    if text in _WORDS:
        return _WORDS[text]
    found = _LETTER.fullmatch(text)
    return found[1] if found else None


def _take(batch: CreditBatch, rows: Iterator[Classed], at: datetime) -> None:
    """Write chunk by chunk, so that a million rows take no more memory than two thousand."""
    while chunk := dict(islice(rows, CHUNK)):
        changes: list[CreditChange] = []
        found = 0
        there = Target.objects.filter(code__in=chunk).select_for_update(of=("self",))
        for key, code, old in there.order_by().values_list("pk", "code", "credit_class"):
            found += 1
            if chunk[code] != old:
                changes.append(
                    CreditChange(batch=batch, target_id=key, before=old, after=chunk[code])
                )
        batch.unknown += len(chunk) - found
        batch.changed += len(changes)
        batch.unchanged += found - len(changes)
        Target.objects.filter(code__in=chunk).update(credit_on=batch.on, credit_source=batch.source)
        for value in sorted({each.after for each in changes}):
            keys = [each.target_id for each in changes if each.after == value]
            Target.objects.filter(pk__in=keys).update(credit_class=value, updated_at=at)
        CreditChange.objects.bulk_create(changes)


def _open(source: str, on: date, by: User | str, at: datetime, **facts: Any) -> CreditBatch:
    return CreditBatch.objects.create(
        source=source[:60], on=on, at=at, by=by if isinstance(by, User) else None, **facts
    )


def _close(batch: CreditBatch, by: User | str, at: datetime) -> None:
    counts = Target.objects.decided().order_by().values_list("credit_class")
    batch.counts = dict(counts.annotate(n=Count("pk")))
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


def _fault(batch: CreditBatch, row: int, value: str, fault: str, cure: str) -> None:
    batch.faulty += 1
    if len(batch.faults) < MOST_FAULTS:
        batch.faults.append({"row": row, "value": value[:80], "fault": fault, "cure": cure})
