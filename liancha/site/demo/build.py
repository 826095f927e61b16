"""Builds the demo city from nothing: people, lists, registers, plan, and a year of tasks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.utils import timezone

from liancha.accounts.models import Department
from liancha.registry.models import Import

from . import beside, catch, city, dirt, libraries, merging, people, setting_out
from .plots import Plot, Turn
from .stories import tell
from .year import Story, World, make_world, play

SEED = 20260
# The tasks of the year, oldest first; working days before today. A picture of every state.
PLOTS = (
    Plot("JF09", 118, "results_published", visits=104, is_confidential=False, turn=Turn.VOID),
    Plot("JF26", 96, "archived", visits=84, turn=Turn.BATCH),
    Plot("JF40", 62, "results_published", visits=50, turn=Turn.KEEPER),
    Plot("JF28", 40, "completed", visits=23, slow=("SWJ",), turn=Turn.ABSENT),
    Plot("JF33", 26, "completed", visits=9),
    Plot("JF05", 16, "inspecting", visits=3, a_day=3),
    Plot("JF37", 14, "teams_set", visits=-2),
    Plot("JF01", 13, "inspectors_drawn", visits=-4),
    Plot("JF11", 12, "dispatched", visits=-6, slow=("XF",)),
    Plot("JF06", 9, "targets_drawn", visits=-6),
    Plot("JF21", 8, "closed", visits=-8),
    Plot("JF04", 6, "committing", visits=-9),
    Plot("JF32", 5, "pool_frozen", visits=-9),
    Plot("JF08", 4, "scheme_approved", visits=-10),
    Plot("JF07", 3, "scheme_submitted", visits=-11),
    Plot("JF12", 1, "created", visits=-12),
)


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the import made of a large register: its catch by kind of dirt, and the digest of what
    the registry then held (catch.digest)."""

    caught: list[catch.Caught]
    digest: str


class NotEmpty(Exception):
    """There is something in the database already; a demo is built only from nothing."""


def build(
    *,
    now: datetime | None = None,
    seed: int = SEED,
    size: int | None = None,
    register: Path | None = None,
    tell_progress: Callable[[str], None] = lambda words: None,
) -> Weighed | None:
    """Build it all, by the same actions that officials use.

    now       the moment the demo ends at; default now
    size      so many targets, with the proportions and the dirt of real registers; without it the
              small tidy city
    register  a file with a real register, taken instead of the made-up one
    returns   what became of the dirt, where there was any: with a size and no file

    Raises NotEmpty when departments are there already.
    """
    if Department.objects.exists():
        raise NotEmpty
    weighed = None
    now = now or timezone.now()
    today = timezone.localdate(now)
    year = today.year if today.month >= 3 else today.year - 1
    start = timezone.make_aware(datetime(year, 1, 5, 9))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tell_progress("部门、人员和执法人员名录库")
        cast = people.settle(seed, folder=folder, at=start)
        world = make_world(cast, seed=seed, now=now)
        table = register or _made_up(folder, seed, size)
        tell_progress("清单和检查对象名录库")
        play(world, [setting_out.lists_and_registry(world, year, table)])
    if register is None and size is not None:
        tell_progress("逐行核对名录的收录")
        batch = Import.objects.latest("id")
        weighed = Weighed(catch.count(dirt.rows(seed, size), batch), catch.digest())
    tell_progress("年度计划")
    play(
        world,
        [
            setting_out.planning(world, year),
            beside.filings(world, year),
            beside.own_plan(world, year),
            beside.quiet_days(world, year),
        ],
    )
    if not world.lines:  # the year is too young for a plan
        return weighed
    tell_progress("一年的任务：摇号、检查、公示")
    play(world, _stories(world, year, today))
    world.log.checkpoint(now)
    return weighed


def _made_up(folder: Path, seed: int, size: int | None) -> Path:
    """A register of the small tidy city, or one of so many targets with the dirt of real ones."""
    table = folder / "检查对象名录.csv"
    if size is None:
        city.write(table, seed)
    else:
        dirt.write(table, seed, size)
    return table


def _stories(world: World, year: int, today: date) -> list[Story]:
    """All that happens after the plan is public, as far as the year has come."""
    stories = [tell(world, plot) for plot in PLOTS if world.back(plot.start) >= _opened(year)]
    adjusted = world.back(20)
    if adjusted >= _opened(year):
        stories.append(
            setting_out.adjusting(
                world, "JF10", adjusted, date(year, 12, 28), "并入年末文化市场检查，减少重复进门"
            )
        )
    stories.append(setting_out.reminding(world, "SWJ", "JF28"))
    stories.append(libraries.counties(world, year))
    if world.back(45) >= _opened(year):
        stories += [
            libraries.revising(world, year),
            libraries.marking(world),
            libraries.asking_alone(world),
            libraries.doubling(world),
            beside.classing(world),
            beside.campaign(world, year),
            beside.licences(world),
            merging.merging(world),
        ]
    if today.month >= 10:
        stories.append(setting_out.next_year(world, year + 1))
        stories.append(libraries.trying(world, year + 1))
    return stories


def _opened(year: int) -> date:
    """Tasks begin after the plan is public."""
    return date(year, 4, 27)
