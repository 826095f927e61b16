"""Taking in a register: look first, write once (Measures, art. 11, paragraph 1).

A dry run says what would happen; committing reads the file again, since others may have worked
meanwhile, makes ready what changes, and writes it in one short transaction. Good rows are taken
whatever the bad ones are like; what a file does not say is never erased.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from liancha.accounts.models import Region, User
from liancha.ledger import actions as ledger
from liancha.papers.feed import open_table
from liancha.queue.actions import later
from liancha.queue.models import Job
from liancha.rulebook.verdicts import Blocked

from .. import columns, temporary
from ..models import Import, Target
from ..prepared import Moved, Prepared
from ..reading import BESIDE
from ..staging import Stage
from ..straight import is_free, straight
from .intake import Intake

TRIES = 3  # where others change much of the registry while a file is read
SMALL = 6 * 2**20  # bytes that are read and written in a second, while others can wait
Progress = Callable[[int, int], None]
Then = Callable[[Import], None]


def import_targets(
    *,
    path: Path | str,
    file_name: str,
    by: User | None,
    at: datetime,
    progress: Progress | None = None,
) -> Import:
    """Read a register and write it at once: what the command line and the demo do.

    by        nobody for the command line of the machine itself
    progress  called with rows done and about how many there are

    The file is read before anything is locked; what it says is written in one transaction.
    Raises Unreadable when the file is no table with the headings needed.
    Source: art. 11. Clause 11.1.
    """
    batch = Import(file_name=file_name[:200], by=by, at=at)
    _take_in(Path(path), batch, by=by, at=at, is_written=True, progress=progress)
    return batch


@transaction.atomic
def open_import(*, path: str, file_name: str, by: User, at: datetime) -> Import:
    """Keep an uploaded file to be looked at; `path` is below MEDIA_ROOT.

    Raises Unreadable.
    """
    with open_table(_place(path), file_name, columns.COLUMNS) as table:
        batch = Import.objects.create(
            file_name=file_name[:200],
            path=path,
            sha256=table.sha256,
            size=table.size,
            recognised=table.recognised[:200],
            by=by,
            at=at,
        )
    ledger.append(
        "registry.open_import",
        by=by,
        at=at,
        about=("import", batch.pk),
        file=batch.file_name,
        sha256=batch.sha256,
    )
    return batch


def check_import(
    *,
    batch: Import,
    by: User | None,
    at: datetime,
    progress: Progress | None = None,
    then: Then | None = None,
) -> Import:
    """The dry run: count new, changed, unchanged, pending and faulty rows; list the faults.

    Reads without a transaction, so that the progress can be seen; writes its findings at the end.
    Raises Unreadable.
    """
    _refuse_closed(batch)
    _take_in(
        _place(batch.path), batch, by=by, at=at, is_written=False, progress=progress, then=then
    )
    return batch


def commit_import(
    *,
    batch: Import,
    by: User,
    at: datetime,
    progress: Progress | None = None,
    then: Then | None = None,
) -> Import:
    """Write a file that has been looked at. Raises Blocked when that was done, or given up.

    then  called once it is written, in the same transaction: whoever waits is told only what stays

    Read again and compared before anything is locked, since others may have worked meanwhile; then
    written in one transaction, all of it or nothing.
    """
    _refuse_closed(batch)
    _take_in(_place(batch.path), batch, by=by, at=at, is_written=True, progress=progress, then=then)
    return batch


@transaction.atomic
def give_up_import(*, batch: Import, by: User, at: datetime) -> Import:
    """Let go of a file without writing it."""
    batch = Import.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    _refuse_closed(batch)
    batch.given_up_at = at
    batch.save(update_fields=["given_up_at"])
    transaction.on_commit(partial(sweep, batch=batch))
    ledger.append("registry.give_up_import", by=by, at=at, about=("import", batch.pk))
    return batch


def attach_job(*, batch: Import, job: Job) -> None:
    """Say which job works on the file, for the page's progress bar."""
    batch.job = job
    batch.save(update_fields=["job"])


def _take_in(
    path: Path,
    batch: Import,
    *,
    by: User | None,
    at: datetime,
    is_written: bool,
    progress: Progress | None,
    then: Then | None = None,
) -> None:
    """Look, and write where others have not changed too much of the registry meanwhile."""
    key = batch.pk
    for _ in range(TRIES):
        try:
            _take_once(
                path, batch, by=by, at=at, is_written=is_written, progress=progress, then=then
            )
        except Moved:
            batch.pk, batch._state.adding = key, key is None  # what was saved is rolled back
            continue
        return
    raise Blocked(
        "读文件的时候，其他人一直在大批改动检查对象库，没有写入任何内容。请过几分钟再写入。",
        article="11",
        paragraph=1,
    )


def _take_once(
    path: Path,
    batch: Import,
    *,
    by: User | None,
    at: datetime,
    is_written: bool,
    progress: Progress | None,
    then: Then | None = None,
) -> None:
    today, county = timezone.localdate(at), _county(by)
    how = (BESIDE, today.isoformat(), bool(county))
    with open_table(path, batch.file_name, columns.COLUMNS, *how) as table, ExitStack() as opened:
        batch.sha256, batch.size = table.sha256, table.size
        batch.recognised = table.recognised[:200]
        batch.titles = list(table.titles)
        words = {column.key: column.words[0] for column in columns.COLUMNS}
        taken = {place: words[key] for key, place in table.places.items()}
        batch.columns = [
            [title, taken.get(place, "")] for place, title in enumerate(table.titles) if title
        ]
        is_small = is_written and not county and table.size < SMALL
        if is_locked := is_small and not Target.objects.exists():
            opened.enter_context(transaction.atomic())
            _lock(batch)
        if is_straight := is_locked and is_free():
            batch.save()
        ready = opened.enter_context(temporary.opened(Prepared())) if is_written else None
        # Last opened, first closed: while rows come straight in, the connection is theirs alone.
        waiting = opened.enter_context(
            straight(batch, places=table.places, today=today, at=at)
            if is_straight
            else temporary.opened(Stage())
        )
        intake = Intake(table, batch, waiting, ready, county=county, today=today, at=at)
        intake.read(progress)
        intake.compare(progress)
        with transaction.atomic():
            if is_written and not is_locked:
                _lock(batch)
            if batch.pk is None:
                batch.save()
            intake.finish()
            intake.report()
            batch.checked_at = at
            batch.written_at = at if is_written else None
            batch.save()
            if is_written:
                later("registry.after_import", batch.pk)
                transaction.on_commit(partial(sweep, batch=batch))
            ledger.append(
                "registry.import" if is_written else "registry.check_import",
                by=by or "system",
                at=at,
                about=("import", batch.pk),
                file=batch.file_name,
                sha256=batch.sha256,
                rows=batch.rows,
                added=batch.added,
                changed=batch.changed,
                unchanged=batch.unchanged,
                pending=batch.pending,
                faulty=batch.faulty,
            )
            if then:
                then(batch)


def _lock(batch: Import) -> None:
    """One import at a time: two would both find a code missing and both bring it in."""
    # Not its key: whoever only names the city need not wait.
    Region.objects.select_for_update(no_key=True).get(pk=settings.LIANCHA_CITY)
    if batch.pk is not None:
        _refuse_closed(Import.objects.select_for_update(of=("self",)).get(pk=batch.pk))


def _county(by: User | None) -> str:
    """The county whose targets alone this person may bring in; "" for the whole city (art. 11)."""
    if by is None or by.department is None or by.department.level == "city":
        return ""
    return by.department.region_id


def _place(path: str) -> Path:
    return Path(settings.MEDIA_ROOT) / path


def sweep(*, batch: Import) -> None:
    """Remove the upload of a file that is written or given up; what it said is kept in rows.

    Called once that is true, and again at the next look: a process that was killed in between
    leaves nothing behind for long. No event of the ledger, the import is one.
    """
    found = Import.objects.settled().exclude(path="").filter(pk=batch.pk).first()
    if found is None:
        return
    with suppress(FileNotFoundError):
        _place(found.path).unlink()
    Import.objects.filter(pk=found.pk).update(path="")
    batch.path = ""


def _refuse_closed(batch: Import) -> None:
    if batch.written_at:
        raise Blocked(
            "这个文件已经写入，不能再写一次。要再导入，请重新选择文件。", article="11", paragraph=1
        )
    if batch.given_up_at or not batch.path:
        raise Blocked("这次导入已经放弃。请重新选择文件。", article="11", paragraph=1)
