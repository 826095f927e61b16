"""What further batches, single random, keepers and void draws ask of whom, on the workbench."""

from __future__ import annotations

from datetime import timedelta

import pytest

from liancha.accounts.models import User
from liancha.draw import actions
from liancha.draw.models import Draw
from liancha.roster.models import Inspector
from liancha.rulebook.lifecycles import DrawState
from liancha.site import todos
from tests.people import NOON
from tests.rooms import draw_world as w
from tests.rooms import supplement_world as s

pytestmark = pytest.mark.django_db


def verbs(user: User) -> list[str]:
    user = User.objects.get(pk=user.pk)  # as a request loads it: nothing remembered
    return [todo.verb for todo in todos.waiting_for(user, NOON.date())]


def two_departments() -> w.World:
    return w.make_world(classes="A" * 24, participants=("GA", "WJ"), people=6)


class TestFurtherBatch:
    def test_each_step_waits_for_the_one_whose_step_it_is(self):
        world = two_departments()
        cast = world.cast
        first = w.dispatched(world)
        for code in ("GA", "WJ"):
            w.draw_inspectors(world, code)
        assert "抽取人员" not in verbs(cast.shen)
        asked = s.asked(world, first, {first.strata[0]["name"]: 2})
        assert "审阅补抽" in verbs(cast.cheng)
        assert "审阅补抽" not in verbs(cast.gu)
        actions.decide_supplement(supplement=asked, agree=True, by=cast.cheng, at=s.LATER)
        assert "审阅补抽" not in verbs(cast.cheng)
        assert "冻结补抽的库" in verbs(cast.shen)
        second = actions.freeze_supplement(supplement=asked, by=cast.shen, at=s.LATER)
        assert "定规则" in verbs(cast.shen)
        assert "冻结补抽的库" not in verbs(cast.shen)
        second = s.drawn(world, second)
        assert "派发名单" in verbs(cast.shen)
        assert "抽取人员" not in verbs(cast.lu)
        actions.dispatch(draw=second, by=cast.shen, at=s.LATER)
        assert "派发名单" not in verbs(cast.shen)
        assert "抽取人员" in verbs(cast.shen)
        assert "签收" in verbs(cast.lu)
        for draw in (first, second):
            own = draw.dispatches.get(department=world.department("WJ"))
            actions.acknowledge(dispatch=own, by=cast.lu, at=s.LATER)
        assert "抽取人员" in verbs(cast.lu)

    def test_a_void_batch_is_frozen_anew(self):
        world = two_departments()
        first = w.dispatched(world)
        second = s.frozen(world, first, {first.strata[0]["name"]: 1})
        assert "冻结补抽的库" not in verbs(world.cast.shen)
        actions.ask_void(
            draw=second, cause="technical", reason="停电", by=world.cast.shen, at=s.LATER
        )
        actions.void(draw=second, by=world.cast.cheng, at=s.LATER)
        assert "冻结补抽的库" in verbs(world.cast.shen)


def test_a_single_random_waits_for_the_head():
    world = two_departments()
    health = world.department("WJ")
    keep = Inspector.objects.filter(department=health)[:2].values_list("pk", flat=True)
    Inspector.objects.filter(department=health).exclude(pk__in=list(keep)).delete()
    actions.ask_single_random(
        task=world.task, department=health, reason="两人退休", by=world.cast.shen, at=NOON
    )
    assert "审阅单随机" in verbs(world.cast.cheng)
    assert "审阅单随机" not in verbs(world.cast.gu)


def test_a_keeper_is_asked_once_all_sheets_are_in():
    world = w.make_world(classes="ABCD")
    draw = w.freeze(world)
    keeper = world.cast.qin
    Draw.objects.filter(pk=draw.pk).update(
        state=DrawState.RULE_LOGGED, escrow="公证员", keeper=keeper, rule_at=NOON
    )
    assert "开封核对" not in verbs(keeper)
    Draw.objects.filter(pk=draw.pk).update(sealed_at=NOON)
    assert "开封核对" in verbs(keeper)


def test_a_draw_void_after_the_close_is_still_to_be_computed():
    world = w.make_world(classes="ABCD")
    draw = w.closed(world)
    actions.ask_void(draw=draw, cause="technical", reason="停电", by=world.cast.shen, at=w.DUE)
    actions.void(draw=draw, by=world.cast.cheng, at=w.DUE)
    assert "录入公开随机值" in verbs(world.cast.shen)
    draw.refresh_from_db()
    actions.enter_beacon(
        draw=draw, value=w.LOTTERY_VALUE, evidence="公告", by=world.cast.shen, at=w.DUE
    )
    assert "补算并公开" in verbs(world.cast.shen)
    actions.compute_void(draw=draw, by=world.cast.shen, at=w.DUE + timedelta(hours=1))
    assert "补算并公开" not in verbs(world.cast.shen)
