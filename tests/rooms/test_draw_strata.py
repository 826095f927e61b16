"""How a pool is cut, and what the plan's words come to in it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from liancha.draw import pools
from liancha.draw.models import Candidate, Draw, DrawnTarget
from liancha.plan import bases
from liancha.plan.models import PlanLine, PlanRate
from liancha.registry.models import InspectionFact, Tag, Target
from liancha.rulebook import industries
from liancha.task.models import Task
from tests.people import NOON
from tests.rooms import draw_world as w

pytestmark = pytest.mark.django_db


def cut(world: w.World, stratify: str, rates: dict[str, str], **line: object) -> pools.Pool:
    """The pool of the world's task cut in another way; rates "p/q", or words of a plan."""
    PlanLine.objects.filter(pk=world.task.line_id).update(stratify=stratify, **line)
    world.task.line.refresh_from_db()
    world.task.line.rates.all().delete()
    for place, (stratum, text) in enumerate(rates.items()):
        is_ratio = "/" in text
        PlanRate.objects.create(
            line=world.task.line,
            stratum=stratum,
            ratio=text if is_ratio else "0/1",
            wording="" if is_ratio else text,
            position=place,
        )
    return pools.pool(world.task)


def shown(pool: pools.Pool) -> list[tuple[str, int, str | None, int]]:
    return [(each.label, each.size, each.ratio, each.count) for each in pool.strata]


@pytest.fixture
def world() -> w.World:
    return w.make_world(classes="A" * 12, people=0)


def finished_task(world: w.World) -> Task:
    """An earlier task of the same departments, all visits over."""
    other = Task.objects.get(pk=world.task.pk)
    other.pk, other.number, other.state = None, "41030020261116-2", "completed"
    other.save()
    for part in world.task.participations.all():
        part.pk, part.task = None, other
        part.save()
    return other


def mark_drawn(task: Task, targets: list[Target]) -> None:
    """A locked list as rows: what the pool of another task sees of it."""
    draw = Draw.objects.create(
        task=task,
        kind="targets",
        department=task.initiator,
        year=2026,
        serial=900,
        number="洛公安抽〔2026〕900号-1",
        state="locked",
        frozen_at=NOON,
        frozen_by=task.created_by,
        locked_at=NOON,
        locked_by=task.created_by,
    )
    for place, target in enumerate(targets, start=1):
        candidate = Candidate.objects.create(
            draw=draw, target=target, code=target.code, stratum="A", salt="0" * 32, name="x"
        )
        DrawnTarget.objects.create(
            draw=draw,
            candidate=candidate,
            target=target,
            stratum="A",
            place=place,
            ticket="0" * 64,
        )


class TestCuts:
    def test_by_industry_as_the_register_writes_it(self, world):
        entries = ("H61", "住宿业", "6210 正餐服务", "R90", "娱乐业", "", "好行业")
        for target, text in zip(world.targets, entries, strict=False):
            Target.objects.filter(pk=target.pk).update(industry=text)
        rates = {"住宿和餐饮业": "1/2", "文化、体育和娱乐业": "1/1", "其余": "1/7"}
        assert shown(cut(world, "industry", rates)) == [
            ("住宿和餐饮业", 3, "1/2", 2),
            ("文化、体育和娱乐业", 2, "1/1", 2),
            (industries.OTHER, 7, "1/7", 1),
        ]

    def test_of_several_tags_the_first_of_the_plan_counts_and_the_others_are_others(self, world):
        """The rule for a target in several classes: the order in which the plan names the tags."""
        bar = Tag.objects.create(code="bar9", name="酒吧九")
        pool = Tag.objects.create(code="pool9", name="泳池九")
        bar.targets.add(*world.targets[:4])
        pool.targets.add(*world.targets[2:7])
        rates = {"泳池九": "1/5", "酒吧九": "1/2", "其他": "1/5"}
        first = cut(world, "tag", rates, strata_tags=["泳池九", "酒吧九"])
        assert shown(first) == [
            ("泳池九", 5, "1/5", 1),
            ("酒吧九", 2, "1/2", 1),
            ("其他", 5, "1/5", 1),
        ]
        turned = cut(world, "tag", rates, strata_tags=["酒吧九", "泳池九"])
        assert {each.label: each.size for each in turned.strata} == {
            "泳池九": 3,
            "酒吧九": 4,
            "其他": 5,
        }

    def test_by_kind_a_branch_is_apart_from_its_company(self, world):
        Target.objects.filter(pk=world.targets[0].pk).update(kind="03")
        Target.objects.filter(pk=world.targets[1].pk).update(legal_form="有限责任公司分公司")
        Target.objects.filter(pk=world.targets[2].pk).update(name="洛阳甲有限公司西工分公司")
        rates = {"企业": "1/9", "分支机构": "1/2", "个体工商户": "1/1"}
        assert shown(cut(world, "kind", rates)) == [
            ("企业", 9, "1/9", 1),
            ("分支机构", 2, "1/2", 1),
            ("个体工商户", 1, "1/1", 1),
        ]

    def test_only_credit_classes_are_an_internal_reference(self, world):
        assert cut(world, "kind", {"企业": "1/1"}).concerns == ()
        assert cut(world, "credit", {"A": "1/1"}).concerns != ()

    def test_a_district_that_turned_up_later_takes_the_rate_for_the_rest_or_is_refused(self, world):
        rates = {"410302": "1/3", "410303": "1/3"}
        refused = cut(world, "region", rates)
        assert "“涧西区”有 3 户，但没有抽查比例" in "".join(refused.problems)
        taken = cut(world, "region", rates | {"其余": "2/3"})
        assert taken.problems == ()
        assert ("涧西区", 3, "2/3", 2) in shown(taken)
        assert "其余" not in [each.name for each in taken.strata]

    def test_the_plan_counts_its_bases_in_the_same_strata(self, world):
        """Districts with nobody in them are not listed; one row stands for all of them."""
        line = world.task.line
        for stratify in ("region", "industry", "kind"):
            found = bases.count(
                line.field.tag, line.departments, stratify=stratify, region="410300"
            )
            assert found.pop(PlanRate.REST) == 0
            pool = cut(world, stratify, {"其余": "1/2"})
            assert found == {each.name: each.size for each in pool.strata}


class TestWords:
    def test_a_range_becomes_count_over_size_with_its_explanation(self, world):
        (stratum,) = cut(world, "none", {"全部": "4–6家"}).strata
        assert (stratum.ratio, stratum.count) == ("4/12", 4)
        assert stratum.why == "“4–6家”：写成范围，取下限 4 家，应抽 4 家。"

    def test_a_condition_looks_at_the_pool_and_not_at_the_plan(self, world):
        words = {"全部": "≤10所的不少于2所，其余按50%"}
        assert cut(world, "none", words).count == 6
        Target.objects.filter(pk__in=[each.pk for each in world.targets[:4]]).delete()
        assert cut(world, "none", words).count == 2

    def test_two_of_each_district(self, world):
        pool = cut(world, "region", {"其余": "各2家"})
        assert [each.count for each in pool.strata] == [2] * 4

    def test_the_page_shows_words_and_count(self, world):
        cut(world, "none", {"全部": "全覆盖"})
        page = w.text(w.as_(world, "shen").get(w.url("pool", world.task.pk)))
        assert "“全覆盖”：全部抽取，应抽 12 户" in page
        assert "每层户数乘以比例，向上取整" in page


class TestRests:
    def test_a_cap_a_year_keeps_out_whom_a_participant_has_drawn_so_often(self, world):
        """Own practice, on the line: so many joint visits of one department a firm and year."""
        other = finished_task(world)
        mark_drawn(other, world.targets[:2])
        pool = cut(world, "none", {"全部": "1/2"}, cap_per_year=1)
        assert [(each.label, each.count) for each in pool.excluded] == [("今年检查次数已到上限", 2)]
        assert cut(world, "none", {"全部": "1/2"}, cap_per_year=2).size == 12

    def test_an_inspection_alone_counts_and_a_case_does_not(self, world):
        """Own practice: visits of one department to one firm a year, however they came about."""

        def facts(origin, number, code="GA", on=w.STARTS):
            InspectionFact.objects.bulk_create(
                InspectionFact(
                    target=target,
                    department=world.department(code),
                    origin=origin,
                    on=on,
                    subject="治安",
                    outcome="未发现问题",
                    at=NOON,
                )
                for target in world.targets[:number]
            )

        def left(most):
            return cut(world, "none", {"全部": "1/2"}, cap_per_year=most).size

        facts("case", 5)
        facts("solo", 4, code="SWJ")
        facts("solo", 4, on=w.STARTS - timedelta(days=365))
        facts("joint", 4)  # what a task of ours found: its list counts already
        assert left(1) == 12
        facts("solo", 3)
        assert (left(1), left(2)) == (9, 12)
        mark_drawn(finished_task(world), world.targets[2:4])
        assert (left(1), left(2), left(3)) == (8, 11, 12)

    def test_of_another_year_or_other_departments_nothing_counts(self, world):
        other = finished_task(world)
        mark_drawn(other, world.targets[:2])
        line = {"cap_per_year": 1}
        other.starts_on -= timedelta(days=365)
        other.save()
        assert cut(world, "none", {"全部": "1/2"}, **line).size == 12
        other.starts_on += timedelta(days=365)
        other.save()
        other.participations.all().delete()
        assert cut(world, "none", {"全部": "1/2"}, **line).size == 12

    def test_the_line_narrows_its_targets_and_cools_by_itself(self, world):
        Target.objects.filter(pk=world.targets[0].pk).update(kind="03")
        Target.objects.filter(pk=world.targets[1].pk).update(last_inspected_on=w.STARTS)
        pool = cut(
            world, "none", {"全部": "1/2"}, target_filter={"kinds": ["01"]}, cooldown_months=6
        )
        assert [(each.label, each.count) for each in pool.excluded] == [
            ("不在计划行的检查对象范围", 1),
            ("在冷却期内", 1),
        ]
