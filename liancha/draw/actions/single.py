"""单随机: one side is too small to be drawn and is fixed; the other is drawn (art. 19).

Only where the system itself finds the shortage (paragraph 2). The fixed side still goes through
its ceremony: everybody is drawn, and the record says that nothing was left to chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from liancha.accounts.models import Department, User
from liancha.accounts.permissions import Permission
from liancha.ledger import actions as ledger
from liancha.rulebook import leeway
from liancha.rulebook.verdicts import Blocked
from liancha.task.models import Task

from .. import chains, pools, rosters
from ..models import SingleRandom
from .pooling import only_for

PENDING = "（待批准）"  # stands for the head while nobody has approved yet


@dataclass(frozen=True, slots=True)
class Side:
    """What one side of a task has to draw from. department None: the targets.

    have, wanted  people who may be drawn against seats a target, or pool against number to draw
    """

    department: Department | None
    have: int
    wanted: int

    @property
    def is_short(self) -> bool:
        """Whether there is nothing to randomise; a pool with nobody in it is no pool."""
        return self.have <= self.wanted and (self.department is not None or self.have > 0)

    @property
    def words(self) -> str:
        if self.department is None:
            return f"待抽检库 {self.have} 户，计划抽 {self.wanted} 户，全部检查，没有可随机的对象"
        return (
            f"{self.department.name}可抽的执法检查人员 {self.have} 名，"
            f"每户需要 {self.wanted} 名，没有可随机的人员"
        )

    def check(self, *, reason: str, approved_by: str) -> None:
        """May it go without a draw? Raises Blocked, or NeedsReason (art. 19, paragraph 2)."""
        if self.department is None:
            leeway.check_targets_not_drawn(
                pool=self.have, count=self.wanted, reason=reason, approved_by=approved_by
            )
        else:
            leeway.check_inspectors_not_drawn(
                self.department.name,
                eligible=self.have,
                needed=self.wanted,
                reason=reason,
                approved_by=approved_by,
            )

    def facts(self) -> dict[str, int]:
        return {"have": self.have, "wanted": self.wanted}


def shortages(task: Task, at: datetime) -> list[Side]:
    """Where there is nothing to randomise: a pool that is drawn whole, a department with no more
    people than a visit needs.

    Source: art. 19, paragraph 2; decision A9.
    """
    return [side for side in _sides(task, at) if side.is_short]


def _sides(task: Task, at: datetime) -> list[Side]:
    first = next(iter(chains.batches(task)), None) or task.draws.of_targets().open().first()
    if first is not None:
        size, count = first.frame_size, first.quota
    else:
        found = pools.pool(task)
        size, count = found.size, found.count
    return [
        Side(None, size, count),
        *(
            Side(supply.department, supply.drawable, rosters.PEOPLE_PER_TARGET)
            for supply in rosters.supplies(task, count=count, on=timezone.localdate(at))
        ),
    ]


def _side(task: Task, department: Department | None, at: datetime) -> Side:
    """One of them, anything but an empty pool. Raises Blocked."""
    side = next((each for each in _sides(task, at) if each.department == department), None)
    if side is None:
        raise Blocked(f"{department}没有参加这个任务，不用申请单随机。", article="19", paragraph=2)
    if department is None and not side.have:
        raise Blocked(
            "待抽检库里没有检查对象，不是数量不足。请先核对建库条件。", article="19", paragraph=2
        )
    return side


@transaction.atomic
def ask_single_random(
    *, task: Task, department: Department | None, reason: str, by: User, at: datetime
) -> SingleRandom:
    """Ask to draw one side only, with what the system found too few.

    department  whose people are too few; None: the targets are

    Raises Blocked where the system finds no shortage there, NeedsReason without a reason.
    Source: art. 19, paragraph 2. Clause 19.4.
    """
    task = Task.objects.select_for_update(of=("self",)).get(pk=task.pk)
    only_for(task.initiator, by)
    side = _side(task, department, at)
    side.check(reason=reason, approved_by=PENDING)
    if _standing(task).filter(department=department).exists():
        raise Blocked("这一方已经有一份单随机申请。", article="19", paragraph=2)
    request = SingleRandom.objects.create(
        task=task,
        random=_left_to_chance(task, department),
        department=department,
        shortage=side.facts(),
        reason=reason.strip(),
        asked_by=by,
        asked_at=at,
    )
    ledger.append(
        "draw.ask_single_random",
        by=by,
        at=at,
        about=("task", task.pk),
        task=task.number,
        random=request.random,
        department=department.code if department else "",
        shortage=request.shortage,
        reason=request.reason,
    )
    return request


@transaction.atomic
def decide_single_random(
    *, request: SingleRandom, agree: bool, note: str = "", by: User, at: datetime
) -> SingleRandom:
    """The word of the initiator's head, who is not the one who asked. Raises Blocked.

    Agreed only while the shortage still stands.

    Source: clause 19.4.
    """
    request = (
        SingleRandom.objects.select_for_update(of=("self",))
        .select_related("task__initiator", "department")
        .get(pk=request.pk)
    )
    task = request.task
    only_for(task.initiator, by)
    if not by.may(Permission.TASK_APPROVE):
        raise Blocked(
            f"单随机要由{task.initiator.name}的负责人批准。请转给负责人办理。",
            article="19",
            paragraph=2,
        )
    if request.is_agreed is not None:
        raise Blocked("这份单随机申请已经批复。", article="19", paragraph=2)
    if request.asked_by_id == by.pk:
        raise Blocked("提出单随机的人不能自己批准。", article="19", paragraph=2)
    if agree:
        side = _side(task, request.department, at)
        if not side.is_short:
            raise Blocked(
                "现在数量已经足够，应当实施双随机。请退回申请。", article="19", paragraph=2
            )
        side.check(reason=request.reason, approved_by=by.username)
    request.is_agreed, request.note = agree, note.strip()
    request.decided_by, request.decided_at = by, at
    request.save(update_fields=["is_agreed", "note", "decided_by", "decided_at"])
    ledger.append(
        "draw.decide_single_random",
        by=by,
        at=at,
        about=("task", task.pk),
        task=task.number,
        department=request.department.code if request.department else "",
        agreed=agree,
        note=request.note,
    )
    return request


def _standing(task: Task) -> QuerySet[SingleRandom]:
    return SingleRandom.objects.filter(task=task).exclude(is_agreed=False)


def _left_to_chance(task: Task, department: Department | None) -> str:
    """What stays random where this side is fixed too: both gone is 无随机, and is said so.

    Of a department's own visits: others may still draw their people.
    """
    others = _standing(task)
    is_targets = department is None
    both = others.filter(department__isnull=not is_targets).exists()
    if both:
        return SingleRandom.Random.NOTHING
    return SingleRandom.Random.INSPECTORS if is_targets else SingleRandom.Random.TARGETS
