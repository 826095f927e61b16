"""Going there in a quiet period: the day a visit is planned for, the day somebody arrives (E17)."""

from __future__ import annotations

from datetime import date, datetime

from liancha.accounts.models import User
from liancha.rulebook.quiet import Exempted
from liancha.task import actions as tasks

from ..models import Visit


def settle(
    visit: Visit, day: date, exempted: Exempted | None, *, by: User, at: datetime
) -> list[str]:
    """Remarks on going there that day; off the spot there are none.

    exempted  why it is done all the same; written down where a period holds

    Raises NeedsReason where a period asks for it and nobody has said.
    Source: E17, local practice; art. 20, paragraph 2, 负责协商议定检查日程.
    """
    if not visit.is_onsite:
        return []
    notice = getattr(visit, "notice", None)
    return list(
        tasks.settle_visit(
            visit.team.task,
            visit.drawn_target.target,
            day,
            exempted,
            is_surprise=notice is not None and notice.is_surprise,
            by=by,
            at=at,
        )
    )
