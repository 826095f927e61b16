"""第十五条第二款, 投诉举报多的: a person weighs many complaints; nothing is marked by itself."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import time_machine

from liancha.ledger.models import Entry
from liancha.registry import actions as registry
from liancha.registry import complaints
from liancha.registry.models import CaseCheck, KeyFlag, Target
from liancha.rulebook import planning
from liancha.rulebook.verdicts import Blocked, NeedsReason
from tests.people import NOON
from tests.rooms.plan_world import make_plan_world

TODAY = NOON.date()


@pytest.fixture
def world(db):
    return make_plan_world(people=0)


def complain(world, target, times, *, on=TODAY, origin="complaint"):
    CaseCheck.objects.bulk_create(
        CaseCheck(
            target=target,
            department=world.department("SCJG"),
            origin=origin,
            received_on=on,
            clue="噪声扰民",
            at=NOON,
            by=world.cast.xiang,
        )
        for _ in range(times)
    )


class TestArticle15:
    def asked(self, world, today=TODAY):
        found = complaints.many(world.cast.zhou, today=today)
        return {each.target: each.complaints for each in found}

    def test_six_complaints_within_a_year_are_put_before_a_person(self, world):
        """Source: clause 15.3."""
        first, second, third = Target.objects.all()[:3]
        complain(world, first, 6, on=TODAY - timedelta(days=planning.COMPLAINT_DAYS - 1))
        complain(world, second, 5)
        complain(world, second, 1, origin="referred")
        complain(world, third, 6, on=TODAY - timedelta(days=planning.COMPLAINT_DAYS))
        assert self.asked(world) == {first: 6}
        assert not KeyFlag.objects.exists()

    def test_the_mark_has_source_and_end_and_ends_the_question(self, world):
        """Source: clause 15.3."""
        target = Target.objects.first()
        complain(world, target, 7)
        until = TODAY + timedelta(days=180)
        decision = registry.weigh_complaints(
            target=target, complaints=7, until=until, by=world.cast.zhou, at=NOON
        )
        assert decision.flag.source == "近一年投诉举报 7 件"
        assert (decision.flag.kind, decision.flag.until) == ("complaints", until)
        assert self.asked(world) == {}
        (entry,) = Entry.objects.about("target", target.pk).exclude(what="registry.register_case")
        assert (entry.what, json.loads(entry.body)["until"]) == (
            "registry.weigh_complaints",
            until.isoformat(),
        )
        registry.lift_key_flag(flag=decision.flag, by=world.cast.zhou, at=NOON)
        with pytest.raises(Blocked, match="已经解除"):
            registry.lift_key_flag(flag=decision.flag, by=world.cast.zhou, at=NOON)

    def test_no_mark_needs_a_reason_and_only_new_complaints_ask_again(self, world):
        target = Target.objects.first()
        complain(world, target, 6)
        with pytest.raises(NeedsReason, match="写明理由"):
            registry.weigh_complaints(target=target, complaints=6, by=world.cast.zhou, at=NOON)
        registry.weigh_complaints(
            target=target, complaints=6, reason="同一人重复投诉", by=world.cast.zhou, at=NOON
        )
        later = TODAY + timedelta(days=30)
        complain(world, target, 5, on=later)
        assert self.asked(world, later) == {}
        complain(world, target, 1, on=later)
        assert self.asked(world, later) == {target: 6}

    def test_fewer_are_no_matter_for_a_mark_of_this_kind(self, world):
        with pytest.raises(Blocked, match="不到 6 件"):
            registry.weigh_complaints(
                target=Target.objects.first(),
                complaints=5,
                until=TODAY,
                by=world.cast.zhou,
                at=NOON,
            )

    def test_the_page_asks_and_takes_the_answer(self, world, client):
        target = Target.objects.first()
        complain(world, target, 6)
        client.force_login(world.cast.zhou)
        with time_machine.travel(NOON, tick=False):
            page = client.get("/case-checks/")
            assert "投诉集中，请研判" in page.content.decode()
            client.post(
                f"/targets/{target.pk}/complaints/",
                {"decision": "none", "until": "2027-01-01", "reason": "已和解"},
            )
            assert "投诉集中，请研判" not in client.get("/case-checks/").content.decode()
        assert not KeyFlag.objects.exists()
