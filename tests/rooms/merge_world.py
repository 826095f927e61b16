"""Hotels drawn for the police's task that somebody else means to inspect, too."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from liancha.draw.models import DrawnTarget
from liancha.lists.models import JointField, JointItem
from liancha.oversight.models import MergeSide
from liancha.plan.models import PlanLine
from liancha.registry.models import CaseCheck, SoloCheck, Target
from liancha.rulebook.lifecycles import TaskState
from liancha.task.models import Participation, Task
from tests.people import NOON
from tests.rooms.visit_world import VisitWorld, draw_officers, draw_targets

PLANNED = date(2026, 12, 1)  # 周二


def solo(world: VisitWorld, target: Target, code: str = "WJ", on: date = PLANNED) -> SoloCheck:
    """A check by one department alone that its head has agreed to."""
    return SoloCheck.objects.create(
        target=target,
        department=world.cast.department[code],
        item="客房卫生",
        planned_on=on,
        at=NOON,
        by=world.cast.lu,
        is_approved=True,
        decided_at=NOON,
        decided_by=world.cast.gu,
    )


def case(world: VisitWorld, target: Target, code: str = "SWJ") -> CaseCheck:
    return CaseCheck.objects.create(
        target=target,
        department=world.cast.department[code],
        origin="complaint",
        received_on=NOON.date(),
        clue="举报不开发票",
        at=NOON,
        by=world.cast.huo,
    )


def second_task(
    world: VisitWorld,
    targets: list[Target],
    *,
    initiator: str = "WJ",
    cooperators: tuple[str, ...] = ("GA",),
    officers: str = "GA",
) -> Task:
    """Another field's task that has drawn some of the same hotels; people of one department."""
    cast, first = world.cast, world.task
    joint = JointField.objects.create(
        version=first.field.version,
        code="JF28",
        name="公共场所卫生抽查",
        targets="公共场所",
        tag="hotel",
        item_class="key",
        methods="1",
        level="CX",
        initiator=cast.department[initiator],
    )
    item = JointItem.objects.create(
        version=first.field.version,
        field=joint,
        position=99,
        name="从业人员健康证明",
        department=cast.department[officers],
    )
    task = Task.objects.create(
        number="410300202611160009",
        name="公共场所卫生抽查",
        source="superior",
        source_document="豫卫办〔2026〕9号",
        field=joint,
        initiator=cast.department[initiator],
        starts_on=date(2026, 11, 26),
        ends_on=date(2026, 12, 11),
        state=TaskState.INSPECTORS_DRAWN,
        created_by=cast.lu,
        created_at=NOON,
    )
    for code in (initiator, *cooperators):
        part = Participation.objects.create(
            task=task,
            department=cast.department[code],
            role="initiator" if code == initiator else "cooperator",
        )
        part.items.set([item] if code == officers else [])
    drawn = draw_targets(task, targets, cast, code=initiator, serial=11)
    draw_officers(task, officers, world.officers[officers][:2], drawn, cast, serial=12)
    return task


def line_ahead(world: VisitWorld, joint: JointField) -> PlanLine:
    """The health commission's line of the same kind of places, beginning in a fortnight."""
    return PlanLine.objects.create(
        plan=world.task.line.plan,
        number="41030020260028",
        name="公共场所卫生抽查（第 2 批）",
        field=joint,
        initiator=joint.initiator,
        targets="公共场所",
        executor="市级",
        duties="各负其责",
        base=7,
        stratify="none",
        starts_on=date(2026, 12, 7),
        ends_on=date(2026, 12, 31),
        state="published",
        changed_at=NOON,
    )


def hotel(world: VisitWorld, n: int = 0) -> Target:
    """The n-th drawn hotel of the police's task."""
    return DrawnTarget.objects.filter(draw__task=world.task).order_by("pk")[n].target


def later(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def of_side(side: MergeSide) -> str:
    """Its department, by code."""
    return side.department.code
