"""What can happen in this room. Every function here changes something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from liancha.accounts.models import Department, User
from liancha.inspection.models import ItemAnswer, Measure, VisitPart
from liancha.ledger import actions as ledger
from liancha.rulebook import deadlines, protocol
from liancha.rulebook.lifecycles import FollowUpState, LineState, ResultState, TaskState
from liancha.rulebook.verdicts import Blocked, NeedsReason
from liancha.task.models import Task
from liancha.workdays import queries as workdays

from .masking import mask
from .models import (
    FollowUp,
    ItemResult,
    Publication,
    PublishedRow,
    Result,
    ResultCode,
)

# Worst first: a target's summary is the worst of its items (domain §c.4, design).
WORST_FIRST = ("06", "08", "11", "04", "03", "02", "05", "10", "09", "07", "01")
FOLLOWED_UP = frozenset({"02", "03", "04", "05", "06", "08", "11"})
BEFORE_THE_MEASURES = "《实施办法》施行前的任务，不计期限"


@transaction.atomic
def collect(*, by: User | str, at: datetime) -> int:
    """Open a result for every department's part that is done, and count its term (art. 22).

    Also counts again where the task has been completed meanwhile or a calendar was published.
    Returns how many results were opened.
    """
    parts = VisitPart.objects.filter(
        completed_at__isnull=False, is_involved=True, result=None
    ).select_related("visit__team__task")
    opened = []
    for part in parts:
        completed_on = timezone.localdate(part.completed_at)
        due_on, note = _term(part.visit.team.task, completed_on)
        opened.append(
            Result.objects.create(
                part=part, completed_on=completed_on, due_on=due_on, term_note=note
            )
        )
    recounted = 0
    for result in Result.objects.unpublished().select_related("part__visit__team__task"):
        due_on, note = _term(result.part.visit.team.task, result.completed_on)
        if (due_on, note) != (result.due_on, result.term_note):
            result.due_on, result.term_note = due_on, note
            result.save(update_fields=["due_on", "term_note"])
            recounted += 1
    if opened or recounted:
        ledger.append("disclosure.collect", by=by, at=at, opened=len(opened), recounted=recounted)
    return len(opened)


@transaction.atomic
def enter(
    *,
    result: Result,
    items: Mapping[int, tuple[str, str]],
    text: str = "",
    reason: str = "",
    by: User,
    at: datetime,
) -> Result:
    """Enter one department's result on one target, item by item.

    items   joint item pk → (code, text); every item of the department that was checked
    text    what the public reads beside the codes; numbers of persons are covered
    reason  needed when a finding on the form is entered as 未发现问题

    Raises Blocked (art. 22) for another department's result, a missing item, a code without
    the words it needs.
    """
    result = _own(result, by)
    result.state = _stepped(result, ResultState.ENTERED)
    answers = {answer.item_id: answer for answer in checked_items(result)}
    if missing := [a.item.name for pk, a in answers.items() if pk not in items]:
        raise Blocked(
            f"还有 {len(missing)} 项没有结果：{'、'.join(missing[:3])}。请逐项选择后再送审核。",
            article="22",
        )
    for pk, (code, words) in items.items():
        if pk not in answers or code not in ResultCode.values:
            raise Blocked("有一项不在本部门的检查事项里，请刷新页面后重填。", article="22")
        if code != ResultCode.FINE and code in FOLLOWED_UP and not words.strip():
            raise Blocked(
                f"“{answers[pk].item.name}”的结果是“{ResultCode(code).label}”，请写明具体情况。",
                article="22",
            )
        is_mild = answers[pk].finding == ItemAnswer.Finding.FOUND and code == ResultCode.FINE
        if is_mild and not reason.strip():
            raise NeedsReason(
                f"记录表上“{answers[pk].item.name}”发现了问题，现在录入为“未发现问题”。请写明理由。",
                article="22",
            )
    result.items.all().delete()
    ItemResult.objects.bulk_create(
        ItemResult(result=result, item_id=pk, code=code, text=mask(words.strip()).text[:500])
        for pk, (code, words) in items.items()
    )
    result.code = worst(code for code, _ in items.values())
    result.text = mask(text.strip()).text
    result.entered_by, result.entered_at, result.returned_note = by, at, ""
    result.save()
    ledger.append(
        "disclosure.enter",
        by=by,
        at=at,
        about=("result", result.pk),
        result=result.pk,
        code=result.code,
        items=[[pk, code] for pk, (code, _) in sorted(items.items())],
        **({"reason": reason.strip()} if reason.strip() else {}),
    )
    return result


@transaction.atomic
def audit(*, result: Result, by: User, at: datetime) -> Result:
    """A second person of the same department agrees to what was entered."""
    result = _own(result, by)
    if result.entered_by_id == by.pk:
        raise Blocked("不能审核自己录入的结果。请本部门负责人或法制审核人员办理。", article="22")
    result.state = _stepped(result, ResultState.AUDITED)
    result.audited_by, result.audited_at = by, at
    result.save(update_fields=["state", "audited_by", "audited_at"])
    ledger.append("disclosure.audit", by=by, at=at, about=("result", result.pk), result=result.pk)
    return result


@transaction.atomic
def send_back(*, result: Result, note: str, by: User, at: datetime) -> Result:
    """Give an entered result back, with what is to be mended."""
    result = _own(result, by)
    if not note.strip():
        raise NeedsReason("退回要写明哪里需要改，录入人会看到。", article="22")
    result.state = _stepped(result, ResultState.RETURNED)
    result.returned_note = note.strip()[:300]
    result.save(update_fields=["state", "returned_note"])
    ledger.append(
        "disclosure.send_back",
        by=by,
        at=at,
        about=("result", result.pk),
        result=result.pk,
        note=result.returned_note,
    )
    return result


@transaction.atomic
def publish(*, results: Iterable[Result], by: User, at: datetime) -> list[Publication]:
    """Publish audited results for good: sealed rows, one entry for the lot (art. 22).

    A finding opens its follow-up. When the task's last result is out, the task is published.
    Raises Blocked when one of them is another department's, or not audited; then none is.
    """
    ledger.take_turn()
    chosen = [_own(result, by) for result in results]
    if not chosen:
        raise Blocked("没有可以公示的结果。请先选择已审核的结果。", article="22")
    last = Publication.objects.aggregate(last=Max("serial"))["last"] or 0
    publications = []
    for serial, result in enumerate(chosen, start=last + 1):
        result.state = _stepped(result, ResultState.PUBLISHED)
        result.published_at = at
        result.save(update_fields=["state", "published_at"])
        publications.append(_write(result, serial=serial, by=by, at=at))
        _open_what_follows(result, by=by, at=at)
    entry = ledger.append(
        "disclosure.publish",
        by=by,
        at=at,
        about=("task", publications[0].task_id),
        publications=[[p.serial, p.digest] for p in publications],
    )
    for publication in publications:
        ledger.seal("publication", publication.pk, entry=entry)
    for task in Task.objects.filter(pk__in={p.task_id for p in publications}):
        _close_if_all_out(task)
    return publications


@transaction.atomic
def correct(
    *,
    publication: Publication,
    items: Mapping[int, tuple[str, str]],
    reason: str,
    by: User,
    at: datetime,
) -> Publication:
    """Publish a correction beside the old publication; both stay public.

    items  joint item pk → (code, text), all items of the department
    """
    if not reason.strip():
        raise NeedsReason("更正要写明理由，理由与更正前后一起公开。", article="22")
    ledger.take_turn()
    result = _own(publication.result, by)
    if publication.corrections.exists():
        raise Blocked("这条公示已有更正。请在最新的一条上办理。", article="22")
    for item in result.items.all():
        if item.item_id in items:
            item.code, words = items[item.item_id]
            item.text = mask(words.strip()).text[:500]
            item.save(update_fields=["code", "text"])
    result.code = worst(result.items.values_list("code", flat=True))
    result.save(update_fields=["code"])
    last = Publication.objects.aggregate(last=Max("serial"))["last"] or 0
    new = _write(
        result, serial=last + 1, corrects=publication, reason=reason.strip()[:300], by=by, at=at
    )
    entry = ledger.append(
        "disclosure.correct",
        by=by,
        at=at,
        about=("task", new.task_id),
        corrects=publication.serial,
        publication=[new.serial, new.digest],
        reason=new.reason,
    )
    ledger.seal("publication", new.pk, entry=entry)
    return new


@transaction.atomic
def open_follow_up(
    *,
    result: Result,
    kind: str,
    department: Department,
    due_on: date | None,
    note: str = "",
    by: User,
    at: datetime,
) -> FollowUp:
    """谁管辖、谁负责: open what has to be done, with the department that does it (art. 22)."""
    follow_up = FollowUp.objects.create(
        result=_own(result, by),
        kind=kind,
        department=department,
        due_on=due_on,
        note=note[:300],
        opened_by=by,
        opened_at=at,
    )
    ledger.append(
        "disclosure.open_follow_up",
        by=by,
        at=at,
        about=("result", result.pk),
        follow_up=follow_up.pk,
        kind=kind,
        department=department.code,
    )
    return follow_up


@transaction.atomic
def close_follow_up(*, follow_up: FollowUp, note: str, by: User, at: datetime) -> FollowUp:
    """Say how it ended. Only the department that has it may (art. 22)."""
    follow_up = FollowUp.objects.select_for_update().get(pk=follow_up.pk)
    if follow_up.department_id != by.department_id:
        raise Blocked(f"这件后续处置由{follow_up.department}负责，请由该部门办结。", article="22")
    if not note.strip():
        raise NeedsReason("办结要写明处理情况。", article="22")
    follow_up.advance(FollowUpState.CLOSED)
    follow_up.closing_note, follow_up.closed_by, follow_up.closed_at = note[:300], by, at
    follow_up.save(update_fields=["closing_note", "closed_by", "closed_at"])
    ledger.append(
        "disclosure.close_follow_up",
        by=by,
        at=at,
        about=("result", follow_up.result_id),
        follow_up=follow_up.pk,
        note=follow_up.closing_note,
    )
    return follow_up


def checked_items(result: Result) -> list[ItemAnswer]:
    """The answers of this department on the record form: one result each."""
    return list(
        ItemAnswer.objects.filter(
            form__visit=result.part.visit_id, department=result.part.department_id
        ).select_related("item")
    )


def worst(codes: Iterable[str]) -> str:
    """The summary of several item codes: the worst of them."""
    return min(codes, key=WORST_FIRST.index)


def _term(task: Task, completed_on: date) -> tuple[date | None, str]:
    """The due date, and a note where there is none (calendar not published, older task)."""
    if timezone.localdate(task.created_at) < settings.LIANCHA_EFFECTIVE_FROM:
        return None, BEFORE_THE_MEASURES
    term = deadlines.results_due(
        target_completed_on=completed_on,
        task_completed_on=timezone.localdate(task.completed_at) if task.completed_at else None,
        task_planned_end=task.ends_on,
        calendar=workdays.calendar(),
    )
    return term.due, "" if term.due else str(term)


def _own(result: Result, by: User) -> Result:
    """The locked row, if it is this person's own department's. 谁检查、谁录入、谁公开."""
    result = (
        Result.objects.select_for_update(of=("self",))
        .select_related("part__visit__team__task", "part__department")
        .get(pk=result.pk)
    )
    if result.part.department_id != by.department_id:
        raise Blocked(f"这是{result.part.department}的检查结果，由该部门录入、公示。", article="22")
    return result


def _stepped(result: Result, then: ResultState) -> ResultState:
    result.advance(then)
    return then


def _write(
    result: Result,
    *,
    serial: int,
    corrects: Publication | None = None,
    reason: str = "",
    by: User,
    at: datetime,
) -> Publication:
    visit = result.part.visit
    candidate = visit.drawn_target.candidate
    rows = [
        {"position": n, "item": item.item.name, "code": item.code, "text": item.text}
        for n, item in enumerate(result.items.select_related("item"), start=1)
    ]
    words = {
        "code": result.code,
        "completed_on": result.completed_on.isoformat(),
        "department": result.part.department.code,
        "rows": rows,
        "serial": serial,
        "target": candidate.code,
        "task": visit.team.task.number,
    }
    publication = Publication.objects.create(
        serial=serial,
        result=result,
        task=visit.team.task,
        department=result.part.department,
        target_name=candidate.name,
        target_code=candidate.code,
        completed_on=result.completed_on,
        code=result.code,
        corrects=corrects,
        reason=reason,
        digest=sha256(protocol.canonical(words).encode()).hexdigest(),
        published_at=at,
        published_by=by,
    )
    PublishedRow.objects.bulk_create(PublishedRow(publication=publication, **row) for row in rows)
    return publication


KIND_BY_CODE = {
    "02": FollowUp.Kind.RECTIFY,
    "03": FollowUp.Kind.ABNORMAL,
    "04": FollowUp.Kind.ABNORMAL,
    "05": FollowUp.Kind.RECTIFY,
    "06": FollowUp.Kind.CASE,
    "08": FollowUp.Kind.CASE,
    "11": FollowUp.Kind.NOTIFY,
}


def _open_what_follows(result: Result, *, by: User, at: datetime) -> None:
    """A finding without a follow-up gets one, due when the order on the form says."""
    if result.code not in FOLLOWED_UP or result.follow_ups.exists():
        return
    ordered = Measure.objects.filter(
        answer__form__visit=result.part.visit_id, answer__department=result.part.department_id
    ).aggregate(latest=Max("deadline_on"))["latest"]
    FollowUp.objects.create(
        result=result,
        kind=KIND_BY_CODE[result.code],
        department=result.part.department,
        due_on=ordered,
        note=ResultCode(result.code).label,
        opened_by=by,
        opened_at=at,
    )


def _close_if_all_out(task: Task) -> None:
    """The last result is out: the task is published, and its plan line done."""
    if task.state != TaskState.COMPLETED:
        return
    waiting = VisitPart.objects.filter(visit__team__task=task, is_involved=True).exclude(
        result__state=ResultState.PUBLISHED
    )
    if waiting.exists():
        return
    task.advance(TaskState.RESULTS_PUBLISHED)
    if task.line and task.line.state == LineState.IN_PROGRESS:
        task.line.advance(LineState.DONE)
