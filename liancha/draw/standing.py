"""How a draw stands in the public log: checkpoints and witnesses, for the ceremony page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from liancha.accounts.models import User
from liancha.ledger import queries as log
from liancha.ledger.queries import Anchor

from .actions import cosigning
from .models import Draw


@dataclass(frozen=True, slots=True)
class Standing:
    """Rule and close in the log, and whether reveals wait for a witness.

    go_on_at   from when the operator may go on without one; None when nothing waits
    may_go_on  this person may, now
    """

    rule: Anchor | None
    close: Anchor | None
    waits: bool
    go_on_at: datetime | None
    may_go_on: bool

    @property
    def rows(self) -> list[tuple[str, Anchor]]:
        named = (("规则", self.rule), ("揭示截止", self.close))
        return [(name, anchor) for name, anchor in named if anchor is not None]

    @property
    def mark(self) -> str:
        """Changes when the page would look different."""
        shown = [
            f"{anchor.checkpoint.size if anchor.checkpoint else 0}:{len(anchor.cosigned)}"
            for _, anchor in self.rows
        ]
        return "-".join([*shown, str(int(self.may_go_on))])


def standing(draw: Draw, user: User, now: datetime) -> Standing:
    """As it is now, for this person."""
    waits = cosigning.waits_for_cosignature(draw)
    go_on_at = cosigning.may_go_on_at(draw) if waits else None
    is_time = go_on_at is not None and now >= go_on_at
    return Standing(
        rule=log.anchor_of_draw(draw.number, "rule"),
        close=log.anchor_of_draw(draw.number, "close"),
        waits=waits,
        go_on_at=go_on_at,
        may_go_on=is_time and user.department_id == draw.department_id,
    )
