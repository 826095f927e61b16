"""Page-shaped reads of this room: where a task stands, what comes next, a first scheme.

Later rooms are known here by the names of their pages only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F
from django.utils import timezone

from liancha.accounts.models import User
from liancha.accounts.queries import person
from liancha.ledger.models import Entry
from liancha.plan.models import PlanLine, PlanLineQuerySet
from liancha.roster import queries as roster
from liancha.rulebook.eligibility import Span, TargetFault
from liancha.rulebook.lifecycles import TaskState

from .models import Participation, Period, Scheme, Task

FEW = 4  # local practice: below this, nobody is left to replace one of the two
GANTT_COLUMNS = 42
GANTT_LABELS = 7
SHOWN = 8  # entries of the timeline before one asks for all

# What stands in a task's timeline, by the entry's name in the ledger.
WHAT = {
    "task.create": "建立任务",
    "task.confirm": "确认参与",
    "task.follow_line": "随计划行延期",
    "task.record_platform_number": "登记监管平台编号",
    "task.save_scheme": "拟写实施方案",
    "task.submit_scheme": "提交实施方案",
    "task.approve_scheme": "批准实施方案",
    "task.return_scheme": "退回实施方案",
    "draw.choose_pool": "设定建库条件",
    "draw.set_aside": "人工排除检查对象",
    "draw.take_back": "撤回人工排除",
    "draw.freeze": "待抽检库冻结",
    "draw.freeze_inspectors": "人员库冻结",
    "draw.ask_supplement": "申请补抽",
    "draw.decide_supplement": "批复补抽",
    "draw.freeze_supplement": "补抽的库冻结",
    "draw.ask_single_random": "申请单随机",
    "draw.decide_single_random": "批复单随机",
    "draw.log_rule": "抽取规则存证",
    "draw.close": "揭示结束",
    "draw.lock": "名单锁定",
    "draw.dispatch": "派发名单",
    "draw.acknowledge": "签收名单",
    "draw.void": "抽取作废",
    "inspection.form_teams": "成立联合检查组",
    "inspection.plan_visit": "安排检查日程",
    "disclosure.publish": "公示结果",
    "disclosure.correct": "更正公示",
}
PROOF = {
    "draw.freeze",
    "draw.freeze_supplement",
    "draw.log_rule",
    "draw.close",
    "draw.lock",
    "draw.void",
}


# ── Where it stands ───────────────────────────────────────────────────────────────────────

STEPS = ("方案", "建库", "抽取对象", "抽取人员", "检查", "录入公示", "后续")
STEP_OF = {
    TaskState.CREATED: 0,
    TaskState.SCHEME_SUBMITTED: 0,
    TaskState.SCHEME_APPROVED: 1,
    TaskState.POOL_FROZEN: 2,
    TaskState.TARGETS_DRAWN: 2,
    TaskState.DISPATCHED: 3,
    TaskState.INSPECTORS_DRAWN: 4,
    TaskState.TEAMS_SET: 4,
    TaskState.INSPECTING: 4,
    TaskState.COMPLETED: 5,
    TaskState.RESULTS_PUBLISHED: 6,
    TaskState.ARCHIVED: 7,
}
# The entry of the ledger that ended each step, where this room can tell.
ENDED_BY = {0: "task.approve_scheme", 1: "draw.freeze", 2: "draw.lock", 5: "disclosure.publish"}


def step_of(task: Task) -> int:
    """0 to 6: the step that is under way; 7 when all is done."""
    return STEP_OF[TaskState(task.state)]


def steps(
    task: Task, entries: Sequence[Entry], people: Mapping[str, User]
) -> list[tuple[str, str, str]]:
    """(word, note, state) of the seven steps: who and when for done ones, else what is awaited."""
    now = step_of(task)
    visits, scheme = task.visits, _scheme(task)
    waiting: dict[int, str] = {
        0: "待负责人批准" if task.state == TaskState.SCHEME_SUBMITTED else "待拟定、待确认",
        1: "清理出共同的监管对象",
        2: "已锁定，待派发" if task.state == TaskState.TARGETS_DRAWN else "统一抽取，当场锁定",
        3: f"{task.participations.count()} 个部门各自抽取",
        4: columns_span(visits.starts_on, visits.ends_on) if scheme else "每部门不少于 2 人",
        5: "完成后 20 个工作日",
        6: "谁管辖、谁负责",
    }
    of_inspectors = _inspector_draws(entries)
    entries = [entry for entry in entries if entry.draw not in of_inspectors]
    made = []
    for place, word in enumerate(STEPS):
        entry = _last(entries, ENDED_BY.get(place, "")) if place < now else None
        note = f"{day(entry.at):%m-%d} {person(entry.by, people)}" if entry else waiting[place]
        state = "done" if place < now else "now" if place == now else ""
        made.append((word, note, state))
    return made


@dataclass(frozen=True, slots=True)
class Next:
    """What has to happen now, who does it, until when, and on which page.

    owner  {first} is the initiating department
    until  the stage whose last day is the due date; "" when nothing is due
    pages  names of pages of later rooms, the first that exists is meant; they take the task's key
    """

    title: str
    owner: str
    what: str
    until: str = ""
    pages: tuple[str, ...] = ()
    verb: str = ""
    icon: str = ""
    due: date | None = None


DRAWING = ("draw:task",)
RESULTS = ("inspection:task",)
NEXT: Mapping[TaskState, Next] = {
    TaskState.CREATED: Next("拟定实施方案", "{first}", "写明目标任务、职责分工和四个阶段"),
    TaskState.SCHEME_SUBMITTED: Next(
        "批准实施方案", "{first}负责人", "核对分工和日期，不能由拟定人批准"
    ),
    TaskState.SCHEME_APPROVED: Next(
        "分类建库",
        "{first}",
        "清理名录库，排除的写明原因，冻结后不能再改",
        "分类建库",
        ("draw:pool",),
        "进入建库",
        "collection",
    ),
    TaskState.POOL_FROZEN: Next(
        "摇号",
        "{first}",
        "各方到场，承诺、揭示，当场锁定",
        "摇号派发",
        DRAWING,
        "进入摇号",
        "shuffle",
    ),
    TaskState.TARGETS_DRAWN: Next(
        "派发名单", "{first}", "把锁定的名单分发给各参与部门", "摇号派发", DRAWING, "去派发", "send"
    ),
    TaskState.DISPATCHED: Next(
        "抽取人员",
        "各参与部门",
        "每户每部门不少于 2 名，避开回避关系",
        "摇号派发",
        ("draw:inspectors",),
        "抽取人员",
        "person-check",
    ),
    TaskState.INSPECTORS_DRAWN: Next(
        "成立联合检查组",
        "{first}",
        "每户一组，确定组长",
        "摇号派发",
        ("inspection:task",),
        "去组队",
        "people",
    ),
    TaskState.TEAMS_SET: Next(
        "实地核查",
        "组长",
        "提前告知，每部门不少于 2 人到场",
        "实地核查",
        ("inspection:task",),
        "看检查",
        "phone",
    ),
    TaskState.INSPECTING: Next(
        "实地核查",
        "组长",
        "提前告知，每部门不少于 2 人到场",
        "实地核查",
        ("inspection:task",),
        "看检查",
        "phone",
    ),
    TaskState.COMPLETED: Next(
        "录入并公示",
        "各参与部门",
        "谁检查、谁录入、谁公开，20 个工作日内",
        "公示处理",
        RESULTS,
        "看结果",
        "megaphone",
    ),
    TaskState.RESULTS_PUBLISHED: Next(
        "后续处置", "各参与部门", "发现的问题跟踪到办结", "", RESULTS, "看结果", "arrow-repeat"
    ),
}


def next_step(task: Task) -> Next | None:
    """The one next thing of an open task, with its owner and date; None when all is done."""
    following = NEXT.get(TaskState(task.state))
    if following is None:
        return None
    scheme = _scheme(task)
    period = scheme.period(following.until) if scheme and following.until else None
    due = period.ends_on if period else None
    if TaskState(task.state) in (TaskState.CREATED, TaskState.SCHEME_SUBMITTED):
        periods = scheme.periods if scheme else ()
        start = periods[0].starts_on if periods else task.window.starts_on
        due = start if start >= day(task.created_at).date() else None
    return replace(following, owner=following.owner.format(first=task.initiator.short), due=due)


def entries_of(task: Task) -> list[Entry]:
    """What happened to a task and in its draws, oldest first."""
    about = list(Entry.objects.about("task", task.pk))
    draws = {entry.draw for entry in about if entry.draw}
    known = {entry.index for entry in about}
    inside = Entry.objects.filter(draw__in=draws, what__in=WHAT).exclude(index__in=known)
    return sorted([*about, *inside], key=lambda entry: entry.index)


def timeline(
    entries: Iterable[Entry], people: Mapping[str, User], *, shown: int = SHOWN
) -> list[dict[str, Any]]:
    """What happened to a task, newest first."""
    entries = list(entries)
    of_inspectors = _inspector_draws(entries)
    return [
        {
            "at": entry.at,
            "text": "检查人员锁定"
            if entry.what == "draw.lock" and entry.draw in of_inspectors
            else WHAT.get(entry.what, entry.what),
            "note": person(entry.by, people),
            "number": entry.index,
            "kind": "proof" if entry.what in PROOF else "",
        }
        for entry in sorted(entries, key=lambda each: -each.index)[:shown]
    ]


@dataclass(frozen=True, slots=True)
class FrozenPool:
    """The pool as the ledger has it since the freeze, for a task whose draw is not void.

    excluded  (reason, number, percent of the most frequent reason) of targets that stayed out
    drawn     how many were drawn, None before the lock
    """

    draw: str
    at: datetime
    size: int
    root: str
    sha256: str
    excluded: tuple[tuple[str, int, int], ...]
    drawn: int | None
    locked_at: datetime | None

    @property
    def universe(self) -> int:
        return self.size + self.out

    @property
    def out(self) -> int:
        return sum(count for _, count, _ in self.excluded)


def frozen_pool(entries: Sequence[Entry]) -> FrozenPool | None:
    """Read the freeze of the targets' draw, and its lock, out of a task's entries."""
    void = {entry.draw for entry in entries if entry.what == "draw.void"}
    freezes = [e for e in entries if e.what == "draw.freeze" and e.draw not in void]
    if not freezes:
        return None
    freeze = freezes[0]
    said = json.loads(freeze.body)
    lock = next((e for e in entries if e.what == "draw.lock" and e.draw == freeze.draw), None)
    most = max((count for _, count in said["excluded"]), default=1)
    return FrozenPool(
        draw=freeze.draw,
        at=freeze.at,
        size=said["frame"]["size"],
        root=said["frame"]["root"],
        sha256=said["frame"]["sha256"],
        excluded=tuple(
            (FAULTS.get(code, code), count, 100 * count // most) for code, count in said["excluded"]
        ),
        drawn=json.loads(lock.body)["count"] if lock else None,
        locked_at=lock.at if lock else None,
    )


FAULTS = {fault.value: fault.label for fault in TargetFault} | {"suspended": "歇业"}


def lines_to_start(user: User) -> PlanLineQuerySet:
    """Published plan lines of this person's department that still want a task."""
    ready = PlanLine.objects.ready().initiated_by(user)
    return ready.annotate(made=Count("tasks")).filter(made__lt=F("frequency"))


# ── Who takes part ────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Seat:
    """One department of a task, and how many of its people may be drawn for the visits."""

    participation: Participation
    items: tuple[str, ...]
    drawable: int

    @property
    def shortage(self) -> str:
        """What is wrong with so few people; "" when nothing is."""
        if self.drawable < 2:
            return "不足 2 名"
        return "偏少" if self.drawable < FEW else ""


def seats(task: Task, *, today: date) -> list[Seat]:
    """The departments with their items and people, the initiator first."""
    taking_part = list(
        task.participations.select_related("department", "confirmed_by").prefetch_related("items")
    )
    visits = task.visits
    counts = roster.drawable_counts(
        [each.department_id for each in taking_part],
        window=Span(visits.starts_on, visits.ends_on),
        on=today,
    )
    return [
        Seat(each, tuple(item.name for item in each.items.all()), counts[each.department_id])
        for each in taking_part
    ]


# ── The stages as bars ────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Bar:
    """One stage on a grid of 42 columns: first column, and the one after its last."""

    period: Period
    first: int
    after: int
    state: str

    @property
    def word(self) -> str:
        return columns_span(self.period.starts_on, self.period.ends_on)


def bars(task: Task) -> tuple[list[date], list[Bar]]:
    """Seven dates for the head, and the four stages of the scheme under them."""
    scheme = _scheme(task)
    periods = scheme.periods if scheme else []
    if not periods:
        return [], []
    first = min(each.starts_on for each in periods)
    days = max((max(each.ends_on for each in periods) - first).days + 1, GANTT_LABELS)
    labels = [first + timedelta(days=days * n // GANTT_LABELS) for n in range(GANTT_LABELS)]
    now = _stage_of(task)

    def column(day: date) -> int:
        return 1 + (day - first).days * GANTT_COLUMNS // days

    return labels, [
        Bar(
            each,
            column(each.starts_on),
            max(column(each.ends_on + timedelta(days=1)), column(each.starts_on) + 1),
            "d" if place < now else "n" if place == now else "",
        )
        for place, each in enumerate(periods)
    ]


def _stage_of(task: Task) -> int:
    """Which of the four stages is under way; -1 before the first, 4 after the last."""
    return {0: -1, 1: 0, 2: 1, 3: 1, 4: 2, 5: 3}.get(step_of(task), 4)


# ── Small things ──────────────────────────────────────────────────────────────────────────


def columns_span(first: date, last: date) -> str:
    """11-26 至 12-11."""
    return f"{first:%m-%d} 至 {last:%m-%d}"


def day(moment: datetime) -> datetime:
    return timezone.localtime(moment)


def _scheme(task: Task) -> Scheme | None:
    return getattr(task, "scheme", None)


def _inspector_draws(entries: Iterable[Entry]) -> set[str]:
    """Numbers of the second draws among what happened to a task."""
    return {entry.draw for entry in entries if entry.what == "draw.freeze_inspectors"}


def _last(entries: Iterable[Entry], what: str) -> Entry | None:
    found = [entry for entry in entries if entry.what == what]
    return found[-1] if found else None
