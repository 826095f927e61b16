"""Page-shaped questions: the state of the library, one target's story, what words would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Prefetch, Q
from django.utils import timezone

from liancha.accounts.models import User
from liancha.lists.models import ListVersion

from . import tables
from .history import FIELD_WORDS
from .models import (
    CHOSEN,
    CreditBatch,
    Doubt,
    Import,
    InspectionFact,
    KeyFlag,
    Licence,
    Tag,
    Target,
)
from .retagging import looks

LARGE = 50_000  # targets from which counting on every page would be felt
CREDIT_WORDS = Target.CreditClass.choices
STALE_YELLOW, STALE_RED = 28, 35  # local practice: days without an import (domain 11.4)
SOON_DAYS = 30  # local practice: how long before its end a licence or a mark is minded


@dataclass(frozen=True, slots=True)
class Library:
    """The registry at a glance. light: green, yellow or red by the last import."""

    total: int
    active: int
    pending: int
    last: Import | None
    days: int | None
    light: str
    word: str


def library(user: User, today: date) -> Library:
    """How many targets this person sees, and how fresh the registry is (art. 11, 动态更新)."""
    counts = _counts(user)
    last = Import.objects.written().filter(undone_at=None).order_by("-written_at").first()
    days, light, word = None, "red", "还没有导入过"
    if last and last.written_at:
        days = (today - timezone.localdate(last.written_at)).days
        light = "red" if days > STALE_RED else "yellow" if days >= STALE_YELLOW else "green"
        word = "今天导入" if days == 0 else f"{days} 天前导入"
    return Library(**counts, last=last, days=days, light=light, word=word)


def _counts(user: User) -> dict[str, int]:
    """Counts for the head of the page; of a large registry they may be a minute old."""
    own = user.department
    whole = user.sees_all_departments or own is None or own.level == "city"
    key = f"registry.counts.{'' if whole or own is None else own.region_id}"
    counts: dict[str, int] | None = cache.get(key)
    if counts is None:
        counts = (
            Target.objects.visible_to(user)
            .standing()
            .aggregate(
                total=Count("pk"),
                active=Count("pk", filter=Q(status=Target.Status.ACTIVE)),
                pending=Count("pk", filter=Q(is_pending=True)),
            )
        )
        if counts["total"] > LARGE:
            cache.set(key, counts, 60)
    return counts


def supervisors(target: Target) -> list[tuple[Any, bool]]:
    """Departments that supervise a target by its tags, and whether each has let it go (A10)."""
    released = set(target.released.values_list("department", flat=True))
    found = {
        department
        for tag in target.tags.prefetch_related("supervisors")
        for department in tag.supervisors.all()
    }
    return [
        (department, department.pk in released)
        for department in sorted(found, key=lambda one: one.pk)
    ]


@dataclass(frozen=True, slots=True)
class TagChange:
    tag: Tag
    now: int
    given: int
    taken: int


def preview_retag() -> list[TagChange]:
    """What applying the words now would change, tag by tag; only tags that change."""
    given: Counter[int] = Counter()
    taken: Counter[int] = Counter()
    now: Counter[int] = Counter()
    for piece in looks(tables.tagger()):
        for look in piece:
            now.update(look.there.keys())
            given.update(look.given)
            taken.update(look.taken)
    return [
        TagChange(tag, now[tag.pk], given[tag.pk], taken[tag.pk])
        for tag in Tag.objects.all()
        if given[tag.pk] or taken[tag.pk]
    ]


def mask_phone(phone: str) -> str:
    """138****2617: what pages show of a telephone number."""
    if len(phone) < 7:
        return "*" * len(phone)
    return f"{phone[:3]}****{phone[-4:]}"


@dataclass(frozen=True, slots=True)
class Choice:
    """One field of two records. use: the side that is taken unless somebody says otherwise."""

    name: str
    word: str
    left: str
    right: str
    use: str

    @property
    def differs(self) -> bool:
        return self.left != self.right


def better_side(doubt: Doubt) -> str:
    """Which record to keep, as a suggestion: a unified code before an old number, then the fuller.

    For one record with two names: the one it has now.
    """
    if doubt.right is None:
        return "left"
    codes = [each.code_kind == Target.CodeKind.USCC for each in (doubt.left, doubt.right)]
    if codes[0] != codes[1]:
        return "left" if codes[0] else "right"
    full = [sum(bool(getattr(each, name)) for name in CHOSEN) for each in (doubt.left, doubt.right)]
    return "right" if full[1] > full[0] else "left"


def side_by_side(doubt: Doubt, typed: Mapping[str, str]) -> list[Choice]:
    """The fields of both sides; an empty one on the kept side is filled from the other.

    typed  what a refused form had chosen: {"use-name": "right"}
    """
    left, right = doubt.left, doubt.right
    keep = typed.get("keep") or better_side(doubt)
    found = []
    for name in CHOSEN:
        if right is None and name not in doubt.incoming:
            continue
        old = getattr(left, name)
        other = getattr(right, name) if right else doubt.incoming[name]
        filled = keep if (old if keep == "left" else other) else _other(keep)
        word = _side_word
        found.append(
            Choice(
                name,
                FIELD_WORDS.get(name, name),
                word(name, old, left),
                word(name, other, right or left),
                typed.get(f"use-{name}") or filled,
            )
        )
    return found


def _other(side: str) -> str:
    return "right" if side == "left" else "left"


def _side_word(name: str, value: Any, target: Target) -> str:
    if name == "region_id":
        return str(target.region) if value and value == target.region_id else str(value or "")
    if name == "phone":
        return mask_phone(str(value or ""))
    if name == "status":
        return dict(Target.Status.choices).get(value, str(value or ""))
    return value.isoformat() if isinstance(value, date) else str(value or "")


@dataclass(frozen=True, slots=True)
class Overlap:
    """A kind of target that several departments inspect apart within a year (art. 9)."""

    tag: Tag
    targets: int
    visits: int
    departments: tuple[str, ...]
    field: str


def overlaps(today: date, *, days: int = 365) -> list[Overlap]:
    """Kinds of targets on which two departments or more went to the same place by themselves.

    field  the joint field in force that covers the kind already; "" for a proposal
    Source: art. 9, paragraph 1 (二), 重复检查频繁的事项. Clause 9.3(2).
    """
    facts = InspectionFact.objects.exclude(origin=InspectionFact.Origin.JOINT).filter(
        on__gt=today - timedelta(days=days), on__lte=today
    )
    visited: dict[int, dict[int, set[str]]] = {}
    visits: Counter[int] = Counter()
    rows = facts.filter(target__merged_into=None, target__tags__isnull=False).values_list(
        "target__tags", "target", "department__short"
    )
    for kind, target, department in rows:
        visited.setdefault(kind, {}).setdefault(target, set()).add(department)
        visits[kind] += 1
    version = ListVersion.objects.in_force(ListVersion.Kind.JOINT).first()
    covered = dict(version.fields.values_list("tag", "name")) if version else {}
    found = []
    for tag in Tag.objects.filter(pk__in=visited):
        several = {key: names for key, names in visited[tag.pk].items() if len(names) > 1}
        if several:
            departments = sorted(set().union(*several.values()))
            found.append(
                Overlap(
                    tag,
                    len(several),
                    visits[tag.pk],
                    tuple(departments),
                    covered.get(tag.code, ""),
                )
            )
    return sorted(found, key=lambda one: (bool(one.field), -one.targets, one.tag.pk))


def joint_draft(user: User) -> ListVersion | None:
    """The joint list being drawn up where this person may write to it."""
    own = user.department
    if own is None or not own.is_coordinator:
        return None
    drafts = ListVersion.objects.in_work().filter(kind=ListVersion.Kind.JOINT)
    return drafts.filter(region=own.region_id, state="draft").first()


def freshness(target: Target, today: date) -> tuple[str, str]:
    """How old what is known of a target is: (light, words) (art. 11, 动态更新). Clause 11.4."""
    days = (today - timezone.localdate(target.fresh_at)).days
    light = "red" if days > STALE_RED else "yellow" if days >= STALE_YELLOW else "green"
    return light, "今天更新" if days <= 0 else f"{days} 天前更新"


def marks_now(today: date) -> Prefetch[str, Any, str]:
    """For `prefetch_related`: each target's marks that hold today, as `marks`."""
    return Prefetch("key_flags", KeyFlag.objects.holding(today, today), to_attr="marks")


def licence_state(licence: Licence, today: date) -> tuple[str, str]:
    """(light, words): in force, ends within SOON_DAYS, over."""
    if licence.valid_to is None:
        return "green", "长期有效"
    days = (licence.valid_to - today).days
    if days < 0:
        return "red", f"已过期 {-days} 天"
    if days > SOON_DAYS:
        return "green", "有效"
    return "yellow", f"还有 {days} 天到期" if days else "今天到期"


def distribution() -> list[tuple[str, str, int]]:
    """(class, its word, decided targets that have it), A first (art. 15)."""
    counts = Target.objects.decided().order_by().values_list("credit_class")
    found = dict(counts.annotate(n=Count("pk")))
    return [(str(value), str(word), found.get(value, 0)) for value, word in CREDIT_WORDS]


def credit_history(months: int = 12) -> dict[str, Any]:
    """The last batches as stacked bars: how many targets each class had after each of them."""
    batches = list(CreditBatch.objects.standing().order_by("-on", "-id")[:months])[::-1]
    return {
        "unit": "户",
        "x": [f"{batch.on:%y-%m-%d}" for batch in batches],
        "series": [
            {"name": word, "data": [batch.counts.get(value, 0) for batch in batches]}
            for value, word in CREDIT_WORDS
        ],
    }
