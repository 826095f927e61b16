"""Lock what the draw came to, for ever (art. 19; draw protocol, §5)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.plan import actions as plans
from liancha.queue import actions as queue
from liancha.roster.models import Inspector
from liancha.rulebook.assignment import ticket
from liancha.rulebook.lifecycles import DrawState, TaskState
from liancha.rulebook.transcript import Ceremony
from liancha.rulebook.verdicts import Blocked
from liancha.task.models import Task

from .. import chains, frames, frozen, rosters, rules, transcripts
from ..models import Assignment, Candidate, Draw, DrawnTarget, Transcript
from .ceremony import held, value_problem
from .pooling import only_for, refused_as_blocked


@transaction.atomic
def lock(*, draw: Draw, prepared: frames.Checked | None = None, by: User, at: datetime) -> Draw:
    """Draw, write the list down, seal it. A second click waits and finds it done: Blocked.

    prepared  what `frames.checked_for_lock` gave shortly before, outside any transaction;
              computed here when left away, as for small pools

    The frame is compared with what was logged and every ticket is computed again before anything
    is written; if it cannot all be written, nothing is.
    Source: art. 19, paragraphs 1 and 3. Clauses 19.1 and 19.5.
    """
    draw = held(draw)
    only_for(draw.department, by)
    if draw.state == DrawState.LOCKED:
        raise Blocked(
            f"名单已锁定，不用再锁。锁定人是{draw.locked_by}，请刷新页面看结果。",
            article="19",
            paragraph=3,
        )
    draw.locked_at, draw.locked_by = at, by
    draw.advance(DrawState.LOCKED)
    _ready(draw)
    if draw.drawn.exists() or draw.assignments.exists():
        raise Blocked(
            "名单表里已有不是本次抽取写入的内容，不能锁定。请通知审计管理员。",
            article="19",
            paragraph=3,
        )
    task = Task.objects.select_for_update(of=("self",)).get(pk=draw.task_id)
    with refused_as_blocked("存证的规则与各方的随机数对不上，不能抽取", "19"):
        count = _lock_targets(draw, prepared) if draw.is_of_targets else _lock_inspectors(draw)
    if draw.is_of_targets:
        if draw.supplements_id is None:
            task.advance(TaskState.TARGETS_DRAWN)
        if task.line is not None:
            plans.lock_rates(line=task.line, by=by, at=at)
    draw.save(update_fields=["seed"])
    if task.state == TaskState.DISPATCHED and chains.all_manned(task):
        task.advance(TaskState.INSPECTORS_DRAWN)
    entry = ledger.append(
        "draw.lock",
        by=by,
        at=at,
        draw=draw.number,
        kind="draw",
        about=("draw", draw.pk),
        transcript=draw.transcript.digest,
        count=count,
    )
    ledger.seal("draw", draw.pk, entry=entry)
    queue.later("openlog.checkpoint")
    return draw


@transaction.atomic
def compute_void(*, draw: Draw, by: User, at: datetime) -> Transcript:
    """What a void draw would have come to, once its public value is known; kept for ever.

    So that a void which was convenient for somebody shows. Nobody is inspected by it.
    Raises Blocked unless the reveals were closed before the void.
    Source: draw protocol, §4.
    """
    draw = held(draw)
    only_for(draw.department, by)
    if draw.state != DrawState.VOID or draw.closed_at is None:
        raise Blocked("只有揭示截止后作废的抽取才需要补算。", article="19", paragraph=1)
    if Transcript.objects.filter(draw=draw).exists():
        raise Blocked("这次作废的抽取已经补算过。", article="19", paragraph=1)
    _ready(draw)
    if draw.is_of_targets:
        outcome = frames.checked_for_lock(draw).outcome
        draw.seed = outcome.seed
        written: Ceremony = transcripts.of_targets(draw, outcome)
    else:
        draw.seed = rules.seed_of(draw)
        written = transcripts.of_inspectors(draw, transcripts.assignment_of(draw))
    draw.save(update_fields=["seed"])
    transcript = _keep(draw, written)
    entry = ledger.append(
        "draw.compute_void",
        by=by,
        at=at,
        draw=draw.number,
        kind="draw",
        about=("draw", draw.pk),
        transcript=transcript.digest,
        is_void=True,
    )
    ledger.seal("draw", draw.pk, entry=entry)
    queue.later("openlog.checkpoint")
    return transcript


def _ready(draw: Draw) -> None:
    """The public value is there, was entered in time and is one the source can show.

    With a keeper instead every number is; the seed's own check says so again.
    """
    if draw.has_keeper:
        return
    if not draw.beacon_value or draw.beacon_at is None:
        raise Blocked("还没有录入公开随机值，不能抽取。", article="19", paragraph=1)
    if problem := value_problem(draw, draw.beacon_value, draw.beacon_at):
        raise Blocked(problem, article="19", paragraph=1)


def _keep(draw: Draw, written: Ceremony) -> Transcript:
    return Transcript.objects.create(draw=draw, text=written.file().decode(), digest=written.digest)


def _lock_targets(draw: Draw, prepared: frames.Checked | None) -> int:
    checked = prepared or frames.checked_for_lock(draw)
    outcome = checked.outcome
    if not checked.is_of(draw):
        raise Blocked(
            "核对名单的时候，公开随机值或各方的随机数变了，没有锁定。请看一遍现在的结果，再锁定一次。",
            article="19",
            paragraph=1,
        )
    draw.seed = outcome.seed
    _keep(draw, transcripts.of_targets(draw, outcome))
    people = checked.people
    frozen.load(
        Candidate,
        CANDIDATE,
        ((draw.pk, *people[line.code]) for line in outcome.drawing.lines),
    )
    codes = Candidate.objects.filter(draw=draw).values_list("code", "pk", "target")
    rows = {code: (pk, target) for code, pk, target in codes.iterator()}
    frozen.load(
        DrawnTarget,
        ("draw", "candidate", "target", "stratum", "place", "ticket"),
        (
            (draw.pk, *rows[line.code], line.stratum, line.place, line.ticket)
            for line in outcome.drawing.lines
        ),
    )
    return len(outcome.drawing.lines)


CANDIDATE = ("draw", *frozen.Line._fields)


def _on_roster(numbers: Collection[str]) -> dict[str, int]:
    """Inspector number → key. Raises Blocked where somebody frozen was taken out of the roster."""
    found = dict(Inspector.objects.filter(number__in=numbers).values_list("number", "pk"))
    if gone := sorted(set(numbers) - found.keys()):
        raise Blocked(
            f"冻结的人员 {'、'.join(gone)} 已不在名录库（导入被撤回），抽中也派不出，不能锁定。"
            "请申请作废，更正名录库后用新编号重抽。",
            article="19",
            paragraph=1,
        )
    return found


def _lock_inspectors(draw: Draw) -> int:
    draw.seed = rules.seed_of(draw)
    assignment = transcripts.assignment_of(draw)
    _keep(draw, transcripts.of_inspectors(draw, assignment))
    assert draw.of is not None
    units = rosters.drawn_by_code(draw.of)
    people = _on_roster({number for _, number in assignment.pairs})
    frozen.load(
        Assignment,
        ("draw", "drawn_target", "inspector", "ticket"),
        (
            (draw.pk, units[unit].pk, people[number], ticket(draw.seed, unit, number))
            for unit, number in assignment.pairs
        ),
    )
    return len(assignment.pairs)
