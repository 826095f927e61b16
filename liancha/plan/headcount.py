"""How many 检查对象 are alike, counted once for each state of the registry.

One statement groups the whole registry by tags, class, region and kind; a city of a million comes
to a few thousand rows, from which any plan can be tried at once. Industry, kind of body and marks
are told apart only where a plan is cut by them. It draws nobody and knows nobody by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from threading import Lock
from typing import Any

from django.db import connection
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    CharField,
    Exists,
    Max,
    OuterRef,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Concat

from liancha.ledger.models import Entry
from liancha.registry import sections, strata
from liancha.registry.models import KeyFlag, Release, Tag, Tagging, Target, TargetQuerySet

from .bases import Range

BITS = 60  # tags told apart by one sum: both databases add whole numbers of 63 bits
# Entries that change no count.
QUIET = ("registry.show_phone", "registry.review", "registry.export")
YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Kin:
    """Targets that are alike.

    tags          primary keys of tags
    is_recent     inspected within the last twelve months
    released      departments that have let them go (A10)
    section       GB/T 4754 section, body kind with branches told apart, is_key marked in the year
                  of the plan: "" and False unless the headcount was asked to tell them apart
    ranges        those of the ranges asked about that the targets are in
    """

    size: int
    tags: frozenset[int]
    credit_class: str
    region: str
    kind: str
    is_recent: bool
    released: frozenset[int] = frozenset()
    section: str = ""
    body: str = ""
    is_key: bool = False
    ranges: frozenset[Range] = frozenset()


@dataclass(frozen=True, slots=True)
class Apart:
    """What is told apart beyond the usual.

    key_year  marks that hold on any day of that year
    ranges    what lines narrow their targets to by industry, tags and marks
    """

    by_industry: bool = False
    by_body: bool = False
    key_year: int | None = None
    ranges: tuple[Range, ...] = ()


USUAL = Apart()


@dataclass(frozen=True, slots=True)
class Headcount:
    """The registry in groups. state: its last ledger entry that changed something."""

    state: int
    on: date
    kin: tuple[Kin, ...]
    total: int


MOST_KEPT = 4  # headcounts of one state of the registry: one a way of telling apart

_counted: dict[tuple[str, int | None, date, Apart], Headcount] = {}
_counting = Lock()


def headcount(today: date, apart: Apart = USUAL) -> Headcount:
    """The groups as they are now; counted again only when the registry has changed since.

    Every process keeps the newest count of its own: another one's changes show in the ledger.
    """
    index, digest = _last()
    key = (digest, Tag.objects.aggregate(last=Max("pk"))["last"], today, apart)
    if (known := _counted.get(key)) is not None:
        return known
    with _counting:
        if (known := _counted.get(key)) is None:
            kin = tuple(_count(today, apart))
            known = Headcount(index, today, kin, _usable().count())
            if len(_counted) >= MOST_KEPT or any(each[:3] != key[:3] for each in _counted):
                _counted.clear()
            _counted[key] = known
    return known


def _last() -> tuple[int, str]:
    """Number and digest of the ledger's last entry about targets or tags; -1 before the first."""
    entries = Entry.objects.filter(what__startswith="registry.").exclude(what__in=QUIET)
    last = entries.order_by("-index").values_list("index", "digest").first()
    return last or (-1, "")


def _usable() -> TargetQuerySet:
    return Target.objects.decided().filter(
        status__in=(Target.Status.ACTIVE, Target.Status.SUSPENDED)
    )


def _count(today: date, apart: Apart) -> Iterator[Kin]:
    tags = list(Tag.objects.order_by("pk").values_list("pk", flat=True))
    if not tags:
        return
    released: dict[int, set[int]] = {}
    for target, department in Release.objects.values_list("target", "department"):
        released.setdefault(target, set()).add(department)
    common = _usable().exclude(pk__in=Release.objects.values("target"))
    for *facts, size in _grouped(_facts(common, today, apart), tags, FACTS):
        yield _kin(size, facts, tags, apart.ranges)
    if released:
        rare = _facts(_usable().filter(pk__in=released), today, apart)
        for key, *facts, size in _grouped(rare, tags, ("id", *FACTS)):
            yield _kin(size, facts, tags, apart.ranges, frozenset(released[int(str(key))]))


FACTS = ("credit_class", "region_id", "kind", "is_recent", "section", "body", "is_key", "ranges")


def _facts(targets: TargetQuerySet, today: date, apart: Apart) -> QuerySet[Any, Any]:
    """What tells targets apart besides their tags, a row each."""
    nothing = Value("", output_field=CharField())
    marked: Exists | Value = Value(False, output_field=BooleanField())
    if apart.key_year is not None:
        first, last = date(apart.key_year, 1, 1), date(apart.key_year, 12, 31)
        marked = Exists(KeyFlag.objects.holding(first, last).filter(target=OuterRef("pk")))
    return (
        targets.order_by()
        .values("id", "credit_class", "region_id", "kind")
        .annotate(
            is_recent=Case(
                When(last_inspected_on__gte=today - YEAR, then=Value(True)),
                default=Value(False),
                output_field=BooleanField(),
            ),
            section=sections.by_industry(targets) if apart.by_industry else nothing,
            body=strata.by_kind() if apart.by_body else nothing,
            is_key=marked,
            ranges=_places(targets, apart.ranges) if apart.ranges else nothing,
        )
    )


def _places(targets: TargetQuerySet, ranges: Sequence[Range]) -> Concat:
    """A text with 1 for each range a target is in and 0 for each it is not, in their order."""
    marks = (
        Case(
            When(each.condition(targets), then=Value("1")),
            default=Value("0"),
            output_field=CharField(),
        )
        for each in ranges
    )
    return Concat(Value(""), *marks, output_field=CharField())


def _tagged(tags: list[int]) -> QuerySet[Any, Any]:
    """A row a target, with one bit for each of its tags: read off the index in its order."""
    masks = {}
    for n in range(0, len(tags), BITS):
        bits = [
            When(tag=tag, then=Value(1 << place)) for place, tag in enumerate(tags[n : n + BITS])
        ]
        bit = Case(*bits, default=Value(0), output_field=BigIntegerField())
        masks[f"mask{n // BITS}"] = Sum(bit)
    return Tagging.objects.order_by().values("target_id").annotate(**masks)


def _grouped(
    facts: QuerySet[Any, Any], tags: list[int], names: Sequence[str]
) -> Iterator[tuple[object, ...]]:
    """Targets counted by facts and tags.

    An aggregate over an aggregate is beyond the ORM; the statement is plain SQL for both databases.
    """
    there, values = facts.query.sql_with_params()
    marked, more = _tagged(tags).query.sql_with_params()
    masks = [f"mask{n}" for n in range(-(-len(tags) // BITS))]
    columns = ", ".join((*(f"facts.{name}" for name in names), *(f"marked.{m}" for m in masks)))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns}, COUNT(*) FROM ({marked}) AS marked"
            f" JOIN ({there}) AS facts ON facts.id = marked.target_id GROUP BY {columns}",
            (*more, *values),
        )
        yield from cursor.fetchall()


def _kin(
    size: object,
    facts: list[object],
    tags: list[int],
    ranges: Sequence[Range],
    released: frozenset[int] = frozenset(),
) -> Kin:
    credit_class, region, kind, is_recent, section, body, is_key, places, *masks = facts
    found = {
        tag
        for n, mask in enumerate(masks)
        for place, tag in enumerate(tags[n * BITS : (n + 1) * BITS])
        if int(str(mask)) >> place & 1
    }
    return Kin(
        int(str(size)),
        frozenset(found),
        str(credit_class or ""),
        str(region),
        str(kind),
        bool(is_recent),
        released,
        str(section),
        str(body),
        bool(is_key),
        frozenset(each for each, place in zip(ranges, str(places), strict=False) if place == "1"),
    )
