"""Reveals wait until a witness outside has cosigned the rule, or a person takes it on himself."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.ledger import queries as log
from liancha.ledger.models import Entry
from liancha.rulebook.lifecycles import DrawState
from liancha.rulebook.verdicts import Blocked, NeedsReason

from ..models import Draw
from .pooling import only_for

GO_ON = "draw.go_on_uncosigned"


def waits_for_cosignature(draw: Draw) -> bool:
    """Whether reveals of this draw still wait for a witness's cosignature under the rule."""
    if not settings.LIANCHA_LOG_WAIT or draw.state != DrawState.RULE_LOGGED:
        return False
    entries = Entry.objects.of_draw(draw.number)
    if entries.filter(what__in=(GO_ON, "draw.reveal", "draw.open_sheets")).exists():
        return False
    anchor = log.anchor_of_draw(draw.number, "rule")
    return anchor is not None and not anchor.cosigned


def may_go_on_at(draw: Draw) -> datetime | None:
    """From when the operator may go on without a cosignature, with a reason."""
    if draw.rule_at is None:
        return None
    return draw.rule_at + timedelta(minutes=settings.LIANCHA_LOG_PATIENCE)


def require_cosigned(draw: Draw) -> None:
    """Raises Blocked while the rule's checkpoint is not cosigned.

    Source: draw protocol, §§3 and 7: a cosigned checkpoint before the first reveal.
    """
    if waits_for_cosignature(draw):
        raise Blocked(
            "规则的存证检查点还没有见证方联签，现在揭示就不能证明规则在先。"
            f"一般几秒钟就好；等了 {settings.LIANCHA_LOG_PATIENCE} 分钟仍没有的，"
            "操作人可以写明原因继续。",
            article="19",
            paragraph=1,
        )


@transaction.atomic
def go_on_uncosigned(*, draw: Draw, reason: str, by: User, at: datetime) -> Draw:
    """Let the reveals begin though no witness has cosigned the rule; for ever on record.

    Raises Blocked before the time of waiting is over, NeedsReason without a reason.
    Source: draw protocol, §7; how long to wait is local practice.
    """
    draw = Draw.objects.select_for_update(of=("self",)).select_related("department").get(pk=draw.pk)
    only_for(draw.department, by)
    if not waits_for_cosignature(draw):
        raise Blocked("揭示不在等联签，不用另行决定。", article="19", paragraph=1)
    earliest = may_go_on_at(draw)
    assert earliest is not None
    if at < earliest:
        raise Blocked(
            f"规则存证后要等 {settings.LIANCHA_LOG_PATIENCE} 分钟联签，还没有到时间。",
            article="19",
            paragraph=1,
        )
    if not reason.strip():
        raise NeedsReason(
            "请写明为什么不等联签。原因写进存证日志，一直公开。", article="19", paragraph=1
        )
    ledger.append(
        GO_ON,
        by=by,
        at=at,
        draw=draw.number,
        kind="uncosigned",
        about=("draw", draw.pk),
        reason=reason.strip(),
    )
    return draw
