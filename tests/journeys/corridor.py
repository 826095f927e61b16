"""The walk through all rooms, step after step: who is there, where things are, what was seen."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import DESKTOP, PHONE

from .walkers import Album, Opened, Walker


@dataclass
class Journey:
    """places   addresses and names that a later step needs, by what they are
    walkers  who has a window open, by account
    """

    url: str
    open_page: Opened
    in_database: Callable[[], AbstractContextManager[None]]
    folder: Path
    screens: Path | None = None
    places: dict[str, str] = field(default_factory=dict)
    walkers: dict[str, Walker] = field(default_factory=dict)
    officers: dict[str, str] = field(default_factory=dict)
    last: Walker | None = None

    def __post_init__(self) -> None:
        self.album = Album(self.open_page, self.screens)

    def by(self, account: str, *, on_phone: bool = False) -> Walker:
        """This person at a window of theirs, logged in; nobody in particular with ""."""
        if account not in self.walkers:
            walker = Walker(self.open_page(PHONE if on_phone else DESKTOP), self.url)
            self.walkers[account] = walker.log_in(account) if account else walker
        self.last = self.walkers[account]
        return self.last

    def leaves(self, account: str) -> None:
        """Close this person's window."""
        self.walkers.pop(account).page.context.close()
