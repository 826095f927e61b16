"""One firm's own page: the same for everybody until a draw opens, then its own proof.

Source: art. 19; draw protocol, §6.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from liancha.accounts.models import User
from liancha.disclosure import actions, firms
from liancha.disclosure.models import OwnLink
from liancha.draw import bundles, frozen
from liancha.draw.models import Draw
from liancha.inspection import doorcodes
from liancha.inspection.models import Visit
from liancha.ledger.models import Entry
from liancha.registry.models import Target
from liancha.rulebook import verify
from liancha.rulebook.lifecycles import DrawState, TaskState
from tests.rooms import draw_world as w
from tests.rooms import supplement_world as s
from tests.rooms.disclosure_world import check, make_drawn_world
from tests.rooms.visit_world import MORNING

pytestmark = pytest.mark.django_db
NOT_YET = "还没有公开"


def link_of(target: Target, at: datetime | None = None) -> OwnLink:
    """A link in force, from the desk."""
    given = target.own_links.in_force(timezone.now()).first()
    desk = User.objects.get(username="shen")
    return given or actions.hand_link(target=target, by=desk, at=at or timezone.now())


def door(name: str, link: OwnLink, *more: int) -> str:
    return reverse(f"disclosure:{name}", args=[firms.token_of(link), *more])


def page_of(target: Target) -> str:
    return door("firm", link_of(target))


def file_of(target: Target, draw: Draw) -> str:
    return door("firm_file", link_of(target), draw.pk)


def sides(draw: Draw) -> tuple[Target, Target]:
    """A firm that was drawn, and one of the pool that was not."""
    inside = draw.drawn.select_related("target").first()
    assert inside is not None
    drawn = set(draw.drawn.values_list("candidate__code", flat=True))
    line = next(line for line in frozen.lines(draw) if line.code not in drawn)
    return inside.target, Target.objects.get(pk=line.target)


def later(draw: Draw, year: int, serials: range) -> None:
    """More draws of other pools, locked."""
    same = {
        name: getattr(draw, name)
        for name in (
            "task",
            "kind",
            "department",
            "frozen_at",
            "frozen_by",
            "locked_at",
            "locked_by",
        )
    } | {"supplements": draw, "state": DrawState.LOCKED, "secret": "0" * 64, "year": year}
    Draw.objects.bulk_create(
        Draw(**same, serial=serial, number=f"后{year}-{serial}") for serial in serials
    )


def told(client: Client, target: Target) -> tuple[str, int]:
    """What its page says but for its name and address, and how many questions that took."""
    place = page_of(target)
    with CaptureQueriesContext(connection) as asked:
        page = client.get(place).content.decode()
    return page.replace(target.name, "").replace(place, ""), len(asked)


class TestBefore:
    def test_a_drawn_firm_is_told_what_any_other_is_and_it_takes_as_much_work(self, client):
        draw = w.dispatched(w.make_world(classes="A" * 16, participants=("GA", "WJ"), people=3))
        inside, outside = sides(draw)
        client.get(page_of(inside))
        assert told(client, inside) == told(client, outside)
        assert NOT_YET in told(client, inside)[0]
        for target in (inside, outside):
            assert client.get(file_of(target, draw)).status_code == 404
            assert client.get(door("firm_check", link_of(target), draw.pk)).status_code == 404

    def test_a_further_batch_is_not_named_for_its_pool_was_not_drawn_before(self, client):
        world = w.make_world(classes="A" * 16, participants=("GA", "WJ"), people=3)
        first = w.dispatched(world)
        inside, outside = sides(first)
        second = s.drawn(world, s.frozen(world, first, {first.strata[0]["name"]: 1}))
        for target in (inside, outside):
            assert second.number not in told(client, target)[0]
        assert told(client, inside) == told(client, outside)

    def test_a_link_that_is_not_ours_opens_nothing(self, client):
        token = firms.token_of(link_of(w.make_world(classes="A").targets[0]))
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
            page = client.get(door("firm_check", link_of(target), draw.pk)).content.decode()
            assert 'data-file="firm.json"' in page
            assert 'data-file="transcript.json"' in page


class TestYears:
    def test_an_old_draw_is_found_under_its_year_however_many_came_since(self, client):
        draw = w.dispatched(w.make_world(classes="A" * 16, participants=("GA", "WJ"), people=3))
        target, year = sides(draw)[0], draw.year
        later(draw, year, range(901, 1011))
        assert [each.draw for each in firms.own_draws(target, year, timezone.now())] == [draw]
        later(draw, year + 1, range(1, 3))
        assert firms.years() == [year + 1, year]
        assert draw.number not in client.get(page_of(target)).content.decode()
        assert draw.number in client.get(f"{page_of(target)}?year={year}").content.decode()
        for asked in ("x", "9" * 30, "-1", "٢٠٢٦"):
            page = client.get(page_of(target), {"year": asked})
            assert page.status_code == 200
            assert f"?year={year}" in page.content.decode(), "the years stand there to choose from"


class TestHandingOut:
    def test_the_desk_gives_the_link_on_record_and_only_who_keeps_the_register(self):
        world = w.make_world(classes="AB")
        target = world.targets[0]
        place = reverse("disclosure:own_link", args=[target.pk])
        assert w.as_(world, "qin").get(place).status_code == 403
        desk = w.as_(world, "shen")
        assert "/own/" not in desk.get(place).content.decode()
        page = desk.post(place).content.decode()
        assert page_of(target) in page
        assert "有效" in page
        [entry] = Entry.objects.filter(what="disclosure.hand_link")
        assert firms.token_of(target.own_links.get()) not in entry.body

    def test_a_link_expires_on_the_day_the_site_sets(self, client, settings):
        settings.LIANCHA_OWN_LINK_DAYS = 7
        target = w.make_world(classes="A").targets[0]
        link = link_of(target, timezone.now() - timedelta(days=7, seconds=1))
        for name, more in (("firm", ()), ("firm_file", (1,)), ("firm_check", (1,))):
            answer = client.get(door(name, link, *more))
            assert answer.status_code == 410
            assert target.name not in answer.content.decode()
        assert client.get(page_of(target)).status_code == 200, "a new one opens"

    def test_a_new_link_ends_the_old_one(self, client):
        world = w.make_world(classes="A")
        old = link_of(world.targets[0])
        new = actions.hand_link(target=world.targets[0], by=world.cast.shen, at=timezone.now())
        assert client.get(door("firm", old)).status_code == 410
        assert client.get(door("firm", new)).status_code == 200
        assert f'"instead_of":[{old.pk}]' in Entry.objects.order_by("-index")[0].body

    def test_the_desk_takes_a_link_back_once_and_on_record(self, client):
        world = w.make_world(classes="A")
        link = link_of(world.targets[0])
        place = reverse("disclosure:revoke_link", args=[link.pk])
        desk = w.as_(world, "shen")
        assert desk.get(place).status_code == 405
        assert w.as_(world, "qin").post(place).status_code == 403
        assert desk.post(place).status_code == 302
        assert desk.post(place).status_code == 409
        assert client.get(door("firm", link)).status_code == 410
        assert Entry.objects.filter(what="disclosure.revoke_link").count() == 1
        assert (
            "收回"
            in desk.get(reverse("disclosure:own_link", args=[link.target_id])).content.decode()
        )


class TestAtTheVisit:
    def test_the_code_of_the_visit_leads_to_the_firms_own_page_until_the_end_of_the_day(
        self, client
    ):
        make_drawn_world()
        visit = Visit.objects.order_by("pk").first()
        code = doorcodes.token_of(visit)
        take = reverse("disclosure:take_link", args=[code])
        with time_machine.travel(MORNING):
            assert client.post(take).status_code == 404, "nobody has come yet"
        check(visit)
        visit.refresh_from_db()
        with time_machine.travel(visit.completed_at + timedelta(minutes=5)):
            page = client.get(reverse("inspection:check", args=[code])).content.decode()
            assert f'action="{take}"' in page
            assert client.get(take).status_code == 405
            first, second = client.post(take), client.post(take)
            assert first.url == second.url
            own = client.get(first.url).content.decode()
            assert visit.drawn_target.target.name in own
            assert "核对抽没抽中" in own
            assert Entry.objects.filter(what="disclosure.take_link").count() == 1
            desk = User.objects.get(username="shen")
            actions.revoke_link(link=OwnLink.objects.get(), by=desk, at=timezone.now())
            assert client.post(take).status_code == 409, "what the desk took back stays back"
        with time_machine.travel(visit.completed_at + timedelta(days=1)):
            assert client.post(take).status_code == 404

    def test_another_code_gives_no_link(self, client):
        assert client.post(reverse("disclosure:take_link", args=["1"])).status_code == 404
        assert not OwnLink.objects.exists()
