"""Files for the provincial platform, and the numbers and receipts that come back (art. 5)."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.papers.readers import find_table, open_book
from liancha.papers.writers import Sheet, stream_csv, write_workbook
from liancha.rulebook.verdicts import Blocked
from liancha.task import actions as tasks
from liancha.task.models import Task

from .. import exchange
from ..models import ExchangeKind, ExchangeMap, PlatformEntry, PlatformFile

UNDO_WITHIN = timedelta(days=1)
LONGEST = {"number": 40, "receipt": 60}
KEPT = ("number", "receipt", "method", "entered_on")


@transaction.atomic
def save_map(
    *,
    kind: str,
    columns: Sequence[Mapping[str, Any]],
    date_format: str,
    by: User,
    at: datetime,
) -> ExchangeMap:
    """Set how files of a kind look: which fields, under which headings, in which order and codes.

    columns  [{"key", "title", "codes"}, …] in the order of the file

    Raises Blocked for anybody but the coordinating office, for a file without our own number, for
    a heading that stands twice, and for two words with one code, which could not be read back.
    Source: art. 5, 依托监管平台; the columns are the platform's, so they are settings.
    """
    _coordinating(by)
    known = {each.key: each for each in exchange.fields(kind)}
    titles = [str(each["title"]).strip() for each in columns]
    if exchange.OWN not in {each["key"] for each in columns}:
        own = known[exchange.OWN].label
        raise Blocked(f"文件里要有{own}，导回来时才认得出是哪一条。请勾上{own}。", article="5")
    if not all(titles) or len(set(titles)) < len(titles):
        raise Blocked("列名有空的或重复的，平台的文件里每一列各有名称。请改正。", article="5")
    for each in columns:
        codes = each.get("codes") or {}
        label = known[each["key"]].label
        if unknown := [word for word in codes if word not in known[each["key"]].words]:
            raise Blocked(f"“{label}”没有“{'、'.join(unknown)}”这个值。请改正代码表。", article="5")
        if len(set(codes.values())) < len(codes) or not all(codes.values()):
            raise Blocked(f"“{label}”的代码有空的或重复的，导回来时认不出。请改正。", article="5")
    kept = [
        {"key": each["key"], "title": title, "codes": dict(each.get("codes") or {})}
        for each, title in zip(columns, titles, strict=True)
    ]
    found, _ = ExchangeMap.objects.update_or_create(
        kind=kind,
        defaults={
            "columns": kept,
            "date_format": ExchangeMap.DateFormat(date_format),
            "changed_by": by,
            "changed_at": at,
        },
    )
    ledger.append(
        "oversight.save_map", by=by, at=at, kind=kind, columns=kept, dates=found.date_format
    )
    return found


@transaction.atomic
def reset_map(*, kind: str, by: User, at: datetime) -> None:
    """Back to all fields under our own headings."""
    _coordinating(by)
    ExchangeMap.objects.filter(kind=kind).delete()
    ledger.append("oversight.reset_map", by=by, at=at, kind=kind)


@transaction.atomic
def export_file(
    *, kind: str, is_csv: bool = False, only_missing: bool = False, by: User, at: datetime
) -> tuple[bytes, exchange.Content]:
    """A file for the platform with what this person may see, and a note of it in the ledger.

    Returns the bytes, and what went in and what was withheld.
    Source: art. 5; arts. 16 and 22, 录入; names stay closed as long as the draw's room says.
    Clause 5.1.
    """
    made = exchange.content(kind, by, now=at, only_missing=only_missing)
    if is_csv:
        data = b"".join(stream_csv(made.titles, made.rows))
    else:
        target = io.BytesIO()
        write_workbook(target, [Sheet(ExchangeKind(kind).label, made.titles, made.rows)])
        data = target.getvalue()
    ledger.append(
        "oversight.export_file",
        by=by,
        at=at,
        kind=kind,
        rows=len(made.rows),
        withheld=list(made.withheld),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    return data, made


@transaction.atomic
def check_file(*, kind: str, path: Path, file_name: str, by: User, at: datetime) -> PlatformFile:
    """Look at a file of numbers and receipts: what it would write, and what is wrong with it.

    Nothing of it is written but the looking. Raises Unreadable when it is no such table.
    """
    asked, date_format = exchange.columns_of(kind)
    codes = next((each.codes for each in asked if each.field.key == "method"), {})
    methods = {word: key for key, word in PlatformEntry.Method.choices}
    methods |= {code: methods[word] for word, code in codes.items()}
    look = _Look(kind, exchange.writable(kind, by), exchange.entries(kind), methods, date_format)
    with open_book(path, file_name) as book:
        table = find_table(book, exchange.sought(kind))
        for row in table.rows():
            look.take(row.number, {key: row[key] for key in (exchange.OWN, *exchange.TAIL)})
        batch = PlatformFile.objects.create(
            kind=kind,
            file_name=file_name[:200],
            sha256=book.sha256,
            recognised=table.recognised[:200],
            rows=list(look.found.values()),
            faults=look.faults,
            unchanged=look.unchanged,
            blank=look.blank,
            by=by,
            at=at,
        )
    ledger.append(
        "oversight.check_file",
        by=by,
        at=at,
        kind=kind,
        file=batch.sha256,
        rows=len(batch.rows),
        faults=len(batch.faults),
    )
    return batch


@transaction.atomic
def commit_file(*, batch: PlatformFile, by: User, at: datetime) -> PlatformFile:
    """Write the good rows of a file that was looked at, all or none.

    Raises Blocked when it is written already, holds nothing, or the records changed meanwhile.
    Source: art. 5; the later back-fill of numbers is our own practice. Clause 5.1.
    """
    batch = PlatformFile.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if batch.committed_at is not None:
        raise Blocked("这个文件已经写入。要再改，请导入新的文件。", article="5")
    if not batch.rows:
        raise Blocked("文件里没有要写入的编号或回执。请填好后再导入。", article="5")
    allowed = exchange.writable(batch.kind, by)
    there = exchange.entries(batch.kind)
    moved = [
        row["own"]
        for row in batch.rows
        if row["own"] not in allowed or _kept(there.get(row["own"])) != row["before"]
    ]
    if moved:
        raise Blocked(
            f"看过以后，{'、'.join(moved[:5])}的编号又变了。请把文件再导入一次，看过再写入。",
            article="5",
        )
    _clear(batch)
    for row in batch.rows:
        _write(batch.kind, row["own"], {key: row[key] for key in KEPT}, by, at)
    batch.committed_at = at
    batch.save(update_fields=["committed_at"])
    ledger.append(
        "oversight.commit_file",
        by=by,
        at=at,
        kind=batch.kind,
        file=batch.sha256,
        numbers=[[row["own"], row["number"], row["receipt"]] for row in batch.rows],
    )
    return batch


@transaction.atomic
def undo_file(*, batch: PlatformFile, by: User, at: datetime) -> PlatformFile:
    """Take a written file back within a day: every record is as before.

    Raises Blocked later than that, for a number changed since, and for who may not write them.
    """
    batch = PlatformFile.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if batch.committed_at is None or batch.undone_at is not None:
        raise Blocked("这个文件没有写入，或已经撤回。", article="5")
    if at - batch.committed_at > UNDO_WITHIN:
        raise Blocked("写入已超过一天，不能整批撤回。请导入改正后的编号。", article="5")
    allowed = exchange.writable(batch.kind, by)
    there = exchange.entries(batch.kind)
    moved = [
        row["own"]
        for row in batch.rows
        if row["own"] not in allowed
        or _kept(there.get(row["own"])) != {key: row[key] for key in KEPT}
    ]
    if moved:
        raise Blocked(f"写入以后，{'、'.join(moved[:5])}又改过，没有撤回。", article="5")
    _clear(batch)
    for row in batch.rows:
        _write(batch.kind, row["own"], row["before"], by, at)
    batch.undone_at = at
    batch.save(update_fields=["undone_at"])
    ledger.append("oversight.undo_file", by=by, at=at, kind=batch.kind, file=batch.sha256)
    return batch


class _Look:
    """What a look at a file finds, row by row."""

    def __init__(
        self,
        kind: str,
        writable: set[str],
        there: exchange.Entries,
        methods: Mapping[str, str],
        date_format: str,
    ) -> None:
        self.kind, self.writable, self.there = kind, writable, there
        self.methods, self.date_format = methods, date_format
        self.holders = {each.number: own for own, each in there.items() if each.number}
        self.found: dict[str, dict[str, Any]] = {}
        self.faults: list[dict[str, object]] = []
        self.unchanged = self.blank = 0
        self._seen: dict[str, dict[str, Any]] = {}

    def take(self, number: int, cells: Mapping[str, str]) -> None:
        own = cells[exchange.OWN]

        def fault(key: str, value: str, what: str, cure: str) -> None:
            column = exchange.LABELS.get(key) or "本系统编号"
            named = {"row": number, "own": own, "column": column, "value": value}
            self.faults.append(named | {"fault": what, "cure": cure})

        if not own:
            return fault("", "", "没有编号", "填上导出时的编号，或删掉这一行")
        if own not in self.writable:
            return fault("", own, "没有这个编号，或不归您办理", "核对编号；别的部门的由该部门导入")
        if not cells["platform_number"] and not cells["receipt"]:
            self.blank += 1
            return None
        for key, most in LONGEST.items():
            cell = "platform_number" if key == "number" else key
            if len(cells[cell]) > most:
                return fault(cell, cells[cell], f"超过 {most} 字", "核对平台给的编号")
        method = self.methods.get(cells["method"], "" if cells["method"] else "file")
        if not method:
            words = "、".join(PlatformEntry.Method.labels)
            return fault("method", cells["method"], "不认得这个录入方式", f"填{words}之一")
        entered_on = _day(cells["entered_on"], self.date_format)
        if cells["entered_on"] and entered_on is None:
            return fault("entered_on", cells["entered_on"], "不是日期", "写成 2026-10-08 的样子")
        said = {
            "number": cells["platform_number"],
            "receipt": cells["receipt"],
            "method": method,
            "entered_on": entered_on.isoformat() if entered_on else None,
        }
        return self._note(own, said, fault)

    def _note(self, own: str, said: dict[str, Any], fault: Any) -> None:
        if (earlier := self._seen.get(own)) is not None:
            # A list has a row for each of its targets: the same number again says nothing new.
            if earlier != said:
                fault("platform_number", said["number"], "前面的行写的不同", "同一编号只写一种")
            return
        holder = self.holders.get(said["number"]) if said["number"] else None
        if holder is not None and holder != own:
            fault("platform_number", said["number"], f"这是{holder}的平台编号", "核对平台编号")
            return
        self._seen[own] = said
        if said["number"]:
            self.holders[said["number"]] = own
        before = _kept(self.there.get(own))
        if before == said:
            self.unchanged += 1
        else:
            self.found[own] = {"own": own, **said, "before": before}


def _day(text: str, date_format: str) -> date | None:
    for each in (date_format, *ExchangeMap.DateFormat.values):
        try:
            return datetime.strptime(text[:11].strip(), each).date()
        except ValueError:
            continue
    return None


def _kept(entry: PlatformEntry | None) -> dict[str, Any] | None:
    """The four facts of an entry, as a file's row keeps them."""
    if entry is None:
        return None
    return {
        "number": entry.number,
        "receipt": entry.receipt,
        "method": str(entry.method),
        "entered_on": entry.entered_on.isoformat() if entry.entered_on else None,
    }


def _clear(batch: PlatformFile) -> None:
    """Numbers may change hands within a file: nobody holds one while they are written."""
    own = [row["own"] for row in batch.rows]
    PlatformEntry.objects.filter(kind=batch.kind, own__in=own).update(number="")


def _write(kind: str, own: str, said: Mapping[str, Any] | None, by: User, at: datetime) -> None:
    """One record's entry; without facts it has none. A task's own page shows its number too."""
    found = PlatformEntry.objects.filter(kind=kind, own=own)
    if said is None:
        found.delete()
    else:
        day = date.fromisoformat(said["entered_on"]) if said["entered_on"] else None
        PlatformEntry.objects.update_or_create(
            kind=kind, own=own, defaults={**said, "entered_on": day, "by": by, "at": at}
        )
    if kind != ExchangeKind.TASK:
        return
    task = Task.objects.get(number=own)
    number = said["number"] if said else ""
    if task.platform_number != number:
        reason = "" if number else "导入的编号已撤回"
        tasks.record_platform_number(task=task, number=number, reason=reason, by=by, at=at)


def _coordinating(by: User) -> None:
    if by.department is None or not by.department.is_coordinator:
        raise Blocked("对接的列由联席会议办公室维护。请由该办公室改。", article="5")
