"""Whose inspections of one firm could be one visit: what is open, read once, and what came of it.

Only targets of open tasks, of single checks and of visits to be made again are read, never the
register: it costs the same however many targets the city has. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Count, Exists, F, OuterRef

from liancha.accounts.models import User
from liancha.disclosure.models import FollowUp
from liancha.draw.models import Draw, DrawnTarget
from liancha.inspection.models import OVER, Caller, JointCall, Visit
from liancha.plan import bases
from liancha.plan.models import PlanLine
from liancha.registry.models import CaseCheck, InspectionFact, SoloCheck, Target
from liancha.rulebook import merging
from liancha.rulebook.lifecycles import DrawState, FollowUpState, TaskState, VisitState
from liancha.rulebook.merging import Stop
from liancha.task.models import Period, Task

from .models import MergeProposal, MergeSide

K = MergeSide.Kind
TO_VISIT = (
    TaskState.TARGETS_DRAWN,
    TaskState.DISPATCHED,
    TaskState.INSPECTORS_DRAWN,
    TaskState.TEAMS_SET,
    TaskState.INSPECTING,
)
CASES_FOR = 60  # days after which a case nobody has looked at is no reason for a visit any more


@dataclass(frozen=True, slots=True)
class Errand:
    """One open inspection: what the rule compares, and what a side of a proposal keeps of it."""

    stop: Stop
    kind: str
    what: str
    slot: str = ""
    drawn_target: int | None = None


def errands(today: date) -> list[Errand]:
    """All that is still to be made: drawn targets without a visit begun, checks alone agreed to,
    cases nobody has looked at, visits to be made again.
    """
    return [*_drawn(), *_solo(today), *_cases(today), *_again(today)]


def _drawn() -> Iterator[Errand]:
    tasks = Task.objects.filter(state__in=TO_VISIT).select_related("line", "scheme", "field")
    windows: dict[int, tuple[Task, Period]] = {each.pk: (each, each.visits) for each in tasks}
    rows = (
        DrawnTarget.objects.filter(
            draw__state=DrawState.LOCKED, draw__kind=Draw.Kind.TARGETS, draw__task__in=windows
        )
        .exclude(visit__state__in=(*OVER, VisitState.STARTED))
        .values_list("pk", "target", "draw__task", "visit__planned_on", "visit__slot")
    )
    for pk, target, task_id, planned_on, slot in rows:
        task, window = windows[task_id]
        yield Errand(
            Stop(
                f"{K.DRAWN}:{pk}",
                target,
                task.initiator_id,
                task.field.code,
                planned_on or window.starts_on,
                planned_on or window.ends_on,
                task_id,
            ),
            K.DRAWN,
            f"{task.name}（{task.number}）",
            slot or "",
            drawn_target=pk,
        )


def _solo(today: date) -> Iterator[Errand]:
    rows = SoloCheck.objects.without_result().filter(planned_on__gte=today)
    for one in rows.only("pk", "target", "department", "item", "planned_on"):
        stop = Stop(
            f"{K.SOLO}:{one.pk}", one.target_id, one.department_id, "", *(one.planned_on,) * 2
        )
        yield Errand(stop, K.SOLO, f"单独检查：{one.item}")


def _cases(today: date) -> Iterator[Errand]:
    """A case is answered at once: it is due today, whatever came of the clue is not told."""
    since = today - timedelta(days=CASES_FOR)
    rows = CaseCheck.objects.filter(checked_on=None, received_on__gte=since)
    for pk, target, department in rows.values_list("pk", "target", "department"):
        stop = Stop(f"{K.CASE}:{pk}", target, department, "", today, today)
        yield Errand(stop, K.CASE, "个案检查")


def _again(today: date) -> Iterator[Errand]:
    rows = FollowUp.objects.filter(
        state=FollowUpState.OPEN, kind=FollowUp.Kind.RECTIFY, due_on__gte=today
    ).values_list(
        "pk",
        "department",
        "due_on",
        "result__part__visit__drawn_target",
        "result__part__visit__drawn_target__target",
        "result__part__visit__team__task",
    )
    for pk, department, due_on, drawn, target, task in rows:
        assert due_on is not None
        stop = Stop(f"{K.FOLLOW}:{pk}", target, department, "", due_on, due_on, task)
        yield Errand(stop, K.FOLLOW, f"责令改正后复查，{due_on} 到期", drawn_target=drawn)


@dataclass(frozen=True, slots=True)
class LineAhead:
    """A plan line that begins soon, and how many of its targets an open task goes to anyway."""

    line: PlanLine
    task: Task
    firms: int


def lines_ahead(user: User, today: date) -> list[LineAhead]:
    """Lines that want a task and begin soon, against open tasks this person's department is in.

    Counts, and only of lists the reader may read. Nobody is drawn for it or kept out by hand: who
    is drawn in an open task stays out of the next pool until that task is over (draw.pools).

    Source: E14 and A24; art. 18, the pool is what the line says.
    """
    own = Task.objects.filter(
        state__in=TO_VISIT, participations__department=user.department_id
    ).in_bulk()
    if not own:
        return []
    until = today + timedelta(days=settings.LIANCHA_MERGE_DAYS)
    lines = (
        PlanLine.objects.ready()
        .filter(starts_on__lte=until, ends_on__gte=today)
        .annotate(made=Count("tasks"))
        .filter(made__lt=F("frequency"))
        .select_related("field", "initiator")
        .order_by("starts_on", "pk")
    )
    found = []
    for line in lines:
        pool = bases.narrowed(
            Target.objects.tagged(line.field.tag), line.target_filter, first=line.starts_on
        )
        rows = (
            DrawnTarget.objects.filter(draw__state=DrawState.LOCKED, draw__task__in=own)
            .exclude(draw__task__field__code=line.field.code)
            .exclude(visit__state__in=(*OVER, VisitState.STARTED))
            .filter(Exists(pool.filter(pk=OuterRef("target"))))
            .order_by("draw__task")
            .values("draw__task")
            .annotate(n=Count("pk"))
        )
        found += [LineAhead(line, own[row["draw__task"]], row["n"]) for row in rows]
    return found


# ── What came of it ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Balance:
    """A year of coming together.

    calls     appointments that hold two inspections or more
    saved     how often nobody had to open the door again (K17)
    together  inspections of several departments at once; alone: by one department, cases too
    """

    year: int
    calls: int
    saved: int
    together: int
    alone: int


def balance(year: int) -> Balance:
    """How many visits were spared and how many were made together; names nobody.

    Source: E14; K5 and K17, shown and never scored.
    """
    calls = JointCall.objects.filter(appointed_on__year=year)
    sizes = [
        row["n"]
        for row in Caller.objects.filter(call__in=calls)
        .order_by()
        .values("call")
        .annotate(n=Count("pk"))
        if row["n"] > 1
    ]
    alone = InspectionFact.objects.filter(on__year=year).exclude(origin=InspectionFact.Origin.JOINT)
    return Balance(
        year,
        calls=len(sizes),
        saved=merging.visits_saved(sizes),
        together=Visit.objects.filter(state__in=OVER, completed_at__year=year).count(),
        alone=alone.count(),
    )


def counts(user: User) -> dict[str, int]:
    """How many proposals of each state this person may read."""
    rows = MergeProposal.objects.visible_to(user).order_by().values("state")
    return {row["state"]: row["n"] for row in rows.annotate(n=Count("pk"))}
