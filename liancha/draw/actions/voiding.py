"""作废: only for a failure, by somebody's word who did not ask for it, for ever on record."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from liancha.accounts.models import User
from liancha.accounts.permissions import Permission
from liancha.ledger import actions as ledger
from liancha.queue import actions as queue
from liancha.rulebook.beacon import VALUE_WITHIN
from liancha.rulebook.lifecycles import DrawState, TaskState
from liancha.rulebook.verdicts import Blocked, NeedsReason
from liancha.task.models import Task

from ..models import Draw
from .ceremony import held
from .pooling import only_for


@transaction.atomic
def ask_void(*, draw: Draw, cause: str, reason: str, by: User, at: datetime) -> Draw:
    """Ask the department's head to void a draw. Nothing changes until the head agrees.

    cause  a Draw.VoidCause

    Raises Blocked for a cause that the record contradicts, NeedsReason without a reason.
    Source: draw protocol, §4.
    """
    draw = held(draw)
    only_for(draw.department, by)
    if draw.state in (DrawState.LOCKED, DrawState.VOID):
        raise Blocked(
            "名单已经锁定，不能作废。" if draw.state == DrawState.LOCKED else "这次抽取已经作废。",
            article="19",
            paragraph=3,
        )
    if draw.escrow_fault is not None:
        raise Blocked("托管人已经上报托管失败，等负责人确认作废。", article="19", paragraph=1)
    if not reason.strip():
        raise NeedsReason(
            "作废要写明经过。编号、原因和批准人会一直公开。", article="19", paragraph=1
        )
    _check_cause(draw, Draw.VoidCause(cause), at)
    draw.void_cause, draw.void_reason = cause, reason.strip()
    draw.void_asked_by, draw.void_asked_at = by, at
    draw.save(update_fields=["void_cause", "void_reason", "void_asked_by", "void_asked_at"])
    ledger.append(
        "draw.ask_void",
        by=by,
        at=at,
        draw=draw.number,
        kind="ask_void",
        about=("draw", draw.pk),
        cause=cause,
        reason=draw.void_reason,
    )
    return draw


@transaction.atomic
def void(*, draw: Draw, agree: bool = True, note: str = "", by: User, at: datetime) -> Draw:
    """The head's word on a request to void. Agreed: the number is spent, the task starts anew.

    Raises Blocked for anybody but the department's head, and for the person who asked.
    Source: draw protocol, §4; art. 19, paragraph 1.
    """
    draw = held(draw)
    only_for(draw.department, by)
    if not by.may(Permission.DRAW_VOID):
        raise Blocked(
            f"作废要由{draw.department.name}的负责人批准。请转给负责人办理。",
            article="19",
            paragraph=1,
        )
    if draw.void_asked_by_id is None:
        raise Blocked("还没有人提出作废。请由操作人先写明经过。", article="19", paragraph=1)
    if draw.void_asked_by_id == by.pk:
        raise Blocked("提出作废的人不能自己批准。", article="19", paragraph=1)
    if not agree:
        if draw.escrow_fault is not None:
            raise Blocked(
                "托管失败的抽取必须作废，不能退回：已开封的随机数已经公开。",
                article="19",
                paragraph=1,
            )
        return _refuse(draw, note, by, at)
    _check_cause(draw, Draw.VoidCause(draw.void_cause), at)
    draw.void_at, draw.void_by = at, by
    draw.advance(DrawState.VOID)
    if draw.is_of_targets and draw.supplements_id is not None:
        # What was drawn before stands. If its visits are over, nothing else keeps the task open.
        queue.later("inspection.settle", draw.task_id)
    elif draw.is_of_targets:
        task = Task.objects.select_for_update(of=("self",)).get(pk=draw.task_id)
        task.advance(TaskState.SCHEME_APPROVED)
    ledger.append(
        "draw.void",
        by=by,
        at=at,
        draw=draw.number,
        kind="void",
        about=("draw", draw.pk),
        cause=draw.void_cause,
        reason=draw.void_reason,
        asked_by=draw.void_asked_by.signature if draw.void_asked_by else "",
        note=note.strip(),
        **({"escrow": draw.escrow_fault} if draw.escrow_fault is not None else {}),
    )
    queue.later("openlog.checkpoint")
    return draw


def _refuse(draw: Draw, note: str, by: User, at: datetime) -> Draw:
    draw.void_cause = draw.void_reason = ""
    draw.void_asked_by = draw.void_asked_at = None
    draw.save(update_fields=["void_cause", "void_reason", "void_asked_by", "void_asked_at"])
    ledger.append(
        "draw.keep",
        by=by,
        at=at,
        draw=draw.number,
        kind="keep",
        about=("draw", draw.pk),
        note=note.strip(),
    )
    return draw


def _check_cause(draw: Draw, cause: Draw.VoidCause, at: datetime) -> None:
    """The record must bear the cause out."""
    if cause == Draw.VoidCause.ESCROW and draw.escrow_fault is None:
        raise Blocked(
            "托管失败由托管人开封核对后上报，不能由操作人提出。", article="19", paragraph=1
        )
    if cause == Draw.VoidCause.NO_NONCE and not _nobody_revealed(draw, at):
        raise Blocked(
            "还有时间揭示，或者已有一方揭示，不能按“没有一方揭示”作废。", article="19", paragraph=1
        )
    if cause == Draw.VoidCause.NO_VALUE:
        late = draw.beacon_due is not None and at > draw.beacon_due + VALUE_WITHIN
        if draw.state != DrawState.CLOSED or draw.beacon_value or not late:
            raise Blocked(
                "公布时间后一天内还可能有符合格式的值，现在不能按这个原因作废。",
                article="19",
                paragraph=1,
            )


def _nobody_revealed(draw: Draw, at: datetime) -> bool:
    return (
        draw.state == DrawState.RULE_LOGGED
        and draw.beacon_due is not None
        and at >= draw.beacon_due
        and not draw.parties.exclude(nonce="").exists()
    )
