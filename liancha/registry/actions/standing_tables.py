"""Licences and marks brought in from a table: look first, write in one step, take back (art. 11).

Good rows are taken whatever the bad ones are like, and the bad ones are kept with their cures. A
row concerns a target of one's own area only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from django.db import IntegrityError, transaction
from django.utils import timezone

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.papers.held import Held
from liancha.queue.models import Job
from liancha.rulebook.verdicts import Blocked

from ..models import StandingChange, StandingImport, Target
from ..standing import putting
from ..standing.intake import Intake, Progress, intake_for, pieces
from ..standing.tables import EXAMPLE_STARTS, MOST, TABLES

Then = Callable[[StandingImport], None]
INSTEAD = "请在检查对象页面逐户改正，或导入一份改好的表。"


@transaction.atomic
def open_standing(
    *, subject: str, path: Path, file_name: str, by: User, at: datetime
) -> StandingImport:
    """Keep the rows of an uploaded table; `check_standing` then says what they would do.

    subject  licences or marks, as StandingImport.Subject

    Raises Unreadable (papers) for what is no such table, Blocked for who has no department.
    Source: art. 11, paragraph 1.
    """
    if by.department is None:
        raise Blocked("没有所在部门，不能导入。请由部门人员办理。", article="11", paragraph=1)
    columns = TABLES[subject].columns
    held = Held.read(path, file_name, columns, most=MOST)
    name = held.places.get("target")
    held = replace(
        held,
        lines=tuple(
            line
            for line in held.lines
            if name is None or not line[1][name].startswith(EXAMPLE_STARTS)
        ),
    )
    batch = StandingImport(subject=subject, file_name=file_name[:200], by=by, at=at)
    batch.take(held, held.taken_for(columns))
    batch.save()
    _log("open", batch, by=by, at=at)
    return batch


def check_standing(
    *,
    batch: StandingImport,
    by: User,
    at: datetime,
    progress: Progress | None = None,
    then: Then | None = None,
) -> StandingImport:
    """The dry run: what each row would do; nothing is written but what came out.

    then  called with the import in the transaction that keeps what came out
    """
    intake = _weigh(batch, by=by, at=at, progress=progress)
    with transaction.atomic():
        found = _held(batch)
        _note(found, intake, at)
        found.save()
        if then:
            then(found)
    return found


@transaction.atomic
def commit_standing(
    *,
    batch: StandingImport,
    by: User,
    at: datetime,
    progress: Progress | None = None,
    then: Then | None = None,
) -> StandingImport:
    """Write a table that has been looked at, all its good rows or none of them.

    Held against the registry once more, since others may have worked meanwhile.
    Raises Blocked when it was written already, given up, or not looked at yet.
    Source: art. 11, paragraph 1; marks: art. 15. Clauses 11.3 and 15.3.
    """
    batch = _held(batch)
    if batch.checked_at is None:
        raise Blocked("这个文件还没有试算。请等试算完成，核对后再写入。", article="11", paragraph=1)
    intake = _weigh(batch, by=by, at=at, progress=progress)
    _note(batch, intake, at)
    batch.written_at = at
    batch.close()
    batch.save()
    try:
        with transaction.atomic():
            putting.put(batch, intake.writes(), by, at)
    except IntegrityError as error:
        raise Blocked(
            "写入时有人登记了表里的同一项，没有写入任何一行。请再写入一次。",
            article="11",
            paragraph=1,
        ) from error
    _log("import", batch, by=by, at=at)
    if then:
        then(batch)
    return batch


@transaction.atomic
def give_up_standing(*, batch: StandingImport, by: User, at: datetime) -> StandingImport:
    """Let go of a table without writing it."""
    batch = _held(batch)
    batch.given_up_at = at
    batch.close()
    batch.save()
    _log("give_up", batch, by=by, at=at)
    return batch


@transaction.atomic
def undo_standing(
    *, batch: StandingImport, by: User, at: datetime, then: Then | None = None
) -> StandingImport:
    """Take an import back: what it brought goes, what it changed is as it was before.

    Pools frozen meanwhile stay as they were frozen.
    Raises Blocked when it is too late, or one of its licences, marks or memberships was changed
    since, or is of a target that is not one's own any more.
    Source: art. 11, paragraph 1 (动态更新); the day is local practice.
    """
    batch = StandingImport.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    batch.refuse_late(at, INSTEAD, "11", 1)
    touched = Target.objects.filter(standing_changes__batch=batch)
    foreign = touched.exclude(pk__in=Target.objects.editable_by(by).values("pk"))
    _refuse_first(list(foreign.distinct()[:2]), "不在本部门的管辖范围")
    removed = batch.changes.filter(is_new=True).count()
    for what in putting.RECORDS:
        changes = batch.changes.filter(what=what).order_by("pk")
        for piece in pieces(changes.iterator(chunk_size=putting.PIECE), putting.PIECE):
            _refuse_changed(what, piece)
            putting.put_back(what, piece, at)
    batch.undone_at = at
    batch.save(update_fields=["undone_at"])
    ledger.append(
        f"registry.undo_{batch.subject}",
        by=by,
        at=at,
        about=("standing", batch.pk),
        file=batch.file_name,
        removed=removed,
        restored=batch.taken - removed,
    )
    if then:
        then(batch)
    return batch


def attach_standing_job(*, batch: StandingImport, job: Job) -> None:
    """The job whose progress the import's page shows."""
    StandingImport.objects.filter(pk=batch.pk).update(job=job)


def _held(batch: StandingImport) -> StandingImport:
    """The import, held until the transaction ends; Blocked when somebody has ended it.

    Whoever writes waits for every other that may write, so that no two bring the same thing in.
    """
    waiting = StandingImport.objects.filter(written_at=None, given_up_at=None)
    list(waiting.select_for_update(of=("self",)).order_by("pk").values_list("pk"))
    found = StandingImport.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    found.refuse_closed("11", 1)
    return found


def _weigh(batch: StandingImport, *, by: User, at: datetime, progress: Progress | None) -> Intake:
    intake = intake_for(batch, by, timezone.localdate(at), progress)
    intake.weigh(Held.of(batch.held).rows(), batch.rows)
    return intake


def _note(batch: StandingImport, intake: Intake, at: datetime) -> None:
    batch.added, batch.changed = intake.count("added"), intake.count("changed")
    batch.unchanged, batch.faulty = intake.count("unchanged"), intake.faulty
    batch.note(intake.faults, intake.remarks, intake.differences())
    batch.checked_at = at


def _refuse_changed(what: str, changes: list[StandingChange]) -> None:
    since = putting.changed_since(what, changes)
    keys = [each.target_id for each in since]
    _refuse_first(list(Target.objects.filter(pk__in=keys[:1])), "的登记在导入之后又改动过")


def _refuse_first(found: list[Target], why: str) -> None:
    if found:
        raise Blocked(
            f"“{found[0].name}”{why}，这次导入不能整批撤回。{INSTEAD}", article="11", paragraph=1
        )


def _log(verb: str, batch: StandingImport, *, by: User, at: datetime) -> None:
    """registry.open_licences, registry.import_marks, …"""
    ledger.append(
        f"registry.{verb}_{batch.subject}",
        by=by,
        at=at,
        about=("standing", batch.pk),
        file=batch.file_name,
        sha256=batch.sha256,
        rows=batch.rows,
        added=batch.added,
        changed=batch.changed,
        faulty=batch.faulty,
    )
