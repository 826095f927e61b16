"""Page-shaped reads of this room: coverage, signatures, the 30 April, first wordings and rates.

Everything is asked for a whole plan at once; a page of forty lines costs a dozen queries.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from django.db.models import Min, QuerySet
from django.utils.timezone import localdate

from liancha.accounts.models import Department, Region, User
from liancha.lists.models import JointField, ListVersion
from liancha.rulebook import deadlines, planning, regions
from liancha.rulebook.lifecycles import LineState, PlanState

from . import bases, columns
from .models import (
    CoverageException,
    DepartmentLine,
    DepartmentPart,
    Filing,
    Plan,
    PlanCoSign,
    PlanLine,
    PlanQuerySet,
    PlanRate,
)

# Presets of the rates by credit class (domain §e, E8), in percent: A, B, C, D, 未分类.
PRESETS = (
    ("河南 2021", ("1", "2", "10", "30", "2"), "河南省 2021 年省级双随机抽查"),
    ("河南 2020", ("1", "4", "20", "100", "1"), "河南省 2020 年抽查：B 取中低，未分类取个体工商户"),
    (
        "巴彦淖尔 2022",
        ("2", "5", "100", "100", "5"),
        "巴彦淖尔市 2022 年“三新”企业抽查，基数小时用",
    ),
    ("林甸 2024", ("5", "20", "60", "100", "5"), "大庆市林甸县 2024 年农业抽查，取各档上限"),
    ("安全民生类", ("2", "5", "20", "50", "5"), "本地拟定：安全、民生等重点领域多查（第十五条）"),
    ("统一 5%", ("5", "5", "5", "5", "5"), "豫政办发〔2018〕58号，法律没有规定时"),
)


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field of the list and how the plan serves it.

    mark  n: lines, u: done from above, f: no such targets, x: missing
    """

    field: JointField
    lines: tuple[PlanLine, ...]
    exception: CoverageException | None

    @property
    def mark(self) -> str:
        if self.lines:
            return "n"
        if self.exception is None:
            return "x"
        return "u" if self.exception.reason == CoverageException.Reason.SUPERIOR else "f"

    @property
    def word(self) -> str:
        return {"n": str(len(self.lines)), "u": "上", "f": "免", "x": "缺"}[self.mark]

    @property
    def number(self) -> str:
        """05 of JF05."""
        return self.field.code.removeprefix("JF")


def coverage_of(plan: Plan, lines: Iterable[PlanLine]) -> list[FieldRow]:
    """Every field of the list, with the plan's lines for it (art. 13, paragraph 1)."""
    by_code: dict[str, list[PlanLine]] = {}
    for line in lines:
        if line.state != LineState.CANCELLED:
            by_code.setdefault(line.field.code, []).append(line)
    signed = {
        each.field.code: each
        for each in plan.exceptions.select_related("field", "signed_by__department")
    }
    return [
        FieldRow(each, tuple(by_code.get(each.code, ())), signed.get(each.code))
        for each in plan.fields()
    ]


def uncovered(fields: QuerySet[JointField], region: str, year: int) -> QuerySet[JointField]:
    """Of these fields, those of the region's level without a live line or a signed exception.

    Source: art. 13, paragraph 1, 应覆盖……所有抽查领域. Clause 13.1.
    """
    plans = Plan.objects.filter(year=year, region=region)
    planned = PlanLine.objects.live().filter(plan__in=plans).values("field__code")
    excepted = plans.filter(exceptions__isnull=False).values("exceptions__field__code")
    asked = fields.filter(level__contains="X" if regions.is_county(region) else "C")
    return asked.exclude(code__in=planned).exclude(code__in=excepted)


def uncovered_by(department: Department, year: int) -> QuerySet[JointField]:
    """Of the list in force of its region, what a department initiates and nobody has planned.

    Source: art. 12, paragraph 1, 各抽查领域发起部门. Clause 12.2.
    """
    in_force = ListVersion.objects.in_force(ListVersion.Kind.JOINT, department.region_id)
    own = JointField.objects.filter(version__in=in_force, initiator=department)
    return uncovered(own, department.region_id, year)


@dataclass(frozen=True, slots=True)
class Countdown:
    """How far the plan is from its last day (art. 12). days below 0: overdue."""

    due: date
    days: int
    end: str = " 4 月底"

    @property
    def word(self) -> str:
        if self.days > 0:
            return f"距{self.end}还有 {self.days} 天"
        return f"今天是{self.end}" if self.days == 0 else f"已超{self.end} {-self.days} 天"

    @property
    def light(self) -> str:
        if self.days < 0:
            return "over"
        return "red" if self.days <= 5 else "orange" if self.days <= 30 else "green"


def countdown(plan: Plan, *, today: date) -> Countdown | None:
    """The days left to make the plan; None once it is published.

    The city's plan by 30 April, a county's within the days after the city's is public.
    Source: art. 12. Clauses 12.2 and 12.3.
    """
    if plan.state in (PlanState.PUBLISHED, PlanState.SUPERSEDED):
        return None
    if not regions.is_county(plan.region_id):
        due = deadlines.plan_due(plan.year)
        return Countdown(due, (due - today).days)
    county_due = counties_due(plan.year)
    if county_due is None:
        return None
    return Countdown(county_due, (county_due - today).days, "期限（本地做法）")


def counties_due(year: int) -> date | None:
    """The day by which counties make their plan; None while the city's is not public.

    From the city's first publication of the year: a later version gives no new days.
    Source: art. 12, paragraph 2; the days are local practice (A17). Clause 12.3.
    """
    city = Plan.objects.public().filter(year=year, region=regions.CITY)
    first = city.aggregate(at=Min("published_at"))["at"]
    return planning.county_plan_due(localdate(first)) if first else None


@dataclass(frozen=True, slots=True)
class Signatures:
    """Who of the departments a line names has signed the plan."""

    signed: int
    total: int
    returned: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        return self.signed == self.total and not self.returned


def signatures(line: PlanLine, cosigns: Sequence[PlanCoSign]) -> Signatures:
    """How far the signing of one line is (art. 12, 会同相关部门)."""
    by_department = {each.department_id: each for each in cosigns}
    own = [by_department.get(each.pk) for each in line.departments]
    good = [each for each in own if each and each.signed_at and not each.is_returned]
    returned = tuple(each.department.short for each in own if each and each.is_returned)
    return Signatures(len(good), len(own), returned)


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line as the plan book's table shows it."""

    line: PlanLine
    texts: dict[str, str]
    rates: list[tuple[str, str, bool]]
    signatures: Signatures

    @property
    def signed_word(self) -> str:
        """4/5 会签."""
        return f"{self.signatures.signed}/{self.signatures.total} 会签"

    @property
    def returned_word(self) -> str:
        """消防退回."""
        return f"{'、'.join(self.signatures.returned)}退回"


def line_rows(lines: Iterable[PlanLine], cosigns: Sequence[PlanCoSign]) -> list[LineRow]:
    """The lines with their eight columns, their rates as chips, their signatures."""
    return [
        LineRow(line, columns.columns(line), rate_chips(line), signatures(line, cosigns))
        for line in lines
    ]


def rate_chips(line: PlanLine) -> list[tuple[str, str, bool]]:
    """(stratum, rate, is a credit class): A 2%; 全部 10% as ("", "10%")."""
    rates = list(line.rates.all())
    if line.stratify == PlanLine.Stratify.CREDIT:
        return [(rate.stratum, columns.rate_text(rate), True) for rate in rates]
    return [("", text, False) for text in columns.rate_texts(rates)]


def initial_rates(stratify: str, *, region: str, tags: Sequence[str] = ()) -> dict[str, str]:
    """A first rate for every stratum, in percent: the preset of the province, 5 % otherwise."""
    names = bases.strata(stratify, region=region, tags=tags)
    if stratify == PlanLine.Stratify.CREDIT:
        return dict(zip(names, PRESETS[0][1], strict=True))
    return dict.fromkeys((*names, PlanRate.REST), "5")


def rate_input(rate: PlanRate) -> str:
    """A rate as it is typed: 2, 1/3, 9户, or the words."""
    if rate.wording:
        return rate.wording
    if rate.fixed is not None:
        return f"{rate.fixed}户"
    return columns.percent_text(rate.fraction).removesuffix("%")


def share(rates: Iterable[PlanRate], base: int) -> Fraction:
    """Share of the whole base that is drawn, over all strata."""
    if not base:
        return Fraction(0)
    return Fraction(sum(rate.count for rate in rates), base)


def plannable(plan: Plan, user: User) -> list[JointField]:
    """Fields this person may write a line for: the coordinating office all, others their own."""
    fields = plan.fields()
    own = user.department
    if own is None:
        return []
    if own.is_coordinator and own.region_id == plan.region_id:
        return fields
    return [each for each in fields if each.initiator_id in (own.pk, own.system_id)]


def choosable(field: JointField, plan: Plan) -> list[Department]:
    """Departments that may stand on a line: qualified, of the plan's level; the list's first."""
    listed = field.departments
    own = Department.objects.qualified().filter(region=plan.region_id)
    if regions.is_county(plan.region_id):
        keys = [each.pk for each in listed]
        listed = list(own.filter(system__in=keys))
    known = {each.pk for each in listed}
    return [*listed, *(each for each in own if each.pk not in known)]


def proposed_duties(field: JointField, departments: Sequence[Department]) -> str:
    """A first wording of 责任分工 from the items the departments answer."""
    keys = {each.pk for each in departments}
    items = [item for item in field.items.all() if item.department_id in keys]
    return columns.duties_text(items, departments)


def is_waiting_for(plan: Plan, user: User) -> PlanCoSign | None:
    """The signature this person's department still owes the plan."""
    if plan.state != PlanState.COSIGNING:
        return None
    return plan.cosigns.filter(department=user.department_id, signed_at=None).first()


def sources(plan: Plan) -> PlanQuerySet:
    """Plans a draft may be derived from (art. 12): the city's of the year, or its own."""
    own = Plan.objects.public().filter(region=plan.region_id)
    if not regions.is_county(plan.region_id):
        return own.order_by("-year", "-version")
    city = Plan.objects.in_force(plan.year, regions.CITY)
    return (city | own).order_by("-year", "region", "-version")


SHORT = {"410304": "瀍河区", "410371": "高新区", "4103Y1": "伊滨区", "4103Y2": "龙门园区"}


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One region's plan of the year against the city's fields.

    plan   None while there is none
    cells  (field, mark, word) in the order of the city's list; mark z: not derived yet
    """

    name: str
    plan: Plan | None
    cells: tuple[tuple[JointField, str, str], ...]

    @property
    def covered(self) -> int:
        return sum(mark in "nuf" for _, mark, _ in self.cells)


def matrix(plan: Plan, fields: Sequence[JointField]) -> list[MatrixRow]:
    """Counties × fields: how far the year's county plans cover the list (art. 12, paragraph 2)."""
    newest: dict[str, Plan] = {}
    theirs = Plan.objects.filter(year=plan.year).exclude(region__kind=Region.Kind.CITY)
    for each in theirs.order_by("version"):  # counties, districts and areas alike
        newest[each.region_id] = each
    lines: dict[tuple[int, str], int] = {}
    for key, code in (
        PlanLine.objects.live().filter(plan__in=newest.values()).values_list("plan", "field__code")
    ):
        lines[key, code] = lines.get((key, code), 0) + 1
    signed = {
        (key, code): reason
        for key, code, reason in CoverageException.objects.filter(
            plan__in=newest.values()
        ).values_list("plan", "field__code", "reason")
    }
    level = [field for field in fields if "X" in field.level]
    wanted = {field.code for field in level}
    rows = []
    for code, name in regions.REGIONS.items():
        if not regions.is_county(code):
            continue
        there = newest.get(code)
        cells = []
        for field in fields:
            cells.append((field, *_mark(there, field.code, wanted, lines, signed)))
        rows.append(MatrixRow(SHORT.get(code, name), there, tuple(cells)))
    return rows


def _mark(
    plan: Plan | None,
    code: str,
    wanted: set[str],
    lines: dict[tuple[int, str], int],
    signed: dict[tuple[int, str], str],
) -> tuple[str, str]:
    if code not in wanted:
        return "u", "市"
    if plan is None:
        return "z", ""
    if count := lines.get((plan.pk, code)):
        return "n", str(count)
    reason = signed.get((plan.pk, code))
    if reason is None:
        return "x", "缺"
    return ("u", "上") if reason == CoverageException.Reason.SUPERIOR else ("f", "免")


def filing_rows(plan: Plan, *, today: date) -> list[dict[str, Any]]:
    """What has to be handed in, by when, and whether it was (E18, E19)."""
    there = {each.kind: each for each in plan.filings.select_related("by")}
    own = [kind for kind in Filing.Kind if kind is not Filing.Kind.REPORT]
    rows = [_filing_row(kind, there.get(kind), None, today) for kind in own]
    return [*rows, report_row(plan.year, plan.region_id, today=today)]


def report_row(year: int, region: str, *, today: date) -> dict[str, Any]:
    """The same of the figures of the year before, due in this year."""
    kind = Filing.Kind.REPORT
    found = Filing.objects.filter(kind=kind, year=year, region=region).select_related("by")
    return _filing_row(kind, found.first(), planning.report_due(year), today)


def _filing_row(
    kind: Filing.Kind, filing: Filing | None, due: date | None, today: date
) -> dict[str, Any]:
    return {
        "word": kind.label,
        "due": due,
        "filing": filing,
        "is_late": bool(filing and due and filing.filed_on > due),
        "is_over": bool(not filing and due and today > due),
    }


def floor_of(lines: Iterable[PlanLine]) -> dict[str, Any] | None:
    """The 3 % of the publicity-information line (E20); None without one."""
    for line in lines:
        if line.field.code == planning.FLOOR_FIELD and line.state != LineState.CANCELLED:
            return {
                "line": line,
                "drawn": line.count,
                "base": line.base,
                "remark": planning.floor_remark(line.count, line.base),
            }
    return None


@dataclass(frozen=True, slots=True)
class Part:
    """One department's own part of the plan book, with its lines as eight columns."""

    part: DepartmentPart
    lines: list[tuple[DepartmentLine, dict[str, str]]]


def parts_of(plan: Plan, department: Department | None = None) -> list[Part]:
    """The departments' own parts in force beside a joint plan. Source: clauses 12.1 and 14.1."""
    found = DepartmentPart.objects.in_force(plan.year, plan.region_id)
    if department is not None:
        found = found.filter(department=department)
    rows = found.select_related("department").prefetch_related("lines__part__department")
    return [
        Part(part, [(line, columns.own_columns(line)) for line in part.lines.all()])
        for part in rows.order_by("department")
    ]


def named_in(plan: Plan, lines: Iterable[PlanLine]) -> list[Department]:
    """Departments that have a line of the joint plan or a part of their own, in their order."""
    found = {each.pk: each for line in lines for each in line.departments}
    parts = DepartmentPart.objects.in_force(plan.year, plan.region_id)
    for part in parts.select_related("department"):
        found[part.department_id] = part.department
    return sorted(found.values(), key=lambda each: each.pk)


def missing(rows: Iterable[FieldRow]) -> list[JointField]:
    """Fields with neither a line nor a signed exception."""
    return [row.field for row in rows if row.mark == "x"]
