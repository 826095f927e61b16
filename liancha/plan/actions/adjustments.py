"""Changes of a published plan: asked for with a reason, agreed by another, published (art. 16)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from django.db import transaction

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.queue.actions import later
from liancha.rulebook import coverage, planning
from liancha.rulebook.coverage import AdjustmentKind
from liancha.rulebook.lifecycles import LineState, PlanState
from liancha.rulebook.verdicts import Blocked

from .. import bases, columns
from ..models import Adjustment, Plan, PlanLine, PlanRate
from .lines import check_writer
from .rates import RateLike, as_rate, check_rates, check_share, write_rates
from .standing import coordinates, locked

PENDING = "（待批准）"  # stands for the approver while nobody has approved yet


@transaction.atomic
def adjust(
    *,
    line: PlanLine,
    kind: str,
    after: Mapping[str, Any] | None = None,
    reason: str,
    by: User,
    at: datetime,
) -> Adjustment:
    """Ask for a change of a published plan; nothing changes before somebody else approves.

    after  ADD, CANCEL: nothing. DELAY: starts_on, ends_on. FREQUENCY: frequency, and cap_reason
           where it is above a cap. RATIO: rates, one for each stratum of the line
           What of a DELAY is left out stays as it is.

    Raises Blocked without a reason, for a ratio whose list is drawn (art. 19), while another
    request for the line waits, and for what the rulebook would not let a draft say; NeedsReason
    for more rounds than the line's cap on visits, or than general items keep under, unexplained.
    Source: art. 16. Clause 16.3.
    """
    plan = locked(line.plan)
    line = PlanLine.objects.select_for_update(of=("self",)).with_columns().get(pk=line.pk)
    check_writer(line.initiator, by, plan)
    wanted = AdjustmentKind(kind)
    _check_adjustable(plan, line, wanted)
    coverage.check_adjustment(
        wanted,
        reason=reason,
        requested_by=by.username,
        approved_by=PENDING,
        is_locked=line.rates_locked_at is not None,
    )
    change = _change(plan, line, wanted, after or {}, reason)
    before, then = _shown(line, wanted, change)
    adjustment = Adjustment.objects.create(
        line=line,
        kind=wanted,
        reason=reason.strip(),
        before=before,
        after=then,
        change=change,
        requested_by=by,
        requested_at=at,
    )
    ledger.append(
        "plan.adjust",
        by=by,
        at=at,
        about=("plan", plan.pk),
        line=line.number,
        change=str(wanted),
        before=before,
        after=then,
        reason=adjustment.reason,
    )
    return adjustment


@transaction.atomic
def approve_adjustment(*, adjustment: Adjustment, by: User, at: datetime) -> Adjustment:
    """Agree to a change, make it and publish it in one act.

    Raises Blocked for whoever asked for it, when it no longer fits the line, and once a newer
    version of the plan is in force: then it can only be declined.
    Source: art. 16, 并将调整情况公开. Clauses 16.3 and 16.4.
    """
    adjustment, plan, line = _waiting(adjustment, by)
    if plan.state != PlanState.PUBLISHED:
        raise Blocked(
            f"这项调整是对“{plan.title}”提出的，这一稿已由新公布的一稿取代，批准了也不再生效。"
            "请退回这项调整；仍需调整的，在现行计划的同一行另行提出。",
            article="16",
        )
    kind = AdjustmentKind(adjustment.kind)
    coverage.check_adjustment(
        kind,
        reason=adjustment.reason,
        requested_by=adjustment.requested_by.username,
        approved_by=by.username,
        is_locked=line.rates_locked_at is not None,
    )
    _apply(plan, line, kind, adjustment, at)
    adjustment.approved_by, adjustment.approved_at, adjustment.published_at = by, at, at
    adjustment.notice = Adjustment.objects.published().filter(line__plan=plan).count() + 1
    adjustment.save(update_fields=["approved_by", "approved_at", "published_at", "notice"])
    ledger.append(
        "plan.approve_adjustment",
        by=by,
        at=at,
        about=("plan", plan.pk),
        line=line.number,
        change=str(kind),
        before=adjustment.before,
        after=adjustment.after,
        reason=adjustment.reason,
    )
    return adjustment


@transaction.atomic
def decline_adjustment(*, adjustment: Adjustment, note: str, by: User, at: datetime) -> Adjustment:
    """Do not agree to a change: the line stays as it is, the request stays on record."""
    adjustment, plan, line = _waiting(adjustment, by)
    if not note.strip():
        raise Blocked("还没有写不同意的原因。请写明后再退回。", article="16")
    adjustment.declined_by, adjustment.declined_at = by, at
    adjustment.declined_note = note.strip()
    adjustment.save(update_fields=["declined_by", "declined_at", "declined_note"])
    ledger.append(
        "plan.decline_adjustment",
        by=by,
        at=at,
        about=("plan", plan.pk),
        line=line.number,
        change=adjustment.kind,
        note=adjustment.declined_note,
    )
    return adjustment


def _check_adjustable(plan: Plan, line: PlanLine, kind: AdjustmentKind) -> None:
    if plan.state == PlanState.SUPERSEDED:
        raise Blocked(
            f"“{plan.title}”的这一稿已由新公布的一稿取代，不再调整。请在现行计划的同一行提出。",
            article="16",
        )
    if plan.state != PlanState.PUBLISHED:
        raise Blocked("计划还没有公布，直接改计划行即可，不用办理调整。", article="16")
    is_draft = line.state == LineState.DRAFT
    if is_draft != (kind is AdjustmentKind.ADD):
        raise Blocked(
            "这一行还没有列入计划，请办理“增设任务”。"
            if is_draft
            else "这一行已在计划中，不用增设。请选择延迟、取消，或调整比例、频次。",
            article="16",
        )
    if line.state in (LineState.CANCELLED, LineState.DONE):
        raise Blocked(f"这一行{line.get_state_display()}，不能再调整。", article="16")
    if line.state == LineState.IN_PROGRESS and kind is AdjustmentKind.CANCEL:
        raise Blocked("这一行已建立抽查任务，不能取消。可以延迟，或在任务中办理。", article="16")
    if line.adjustments.waiting().exists():
        raise Blocked("这一行已有一项调整等待批准。请先办结那一项。", article="16")


def _change(
    plan: Plan, line: PlanLine, kind: AdjustmentKind, after: Mapping[str, Any], reason: str
) -> dict[str, Any]:
    """What approval will apply, as JSON; checked now so that nobody approves the impossible."""
    if kind is AdjustmentKind.DELAY:
        starts_on = _day(after.get("starts_on") or line.starts_on)
        ends_on = _day(after.get("ends_on") or line.ends_on)
        coverage.check_dates(starts_on, ends_on, year=plan.year)
        if (starts_on, ends_on) == (line.starts_on, line.ends_on):
            raise Blocked("时间安排没有变化。请填新的开始和结束日期。", article="16")
        return {"starts_on": starts_on.isoformat(), "ends_on": ends_on.isoformat()}
    if kind is AdjustmentKind.FREQUENCY:
        frequency = int(after["frequency"])
        if frequency < 1 or frequency == line.frequency:
            raise Blocked("频次没有变化，或小于 1。请填新的次数。", article="16")
        explained = str(after.get("cap_reason") or "").strip()
        _check_rounds(line, frequency, explained)
        return {"frequency": frequency} | ({"cap_reason": explained} if explained else {})
    if kind is AdjustmentKind.RATIO:
        rates: Sequence[RateLike] = after["rates"]
        found = {each.stratum: each.base for each in line.rates.all()}
        kind_of, rounds = line.field.item_class, line.frequency
        checked = check_rates(rates, found, kind_of, line.stratify, reason=reason, rounds=rounds)
        if key := next((each for each in checked if each.stratum == PlanRate.KEY), None):
            planning.check_key_ratio(
                Fraction(key.ratio),
                rates={
                    each.stratum: Fraction(each.ratio)
                    for each in checked
                    if each is not key and found[each.stratum]
                },
                source=line.key_source,
            )
        now = [as_rate(each.as_given()) for each in line.rates.all()]
        if checked == now:
            raise Blocked("抽查比例没有变化。请填新的比例。", article="16")
        return {"rates": [list(astuple(each)) for each in checked]}
    return {}


def _check_rounds(line: PlanLine, frequency: int, explained: str) -> None:
    """More rounds fit the cap on visits to one firm and that of general items, or say why not.

    Fewer rounds are never held up; what was written for fewer says nothing of more.
    Source: art. 15, paragraph 2. Clause 15.4.
    """
    if frequency < line.frequency:
        return
    planning.check_frequency(frequency, cap=line.cap_per_year, reason=explained)
    if line.base:
        parts = (rate.fraction * rate.base for rate in line.rates.all())
        share = sum(parts, Fraction(0)) / line.base
        check_share(share, line.field.item_class, reason=explained, rounds=frequency)


def _marks(line: PlanLine, first: date, last: date) -> dict[str, str]:
    """On which days marks are looked at, where the line asks for any: they move with its dates.

    Source: art. 14, 检查对象; art. 16, 并将调整情况公开. Clause 16.3.
    """
    said = {}
    if line.target_filter.get("flags"):
        everybody = bases.candidates(line.field.tag, line.departments, region=line.plan.region_id)
        found = bases.narrowed(everybody, line.target_filter, first=first)
        size = found.order_by().values("pk").distinct().count()
        said["标记以哪天为准"] = f"{first.isoformat()} 有效的标记，名录库现有 {size:,} 户"
    if line.key_ratio:
        window = columns.window_text(first, last)
        said["重点对象以哪些天为准"] = f"{window}，其中任何一天标记有效"
    return said


def _shown(
    line: PlanLine, kind: AdjustmentKind, change: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, str]]:
    """Before and after, in the words of the plan."""
    if kind is AdjustmentKind.DELAY:
        first, last = _day(change["starts_on"]), _day(change["ends_on"])
        return (
            {"时间安排": columns.window_text(line.starts_on, line.ends_on)}
            | _marks(line, line.starts_on, line.ends_on),
            {"时间安排": columns.window_text(first, last)} | _marks(line, first, last),
        )
    if kind is AdjustmentKind.FREQUENCY:
        before, wanted = {"频次": f"{line.frequency} 次"}, {"频次": f"{change['frequency']} 次"}
        if explained := change.get("cap_reason"):
            before |= {"频次说明": line.cap_reason} if line.cap_reason else {}
            wanted["频次说明"] = explained
        return before, wanted
    if kind is AdjustmentKind.RATIO:
        heading = "抽查基数和比例"
        bases = {each.stratum: each.base for each in line.rates.all()}
        then = [
            PlanRate(**asdict(as_rate(tuple(each))), base=bases[each[0]])
            for each in change["rates"]
        ]
        return (
            {heading: columns.base_text(line)},
            {heading: columns.rates_line(line.base, then, line.frequency)},
        )
    if kind is AdjustmentKind.ADD:
        return {}, columns.columns(line)
    return {"状态": "列入计划"}, {"状态": "取消"}


def _apply(
    plan: Plan, line: PlanLine, kind: AdjustmentKind, adjustment: Adjustment, at: datetime
) -> None:
    change = adjustment.change
    if kind is AdjustmentKind.ADD:
        coverage.check_columns(columns.columns(line), name=line.name)
        line.advance(LineState.PUBLISHED)
    elif kind is AdjustmentKind.CANCEL:
        line.advance(LineState.CANCELLED)
    elif kind is AdjustmentKind.DELAY:
        # Tasks that took the line's dates follow; this room knows none of them.
        before = (line.starts_on.isoformat(), line.ends_on.isoformat())
        later("task.follow_line", line.pk, *before)
        line.starts_on, line.ends_on = _day(change["starts_on"]), _day(change["ends_on"])
        if line.state == LineState.PUBLISHED:
            line.advance(LineState.POSTPONED)
    elif kind is AdjustmentKind.FREQUENCY:
        line.frequency = change["frequency"]
        line.cap_reason = change.get("cap_reason", line.cap_reason)[:200]
    else:
        found = {each.stratum: each.base for each in line.rates.all()}
        write_rates(line, [as_rate(tuple(each)) for each in change["rates"]], found)
        line.ratio_reason = adjustment.reason[:200]
        if key := line.rates.filter(stratum=PlanRate.KEY).first():
            line.key_ratio = key.ratio
    line.changed_at = at
    changed = ("starts_on", "ends_on", "frequency", "ratio_reason", "key_ratio", "cap_reason")
    line.save(update_fields=[*changed, "changed_at"])


def _waiting(adjustment: Adjustment, by: User) -> tuple[Adjustment, Plan, PlanLine]:
    """The request, still undecided, held; and that this person is one to decide it."""
    adjustment = (
        Adjustment.objects.select_for_update(of=("self",))
        .select_related("requested_by", "line__plan")
        .get(pk=adjustment.pk)
    )
    plan = locked(adjustment.line.plan)
    line = (
        PlanLine.objects.select_for_update(of=("self",)).with_columns().get(pk=adjustment.line_id)
    )
    if not adjustment.is_waiting:
        raise Blocked("这项调整已经办结。请刷新页面看结果。", article="16")
    own = by.department
    if own is None or (own.pk != line.initiator_id and not coordinates(own, plan)):
        raise Blocked("计划调整由发起部门的负责人批准。请由该部门办理。", article="16")
    return adjustment, plan, line


def _day(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
