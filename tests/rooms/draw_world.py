"""A task of hotels ready for its pool, for the tests of the draw: written row by row, so that
these tests stand without the pages of earlier rooms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from liancha.accounts.models import Department, Region, User
from liancha.draw import actions, frames, frozen
from liancha.draw.actions import BeaconSpec, PartySpec
from liancha.draw.models import Candidate, Draw, Party
from liancha.lists.models import JointField, JointItem, ListVersion
from liancha.plan.models import Plan, PlanLine, PlanRate
from liancha.registry import search
from liancha.registry.models import Tag, Target
from liancha.roster.models import Certificate, Inspector
from liancha.rulebook.lifecycles import LineState, PlanState, TaskState
from liancha.task.models import Participation, Scheme, Task
from tests.people import GOOD_UNTIL, NOON, Cast, make_cast

RATES = (("A", "1/50"), ("B", "1/20"), ("C", "1/5"), ("D", "1/2"), ("未分类", "1/10"))
REGIONS = ("410302", "410303", "410305", "410311")
STARTS, ENDS = date(2026, 11, 26), date(2026, 12, 11)
USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def code(number: int) -> str:
    """A credit code nobody has, with its check digit (GB 32100)."""
    body = f"91410300XXXX{number:05d}"
    total = sum(USCC.index(c) * pow(3, i, 31) for i, c in enumerate(body.replace("X", "Y")))
    return body + USCC[(31 - total % 31) % 31]


@dataclass
class World:
    """cast, the task, and the targets by number."""

    cast: Cast
    task: Task
    tag: Tag
    targets: list[Target] = field(default_factory=list)

    def department(self, code: str) -> Department:
        return self.cast.department[code]


def make_world(
    *,
    classes: str = "A" * 40 + "B" * 20 + "C" * 10 + "D" * 6,
    stratify: str = "credit",
    rates: Iterable[tuple[str, str]] = RATES,
    confidential: bool = True,
    participants: tuple[str, ...] = ("GA", "WJ", "SCJG", "XF"),
    people: int = 6,
) -> World:
    """classes  one letter per target, its credit class, "-" for none."""
    cast = make_cast()
    city = Region.objects.get(pk="410300")
    joint = ListVersion.objects.create(
        kind="joint",
        region=city,
        number=1,
        title="联合抽查清单",
        created_by=cast.zhou,
        created_at=NOON,
    )
    tag = Tag.objects.filter(code="hotel").first() or Tag.objects.create(
        code="hotel", name="宾馆旅店"
    )
    tag.supervisors.set(cast.department.values())
    jf = JointField.objects.create(
        version=joint,
        code="JF05",
        name="宾馆、旅店监督抽查",
        targets="各类宾馆、旅店",
        tag=tag.code,
        item_class="key",
        methods="1",
        level="CX",
        initiator=cast.department["GA"],
    )
    jf.cooperators.set(cast.department[c] for c in participants[1:])
    for n, each in enumerate(participants):
        JointItem.objects.create(
            version=joint,
            field=jf,
            position=n + 1,
            name=f"事项{n + 1}",
            department=cast.department[each],
        )
    plan = Plan.objects.create(
        year=2026,
        region=city,
        title="2026 年度计划",
        list_version=joint,
        state=PlanState.PUBLISHED,
        created_by=cast.zhou,
        created_at=NOON,
    )
    line = PlanLine.objects.create(
        plan=plan,
        number="41030020260005",
        name="宾馆、旅店监督抽查",
        field=jf,
        initiator=cast.department["GA"],
        targets="各类宾馆、旅店",
        executor="市级",
        duties="各负其责",
        base=len(classes),
        stratify=stratify,
        starts_on=date(2026, 10, 8),
        ends_on=date(2026, 12, 31),
        state=LineState.IN_PROGRESS,
        changed_at=NOON,
    )
    line.cooperators.set(cast.department[c] for c in participants[1:])
    for n, (stratum, ratio) in enumerate(rates):
        PlanRate.objects.create(line=line, stratum=stratum, ratio=ratio, position=n)
    task = Task.objects.create(
        number="410300202611160007",
        name="宾馆、旅店监督抽查（第 1 批）",
        line=line,
        field=jf,
        initiator=cast.department["GA"],
        starts_on=STARTS,
        ends_on=ENDS,
        state=TaskState.SCHEME_APPROVED,
        is_confidential=confidential,
        platform_number="4103002026050017",
        created_by=cast.shen,
        created_at=NOON,
    )
    for each in participants:
        Participation.objects.create(
            task=task,
            department=cast.department[each],
            role="initiator" if each == "GA" else "cooperator",
        )
    Scheme.objects.create(
        task=task,
        goal="查清安全状况",
        duties="公安牵头",
        stages=[],
        approved_by=cast.cheng,
        approved_at=NOON,
        submitted_by=cast.shen,
        saved_at=NOON,
    )
    targets = add_targets(tag, classes)
    for each in participants:
        add_people(cast.department[each], people)
    return World(cast, task, tag, targets)


def add_targets(tag: Tag, classes: str, first: int = 1) -> list[Target]:
    targets = Target.objects.bulk_create(
        Target(
            code=code(n),
            code_kind="uscc",
            name=f"洛阳第{n}宾馆",
            kind="01",
            address=f"洛阳市某路 {n} 号",
            region_id=REGIONS[n % len(REGIONS)],
            credit_class=letter.strip("-"),
            updated_at=NOON - timedelta(days=3),
        )
        for n, letter in enumerate(classes, start=first)
    )
    tag.targets.add(*targets)
    search.put(targets)
    return targets


def add_people(department: Department, count: int) -> list[Inspector]:
    people = Inspector.objects.bulk_create(
        Inspector(
            department=department,
            number=f"{department.code}-{n:03d}",
            name=f"{department.short}{n}号",
            capacity=20,
            may_lead=n <= 3,
            updated_at=NOON,
        )
        for n in range(1, count + 1)
    )
    Certificate.objects.bulk_create(
        Certificate(
            inspector=each,
            number=f"1603{sha256(each.number.encode()).hexdigest()[:7]}",
            valid_from=date(2024, 1, 1),
            valid_to=GOOD_UNTIL,
        )
        for each in people
    )
    return people


# ── The ceremony, as the people of the cast go through it ─────────────────────────────────────

DUE = NOON + timedelta(hours=9, minutes=15)
LOTTERY = BeaconSpec("双色球 第2026135期 红球升序 + 蓝球", "00 00 00 00 00 00 + 00", DUE)
LOTTERY_VALUE = "03 08 15 19 26 33 + 07"
SPEAKERS = {"GA": "shen", "WJ": "lu", "SCJG": "xiang", "XF": "pei"}
WITNESS = "秦牧之（洛阳市公证处）"


def speaker(world: World, party: Party) -> User:
    if party.user is not None:
        return party.user
    assert party.department is not None
    return world.cast.user[SPEAKERS[party.department.code]]


def nonce(party: Party) -> str:
    return sha256(f"{party.draw_id} {party.name}".encode()).hexdigest()


def freeze(world: World, task: Task | None = None, at: datetime = NOON) -> Draw:
    return actions.freeze(
        task=task or world.task, reason="分类是全市统一口径", by=world.cast.shen, at=at
    )


def open_rule(
    world: World,
    draw: Draw,
    *others: str,
    witness: bool = True,
    beacon: BeaconSpec | None = LOTTERY,
    escrow: str = "",
    place: str = "",
    at: datetime = NOON,
) -> Draw:
    """Parties: the department itself, these other departments, the witness.

    beacon=None with escrow=KEEPER: no public value, a keeper holds every number.
    """
    own = draw.department
    parties = [PartySpec(own.name, department=own)]
    for code_ in others:
        other = world.department(code_)
        parties.append(PartySpec(other.name, department=other))
    if witness:
        parties.append(PartySpec(WITNESS, user=world.cast.qin, is_witness=True))
    by = world.cast.user[SPEAKERS[own.code]]
    return actions.open_rule(
        draw=draw, parties=parties, beacon=beacon, escrow=escrow, place=place, by=by, at=at
    )


KEEPER = "田穗（洛阳市公证处）"


def kept(world: World, draw: Draw | None = None) -> Draw:
    """A draw with a keeper, its rule logged: the sheets are to be handed over."""
    draw = open_rule(world, draw or freeze(world), "WJ", beacon=None, escrow=KEEPER)
    actions.accept_keeping(draw=draw, role="公证员", password="ping-an-2026-x", at=NOON)
    commit(world, draw)
    draw.refresh_from_db()
    return draw


def sealed(world: World, draw: Draw | None = None) -> Draw:
    """The same with every sheet in the keeper's hands."""
    draw = kept(world, draw)
    for party in draw.parties.all():
        actions.take_envelope(party=party, by=draw.keeper, at=NOON)
    draw.refresh_from_db()
    return draw


def sheets(draw: Draw) -> dict[str, str]:
    """What the sheets say: party's name → its number."""
    return {party.name: nonce(party) for party in draw.parties.all()}


def commit(world: World, draw: Draw, *, but: int | None = None, at: datetime = NOON) -> None:
    for party in draw.parties.order_by("position"):
        if party.position != but:
            actions.commit(
                party=party,
                commitment=actions.commitment_of(draw, party, nonce(party)),
                is_own_make=party.is_witness,
                by=speaker(world, party),
                at=at,
            )


def reveal(world: World, draw: Draw, *, but: int | None = None, at: datetime = NOON) -> None:
    for party in draw.parties.order_by("position"):
        if party.position != but:
            actions.reveal(party=party, nonce=nonce(party), by=speaker(world, party), at=at)


def closed(world: World, task: Task | None = None) -> Draw:
    """A draw of targets whose reveals are closed, with the value still to come."""
    draw = open_rule(world, freeze(world, task), "WJ")
    commit(world, draw)
    reveal(world, draw)
    draw.refresh_from_db()
    return draw


def computed(world: World, task: Task | None = None) -> Draw:
    """The same with the public value entered: ready to lock."""
    draw = closed(world, task)
    return actions.enter_beacon(
        draw=draw, value=LOTTERY_VALUE, evidence="中国福彩网公告", by=world.cast.shen, at=DUE
    )


def locked(world: World, task: Task | None = None) -> Draw:
    return actions.lock(draw=computed(world, task), by=world.cast.shen, at=DUE)


def dispatched(world: World) -> Draw:
    draw = locked(world)
    actions.dispatch(draw=draw, by=world.cast.shen, at=DUE)
    return draw


def inspectors_computed(world: World, code_: str, **options: object) -> Draw:
    """One department's draw of its people up to the public value, not yet locked."""
    by = world.cast.user[SPEAKERS[code_]]
    draw = actions.freeze_inspectors(
        task=world.task, department=world.department(code_), by=by, at=DUE, **options
    )
    due = DUE + timedelta(hours=1)
    dice = BeaconSpec("现场掷骰 10 枚，自左至右", "0 0 0 0 0 0 0 0 0 0", due)
    open_rule(world, draw, "WJ" if code_ == "GA" else "GA", witness=False, beacon=dice, at=DUE)
    commit(world, draw, at=DUE)
    reveal(world, draw, at=DUE)
    actions.enter_beacon(
        draw=draw, value="3 5 1 6 2 2 4 6 1 5", evidence="秦牧之读数", by=by, at=due
    )
    draw.refresh_from_db()
    return draw


def draw_inspectors(world: World, code_: str, **options: object) -> Draw:
    """One department's whole draw of its people."""
    draw = inspectors_computed(world, code_, **options)
    assert draw.beacon_due is not None
    return actions.lock(draw=draw, by=world.cast.user[SPEAKERS[code_]], at=draw.beacon_due)


def planted(draw: Draw, place: int = 0) -> Candidate:
    """A candidate's row as the lock would write it, before there is one."""
    line = frozen.lines(draw)[place]
    return Candidate.objects.create(draw=draw, target_id=line.target, **_particulars(line))


def not_drawn(draw: Draw) -> list[frozen.Line]:
    """Who was in the pool of a locked draw and stayed in it."""
    drawn = set(draw.candidates.values_list("code", flat=True))
    return [line for line in frozen.lines(draw) if line.code not in drawn]


def _particulars(line: frozen.Line) -> dict[str, object]:
    return {name: value for name, value in line._asdict().items() if name != "target"}


def first_name(draw: Draw) -> str:
    """The name of the first target that is, or will be, drawn."""
    line = frames.outcome(draw).drawing.lines[0]
    return frozen.found(draw, [line.code])[line.code].name


# ── Their browsers ────────────────────────────────────────────────────────────────────────────


def as_(world: World, name: str) -> Client:
    client = Client()
    client.force_login(world.cast.user[name], backend="liancha.accounts.backends.WithDepartment")
    return client


def url(name: str, *args: object) -> str:
    return reverse(f"draw:{name}", args=args)


def text(response: HttpResponse) -> str:
    """What a reader sees, without tags and doubled blanks."""
    body = re.sub(r"<(script|style).*?</\1>", "", response.content.decode(), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())
