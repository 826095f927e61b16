"""Page-shaped reads of this room: where a task stands, what comes next, a first scheme.

Later rooms are known here by the names of their pages only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from liancha.accounts.models import User
from liancha.ledger.models import Entry
from liancha.plan import columns
from liancha.roster import queries as roster
from liancha.rulebook import articles
from liancha.rulebook.eligibility import Span
from liancha.rulebook.lifecycles import TaskState

from .models import STAGES, Participation, Period, Scheme, Task

FEW = 4  # local practice: below this, nobody is left to replace one of the two
GANTT_COLUMNS = 42
GANTT_LABELS = 7

# What stands in a task's timeline, by the entry's name in the ledger.
WHAT = {
    "task.create": "建立任务",
    "task.confirm": "确认参与",
    "task.record_platform_number": "登记监管平台编号",
    "task.save_scheme": "拟写实施方案",
    "task.submit_scheme": "提交实施方案",
    "task.approve_scheme": "批准实施方案",
    "task.return_scheme": "退回实施方案",
    "draw.choose_pool": "设定建库条件",
    "draw.set_aside": "人工排除检查对象",
    "draw.take_back": "撤回人工排除",
    "draw.freeze": "待抽检库冻结",
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
PROOF = {"draw.freeze", "draw.log_rule", "draw.close", "draw.lock", "draw.void"}


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
    waiting = {
        0: "待负责人批准" if task.state == TaskState.SCHEME_SUBMITTED else "待拟定、待确认",
        1: "清理出共同的监管对象",
        2: "统一抽取，当场锁定",
        3: f"{task.participations.count()} 个部门各自抽取",
        4: columns_span(visits.starts_on, visits.ends_on) if scheme else "每部门不少于 2 人",
        5: "完成后 20 个工作日",
        6: "谁管辖、谁负责",
    }
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


DRAWING = ("draw:ceremony", "draw:task", "draw:pool")
RESULTS = ("disclosure:task", "inspection:task")
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
        ("draw:inspectors", *DRAWING),
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
        due = scheme.periods[0].starts_on if scheme else task.window.starts_on
    return replace(following, owner=following.owner.format(first=task.initiator.short), due=due)


def entries_of(task: Task) -> list[Entry]:
    """What happened to a task and in its draws, oldest first."""
    about = list(Entry.objects.about("task", task.pk))
    draws = {entry.draw for entry in about if entry.draw}
    known = {entry.index for entry in about}
    inside = Entry.objects.filter(draw__in=draws, what__in=WHAT).exclude(index__in=known)
    return sorted([*about, *inside], key=lambda entry: entry.index)


def timeline(
    entries: Iterable[Entry], people: Mapping[str, User], *, shown: int = 14
) -> list[dict[str, Any]]:
    """What happened to a task, newest first."""
    return [
        {
            "at": entry.at,
            "text": WHAT.get(entry.what, entry.what),
            "note": person(entry.by, people),
            "number": entry.index,
            "kind": "proof" if entry.what in PROOF else "",
        }
        for entry in sorted(entries, key=lambda each: -each.index)[:shown]
    ]


def people_of(entries: Iterable[Entry]) -> dict[str, User]:
    """Who signed these entries, by account."""
    names = {entry.by.partition("@")[0] for entry in entries}
    users = User.objects.filter(username__in=names).select_related("department")
    return {user.username: user for user in users}


def person(signature: str, people: Mapping[str, User]) -> str:
    """沈砚秋（公安） of shen@GA."""
    user = people.get(signature.partition("@")[0])
    if user is None:
        return signature
    return f"{user}（{user.department.short}）" if user.department else str(user)


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


# ── A first scheme ────────────────────────────────────────────────────────────────────────


def proposed_scheme(task: Task, *, today: date) -> dict[str, Any]:
    """A first wording of the scheme from the plan line, to be read and changed."""
    window = task.window
    first = min(max(window.starts_on, today), window.ends_on)
    return {
        "goal": _goal(task),
        "duties": _duties(task),
        "stages": proposed_stages(first, window.ends_on),
        "method": task.field.methods[:1] or "1",
        "offsite": Scheme.Offsite.NO,
        "requirements": REQUIREMENTS,
    }


# Shares of the days for building the pool, drawing, and visiting; the rest is for publication.
SHARES = ((10, 100), (8, 100), (50, 100))
LONGEST = (7, 5, 120)
PUBLISHING_DAYS = 28  # 20 working days


def proposed_stages(first: date, last: date) -> list[Period]:
    """Four stages from the first to the last day, one after the other, none empty."""
    days = (last - first).days + 1
    if days < len(STAGES):
        return [Period(name, first, last) for name in STAGES]
    lengths: list[int] = []
    for place, ((part, whole), longest) in enumerate(zip(SHARES, LONGEST, strict=True)):
        left = days - sum(lengths) - (len(STAGES) - 1 - place)
        lengths.append(max(1, min(longest, days * part // whole, left)))
    if days - sum(lengths) > PUBLISHING_DAYS:
        lengths[2] = days - lengths[0] - lengths[1] - PUBLISHING_DAYS
    lengths.append(days - sum(lengths))
    periods, start = [], first
    for name, length in zip(STAGES, lengths, strict=True):
        periods.append(Period(name, start, start + timedelta(days=length - 1)))
        start += timedelta(days=length)
    return periods


REQUIREMENTS = (
    "（一）人员到位。每个参与部门的实地核查人员不少于两人，主动出示执法证件；"
    "专家和辅助人员不计入。\n"
    "（二）一次告知。由组长统一联系企业，一次性告知检查事项、检查时间和需要准备的材料，"
    "请企业相关人员到场，不点名要求法定代表人。\n"
    "（三）不扰经营。一次进门、各查各项，能用书面和数据核查的不到现场；不得同步布置全覆盖检查。\n"
    "（四）依法记录。逐项填写实地抽查记录表，由企业签名或盖章；拒绝的，由两名执法检查人员现场说明。\n"
    "（五）按时公示。谁检查、谁录入、谁公开，检查完成后 20 个工作日内录入并公示。\n"
    "（六）廉洁保密。遵守回避规定，不接受宴请和馈赠；名单公开前不得向被抽取对象透露。"
)


def _goal(task: Task) -> str:
    """依据、领域、事项、对象、基数比例 (domain §i.4, chapter 1)."""
    line = task.line
    parts = [
        f"根据《{articles.TITLE}》"
        + (
            f"和{line.plan.title}（计划编号 {line.number}）"
            if line is not None
            else f"和{task.source_document}"
        )
        + f"，在“{task.field.name}”领域对{line.targets if line else task.field.targets}"
        "开展部门联合抽查，做到进一次门、查多项事，检查过程可查、结果公开。"
    ]
    if line is None and task.source_reason:
        parts.append(f"开展本次临时性联合抽查的原因：{task.source_reason}。")
    items = [item.name for each in task.participations.all() for item in each.items.all()]
    if items:
        parts.append(f"抽查事项 {len(items)} 项：{'；'.join(items)}。")
    if line is not None:
        parts.append(f"抽查基数和比例：{columns.base_text(line)}。每层向上取整。")
    return "\n".join(parts)


def _duties(task: Task) -> str:
    if task.line is not None:
        return task.line.duties
    taking_part = list(task.participations.select_related("department").prefetch_related("items"))
    items = [item for each in taking_part for item in each.items.all()]
    return columns.duties_text(items, [each.department for each in taking_part])


# ── Small things ──────────────────────────────────────────────────────────────────────────


def columns_span(first: date, last: date) -> str:
    """11-26 至 12-11."""
    return f"{first:%m-%d} 至 {last:%m-%d}"


def day(moment: datetime) -> datetime:
    return timezone.localtime(moment)


def _scheme(task: Task) -> Scheme | None:
    return getattr(task, "scheme", None)


def _last(entries: Iterable[Entry], what: str) -> Entry | None:
    found = [entry for entry in entries if entry.what == what]
    return found[-1] if found else None
