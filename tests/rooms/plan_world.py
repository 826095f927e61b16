"""A city with a joint list of three fields and a registry, for the tests of plan and task.

Hotels are initiated by the police with health, market regulation and the fire brigade, petrol
stations by market regulation with the fire brigade and the tax office, homes for the elderly by
health with the fire brigade.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from liancha.accounts.models import Department, Region, User
from liancha.lists.models import JointField, JointItem, ListVersion
from liancha.plan import actions
from liancha.plan.actions import LineData
from liancha.plan.models import Plan, PlanLine
from liancha.registry.models import Tag, Tagging, Target
from liancha.roster.models import Certificate, Inspector
from liancha.task import actions as tasks
from liancha.task.models import Task
from tests.people import GOOD_UNTIL, NOON, Cast, make_cast

YEAR = 2026
FIRST, LAST = date(2026, 10, 8), date(2026, 12, 31)
RATES = (("A", "1/50"), ("B", "1/20"), ("C", "1/5"), ("D", "1/2"), ("未分类", "1/20"))
HOTELS = {"A": 40, "B": 20, "C": 10, "D": 6, "": 4}  # planned: 1 + 1 + 2 + 3 + 1
REGIONS = ("410302", "410303", "410305", "410311")
FIELDS = (
    ("JF05", "宾馆、旅店监督抽查", "hotel", "key", "GA", ("WJ", "SCJG", "XF")),
    ("JF26", "成品油市场抽查", "petrol", "general", "SCJG", ("XF", "SWJ")),
    ("JF40", "养老机构抽查", "elder_care", "key", "WJ", ("XF",)),
)
STAGES = (
    {"name": "分类建库", "starts": date(2026, 11, 24), "ends": date(2026, 11, 26)},
    {"name": "摇号派发", "starts": date(2026, 11, 27), "ends": date(2026, 11, 30)},
    {"name": "实地核查", "starts": date(2026, 12, 1), "ends": date(2026, 12, 11)},
    {"name": "公示处理", "starts": date(2026, 12, 3), "ends": date(2026, 12, 31)},
)


@dataclass
class PlanWorld:
    """The people, the joint list in force and its fields by code."""

    cast: Cast
    version: ListVersion
    fields: dict[str, JointField] = field(default_factory=dict)

    def department(self, code: str) -> Department:
        return self.cast.department[code]

    def line_data(self, code: str = "JF05", **changes: Any) -> LineData:
        """What a line of this field says when nobody objects to anything."""
        joint_field = self.fields[code]
        data = LineData(
            field=joint_field,
            initiator=joint_field.initiator,
            cooperators=list(joint_field.cooperators.all()),
            starts_on=FIRST,
            ends_on=LAST,
            rates=RATES,
            ratio_reason="旺季前加大抽查" if joint_field.item_class == "general" else "",
        )
        return replace(data, **changes)

    def draft(self, *codes: str) -> Plan:
        """A draft with a line for each of these fields; all of them by default."""
        plan = actions.start_plan(year=YEAR, by=self.cast.zhou, at=NOON)
        for code in codes or self.fields:
            actions.save_line(plan=plan, data=self.line_data(code), by=self.cast.zhou, at=NOON)
        return plan

    def cosigned(self, *codes: str) -> Plan:
        """The same, out for signing, with every department's signature on it."""
        plan = self.draft(*codes)
        actions.send_for_cosign(plan=plan, by=self.cast.zhou, at=NOON)
        for signer in (
            self.cast.cheng,
            self.cast.gu,
            self.cast.xiang,
            self.cast.pei,
            self.cast.huo,
        ):
            if plan.cosigns.filter(department=signer.department).exists():
                actions.cosign(plan=plan, by=signer, at=NOON + timedelta(hours=1))
        return actions.approve(plan=plan, by=self.cast.zhou, at=NOON + timedelta(hours=2))

    def published(self) -> Plan:
        return actions.publish(
            plan=self.cosigned(),
            document_number="洛双随机办〔2026〕3号",
            by=self.cast.zhou,
            at=NOON + timedelta(hours=3),
        )

    def line(self, code: str = "JF05") -> PlanLine:
        return PlanLine.objects.with_columns().get(field__code=code)

    def task(self, **changes: Any) -> Task:
        """A task from the published line of the hotels."""
        plan = Plan.objects.first() or self.published()
        line = PlanLine.objects.get(plan=plan, field__code="JF05")
        return tasks.create_task(line=line, by=self.cast.shen, at=NOON, **changes)

    def confirm_all(self, task: Task, *, at: datetime = NOON) -> None:
        for handler in (self.cast.lu, self.cast.xiang, self.cast.pei):
            tasks.confirm(task=task, by=handler, at=at)

    def write_scheme(self, task: Task, **changes: Any) -> None:
        words: dict[str, Any] = {
            "goal": "查清住宿业安全状况",
            "duties": "公安牵头，各查各项",
            "stages": STAGES,
        }
        tasks.save_scheme(task=task, **(words | changes), by=self.cast.shen, at=NOON)

    def submitted(self) -> Task:
        task = self.task()
        self.write_scheme(task)
        self.confirm_all(task)
        return tasks.submit_scheme(task=task, by=self.cast.shen, at=NOON)


def make_plan_world(*, people: int = 4) -> PlanWorld:
    """people  inspectors of each department, with certificates that do not run out"""
    cast = make_cast()
    city = Region.objects.get(pk="410300")
    version = ListVersion.objects.create(
        kind="joint",
        region=city,
        number=1,
        title="部门联合抽查事项清单",
        state="published",
        published_at=NOON,
        created_by=cast.zhou,
        created_at=NOON,
    )
    world = PlanWorld(cast, version)
    position = 0
    for code, name, tag, item_class, first, others in FIELDS:
        made = JointField.objects.create(
            version=version,
            code=code,
            name=name,
            targets=name.removesuffix("抽查"),
            tag=tag,
            item_class=item_class,
            methods="1",
            level="CX",
            initiator=cast.department[first],
        )
        made.cooperators.set(cast.department[each] for each in others)
        for each in (first, *others):
            position += 1
            JointItem.objects.create(
                version=version,
                field=made,
                position=position,
                name=f"{cast.department[each].short}事项{code}",
                department=cast.department[each],
            )
        kind, _ = Tag.objects.get_or_create(code=tag, defaults={"name": tag})
        kind.supervisors.set(cast.department[each] for each in (first, *others))
        world.fields[code] = made
    _add_targets()
    _add_people(cast, people)
    return world


def _add_targets() -> None:
    """Many rows in few statements: a world is made for every test."""
    targets: list[Target] = []
    tags: list[str] = []
    for tag, classes in (("hotel", HOTELS), ("petrol", {"": 30}), ("elder_care", {"A": 12})):
        for letter, count in classes.items():
            for _ in range(count):
                number = len(targets) + 1
                tags.append(tag)
                targets.append(
                    Target(
                        code=f"TEST{number:014d}",
                        code_kind="own",
                        name=f"检查对象{number}",
                        kind="01",
                        address="洛阳市某路",
                        region_id=REGIONS[number % len(REGIONS)],
                        credit_class=letter,
                        updated_at=NOON,
                    )
                )
    keys = dict(Tag.objects.filter(code__in=tags).values_list("code", "pk"))
    made = Target.objects.bulk_create(targets)
    Tagging.objects.bulk_create(
        Tagging(target=target, tag_id=keys[tag]) for target, tag in zip(made, tags, strict=True)
    )


def _add_people(cast: Cast, people: int) -> None:
    inspectors = Inspector.objects.bulk_create(
        Inspector(
            department=department,
            number=f"{code}-{n:04d}",
            name=f"{department.short}检查员{n}",
            skills=["综合执法"],
            updated_at=NOON,
        )
        for code, department in cast.department.items()
        for n in range(1, people + 1)
    )
    Certificate.objects.bulk_create(
        Certificate(
            inspector=inspector,
            number=f"1603{inspector.department_id:04d}{inspector.number[-3:]}",
            valid_from=date(2024, 1, 1),
            valid_to=GOOD_UNTIL,
        )
        for inspector in inspectors
    )


def make_county(world: PlanWorld) -> User:
    """栾川县: branches of market regulation, police and fire brigade, and somebody who plans."""
    region = "410324"
    Target.objects.filter(pk__in=list(Target.objects.values_list("pk", flat=True)[:60])).update(
        region=region
    )
    for code, name in (("SCJG", "市场监督管理局"), ("GA", "公安局"), ("XF", "消防救援大队")):
        system = world.department(code)
        Department.objects.create(
            code=f"{code}-LC",
            name=f"栾川县{name}",
            short=f"栾川{system.short}",
            level="county",
            region_id=region,
            system=system,
            is_coordinator=code == "SCJG",
        )
    office = Department.objects.get(code="SCJG-LC")
    person = User(username="luan", full_name="栾承宇", department=office, password_changed_at=NOON)
    person.set_unusable_password()
    person.save()
    return person
