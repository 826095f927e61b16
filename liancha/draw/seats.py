"""Who sits where now: the drawn seats, the replacements since, and who would come next.

The drawn rows are locked; what is true today is those rows with every approved replacement laid
over them. The order of those who could come is the tickets', fixed since the seed (protocol, §8).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from liancha.accounts.models import Department
from liancha.roster.models import Inspector
from liancha.rulebook import assignment as drawing
from liancha.rulebook import replacement
from liancha.rulebook.eligibility import InspectorFault
from liancha.rulebook.lifecycles import ReplacementState
from liancha.rulebook.shortage import Infeasible
from liancha.rulebook.staffing import Seat, Staffing
from liancha.rulebook.transcript import InspectorTranscript
from liancha.rulebook.verdicts import Blocked

from . import rosters, rules, transcripts
from .models import Assignment, Draw, DrawnTarget, Replacement

ANY_SEED = "0" * 64  # whether an assignment exists does not depend on the seed


def prepared(
    *,
    of: Draw,
    department: Department,
    removed: Iterable[str] = (),
    base: int = 1,
    on: date,
) -> rosters.Prepared:
    """What a department's draw starts from, with a lead seat for the initiator where one fits.

    Raises Infeasible when no assignment exists, Blocked without people or targets.
    Source: art. 19, paragraph 1; art. 20 for the leader.
    """
    leads = 1 if department.pk == of.department_id else 0
    found = rosters.prepare(of=of, department=department, leads=leads, removed=removed, on=on)
    if not found.units:
        raise Blocked(
            f"抽中的检查对象都不涉及{department.name}，不必抽取人员。", article="19", paragraph=1
        )
    if not found.people:
        raise Blocked(
            f"建库时{department.name}的执法检查人员名录库是空的，无法抽取。"
            "请联系联席会议办公室，按单随机或作废重来办理。",
            article="18",
            paragraph=2,
        )
    try:
        drawing.assign(found.staffing.checked(), seed=ANY_SEED, base=base)
    except Infeasible:
        if not leads:
            raise
        found = rosters.prepare(of=of, department=department, removed=removed, on=on)
        drawing.assign(found.staffing.checked(), seed=ANY_SEED, base=base)
    return found


# ── Seats as they are now ─────────────────────────────────────────────────────────────────────


def approved(draw: Draw) -> dict[int, Replacement]:
    """The last approved replacement of each drawn seat that has one, by assignment."""
    rows = (
        Replacement.objects.filter(assignment__draw=draw, state=ReplacementState.APPROVED)
        .select_related("coming")
        .order_by("decided_at", "id")
    )
    return {row.assignment_id: row for row in rows}


def holder(assignment: Assignment) -> Inspector:
    """Who has this seat today."""
    last = (
        assignment.replacements.filter(state=ReplacementState.APPROVED)
        .order_by("decided_at", "id")
        .last()
    )
    return last.coming if last else assignment.inspector


def holders(draw: Draw) -> list[tuple[Assignment, Inspector]]:
    """Every drawn seat of a department's draw with the person who has it today."""
    changed = approved(draw)
    seats = draw.assignments.select_related("inspector", "drawn_target__candidate")
    return [
        (seat, changed[seat.pk].coming if seat.pk in changed else seat.inspector) for seat in seats
    ]


def teams_now(draw: Draw) -> dict[str, set[str]]:
    """Target code → numbers of the inspectors who go there today."""
    teams: dict[str, set[str]] = defaultdict(set)
    for seat, person in holders(draw):
        teams[seat.drawn_target.candidate.code].add(person.number)
    return teams


def current_inspectors(drawn_target: DrawnTarget) -> dict[Department, list[Inspector]]:
    """Who goes to this target, by department, after all approved replacements."""
    seats = (
        Assignment.objects.filter(drawn_target=drawn_target)
        .select_related("inspector", "draw__department")
        .order_by("draw__department", "inspector__number")
    )
    changed = {
        row.assignment_id: row.coming
        for row in Replacement.objects.filter(assignment__in=seats, state=ReplacementState.APPROVED)
        .select_related("coming")
        .order_by("decided_at", "id")
    }
    found: dict[Department, list[Inspector]] = {}
    for seat in seats:
        people = found.setdefault(seat.draw.department, [])
        people.append(changed.get(seat.pk, seat.inspector))
    return found


# ── Who would come ────────────────────────────────────────────────────────────────────────────


def staffing_now(draw: Draw, on: date) -> Staffing:
    """The frozen inputs without the pairs that a recusal declared since has ruled out."""
    frozen = rules.staffing_of(draw)
    assert draw.of is not None
    apart = rosters.recusals_on(frozen.roster, rosters.drawn_by_code(draw.of), on)
    return Staffing(
        frozen.roster,
        frozen.needs,
        {
            unit: {name: seat for name, seat in seats.items() if (name, unit) not in apart}
            for unit, seats in frozen.eligible.items()
        },
    )


def in_line(assignment: Assignment, *, on: date, shown: int = 3) -> list[Inspector]:
    """Who would be asked for this seat, in the order of the tickets; people on duty only."""
    draw = assignment.draw
    numbers = replacement.next_in_line(
        staffing_now(draw, on),
        teams_now(draw),
        seed=draw.seed,
        cap=cap_of(draw),
        unit=assignment.drawn_target.candidate.code,
        leaving=holder(assignment).number,
    )
    people = {
        each.number: each
        for each in draw.department.inspectors.filter(
            number__in=numbers, status=Inspector.Status.ON_DUTY
        )
    }
    return [people[number] for number in numbers if number in people][:shown]


def next_for(assignment: Assignment, *, on: date) -> Inspector | None:
    """The next by ticket for this seat, None when nobody is left."""
    return next(iter(in_line(assignment, on=on, shown=1)), None)


def lines_of(draw: Draw, *, on: date, shown: int = 3) -> dict[str, list[str]]:
    """Target code → numbers of those who would come next if any one of the team cannot go."""
    staffing, teams, cap = staffing_now(draw, on), teams_now(draw), cap_of(draw)
    return {
        unit: list(
            replacement.next_in_line(
                staffing, teams, seed=draw.seed, cap=cap, unit=unit, leaving=min(team)
            )
        )[:shown]
        for unit, team in teams.items()
    }


def cap_of(draw: Draw) -> int:
    """The transcript's cap."""
    read = transcripts.read(draw)
    assert isinstance(read, InspectorTranscript)
    return read.cap


def problem_of(assignment: Assignment, coming: Inspector, *, on: date) -> str:
    """Why this person cannot take the seat, a Chinese sentence; "" when they can.

    Holds for a designated person as for the next by ticket: own department, on the frozen roster,
    not on the team, not recused, certificate and duty as frozen.
    """
    draw = assignment.draw
    code = assignment.drawn_target.candidate.code
    if coming.department_id != draw.department_id:
        return f"{coming.name}不是{draw.department.name}的人员。"
    if coming.status != Inspector.Status.ON_DUTY:
        return f"{coming.name}现在不在岗。"
    leaving = holder(assignment)
    team = teams_now(draw)[code]
    if coming.number in team or coming == leaving:
        return f"{coming.name}已经在这一户的检查人员中。"
    seats = staffing_now(draw, on).eligible.get(code, {})
    if coming.number not in seats:
        return f"{coming.name}不能去这一户：{why_not(draw, code, coming.number)}。"
    need = rules.staffing_of(draw).needs[code]
    staying = team - {leaving.number}
    leads = sum(seats.get(name) == Seat.LEAD for name in {*staying, coming.number})
    if leads < need.leads:
        return f"这一户要有一名可任组长的人员，{coming.name}不能任组长。"
    return ""


def why_not(draw: Draw, code: str, number: str) -> str:
    """Why a pair was kept apart, in words."""
    if number not in rules.staffing_of(draw).roster:
        return "不在冻结的人员库中"
    reasons = excluded_of(draw)
    reason = reasons.get((rosters.EVERYWHERE, number)) or reasons.get((code, number))
    return rosters.REASONS[reason or InspectorFault.RECUSED.value]  # declared since the freeze


def excluded_of(draw: Draw) -> Mapping[tuple[str, str], str]:
    text = draw.inputs.get(department=draw.department, name=rosters.EXCLUDED).text
    return rosters.read_excluded(text)
