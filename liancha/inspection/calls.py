"""同一次上门 as it is asked about: who else comes to this firm with the same appointment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypedDict

from liancha.accounts.models import User
from liancha.draw.models import DrawnTarget

from .models import Caller, JointCall, Visit, VisitQuerySet


class Appointment(TypedDict, total=False):
    """Columns of a visit that an appointment fixes."""

    planned_on: object
    slot: str


@dataclass(frozen=True, slots=True)
class Companion:
    """Somebody else who comes with the same appointment.

    visit     theirs, where they have a team already
    is_own    whether the reader goes on that visit too, and may open its form
    """

    caller: Caller
    visit: Visit | None
    is_own: bool = False


def call_of(drawn_target_id: int) -> JointCall | None:
    """The appointment of a drawn target, if it shares one."""
    return JointCall.objects.filter(callers__drawn_target=drawn_target_id).first()


def appointments(drawn: Iterable[DrawnTarget]) -> dict[int, Appointment]:
    """Drawn target → day and time for its visit, of those that share an appointment. One query."""
    rows = Caller.objects.filter(drawn_target__in=drawn).select_related("call")
    return {
        each.drawn_target_id: {"planned_on": each.call.appointed_on, "slot": each.call.slot}
        for each in rows
        if each.drawn_target_id is not None
    }


def companions(visit: Visit, user: User) -> list[Companion]:
    """Who comes with this visit, for a member of its team or somebody who may read their lists.

    A member of the team is told all: the initiators have agreed to come together, and meet at the
    door. Others read of a visit what its own list lets them (draw protocol, §6).
    """
    rows = beside(visit)
    if not rows:
        return []
    inspector = getattr(user, "inspector", None)
    own = Visit.objects.attended_by(inspector) if inspector else Visit.objects.none()
    goes = own.filter(pk=visit.pk).exists()
    drawn = [each.drawn_target_id for each in rows if each.drawn_target_id]
    named = set(_keys(Visit.objects.named_to(user), drawn))
    mine = set(_keys(own, drawn))
    found = []
    for each in rows:
        its = _visit_of(each)
        if goes or each.drawn_target is None or (its is not None and its.pk in named):
            found.append(Companion(each, its, its is not None and its.pk in mine))
    return found


def beside(visit: Visit) -> list[Caller]:
    """All who come with this visit; what the firm is told at the door, and nobody before it."""
    call = call_of(visit.drawn_target_id)
    if call is None:
        return []
    others = call.callers.exclude(drawn_target__isnull=False, drawn_target=visit.drawn_target_id)
    return list(
        others.select_related(
            "department", "drawn_target__visit__team__leader", "drawn_target__visit__notice"
        )
    )


def announced(visit: Visit) -> list[Caller]:
    """Whom the notice of this visit names beside it: no surprise visit, no case about a clue.

    Source: art. 21, paragraph 1, 突击检查; cases are answered by themselves (E26).
    """
    found = []
    for each in beside(visit):
        its = _visit_of(each)
        notice = getattr(its, "notice", None) if its is not None else None
        if not each.key.startswith("case:") and not (notice is not None and notice.is_surprise):
            found.append(each)
    return found


def _visit_of(caller: Caller) -> Visit | None:
    return getattr(caller.drawn_target, "visit", None) if caller.drawn_target else None


def _keys(visits: VisitQuerySet, drawn: Iterable[int]) -> Iterable[int]:
    return visits.filter(drawn_target__in=drawn).values_list("pk", flat=True)
