"""What a written reason excuses: what it was written for, and nothing that came later (art. 15).

A line keeps its 比例说明 and its 频次说明 as long as nobody writes others, so a form or a table
brings them along. They say nothing about rates and rounds that came after them. This module asks
for them anew; whether rates or rounds need a reason at all is the rulebook's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING

from liancha.rulebook import planning
from liancha.rulebook.verdicts import NeedsReason

from ..models import PlanLine, PlanRate
from .rates import Rate, RateLike, as_rate

if TYPE_CHECKING:
    from .lines import LineData

ON_THE_PAGE = "请改写；仍适用的，请在计划行页面上勾选确认。"


def is_stale(
    line: PlanLine,
    *,
    reason: str,
    rates: Sequence[RateLike],
    found: Mapping[str, int],
    stratify: str,
    rounds: int,
) -> bool:
    """Whether a reason is word for word the stored one and the line is about to say other rates.

    rates   those the line is about to get, checked or as given; found: base by stratum
    rounds  how often it is about to be done in its year; fewer rounds are excused as before

    Strata without targets do not count, nor does a base that was counted anew.
    Source: art. 15, paragraphs 1 and 2. Clauses 15.2 and 15.4.
    """
    if not _is_same(reason, line.ratio_reason):
        return False
    was = {
        each.stratum: _said(as_rate(each.as_given()))
        for each in line.rates.all()
        if each.stratum != PlanRate.KEY
    }
    now = {each.stratum: _said(each) for each in map(as_rate, rates)}
    other = any(now[name] != was.get(name) for name, size in found.items() if size and name in now)
    return other or stratify != line.stratify or rounds > line.frequency


def is_old(line: PlanLine | None, data: LineData, found: Mapping[str, int]) -> bool:
    """The same of what a line is about to say; a new line has nothing old, a yes counts as new."""
    return (
        line is not None
        and not data.is_reason_kept
        and is_stale(
            line,
            reason=data.ratio_reason,
            rates=data.rates,
            found=found,
            stratify=data.stratify,
            rounds=data.frequency,
        )
    )


@contextmanager
def asking_anew(reason: str, *, stale: bool, cure: str = ON_THE_PAGE) -> Iterator[str]:
    """The reason that counts, for checks inside: none where it is stale.

    cure  what to do about it, where the doing is

    Raises the NeedsReason of those checks, with what to do about the text that is there.
    """
    try:
        yield "" if stale else reason
    except NeedsReason as needs:
        if not stale or not reason.strip():
            raise
        raise NeedsReason(
            f"{needs}现有的比例说明“{reason.strip()}”是为原来的比例写的，{cure}",
            article=needs.article,
            paragraph=needs.paragraph,
        ) from needs


class NeedsCapReason(NeedsReason):
    """What is asked for is the 频次说明, and not the 比例说明."""


def check_rounds(line: PlanLine, *, rounds: int, cap: int | None, reason: str) -> str:
    """What the line may say of rounds above its cap on visits: a reason for these, if any.

    rounds, cap  as the line is about to say them; reason: what is said now, or is brought along

    Words that stood there while fewer rounds, or a higher cap, needed them are asked for anew;
    once no round is above the cap they go. Words written ahead, before any round was, count.
    Raises NeedsCapReason, and Blocked for a cap below 1.
    Source: art. 15, paragraph 2. Clause 15.4.
    """
    was = line.cap_per_year
    is_old = was is not None and line.frequency > was and _is_same(reason, line.cap_reason)
    is_lower = was is not None and cap is not None and cap < was
    stale = is_old and (rounds > line.frequency or is_lower)
    try:
        planning.check_frequency(rounds, cap=cap, reason="" if stale else reason)
    except NeedsReason as needs:
        about_it = (
            f"现有的频次说明“{reason.strip()}”是为原来的次数和上限写的，请按现在的改写。"
            if stale and reason.strip()
            else ""
        )
        raise NeedsCapReason(
            f"{needs}{about_it}", article=needs.article, paragraph=needs.paragraph
        ) from needs
    is_above = cap is not None and rounds > cap
    return "" if is_old and not is_above else reason.strip()


def _is_same(reason: str, stored: str) -> bool:
    """Word for word, whatever its blanks."""
    return "".join(reason.split()) == "".join(stored.split())


def _said(rate: Rate) -> object:
    """What a rate says, whatever its base: a share, a number of targets, or words."""
    if rate.wording or rate.fixed is not None:
        return rate.wording or rate.fixed
    try:
        return Fraction(rate.ratio)
    except (ValueError, ZeroDivisionError):
        return rate.ratio
