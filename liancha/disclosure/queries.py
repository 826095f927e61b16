"""Page-shaped reads: the 20-day clock for those who publish, and what anybody may know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from django.db.models import Count, F, Min, Q, QuerySet

from liancha.draw.models import Draw
from liancha.inspection.models import Visit
from liancha.rulebook.deadlines import Calendar, working_days_after
from liancha.rulebook.lifecycles import DrawState, ResultState

from .models import Publication, ResultQuerySet

# ── The clock of 20 working days ──────────────────────────────────────────────────────────────

# (key, label, colour of the clock, fewest working days left); art. 22's 20 days, our colours.
BANDS = (
    ("10", "已用 10 天以内", "g", 10),
    ("15", "已用 11 至 15 天", "y", 5),
    ("18", "已用 16 至 18 天", "r", 2),
    ("20", "今明两天到期", "r", 0),
    ("over", "超期未公示", "k", None),
)


@dataclass(frozen=True, slots=True)
class Band:
    """How many unpublished results stand at one part of the clock; share in percent of all."""

    key: str
    label: str
    light: str
    count: int
    share: int

    @property
    def tone(self) -> str:
        """Red for the number of those that are over, if there are any."""
        return "bad" if self.key == "over" and self.count else ""


@dataclass(frozen=True, slots=True)
class Clock:
    """Where the results of somebody stand.

    uncounted     without a date, since a year is not announced, or older than the Measures
    in_time, due  published within the term this year, of all that were published or are overdue
    unit          户 for one department's, 件 for several departments' together
    """

    bands: tuple[Band, ...]
    uncounted: int
    in_time: int
    due: int
    unit: str

    @property
    def rate(self) -> Fraction | None:
        return Fraction(self.in_time, self.due) if self.due else None

    @property
    def said(self) -> str:
        """The numbers behind the rate: 428 / 434，未按期 6 户."""
        late = self.due - self.in_time
        return f"{self.in_time} / {self.due}" + (f"，未按期 {late} {self.unit}" if late else "")


def within(key: str, today: date, calendar: Calendar) -> Q:
    """The unpublished results of one band, as a condition."""
    days = {
        n: working_days_after(today, n, calendar).due or date.max
        for *_, n in BANDS
        if n is not None and n > 0
    } | {0: today}
    lowest = {band: least for band, _, _, least in BANDS}
    least = lowest[key]
    unpublished = ~Q(state=ResultState.PUBLISHED)
    if least is None:
        return unpublished & Q(due_on__lt=today)
    above = min((n for n in days if n > least), default=None)
    found = unpublished & Q(due_on__gte=days[least])
    return found if above is None else found & Q(due_on__lt=days[above])


def clock(rows: ResultQuerySet, today: date, calendar: Calendar, *, unit: str = "户") -> Clock:
    """One query, for the strip of six figures.

    Source: art. 22, paragraph 1, 20 working days.
    """
    published = Q(state=ResultState.PUBLISHED, published_at__year=today.year, due_on__isnull=False)
    over = within("over", today, calendar)
    found = rows.order_by().aggregate(
        **{f"band_{key}": Count("pk", filter=within(key, today, calendar)) for key, *_ in BANDS},
        uncounted=Count("pk", filter=~Q(state=ResultState.PUBLISHED) & Q(due_on=None)),
        in_time=Count("pk", filter=published & Q(published_at__date__lte=F("due_on"))),
        published=Count("pk", filter=published),
        over=Count("pk", filter=over),
    )
    counts = [found[f"band_{key}"] for key, *_ in BANDS]
    most = max(sum(counts), 1)
    return Clock(
        tuple(
            Band(key, label, light, count, 100 * count // most)
            for (key, label, light, _), count in zip(BANDS, counts, strict=True)
        ),
        found["uncounted"],
        found["in_time"],
        found["published"] + found["over"],
        unit,
    )


# ── What anybody may know ─────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Figures:
    """What the portal says of this year.

    on_time   (published within the term, published) of all results with a term
    saved     户次: Σ(departments − 1) over the joint visits made
    """

    tasks: int
    fields: int
    departments: int
    results: int
    on_time: tuple[int, int]
    saved: int
    draws: int
    voids: int

    @property
    def rate(self) -> Fraction | None:
        done, due = self.on_time
        return Fraction(done, due) if due else None


def figures(year: int) -> Figures:
    """Counts of one year. None of them tells who was drawn."""
    draws = Draw.objects.of_targets().filter(year=year)
    locked = draws.locked()
    taken = locked.aggregate(
        tasks=Count("task", distinct=True),
        fields=Count("task__field__code", distinct=True),
        draws=Count("pk", distinct=True),
        departments=Count("task__participations__department", distinct=True),
    )
    first = Publication.objects.filter(published_at__year=year, corrects=None)
    published = first.aggregate(
        in_time=Count("pk", filter=Q(published_at__date__lte=F("result__due_on"))),
        with_term=Count("pk", filter=Q(result__due_on__isnull=False)),
    )
    return Figures(
        tasks=taken["tasks"],
        fields=taken["fields"],
        departments=taken["departments"],
        results=first.order_by().values("target_code", "task").distinct().count(),
        on_time=(published["in_time"], published["with_term"]),
        saved=entries_saved(Visit.objects.filter(completed_at__year=year)),
        draws=taken["draws"],
        voids=draws.filter(state=DrawState.VOID).count(),
    )


def entries_saved(visits: QuerySet[Visit]) -> int:
    """户次 that joint visits spared: of each, the departments that went, less one (domain K17)."""
    went = Q(parts__is_involved=True)
    counts = visits.order_by().aggregate(
        went=Count("parts", filter=went), made=Count("pk", distinct=True, filter=went)
    )
    return int(counts["went"] - counts["made"])


@dataclass(frozen=True, slots=True)
class Day:
    """What came out of one task on one day: how many firms, how many with a finding."""

    task: int
    name: str
    on: date
    firms: int
    found: int
    is_correction: bool


def latest_results(count: int) -> list[Day]:
    """The last days on which results of a task came out, or were corrected."""
    rows = (
        Publication.objects.order_by()
        .annotate(is_correction=Q(edition__gt=1))
        .values("task", "task__name", "published_at__date", "is_correction")
        .annotate(
            firms=Count("target_code", distinct=True),
            found=Count("target_code", distinct=True, filter=~Q(code__in=("01", "07"))),
            first=Min("serial"),
        )
        .order_by("-published_at__date", "-first")[:count]
    )
    return [
        Day(
            row["task"],
            row["task__name"],
            row["published_at__date"],
            row["firms"],
            row["found"],
            row["is_correction"],
        )
        for row in rows
    ]
