"""How many 检查对象 are alike, counted once for each state of the registry.

One statement groups the whole registry by tags, class, region and kind; a city of a million comes
to a few thousand rows, from which any plan can be tried at once. It draws nobody and knows nobody
by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from threading import Lock
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, BooleanField, Case, Max, QuerySet, Sum, Value, When

from liancha.ledger.models import Entry
from liancha.registry.models import Release, Tag, Tagging, Target

BITS = 60  # tags told apart by one sum: both databases add whole numbers of 63 bits
QUIET = ("registry.show_phone", "registry.review")  # entries that change no count
YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Kin:
    """Targets that are alike.

    tags          primary keys of tags
    is_recent     inspected within the last twelve months
    released      departments that have let them go (A10)
    """

    size: int
    tags: frozenset[int]
    credit_class: str
    region: str
    kind: str
    is_recent: bool
    released: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Headcount:
    """The registry in groups. state: its last ledger entry that changed something."""

    state: int
    on: date
    kin: tuple[Kin, ...]
    total: int


_counted: dict[tuple[str, int | None, date], Headcount] = {}
_counting = Lock()


def headcount(today: date) -> Headcount:
    """The groups as they are now; counted again only when the registry has changed since.

    Every process keeps the newest count of its own: another one's changes show in the ledger.
    """
    index, digest = _last()
    key = (digest, Tag.objects.aggregate(last=Max("pk"))["last"], today)
    if (known := _counted.get(key)) is not None:
        return known
    with _counting:
        if (known := _counted.get(key)) is None:
            kin = tuple(_count(today))
            known = Headcount(index, today, kin, _usable().count())
            _counted.clear()
            _counted[key] = known
    return known


def _last() -> tuple[int, str]:
    """Number and digest of the ledger's last entry about targets or tags; -1 before the first."""
    entries = Entry.objects.filter(what__startswith="registry.").exclude(what__in=QUIET)
    last = entries.order_by("-index").values_list("index", "digest").first()
    return last or (-1, "")


def _usable() -> QuerySet[Target]:
    return Target.objects.decided().filter(
        status__in=(Target.Status.ACTIVE, Target.Status.SUSPENDED)
    )


def _count(today: date) -> Iterator[Kin]:
    tags = list(Tag.objects.order_by("pk").values_list("pk", flat=True))
    if not tags:
        return
    released: dict[int, set[int]] = {}
    for target, department in Release.objects.values_list("target", "department"):
        released.setdefault(target, set()).add(department)
    common = _usable().exclude(pk__in=Release.objects.values("target"))
    for *facts, size in _grouped(_facts(common, today), tags, FACTS):
        yield _kin(size, facts, tags)
    if released:
        rare = _facts(_usable().filter(pk__in=released), today)
        for key, *facts, size in _grouped(rare, tags, ("id", *FACTS)):
            yield _kin(size, facts, tags, frozenset(released[int(str(key))]))


FACTS = ("credit_class", "region_id", "kind", "is_recent")


def _facts(targets: QuerySet[Target], today: date) -> QuerySet[Any, Any]:
    """What tells targets apart besides their tags, a row each."""
    return (
        targets.order_by()
        .values("id", "credit_class", "region_id", "kind")
        .annotate(
            is_recent=Case(
                When(last_inspected_on__gte=today - YEAR, then=Value(True)),
                default=Value(False),
                output_field=BooleanField(),
            )
        )
    )


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
    size: object, facts: list[object], tags: list[int], released: frozenset[int] = frozenset()
) -> Kin:
    credit_class, region, kind, is_recent, *masks = facts
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
    )
