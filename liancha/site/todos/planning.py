"""Lists and plans: to co-sign, to publish, to decide (chapters 2 and 3)."""

from __future__ import annotations

from collections.abc import Iterator

from liancha.lists.models import CoSign
from liancha.oversight import queries as oversight
from liancha.plan import queries as planned
from liancha.plan.models import Adjustment, Plan, PlanCoSign
from liancha.rulebook.deadlines import plan_due, plan_reminders
from liancha.rulebook.lifecycles import ListState, PlanState

from ..desk import Desk
from ..workbench import MOST, Todo, page_at, place_of


def lists_to_cosign(desk: Desk) -> Iterator[Todo]:
    waiting = CoSign.objects.filter(
        department=desk.user.department_id, agrees=None, version__state=ListState.CONSULTING
    )
    for one in waiting.select_related("version", "department")[:MOST]:
        yield Todo(
            "会签",
            f"会签：{one.version}",
            "清单征求意见",
            place_of(one.version),
            "查看并会签",
            one.version,
            one.department,
            word="会签中",
            tone="cosign",
        )


def lists_to_publish(desk: Desk) -> Iterator[Todo]:
    """For the office: all have signed, or the version is approved."""
    user = desk.user
    for one, silent in desk.lists:
        is_waiting = one.state == ListState.CONSULTING and silent
        if one.state == ListState.PUBLISHED or is_waiting:
            continue
        verb = "公布清单" if one.state == ListState.APPROVED else "批准清单"
        yield Todo(
            "清单",
            f"{verb}：{one}",
            "各部门已会签" if one.state == ListState.CONSULTING else "已批准，公布后生效",
            place_of(one),
            verb,
            one,
            user.department or user,
        )


def plans_to_cosign(desk: Desk) -> Iterator[Todo]:
    waiting = PlanCoSign.objects.filter(
        department=desk.user.department_id, signed_at=None, plan__state=PlanState.COSIGNING
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


def plans_to_publish(desk: Desk) -> Iterator[Todo]:
    """The plan on its last steps, for the office that gathers and publishes it."""
    verbs = {PlanState.COSIGNING: "看会签", PlanState.APPROVED: "公布计划"}
    plans = Plan.objects.visible_to(desk.user).filter(state__in=list(verbs))
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


def fields_to_plan(desk: Desk) -> Iterator[Todo]:
    """Fields of the list in force that no line of this year's plan covers (art. 13)."""
    user, year = desk.user, desk.today.year
    if user.department is None:
        return
    joint = (one for one, _ in desk.lists if one.is_joint and one.state == ListState.PUBLISHED)
    version = next(joint, None)
    missing = oversight.unplanned(version, year) if version else []
    if not missing or version is None:
        return
    named = "、".join(field.name for field in missing[:2])
    yield Todo(
        "计划",
        f"{year} 年计划还没有覆盖 {len(missing)} 个领域",
        f"{named}{'等' if len(missing) > 2 else ''}",
        page_at("plan:plans"),
        "补计划行",
        None,
        user.department,
        plan_due(year),
        "未覆盖",
        "back",
    )


def own_fields_to_plan(desk: Desk) -> Iterator[Todo]:
    """Fields one's department initiates without a line, from the first reminder to 30 April.

    What is still missing then is overdue, and on that list.
    Source: art. 12, paragraph 1, 各抽查领域发起部门; the days are local practice. Clause 12.2.
    """
    department, year = desk.user.department, desk.today.year
    passed = [day for day in plan_reminders(year) if day <= desk.today]
    due_on = plan_due(year)
    if not passed or desk.today > due_on or department is None or department.is_coordinator:
        return
    missing = list(planned.uncovered_by(department, year))
    if not missing:
        return
    named = "、".join(field.name for field in missing[:2])
    yield Todo(
        "计划",
        f"{year} 年计划还没有编本部门发起的 {len(missing)} 个领域",
        f"{named}{'等' if len(missing) > 2 else ''}，{passed[-1]:%m-%d} 第 {len(passed)} 次提醒",
        page_at("plan:plans"),
        "编计划行",
        None,
        department,
        due_on,
        "未编",
        "back",
    )


def adjustments_to_decide(desk: Desk) -> Iterator[Todo]:
    waiting = Adjustment.objects.waiting().decidable_by(desk.user).exclude(requested_by=desk.user)
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
