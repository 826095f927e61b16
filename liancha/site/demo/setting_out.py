"""How the demo year begins: lists published, the register in, the plan agreed and public."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from liancha.lists import actions as lists
from liancha.lists import sheets as list_sheets
from liancha.lists.models import JointField, ListVersion
from liancha.oversight import actions as oversight
from liancha.plan import actions as plans
from liancha.plan.actions.lines import LineData
from liancha.plan.models import Adjustment, PlanLine
from liancha.registry import actions as registry
from liancha.registry.models import Target

from .city import FULL
from .year import Story, World, together

HENAN_2021 = (("A", "1/100"), ("B", "1/50"), ("C", "1/10"), ("D", "3/10"), ("未分类", "1/50"))
# Fields whose story needs other rates, or fewer cooperators: code → (rates, cooperators).
BY_REGION = {"JF09": "1/12"}
FEWER = {"JF05": ("WJ", "SCJG", "XF"), "JF08": ("YJ", "SCJG"), "JF26": ("SCJG", "YJ", "XF")}
WHY_RATES = "参照全省按信用风险分类的差异化比例，高风险类从严"


def lists_and_registry(world: World, year: int, register: Path) -> Story:
    """February and March: both lists, co-signed and published; then the registers."""
    yield from together(
        _publish_list(world, year, kind, title, day)
        for kind, title, day in (
            ("joint", f"洛阳市部门联合抽查事项清单（{year} 年）", date(year, 2, 10)),
            ("items", f"洛阳市市场监管局抽查事项清单（{year} 年）", date(year, 2, 12)),
        )
    )
    moment = world.at(date(year, 3, 5), 14)
    yield moment
    office = world.people.cast["xieban"]
    registry.import_targets(path=register, file_name=register.name, by=office, at=moment)
    world.times = max(1, round(Target.objects.count() / FULL))


def _publish_list(world: World, year: int, kind: str, title: str, day: date) -> Story:
    """One list from its draft to its publication; the joint one says who supervises what."""
    office = world.people.cast["xieban"]
    is_joint = kind == ListVersion.Kind.JOINT
    moment = world.at(day, 9, 30)
    yield moment
    version = lists.start_version(
        kind=kind,
        title=title,
        basis="《洛阳市市场监管领域部门联合抽查实施办法》第八条至第十条",
        document_number=f"洛双随机办〔{year}〕{1 if is_joint else 2}号",
        by=office,
        at=moment,
    )
    if is_joint:
        lists.load_joint(version=version, rows=list_sheets.shipped_joint(), by=office, at=moment)
    else:
        lists.load_items(version=version, rows=list_sheets.shipped_items(), by=office, at=moment)
    moment = world.at(day.replace(day=day.day + 2), 10)
    yield moment
    lists.consult(version=version, by=office, at=moment)
    for cosign in version.cosigns.select_related("department").order_by("pk"):
        moment = world.at(day.replace(day=day.day + 8), 15)
        yield moment
        lists.cosign(
            version=version,
            department=cosign.department,
            opinion="同意",
            by=world.people.handler[cosign.department.code],
            at=moment,
        )
    moment = world.at(date(year, 3, 2), 9)
    yield moment
    lists.approve(version=version, by=office, at=moment)
    yield moment
    lists.publish(version=version, by=office, at=moment)
    if is_joint:
        version.refresh_from_db()
        registry.sync_supervisors(version=version, by=office, at=moment)


def planning(world: World, year: int) -> Story:
    """March and April: a line for every field, co-signing, approval, publication."""
    office = world.people.cast["xieban"]
    moment = world.at(date(year, 3, 10), 9)
    yield moment
    plan = plans.start_plan(
        year=year, title=f"洛阳市 {year} 年部门联合抽查年度工作计划", by=office, at=moment
    )
    version = ListVersion.objects.in_force(ListVersion.Kind.JOINT).get()
    fields = JointField.objects.filter(version=version).select_related("initiator")
    for n, joint_field in enumerate(fields):
        moment = world.at(date(year, 3, 12 + n * 14 // len(fields)), 9, 10 + n)
        yield moment
        plans.save_line(
            plan=plan,
            data=_line(world, joint_field, year),
            by=world.people.planner[joint_field.initiator.code],
            at=moment,
        )
    moment = world.at(date(year, 4, 2), 9)
    yield moment
    plans.send_for_cosign(plan=plan, by=office, at=moment)
    for cosign in plan.cosigns.select_related("department").order_by("pk"):
        moment = world.at(date(year, 4, 9), 15)
        yield moment
        head = world.people.head.get(cosign.department.code)
        plans.cosign(
            plan=plan,
            opinion="同意",
            by=head or world.people.handler[cosign.department.code],
            at=moment,
        )
    moment = world.at(date(year, 4, 20), 10)
    yield moment
    plan.refresh_from_db()
    plans.approve(plan=plan, by=office, at=moment)
    moment = world.at(date(year, 4, 24), 10)
    yield moment
    plan.refresh_from_db()
    plans.publish(
        plan=plan,
        document_number=f"洛双随机办〔{year}〕3号",
        platform_number=f"410300{year}0001",
        by=office,
        at=moment,
    )
    world.plan = plan
    world.lines = {line.field.code: line for line in plan.lines.select_related("field")}


def adjusting(world: World, code: str, day: date, until: date, reason: str) -> Story:
    """A line is delayed: asked for by the planner, agreed by the head, published."""
    moment = world.at(day, 9, 40)
    yield moment
    line = PlanLine.objects.select_related("initiator").get(pk=world.lines[code].pk)
    adjustment = plans.adjust(
        line=line,
        kind=Adjustment.Kind.DELAY,
        after={"ends_on": until.isoformat()},
        reason=reason,
        by=world.people.planner[line.initiator.code],
        at=moment,
    )
    moment = world.at(day, 16, 5)
    yield moment
    plans.approve_adjustment(
        adjustment=adjustment, by=world.people.head[line.initiator.code], at=moment
    )


def _line(world: World, joint_field: JointField, year: int) -> LineData:
    listed = list(joint_field.cooperators.all())
    wanted = FEWER.get(joint_field.code)
    chosen = [one for one in listed if wanted is None or one.code in wanted]
    if joint_field.code in BY_REGION:
        regions = (
            Target.objects.decided()
            .tagged(joint_field.tag)
            .order_by("region__code")
            .values_list("region__code", flat=True)
            .distinct()
        )
        rates = [(code, _within_reach(BY_REGION[joint_field.code], world)) for code in regions]
        stratify = PlanLine.Stratify.REGION
    else:
        rates = [(name, _within_reach(ratio, world)) for name, ratio in HENAN_2021]
        stratify = PlanLine.Stratify.CREDIT
    return LineData(
        field=joint_field,
        initiator=joint_field.initiator,
        cooperators=chosen,
        starts_on=date(year, 3, 1) if world.anchor.month < 6 else date(year, 4, 1),
        ends_on=date(year, 12, 31),
        rates=rates,
        stratify=stratify,
        ratio_reason=WHY_RATES,
        participants_reason="本年度由职责直接相关的部门参加" if len(chosen) < len(listed) else "",
    )


def _within_reach(ratio: str, world: World) -> str:
    """The rate where three hundred inspectors meet a larger city: lower, as the city is larger.

    1/50 of the small city is 1/2500 of a million; all rates alike, so their order stays.
    """
    share, of = map(int, ratio.split("/"))
    return f"{share}/{of * world.times}"


SEASONS = ((3, 4), (4, 6), (5, 6), (5, 7), (6, 8), (9, 10), (9, 11), (10, 11))  # months of work
BROAD = 4_000  # targets from which a field takes the whole year
NOT_YET = ("JF23", "JF38")  # fields nobody has written a line for: the plan says so


def next_year(world: World, year: int) -> Story:
    """November: the draft of next year's plan, each field in its season, two fields still open."""
    office = world.people.cast["xieban"]
    moment = world.at(world.back(8), 9, 5)
    yield moment
    plan = plans.start_plan(
        year=year, title=f"洛阳市 {year} 年部门联合抽查年度工作计划", by=office, at=moment
    )
    fields = JointField.objects.filter(version=plan.list_version).exclude(code__in=NOT_YET)
    for n, joint_field in enumerate(fields.select_related("initiator")):
        moment = world.at(world.back(7 - n // 8), 9 + n % 8, 20)
        yield moment
        is_broad = Target.objects.tagged(joint_field.tag).count() > BROAD
        first, last = (3, 11) if is_broad else SEASONS[n % len(SEASONS)]
        data = replace(
            _line(world, joint_field, year),
            starts_on=date(year, first, 1),
            ends_on=date(year, last + 1, 1) - timedelta(days=1),
        )
        plans.save_line(
            plan=plan, data=data, by=world.people.planner[joint_field.initiator.code], at=moment
        )


def reminding(world: World, code: str, field: str) -> Story:
    """The office reminds a department of results that are late."""
    moment = world.at(world.back(1), 8, 50)
    yield moment
    line = world.lines[field]
    oversight.remind(
        to=world.people.head[code].department or line.initiator,
        subject=f"{line.name}的检查结果超过 20 个工作日未公示，请尽快录入并公示",
        basis="22",
        due_on=world.back(-4),
        by=world.people.cast["xieban"],
        at=moment,
    )
