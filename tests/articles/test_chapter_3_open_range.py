"""第十六条与第十九条: a range by an inner mark is not told, nor to be read off the draw's files."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse

from liancha.disclosure import files
from liancha.draw import pools
from liancha.draw.queries import openness
from liancha.plan import actions, columns
from liancha.plan.actions import Terms
from liancha.plan.models import Plan, PlanLine
from liancha.registry import actions as registry
from liancha.rulebook.lifecycles import TaskState
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON
from tests.rooms import draw_world
from tests.rooms.plan_world import make_plan_world

INNER = "重点检查对象，名单不公开"


@pytest.fixture
def world(db):
    """Twelve of forty hotels are marked for their complaints, and the line is for them alone."""
    world = draw_world.make_world(
        classes="A" * 40, stratify="none", rates=(("全部", "1/4"),), confidential=False
    )
    for target in world.targets[:12]:
        registry.set_key_flag(
            target=target,
            kind="complaints",
            source="12345 台账",
            since=date(2026, 1, 1),
            until=date(2026, 12, 31),
            by=world.cast.shen,
            at=NOON,
        )
    PlanLine.objects.update(target_filter={"flags": ["complaints"]})
    world.task.line.refresh_from_db()
    return world


def over(draw):
    """The same draw after the last visit."""
    draw.task.state = TaskState.COMPLETED
    draw.task.save(update_fields=["state"])
    return draw


class TestArticle16:
    def test_the_public_plan_says_that_there_is_a_list_and_not_which(self, world, client):
        """Source: clause 16.2."""
        plan = Plan.objects.get()
        Plan.objects.update(published_at=NOON)
        for name in ("public_plan", "public_data"):
            said = client.get(reverse(f"plan:{name}", args=[plan.pk])).content.decode()
            assert INNER in said
            assert "投诉" not in said
        client.force_login(world.cast.shen)
        office = client.get(PlanLine.objects.get().get_absolute_url()).content.decode()
        assert "投诉举报集中" in office

    @pytest.mark.parametrize(
        ("rules", "words"),
        [
            ({"flags": ["serious", "abnormal"]}, "开始日有“列入经营异常名录”"),
            ({"flags": ["serious", "warned"]}, INNER),
            ({"classes": ["D"]}, INNER),
            ({"regions": ["410311"], "classes": ["D"], "flags": ["key"]}, f"洛龙区；{INNER}"),
        ],
    )
    def test_lists_that_the_law_publishes_are_named_and_others_are_not(self, rules, words):
        said = columns.public_range(rules)
        assert said.startswith(words) or "严重违法失信" in said
        assert ("不公开" in said) == (INNER in words)
        assert not any(word in said for word in ("D 类", "风险预警", "重点监管对象"))

    def test_no_public_column_names_the_mark(self, db):
        world = make_plan_world(people=0)
        plan = world.draft("JF05")
        data = world.line_data(name="投诉举报集中的宾馆抽查")
        actions.save_line(plan=plan, data=data, line=world.line(), by=world.cast.shen, at=NOON)
        with pytest.raises(Blocked, match="任务名称写了“投诉举报集中”"):
            actions.set_terms(
                line=world.line(),
                terms=Terms(target_filter={"flags": ["complaints"]}),
                by=world.cast.shen,
                at=NOON,
            )


class TestArticle19:
    def test_who_is_in_the_pool_is_never_public(self, world):
        """Whatever the scheme says: being in the pool is having the mark. Clause 19.2."""
        draw = over(draw_world.locked(world))
        assert draw.is_confidential
        late = NOON + timedelta(days=400)
        opens = openness(draw, late)
        assert (opens.codes, opens.lists) == (True, False)
        found = files.public_files(draw, late)
        assert not {"frame.tsv", "drawn.tsv"} & found.keys()
        assert "codes.txt" in found

    def test_the_same_draw_without_the_mark_opens(self, world):
        PlanLine.objects.update(target_filter={})
        world.task.line.refresh_from_db()
        draw = over(draw_world.locked(world))
        assert openness(draw, NOON + timedelta(days=400)).lists

    def test_few_of_them_or_all_of_them_need_a_reason(self, world):
        """Sizes and rates are public (protocol, 6)."""
        PlanLine.objects.get().rates.update(ratio="1/1")
        assert pools.pool(world.task).concerns
        PlanLine.objects.update(target_filter={"classes": ["A"]}, stratify="credit")
        PlanLine.objects.get().rates.update(ratio="1/4", stratum="A")
        world.task.line.refresh_from_db()
        [concern] = pools.pool(world.task).concerns
        assert "又按它分层" in concern


class TestArticle17:
    def test_the_scheme_cannot_open_such_a_draw(self, db):
        world = make_plan_world(people=0)
        world.published()
        PlanLine.objects.update(target_filter={"classes": ["D"]})
        assert world.task(is_confidential=False).is_confidential
