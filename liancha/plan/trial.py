"""计划试算: a plan's rates and dates tried on the registry and the roster of today.

Reads the plan, the headcount and the roster, hands them to `rulebook.forecast`, and names what
comes out. It draws nobody, writes nothing, and says nothing about any one firm.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from liancha.accounts.models import Department
from liancha.ledger.models import Entry
from liancha.registry import strata
from liancha.registry.models import Tag, Target
from liancha.roster.models import Inspector
from liancha.rulebook import forecast, workload
from liancha.rulebook.forecast import Assumptions, Forecast, Group, Line
from liancha.rulebook.presence import Method
from liancha.workdays.queries import calendar

from . import bases
from .headcount import Apart, Headcount, Kin, headcount
from .models import Plan, PlanLine, PlanRate

# Rates people step through when they ask what a change costs, in percent.
_PERCENTS = "0 1/2 1 2 3 4 5 8 10 15 20 30 40 50 60 80 100"
LADDER = tuple(Fraction(each) for each in _PERCENTS.split())
MERGE_DAYS = 30  # local practice: two visits this close may become one (domain §e, E14)


@dataclass(frozen=True, slots=True)
class Settings:
    """What somebody tries. Everything but `rates` and `moves` is local practice, and is shown.

    rates    credit class → share "p/q", for every line cut by class; others as the plan says
    moves    primary key of a line → months its window is moved
    share    part of the working days, in percent, that people have for joint checks
    halves   half days one visit takes each inspector
    branches people of the county branches count too
    off_site       share of drawn targets checked without going there, in percent: only on lines
                   whose field names such a method, and of class A unless off_site_all
    off_site_time  what that takes of the time of a visit, in percent
    """

    rates: Mapping[str, str] = field(default_factory=dict)
    moves: Mapping[int, int] = field(default_factory=dict)
    is_merged: bool = True
    is_cooling: bool = False
    cap: int = 2
    share: int = 25
    halves: int = 1
    has_branches: bool = True
    off_site: int = 0
    off_site_all: bool = False
    off_site_time: int = 50

    def as_json(self) -> dict[str, Any]:
        return {
            "rates": dict(self.rates),
            "moves": {str(key): by for key, by in self.moves.items()},
            "is_merged": self.is_merged,
            "is_cooling": self.is_cooling,
            "cap": self.cap,
            "share": self.share,
            "halves": self.halves,
            "has_branches": self.has_branches,
            "off_site": self.off_site,
            "off_site_all": self.off_site_all,
            "off_site_time": self.off_site_time,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Settings:
        moves = {int(key): by for key, by in kept.get("moves", {}).items()}
        return cls(**{**kept, "moves": moves})

    @property
    def as_planned(self) -> Settings:
        """The same suppositions, with the plan's own rates and dates, and everybody visited."""
        return replace(self, rates={}, moves={}, off_site=0)

    @property
    def is_tried(self) -> bool:
        """Whether anything differs from the plan itself."""
        return bool(self.rates or self.moves or self.off_site)

    @property
    def suppose(self) -> Assumptions:
        days = Fraction(self.halves, 2)
        return Assumptions(
            days=days,
            merge_days=MERGE_DAYS if self.is_merged else None,
            cap=self.cap,
            off_site=Fraction(self.off_site, 100),
            off_site_classes=None if self.off_site_all else frozenset({Target.CreditClass.A}),
            off_site_days=days * self.off_site_time / 100,
        )


@dataclass(frozen=True)
class Outcome:
    """A forecast with the names people know. need and capacity are person-days by month.

    is_known_year  whether the working days of the year are announced; Monday to Friday otherwise
    """

    settings: Settings
    found: Forecast
    lines: list[PlanLine]
    asked: list[Line]
    departments: dict[str, Department]
    capacity: dict[str, list[float]]
    days_off: frozenset[date]
    counted: Headcount
    people: int
    is_known_year: bool

    @property
    def heavy(self) -> list[tuple[str, int, float]]:
        return workload.overloaded(self.found.need, self.capacity)

    @property
    def available(self) -> float:
        return sum(sum(row) for row in self.capacity.values())

    def moves(self, *, not_before: date = date.min) -> list[workload.Move]:
        return workload.moves(
            self.asked, self.found, self.capacity, not_before=not_before, days_off=self.days_off
        )


class Trial:
    """One plan, read once, to be tried with any number of settings."""

    def __init__(self, plan: Plan, *, today: date) -> None:
        self.plan = plan
        self.today = today
        self.lines = list(
            plan.lines.live()
            .select_related("field", "initiator")
            .prefetch_related("cooperators", "rates")
        )
        self.counted = headcount(today, _apart(self.lines, plan.year))
        self.departments = {str(d.pk): d for line in self.lines for d in line.departments}
        self._tags = {tag.code: tag for tag in Tag.objects.prefetch_related("supervisors")}
        self._tag_keys = {tag.name: tag.pk for tag in self._tags.values()}
        self._by_tag = self._lines_by_tag()
        self._named = {
            line.pk: frozenset(rate.stratum for rate in line.rates.all()) for line in self.lines
        }
        self._cut = {
            line.pk: bases.key_cut(line, line.rates.all(), first=line.starts_on, last=line.ends_on)
            for line in self.lines
        }
        self._ranges = {line.pk: _range(line) for line in self.lines}
        self._groups: dict[bool, list[Group]] = {}
        self._people: dict[bool, tuple[int, dict[str, list[float]]]] = {}
        self.days_off, self.is_known_year = _days_off(plan.year)

    def run(self, settings: Settings) -> Outcome:
        """What these settings come to."""
        asked = [self._asked(line, settings) for line in self.lines]
        found = forecast.forecast(
            asked, self.groups(settings), days_off=self.days_off, suppose=settings.suppose
        )
        people, days = self._roster(settings.has_branches)
        part = settings.share / 100
        return Outcome(
            settings=settings,
            found=found,
            lines=self.lines,
            asked=asked,
            departments=self.departments,
            capacity={key: [day * part for day in row] for key, row in days.items()},
            days_off=self.days_off,
            counted=self.counted,
            people=people,
            is_known_year=self.is_known_year,
        )

    def groups(self, settings: Settings) -> list[Group]:
        """The registry as this plan's lines see it."""
        if settings.is_cooling not in self._groups:
            sizes: dict[tuple[tuple[tuple[str, str], ...], str], int] = defaultdict(int)
            for kin in self.counted.kin:
                strata = tuple(self._strata(kin, settings.is_cooling))
                sizes[strata, kin.credit_class] += kin.size
            self._groups[settings.is_cooling] = [
                Group(size, strata, credit) for (strata, credit), size in sizes.items() if strata
            ]
        return self._groups[settings.is_cooling]

    def by_class(self) -> dict[str, tuple[int, int, Fraction | None]]:
        """Class → (targets, drawn as planned, the lines' common rate or None if they differ)."""
        found: dict[str, tuple[int, int, Fraction | None]] = {}
        cut = [line for line in self.lines if line.stratify == PlanLine.Stratify.CREDIT]
        drawn = forecast.shares(
            [self._asked(line, Settings()) for line in cut], self.groups(Settings())
        )
        for name in bases.CREDIT_STRATA:
            size = sum(
                kin.size for kin in self.counted.kin if (kin.credit_class or "未分类") == name
            )
            count = sum(number for (_, stratum), (_, number) in drawn.items() if stratum == name)
            rates = {
                rate.fraction
                for line in cut
                for rate in line.rates.all()
                if rate.stratum == name and rate.fixed is None
            }
            found[name] = (size, count, rates.pop() if len(rates) == 1 else None)
        return found

    def _asked(self, line: PlanLine, settings: Settings) -> Line:
        rates: dict[str, Fraction | int] = {}
        for rate in line.rates.all():
            is_share = rate.fixed is None and not getattr(rate, "wording", "")
            rates[rate.stratum] = rate.fraction if is_share else rate.count
        if line.stratify == PlanLine.Stratify.CREDIT:
            rates |= {name: Fraction(ratio) for name, ratio in settings.rates.items()}
        asked = Line(
            key=str(line.pk),
            departments=tuple(str(each.pk) for each in line.departments),
            starts_on=line.starts_on,
            ends_on=line.ends_on,
            rates=rates,
            frequency=line.frequency,
            may_be_off_site=is_off_site_possible(line),
        )
        return workload.moved(asked, settings.moves.get(line.pk, 0)) or asked

    def _lines_by_tag(self) -> dict[int, list[PlanLine]]:
        """Lines whose departments all supervise the tag: the same question as `bases` asks."""
        found: dict[int, list[PlanLine]] = defaultdict(list)
        for line in self.lines:
            tag = self._tags.get(line.field.tag)
            if tag is None:
                continue
            supervisors = {each.pk for each in tag.supervisors.all()}
            if all((each.system_id or each.pk) in supervisors for each in line.departments):
                found[tag.pk].append(line)
        return found

    def _strata(self, kin: Kin, is_cooling: bool) -> Iterable[tuple[str, str]]:
        if self.plan.region_id not in ("410300", kin.region):
            return
        for tag in sorted(kin.tags):
            for line in self._by_tag.get(tag, ()):
                is_cooled = (is_cooling or line.cooldown_months) and kin.is_recent
                if is_cooled and kin.credit_class == Target.CreditClass.A:
                    continue
                if kin.released & {each.pk for each in line.departments}:
                    continue
                if (own := self._ranges[line.pk]) is not None and own not in kin.ranges:
                    continue
                if bases.is_within(line.target_filter, kin.kind, kin.region, kin.credit_class):
                    yield str(line.pk), self._stratum(line, kin)

    def _stratum(self, line: PlanLine, kin: Kin) -> str:
        """The stratum of a line; 其余 for one that turned up after the rates were written."""
        own = self._own_stratum(line, kin)
        cut = self._cut[line.pk]
        return PlanRate.KEY if cut is not None and kin.is_key and cut.lifts(own) else own

    def _own_stratum(self, line: PlanLine, kin: Kin) -> str:
        match line.stratify:
            case PlanLine.Stratify.CREDIT:
                return kin.credit_class or PlanRate.UNKNOWN
            case PlanLine.Stratify.TAG:
                held = (n for n in line.strata_tags if self._tag_keys.get(n) in kin.tags)
                return next(held, strata.OTHER)
            case PlanLine.Stratify.REGION:
                own = kin.region
            case PlanLine.Stratify.INDUSTRY:
                own = kin.section
            case PlanLine.Stratify.KIND:
                own = kin.body
            case _:
                return PlanRate.ALL
        return own if own in self._named[line.pk] else PlanRate.REST

    def _roster(self, has_branches: bool) -> tuple[int, dict[str, list[float]]]:
        """How many people there are, and their working days by department and month."""
        if has_branches not in self._people:
            self._people[has_branches] = _working_days(
                tuple(int(key) for key in self.departments),
                self.plan.year,
                self.days_off,
                has_branches=has_branches,
            )
        return self._people[has_branches]


def is_off_site_possible(line: PlanLine) -> bool:
    """Whether the list names, for the line's field, a method that needs nobody to go there.

    Source: art. 20, paragraph 1; the methods are the list's own column (art. 10). Clause 20.2.
    """
    return any(not Method(digit).is_onsite for digit in line.field.methods.split())


def next_step(rate: Fraction, by: int = 1) -> Fraction:
    """The next rate up (or down) the ladder people step through."""
    percent = rate * 100
    if by > 0:
        return next((each for each in LADDER if each > percent), LADDER[-1]) / 100
    return next((each for each in reversed(LADDER) if each < percent), LADDER[0]) / 100


def _apart(lines: Sequence[PlanLine], year: int) -> Apart:
    """What the lines of a plan need told apart."""
    kinds = {line.stratify for line in lines}
    return Apart(
        by_industry=PlanLine.Stratify.INDUSTRY in kinds,
        by_body=PlanLine.Stratify.KIND in kinds,
        key_year=year if any(line.key_ratio for line in lines) else None,
        ranges=tuple(dict.fromkeys(each for line in lines if (each := _range(line)))),
    )


def _range(line: PlanLine) -> bases.Range | None:
    return bases.Range.of(line.target_filter, line.starts_on)


def _days_off(year: int) -> tuple[frozenset[date], bool]:
    """Days of a year that are not worked, and whether its calendar is announced."""
    known, first = calendar(), date(year, 1, 1)
    days = (first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days))
    off = frozenset(day for day in days if not known.is_likely_worked(day))
    return off, known.knows(first)


People = tuple[int, dict[str, list[float]]]
_rosters: dict[tuple[Any, ...], People] = {}


def _working_days(
    departments: Sequence[int], year: int, days_off: frozenset[date], *, has_branches: bool
) -> People:
    """Working days of everybody who may be drawn: on duty, certificate valid, leave taken off.

    Counted again only after the roster's last ledger entry.
    """
    entries = Entry.objects.filter(what__startswith="roster.").order_by("-index")
    last = entries.values_list("index", flat=True).first()
    key = (last, Inspector.objects.count(), departments, year, days_off, has_branches)
    if (known := _rosters.get(key)) is not None:
        return known
    first = date(year, 1, 1)
    worked: list[list[date]] = [[] for _ in range(forecast.MONTHS)]
    for n in range((date(year + 1, 1, 1) - first).days):
        if (day := first + timedelta(days=n)) not in days_off:
            worked[day.month - 1].append(day)
    people = (
        Inspector.objects.officers()
        .filter(status=Inspector.Status.ON_DUTY)
        .select_related("department")
        .prefetch_related("certificates", "leaves")
    )
    days = {str(each): [0.0] * forecast.MONTHS for each in departments}
    count = 0
    for person in people:
        own = str(person.department_id)
        if own not in days and has_branches:
            own = str(person.department.system_id)
        if own not in days:
            continue
        count += 1
        spans = [each.span for each in person.certificates.all()]
        away = [each.span for each in person.leaves.all()]
        for month, row in enumerate(worked):
            middle = date(year, month + 1, 15)
            if not any(span.first <= middle <= span.last for span in spans):
                continue
            absent = sum(any(span.first <= day <= span.last for span in away) for day in row)
            days[own][month] += len(row) - (absent if away else 0)
    if len(_rosters) > 8:
        _rosters.clear()
    _rosters[key] = (count, days)
    return _rosters[key]
