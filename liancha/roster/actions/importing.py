"""A roster brought in from a table: look first, then write it in one step (art. 11).

Good rows are taken whatever the bad ones are like, and the bad ones are kept with their cures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.db import IntegrityError, transaction

from liancha.accounts.models import Department, User
from liancha.ledger import actions as ledger
from liancha.papers.held import Held
from liancha.rulebook.verdicts import Blocked

from .. import columns
from ..intake import CERTIFICATE, FIELDS, Intake, Step
from ..models import Certificate, Import, ImportChange, Inspector
from ..uses import uses
from .people import next_numbers

PIECE = 200  # rows a statement


@transaction.atomic
def import_inspectors(*, path: Path, file_name: str, by: User | None, at: datetime) -> Import:
    """Take the good rows of a file into the roster at once: the command line and the demo.

    by  None from the command line of the machine, where rows name their department themselves;
        a person brings in only their own department's people (art. 11)

    A person is found again by number, by certificate number, or, without a certificate, by name
    in the department; so the same file a second time changes nothing. Nobody is removed.
    Raises Unreadable (papers) when the file is no such table; then nothing is written.
    """
    batch = _received(path, file_name, by=by, at=at)
    _write(batch, by=by, at=at)
    return batch


@transaction.atomic
def open_import(*, path: Path, file_name: str, by: User, at: datetime) -> Import:
    """Keep the rows of an uploaded file and say what they would do; nothing is written yet.

    Raises Unreadable.
    Source: art. 11, paragraph 1.
    """
    batch = _received(path, file_name, by=by, at=at)
    _weigh(batch, by=by, at=at)
    batch.save()
    _log("roster.open_import", batch, by=by, at=at)
    return batch


@transaction.atomic
def commit_import(*, batch: Import, by: User, at: datetime) -> Import:
    """Write a file that has been looked at, all its good rows or none of them.

    Held against the roster once more, since others may have worked meanwhile.
    Raises Blocked when it was written already, or given up.
    """
    batch = Import.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    batch.refuse_closed("11", 1)
    _write(batch, by=by, at=at)
    return batch


@transaction.atomic
def give_up_import(*, batch: Import, by: User, at: datetime) -> Import:
    """Let go of a file without writing it."""
    batch = Import.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    batch.refuse_closed("11", 1)
    batch.given_up_at = at
    batch.close()
    batch.save()
    _log("roster.give_up_import", batch, by=by, at=at)
    return batch


def lock_departments(departments: set[int]) -> None:
    """Hold these departments' rosters until the end: no other import, no new number meanwhile."""
    found = Department.objects.select_for_update(no_key=True).filter(pk__in=departments)
    list(found.order_by("pk").values_list("pk"))


def _received(path: Path, file_name: str, *, by: User | None, at: datetime) -> Import:
    held = columns.read(path, file_name)
    batch = Import(file_name=file_name[:200], by=by, at=at)
    batch.take(held, held.taken_for(columns.COLUMNS))
    return batch


def _weigh(batch: Import, *, by: User | None, at: datetime) -> Intake:
    """Hold the rows against the roster as it is now; put what comes out on the import."""
    intake = Intake(by)
    intake.weigh(map(columns.read_row, Held.of(batch.held).rows()))
    batch.added, batch.changed = intake.count("added"), intake.count("changed")
    batch.unchanged, batch.faulty = intake.count("unchanged"), intake.faulty
    batch.note(intake.faults, intake.remarks, intake.differences())
    batch.checked_at = at
    return intake


def _write(batch: Import, *, by: User | None, at: datetime) -> None:
    own = (
        {by.department_id} if by else set(Department.objects.active().values_list("pk", flat=True))
    )
    lock_departments({key for key in own if key})
    intake = _weigh(batch, by=by, at=at)
    batch.written_at = at
    batch.close()
    batch.save()
    try:
        with transaction.atomic():
            _put(batch, [step for step in intake.steps if step.kind != "unchanged"], at)
    except IntegrityError as error:
        raise Blocked(
            "写入时有人登记了同一个证号，没有写入任何一行。请再写入一次。",
            article="11",
            paragraph=1,
        ) from error
    _log("roster.import_inspectors", batch, by=by, at=at)


def _put(batch: Import, steps: list[Step], at: datetime) -> None:
    """Write people and certificates, and how each was before."""
    new = [step for step in steps if step.is_new]
    _number(new)
    befores = [{**step.before, "updated_at": _moment(step)} for step in steps]
    for step in steps:
        for key, value in step.values.items():
            setattr(step.person, key, value)
        step.person.updated_at = at
    Inspector.objects.bulk_create([step.person for step in new], batch_size=PIECE)
    changed = [step.person for step in steps if not step.is_new]
    Inspector.objects.bulk_update(changed, [*FIELDS, "updated_at"], batch_size=PIECE)
    papered = [step for step in steps if "certificate" in step.after]
    Certificate.objects.bulk_create(
        [_certificate(step) for step in papered if step.certificate is None], batch_size=PIECE
    )
    Certificate.objects.bulk_update(
        [_certificate(step) for step in papered if step.certificate is not None],
        CERTIFICATE,
        batch_size=PIECE,
    )
    used = uses([person.pk for person in changed])
    ImportChange.objects.bulk_create(
        [
            ImportChange(
                batch=batch,
                inspector=step.person,
                is_new=step.is_new,
                before={} if step.is_new else before,
                after=step.after,
                uses=used[step.person.pk],
            )
            for step, before in zip(steps, befores, strict=True)
        ],
        batch_size=PIECE,
    )


def _number(new: list[Step]) -> None:
    """Give new people their department's next numbers."""
    by_department: defaultdict[int, list[Step]] = defaultdict(list)
    for step in new:
        by_department[step.department.pk].append(step)
    for steps in by_department.values():
        numbers: Iterator[str] = iter(next_numbers(steps[0].department, len(steps)))
        for step in steps:
            step.person.number = next(numbers)


def _certificate(step: Step) -> Certificate:
    certificate = step.certificate or Certificate(inspector=step.person)
    for name, value in zip(CERTIFICATE, step.wanted, strict=True):
        setattr(certificate, name, value)
    return certificate


def _moment(step: Step) -> str:
    return "" if step.is_new else step.person.updated_at.isoformat()


def _log(what: str, batch: Import, *, by: User | None, at: datetime) -> None:
    ledger.append(
        what,
        by=by or "system",
        at=at,
        about=("roster_import", batch.pk),
        file=batch.file_name,
        sha256=batch.sha256,
        rows=batch.rows,
        added=batch.added,
        changed=batch.changed,
        faulty=batch.faulty,
    )
