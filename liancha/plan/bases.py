"""抽查基数: how many targets a line chooses from, counted from the registry by stratum (art. 14).

The same question as the pool of a draw asks, without its exclusions for one task: tagged for the
field, supervised by every department of the line, decided, in business. It draws nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    Value,
    When,
)
from django.db.models.lookups import In

from liancha.accounts.models import Department
from liancha.registry import sections
from liancha.registry import strata as classes
from liancha.registry.models import KeyFlag, Tag, Tagging, Target, TargetQuerySet
from liancha.rulebook import industries
from liancha.rulebook.regions import REGIONS, is_county

from .models import PlanLine, PlanRate

CREDIT_STRATA = ("A", "B", "C", "D", PlanRate.UNKNOWN)
# What a saved filter may speak of.
RULES = ("kinds", "regions", "classes", "industries", "tags", "flags")
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


@dataclass(frozen=True, slots=True)
class KeyCut:
    """Which marked targets leave their stratum for 重点对象, where more are drawn.

    first, last  marks that hold on any day from first to last count
    ratio        what 重点对象 get
    rates        what the line's own strata get; a stratum that gets as much keeps its marked ones
    """

    first: date
    last: date
    ratio: Fraction
    rates: Mapping[str, Fraction]

    def lifts(self, stratum: str) -> bool:
        """Whether a marked target of this stratum is better off, in the Measures' sense."""
        own = self.rates.get(stratum, self.rates.get(PlanRate.REST, Fraction(0)))
        return own < self.ratio

    @property
    def marked(self) -> Exists:
        return Exists(KeyFlag.objects.holding(self.first, self.last).filter(target=OuterRef("pk")))

    def condition(self, own: Case | F | Value) -> Exists | Q:
        """The same as a question to the database; own: the stratum without marks."""
        if isinstance(own, Value):
            return self.marked if self.lifts(str(own.value)) else Q(pk__in=())
        word = ExpressionWrapper(own, output_field=CharField())
        # Strata that turn up later take the rate of 其余, or none: they are not in `rates`.
        named = [name for name in self.rates if self.lifts(name) != self.lifts("")]
        if not named:
            return self.marked if self.lifts("") else Q(pk__in=())
        among = Q(In(word, named))
        return Q(self.marked) & (~among if self.lifts("") else among)


def key_cut(line: PlanLine, rates: Iterable[PlanRate], *, first: date, last: date) -> KeyCut | None:
    """The cut of a line whose rates hold one for 重点对象; None for any other line.

    first, last  the line's window, or that of a task made from it
    """
    given = {rate.stratum: rate.fraction for rate in rates}
    ratio = given.pop(PlanRate.KEY, None)
    return None if ratio is None else KeyCut(first, last, ratio, given)


def stratum_of(
    stratify: str, targets: TargetQuerySet, *, tags: Sequence[str] = (), key: KeyCut | None = None
) -> Case | F | Value:
    """Which stratum each of these targets is in: the plan's bases and a draw's pool ask the same.

    key  marked targets are a stratum of their own, by this cut

    Source: art. 15, paragraph 1, 设置不同的抽查比例; paragraph 2, 应增加抽查的比例和频次.
    """
    own = _own_stratum(stratify, targets, tags)
    if key is None:
        return own
    return Case(
        When(key.condition(own), then=Value(PlanRate.KEY)), default=own, output_field=CharField()
    )


def _own_stratum(stratify: str, targets: TargetQuerySet, tags: Sequence[str]) -> Case | F | Value:
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
            return sections.by_industry(targets)
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
    """Whether a target of this kind, region and class passes a saved filter; `within` asks on.

    rules  {"kinds": […], "regions": […], "classes": ["A", "未分类"]}; what is left out narrows
           nothing
    """
    return (
        (not rules.get("kinds") or kind in rules["kinds"])
        and (not rules.get("regions") or region in rules["regions"])
        and (not rules.get("classes") or (credit or PlanRate.UNKNOWN) in rules["classes"])
    )


@dataclass(frozen=True, slots=True)
class Range:
    """The rules that `within` asks about, as a key. first: the day of marks, None without."""

    industries: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    first: date | None = None

    @classmethod
    def of(cls, rules: Mapping[str, Sequence[str]], first: date) -> Range | None:
        """None where the rules say nothing of industry, tags and marks."""
        industries, tags, flags = (
            tuple(rules.get(name, ())) for name in ("industries", "tags", "flags")
        )
        if not (industries or tags or flags):
            return None
        return cls(industries, tags, flags, first if flags else None)

    def condition(self, targets: TargetQuerySet) -> Q:
        names = ("industries", "tags", "flags")
        return within(targets, {name: getattr(self, name) for name in names}, self.first)


def within(targets: TargetQuerySet, rules: Mapping[str, Sequence[str]], first: date | None) -> Q:
    """The rules about industry, tags and marks, as a condition for these targets.

    rules  {"industries": ["H", "61"], "tags": names, "flags": ["serious"]}: any one of each
    first  the line's first day, on which a mark must hold; ValueError when it is needed and lacks
    """
    found = Q()
    if wanted := rules.get("industries"):
        found &= sections.holding(wanted, targets)
    if tags := rules.get("tags"):
        held = Tagging.objects.filter(target=OuterRef("pk"), tag__name__in=tags)
        found &= Q(Exists(held))
    if flags := rules.get("flags"):
        if first is None:
            raise ValueError("marks hold on a day: say the line's first")
        marks = KeyFlag.objects.holding(first, first).filter(kind__in=flags)
        found &= Q(Exists(marks.filter(target=OuterRef("pk"))))
    return found


def narrowed(
    targets: TargetQuerySet, rules: Mapping[str, Sequence[str]], *, first: date | None = None
) -> TargetQuerySet:
    """The targets a saved filter leaves, for a line's base and for its pool (art. 14).

    first  the line's first day, on which a mark the filter asks for must hold
    """
    if kinds := rules.get("kinds"):
        targets = targets.filter(kind__in=kinds)
    if regions := rules.get("regions"):
        targets = targets.filter(region__in=regions)
    if named := rules.get("classes"):
        wanted = ["" if each == PlanRate.UNKNOWN else each for each in named]
        targets = targets.filter(credit_class__in=wanted)
    more = within(targets, rules, first)
    return targets.filter(more) if more else targets


def count(
    tag: str,
    departments: Sequence[Department],
    *,
    stratify: str,
    region: str,
    tags: Sequence[str] = (),
    rules: Mapping[str, Sequence[str]] | None = None,
    first: date | None = None,
    key: KeyCut | None = None,
) -> dict[str, int]:
    """Targets by stratum, in the order of `strata`, within the range a saved filter leaves.

    first  the line's first day, for a filter by marks
    key    with a cut for marked targets, 重点对象 stand first

    Classes and tags are listed with nobody in them too: each has a rate of its own. Of districts,
    industries and kinds only those that occur are, and 其余 for whatever turns up later.

    Source: clause 14.1.
    """
    found = narrowed(candidates(tag, departments, region=region), rules or {}, first=first)
    # The order of the model would become part of the grouping.
    rows = (
        found.order_by()
        .annotate(stratum=stratum_of(stratify, found, tags=tags, key=key))
        .values_list("stratum")
        .annotate(n=Count("pk", distinct=True))
    )
    numbers = dict.fromkeys(strata(stratify, region=region, tags=tags), 0)
    if key is not None:
        numbers = {PlanRate.KEY: 0, **numbers}
    for value, number in rows:
        numbers[value] = number
    if stratify not in OPEN_ENDED or (stratify == PlanLine.Stratify.REGION and is_county(region)):
        return numbers
    occurring = {name: n for name, n in numbers.items() if n or name == PlanRate.KEY}
    return occurring | {PlanRate.REST: 0}


def not_supervising(tag: str, departments: Sequence[Department]) -> list[Department]:
    """Departments of the line that supervise no target with this tag: then nothing is common.

    A county department supervises what its system's city department does.
    """
    tags = Tag.objects.filter(code=tag, supervisors__isnull=False)
    supervisors = set(tags.values_list("supervisors", flat=True))
    return [each for each in departments if (each.system_id or each.pk) not in supervisors]
