"""Which targets are in a section (H) or division (61) of GB/T 4754, for list, base and pool alike.

A register writes 行业 in a few hundred ways, as `rulebook.industries` reads them; those that mean
what is wanted are looked for by their text. Nothing is read target by target.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.core.cache import cache
from django.db.models import Case, CharField, Q, QuerySet, Value, When

from liancha.rulebook import industries

from .models import Import, Target

LARGE = 50_000  # targets from which reading all their entries would be felt
KEPT_FOR = 600  # seconds
NONE = "-"  # asks for targets whose entry means no section
CHOICES = (
    *((letter, f"{letter} {name}") for letter, name in industries.SECTIONS.items()),
    (NONE, industries.OTHER),
)
EXPECTED = "填门类、大类的名称或代码，例如 住宿业、H61；小类名称（旅游饭店）也认（GB/T 4754）"


def holding(wanted: Collection[str], among: QuerySet[Target] | None = None) -> Q:
    """Targets whose entry means one of these: sections ("H"), divisions ("61"), NONE for none.

    among  targets whose entries are read now, as a base and a pool must; without it those of the
           whole register, which for a large one may be some minutes old: the list above all

    An entry that says no more than a section is in none of its divisions.
    """
    texts = _known() if among is None else _texts(among)
    means = {text: set(industries.codes(text)) for text in texts}
    found = Q(industry__in=[text for text, codes in means.items() if codes & set(wanted)])
    if NONE in wanted:
        found |= ~Q(industry__in=[text for text, codes in means.items() if codes])
    return found


def by_industry(targets: QuerySet[Target]) -> Case | Value:
    """The section that each target's entry means, for these targets."""
    entries: defaultdict[str, list[str]] = defaultdict(list)
    for text in _texts(targets):
        entries[industries.section(text)].append(text)
    entries.pop(industries.OTHER, None)
    other = Value(industries.OTHER, output_field=CharField())
    if not entries:
        return other
    return Case(
        *(
            When(Q(industry__in=texts), then=Value(section))
            for section, texts in sorted(entries.items())
        ),
        default=other,
        output_field=CharField(),
    )


def in_words(entry: str) -> str:
    """What an entry was taken for: H 住宿和餐饮业，61 住宿业; "" for none."""
    return "，".join(f"{code} {industries.name_of(code)}" for code in industries.codes(entry))


def _texts(targets: QuerySet[Target]) -> Iterable[str]:
    return targets.order_by().values_list("industry", flat=True).distinct()


def _known() -> list[str]:
    """The entries of the register; of a large one they are read once an import."""
    last = Import.objects.written().order_by("-pk").values_list("pk", flat=True).first()
    name = f"registry.industries.{last or 0}"
    kept: list[str] | None = cache.get(name)
    if kept is not None:
        return kept
    found = list(_texts(Target.objects.all()))
    if (Target.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) >= LARGE:
        cache.set(name, found, KEPT_FOR)
    return found
