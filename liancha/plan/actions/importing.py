"""Tables of lines brought into a draft: looked at, written in one step, taken back within a day.

Good rows are taken whatever the bad ones are like, and the bad ones are kept with their cures. A
published plan takes no table: the joint one changes by adjustments, each with its own notice, and a
department's own by its next version (art. 16).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.papers.held import Held
from liancha.rulebook.verdicts import Blocked

from ..models import DepartmentPart, Import, Plan
from .books import Book, book_of
from .looking import Looked


@transaction.atomic
def open_import(
    *,
    plan: Plan | None = None,
    part: DepartmentPart | None = None,
    path: Path,
    file_name: str,
    by: User,
    at: datetime,
) -> Import:
    """Keep the rows of an uploaded table and say what they would do; nothing is written yet.

    plan, part  the draft it is for: one of the two

    Raises Unreadable for what is no such table, Blocked for a plan that is no draft and for a part
    of another department.
    Source: art. 12, paragraph 1, and art. 14. Clause 14.1.
    """
    batch = Import(plan=plan, part=part, file_name=file_name[:200], by=by, at=at)
    book = book_of(batch, by)
    book.hold()
    held = Held.read(path, file_name, book.columns, most=book.most)
    batch.take(held, held.taken_for(book.columns))
    _look(batch, book, at)
    batch.save()
    _log("plan.open_import", batch, book, at)
    return batch


@transaction.atomic
def check_import(*, batch: Import, by: User, at: datetime) -> Import:
    """Look again: the draft has changed since the first look."""
    batch, book = _open(batch, by)
    book.hold()
    _look(batch, book, at)
    batch.save()
    _log("plan.check_import", batch, book, at)
    return batch


@transaction.atomic
def commit_import(*, batch: Import, by: User, at: datetime) -> Import:
    """Write a table that has been looked at: all its good rows or none of them, one entry for all.

    Raises Blocked when the plan is a draft no more, or has changed since the look: nobody changes
    a line they have not seen.
    Source: art. 14. Clause 14.1.
    """
    batch, book = _open(batch, by)
    book.hold()
    if batch.stands_on != book.standing():
        raise Blocked("试算之后，这份草稿又有改动。请重新试算，看清会改什么再写入。", article="14")
    looked = _look(batch, book, at)
    written: dict[str, dict[str, str]] = {}
    taken = [step for step in looked.steps if step.checked is not None]
    # Read anew: what has been looked at may say already what the table says.
    before = book.lines([step.line.pk for step in taken if step.line is not None])
    batch.before = {str(key): book.kept(line) for key, line in before.items()}
    for step in taken:
        line, name, says = book.put(step.checked, step.line, at)
        batch.after[str(line.pk)] = book.kept(line)
        written[name] = says
    batch.written_at = at
    batch.close()
    batch.save()
    _log("plan.import_lines", batch, book, at, lines=written)
    return batch


@transaction.atomic
def give_up_import(*, batch: Import, by: User, at: datetime) -> Import:
    """Let go of a table without writing it."""
    batch, book = _open(batch, by)
    batch.given_up_at = at
    batch.close()
    batch.save()
    _log("plan.give_up_import", batch, book, at)
    return batch


@transaction.atomic
def undo_import(*, batch: Import, by: User, at: datetime) -> Import:
    """Take an import back: lines it brought go, lines it changed say again what they said.

    All of it or nothing. Raises Blocked when it is too late, when the plan is a draft no more, or
    when one of its lines was changed since.
    Source: art. 14; the day is local practice.
    """
    batch = Import.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    batch.refuse_late(at, "请逐行改正，或导入一份改好的表。", "14")
    book = book_of(batch, by)
    book.hold()
    lines = book.lines([int(key) for key in batch.after])
    for key, then in batch.after.items():
        line = lines.get(int(key))
        if line is None or book.kept(line) != then:
            raise Blocked(
                f"“{then['name']}”在导入之后又改动过，这次导入不能整批撤回。请逐行改正。",
                article="14",
            )
        book.check_writer(line)
    names = sorted(map(book.name, lines.values()))
    for pk, line in lines.items():
        if was := batch.before.get(str(pk)):
            book.restore(line, was, at)
        else:
            line.delete()
    batch.undone_at = at
    batch.save(update_fields=["undone_at"])
    _log("plan.undo_import", batch, book, at, lines=names)
    return batch


def is_stale(batch: Import, by: User) -> bool:
    """Whether the lines this person may write are not what was looked at."""
    return batch.stands_on != book_of(batch, by).standing()


def _open(batch: Import, by: User) -> tuple[Import, Book]:
    batch = Import.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    batch.refuse_closed("14")
    return batch, book_of(batch, by)


def _look(batch: Import, book: Book, at: datetime) -> Looked[Any, Any]:
    """Hold the rows against the draft as it is now; put what comes out on the import."""
    looked = book.weigh(Held.of(batch.held))
    batch.added, batch.changed = looked.count("added"), looked.count("changed")
    batch.unchanged, batch.faulty = looked.count("unchanged"), looked.faulty
    batch.note(looked.faults, looked.remarks, looked.differences())
    batch.stands_on = book.standing()
    batch.checked_at = at
    return looked


def _log(what: str, batch: Import, book: Book, at: datetime, **facts: Any) -> None:
    ledger.append(
        what,
        by=book.by,
        at=at,
        about=book.about(),
        **book.facts(),
        file=batch.file_name,
        sha256=batch.sha256,
        rows=batch.rows,
        added=batch.added,
        changed=batch.changed,
        faulty=batch.faulty,
        **facts,
    )
