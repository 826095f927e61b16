"""A department draws its own inspectors, and replaces one who cannot go (art. 19; protocol, §8)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from liancha.accounts.models import Department, User
from liancha.accounts.permissions import Permission
from liancha.ledger import actions as ledger
from liancha.roster.models import Inspector
from liancha.rulebook import form, leeway, protocol, staffing
from liancha.rulebook.foresight import Foresight
from liancha.rulebook.leeway import ReplacementReason
from liancha.rulebook.lifecycles import DrawState, ReplacementState, TaskState
from liancha.rulebook.verdicts import Blocked, NeedsReason
from liancha.task.models import Task

from .. import chains, outlook, rosters, seats, software
from ..models import Assignment, Draw, Replacement
from .pooling import begin, keep_files, only_for, refused_as_blocked


@transaction.atomic
def freeze_inspectors(
    *,
    task: Task,
    department: Department,
    of: Draw | None = None,
    base: int = 1,
    removed: Mapping[str, str] | None = None,
    by: User,
    at: datetime,
) -> Draw:
    """Fix what a department's draw starts from: its frozen roster, the drawn targets, who may not.

    of       the batch of targets; when left away, the first that still lacks this department
    base     loads up to it are left to chance alone; 1 spreads the work as evenly as can be
    removed  inspector number → why this person is out since the target pool was frozen

    What either way of sharing would come to is kept with the draw, as it was shown before; the
    ledger has its figures, and no name. An assignment must exist before any rule is logged; it
    does not depend on the seed. Raises Infeasible (a Blocked) with what is lacking and what would
    help; NeedsReason for a removal without a reason.
    Source: art. 18, paragraph 2; art. 19, paragraph 1. Clause 19.3.
    """
    only_for(department, by)
    task = Task.objects.select_for_update(of=("self",)).get(pk=task.pk)
    of = of or chains.to_man(task, department)
    in_time = MANNED_IN if of and of.supplements_id else MANNED_IN[:1]
    if of is None or task.state not in in_time or not of.dispatches.exists():
        raise Blocked(
            "检查对象名单派发后、组队前，才能抽取执法检查人员。", article="19", paragraph=1
        )
    _check_not_drawn(of, department)
    if base < 1:
        raise Blocked("均衡起点至少为 1。", article="19", paragraph=1)
    removed = _explained(removed or {})
    with refused_as_blocked("人员库里有不能抽取的内容", "18"):
        prepared = seats.prepared(
            of=of, department=department, removed=removed, base=base, on=timezone.localdate(at)
        )
    draw = begin(
        task,
        department,
        Draw.Kind.INSPECTORS,
        of=of,
        supplements=_earlier_of(of, department),
        secret=secrets.token_hex(32),
        excluded=[[reason, n] for reason, n in protocol.excluded(prepared.counts)],
        base=base,
        by=by,
        at=at,
    )
    inputs = prepared.staffing.files()
    seen = [outlook.foreseen(prepared, each) for each in sorted({1, base})]
    notes = {
        outlook.FILE: form.canonical([each.as_json() for each in seen]).encode(),
        rosters.EXCLUDED: rosters.excluded_text(prepared).encode(),
        rosters.REMOVED_FILE: form.canonical(removed).encode(),
    }
    keep_files(draw, department, inputs | notes)
    _log_freeze(draw, inputs, notes, removed=len(removed), seen=seen)
    return draw


def _explained(removed: Mapping[str, str]) -> dict[str, str]:
    """Inspector number → the reason, without blanks around it. Raises NeedsReason."""
    reasons = {number: reason.strip() for number, reason in removed.items()}
    if unexplained := [number for number, reason in reasons.items() if not reason]:
        raise NeedsReason(
            f"冻结后移出人员要写明理由：{'、'.join(unexplained)}。", article="19", paragraph=1
        )
    return reasons


def _log_freeze(
    draw: Draw,
    inputs: Mapping[str, bytes],
    notes: Mapping[str, bytes],
    *,
    removed: int,
    seen: Sequence[Foresight],
) -> None:
    """Digests that give nothing away, and how wide the loads would spread; no name."""
    ledger.append(
        "draw.freeze_inspectors",
        by=draw.frozen_by,
        at=draw.frozen_at,
        draw=draw.number,
        kind="freeze",
        about=("task", draw.task_id),
        frame=protocol.inputs_seal(draw.salt, staffing.inputs_of(inputs)),
        base=draw.base,
        software=software.version(),
        removed=removed,
        notes=_salted(draw, notes[rosters.REMOVED_FILE]),
        foresight=_salted(draw, notes[outlook.FILE]),
        expected=[
            {
                "base": each.base,
                "trials": each.trials,
                "span": list(each.span),
                "surest": each.times,
            }
            for each in seen
        ],
    )


def _salted(draw: Draw, data: bytes) -> str:
    return form.H(f"{draw.salt}\n{form.file_digest(data)}")


# Between the dispatch of a list and the end of the visits; the first batch before teams form.
MANNED_IN = (
    TaskState.DISPATCHED,
    TaskState.INSPECTORS_DRAWN,
    TaskState.TEAMS_SET,
    TaskState.INSPECTING,
)


def _earlier_of(of: Draw, department: Department) -> Draw | None:
    """This department's draw for the batch before: one for each batch, each adding to the last."""
    if of.supplements is None:
        return None
    own = of.supplements.inspector_draws.locked().filter(department=department).first()
    return own or _earlier_of(of.supplements, department)


def _check_not_drawn(of: Draw, department: Department) -> None:
    drawn = of.inspector_draws.filter(department=department)
    if done := drawn.exclude(state=DrawState.VOID).first():
        word = "已经抽取，不能再抽" if done.state == DrawState.LOCKED else "正在抽取"
        raise Blocked(
            f"{department.name}的人员{word}（{done.number}）。", article="19", paragraph=1
        )


@transaction.atomic
def request_replacement(
    *,
    assignment: Assignment,
    reason: str,
    detail: str = "",
    designated: Inspector | None = None,
    designation_reason: str = "",
    by: User,
    at: datetime,
) -> Replacement:
    """Ask that somebody else go. The next by ticket comes, unless a person is designated.

    reason      a Replacement.Reason
    designated  needs its own reason, and may not be recused or on the team already

    Takes effect by the word of the head of the inspector's own department. Raises Blocked,
    NeedsReason.
    Source: art. 19, paragraph 3; decision A8. Clause 19.6.
    """
    assignment = (
        Assignment.objects.select_for_update(of=("self",))
        .select_related("draw__department", "drawn_target__candidate", "inspector")
        .get(pk=assignment.pk)
    )
    only_for(assignment.draw.department, by)
    leeway.check_replacement(
        ReplacementReason(reason) if reason else None,
        detail=detail,
        is_designated=designated is not None,
        designation_reason=designation_reason,
    )
    if assignment.replacements.filter(state=ReplacementState.REQUESTED).exists():
        raise Blocked("这个席位已有一份更换申请等待批准。", article="19", paragraph=3)
    leaving = seats.holder(assignment)
    coming = designated or seats.next_for(assignment, on=timezone.localdate(at))
    if coming is None:
        raise NeedsReason(
            "按票据已经没有可以递补的人员。请指定一名人员，并写明指定原因。",
            article="19",
            paragraph=3,
        )
    if designated is not None and (
        problem := seats.problem_of(assignment, designated, on=timezone.localdate(at))
    ):
        raise Blocked(problem, article="19", paragraph=3)
    replacement = Replacement.objects.create(
        assignment=assignment,
        leaving=leaving,
        coming=coming,
        reason=reason,
        detail=detail.strip(),
        is_designated=designated is not None,
        designation_reason=designation_reason.strip(),
        requested_by=by,
        requested_at=at,
    )
    _log("draw.request_replacement", replacement, by, at)
    return replacement


@transaction.atomic
def decide_replacement(
    *, replacement: Replacement, agree: bool, by: User, at: datetime
) -> Replacement:
    """The word of the head of the inspector's own department, who is not the one who asked.

    Raises Blocked for anybody else, and when the person to come cannot come any more.
    Source: art. 19, paragraph 3, 经本部门负责人同意. Clause 19.7.
    """
    replacement = (
        Replacement.objects.select_for_update(of=("self",))
        .select_related("assignment__draw__department", "requested_by", "coming")
        .get(pk=replacement.pk)
    )
    department = replacement.assignment.draw.department
    leeway.check_replacement_approval(
        approver=by.username,
        approver_is_head=by.may(Permission.DRAW_APPROVE_REPLACEMENT),
        approver_department=by.department.name if by.department else "",
        inspector_department=department.name,
        requester=replacement.requested_by.username,
    )
    if agree and (
        problem := seats.problem_of(
            replacement.assignment, replacement.coming, on=timezone.localdate(at)
        )
    ):
        raise Blocked(f"{problem}请退回，重新申请。", article="19", paragraph=3)
    replacement.decided_by, replacement.decided_at = by, at
    replacement.save(update_fields=["decided_by", "decided_at"])
    replacement.advance(ReplacementState.APPROVED if agree else ReplacementState.REFUSED)
    _log("draw.decide_replacement", replacement, by, at, agreed=agree)
    return replacement


def _log(what: str, replacement: Replacement, by: User, at: datetime, **more: Any) -> None:
    assignment = replacement.assignment
    ledger.append(
        what,
        by=by,
        at=at,
        about=("draw", assignment.draw_id),
        replacement=replacement.pk,
        inspectors=assignment.draw.number,
        leaving=replacement.leaving.number,
        coming=replacement.coming.number,
        reason=replacement.reason,
        is_designated=replacement.is_designated,
        **more,
    )
