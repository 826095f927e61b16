"""What the quiet periods of its region say to a task: its visits by the scheme, one visit.

Reads only. Who writes an exemption down is `actions.quiet`.
"""

from __future__ import annotations

from datetime import date

from liancha.registry.models import Target
from liancha.rulebook import presence, quiet
from liancha.rulebook.quiet import Exempted, Quiet
from liancha.workdays import queries as workdays

from .models import Period, QuietExemption, Scheme, Task


def periods(task: Task, target: Target | None = None) -> tuple[Quiet, ...]:
    """Those of the city, of the initiator's region, and of where the target is."""
    return workdays.quiet_periods(
        task.initiator.region_id, target.region_id if target is not None else None
    )


def exempted(
    task: Task, target: Target | None = None, *, is_surprise: bool = False
) -> Exempted | None:
    """The exemption a check has: by what it is, or written for it or for its whole task."""
    if found := quiet.implied(task.source, is_surprise=is_surprise):
        return found
    last = QuietExemption.objects.filter(task=task).latest_for(target)
    return Exempted(last.code, last.reason) if last else None


def of_scheme(task: Task, scheme: Scheme, said: Exempted | None = None) -> tuple[str, ...]:
    """What is to be said of the days a scheme has its visits on (WARN). Off the spot nothing.

    Raises NeedsReason where every day is quiet and the period asks for an exemption.
    """
    visits = _visits_of(scheme)
    if visits is None or not (found := periods(task)):
        return ()
    return quiet.check_window(
        found,
        visits.starts_on,
        visits.ends_on,
        what="实地核查",
        calendar=workdays.calendar(),
        exempted=said or exempted(task),
    )


def of_task(task: Task) -> tuple[str, ...]:
    """The same as remarks only, for a task just made or shown: by its scheme or its own days."""
    scheme = getattr(task, "scheme", None)
    own = Period("时间安排", task.starts_on, task.ends_on)
    window = own if scheme is None else _visits_of(scheme)
    if window is None or not (found := periods(task)):
        return ()
    return quiet.window_remarks(
        found,
        window.starts_on,
        window.ends_on,
        what=window.name,
        calendar=workdays.calendar(),
        exempted=exempted(task),
    )


def of_visit(
    task: Task,
    target: Target,
    day: date,
    *,
    said: Exempted | None = None,
    is_surprise: bool = False,
) -> tuple[str, ...]:
    """What is to be said of going there that day (WARN).

    Raises NeedsReason where a period that holds then asks for an exemption.
    """
    found = periods(task, target)
    if not quiet.holding(found, day):
        return ()
    known = said or exempted(task, target, is_surprise=is_surprise)
    return quiet.check_day(found, day, what=target.name, exempted=known)


def _visits_of(scheme: Scheme) -> Period | None:
    """When a scheme sends people out; None where it does not, or has not said."""
    visits = scheme.period("实地核查")
    if visits is None or scheme.offsite == Scheme.Offsite.YES:
        return None
    return visits if presence.Method(scheme.method).is_onsite else None
