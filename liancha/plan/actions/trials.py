"""Trials of a plan that somebody keeps, and rates taken over from one into a draft (art. 15)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from liancha.accounts.models import User
from liancha.rulebook.lifecycles import PlanState
from liancha.rulebook.verdicts import Blocked

from ..models import Plan, PlanLine, Scenario
from .rates import Rate, check_rates, with_key, write_rates
from .standing import append, coordinating, locked

MOST_SCENARIOS = 12


@transaction.atomic
def save_scenario(
    *,
    plan: Plan,
    name: str,
    settings: Mapping[str, Any],
    figures: Mapping[str, Any],
    counted: int,
    by: User,
    at: datetime,
) -> Scenario:
    """Keep what was tried beside the plan, under a name; the same name replaces one's own.

    Nothing of the plan changes. Raises Blocked without a name, for another person's name, and
    when there are enough.
    """
    plan, name = locked(plan), name.strip()
    if not name:
        raise Blocked("还没有方案名称。请起一个名称，如“A 类 2%”。", article="15")
    there = plan.scenarios.filter(name=name).first()
    if there and there.made_by_id != by.pk:
        raise Blocked(f"方案“{name}”是{there.made_by}保存的。请换一个名称。", article="15")
    if there is None and plan.scenarios.count() >= MOST_SCENARIOS:
        raise Blocked(f"一份计划最多保存 {MOST_SCENARIOS} 个方案。请先删去不用的。", article="15")
    kept, _ = Scenario.objects.update_or_create(
        plan=plan,
        name=name,
        defaults={
            "settings": dict(settings),
            "figures": dict(figures),
            "counted": counted,
            "made_by": by,
            "made_at": at,
        },
    )
    append("plan.save_scenario", plan, by, at, name=name, settings=kept.settings)
    return kept


@transaction.atomic
def drop_scenario(*, scenario: Scenario, by: User, at: datetime) -> None:
    """Throw a trial away: its maker, or the coordinating office."""
    plan, name = scenario.plan, scenario.name
    if scenario.made_by_id != by.pk:
        coordinating(by, plan)
    scenario.delete()
    append("plan.drop_scenario", plan, by, at, name=name)


@transaction.atomic
def apply_rates(
    *, plan: Plan, rates: Mapping[str, str], reason: str = "", by: User, at: datetime
) -> int:
    """Write rates by class into every draft line cut by class; returns how many lines changed.

    rates  class → "p/q"; a class that is left out keeps its rates, fixed numbers stay

    reason  for these rates; a line's stored one was written for others and excuses nothing

    Raises Blocked for anything but a draft, NeedsReason as for a single line (art. 15).
    """
    coordinating(by, plan)
    plan = locked(plan)
    if plan.state != PlanState.DRAFT:
        raise Blocked("计划不是草稿，比例不能成批改。已公布的请逐行办理计划调整。", article="16")
    changed: list[str] = []
    for line in plan.lines.live().filter(stratify=PlanLine.Stratify.CREDIT).with_columns():
        found = {each.stratum: each.base for each in line.rates.all()}
        now = [
            Rate(each.stratum, each.ratio, each.fixed, each.wording) for each in line.rates.all()
        ]
        then = [
            each
            if each.fixed is not None or each.wording or each.stratum not in rates
            else Rate(each.stratum, rates[each.stratum])
            for each in now
        ]
        if then == now:
            continue
        kept, why = line.ratio_reason, reason.strip()
        kind, rounds = line.field.item_class, line.frequency
        checked = check_rates(then, found, kind, line.stratify, reason=why, rounds=rounds)
        if line.key_ratio:
            line.ratio_reason = why
            checked, found = with_key(line, plan, checked)
        write_rates(line, checked, found)
        line.ratio_reason, line.changed_at = why[:200] or kept, at
        line.save(update_fields=["ratio_reason", "changed_at"])
        changed.append(line.number)
    if changed:
        append("plan.apply_rates", plan, by, at, lines=changed, rates=dict(rates))
    return len(changed)
