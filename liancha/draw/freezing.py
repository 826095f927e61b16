"""A frozen pool in the making: read, salted, sorted, hashed; nothing is written.

For a large pool this takes seconds and holds nobody up. What comes out is written by
`actions.freeze` in one short transaction, if by then nothing has changed that it rests on.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from typing import Any

from django.db.models import Max

from liancha.accounts.models import Region
from liancha.plan.models import PlanRate
from liancha.registry.models import Tagging
from liancha.rulebook import protocol
from liancha.rulebook.lifecycles import DrawState
from liancha.task.models import Task

from . import engines, frozen, pools
from .models import Draw, PoolChoices, SetAside

PAGE = 50_000  # targets read at a time

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Prepared:
    """Everything a freeze will write.

    pool    the pool with the counts of this very reading
    frame   what will be logged; None while the pool has problems
    secret  the salts come from it
    terms   what it rests on (see `terms_of`)
    """

    task: Task
    pool: pools.Pool
    frame: protocol.Frame | None
    secret: str
    terms: tuple[object, ...]
    pages: list[frozen.Page] = field(repr=False)


def terms_of(task: Task) -> tuple[object, ...]:
    """What decides, besides the registry, who is in the pool and how it is cut."""
    choices = PoolChoices.objects.filter(task=task).values().first()
    aside = SetAside.objects.filter(task=task).values_list("target", "reason").order_by("target")
    rates = PlanRate.objects.filter(line=task.line_id).order_by("pk").values()
    locked = Draw.objects.filter(state=DrawState.LOCKED).aggregate(last=Max("locked_at"))
    return (
        choices,
        list(aside),
        list(rates),
        locked,
        sorted(task.departments.values_list("pk", flat=True)),
    )


def expected(task: Task) -> int:
    """How many targets carry the task's tag: quick, and the most a pool can hold."""
    return Tagging.objects.filter(tag__code=task.field.tag).count()


def prepare(task: Task, *, secret: str | None = None, progress: Progress | None = None) -> Prepared:
    """Read the pool once and make the frame of it.

    progress  called with (done, total); reading is half of it, sorting and hashing the rest

    Raises Refused for what the protocol cannot write, and whatever `progress` raises.
    Source: art. 18; draw protocol, §1.
    """
    total, seen = expected(task), 0
    secret = secret or secrets.token_hex(32)
    terms = terms_of(task)
    notes = dict(SetAside.objects.filter(task=task).values_list("target", "reason"))
    regions = dict(Region.objects.values_list("code", "name"))
    groups: Counter[tuple[str, str]] = Counter()
    inside: list[tuple[str, str, str]] = []  # code, stratum, person as written
    outside: list[tuple[str, str]] = []  # code, person as written
    for page in _read(task):
        _sort_in(page, regions, notes, inside, outside)
        groups.update((row[2], row[1]) for row in page)
        seen += len(page)
        if progress:
            progress(seen, 2 * max(seen, total))
    newest = pools.newest_of(pools.targets_of(task))
    pool = pools.pool(task, [pools.Group(*key, n, *newest) for key, n in groups.items()])
    if not inside or pool.problems:
        return Prepared(task, pool, None, secret, terms, [])
    inside.sort(key=itemgetter(0))
    outside.sort()
    if progress:
        progress(seen + seen // 8, 2 * seen)
    data, frame = engines.freeze((row[:2] for row in inside), secret)
    if progress:
        progress(2 * seen - seen // 8, 2 * seen)
    lines = data.removesuffix(b"\n").split(b"\n")
    pages = [
        *frozen.pages_of(frozen.In, [row[0] for row in inside], [row[2] for row in inside], lines),
        *frozen.pages_of(frozen.Out, [row[0] for row in outside], [row[1] for row in outside]),
    ]
    if progress:
        progress(2 * seen, 2 * seen)
    return Prepared(task, pool, frame, secret, terms, pages)


COLUMNS = ("code", "stratum", "reason", "pk", "name", "address", "region_id", "credit_class")


def _read(task: Task) -> Iterator[list[tuple[Any, ...]]]:
    """Everybody with the tag, page by page. Sorted here afterwards: a database takes longer."""
    feed = pools.targets_of(task).order_by().values_list(*COLUMNS).iterator(chunk_size=PAGE)
    while page := list(islice(feed, PAGE)):
        yield page


def _sort_in(
    page: list[tuple[Any, ...]],
    regions: dict[str, str],
    notes: dict[int, str],
    inside: list[tuple[str, str, str]],
    outside: list[tuple[str, str]],
) -> None:
    entering = [row for row in page if not row[2]]
    people = frozen.written(
        [
            (str(pk), name, address, regions[region], credit)
            for _, _, _, pk, name, address, region, credit in entering
        ]
    )
    inside += [(row[0], row[1], person) for row, person in zip(entering, people, strict=True)]
    if len(entering) == len(page):
        return
    staying = [row for row in page if row[2]]
    people = frozen.written(
        [
            (code, str(pk), name, address, regions.get(region, ""), reason, notes.get(pk, ""))
            for code, _, reason, pk, name, address, region, _ in staying
        ]
    )
    outside += [(row[0], person) for row, person in zip(staying, people, strict=True)]
