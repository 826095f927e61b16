"""抽查基数: how many targets a line chooses from, counted from the registry by stratum (art. 14).

The same question as the pool of a draw asks, without its exclusions for one task: tagged for the
field, supervised by every department of the line, decided, in business. It draws nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.models import Case, CharField, Count, F, Value, When

from liancha.accounts.models import Department
from liancha.registry import strata as classes
from liancha.registry.models import Tag, Target, TargetQuerySet
from liancha.rulebook import industries
from liancha.rulebook.regions import REGIONS, is_county

from .models import PlanLine, PlanRate

CREDIT_STRATA = ("A", "B", "C", "D", PlanRate.UNKNOWN)
REGION_STRATA = tuple(code for code in REGIONS if is_county(code))
# Cuts whose strata are as many as occur: an empty one is not listed.
OPEN_ENDED = (PlanLine.Stratify.REGION, PlanLine.Stratify.INDUSTRY, PlanLine.Stratify.KIND)


def strata(stratify: str, *, region: str, tags: Sequence[str] = ()) -> tuple[str, ...]:
    """The strata a line of this kind may have, in the order in which they are shown."""
    if stratify == PlanLine.Stratify.CREDIT:
        return CREDIT_STRATA
    if stratify == PlanLine.Stratify.REGION:
        return (region,) if is_county(region) else REGION_STRATA
    if stratify == PlanLine.Stratify.INDUSTRY:
        return (*industries.SECTIONS.values(), industries.OTHER)
    if stratify == PlanLine.Stratify.TAG:
        return (*tags, classes.OTHER)
    if stratify == PlanLine.Stratify.KIND:
        return classes.KINDS
    return (PlanRate.ALL,)


def stratum_of(
    stratify: str, targets: TargetQuerySet, *, tags: Sequence[str] = ()
) -> Case | F | Value:
    """Which stratum each of these targets is in: the plan's bases and a draw's pool ask the same.

    Source: art. 15, paragraph 1, 设置不同的抽查比例.
    """
    match stratify:
        case PlanLine.Stratify.CREDIT:
            return Case(
                When(credit_class="", then=Value(PlanRate.UNKNOWN)),
                default=F("credit_class"),
                output_field=CharField(),
            )
        case PlanLine.Stratify.REGION:
            return F("region_id")
        case PlanLine.Stratify.INDUSTRY:
            return classes.by_industry(targets)
        case PlanLine.Stratify.TAG:
            return classes.by_tags(tags)
        case PlanLine.Stratify.KIND:
            return classes.by_kind()
    return Value(PlanRate.ALL, output_field=CharField())


def candidates(tag: str, departments: Sequence[Department], *, region: str) -> TargetQuerySet:
    """Targets a line of these departments may choose from."""
    return (
        Target.objects.decided()
        .filter(status__in=(Target.Status.ACTIVE, Target.Status.SUSPENDED))
        .in_region(region)
        .common_to(tag, departments)
    )


def is_within(rules: Mapping[str, Sequence[str]], kind: str, region: str, credit: str) -> bool:
    """Whether a target of this kind, region and class passes a saved filter.

    rules  {"kinds": […], "regions": […], "classes": ["A", "未分类"]}; what is left out narrows
           nothing
    """
    return (
        (not rules.get("kinds") or kind in rules["kinds"])
        and (not rules.get("regions") or region in rules["regions"])
        and (not rules.get("classes") or (credit or PlanRate.UNKNOWN) in rules["classes"])
    )


def narrowed(targets: TargetQuerySet, rules: Mapping[str, Sequence[str]]) -> TargetQuerySet:
    """The same as a question to the database, for a line's base and for its pool (art. 14)."""
    if kinds := rules.get("kinds"):
        targets = targets.filter(kind__in=kinds)
    if regions := rules.get("regions"):
        targets = targets.filter(region__in=regions)
    if classes := rules.get("classes"):
        wanted = ["" if each == PlanRate.UNKNOWN else each for each in classes]
        targets = targets.filter(credit_class__in=wanted)
    return targets


def count(
    tag: str,
    departments: Sequence[Department],
    *,
    stratify: str,
    region: str,
    tags: Sequence[str] = (),
    rules: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, int]:
    """Targets by stratum, in the order of `strata`, within the range a saved filter leaves.

    Classes and tags are listed with nobody in them too: each has a rate of its own. Of districts,
    industries and kinds only those that occur are, and 其余 for whatever turns up later.
    """
    found = narrowed(candidates(tag, departments, region=region), rules or {})
    # The order of the model would become part of the grouping.
    rows = (
        found.order_by()
        .annotate(stratum=stratum_of(stratify, found, tags=tags))
        .values_list("stratum")
        .annotate(n=Count("pk", distinct=True))
    )
    numbers = dict.fromkeys(strata(stratify, region=region, tags=tags), 0)
    for value, number in rows:
        numbers[value] = number
    if stratify not in OPEN_ENDED or (stratify == PlanLine.Stratify.REGION and is_county(region)):
        return numbers
    return {name: n for name, n in numbers.items() if n} | {PlanRate.REST: 0}


def not_supervising(tag: str, departments: Sequence[Department]) -> list[Department]:
    """Departments of the line that supervise no target with this tag: then nothing is common.

    A county department supervises what its system's city department does.
    """
    tags = Tag.objects.filter(code=tag, supervisors__isnull=False)
    supervisors = set(tags.values_list("supervisors", flat=True))
    return [each for each in departments if (each.system_id or each.pk) not in supervisors]
