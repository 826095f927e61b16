"""The second half of a task's story: teams, notices, visits, results, follow-up."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from liancha.accounts.models import Department, User
from liancha.disclosure import actions as disclosure
from liancha.disclosure.models import FollowUp, Result
from liancha.inspection import actions as inspection
from liancha.inspection.models import ItemAnswer, Measure, Visit, VisitItem
from liancha.roster.models import Inspector
from liancha.rulebook.lifecycles import ResultState, TaskState
from liancha.task.models import Task

from .plots import Plot
from .scribble import signature
from .year import Story, World, together

PAPERS = "营业执照、相关许可证件；近一年的台账、从业人员名册；安全管理制度"
SLOTS = ("09:00", "10:30", "14:30", "16:00")
# What was found, by a word in the item's name: (word, situation, basis).
FINDINGS = (
    ("消防", "一处应急照明损坏，现场要求更换", "《消防法》第十六条"),
    ("价", "明码标价牌缺少两项收费标准", "《价格法》第十三条"),
    ("许可", "公示栏未张贴现行许可证件", "《行政许可法》第六十七条"),
    ("证", "公示栏未张贴现行证照", "《市场主体登记管理条例》第三十六条"),
    ("卫生", "两名从业人员的健康证明已过期", "《公共场所卫生管理条例》第七条"),
    ("", "现场台账缺少近两个月的记录", "《行政处罚法》第二十八条"),
)


def teams_and_notices(world: World, plot: Plot, task: Task) -> Story:
    planner = world.people.planner[task.initiator.code]
    at = world.at(world.back(plot.start - 8), 9, 30)
    yield at
    task.refresh_from_db()
    inspection.form_teams(task=task, by=planner, at=at)
    planned = list(Visit.objects.filter(team__task=task).order_by("pk"))
    for n, visit in enumerate(planned):
        day = world.back(plot.visits - n // plot.a_day)
        at = world.at(world.back(plot.start - 8), 10 + n // 30, n % 60)
        yield at
        inspection.plan_visit(
            visit=visit, planned_on=day, slot=SLOTS[n % len(SLOTS)], by=planner, at=at
        )
    for n, visit in enumerate(planned):
        if plot.until == TaskState.TEAMS_SET and n >= len(planned) // 2:
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


def visits(world: World, plot: Plot, task: Task) -> Story:
    """Check-in, every item, signature; some findings, now and then a refusal."""
    planned = list(
        Visit.objects.filter(team__task=task, state="notified").order_by("planned_on", "slot", "pk")
    )
    for n, visit in enumerate(planned):
        yield from _visit(world, visit, is_refused=n % 9 == 7)


def _visit(world: World, visit: Visit, *, is_refused: bool) -> Story:
    """One of them, from the door to the signature."""
    hour, minute = map(int, visit.slot.split(":"))
    start = world.at(visit.planned_on or world.anchor, hour, minute)
    members = list(visit.team.members.select_related("user", "department").order_by("pk"))
    for k, inspector in enumerate(members):
        at = start + timedelta(minutes=k)
        yield at
        inspection.check_in(visit=visit, inspector=inspector, by=account(inspector), at=at)
    at = start + timedelta(minutes=len(members) + 1)
    yield at
    inspection.start(visit=visit, by=account(visit.team.leader), at=at)
    rows = list(
        VisitItem.objects.filter(part__visit=visit, is_expected=True).select_related("item", "part")
    )
    for k, row in enumerate(rows):
        at = start + timedelta(minutes=len(members) + 3 + 2 * k)
        yield at
        officer = next(m for m in members if m.department_id == row.part.department_id)
        _answer(world, visit, row, officer, at)
    at = start + timedelta(minutes=len(members) + 8 + 2 * len(rows))
    yield at
    visit.refresh_from_db()
    _close(world, visit, members, at, is_refused=is_refused)


def _answer(world: World, visit: Visit, row: VisitItem, officer: Inspector, at: datetime) -> None:
    """One row of the form; of fourteen one or so has something to be put right."""
    day = visit.planned_on or world.anchor
    is_found = world.chance.random() < 0.07
    situation, basis = next((s, b) for word, s, b in FINDINGS if word in row.item.name)
    answer = inspection.answer(
        visit=visit,
        item=row.item,
        finding=ItemAnswer.Finding.FOUND if is_found else ItemAnswer.Finding.FINE,
        situation=situation if is_found else "",
        by=account(officer),
        at=at,
    )
    if is_found:
        inspection.take_measure(
            answer=answer,
            kind=Measure.Kind.RECTIFY,
            channel=Measure.Channel.WRITTEN,
            detail="限期改正，改正后书面报告",
            basis=basis,
            deadline_on=day + timedelta(days=10),
            document_number=f"责改〔{day.year}〕{visit.pk}号",
            by=account(officer),
            at=at,
        )


def _close(
    world: World, visit: Visit, members: list[Inspector], at: datetime, *, is_refused: bool
) -> None:
    """The firm signs, or two officers state that it would not."""
    leader = account(visit.team.leader)
    if is_refused:
        inspection.refuse(
            visit=visit,
            ending="refused",
            refusal="现场负责人看过记录表后表示需请示总部，拒绝签名。",
            inspectors=members[:2],
            by=leader,
            at=at,
        )
        return
    inspection.sign(
        visit=visit,
        signer=f"值班经理{world.chance.choice('王李赵钱孙')}某",
        signer_post="值班经理",
        signature_png_base64=signature(world.chance),
        by=leader,
        at=at,
    )


def results(world: World, plot: Plot, task: Task) -> Story:
    """Some working days later the departments enter, audit and publish; slow ones wait."""
    last = max(day for day in _days(task) if day)
    at = world.at(last, 18, 30)
    yield at
    disclosure.collect(by="system", at=at)
    gap = 0
    day = last
    while gap < 3:
        day += timedelta(days=1)
        gap += day.weekday() < 5
    is_midway = plot.until == TaskState.COMPLETED and not plot.slow
    takes_part = task.participations.select_related("department").order_by("pk")
    departments = [each.department for each in takes_part]
    # Midway one has published, one has audited, one has entered, and the others have done nothing.
    stops = {1: "audited", 2: "entered"} if is_midway else {}
    yield from together(
        _results_of(world, plot, task, department, day=day, until=stops.get(turn, ""))
        for turn, department in enumerate(departments[:3] if is_midway else departments)
    )
    if not is_midway:
        found = FollowUp.objects.filter(result__part__visit__team__task=task).order_by("pk")
        left_open = 0 if plot.until == TaskState.ARCHIVED else 1
        for follow_up in found[: max(0, found.count() - left_open)]:
            at = world.at(day + timedelta(days=9), 11)
            yield at
            disclosure.close_follow_up(
                follow_up=follow_up,
                note="复查，已按期改正。",
                by=world.people.handler[follow_up.department.code],
                at=at,
            )


def _results_of(
    world: World, plot: Plot, task: Task, department: Department, *, day: date, until: str
) -> Story:
    """One department enters on this day, audits and publishes on the next; a slow one waits."""
    handler, head = world.people.handler[department.code], world.people.head[department.code]
    own = list(
        Result.objects.filter(part__visit__team__task=task, part__department=department).order_by(
            "pk"
        )
    )
    is_slow = department.code in plot.slow
    for n, result in enumerate(own[: len(own) // 2] if is_slow else own):
        at = world.at(day, 9 + n // 50, n % 50)
        yield at
        items = {answer.item_id: _code(answer) for answer in disclosure.checked_items(result)}
        disclosure.enter(result=result, items=items, by=handler, at=at)
    if is_slow or until == "entered":
        return
    at = world.at(day + timedelta(days=1), 10)
    yield at
    for result in own:
        result.refresh_from_db()
        disclosure.audit(result=result, by=head, at=at)
    if until == "audited":
        return
    at = world.at(day + timedelta(days=1), 15)
    yield at
    disclosure.publish(
        results=[r for r in own if r.state != ResultState.PUBLISHED], by=handler, at=at
    )


def account(inspector: Inspector) -> User:
    """The inspector's own log-in: in the demo everybody on the roster has one."""
    if inspector.user is None:
        raise LookupError(inspector.number)
    return inspector.user


def _days(task: Task) -> list[date | None]:
    return list(Visit.objects.filter(team__task=task).values_list("planned_on", flat=True))


def _code(answer: ItemAnswer) -> tuple[str, str]:
    if answer.finding == ItemAnswer.Finding.FOUND:
        return "05", answer.situation
    return ("07", "") if answer.finding == ItemAnswer.Finding.NONE else ("01", "")
