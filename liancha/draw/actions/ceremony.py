"""The ceremony: parties, commitments, the rule, reveals, the public value (protocol, §§2–4)."""

from __future__ import annotations

import hashlib
import unicodedata
from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.plan.models import PlanLine
from liancha.queue import actions as queue
from liancha.rulebook import beacon as beacons_rule
from liancha.rulebook import form, protocol
from liancha.rulebook.lifecycles import DrawState
from liancha.rulebook.verdicts import Blocked, NeedsReason

from .. import beacons, rules
from ..models import Draw, Party, Rule
from .cosigning import require_cosigned
from .pooling import only_for

CLOSES_BEFORE = timedelta(minutes=1)  # local practice: the clock closes reveals so long before


def held(draw: Draw) -> Draw:
    """The draw as it is now, with its row held: a second click waits, then meets the new state."""
    return (
        Draw.objects.select_for_update(of=("self",))
        .select_related("task__line", "department", "of")
        .get(pk=draw.pk)
    )


def commitment_of(draw: Draw, party: Party, nonce: str) -> str:
    """What this party hands in for this number of 64 hex digits."""
    return protocol.commitment(draw.number, party.name, nonce)


@transaction.atomic
def commit(
    *, party: Party, commitment: str, is_own_make: bool = False, by: User, at: datetime
) -> Party:
    """Hand in the hash of a number nobody knows yet. With the last one the rule is logged.

    is_own_make  made by the party's own shell and pasted, so that our page never had the number

    Raises Blocked.
    Source: draw protocol, §3; for who goes first and last without a public value, §2.
    """
    draw = held(party.draw)
    party = Party.objects.select_for_update(of=("self",)).get(pk=party.pk)
    _speaks_for(party, by)
    if draw.state != DrawState.COMMITTING:
        raise Blocked("规则已经存证，承诺不能再改。", article="19", paragraph=1)
    _before_due(draw, at)
    if not form.is_hex(commitment, 64):
        raise Blocked(
            "承诺应是 64 位小写十六进制数。请复制命令输出的整行，不带空格和文件名。",
            article="19",
            paragraph=1,
        )
    if draw.parties.exclude(pk=party.pk).filter(commitment=commitment).exists():
        raise Blocked(
            "这份承诺与另一方的相同，两方不能用同一个随机数。请重新生成。",
            article="19",
            paragraph=1,
        )
    if draw.has_keeper:
        _in_turn(draw, party, is_own_make)
    party.commitment, party.committed_at, party.committed_by = commitment, at, by
    party.is_own_make = is_own_make
    party.save(update_fields=["commitment", "committed_at", "committed_by", "is_own_make"])
    ledger.append(
        "draw.commit",
        by=by,
        at=at,
        draw=draw.number,
        kind="commit",
        about=("draw", draw.pk),
        party=party.name,
        commitment=commitment,
        is_own_make=is_own_make,
    )
    if not draw.parties.filter(commitment="").exists():
        log_rule(draw=draw, by=by, at=at)
    return party


@transaction.atomic
def log_rule(*, draw: Draw, by: User, at: datetime) -> Rule:
    """Write the rule down for good, with every commitment in it. Public at once.

    A minute before the public value is due the clock will close the reveals. Where there is a
    keeper instead, the parties now hand their numbers over, sealed.

    Source: draw protocol, §§2, 3 and 7.
    """
    draw = held(draw)
    one_open_rule(draw)
    _before_due(draw, at)
    draw.advance(DrawState.RULE_LOGGED)
    written = rules.made(draw).checked()
    rule = Rule.objects.create(draw=draw, text=written.text, digest=written.digest)
    draw.rule_at = at
    draw.save(update_fields=["rule_at"])
    ledger.append(
        "draw.log_rule",
        by=by,
        at=at,
        draw=draw.number,
        kind="rule",
        about=("draw", draw.pk),
        rule_digest=rule.digest,
    )
    queue.later("openlog.checkpoint")
    if draw.beacon_due is not None:
        queue.at(draw.beacon_due - CLOSES_BEFORE, "draw.close_reveals", draw.pk)
    return rule


@transaction.atomic
def reveal(*, party: Party, nonce: str, by: User, at: datetime) -> Party:
    """Show the number behind a commitment. With the last one the reveals close.

    A number that does not match is refused and may be corrected. Raises Blocked.
    Source: draw protocol, §4.
    """
    draw = held(party.draw)
    party = Party.objects.select_for_update(of=("self",)).get(pk=party.pk)
    _speaks_for(party, by)
    if draw.state != DrawState.RULE_LOGGED:
        raise Blocked("现在不是揭示的时候，请刷新页面看进行到哪一步。", article="19", paragraph=1)
    if draw.has_keeper:
        raise Blocked(
            "这次没有公开随机值，随机数封存交给托管人，由托管人核对后一并揭示，各方不单独揭示。",
            article="19",
            paragraph=1,
        )
    _before_due(draw, at)
    require_cosigned(draw)
    if party.nonce:
        raise Blocked(f"{party.name}已经揭示，不能再改。", article="19", paragraph=1)
    if not form.is_hex(nonce, 64):
        raise Blocked("随机数应是 64 位小写十六进制数。", article="19", paragraph=1)
    if commitment_of(draw, party, nonce) != party.commitment:
        raise Blocked(
            f"这个随机数与{party.name}的承诺不符，没有收下。"
            "请用生成承诺的那台设备或当时保存的文件再揭示一次。",
            article="19",
            paragraph=1,
        )
    party.nonce, party.revealed_at = nonce, at
    party.save(update_fields=["nonce", "revealed_at"])
    ledger.append(
        "draw.reveal",
        by=by,
        at=at,
        draw=draw.number,
        kind="reveal",
        about=("draw", draw.pk),
        party=party.name,
        nonce=nonce,
    )
    if not draw.parties.filter(nonce="").exists():
        close_now(draw, by, at)
    return party


@transaction.atomic
def close(*, draw: Draw, by: User | None, at: datetime) -> Draw:
    """End the reveals before the public value is due, by the operator or by the clock.

    by  None when the clock closes it

    With the last reveal they close by themselves. Raises Blocked when nobody revealed, or when
    the public value is already due.
    Source: draw protocol, §4.
    """
    draw = held(draw)
    if by is not None:
        only_for(draw.department, by)
    if draw.has_keeper:
        raise Blocked(
            "没有公开随机值的抽取不能缺任何一方，由托管人揭示后截止。", article="19", paragraph=1
        )
    return close_now(draw, by, at)


def close_now(draw: Draw, by: User | None, at: datetime) -> Draw:
    """Who did not reveal is missing on record, and the draw goes on."""
    if draw.state != DrawState.VOID:  # a void one is still computed, and stays void
        draw.advance(DrawState.CLOSED)
    _before_due(draw, at)
    if not draw.parties.exclude(nonce="").exists():
        raise Blocked(
            "还没有一方揭示随机数，不能截止。没有人揭示的抽取应当作废重来。",
            article="19",
            paragraph=1,
        )
    draw.parties.filter(nonce="").update(is_missing=True)
    draw.closed_at = at
    draw.save(update_fields=["closed_at"])
    ledger.append(
        "draw.close",
        by=by or "system",
        at=at,
        draw=draw.number,
        kind="close",
        about=("draw", draw.pk),
        missing=[party.name for party in draw.parties.filter(is_missing=True)],
    )
    queue.later("openlog.checkpoint")
    return draw


@transaction.atomic
def enter_beacon(
    *,
    draw: Draw,
    value: str,
    evidence: str = "",
    picture: UploadedFile | None = None,
    reason: str = "",
    by: User,
    at: datetime,
) -> Draw:
    """Enter the public value, once it exists, with its source or a picture of it.

    reason  why a value already entered was wrong; both stay in the ledger

    Also for a void draw whose reveals were closed: it is still computed. Raises Blocked,
    NeedsReason.
    Source: draw protocol, §4.
    """
    draw = held(draw)
    only_for(draw.department, by)
    _may_be_entered(draw)
    if problem := value_problem(draw, value, at):
        raise Blocked(problem, article="19", paragraph=1)
    if not evidence.strip() and picture is None and not draw.picture:
        raise Blocked(
            "请写明公开随机值的出处，或上传照片，好让别人也能查到同一个值。",
            article="19",
            paragraph=1,
        )
    before = draw.beacon_value
    if before and before != value and not reason.strip():
        raise NeedsReason(
            f"已经录入过“{before}”。改为“{value}”要写明原因，两次录入和原因一直公开。",
            article="19",
            paragraph=1,
        )
    digest = _put_picture(draw, picture) if picture is not None else ""
    draw.beacon_value, draw.beacon_evidence = value, evidence.strip()
    draw.beacon_at, draw.beacon_by = at, by
    draw.save(
        update_fields=["beacon_value", "beacon_evidence", "beacon_at", "beacon_by", "picture"]
    )
    ledger.append(
        "draw.enter_beacon",
        by=by,
        at=at,
        draw=draw.number,
        kind="beacon",
        about=("draw", draw.pk),
        value=value,
        evidence=draw.beacon_evidence,
        picture=digest,
        reason=reason.strip(),
    )
    return draw


def _may_be_entered(draw: Draw) -> None:
    """The reveals are over and a public value was agreed. Raises Blocked."""
    if draw.has_keeper:
        raise Blocked("这次抽取没有约定公开随机值，不用录入。", article="19", paragraph=1)
    is_void_but_closed = draw.state == DrawState.VOID and draw.closed_at is not None
    if draw.state != DrawState.CLOSED and not is_void_but_closed:
        is_over = draw.state in (DrawState.LOCKED, DrawState.VOID)
        why = "本次抽取已经结束" if is_over else "揭示还没有截止"
        raise Blocked(f"{why}，不能录入公开随机值。", article="19", paragraph=1)


def _put_picture(draw: Draw, picture: UploadedFile) -> str:
    """Keep the picture with the draw, which is not saved yet; the SHA-256 of it."""
    content = picture.read()
    digest = hashlib.sha256(content).hexdigest()
    suffix = "png" if content.startswith(b"\x89PNG") else "jpg"
    draw.picture.save(f"{draw.pk}-{digest[:16]}.{suffix}", ContentFile(content), save=False)
    return digest


def value_problem(draw: Draw, value: str, at: datetime) -> str:
    """Why this value cannot be the draw's public value, entered at this moment; "" if it can."""
    assert draw.beacon_due is not None
    if at < draw.beacon_due:
        return "公开随机值还没有到公布时间，不能录入。"
    if problem := beacons_rule.value_problem(draw.beacon_form, value):
        return f"公开随机值{problem}。"
    return beacons.odd_value(draw.beacon_form, draw.beacon_source, value)


def clean(text: str) -> str:
    """A name as the protocol wants it: composed characters, single blanks."""
    return unicodedata.normalize("NFC", " ".join(text.split()))


def one_open_rule(draw: Draw) -> None:
    """A plan line has one open rule at a time: nobody may choose among several afterwards.

    Source: draw protocol, §3.
    """
    line = draw.task.line
    if line is None:
        return
    PlanLine.objects.select_for_update(no_key=True, of=("self",)).get(pk=line.pk)
    others = (
        Draw.objects.with_open_rule()
        .filter(task__line=line, kind=draw.kind, department=draw.department)
        .exclude(pk=draw.pk)
    )
    if other := others.first():
        raise Blocked(
            f"同一计划行的{other.number}还没有抽完。请先抽完或作废，再开这一次的规则。",
            article="19",
            paragraph=1,
        )


def _in_turn(draw: Draw, party: Party, is_own_make: bool) -> None:
    """Without a public value: the operator's own party first, last one by its own shell.

    Source: draw protocol, §2: whoever serves the page could otherwise know every number.
    """
    parties = list(draw.parties.all())
    waiting = [each for each in parties if not each.commitment and each.pk != party.pk]
    if party.pk == parties[0].pk:
        if len(waiting) < len(parties) - 1:
            raise Blocked(
                f"{party.name}是主持抽取的一方，要最先提交；别的方已经提交，不能再改。",
                article="19",
                paragraph=1,
            )
    elif parties[0] in waiting:
        raise Blocked(
            f"没有公开随机值时，由{parties[0].name}先提交承诺。请等它提交。",
            article="19",
            paragraph=1,
        )
    if party.pk == parties[-1].pk:
        if waiting:
            names = "、".join(each.name for each in waiting)
            raise Blocked(
                f"{party.name}约定为最后提交的一方，请等{names}先提交。", article="19", paragraph=1
            )
        if not is_own_make:
            raise Blocked(
                f"没有公开随机值时，{party.name}要用自己的命令行生成随机数，把承诺贴进来，"
                "不能由网页生成。",
                article="19",
                paragraph=1,
            )


def _speaks_for(party: Party, by: User) -> None:
    if not party.speaks_for(by):
        raise Blocked(f"这一份由{party.name}办理，不能代交。", article="19", paragraph=1)


def _before_due(draw: Draw, at: datetime) -> None:
    if draw.beacon_due is not None and at >= draw.beacon_due:
        raise Blocked(
            "公开随机值已到公布时间，这一步来不及了。"
            + (
                "请由操作人重新约定公开随机值。"
                if draw.state == DrawState.COMMITTING
                else "本次抽取应作废，用新编号重来。"
            ),
            article="19",
            paragraph=1,
        )
