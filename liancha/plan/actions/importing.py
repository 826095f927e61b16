"""Tables of lines brought into a draft: looked at, written in one step, taken back within a day.

Good rows are taken whatever the bad ones are like, and the bad ones are kept with their cures. A
published plan takes no table: it changes by adjustments, each with its own notice (art. 16).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from liancha.accounts.models import User
from liancha.papers.held import Held
from liancha.rulebook.lifecycles import PlanState
from liancha.rulebook.verdicts import Blocked

from .. import columns, table
from ..models import Import, Plan, PlanLine
from .keeping import kept, restore, standing
from .lines import check_writer, put_line
from .standing import append, locked
from .weighing import Intake


@transaction.atomic
def open_import(*, plan: Plan, path: Path, file_name: str, by: User, at: datetime) -> Import:
    """Keep the rows of an uploaded table and say what they would do; nothing is written yet.

    Raises Unreadable for what is no such table, Blocked for a plan that is no draft.
    Source: art. 12, paragraph 1, and art. 14. Clause 14.1.
    """
    plan = _draft(plan)
    held = Held.read(path, file_name, table.COLUMNS)
    batch = Import(plan=plan, file_name=file_name[:200], by=by, at=at)
    batch.take(held, held.taken_for(table.COLUMNS))
    _look(batch, by, at)
    batch.save()
    _log("plan.open_import", batch, by, at)
    return batch


@transaction.atomic
def check_import(*, batch: Import, by: User, at: datetime) -> Import:
    """Look again: the draft has changed since the first look."""
    batch = _open(batch)
    batch.plan = _draft(batch.plan)
    _look(batch, by, at)
    batch.save()
    _log("plan.check_import", batch, by, at)
    return batch


@transaction.atomic
def commit_import(*, batch: Import, by: User, at: datetime) -> Import:
    """Write a table that has been looked at: all its good rows or none of them, one entry for all.

    Raises Blocked when the plan is a draft no more, or has changed since the look: nobody changes
    a line they have not seen.
    Source: art. 14. Clause 14.1.
    """
    batch = _open(batch)
    batch.plan = _draft(batch.plan)
    if is_stale(batch, by):
        raise Blocked("试算之后，这份草稿又有改动。请重新试算，看清会改什么再写入。", article="14")
    intake = _look(batch, by, at)
    written: dict[str, dict[str, str]] = {}
    for step in intake.steps:
        if step.checked is None:
            continue
        if step.line is not None:
            fresh = PlanLine.objects.with_columns().get(pk=step.line.pk)
            batch.before[str(step.line.pk)] = kept(fresh)
        line = put_line(batch.plan, step.checked, at)
        batch.after[str(line.pk)] = kept(line)
        written[line.number] = columns.columns(line)
    batch.written_at = at
    batch.close()
    batch.save()
    _log("plan.import_lines", batch, by, at, lines=written)
    return batch


@transaction.atomic
def give_up_import(*, batch: Import, by: User, at: datetime) -> Import:
    """Let go of a table without writing it."""
    batch = _open(batch)
    batch.given_up_at = at
    batch.close()
    batch.save()
    _log("plan.give_up_import", batch, by, at)
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
    plan = batch.plan = _draft(batch.plan)
    lines = {
        str(line.pk): line
        for line in plan.lines.filter(pk__in=[int(key) for key in batch.after]).with_columns()
    }
    for key, then in batch.after.items():
        line = lines.get(key)
        if line is None or kept(line) != then:
            raise Blocked(
                f"“{then['name']}”在导入之后又改动过，这次导入不能整批撤回。请逐行改正。",
                article="14",
            )
        check_writer(line.initiator, by, plan)
    for key, line in lines.items():
        if key in batch.before:
            restore(line, batch.before[key], at)
        else:
            line.delete()
    batch.undone_at = at
    batch.save(update_fields=["undone_at"])
    numbers = sorted(line.number for line in lines.values())
    _log("plan.undo_import", batch, by, at, lines=numbers)
    return batch


def is_stale(batch: Import, by: User) -> bool:
    """Whether the lines this person may write are not what was looked at."""
    return batch.stands_on != standing(batch.plan, by)


def _draft(plan: Plan) -> Plan:
    plan = locked(plan)
    if plan.state == PlanState.COSIGNING:
        raise Blocked("计划正在会签，不能导入，也不能撤回导入。需要时请先撤回会签。", article="12")
    if plan.state != PlanState.DRAFT:
        raise Blocked(
            "计划已经定稿，不能再导入计划行，也不能撤回导入。要改应办理计划调整，并将调整公开。",
            article="16",
        )
    return plan


def _open(batch: Import) -> Import:
    batch = Import.objects.select_for_update(of=("self",)).select_related("plan").get(pk=batch.pk)
    batch.refuse_closed("14")
    return batch


def _look(batch: Import, by: User, at: datetime) -> Intake:
    """Hold the rows against the draft as it is now; put what comes out on the import."""
    intake = Intake(batch.plan, by)
    intake.weigh(Held.of(batch.held))
    batch.added, batch.changed = intake.count("added"), intake.count("changed")
    batch.unchanged, batch.faulty = intake.count("unchanged"), intake.faulty
    batch.note(intake.faults, intake.remarks, intake.differences())
    batch.stands_on = standing(batch.plan, by)
    batch.checked_at = at
    return intake


def _log(what: str, batch: Import, by: User, at: datetime, **facts: Any) -> None:
    append(
        what,
        batch.plan,
        by,
        at,
        file=batch.file_name,
        sha256=batch.sha256,
        rows=batch.rows,
        added=batch.added,
        changed=batch.changed,
        faulty=batch.faulty,
        **facts,
    )
