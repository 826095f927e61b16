"""How a pool is cut into strata, and how many of each are drawn (Measures, arts. 15, 19).

The plan's rates, numbers and words meet the sizes that the pool really has; what is missing in
them is said. Nothing is read target by target and nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from liancha.accounts.models import Region
from liancha.plan.models import PlanLine, PlanRate
from liancha.rulebook import protocol, quotas
from liancha.task.models import Task

from .models import PoolChoices


@dataclass(frozen=True, slots=True)
class Stratum:
    """One class of the pool before the freeze.

    ratio  as the rule of the draw will write it; None where the plan sets none
    why    how the plan's own words come to the number; "" for a plain rate
    """

    name: str
    label: str
    size: int
    ratio: str | None
    why: str = ""

    @property
    def count(self) -> int:
        """How many will be drawn; 0 while there is no rate."""
        return protocol.count(self.ratio, self.size) if self.ratio else 0

    @property
    def rate(self) -> Fraction | None:
        return protocol.parse_ratio(self.ratio) if self.ratio else None


def strata_of(
    task: Task, choices: PoolChoices, sizes: Mapping[str, int], stratify: str
) -> tuple[tuple[Stratum, ...], list[str]]:
    """The strata with the plan's rates, and what is missing or wrong in them.

    A credit class without a rate of its own never borrows another's: an unclassified target is
    not A. Districts, industries and kinds that turn up after the plan take its rate for 其余, if
    it has one. Source: art. 15; art. 19, paragraph 1; decision A29.
    """
    problems: list[str] = []
    given = {rate.stratum: rate for rate in task.line.rates.all()} if task.line else {}
    rest = given.pop(PlanRate.REST, None)
    names = dict(Region.objects.values_list("code", "name"))
    strata = []
    words = quotas.read(choices.ratio) if choices.ratio and not task.line else None
    is_whole = stratify == PlanLine.Stratify.NONE
    own = [*given] if task.line else [PlanRate.ALL] * bool(words and is_whole)
    for name in [*own, *sorted(sizes.keys() - set(own))]:
        label = names.get(name, name) if stratify == PlanLine.Stratify.REGION else name
        size = sizes.get(name, 0)
        rate = given.get(name, rest)
        ratio = rate.ratio_for(size) if rate else words.ratio(size) if words else None
        if ratio is None:
            where = "请先按第十六条调整计划行的比例" if task.line else "请先填写抽查比例"
            problems.append(f"“{label}”有 {size} 户，但没有抽查比例。{where}。")
        else:
            try:
                protocol.parse_ratio(ratio)
            except protocol.Refused:
                problems.append(f"“{label}”的比例“{ratio}”应写成几分之几，例如 1/20。")
                ratio = None
        quota = rate.quota if rate else words if words and words.rate is None else None
        why = quota.explain(size) if quota else ""
        strata.append(Stratum(name, label, size, ratio, why))
    if strata and not problems and not any(stratum.count for stratum in strata):
        cure = "请先按第十六条调整计划行的比例" if task.line else "请改抽查比例"
        problems.append(f"按现在的比例一户也抽不到。{cure}。")
    return tuple(strata), problems


def concerns_of(strata: Sequence[Stratum]) -> tuple[str, ...]:
    """What a confidential draw of these strata would give away: it needs a reason."""
    return protocol.confidential_concerns(
        protocol.Stratum.at_rate(stratum.name, stratum.size, stratum.ratio)
        for stratum in strata
        if stratum.ratio
    )
