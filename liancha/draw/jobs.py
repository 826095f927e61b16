"""What the worker does for this room: load, one action, done. Running one twice does no harm."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from liancha.accounts.models import User
from liancha.queue.models import Job
from liancha.queue.working import Report, carry_out
from liancha.rulebook.lifecycles import DrawState
from liancha.task.models import Task

from . import actions, frames, freezing, leftover
from .actions.pooling import UNWRITABLE, refused_as_blocked
from .actions.supplementing import UNWRITABLE_LEFT
from .models import Draw, Supplement


def close_reveals(pk: int) -> None:
    """Close the reveals in time when the operator has not; nothing where nobody revealed."""
    draw = Draw.objects.get(pk=pk)
    now = timezone.now()
    if draw.state != DrawState.RULE_LOGGED or draw.beacon_due is None or now >= draw.beacon_due:
        return
    if draw.parties.exclude(nonce="").exists():
        actions.close(draw=draw, by=None, at=now)


def freeze(job: int, task: int, reason: str) -> None:
    """Freeze a large pool: read, salted and hashed first, then written in one short stroke."""

    def do(report: Report) -> None:
        found, by = Task.objects.get(pk=task), _asked_by(report.job)
        with refused_as_blocked(UNWRITABLE, "18"):
            prepared = freezing.prepare(found, progress=report)
        report.say("正在写入，写完一次生效")
        with transaction.atomic():
            draw = actions.freeze(
                task=found, reason=reason, prepared=prepared, by=by, at=timezone.now()
            )
            report.complete(
                f"待抽检库已冻结，{draw.frame_size:,} 户，编号 {draw.number}",
                draw.get_absolute_url(),
            )

    carry_out(job, "正在读名录库、加盐、算名单根", do)


def freeze_supplement(job: int, supplement: int) -> None:
    """Freeze what a large batch left, for a further one."""

    def do(report: Report) -> None:
        found, by = Supplement.objects.get(pk=supplement), _asked_by(report.job)
        with refused_as_blocked(UNWRITABLE_LEFT, "19"):
            prepared = leftover.prepare(found.after, progress=report)
        report.say("正在写入，写完一次生效")
        with transaction.atomic():
            draw = actions.freeze_supplement(
                supplement=found, prepared=prepared, by=by, at=timezone.now()
            )
            report.complete(
                f"补抽的库已冻结，{draw.frame_size:,} 户，编号 {draw.number}",
                draw.get_absolute_url(),
            )

    carry_out(job, "正在读抽剩的库、加盐、算名单根", do)


def lock(job: int, draw: int) -> None:
    """Lock a large draw: every ticket computed again first, then written in one short stroke."""

    def do(report: Report) -> None:
        found, by = Draw.objects.get(pk=draw), _asked_by(report.job)
        with refused_as_blocked("存证的规则与各方的随机数对不上，不能抽取", "19"):
            prepared = frames.checked_for_lock(found, report)
        report.say("正在写入，写完一次生效")
        with transaction.atomic():
            locked = actions.lock(draw=found, prepared=prepared, by=by, at=timezone.now())
            report.complete(f"名单已锁定（{locked.number}）", locked.get_absolute_url())

    carry_out(job, "正在核对名单根，逐户复算票据", do)


def reckon(job: int, draw: int) -> None:
    """Compute a large draw for its screens."""

    def do(report: Report) -> None:
        frames.reckon(Draw.objects.get(pk=draw))
        report.complete("已算出")

    carry_out(job, "正在算出名单", do)


def _asked_by(job: Job) -> User:
    assert job.owner is not None
    return job.owner
