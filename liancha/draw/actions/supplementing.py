"""补抽: a further batch, asked for with a reason, agreed by the head, drawn anew (decision A7).

A supplementary batch is a ceremony of its own on what the batch before it left: its own number,
fresh salts, its own seed. The order beyond an earlier threshold is used for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from liancha.accounts.models import User
from liancha.accounts.permissions import Permission
from liancha.ledger import actions as ledger
from liancha.rulebook import protocol
from liancha.rulebook.lifecycles import DrawState, TaskState
from liancha.rulebook.verdicts import Blocked, NeedsReason
from liancha.task.models import Task

from .. import chains, frozen, leftover, pools, software
from ..models import Draw, Supplement
from .ceremony import held
from .pooling import begin, frame_facts, freeze_rosters, only_for, refused_as_blocked

UNWRITABLE_LEFT = "补抽的库里有不能入库的内容"
MAY_GROW = (
    TaskState.TARGETS_DRAWN,
    TaskState.DISPATCHED,
    TaskState.INSPECTORS_DRAWN,
    TaskState.TEAMS_SET,
    TaskState.INSPECTING,
)


def left_by(draw: Draw) -> dict[str, int]:
    """Stratum → how many candidates a locked draw has left over, in the order of its rule."""
    return {each["name"]: each["size"] - each["count"] for each in draw.strata}


@transaction.atomic
def ask_supplement(
    *, after: Draw, wanted: Mapping[str, int], reason: str, by: User, at: datetime
) -> Supplement:
    """Ask that more targets be drawn for a task whose list is locked.

    wanted  stratum → how many more; what is left out is not drawn from

    Raises Blocked for a draw that is not the last of its chain or a number that is not left,
    NeedsReason without a reason.
    Source: art. 19, paragraphs 1 and 3: the locked list stays as it is; decision A7.
    """
    after = held(after)
    only_for(after.department, by)
    _check_may_grow(after)
    if not reason.strip():
        raise NeedsReason(
            "补抽要写明原因，例如已抽对象停业过多、达不到计划户数。原因会与结果一起公开。",
            article="19",
            paragraph=3,
        )
    left = left_by(after)
    asked = {name: number for name, number in wanted.items() if number}
    for name, number in asked.items():
        if name not in left:
            raise Blocked(f"前一批没有“{name}”这一层，不能从中补抽。", article="19", paragraph=3)
        if not 0 < number <= left[name]:
            raise Blocked(
                f"“{name}”抽剩 {left[name]} 户，不能补抽 {number} 户。请改小补抽户数。",
                article="19",
                paragraph=3,
            )
    if not asked:
        raise Blocked("还没有填补抽户数。请至少在一层填写 1 户。", article="19", paragraph=3)
    supplement = Supplement.objects.create(
        after=after,
        wanted=[[name, asked.get(name, 0)] for name in left],
        reason=reason.strip(),
        asked_by=by,
        asked_at=at,
    )
    ledger.append(
        "draw.ask_supplement",
        by=by,
        at=at,
        about=("task", after.task_id),
        after=after.number,
        wanted=supplement.wanted,
        reason=supplement.reason,
    )
    return supplement


@transaction.atomic
def decide_supplement(
    *, supplement: Supplement, agree: bool, note: str = "", by: User, at: datetime
) -> Supplement:
    """The word of the department's head, who is not the one who asked. Raises Blocked."""
    supplement = _held(supplement)
    after = supplement.after
    only_for(after.department, by)
    if not by.may(Permission.TASK_APPROVE):
        raise Blocked(
            f"补抽要由{after.department.name}的负责人批准。请转给负责人办理。",
            article="19",
            paragraph=3,
        )
    if supplement.is_agreed is not None:
        raise Blocked("这份补抽申请已经批复。", article="19", paragraph=3)
    if supplement.asked_by_id == by.pk:
        raise Blocked("提出补抽的人不能自己批准。", article="19", paragraph=3)
    if agree:
        _check_may_grow(after, but=supplement)
    supplement.is_agreed, supplement.note = agree, note.strip()
    supplement.decided_by, supplement.decided_at = by, at
    supplement.save(update_fields=["is_agreed", "note", "decided_by", "decided_at"])
    ledger.append(
        "draw.decide_supplement",
        by=by,
        at=at,
        about=("task", after.task_id),
        after=after.number,
        agreed=agree,
        note=supplement.note,
    )
    return supplement


def check_freeze_supplement(*, supplement: Supplement, by: User) -> None:
    """What `freeze_supplement` would refuse already now, said before the long work is begun.

    Writes nothing. Raises Blocked.
    """
    with transaction.atomic():
        _ready_to_freeze(supplement, by)


def _ready_to_freeze(supplement: Supplement, by: User) -> Supplement:
    """The request with its rows held. Raises Blocked."""
    supplement = _held(supplement)
    supplement.after = held(supplement.after)
    only_for(supplement.after.department, by)
    if not supplement.is_agreed:
        raise Blocked("补抽申请还没有批准，不能冻结补抽的库。", article="19", paragraph=3)
    if supplement.draw is not None and supplement.draw.state != DrawState.VOID:
        raise Blocked(
            f"这次补抽已经开始，编号 {supplement.draw.number}。", article="19", paragraph=3
        )
    _check_may_grow(supplement.after, but=supplement)
    return supplement


@transaction.atomic
def freeze_supplement(
    *,
    supplement: Supplement,
    secret: str | None = None,
    prepared: leftover.Leftover | None = None,
    by: User,
    at: datetime,
) -> Draw:
    """Freeze what the batch before left, with fresh salts, under a new number.

    secret    64 hex digits the salts come from, for tests; never one that another draw has used
    prepared  what `leftover.prepare` made shortly before, outside any transaction; made here when
              left away, as for small pools

    Everything after it is the ceremony of any draw. Raises Blocked.
    Source: draw protocol, §§1 and 2 (`supplements`); decision A7.
    """
    supplement = _ready_to_freeze(supplement, by)
    after = supplement.after
    if prepared is None:
        with refused_as_blocked(UNWRITABLE_LEFT, "19"):
            prepared = leftover.prepare(after, secret=secret)
    assert prepared.after == after.pk
    frame = prepared.frame
    with refused_as_blocked(UNWRITABLE_LEFT, "19"):
        strata = [
            protocol.Stratum.at_number(name, left_by(after)[name], more)
            for name, more in supplement.wanted
        ]
    draw = begin(
        after.task,
        after.department,
        Draw.Kind.TARGETS,
        supplements=after,
        stratify=after.stratify,
        excluded=[[pools.DRAWN, prepared.taken]],
        freeze_note=supplement.reason[:200],
        **frame_facts(frame, strata, secret=prepared.secret),
        by=by,
        at=at,
    )
    frozen.write(draw, prepared.pages)
    supplement.draw = draw
    supplement.save(update_fields=["draw"])
    entry = ledger.append(
        "draw.freeze_supplement",
        by=by,
        at=at,
        draw=draw.number,
        kind="freeze",
        about=("task", after.task_id),
        frame=frame.as_json(),
        excluded=draw.excluded,
        rosters=freeze_rosters(draw),
        supplements=after.number,
        reason=supplement.reason,
        software=software.version(),
    )
    ledger.seal("frame", draw.pk, entry=entry)
    return draw


def _held(supplement: Supplement) -> Supplement:
    return (
        Supplement.objects.select_for_update(of=("self",))
        .select_related("after__department", "draw")
        .get(pk=supplement.pk)
    )


def _check_may_grow(after: Draw, *, but: Supplement | None = None) -> None:
    """The draw is locked, the last of its chain, and its task still has visits to come."""
    task = Task.objects.select_for_update(of=("self",)).get(pk=after.task_id)
    if not after.is_of_targets or after.state != DrawState.LOCKED:
        raise Blocked("名单锁定后，达不到计划户数的才能补抽。", article="19", paragraph=3)
    if TaskState(task.state) not in MAY_GROW:
        raise Blocked(
            f"任务{task.get_state_display()}，不能再补抽。需要时请另建任务。",
            article="19",
            paragraph=3,
        )
    newest = chains.last(task)
    if newest != after:
        raise Blocked(
            f"补抽接着最后一批办理，请从{newest.number if newest else '最后一批'}提出。",
            article="19",
            paragraph=3,
        )
    asked = after.supplements_asked.exclude(is_agreed=False)
    if (asked.exclude(pk=but.pk) if but else asked).exists():
        raise Blocked("这一批已经有一份补抽申请在办理。", article="19", paragraph=3)
