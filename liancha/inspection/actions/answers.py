"""The record form, row by row: finding, what was seen, measures on the spot (art. 21)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.lists.models import JointItem
from liancha.roster.models import Inspector
from liancha.rulebook import presence
from liancha.rulebook.verdicts import Blocked

from ..models import ItemAnswer, Measure, Visit, VisitItem
from ._holding import hold, officer_on_the_spot, refuse_after_end

LONGEST = 4_000  # characters of one text on the form
LAST_DEADLINE = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class MeasureDraft:
    """A measure as it is being written; what it lacks is asked for before the signature.

    kind, channel  values of Measure.Kind and Measure.Channel ("" while not chosen)
    witness        inspector pk of the second officer who heard an oral order
    """

    kind: str
    channel: str = ""
    detail: str = ""
    basis: str = ""
    deadline_on: date | None = None
    document_number: str = ""
    witness: int | None = None


@dataclass(frozen=True, slots=True)
class Filled:
    """All that one row says."""

    finding: str
    situation: str = ""
    measures: tuple[MeasureDraft, ...] = ()


class Conflict(Exception):
    """Somebody else wrote this row meanwhile. Nothing was overwritten; `answer` is theirs."""

    def __init__(self, answer: ItemAnswer) -> None:
        super().__init__(f"{answer.by}已填写这一项。")
        self.answer = answer


def as_filled(answer: ItemAnswer) -> Filled:
    """What a stored row says, in the shape it was written."""
    return Filled(
        answer.finding,
        answer.situation,
        tuple(
            MeasureDraft(
                each.kind,
                each.channel,
                each.detail,
                each.basis,
                each.deadline_on,
                each.document_number,
                each.witness_id,
            )
            for each in answer.measures.order_by("kind")
        ),
    )


@transaction.atomic
def fill(
    *,
    visit: Visit,
    item: JointItem,
    filled: Filled,
    seen: int | None = None,
    written_from: str = "",
    by: User,
    at: datetime,
) -> ItemAnswer:
    """Write one row as a whole. The same row twice changes nothing.

    seen          version the writer started from, 0 for none; None writes over whatever is there
    written_from  the writer's browser tab: its own last write is never a conflict

    Raises Conflict when another has written since, Blocked (art. 21) after the signature, for
    another department's row, for a measure without a finding.

    Source: clauses 20.5 and 21.10.
    """
    visit = hold(visit)
    refuse_after_end(visit)
    officer = officer_on_the_spot(visit, by)
    row = _row(visit, item, officer)
    filled = _tidy(filled, visit, officer, at)
    form = visit.form
    answer = form.answers.select_related("by").filter(item=item).first()
    if answer is not None:
        if as_filled(answer) == filled:
            return answer
        is_own = bool(written_from) and answer.written_from == written_from
        if seen is not None and answer.version != seen and not is_own:
            raise Conflict(answer)
        answer.version += 1
    else:
        answer = ItemAnswer(form=form, item=item, department=row.part.department)
    answer.finding, answer.situation = filled.finding, filled.situation
    answer.written_from, answer.by, answer.at = written_from, officer, at
    answer.save()
    _write_measures(answer, filled.measures, officer, at)
    ledger.append(
        "inspection.answer",
        by=by,
        at=at,
        about=("visit", visit.pk),
        visit=visit.number,
        item=item.pk,
        version=answer.version,
        finding=filled.finding,
        situation=sha256(filled.situation.encode()).hexdigest(),
        measures=[each.kind for each in filled.measures],
    )
    return answer


def answer(
    *,
    visit: Visit,
    item: JointItem,
    finding: str,
    situation: str = "",
    by: User,
    at: datetime,
) -> ItemAnswer:
    """Answer one item, leaving its measures as they are. See `fill`."""
    there = ItemAnswer.objects.filter(form__visit=visit, item=item).first()
    kept = as_filled(there).measures if there and finding == ItemAnswer.Finding.FOUND else ()
    return fill(visit=visit, item=item, filled=Filled(finding, situation, kept), by=by, at=at)


@transaction.atomic
def take_measure(
    *,
    answer: ItemAnswer,
    kind: str,
    channel: str = "",
    detail: str = "",
    basis: str,
    deadline_on: date | None = None,
    document_number: str = "",
    witness: Inspector | None = None,
    by: User,
    at: datetime,
) -> Measure:
    """Order or secure something because of a finding, complete at once.

    witness  for an oral order, the second officer who heard it

    Raises Blocked (art. 21): no finding, no legal basis, an order without a channel, an oral one
    without its words or a second officer, 责令改正 without a date.

    Source: clauses 21.8 and 21.9.
    """
    presence.check_measure(
        presence.MeasureKind(kind),
        has_finding=answer.finding == ItemAnswer.Finding.FOUND,
        basis=basis,
        channel=presence.Channel(channel) if channel else None,
        words=detail,
        officers=[by.username, witness.user.username if witness.user else witness.number]
        if witness
        else [by.username],
    )
    if kind == Measure.Kind.RECTIFY and deadline_on is None:
        raise Blocked("责令改正还没有期限。请填写改正的最后一天。", article="21", paragraph=3)
    now = as_filled(answer)
    draft = MeasureDraft(
        kind,
        channel,
        detail,
        basis,
        deadline_on,
        document_number,
        witness.pk if witness else None,
    )
    others = tuple(each for each in now.measures if each.kind != kind)
    changed = fill(
        visit=answer.form.visit,
        item=answer.item,
        filled=replace(now, measures=(*others, draft)),
        by=by,
        at=at,
    )
    return changed.measures.get(kind=kind)


# ── what must hold ────────────────────────────────────────────────────────────────────────


def _row(visit: Visit, item: JointItem, officer: Inspector) -> VisitItem:
    """The row of this form, if it is the officer's own department's and has begun."""
    row = (
        VisitItem.objects.select_related("part__department")
        .filter(part__visit=visit, item=item, is_expected=True)
        .first()
    )
    if row is None or row.part.department_id != officer.department_id:
        raise Blocked(
            f"“{item}”不是{officer.department}在这一户的事项，由负责的部门填写。",
            article="21",
            paragraph=4,
        )
    if row.part.started_at is None:
        raise Blocked(
            f"{row.part.department}还没有开始检查，到场人员不足 {presence.LEAST} 人时不能填写。",
            article="21",
            paragraph=1,
        )
    return row


def _tidy(filled: Filled, visit: Visit, officer: Inspector, at: datetime) -> Filled:
    """Check the shape and put the measures in order. Raises Blocked for what cannot be kept."""
    if filled.finding not in ItemAnswer.Finding.values:
        raise Blocked("请先选未发现问题、发现问题或不涉及。", article="21", paragraph=4)
    texts = [filled.situation, *(each.detail for each in filled.measures)]
    if any(len(text) > LONGEST for text in texts):
        raise Blocked(
            f"一项最多写 {LONGEST:,} 个字。请写要点，其余另附笔录。", article="21", paragraph=4
        )
    if len({each.kind for each in filled.measures}) != len(filled.measures):
        raise Blocked("同一种处置只能写一次，请合并。", article="21", paragraph=3)
    day = timezone.localdate(at)
    for each in filled.measures:
        if each.kind not in Measure.Kind.values or each.channel not in (
            "",
            *Measure.Channel.values,
        ):
            raise Blocked("处置不在可选范围内。请重新选择。", article="21", paragraph=3)
        if filled.finding != ItemAnswer.Finding.FOUND:
            presence.check_measure(
                presence.MeasureKind(each.kind), has_finding=False, basis=each.basis
            )
        if each.deadline_on and not day <= each.deadline_on <= day + LAST_DEADLINE:
            raise Blocked(
                f"改正期限 {each.deadline_on} 应在今天之后一年以内。请改期限。",
                article="21",
                paragraph=3,
            )
        if len(each.basis) > 200 or len(each.document_number) > 60:
            raise Blocked("依据最多 200 个字，文书号最多 60 个字。", article="21", paragraph=3)
        if each.witness is not None and (
            each.witness == officer.pk or not visit.checkins.filter(inspector=each.witness).exists()
        ):
            raise Blocked(
                "口头责令的在场人员应是已签到的另一名执法人员。", article="21", paragraph=3
            )
    return Filled(
        filled.finding,
        filled.situation.strip(),
        tuple(
            sorted(
                (
                    replace(
                        each,
                        detail=each.detail.strip(),
                        basis=each.basis.strip(),
                        document_number=each.document_number.strip(),
                    )
                    for each in filled.measures
                ),
                key=lambda each: each.kind,
            )
        ),
    )


def _write_measures(
    answer: ItemAnswer, drafts: Sequence[MeasureDraft], officer: Inspector, at: datetime
) -> None:
    """Make the stored measures say what the drafts say."""
    answer.measures.exclude(kind__in=[each.kind for each in drafts]).delete()
    for each in drafts:
        Measure.objects.update_or_create(
            answer=answer,
            kind=each.kind,
            defaults={
                "form": answer.form,
                "channel": each.channel,
                "detail": each.detail,
                "basis": each.basis,
                "deadline_on": each.deadline_on,
                "document_number": each.document_number,
                "witness_id": each.witness,
                "by": officer,
                "at": at,
            },
        )
