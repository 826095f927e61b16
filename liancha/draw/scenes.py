"""Where a ceremony stands, as its page shows it: steps, the act now due, hands, results, log.

Reads only. What somebody may do is decided again by the action behind each button.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from liancha.accounts.models import User
from liancha.accounts.permissions import Permission
from liancha.ledger.models import Entry
from liancha.plan.models import PlanLine
from liancha.queue.models import Job
from liancha.rulebook.form import Refused
from liancha.rulebook.lifecycles import DrawState

from . import background, beacons, bundles, chronicle, frames, frozen, invitations, rules
from .layers import Layer, dots, labels_of, ordinal
from .models import Dispatch, Draw, Party
from .queries import may_have
from .standing import Standing, standing

SHOWN_ROWS = 200  # of a long list; the rest is a page away


@dataclass(frozen=True, slots=True)
class Step:
    """One of the eight steps: what it is called, who or when, "done", "now" or ""."""

    word: str
    note: str
    state: str


@dataclass(frozen=True, slots=True)
class Hand:
    """One party as the page shows it."""

    party: Party
    role: str
    is_mine: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One drawn target, before or after the lock; names only for those who may see them."""

    place: int
    stratum: str
    ticket: str
    code: str
    name: str
    region: str


@dataclass
class Scene:
    """Everything the ceremony page asks, each read once and only when it is shown."""

    draw: Draw
    user: User
    now: datetime
    sees_names: bool
    problem: str = field(default="", init=False)

    @cached_property
    def hands(self) -> list[Hand]:
        parties = self.draw.parties.select_related("department", "user__department")
        return [Hand(party, self._role(party), party.speaks_for(self.user)) for party in parties]

    def _role(self, party: Party) -> str:
        if party.is_witness:
            return f"见证人，{party.role}" if party.role else "见证人"
        if party.department_id == self.draw.task.initiator_id:
            return "发起部门"
        if party.department_id == self.draw.department_id:
            return "主持部门"
        return "配合部门"

    @cached_property
    def mine(self) -> Party | None:
        """The party this person should act for now, if any."""
        wanted = "sealed_at" if self.draw.has_keeper else "nonce"
        if self.draw.state == DrawState.COMMITTING:
            wanted = "commitment"
        if self.draw.state not in (DrawState.COMMITTING, DrawState.RULE_LOGGED):
            return None
        if not self.user.may(Permission.DRAW_JOIN):
            return None
        waiting = (h.party for h in self.hands if h.is_mine and not getattr(h.party, wanted))
        return next(waiting, None)

    @cached_property
    def sees_lists(self) -> bool:
        """Whether frame.tsv and drawn.tsv are there for this person."""
        return may_have(self.draw, bundles.FRAME, self.user, self.now)

    @property
    def is_keeper(self) -> bool:
        return self.draw.keeper_id is not None and self.draw.keeper_id == self.user.pk

    @property
    def is_my_turn(self) -> bool:
        """Whether the party may commit now: without a public value there is a first and a last."""
        if self.mine is None or not self.draw.has_keeper:
            return self.mine is not None
        parties = [hand.party for hand in self.hands]
        if self.mine.pk == parties[0].pk:
            return True
        if self.mine.pk == parties[-1].pk:
            return all(party.commitment for party in parties[:-1])
        return bool(parties[0].commitment)

    @property
    def is_last(self) -> bool:
        """The party that hands in last and makes its number by its own shell."""
        return (
            self.mine is not None
            and self.draw.has_keeper
            and self.mine.pk == self.hands[-1].party.pk
        )

    @cached_property
    def sealed(self) -> int:
        return sum(1 for hand in self.hands if hand.party.sealed_at)

    @cached_property
    def invitations(self) -> list[tuple[str, str]]:
        """(who, address below the site's root) of guests who have not come; for the operator."""
        if not self.is_operator or self.draw.state != DrawState.COMMITTING:
            return []
        waiting = [
            (hand.party.name, invitations.for_party(hand.party))
            for hand in self.hands
            if hand.party.is_invited and hand.party.user_id is None
        ]
        if self.draw.has_keeper and self.draw.keeper_id is None:
            waiting.append((f"托管人 {self.draw.escrow}", invitations.for_keeper(self.draw)))
        return [(who, reverse("draw:guest", args=[token])) for who, token in waiting]

    @property
    def is_operator(self) -> bool:
        """Runs this draw: the initiator's planner, or the department's handler for its own."""
        wanted = Permission.DRAW_RUN if self.draw.is_of_targets else Permission.DRAW_INSPECTORS
        return self.user.department_id == self.draw.department_id and self.user.may(wanted)

    @property
    def is_head(self) -> bool:
        return self.user.department_id == self.draw.department_id and self.user.may(
            Permission.DRAW_VOID
        )

    @property
    def may_ask_void(self) -> bool:
        """The operator, while nothing is locked and nobody has asked."""
        closed = (DrawState.LOCKED, DrawState.VOID)
        return (
            self.is_operator and self.draw.state not in closed and self.draw.void_asked_at is None
        )

    @cached_property
    def is_due(self) -> bool:
        return self.draw.beacon_due is not None and self.now >= self.draw.beacon_due

    @cached_property
    def committed(self) -> int:
        return sum(1 for hand in self.hands if hand.party.commitment)

    @cached_property
    def revealed(self) -> int:
        return sum(1 for hand in self.hands if hand.party.nonce)

    @cached_property
    def dispatches(self) -> list[Dispatch]:
        return list(
            self.draw.dispatches.select_related("department", "acknowledged_by").order_by("pk")
        )

    @cached_property
    def my_dispatch(self) -> Dispatch | None:
        """The copy this person's department has not signed for yet."""
        if not self.user.may(Permission.DRAW_ACKNOWLEDGE):
            return None
        own = (d for d in self.dispatches if d.department_id == self.user.department_id)
        return next((d for d in own if not d.acknowledged_at), None)

    @cached_property
    def act(self) -> str:
        """The one act now due, as the name of its panel."""
        state, operator = self.draw.state, self.is_operator
        if state == DrawState.VOID:
            return "void"
        if state == DrawState.FROZEN:
            return "open" if operator else "wait_open"
        if state == DrawState.COMMITTING:
            if self.is_due:
                return "late"
            return "commit" if self.is_my_turn else "wait_commit"
        if state == DrawState.RULE_LOGGED and self.draw.has_keeper:
            return self._sealing()
        if state == DrawState.RULE_LOGGED:
            if self.is_due:
                return "missed"
            return "reveal" if self.mine else "wait_reveal"
        if state == DrawState.CLOSED:
            if not self.draw.beacon_value and not self.draw.has_keeper:
                if not self.is_due:
                    return "wait_due"
                return "beacon" if operator else "wait_value"
            return "lock" if operator else "wait_lock"
        if not self.draw.is_of_targets:
            return "done"
        if not self.dispatches:
            return "dispatch" if operator else "wait_dispatch"
        return "acknowledge" if self.my_dispatch else "done"

    def _sealing(self) -> str:
        """With a keeper: numbers are handed over sealed, then opened together."""
        if self.draw.escrow_fault is not None:
            return "failed"
        if self.mine:
            return "seal"
        if self.is_keeper:
            return "keep"
        return "wait_keeper" if self.draw.sealed_at else "wait_seal"

    # ── Steps ─────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def steps(self) -> list[Step]:
        draw = self.draw
        n = len(self.hands)
        of = "户" if draw.is_of_targets else "对"
        words = [
            ("冻结", self._when(draw.frozen_at)),
            ("承诺", f"{self.committed} / {n}" if n else "待约定各方"),
            ("规则存证", self._when(draw.rule_at)),
            *self._chance(n),
            ("抽取", f"{self.count:,} {of}" if self.seed and self.sees_result else ""),
            ("锁定", self._when(draw.locked_at)),
        ]
        if draw.is_of_targets:
            signed = sum(1 for d in self.dispatches if d.acknowledged_at)
            note = f"{signed} / {len(self.dispatches)} 已签收" if self.dispatches else ""
            words.append(("派发", note))
        now, is_void = self._now_at(), draw.state == DrawState.VOID
        return [
            Step(word, note, "done" if n < now else "now" if n == now and not is_void else "")
            for n, (word, note) in enumerate(words)
        ]

    def _chance(self, n: int) -> list[tuple[str, str]]:
        """Reveals and the public value; or, with a keeper, sealing and reveals."""
        draw = self.draw
        revealed = f"{self.revealed} / {n}" + self._closed() if draw.rule_at else ""
        if draw.has_keeper:
            sealed = f"{self.sealed} / {n}" if draw.rule_at else ""
            return [("封存", sealed), ("揭示", revealed if self.revealed else "")]
        return [("揭示", revealed), ("公开随机", self._beacon_note())]

    def _now_at(self) -> int:
        """Which step is under way, counted from 0; past the end when all are done."""
        draw = self.draw
        if draw.state == DrawState.VOID:
            chance: tuple[object, object] = (draw.closed_at, draw.beacon_value)
            if draw.has_keeper:
                chance = (draw.sealed_at, draw.closed_at)
            reached = (draw.rule_at, draw.rule_at, *chance, draw.seed)
            return 1 + sum(1 for each in reached if each)
        if draw.state == DrawState.LOCKED:
            return 7 if draw.is_of_targets and not self.dispatches else 9
        if draw.state == DrawState.CLOSED:
            return 6 if draw.beacon_value or draw.has_keeper else 4
        if draw.state == DrawState.RULE_LOGGED and draw.sealed_at:
            return 4
        return {DrawState.FROZEN: 1, DrawState.COMMITTING: 1, DrawState.RULE_LOGGED: 3}[
            DrawState(draw.state)
        ]

    def _when(self, moment: datetime | None) -> str:
        if moment is None:
            return ""
        local, year = timezone.localtime(moment), timezone.localtime(self.now).year
        return f"{local:%m-%d %H:%M}" if local.year == year else f"{local:%Y-%m-%d %H:%M}"

    def _closed(self) -> str:
        closed = self.draw.closed_at
        return f"，{timezone.localtime(closed):%H:%M} 截止" if closed else ""

    def _beacon_note(self) -> str:
        draw = self.draw
        if draw.beacon_value:
            return self._when(draw.beacon_at)
        return f"{self._when(draw.beacon_due)} 公布" if draw.beacon_due else ""

    # ── Results ───────────────────────────────────────────────────────────────────────────────

    @cached_property
    def seed(self) -> str:
        """The seed as soon as it can be computed; "" before, or where the rows contradict it."""
        draw = self.draw
        if draw.seed:
            return draw.seed
        if draw.state != DrawState.CLOSED or not (draw.beacon_value or draw.has_keeper):
            return ""
        try:
            return rules.seed_of(draw)
        except Refused as refusal:
            self.problem = str(refusal)
            return ""

    @property
    def sees_result(self) -> bool:
        return bool(self.seed)

    @cached_property
    def count(self) -> int:
        """How many are drawn, or seats to fill."""
        if self.draw.is_of_targets:
            return self.draw.quota
        return self.draw.assignments.count()

    @cached_property
    def work(self) -> Job | None:
        """The lock that is under way in the background, or did not come to its end."""
        if self.draw.state != DrawState.CLOSED:
            return None
        return background.last(background.locking_of(self.draw), self.now)

    @property
    def is_my_work(self) -> bool:
        return self.work is not None and self.work.owner_id == self.user.pk

    @cached_property
    def outcome(self) -> frames.Outcome | None:
        if not self.draw.is_of_targets or not self.seed or self.draw.state == DrawState.VOID:
            return None
        if background.is_large(self.draw.frame_size):
            return frames.reckoned(self.draw, self.seed)
        return frames.outcome(self.draw)

    @cached_property
    def is_reckoning(self) -> bool:
        """The seed is there, and the worker has yet to say who is drawn."""
        is_shown = self.draw.is_of_targets and self.draw.state != DrawState.VOID
        return is_shown and bool(self.seed) and self.outcome is None

    @cached_property
    def layers(self) -> list[Layer]:
        thresholds = self.outcome.drawing.thresholds if self.outcome else ()
        strata = self.draw.strata
        labels = labels_of(self.draw)
        return [
            Layer(
                name=each["name"],
                label=labels.get(each["name"], each["name"]),
                ordinal=ordinal(n, len(strata)),
                ratio=each["ratio"],
                size=each["size"],
                count=each["count"],
                threshold=thresholds[n] if thresholds else None,
                dots=tuple(dots(each["size"], each["count"] if thresholds else 0)),
            )
            for n, each in enumerate(strata)
        ]

    @property
    def peopled(self) -> list[Layer]:
        """The strata there is anybody in. A plan by county has a rate for the others too."""
        return [layer for layer in self.layers if layer.size]

    @property
    def is_by_credit(self) -> bool:
        return self.draw.stratify == PlanLine.Stratify.CREDIT

    @cached_property
    def rows(self) -> list[Row]:
        """The drawn list, strata in order, by ticket; empty for whoever may not see names."""
        if self.outcome is None or not self.sees_names:
            return []
        lines = self.outcome.drawing.lines[:SHOWN_ROWS]
        people = frozen.found(self.draw, (line.code for line in lines))
        labels = labels_of(self.draw)
        return [
            Row(
                place=number,
                stratum=labels.get(line.stratum, line.stratum),
                ticket=line.ticket,
                code=line.code,
                name=people[line.code].name,
                region=people[line.code].region_name,
            )
            for number, line in enumerate(lines, start=1)
        ]

    @property
    def preset(self) -> beacons.Preset | None:
        return beacons.preset_of(self.draw.beacon_form, self.draw.beacon_source)

    @property
    def dice(self) -> list[str]:
        """The faces of the dice, when the public value is dice."""
        if self.preset is beacons.DICE and self.draw.beacon_value:
            return self.draw.beacon_value.split(" ")
        return []

    # ── Log ───────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def entries(self) -> list[Entry]:
        about = Q(draw=self.draw.number) | Q(subject=f"draw:{self.draw.pk}")
        return list(Entry.objects.filter(about).order_by("-index"))

    @property
    def log(self) -> list[chronicle.Line]:
        shorts = {each.department.code: each.department.short for each in self.dispatches}
        return [chronicle.line(entry, shorts) for entry in self.entries]

    @property
    def version(self) -> str:
        """Changes whenever the page would look different: the screens ask for it and wait."""
        newest = self.entries[0].index if self.entries else -1
        work = f".{self.work.pk}{self.work.state}" if self.work else ""
        work += ".reckoning" if self.is_reckoning else ""
        return f"{self.draw.state}.{newest}.{int(self.is_due)}.{self.standing.mark}{work}"

    @cached_property
    def standing(self) -> Standing:
        """Rule and close in the public log, and whether reveals wait for a witness."""
        return standing(self.draw, self.user, self.now)
