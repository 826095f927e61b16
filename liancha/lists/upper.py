"""Rows from above that a version has to answer: the nation's, the province's, the city's (art. 9).

Reads only; a county answers for the city's fields that are checked at its level.
"""

from __future__ import annotations

from dataclasses import dataclass

from liancha.rulebook import listing
from liancha.rulebook.regions import CITY

from .models import ListVersion, UpperDecision, UpperList, UpperRow


@dataclass(frozen=True, slots=True)
class Above:
    """One row from above and what this version does with it.

    ours  code of the field that answers it: as decided, or for a county the copied field itself
    """

    key: str
    code: str
    name: str
    targets: str
    source: str
    decision: UpperDecision | None
    ours: str

    @property
    def is_open(self) -> bool:
        return not self.ours and not (self.decision and self.decision.reason)


def above(version: ListVersion) -> list[Above]:
    """Every row the version answers for, undecided ones first."""
    if not version.is_joint:
        return []
    decided = {each.key: each for each in version.upper_decisions.select_related("row__upper")}
    codes = set(version.fields.values_list("code", flat=True))
    found = _citys(version, decided, codes) if version.region_id != CITY else []
    if version.region_id == CITY:
        if version.is_public:
            rows = [each.row for each in decided.values() if each.row]
        else:
            uppers = UpperList.objects.filter(is_over=False)
            rows = list(UpperRow.objects.filter(upper__in=uppers).select_related("upper"))
        found = [_row(row, decided.get(row.key), codes) for row in rows]
    return sorted(found, key=lambda one: not one.is_open)


def check(version: ListVersion) -> None:
    """Raise NeedsReason while a row from above is neither adopted nor left out with a reason.

    Source: art. 9, paragraph 1 (一) and paragraph 2.
    """
    rows = above(version)
    listing.check_adopted(
        upper={row.key: row.name for row in rows},
        ours={row.key for row in rows if row.ours},
        excluded={row.key: row.decision.reason for row in rows if row.decision},
    )


def _row(row: UpperRow, decision: UpperDecision | None, codes: set[str]) -> Above:
    # A field that was adopted and then taken out again answers nothing any more.
    adopted = decision.adopted_as if decision and decision.adopted_as in codes else ""
    return Above(row.key, row.code, row.name, row.targets, str(row.upper), decision, adopted)


def _citys(version: ListVersion, decided: dict[str, UpperDecision], codes: set[str]) -> list[Above]:
    city = ListVersion.objects.in_force(version.kind, CITY).first()
    if city is None:
        return []
    return [
        Above(
            field.code,
            field.code,
            field.name,
            field.targets,
            str(city),
            decided.get(field.code),
            field.code if field.code in codes else "",
        )
        for field in city.fields.filter(level__contains="X")
    ]
