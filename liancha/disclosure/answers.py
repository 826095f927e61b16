"""What the record form gives a result: its rows, the codes they suggest, the names on it.

Reads the sealed form and nothing else. What is entered is the handler's word, not this module's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from liancha.inspection.models import ItemAnswer, Measure

from .models import Result, ResultCode

ORDERS = (Measure.Kind.RECTIFY, Measure.Kind.CEASE)


@dataclass(frozen=True, slots=True)
class Entered:
    """The result on one item, as it is entered or suggested."""

    code: str
    text: str = ""
    order_number: str = ""
    deadline_on: date | None = None


def checked_items(result: Result) -> list[ItemAnswer]:
    """The answers of this department on the record form: one result each."""
    return list(
        ItemAnswer.objects.filter(
            form__visit=result.part.visit_id, department=result.part.department_id
        )
        .select_related("item")
        .prefetch_related("measures")
    )


def suggested(answer: ItemAnswer) -> Entered:
    """Code and words that follow from the form: an order gives 05, another finding 08.

    Source: art. 22, paragraph 1, 谁检查、谁录入; domain §c.4.
    """
    if answer.finding == ItemAnswer.Finding.FINE:
        return Entered(ResultCode.FINE, answer.situation)
    if answer.finding == ItemAnswer.Finding.NONE:
        return Entered(ResultCode.NO_ACTIVITY, answer.situation)
    code = ResultCode.ORDERED if is_ordered(answer) else ResultCode.TO_FOLLOW
    return Entered(code, answer.situation, *order_of(answer))


def is_ordered(answer: ItemAnswer) -> bool:
    """Somebody ordered on the spot that it be mended or stopped."""
    return any(measure.kind in ORDERS for measure in answer.measures.all())


def is_recorded(answer: ItemAnswer) -> bool:
    """现场笔录 was made of it."""
    return any(measure.kind == Measure.Kind.RECORD for measure in answer.measures.all())


def order_of(answer: ItemAnswer) -> tuple[str, date | None]:
    """Number and last day of the order on the form; ("", None) where there is none."""
    orders = [measure for measure in answer.measures.all() if measure.kind in ORDERS]
    numbers = [each.document_number for each in orders if each.document_number]
    deadlines = [each.deadline_on for each in orders if each.deadline_on]
    return (numbers[0] if numbers else "", max(deadlines, default=None))


def people_on_the_form(result: Result) -> frozenset[str]:
    """Names that must not reach the public: who was told, who signed, who inspected."""
    visit = result.visit
    names = set(visit.team.members.values_list("name", flat=True))
    names |= set(visit.checkins.values_list("inspector__name", flat=True))
    for kin, word in (("notice", "contact"), ("form", "signer")):
        names.add(getattr(getattr(visit, kin, None), word, ""))
    return frozenset(name for name in names if name)
