"""A supplementary batch as the people of the cast go through it, on a world of tests."""

from __future__ import annotations

from datetime import datetime, timedelta

from liancha.draw import actions
from liancha.draw.actions import BeaconSpec
from liancha.draw.models import Draw, Supplement
from tests.rooms import draw_world as w

LATER = w.DUE + timedelta(days=1)
DICE = "现场掷骰 10 枚，自左至右"
VALUE = "3 5 1 6 2 2 4 6 1 5"


def asked(world: w.World, after: Draw, wanted: dict[str, int], at: datetime = LATER) -> Supplement:
    return actions.ask_supplement(
        after=after, wanted=wanted, reason="已抽中的两户停业", by=world.cast.shen, at=at
    )


def agreed(world: w.World, after: Draw, wanted: dict[str, int], at: datetime = LATER) -> Supplement:
    supplement = asked(world, after, wanted, at)
    return actions.decide_supplement(supplement=supplement, agree=True, by=world.cast.cheng, at=at)


def frozen(world: w.World, after: Draw, wanted: dict[str, int], at: datetime = LATER) -> Draw:
    supplement = agreed(world, after, wanted, at)
    return actions.freeze_supplement(supplement=supplement, by=world.cast.shen, at=at)


def drawn(world: w.World, draw: Draw, at: datetime = LATER) -> Draw:
    """The ceremony of a frozen batch, to its locked list."""
    due = at + timedelta(hours=1)
    w.open_rule(world, draw, "WJ", beacon=BeaconSpec(DICE, "0 0 0 0 0 0 0 0 0 0", due), at=at)
    w.commit(world, draw, at=at)
    w.reveal(world, draw, at=at)
    actions.enter_beacon(draw=draw, value=VALUE, evidence="秦牧之读数", by=world.cast.shen, at=due)
    return actions.lock(draw=draw, by=world.cast.shen, at=due)
