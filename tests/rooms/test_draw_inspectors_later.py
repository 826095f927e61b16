"""What changes in the libraries after a department's roster was frozen for its draw."""

from __future__ import annotations

import pytest

from liancha.draw import actions, duty, rosters, rules, seats, transcripts
from liancha.draw.models import Assignment, Draw
from liancha.registry.models import Release
from liancha.roster.models import Inspector
from liancha.rulebook.lifecycles import DrawState
from liancha.rulebook.verdicts import Blocked
from tests.rooms import draw_world as w

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> w.World:
    world = w.make_world()
    w.dispatched(world)
    return world


def lock(world: w.World, draw: Draw) -> Draw:
    return actions.lock(draw=draw, by=world.cast.lu, at=draw.beacon_due)


def test_a_release_after_the_freeze_changes_nothing_about_the_draw(world):
    """Source: art. 19, paragraph 3; what is not looked at there is said when teams are formed."""
    draw = w.inspectors_computed(world, "WJ")
    assert draw.of is not None
    target = draw.of.drawn.first()
    Release.objects.create(
        target=target.target, department=draw.department, reason="停业改造",
        by=world.cast.lu, at=w.DUE,
    )  # fmt: skip
    lock(world, draw)
    there = Assignment.objects.filter(draw=draw, drawn_target=target)
    assert there.count() == 2
    assert [fate.mark for fate in duty.explain(draw, target)].count("ok") == 2
    assert target.candidate.code not in rosters.units_of(draw.of, draw.department)


def test_somebody_frozen_who_was_taken_back_with_an_import_stops_the_lock_and_says_so(world):
    draw = w.inspectors_computed(world, "WJ")
    drawn = transcripts.assignment_of(draw)
    _, number = drawn.pairs[0]
    Inspector.objects.filter(number=number).delete()
    with pytest.raises(Blocked, match=rf"{number}.*已不在名录库.*申请作废") as refused:
        lock(world, draw)
    assert refused.value.article == "19"
    draw.refresh_from_db()
    assert draw.state == DrawState.CLOSED
    assert not draw.assignments.exists()


def test_somebody_who_came_to_the_department_later_is_no_recusal(world):
    draw = w.draw_inspectors(world, "WJ")
    seat = draw.assignments.first()
    newcomer = Inspector.objects.create(
        department=draw.department, number="WJ-901", name="新来的", updated_at=w.DUE
    )
    assert newcomer.number not in rules.staffing_of(draw).roster
    problem = seats.problem_of(seat, newcomer, on=w.DUE.date())
    assert "不在冻结的人员库中" in problem
    assert "回避" not in problem
