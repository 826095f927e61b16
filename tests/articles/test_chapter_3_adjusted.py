"""第十五条、第十六条: an adjustment is held to the caps of its line, and says how marks move."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse

from liancha.oversight import queries as oversight
from liancha.plan import actions
from liancha.plan.models import Adjustment, PlanLine
from liancha.registry import actions as registry
from liancha.registry.models import Target
from liancha.rulebook import deadlines
from liancha.rulebook.lifecycles import PlanState
from liancha.rulebook.verdicts import Blocked, NeedsReason
from liancha.workdays import queries as workdays
from tests.people import NOON
from tests.rooms.plan_world import FIRST, LAST, make_plan_world

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=1)
KINDS = Adjustment.Kind


@pytest.fixture
def world():
    world = make_plan_world(people=0)
    world.published()
    return world


def adjust(world, kind, code="JF05", **after):
    return actions.adjust(
        line=world.line(code),
        kind=kind,
        after=after,
        reason="旺季前加大抽查",
        by=world.cast.zhou,
        at=LATER,
    )


class TestArticle15:
    def test_more_rounds_than_the_cap_on_visits_say_how_nobody_is_met_twice(self, world):
        """Source: clause 15.4."""
        PlanLine.objects.update(cap_per_year=2)
        with pytest.raises(NeedsReason, match="全年 3 次，高于每户每部门每年 2 次"):
            adjust(world, KINDS.FREQUENCY, frequency=3)
        assert not Adjustment.objects.exists()
        asked = adjust(world, KINDS.FREQUENCY, frequency=3, cap_reason="每次抽不同的县区")
        assert asked.after == {"频次": "3 次", "频次说明": "每次抽不同的县区"}
        actions.approve_adjustment(adjustment=asked, by=world.cast.cheng, at=LATER)
        line = world.line()
        assert (line.frequency, line.cap_reason) == (3, "每次抽不同的县区")
        adjust(world, KINDS.FREQUENCY, frequency=1)

    def test_rounds_of_general_items_come_to_no_more_than_the_cap_in_a_year(self, world):
        """Source: art. 15, paragraph 2; decision A31. Clause 15.4."""
        PlanLine.objects.update(ratio_reason="")
        world.line("JF26").rates.update(ratio="1/25")
        adjust(world, KINDS.FREQUENCY, "JF26", frequency=2).delete()
        with pytest.raises(NeedsReason, match=r"全年 3 次合计 12% 高于上限 10%"):
            adjust(world, KINDS.FREQUENCY, "JF26", frequency=3)
        adjust(world, KINDS.FREQUENCY, "JF26", frequency=3, cap_reason="三个批次各抽一片")
        adjust(world, KINDS.FREQUENCY, "JF05", frequency=9)

    def test_a_draft_is_held_to_the_same_sum(self, world):
        """Source: clause 15.4."""
        plan = actions.start_plan(year=2027, by=world.cast.zhou, at=NOON)
        said = {
            "stratify": "none",
            "rates": [("全部", "1/15")],
            "starts_on": date(2027, 3, 1),
            "ends_on": date(2027, 5, 31),
            "ratio_reason": "",
        }
        once = world.line_data("JF26", **said)
        actions.save_line(plan=plan, data=once, by=world.cast.zhou, at=NOON)
        with pytest.raises(NeedsReason, match="全年 2 次合计"):
            actions.save_line(
                plan=plan,
                data=world.line_data("JF26", **said, frequency=2),
                by=world.cast.zhou,
                at=NOON,
            )

    def test_the_page_asks_for_it_beside_the_number(self, world, client):
        PlanLine.objects.update(cap_per_year=1)
        client.force_login(world.cast.zhou)
        address = reverse("plan:adjust", args=[world.line().pk])
        posted = {"kind": "frequency", "frequency": "2", "reason": "加大抽查"}
        page = client.post(address, posted)
        assert page.status_code == 422
        assert page.context["form"].errors.keys() == {"cap_reason"}
        assert client.post(address, posted | {"cap_reason": "分片"}).status_code == 302


class TestArticle16:
    def test_dates_that_move_say_on_which_day_marks_are_looked_at(self, world, client):
        """Source: clause 16.3."""
        hotels = Target.objects.filter(tags__code="hotel")[:3]
        later = FIRST + timedelta(days=30)
        for hotel, until in zip(hotels, (FIRST, later, LAST), strict=True):
            registry.set_key_flag(
                target=hotel,
                kind="warned",
                source="省级名单",
                since=date(2026, 1, 1),
                until=until,
                by=world.cast.shen,
                at=NOON,
            )
        plain = adjust(world, KINDS.DELAY, starts_on=later)
        assert list(plain.after) == ["时间安排"]
        plain.delete()
        PlanLine.objects.update(target_filter={"flags": ["warned"]}, key_ratio="1/2")
        asked = adjust(world, KINDS.DELAY, starts_on=later)
        assert asked.before["标记以哪天为准"] == f"{FIRST} 有效的标记，名录库现有 3 户"
        assert asked.after["标记以哪天为准"] == f"{later} 有效的标记，名录库现有 2 户"
        assert asked.after["重点对象以哪些天为准"].startswith(f"{later} 至 {LAST}")
        actions.approve_adjustment(adjustment=asked, by=world.cast.cheng, at=LATER)
        notice = client.get(reverse("plan:notice", args=[asked.pk])).content.decode()
        assert "名录库现有 2 户" in notice
        assert "风险预警" not in notice

    def test_a_change_of_a_version_that_was_replaced_can_only_be_declined(self, world, client):
        """Source: art. 16, 并将调整情况公开. Clause 16.3."""
        asked = adjust(world, KINDS.FREQUENCY, frequency=2)
        older = asked.line.plan
        older.advance(PlanState.SUPERSEDED)  # as the publication of the next version does
        with pytest.raises(Blocked, match=r"已由新公布的一稿取代.*现行计划") as refused:
            actions.approve_adjustment(adjustment=asked, by=world.cast.cheng, at=LATER)
        assert refused.value.article == "16"
        assert world.line().frequency == 1
        with pytest.raises(Blocked, match="已由新公布的一稿取代，不再调整"):
            adjust(world, KINDS.CANCEL, "JF26")
        client.force_login(world.cast.cheng)
        page = client.get(asked.line.get_absolute_url()).content.decode()
        assert "只能退回" in page
        assert reverse("plan:approve_adjustment", args=[asked.pk]) not in page
        actions.decline_adjustment(
            adjustment=asked, note="已有新的一稿", by=world.cast.cheng, at=LATER
        )
        assert not Adjustment.objects.waiting().exists()

    def test_a_change_that_waits_for_a_week_is_overdue_with_the_initiator(self, world):
        """Source: art. 16, 并将调整情况公开; five working days are local practice. Clause 16.4."""
        asked = adjust(world, KINDS.CANCEL)
        [due] = [
            one
            for one in oversight.pending(
                today=LATER.date() + timedelta(days=7), user=world.cast.zhou
            )
            if one.kind == "adjustment"
        ]

        def over(day, who="zhou"):
            found = oversight.overdue(today=day, user=getattr(world.cast, who))
            return [(one.title, one.clause) for one in found if one.kind == "adjustment"]

        said = [(f"{world.line().name} 取消任务", "第十六条")]
        assert due.due_on == deadlines.entry_due(LATER.date(), workdays.calendar()).due
        assert over(due.due_on) == []
        day = due.due_on + timedelta(days=1)
        assert over(day) == over(day, "shen") == said
        assert over(day, "xiang") == []
        actions.decline_adjustment(adjustment=asked, note="照旧", by=world.cast.cheng, at=LATER)
        assert over(day) == []
