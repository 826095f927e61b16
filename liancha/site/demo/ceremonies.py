"""How the draws of the demo year are held: as planned, and what they come to when they are not.

The plain one names a public value. Besides it the year has a draw that was void and drawn anew, a
witness who did not come back to reveal, a keeper who revealed for everybody, and a further batch.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from liancha.accounts.models import Department, User
from liancha.draw import actions as draws
from liancha.draw.models import Draw, Party
from liancha.task.models import Task

from .year import Story, World

# What the ceremony calls a party, its department or its witness, and who acts for it.
Hand = tuple[str, Department | None, User | None, User]
LOTTERY = "双色球 第 {issue} 期 红球升序 + 蓝球"
LOTTERY_FORM = "00 00 00 00 00 00 + 00"
LOTTERY_EVIDENCE = "中国福利彩票发行管理中心开奖公告"
DICE = "现场掷骰十枚，自左至右"
DICE_FORM = "0 0 0 0 0 0 0 0 0 0"
DICE_EVIDENCE = "见证人读数，照片存证"
KEEPER = "纪云帆（洛阳市示范公证处）"
WHY_VOID = "承诺揭示截止后大厅停电，全程录像中断，公开过程没有完整留存；公开随机值尚未产生"
WHY_MORE = "已抽中的两户经属地核实已停业，达不到方案确定的户数"
MORE = 2  # targets of the supplementary batch


@dataclass(frozen=True, slots=True)
class Ceremony:
    """One ceremony with a public value.

    day, hour  when the rule is opened; commitments and reveals follow within the hour
    until      "committing" or "closed": it is left there; anything else: to the locked list
    absent     position of a party that commits and never reveals
    """

    draw: Draw
    hands: list[Hand]
    beacon: draws.BeaconSpec
    by: User
    day: date
    hour: int = 9
    until: str = ""
    absent: int | None = None


def lottery(day: date, due: datetime) -> draws.BeaconSpec:
    issue = f"{day.year}{day.timetuple().tm_yday * 151 // 365:03d}"
    return draws.BeaconSpec(source=LOTTERY.format(issue=issue), form=LOTTERY_FORM, due=due)


def dice(due: datetime) -> draws.BeaconSpec:
    return draws.BeaconSpec(source=DICE, form=DICE_FORM, due=due)


def three_hands(world: World, task: Task) -> list[Hand]:
    """For targets: the initiator, a cooperator, and a witness from outside."""
    own = task.initiator
    cooperator = task.participations.exclude(department=own)[0].department
    return [
        (own.name, own, None, world.people.planner[own.code]),
        (cooperator.name, cooperator, None, world.people.handler[cooperator.code]),
        _witness(world),
    ]


def two_hands(world: World, task: Task, department: Department) -> list[Hand]:
    """For inspectors: the department itself, and the initiator; for the initiator the witness."""
    own = task.initiator
    other: Hand = (own.name, own, None, world.people.planner[own.code])
    return [
        (department.name, department, None, world.people.handler[department.code]),
        _witness(world) if department == own else other,
    ]


def hold(world: World, ceremony: Ceremony) -> Story:
    """Rule, commitments, reveals, public value, lock; as far as `until` says."""
    draw, by = ceremony.draw, ceremony.by
    at = world.at(ceremony.day, ceremony.hour, 10)
    yield at
    draws.open_rule(
        draw=draw, parties=_parties(ceremony.hands), beacon=ceremony.beacon, by=by, at=at
    )
    if ceremony.until == "committing":
        return
    nonces = yield from _commit(world, draw, ceremony.hands, day=ceremony.day, hour=ceremony.hour)
    for n, (party, nonce, person) in enumerate(nonces):
        if n == ceremony.absent:
            continue
        at = world.at(ceremony.day, ceremony.hour, 40 + 3 * n)
        yield at
        draws.reveal(party=party, nonce=nonce, by=person, at=at)
    if ceremony.absent is not None:
        at = ceremony.beacon.due - timedelta(minutes=1)
        yield at
        draws.close(draw=draw, by=None, at=at)
    world.log.checkpoint(at)  # the close, before the public value
    if ceremony.until == "closed":
        return
    at = ceremony.beacon.due + timedelta(minutes=25)
    yield at
    _enter(world, draw, ceremony.beacon, by=by, at=at)
    at += timedelta(minutes=5)
    yield at
    draw.refresh_from_db()
    draws.lock(draw=draw, by=by, at=at)
    world.log.checkpoint(at)


def with_keeper(world: World, draw: Draw, hands: list[Hand], *, day: date, by: User) -> Story:
    """No public value: all numbers go to the keeper in envelopes, who opens and reveals them."""
    at = world.at(day, 9, 10)
    yield at
    draws.open_rule(draw=draw, parties=_parties(hands), beacon=None, escrow=KEEPER, by=by, at=at)
    at = world.at(day, 9, 15)
    yield at
    # Nobody knows this password: in the demo a visitor steps in from the log-in page.
    draw = draws.accept_keeping(draw=draw, role="公证员", password=world.nonce(), at=at)
    keeper = draw.keeper
    assert keeper is not None
    nonces = yield from _commit(world, draw, hands, day=day, hour=9)
    for n, (party, _, _) in enumerate(nonces):
        at = world.at(day, 9, 35 + 2 * n)
        yield at
        draws.take_envelope(party=party, by=keeper, at=at)
    at = world.at(day, 9, 50)
    yield at
    draws.open_sheets(
        draw=draw, nonces={party.name: nonce for party, nonce, _ in nonces}, by=keeper, at=at
    )
    world.log.checkpoint(at)
    at = world.at(day, 10, 5)
    yield at
    draw.refresh_from_db()
    draws.lock(draw=draw, by=by, at=at)
    world.log.checkpoint(at)


def make_void(world: World, draw: Draw, *, day: date, by: User) -> Story:
    """After the close and before the public value the hall goes dark; the head agrees to a void."""
    at = world.at(day, 10, 20)
    yield at
    draws.ask_void(draw=draw, cause=Draw.VoidCause.TECHNICAL, reason=WHY_VOID, by=by, at=at)
    at = world.at(day, 10, 55)
    yield at
    head = world.people.head[draw.department.code]
    draws.void(draw=draw, note="同意，冻结新的名单，用新编号重抽", by=head, at=at)
    world.log.checkpoint(at)


def compute_void(world: World, draw: Draw, beacon: draws.BeaconSpec, *, by: User) -> Story:
    """What the void draw would have come to, for everybody to see."""
    at = beacon.due + timedelta(minutes=35)
    yield at
    _enter(world, draw, beacon, by=by, at=at)
    at += timedelta(minutes=3)
    yield at
    draws.compute_void(draw=draw, by=by, at=at)
    world.log.checkpoint(at)


def supplement(
    world: World, after: Draw, *, day: date, by: User
) -> Generator[datetime, None, Draw]:
    """A further batch is asked for, agreed, and its pool frozen by the afternoon."""
    at = world.at(day, 11, 30)
    yield at
    left = sorted(draws.left_by(after).items(), key=lambda each: -each[1])
    wanted = dict.fromkeys((name for name, number in left[:MORE] if number), 1)
    asked = draws.ask_supplement(after=after, wanted=wanted, reason=WHY_MORE, by=by, at=at)
    at = world.at(day, 13, 20)
    yield at
    head = world.people.head[after.department.code]
    draws.decide_supplement(supplement=asked, agree=True, note="同意补抽", by=head, at=at)
    at = world.at(day, 14, 5)
    yield at
    return draws.freeze_supplement(supplement=asked, secret=world.nonce(), by=by, at=at)


def _commit(
    world: World, draw: Draw, hands: list[Hand], *, day: date, hour: int
) -> Generator[datetime, None, list[tuple[Party, str, User]]]:
    """Everybody commits, in order; who is who, with what number."""
    nonces = []
    for n, party in enumerate(draw.parties.order_by("position")):
        person = hands[n][3]
        nonce = world.nonce()
        at = world.at(day, hour, 20 + 3 * n)
        yield at
        draws.commit(
            party=party,
            commitment=draws.commitment_of(draw, party, nonce),
            is_own_make=draw.has_keeper and party.is_witness,
            by=person,
            at=at,
        )
        nonces.append((party, nonce, person))
    world.log.checkpoint(at)  # the rule, before anybody reveals
    return nonces


def _enter(world: World, draw: Draw, beacon: draws.BeaconSpec, *, by: User, at: datetime) -> None:
    draw.refresh_from_db()
    is_lottery = beacon.form == LOTTERY_FORM
    draws.enter_beacon(
        draw=draw,
        value=_published(world, beacon.source) if is_lottery else _thrown(world),
        evidence=LOTTERY_EVIDENCE if is_lottery else DICE_EVIDENCE,
        by=by,
        at=at,
    )


def _published(world: World, source: str) -> str:
    """An issue of the lottery has one value, whoever asks."""
    if source not in world.values:
        reds = sorted(world.chance.sample(range(1, 34), 6))
        blue = world.chance.randint(1, 16)
        world.values[source] = f"{' '.join(f'{n:02d}' for n in reds)} + {blue:02d}"
    return world.values[source]


def _thrown(world: World) -> str:
    return " ".join(str(world.chance.randint(1, 6)) for _ in range(10))


def _parties(hands: list[Hand]) -> list[draws.PartySpec]:
    return [
        draws.PartySpec(name=name, department=department, user=user, is_witness=user is not None)
        for name, department, user, _ in hands
    ]


def _witness(world: World) -> Hand:
    witness = world.people.cast["jianzheng"]
    return (witness.body, None, witness, witness)
