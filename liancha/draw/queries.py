"""What the doors of this room ask: who may see which file when, and where a ceremony stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone

from liancha.accounts.models import User
from liancha.rulebook import form
from liancha.rulebook.deadlines import DayKind
from liancha.rulebook.lifecycles import DrawState
from liancha.task.models import Task
from liancha.workdays.models import CalendarYear, DayOff

from . import background, beacons, bundles, chains, freezing, pools
from .models import Draw, DrawQuerySet
from .pools import FINISHED, pool
from .seats import current_inspectors

__all__ = [
    "Openness",
    "counted_pool",
    "current_inspectors",
    "is_public",
    "may_have",
    "may_see_names",
    "openness",
    "pool",
]


@dataclass(frozen=True, slots=True)
class Openness:
    """What of a draw anybody may have at a moment.

    rule        the logged rule; of inspectors only with their transcript, it holds their inputs
    transcript  transcript.json and log.json
    codes       codes.txt, and the names that belong to it
    lists       drawn.tsv and frame.tsv
    inputs      roster.tsv, needs.tsv, eligible.tsv of a draw of inspectors
    firms       firm.json, each to its own firm
    opens_on    the day set in the scheme, None when the last visit decides
    """

    rule: bool
    transcript: bool
    codes: bool
    lists: bool
    inputs: bool
    firms: bool
    opens_on: date | None


def openness(draw: Draw, now: datetime) -> Openness:
    """What is public of this draw now.

    Lists open after the last visit of the task or on the day its scheme names; those of
    confidential strata never do, only the codes. A supplementary batch opens with every earlier
    one of its chain and not before: beside theirs, its frame tells who was drawn. A void draw has
    no lists to open.
    Source: draw protocol, §6; decisions A23 and A33.
    """
    task = draw.task
    is_over = task.state in FINISHED
    opens = task.lists_open_on
    is_open = all(_is_open(each.task, now) for each in (*chains.earlier(draw), draw))
    is_locked = draw.state == DrawState.LOCKED
    is_public = is_locked or (draw.state == DrawState.VOID and hasattr(draw, "transcript"))
    of_targets = draw.is_of_targets
    return Openness(
        rule=draw.rule_at is not None and (of_targets or is_over),
        # The transcript of inspectors names who goes to which target: it waits like a list.
        transcript=is_public and (of_targets or is_over),
        codes=is_locked and of_targets and is_open,
        lists=is_locked and of_targets and is_open and not draw.is_confidential,
        inputs=is_locked and not of_targets and is_over,
        firms=is_locked and of_targets and is_open,
        opens_on=opens,
    )


@dataclass(frozen=True, slots=True)
class NextLottery:
    """The next drawing of a lottery; issue "" where the year's holidays are not announced."""

    preset: beacons.Preset
    due: datetime
    issue: str


def next_lotteries(now: datetime) -> list[NextLottery]:
    """The next drawing of every lottery we know, soonest first. now in the city's time."""
    off = DayOff.objects.filter(kind=DayKind.REST, name__contains="春节")
    spring = frozenset(off.values_list("on", flat=True))
    known = set(CalendarYear.objects.values_list("year", flat=True))
    found = []
    for preset in beacons.PRESETS.values():
        if preset.is_lottery:
            due = beacons.next_lottery(now, preset, spring=spring)
            is_known = due.year in known
            issue = beacons.issue_on(due.date(), preset, spring=spring) if is_known else ""
            found.append(NextLottery(preset, due, issue))
    return sorted(found, key=lambda each: each.due)


def _is_open(task: Task, now: datetime) -> bool:
    opens = task.lists_open_on
    today = timezone.localtime(now).date()
    return task.state in FINISHED or (opens is not None and today >= opens)


def is_public(draw: Draw, name: str, now: datetime) -> bool:
    """Whether anybody may have this file of a draw now."""
    opened = openness(draw, now)
    if name in (bundles.TRANSCRIPT, bundles.LOG):
        return opened.transcript
    if name == bundles.CODES:
        return opened.codes
    if name in (bundles.FRAME, bundles.DRAWN):
        return opened.lists
    return opened.inputs


def may_have(draw: Draw, name: str, user: User, now: datetime) -> bool:
    """Whether this person may have it: public, or one of those who may see the names anyway.

    The lists of a confidential draw tell the class of every candidate: who inspects the drawn needs
    their names, not those.
    Source: draw protocol, §6.
    """
    if is_public(draw, name, now):
        return True
    if name in (bundles.FRAME, bundles.DRAWN):
        return _may_see_lists(draw, user)
    return may_see_names(draw, user)


def _may_see_lists(draw: Draw, user: User) -> bool:
    """Whether this person may have frame.tsv and drawn.tsv before they are public; of a
    confidential draw only who runs it, its parties and witnesses, and auditors.

    Source: draw protocol, §6.
    """
    if not draw.is_confidential or "supervisor" in user.roles:
        return may_see_names(draw, user)
    if user.department_id and user.department_id == draw.department_id:
        return True
    return any(party.speaks_for(user) for party in draw.parties.all())


def may_see_names(draw: Draw, user: User) -> bool:
    """Whether this person may see who is drawn before it is public: participants, the parties
    and witnesses of the draw, auditors. Nobody else, the coordinating office included.

    Source: draw protocol, §6; decision A23.
    """
    if "supervisor" in user.roles:
        return True
    if user.department_id and draw.task.departments.filter(pk=user.department_id).exists():
        return True
    return draw.parties.filter(user=user).exists()


def in_sight(user: User) -> DrawQuerySet:
    """Draws for this person's list, newest first."""
    return (
        Draw.objects.visible_to(user)
        .select_related("task", "department")
        .order_by("-frozen_at", "-id")
    )


def waiting_for(user: User) -> DrawQuerySet:
    """Draws where this person's own hand is wanted: a commitment, a reveal, the next step."""
    mine = Q(parties__user=user)
    if user.department_id:
        mine |= Q(parties__department=user.department_id, parties__user=None)
    hands = Draw.objects.filter(
        mine & Q(state=DrawState.COMMITTING, parties__commitment="")
        | mine & Q(state=DrawState.RULE_LOGGED, parties__nonce="")
    )
    own = Draw.objects.open().filter(department=user.department_id)
    return Draw.objects.visible_to(user).filter(Q(pk__in=hands) | Q(pk__in=own))


COUNTED_FOR = 60  # seconds for which a large pool's page need not count again


def counted_pool(task: Task) -> pools.Pool:
    """The pool of a task for its page. A large one's counts may be a minute old; a choice, a
    target set aside or another draw's lock count at once.
    """
    expected = freezing.expected(task)
    if not background.is_large(expected):
        return pool(task)
    terms = form.H(f"{expected} {freezing.terms_of(task)}")
    key = f"draw.pool.{task.pk}.{terms}"
    groups = cache.get(key)
    if groups is None:
        groups = pools.groups_of(pools.targets_of(task))
        cache.set(key, groups, COUNTED_FOR)
    return pools.pool(task, groups)
