"""The workbench: what waits for this person, soonest first.

Each source asks one room's records what is waiting and says it in the same shape. It shows only;
who may act is decided again behind each link.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from liancha.accounts.models import User


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do.

    title, note  what, and what it belongs to
    url, verb    where it is done, and the button's word: a verb with its object
    state, word  the tag: a record with a state, or a tone with its word
    who          whose it is: a person or a department
    due_on       the next date, None while there is none; is_result for the 20-day clock
    """

    title: str
    note: str
    url: str
    verb: str
    state: object
    who: object
    due_on: date | None = None
    word: str = ""
    is_result: bool = False

    def is_pressing(self, today: date) -> bool:
        """Due today or overdue: only these get a filled button."""
        return self.due_on is not None and self.due_on <= today


Source = Callable[[User, date], Iterable[Todo]]
SOURCES: tuple[Source, ...] = ()


def gather(user: User, today: date) -> list[Todo]:
    """All that waits for this person: overdue first, then by date, then what has none."""

    def all_of() -> Iterator[Todo]:
        for source in SOURCES:
            yield from source(user, today)

    return sorted(all_of(), key=lambda todo: (todo.due_on is None, todo.due_on or today))
