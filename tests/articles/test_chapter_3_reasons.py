"""Article 15: the reason for unusual rates is for those it was written for, and no later ones."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.urls import reverse

from liancha.lists.models import JointField
from liancha.plan import actions
from liancha.plan.actions import NeedsCapReason, Terms
from liancha.plan.models import Adjustment, Plan, PlanLine, PlanRate
from liancha.registry import actions as registry
from liancha.registry.models import Target
from liancha.rulebook.verdicts import Blocked, NeedsReason
from tests.people import NOON
from tests.rooms.plan_world import FIRST, LAST, RATES, PlanWorld, make_plan_world

pytestmark = pytest.mark.django_db

OLD = "去年投诉集中"
FALLING = (("A", "1/20"), ("B", "3/100"), *RATES[2:])
STEEPER = (("A", "1/2"), *FALLING[1:])


@pytest.fixture
def world() -> PlanWorld:
    return make_plan_world(people=0)


def save(world, line=None, code="JF05", **said):
    plan = Plan.objects.first() or actions.start_plan(year=2026, by=world.cast.zhou, at=NOON)
    data = world.line_data(code, **said)
    return actions.save_line(plan=plan, line=line, data=data, by=world.cast.zhou, at=NOON)


class TestArticle15:
    def test_a_reason_of_earlier_rates_excuses_no_falling_rates(self, world):
        """Source: art. 15, 设置不同的抽查比例. Clause 15.2."""
        line = save(world, ratio_reason=OLD)
        with pytest.raises(NeedsReason, match=f"“{OLD}”是为原来的比例写的") as asked:
            save(world, line, rates=FALLING, ratio_reason=f" {OLD} ")
        assert asked.value.article == "15"
        assert PlanRate.objects.get(line=line, stratum="A").ratio == "1/50"
        line = save(world, line, rates=FALLING, ratio_reason="A 类今年集中换证")
        save(world, line, rates=FALLING, ratio_reason="A 类今年集中换证", name="旅店抽查")
        with pytest.raises(NeedsReason, match="是为原来的比例写的"):
            save(world, line, rates=STEEPER, ratio_reason="A 类今年集中换证")
        kept = {"ratio_reason": "A 类今年集中换证", "is_reason_kept": True}
        assert save(world, line, rates=STEEPER, **kept).ratio_reason == "A 类今年集中换证"

    def test_nor_a_general_item_above_its_cap_nor_more_rounds(self, world):
        """Source: art. 15, paragraph 2; decision A31. Clause 15.4."""
        told = {"code": "JF26", "stratify": "none", "ratio_reason": OLD}
        line = save(world, rates=[("全部", "1/20")], **told)
        with pytest.raises(NeedsReason, match=r"50% 高于上限 10%.*是为原来的比例写的"):
            save(world, line, rates=[("全部", "1/2")], **told)
        with pytest.raises(NeedsReason, match=r"全年 3 次合计 15%.*是为原来的比例写的"):
            save(world, line, rates=[("全部", "1/20")], frequency=3, **told)
        line = save(world, line, rates=[("全部", "1/20")], frequency=2, **told)
        with pytest.raises(NeedsReason, match="是为原来的比例写的"):
            actions.set_rates(
                line=line, rates=[("全部", "1/2")], reason=OLD, by=world.cast.zhou, at=NOON
            )

    def test_words_about_rounds_hold_for_the_rounds_and_the_cap_they_were_written_for(self, world):
        """Source: art. 15, paragraph 2, 抽查比例和频次. Clause 15.4."""
        line = save(world)
        terms = {"line": line, "by": world.cast.shen, "at": NOON}
        ahead = Terms(cap_per_year=2, cap_reason="三批各抽一片")
        actions.set_terms(**terms, terms=ahead)
        line = save(world, line, frequency=3)
        assert line.cap_reason == "三批各抽一片", "written ahead, for just this"
        line = actions.set_terms(**terms, terms=ahead)
        with pytest.raises(NeedsCapReason, match=r"每年 1 次.*是为原来的次数和上限写的"):
            actions.set_terms(**terms, terms=replace(ahead, cap_per_year=1))
        with pytest.raises(NeedsCapReason, match=r"全年 4 次.*“三批各抽一片”是为原来的"):
            save(world, line, frequency=4, cap_reason=" 三批各抽一片")
        with pytest.raises(Blocked, match=r"全年 4 次.*频次说明”里"):
            save(world, line, frequency=4)  # a table, which has no column for it
        line = save(world, line, frequency=4, cap_reason="四批各抽一片")
        assert (line.frequency, line.cap_reason) == (4, "四批各抽一片")
        line = save(world, line, frequency=2, cap_reason="四批各抽一片")
        assert line.cap_reason == "", "it excuses nothing any more, also nothing later"
        with pytest.raises(NeedsCapReason, match="全年 3 次"):
            save(world, line, frequency=3, cap_reason="")

    def test_the_page_of_a_line_asks_for_them_beside_the_number(self, world, client):
        """Source: clause 15.4."""
        line = save(world)
        client.force_login(world.cast.shen)
        address = reverse("plan:edit_line", args=[line.pk])
        assert "cap_reason" not in client.get(address).context["form"].fields
        PlanLine.objects.update(cap_per_year=1, frequency=2, cap_reason=OLD)
        form = client.get(address).context["form"]
        posted = {
            **{name: value for name, value in form.initial.items() if name != "outside"},
            "strata_tags": "",
            "initiator": line.initiator_id,
            "frequency": 3,
            **{f"rate_{each.stratum}": f"{100 * each.fraction}" for each in line.rates.all()},
        }
        page = client.post(address, posted)
        assert page.status_code == 422
        assert page.context["form"].errors.keys() == {"cap_reason"}
        assert client.post(address, posted | {"cap_reason": "三批分片"}).status_code == 302
        assert PlanLine.objects.get().cap_reason == "三批分片"

    def test_rates_taken_over_from_a_trial_are_excused_anew(self, world):
        """Source: clause 15.2."""
        plan = save(world, ratio_reason=OLD).plan
        tried = {"plan": plan, "rates": {"A": "1/2"}, "by": world.cast.zhou, "at": NOON}
        with pytest.raises(NeedsReason, match="A 类比例 50% 高于 B 类"):
            actions.apply_rates(**tried)
        assert actions.apply_rates(**tried, reason="A 类集中换证") == 1
        assert PlanLine.objects.get().ratio_reason == "A 类集中换证"
        assert actions.apply_rates(**tried | {"rates": {"A": "1/100"}}) == 1
        assert PlanLine.objects.get().ratio_reason == "A 类集中换证"

    def test_another_rate_of_marked_targets_is_excused_anew(self, world):
        """Source: art. 15, paragraph 2. Clauses 15.3 and 15.4."""
        JointField.objects.filter(code="JF05").update(item_class="general")
        line = save(world, stratify="none", rates=[("全部", "1/20")], ratio_reason=OLD)
        for target in Target.objects.filter(tags__code="hotel")[:40]:
            registry.set_key_flag(
                target=target,
                kind="complaints",
                source="投诉举报台账",
                since=FIRST,
                until=LAST,
                by=world.cast.shen,
                at=NOON,
            )
        terms = Terms(key_ratio="1/2", key_source="投诉举报台账")
        said = {"line": line, "by": world.cast.zhou, "at": NOON}
        with pytest.raises(NeedsReason, match=f"“{OLD}”.*请另写一句"):
            actions.set_terms(**said, terms=terms)
        told = replace(terms, ratio_reason="投诉集中的一半都查")
        assert actions.set_terms(**said, terms=told).ratio_reason == "投诉集中的一半都查"
        again = actions.set_terms(**said, terms=replace(terms, cooldown_months=3))
        assert again.ratio_reason == "投诉集中的一半都查"

    def test_a_county_takes_a_reason_over_with_its_own_rates_only(self, world):
        """Source: art. 12, paragraph 2; clauses 12.3 and 15.2."""
        plan = world.draft("JF05")
        line = PlanLine.objects.get()
        actions.save_line(
            plan=plan,
            line=line,
            data=world.line_data(rates=FALLING, ratio_reason=OLD),
            by=world.cast.zhou,
            at=NOON,
        )
        Plan.objects.update(state="published", published_at=NOON)
        PlanLine.objects.update(state="published")
        mine = actions.start_plan(year=2027, by=world.cast.zhou, at=NOON)
        source = Plan.objects.get(year=2026)
        done = actions.derive(plan=mine, source=source, by=world.cast.zhou, at=NOON)
        assert [each.ratio_reason for each in done.lines] == [OLD]
        PlanLine.objects.filter(plan=mine).delete()
        PlanRate.objects.filter(line=line, stratum="B").delete()
        PlanRate.objects.filter(line=line, stratum="C").update(ratio="1/100")
        PlanRate.objects.filter(line=line, stratum="A").update(ratio="1/100")
        done = actions.derive(plan=mine, source=source, by=world.cast.zhou, at=NOON)
        assert [each.ratio_reason for each in done.lines] == [""]
        PlanLine.objects.filter(plan=mine).delete()
        PlanRate.objects.filter(line=line, stratum="A").update(ratio="1/20")
        done = actions.derive(plan=mine, source=source, by=world.cast.zhou, at=NOON)
        assert not done.lines
        assert "请在本级计划里编这一行，另写说明" in done.failed[0][1]

    def test_more_rounds_of_a_published_line_are_not_excused_by_what_it_has(self, world):
        """Source: art. 16; clause 15.4."""
        world.published()
        PlanLine.objects.update(cap_per_year=2, cap_reason=OLD, ratio_reason=OLD)
        said = {
            "kind": Adjustment.Kind.FREQUENCY,
            "reason": "加大抽查",
            "by": world.cast.zhou,
            "at": NOON,
        }
        with pytest.raises(NeedsReason, match="高于每户每部门每年 2 次"):
            actions.adjust(line=world.line(), after={"frequency": 3}, **said)
        world.line("JF26").rates.update(ratio="1/25")
        PlanLine.objects.update(cap_per_year=None)
        with pytest.raises(NeedsReason, match="高于上限 10%"):
            actions.adjust(line=world.line("JF26"), after={"frequency": 3}, **said)

    def test_the_page_lets_the_old_words_be_confirmed(self, world, client):
        line = save(world, ratio_reason=OLD)
        client.force_login(world.cast.shen)
        address = reverse("plan:edit_line", args=[line.pk])
        form = client.get(address).context["form"]
        assert 'name="is_reason_kept"' not in client.get(address).content.decode()
        posted = {
            **{name: value for name, value in form.initial.items() if name != "outside"},
            "strata_tags": "",
            "initiator": line.initiator_id,
            **{f"rate_{name}": "5" for name in ("B", "C", "D", "未分类")},
            "rate_A": "9",
        }
        page = client.post(address, posted)
        assert page.status_code == 422, page.context["form"].errors
        assert page.context["form"].errors.keys() == {"ratio_reason"}, page.context["form"].errors
        assert "是为原来的比例写的" in page.context["form"].errors["ratio_reason"][0]
        assert 'name="is_reason_kept"' in page.content.decode()
        assert client.post(address, posted | {"is_reason_kept": "on"}).status_code == 302
        assert PlanRate.objects.get(line=line, stratum="A").ratio == "9/100"
