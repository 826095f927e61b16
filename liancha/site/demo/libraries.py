"""What lies about in lists and libraries by the end of a year.

A list being revised, a law repealed, a list from above, mechanisms, doubles waiting for a decision,
marks and complaints, requests to inspect alone and what was found, county plans, trials somebody
kept.
"""

from __future__ import annotations

import csv
import tempfile
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from liancha.accounts.models import Department
from liancha.lists import actions as lists
from liancha.lists import rows as list_rows
from liancha.lists.models import ListVersion, UpperRow
from liancha.plan import actions as plans
from liancha.plan import queries as plan_queries
from liancha.plan import trial, trial_shown
from liancha.plan.models import CoverageException, Plan
from liancha.registry import actions as registry
from liancha.registry.models import InspectionFact, Target
from liancha.rulebook.planning import MANY_COMPLAINTS

from . import people
from .city import HEADINGS, KIND_WORDS, code
from .year import Story, World, together

REPEALED = "企业名称登记管理规定"
DOUBLES = 6
OFF_SITE = "网络监测"
ABOVE = (  # our field, name above, targets; the last has no targets in the city
    ("JF05", "宾馆旅店联合抽查", "宾馆、旅店"),
    ("JF26", "成品油市场联合抽查", "成品油零售企业"),
    ("", "海洋渔业船舶联合抽查", "海洋渔业船舶"),
)
MECHANISMS = (  # name, who leads, members, what is inspected, the field it became
    ("校外培训机构治理联席会议", "JY", "市监、民政、消防", "校外培训机构的联合检查", "JF02"),
    ("集体聚餐食品安全综合治理", "SCJG", "卫健、文旅", "承接集体聚餐的餐饮单位", ""),
)
APART = (  # tag, department, item: the same two places, one after the other
    ("catering", "SCJG", "餐饮服务食品安全"),
    ("catering", "WJ", "餐饮具消毒"),
)
COUNTIES = {"410311": True, "410324": False}  # region → whether its plan is public by now
TRIALS = (("A 类提到 2%", {"A": "1/50"}), ("C、D 类从严", {"C": "1/5", "D": "1/2"}))
CLUES = ("夜间噪声扰民", "不明码标价", "拒不出具发票", "卫生条件差", "预付卡不退款", "消防通道堵塞")


def revising(world: World, year: int) -> Story:
    """Autumn: the list of items in its second version, the joint list out for co-signing."""
    office = world.people.cast["xieban"]
    moment = world.at(world.back(34), 9, 15)
    yield moment
    lists.record_basis(
        title=REPEALED,
        status="repealed",
        since=world.back(40),
        note="演示：由新规定替代，引用它的事项需要修订",
        by=office,
        at=moment,
    )
    moment = world.at(world.back(30), 9, 30)
    yield moment
    version = lists.start_version(
        kind="items",
        title=f"洛阳市市场监管局抽查事项清单（{year} 年修订）",
        basis="法规立改废释，部分事项调整",
        document_number=f"洛双随机办〔{year}〕16号",
        by=office,
        at=moment,
    )
    *others, last = version.items.order_by("position")
    chosen = next(item for item in others if OFF_SITE not in item.methods)
    item_row = list_rows.of_item(chosen)
    lists.save_item(
        version=version,
        row=replace(item_row, methods=f"{item_row.methods}、{OFF_SITE}"),
        item=chosen,
        basis="增加非现场方式，减少入户",
        by=office,
        at=moment,
    )
    lists.remove_item(item=last, basis="并入其他事项，不再单列", by=office, at=moment)
    yield from _decide(world, version, by_day=26)
    yield from _from_above(world, year)
    yield from _joint_anew(world, year)


def _joint_anew(world: World, year: int) -> Story:
    """Next year's joint list: what is above decided, two fields changed, nine signatures."""
    office = world.people.cast["xieban"]
    moment = world.at(world.back(12), 10)
    yield moment
    version = lists.start_version(
        kind="joint",
        title=f"洛阳市部门联合抽查事项清单（{year + 1} 年）",
        basis="部门职责调整，领域和配合部门更新",
        document_number=f"洛双随机办〔{year}〕21号",
        by=office,
        at=moment,
    )
    for above in UpperRow.objects.filter(upper__is_over=False).order_by("pk"):
        adopted = next((code for code, name, _ in ABOVE if name == above.name and code), "")
        lists.decide_upper(
            version=version,
            key=above.key,
            adopted_as=adopted,
            cause="" if adopted else "no_target",
            by=office,
            at=moment,
        )
    for field, note, targets in (
        ("JF05", "旺季前加大抽查", ""),
        ("JF26", "", "成品油零售企业（含无人加油站）"),
    ):
        found = version.fields.get(code=field)
        row = list_rows.of_field(found)
        lists.save_field(
            version=version,
            row=replace(row, ratio_note=note or row.ratio_note, targets=targets or row.targets),
            field=found,
            basis="征求意见时提出",
            by=office,
            at=moment,
        )
    yield moment
    lists.consult(version=version, by=office, at=moment)
    for cosign in version.cosigns.select_related("department").order_by("pk")[:9]:
        moment = world.at(world.back(10), 15)
        yield moment
        _sign(world, version, cosign.department, moment)


def _from_above(world: World, year: int) -> Story:
    """A list of the province is taken in, and what mechanisms there are is entered."""
    office = world.people.cast["xieban"]
    moment = world.at(world.back(14), 9, 40)
    yield moment
    lists.load_upper(
        level="P",
        title="省级部门联合抽查事项清单（演示）",
        document_number=f"豫双随机办〔{year}〕9号",
        rows=[
            {"code": f"S{n:02}", "name": name, "targets": targets}
            for n, (_, name, targets) in enumerate(ABOVE, 1)
        ],
        by=office,
        at=moment,
    )
    for name, lead, members, subject, field in MECHANISMS:
        lists.record_mechanism(
            name=name,
            lead=Department.objects.get(code=lead),
            members=members,
            subject=subject,
            field_code=field,
            by=office,
            at=moment,
        )


def doubling(world: World) -> Story:
    """A second file brings firms that are there already under another code: for a person to say."""
    office = world.people.cast["xieban"]
    moment = world.at(world.back(9), 14, 20)
    yield moment
    there = Target.objects.decided().filter(kind="01").exclude(address="").order_by("pk")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "专项库补充名单.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            table = csv.DictWriter(file, HEADINGS)
            table.writeheader()
            for n, target in enumerate(there[100 : 100 + DOUBLES]):
                table.writerow(
                    {
                        "企业名称": target.name,
                        "统一社会信用代码": code("91", target.region_id or "410300", 90_000 + n),
                        "类型": KIND_WORDS["01"],
                        "住所": target.address,
                        "经营范围": target.scope,
                        "行业": target.industry,
                        "登记状态": "存续",
                    }
                )
        batch = registry.import_targets(path=path, file_name=path.name, by=office, at=moment)
        registry.find_doubts(batch=batch, by=office, at=moment)


def marking(world: World) -> Story:
    """Marks with source and end, and one firm that so many complain about that somebody decides."""
    planner = world.people.planner["SCJG"]
    moment = world.at(world.back(22), 10, 40)
    yield moment
    hotels = Target.objects.decided().tagged("hotel").order_by("pk")
    for target, kind, source in zip(
        hotels[:3],
        ("key", "abnormal", "warned"),
        ("重点监管对象名录（2026 年）", "经营异常名录", "风险监测预警单"),
        strict=False,
    ):
        registry.set_key_flag(
            target=target,
            kind=kind,
            source=source,
            since=world.back(22),
            until=world.back(22) + timedelta(days=400),
            by=planner,
            at=moment,
        )
    complained = hotels[5]
    for n in range(MANY_COMPLAINTS):
        moment = world.at(world.back(20 - 2 * n), 11, 5 + n)
        yield moment
        registry.register_case(
            target=complained,
            origin="complaint",
            clue=CLUES[n % len(CLUES)],
            received_on=world.back(20 - 2 * n),
            reference=f"12345-{n + 1:03d}",
            by=planner,
            at=moment,
        )


def asking_alone(world: World) -> Story:
    """Requests to inspect alone: one agreed, one refused, one spared by another's result, two open.

    The first of the open ones should have been decided by now. Two departments go to the same two
    places, one after the other.
    """
    apart = (
        _apart(world, tag, who, item, days=8 - n * 3, place=place)
        for n, (tag, who, item) in enumerate(APART)
        for place in range(2)
    )
    yield from together((_asked(world), *apart))


def _asked(world: World) -> Story:
    handler, head = world.people.handler["WJ"], world.people.head["WJ"]
    hotels = Target.objects.decided().tagged("hotel").order_by("pk")[6:10]
    asked = (
        (12, "客房卫生", "complaint", True),
        (9, "公共用品消毒", "monitoring", False),
        (4, "客房空气质量", "referred", None),
        (1, "从业人员健康证明", "statute", None),
    )
    for target, (days, item, why, verdict) in zip(hotels, asked, strict=False):
        moment = world.at(world.back(days), 9, 35)
        yield moment
        check = registry.request_solo(
            target=target,
            item=item,
            planned_on=moment.date() + timedelta(days=3),
            code=why,
            by=handler,
            at=moment,
        )
        if verdict is not None:
            moment += timedelta(hours=2)
            yield moment
            registry.decide_solo(
                check=check,
                is_approved=verdict,
                opinion="" if verdict else "列入下月的联合抽查",
                by=head,
                at=moment,
            )
    moment = world.at(world.back(1), 15, 10)
    yield moment
    recent = InspectionFact.objects.recent(moment.date())
    if fact := recent.exclude(department=handler.department_id).order_by("pk").first():
        registry.request_solo(
            target=fact.target,
            item="公共场所卫生",
            planned_on=moment.date() + timedelta(days=5),
            reused=fact,
            by=handler,
            at=moment,
        )


def _apart(world: World, tag: str, who: str, item: str, *, days: int, place: int) -> Story:
    """One department asks for a place, goes the next day, and says what it found."""
    handler, head = world.people.handler[who], world.people.head[who]
    target = Target.objects.decided().tagged(tag).order_by("pk")[place]
    moment = world.at(world.back(days), 9, 50 + place)
    yield moment
    check = registry.request_solo(
        target=target,
        item=item,
        planned_on=world.back(days - 1),
        code="statute",
        reason="量化分级要求每年一次",
        by=handler,
        at=moment,
    )
    moment = world.at(world.back(days), 15, 10 + place)
    yield moment
    registry.decide_solo(check=check, is_approved=True, by=head, at=moment)
    moment = world.at(world.back(days - 1), 17, 20 + place)
    yield moment
    registry.close_solo(
        check=check,
        checked_on=moment.date(),
        outcome="未发现问题",
        by=handler,
        at=moment,
    )


def counties(world: World, year: int) -> Story:
    """May: two counties derive their plans; one is public, one still being written."""
    yield from together(_county(world, year, *each) for each in COUNTIES.items())


def _county(world: World, year: int, region: str, is_public: bool) -> Story:
    moment = world.at(date(year, 5, 6), 9, 30)
    yield moment
    planner = people.open_county(region, at=moment)
    assert world.plan is not None
    plan = plans.start_plan(year=year, region=region, by=planner, at=moment)
    source = Plan.objects.get(pk=world.plan.pk)
    plans.derive(plan=plan, source=source, by=planner, at=moment)
    if not is_public:
        return
    moment = world.at(date(year, 5, 14), 10)
    yield moment
    rows = plan_queries.coverage_of(plan, list(plan.lines.select_related("field")))
    for field in plan_queries.missing(rows):
        plans.except_field(
            plan=plan,
            field=field,
            reason=CoverageException.Reason.SUPERIOR,
            note="由市级计划统一抽查，区里不再另排",
            by=planner,
            at=moment,
        )
    plans.send_for_cosign(plan=plan, by=planner, at=moment)
    moment = world.at(date(year, 5, 20), 16)
    yield moment
    plan.refresh_from_db()
    plans.approve(plan=plan, minutes=f"洛龙区联席会议纪要〔{year}〕2号", by=planner, at=moment)
    plan.refresh_from_db()
    plans.publish(plan=plan, document_number=f"洛龙双随机办〔{year}〕1号", by=planner, at=moment)


def trying(world: World, year: int) -> Story:
    """What the office tried on next year's draft, kept for comparison."""
    office = world.people.cast["xieban"]
    moment = world.at(world.back(1), 15, 10)
    yield moment
    plan = Plan.objects.filter(year=year, region="410300").first()
    if plan is None:
        return
    hotels = plan.lines.get(field__code="JF05")
    plans.set_terms(
        line=hotels,
        terms=plans.Terms(key_ratio="1/5", key_source=f"重点监管对象名录（{year - 1} 年）"),
        by=world.people.planner[hotels.initiator.code],
        at=moment,
    )
    tried = trial.Trial(plan, today=moment.date())
    for name, rates in TRIALS:
        settings = trial.Settings(rates=rates)
        found = tried.run(settings)
        plans.save_scenario(
            plan=plan,
            name=name,
            settings=settings.as_json(),
            figures=trial_shown.figures(found),
            counted=found.counted.state,
            by=office,
            at=moment,
        )


def _decide(world: World, version: ListVersion, *, by_day: int) -> Story:
    """From the draft of a list to its publication."""
    office = world.people.cast["xieban"]
    moment = world.at(world.back(by_day), 10)
    yield moment
    lists.consult(version=version, by=office, at=moment)
    for cosign in version.cosigns.select_related("department").order_by("pk"):
        moment = world.at(world.back(by_day - 3), 15)
        yield moment
        _sign(world, version, cosign.department, moment)
    moment = world.at(world.back(by_day - 5), 9)
    yield moment
    lists.approve(version=version, by=office, at=moment)
    yield moment
    lists.publish(version=version, by=office, at=moment)


def _sign(world: World, version: ListVersion, department: Department, moment: datetime) -> None:
    lists.cosign(
        version=version,
        department=department,
        opinion="同意",
        by=world.people.handler[department.code],
        at=moment,
    )
