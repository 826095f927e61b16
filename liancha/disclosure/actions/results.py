"""From the end of a visit to a result that may be published (art. 22, paragraph 1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from liancha.accounts.models import User
from liancha.inspection.models import ItemAnswer, RecordForm
from liancha.ledger import actions as ledger
from liancha.rulebook.lifecycles import ResultState
from liancha.rulebook.verdicts import Blocked, NeedsReason
from liancha.workdays.queries import calendar

from .. import terms
from ..answers import (
    Entered,
    checked_items,
    is_ordered,
    is_recorded,
    order_of,
    people_on_the_form,
)
from ..masking import mask
from ..models import ItemResult, Result, ResultCode
from ._own import held

# Worst first: a target's summary is the worst of its items (domain §c.4, our own order).
WORST_FIRST = ("06", "08", "11", "04", "03", "02", "05", "10", "09", "07", "01")
FOLLOWED_UP = frozenset({"02", "03", "04", "05", "06", "08", "11"})
ORDERED = frozenset({ResultCode.ORDERED, ResultCode.TRANSFERRED})
OF_THE_TARGET = frozenset(  # said of the firm, not of an item: they stand for the unchecked ones
    {ResultCode.UNREACHABLE, ResultCode.UNCOOPERATIVE, ResultCode.GONE, ResultCode.CLOSED}
)
IN_WORDS = FOLLOWED_UP | {ResultCode.GONE, ResultCode.CLOSED}  # the code alone says too little
LONGEST = 500


@transaction.atomic
def collect(*, by: User | str, at: datetime) -> int:
    """Open a result for every department's part that is done, and count its term.

    What is not published yet is counted again by the calendar and the plan as they stand now, so
    that a year announced, or a task delayed in public, moves it. Twice is as good as once.
    Returns how many results were opened.
    Source: art. 22, paragraph 1. Clause 22.2.
    """
    days = calendar()
    opened = []
    # Held, so that the job and a page that ask at once do not both open the same result.
    parts = terms.without_result().select_for_update(of=("self",))
    for part in parts.select_related("visit__team__task__line"):
        completed_on = timezone.localdate(part.completed_at)
        due = terms.due_of(part.visit.team.task, completed_on, days)
        result, is_new = Result.objects.get_or_create(
            part=part,
            defaults={"completed_on": completed_on, "due_on": due.on, "term_note": due.note},
        )
        if is_new:
            opened.append(result)
    moved = []
    waiting = Result.objects.unpublished().exclude(pk__in=[each.pk for each in opened])
    for result in waiting.select_related("part__visit__team__task__line"):
        due = terms.due_of(result.task, result.completed_on, days)
        if due != (result.due_on, result.term_note):
            result.due_on, result.term_note = due
            moved += [result] * waiting.filter(pk=result.pk).update(
                due_on=due.on, term_note=due.note
            )
    if opened or moved:
        ledger.append(
            "disclosure.collect", by=by, at=at, opened=_dates(opened), recounted=_dates(moved)
        )
    return len(opened)


def _dates(results: Sequence[Result]) -> list[list[int | str | None]]:
    return [[each.pk, each.due_on.isoformat() if each.due_on else None] for each in results]


@transaction.atomic
def enter(
    *,
    result: Result,
    items: Mapping[int, Entered | tuple[str, str]],
    reason: str = "",
    by: User,
    at: datetime,
) -> Result:
    """Enter one department's result on one target, item by item.

    items   joint item pk → what was found there; every item of the department that was checked.
            Words are covered before they are kept. An empty code takes the one said of the whole
            target, where there is one.
    reason  needed when a finding on the form is entered as 未发现问题

    Raises Blocked for another department's result, a missing item, a code without the words, the
    order or the record it needs.
    Source: art. 22, paragraph 1; domain §c.4 for what each code needs. Clause 22.1.
    """
    result = held(result, by)
    result.advance(ResultState.ENTERED)
    answers = {answer.item_id: answer for answer in checked_items(result)}
    given = _complete(answers, {pk: _as_entered(each) for pk, each in items.items()})
    form = getattr(result.visit, "form", None)
    for pk, each in given.items():
        given[pk] = _checked(answers[pk], each, form, reason)
    names = people_on_the_form(result)
    result.items.all().delete()
    ItemResult.objects.bulk_create(
        ItemResult(
            result=result,
            item_id=pk,
            code=each.code,
            text=mask(each.text, names).text[:LONGEST],
            order_number=each.order_number,
            deadline_on=each.deadline_on,
        )
        for pk, each in given.items()
    )
    result.code = worst(each.code for each in given.values())
    result.entered_by, result.entered_at, result.returned_note = by, at, ""
    result.save(update_fields=["code", "entered_by", "entered_at", "returned_note"])
    ledger.append(
        "disclosure.enter",
        by=by,
        at=at,
        about=("result", result.pk),
        result=result.pk,
        code=result.code,
        items=[[pk, str(each.code)] for pk, each in sorted(given.items())],
        **({"reason": reason.strip()} if reason.strip() else {}),
    )
    return result


@transaction.atomic
def audit(*, result: Result, by: User, at: datetime) -> Result:
    """A second person of the same department agrees to what was entered."""
    result = held(result, by)
    if result.entered_by_id == by.pk:
        raise Blocked(
            "不能审核自己录入的结果。请本部门负责人或法制审核人员办理。",
            article="22",
            paragraph=1,
        )
    result.advance(ResultState.AUDITED)
    result.audited_by, result.audited_at = by, at
    result.save(update_fields=["audited_by", "audited_at"])
    ledger.append("disclosure.audit", by=by, at=at, about=("result", result.pk), result=result.pk)
    return result


@transaction.atomic
def send_back(*, result: Result, note: str, by: User, at: datetime) -> Result:
    """Give an entered result back, with what is to be mended."""
    result = held(result, by)
    if not note.strip():
        raise NeedsReason("退回要写明哪里需要改，录入人会看到。", article="22", paragraph=1)
    result.advance(ResultState.RETURNED)
    result.returned_note = note.strip()[:300]
    result.save(update_fields=["returned_note"])
    ledger.append(
        "disclosure.send_back",
        by=by,
        at=at,
        about=("result", result.pk),
        result=result.pk,
        note=result.returned_note,
    )
    return result


def worst(codes: Iterable[str]) -> str:
    """The summary of several item codes: the worst of them."""
    return min((str(code) for code in codes), key=WORST_FIRST.index)


# ── what each code needs ──────────────────────────────────────────────────────────────────────


def _as_entered(given: Entered | tuple[str, str]) -> Entered:
    each = given if isinstance(given, Entered) else Entered(*given)
    return replace(each, text=each.text.strip(), order_number=each.order_number.strip())


def _complete(answers: Mapping[int, ItemAnswer], given: dict[int, Entered]) -> dict[int, Entered]:
    """One result for each item of the department. Raises Blocked for one too few or too many."""
    if strange := [
        pk for pk, each in given.items() if pk not in answers or each.code not in _codes_or_none()
    ]:
        raise Blocked(
            f"有 {len(strange)} 项不在本部门的检查事项里，或结果不在代码表里。请刷新页面后重填。",
            article="22",
            paragraph=1,
        )
    whole = sorted({each.code for each in given.values()} & OF_THE_TARGET, key=WORST_FIRST.index)
    complete, missing = {}, []
    for pk, answer in answers.items():
        each = given.get(pk, Entered(""))
        if not each.code and whole:
            each = replace(each, code=whole[0], text=each.text or _said_of(whole[0], given))
        if not each.code:
            missing.append(answer.item.name)
        complete[pk] = each
    if missing or not complete:
        raise Blocked(
            f"还有 {len(missing)} 项没有结果：{'、'.join(missing[:3])}。请逐项选择后再送审核。"
            if missing
            else "记录表上没有本部门检查的事项，不用录入。",
            article="22",
            paragraph=1,
        )
    return complete


def _codes_or_none() -> frozenset[str]:
    return frozenset({"", *ResultCode.values})


def _said_of(code: str, given: Mapping[int, Entered]) -> str:
    return next(each.text for each in given.values() if each.code == code)


def _checked(answer: ItemAnswer, each: Entered, form: RecordForm | None, reason: str) -> Entered:
    """What is to be kept of one item, its order taken from the form where none was written."""
    name, word = answer.item.name, ResultCode(each.code).label
    if each.code in IN_WORDS and not each.text:
        raise Blocked(
            f"“{name}”的结果是“{word}”，还没有检查情况。请写明具体情况。",
            article="22",
            paragraph=1,
        )
    if (
        each.code == ResultCode.FINE
        and answer.finding == ItemAnswer.Finding.FOUND
        and not reason.strip()
    ):
        raise NeedsReason(
            f"记录表上“{name}”发现了问题，现在录入为“{word}”。请写明理由。",
            article="22",
            paragraph=1,
        )
    if (
        each.code == ResultCode.UNCOOPERATIVE
        and not is_recorded(answer)
        and (form is None or form.ending != RecordForm.Ending.REFUSED)
    ):
        raise Blocked(
            f"“{word}”要有拒绝签名的记录或现场笔录为证，记录表上都没有。"
            "请改选其他结果，或请检查组说明。",
            article="22",
            paragraph=1,
        )
    if each.code not in ORDERED:
        return replace(each, order_number="", deadline_on=None)
    return _with_order(answer, each)


def _with_order(answer: ItemAnswer, each: Entered) -> Entered:
    number, deadline = order_of(answer)
    each = replace(
        each,
        order_number=each.order_number or number,
        deadline_on=each.deadline_on or deadline,
    )
    if not each.order_number and not is_ordered(answer):
        raise Blocked(
            f"“{answer.item.name}”已责令改正，还没有责令改正通知书的文号。请填写文号和改正期限。",
            article="22",
            paragraph=2,
        )
    if each.deadline_on is None and not is_ordered(answer):
        raise Blocked(
            f"“{answer.item.name}”还没有改正期限。请填写，到期好复查。",
            article="22",
            paragraph=2,
        )
    return each
