"""Results go out, for good (art. 22, paragraph 1). One way to write a publication, for all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from hashlib import sha256

from django.db import transaction
from django.db.models import Max

from liancha.accounts.models import User
from liancha.inspection.models import VisitPart
from liancha.ledger import actions as ledger
from liancha.registry import actions as registry
from liancha.rulebook import protocol
from liancha.rulebook.lifecycles import LineState, ResultState, TaskState
from liancha.rulebook.verdicts import Blocked
from liancha.task.models import Task

from ..models import FollowUp, Publication, PublishedRow, Result, ResultCode
from ._own import held_all
from .results import FOLLOWED_UP

KIND_BY_CODE = {
    ResultCode.NOT_DISCLOSED: FollowUp.Kind.RECTIFY,
    ResultCode.FALSE_DISCLOSURE: FollowUp.Kind.ABNORMAL,
    ResultCode.UNREACHABLE: FollowUp.Kind.ABNORMAL,
    ResultCode.ORDERED: FollowUp.Kind.RECTIFY,
    ResultCode.UNCOOPERATIVE: FollowUp.Kind.CASE,
    ResultCode.TO_FOLLOW: FollowUp.Kind.CASE,
    ResultCode.TRANSFERRED: FollowUp.Kind.NOTIFY,
}


@transaction.atomic
def publish(*, results: Iterable[Result], by: User, at: datetime) -> list[Publication]:
    """Publish audited results: sealed rows, one entry in the ledger for the lot.

    A finding opens its follow-up. When a task's last result is out, the task is published.
    Raises Blocked when one of them is another department's, or not audited; then none is.
    Source: art. 22, paragraph 1; decisions A22 and A23. Clauses 22.1 and 22.3.
    """
    chosen = held_all(results, by)
    if not chosen:
        raise Blocked("没有可以公示的结果。请先选择已审核的结果。", article="22", paragraph=1)
    for result in chosen:
        result.advance(ResultState.PUBLISHED)
        result.published_at = at
        result.save(update_fields=["published_at"])
        open_what_follows(result, by=by, at=at)
    tasks = {result.task.pk: result.task for result in chosen}
    for task in tasks.values():
        _close_if_all_out(task)
    # The turn comes last: whoever has it waits for no row any more.
    ledger.take_turn()
    publications = write(chosen, by=by, at=at)
    entry = ledger.append(
        "disclosure.publish",
        by=by,
        at=at,
        about=("task", chosen[0].task.pk),
        publications=[[each.serial, each.digest] for each in publications],
    )
    for publication in publications:
        ledger.seal("publication", publication.pk, entry=entry)
    return publications


def write(
    results: Iterable[Result],
    *,
    corrects: Publication | None = None,
    reason: str = "",
    by: User,
    at: datetime,
) -> list[Publication]:
    """One publication for each of the results as they are now, numbered without a gap.

    The caller has taken the ledger's turn, and seals them with its entry. The registry hears of
    the results, so that no other department goes there without knowing.
    """
    last = Publication.objects.aggregate(last=Max("serial"))["last"] or 0
    publications = []
    for serial, result in enumerate(results, start=last + 1):
        publication = Publication(
            serial=serial,
            result=result,
            edition=corrects.edition + 1 if corrects else 1,
            task=result.task,
            department=result.part.department,
            target_name=result.candidate.name,
            target_code=result.candidate.code,
            completed_on=result.completed_on,
            code=result.code,
            corrects=corrects,
            reason=reason,
            published_at=at,
            published_by=by,
        )
        rows = [
            PublishedRow(position=n, item=each.item.name, code=each.code, text=each.text)
            for n, each in enumerate(result.items.select_related("item"), start=1)
        ]
        publication.digest = sha256(
            protocol.canonical(publication.facts(rows)).encode()
        ).hexdigest()
        publication.save(force_insert=True)
        for row in rows:
            row.publication = publication
        PublishedRow.objects.bulk_create(rows)
        publications.append(publication)
    registry.note_results(
        facts=[
            registry.Finding(
                target=each.result.visit.drawn_target.target_id,
                department=each.department,
                on=each.completed_on,
                subject=str(each.task),
                outcome=each.get_code_display(),
                reference=each.result.visit.number,
            )
            for each in publications
        ],
        by=by,
        at=at,
    )
    return publications


def open_what_follows(result: Result, *, by: User, at: datetime) -> None:
    """Each kind of finding without a follow-up gets one, due when its order says.

    Source: art. 22, paragraph 2, 做好后续监管衔接. Clause 22.4.
    """
    found: dict[str, list[str]] = {}
    due: dict[str, date] = {}
    for each in result.items.select_related("item"):
        if each.code in FOLLOWED_UP:
            kind = KIND_BY_CODE[ResultCode(each.code)]
            found.setdefault(kind, []).append(each.item.name)
            if each.deadline_on:
                due[kind] = max(each.deadline_on, due.get(kind, each.deadline_on))
    there = set(result.follow_ups.values_list("kind", flat=True))
    FollowUp.objects.bulk_create(
        FollowUp(
            result=result,
            kind=kind,
            department=result.part.department,
            due_on=due.get(kind),
            note="、".join(names)[:300],
            opened_by=by,
            opened_at=at,
        )
        for kind, names in found.items()
        if kind not in there
    )


def _close_if_all_out(task: Task) -> None:
    """The last result is out: the task is published, and its plan line done.

    The caller holds the task's row.
    """
    if task.state != TaskState.COMPLETED:
        return
    waiting = VisitPart.objects.filter(visit__team__task=task, is_involved=True).exclude(
        result__state=ResultState.PUBLISHED
    )
    if waiting.exists():
        return
    task.advance(TaskState.RESULTS_PUBLISHED)
    line = task.line
    if line is None or line.state != LineState.IN_PROGRESS:
        return
    others = line.tasks.exclude(state__in=(TaskState.RESULTS_PUBLISHED, TaskState.ARCHIVED))
    if line.tasks.count() >= line.frequency and not others.exists():
        line.advance(LineState.DONE)
