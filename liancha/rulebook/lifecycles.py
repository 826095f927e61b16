"""Every state a record can be in, and every step between states.

One table per record. If a step is not in the table it does not exist, for anybody.
`docs/lifecycles.md` is drawn from these tables. Nothing here looks at a record's contents:
what must be true before a step is said by the other modules of the rulebook.

Source: clause 17.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from .verdicts import Blocked


class ListState(StrEnum):
    """清单 version."""

    DRAFT = "draft"
    CONSULTING = "consulting"
    APPROVED = "approved"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"


class PlanState(StrEnum):
    """年度工作计划, one version of it."""

    DRAFT = "draft"
    COSIGNING = "cosigning"
    APPROVED = "approved"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"


class LineState(StrEnum):
    """计划行."""

    DRAFT = "draft"
    PUBLISHED = "published"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    POSTPONED = "postponed"
    CANCELLED = "cancelled"


class TaskState(StrEnum):
    """抽查任务."""

    CREATED = "created"
    SCHEME_SUBMITTED = "scheme_submitted"
    SCHEME_APPROVED = "scheme_approved"
    POOL_FROZEN = "pool_frozen"
    TARGETS_DRAWN = "targets_drawn"
    DISPATCHED = "dispatched"
    INSPECTORS_DRAWN = "inspectors_drawn"
    TEAMS_SET = "teams_set"
    INSPECTING = "inspecting"
    COMPLETED = "completed"
    RESULTS_PUBLISHED = "results_published"
    ARCHIVED = "archived"


class DrawState(StrEnum):
    """抽取, of targets or of inspectors, in the order of the protocol."""

    FROZEN = "frozen"
    COMMITTING = "committing"
    RULE_LOGGED = "rule_logged"
    CLOSED = "closed"
    LOCKED = "locked"
    VOID = "void"


class VisitState(StrEnum):
    """实地核查, of one drawn target by all its departments."""

    PENDING = "pending"
    NOTIFIED = "notified"
    STARTED = "started"
    SIGNED = "signed"
    ANNOTATED = "annotated"


class ResultState(StrEnum):
    """抽查结果, of one department on one target."""

    TO_ENTER = "to_enter"
    ENTERED = "entered"
    RETURNED = "returned"
    AUDITED = "audited"
    PUBLISHED = "published"


class FollowUpState(StrEnum):
    """后续处置."""

    OPEN = "open"
    CLOSED = "closed"


class ReplacementState(StrEnum):
    """人员更换."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"


class MergeState(StrEnum):
    """合并检查建议: two inspections of one target that could be one visit."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LAPSED = "lapsed"


class JobState(StrEnum):
    """后台作业. No article: the machine's own."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


LABELS: dict[type[StrEnum], dict[str, str]] = {
    ListState: {
        "draft": "草稿",
        "consulting": "征求意见",
        "approved": "已批准",
        "published": "现行",
        "superseded": "已被替代",
    },
    PlanState: {
        "draft": "草稿",
        "cosigning": "会签中",
        "approved": "已批准",
        "published": "已公布",
        "superseded": "已被替代",
    },
    LineState: {
        "draft": "草稿",
        "published": "已公布",
        "in_progress": "进行中",
        "done": "已完成",
        "postponed": "已延迟",
        "cancelled": "已取消",
    },
    TaskState: {
        "created": "待拟方案",
        "scheme_submitted": "方案待批",
        "scheme_approved": "待建库",
        "pool_frozen": "待摇号",
        "targets_drawn": "待派发",
        "dispatched": "待抽人员",
        "inspectors_drawn": "待组队",
        "teams_set": "待检查",
        "inspecting": "检查中",
        "completed": "待公示",
        "results_published": "已公示",
        "archived": "已归档",
    },
    DrawState: {
        "frozen": "已冻结",
        "committing": "承诺中",
        "rule_logged": "待揭示",
        "closed": "待公开随机",
        "locked": "已锁定",
        "void": "作废",
    },
    VisitState: {
        "pending": "待告知",
        "notified": "已告知",
        "started": "检查中",
        "signed": "已签字",
        "annotated": "已注明",
    },
    ResultState: {
        "to_enter": "待录入",
        "entered": "待审核",
        "returned": "已退回",
        "audited": "待公示",
        "published": "已公示",
    },
    FollowUpState: {"open": "未完结", "closed": "已完结"},
    ReplacementState: {"requested": "待批准", "approved": "已更换", "refused": "未同意"},
    MergeState: {
        "proposed": "待商定",
        "accepted": "同一次上门",
        "declined": "不合并",
        "lapsed": "已失效",
    },
    JobState: {
        "waiting": "等待",
        "running": "进行中",
        "done": "已完成",
        "failed": "未完成",
        "cancelled": "已停止",
    },
}

S = TypeVar("S", bound=StrEnum)


def label(state: StrEnum) -> str:
    """The Chinese word users see for a state."""
    return LABELS[type(state)][state.value]


def choices(states: type[StrEnum]) -> list[tuple[str, str]]:
    """(value, Chinese word) pairs for a model field."""
    return [(state.value, LABELS[states][state.value]) for state in states]


@dataclass(frozen=True, slots=True)
class Lifecycle(Generic[S]):
    """The allowed steps of one kind of record, each with the article it rests on.

    name  the record's Chinese word, for the refusal
    """

    name: str
    steps: Mapping[tuple[S, S], str]

    def step(self, now: S, then: S) -> S:
        """Return `then` if a record may go there from `now`. Raises Blocked if not."""
        if (now, then) not in self.steps:
            article = next((a for (_, to), a in self.steps.items() if to == then), "17")
            if now == then:
                raise Blocked(
                    f"{self.name}已经是“{label(now)}”，不用再办。请刷新页面看结果。",
                    article=article,
                )
            raise Blocked(
                f"{self.name}现在是“{label(now)}”，不能直接变为“{label(then)}”。"
                "请先完成中间的步骤，或刷新页面看是否已有人办理。",
                article=article,
            )
        return then


LIST = Lifecycle(
    "清单",
    {
        (ListState.DRAFT, ListState.CONSULTING): "9",
        (ListState.CONSULTING, ListState.DRAFT): "9",
        (ListState.CONSULTING, ListState.APPROVED): "9",
        (ListState.APPROVED, ListState.DRAFT): "9",
        (ListState.APPROVED, ListState.PUBLISHED): "8",
        (ListState.PUBLISHED, ListState.SUPERSEDED): "8",
    },
)

PLAN = Lifecycle(
    "年度计划",
    {
        (PlanState.DRAFT, PlanState.COSIGNING): "12",
        (PlanState.COSIGNING, PlanState.DRAFT): "12",
        (PlanState.COSIGNING, PlanState.APPROVED): "12",
        (PlanState.APPROVED, PlanState.DRAFT): "12",
        (PlanState.APPROVED, PlanState.PUBLISHED): "16",
        (PlanState.PUBLISHED, PlanState.SUPERSEDED): "16",
    },
)

LINE = Lifecycle(
    "计划行",
    {
        (LineState.DRAFT, LineState.PUBLISHED): "16",
        (LineState.PUBLISHED, LineState.IN_PROGRESS): "17",
        (LineState.POSTPONED, LineState.IN_PROGRESS): "17",
        (LineState.IN_PROGRESS, LineState.DONE): "17",
        (LineState.DONE, LineState.IN_PROGRESS): "17",
        (LineState.PUBLISHED, LineState.POSTPONED): "16",
        (LineState.PUBLISHED, LineState.CANCELLED): "16",
        (LineState.POSTPONED, LineState.CANCELLED): "16",
    },
)

TASK = Lifecycle(
    "抽查任务",
    {
        (TaskState.CREATED, TaskState.SCHEME_SUBMITTED): "17",
        (TaskState.SCHEME_SUBMITTED, TaskState.CREATED): "17",
        (TaskState.SCHEME_SUBMITTED, TaskState.SCHEME_APPROVED): "17",
        (TaskState.SCHEME_APPROVED, TaskState.POOL_FROZEN): "18",
        (TaskState.POOL_FROZEN, TaskState.SCHEME_APPROVED): "19",
        (TaskState.POOL_FROZEN, TaskState.TARGETS_DRAWN): "19",
        (TaskState.TARGETS_DRAWN, TaskState.DISPATCHED): "19",
        (TaskState.DISPATCHED, TaskState.INSPECTORS_DRAWN): "19",
        (TaskState.INSPECTORS_DRAWN, TaskState.TEAMS_SET): "20",
        (TaskState.TEAMS_SET, TaskState.INSPECTING): "20",
        (TaskState.INSPECTING, TaskState.COMPLETED): "21",
        (TaskState.COMPLETED, TaskState.RESULTS_PUBLISHED): "22",
        (TaskState.RESULTS_PUBLISHED, TaskState.ARCHIVED): "22",
    },
)

DRAW = Lifecycle(
    "抽取",
    {
        (DrawState.FROZEN, DrawState.COMMITTING): "19",
        (DrawState.COMMITTING, DrawState.RULE_LOGGED): "19",
        (DrawState.RULE_LOGGED, DrawState.CLOSED): "19",
        (DrawState.CLOSED, DrawState.LOCKED): "19",
        (DrawState.FROZEN, DrawState.VOID): "19",
        (DrawState.COMMITTING, DrawState.VOID): "19",
        (DrawState.RULE_LOGGED, DrawState.VOID): "19",
        (DrawState.CLOSED, DrawState.VOID): "19",
    },
)

VISIT = Lifecycle(
    "实地核查",
    {
        (VisitState.PENDING, VisitState.NOTIFIED): "21",
        (VisitState.NOTIFIED, VisitState.STARTED): "21",
        (VisitState.STARTED, VisitState.SIGNED): "21",
        (VisitState.STARTED, VisitState.ANNOTATED): "21",
    },
)

RESULT = Lifecycle(
    "抽查结果",
    {
        (ResultState.TO_ENTER, ResultState.ENTERED): "22",
        (ResultState.ENTERED, ResultState.RETURNED): "22",
        (ResultState.RETURNED, ResultState.ENTERED): "22",
        (ResultState.ENTERED, ResultState.AUDITED): "22",
        (ResultState.AUDITED, ResultState.PUBLISHED): "22",
    },
)

FOLLOW_UP = Lifecycle("后续处置", {(FollowUpState.OPEN, FollowUpState.CLOSED): "22"})

REPLACEMENT = Lifecycle(
    "人员更换",
    {
        (ReplacementState.REQUESTED, ReplacementState.APPROVED): "19",
        (ReplacementState.REQUESTED, ReplacementState.REFUSED): "19",
    },
)

# Own practice beside the Measures: whoever organises the visit negotiates its day (art. 20).
MERGE = Lifecycle(
    "合并检查建议",
    {
        (MergeState.PROPOSED, MergeState.ACCEPTED): "20",
        (MergeState.PROPOSED, MergeState.DECLINED): "20",
        (MergeState.PROPOSED, MergeState.LAPSED): "20",
    },
)

LIFECYCLES: tuple[Lifecycle[StrEnum], ...] = (  # what docs/lifecycles.md shows, in this order
    LIST,  # type: ignore[assignment]
    PLAN,
    LINE,
    TASK,
    DRAW,
    VISIT,
    RESULT,
    FOLLOW_UP,
    REPLACEMENT,
    MERGE,
)
