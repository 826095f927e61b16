"""信用风险分类 taken over: a monthly file, or classes from another room (arts. 15 and 22).

The class comes from the province's model; nobody decides it here. A file is looked at, then
written in one step, and can be taken back within a day. What a class was before stays on record.
It is read before anything is locked, a second time for the writing, since others may have worked.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from liancha.accounts.models import User
from liancha.accounts.permissions import Permission
from liancha.ledger import actions as ledger
from liancha.papers.around import is_beside
from liancha.papers.readers import Column, Row, find_table, open_book
from liancha.queue.models import Job
from liancha.rulebook.verdicts import Blocked

from .. import codes
from ..classing import Classes
from ..columns import NO_ROW, NO_ROW_CURE, word_of
from ..models import CreditBatch, Target
from ..temporary import opened

CHUNK = 2_000  # rows read between two words to whoever waits; targets put back at once
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
_BOTH = re.compile(r"([ABCD])[级类]?[（(]?(.+?)[）)]?")
_UNCLASSED = ("未分类", "无")

Progress = Callable[[int, int], None]
Then = Callable[[CreditBatch], None]
T = TypeVar("T")


@transaction.atomic
def set_credit(
    *,
    rows: Mapping[str, str] | Iterable[tuple[str, str]],
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
    batch.rows = len(wanted)
    with opened(Classes()) as waiting:
        waiting.add(list(wanted.items()))
        waiting.settle()
        _write(batch, waiting, by, at)
    return batch.changed


@transaction.atomic
def open_credit(
    *, path: str, file_name: str, source: str, on: date, by: User, at: datetime
) -> CreditBatch:
    """Put a monthly file in hand, to be looked at. path: below the media folder.

    on  the day the classes were made; an older batch does not overwrite a newer one

    Raises Blocked for a day to come, one that is older than the newest batch, and for a county.
    Source: art. 15, 加大对监管平台信用分类模块的查询和应用. Clause 15.1.
    """
    _refuse_county(by)
    _check_day(on, at)
    batch = _open(source, on, by, at, file_name=file_name[:200], path=path)
    ledger.append(
        "registry.open_credit",
        by=by,
        at=at,
        source=batch.source,
        on=on.isoformat(),
        file=batch.file_name,
    )
    return batch


def look_credit(
    *,
    batch: CreditBatch,
    at: datetime,
    progress: Progress | None = None,
    then: Then | None = None,
) -> CreditBatch:
    """What a file would change, counted and listed; no target is touched. Raises Unreadable.

    progress  called with rows read and about how many there are; what it raises ends the look
    then      called in the transaction that keeps what was found
    """
    with _read(batch, progress) as (found, waiting), transaction.atomic():
        batch = _held(batch)
        _afresh(batch, found)
        _compare(batch, waiting)
        batch.looked_at = at
        batch.save()
        if then:
            then(batch)
    return batch


def commit_credit(
    *,
    batch: CreditBatch,
    by: User,
    at: datetime,
    progress: Progress | None = None,
    then: Then | None = None,
) -> CreditBatch:
    """Write a file that was looked at, all of its good rows. It is compared once more.

    progress, then  as for the look

    Raises Blocked when that was done, or a newer batch was written meanwhile.
    Source: art. 15, paragraph 1. Clause 15.1.
    """
    _refuse_county(by)
    with _read(batch, progress) as (found, waiting), transaction.atomic():
        batch = _held(batch)
        _check_day(batch.on, at)
        _afresh(batch, found)
        _write(batch, waiting, by, at)
        transaction.on_commit(partial(sweep_credit, batch=batch))
        if then:
            then(batch)
    return batch


@transaction.atomic
def give_up_credit(*, batch: CreditBatch, by: User, at: datetime) -> None:
    """Let go of a file without writing it."""
    _refuse_county(by)
    batch = _held(batch)
    ledger.append("registry.give_up_credit", by=by, at=at, file=batch.file_name)
    transaction.on_commit(partial(_place(batch).unlink, missing_ok=True))
    batch.delete()


def attach_credit_job(*, batch: CreditBatch, job: Job) -> None:
    """Say which job works on the file, for the page's progress bar."""
    batch.job = job
    batch.save(update_fields=["job"])


def sweep_credit(*, batch: CreditBatch) -> None:
    """Remove the upload of a file that is written; what it said is kept in rows.

    Called once that is true, and again at the next look: a process that was killed in between
    leaves nothing behind for long. No event of the ledger, the writing is one.
    """
    found = CreditBatch.objects.exclude(path="").filter(pk=batch.pk, written_at__isnull=False)
    for each in found:
        with suppress(FileNotFoundError):
            _place(each).unlink()
        found.update(path="")
    if batch.written_at:
        batch.path = ""


@transaction.atomic
def undo_credit(*, batch: CreditBatch, by: User, at: datetime) -> CreditBatch:
    """Take a batch back within a day: classes, days and sources are as they were before it.

    Raises Blocked when it is too late, another batch came after it, or a class was changed since.
    Source: art. 15, paragraph 1; the day is local practice. Clause 15.1.
    """
    _refuse_county(by)
    batch = CreditBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if not batch.is_undoable(at):
        raise Blocked("这批分类没有写入、已撤回，或写入已超过一天，不能撤回。", article="15")
    # By when it was written: what was opened first may have been written last.
    after = Q(written_at__gt=batch.written_at) | Q(written_at=batch.written_at, pk__gt=batch.pk)
    if CreditBatch.objects.standing().filter(after).exists():
        raise Blocked("这批之后又写入过分类，请先撤回后面的那一批。", article="15")
    since = batch.changes.exclude(target__credit_class=F("after")).select_related("target").first()
    if since is not None:
        raise Blocked(f"{since.target.name}的分类在这批之后又改动过，不能整批撤回。", article="15")
    for value in Target.CreditClass.values:
        changed = batch.changes.filter(before=value).values("target")
        Target.objects.filter(pk__in=changed).update(credit_class=value, updated_at=at)
    here = Target.objects.filter(credit_on=batch.on, credit_source=batch.source)
    for group in batch.before:
        was = {"credit_on": group["on"], "credit_source": group["source"]}
        wide = [(a, b) for a, b in group["keys"] if b - a >= CHUNK]
        for ends in wide:
            here.filter(pk__range=ends).update(**was)
        single = (n for a, b in group["keys"] if b - a < CHUNK for n in range(a, b + 1))
        for keys in _chunks(single):
            here.filter(pk__in=keys).update(**was)
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


def may_take_credit(by: User) -> bool:
    """Whether a month's file, which holds the whole city's firms, is theirs to take over."""
    return by.may(Permission.REGISTRY_IMPORT) and not _is_of_county(by)


def _is_of_county(by: User) -> bool:
    return by.department is not None and by.department.level != "city"


def _refuse_county(by: User) -> None:
    """Source: art. 11, paragraph 1, 按照管辖范围."""
    if _is_of_county(by):
        raise Blocked(
            "按月的信用风险分类覆盖全市检查对象，由市级部门导入、写入和撤回。"
            "本县区个别对象的分类有变化，请随检查对象表导入，或告知市级部门。",
            article="11",
            paragraph=1,
        )


def _check_day(on: date, at: datetime) -> None:
    if on > timezone.localdate(at):
        raise Blocked(f"分类日期 {on} 还没有到。请改正。", article="15")
    newest = CreditBatch.objects.standing().order_by("-on").first()
    if newest and newest.on > on:
        raise Blocked(
            f"库里已有 {newest.on} 的分类，比这个文件的 {on} 新。请核对分类日期。", article="15"
        )


@dataclass(slots=True)
class _Found:
    """What a file says beside its classes; of bad rows the first MOST_FAULTS."""

    sha256: str
    rows: int = 0
    faulty: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list)

    def classed(self, rows: Iterable[Row]) -> Iterator[tuple[str, str]]:
        """(code, class) of every row that can be read; what cannot is noted."""
        seen: set[str] = set()
        for row in rows:
            self.rows += 1
            read = codes.read(row["code"])
            value = read_class(row["credit_class"])
            if isinstance(read, codes.Fault) and is_beside(row.cells):
                self._note(row, "code", NO_ROW, NO_ROW_CURE)
            elif isinstance(read, codes.Fault):
                self._note(row, "code", read.fault, read.cure)
            elif value is None:
                cure = "填 A、B、C、D；没有分类的填“未分类”"
                self._note(row, "credit_class", "不是信用风险分类", cure)
            elif read.text in seen:
                self._note(row, "code", "文件里有两行", "只留一行")
            else:
                seen.add(read.text)
                yield read.text, value

    def _note(self, row: Row, column: str, fault: str, cure: str) -> None:
        self.faulty += 1
        if len(self.faults) >= MOST_FAULTS:
            return
        self.faults.append(
            {
                "row": row.number,
                "column": column,
                "value": row[column][:80],
                "fault": fault,
                "cure": cure,
                "line": [row[each.key][:200] for each in COLUMNS],
            }
        )


@contextmanager
def _read(batch: CreditBatch, progress: Progress | None) -> Iterator[tuple[_Found, Classes]]:
    """Read the whole file, outside any transaction of its own; its classes wait to be written."""
    try:
        book = open_book(_place(_open_still(batch)), batch.file_name)
    except FileNotFoundError as gone:
        raise _closed() from gone
    with book, opened(Classes()) as waiting:
        table = find_table(book, COLUMNS)
        found, total = _Found(book.sha256), table.size() if progress else 0
        for piece in _chunks(found.classed(table.rows())):
            waiting.add(piece)
            if progress:
                progress(found.rows, max(total, found.rows))
        waiting.settle()
        if progress:
            progress(found.rows, found.rows)
        yield found, waiting


def _held(batch: CreditBatch) -> CreditBatch:
    """A file in hand, held until the transaction ends."""
    found = CreditBatch.objects.select_for_update(of=("self",)).filter(pk=batch.pk).first()
    return _open_still(found)


def _open_still(batch: CreditBatch | None) -> CreditBatch:
    if batch is None or batch.written_at or not batch.path:
        raise _closed()
    return batch


def _closed() -> Blocked:
    return Blocked("这个文件已经写入或放弃。请刷新页面看结果。", article="15")


def _place(batch: CreditBatch) -> Path:
    return Path(settings.MEDIA_ROOT) / batch.path


def _afresh(batch: CreditBatch, found: _Found) -> None:
    """What an earlier look found is said anew."""
    batch.changes.all().delete()
    batch.sha256, batch.rows = found.sha256, found.rows
    batch.faulty, batch.faults = found.faulty, found.faults


@lru_cache(maxsize=1_000)
def read_class(cell: str) -> str | None:
    """A for A, a, A级, A 类（低风险） and 低风险; "" for 未分类; None for anything else.

    The words are those that a table of targets may say. None too where letter and words differ,
    and for AAA or BB: those are ratings of credit, not classes of risk.
    """
    text = "".join(unicodedata.normalize("NFKC", cell).split()).upper()
    if text in _UNCLASSED:
        return ""
    found: str | None = word_of("credit_class", text)
    if (
        found is None
        and (both := _BOTH.fullmatch(text))
        and both[1] == (word_of("credit_class", both[2]) if both[2] not in "ABCD" else None)
    ):
        found = both[1]
    return found


def _chunks(rows: Iterable[T]) -> Iterator[list[T]]:
    """Piece by piece, so that a million rows take no more memory than two thousand."""
    rows = iter(rows)
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _compare(batch: CreditBatch, waiting: Classes) -> None:
    """Whose class differs is noted on the batch, with how many do not."""
    known = waiting.known()
    batch.changed = waiting.note(batch)
    batch.unchanged, batch.unknown = known - batch.changed, waiting.count - known


def _write(batch: CreditBatch, waiting: Classes, by: User | str, at: datetime) -> None:
    was: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for key, on, source in waiting.hold():
        was[str(on or ""), source].append(key)
    batch.before = [
        {"on": on or None, "source": source, "keys": _ranges(keys)}
        for (on, source), keys in was.items()
    ]
    _compare(batch, waiting)
    waiting.write(batch, at=at)
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
    batch.written_at = at
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
