"""上年度执法数据: what a year's plan asked and what was done, from what is published (E18).

Counts of plan lines, visits, results and follow-ups, by department. Every figure can be made again
from published records; penalties are known here only as far as a case was handed over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from django.db.models import Count, Q

from liancha.accounts.models import Department
from liancha.disclosure.models import FollowUp, Publication, ResultCode
from liancha.inspection.models import VisitPart
from liancha.plan.models import Plan, PlanLine
from liancha.plan.queries import floor_of
from liancha.rulebook.lifecycles import LineState

# Not a finding against the firm: nothing found, nothing to inspect, nobody there any more.
NO_PROBLEM = (ResultCode.FINE, ResultCode.NO_ACTIVITY, ResultCode.GONE, ResultCode.CLOSED)
CASE = (FollowUp.Kind.CASE, FollowUp.Kind.JUSTICE)


@dataclass
class Row:
    """One department's year.

    planned   targets its plan lines were to draw, over all rounds
    checked   its parts of visits that were completed
    published results in force for inspections of the year; problems are those with a finding
    ordered   of the follow-ups: corrections ordered; cases: handed over for a case or to justice
    """

    department: Department
    lines: int = 0
    begun: int = 0
    planned: int = 0
    checked: int = 0
    published: int = 0
    problems: int = 0
    ordered: int = 0
    cases: int = 0

    @property
    def rate(self) -> Fraction | None:
        """Results with a problem, of those published."""
        return Fraction(self.problems, self.published) if self.published else None


@dataclass
class Report:
    """A region's year. floor: the 3 % of the publicity line as drawn by plan; None without one.

    idle  lines with no task by now, and not cancelled
    """

    year: int
    plan: Plan | None
    lines: int = 0
    begun: int = 0
    done: int = 0
    cancelled: int = 0
    adjusted: int = 0
    firms: int = 0
    rows: list[Row] = field(default_factory=list)
    idle: list[PlanLine] = field(default_factory=list)
    floor: Mapping[str, object] | None = None

    @property
    def checked(self) -> int:
        return sum(row.checked for row in self.rows)

    @property
    def published(self) -> int:
        return sum(row.published for row in self.rows)

    @property
    def problems(self) -> int:
        return sum(row.problems for row in self.rows)

    @property
    def ordered(self) -> int:
        return sum(row.ordered for row in self.rows)

    @property
    def cases(self) -> int:
        return sum(row.cases for row in self.rows)

    @property
    def rate(self) -> Fraction | None:
        return Fraction(self.problems, self.published) if self.published else None


def report(year: int, *, region: str = "410300") -> Report:
    """The figures of one year, for a region.

    Source: art. 16 with 国办发〔2024〕54号 as the province applies it (E18): by 31 January.
    """
    plan = Plan.objects.in_force(year, region).select_related("region").first()
    lines = list(plan.lines.with_columns().annotate(n=Count("tasks"))) if plan else []
    live = [each for each in lines if each.state not in (LineState.CANCELLED, LineState.DRAFT)]
    rows = _rows(region)
    for line in live:
        for department in line.departments:
            if (row := rows.get(department.pk)) is not None:
                row.lines += 1
                row.begun += bool(_tasks(line))
                row.planned += line.count * line.frequency
    published = Publication.objects.in_force().filter(completed_on__year=year)
    wrong = published.filter(~Q(code__in=NO_PROBLEM))
    _fill(rows, "published", published.values_list("department").annotate(n=Count("pk")))
    _fill(rows, "problems", wrong.values_list("department").annotate(n=Count("pk")))
    parts = VisitPart.objects.filter(is_involved=True, completed_at__year=year)
    _fill(rows, "checked", parts.values_list("department").annotate(n=Count("pk")))
    after = FollowUp.objects.filter(result__completed_on__year=year)
    ordered = after.filter(kind=FollowUp.Kind.RECTIFY)
    by_finder = "result__part__department"
    _fill(rows, "ordered", ordered.values_list(by_finder).annotate(n=Count("pk")))
    _fill(rows, "cases", after.filter(kind__in=CASE).values_list(by_finder).annotate(n=Count("pk")))
    mine = published.filter(department__in=list(rows))
    return Report(
        year=year,
        plan=plan,
        lines=len(live),
        begun=sum(bool(_tasks(each)) for each in live),
        done=sum(each.state == LineState.DONE for each in live),
        cancelled=sum(each.state == LineState.CANCELLED for each in lines),
        adjusted=sum(
            each.published_at is not None for line in lines for each in line.adjustments.all()
        ),
        firms=mine.order_by().values("target_code").distinct().count(),
        rows=[row for row in rows.values() if row.lines or row.published or row.checked],
        idle=[each for each in live if not _tasks(each)],
        floor=floor_of(live),
    )


def _rows(region: str) -> dict[int, Row]:
    """The qualified departments of a region, the coordinating one first; dissolved ones too,
    whose work of the year stays in its figures.
    """
    found = Department.objects.filter(is_qualified=True, region=region)
    return {each.pk: Row(each) for each in found.order_by("-is_coordinator", "pk")}


def _tasks(line: PlanLine) -> int:
    return int(getattr(line, "n", 0))


def _fill(rows: Mapping[int, Row], name: str, counts: Iterable[tuple[int, int]]) -> None:
    totals: dict[int, int] = defaultdict(int)
    for department, number in counts:
        totals[department] += number
    for key, row in rows.items():
        setattr(row, name, totals[key])
