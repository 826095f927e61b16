"""Tasks on their way to the drawn list, and the draws themselves (arts. 17 to 19)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.utils import timezone

from liancha.accounts.permissions import Permission
from liancha.draw import chains, rosters
from liancha.draw.actions.manning import MANNED_IN
from liancha.draw.models import Draw, Party, Replacement
from liancha.rulebook.deadlines import entry_due
from liancha.rulebook.lifecycles import DrawState, ReplacementState, TaskState
from liancha.task import queries as tasks
from liancha.task.models import Task

from .. import words
from ..desk import Desk, Running
from ..workbench import MOST, Todo, page_at, place_of

P = Permission

# state → (permission, mark, title, verb); the other states have sources of their own
TASK_STEPS: dict[TaskState, tuple[Permission, str, str, str]] = {
    TaskState.CREATED: (P.TASK_EDIT, "方案", "拟实施方案", "拟方案"),
    TaskState.SCHEME_SUBMITTED: (P.TASK_APPROVE, "批准", "批准实施方案", "审阅方案"),
    TaskState.SCHEME_APPROVED: (P.DRAW_RUN, "建库", "建待抽检库", "建库"),
    TaskState.TARGETS_DRAWN: (P.DRAW_RUN, "派发", "派发名单", "派发名单"),
}


def due_of(task: Task) -> date | None:
    """When the step a task is at has to be done, as its scheme says."""
    following = tasks.next_step(task)
    return following.due if following else None


def own_tasks(desk: Desk) -> Iterator[Todo]:
    """The tasks the department initiated, at the step that is the person's."""
    for running in desk.own_tasks:
        task = running.task
        step = TASK_STEPS.get(running.state)
        if step is not None and desk.may(step[0]) and not _is_own_scheme(desk, task):
            yield _at_step(running, *step[1:])
        is_sent = running.state != TaskState.TARGETS_DRAWN  # the first batch
        if running.undispatched and is_sent and desk.may(P.DRAW_RUN):
            yield Todo(
                "派发",
                f"派发补抽名单：{task}",
                f"任务 {task.number}",
                _of_draw(running, running.undispatched),
                "派发名单",
                task,
                task.initiator,
                due_of(task),
            )
        if task.platform_reason and not task.platform_number and desk.may(P.TASK_EDIT):
            yield Todo(
                "补录",
                f"补录平台编号：{task}",
                task.platform_reason,
                place_of(task),
                "补录编号",
                task,
                task.initiator,
                entry_due(timezone.localdate(task.created_at), desk.calendar).due,
                "待补录",
                "back",
            )


def _is_own_scheme(desk: Desk, task: Task) -> bool:
    """Whoever wrote a scheme does not approve it."""
    scheme = getattr(task, "scheme", None)
    writers = {task.created_by_id, scheme.submitted_by_id if scheme else None}
    return task.state == TaskState.SCHEME_SUBMITTED and desk.user.pk in writers


def _at_step(running: Running, mark: str, title: str, verb: str) -> Todo:
    task = running.task
    scheme = getattr(task, "scheme", None)
    note, word, tone, url = f"任务 {task.number}", "", "review", place_of(task)
    if running.state == TaskState.CREATED and scheme and scheme.returned_note:
        title, verb, word, tone = "修改方案", "修改方案", "已退回", "back"
        note = f"退回意见：{scheme.returned_note}"
    elif running.state == TaskState.SCHEME_APPROVED:
        url = place_of(task, "draw:pool")
    elif running.state == TaskState.TARGETS_DRAWN:
        url = _of_draw(running, running.target_draw)
    return Todo(
        mark, f"{title}：{task}", note, url, verb, task, task.initiator, due_of(task), word, tone
    )


def _of_draw(running: Running, drawn: int | None) -> str:
    """The page of a locked draw of targets, the task's while there is none."""
    return page_at("draw:draw", drawn) if drawn else place_of(running.task)


def tasks_to_confirm(desk: Desk) -> Iterator[Todo]:
    open_states = (TaskState.CREATED, TaskState.SCHEME_SUBMITTED)
    for running in desk.tasks:
        task = running.task
        if running.confirmed or running.state not in open_states:
            continue
        yield Todo(
            "确认",
            f"确认参与：{task}",
            f"{words.department(task.initiator.name, task.initiator.short)}发起",
            place_of(task),
            "确认参与",
            task,
            desk.user.department or desk.user,
            due_of(task),
            "待确认",
        )


# ── Draws ─────────────────────────────────────────────────────────────────────────────────


def draws(desk: Desk) -> Iterator[Todo]:
    """Where this person's hand is wanted next: as a party, as the one who runs it, as head."""
    for draw in desk.draws:
        mine = [party for party in draw.parties.all() if party.speaks_for(desk.user)]
        act = _act(desk, draw, mine)
        if act is None:
            continue
        does, verb, as_party = act
        due = draw.beacon_due
        name = mine[0].name if mine else draw.escrow
        what = "" if draw.is_of_targets else "（检查人员）"
        yield Todo(
            "摇号",
            f"{does}：{draw.task}{what}",
            f"{draw.number}，以{name}的名义" if as_party else draw.number,
            place_of(draw),
            verb,
            draw,
            ((mine[0].department if mine else None) or desk.user) if as_party else draw.department,
            timezone.localdate(due) if due else due_of(draw.task),
            due_at=due,
        )


def _act(desk: Desk, draw: Draw, mine: list[Party]) -> tuple[str, str, bool] | None:
    """(what, button, whether as a party), or None where the person has nothing to do."""
    user = desk.user
    is_own = draw.department_id == user.department_id
    if draw.void_asked_at and is_own and desk.may(P.DRAW_VOID) and draw.void_asked_by_id != user.pk:
        return "批准作废", "审阅作废", False
    if desk.may(P.DRAW_JOIN):
        if draw.state == DrawState.COMMITTING and any(not each.commitment for each in mine):
            return "提交承诺", "提交承诺", True
        if draw.state == DrawState.RULE_LOGGED and draw.has_keeper:
            if draw.keeper_id == user.pk and draw.sealed_at and draw.escrow_fault is None:
                return "开封核对", "开封核对", True
            if any(not each.sealed_at for each in mine):
                return "封存随机数", "封存随机数", True
        elif draw.state == DrawState.RULE_LOGGED and any(not each.nonce for each in mine):
            return "揭示随机数", "揭示随机数", True
    runs = P.DRAW_RUN if draw.is_of_targets else P.DRAW_INSPECTORS
    if not (is_own and desk.may(runs)):
        return None
    if draw.state == DrawState.CLOSED:
        is_ready = bool(draw.beacon_value) or draw.has_keeper
        return (
            ("锁定名单", "锁定名单", False) if is_ready else ("录入公开随机值", "进入摇号", False)
        )
    if draw.state == DrawState.FROZEN:
        return "定抽取规则", "定规则", False
    return "主持摇号", "进入摇号", False


def lists_to_acknowledge(desk: Desk) -> Iterator[Todo]:
    for running in desk.tasks:
        task = running.task
        if running.dispatch is None:
            continue
        yield Todo(
            "签收",
            f"签收派发：{task}",
            f"{words.department(task.initiator.name, task.initiator.short)}派发",
            _of_draw(running, running.dispatch_draw),
            "签收",
            task,
            desk.user.department or desk.user,
            running.dispatch_due,
            "待签收",
            "active",
        )


def inspectors_to_draw(desk: Desk) -> Iterator[Todo]:
    """Tasks with a batch whose list is signed for and the department's people are not drawn."""
    under_way = {
        draw.task_id for draw in desk.draws if not draw.is_of_targets and _is_own(desk, draw)
    }
    for running in desk.tasks:
        task = running.task
        is_first = running.state == TaskState.DISPATCHED
        is_ready = is_first or running.state in MANNED_IN
        if not is_ready or running.dispatch or running.people_drawn or task.pk in under_way:
            continue
        if not is_first and not _is_further_batch_wanting(desk, task):
            continue
        yield Todo(
            "抽人",
            f"抽取本部门检查人员：{task}",
            f"任务 {task.number}",
            place_of(task, "draw:inspectors"),
            "抽取人员",
            task,
            desk.user.department or desk.user,
            due_of(task),
        )


def _is_further_batch_wanting(desk: Desk, task: Task) -> bool:
    """Whether a batch that came later has been sent and has targets for the department."""
    department = desk.user.department
    of = chains.to_man(task, department) if department else None
    if of is None or department is None or not of.dispatches.exists():
        return False
    return not of.inspector_draws.filter(department=department).locked().exists() and bool(
        rosters.units_of(of, department)
    )


def _is_own(desk: Desk, draw: Draw) -> bool:
    return draw.department_id == desk.user.department_id


def replacements_to_decide(desk: Desk) -> Iterator[Todo]:
    waiting = Replacement.objects.filter(
        state=ReplacementState.REQUESTED, assignment__draw__department=desk.user.department_id
    ).exclude(requested_by=desk.user)
    related = "assignment__draw__task", "leaving", "coming", "requested_by__department"
    for one in waiting.select_related(*related)[:MOST]:
        yield Todo(
            "更换",
            f"批准人员更换：{one.leaving.name} → {one.coming.name}",
            f"{one.assignment.draw.task}，{one.get_reason_display()}",
            place_of(one.assignment.draw, "draw:staff"),
            "审阅更换",
            one,
            one.requested_by,
        )


# ── What the department set going ─────────────────────────────────────────────────────────


def initiated(desk: Desk) -> Iterator[Todo]:
    """The department's own tasks, each with the one next thing and its date."""
    for running in desk.own_tasks:
        task = running.task
        following = tasks.next_step(task)
        yield Todo(
            tasks.STEPS[tasks.step_of(task)][:2],
            str(task),
            how_far(running),
            place_of(task),
            "看任务",
            task,
            following.owner if following else task.initiator,
            following.due if following else None,
        )


def how_far(running: Running) -> str:
    """已查 3 / 18 户: where a running task stands, in numbers."""
    if running.state in (TaskState.TEAMS_SET, TaskState.INSPECTING):
        told = f"，{running.untold} 户待告知" if running.untold else ""
        return f"已查 {running.visits_made} / {running.visits_all} 户{told}"
    if running.state == TaskState.COMPLETED:
        return f"{running.unpublished} 件待公示" if running.unpublished else "结果待录入"
    following = tasks.next_step(running.task)
    return following.what if following else running.task.get_state_display()
