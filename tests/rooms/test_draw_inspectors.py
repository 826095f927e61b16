"""A department draws its own people from the frozen roster; who cannot go is replaced."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta

import pytest

from liancha.draw import actions, duty, queries, rosters, rules, seats, transcripts
from liancha.draw.models import Assignment, Draw, InputFile, Replacement
from liancha.ledger.models import Entry, Seal
from liancha.registry.models import Release, Target
from liancha.roster.models import Certificate, Inspector, Leave, Recusal
from liancha.rulebook import protocol, staffing
from liancha.rulebook.lifecycles import DrawState, TaskState
from liancha.rulebook.shortage import Infeasible
from liancha.rulebook.verdicts import Blocked, NeedsReason
from tests.people import NOON
from tests.rooms import draw_world as w

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> w.World:
    return w.make_world()


@pytest.fixture
def of(world) -> Draw:
    return w.dispatched(world)


def freeze(world: w.World, code: str = "WJ", **more: object) -> Draw:
    return actions.freeze_inspectors(
        task=world.task,
        department=world.department(code),
        by=world.cast.user[w.SPEAKERS[code]],
        at=w.DUE,
        **more,
    )


def people(world: w.World, code: str = "WJ") -> list[Inspector]:
    return list(world.department(code).inspectors.order_by("number"))


class TestInputs:
    def test_the_roster_is_the_one_frozen_with_the_pool(self, world, of):
        w.add_people(world.department("XF"), 0)
        Inspector.objects.filter(number="WJ-001").update(capacity=1)
        Leave.objects.create(inspector=people(world)[1], first_on=w.STARTS, last_on=w.ENDS)

        draw = freeze(world)

        frozen = InputFile.objects.get(
            draw=of, department=world.department("WJ"), name="roster.tsv"
        )
        used = InputFile.objects.get(draw=draw, name="roster.tsv")
        assert (used.text, used.sha256) == (frozen.text, frozen.sha256)
        assert set(rules.staffing_of(draw).eligible[self.unit(of)]) >= {"WJ-001", "WJ-002"}

    @staticmethod
    def unit(of: Draw) -> str:
        return of.drawn.first().candidate.code

    def test_two_people_for_every_target(self, world, of):
        needs = rules.staffing_of(freeze(world)).needs
        assert set(needs) == {d.candidate.code for d in of.drawn.all()}
        assert set(needs.values()) == {staffing.Need(2, 0)}

    def test_the_initiator_sends_somebody_who_may_lead(self, world, of):
        needs = rules.staffing_of(freeze(world, "GA")).needs
        assert set(needs.values()) == {staffing.Need(2, 1)}

    def test_unless_there_are_too_few_of_them(self):
        world = w.make_world()
        Inspector.objects.filter(department=world.department("GA")).update(may_lead=False)
        w.dispatched(world)
        assert set(rules.staffing_of(freeze(world, "GA")).needs.values()) == {staffing.Need(2, 0)}

    def test_papers_leave_and_duty_of_the_day_of_the_freeze_decide(self):
        world = w.make_world()
        first, second, third, *_ = people(world)
        Certificate.objects.filter(inspector=first).update(valid_to=date(2026, 12, 1))
        Leave.objects.create(inspector=second, first_on=w.STARTS, last_on=w.ENDS)
        Inspector.objects.filter(pk=third.pk).update(status="seconded")
        w.dispatched(world)

        draw = freeze(world)

        names = {n for seats_ in rules.staffing_of(draw).eligible.values() for n in seats_}
        assert names == {"WJ-004", "WJ-005", "WJ-006"}
        assert draw.excluded == [["不在岗", 7], ["任务期内请假", 7], ["执法证件在任务期内到期", 7]]

    def test_a_region_keeps_people_at_home(self):
        world = w.make_world()
        Inspector.objects.filter(number="WJ-001").update(region="410302")
        of = w.dispatched(world)
        eligible = rules.staffing_of(freeze(world)).eligible
        there = {d.candidate.code for d in of.drawn.filter(target__region="410302")}
        assert {unit for unit, names in eligible.items() if "WJ-001" in names} == there

    def test_a_recusal_declared_after_the_pool_still_counts(self, world, of):
        target = of.drawn.first().target
        Recusal.objects.create(
            inspector=people(world)[0], target=target, relation="relative", declared_at=w.DUE
        )
        draw = freeze(world)
        assert "WJ-001" not in rules.staffing_of(draw).eligible[target.code]
        assert draw.excluded == [["执法回避", 1]]

    def test_under_either_record_of_a_target_that_was_merged_since(self, world, of):
        drawn, kept = (each.target for each in of.drawn.all()[:2])
        Target.objects.filter(pk=drawn.pk).update(merged_into=kept)
        Recusal.objects.create(
            inspector=people(world)[0], target=kept, relation="relative", declared_at=w.DUE
        )
        eligible = rules.staffing_of(freeze(world)).eligible
        assert {unit for unit, names in eligible.items() if "WJ-001" not in names} == {
            drawn.code,
            kept.code,
        }

    def test_taking_somebody_out_needs_a_reason_which_is_kept(self, world, of):
        with pytest.raises(NeedsReason, match="WJ-001"):
            freeze(world, removed={"WJ-001": " "})
        draw = freeze(world, removed={"WJ-001": "住院"})

        assert draw.excluded == [["冻结后移出", 7]]
        kept = InputFile.objects.get(draw=draw, name="removed.json")
        assert json.loads(kept.text) == {"WJ-001": "住院"}
        assert "住院" not in Entry.objects.of_draw(draw.number).get(kind="freeze").body

    def test_the_ledger_shows_only_a_seal_of_the_inputs(self, world, of):
        draw = freeze(world)
        entry = Entry.objects.of_draw(draw.number).get(kind="freeze")
        inputs = staffing.inputs_of(rules.inputs_of(draw))
        assert json.loads(entry.body)["frame"] == protocol.inputs_seal(draw.salt, inputs)
        assert inputs.roster not in entry.body
        assert draw.salt not in entry.body

    def test_a_released_department_sends_nobody_there(self):
        world = w.make_world()
        Release.objects.create(
            target=world.targets[0], department=world.department("XF"), reason="没有消防设施",
            by=world.cast.pei, at=NOON,
        )  # fmt: skip
        w.PlanRate.objects.update(ratio="1/1")
        of = w.dispatched(world)
        assert world.targets[0].code not in rosters.units_of(of, world.department("XF"))
        assert world.targets[0].code in rosters.units_of(of, world.department("WJ"))


class TestWho:
    def test_only_the_department_itself(self, world, of):
        with pytest.raises(Blocked, match="只能由洛阳市卫生健康委员会"):
            actions.freeze_inspectors(
                task=world.task, department=world.department("WJ"), by=world.cast.shen, at=w.DUE
            )

    def test_not_before_the_list_is_dispatched(self, world):
        w.locked(world)
        with pytest.raises(Blocked, match="派发后"):
            freeze(world)

    def test_one_draw_a_department(self, world, of):
        freeze(world)
        with pytest.raises(Blocked, match="正在抽取"):
            freeze(world)

    def test_the_other_party_is_the_initiator_or_a_witness(self, world, of):
        draw = freeze(world)
        with pytest.raises(Blocked, match="还要有发起部门或一名见证人"):
            w.open_rule(world, draw, witness=False, at=NOON)
        w.open_rule(world, draw, at=NOON)

    def test_a_void_one_is_drawn_again_under_a_new_number(self, world, of):
        draw = freeze(world)
        actions.ask_void(draw=draw, cause="technical", reason="断网", by=world.cast.lu, at=w.DUE)
        actions.void(draw=draw, by=world.cast.gu, at=w.DUE)
        world.task.refresh_from_db()
        assert world.task.state == TaskState.DISPATCHED
        assert freeze(world).number == "洛卫健抽〔2026〕2号-1"


class TestDraw:
    def test_every_target_gets_two_and_loads_are_even(self, world, of):
        draw = w.draw_inspectors(world, "WJ")
        teams = Counter(a.drawn_target_id for a in draw.assignments.all())
        loads = Counter(a.inspector_id for a in draw.assignments.all())
        assert set(teams.values()) == {2}
        assert len(teams) == 7
        assert max(loads.values()) - min(loads.values()) <= 1

    def test_the_rows_are_the_transcript(self, world, of):
        draw = w.draw_inspectors(world, "WJ")
        transcript = transcripts.read(draw)
        rows = draw.assignments.values_list("drawn_target__candidate__code", "inspector__number")
        assert sorted(rows) == list(transcript.assignment)
        assert transcript.rule.of == protocol.Reference(of.number, of.transcript.digest)
        assert Seal.objects.filter(subject=f"draw:{draw.pk}").exists()

    def test_each_team_of_the_initiator_has_somebody_who_may_lead(self, world, of):
        draw = w.draw_inspectors(world, "GA")
        leads = draw.assignments.filter(inspector__may_lead=True)
        assert leads.values("drawn_target").distinct().count() == 7

    def test_when_all_have_drawn_teams_can_be_made(self, world, of):
        for code in ("GA", "WJ", "SCJG"):
            w.draw_inspectors(world, code)
        world.task.refresh_from_db()
        assert world.task.state == TaskState.DISPATCHED
        w.draw_inspectors(world, "XF")
        world.task.refresh_from_db()
        assert world.task.state == TaskState.INSPECTORS_DRAWN

    def test_a_larger_base_leaves_more_to_the_tickets(self, world, of):
        draw = w.draw_inspectors(world, "WJ", base=14)
        loads = Counter(a.inspector_id for a in draw.assignments.all())
        assert transcripts.read(draw).rule.base == 14
        assert sum(loads.values()) == 14

    def test_current_inspectors_by_department(self, world, of):
        for code in ("GA", "WJ"):
            w.draw_inspectors(world, code)
        found = queries.current_inspectors(of.drawn.first())
        assert {d.code: len(members) for d, members in found.items()} == {"GA": 2, "WJ": 2}


class TestInfeasible:
    @pytest.fixture
    def short(self) -> w.World:
        world = w.make_world(people=3)
        Inspector.objects.filter(department=world.department("WJ")).update(capacity=4)
        w.dispatched(world)
        return world

    def test_it_is_said_before_any_rule(self, short):
        with pytest.raises(Infeasible) as refusal:
            freeze(short)
        assert refusal.value.article == "19"
        assert not Draw.objects.of_inspectors().exists()

    def test_the_page_names_targets_people_and_what_would_help(self, short):
        of = Draw.objects.of_targets().get()
        preview = duty.preview(of, short.department("WJ"), removed={}, on=w.DUE.date())
        knot = preview.knots[0]
        assert not preview.may_freeze
        assert knot.seats == 2
        assert {name for name, _ in knot.people} <= {"卫健1号", "卫健2号", "卫健3号"}
        assert all("宾馆" in name for name in knot.targets)
        assert "上限" in knot.cures[0].words
        assert any("5 户" in cure.words for cure in knot.cures)

    def test_one_person_cannot_be_two(self):
        world = w.make_world(people=1)
        w.dispatched(world)
        with pytest.raises(Infeasible, match="只有 1 人"):
            freeze(world)

    def test_nobody_at_all(self):
        world = w.make_world(people=0)
        w.dispatched(world)
        with pytest.raises(Blocked, match="名录库是空的"):
            freeze(world)

    def test_where_nothing_is_left_to_chance_it_is_shown(self):
        world = w.make_world(people=2)
        of = w.dispatched(world)
        preview = duty.preview(of, world.department("WJ"), removed={}, on=w.DUE.date())
        assert preview.may_freeze
        assert len(preview.forced) == 7


class TestExplain:
    def test_every_inspector_has_a_fate_in_ticket_order(self, world, of):
        target = of.drawn.first()
        Recusal.objects.create(
            inspector=people(world)[0], target=target.target, relation="relative",
            declared_at=w.DUE,
        )  # fmt: skip
        draw = w.draw_inspectors(world, "WJ")

        fates = duty.explain(draw, target)

        assert [f.ticket for f in fates] == sorted(f.ticket for f in fates)
        assert {f.name: f.words for f in fates}["卫健1号"] == "执法回避，抽取前已排除"
        drawn = {f.name for f in fates if f.mark == "ok"}
        there = Assignment.objects.filter(draw=draw, drawn_target=target)
        assert drawn == {a.inspector.name for a in there}


class TestReplacement:
    @pytest.fixture
    def draw(self, world, of) -> Draw:
        return w.draw_inspectors(world, "WJ")

    def ask(
        self, world: w.World, draw: Draw, reason: str = "health", **more: object
    ) -> Replacement:
        return actions.request_replacement(
            assignment=draw.assignments.first(), reason=reason, by=world.cast.lu, at=w.DUE, **more
        )

    def test_the_next_by_ticket_comes_when_the_head_agrees(self, world, draw):
        seat = draw.assignments.first()
        line = seats.in_line(seat, on=w.DUE.date(), shown=9)
        asked = self.ask(world, draw)
        assert asked.coming == line[0]
        assert seats.holder(seat) == seat.inspector

        actions.decide_replacement(replacement=asked, agree=True, by=world.cast.gu, at=w.DUE)

        assert seats.holder(seat) == line[0]
        found = queries.current_inspectors(seat.drawn_target)[world.department("WJ")]
        assert line[0] in found
        assert seat.inspector not in found
        assert len(found) == 2

    def test_the_drawn_seat_itself_never_changes(self, world, draw):
        before = list(draw.assignments.values_list("inspector", "ticket"))
        asked = self.ask(world, draw)
        actions.decide_replacement(replacement=asked, agree=True, by=world.cast.gu, at=w.DUE)
        assert list(draw.assignments.values_list("inspector", "ticket")) == before

    def test_who_replaced_may_be_replaced_in_turn(self, world, draw):
        first = self.ask(world, draw)
        actions.decide_replacement(replacement=first, agree=True, by=world.cast.gu, at=w.DUE)
        second = self.ask(world, draw, "recusal")
        assert second.leaving == first.coming
        assert second.coming not in (first.coming,)

    def test_refused_nothing_changes(self, world, draw):
        seat = draw.assignments.first()
        asked = self.ask(world, draw)
        actions.decide_replacement(replacement=asked, agree=False, by=world.cast.gu, at=w.DUE)
        assert seats.holder(seat) == seat.inspector
        self.ask(world, draw)

    def test_one_request_a_seat(self, world, draw):
        self.ask(world, draw)
        with pytest.raises(Blocked, match="已有一份更换申请"):
            self.ask(world, draw)

    def test_the_head_of_another_department_cannot_agree(self, world, draw):
        asked = self.ask(world, draw)
        with pytest.raises(Blocked, match="要由洛阳市卫生健康委员会的负责人同意"):
            actions.decide_replacement(replacement=asked, agree=True, by=world.cast.cheng, at=w.DUE)
        with pytest.raises(Blocked, match="要由洛阳市卫生健康委员会的负责人同意"):
            actions.decide_replacement(replacement=asked, agree=True, by=world.cast.lu, at=w.DUE)

    def test_nobody_agrees_to_their_own_request(self, world, draw):
        world.cast.gu.grants.create(role="handler", granted_at=NOON, granted_by="sec")
        asked = actions.request_replacement(
            assignment=draw.assignments.first(), reason="health", by=world.cast.gu, at=w.DUE
        )
        with pytest.raises(Blocked, match="不能批准自己"):
            actions.decide_replacement(replacement=asked, agree=True, by=world.cast.gu, at=w.DUE)

    def test_other_reasons_are_written_out(self, world, draw):
        with pytest.raises(NeedsReason, match="其他"):
            self.ask(world, draw, "other")
        with pytest.raises(NeedsReason) as refusal:
            self.ask(world, draw, "")
        assert ("health", "健康状况") in refusal.value.codes

    def test_a_designated_person_needs_a_second_reason(self, world, draw):
        seat = draw.assignments.first()
        chosen = seats.in_line(seat, on=w.DUE.date(), shown=9)[-1]
        with pytest.raises(NeedsReason, match="指定"):
            self.ask(world, draw, designated=chosen)
        asked = self.ask(world, draw, designated=chosen, designation_reason="唯一懂锅炉的")
        assert (asked.coming, asked.is_designated) == (chosen, True)

    def test_nobody_is_designated_who_may_not_go(self, world, draw):
        seat = draw.assignments.first()
        given = {"designation_reason": "方便"}
        mate = draw.assignments.filter(drawn_target=seat.drawn_target).exclude(pk=seat.pk).get()
        with pytest.raises(Blocked, match="已经在这一户"):
            self.ask(world, draw, designated=mate.inspector, **given)
        stranger = people(world, "GA")[0]
        with pytest.raises(Blocked, match="不是洛阳市卫生健康委员会"):
            self.ask(world, draw, designated=stranger, **given)
        other = seats.in_line(seat, on=w.DUE.date())[0]
        Recusal.objects.create(
            inspector=other, target=seat.drawn_target.target, relation="interest",
            declared_at=w.DUE,
        )  # fmt: skip
        with pytest.raises(Blocked, match="执法回避"):
            self.ask(world, draw, designated=other, **given)
        Inspector.objects.filter(pk=other.pk).update(status="left")
        with pytest.raises(Blocked, match="不在岗"):
            self.ask(world, draw, designated=Inspector.objects.get(pk=other.pk), **given)

    def test_a_recusal_declared_since_passes_the_next_over(self, world, draw):
        seat = draw.assignments.first()
        first, second = seats.in_line(seat, on=w.DUE.date())[:2]
        Recusal.objects.create(
            inspector=first, target=seat.drawn_target.target, relation="interest",
            declared_at=w.DUE,
        )  # fmt: skip
        assert seats.next_for(seat, on=w.DUE.date()) == second

    def test_somebody_who_cannot_come_any_more_is_not_agreed_to(self, world, draw):
        asked = self.ask(world, draw)
        Inspector.objects.filter(pk=asked.coming_id).update(status="left")
        with pytest.raises(Blocked, match="请退回，重新申请"):
            actions.decide_replacement(replacement=asked, agree=True, by=world.cast.gu, at=w.DUE)

    def test_without_anybody_left_a_person_is_designated(self):
        world = w.make_world(people=2)
        w.dispatched(world)
        draw = w.draw_inspectors(world, "WJ")
        with pytest.raises(NeedsReason, match="没有可以递补"):
            self.ask(world, draw)

    def test_both_steps_are_in_the_ledger(self, world, draw):
        asked = self.ask(world, draw)
        actions.decide_replacement(replacement=asked, agree=True, by=world.cast.gu, at=w.DUE)
        whats = Entry.objects.about("draw", draw.pk).values_list("what", flat=True)
        assert list(whats)[-2:] == ["draw.request_replacement", "draw.decide_replacement"]

    def test_the_drawn_page_tells_the_story(self, world, draw):
        asked = self.ask(world, draw)
        actions.decide_replacement(replacement=asked, agree=True, by=world.cast.gu, at=w.DUE)
        drawn = duty.drawn(draw, on=w.DUE.date())
        replaced = [seat for team in drawn.teams for seat in team.seats if seat.is_replaced]
        assert [seat.person for seat in replaced] == [asked.coming]
        assert drawn.seats == sum(load.n for load in drawn.loads) == 14


def test_a_draw_of_inspectors_is_closed_by_the_clock_too(world, of):
    draw = freeze(world)
    dice = w.BeaconSpec(
        "现场掷骰 10 枚，自左至右", "0 0 0 0 0 0 0 0 0 0", w.DUE + timedelta(hours=1)
    )
    w.open_rule(world, draw, "GA", witness=False, beacon=dice, at=w.DUE)
    w.commit(world, draw, at=w.DUE)
    w.reveal(world, draw, but=1, at=w.DUE)
    actions.close(draw=draw, by=None, at=w.DUE)
    draw.refresh_from_db()
    assert draw.state == DrawState.CLOSED
