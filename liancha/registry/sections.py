"""Which targets are in a section of GB/T 4754, for the query above the list.

A register writes 行业 in a few hundred ways; those that mean the section are looked for by their
text. Of a large register the texts are read once an import, not on every page.
"""

from __future__ import annotations

from django.core.cache import cache
from django.db.models import Q

from liancha.rulebook import industries

from .models import Import, Target

LARGE = 50_000  # targets from which reading all their entries would be felt
KEPT_FOR = 600  # seconds
NONE = "-"  # asks for targets whose entry means no section
CHOICES = (
    *((letter, f"{letter} {name}") for letter, name in industries.SECTIONS.items()),
    (NONE, industries.OTHER),
)


def holding(letter: str) -> Q:
    """Targets whose entry means this section, "H"; NONE for those whose entry means none."""
    entries = _entries()
    if letter == NONE:
        return ~Q(industry__in=[text for texts in entries.values() for text in texts])
    return Q(industry__in=entries.get(industries.SECTIONS[letter], []))


def _entries() -> dict[str, list[str]]:
    """Name of a section: the texts of the register that mean it."""
    last = Import.objects.written().order_by("-pk").values_list("pk", flat=True).first()
    name = f"registry.sections.{last or 0}"
    kept: dict[str, list[str]] | None = cache.get(name)
    if kept is not None:
        return kept
    found: dict[str, list[str]] = {}
    for text in Target.objects.order_by().values_list("industry", flat=True).distinct():
        found.setdefault(industries.section(text), []).append(text)
    found.pop(industries.OTHER, None)
    if (Target.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) >= LARGE:
        cache.set(name, found, KEPT_FOR)
    return found
