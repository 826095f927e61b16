"""What lies on one person's desk: their department's running tasks and draws, read once.

Four questions to the database, however many tasks there are; the sources of `todos` share them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from functools import cached_property

from django.db.models import (
    Count,
    Exists,
    IntegerField,
    Min,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce

from liancha.accounts.models import User
from liancha.accounts.permissions import Permission
from liancha.disclosure.models import Result
from liancha.disclosure.queries import entries_saved
from liancha.draw.models import Dispatch, Draw, Party
from liancha.inspection.models import OVER, Visit
from liancha.lists.models import ListVersion
from liancha.rulebook.deadlines import Calendar
from liancha.rulebook.lifecycles import DrawState, ListState, TaskState, VisitState
from liancha.task.models import Participation, Task
from liancha.workdays import queries as workdays

ENDED = (TaskState.RESULTS_PUBLISHED, TaskState.ARCHIVED)


@dataclass(frozen=True, slots=True)
class Running:
    """A task under way, with what of it is still open for one department.

    confirmed, people_drawn  its own word; its own people, for every batch
    target_draw              key of the last locked draw of targets
    undispatched             key of a locked supplementary batch nobody has been sent
    dispatch, dispatch_due   the list it has not signed for; dispatch_draw is that batch
    untold, unplanned        visits to announce, and those among them without a day
    told_by                  first planned day of those to announce
    unpublished              results of all departments
    """

    task: Task
    confirmed: bool
    people_drawn: bool
    target_draw: int | None
    undispatched: int | None
    dispatch: int | None
    dispatch_draw: int | None
    dispatch_due: date | None
    visits_made: int
    visits_all: int
    untold: int
    unplanned: int
    told_by: date | None
    unpublished: int

    @property
    def state(self) -> TaskState:
        return TaskState(self.task.state)


OPEN = tuple(each.name for each in fields(Running))[1:]


@dataclass
class Desk:
    """Whose desk, and which day it is."""

    user: User
    today: date
    calendar: Calendar = field(default_factory=workdays.calendar)

    def may(self, *permissions: Permission) -> bool:
        return any(self.user.may(permission) for permission in permissions)

    @cached_property
    def lists(self) -> list[tuple[ListVersion, int]]:
        """Lists of one's own region in force or on the way; how many have not signed yet."""
        if self.user.department is None:
            return []
        found = ListVersion.objects.filter(
            state__in=(ListState.CONSULTING, ListState.APPROVED, ListState.PUBLISHED),
            region=self.user.department.region_id,
        ).annotate(silent=Count("cosigns", filter=Q(cosigns__agrees=None)))
        return [(each, each.silent) for each in found.select_related("region")]

    @cached_property
    def tasks(self) -> list[Running]:
        """Running tasks the department takes part in, those that end first on top."""
        department = self.user.department_id
        if department is None or not self.may(Permission.TASK_VIEW):
            return []
        own_visits = Visit.objects.filter(team__task=OuterRef("pk"))
        unsigned = Dispatch.objects.filter(
            draw__task=OuterRef("pk"), department=department, acknowledged_at=None
        ).order_by("pk")
        drawn = Draw.objects.filter(task=OuterRef("pk")).locked()
        batches = drawn.of_targets().order_by("-pk")
        manned = Draw.objects.filter(of=OuterRef("pk"), department=department).locked()
        running = (
            Task.objects.filter(participations__department=department)
            .exclude(state__in=ENDED)
            .select_related("initiator", "scheme", "line", "field")
            .annotate(
                confirmed=Exists(
                    Participation.objects.filter(
                        task=OuterRef("pk"), department=department, confirmed_at__isnull=False
                    )
                ),
                people_drawn=Exists(batches) & ~Exists(batches.exclude(Exists(manned))),
                target_draw=Subquery(batches.values("pk")[:1]),
                undispatched=Subquery(
                    batches.filter(supplements__isnull=False, dispatches=None).values("pk")[:1]
                ),
                dispatch=Subquery(unsigned.values("pk")[:1]),
                dispatch_draw=Subquery(unsigned.values("draw")[:1]),
                dispatch_due=Subquery(unsigned.values("due_on")[:1]),
                visits_made=counted(own_visits.filter(state__in=OVER), "team__task"),
                visits_all=counted(own_visits, "team__task"),
                untold=counted(own_visits.filter(state=VisitState.PENDING), "team__task"),
                unplanned=counted(
                    own_visits.filter(state=VisitState.PENDING, planned_on=None), "team__task"
                ),
                told_by=Subquery(
                    own_visits.filter(state=VisitState.PENDING)
                    .order_by()
                    .values("team__task")
                    .annotate(first=Min("planned_on"))
                    .values("first")
                ),
                unpublished=counted(
                    Result.objects.unpublished().filter(part__visit__team__task=OuterRef("pk")),
                    "part__visit__team__task",
                ),
            )
        )
        found = running.order_by("ends_on", "pk")
        return [Running(each, *(getattr(each, name) for name in OPEN)) for each in found]

    @cached_property
    def own_tasks(self) -> list[Running]:
        """Those the department initiated."""
        own = self.user.department_id
        return [each for each in self.tasks if each.task.initiator_id == own]

    @property
    def draws(self) -> list[Draw]:
        """Open draws the department runs, or where it or the person is a party."""
        return [draw for draw in self._draws if draw.state != DrawState.VOID]

    @property
    def uncomputed(self) -> list[Draw]:
        """The department's void draws that are still to be computed."""
        return [draw for draw in self._draws if draw.state == DrawState.VOID]

    @cached_property
    def _draws(self) -> list[Draw]:
        """Both, in one question to the database."""
        if not self.may(Permission.DRAW_WATCH):
            return []
        mine = Q(user=self.user)
        is_own = Q(department__isnull=False, department=self.user.department_id)
        if self.user.department_id:
            mine |= Q(user=None, department=self.user.department_id)
        joined = Party.objects.filter(mine).values("draw")
        found = Draw.objects.open().filter(Q(pk__in=joined) | Q(keeper=self.user) | is_own)
        found |= Draw.objects.uncomputed().filter(is_own)
        related = found.select_related("task", "department").prefetch_related("parties")
        return list(related.order_by("pk"))

    def visits_by_day(self, monday: date) -> dict[date, int]:
        """Visits planned in a week: one's own, or those of the department's tasks."""
        if not self.may(Permission.INSPECTION_VIEW):
            return {}
        visits = Visit.objects.filter(planned_on__range=(monday, monday + timedelta(days=6)))
        inspector = getattr(self.user, "inspector", None) if self._is_officer else None
        if inspector is not None:
            visits = visits.attended_by(inspector)
        elif self.user.department_id:
            visits = visits.filter(team__task__participations__department=self.user.department_id)
        else:
            return {}
        rows = visits.order_by().values_list("planned_on").annotate(Count("pk", distinct=True))
        return dict(rows)

    @property
    def _is_officer(self) -> bool:
        return self.may(Permission.INSPECTION_CHECK) and not self.may(Permission.TASK_VIEW)

    @cached_property
    def saved(self) -> int:
        """户次 of this year that joint visits of the department spared."""
        if not self.may(Permission.DISCLOSURE_VIEW) or self.user.department_id is None:
            return 0
        made = Visit.objects.filter(completed_at__year=self.today.year)
        if not self.user.sees_all_departments:
            made = made.filter(
                pk__in=made.filter(
                    parts__department=self.user.department_id, parts__is_involved=True
                ).values("pk")
            )
        return entries_saved(made)


def counted(rows: QuerySet[Model], by: str) -> Coalesce:
    """How many of these rows belong to the outer record; 0 where none does."""
    numbers = rows.order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(numbers, output_field=IntegerField()), 0)
