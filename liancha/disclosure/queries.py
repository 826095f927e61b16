"""Page-shaped reads for the public pages: what anybody may know, and nothing more."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, Min, Q, QuerySet

from liancha.draw.models import Draw
from liancha.inspection.models import Visit
from liancha.rulebook.lifecycles import DrawState

from .models import Publication


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


def figures(year: int) -> Figures:
    """Counts of one year, all from published things."""
    draws = Draw.objects.of_targets().filter(year=year)
    locked = draws.locked()
    published = Publication.objects.filter(published_at__year=year, corrects=None)
    with_term = published.filter(result__due_on__isnull=False)
    in_time = with_term.filter(published_at__date__lte=F("result__due_on"))
    visits = (
        Visit.objects.filter(completed_at__year=year)
        .annotate(n=Count("parts", filter=Q(parts__is_involved=True)))
        .values_list("n", flat=True)
    )
    taking_part = locked.values("task__participations__department").distinct()
    return Figures(
        tasks=locked.values("task").distinct().count(),
        fields=locked.values("task__field__code").distinct().count(),
        departments=taking_part.count(),
        results=published.values("target_code", "task").distinct().count(),
        on_time=(in_time.count(), with_term.count()),
        saved=sum(n - 1 for n in visits if n > 1),
        draws=locked.count(),
        voids=draws.filter(state=DrawState.VOID).count(),
    )


def latest_results(count: int) -> list[dict[str, object]]:
    """The last days on which results of a task came out: task, day, firms, with a finding."""
    rows = (
        Publication.objects.filter(corrects=None)
        .values("task", "task__name", "published_at__date")
        .annotate(
            firms=Count("target_code", distinct=True),
            found=Count("target_code", distinct=True, filter=~Q(code__in=("01", "07"))),
            first=Min("serial"),
        )
        .order_by("-published_at__date", "-first")[:count]
    )
    return list(rows)


def matching(rows: QuerySet[Publication], words: str) -> QuerySet[Publication]:
    """Publications about a firm: by part of its name, or by its whole code."""
    words = words.strip()
    if not words:
        return rows
    return rows.filter(Q(target_name__contains=words) | Q(target_code=words.upper()))
