"""A task set going, confirmed by its departments, known to the platform (arts. 3–5, 13, 17)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from liancha.accounts.models import Department, Region, User
from liancha.ledger import actions as ledger
from liancha.lists.models import JointField, JointItem
from liancha.plan import actions as plans
from liancha.plan.models import PlanLine
from liancha.rulebook import coverage, eligibility
from liancha.rulebook.coverage import TaskSource
from liancha.rulebook.lifecycles import LineState, TaskState
from liancha.rulebook.verdicts import Blocked

from ..models import Participation, Task
from .standing import append, check_own, locked

UNDER_WAY = frozenset(TaskState) - {
    TaskState.COMPLETED,
    TaskState.RESULTS_PUBLISHED,
    TaskState.ARCHIVED,
}


@transaction.atomic
def create_task(
    *,
    line: PlanLine | None = None,
    source: str = Task.Source.PLAN,
    source_document: str = "",
    source_reason: str = "",
    field: JointField | Iterable[JointField] | None = None,
    name: str = "",
    departments: Sequence[Department] | None = None,
    items: Sequence[JointItem] | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
    is_confidential: bool | None = None,
    by: User,
    at: datetime,
) -> Task:
    """Set a plan line going, or organise a task outside the plan (临时性联合抽查).

    line             with it, everything else may be left out and comes from the line
    field            the one field of a task outside the plan; several are refused by art. 4
    departments      who takes part, in any order; the initiator is `by`'s department
    is_confidential  strata stay inside the office; default for strata by credit class (A33)

    Raises Blocked by arts. 2, 3, 4, 10, 13, 14, 16 and 17.
    Source: art. 17, 按计划; art. 13, paragraph 2, for those outside the plan.
    Clauses 13.3 and 17.2.
    """
    initiator = _initiator(by)
    coverage.check_source(TaskSource(source), reason=source_reason, document=source_document)
    if line is not None:
        line = _ready(line, initiator)
        terms = _of_line(line, name=name, starts_on=starts_on, ends_on=ends_on)
    else:
        terms = _outside_the_plan(
            initiator,
            source=source,
            field=field,
            name=name,
            departments=departments,
            items=items,
            starts_on=starts_on,
            ends_on=ends_on,
        )
    terms.check(initiator)
    task = Task.objects.create(
        number=_next_number(at),
        name=terms.name or terms.fields[0].name,
        source=source,
        source_document=source_document.strip(),
        source_reason=source_reason.strip(),
        line=line,
        field=terms.fields[0],
        initiator=initiator,
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
        is_confidential=_is_confidential(line, said=is_confidential),
        created_by=by,
        created_at=at,
    )
    _take_part(task, terms, by, at)
    if line is not None and line.state != LineState.IN_PROGRESS:
        line.advance(LineState.IN_PROGRESS)
    _log_created(task, terms, by, at)
    return task


def _initiator(by: User) -> Department:
    """Who initiates is the department of the person. Raises Blocked for an account without."""
    if by.department is None:
        raise Blocked("您的账号没有部门，不能发起联合抽查。", article="2", paragraph=2)
    return by.department


def _log_created(task: Task, terms: _Terms, by: User, at: datetime) -> None:
    append(
        "task.create",
        task,
        by,
        at,
        number=task.number,
        name=task.name,
        source=str(task.source),
        line=task.line.number if task.line else "",
        document=task.source_document,
        departments=[each.code for each in terms.joining],
    )


@dataclass(frozen=True, slots=True)
class _Terms:
    """What a task is of, who joins it and when, whether its plan line says so or a person."""

    name: str
    fields: Sequence[JointField]
    joining: Sequence[Department]
    items: Sequence[JointItem]
    starts_on: date
    ends_on: date

    def check(self, initiator: Department) -> None:
        """The days in order; who takes part, in how many, in which one field.

        Raises Blocked by arts. 2, 3, 4, 10 and 14.
        """
        if self.ends_on < self.starts_on:
            raise Blocked(
                f"结束日期 {self.ends_on} 早于开始日期 {self.starts_on}。请改正。", article="14"
            )
        for each in self.joining:
            each.check_takes_part()
        fields = (*self.fields, *(item.field for item in self.items))
        eligibility.check_joint(
            departments=[each.name for each in self.joining],
            fields={each.name for each in fields},
            target_kinds={each.tag for each in fields},
        )
        eligibility.check_initiator(
            initiator.name,
            duty=plans.duty_of(initiator, self.fields[0]),
            field_name=self.fields[0].name,
        )


def _of_line(line: PlanLine, *, name: str, starts_on: date | None, ends_on: date | None) -> _Terms:
    """The line's own terms; its name and its days give way to others that are said."""
    return _Terms(
        name=name.strip() or _batch_name(line),
        fields=[line.field],
        joining=line.departments,
        items=list(line.items.all()),
        starts_on=starts_on or line.starts_on,
        ends_on=ends_on or line.ends_on,
    )


def _outside_the_plan(
    initiator: Department,
    *,
    source: str,
    field: JointField | Iterable[JointField] | None,
    name: str,
    departments: Sequence[Department] | None,
    items: Sequence[JointItem] | None,
    starts_on: date | None,
    ends_on: date | None,
) -> _Terms:
    """The terms of a 临时性联合抽查, as they are said. Raises Blocked (arts. 14, 17)."""
    if source == Task.Source.PLAN:
        raise Blocked(
            "计划内的任务应由已公布的计划行建立。请选择计划行，或作为临时性联合抽查写明来源文件。",
            article="17",
            paragraph=1,
        )
    if starts_on is None or ends_on is None:
        raise Blocked("还没有时间安排。请填写开始和结束日期。", article="14")
    fields = [field] if isinstance(field, JointField) else list(field or ())
    joining = _joining(initiator, fields, departments)
    return _Terms(
        name=name.strip(),
        fields=fields,
        joining=joining,
        items=list(items) if items is not None else _items(fields, joining),
        starts_on=starts_on,
        ends_on=ends_on,
    )


@transaction.atomic
def follow_line(*, task: Task, before: tuple[date, date], by: User | str, at: datetime) -> bool:
    """Take the dates of a plan line that was delayed, where the task had the line's own.

    before  first and last day of the line until now

    The last day follows while the visits are not over; the first only until the scheme is handed
    in, since the stages of a scheme are somebody's word. Returns whether anything changed.
    Source: art. 16, 延迟任务; art. 17.
    """
    task = Task.objects.select_for_update(of=("self",)).select_related("line").get(pk=task.pk)
    if task.line is None or TaskState(task.state) not in UNDER_WAY:
        return False
    was = (task.starts_on, task.ends_on)
    if task.state == TaskState.CREATED and task.starts_on == before[0]:
        task.starts_on = task.line.starts_on
    if task.ends_on == before[1]:
        task.ends_on = max(task.line.ends_on, task.starts_on)
    if (task.starts_on, task.ends_on) == was:
        return False
    task.save(update_fields=["starts_on", "ends_on"])
    ledger.append(
        "task.follow_line",
        by=by,
        at=at,
        about=("task", task.pk),
        task=task.number,
        line=task.line.number,
        starts_on=task.starts_on.isoformat(),
        ends_on=task.ends_on.isoformat(),
    )
    return True


@transaction.atomic
def confirm(*, task: Task, by: User, at: datetime) -> Participation:
    """Say, for one's own department, that it takes part with its items. Twice is as good as once.

    Raises Blocked when the department is not in the task, or the scheme is settled already.
    Source: art. 17, paragraph 1, 会同各参与部门.
    """
    task = locked(task)
    own = task.participations.filter(department=by.department_id).first()
    if own is None:
        raise Blocked("您的部门没有参加这个任务，不需要确认。", article="17", paragraph=1)
    if own.confirmed_at is not None:
        return own
    if task.state not in (TaskState.CREATED, TaskState.SCHEME_SUBMITTED):
        raise Blocked("实施方案已经批准，参与部门不再变动。", article="17", paragraph=1)
    own.confirmed_by, own.confirmed_at = by, at
    own.save(update_fields=["confirmed_by", "confirmed_at"])
    append("task.confirm", task, by, at, department=own.department.code)
    return own


@transaction.atomic
def record_platform_number(
    *, task: Task, number: str = "", reason: str = "", by: User, at: datetime
) -> Task:
    """Note the task's number on the 监管平台, or why it has none yet.

    By the initiator, or by the coordinating office that carries files to the platform. Raises
    Blocked when both are empty.
    Source: art. 5; the reason and the later back-fill are our own practice. Clause 5.1.
    """
    task = locked(task)
    if by.department is None or not by.department.is_coordinator:
        check_own(task, by)
    number, reason = number.strip(), reason.strip()
    if not number and not reason:
        raise Blocked(
            "请填写监管平台的任务编号；平台暂时不能录入的，请写明原因，以后补填。", article="5"
        )
    task.platform_number, task.platform_reason = number, "" if number else reason
    task.save(update_fields=["platform_number", "platform_reason"])
    append("task.record_platform_number", task, by, at, number=number, reason=reason)
    return task


def _ready(line: PlanLine, initiator: Department) -> PlanLine:
    """The line, held; and that it may be set going by this department now."""
    PlanLine.objects.select_for_update().get(pk=line.pk)
    line = PlanLine.objects.with_columns().get(pk=line.pk)
    if not PlanLine.objects.ready().filter(pk=line.pk).exists():
        raise Blocked(
            f"计划行“{line.name}”{line.get_state_display()}，不能建立任务。"
            "只能由已公布、未取消的计划行建立。",
            article="17",
            paragraph=1,
        )
    if line.initiator_id != initiator.pk:
        raise Blocked(
            f"这一行由{line.initiator.name}发起，应由它建立任务。", article="17", paragraph=1
        )
    if line.tasks.filter(state=TaskState.CREATED).exists():
        raise Blocked("这一行已有一个任务待拟方案。请先办理那个任务。", article="17", paragraph=1)
    if line.tasks.count() >= line.frequency:
        raise Blocked(
            f"计划频次是 {line.frequency} 次，任务已经建齐。确需增加的，请先调整计划频次。",
            article="16",
        )
    return line


def _joining(
    initiator: Department,
    fields: Sequence[JointField],
    departments: Sequence[Department] | None,
) -> list[Department]:
    """The initiator first, then the others, each once."""
    if departments is None:
        departments = [each for field in fields for each in field.cooperators.all()]
    others = {each.pk: each for each in departments if each.pk != initiator.pk}
    return [initiator, *others.values()]


def _items(fields: Sequence[JointField], joining: Sequence[Department]) -> list[JointItem]:
    """All items of the fields that the departments answer."""
    keys = {each.pk for each in joining}
    return [item for field in fields for item in field.items.all() if item.department_id in keys]


def _take_part(task: Task, terms: _Terms, by: User, at: datetime) -> None:
    """One participation each. The initiator has said its word by creating the task."""
    listed = {task.field.initiator_id, *task.field.cooperators.values_list("pk", flat=True)}
    for department in terms.joining:
        is_first = department.pk == task.initiator_id
        own = Participation.objects.create(
            task=task,
            department=department,
            role=Participation.Role.INITIATOR if is_first else Participation.Role.COOPERATOR,
            is_from_list=bool({department.pk, department.system_id} & listed),
            confirmed_by=by if is_first else None,
            confirmed_at=at if is_first else None,
        )
        own.items.set([item for item in terms.items if item.department_id == department.pk])


def _is_confidential(line: PlanLine | None, *, said: bool | None) -> bool:
    """Classes and marks are an inner reference (art. 15): nobody's word opens an inner line."""
    if line is not None and line.is_inner:
        return True
    if said is not None or line is None:
        return said is None or said
    return line.stratify == PlanLine.Stratify.CREDIT or bool(line.key_ratio)


def _batch_name(line: PlanLine) -> str:
    """The line's name; with a number when it runs several times a year."""
    if line.frequency == 1:
        return line.name
    return f"{line.name}（第 {line.tasks.count() + 1} 批）"


def _next_number(at: datetime) -> str:
    """410300, the day, four digits."""
    city = Region.objects.select_for_update(no_key=True).get(kind=Region.Kind.CITY)
    prefix = f"{city.pk}{timezone.localtime(at):%Y%m%d}"
    last = (
        Task.objects.filter(number__startswith=prefix)
        .order_by("-number")
        .values_list("number", flat=True)
        .first()
    )
    return f"{prefix}{int(last.removeprefix(prefix) if last else 0) + 1:04d}"
