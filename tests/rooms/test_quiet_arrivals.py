"""What a quiet period asks of a visit's day and of who arrives that day (E17)."""

from __future__ import annotations

from datetime import datetime

import pytest
import time_machine
from django.urls import reverse

from liancha.inspection import actions, crew
from liancha.registry.models import Target
from liancha.rulebook.quiet import Exempted, Strength
from liancha.rulebook.verdicts import NeedsReason
from liancha.task.models import QuietExemption
from tests.people import LUOYANG, NOON
from tests.rooms.quiet_world import quiet_stretch
from tests.rooms.visit_world import DAY, MORNING, arrive, make_visit_world, told

pytestmark = pytest.mark.django_db
SAID = Exempted("complaint", "12345 转来投诉 3 件")
POSTED = {"reason_code": SAID.code, "reason": SAID.reason}


@pytest.fixture
def world():
    return make_visit_world(hotels=2)


def plan(world, **more):
    actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
    said = {"visits": world.visits, "planned_on": DAY, "slot": "09:00"}
    return actions.plan_visits(**said | more, by=world.cast.shen, at=NOON)


class TestTheDay:
    def test_it_needs_an_exemption_for_each_firm(self, world):
        quiet_stretch(world.cast, DAY)
        with pytest.raises(NeedsReason, match="在安静期内"):
            plan(world)
        assert {each.planned_on for each in world.visits} <= {None}
        remarks = actions.plan_visits(
            visits=world.visits[:1],
            planned_on=DAY,
            slot="09:00",
            exempted=SAID,
            by=world.cast.shen,
            at=NOON,
        )
        assert any("按例外情形“投诉举报、问题线索”办理" in each for each in remarks)
        assert QuietExemption.objects.get().target == world.visits[0].drawn_target.target
        with pytest.raises(NeedsReason):
            actions.plan_visits(
                visits=world.visits[1:],
                planned_on=DAY,
                slot="11:00",
                by=world.cast.shen,
                at=NOON,
            )

    def test_a_period_that_reminds_only_remarks(self, world):
        quiet_stretch(world.cast, DAY, strength=Strength.WARN)
        assert any("在安静期内" in each for each in plan(world))

    def test_off_the_spot_it_asks_nothing(self, world):
        quiet_stretch(world.cast, DAY)
        assert not any("安静期" in each for each in plan(world, method="2"))

    def test_it_is_the_firm_s_own_region_that_counts(self, world):
        quiet_stretch(world.cast, DAY, region="410326")
        assert not any("安静期" in each for each in plan(world))
        first = world.visits[0].drawn_target.target
        Target.objects.filter(pk=first.pk).update(region="410326")
        with pytest.raises(NeedsReason, match="企业安静期"):
            actions.plan_visits(
                visits=world.visits, planned_on=DAY, slot="14:00", by=world.cast.shen, at=NOON
            )


class TestArrival:
    def test_a_period_switched_on_after_planning_is_met_at_the_door(self, world):
        visit = told(world)[0]
        quiet_stretch(world.cast, DAY)
        officer = world.officers["GA"][0]
        facts = {"visit": visit, "inspector": officer, "by": officer.user, "at": MORNING}
        with pytest.raises(NeedsReason):
            actions.check_in(**facts)
        assert not visit.checkins.exists()
        actions.check_in(**facts, exempted=SAID)
        assert QuietExemption.objects.get().reason == SAID.reason
        arrive(world, visit, "GA", "WJ")
        assert actions.start(visit=visit, by=officer.user, at=MORNING)
        assert QuietExemption.objects.count() == 1

    def test_an_approved_surprise_with_a_clue_goes_there(self, world):
        told(world)
        visit = world.visits[0]
        quiet_stretch(world.cast, DAY)
        notice = visit.notice
        notice.is_surprise, notice.clue_source = True, "投诉举报"
        notice.clue_number, notice.approved_by = "2026-31", "程以宁"
        notice.save()
        arrive(world, visit, "GA")
        assert visit.checkins.exists()

    def test_the_phone_asks_and_then_checks_in(self, client, world):
        visit = told(world)[0]
        quiet_stretch(world.cast, DAY)
        officer = world.officers["GA"][0]
        place = reverse("inspection:check_in", args=[visit.pk])
        with time_machine.travel(MORNING, tick=False):
            client.force_login(officer.user)
            asked = client.post(place)
            assert asked.status_code == 409
            assert "属于哪一种" in asked.content.decode()
            assert client.post(place, {"reason_code": "x", "reason": "y"}).status_code == 409
            long = {"reason_code": SAID.code, "reason": "长" * 201}
            assert client.post(place, long).status_code == 409
            assert client.post(place, POSTED).status_code == 302
        assert visit.checkins.count() == 1

    def test_the_page_itself_asks_and_keeps_whom_and_the_number(self, client, world):
        visit = told(world)[0]
        leader = visit.team.leader
        arrived = {"visit": visit, "inspector": leader, "by": leader.user, "at": MORNING}
        actions.check_in(**arrived)
        quiet_stretch(world.cast, DAY)
        mate = next(each for each in crew.members(visit) if each.pk != leader.pk)
        number = mate.certificates.get().number
        place = reverse("inspection:check_in", args=[visit.pk])
        with time_machine.travel(MORNING, tick=False):
            client.force_login(leader.user)
            typed = {"inspector": str(mate.pk), "certificate_number": number}
            asked = client.post(place, typed)
            page = asked.content.decode()
            assert asked.status_code == 409
            assert "属于哪一种" in page
            assert f'<form method="post" action="{place}" class="bk-ask"' in page
            assert "组长代组员签到" in page, "the page of the arrival, not one of its own"
            assert f'<option value="{mate.pk}" selected>' in page
            assert page.count("btn-primary") == 1, "what to do now is the form that asks"
            for name, value in typed.items():
                assert f'<input type="hidden" name="{name}" value="{value}">' in page
            assert client.post(place, typed | POSTED).status_code == 302
        assert visit.checkins.filter(inspector=mate).exists()

    def test_the_start_is_asked_for_on_the_same_page(self, client, world):
        visit = told(world)[0]
        arrive(world, visit)
        quiet_stretch(world.cast, DAY)
        place = reverse("inspection:start", args=[visit.pk])
        with time_machine.travel(MORNING, tick=False):
            client.force_login(world.officers["GA"][0].user)
            asked = client.post(place)
            assert asked.status_code == 409
            assert f'<form method="post" action="{place}" class="bk-ask"' in asked.content.decode()
            assert "查什么" in asked.content.decode()
            assert client.post(place, POSTED).status_code == 302
        visit.refresh_from_db()
        assert visit.started_at is not None


class TestTheOffice:
    def test_the_page_asks_and_keeps_the_day(self, client, world):
        actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        quiet_stretch(world.cast, DAY)
        with time_machine.travel(datetime(2026, 11, 24, 9, tzinfo=LUOYANG), tick=False):
            client.force_login(world.cast.shen)
            one = world.visits[0]
            place = reverse("inspection:plan", args=[one.pk])
            day = {"planned_on": str(DAY), "slot": "09:00", "method": "1", "vehicle": ""}
            asked = client.post(place, day)
            assert asked.status_code == 409
            assert f'name="planned_on" value="{DAY}"' in asked.content.decode()
            assert client.post(place, day | POSTED).status_code == 302
        one.refresh_from_db()
        assert one.planned_on == DAY
