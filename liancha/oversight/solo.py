"""单独检查 on the board: how many departments ask to go alone, what became of it, what was spared.

Counts what the registry's requests say; decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from liancha.accounts.models import User
from liancha.registry.models import SOLO_STATES, SoloCheck


@dataclass(frozen=True, slots=True)
class Board:
    """Requests of a year. state, word, count; over and offered are among those that wait.

    over      past the day somebody would have gone
    offered   where another department's recent result would do
    in_field  of all, those in a field of the joint list: the ones that need a reason
    """

    year: int
    states: tuple[tuple[str, str, int], ...]
    over: int
    offered: int
    in_field: int

    @property
    def total(self) -> int:
        return sum(count for _, _, count in self.states)


def board(user: User, *, today: date) -> Board:
    """The year's requests as far as this person may see them.

    Source: art. 8, paragraph 1, 不再单独开展日常性监督检查. Decision A14. Clause 8.2.
    """
    year = SoloCheck.objects.visible_to(user).filter(planned_on__year=today.year)
    waiting = list(year.undecided().prefetch_related("target__inspections"))
    return Board(
        year=today.year,
        states=tuple((state, word, year.standing(state).count()) for state, word in SOLO_STATES),
        over=sum(each.planned_on < today for each in waiting),
        offered=sum(bool(each.reusable(each.target.inspections.all())) for each in waiting),
        in_field=year.exclude(fields="").count(),
    )
