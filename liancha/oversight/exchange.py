"""与监管平台对接: which of our records go there, in which columns, and what has no number yet.

The platform is not ours and nothing here speaks to it: files go out under its headings, and
numbers and receipts come back in files (art. 5; decision A15). What may not be shown yet is left
out and said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from liancha.accounts.models import User
from liancha.disclosure.models import Publication, PublishedRow, ResultCode
from liancha.draw import queries as draws
from liancha.draw.models import Draw, DrawnTarget
from liancha.papers.readers import Column
from liancha.papers.writers import Value
from liancha.plan import columns as plan_columns
from liancha.plan.models import PlanLine
from liancha.rulebook.coverage import PLAN_COLUMNS
from liancha.rulebook.lifecycles import TaskState
from liancha.task.models import Task

from .models import ExchangeKind, ExchangeMap, PlatformEntry

Entries = Mapping[str, PlatformEntry]


@dataclass(frozen=True, slots=True)
class Field:
    """One of our fields. of: its value, given the record; words: what it may say, for codes."""

    key: str
    label: str
    of: Callable[[Any], Value]
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A column of a file: our field, the heading there, codes for our words."""

    field: Field
    title: str
    codes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Known:
    """One record with a number of ours. entered: what is known of it on the platform."""

    own: str
    name: str
    department: str
    url: str
    entered: PlatformEntry | None


OWN = "own"  # the field that holds our own number: a file cannot go without
TAIL = ("platform_number", "receipt", "method", "entered_on")
LABELS = {
    "platform_number": "监管平台编号",
    "receipt": "回执号",
    "method": "录入方式",
    "entered_on": "录入日期",
}
DISPATCHED = (
    TaskState.DISPATCHED,
    TaskState.INSPECTORS_DRAWN,
    TaskState.TEAMS_SET,
    TaskState.INSPECTING,
    TaskState.COMPLETED,
    TaskState.RESULTS_PUBLISHED,
    TaskState.ARCHIVED,
)


def _departments(task: Task) -> str:
    return "、".join(each.name for each in task.departments.all())


def _plan_column(title: str, line: PlanLine) -> str:
    return plan_columns.columns(line)[title]


_OWN_FIELDS: dict[str, tuple[Field, ...]] = {
    ExchangeKind.LINE: (
        Field(OWN, "计划编号", lambda line: line.number),
        Field("year", "年度", lambda line: line.plan.year),
        *(
            Field(f"column{n}", title, partial(_plan_column, title))
            for n, title in enumerate(PLAN_COLUMNS, 1)
        ),
        Field("initiator", "发起部门", lambda line: line.initiator.name),
        Field("field", "抽查领域", lambda line: line.field.name),
        Field("base", "抽查基数", lambda line: line.base),
        Field("count", "拟抽户数", lambda line: line.count),
        Field(
            "org_mode",
            "组织方式",
            lambda line: line.get_org_mode_display(),
            tuple(PlanLine.OrgMode.labels),
        ),
        Field("starts_on", "开始", lambda line: line.starts_on),
        Field("ends_on", "结束", lambda line: line.ends_on),
        Field("frequency", "频次", lambda line: line.frequency),
        Field("state", "状态", lambda line: line.get_state_display()),
    ),
    ExchangeKind.TASK: (
        Field(OWN, "任务编号", lambda task: task.number),
        Field("line", "计划编号", lambda task: task.line.number if task.line else ""),
        Field("name", "任务名称", lambda task: task.name),
        Field("source", "来源", lambda task: task.get_source_display(), tuple(Task.Source.labels)),
        Field("source_document", "来源文件", lambda task: task.source_document),
        Field("field", "抽查领域", lambda task: task.field.name),
        Field("initiator", "发起部门", lambda task: task.initiator.name),
        Field("departments", "参与部门", _departments),
        Field("starts_on", "开始", lambda task: task.starts_on),
        Field("ends_on", "结束", lambda task: task.ends_on),
        Field("state", "状态", lambda task: task.get_state_display()),
    ),
    ExchangeKind.DRAWN: (
        Field(OWN, "抽取编号", lambda row: row.draw.number),
        Field("task", "任务编号", lambda row: row.draw.task.number),
        Field("task_name", "任务名称", lambda row: row.draw.task.name),
        Field("place", "层内名次", lambda row: row.place),
        Field("name", "检查对象", lambda row: row.candidate.name),
        Field("code", "统一社会信用代码", lambda row: row.candidate.code),
        Field("address", "地址", lambda row: row.candidate.address),
        Field("region", "县区", lambda row: row.candidate.region_name),
        Field("drawn_on", "抽取日期", lambda row: timezone.localdate(row.draw.locked_at)),
    ),
    ExchangeKind.RESULT: (
        Field(OWN, "公示编号", lambda row: str(row.publication.serial)),
        Field("task", "任务编号", lambda row: row.publication.task.number),
        Field("name", "检查对象", lambda row: row.publication.target_name),
        Field("code", "统一社会信用代码", lambda row: row.publication.target_code),
        Field("department", "检查机关", lambda row: row.publication.department.name),
        Field("completed_on", "检查完成日", lambda row: row.publication.completed_on),
        Field("item", "抽查事项", lambda row: row.item),
        Field("result", "抽查结果", lambda row: row.get_code_display(), tuple(ResultCode.labels)),
        Field("text", "说明", lambda row: row.text),
        Field(
            "published_on",
            "公示日期",
            lambda row: timezone.localdate(row.publication.published_at),
        ),
    ),
}


def _own_of(kind: str) -> Callable[[Any], str]:
    of = _OWN_FIELDS[kind][0].of
    return lambda record: str(of(record))


def fields(kind: str) -> tuple[Field, ...]:
    """All fields a file of this kind may have: ours first, then what the platform gives back."""
    tail = (
        Field(
            key,
            label,
            lambda record: None,
            tuple(PlatformEntry.Method.labels) if key == "method" else (),
        )
        for key, label in LABELS.items()
    )
    return (*_OWN_FIELDS[kind], *tail)


def columns_of(kind: str) -> tuple[list[Asked], str]:
    """The columns in force for a kind, and how dates are written: the map kept, or all fields."""
    by_key = {each.key: each for each in fields(kind)}
    kept = ExchangeMap.objects.filter(kind=kind).first()
    if kept is None:
        return [Asked(each, each.label, {}) for each in by_key.values()], "%Y-%m-%d"
    asked = [
        Asked(by_key[each["key"]], each["title"], each.get("codes", {}))
        for each in kept.columns
        if each["key"] in by_key
    ]
    return asked, kept.date_format


def sought(kind: str) -> list[Column]:
    """What is looked for in a file that comes back: our number, and what the platform gave."""
    titles = {each.field.key: each.title for each in columns_of(kind)[0]}
    own = _OWN_FIELDS[kind][0]
    return [
        Column(key, tuple(dict.fromkeys((titles.get(key, label), label))), key == OWN)
        for key, label in ((OWN, own.label), *LABELS.items())
    ]


# ── Which records ─────────────────────────────────────────────────────────────────────────────


def _lines(user: User) -> QuerySet[PlanLine]:
    return PlanLine.objects.public().concerning(user).with_columns().order_by("number")


def _tasks(user: User) -> QuerySet[Task]:
    found = Task.objects.visible_to(user).filter(state__in=DISPATCHED)
    return found.select_related("line", "field", "initiator").prefetch_related("departments")


def _draws(user: User) -> QuerySet[Draw]:
    found = Draw.objects.of_targets().locked().visible_to(user)
    return found.select_related("task", "department").order_by("-locked_at")


def _publications(user: User) -> QuerySet[Publication]:
    found = Publication.objects.in_force().select_related("task", "department")
    if user.sees_all_departments:
        return found
    return found.filter(Q(department=user.department_id) | Q(task__initiator=user.department_id))


def records(kind: str, user: User) -> QuerySet[Any]:
    """What of this kind should be on the platform and this person may see."""
    return {
        ExchangeKind.LINE: _lines,
        ExchangeKind.TASK: _tasks,
        ExchangeKind.DRAWN: _draws,
        ExchangeKind.RESULT: _publications,
    }[ExchangeKind(kind)](user)


def own_number(kind: str, record: Any) -> str:
    """Our number of a record, as a file names it."""
    return str(record.serial) if kind == ExchangeKind.RESULT else str(record.number)


def writable(kind: str, user: User) -> set[str]:
    """Numbers of the records this person may note platform numbers for.

    The coordinating office for all of its region, others for what their own department leads.
    """
    found = records(kind, user)
    own = user.department
    if own is None:
        return set()
    if not own.is_coordinator:
        leads = "initiator" if kind in (ExchangeKind.LINE, ExchangeKind.TASK) else "department"
        found = found.filter(**{leads: own.pk})
    return {own_number(kind, each) for each in found}


def entries(kind: str) -> dict[str, PlatformEntry]:
    """What is known, by our number. A task's number may have been noted on its own page."""
    found = {each.own: each for each in PlatformEntry.objects.filter(kind=kind)}
    if kind == ExchangeKind.TASK:
        noted = Task.objects.exclude(platform_number="")
        for own, number in noted.values_list("number", "platform_number"):
            by_hand = PlatformEntry(kind=kind, own=own, number=number, method="hand")
            one = found.setdefault(own, by_hand)
            one.number = number
    return found


def known(kind: str, user: User) -> list[Known]:
    """Every record of a kind with what is known of it on the platform; those without first."""
    there = entries(kind)
    found = []
    for each in records(kind, user):
        own = own_number(kind, each)
        department = each.department if kind in ("drawn", "result") else each.initiator
        name = {
            "drawn": lambda one: one.task.name,
            "result": lambda one: one.target_name,
        }.get(kind, lambda one: one.name)(each)
        url = each.result.get_absolute_url() if kind == "result" else each.get_absolute_url()
        found.append(Known(own, name, department.short, url, there.get(own)))
    return sorted(found, key=lambda one: bool(one.entered and one.entered.number))


def counts(user: User) -> list[tuple[str, str, int, int]]:
    """(kind, its word, records, those without a number) of every kind."""
    found = []
    for kind, label in ExchangeKind.choices:
        numbers = {own_number(kind, each) for each in records(kind, user)}
        there = {own for own, one in entries(kind).items() if one.number}
        found.append((kind, label, len(numbers), len(numbers - there)))
    return found


# ── What goes into a file ─────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Content:
    """A file before it is written. withheld: numbers of draws whose lists may not be shown."""

    titles: tuple[str, ...]
    rows: list[tuple[Value, ...]]
    withheld: tuple[str, ...]


def content(kind: str, user: User, *, now: datetime, only_missing: bool = False) -> Content:
    """The rows of a file, in the columns in force.

    only_missing  leave out what has a number on the platform already
    """
    asked, date_format = columns_of(kind)
    there = entries(kind)
    withheld: list[str] = []
    rows = []
    for own, record in _rows(kind, user, now, withheld):
        entry = there.get(own)
        if only_missing and entry is not None and entry.number:
            continue
        rows.append(tuple(_written(each, record, entry, date_format) for each in asked))
    return Content(tuple(each.title for each in asked), rows, tuple(withheld))


def _rows(kind: str, user: User, now: datetime, withheld: list[str]) -> Iterator[tuple[str, Any]]:
    """(our number, record) row by row; lists that may not be shown are noted and left out.

    Source: art. 19 for 公开; draw protocol, §6: who may see names before they are public.
    """
    found: Iterable[Any] = records(kind, user)
    if kind == ExchangeKind.DRAWN:
        for draw in found:
            if draws.openness(draw, now).lists or draws.may_see_names(draw, user):
                listed = DrawnTarget.objects.filter(draw=draw).select_related("candidate")
                yield from ((draw.number, _with(each, "draw", draw)) for each in listed)
            else:
                withheld.append(draw.number)
    elif kind == ExchangeKind.RESULT:
        told = PublishedRow.objects.filter(publication__in=records(kind, user))
        told = told.select_related("publication__task", "publication__department")
        for row in told.order_by("publication__serial", "position"):
            yield str(row.publication.serial), row
    else:
        own = _own_of(kind)
        yield from ((own(each), each) for each in found)


def _with(record: Any, name: str, value: object) -> Any:
    setattr(record, name, value)
    return record


def _written(asked: Asked, record: Any, entry: PlatformEntry | None, date_format: str) -> Value:
    if asked.field.key in TAIL:
        value = _given_back(asked.field.key, entry)
    else:
        value = asked.field.of(record)
    if isinstance(value, date):
        return value.strftime(date_format)
    return asked.codes.get(value, value) if isinstance(value, str) else value


def _given_back(key: str, entry: PlatformEntry | None) -> Value:
    if entry is None:
        return ""
    return {
        "platform_number": entry.number,
        "receipt": entry.receipt,
        "method": entry.get_method_display(),
        "entered_on": entry.entered_on,
    }[key]
