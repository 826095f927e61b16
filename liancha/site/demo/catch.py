"""What an import made of the dirt of a made-up register, counted row by row from its labels.

The register is made once more from its seed, which costs less than keeping it. Nothing counts
that does not stand in the registry or among the faults of the import.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from liancha.registry.kinds import Status
from liancha.registry.models import Import, Target

from .dirt import DIRT, Fate, Made
from .metropolis import ADDRESS, CAPITAL, CLASS, CODE, FOUNDED, NAME, SCOPE, STATUS

GOOD = "无"  # the label of rows as they should be
PIECE = 5_000
SHOWN = 5  # rows named of those that went wrong
FIELDS = (
    *("code", "name", "registered_on", "status", "capital", "credit_class", "scope"),
    *("is_pending", "region__name"),
)
OF_DIGEST = (
    *("code", "code_kind", "name", "kind", "region_id", "address", "scope", "industry"),
    *("registered_on", "status", "capital", "credit_class", "is_pending"),
)
_STATUS = {label: value for value, label in Status.choices} | {"在业": Status.ACTIVE.value}

Found = dict[str, tuple[str, date | None, str, str, str, str, bool, str | None]]


@dataclass(slots=True)
class Caught:
    """One kind of dirt, or the clean rows.

    rows   how many were labelled so
    right  with how many the import did what it had to
    wrong  the first of the others, as Excel numbers rows
    """

    label: str
    fate: Fate
    rows: int = 0
    right: int = 0
    wrong: list[int] = field(default_factory=list)


def count(rows: Iterable[Made], batch: Import) -> list[Caught]:
    """Every kind of dirt and what became of its rows; the clean rows come last.

    rows  the rows that the imported file was made of, in its order
    """
    caught = {label: Caught(label, fate) for label, (_, fate) in DIRT.items()}
    caught[GOOD] = Caught(GOOD, Fate.GOOD)
    walk, first = iter(rows), 2
    while piece := list(islice(walk, PIECE)):
        faults = batch.faults.filter(row__range=(first, first + len(piece) - 1))
        refused = set(faults.filter(is_remark=False).values_list("row", flat=True))
        remarked = set(faults.filter(is_remark=True).values_list("row", flat=True))
        there = _targets(piece)
        for number, made in enumerate(piece, first):
            one = caught[made.label or GOOD]
            one.rows += 1
            if _is_right(one.fate, number, made, refused, remarked, there):
                one.right += 1
            elif len(one.wrong) < SHOWN:
                one.wrong.append(number)
        first += len(piece)
    return list(caught.values())


def digest() -> str:
    """One number for all that the registry knows of its targets; the same city, the same number."""
    said = hashlib.sha256()
    for row in Target.objects.order_by("code").values_list(*OF_DIGEST).iterator(PIECE):
        said.update("\t".join(map(str, row)).encode())
        said.update(b"\n")
    return said.hexdigest()


def _targets(piece: list[Made]) -> Found:
    codes = {made.clean[CODE] for made in piece}
    codes |= {str(made.cells[CODE]) for made in piece if made.label}
    rows = Target.objects.filter(code__in=codes).values_list(*FIELDS)
    return {code: said for code, *said in rows}


def _is_right(
    fate: Fate, number: int, made: Made, refused: set[int], remarked: set[int], there: Found
) -> bool:
    if fate == Fate.REFUSED:
        return number in refused
    if number in refused:
        return False
    if fate == Fate.REMARKED:
        return number in remarked and str(made.cells[CODE]) in there
    found = there.get(made.clean[CODE])
    if found is None:
        return False
    name, founded, status, capital, credit, scope, is_pending, region = found
    if fate == Fate.PENDING:
        return is_pending and number in remarked
    clean = made.clean
    return (
        not is_pending
        and (name, capital, credit, scope)
        == (clean[NAME], clean[CAPITAL], clean[CLASS], clean[SCOPE])
        and founded is not None
        and founded.isoformat() == clean[FOUNDED]
        and status == _STATUS[clean[STATUS]]
        and region is not None
        and region in clean[ADDRESS]
    )
