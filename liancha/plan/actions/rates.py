"""What a line's strata are drawn by: bases counted, rates checked and written (arts. 14, 15)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from django.conf import settings

from liancha.rulebook import coverage, planning, quotas
from liancha.rulebook.verdicts import Blocked

from .. import bases, columns, readings
from ..models import Plan, PlanLine, PlanRate

if TYPE_CHECKING:
    from .lines import LineData


@dataclass(frozen=True, slots=True)
class Rate:
    """What one stratum is to be drawn by: a rate "p/q", a fixed number of targets, or words of a
    plan that rulebook.quotas can read.
    """

    stratum: str
    ratio: str = ""
    fixed: int | None = None
    wording: str = ""


RateLike = Rate | tuple[str, str] | tuple[str, str, int | None] | tuple[str, str, int | None, str]


def as_rate(each: RateLike) -> Rate:
    """A rate from its short form."""
    return each if isinstance(each, Rate) else Rate(*each)


def as_typed(stratum: str, text: str) -> Rate:
    """The rate of a stratum as it is typed: 2, 0.5, 1/3, 9户, or words such as 60–70家.

    Raises Blocked, with what to write, for what has no single reading.
    """
    try:
        return Rate(stratum, *readings.read_rate(text))
    except ValueError:
        return Rate(stratum, wording=quotas.read(text).text)


def check_rates(
    rates: Sequence[RateLike],
    found: Mapping[str, int],
    item_class: str,
    stratify: str,
    *,
    reason: str = "",
    rounds: int = 1,
) -> list[Rate]:
    """Every stratum with targets has a rate that can be read, rising with risk, under the cap.

    found   base by stratum
    rounds  how often the line is done in its year
    returns the rates in the order of the strata

    Raises Blocked or NeedsReason.
    Source: art. 15. Clause 15.2.
    """
    given = {each.stratum: each for each in map(as_rate, rates)}
    lacking = [columns.stratum_word(name) for name in found if found[name] and name not in given]
    if lacking or not given:
        raise Blocked(f"还没有抽查比例：{'、'.join(lacking) or '全部'}。请补全。", article="14")
    for each in given.values():
        if each.wording:
            readings.check_each(
                each.wording,
                is_by_county=stratify == PlanLine.Stratify.REGION,
                is_whole=stratify == PlanLine.Stratify.NONE,
            )
    checked = [_readable(given[name], size) for name, size in found.items() if name in given]
    by_class = {
        _credit_class(each.stratum): Fraction(each.ratio)
        for each in checked
        if stratify == PlanLine.Stratify.CREDIT and each.stratum != PlanRate.KEY
    }
    coverage.check_ratios(by_class, reason=reason)
    if base := sum(found.values()):
        parts = (Fraction(each.ratio) * found[each.stratum] for each in checked)
        check_share(sum(parts, Fraction(0)) / base, item_class, reason=reason, rounds=rounds)
    return checked


def check_share(share: Fraction, item_class: str, *, reason: str, rounds: int) -> None:
    """The share of the base drawn in a year keeps under the cap of general items (A31).

    Raises NeedsReason.
    Source: clause 15.4.
    """
    coverage.check_cap(
        share,
        item_class=coverage.ItemClass(item_class),
        cap=Fraction(settings.LIANCHA_GENERAL_CAP),
        reason=reason,
        rounds=rounds,
    )


def with_key(
    line: PlanLine, plan: Plan, rates: Iterable[Rate], *, data: LineData | None = None
) -> tuple[list[Rate], dict[str, int]]:
    """The rates with that of 重点对象 before them, and the bases as marks cut them.

    rates  of the line's own strata, checked
    data   departments and tags the line is about to get; those it has when left out

    A line without a rate for marked targets keeps what it has. Raises Blocked, NeedsReason.
    Source: art. 15, paragraph 2, 应增加抽查的比例和频次. Clause 15.3.
    """
    own = [each for each in rates if each.stratum != PlanRate.KEY]
    if not line.key_ratio:
        return own, bases_of(line, plan, data=data)
    everybody = bases_of(line, plan, data=data)
    planning.check_key_ratio(
        Fraction(line.key_ratio),
        rates={
            each.stratum: Fraction(_readable(each, everybody[each.stratum]).ratio)
            for each in own
            if everybody.get(each.stratum)
        },
        source=line.key_source,
    )
    given = {each.stratum: _readable(each, everybody.get(each.stratum, 0)).ratio for each in own}
    cut = bases.KeyCut(
        line.starts_on,
        line.ends_on,
        Fraction(line.key_ratio),
        {name: Fraction(ratio) for name, ratio in given.items()},
    )
    found = bases_of(line, plan, data=data, key=cut)
    both = check_rates(
        [Rate(PlanRate.KEY, line.key_ratio), *own],
        found,
        line.field.item_class,
        line.stratify,
        reason=line.ratio_reason,
        rounds=data.frequency if data else line.frequency,
    )
    return both, found


def write_rates(line: PlanLine, rates: Iterable[Rate], found: Mapping[str, int]) -> None:
    """Replace a line's rates, with the base of each stratum beside it."""
    line.rates.all().delete()
    written = as_rows(rates, found)
    for each in written:
        each.line = line
    PlanRate.objects.bulk_create(written)


def as_rows(rates: Iterable[Rate], found: Mapping[str, int]) -> list[PlanRate]:
    """The rates as rows of no line yet, with the base of each stratum beside it."""
    kept = {each.stratum: each for each in rates}
    return [
        PlanRate(
            stratum=name,
            ratio=_readable(kept[name], size).ratio,
            fixed=kept[name].fixed,
            wording=kept[name].wording,
            base=size,
            position=place,
        )
        for place, (name, size) in enumerate(found.items())
        if name in kept
    ]


def bases_of(
    line: PlanLine, plan: Plan, *, data: LineData | None = None, key: bases.KeyCut | None = None
) -> dict[str, int]:
    """The line's base by stratum, within its own range of targets, from the registry now.

    data  departments, strata and tags the line is about to get; those it has when left out
    """
    if data is not None and data.bases is not None and key is None:
        return dict(data.bases)
    return bases.count(
        data.field.tag if data else line.field.tag,
        [data.initiator, *data.cooperators] if data else line.departments,
        stratify=data.stratify if data else line.stratify,
        region=plan.region_id,
        tags=data.strata_tags if data else line.strata_tags,
        rules=line.target_filter,
        first=data.starts_on if data else line.starts_on,
        key=key,
    )


def _readable(rate: Rate, size: int) -> Rate:
    """The rate with its p/q; a fixed number becomes number/base, as the protocol writes it."""
    if rate.wording:
        return replace(rate, ratio=quotas.read(rate.wording).ratio(size), fixed=None)
    if rate.fixed is not None:
        if rate.fixed < 0:
            raise Blocked("抽查户数不能小于 0。请改正。", article="14")
        written = f"{min(rate.fixed, size)}/{size}" if size else "0/1"
        return Rate(rate.stratum, written, rate.fixed)
    word = columns.stratum_word(rate.stratum)
    try:
        ratio = Fraction(rate.ratio)
    except (ValueError, ZeroDivisionError):
        raise Blocked(
            f"{word}的比例“{rate.ratio}”不是数。请填百分比或分数，如 2%、1/3。", article="14"
        ) from None
    if not 0 <= ratio <= 1:
        raise Blocked(
            f"{word}的比例为 {columns.percent_text(ratio)}，应在 0 到 100% 之间。请改正。",
            article="15",
        )
    return rate


def _credit_class(stratum: str) -> coverage.CreditClass:
    return coverage.CreditClass("" if stratum == PlanRate.UNKNOWN else stratum)
