"""One task from the plan line to the last follow-up, told as far as the year has come.

`until` says how far: the state of rulebook.lifecycles.TaskState a task is left in, or one of the
steps inside the draw. What the acts need (who confirms, what is written) stands here; what is
allowed is said by the actions.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import date, datetime, timedelta

from liancha.accounts.models import Department, User
from liancha.draw import actions as draws
from liancha.draw.models import Draw
from liancha.rulebook.lifecycles import TaskState
from liancha.task import actions as tasks
from liancha.task.models import Task

from . import fieldwork
from .plots import Plot, goes_beyond
from .year import Story, World

# What the ceremony calls a party, its department or its witness, and who acts for it.
Hand = tuple[str, Department | None, User | None, User]
LOTTERY = "双色球 第 {issue} 期 红球升序 + 蓝球"
LOTTERY_FORM = "00 00 00 00 00 00 + 00"
DICE_FORM = "0 0 0 0 0 0 0 0 0 0"


def tell(world: World, plot: Plot) -> Story:
    """The whole story; it ends by itself at `until`."""
    task = yield from _beginning(world, plot)
    if task is None or not goes_beyond(plot, TaskState.SCHEME_APPROVED):
        return
    draw = yield from _first_draw(world, plot, task)
    if draw is None or not goes_beyond(plot, TaskState.TARGETS_DRAWN):
        return
    yield from _dispatch(world, plot, task, draw)
    if not goes_beyond(plot, TaskState.DISPATCHED):
        return
    yield from _second_draws(world, plot, task, draw)
    if not goes_beyond(plot, TaskState.INSPECTORS_DRAWN):
        return
    yield from fieldwork.teams_and_notices(world, plot, task)
    if not goes_beyond(plot, TaskState.TEAMS_SET):
        return
    yield from fieldwork.visits(world, plot, task)
    if not goes_beyond(plot, TaskState.INSPECTING):
        return
    yield from fieldwork.results(world, plot, task)


def _beginning(world: World, plot: Plot) -> Generator[datetime, None, Task | None]:
    """From the plan line to the approved scheme."""
    line = world.lines[plot.field]
    planner = world.people.planner[line.initiator.code]
    at = world.at(world.back(plot.start), 9, 12)
    yield at
    line.refresh_from_db()
    task = tasks.create_task(
        line=line,
        starts_on=world.back(plot.start),
        ends_on=min(world.back(plot.visits - 12), line.ends_on),
        is_confidential=plot.is_confidential,
        by=planner,
        at=at,
    )
    if plot.until == TaskState.CREATED:
        return None
    for participation in task.participations.exclude(department=line.initiator):
        at = world.at(world.back(plot.start - 1), 9 + participation.pk % 8, participation.pk % 60)
        yield at
        tasks.confirm(task=task, by=world.people.handler[participation.department.code], at=at)
    at = world.at(world.back(plot.start - 2), 10, 5)
    yield at
    first, last = world.back(plot.start), task.ends_on
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


def _first_draw(world: World, plot: Plot, task: Task) -> Generator[datetime, None, Draw | None]:
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
    cooperator = task.participations.exclude(department=task.initiator)[0].department
    witness = world.people.cast["jianzheng"]
    hands: list[Hand] = [
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
    hands: list[Hand],
    *,
    day: date,
    by: User,
) -> Story:
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
    world.log.checkpoint(at)  # the rule, before anybody reveals
    for n, (party, (_, _, _, person)) in enumerate(zip(parties, hands, strict=True)):
        at = world.at(day, 9, 40 + 3 * n)
        yield at
        draws.reveal(party=party, nonce=nonces[party.pk], by=person, at=at)
    world.log.checkpoint(at)  # the close, before the public value
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
    world.log.checkpoint(at)


def _dispatch(world: World, plot: Plot, task: Task, draw: Draw) -> Story:
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
    for dispatch in draw.dispatches.filter(acknowledged_at=None).select_related("department"):
        code = dispatch.department.code
        if code in plot.slow and plot.until == TaskState.DISPATCHED:
            continue
        at = world.at(day, 10 + dispatch.pk % 6, dispatch.pk % 60)
        yield at
        draws.acknowledge(dispatch=dispatch, by=world.people.handler[code], at=at)


def _second_draws(world: World, plot: Plot, task: Task, draw: Draw) -> Story:
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
        other: Hand = (
            (witness.body, None, witness, witness)
            if department == task.initiator
            else (task.initiator.name, task.initiator, None, planner)
        )
        hands: list[Hand] = [(department.name, department, None, handler), other]
        at = world.at(day, 9, 8)
        yield at
        yield from _ceremony(world, plot, own, hands, day=day, by=handler)


def _lottery(world: World) -> str:
    reds = sorted(world.chance.sample(range(1, 34), 6))
    return f"{' '.join(f'{n:02d}' for n in reds)} + {world.chance.randint(1, 16):02d}"


def _dice(world: World) -> str:
    return " ".join(str(world.chance.randint(1, 6)) for _ in range(10))
