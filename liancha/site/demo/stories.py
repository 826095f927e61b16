"""One task from the plan line to the last follow-up, told as far as the year has come.

`until` says how far: the state of rulebook.lifecycles.TaskState a task is left in, or one of the
steps inside the draw. What the acts need (who confirms, what is written) stands here; what is
allowed is said by the actions.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from datetime import date, datetime, timedelta

from liancha.accounts.models import Department, User
from liancha.draw import actions as draws
from liancha.draw import chains
from liancha.draw.models import Draw
from liancha.plan.models import PlanLine
from liancha.rulebook.lifecycles import DrawState, TaskState
from liancha.task import actions as tasks
from liancha.task.models import Task

from . import ceremonies, fieldwork
from .plots import Plot, Turn, goes_beyond
from .year import Story, World, together


def tell(world: World, plot: Plot) -> Story:
    """The whole story; it ends by itself at `until`."""
    task = yield from _beginning(world, plot)
    if task is None or not goes_beyond(plot, TaskState.SCHEME_APPROVED):
        return
    draw = yield from _first_draw(world, plot, task)
    if draw is None or not goes_beyond(plot, TaskState.TARGETS_DRAWN):
        return
    yield from _dispatch(world, plot, task, draw)
    if plot.turn == Turn.BATCH:
        yield from _another_batch(world, plot, task, draw)
    if not goes_beyond(plot, TaskState.DISPATCHED):
        return
    yield from _second_draws(world, plot, task)
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
    confirmed_on = world.back(plot.start - 1)
    others = task.participations.exclude(department=line.initiator).select_related("department")
    for at, code in sorted(
        (world.at(confirmed_on, 9 + each.pk % 8, each.pk % 60), each.department.code)
        for each in others
    ):
        yield at
        tasks.confirm(task=task, by=world.people.handler[code], at=at)
    at = world.at(world.back(plot.start - 2), 10, 5)
    yield at
    _write_scheme(world, plot, task, line, planner, at)
    yield at
    tasks.submit_scheme(task=task, by=planner, at=at)
    if plot.until == TaskState.SCHEME_SUBMITTED:
        return None
    at = world.at(world.back(plot.start - 3), 11)
    yield at
    tasks.approve_scheme(task=task, by=world.people.head[line.initiator.code], at=at)
    return task


def _write_scheme(
    world: World, plot: Plot, task: Task, line: PlanLine, planner: User, at: datetime
) -> None:
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


def _first_draw(world: World, plot: Plot, task: Task) -> Generator[datetime, None, Draw | None]:
    """Freeze, commitments, rule, reveals, beacon, lock."""
    planner = world.people.planner[task.initiator.code]
    at = world.at(world.back(plot.start - 4), 16, 42)
    yield at
    draw = _freeze(world, task, at=at)
    if plot.until == TaskState.POOL_FROZEN:
        return None
    hands = ceremonies.three_hands(world, task)
    day = world.back(plot.start - 5)
    evening = world.at(day, 21, 15)
    if plot.until == "committing":
        # Where the stories lie longer back than that: 31 days are the longest wait there may be.
        evening = min(world.now, world.at(day, 21) + timedelta(days=20)) + timedelta(days=7)
    if plot.until == "closed":
        evening = world.at(world.back(1), 21, 15)
    at = world.at(day, 9, 5)
    yield at
    if plot.turn == Turn.KEEPER:
        yield from ceremonies.with_keeper(world, draw, hands, day=day, by=planner)
        return _locked(draw)
    ceremony = ceremonies.Ceremony(
        draw, hands, ceremonies.lottery(day, evening), by=planner, day=day, until=plot.until
    )
    if plot.turn == Turn.VOID:
        yield from ceremonies.hold(world, replace(ceremony, until="closed"))
        yield from ceremonies.make_void(world, draw, day=day, by=planner)
        at = world.at(day, 11, 30)
        yield at
        again = _freeze(world, task, at=at)
        yield from ceremonies.hold(world, replace(ceremony, draw=again, hour=14))
        yield from ceremonies.compute_void(world, draw, ceremony.beacon, by=planner)
        return _locked(again)
    yield from ceremonies.hold(
        world, replace(ceremony, absent=len(hands) - 1 if plot.turn == Turn.ABSENT else None)
    )
    return _locked(draw)


def _freeze(world: World, task: Task, *, at: datetime) -> Draw:
    return draws.freeze(
        task=task,
        secret=world.nonce(),
        reason="各类户数少的，按类合并会改变比例",
        by=world.people.planner[task.initiator.code],
        at=at,
    )


def _locked(draw: Draw) -> Draw | None:
    draw.refresh_from_db()
    return draw if draw.state == DrawState.LOCKED else None


def _dispatch(world: World, plot: Plot, task: Task, draw: Draw) -> Story:
    planner = world.people.planner[task.initiator.code]
    day = world.back(plot.start - 6)
    at = world.at(day, 9, 2)
    yield at
    tasks.record_platform_number(
        task=task, number=f"410300{day:%Y%m%d}{task.pk:04d}", by=planner, at=at
    )
    yield from _send(world, plot, draw, at=at)


def _send(world: World, plot: Plot, draw: Draw, *, at: datetime) -> Story:
    """The list goes to all departments, and they sign for it in the next hours."""
    yield at
    draw.refresh_from_db()
    draws.dispatch(draw=draw, by=world.people.planner[draw.department.code], at=at)
    sent = draw.dispatches.filter(acknowledged_at=None).select_related("department")
    for after, dispatch in sorted((20 + each.pk * 37 % 100, each) for each in sent.order_by("pk")):
        code = dispatch.department.code
        if code in plot.slow and plot.until == TaskState.DISPATCHED:
            continue
        signed = at + timedelta(minutes=after)
        yield signed
        draws.acknowledge(dispatch=dispatch, by=world.people.handler[code], at=signed)


def _another_batch(world: World, plot: Plot, task: Task, draw: Draw) -> Story:
    """Two of the drawn have closed down: asked for, agreed, drawn by dice and sent the same day."""
    planner = world.people.planner[task.initiator.code]
    day = world.back(plot.start - 6)
    batch = yield from ceremonies.supplement(world, draw, day=day, by=planner)
    afternoon = ceremonies.Ceremony(
        batch,
        ceremonies.three_hands(world, task),
        ceremonies.dice(world.at(day, 15, 30)),
        by=planner,
        day=day,
        hour=14,
    )
    yield from ceremonies.hold(world, afternoon)
    yield from _send(world, plot, batch, at=world.at(day, 16, 10))


def _second_draws(world: World, plot: Plot, task: Task) -> Story:
    """Every department draws its own people, all in one morning; a further batch's later on."""
    day = world.back(plot.start - 7)
    takes_part = [each.department for each in task.participations.select_related("department")]
    for batch in chains.batches(task):
        hour = 14 if batch.supplements_id else 9
        yield from together(
            _draw_of_people(world, batch, department, day=day, hour=hour)
            for department in takes_part
        )


def _draw_of_people(
    world: World, batch: Draw, department: Department, *, day: date, hour: int
) -> Story:
    handler = world.people.handler[department.code]
    at = world.at(day, hour, 1)
    yield at
    task = Task.objects.get(pk=batch.task_id)
    own = draws.freeze_inspectors(task=task, department=department, of=batch, by=handler, at=at)
    ceremony = ceremonies.Ceremony(
        own,
        ceremonies.two_hands(world, task, department),
        ceremonies.dice(world.at(day, hour + 2, 30)),
        by=handler,
        day=day,
        hour=hour,
    )
    yield from ceremonies.hold(world, ceremony)
