"""One firm's own page: the same for everybody until a draw opens, then its own proof.

Source: art. 19; draw protocol, §6.
"""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from liancha.disclosure import firms
from liancha.draw import bundles, frozen
from liancha.draw.models import Draw
from liancha.inspection.models import Visit
from liancha.ledger.models import Entry
from liancha.registry.models import Target
from liancha.rulebook import verify
from liancha.rulebook.lifecycles import TaskState
from tests.rooms import draw_world as w
from tests.rooms import supplement_world as s
from tests.rooms.disclosure_world import check, make_drawn_world

pytestmark = pytest.mark.django_db
NOT_YET = "还没有公开"


def page_of(target: Target) -> str:
    return reverse("disclosure:firm", args=[firms.token_of(target)])


def file_of(target: Target, draw: Draw) -> str:
    return reverse("disclosure:firm_file", args=[firms.token_of(target), draw.pk])


def sides(draw: Draw) -> tuple[Target, Target]:
    """A firm that was drawn, and one of the pool that was not."""
    inside = draw.drawn.select_related("target").first()
    assert inside is not None
    drawn = set(draw.drawn.values_list("candidate__code", flat=True))
    line = next(line for line in frozen.lines(draw) if line.code not in drawn)
    return inside.target, Target.objects.get(pk=line.target)


def told(client: Client, target: Target) -> tuple[str, int]:
    """What its page says but for its name and address, and how many questions that took."""
    with CaptureQueriesContext(connection) as asked:
        page = client.get(page_of(target)).content.decode()
    return page.replace(target.name, "").replace(firms.token_of(target), ""), len(asked)


class TestBefore:
    def test_a_drawn_firm_is_told_what_any_other_is_and_it_takes_as_much_work(self, client):
        draw = w.dispatched(w.make_world(classes="A" * 16, participants=("GA", "WJ"), people=3))
        inside, outside = sides(draw)
        client.get(page_of(inside))
        assert told(client, inside) == told(client, outside)
        assert NOT_YET in told(client, inside)[0]
        for target in (inside, outside):
            assert client.get(file_of(target, draw)).status_code == 404
            own = reverse("disclosure:firm_check", args=[firms.token_of(target), draw.pk])
            assert client.get(own).status_code == 404

    def test_a_further_batch_is_not_named_for_its_pool_was_not_drawn_before(self, client):
        world = w.make_world(classes="A" * 16, participants=("GA", "WJ"), people=3)
        first = w.dispatched(world)
        inside, outside = sides(first)
        second = s.drawn(world, s.frozen(world, first, {first.strata[0]["name"]: 1}))
        for target in (inside, outside):
            assert second.number not in told(client, target)[0]
        assert told(client, inside) == told(client, outside)

    def test_a_link_that_is_not_ours_opens_nothing(self, client):
        token = firms.token_of(w.make_world(classes="A").targets[0])
        for wrong in ("x", token[:-1] + ("a" if token[-1] != "a" else "b")):
            assert client.get(reverse("disclosure:firm", args=[wrong])).status_code == 404


class TestAfter:
    def test_right_after_its_own_visit_a_firm_has_its_proof_and_the_others_wait(self, client):
        make_drawn_world()
        first, second, *_ = Visit.objects.order_by("pk")
        draw = first.drawn_target.draw
        check(first)
        target, other = first.drawn_target.target, second.drawn_target.target
        firm = client.get(file_of(target, draw)).content
        report = verify.check_firm(firm, bundles.transcript_file(draw))
        assert report.is_good
        assert target.code in firm.decode()
        assert NOT_YET in told(client, other)[0]
        assert client.get(file_of(other, draw)).status_code == 404

    def test_when_all_is_over_every_firm_of_the_pool_checks_itself(self, client):
        world = w.make_world(classes="A" * 16, participants=("GA", "WJ"), people=3)
        draw = w.dispatched(world)
        world.task.state = TaskState.COMPLETED
        world.task.save(update_fields=["state"])
        transcript = bundles.transcript_file(draw)
        for target, is_drawn in zip(sides(draw), (True, False), strict=True):
            firm = client.get(file_of(target, draw)).content
            assert verify.check_firm(firm, transcript).is_good
            assert f'"drawn":{str(is_drawn).lower()}' in firm.decode().replace(" ", "")
            own = reverse("disclosure:firm_check", args=[firms.token_of(target), draw.pk])
            page = client.get(own).content.decode()
            assert 'data-file="firm.json"' in page
            assert 'data-file="transcript.json"' in page


class TestHandingOut:
    def test_the_desk_gives_the_link_on_record_and_only_who_keeps_the_register(self):
        world = w.make_world(classes="AB")
        target = world.targets[0]
        place = reverse("disclosure:own_link", args=[target.pk])
        assert w.as_(world, "qin").get(place).status_code == 403
        desk = w.as_(world, "shen")
        assert page_of(target) not in desk.get(place).content.decode()
        assert page_of(target) in desk.post(place).content.decode()
        assert Entry.objects.filter(what="disclosure.hand_link").count() == 1
