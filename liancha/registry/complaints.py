"""投诉集中: targets with so many complaints in a year that a person should weigh a mark (art. 15).

Nothing is marked here and nobody enters a pool: what comes out is a question for the department.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, DateField, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from liancha.accounts.models import User
from liancha.rulebook import planning

from .models import CaseCheck, ComplaintDecision, KeyFlag, Target

LONG_AGO = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Many:
    """A target and its complaints since the last decision, within a year."""

    target: Target
    complaints: int


def many(user: User, *, today: date) -> list[Many]:
    """Targets this person may see whose complaints are to be weighed, most complaints first.

    A target that carries the mark already is not asked about, nor are complaints that a decision
    has weighed. Source: art. 15, paragraph 2, 投诉举报多的.
    """
    decided = ComplaintDecision.objects.filter(target=OuterRef("target")).order_by("-decided_on")
    since = Coalesce(
        Subquery(decided.values("decided_on")[:1]), Value(LONG_AGO), output_field=DateField()
    )
    first = today - timedelta(days=planning.COMPLAINT_DAYS)
    counted = (
        CaseCheck.objects.filter(
            origin=CaseCheck.Origin.COMPLAINT, received_on__gt=first, received_on__lte=today
        )
        .annotate(since=since)
        .filter(Q(received_on__gt=F("since")))
        .order_by()
        .values_list("target")
        .annotate(n=Count("pk"))
        .filter(n__gte=planning.MANY_COMPLAINTS)
    )
    numbers = dict(counted)
    marked = KeyFlag.objects.holding(today, today).filter(kind=KeyFlag.Kind.COMPLAINTS)
    found = Target.objects.visible_to(user).filter(pk__in=list(numbers))
    found = found.exclude(pk__in=marked.values("target"))
    return sorted(
        (Many(each, numbers[each.pk]) for each in found),
        key=lambda one: (-one.complaints, one.target.pk),
    )
