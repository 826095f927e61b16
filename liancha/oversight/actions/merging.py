"""One visit instead of two: found by the machine, decided by those who started both (E14)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from liancha.accounts.models import User
from liancha.inspection import actions as inspection
from liancha.inspection.actions import Coming
from liancha.ledger import actions as ledger
from liancha.rulebook import merging as rule
from liancha.rulebook.lifecycles import MergeState
from liancha.rulebook.verdicts import Blocked, NeedsReason

from .. import merging
from ..merging import Errand
from ..models import MergeProposal, MergeSide

SLOT = "09:00"  # offered where neither visit has a time yet


@transaction.atomic
def match(*, by: User | str, at: datetime) -> tuple[int, int]:
    """Propose every pair that is new, and let lapse what is no pair any more. (new, lapsed).

    A pair that was declined or accepted is not proposed again; a second run finds nothing new. The
    entry in the ledger is the same whether or not something was found: a number there would tell
    somebody who enters a case against a firm whether the firm was drawn (draw protocol, §6).

    Source: 综合查一次 (E14); art. 20, paragraph 2, 负责协商议定检查日程, for who decides.
    """
    today = timezone.localdate(at)
    ledger.take_turn()
    errands = {each.stop.key: each for each in merging.errands(today)}
    found = {
        f"{one.key} {other.key}": (errands[one.key], errands[other.key])
        for one, other in rule.pairs(
            (each.stop for each in errands.values()), within=settings.LIANCHA_MERGE_DAYS
        )
    }
    live = MergeProposal.objects.exclude(state=MergeState.LAPSED)
    known = dict(live.values_list("pair", "state"))
    gone = [
        each
        for each in live.open().prefetch_related("sides").select_for_update()
        if each.pair not in found
    ]
    for proposal in gone:
        proposal.advance(MergeState.LAPSED)
    new = [pair for pair in found if pair not in known]
    _propose({pair: found[pair] for pair in new}, today=today, at=at)
    ledger.append("oversight.match", by=by, at=at, within=settings.LIANCHA_MERGE_DAYS)
    return len(new), len(gone)


def _propose(pairs: dict[str, tuple[Errand, Errand]], *, today: date, at: datetime) -> None:
    """Rows for these pairs; the day is one that is set already, or the first that suits both."""
    made = MergeProposal.objects.bulk_create(
        MergeProposal(
            pair=pair,
            target_id=one.stop.place,
            gap=rule.days_between(one.stop, other.stop),
            appointed_on=rule.day_for(one.stop, other.stop, today=today),
            slot=one.slot or other.slot or SLOT,
            found_at=at,
        )
        for pair, (one, other) in pairs.items()
    )
    MergeSide.objects.bulk_create(
        MergeSide(
            proposal=proposal,
            kind=each.kind,
            key=each.stop.key,
            department_id=each.stop.department,
            what=each.what[:200],
            first_on=each.stop.first,
            last_on=each.stop.last,
            task_id=each.stop.task,
            drawn_target_id=each.drawn_target,
        )
        for proposal in made
        for each in pairs[proposal.pair]
    )


@transaction.atomic
def agree_to_merge(
    *, proposal: MergeProposal, appointed_on: date, slot: str, by: User, at: datetime
) -> tuple[MergeProposal, tuple[str, ...]]:
    """The word of one department for one visit. With the last word it is settled.

    The first word names day and time, the second agrees to them. Then both inspections have one
    appointment (inspection.call_together). Teams see it on the phone and in the schedule, the firm
    on its notice and on the page behind the code at the door. Every inspection keeps its own team,
    form and signature. Returns remarks (WARN).

    Raises Blocked (art. 19): one of the two may not read the other's list yet. Blocked (art. 20):
    somebody without a side, a day that is past or another than agreed, a visit under way.

    Source: E14; art. 20, paragraph 2, 负责协商议定检查日程.
    """
    ledger.take_turn()
    proposal = MergeProposal.objects.select_for_update(of=("self",)).get(pk=proposal.pk)
    sides = list(proposal.sides.select_related("department", "drawn_target"))
    _must_be_open(proposal)
    own = _own(sides, by)
    _must_still_be(sides, timezone.localdate(at))
    if blind := proposal.blind():
        raise Blocked(
            f"{'、'.join(map(str, blind))}还不能看对方任务的名单，现在不能商定。名单公开后再办。",
            article="19",
        )
    if not own:
        raise Blocked("贵部门已经同意，正在等对方部门商定。", article="20", paragraph=2)
    if appointed_on < timezone.localdate(at):
        raise Blocked(
            f"{appointed_on} 已经过去，不能约定上门。请选今天或以后的日期。",
            article="20",
            paragraph=2,
        )
    is_first = all(side.agreed_at is None for side in sides)
    if not is_first and (appointed_on, slot) != (proposal.appointed_on, proposal.slot):
        raise Blocked(
            f"对方已同意的时间是 {proposal.appointed_on} {proposal.slot}。按这个时间同意，"
            "或者写明理由不合并，请对方改期后再提。",
            article="20",
            paragraph=2,
        )
    for side in own:
        side.agreed_by, side.agreed_at = by, at
        side.save(update_fields=["agreed_by", "agreed_at"])
    proposal.appointed_on, proposal.slot = appointed_on, slot
    remarks: tuple[str, ...] = ()
    is_settled = all(side.agreed_at for side in sides)
    if is_settled:
        remarks = _settle(proposal, sides, by=by, at=at)
    proposal.save(
        update_fields=["appointed_on", "slot", "call", "state", "decided_by", "decided_at"]
    )
    ledger.append(
        "oversight.agree_to_merge",
        by=by,
        at=at,
        about=("merge", str(proposal.pk)),
        day=appointed_on.isoformat(),
        slot=slot,
        settled=is_settled,
    )
    return proposal, remarks


def _settle(
    proposal: MergeProposal, sides: Iterable[MergeSide], *, by: User, at: datetime
) -> tuple[str, ...]:
    """Both have agreed: one appointment, and a check alone on its day."""
    proposal.call, remarks = inspection.call_together(
        target=proposal.target,
        coming=[
            Coming(
                side.key,
                side.what,
                side.department,
                side.drawn_target if side.kind == MergeSide.Kind.DRAWN else None,
            )
            for side in sides
        ],
        appointed_on=proposal.appointed_on,
        slot=proposal.slot,
        by=by,
        at=at,
    )
    proposal.state = MergeState.ACCEPTED
    proposal.decided_by, proposal.decided_at = by, at
    return remarks


@transaction.atomic
def decline_merge(*, proposal: MergeProposal, reason: str, by: User, at: datetime) -> MergeProposal:
    """One of the two will not come together, and says why. The pair is not proposed again.

    Raises Blocked (art. 20) for somebody without a side, NeedsReason without words.
    """
    ledger.take_turn()
    proposal = MergeProposal.objects.select_for_update(of=("self",)).get(pk=proposal.pk)
    _must_be_open(proposal)
    _own(list(proposal.sides.select_related("department")), by)
    if not reason.strip():
        raise NeedsReason(
            "还没有写不合并的理由。请写明为什么要分两次上门。", article="20", paragraph=2
        )
    proposal.decline = reason.strip()[:200]
    proposal.decided_by, proposal.decided_at = by, at
    proposal.save(update_fields=["decline", "decided_by", "decided_at"])
    proposal.advance(MergeState.DECLINED)
    ledger.append(
        "oversight.decline_merge",
        by=by,
        at=at,
        about=("merge", str(proposal.pk)),
        reason=sha256(proposal.decline.encode()).hexdigest(),  # it may name the firm
    )
    return proposal


def _must_be_open(proposal: MergeProposal) -> None:
    if proposal.state != MergeState.PROPOSED:
        raise Blocked(
            f"这条建议现在是“{proposal.get_state_display()}”，不用再办。请刷新页面看结果。",
            article="20",
            paragraph=2,
        )


def _must_still_be(sides: Iterable[MergeSide], today: date) -> None:
    there = {each.stop.key for each in merging.errands(today)}
    if any(side.key not in there for side in sides):
        raise Blocked(
            "其中一项检查已经开始、办结或取消，不能再合并。下次比对后这条建议会失效。",
            article="20",
            paragraph=2,
        )


def _own(sides: Iterable[MergeSide], by: User) -> list[MergeSide]:
    """The sides of this person's department that still wait. Raises Blocked without any side."""
    mine = [side for side in sides if by.department_id and side.department_id == by.department_id]
    if not mine:
        raise Blocked(
            "合并检查由发起这两项检查的部门商定，贵部门不是其中之一。", article="20", paragraph=2
        )
    return [side for side in mine if side.agreed_at is None]
