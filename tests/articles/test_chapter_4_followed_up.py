"""第四章 联合抽查活动的组织实施 — Chapter 4, corrections and what follows a result (art. 22)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from django.db import DatabaseError, transaction

from liancha.disclosure import actions
from liancha.disclosure.models import FollowUp, Publication, PublishedRow
from liancha.rulebook.lifecycles import FollowUpState
from liancha.rulebook.verdicts import Blocked, NeedsReason
from tests.people import LUOYANG
from tests.rooms.disclosure_world import (
    EVENING,
    NEXT_DAY,
    enter,
    finish,
    make_head,
    publish,
    result_of,
)
from tests.rooms.visit_world import VisitWorld, make_visit_world

pytestmark = pytest.mark.django_db

PRICE = "明码标价情况"
# completed, due: 20 working days of the calendars of 2024 to 2026
VECTORS = (
    ("2026-01-30", "2026-03-05"),
    ("2026-02-11", "2026-03-17"),
    ("2026-02-14", "2026-03-20"),
    ("2026-02-18", "2026-03-20"),
    ("2026-04-30", "2026-06-01"),
    ("2026-06-18", "2026-07-17"),
    ("2026-09-18", "2026-10-22"),
    ("2026-09-30", "2026-11-03"),
    ("2025-12-19", "2026-01-19"),
    ("2025-09-26", "2025-10-30"),
    ("2024-09-13", "2024-10-17"),
)


@pytest.fixture
def world() -> VisitWorld:
    return make_visit_world(2)


def noon(day: str | date) -> datetime:
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return datetime.combine(day, time(12), tzinfo=LUOYANG)


class TestArticle22:
    # ── Corrections ───────────────────────────────────────────────────────────────────────

    def ask(self, world, publication, code="05", text="价目牌未标明退订费", **more):
        items = {item.item_id: (code, text) for item in publication.result.items.all()}
        return actions.ask_correction(
            **{
                "publication": publication,
                "items": items,
                "reason": "复核记录表，漏了一项",
                "by": world.cast.lu,
                "at": NEXT_DAY,
            }
            | more
        )

    def test_a_correction_stands_beside_the_old_one_and_two_people_agree_to_it(self, world):
        [visit] = finish(world, count=1)
        old = publish(result_of(visit, "WJ"), world.cast.lu, world.cast.gu)
        correction = self.ask(world, old)
        assert Publication.objects.count() == 1
        with pytest.raises(Blocked, match="不能审核自己提出的更正"):
            actions.decide_correction(
                correction=correction, agree=True, by=world.cast.lu, at=NEXT_DAY
            )
        with pytest.raises(Blocked, match="由该部门"):
            actions.decide_correction(
                correction=correction, agree=True, by=world.cast.cheng, at=NEXT_DAY
            )
        new = actions.decide_correction(
            correction=correction, agree=True, by=world.cast.gu, at=NEXT_DAY
        )
        old = Publication.objects.get(pk=old.pk)
        assert (old.code, new.code) == ("01", "05")
        assert (new.corrects, new.edition, new.serial) == (old, 2, 2)
        assert list(Publication.objects.in_force()) == [new]
        assert new.result.follow_ups.get().kind == FollowUp.Kind.RECTIFY

    def test_a_correction_has_a_reason_a_difference_and_one_turn_at_a_time(self, world):
        [visit] = finish(world, count=1)
        old = publish(result_of(visit, "WJ"), world.cast.lu, world.cast.gu)
        with pytest.raises(NeedsReason):
            self.ask(world, old, reason=" ")
        same = old.rows.get()
        with pytest.raises(Blocked, match="没有变化"):
            self.ask(world, old, code=same.code, text=same.text)
        with pytest.raises(Blocked, match="由该部门"):
            self.ask(world, old, by=world.cast.xiang)
        correction = self.ask(world, old)
        with pytest.raises(Blocked, match="等待审核"):
            self.ask(world, old)
        with pytest.raises(NeedsReason):
            actions.decide_correction(
                correction=correction, agree=False, by=world.cast.gu, at=NEXT_DAY
            )
        actions.decide_correction(
            correction=correction, agree=False, note="不属实", by=world.cast.gu, at=NEXT_DAY
        )
        assert Publication.objects.count() == 1
        new = actions.decide_correction(
            correction=self.ask(world, old), agree=True, by=world.cast.gu, at=NEXT_DAY
        )
        with pytest.raises(Blocked, match="已有更正"):
            self.ask(world, old)
        assert new.corrects == old

    # ── 谁管辖、谁负责 ────────────────────────────────────────────────────────────────────────

    def test_a_finding_opens_its_follow_up_due_when_the_order_says(self, world):
        """Source: clause 22.4."""
        [visit] = finish(world, count=1, found=(PRICE,))
        head = make_head(world, "SCJG", "scjg-head")
        publish(result_of(visit, "SCJG"), world.cast.xiang, head)
        [follow_up] = FollowUp.objects.all()
        assert follow_up.kind == FollowUp.Kind.RECTIFY
        assert follow_up.due_on == date(2026, 12, 4)
        assert follow_up.note == PRICE
        assert follow_up.department.code == "SCJG"

    def test_a_follow_up_is_closed_by_the_department_that_has_it_and_says_how(self, world):
        [visit] = finish(world, count=1, found=(PRICE,))
        result = result_of(visit, "SCJG")
        enter(result, world.cast.xiang)
        handed = actions.open_follow_up(
            result=result,
            kind=FollowUp.Kind.NOTIFY,
            department=world.cast.department["XF"],
            note="消防通道被占",
            by=world.cast.xiang,
            at=EVENING,
        )
        with pytest.raises(Blocked, match="请由该部门办结"):
            actions.close_follow_up(follow_up=handed, note="好了", by=world.cast.xiang, at=NEXT_DAY)
        with pytest.raises(NeedsReason):
            actions.close_follow_up(follow_up=handed, note=" ", by=world.cast.pei, at=NEXT_DAY)
        closed = actions.close_follow_up(
            follow_up=handed, note="已清理", by=world.cast.pei, at=NEXT_DAY
        )
        assert (closed.state, closed.closing_note) == (FollowUpState.CLOSED, "已清理")
        with pytest.raises(Blocked):
            actions.close_follow_up(follow_up=handed, note="再办", by=world.cast.pei, at=NEXT_DAY)

    def test_that_nothing_need_follow_is_written_down_with_its_reason(self, world):
        """Source: clause 22.4."""
        [visit] = finish(world, count=1, found=(PRICE,))
        result = result_of(visit, "SCJG")
        enter(result, world.cast.xiang)
        words = {
            "result": result,
            "kind": FollowUp.Kind.NONE,
            "department": world.cast.department["SCJG"],
            "by": world.cast.xiang,
            "at": EVENING,
        }
        with pytest.raises(NeedsReason, match="无需后续处置"):
            actions.open_follow_up(**words)
        none = actions.open_follow_up(**words, note="当场改正，已复核")
        assert none.state == FollowUpState.CLOSED

    def test_nothing_follows_before_the_result_is_entered_or_from_another_department(self, world):
        [visit] = finish(world, count=1)
        result = result_of(visit, "WJ")
        words = {
            "result": result,
            "kind": FollowUp.Kind.RECTIFY,
            "department": world.cast.department["WJ"],
            "at": EVENING,
        }
        with pytest.raises(Blocked, match="还没有录入"):
            actions.open_follow_up(**words, by=world.cast.lu)
        with pytest.raises(Blocked, match="由该部门"):
            actions.open_follow_up(**words, by=world.cast.xiang)

    def test_late_rows_fail_even_through_the_records(self, world):
        [visit] = finish(world, count=1)
        publication = publish(result_of(visit, "WJ"), world.cast.lu, world.cast.gu)
        with pytest.raises(DatabaseError), transaction.atomic():
            PublishedRow.objects.create(
                publication=publication, position=2, item="补一项", code="01"
            )
        with pytest.raises(DatabaseError), transaction.atomic():
            Publication.objects.filter(pk=publication.pk).update(code="01")

    def test_published_within_the_term_or_not_is_read_off_the_day(self, world):
        [visit] = finish(world, count=1)
        result = result_of(visit, "WJ")
        publish(result, world.cast.lu, world.cast.gu)
        result.refresh_from_db()
        assert result.published_at == NEXT_DAY
        assert NEXT_DAY.date() + timedelta(days=25) == result.due_on
