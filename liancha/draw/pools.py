"""分类建库: which targets may be drawn for a task, who stays out and why (Measures, art. 18).

The rulebook says what keeps a target out; here its answers become one database expression, so
that the page, the counts and the freeze see the same pool however large it is. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    Max,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from liancha.accounts.models import Department, Region
from liancha.plan import bases
from liancha.plan.models import PlanLine, PlanRate
from liancha.registry.models import Release, Tag, Target, TargetQuerySet
from liancha.rulebook import eligibility
from liancha.rulebook.coverage import is_class_stale
from liancha.rulebook.eligibility import TargetFacts, TargetFault, TargetStatus
from liancha.rulebook.lifecycles import DrawState, TaskState
from liancha.task.models import Task

from . import caps
from .cutting import Stratum, concerns_of, strata_of
from .models import DrawnTarget, PoolChoices, SetAside

SUSPENDED = "suspended"
NARROWED = "narrowed"  # outside what the plan line narrows its targets to
CAPPED = "capped"  # visited as often this year as the plan line allows
DRAWN = "drawn"  # of a supplementary batch: drawn by an earlier one of its chain
STALE_AFTER = timedelta(days=35)  # local practice: an older registry is worth a remark (art. 11)

# In the order in which a target with several reasons is counted, and shown.
REASONS: dict[str, str] = {
    TargetFault.NOT_OPEN.value: "注销、吊销、撤销或迁出",
    TargetFault.REGION_UNDECIDED.value: TargetFault.REGION_UNDECIDED.label,
    TargetFault.OUTSIDE.value: TargetFault.OUTSIDE.label,
    TargetFault.NOT_COMMON.value: TargetFault.NOT_COMMON.label,
    SUSPENDED: "歇业",
    TargetFault.INCOMPLETE.value: TargetFault.INCOMPLETE.label,
    TargetFault.IN_OPEN_TASK.value: TargetFault.IN_OPEN_TASK.label,
    NARROWED: "不在计划行的检查对象范围",
    TargetFault.COOLING.value: TargetFault.COOLING.label,
    CAPPED: "今年检查次数已到上限",
    TargetFault.BY_HAND.value: TargetFault.BY_HAND.label,
    DRAWN: "前面批次已抽中",
}

TWICE = "范围按信用风险分类限定，又按它分层：公开的各层户数会说出抽中者的类别"

FINISHED = (TaskState.COMPLETED, TaskState.RESULTS_PUBLISHED, TaskState.ARCHIVED)


@dataclass(frozen=True, slots=True)
class Excluded:
    """How many targets one reason keeps out."""

    code: str
    label: str
    count: int


@dataclass(frozen=True)
class Pool:
    """The pool of a task as it stands now.

    candidates  targets that would enter, each with `.stratum`
    set_aside   targets that would not, each with `.reason`
    excluded    how many by reason, first reason only, in the order of REASONS
    strata      in the order of the plan's rates
    problems    why it cannot be frozen, Chinese sentences; empty when it can
    concerns    what a confidential draw of these strata would give away: needs a reason
    updated_at  the newest change in the registry of anybody with the tag
    classed_on  the newest credit class of anybody with the tag
    """

    task: Task
    tag: Tag
    targets: TargetQuerySet = field(repr=False)
    excluded: tuple[Excluded, ...]
    strata: tuple[Stratum, ...]
    problems: tuple[str, ...]
    concerns: tuple[str, ...]
    stratify: str
    updated_at: datetime | None
    classed_on: date | None

    @property
    def size(self) -> int:
        return sum(stratum.size for stratum in self.strata)

    @property
    def count(self) -> int:
        """How many will be drawn in all."""
        return sum(stratum.count for stratum in self.strata)

    @property
    def universe(self) -> int:
        """Everybody with the tag, in the pool or out of it."""
        return self.size + self.out

    @property
    def out(self) -> int:
        """Everybody with the tag who does not enter."""
        return sum(each.count for each in self.excluded)

    @property
    def is_by_credit(self) -> bool:
        return self.stratify == PlanLine.Stratify.CREDIT

    @property
    def candidates(self) -> TargetQuerySet:
        return self.targets.filter(reason="")

    @property
    def set_aside(self) -> TargetQuerySet:
        return self.targets.exclude(reason="")

    def remarks(self, on: date) -> tuple[str, ...]:
        """What is worth saying before a freeze on this day, and is kept in the ledger (WARN).

        Source: art. 11, 实行动态更新; art. 15, paragraph 1, 加大……信用分类模块的查询和应用.
        Clauses 11.4 and 15.1.
        """
        found = []
        last = timezone.localdate(self.updated_at) if self.updated_at else None
        if last is not None and on - last > STALE_AFTER:
            days = (on - last).days
            found.append(f"名录库已有 {days} 天没有更新。可以继续建库，这条提醒会写进抽取纪要。")
        classed = self.classed_on if self.is_by_credit else None
        if classed is not None and is_class_stale(classed, on=on):
            days = (on - classed).days
            found.append(
                f"信用风险分类最近一次更新在 {days} 天前。可以继续建库，最好先导入本月的分类。"
            )
        return tuple(found)


class Group(NamedTuple):
    """Targets with one reason to stay out ("" for candidates) and one stratum, counted.

    updated_at, classed_on  the newest among them
    """

    reason: str
    stratum: str
    size: int
    updated_at: datetime | None
    classed_on: date | None


def targets_of(task: Task) -> TargetQuerySet:
    """Everybody with the task's tag: `.reason` keeps out, "" lets in; `.stratum` is the class."""
    tag, choices, stratify = _terms(task)
    tags = task.line.strata_tags if task.line else ()
    found = Target.objects.tagged(tag)
    return (
        Target.objects.tagged(tag)
        .annotate(reason=_reason(task, tag, choices))
        .annotate(stratum=bases.stratum_of(stratify, found, tags=tags, key=_key_cut(task)))
        .order_by("code")
    )


def _key_cut(task: Task) -> bases.KeyCut | None:
    """Marks that hold on any day of the task count: the answer does not depend on the day.

    Source: art. 15, paragraph 2, 应增加抽查的比例和频次.
    """
    if task.line is None:
        return None
    return bases.key_cut(task.line, task.line.rates.all(), first=task.starts_on, last=task.ends_on)


@contextmanager
def by_one_process() -> Iterator[None]:
    """PostgreSQL reads a whole register with one of its processes, not with one a processor.

    That is as quick, since the rows come in order and need no sorting, costs half the machine
    time, and leaves the other processors to the people at work.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        yield


def groups_of(targets: TargetQuerySet) -> list[Group]:
    """Everybody counted, by reason and stratum: one pass over all of them."""
    counted = targets.order_by().values_list("reason", "stratum")
    newest = Max("updated_at"), Max("credit_on")
    with by_one_process():
        return [Group(*row) for row in counted.annotate(Count("pk"), *newest)]


def newest_of(targets: TargetQuerySet) -> tuple[datetime | None, date | None]:
    """The newest change and the newest credit class among these; quicker than reading them all."""
    with by_one_process():
        found = targets.order_by().aggregate(Max("updated_at"), Max("credit_on"))
    return found["updated_at__max"], found["credit_on__max"]


def _terms(task: Task) -> tuple[Tag, PoolChoices, str]:
    tag = Tag.objects.get(code=task.field.tag)
    choices = PoolChoices.objects.filter(task=task).first() or PoolChoices(task=task)
    stratify = task.line.stratify if task.line else choices.stratify
    return tag, choices, stratify


def pool(task: Task, groups: Sequence[Group] | None = None) -> Pool:
    """Who may be drawn for this task, in classes as the plan line cuts them.

    groups  the counts, where somebody has them already; of a large pool they take seconds

    The cooling period is counted back from the task's first day, so that the answer does not
    depend on when the page is opened.
    Source: art. 18, paragraph 1; art. 15 for the classes; decisions A10, A24, A29.
    Clauses 15.3, 15.4, 18.1 and 18.2.
    """
    tag, choices, stratify = _terms(task)
    targets = targets_of(task)
    sizes: dict[str, int] = {}
    out: dict[str, int] = {}
    groups = groups_of(targets) if groups is None else groups
    for group in groups:
        if group.reason:
            out[group.reason] = out.get(group.reason, 0) + group.size
        else:
            sizes[group.stratum] = sizes.get(group.stratum, 0) + group.size
    strata, problems = strata_of(task, choices, sizes, stratify)
    if not sizes:
        problems.append("待抽检库里没有检查对象。请核对标签、管辖范围和排除原因。")
    is_inner = stratify == PlanLine.Stratify.CREDIT or PlanRate.KEY in {s.name for s in strata}
    line = task.line
    confidential = (line and line.is_inner) or (task.is_confidential and is_inner)
    concerns = concerns_of(strata) if confidential else ()
    if line and line.target_filter.get("classes") and stratify == PlanLine.Stratify.CREDIT:
        concerns = (*concerns, TWICE)
    return Pool(
        task=task,
        tag=tag,
        targets=targets,
        excluded=tuple(
            Excluded(code, label, out[code]) for code, label in REASONS.items() if code in out
        ),
        strata=strata,
        problems=tuple(problems),
        concerns=concerns,
        stratify=stratify,
        updated_at=max(filter(None, (group.updated_at for group in groups)), default=None),
        classed_on=max(filter(None, (group.classed_on for group in groups)), default=None),
    )


def regions_of(department: Department) -> set[str] | None:
    """Where a department has jurisdiction: None for the whole city, else its own region."""
    return None if department.level == Department.Level.CITY else {department.region_id}


# ── Who stays out ─────────────────────────────────────────────────────────────────────────────


def _reason(task: Task, tag: Tag, choices: PoolChoices) -> Case:
    """The first reason that keeps a target out, "" for a candidate.

    The rulebook is asked once for each status and region there is; targets are never loaded.
    """
    closed = [
        status.value
        for status in TargetStatus
        if _faults(tag, status=status) & {TargetFault.NOT_OPEN}
    ]
    jurisdiction = regions_of(task.initiator)
    outside = [
        code
        for code in Region.objects.values_list("code", flat=True)
        if _faults(tag, region=code, regions=jurisdiction) & {TargetFault.OUTSIDE}
    ]
    elsewhere = (
        DrawnTarget.objects.filter(draw__state=DrawState.LOCKED)
        .exclude(draw__task=task)
        .exclude(draw__task__state__in=FINISHED)
        .values("target")
    )
    by_hand = SetAside.objects.filter(task=task).values("target")
    whens = [
        (Q(status__in=closed), TargetFault.NOT_OPEN),
        (Q(is_pending=True) | Q(region=None), TargetFault.REGION_UNDECIDED),
        (Q(region__in=outside), TargetFault.OUTSIDE),
        (_not_common(task, tag), TargetFault.NOT_COMMON),
    ]
    if not choices.takes_suspended:
        whens.append((Q(status=Target.Status.SUSPENDED), SUSPENDED))
    whens.append((Q(address=""), TargetFault.INCOMPLETE))
    whens.append((Q(pk__in=elsewhere), TargetFault.IN_OPEN_TASK))
    line = task.line
    if line and line.target_filter:
        inside = bases.narrowed(
            Target.objects.tagged(tag), line.target_filter, first=line.starts_on
        )
        whens.append((~Q(pk__in=inside.order_by().values("pk")), NARROWED))
    if months := max(choices.cooling_months, line.cooldown_months if line else 0):
        whens.append((_cooling(task, months), TargetFault.COOLING))
    if line and line.cap_per_year:
        whens.append((caps.reached(task, line.cap_per_year), CAPPED))
    whens.append((Q(pk__in=by_hand), TargetFault.BY_HAND))
    return Case(
        *(When(condition, then=Value(str(reason))) for condition, reason in whens),
        default=Value(""),
        output_field=CharField(),
    )


def _faults(
    tag: Tag,
    *,
    status: TargetStatus = TargetStatus.ACTIVE,
    region: str = "",
    regions: set[str] | None = None,
) -> set[TargetFault]:
    facts = TargetFacts(status=status, region=region, tags=frozenset({tag.code}))
    return set(eligibility.target_faults(facts, tag=tag.code, regions=regions))


def _cooling(task: Task, months: int) -> Q:
    """Class A, inspected less than so many months before the task begins.

    Source: art. 15, lower rate and frequency for the law-abiding.
    """
    return Q(
        credit_class=Target.CreditClass.A,
        last_inspected_on__gt=months_before(task.starts_on, months),
    )


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or the last of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def _not_common(task: Task, tag: Tag) -> Q:
    """Not a common target of all participants, nor of two at least with releases (A10).

    Each pattern of releases that occurs becomes a number, and the rulebook judges each once for
    every region, since a county department supervises at home only.
    """
    participants = list(task.departments.order_by("pk"))
    supervisors = set(tag.supervisors.values_list("pk", flat=True))
    bits = {department.pk: 1 << n for n, department in enumerate(participants)}
    released = Release.objects.filter(department__in=participants, target__tags=tag).exclude(
        reason=""
    )
    patterns: dict[int, int] = {}
    for target, department in released.values_list("target", "department"):
        patterns[target] = patterns.get(target, 0) | bits[department]
    wrong: dict[str, set[int]] = {}
    for region in Region.objects.values_list("code", flat=True):
        here = {
            str(d.pk)
            for d in participants
            if d.pk in supervisors and ((own := regions_of(d)) is None or region in own)
        }
        for pattern in {0, *patterns.values()}:
            away = {str(d.pk): "不涉及" for d in participants if pattern & bits[d.pk]}
            staying = eligibility.common_to(
                participants=[str(d.pk) for d in participants], supervisors=here, released=away
            )
            if staying is None:
                wrong.setdefault(region, set()).add(pattern)
    if not patterns:
        return Q(region__in=[region for region, found in wrong.items() if 0 in found])
    mask = Coalesce(
        Subquery(
            Release.objects.filter(target=OuterRef("pk"), department__in=participants)
            .exclude(reason="")
            .order_by()
            .values("target")
            .annotate(
                mask=Sum(Case(*(When(department=pk, then=Value(bit)) for pk, bit in bits.items())))
            )
            .values("mask")
        ),
        0,
    )
    matches = Target.objects.annotate(mask=mask).filter(pk=OuterRef("pk"))
    condition = Q(pk__in=())
    for region, found in wrong.items():
        condition |= Q(region=region) & Exists(matches.filter(mask__in=sorted(found)))
    return condition


def released(task: Task, target_ids: Iterable[int]) -> dict[int, set[int]]:
    """Target → the task's departments released from it (不涉及): they send nobody there."""
    away: dict[int, set[int]] = {}
    rows = Release.objects.filter(
        target__in=target_ids, department__in=task.departments.all()
    ).exclude(reason="")
    for target, department in rows.values_list("target", "department"):
        away.setdefault(target, set()).add(department)
    return away
