"""Whose rates a written reason excuses: those it was written for, and no later ones (art. 15).

A line keeps its 比例说明 as long as nobody writes another, so a form or a table brings it along. It
says nothing about rates that came after it. This module asks for it anew; whether rates need one
at all is the rulebook's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING

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
    if "".join(reason.split()) != "".join(line.ratio_reason.split()):
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


def _said(rate: Rate) -> object:
    """What a rate says, whatever its base: a share, a number of targets, or words."""
    if rate.wording or rate.fixed is not None:
        return rate.wording or rate.fixed
    try:
        return Fraction(rate.ratio)
    except (ValueError, ZeroDivisionError):
        return rate.ratio
