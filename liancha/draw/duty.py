"""A department's draw of inspectors as its pages show it: before it, after it, and why.

Reads only. Codes and numbers of the protocol are turned into names here, and nowhere else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from liancha.accounts.models import Department
from liancha.roster.models import Inspector
from liancha.rulebook import assignment as drawing
from liancha.rulebook import explanation, staffing
from liancha.rulebook.explanation import Fate
from liancha.rulebook.shortage import Change, Infeasible, Loosen, Shortage
from liancha.rulebook.verdicts import Blocked
from liancha.task.models import Task

from . import outlook, rosters, rules, seats, transcripts
from .models import Assignment, Draw, DrawnTarget, Replacement

GRANTED_BY = {
    Loosen.CAPACITY: "上限已随待抽检库冻结，下次建库前改",
    Loosen.EVERYONE: "上限已随待抽检库冻结，下次建库前改",
    Loosen.ALLOW: "本部门负责人撤回移出或回避",
    Loosen.ALLOW_LEAD: "本部门负责人撤回移出或回避，并认可组长资格",
    Loosen.LEAD: "发起部门改由其他部门的人任组长",
    Loosen.LEADS: "发起部门改由其他部门的人任组长",
    Loosen.PEOPLE: "发起部门负责人，按第十九条第二款",
}


@dataclass(frozen=True, slots=True)
class Cure:
    """One relaxation that was tried and helps: what, and who may grant it."""

    words: str
    by: str


@dataclass(frozen=True, slots=True)
class Knot:
    """One shortage in words: which targets, what they lack, whom they could have, what helps."""

    targets: tuple[str, ...]
    people: tuple[tuple[str, int], ...]
    seats: int
    is_lead: bool
    allowed: int
    wanted: int
    cures: tuple[Cure, ...]


@dataclass(frozen=True, slots=True)
class OnRoster:
    """One person of the frozen roster. why is "" for a drawable one; apart counts targets."""

    person: rosters.Person
    why: str
    apart: int


def counted(reasons: Iterable[str]) -> str:
    """证件到期 1，请假 2: at most three reasons, with how many each."""
    found = Counter(reasons).most_common(3)
    return "，".join(f"{reason} {n}" for reason, n in found)


@dataclass(frozen=True)
class Preview:
    """What a department's draw would start from now, or why it cannot.

    prepared  None when there is nothing to draw from
    forced    targets where nothing is left to chance: no more eligible than needed
    mean      the average load, proposed as base where chance counts more than evenness
    ways      what either way of sharing would come to; none where nothing can be drawn
    """

    prepared: rosters.Prepared | None
    problem: str
    knots: tuple[Knot, ...]
    forced: tuple[DrawnTarget, ...]
    mean: int
    out: tuple[tuple[rosters.Person, str], ...]
    pairs: tuple[tuple[str, int], ...]
    ways: tuple[outlook.Way, ...] = ()

    @property
    def may_freeze(self) -> bool:
        return self.prepared is not None and not self.problem

    @property
    def roster(self) -> list[OnRoster]:
        """Everybody by number: why not drawable, or from how many targets kept apart."""
        if self.prepared is None:
            return []
        why = {person.number: reason for person, reason in self.out}
        apart = Counter(n for (c, n) in self.prepared.excluded if c != rosters.EVERYWHERE)
        return [
            OnRoster(person, why.get(number, ""), apart[number])
            for number, person in self.prepared.people.items()
        ]

    @property
    def out_note(self) -> str:
        return counted(reason for _, reason in self.out)

    @property
    def pairs_note(self) -> str:
        n = sum(n for _, n in self.pairs)
        return f"另有 {n} 对回避或跨区" if n else "没有回避关系"

    @property
    def seats_note(self) -> str:
        return (
            f"{len(self.prepared.units)} 户，每户 {rosters.PEOPLE_PER_TARGET} 人"
            if self.prepared
            else ""
        )


def preview(of: Draw, department: Department, *, removed: Mapping[str, str], on: date) -> Preview:
    """Everything the page says before a department freezes its people."""
    knots: tuple[Knot, ...] = ()
    problem = ""
    prepared: rosters.Prepared | None
    try:
        prepared = seats.prepared(of=of, department=department, removed=removed, on=on)
    except Infeasible as refusal:
        prepared = rosters.prepare(of=of, department=department, removed=removed, on=on)
        knots = tuple(_knot(prepared, each) for each in refusal.shortages)
        problem = "执法检查人员排不开，现在不能抽取。"
    except Blocked as refusal:
        return Preview(None, str(refusal), (), (), 1, (), ())
    able = max(1, len(prepared.drawable))
    everywhere = {n: r for (c, n), r in prepared.excluded.items() if c == rosters.EVERYWHERE}
    pairs = Counter(r for (c, _), r in prepared.excluded.items() if c != rosters.EVERYWHERE)
    mean = max(1, -(-prepared.seats // able))
    return Preview(
        prepared=prepared,
        problem=problem,
        knots=knots,
        forced=tuple(prepared.units[u] for u in staffing.forced_units(prepared.staffing)),
        mean=mean,
        out=tuple(
            (person, rosters.REASONS[everywhere[number]])
            for number, person in prepared.people.items()
            if number in everywhere
        ),
        pairs=tuple((rosters.REASONS[reason], n) for reason, n in sorted(pairs.items())),
        ways=() if problem else tuple(outlook.shown(prepared, base) for base in outlook.ways(mean)),
    )


def _knot(prepared: rosters.Prepared, shortage: Shortage) -> Knot:
    return Knot(
        targets=tuple(prepared.units[unit].candidate.name for unit, _ in shortage.missing),
        people=tuple((prepared.people[n].name, most) for n, most in shortage.inspectors),
        seats=shortage.seats,
        is_lead=shortage.is_lead,
        allowed=shortage.allowed[0],
        wanted=shortage.wanted[0],
        cures=tuple(
            Cure(
                "；".join(_in_words(prepared, change) for change in changes),
                GRANTED_BY[changes[0].kind],
            )
            for changes in shortage.relaxations
        ),
    )


def _in_words(prepared: rosters.Prepared, change: Change) -> str:
    name = prepared.people[change.inspector].name if change.inspector else ""
    target = prepared.units[change.unit].candidate.name if change.unit else ""
    match change.kind:
        case Loosen.CAPACITY:
            return f"{name}的上限由 {change.before} 户改为 {change.after} 户"
        case Loosen.LEAD:
            return f"认可{name}任{target}的组长"
        case Loosen.EVERYONE:
            return f"能派去的人上限都提高到 {change.after} 户"
        case Loosen.ALLOW:
            return f"允许{name}去{target}"
        case Loosen.ALLOW_LEAD:
            return f"允许{name}去{target}并任组长"
        case Loosen.LEADS:
            return f"{target}的组长席由 {change.before} 改为 {change.after}"
        case Loosen.PEOPLE:
            return f"{target}只去 {change.after} 人"


# ── After the draw ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Seat:
    """One seat: who was drawn, who goes today, and what is asked for it."""

    assignment: Assignment
    person: Inspector
    was_repaired: bool
    history: tuple[Replacement, ...]

    @property
    def is_replaced(self) -> bool:
        return self.person.pk != self.assignment.inspector_id

    @property
    def waiting(self) -> Replacement | None:
        return next((r for r in self.history if r.state == "requested"), None)


@dataclass(frozen=True, slots=True)
class Team:
    """One target with the department's seats there, and who would come next."""

    target: DrawnTarget
    seats: tuple[Seat, ...]
    next_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Load:
    name: str
    number: str
    n: int
    percent: int


@dataclass(frozen=True)
class Drawn:
    """A locked draw of inspectors as its page shows it."""

    teams: tuple[Team, ...]
    loads: tuple[Load, ...]
    cap: int
    people: int
    able: int
    pairs: int
    excluded: tuple[tuple[str, int], ...]
    has_lead: bool

    @property
    def seats(self) -> int:
        return sum(len(team.seats) for team in self.teams)

    @property
    def span(self) -> str:
        """1~2: the least and the most anybody has."""
        loads = [load.n for load in self.loads]
        least, most = min(loads, default=0), max(loads, default=0)
        return str(least) if least == most else f"{least}~{most}"

    @property
    def barred(self) -> int:
        return sum(n for _, n in self.excluded)

    @property
    def barred_note(self) -> str:
        return "，".join(f"{reason} {n}" for reason, n in self.excluded[:3])

    @property
    def pairs_note(self) -> str:
        return f"另有 {self.pairs} 对回避或跨区" if self.pairs else "没有回避关系"

    @property
    def seats_note(self) -> str:
        busy = sum(1 for load in self.loads if load.n)
        return f"{len(self.teams)} 户，{busy} 人分担"

    @property
    def cap_note(self) -> str:
        return f"抽取时每人最多 {self.cap} 户"

    @property
    def per(self) -> int:
        return max((len(team.seats) for team in self.teams), default=0)


def drawn(draw: Draw, *, on: date) -> Drawn:
    """Teams, loads and lines of succession of a locked draw."""
    assert draw.of is not None
    given = rules.staffing_of(draw)
    trace = transcripts.assignment_of(draw).trace
    people = {p.number: p for p in rosters.frozen_people(draw.of, draw.department)}
    history: dict[int, list[Replacement]] = {}
    for row in Replacement.objects.filter(assignment__draw=draw).select_related(
        "leaving", "coming", "requested_by", "decided_by"
    ):
        history.setdefault(row.assignment_id, []).append(row)
    lines = seats.lines_of(draw, on=on)
    teams: dict[int, list[Seat]] = {}
    targets: dict[int, DrawnTarget] = {}
    loads: Counter[str] = Counter()
    for assignment, person in seats.holders(draw):
        code = assignment.drawn_target.candidate.code
        targets[assignment.drawn_target_id] = assignment.drawn_target
        loads[person.number] += 1
        teams.setdefault(assignment.drawn_target_id, []).append(
            Seat(
                assignment,
                person,
                (code, assignment.inspector.number) in trace.repaired,
                tuple(history.get(assignment.pk, ())),
            )
        )
    able = {name for members in given.eligible.values() for name in members}
    most = max(loads.values(), default=1)
    excluded = seats.excluded_of(draw)
    everywhere = Counter(r for (c, _), r in excluded.items() if c == rosters.EVERYWHERE)
    return Drawn(
        teams=tuple(
            Team(
                targets[pk],
                tuple(teams[pk]),
                tuple(people[n].name for n in lines[targets[pk].candidate.code]),
            )
            for pk in sorted(targets)
        ),
        loads=tuple(
            Load(people[number].name, number, loads[number], 100 * loads[number] // most)
            for number in sorted(able, key=lambda each: (-loads[each], each))
        ),
        cap=seats.cap_of(draw),
        people=len(people),
        able=len(able),
        pairs=sum(1 for code, _ in excluded if code != rosters.EVERYWHERE),
        excluded=tuple((rosters.REASONS[r], n) for r, n in sorted(everywhere.items())),
        has_lead=any(need.leads for need in given.needs.values()),
    )


@dataclass(frozen=True, slots=True)
class Fated:
    """One inspector against one target: what became of the pair, in one line."""

    name: str
    ticket: str
    mark: str
    words: str


def explain(draw: Draw, target: DrawnTarget) -> list[Fated]:
    """Everybody of the department for one target: in ticket order, then those kept apart."""
    assert draw.of is not None
    given = rules.staffing_of(draw)
    result = transcripts.assignment_of(draw)
    people = {p.number: p for p in rosters.frozen_people(draw.of, draw.department)}
    units = rosters.drawn_by_code(draw.of)
    code = target.candidate.code
    rows = []
    for each in explanation.explain_unit(given, result, seed=draw.seed, unit=code):
        name = people[each.inspector].name
        load = result.loads[each.inspector]
        mark, words = _fate(each, load, units)
        rows.append(Fated(name, each.ticket, mark, words))
    apart = seats.excluded_of(draw)
    for (unit, number), reason in sorted(apart.items()):
        if unit in (code, rosters.EVERYWHERE):
            ticket = drawing.ticket(draw.seed, code, number)
            words = f"{rosters.REASONS[reason]}，抽取前已排除"
            rows.append(Fated(people[number].name, ticket, "no", words))
    return sorted(rows, key=lambda row: row.ticket)


def _fate(
    each: explanation.Candidate, load: int, units: Mapping[str, DrawnTarget]
) -> tuple[str, str]:
    match each.fate:
        case Fate.DRAWN:
            return "ok", "票据小且有余量，抽中"
        case Fate.REPAIRED:
            return "ok", "前面的人换到别处后补入"
        case Fate.MOVED:
            return "mv", f"先取，后换到{units[each.moved_to].candidate.name}：那里缺人"
        case Fate.FULL:
            return "no", f"轮到时已排满，共查 {load} 户"
        case Fate.SEAT:
            return "no", "只剩组长席"
        case Fate.LATER:
            return "", "票据更大，未抽中"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far one participant is with its own draw."""

    department: Department
    draw: Draw | None
    units: int


def progress(task: Task, of: Draw) -> list[Standing]:
    """Every participant, the initiator first, with its draw if there is one."""
    draws = {
        draw.department_id: draw for draw in of.inspector_draws.exclude(state="void").order_by("id")
    }
    return [
        Standing(
            part.department,
            draws.get(part.department_id),
            len(rosters.units_of(of, part.department)),
        )
        for part in task.participations.select_related("department").order_by("-role", "id")
    ]
