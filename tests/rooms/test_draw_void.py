"""What a draw comes to when it fails, and what happens to a list once it is locked."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from liancha.draw import actions, frozen
from liancha.draw.models import Draw
from liancha.ledger.models import Entry
from liancha.rulebook import reading
from liancha.rulebook.lifecycles import DrawState, TaskState
from liancha.rulebook.verdicts import Blocked, NeedsReason
from liancha.task.models import Task
from tests.people import NOON
from tests.rooms import draw_world as w

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> w.World:
    return w.make_world()


def body(draw: Draw, kind: str) -> dict[str, object]:
    return json.loads(Entry.objects.of_draw(draw.number).filter(kind=kind).latest("index").body)


class TestVoid:
    def ask(self, world, draw: Draw, cause: str = "technical", **more: object) -> Draw:
        given = {"reason": "大厅停电", "at": NOON} | more
        return actions.ask_void(draw=draw, cause=cause, by=world.cast.shen, **given)

    def test_the_head_agrees_and_the_number_is_spent(self, world):
        draw = self.ask(world, w.open_rule(world, w.freeze(world), "WJ"))
        draw = actions.void(draw=draw, by=world.cast.cheng, at=NOON)

        world.task.refresh_from_db()
        assert (draw.state, draw.void_by) == (DrawState.VOID, world.cast.cheng)
        assert world.task.state == TaskState.SCHEME_APPROVED
        assert body(draw, "void")["reason"] == "大厅停电"
        assert w.freeze(world).number == "洛公安抽〔2026〕2号-1"

    def test_salts_never_serve_twice(self, world):
        draw = self.ask(world, w.freeze(world))
        actions.void(draw=draw, by=world.cast.cheng, at=NOON)
        again = w.freeze(world)
        salts = {line.salt for each in (draw, again) for line in frozen.lines(each)}
        assert len(salts) == 2 * again.frame_size

    def test_nobody_agrees_to_their_own_request(self, world):
        draw = w.freeze(world)
        world.cast.cheng.grants.create(role="planner", granted_at=NOON, granted_by="sec")
        actions.ask_void(draw=draw, cause="technical", reason="停电", by=world.cast.cheng, at=NOON)
        with pytest.raises(Blocked, match="不能自己批准"):
            actions.void(draw=draw, by=world.cast.cheng, at=NOON)

    def test_no_other_head_and_no_planner(self, world):
        draw = self.ask(world, w.freeze(world))
        with pytest.raises(Blocked, match="只能由洛阳市公安局"):
            actions.void(draw=draw, by=world.cast.gu, at=NOON)
        with pytest.raises(Blocked, match="负责人批准"):
            actions.void(draw=draw, by=world.cast.shen, at=NOON)

    def test_nothing_to_agree_to_without_a_request(self, world):
        with pytest.raises(Blocked, match="还没有人提出"):
            actions.void(draw=w.freeze(world), by=world.cast.cheng, at=NOON)

    def test_it_has_a_reason(self, world):
        with pytest.raises(NeedsReason):
            self.ask(world, w.freeze(world), reason="  ")

    def test_refused_the_draw_goes_on(self, world):
        draw = self.ask(world, w.freeze(world))
        draw = actions.void(draw=draw, agree=False, note="设备已恢复", by=world.cast.cheng, at=NOON)
        assert (draw.state, draw.void_asked_by) == (DrawState.FROZEN, None)
        w.open_rule(world, draw, "WJ")

    def test_a_locked_list_is_never_void(self, world):
        with pytest.raises(Blocked, match="已经锁定"):
            self.ask(world, w.locked(world))

    def test_nobody_revealed_is_true_only_after_the_time(self, world):
        draw = w.open_rule(world, w.freeze(world), "WJ")
        w.commit(world, draw)
        with pytest.raises(Blocked, match="还有时间揭示"):
            self.ask(world, draw, "no_nonce")
        self.ask(world, draw, "no_nonce", at=w.DUE)

    def test_no_value_is_true_only_a_day_later(self, world):
        draw = w.closed(world)
        with pytest.raises(Blocked, match="一天内"):
            self.ask(world, draw, "no_value", at=w.DUE + timedelta(hours=24))
        self.ask(world, draw, "no_value", at=w.DUE + timedelta(hours=24, seconds=1))

    def test_a_void_after_the_close_is_still_computed(self, world):
        draw = self.ask(world, w.closed(world))
        actions.void(draw=draw, by=world.cast.cheng, at=NOON)
        again = w.locked(world)

        actions.enter_beacon(
            draw=draw, value=w.LOTTERY_VALUE, evidence="公告", by=world.cast.shen, at=w.DUE
        )
        transcript = actions.compute_void(draw=draw, by=world.cast.shen, at=w.DUE)

        assert reading.read_transcript(transcript.text.encode()).digest == transcript.digest
        assert not draw.drawn.exists()
        assert again.drawn.count() == 7
        with pytest.raises(Blocked, match="已经补算"):
            actions.compute_void(draw=draw, by=world.cast.shen, at=w.DUE)

    def test_a_void_before_the_close_has_nothing_to_compute(self, world):
        draw = self.ask(world, w.freeze(world))
        draw = actions.void(draw=draw, by=world.cast.cheng, at=NOON)
        with pytest.raises(Blocked, match="截止后作废"):
            actions.compute_void(draw=draw, by=world.cast.shen, at=w.DUE)


class TestDispatch:
    def test_every_participant_gets_it_and_the_sender_has_signed(self, world):
        draw = w.dispatched(world)
        rows = {d.department.code: d for d in draw.dispatches.all()}
        assert set(rows) == {"GA", "WJ", "SCJG", "XF"}
        assert rows["GA"].acknowledged_by == world.cast.shen
        assert rows["WJ"].acknowledged_at is None

        actions.acknowledge(dispatch=rows["WJ"], by=world.cast.lu, at=w.DUE)
        with pytest.raises(Blocked, match="已经签收"):
            actions.acknowledge(dispatch=rows["WJ"], by=world.cast.lu, at=w.DUE)
        with pytest.raises(Blocked, match="只能由洛阳市消防救援支队"):
            actions.acknowledge(dispatch=rows["XF"], by=world.cast.lu, at=w.DUE)

    def test_it_needs_a_platform_number_or_a_reason_that_is_kept(self, world):
        Task.objects.update(platform_number="")
        draw = w.locked(world)
        with pytest.raises(NeedsReason) as refusal:
            actions.dispatch(draw=draw, by=world.cast.shen, at=w.DUE)
        assert refusal.value.article == "5"

        actions.dispatch(draw=draw, reason="平台维护", by=world.cast.shen, at=w.DUE)
        world.task.refresh_from_db()
        assert (world.task.platform_reason, world.task.state) == ("平台维护", TaskState.DISPATCHED)

    def test_not_before_the_lock_and_not_twice(self, world):
        draw = w.computed(world)
        with pytest.raises(Blocked, match="锁定后才能派发"):
            actions.dispatch(draw=draw, by=world.cast.shen, at=w.DUE)
        draw = actions.lock(draw=draw, by=world.cast.shen, at=w.DUE)
        actions.dispatch(draw=draw, by=world.cast.shen, at=w.DUE)
        with pytest.raises(Blocked):
            actions.dispatch(draw=draw, by=world.cast.shen, at=w.DUE)
