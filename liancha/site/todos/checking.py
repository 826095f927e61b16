"""Visits to prepare and to make, results to enter, audit and publish (arts. 20 to 22)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Count, F, Min, QuerySet

from liancha.accounts.models import User
from liancha.accounts.permissions import Permission
from liancha.disclosure.models import Correction, FollowUp, Result
from liancha.inspection.models import Visit
from liancha.rulebook.lifecycles import ResultState, TaskState, VisitState

from ..desk import Desk
from ..workbench import MOST, VISIT, Todo, page_at, place_of
from .drawing import due_of

P = Permission


def visits_to_prepare(desk: Desk) -> Iterator[Todo]:
    """Teams to form, days to set, firms to tell: for the department that initiated."""
    for running in desk.own_tasks:
        task, page = running.task, place_of(running.task, "inspection:task")
        if running.state == TaskState.INSPECTORS_DRAWN and desk.may(P.INSPECTION_TEAM):
            yield Todo(
                "组队",
                f"组建检查组：{task}",
                f"任务 {task.number}",
                page,
                "组建检查组",
                task,
                task.initiator,
                due_of(task),
            )
        if running.state not in (TaskState.TEAMS_SET, TaskState.INSPECTING):
            continue
        if running.unplanned and desk.may(P.INSPECTION_TEAM):
            yield Todo(
                "日程",
                f"排检查日程：{task}",
                f"{running.unplanned} 户还没有日期",
                page,
                "排日程",
                task,
                task.initiator,
                due_of(task),
                "待排日程",
            )
        untold = running.untold - running.unplanned
        if untold and desk.may(P.INSPECTION_NOTIFY):
            yield Todo(
                "告知",
                f"告知企业：{task}",
                f"{untold} 户已排日程，还没有告知",
                page,
                "告知企业",
                task,
                task.initiator,
                running.told_by,
                "待告知",
            )


def visits_to_make(desk: Desk) -> Iterator[Todo]:
    """An officer's own visits."""
    inspector = getattr(desk.user, "inspector", None)
    if inspector is None:
        return
    visits = Visit.objects.attended_by(inspector).filter(
        state__in=(VisitState.NOTIFIED, VisitState.STARTED)
    )
    related = "drawn_target__candidate", "team__task"
    for visit in visits.select_related(*related).order_by("planned_on", "slot")[:MOST]:
        is_started = visit.state == VisitState.STARTED
        yield Todo(
            VISIT,
            f"检查：{visit}",
            f"{visit.team.task}，{visit.team}{'，' + visit.slot if visit.slot else ''}",
            place_of(visit, "inspection:arrive"),
            "继续检查" if is_started else "到场检查",
            visit,
            desk.user,
            visit.planned_on,
        )


# ── Results ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a result: whose it is, and what it is called."""

    state: ResultState
    needs: Permission
    mark: str
    title: str
    verb: str
    tone: str = "review"


RESULT_STEPS = (
    Step(ResultState.TO_ENTER, P.DISCLOSURE_ENTER, "录入", "录入结果", "录入结果"),
    Step(ResultState.RETURNED, P.DISCLOSURE_ENTER, "录入", "修改结果", "修改结果", "back"),
    Step(ResultState.ENTERED, P.DISCLOSURE_AUDIT, "审核", "审核结果", "审核结果"),
    Step(ResultState.AUDITED, P.DISCLOSURE_PUBLISH, "公示", "公示结果", "预览公示"),
)


def open_results(user: User) -> QuerySet[Result]:
    """Results of this person's department at a step that is theirs; who entered never audits."""
    states = [step.state for step in RESULT_STEPS if user.may(step.needs)]
    rows = Result.objects.of_department(user).filter(state__in=states)
    return rows.exclude(state=ResultState.ENTERED, entered_by=user)


def results(desk: Desk) -> Iterator[Todo]:
    """One row for each task and step; a single result by its firm's name."""
    steps = {step.state: step for step in RESULT_STEPS}
    task = "part__visit__team__task"
    groups = (
        open_results(desk.user)
        .order_by()
        .values("state", task, f"{task}__name", f"{task}__number")
        .annotate(
            n=Count("pk"),
            due=Min("due_on"),
            first=Min("pk"),
            firm=Min("part__visit__drawn_target__candidate__name"),
        )
    )
    for group in groups.order_by(F("due").asc(nulls_last=True))[:MOST]:
        step, n = steps[ResultState(group["state"])], group["n"]
        one = Result(pk=group["first"], state=group["state"])
        url = place_of(one)
        if n > 1:
            asked = urlencode({"state": group["state"], "task": group[f"{task}__name"]})
            url = f"{page_at('disclosure:results')}?{asked}"
        yield Todo(
            step.mark,
            f"{step.title}：{group['firm']}{f' 等 {n} 户' if n > 1 else ''}",
            f"{group[f'{task}__name']}·任务 {group[f'{task}__number']}",
            url,
            step.verb,
            one,
            desk.user.department or desk.user,
            group["due"],
            one.get_state_display(),
            step.tone,
            is_result=True,
        )


def corrections_to_decide(desk: Desk) -> Iterator[Todo]:
    waiting = Correction.objects.waiting().filter(publication__department=desk.user.department_id)
    related = "publication__result", "asked_by__department"
    for one in waiting.exclude(asked_by=desk.user).select_related(*related)[:MOST]:
        yield Todo(
            "更正",
            f"审核更正：{one.publication.target_name}",
            one.reason,
            place_of(one.publication.result),
            "审核更正",
            None,
            one.asked_by,
            word="待审核",
        )


def open_follow_ups(user: User) -> QuerySet[FollowUp]:
    return FollowUp.objects.open().filter(department=user.department_id)


def follow_ups(desk: Desk) -> Iterator[Todo]:
    related = "department", "result__part__visit__drawn_target__candidate"
    for one in open_follow_ups(desk.user).select_related(*related)[:MOST]:
        yield Todo(
            "处置",
            f"后续处置：{one.result.candidate.name}",
            f"{one.get_kind_display()}：{one.note}" if one.note else one.get_kind_display(),
            place_of(one),
            "办结处置",
            one,
            one.department,
            one.due_on,
        )
