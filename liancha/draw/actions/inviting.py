"""Guests: a notary, a deputy, the press, who come by a link and have no account of a department.

Whoever opens the link says who they are and chooses a password of their own; from then on the
link alone is of no use, also not to whoever sent it. Name, body and role stand in the ledger.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from liancha.accounts import actions as accounts
from liancha.accounts.models import User
from liancha.accounts.permissions import Role
from liancha.ledger import actions as ledger
from liancha.rulebook import form
from liancha.rulebook.lifecycles import DrawState
from liancha.rulebook.verdicts import Blocked

from ..models import Draw, Party
from .ceremony import clean, held

GUEST = "guest-"  # how the accounts of guests begin
LINK = "draw.invitation"  # who opens them: nobody here, the link


@transaction.atomic
def accept_invitation(
    *,
    party: Party,
    name: str,
    body: str,
    role: str,
    password: str,
    by: str = LINK,
    at: datetime,
) -> Party:
    """An invited witness signs in: the party gets its name and the person behind it.

    Raises Blocked once somebody has, after the commitments, or for a name that another has.
    Source: art. 19, paragraph 1; draw protocol, §3.
    """
    draw = held(party.draw)
    party = Party.objects.select_for_update(of=("self",)).get(pk=party.pk)
    if not party.is_invited or party.user_id is not None:
        raise Blocked(
            "这个邀请已经有人登记。如果不是您，请告诉主持抽取的部门重新约定各方。",
            article="19",
            paragraph=1,
        )
    _still_open(draw)
    shown = clean(f"{name}（{body}）")
    if problem := form.text_problem(shown):
        raise Blocked(f"姓名和单位{problem}。", article="19", paragraph=1)
    if shown == draw.escrow or draw.parties.filter(name=shown).exists():
        raise Blocked("同一个人不能担任两方，也不能兼任托管人。", article="19", paragraph=1)
    guest = _account(f"{draw.pk}-{party.pk}", name, body, password, by, at)
    party.user, party.name, party.role = guest, shown, clean(role)
    party.save(update_fields=["user", "name", "role"])
    ledger.append(
        "draw.accept_invitation",
        by=guest,
        at=at,
        draw=draw.number,
        kind="guest",
        about=("draw", draw.pk),
        party=party.name,
        role=party.role,
    )
    return party


@transaction.atomic
def accept_keeping(*, draw: Draw, role: str, password: str, by: str = LINK, at: datetime) -> Draw:
    """The keeper named in the rule signs in. Raises Blocked once somebody has.

    Source: draw protocol, §§2 and 3.
    """
    draw = held(draw)
    if not draw.has_keeper or draw.keeper_id is not None:
        raise Blocked(
            "托管人已经登记过。如果不是您，请告诉主持抽取的部门重新约定各方。",
            article="19",
            paragraph=1,
        )
    _still_open(draw)
    draw.keeper = _account(f"{draw.pk}-keeper", draw.escrow, "", password, by, at)
    draw.save(update_fields=["keeper"])
    ledger.append(
        "draw.accept_keeping",
        by=draw.keeper,
        at=at,
        draw=draw.number,
        kind="guest",
        about=("draw", draw.pk),
        keeper=draw.escrow,
        role=clean(role),
    )
    return draw


def _still_open(draw: Draw) -> None:
    if draw.state != DrawState.COMMITTING:
        raise Blocked(
            "这次抽取已经不在提交承诺的阶段，不能再登记。请联系主持抽取的部门。",
            article="19",
            paragraph=1,
        )


def _account(mark: str, name: str, body: str, password: str, by: str, at: datetime) -> User:
    """Sees this one draw and no other; its name is taken anew when the parties are agreed anew."""
    taken = User.objects.filter(username__startswith=f"{GUEST}{mark}").count()
    guest, _ = accounts.open_account(
        username=f"{GUEST}{mark}" + (f"-{taken + 1}" if taken else ""),
        full_name=name[:40],
        department=None,
        body=body,
        password=password,
        by=by,
        at=at,
    )
    accounts.set_roles(user=guest, roles={Role.WITNESS}, by=by, at=at)
    return guest
