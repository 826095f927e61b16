"""Who of a department may go where: the roster as it was frozen, and what came since (art. 18).

A department's people are written down the moment the target pool is frozen, before anybody knows
who will be drawn. Its own draw uses that text; afterwards only recusals and removals with a
reason can take somebody out (draw protocol, §8). Reasons are the rulebook's.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from liancha.accounts.models import Department
from liancha.roster.models import Inspector, Recusal
from liancha.rulebook import form, staffing
from liancha.rulebook.eligibility import InspectorFacts, InspectorFault, Span, inspector_faults
from liancha.rulebook.staffing import Need, Seat, Staffing
from liancha.task.models import Task

from .models import Draw, DrawnTarget, InputFile
from .pools import released

FACTS = "facts.json"
EXCLUDED = "excluded.tsv"
REMOVED_FILE = "removed.json"  # inspector number → why out since the freeze
PEOPLE_PER_TARGET = 2  # of each department (art. 20)
EVERYWHERE = "*"  # an exclusion that holds for every target
REGION = "region"
REMOVED = "removed"

REASONS: dict[str, str] = {
    **{fault.value: fault.label for fault in InspectorFault},
    REGION: "不在本人所属区域",
    REMOVED: "冻结后移出",
}


@dataclass(frozen=True, slots=True)
class Person:
    """One inspector as frozen. region is "" for the whole city."""

    number: str
    name: str
    capacity: int
    may_lead: bool
    region: str
    facts: InspectorFacts


def snapshot(
    department: Department, *, on: date, taken: Mapping[int, int] | None = None
) -> dict[str, bytes]:
    """roster.tsv and facts.json of everybody the department could send; experts are not counted.

    on     the day whose recusals hold
    taken  inspector's key → seats had already in earlier batches of the task: so much less room
    """
    people = list(Inspector.objects.of(department).officers().with_papers().order_by("number"))
    for each in people:
        each.capacity = max(0, each.capacity - (taken or {}).get(each.pk, 0))
    roster = "".join(f"{each.number}\t{each.capacity}\n" for each in sorted(people, key=_by_bytes))
    facts = [_written(each, on) for each in people]
    return {staffing.ROSTER: roster.encode(), FACTS: form.canonical(facts).encode()}


def _by_bytes(inspector: Inspector) -> bytes:
    return inspector.number.encode()


def _written(inspector: Inspector, on: date) -> dict[str, object]:
    facts = inspector.facts(on)
    return {
        "number": inspector.number,
        "name": inspector.name,
        "capacity": inspector.capacity,
        "may_lead": inspector.may_lead,
        "region": inspector.region_id or "",
        "on_duty": facts.is_on_duty,
        "post": facts.post,
        "skills": sorted(facts.skills),
        "certificates": [[s.first.isoformat(), s.last.isoformat()] for s in facts.certificates],
        "leaves": [[s.first.isoformat(), s.last.isoformat()] for s in facts.leaves],
        "recused_from": sorted(facts.recused_from),
    }


def _read(each: dict[str, object]) -> Person:
    def spans(pairs: object) -> tuple[Span, ...]:
        return tuple(Span(date.fromisoformat(a), date.fromisoformat(b)) for a, b in pairs)  # type: ignore[attr-defined]

    return Person(
        number=str(each["number"]),
        name=str(each["name"]),
        capacity=int(each["capacity"]),  # type: ignore[call-overload]
        may_lead=bool(each["may_lead"]),
        region=str(each["region"]),
        facts=InspectorFacts(
            certificates=spans(each["certificates"]),
            is_on_duty=bool(each["on_duty"]),
            post=str(each["post"]),
            skills=frozenset(each["skills"]),  # type: ignore[call-overload]
            leaves=spans(each["leaves"]),
            recused_from=frozenset(each["recused_from"]),  # type: ignore[call-overload]
        ),
    )


def frozen_people(draw: Draw, department: Department) -> list[Person]:
    """The department's people as frozen with this draw's target pool."""
    text = InputFile.objects.get(draw=draw, department=department, name=FACTS).text
    return [_read(each) for each in json.loads(text)]


def frozen_roster(draw: Draw, department: Department) -> str:
    return InputFile.objects.get(draw=draw, department=department, name=staffing.ROSTER).text


@dataclass(frozen=True)
class Prepared:
    """What a department's draw would start from.

    people     everybody on the frozen roster, by number
    units      target code → drawn target, only those the department goes to
    excluded   (target code or EVERYWHERE, inspector number) → reason
    staffing   roster, needs and allowed pairs
    counts     number of pairs kept apart, by reason in words
    """

    people: Mapping[str, Person]
    units: Mapping[str, DrawnTarget]
    excluded: Mapping[tuple[str, str], str]
    staffing: Staffing
    counts: Mapping[str, int]

    @property
    def drawable(self) -> list[Person]:
        """Those who may go to at least one target."""
        there = {name for seats in self.staffing.eligible.values() for name in seats}
        return [person for number, person in self.people.items() if number in there]

    @property
    def seats(self) -> int:
        return sum(need.people for need in self.staffing.needs.values())


@dataclass(frozen=True, slots=True)
class Supply:
    """What one department could send, before the pool is frozen.

    drawable  people with papers in order for the whole window
    room      targets they can take in all, each counted once a person
    needed    seats the draw will have to fill
    """

    department: Department
    people: int
    drawable: int
    room: int
    needed: int

    @property
    def is_short(self) -> bool:
        return self.drawable < PEOPLE_PER_TARGET or self.room < self.needed

    @property
    def is_tight(self) -> bool:
        """Nobody or hardly anybody is left to chance."""
        return not self.is_short and self.drawable < 2 * PEOPLE_PER_TARGET


def supplies(task: Task, *, count: int, on: date) -> list[Supply]:
    """Whether every participant has the people for so many targets (WARN, art. 18, paragraph 2)."""
    window = Span(task.starts_on, task.ends_on)
    found = []
    for part in task.participations.select_related("department"):
        people = list(Inspector.objects.of(part.department).officers().with_papers())
        able = [p for p in people if not inspector_faults(p.facts(on), window=window)]
        found.append(
            Supply(
                department=part.department,
                people=len(people),
                drawable=len(able),
                room=sum(min(each.capacity, count) for each in able),
                needed=PEOPLE_PER_TARGET * count,
            )
        )
    return found


def drawn_by_code(of: Draw) -> dict[str, DrawnTarget]:
    """Every target of a locked batch: what a draw of inspectors that is frozen may name."""
    drawn = DrawnTarget.objects.filter(draw=of).select_related("candidate", "target")
    return {each.candidate.code: each for each in drawn.order_by("id")}


def units_of(of: Draw, department: Department) -> dict[str, DrawnTarget]:
    """The drawn targets this department goes to now, by code: it may be released from more later,
    and a draw that is frozen does not change by it.
    """
    drawn = drawn_by_code(of)
    away = released(of.task, [each.target_id for each in drawn.values()])
    return {
        code: each
        for code, each in drawn.items()
        if department.pk not in away.get(each.target_id, ())
    }


def prepare(
    *, of: Draw, department: Department, leads: int = 0, removed: Iterable[str] = (), on: date
) -> Prepared:
    """The frozen people against the drawn targets, with the recusals known on this day.

    leads    how many of the two must be able to lead the team
    removed  numbers of people taken out since the freeze
    """
    people = {person.number: person for person in frozen_people(of, department)}
    units = units_of(of, department)
    later = recusals_on(people, units, on)
    window = Span(of.task.starts_on, of.task.ends_on)
    excluded: dict[tuple[str, str], str] = {}
    gone = set(removed)
    for number, person in people.items():
        if number in gone:
            excluded[EVERYWHERE, number] = REMOVED
        elif faults := inspector_faults(person.facts, window=window):
            excluded[EVERYWHERE, number] = faults[0].value
    eligible: dict[str, dict[str, Seat]] = {}
    for code, unit in units.items():
        seats: dict[str, Seat] = {}
        for number, person in people.items():
            if (EVERYWHERE, number) in excluded:
                continue
            if code in person.facts.recused_from or (number, code) in later:
                excluded[code, number] = InspectorFault.RECUSED.value
            elif person.region and person.region != unit.target.region_id:
                excluded[code, number] = REGION
            else:
                seats[number] = Seat.LEAD if person.may_lead else Seat.ANY
        eligible[code] = seats
    counts: Counter[str] = Counter()
    for (code, _), reason in excluded.items():
        counts[REASONS[reason]] += len(units) if code == EVERYWHERE else 1
    return Prepared(
        people=people,
        units=units,
        excluded=excluded,
        staffing=Staffing(
            roster={number: person.capacity for number, person in people.items()},
            needs={code: Need(PEOPLE_PER_TARGET, leads) for code in units},
            eligible=eligible,
        ),
        counts={reason: n for reason, n in sorted(counts.items()) if n},
    )


def recusals_on(
    people: Iterable[str], units: Mapping[str, DrawnTarget], on: date
) -> set[tuple[str, str]]:
    """(inspector number, target code) of every recusal now on record, old or new.

    A target that was merged is the same target under either of its records.
    """
    codes: defaultdict[int | None, set[str]] = defaultdict(set)
    for code, unit in units.items():
        for key in (unit.target_id, unit.target.merged_into_id):
            codes[key].add(code)
    codes.pop(None, None)
    rows = (
        Recusal.objects.about([unit.target_id for unit in units.values()])
        .filter(inspector__number__in=list(people))
        .select_related("inspector", "target")
    )
    return {
        (each.inspector.number, code)
        for each in rows
        if each.holds(on)
        for key in (each.target_id, each.target.merged_into_id)
        for code in codes.get(key, ())
    }


def excluded_text(prepared: Prepared) -> str:
    """excluded.tsv: target code or *, inspector, reason. Kept to explain; no part of the draw."""
    return "".join(
        f"{code}\t{number}\t{reason}\n"
        for (code, number), reason in sorted(prepared.excluded.items())
    )


def read_excluded(text: str) -> dict[tuple[str, str], str]:
    rows = (line.split("\t") for line in text.splitlines())
    return {(code, number): reason for code, number, reason in rows}


def departments_that_draw(task: Task, of: Draw) -> list[Department]:
    """The participants that go to at least one drawn target, the initiator first."""
    participants = [
        part.department
        for part in task.participations.select_related("department").order_by("-role", "id")
    ]
    return [department for department in participants if units_of(of, department)]
