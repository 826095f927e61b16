"""The running year of the demo city: each task is a story, and all stories share one calendar.

A story is a generator: it yields the moment of its next act and acts when that moment has come.
`play` keeps the stories in the order of time, so that the ledger reads as a year does.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count
from random import Random

from django.utils import timezone

from liancha.plan.models import Plan, PlanLine
from liancha.rulebook.deadlines import Calendar
from liancha.workdays import queries as workdays

from .logbook import Logbook
from .people import People

Story = Generator[datetime, None, None]

AHEAD = 13  # working days at the end of a year that visits still to come need


@dataclass
class World:
    """What every story knows.

    now     the moment the demo is built; nothing happens after it
    anchor  the working day from which stories count back: the last one up to now, or in the plan's
            year with enough of it left for what is still to come
    log     the public log, with its witness
    times   how many times the small city this one is
    values  public values that have been published, by their source
    """

    people: People
    chance: Random
    now: datetime
    anchor: date
    calendar: Calendar
    log: Logbook = field(default_factory=Logbook)
    times: int = 1
    values: dict[str, str] = field(default_factory=dict)
    plan: Plan | None = None
    lines: dict[str, PlanLine] = field(default_factory=dict)

    def back(self, working_days: int) -> date:
        """The day so many working days before the anchor; forward for negative ones."""
        day, step = self.anchor, -1 if working_days >= 0 else 1
        for _ in range(abs(working_days)):
            day += timedelta(days=step)
            while not self.calendar.is_likely_worked(day):
                day += timedelta(days=step)
        return day

    def at(self, day: date, hour: int, minute: int = 0) -> datetime:
        return timezone.make_aware(datetime.combine(day, time(hour, minute)))

    def nonce(self) -> str:
        return f"{self.chance.getrandbits(256):064x}"


def make_world(people: People, *, seed: int, now: datetime) -> World:
    """The world of a demo built now; late in December and in January it stays in the old year."""
    calendar = workdays.calendar()
    today = timezone.localdate(now)
    world = World(people, Random(seed), now, today, calendar)
    world.anchor = date(year_of(today) + 1, 1, 1)
    world.anchor = min(today, world.back(AHEAD))
    if not calendar.is_likely_worked(world.anchor):
        world.anchor = world.back(1)
    return world


def year_of(today: date) -> int:
    """The year whose plan a demo built on this day carries out."""
    return today.year if today.month >= 3 else today.year - 1


def play(world: World, stories: list[Story], tell: Callable[[], None] = lambda: None) -> int:
    """Let all stories go on in the order of time until now; returns how many acts there were."""
    acts = 0
    for moment in (all_of_them := together(stories)):
        if moment > world.now:
            all_of_them.close()  # the rest of these stories is still to come
            break
        acts += 1
        tell()
    return acts


def together(stories: Iterable[Story]) -> Story:
    """Several stories as one, in the order of time."""
    order = count()
    waiting: list[tuple[datetime, int, Story]] = []
    for story in stories:
        _next(waiting, next(order), story)
    while waiting:
        moment, _, story = heapq.heappop(waiting)
        yield moment
        _next(waiting, next(order), story)


def _next(waiting: list[tuple[datetime, int, Story]], turn: int, story: Story) -> None:
    moment = next(story, None)
    if moment is not None:
        heapq.heappush(waiting, (moment, turn, story))
