"""Who goes, who is there, and who is planned twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from django.db.models import F

from liancha.accounts.models import Department
from liancha.roster.models import Inspector
from liancha.rulebook import presence
from liancha.rulebook.eligibility import Span
from liancha.task.models import Task

from .models import CheckIn, Visit, VisitPart, seats

SPACING = timedelta(minutes=90)  # local practice: two visits of one officer begin this far apart


def members_by_target(task: Task) -> dict[int, list[Inspector]]:
    """Drawn target pk → who goes there now, after replacements, in the order of the draws."""
    held = list(
        seats()
        .filter(drawn_target__draw__task=task)
        .order_by("draw_id", "id")
        .values_list("drawn_target_id", "holder")
    )
    people = (
        Inspector.objects.filter(pk__in={holder for _, holder in held})
        .select_related("department", "user")
        .prefetch_related("certificates")
        .in_bulk()
    )
    found: dict[int, list[Inspector]] = defaultdict(list)
    for drawn_target, holder in held:
        if people[holder] not in found[drawn_target]:
            found[drawn_target].append(people[holder])
    return dict(found)


def members(visit: Visit) -> list[Inspector]:
    """The officers of one visit now, of the departments that have something to check there."""
    involved = set(visit.parts.filter(is_involved=True).values_list("department_id", flat=True))
    held = (
        seats()
        .filter(drawn_target=visit.drawn_target_id)
        .order_by("draw_id", "id")
        .values_list("holder", flat=True)
    )
    people = (
        Inspector.objects.filter(pk__in=list(held))
        .select_related("department", "user")
        .prefetch_related("certificates")
        .in_bulk()
    )
    return [people[pk] for pk in dict.fromkeys(held) if people[pk].department_id in involved]


def by_department(
    people: Iterable[Inspector], *, first: int
) -> list[tuple[Department, list[Inspector]]]:
    """People in groups by department, the department with pk `first` in front."""
    groups: dict[Department, list[Inspector]] = defaultdict(list)
    for each in people:
        groups[each.department].append(each)
    return sorted(groups.items(), key=lambda group: (group[0].pk != first, group[0].pk))


def present(inspector: Inspector) -> presence.Present:
    """An inspector as the rules on presence look at people."""
    return presence.Present(
        person=inspector.number,
        department=inspector.department.name,
        certificates=tuple(
            Span(each.valid_from, each.valid_to) for each in inspector.certificates.all()
        ),
        is_expert=inspector.is_expert,
    )


@dataclass(frozen=True, slots=True)
class Attendance:
    """One department on the spot.

    count  officers who count towards the two, by certificates of that day
    """

    part: VisitPart
    members: list[Inspector]
    here: list[CheckIn]
    count: int

    @property
    def is_enough(self) -> bool:
        return self.count >= presence.LEAST

    @property
    def missing(self) -> int:
        return max(0, presence.LEAST - self.count)

    @property
    def absent(self) -> list[Inspector]:
        there = {each.inspector_id for each in self.here}
        return [each for each in self.members if each.pk not in there]


def attendance(visit: Visit, *, on: date) -> list[Attendance]:
    """Every involved department with its officers; off the spot the named ones are there.

    Source: art. 21, paragraph 1; decision A12.
    """
    team = members(visit)
    here = list(
        visit.checkins.select_related("inspector__department").prefetch_related(
            "inspector__certificates"
        )
    )
    rows = []
    for part in visit.parts.filter(is_involved=True).select_related("department"):
        own = [each for each in team if each.department_id == part.department_id]
        there = [each for each in here if each.inspector.department_id == part.department_id]
        people = [each.inspector for each in there] if visit.is_onsite else own
        name = part.department.name
        count = presence.officers_present(map(present, people), [name], on=on)[name]
        rows.append(Attendance(part, own, there, count))
    return rows


def begins(visit: Visit) -> datetime | None:
    """Day and time of a planned visit, or None."""
    if visit.planned_on is None or not visit.slot:
        return None
    try:
        return datetime.combine(visit.planned_on, datetime.strptime(visit.slot, "%H:%M").time())
    except ValueError:
        return None


def clashes(visit: Visit) -> list[str]:
    """Sentences about officers who are planned elsewhere at the same time (WARN).

    Source: art. 20, paragraph 2, 负责协商议定检查日程.
    """
    when = begins(visit)
    if when is None:
        return []
    team = {each.pk: each for each in members(visit)}
    others = (
        Visit.objects.to_do()
        .filter(planned_on=visit.planned_on, team__members__in=team)
        .exclude(pk=visit.pk)
        .exclude(drawn_target__target=visit.drawn_target.target_id)  # the same door (E14)
        .distinct()
        .select_related("drawn_target__candidate")
        .prefetch_related("team__members")
    )
    found = []
    for other in others:
        begin = begins(other)
        if begin is None or abs(begin - when) >= SPACING:
            continue
        names = [each.name for each in other.team.members.all() if each.pk in team]
        if names:
            found.append(
                f"{'、'.join(names)}当天 {other.slot} 还要去{other}，与 {visit.slot} 相隔不到 "
                f"{SPACING.seconds // 60} 分钟。"
            )
    return found


def double_booked(visits: Iterable[Visit]) -> set[int]:
    """Of these visits, the pks where an officer is due elsewhere at the same time."""
    shown = {each.pk: each for each in visits if begins(each)}
    days = {each.planned_on for each in shown.values()}
    others = (
        Visit.objects.to_do()
        .filter(planned_on__in=days)
        .only("planned_on", "slot", "team")
        .annotate(place=F("drawn_target__target"))
        .prefetch_related("team__members")
    )
    times: dict[int, list[tuple[datetime, int, int]]] = defaultdict(list)
    for each in others:
        when = begins(each)
        if when is not None:
            for member in each.team.members.all():
                times[member.pk].append((when, each.pk, each.place))
    found: set[int] = set()
    for moments in times.values():
        moments.sort()
        for (one, first, here), (two, second, there) in pairwise(moments):
            if two - one < SPACING and here != there:
                found |= {first, second}
    return found & set(shown)
