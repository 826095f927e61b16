"""抽查基数: how many targets a line chooses from, counted from the registry by stratum (art. 14).

The same question as the pool of a draw asks, without its exclusions for one task: tagged for the
field, supervised by every department of the line, decided, in business. It draws nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count

from liancha.accounts.models import Department
from liancha.registry.models import Tag, Target, TargetQuerySet
from liancha.rulebook.regions import REGIONS, is_county

from .models import PlanLine, PlanRate

CREDIT_STRATA = ("A", "B", "C", "D", PlanRate.UNKNOWN)
REGION_STRATA = tuple(code for code in REGIONS if is_county(code))


def strata(stratify: str, *, region: str) -> tuple[str, ...]:
    """The strata a line of this kind has, each with a rate; empty ones too."""
    if stratify == PlanLine.Stratify.CREDIT:
        return CREDIT_STRATA
    if stratify == PlanLine.Stratify.REGION:
        return (region,) if is_county(region) else REGION_STRATA
    return (PlanRate.ALL,)


def candidates(tag: str, departments: Sequence[Department], *, region: str) -> TargetQuerySet:
    """Targets a line of these departments may choose from."""
    return (
        Target.objects.decided()
        .filter(status__in=(Target.Status.ACTIVE, Target.Status.SUSPENDED))
        .in_region(region)
        .common_to(tag, departments)
    )


def count(
    tag: str, departments: Sequence[Department], *, stratify: str, region: str
) -> dict[str, int]:
    """Targets by stratum, in the order of `strata`."""
    numbers = dict.fromkeys(strata(stratify, region=region), 0)
    found = candidates(tag, departments, region=region)
    if stratify == PlanLine.Stratify.NONE:
        return {PlanRate.ALL: found.count()}
    key = "credit_class" if stratify == PlanLine.Stratify.CREDIT else "region"
    # The order of the model would become part of the grouping.
    rows = found.order_by().values_list(key).annotate(n=Count("pk", distinct=True))
    for value, number in rows:
        numbers[value or PlanRate.UNKNOWN] = numbers.get(value or PlanRate.UNKNOWN, 0) + number
    return numbers


def not_supervising(tag: str, departments: Sequence[Department]) -> list[Department]:
    """Departments of the line that supervise no target with this tag: then nothing is common.

    A county department supervises what its system's city department does.
    """
    tags = Tag.objects.filter(code=tag, supervisors__isnull=False)
    supervisors = set(tags.values_list("supervisors", flat=True))
    return [each for each in departments if (each.system_id or each.pk) not in supervisors]
