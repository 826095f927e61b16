"""A task whose targets and officers are drawn, ready for its teams: written row by row, so that
these tests stand without the pages of earlier rooms.

Three hotels, four departments, two officers each of 公安, 卫健 and 市监 for every hotel, and of
消防 for all but the item 电梯, which needs a tag only the second hotel carries. Every officer has
an account named after their number.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO

from PIL import Image, ImageDraw

from liancha.accounts.models import Grant, User
from liancha.draw.models import Assignment, Candidate, Draw, DrawnTarget, Replacement
from liancha.inspection import actions
from liancha.inspection.models import Visit
from liancha.lists.models import JointItem
from liancha.registry.models import Tag, Target
from liancha.roster.models import Inspector
from liancha.rulebook.lifecycles import DrawState, ReplacementState, TaskState
from liancha.task.models import Task
from tests.people import LUOYANG, NOON, Cast
from tests.rooms.draw_world import make_world

DAY = date(2026, 11, 27)  # 周五
MORNING = datetime(2026, 11, 27, 9, 5, tzinfo=LUOYANG)
ITEMS = (
    ("GA", "特种行业许可证情况", "旅馆业治安管理条例第四条", ""),
    ("GA", "住宿人员实名登记", "反恐怖主义法第二十一条", ""),
    ("WJ", "公共场所卫生许可", "公共场所卫生管理条例第八条", ""),
    ("SCJG", "营业执照公示", "市场主体登记管理条例第三十六条", ""),
    ("SCJG", "明码标价情况", "价格法第十三条", ""),
    ("SCJG", "电梯使用登记", "特种设备安全法第三十三条", "lift"),
    ("XF", "消防安全检查合格证", "消防法第十五条", ""),
)


@dataclass
class VisitWorld:
    """officers: department code → their inspectors, the first two of each on every team."""

    cast: Cast
    task: Task
    officers: dict[str, list[Inspector]]
    items: dict[str, JointItem]

    @property
    def visits(self) -> list[Visit]:
        return list(Visit.objects.order_by("id"))


def make_visit_world(hotels: int = 3) -> VisitWorld:
    world = make_world(classes="A" * (hotels + 4), people=3)
    cast, task = world.cast, world.task
    items = {
        name: JointItem.objects.create(
            version=task.field.version,
            field=task.field,
            position=n,
            name=name,
            department=cast.department[code],
            basis=basis,
            needs_tag=tag,
        )
        for n, (code, name, basis, tag) in enumerate(ITEMS, start=11)
    }
    for part in task.participations.all():
        part.items.set(
            [each for each in items.values() if each.department_id == part.department_id]
        )
    lift, _ = Tag.objects.get_or_create(code="lift", defaults={"name": "电梯使用单位"})
    targets = list(Target.objects.order_by("id")[:hotels])
    if hotels > 1:
        targets[1].tags.add(lift)
    targets[0].phone = "13837912617"
    targets[0].save()
    drawn = draw_targets(task, targets, cast)
    officers = {}
    for code in ("GA", "WJ", "SCJG", "XF"):
        own = list(Inspector.objects.filter(department__code=code).order_by("number"))
        for each in own:
            each.user = _account(each)
            each.save(update_fields=["user"])
        officers[code] = own
        draw_officers(task, code, own[:2], drawn, cast)
    task.state = TaskState.INSPECTORS_DRAWN
    task.save(update_fields=["state"])
    return VisitWorld(cast, task, officers, items)


def _account(inspector: Inspector) -> User:
    person = User(
        username=inspector.number.lower(),
        full_name=inspector.name,
        department=inspector.department,
        must_change_password=False,
        password_changed_at=datetime.now(tz=LUOYANG),
    )
    person.set_password("Zhang-gong-2026")
    person.save()
    Grant.objects.create(user=person, role="officer", granted_at=NOON, granted_by="sec")
    return person


def _draw(task: Task, kind: str, code: str, serial: int, cast: Cast, of: Draw | None) -> Draw:
    return Draw.objects.create(
        task=task,
        kind=kind,
        department=cast.department[code],
        year=2026,
        serial=serial,
        number=f"洛{cast.department[code].short}抽〔2026〕{serial}号-1",
        state=DrawState.LOCKED,
        of=of,
        secret="0" * 64,
        frozen_at=NOON,
        frozen_by=cast.shen,
        locked_at=NOON,
        locked_by=cast.shen,
    )


def draw_targets(
    task: Task, targets: list[Target], cast: Cast, *, code: str = "GA", serial: int = 1
) -> list[DrawnTarget]:
    """A locked draw of this department's that drew just these."""
    draw = _draw(task, "targets", code, serial, cast, None)
    return [
        DrawnTarget.objects.create(
            draw=draw,
            candidate=Candidate.objects.create(
                draw=draw,
                target=each,
                code=each.code,
                stratum="A",
                salt="0" * 32,
                name=each.name,
                address=each.address,
                region_name=each.region.name,
            ),
            target=each,
            stratum="A",
            place=place,
            ticket=f"{place:064x}",
        )
        for place, each in enumerate(targets, start=1)
    ]


def draw_officers(
    task: Task,
    code: str,
    people: list[Inspector],
    drawn: list[DrawnTarget],
    cast: Cast,
    *,
    serial: int = 2,
) -> None:
    """These people of one department, for every one of the drawn targets."""
    draw = _draw(task, "inspectors", code, serial, cast, drawn[0].draw)
    for target in drawn:
        for each in people:
            Assignment.objects.create(
                draw=draw, drawn_target=target, inspector=each, ticket="0" * 64
            )


def replace(world: VisitWorld, visit: Visit, leaving: Inspector, coming: Inspector) -> None:
    """An approved replacement, as the draw's room writes it."""
    Replacement.objects.create(
        assignment=Assignment.objects.get(drawn_target=visit.drawn_target, inspector=leaving),
        leaving=leaving,
        coming=coming,
        reason="health",
        state=ReplacementState.APPROVED,
        requested_by=world.cast.shen,
        requested_at=NOON,
        decided_by=world.cast.cheng,
        decided_at=NOON,
    )


def told(world: VisitWorld, *, day: date = DAY) -> list[Visit]:
    """Teams formed, visits planned for one day from 09:00, firms told."""
    actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
    actions.plan_visits(
        visits=world.visits, planned_on=day, slot="09:00", by=world.cast.shen, at=NOON
    )
    for each in world.visits:
        tell(world, each)
    return world.visits


def tell(world: VisitWorld, visit: Visit) -> tuple[str, ...]:
    return actions.notify(
        visit=visit,
        items="公安：许可；卫健：卫生许可",
        when="2026-11-27 09:00",
        papers="营业执照、许可证",
        channel="phone",
        contact="前厅部经理",
        contact_phone="13837912617",
        by=world.cast.shen,
        at=NOON,
    )


def arrive(world: VisitWorld, visit: Visit, *codes: str, count: int = 2, at=MORNING) -> None:
    """Officers of these departments check in, each by their own log-in."""
    for code in codes or ("GA", "WJ", "SCJG", "XF"):
        for each in world.officers[code][:count]:
            actions.check_in(visit=visit, inspector=each, by=each.user, at=at)


def begun(world: VisitWorld) -> Visit:
    """The first visit, under way with everybody there."""
    visit = told(world)[0]
    arrive(world, visit)
    actions.start(visit=visit, by=world.officers["GA"][0].user, at=MORNING)
    return Visit.objects.get(pk=visit.pk)


def answer_all(world: VisitWorld, visit: Visit, *, but: tuple[str, ...] = ()) -> None:
    """Every expected row of every department that has begun, 未发现问题."""
    for part in visit.parts.exclude(started_at=None):
        officer = world.officers[part.department.code][0]
        for row in part.rows.filter(is_expected=True).exclude(item__name__in=but):
            actions.answer(
                visit=visit,
                item=row.item,
                finding="fine",
                situation="现场查看，未发现问题。",
                by=officer.user,
                at=MORNING + timedelta(minutes=20),
            )


def drawn_signature(size: tuple[int, int] = (640, 320), ink: bool = True) -> str:
    """A PNG with a few strokes, as the pad makes it."""
    picture = Image.new("RGBA", size, (0, 0, 0, 0))
    if ink:
        pen = ImageDraw.Draw(picture)
        pen.line([(60, 60), (300, 250), (420, 80)], fill=(23, 36, 47, 255), width=6)
    out = BytesIO()
    picture.save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def sign(world: VisitWorld, visit: Visit, **more):
    return actions.sign(
        **{
            "visit": visit,
            "signer": "前厅部经理",
            "signer_post": "前厅部经理",
            "signature_png_base64": drawn_signature(),
            "by": world.officers["GA"][0].user,
            "at": MORNING + timedelta(minutes=90),
        }
        | more
    )
