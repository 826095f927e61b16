"""Why a check goes there in a quiet period, written down (E17, local practice)."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from liancha.accounts.models import User
from liancha.registry.models import Target
from liancha.rulebook.quiet import Exempted, check_exempted

from .. import quiet_days
from ..models import QuietExemption, Scheme, Task
from .standing import append


@transaction.atomic
def exempt_quiet(
    *, task: Task, target: Target | None = None, said: Exempted, by: User, at: datetime
) -> QuietExemption:
    """Write an exemption down, for one target or for the whole task.

    Raises NeedsReason for a code that is not in the table, or without words.
    Source: E17, local practice.
    """
    check_exempted(said)
    written = QuietExemption.objects.create(
        task=task,
        target=target,
        code=said.code,
        reason=said.reason.strip(),
        recorded_by=by,
        recorded_at=at,
    )
    append(
        "task.exempt_quiet",
        task,
        by,
        at,
        target=target.code if target is not None else "",
        code=written.code,
        reason=written.reason,
    )
    return written


def settle_scheme(
    task: Task, scheme: Scheme, said: Exempted | None, *, by: User, at: datetime
) -> tuple[str, ...]:
    """Remarks on the days of a scheme's visits; an exemption that was given is written down.

    Raises NeedsReason where one is asked for.
    Source: E17, local practice; art. 17, paragraph 1, 工作阶段安排.
    """
    remarks = quiet_days.of_scheme(task, scheme, said)
    if said is not None and remarks:
        exempt_quiet(task=task, said=said, by=by, at=at)
    return remarks


def settle_visit(
    task: Task,
    target: Target,
    day: date,
    said: Exempted | None,
    *,
    is_surprise: bool = False,
    by: User,
    at: datetime,
) -> tuple[str, ...]:
    """The same for one visit on one day.

    Raises NeedsReason where an exemption is asked for.
    Source: E17, local practice; art. 20, paragraph 2, 负责协商议定检查日程.
    """
    remarks = quiet_days.of_visit(task, target, day, said=said, is_surprise=is_surprise)
    if said is not None and remarks:
        exempt_quiet(task=task, target=target, said=said, by=by, at=at)
    return remarks
