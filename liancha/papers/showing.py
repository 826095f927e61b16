"""What the page of a small import shows: its steps, its bar, its faults and differences.

The pages of every list and library that takes in a small table extend `papers/import.html`; the
room says its words, its addresses and who may do what.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.http import QueryDict
from django.utils.timezone import localtime

from .models import LISTED, TableImport

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Count:
    """A figure of the dry run.

    kind  its colour in the bar, "" to leave it out
    unit  when it does not count what the others count
    """

    word: str
    number: int
    note: str
    icon: str
    kind: str = ""
    unit: str = ""


def page(
    batch: TableImport, query: QueryDict, *, counts: Sequence[Count], unit: str, at: datetime
) -> dict[str, Any]:
    """The context of `papers/import.html` that follows from the import alone."""
    remarks = query.get("show") == "remarks"
    column = "" if remarks else query.get("column", "")
    listed = batch.remarks if remarks else batch.faults
    if column:
        listed = [fault for fault in listed if fault["column"] == column]
    return {
        "batch": batch,
        "unit": unit,
        "counts": counts,
        "parts": _parts(counts),
        "total": sum(each.number for each in counts if each.kind),
        "steps": _steps(batch),
        "is_open": batch.is_open,
        "n_faults": len(batch.faults),
        "n_remarks": len(batch.remarks),
        "groups": Counter(fault["column"] for fault in batch.faults).most_common(),
        "column": column,
        "shows_remarks": remarks,
        "renamed": [(title, word) for title, word in batch.columns if word and word != title],
        "unused": [title for title, word in batch.columns if not word],
        "page_obj": Paginator(listed, SHOWN).get_page(query.get("page")),
        "differences": Paginator(batch.differences, SHOWN).get_page(query.get("part")),
        "is_cut": len(batch.differences) == LISTED,
        "is_undoable": batch.is_in_time(at),
    }


def _parts(counts: Sequence[Count]) -> list[dict[str, Any]]:
    """The bar under the figures: where each part starts and how long it is."""
    parts: list[dict[str, Any]] = []
    start = 0
    for each in counts:
        if each.kind and each.number:
            parts.append(
                {"word": each.word, "count": each.number, "kind": each.kind, "start": start}
            )
            start += each.number
    return parts


def _steps(batch: TableImport) -> list[tuple[str, str, str]]:
    known = sum(bool(word) for _, word in batch.columns)
    first = [
        ("选文件", _moment(batch.at, "%H:%M"), "done"),
        ("认格式与列", f"认出 {known} 列" if known else "", "done"),
    ]
    if batch.undone_at:
        return [
            *first,
            ("写入", _moment(batch.written_at), "done"),
            ("撤回", _moment(batch.undone_at), "done"),
        ]
    if batch.written_at:
        return [*first, ("试算", "已核对", "done"), ("写入", _moment(batch.written_at), "done")]
    if batch.given_up_at:
        return [*first, ("试算", "已看过", "done"), ("放弃", _moment(batch.given_up_at), "done")]
    return [*first, ("试算", "请核对", "now"), ("写入", "一次完成", "")]


def _moment(at: datetime | None, how: str = "%m-%d %H:%M") -> str:
    return localtime(at).strftime(how) if at else ""
