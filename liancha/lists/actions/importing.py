"""Tables brought into the lists: look first, then write in one step (Measures, arts. 8–10).

Into a draft of either list, or as a list from above. Good rows are taken whatever the bad ones are
like, and the bad ones are kept with their cures.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.papers.held import Held
from liancha.rulebook.regions import CITY
from liancha.rulebook.verdicts import Blocked

from ..columns import COLUMNS
from ..intake import above, digest, standing, weigh
from ..models import CheckItem, Import, ListChange, ListVersion, UpperDecision, UpperList, UpperRow
from ..weighing import Weighed
from ._drafts import check_office, draft, note_change, take_duties, write_field, write_item

ARTICLES = {"items": ("8", 2), "joint": ("8", 2), "upper": ("9", 1)}


@transaction.atomic
def open_import(
    *,
    path: Path,
    file_name: str,
    version: ListVersion | None = None,
    level: str = "",
    title: str = "",
    document_number: str = "",
    is_whole: bool = True,
    by: User,
    at: datetime,
) -> Import:
    """Keep the rows of an uploaded table and say what they would do; nothing is written yet.

    version   the draft it is for; without one it is a list from above, with level and title
    is_whole  rows that the table does not name are to go

    Raises Unreadable for what is no such table; Blocked for a version that is no draft, and for
    whoever does not keep the list.
    Source: art. 9, paragraph 1.
    """
    if version is not None:
        version = draft(version, by)
        kind = version.kind
    else:
        check_office(by, CITY)
        kind = Import.Kind.UPPER
    held = Held.read(path, file_name, COLUMNS[kind])
    batch = Import(
        kind=kind,
        version=version,
        level=level,
        title=title.strip(),
        document_number=document_number.strip(),
        is_whole=is_whole,
        file_name=file_name[:200],
        by=by,
        at=at,
    )
    batch.take(held, held.taken_for(COLUMNS[kind]))
    _look(batch, by, at)
    batch.save()
    _log("lists.open_import", batch, by, at)
    return batch


@transaction.atomic
def check_import(*, batch: Import, by: User, at: datetime) -> Import:
    """Look again: what stands there has changed since the first look."""
    batch = _locked(batch)
    _look(batch, by, at)
    batch.save()
    _log("lists.check_import", batch, by, at)
    return batch


@transaction.atomic
def commit_import(*, batch: Import, by: User, at: datetime) -> Import:
    """Write a table that has been looked at: all its good rows or none of them.

    Every difference keeps the basis of its version. Raises Blocked when the draft is one no more,
    or has changed since the look: nobody takes out a row they have not seen.
    Source: art. 8, paragraph 2, and art. 9, paragraph 1.
    """
    batch = _locked(batch)
    if batch.version is not None:
        batch.version = draft(batch.version, by)
    else:
        check_office(by, CITY)
    if is_stale(batch):
        raise Blocked(
            "试算之后，这份清单又有改动。请重新试算，看清会改什么再写入。",
            article=ARTICLES[batch.kind][0],
            paragraph=ARTICLES[batch.kind][1],
        )
    weighed = _look(batch, by, at)
    batch.written_at = at
    batch.save()
    if batch.kind == Import.Kind.JOINT:
        _write_fields(batch, weighed, by, at)
    elif batch.kind == Import.Kind.ITEMS:
        _write_items(batch, weighed, by, at)
    else:
        _write_upper(batch, weighed, by, at)
    batch.after = _there(batch)
    batch.close(batch.lost)
    batch.save()
    _log("lists.import", batch, by, at)
    return batch


@transaction.atomic
def give_up_import(*, batch: Import, by: User, at: datetime) -> Import:
    """Let go of a table without writing it."""
    batch = _locked(batch)
    batch.given_up_at = at
    batch.close(batch.lost)
    batch.save()
    _log("lists.give_up_import", batch, by, at)
    return batch


def is_stale(batch: Import) -> bool:
    """Whether what stands there is not what was looked at."""
    return batch.stands_on != digest(_there(batch))


def _locked(batch: Import) -> Import:
    batch = Import.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    batch.refuse_closed(*ARTICLES[batch.kind])
    return batch


def _there(batch: Import) -> list[dict[str, Any]]:
    return standing(batch.version) if batch.version else above(batch.title)


def _look(batch: Import, by: User, at: datetime) -> Weighed:
    there = _there(batch)
    weighed = weigh(batch, there, by.department)
    weighed.put_on(batch)
    batch.stands_on, batch.before = digest(there), {"rows": there}
    batch.checked_at = at
    return weighed


def _write_fields(batch: Import, weighed: Weighed, by: User, at: datetime) -> None:
    version = _version(batch)
    fields = {field.code: field for field in version.fields.all()}
    steps = [step for step in weighed.steps if step.kind != "unchanged"]
    taken = take_duties(version, [step.row for step in steps], by, at)
    noted: list[ListChange | None] = []

    def note(kind: str, code: str, name: str) -> None:
        noted.append(note_change(version, kind, code, name, version.basis, by, at))

    for code, name in weighed.gone.values():
        note(ListChange.Kind.REMOVED, code, name)
        fields[code].delete()
    for step in steps:
        note(step.kind, step.code, step.name)
        write_field(version, step.row, fields.get(step.code))
    batch.before |= {
        "changes": [each.pk for each in noted if each],
        "duties": [each.pk for each in taken],
    }


def _write_items(batch: Import, weighed: Weighed, by: User, at: datetime) -> None:
    """A whole table gives the order; otherwise rows stay where they are and new ones follow."""
    version = _version(batch)
    items = {
        f"{item.department.code} {item.name}": item
        for item in version.items.select_related("department")
    }
    positions = list(version.items.values_list("position", flat=True))
    last = max(positions, default=0)
    noted: list[ListChange | None] = []

    def note(kind: str, position: int, name: str) -> None:
        noted.append(note_change(version, kind, str(position), name, version.basis, by, at))

    for key, (_, name) in weighed.gone.items():
        item = items.pop(key)
        note(ListChange.Kind.REMOVED, item.position, name)
        item.delete()
    order: list[CheckItem] = []
    for step in weighed.steps:
        there = items.get(step.key)
        if step.kind == "unchanged" and there is not None:
            order.append(there)
            continue
        if there is None:
            last += 1
        position = there.position if there else last
        note(step.kind, position, step.name)
        order.append(write_item(version, step.row, position, there))
    if batch.is_whole:
        named = {item.pk for item in order}
        order += [item for item in items.values() if item.pk not in named]
        for position, item in enumerate(order, 1):
            item.position = position
        CheckItem.objects.bulk_update(order, ["position"])
    batch.before |= {"changes": [each.pk for each in noted if each], "positions": positions}


def _write_upper(batch: Import, weighed: Weighed, by: User, at: datetime) -> None:
    """A list of its own takes the old one's place; decisions about rows that stayed are kept."""
    old = UpperList.objects.filter(title=batch.title, is_over=False)
    overs = list(old.values_list("pk", flat=True))
    old.update(is_over=True)
    upper = UpperList.objects.create(
        level=batch.level,
        title=batch.title,
        document_number=batch.document_number,
        at=at,
        by=by,
    )
    rows = {row["code"]: row for row in batch.before["rows"] if row["code"] not in weighed.gone}
    said = {step.code: step.row for step in weighed.steps}
    if batch.is_whole:  # in the order of the table
        rows = said | {code: row for code, row in rows.items() if code not in said}
    else:
        rows |= said
    UpperRow.objects.bulk_create(UpperRow(upper=upper, **row) for row in rows.values())
    same = {step.code for step in weighed.steps if step.kind == "unchanged"}
    same |= rows.keys() - said.keys()
    batch.upper = upper
    batch.before |= {"overs": overs, "carried": _carry(overs, upper, same)}


def _carry(overs: list[int], upper: UpperList, same: set[str]) -> list[list[Any]]:
    """Point decisions of versions in work to the new rows: [decision, old row, made when]."""
    new = {row.code: row for row in upper.rows.all()}
    carried = []
    for decision in UpperDecision.objects.filter(
        version__in=ListVersion.objects.in_work(), row__upper__in=overs, row__code__in=same
    ).select_related("row"):
        row = decision.row
        if row is None:
            continue
        carried.append([decision.pk, row.pk, decision.at.isoformat()])
        decision.row = new[row.code]
        decision.key = decision.row.key
        decision.save(update_fields=["row", "key"])
    return carried


def _version(batch: Import) -> ListVersion:
    if batch.version is None:
        raise ValueError(f"{batch} is for no version")
    return batch.version


def _log(what: str, batch: Import, by: User, at: datetime) -> None:
    ledger.append(
        what,
        by=by,
        at=at,
        about=("list", batch.version_id) if batch.version_id else ("lists_import", batch.pk),
        list=batch.kind,
        file=batch.file_name,
        sha256=batch.sha256,
        title=batch.title or str(batch.version),
        rows=batch.rows,
        added=batch.added,
        changed=batch.changed,
        removed=batch.removed,
        faulty=batch.faulty,
    )
