"""Who brings a number into the seed, and what ends the ceremony (protocol, §2).

A public value ends it. Only where none is named a keeper takes every number sealed, and then one
party outside the operator's department makes its number without our page and hands in last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from liancha.accounts.models import Department, User
from liancha.accounts.permissions import Permission
from liancha.ledger import actions as ledger
from liancha.rulebook import beacon as beacons_rule
from liancha.rulebook import form
from liancha.rulebook.lifecycles import DrawState
from liancha.rulebook.verdicts import Blocked

from .. import rules
from ..models import Draw, Party
from .ceremony import clean, held, one_open_rule
from .pooling import only_for

LONGEST_WAIT_DAYS = 31  # local practice: a later public value is most likely a slip
INVITED = "待登记见证人"  # what an invited witness is called until it says who it is


@dataclass(frozen=True, slots=True)
class PartySpec:
    """One hand in the seed: a department, a person who witnesses, or one still to be invited."""

    name: str
    department: Department | None = None
    user: User | None = None
    is_witness: bool = False
    is_invited: bool = False


@dataclass(frozen=True, slots=True)
class BeaconSpec:
    """The public value that will end the ceremony: what, how spelt, when."""

    source: str
    form: str
    due: datetime


@transaction.atomic
def open_rule(
    *,
    draw: Draw,
    parties: Sequence[PartySpec],
    beacon: BeaconSpec | None,
    escrow: str = "",
    place: str = "",
    by: User,
    at: datetime,
) -> Draw:
    """Name the parties and the public value. May be done again until the rule is logged.

    beacon  None only with a keeper
    escrow  the keeper's name, who is no party; "" with a public value
    place   where people meet for it, for the minutes; "" when everybody stays where they are

    A public value comes after every reveal, so that not even all parties together can choose the
    outcome. Without one the keeper holds every number before the first is shown. Raises Blocked.
    Source: art. 19, paragraph 1; draw protocol, §2.
    """
    draw = held(draw)
    only_for(draw.department, by)
    one_open_rule(draw)
    if draw.state != DrawState.COMMITTING:
        draw.advance(DrawState.COMMITTING)
    _check_parties(draw, parties)
    escrow = clean(escrow)
    if beacon is None:
        _check_escrow(draw, parties, escrow)
    elif escrow:
        raise Blocked("有公开随机值收尾的，不用托管人。请只选一种。", article="19", paragraph=1)
    else:
        _check_beacon(beacon, at)
    _name_parties(draw, parties)
    draw.beacon_source = clean(beacon.source) if beacon else ""
    draw.beacon_form = beacon.form if beacon else ""
    draw.beacon_due = beacon.due.replace(microsecond=0) if beacon else None
    draw.escrow, draw.escrow_key, draw.keeper = escrow, "", None
    draw.save(
        update_fields=[
            "beacon_source", "beacon_form", "beacon_due", "escrow", "escrow_key", "keeper",
        ]
    )  # fmt: skip
    named = rules.beacon_of(draw)
    ledger.append(
        "draw.open_rule",
        by=by,
        at=at,
        draw=draw.number,
        kind="open",
        about=("draw", draw.pk),
        parties=[party.name for party in draw.parties.all()],
        beacon=named.as_json() if named else None,
        escrow=escrow or None,
        place=clean(place),
    )
    return draw


def _name_parties(draw: Draw, parties: Sequence[PartySpec]) -> None:
    """In the place of those named before; links to invite one of them die with it."""
    draw.parties.all().delete()
    Party.objects.bulk_create(
        Party(
            draw=draw,
            position=position,
            name=clean(party.name),
            department=party.department,
            user=party.user,
            is_witness=party.is_witness,
            is_invited=party.is_invited,
        )
        for position, party in enumerate(parties)
    )


def _check_parties(draw: Draw, parties: Sequence[PartySpec]) -> None:
    names = [clean(party.name) for party in parties]
    if len(set(names)) < len(names):
        raise Blocked("各方名称不能相同。请写明单位和姓名。", article="19", paragraph=1)
    if not parties or parties[0].department != draw.department:
        raise Blocked(f"第一方应是{draw.department.name}。", article="19", paragraph=1)
    if not draw.is_of_targets and len(parties) < 2:
        raise Blocked(
            "抽取人员时，除本部门外还要有发起部门或一名见证人作为一方。",
            article="19",
            paragraph=1,
        )
    taking_part = set(draw.task.departments.values_list("pk", flat=True))
    for party in parties:
        if problem := form.text_problem(clean(party.name)):
            raise Blocked(f"一方的名称{problem}。", article="19", paragraph=1)
        if party.is_invited:
            continue
        if party.user is not None:
            if not party.user.may(Permission.DRAW_JOIN):
                raise Blocked(
                    f"{party.user}没有参加摇号的权限，请改选见证人或经办人。",
                    article="19",
                    paragraph=1,
                )
        elif party.department is None or party.department.pk not in taking_part:
            raise Blocked(
                f"{party.name}不是本任务的参与部门。请选择参与部门或见证人。",
                article="19",
                paragraph=1,
            )


def _check_beacon(beacon: BeaconSpec, at: datetime) -> None:
    if problem := form.text_problem(clean(beacon.source)):
        raise Blocked(
            f"公开随机源{problem}。请写到两个人读来都是同一个值。", article="19", paragraph=1
        )
    if problem := beacons_rule.form_problem(beacon.form):
        raise Blocked(f"公开随机值的格式不合：{problem}。", article="19", paragraph=1)
    if beacon.due <= at:
        raise Blocked(
            "公布时间已经过去。公开随机值必须是现在还不存在的。", article="19", paragraph=1
        )
    if (beacon.due - at).days > LONGEST_WAIT_DAYS:
        raise Blocked(
            f"公布时间在 {LONGEST_WAIT_DAYS} 天以后，请核对日期。", article="19", paragraph=1
        )


def _check_escrow(draw: Draw, parties: Sequence[PartySpec], escrow: str) -> None:
    """What a draw without a public value needs instead.

    Source: draw protocol, §§2 and 3.
    """
    if failed := draw_with_failed_escrow(draw):
        raise Blocked(
            f"同一计划行的{failed.number}因托管失败作废，下一次抽取必须约定公开随机值"
            "（抽取规程第 3 节）。请选双色球、大乐透或现场掷骰。",
            article="19",
            paragraph=1,
        )
    if problem := form.text_problem(escrow):
        raise Blocked(
            f"没有公开随机值时必须有托管人，托管人的姓名{problem}。", article="19", paragraph=1
        )
    if escrow in {clean(party.name) for party in parties}:
        raise Blocked("托管人不能是其中一方。请另请一位。", article="19", paragraph=1)
    if len(parties) < 2 or not _is_outside(draw, parties[-1]):
        raise Blocked(
            f"没有公开随机值时，最后提交的一方必须在{draw.department.name}以外，"
            "用自己的命令行生成随机数和承诺。请加一个配合部门或见证人。",
            article="19",
            paragraph=1,
        )


def _is_outside(draw: Draw, party: PartySpec) -> bool:
    own = draw.department_id
    if party.department is not None:
        return party.department.pk != own
    return party.user is None or party.user.department_id != own


def draw_with_failed_escrow(draw: Draw) -> Draw | None:
    """The earlier draw of this plan line whose escrow failed, while none was drawn since.

    Source: draw protocol, §3: the next draw of that plan line must name a beacon.
    """
    line = draw.task.line
    of_line = Draw.objects.filter(task__line=line) if line else draw.task.draws.all()
    others = of_line.filter(kind=draw.kind, department=draw.department).exclude(pk=draw.pk)
    failed = others.filter(void_cause=Draw.VoidCause.ESCROW, state=DrawState.VOID).last_frozen()
    if failed is None or others.locked().filter(pk__gt=failed.pk).exists():
        return None
    return failed
