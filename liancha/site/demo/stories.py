"""One task from the plan line to the last follow-up, told as far as the year has come.

`until` says how far: the state of rulebook.lifecycles.TaskState a task is left in, or one of the
steps inside the draw. What the acts need (who confirms, what is written) stands here; what is
allowed is said by the actions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from liancha.accounts.models import User
from liancha.disclosure import actions as disclosure
from liancha.disclosure.models import FollowUp, Result
from liancha.draw import actions as draws
from liancha.draw.models import Draw
from liancha.inspection import actions as inspection
from liancha.inspection.models import ItemAnswer, Measure, Visit, VisitItem
from liancha.rulebook.lifecycles import ResultState, TaskState
from liancha.task import actions as tasks
from liancha.task.models import Task

from .scribble import signature
from .year import Story, World

LOTTERY = "双色球 第 {issue} 期 红球升序 + 蓝球"
LOTTERY_FORM = "00 00 00 00 00 00 + 00"
DICE_FORM = "0 0 0 0 0 0 0 0 0 0"
PAPERS = "营业执照、相关许可证件；近一年的台账、从业人员名册；安全管理制度"
SLOTS = ("09:00", "10:30", "14:30", "16:00")
FINDINGS = (
    ("现场台账缺少近两个月的记录", "未按规定建立台账"),
    ("一处应急照明损坏，现场要求更换", "消防设施未保持完好有效"),
    ("公示栏未张贴现行许可证件", "未在显著位置公示许可证件"),
    ("明码标价牌缺少两项收费标准", "未按规定明码标价"),
)
# How far a task may have come: the states, and the steps inside the first draw.
STEPS = [str(state) for state in TaskState]
STEPS[STEPS.index("pool_frozen") + 1 : STEPS.index("pool_frozen") + 1] = ["committing", "closed"]


@dataclass(frozen=True, slots=True)
class Plot:
    """How one task goes.

    field         code of the joint field, e.g. "JF05"
    start         working days before the anchor on which it is created
    until         a TaskState it is left in, or "committing", "closed" inside the first draw
    visits        working days before the anchor of the first visit; negative for days to come
    a_day         visits a day
    slow          departments that are late: codes
    is_confidential  None: as the plan line says
    """

    field: str
    start: int
    until: str
    visits: int = 0
    a_day: int = 4
    slow: tuple[str, ...] = ()
    is_confidential: bool | None = None


def tell(world: World, plot: Plot) -> Story:
    """The whole story; it ends by itself at `until`."""
    task = yield from _beginning(world, plot)
    if task is None or not _goes_beyond(plot, TaskState.SCHEME_APPROVED):
        return
    draw = yield from _first_draw(world, plot, task)
    if draw is None or not _goes_beyond(plot, TaskState.TARGETS_DRAWN):
        return
    yield from _dispatch(world, plot, task, draw)
    if not _goes_beyond(plot, TaskState.DISPATCHED):
        return
    yield from _second_draws(world, plot, task, draw)
    if not _goes_beyond(plot, TaskState.INSPECTORS_DRAWN):
        return
    yield from _teams_and_notices(world, plot, task)
    if not _goes_beyond(plot, TaskState.TEAMS_SET):
        return
    yield from _visits(world, plot, task)
    if not _goes_beyond(plot, TaskState.INSPECTING):
        return
    yield from _results(world, plot, task)


def _goes_beyond(plot: Plot, state: TaskState) -> bool:
    return STEPS.index(plot.until) > STEPS.index(state)


def _beginning(world: World, plot: Plot) -> Iterator[datetime]:
    """From the plan line to the approved scheme."""
    line = world.lines[plot.field]
    planner = world.people.planner[line.initiator.code]
    at = world.at(world.back(plot.start), 9, 12)
    yield at
    line.refresh_from_db()
    task = tasks.create_task(line=line, is_confidential=plot.is_confidential, by=planner, at=at)
    if plot.until == TaskState.CREATED:
        return None
    for participation in task.participations.exclude(department=line.initiator):
        at = world.at(world.back(plot.start - 1), 9 + participation.pk % 8, participation.pk % 60)
        yield at
        tasks.confirm(task=task, by=world.people.handler[participation.department.code], at=at)
    at = world.at(world.back(plot.start - 2), 10, 5)
    yield at
    first, last = world.back(plot.start), line.ends_on
    visit_first = world.back(plot.visits) if plot.visits else world.back(plot.start - 8)
    tasks.save_scheme(
        task=task,
        goal=f"对{line.targets}开展部门联合抽查，一次进门、并行检查，减少对企业的打扰。",
        duties="；".join(
            f"{p.department.short}负责{'、'.join(i.name for i in p.items.all()) or '本部门事项'}"
            for p in task.participations.select_related("department").prefetch_related("items")
        ),
        stages=[
            {"name": "分类建库", "starts": first, "ends": world.back(plot.start - 4)},
            {
                "name": "摇号派发",
                "starts": world.back(plot.start - 4),
                "ends": world.back(plot.start - 6),
            },
            {
                "name": "实地核查",
                "starts": visit_first,
                "ends": min(max(visit_first, world.back(plot.visits - 8)), last),
            },
            {
                "name": "公示处理",
                "starts": min(max(visit_first, world.back(plot.visits - 1)), last),
                "ends": last,
            },
        ],
        requirements="每部门不少于两人，亮证检查，不干扰正常经营。",
        by=planner,
        at=at,
    )
    yield at
    tasks.submit_scheme(task=task, by=planner, at=at)
    if plot.until == TaskState.SCHEME_SUBMITTED:
        return None
    at = world.at(world.back(plot.start - 3), 11)
    yield at
    tasks.approve_scheme(task=task, by=world.people.head[line.initiator.code], at=at)
    return task


def _first_draw(world: World, plot: Plot, task: Task) -> Iterator[datetime]:
    """Freeze, commitments, rule, reveals, beacon, lock."""
    planner = world.people.planner[task.initiator.code]
    at = world.at(world.back(plot.start - 4), 16, 42)
    yield at
    draw = draws.freeze(
        task=task,
        secret=world.nonce(),
        reason="各类户数少的，按类合并会改变比例",
        by=planner,
        at=at,
    )
    if plot.until == TaskState.POOL_FROZEN:
        return None
    cooperator = task.participations.exclude(department=task.initiator).first().department
    witness = world.people.cast["jianzheng"]
    hands = [
        (task.initiator.name, task.initiator, None, planner),
        (cooperator.name, cooperator, None, world.people.handler[cooperator.code]),
        (witness.body, None, witness, witness),
    ]
    day = world.back(plot.start - 5)
    at = world.at(day, 9, 5)
    yield at
    yield from _ceremony(world, plot, draw, hands, day=day, by=planner)
    draw.refresh_from_db()
    return draw if draw.state == "locked" else None


def _ceremony(
    world: World,
    plot: Plot,
    draw: Draw,
    hands: list[tuple[str, object, User | None, User]],
    *,
    day: date,
    by: User,
) -> Iterator[datetime]:
    is_first = draw.kind == Draw.Kind.TARGETS
    evening = world.at(day, 21, 15)
    due = evening if is_first else world.at(day, 11, 30)
    if is_first and plot.until == "committing":
        due = world.now + timedelta(days=7)
    if is_first and plot.until == "closed":
        due = world.at(world.back(1), 21, 15)
    source = (
        LOTTERY.format(issue=f"{day.year}{day.timetuple().tm_yday * 151 // 365:03d}")
        if is_first
        else "现场掷骰十枚，自左至右"
    )
    at = world.at(day, 9, 10)
    draws.open_rule(
        draw=draw,
        parties=[
            draws.PartySpec(
                name=name, department=department, user=user, is_witness=user is not None
            )
            for name, department, user, _ in hands
        ],
        beacon=draws.BeaconSpec(
            source=source, form=LOTTERY_FORM if is_first else DICE_FORM, due=due
        ),
        by=by,
        at=at,
    )
    if is_first and plot.until == "committing":
        return
    parties = list(draw.parties.order_by("position"))
    nonces = {party.pk: world.nonce() for party in parties}
    for n, (party, (_, _, _, person)) in enumerate(zip(parties, hands, strict=True)):
        at = world.at(day, 9, 20 + 3 * n)
        yield at
        draws.commit(
            party=party,
            commitment=draws.commitment_of(draw, party, nonces[party.pk]),
            by=person,
            at=at,
        )
    for n, (party, (_, _, _, person)) in enumerate(zip(parties, hands, strict=True)):
        at = world.at(day, 9, 40 + 3 * n)
        yield at
        draws.reveal(party=party, nonce=nonces[party.pk], by=person, at=at)
    if is_first and plot.until == "closed":
        return
    at = due + timedelta(minutes=25)
    yield at
    draw.refresh_from_db()
    draws.enter_beacon(
        draw=draw,
        value=_lottery(world) if is_first else _dice(world),
        evidence="中国福利彩票发行管理中心开奖公告" if is_first else "见证人读数，照片存证",
        by=by,
        at=at,
    )
    at += timedelta(minutes=5)
    yield at
    draw.refresh_from_db()
    draws.lock(draw=draw, by=by, at=at)


def _dispatch(world: World, plot: Plot, task: Task, draw: Draw) -> Iterator[datetime]:
    planner = world.people.planner[task.initiator.code]
    day = world.back(plot.start - 6)
    at = world.at(day, 9, 2)
    yield at
    tasks.record_platform_number(
        task=task, number=f"410300{day:%Y%m%d}{task.pk:04d}", by=planner, at=at
    )
    draw.refresh_from_db()
    yield at
    draws.dispatch(draw=draw, by=planner, at=at)
    for dispatch in draw.dispatches.select_related("department").order_by("pk"):
        code = dispatch.department.code
        if code in plot.slow and plot.until == TaskState.DISPATCHED:
            continue
        at = world.at(day, 10 + dispatch.pk % 6, dispatch.pk % 60)
        yield at
        draws.acknowledge(dispatch=dispatch, by=world.people.handler[code], at=at)


def _second_draws(world: World, plot: Plot, task: Task, draw: Draw) -> Iterator[datetime]:
    """Every department draws its own people, one after another in a morning."""
    planner = world.people.planner[task.initiator.code]
    day = world.back(plot.start - 7)
    for participation in task.participations.select_related("department").order_by("pk"):
        department = participation.department
        handler = world.people.handler[department.code]
        at = world.at(day, 9, 1)
        yield at
        task.refresh_from_db()
        own = draws.freeze_inspectors(task=task, department=department, by=handler, at=at)
        witness = world.people.cast["jianzheng"]
        other: tuple[str, object, User | None, User] = (
            (witness.body, None, witness, witness)
            if department == task.initiator
            else (task.initiator.name, task.initiator, None, planner)
        )
        hands = [(department.name, department, None, handler), other]
        at = world.at(day, 9, 8)
        yield at
        yield from _ceremony(world, plot, own, hands, day=day, by=handler)


def _teams_and_notices(world: World, plot: Plot, task: Task) -> Iterator[datetime]:
    planner = world.people.planner[task.initiator.code]
    at = world.at(world.back(plot.start - 8), 9, 30)
    yield at
    task.refresh_from_db()
    inspection.form_teams(task=task, by=planner, at=at)
    visits = list(Visit.objects.filter(team__task=task).order_by("pk"))
    for n, visit in enumerate(visits):
        day = world.back(plot.visits - n // plot.a_day)
        at = world.at(world.back(plot.start - 8), 10 + n // 30, n % 60)
        yield at
        inspection.plan_visit(
            visit=visit, planned_on=day, slot=SLOTS[n % len(SLOTS)], by=planner, at=at
        )
    for n, visit in enumerate(visits):
        if plot.until == TaskState.TEAMS_SET and n >= len(visits) // 2:
            break
        at = world.at(world.back(plot.start - 9), 14 + n // 50, n % 50)
        yield at
        visit.refresh_from_db()
        items = VisitItem.objects.filter(part__visit=visit, is_expected=True).select_related(
            "item", "part__department"
        )
        inspection.notify(
            visit=visit,
            items="\n".join(f"{row.part.department.short}：{row.item.name}" for row in items),
            when=f"{visit.planned_on:%Y-%m-%d} {visit.slot}",
            papers=PAPERS,
            channel="phone" if n % 3 else "written",
            contact="前台负责人" if n % 2 else "办公室主任",
            contact_phone=f"139{n:04d}2{task.pk:03d}",
            by=planner,
            at=at,
        )


def _visits(world: World, plot: Plot, task: Task) -> Iterator[datetime]:
    """Check-in, every item, signature; some findings, now and then a refusal."""
    visits = list(
        Visit.objects.filter(team__task=task, state="notified").order_by("planned_on", "slot", "pk")
    )
    for n, visit in enumerate(visits):
        hour, minute = map(int, visit.slot.split(":"))
        start = world.at(visit.planned_on, hour, minute)
        members = list(visit.team.members.select_related("user", "department").order_by("pk"))
        for k, inspector in enumerate(members):
            at = start + timedelta(minutes=k)
            yield at
            inspection.check_in(visit=visit, inspector=inspector, by=inspector.user, at=at)
        at = start + timedelta(minutes=len(members) + 1)
        yield at
        leader = visit.team.leader
        inspection.start(visit=visit, by=leader.user, at=at)
        rows = list(
            VisitItem.objects.filter(part__visit=visit, is_expected=True).select_related(
                "item", "part"
            )
        )
        for k, row in enumerate(rows):
            at = start + timedelta(minutes=len(members) + 3 + 2 * k)
            yield at
            officer = next(m for m in members if m.department_id == row.part.department_id)
            is_found = world.chance.random() < 0.07
            situation, basis = world.chance.choice(FINDINGS)
            answer = inspection.answer(
                visit=visit,
                item=row.item,
                finding=ItemAnswer.Finding.FOUND if is_found else ItemAnswer.Finding.FINE,
                situation=situation if is_found else "",
                by=officer.user,
                at=at,
            )
            if is_found:
                inspection.take_measure(
                    answer=answer,
                    kind=Measure.Kind.RECTIFY,
                    channel=Measure.Channel.WRITTEN,
                    detail="限期改正，改正后书面报告",
                    basis=basis,
                    deadline_on=visit.planned_on + timedelta(days=10),
                    document_number=f"责改〔{visit.planned_on.year}〕{visit.pk}号",
                    by=officer.user,
                    at=at,
                )
        at = start + timedelta(minutes=len(members) + 8 + 2 * len(rows))
        yield at
        visit.refresh_from_db()
        if n % 9 == 7:
            inspection.refuse(
                visit=visit,
                ending="refused",
                refusal="现场负责人看过记录表后表示需请示总部，拒绝签名。",
                inspectors=members[:2],
                by=leader.user,
                at=at,
            )
        else:
            inspection.sign(
                visit=visit,
                signer=f"值班经理{world.chance.choice('王李赵钱孙')}某",
                signer_post="值班经理",
                signature_png_base64=signature(world.chance),
                by=leader.user,
                at=at,
            )


def _results(world: World, plot: Plot, task: Task) -> Iterator[datetime]:
    """Some working days later the departments enter, audit and publish; slow ones wait."""
    last = max(visit.planned_on for visit in Visit.objects.filter(team__task=task))
    at = world.at(last, 18, 30)
    yield at
    disclosure.collect(by="system", at=at)
    gap = 0
    day = last
    while gap < 3:
        day += timedelta(days=1)
        gap += day.weekday() < 5
    for participation in task.participations.select_related("department").order_by("pk"):
        code = participation.department.code
        handler, head = world.people.handler[code], world.people.head[code]
        results = list(
            Result.objects.filter(
                part__visit__team__task=task, part__department=participation.department
            ).order_by("pk")
        )
        is_slow = code in plot.slow
        for n, result in enumerate(results):
            if is_slow and n >= len(results) // 2:
                break
            at = world.at(day, 9 + n // 50, n % 50)
            yield at
            items = {answer.item_id: _code(answer) for answer in disclosure.checked_items(result)}
            disclosure.enter(result=result, items=items, by=handler, at=at)
        if is_slow:
            continue
        at = world.at(day + timedelta(days=1), 10)
        yield at
        for result in results:
            result.refresh_from_db()
            disclosure.audit(result=result, by=head, at=at)
        if plot.until == TaskState.COMPLETED and participation.pk % 2:
            continue
        at = world.at(day + timedelta(days=1), 15)
        yield at
        disclosure.publish(
            results=[r for r in results if r.state != ResultState.PUBLISHED], by=handler, at=at
        )
    if plot.until == TaskState.ARCHIVED:
        for follow_up in FollowUp.objects.filter(result__part__visit__team__task=task):
            at = world.at(day + timedelta(days=9), 11)
            yield at
            disclosure.close_follow_up(
                follow_up=follow_up,
                note="复查，已按期改正。",
                by=world.people.handler[follow_up.department.code],
                at=at,
            )


def _code(answer: ItemAnswer) -> tuple[str, str]:
    if answer.finding == ItemAnswer.Finding.FOUND:
        return "05", answer.situation
    return ("07", "") if answer.finding == ItemAnswer.Finding.NONE else ("01", "")


def _lottery(world: World) -> str:
    reds = sorted(world.chance.sample(range(1, 34), 6))
    return f"{' '.join(f'{n:02d}' for n in reds)} + {world.chance.randint(1, 16):02d}"


def _dice(world: World) -> str:
    return " ".join(str(world.chance.randint(1, 6)) for _ in range(10))
