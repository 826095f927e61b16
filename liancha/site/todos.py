"""What waits for somebody, room by room, in the order of an inspection.

Each function names the permission it is for and asks one question of the records of one room. A
person with the permission sees what waits in their own department, nobody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from django.db.models import F, Q, QuerySet

from liancha.accounts.models import User
from liancha.accounts.permissions import Permission
from liancha.disclosure.models import FollowUp, Result
from liancha.draw.models import Dispatch, Draw, Party, Replacement
from liancha.inspection.models import Visit
from liancha.oversight.models import Reminder
from liancha.plan.models import Adjustment, Plan, PlanCoSign
from liancha.rulebook.deadlines import plan_due
from liancha.rulebook.lifecycles import (
    DrawState,
    FollowUpState,
    PlanState,
    ReplacementState,
    ResultState,
    TaskState,
    VisitState,
)
from liancha.task.models import Task

from . import words
from .workbench import MOST, Todo, place_of, soonest_first

P = Permission
Source = Callable[[User], Iterator[Todo]]


def plans_to_cosign(user: User) -> Iterator[Todo]:
    waiting = PlanCoSign.objects.filter(
        department=user.department_id, signed_at=None, plan__state=PlanState.COSIGNING
    )
    for one in waiting.select_related("plan", "department")[:MOST]:
        yield Todo(
            "会签",
            f"会签：{one.plan}",
            f"第 {one.plan.version} 稿",
            place_of(one.plan),
            "查看并会签",
            one.plan,
            one.department,
            plan_due(one.plan.year),
        )


def plans_to_publish(user: User) -> Iterator[Todo]:
    """The plan on its last steps, for the office that gathers and publishes it."""
    verbs = {PlanState.COSIGNING: "看会签", PlanState.APPROVED: "公布计划"}
    plans = Plan.objects.visible_to(user).filter(state__in=list(verbs))
    for plan in plans.select_related("created_by__department")[:MOST]:
        verb = verbs[PlanState(plan.state)]
        yield Todo(
            "计划",
            f"{verb}：{plan}",
            f"第 {plan.version} 稿",
            place_of(plan),
            verb,
            plan,
            plan.created_by,
            plan_due(plan.year),
        )


def adjustments_to_decide(user: User) -> Iterator[Todo]:
    waiting = Adjustment.objects.waiting().decidable_by(user).exclude(requested_by=user)
    for one in waiting.select_related("line__plan", "requested_by__department")[:MOST]:
        yield Todo(
            "调整",
            f"{one.get_kind_display()}：{one.line.name}",
            one.reason,
            place_of(one.line, "plan:line"),
            "审阅调整",
            one.line,
            one.requested_by,
            word="待批准",
        )


# (state, permission, mark, title, verb, field the date comes from)
TASK_STEPS: tuple[tuple[TaskState, Permission, str, str, str, str], ...] = (
    (TaskState.CREATED, P.TASK_EDIT, "方案", "拟实施方案", "拟方案", "starts_on"),
    (TaskState.SCHEME_SUBMITTED, P.TASK_APPROVE, "批准", "批准实施方案", "审阅方案", "starts_on"),
    (TaskState.SCHEME_APPROVED, P.DRAW_RUN, "建库", "建待抽检库", "建库", "starts_on"),
    (TaskState.POOL_FROZEN, P.DRAW_RUN, "摇号", "主持摇号", "进入摇号", "ends_on"),
    (TaskState.TARGETS_DRAWN, P.DRAW_RUN, "派发", "派发名单", "派发名单", "ends_on"),
    (TaskState.INSPECTORS_DRAWN, P.INSPECTION_TEAM, "组队", "组建检查组", "组建检查组", "ends_on"),
)


def own_tasks(user: User) -> Iterator[Todo]:
    """The tasks this person's department initiated, at the step that is theirs."""
    steps = {step[0]: step for step in TASK_STEPS if user.may(step[1])}
    tasks = Task.objects.initiated_by(user).filter(state__in=list(steps))
    for task in tasks.select_related("initiator").order_by("starts_on")[:MOST]:
        _, _, mark, title, verb, day = steps[TaskState(task.state)]
        yield Todo(
            mark,
            f"{title}：{task}",
            f"任务 {task.number}",
            place_of(task, "inspection:task") if mark == "组队" else place_of(task),
            verb,
            task,
            task.initiator,
            getattr(task, day),
        )


def tasks_to_confirm(user: User) -> Iterator[Todo]:
    tasks = Task.objects.confirmable_by(user).exclude(initiator=user.department_id)
    for task in tasks.select_related("initiator")[:MOST]:
        yield Todo(
            "确认",
            f"确认参与：{task}",
            f"{words.department(task.initiator.name, task.initiator.short)}发起",
            place_of(task),
            "确认参与",
            task,
            user.department or user,
            task.starts_on,
            "待确认",
        )


def draws_to_join(user: User) -> Iterator[Todo]:
    """Where this person's party has still to commit or to reveal."""
    mine = Q(user=user)
    if user.department_id:
        mine |= Q(user=None, department=user.department_id)
    parties = Party.objects.filter(mine).filter(
        Q(draw__state=DrawState.COMMITTING, commitment="")
        | Q(draw__state=DrawState.RULE_LOGGED, nonce="")
    )
    for party in parties.select_related("draw__task", "department")[:MOST]:
        draw = party.draw
        does = "提交承诺" if draw.state == DrawState.COMMITTING else "揭示随机数"
        yield Todo(
            "摇号",
            f"{does}：{draw.task}",
            f"{draw.number}，以{party.name}的名义",
            place_of(draw),
            does,
            draw,
            party.department or user,
        )


def lists_to_acknowledge(user: User) -> Iterator[Todo]:
    rows = Dispatch.objects.filter(department=user.department_id, acknowledged_at=None)
    for one in rows.select_related("draw__task", "department").order_by("due_on")[:MOST]:
        yield Todo(
            "签收",
            f"签收派发：{one.draw.task}",
            one.draw.number,
            place_of(one.draw),
            "签收",
            one.draw,
            one.department,
            one.due_on,
            "待签收",
        )


def inspectors_to_draw(user: User) -> Iterator[Todo]:
    """Dispatched tasks for which this person's department has no locked draw of inspectors."""
    drawn = Draw.objects.of_inspectors().run_by(user).locked()
    tasks = Task.objects.visible_to(user).filter(
        state=TaskState.DISPATCHED, participations__department=user.department_id
    )
    for task in tasks.exclude(pk__in=drawn.values("task")).order_by("ends_on")[:MOST]:
        yield Todo(
            "抽人",
            f"抽取本部门检查人员：{task}",
            f"任务 {task.number}",
            place_of(task),
            "抽取人员",
            task,
            user.department or user,
            task.ends_on,
        )


def replacements_to_decide(user: User) -> Iterator[Todo]:
    waiting = Replacement.objects.filter(
        state=ReplacementState.REQUESTED, assignment__draw__department=user.department_id
    ).exclude(requested_by=user)
    related = "assignment__draw__task", "leaving", "coming", "requested_by__department"
    for one in waiting.select_related(*related)[:MOST]:
        yield Todo(
            "更换",
            f"批准人员更换：{one.leaving.name} → {one.coming.name}",
            f"{one.assignment.draw.task}，{one.get_reason_display()}",
            place_of(one.assignment.draw),
            "审阅更换",
            one,
            one.requested_by,
        )


def visits_to_notify(user: User) -> Iterator[Todo]:
    visits = Visit.objects.organised_by(user).filter(
        state=VisitState.PENDING, planned_on__isnull=False
    )
    related = "drawn_target__candidate", "team__task__initiator"
    for visit in visits.select_related(*related).order_by("planned_on")[:MOST]:
        yield Todo(
            "告知",
            f"告知：{visit}",
            str(visit.team.task),
            place_of(visit),
            "告知企业",
            visit,
            visit.team.task.initiator,
            visit.planned_on,
        )


def visits_to_make(user: User) -> Iterator[Todo]:
    """An officer's own visits."""
    inspector = getattr(user, "inspector", None)
    if inspector is None:
        return
    visits = Visit.objects.attended_by(inspector).filter(
        state__in=(VisitState.NOTIFIED, VisitState.STARTED)
    )
    related = "drawn_target__candidate", "team__task"
    for visit in visits.select_related(*related).order_by("planned_on")[:MOST]:
        yield Todo(
            "检查",
            f"检查：{visit}",
            f"{visit.team.task}，{visit.team}",
            place_of(visit, "inspection:arrive"),
            "开始检查" if visit.state == VisitState.NOTIFIED else "继续检查",
            visit,
            user,
            visit.planned_on,
        )


# (states, permission, mark, title, verb)
RESULT_STEPS: tuple[tuple[tuple[ResultState, ...], Permission, str, str, str], ...] = (
    (
        (ResultState.TO_ENTER, ResultState.RETURNED),
        P.DISCLOSURE_ENTER,
        "录入",
        "录入结果",
        "录入结果",
    ),
    ((ResultState.ENTERED,), P.DISCLOSURE_AUDIT, "审核", "审核结果", "审核结果"),
    ((ResultState.AUDITED,), P.DISCLOSURE_PUBLISH, "公示", "公示结果", "预览公示"),
)


def open_results(user: User) -> QuerySet[Result]:
    """Results of this person's department at a step that is theirs; who entered never audits."""
    states = [state for step in RESULT_STEPS if user.may(step[1]) for state in step[0]]
    rows = Result.objects.of_department(user).filter(state__in=states)
    return rows.exclude(state=ResultState.ENTERED, entered_by=user)


def results(user: User) -> Iterator[Todo]:
    steps = {state: step for step in RESULT_STEPS for state in step[0]}
    rows = open_results(user)
    related = "part__department", "part__visit__drawn_target__candidate", "part__visit__team__task"
    for result in rows.select_related(*related).order_by(F("due_on").asc(nulls_last=True))[:MOST]:
        _, _, mark, title, verb = steps[ResultState(result.state)]
        visit = result.part.visit
        yield Todo(
            mark,
            f"{title}：{visit}",
            f"{visit.team.task}·任务 {visit.team.task.number}",
            place_of(result),
            verb,
            result,
            result.part.department,
            result.due_on,
            is_result=True,
        )


def open_follow_ups(user: User) -> QuerySet[FollowUp]:
    return FollowUp.objects.filter(department=user.department_id, state=FollowUpState.OPEN)


def follow_ups(user: User) -> Iterator[Todo]:
    rows = open_follow_ups(user)
    related = "department", "result__part__visit__drawn_target__candidate"
    for one in rows.select_related(*related).order_by(F("due_on").asc(nulls_last=True))[:MOST]:
        yield Todo(
            "处置",
            f"后续处置：{one.result.part.visit}",
            one.get_kind_display(),
            place_of(one, "disclosure:follow_up"),
            "办结处置",
            one,
            one.department,
            one.due_on,
        )


def reminders(user: User) -> Iterator[Todo]:
    rows = Reminder.objects.open().filter(to=user.department_id)
    for one in rows.select_related("to").order_by("due_on")[:MOST]:
        yield Todo(
            "督办",
            f"回复督办：{one.subject}",
            one.number,
            place_of(one, "oversight:reminder"),
            "回复督办",
            one,
            one.to,
            one.due_on,
            "待回复",
        )


# Who is asked what; own_tasks and results sort out their steps by themselves.
SOURCES: tuple[tuple[tuple[Permission, ...], Source], ...] = (
    ((P.PLAN_APPROVE, P.PLAN_EDIT), plans_to_cosign),
    ((P.PLAN_PUBLISH,), plans_to_publish),
    ((P.PLAN_APPROVE,), adjustments_to_decide),
    (tuple(step[1] for step in TASK_STEPS), own_tasks),
    ((P.TASK_CONFIRM,), tasks_to_confirm),
    ((P.DRAW_JOIN,), draws_to_join),
    ((P.DRAW_ACKNOWLEDGE,), lists_to_acknowledge),
    ((P.DRAW_INSPECTORS,), inspectors_to_draw),
    ((P.DRAW_APPROVE_REPLACEMENT,), replacements_to_decide),
    ((P.INSPECTION_NOTIFY,), visits_to_notify),
    ((P.INSPECTION_CHECK,), visits_to_make),
    (tuple(step[1] for step in RESULT_STEPS), results),
    ((P.DISCLOSURE_FOLLOW_UP,), follow_ups),
    ((P.OVERSIGHT_REPLY,), reminders),
)


def waiting_for(user: User, today: date) -> list[Todo]:
    """All that waits for this person."""
    found = (
        todo
        for permissions, source in SOURCES
        if any(user.may(permission) for permission in permissions)
        for todo in source(user)
    )
    return soonest_first(found, today)
