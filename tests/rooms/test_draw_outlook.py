"""Before a department freezes its people it sees what either way of sharing would come to."""

from __future__ import annotations

import json

import pytest

from liancha.draw import outlook
from liancha.draw.models import Draw
from liancha.ledger.models import Entry
from liancha.rulebook import form
from tests.people import NOON
from tests.rooms import draw_world as w
from tests.rooms.draw_world import as_, text, url

pytestmark = pytest.mark.django_db


def test_both_ways_are_shown_and_what_was_shown_is_kept(time_machine):
    """Source: art. 19, paragraph 1; liancha-draw/1, §8: the base is chosen knowing its effect."""
    time_machine.move_to(NOON)
    world = w.make_world()
    w.dispatched(world)
    time_machine.move_to(w.DUE)
    lu = as_(world, "lu")
    answer = lu.get(url("inspectors", world.task.pk))
    page = text(answer)
    assert page.count("最容易猜中的一对") == 2
    assert "个虚拟种子模拟，真正的种子还没有产生" in page
    mean = answer.content.decode().split('id="base-n" value="')[1].split('"')[0]

    lu.post(url("freeze_inspectors", world.task.pk), {"base": mean})
    draw = Draw.objects.of_inspectors().get()
    kept = draw.inputs.get(name=outlook.FILE)
    even, chance = json.loads(kept.text)
    assert (even["base"], chance["base"], draw.base) == (1, int(mean), int(mean))
    assert f"{even['trials']} 个虚拟种子" in page
    for way in (even, chance):
        least, most = way["span"]
        assert f"每人 {least}~{most} 户" in page or f"每人 {least} 户" in page
        assert f"{way['trials']} 次里出现 {way['pair'][2]} 次" in page

    facts = Entry.objects.get(what="draw.freeze_inspectors").body
    assert form.H(f"{draw.salt}\n{kept.sha256}") in facts
    assert "expected" in facts
    unit, person, _ = even["pair"]
    assert unit not in facts  # the ledger has figures, no name
    assert person not in facts
