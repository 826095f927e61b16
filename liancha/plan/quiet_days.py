"""Which days of a plan's year are quiet where it is carried out (E17): shown, never enforced here.

What a scheme or a visit on such days needs is said where they are written.
"""

from __future__ import annotations

from datetime import date, timedelta

from liancha.rulebook import quiet
from liancha.rulebook.quiet import Quiet
from liancha.workdays import queries as workdays

from .models import Plan, PlanLine


def of_plan(plan: Plan) -> tuple[Quiet, ...]:
    """The periods that hold on some day of the plan's year."""
    found = workdays.quiet_periods(plan.region_id)
    if not found:
        return ()
    spans = quiet.spans(found, date(plan.year, 1, 1), date(plan.year, 12, 31))
    return tuple(dict.fromkeys(each for span in spans for each in span.periods))


def of_line(line: PlanLine) -> tuple[str, ...]:
    """What is to be said of a line's time: how many working days are left for visits."""
    found = workdays.quiet_periods(line.plan.region_id, line.initiator.region_id)
    if not found:
        return ()
    return quiet.window_remarks(
        found,
        line.starts_on,
        line.ends_on,
        what="时间安排",
        calendar=workdays.calendar(),
    )


def open_days(plan: Plan) -> list[int]:
    """Month by month, working days of the plan's year on which firms may be visited."""
    found, calendar = workdays.quiet_periods(plan.region_id), workdays.calendar()
    firsts = [date(plan.year, month, 1) for month in range(1, 13)]
    lasts = [each - timedelta(days=1) for each in (*firsts[1:], date(plan.year + 1, 1, 1))]
    return [
        len(quiet.open_days(found, first, last, calendar))
        for first, last in zip(firsts, lasts, strict=True)
    ]
