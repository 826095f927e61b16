"""The keeper: who holds every number of a draw that has no public value (protocol, §§3 and 4).

After the rule is logged each party hands its number over, sealed. The keeper opens nothing before
all are in, compares every one with the logged commitment, and reveals them together. One that is
lacking or wrong voids the draw and is named for ever.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction

from liancha.accounts.models import User
from liancha.ledger import actions as ledger
from liancha.rulebook import form, protocol
from liancha.rulebook.lifecycles import DrawState
from liancha.rulebook.verdicts import Blocked

from .. import rules
from ..models import Draw, Party
from .ceremony import close_now, held
from .cosigning import require_cosigned

KEY = re.compile(r"age1[02-9ac-hj-np-z]{58}")  # bech32 of 32 bytes
SEAL = re.compile(
    r"-----BEGIN AGE ENCRYPTED FILE-----\n(?:[A-Za-z0-9+/=]{1,64}\n)+"
    r"-----END AGE ENCRYPTED FILE-----\n"
)
LONGEST_SEAL = 4096


@transaction.atomic
def name_key(*, draw: Draw, key: str, by: User, at: datetime) -> Draw:
    """The keeper's public key, for sheets that are files; before the first of them. Raises Blocked.

    Source: draw protocol, §3.
    """
    draw = _kept_by(draw, by)
    if draw.state not in (DrawState.COMMITTING, DrawState.RULE_LOGGED):
        raise Blocked("现在不用再交公钥。", article="19", paragraph=1)
    if not KEY.fullmatch(key):
        raise Blocked(
            "公钥以 age1 开头，共 62 个字符。请复制 liancha escrow key 打出的那一行，"
            "不要贴 AGE-SECRET-KEY 开头的私钥。",
            article="19",
            paragraph=1,
        )
    if draw.parties.exclude(seal="").exists():
        raise Blocked("已有一方用原来的公钥封存，不能再换。", article="19", paragraph=1)
    draw.escrow_key = key
    draw.save(update_fields=["escrow_key"])
    ledger.append(
        "draw.name_key",
        by=by,
        at=at,
        draw=draw.number,
        kind="key",
        about=("draw", draw.pk),
        keeper=draw.escrow,
        key=key,
    )
    return draw


@transaction.atomic
def hand_over(*, party: Party, seal: str, by: User, at: datetime) -> Party:
    """A party's number as a file that only the keeper can open. Raises Blocked.

    seal  an armored age file; what is in it nobody here can read

    Source: draw protocol, §3.
    """
    draw, party = _sealing(party)
    if not party.speaks_for(by):
        raise Blocked(f"这一份由{party.name}办理，不能代交。", article="19", paragraph=1)
    seal = seal.replace("\r\n", "\n").strip() + "\n"
    if not draw.escrow_key:
        raise Blocked(
            f"托管人{draw.escrow}还没有给出公钥。请用打印的封存单，或等托管人给出公钥。",
            article="19",
            paragraph=1,
        )
    if len(seal) > LONGEST_SEAL or not SEAL.fullmatch(seal):
        raise Blocked(
            "这不是封存文件。请贴入从 BEGIN AGE ENCRYPTED FILE 到 END 的全部各行。",
            article="19",
            paragraph=1,
        )
    party.seal = seal
    return _sealed(draw, party, by, at)


@transaction.atomic
def take_envelope(*, party: Party, by: User, at: datetime) -> Party:
    """The keeper has a party's printed sheet in hand, closed. Raises Blocked.

    Source: draw protocol, §3.
    """
    draw, party = _sealing(party)
    _kept_by(draw, by)
    return _sealed(draw, party, by, at)


def _sealing(party: Party) -> tuple[Draw, Party]:
    draw = held(party.draw)
    party = Party.objects.select_for_update(of=("self",)).get(pk=party.pk)
    if not draw.has_keeper or draw.state != DrawState.RULE_LOGGED:
        raise Blocked(
            "规则存证以后、揭示以前才交封件，请刷新页面看进行到哪一步。", article="19", paragraph=1
        )
    _not_failed(draw)
    if party.sealed_at is not None:
        raise Blocked(f"{party.name}的封件已经交给托管人，不能再换。", article="19", paragraph=1)
    return draw, party


def _sealed(draw: Draw, party: Party, by: User, at: datetime) -> Party:
    party.sealed_at, party.sealed_by = at, by
    party.save(update_fields=["seal", "sealed_at", "sealed_by"])
    ledger.append(
        "draw.seal",
        by=by,
        at=at,
        draw=draw.number,
        kind="seal",
        about=("draw", draw.pk),
        party=party.name,
        sheet=form.H(party.seal) if party.seal else None,
    )
    if not draw.parties.filter(sealed_at=None).exists():
        draw.sealed_at = at
        draw.save(update_fields=["sealed_at"])
    return party


@transaction.atomic
def open_sheets(*, draw: Draw, nonces: Mapping[str, str], by: User, at: datetime) -> Draw:
    """Every number, compared with the logged commitments and revealed together by the keeper.

    nonces  party's name → 64 hex digits, all of them

    Also for a void draw whose last sheet was in: it is still computed. Raises Blocked, naming the
    parties, when a number is not the committed one: the keeper may have mistyped it; a sheet that
    is really wrong is reported with `fail_escrow`.
    Source: draw protocol, §§3 and 4.
    """
    draw = _kept_by(draw, by)
    is_void_but_sealed = draw.state == DrawState.VOID and draw.closed_at is None
    if draw.state != DrawState.RULE_LOGGED and not is_void_but_sealed:
        raise Blocked("现在不是开封的时候，请刷新页面看进行到哪一步。", article="19", paragraph=1)
    _not_failed(draw)
    require_cosigned(draw)
    if draw.sealed_at is None:
        raise Blocked(
            f"封件没有交齐，还不能开封。还差：{'、'.join(_outstanding(draw))}。",
            article="19",
            paragraph=1,
        )
    lacking = [name for name in committed(draw) if name not in nonces]
    if bad := lacking + wrong_of(draw, nonces):
        raise Blocked(
            f"与存证的承诺不符：{'、'.join(bad)}。一份也没有揭示。请对照封件再输一遍；"
            "封件本身不对的，如实上报托管失败。",
            article="19",
            paragraph=1,
        )
    for party in draw.parties.all():
        party.nonce, party.revealed_at = nonces[party.name], at
        party.save(update_fields=["nonce", "revealed_at"])
    ledger.append(
        "draw.open_sheets",
        by=by,
        at=at,
        draw=draw.number,
        kind="reveal",
        about=("draw", draw.pk),
        keeper=draw.escrow,
        nonces={party.name: party.nonce for party in draw.parties.all()},
    )
    return close_now(draw, by, at)


@transaction.atomic
def fail_escrow(
    *,
    draw: Draw,
    nonces: Mapping[str, str],
    lacking: Collection[str] = (),
    by: User,
    at: datetime,
) -> Draw:
    """The keeper reports a sheet that never came, or that is not what was committed to.

    nonces   what the sheets in hand say, by party; "" for one that cannot be read
    lacking  parties whose sheet did not come

    The parties are named and the numbers in hand published with the void; the department's head
    has only to confirm it. Raises Blocked when there is nothing to report.
    Source: draw protocol, §3.
    """
    draw = _kept_by(draw, by)
    if draw.state != DrawState.RULE_LOGGED:
        raise Blocked("只有规则存证以后、揭示以前才能上报托管失败。", article="19", paragraph=1)
    _not_failed(draw)
    outstanding = _outstanding(draw)
    if came := [name for name in lacking if name not in outstanding]:
        raise Blocked(f"{'、'.join(came)}的封件已经记录收到。", article="19", paragraph=1)
    in_hand = [name for name in committed(draw) if name not in lacking]
    if unsaid := [name for name in in_hand if name not in nonces]:
        raise Blocked(
            f"请逐份写出手中封件上的随机数：{'、'.join(unsaid)}。它们会与作废记录一起公开。",
            article="19",
            paragraph=1,
        )
    held_now = {name: nonces[name] for name in in_hand}
    wrong = wrong_of(draw, held_now)
    if not wrong and not lacking:
        raise Blocked("每一份都在，也都与承诺相符，没有托管失败。", article="19", paragraph=1)
    draw.escrow_fault = {
        "lacking": sorted(lacking),
        "wrong": wrong,
        "nonces": {name: nonce for name, nonce in held_now.items() if nonce},
    }
    draw.void_cause, draw.void_reason = Draw.VoidCause.ESCROW, _words(lacking, wrong)
    draw.void_asked_by, draw.void_asked_at = by, at
    draw.save(
        update_fields=[
            "escrow_fault", "void_cause", "void_reason", "void_asked_by", "void_asked_at",
        ]
    )  # fmt: skip
    ledger.append(
        "draw.fail_escrow",
        by=by,
        at=at,
        draw=draw.number,
        kind="ask_void",
        about=("draw", draw.pk),
        cause=draw.void_cause,
        reason=draw.void_reason,
        escrow=draw.escrow_fault,
    )
    return draw


def committed(draw: Draw) -> dict[str, str]:
    """Party's name → commitment, as the logged rule has them."""
    return {party.name: party.commitment for party in rules.logged(draw).parties}


def wrong_of(draw: Draw, nonces: Mapping[str, str]) -> list[str]:
    """Parties whose number is not the one they committed to in the logged rule."""
    return [
        name
        for name, commitment in committed(draw).items()
        if name in nonces
        and (
            not form.is_hex(nonces[name], 64)
            or protocol.commitment(draw.number, name, nonces[name]) != commitment
        )
    ]


def _words(lacking: Collection[str], wrong: Collection[str]) -> str:
    words = []
    if lacking:
        words.append(f"没有交来封件：{'、'.join(sorted(lacking))}")
    if wrong:
        words.append(f"封件与承诺不符：{'、'.join(wrong)}")
    return "；".join(words)[:300]


def _outstanding(draw: Draw) -> list[str]:
    return list(draw.parties.filter(sealed_at=None).values_list("name", flat=True))


def _kept_by(draw: Draw, by: User) -> Draw:
    draw = held(draw)
    if not draw.has_keeper or draw.keeper_id != by.pk:
        raise Blocked(
            f"这一步只由托管人{draw.escrow}办理。" if draw.escrow else "这次抽取没有托管人。",
            article="19",
            paragraph=1,
        )
    return draw


def _not_failed(draw: Draw) -> None:
    if draw.escrow_fault is not None:
        raise Blocked(
            "托管人已经上报封件缺失或不符，本次抽取只能作废，用新编号并约定公开随机值重来。",
            article="19",
            paragraph=1,
        )
