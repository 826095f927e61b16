"""The strata of a draw for people: what they are called, how many are in them and drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from liancha.accounts.models import Region
from liancha.plan.models import PlanLine
from liancha.rulebook import protocol

from .models import Draw

DOTS = 120  # a dot stands for one target up to this size of a stratum, for several beyond
ORDINALS = "一二三四五六七八九十"


@dataclass(frozen=True, slots=True)
class Layer:
    """One stratum: how many are in it and drawn, the line below which a ticket is drawn."""

    name: str
    label: str
    ordinal: str
    ratio: str
    size: int
    count: int
    threshold: str | None
    dots: tuple[bool, ...]

    @property
    def rate(self) -> Fraction:
        return protocol.parse_ratio(self.ratio)


def labels_of(draw: Draw) -> dict[str, str]:
    """Names of the strata for people: the region's name for its code."""
    if draw.stratify != PlanLine.Stratify.REGION:
        return {}
    return dict(Region.objects.values_list("code", "name"))


def ordinal(n: int, of: int) -> str:
    """第一层 for the first of several; 全部 when there is one."""
    if of == 1:
        return "全部"
    return f"第{ORDINALS[n]}层" if n < len(ORDINALS) else f"第 {n + 1} 层"


def dots(size: int, count: int) -> Iterator[bool]:
    """The drawn first. In a large stratum one dot stands for several, the drawn at least one."""
    if size > DOTS:
        count, size = -(-count * DOTS // size), DOTS
    for n in range(size):
        yield n < count
