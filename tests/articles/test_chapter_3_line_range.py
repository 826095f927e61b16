"""第十四条: a range by industry, tag and mark is one for a line's base, its pool and its trial."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse

from liancha.draw import pools
from liancha.plan import actions, bases, columns
from liancha.plan.actions import Terms
from liancha.plan.models import Plan, PlanLine, SavedFilter
from liancha.plan.trial import Settings, Trial
from liancha.registry import actions as registry
from liancha.registry.models import Tag, Target
from liancha.rulebook import industries
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON
from tests.rooms.plan_world import FIRST, make_plan_world

LATER = NOON + timedelta(days=1)
ENTRIES = ("住宿业", "H62", "H", "6110 旅游饭店", "房地产业", "好行业")


@pytest.fixture
def world(db):
    """Six hotels with an entry each; two with a second tag; marks over, holding and not begun."""
    world = make_plan_world(people=0)
    hotels = list(Target.objects.tagged("hotel").filter(credit_class="A").order_by("pk")[:6])
    for hotel, entry in zip(hotels, ENTRIES, strict=True):
        Target.objects.filter(pk=hotel.pk).update(industry=entry)
    registry.tag_targets(
        targets=Target.objects.filter(pk__in=[each.pk for each in hotels[:2]]),
        tag=Tag.objects.get(code="petrol"),
        by=world.cast.zhou,
        at=NOON,
    )
    day = timedelta(days=1)
    spans = ((date(2026, 1, 1), FIRST - day), (date(2026, 1, 1), FIRST), (FIRST + day, FIRST + day))
    for hotel, (since, until) in zip(hotels, spans, strict=False):
        for kind in ("serious", "warned"):
            registry.set_key_flag(
                target=hotel,
                kind=kind,
                source="省级名单",
                since=since,
                until=until,
                by=world.cast.shen,
                at=NOON,
            )
    return world, hotels


def petrol() -> str:
    return Tag.objects.get(code="petrol").name


class TestArticle14:
    def test_base_pool_trial_and_words_follow_the_same_range(self, world):
        """Source: clause 14.1."""
        world, hotels = world
        plan = world.draft("JF05")
        cases = [
            ({"industries": ["H"]}, {0, 1, 2, 3}, "行业为“住宿和餐饮业”"),
            ({"industries": ["61"]}, {0, 3}, "行业为“住宿业”"),
            ({"industries": ["62", "K"]}, {1, 4}, "行业为“餐饮业”、“房地产业”"),
            ({"tags": [petrol()]}, {0, 1}, f"有“{petrol()}”标签"),
            ({"flags": ["serious", "warned"]}, {1}, "开始日有“严重违法失信”、“风险预警”标记"),
            ({"industries": ["61"], "tags": [petrol()]}, {0}, "行业为“住宿业”；有"),
        ]
        for rules, expected, words in cases:
            line = actions.set_terms(
                line=world.line(), terms=Terms(target_filter=rules), by=world.cast.shen, at=LATER
            )
            assert line.base == len(expected), rules
            assert words in columns.filter_text(line.target_filter)
            assert columns.public_range(rules) in columns.columns(line)["检查对象"]
            found = Trial(plan, today=FIRST).run(Settings()).found
            assert sum(size for size, _ in found.by_stratum.values()) == len(expected), rules
        PlanLine.objects.update(state="published")
        Plan.objects.update(state="published", published_at=LATER)
        task = world.task()
        for rules, expected, _ in cases:
            PlanLine.objects.update(target_filter=rules)
            task.line.refresh_from_db()
            pool = pools.pool(task)
            assert set(pool.candidates) == {hotels[n] for n in expected}, rules
            assert pool.size == len(expected)
            assert [each.code for each in pool.excluded] == [pools.NARROWED]

    def test_an_industry_nobody_is_in_leaves_nobody(self, world):
        world, _ = world
        world.draft("JF05")
        with pytest.raises(Blocked, match="没有共同的检查对象"):
            actions.set_terms(
                line=world.line(),
                terms=Terms(target_filter={"industries": ["83"]}),
                by=world.cast.shen,
                at=LATER,
            )
        PlanLine.objects.update(target_filter={"industries": ["83"]}, state="published")
        Plan.objects.update(state="published", published_at=LATER)
        assert pools.pool(world.task()).size == 0

    def test_marks_need_a_day(self, world):
        with pytest.raises(ValueError, match="first"):
            bases.narrowed(Target.objects.all(), {"flags": ["serious"]})

    @pytest.mark.parametrize(
        ("rules", "words"),
        [
            ({"industries": ["99"]}, "行业“99”不存在"),
            ({"tags": ["没有的标签"]}, "标签“没有的标签”不存在"),
            ({"flags": ["best"]}, "重点标记“best”不存在"),
        ],
    )
    def test_a_value_there_is_not_is_refused(self, world, rules, words):
        world, _ = world
        world.draft("JF05")
        terms = Terms(target_filter=rules)
        with pytest.raises(Blocked, match=words):
            actions.set_terms(line=world.line(), terms=terms, by=world.cast.shen, at=LATER)
        with pytest.raises(Blocked, match=words):
            actions.save_filter(name="不存", rules=rules, by=world.cast.shen, at=LATER)
        assert PlanLine.objects.get().target_filter == {}
        assert not SavedFilter.objects.exists()


def test_the_page_offers_keeps_and_shows_the_range(client, world):
    world, _ = world
    world.draft("JF05")
    address = reverse("plan:terms", args=[world.line().pk])
    client.force_login(world.cast.shen)
    refused = client.post(address, {"divisions": "住宿业；99"})
    assert refused.status_code == 422
    assert "“99”不是 GB/T 4754 的行业大类" in refused.content.decode()
    assert client.post(address, {"tags": ["没有"]}).status_code == 422
    said = {"sections": ["K"], "divisions": "住宿业、62", "filter_name": "食宿"}
    assert client.post(address, said | {"tags": [petrol()]}).status_code == 302
    rules = {"industries": ["K", "61", "62"], "tags": [petrol()]}
    line = world.line()
    assert (line.target_filter, line.base) == (rules, 2)
    kept = SavedFilter.objects.get()
    assert kept.rules == rules
    page = client.get(f"{address}?filter={kept.pk}").content.decode()
    assert 'value="61；62"' in page
    assert (
        "行业为“房地产业”、“住宿业”、“餐饮业”"
        in client.get(line.get_absolute_url()).content.decode()
    )
    # The line's own form counts within the range too.
    edit = client.get(reverse("plan:edit_line", args=[line.pk]))
    assert sum(edit.context["rates_form"].found.values()) == 2
    said = {"field": line.field_id, "stratify": "none", "initiator": line.initiator_id}
    rates = reverse("plan:rates", args=[line.plan_id])
    for query, size in ((f"?line={line.pk}", 2), ("", 80)):
        again = client.post(rates + query, said)
        assert sum(again.context["rates_form"].found.values()) == size


def test_entries_are_read_down_to_the_division():
    assert [industries.codes(entry) for entry in ENTRIES] == [
        ("H", "61"),
        ("H", "62"),
        ("H",),
        ("H", "61"),
        ("K", "70"),
        (),
    ]
    assert len(industries.DIVISIONS) == 97
    assert [industries.division(text) for text in ("61", "餐饮业", "99", "H")] == [
        *("61", "62", "", "")
    ]
