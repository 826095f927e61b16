"""分类建库: choose what enters the pool of a task, then freeze it (art. 18)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone

from liancha.accounts.models import Department, User
from liancha.ledger import actions as ledger
from liancha.plan import readings
from liancha.plan.models import PlanLine
from liancha.registry.models import Target
from liancha.rulebook import coverage, form, lifecycles, protocol, quotas
from liancha.rulebook.lifecycles import DrawState, TaskState
from liancha.rulebook.verdicts import Blocked, NeedsReason
from liancha.task.models import Task

from .. import freezing, frozen, pools, rosters, software
from ..models import Assignment, Draw, InputFile, PoolChoices, SetAside

UNWRITABLE = "待抽检库里有不能入库的内容"


def only_for(department: Department, by: User) -> None:
    """Nobody draws for another department. Raises Blocked.

    Source: art. 19, paragraph 1.
    """
    if by.department_id != department.pk:
        raise Blocked(
            f"这一步只能由{department.name}的人员办理。请由该部门登录办理。",
            article="19",
            paragraph=1,
        )


@contextmanager
def refused_as_blocked(what: str, article: str) -> Iterator[None]:
    """Whatever the protocol refuses to read or write becomes a sentence for the person."""
    try:
        yield
    except form.Refused as refusal:
        raise Blocked(f"{what}：{refusal}。", article=article) from refusal


def next_number(department: Department, year: int) -> tuple[int, str]:
    """The next serial of a department's draws in a year, without gaps, and the number it gives.

    Call it inside the transaction that uses it: the department's row is held until then.
    """
    Department.objects.select_for_update(no_key=True).get(pk=department.pk)
    last = Draw.objects.filter(department=department, year=year).aggregate(n=Max("serial"))["n"]
    serial = (last or 0) + 1
    return serial, f"洛{department.short}抽〔{year}〕{serial}号-1"


def begin(
    task: Task, department: Department, kind: Draw.Kind, *, by: User, at: datetime, **facts: Any
) -> Draw:
    """A draw as it is frozen, under its department's next number, with a salt of its own.

    facts  what else the kind of draw keeps from the freeze on, by the names of `Draw`
    """
    year = timezone.localdate(at).year
    serial, number = next_number(department, year)
    return Draw.objects.create(
        task=task,
        department=department,
        kind=kind,
        year=year,
        serial=serial,
        number=number,
        state=DrawState.FROZEN,
        salt=secrets.token_hex(32),
        frozen_at=at,
        frozen_by=by,
        **facts,
    )


def frame_facts(
    frame: protocol.Frame, strata: Sequence[protocol.Stratum], *, secret: str
) -> dict[str, Any]:
    """What a draw of targets keeps of its frozen pool. secret: what the salts of it come from."""
    return {
        "secret": secret,
        "frame_root": frame.root,
        "frame_sha256": frame.sha256,
        "frame_size": frame.size,
        "strata": [stratum.as_json() for stratum in strata],
    }


@transaction.atomic
def choose_pool(
    *,
    task: Task,
    cooling_months: int = 0,
    takes_suspended: bool = False,
    ratio: str = "",
    stratify: str = PlanLine.Stratify.NONE,
    by: User,
    at: datetime,
) -> PoolChoices:
    """Set what the plan leaves open: cooling of class A, suspended targets; of a task without a
    plan line also how its pool is cut and how many are drawn of each stratum.

    ratio     as a plan says it, see `rulebook.quotas`; "" while it is not said
    stratify  a PlanLine.Stratify, but by tag: which tags only a plan line says

    Raises Blocked once the pool is frozen, and for words that say no number, or one of
    every county while the pool is not cut by counties.
    Source: art. 15 for the cooling; decisions A24, A29. Clause 18.1.
    """
    task = _open_task(task, by)
    if ratio:
        quotas.read(ratio)
        readings.check_each(
            ratio,
            is_by_county=stratify == PlanLine.Stratify.REGION,
            is_whole=stratify == PlanLine.Stratify.NONE,
        )
    if stratify == PlanLine.Stratify.TAG:
        raise Blocked("按标签分层要有计划行。请换一种分层。", article="14")
    choices, _ = PoolChoices.objects.update_or_create(
        task=task,
        defaults={
            "cooling_months": cooling_months,
            "takes_suspended": takes_suspended,
            "ratio": ratio,
            "stratify": stratify,
        },
    )
    ledger.append(
        "draw.choose_pool",
        by=by,
        at=at,
        about=("task", task.pk),
        task=task.number,
        cooling_months=cooling_months,
        takes_suspended=takes_suspended,
        ratio=ratio,
        stratify=str(stratify),
    )
    return choices


@transaction.atomic
def set_aside(*, task: Task, target: Target, reason: str, by: User, at: datetime) -> SetAside:
    """人工排除: leave one target out of this task's pool, with a reason that is counted in public.

    Raises Blocked once the pool is frozen, NeedsReason without a reason.
    """
    task = _open_task(task, by)
    if not reason.strip():
        raise NeedsReason(
            f"把{target.name}排除在待抽检库外要写明理由。理由会存证，排除户数会公开。", article="18"
        )
    row, is_new = SetAside.objects.get_or_create(
        task=task, target=target, defaults={"reason": reason.strip(), "by": by, "at": at}
    )
    if not is_new:
        raise Blocked(f"{target.name}已经排除，理由是“{row.reason}”。", article="18")
    ledger.append(
        "draw.set_aside",
        by=by,
        at=at,
        about=("task", task.pk),
        task=task.number,
        target=target.code,
        reason=row.reason,
    )
    return row


@transaction.atomic
def take_back(*, task: Task, target: Target, by: User, at: datetime) -> None:
    """Undo `set_aside` before the freeze."""
    task = _open_task(task, by)
    deleted, _ = SetAside.objects.filter(task=task, target=target).delete()
    if deleted:
        ledger.append(
            "draw.take_back",
            by=by,
            at=at,
            about=("task", task.pk),
            task=task.number,
            target=target.code,
        )


@transaction.atomic
def freeze(
    *,
    task: Task,
    reason: str = "",
    secret: str | None = None,
    prepared: freezing.Prepared | None = None,
    progress: freezing.Progress | None = None,
    by: User,
    at: datetime,
) -> Draw:
    """Freeze the pool: candidates with their salts, exclusions, rosters; root and hash are logged.

    reason    why confidential strata are so few or drawn whole, or why so many of general items
              are drawn outside the plan; asked for only then
    secret    64 hex digits the salts come from; fresh random bytes when left away. Never give one
              that another draw has used
    prepared  what `freezing.prepare` made shortly before, outside any transaction; made here
              when left away, as small pools are
    progress  called with (done, total), see `freezing.prepare`

    After this nothing about the pool changes. Raises Blocked, NeedsReason.
    Source: art. 18; draw protocol, §1. Clauses 17.3 and 18.1.
    """
    task = Task.objects.select_for_update(of=("self",)).get(pk=task.pk)
    only_for(task.initiator, by)
    task.advance(TaskState.POOL_FROZEN)
    if prepared is None:
        with refused_as_blocked(UNWRITABLE, "18"):
            prepared = freezing.prepare(task, secret=secret, progress=progress)
    else:
        _check_unchanged(prepared, task)
    pool = prepared.pool
    may_be_frozen(pool, reason)
    assert prepared.frame is not None
    frame = prepared.frame
    strata = [protocol.Stratum.at_rate(s.name, s.size, s.ratio or "") for s in pool.strata]
    draw = begin(
        task,
        task.initiator,
        Draw.Kind.TARGETS,
        stratify=pool.stratify,
        excluded=[[each.code, each.count] for each in pool.excluded],
        freeze_note=reason.strip(),
        **frame_facts(frame, strata, secret=prepared.secret),
        by=by,
        at=at,
    )
    frozen.write(draw, prepared.pages)
    entry = ledger.append(
        "draw.freeze",
        by=by,
        at=at,
        draw=draw.number,
        kind="freeze",
        about=("task", task.pk),
        frame=frame.as_json(),
        excluded=draw.excluded,
        rosters=freeze_rosters(draw),
        remarks=list(pool.remarks(timezone.localdate(at))),
        reason=draw.freeze_note,
        software=software.version(),
    )
    ledger.seal("frame", draw.pk, entry=entry)
    return draw


def _check_unchanged(prepared: freezing.Prepared, task: Task) -> None:
    """What was prepared outside the transaction rests on what still holds. Raises Blocked."""
    if prepared.task.pk != task.pk or prepared.terms != freezing.terms_of(task):
        raise Blocked(
            "准备冻结的时候，建库条件、人工排除、比例或别的抽取变了，没有冻结。"
            "请看一遍现在的库，再冻结一次。",
            article="18",
            paragraph=1,
        )


def check_freeze(*, task: Task, pool: pools.Pool, reason: str, by: User) -> None:
    """What `freeze` would refuse already now, said before the long work is begun. Writes nothing.

    Raises Blocked, NeedsReason.
    """
    only_for(task.initiator, by)
    lifecycles.TASK.step(TaskState(task.state), TaskState.POOL_FROZEN)
    may_be_frozen(pool, reason)


def may_be_frozen(pool: pools.Pool, reason: str) -> None:
    """Raises Blocked while the pool has problems, NeedsReason where it tells too much or where a
    task outside the plan draws more of general items than a plan line may.

    Source: art. 18; art. 15, paragraph 2, for the share, a number of decision A31. Clause 15.4.
    """
    if pool.problems:
        raise Blocked("".join(pool.problems), article="18", paragraph=1)
    if pool.task.line is None:
        coverage.check_cap(
            Fraction(pool.count, pool.size),
            item_class=coverage.ItemClass(pool.task.field.item_class),
            cap=Fraction(settings.LIANCHA_GENERAL_CAP),
            reason=reason,
        )
    if pool.concerns and not reason.strip():
        raise NeedsReason(
            f"{'；'.join(pool.concerns)}。分层是内部参考，户数和比例会公开，请写明为什么这样分层。",
            article="18",
            paragraph=1,
        )


def _open_task(task: Task, by: User) -> Task:
    """The task, held, while its pool may still change."""
    task = Task.objects.select_for_update(of=("self",)).get(pk=task.pk)
    only_for(task.initiator, by)
    if TaskState(task.state) not in (
        TaskState.CREATED,
        TaskState.SCHEME_SUBMITTED,
        TaskState.SCHEME_APPROVED,
    ):
        raise Blocked("待抽检库已经冻结，不能再改。", article="18", paragraph=1)
    return task


def freeze_rosters(draw: Draw) -> dict[str, str]:
    """Write down every participant's people at this very moment; digests that give nothing away.

    Source: art. 18, paragraph 2; draw protocol, §8.
    """
    seals = {}
    seats = Assignment.objects.filter(draw__task=draw.task, draw__state=DrawState.LOCKED)
    taken = dict(seats.values_list("inspector").annotate(n=Count("pk")).order_by())
    on = timezone.localdate(draw.frozen_at)
    for department in draw.task.departments.order_by("pk"):
        files = rosters.snapshot(department, on=on, taken=taken)
        keep_files(draw, department, files)
        digests = "\n".join(form.file_digest(files[name]) for name in sorted(files))
        seals[department.code] = form.H(f"{draw.salt}\n{digests}")
    return seals


def keep_files(draw: Draw, department: Department, files: dict[str, bytes]) -> None:
    InputFile.objects.bulk_create(
        InputFile(
            draw=draw,
            department=department,
            name=name,
            text=data.decode(),
            sha256=form.file_digest(data),
        )
        for name, data in files.items()
    )
