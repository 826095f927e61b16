"""第四章 — articles 16 to 19 on real records: words of a plan, caps, delays, further batches, one
side only.
"""

from __future__ import annotations

from datetime import date

import pytest

from liancha.draw import actions, pools
from liancha.draw.models import SingleRandom
from liancha.ledger.models import Entry
from liancha.plan.models import PlanLine
from liancha.rulebook import quotas
from liancha.rulebook.verdicts import Blocked
from liancha.task import actions as tasks
from tests.people import NOON
from tests.rooms import draw_world as w
from tests.rooms import supplement_world as s

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> w.World:
    return w.make_world(
        classes="A" * 12, stratify="none", rates=[("全部", "1/4")], participants=("GA", "WJ")
    )


class TestArticle14:
    def test_the_words_of_a_plan_come_to_one_number_or_are_refused(self):
        """Source: art. 14, 抽查基数和比例; wordings of published plans."""
        assert quotas.read("≤10所的不少于2所，其余按5%").count(8) == 2
        with pytest.raises(Blocked) as refusal:
            quotas.read("省级计划规定比例")
        assert refusal.value.article == "14"


class TestArticle16:
    def test_a_task_with_the_dates_of_a_delayed_line_takes_its_new_ones(self, world):
        """Source: art. 16, 延迟任务; the first day only while no scheme is handed in."""
        line = world.task.line
        before = (line.starts_on, line.ends_on)
        world.task.starts_on, world.task.ends_on = before
        world.task.save()
        PlanLine.objects.filter(pk=line.pk).update(starts_on="2026-11-01", ends_on="2026-12-20")
        assert tasks.follow_line(task=world.task, before=before, by="system", at=NOON)
        world.task.refresh_from_db()
        assert (world.task.starts_on, world.task.ends_on) == (before[0], date(2026, 12, 20))
        assert Entry.objects.get(what="task.follow_line").by == "system"
        assert not tasks.follow_line(task=world.task, before=before, by="system", at=NOON)

    def test_a_task_with_days_of_its_own_keeps_them(self, world):
        line = world.task.line
        assert not tasks.follow_line(
            task=world.task, before=(line.starts_on, line.ends_on), by="system", at=NOON
        )


class TestArticle18:
    def test_whom_a_cap_keeps_out_is_counted_with_the_reason(self, world):
        """Source: art. 18, paragraph 1; art. 15, 抽查频次: a cap that the plan line sets."""
        first = w.locked(world)
        world.task.state = "completed"
        world.task.save()
        PlanLine.objects.filter(pk=world.task.line_id).update(cap_per_year=1)
        other = world.task
        other.pk, other.number, other.state = None, "41030020261116-2", "scheme_approved"
        other.save()
        for part in first.task.participations.all():
            part.pk, part.task = None, other
            part.save()
        other.line.refresh_from_db()
        found = pools.pool(other).excluded
        assert [(each.label, each.count) for each in found] == [("今年检查次数已到上限", 3)]


class TestArticle19:
    def test_what_lacks_is_drawn_as_a_further_batch_and_the_locked_list_stays(self, world):
        """Source: art. 19, paragraph 3, 一经锁定不可更改; decision A7."""
        first = w.locked(world)
        names = list(first.drawn.values_list("candidate__code", "ticket"))
        batch = s.drawn(world, s.frozen(world, first, {"全部": 2}))
        assert list(first.drawn.values_list("candidate__code", "ticket")) == names
        assert batch.drawn.count() == 2
        assert batch.number != first.number
        assert batch.seed != first.seed

    def test_one_side_only_where_the_system_finds_too_few_and_the_head_agrees(self, world):
        """Source: art. 19, paragraph 2. Clause 19.4."""
        ask = {"task": world.task, "department": None, "reason": "全部检查", "at": NOON}
        with pytest.raises(Blocked) as refusal:
            actions.ask_single_random(**ask, by=world.cast.shen)
        assert (refusal.value.article, refusal.value.paragraph) == ("19", 2)
        world.task.line.rates.update(ratio="1/1")
        request = actions.ask_single_random(**ask, by=world.cast.shen)
        assert request.random == SingleRandom.Random.INSPECTORS
        assert actions.decide_single_random(
            request=request, agree=True, by=world.cast.cheng, at=NOON
        ).is_agreed
