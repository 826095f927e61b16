"""What a line says beyond its eight columns: which targets, how often, whom less, whom more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from django.db import transaction

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.registry.models import KeyFlag, Tag, Target
from liancha.rulebook import industries, planning
from liancha.rulebook.verdicts import Blocked

from .. import bases, columns
from ..models import PlanLine, PlanRate, SavedFilter
from .lines import check_told, check_writable, check_writer
from .rates import Rate, bases_of, check_rates, with_key, write_rates
from .reasons import asking_anew, check_rounds
from .standing import locked


@dataclass(frozen=True, slots=True)
class Terms:
    """target_filter as SavedFilter.rules; key_ratio "p/q" or "" for off.

    ratio_reason  for what comes out, where it needs one; "" leaves the line's own
    """

    target_filter: Mapping[str, Sequence[str]] = field(default_factory=dict)
    cap_per_year: int | None = None
    cap_reason: str = ""
    cooldown_months: int = 0
    key_ratio: str = ""
    key_source: str = ""
    ratio_reason: str = ""


@transaction.atomic
def set_terms(*, line: PlanLine, terms: Terms, by: User, at: datetime) -> PlanLine:
    """Write the terms of a draft line; another range of targets counts its base anew.

    Raises Blocked for a line that is public, and for a range nobody is in; NeedsReason for a
    frequency above the cap, and for general items above theirs. A lower cap, and another rate for
    marked targets, are not excused by the reasons that the line has.
    Source: art. 15, paragraph 2, 抽查比例和频次; art. 14, 检查对象. Clauses 15.3 and 15.4.
    """
    plan = locked(line.plan)
    line = PlanLine.objects.select_for_update(of=("self",)).with_columns().get(pk=line.pk)
    check_writable(plan, line)
    check_writer(line.initiator, by, plan)
    cap_reason = check_rounds(
        line, rounds=line.frequency, cap=terms.cap_per_year, reason=terms.cap_reason
    )
    planning.check_cooldown(terms.cooldown_months)
    planning.check_key_ratio(
        Fraction(terms.key_ratio) if terms.key_ratio else None,
        rates={
            rate.stratum: rate.fraction
            for rate in line.rates.all()
            if rate.base and rate.stratum != PlanRate.KEY
        },
        source=terms.key_source,
    )
    rules = _checked(terms.target_filter)
    check_told(columns.columns(line), rules)
    was = (line.target_filter, line.key_ratio)
    line.target_filter = rules
    line.cap_per_year, line.cap_reason = terms.cap_per_year, cap_reason
    line.cooldown_months = terms.cooldown_months
    line.key_ratio, line.key_source = terms.key_ratio, terms.key_source.strip()
    if (rules, line.key_ratio) != was:
        is_other = line.key_ratio not in ("", was[1])
        _count_anew(line, reason=terms.ratio_reason.strip(), is_other=is_other)
    line.changed_at = at
    line.save()
    ledger.append(
        "plan.set_terms",
        by=by,
        at=at,
        about=("plan", plan.pk),
        line=line.number,
        filter=rules,
        cap=line.cap_per_year,
        cooldown=line.cooldown_months,
        key_ratio=line.key_ratio,
    )
    return PlanLine.objects.with_columns().get(pk=line.pk)


@transaction.atomic
def save_filter(
    *, name: str, rules: Mapping[str, Sequence[str]], by: User, at: datetime
) -> SavedFilter:
    """Keep a range of targets under a name, for one's own department."""
    if by.department is None:
        raise Blocked("没有部门的账号不能保存范围。", article="14")
    kept_rules = _checked(rules)
    if not name.strip() or not kept_rules:
        raise Blocked("还没有名称，或范围没有任何限定。请填写后再保存。", article="14")
    kept, _ = SavedFilter.objects.update_or_create(
        department=by.department,
        name=name.strip(),
        defaults={
            "rules": kept_rules,
            "made_by": by,
            "made_at": at,
        },
    )
    ledger.append("plan.save_filter", by=by, at=at, name=kept.name, rules=kept.rules)
    return kept


def _checked(rules: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The rules of a filter without its empty ones; Blocked for a value that there is not."""
    known = {
        "kinds": ("对象类型", Target.Kind.values),
        "regions": ("县区", bases.REGION_STRATA),
        "classes": ("信用风险分类", bases.CREDIT_STRATA),
        "industries": ("行业", (*industries.SECTIONS, *industries.DIVISIONS)),
        "tags": ("标签", set(Tag.objects.values_list("name", flat=True))),
        "flags": ("重点标记", KeyFlag.Kind.values),
    }
    for name in rules:
        label, values = known.get(name, (name, ()))
        if wrong := [str(each) for each in rules[name] if each not in values]:
            raise Blocked(
                f"范围里的{label}“{'、'.join(wrong)}”不存在，基数数不出来。请改选后再保存。",
                article="14",
            )
    return {name: list(rules[name]) for name in bases.RULES if rules.get(name)}


def _count_anew(line: PlanLine, *, reason: str, is_other: bool) -> None:
    """The base and the strata within the new range and by the marks, by the rates it has.

    reason    written now, if any; is_other: the rate of marked targets is another than before
    """
    found = bases_of(line, line.plan)
    if not sum(found.values()):
        raise Blocked("这个范围内没有共同的检查对象。请放宽范围。", article="14")
    rates = [Rate(r.stratum, r.ratio, r.fixed, r.wording) for r in line.rates.all()]
    rates = [each for each in rates if each.stratum != PlanRate.KEY]
    given = {each.stratum for each in rates}
    if new := [name for name, size in found.items() if size and name not in given]:
        raise Blocked(f"{'、'.join(new)}还没有比例。请先在计划行里补上。", article="15")
    kept = reason or line.ratio_reason
    kind, rounds = line.field.item_class, line.frequency
    checked = check_rates(rates, found, kind, line.stratify, reason=kept, rounds=rounds)
    with asking_anew(kept, stale=is_other and not reason, cure="请另写一句。") as why:
        line.ratio_reason = why
        checked, found = with_key(line, line.plan, checked)
    line.ratio_reason = kept
    line.base = sum(found.values())
    write_rates(line, checked, found)
