"""第四章 — Chapter 4, articles 18 and 19 on real records: pool, draws, locks, replacements."""

from __future__ import annotations

from collections import Counter
from math import ceil

import pytest
from django.db import DatabaseError, connection, transaction

from liancha.draw import actions, bundles, frames, frozen, pools, queries, rosters, rules
from liancha.draw.models import Assignment, Draw, DrawnTarget
from liancha.ledger import locks
from liancha.registry.models import Release, Target
from liancha.roster.models import Certificate, Leave, Recusal
from liancha.rulebook import eligibility, sampling, verify
from liancha.rulebook.lifecycles import TaskState
from liancha.rulebook.verdicts import Blocked, NeedsReason
from tests.people import NOON
from tests.rooms import draw_world as w

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> w.World:
    return w.make_world()


@pytest.fixture
def drawn(world) -> Draw:
    return w.dispatched(world)


class TestArticle18:
    def test_the_initiator_builds_the_pool_and_nobody_else(self, world):
        """Source: clause 18.1."""
        with pytest.raises(Blocked) as refusal:
            actions.freeze(task=world.task, reason="x", by=world.cast.lu, at=NOON)
        assert refusal.value.article == "19"
        assert w.freeze(world).department == world.department("GA")

    def test_only_common_targets_of_all_participants_stand_in_it(self, world):
        """Source: clause 18.2."""
        world.tag.supervisors.remove(world.department("XF"))
        pool = pools.pool(world.task)
        assert pool.size == 0
        assert [(each.code, each.count) for each in pool.excluded] == [("not_common", 76)]

    def test_one_released_with_a_reason_stays_while_two_departments_remain(self, world):
        """Source: clause 18.2."""
        lift = world.targets[0]
        Release.objects.create(
            target=lift, department=world.department("SCJG"), reason="没有特种设备",
            by=world.cast.xiang, at=NOON,
        )  # fmt: skip
        assert lift in pools.pool(world.task).candidates

    def test_the_closed_and_the_undecided_are_out(self, world):
        Target.objects.filter(pk=world.targets[0].pk).update(status="cancelled")
        Target.objects.filter(pk=world.targets[1].pk).update(is_pending=True)
        draw = w.freeze(world)
        assert draw.excluded == [["not_open", 1], ["region_undecided", 1]]
        assert draw.frame_size == 74

    def test_the_pool_is_a_snapshot_which_later_changes_do_not_reach(self, world):
        """Source: clause 18.1."""
        draw = w.freeze(world)
        before = frames.frame_of(draw)
        Target.objects.update(name="改名", credit_class="D", status="cancelled")
        assert frames.frame_of(draw) == before
        assert "改名" not in {line.name for line in frozen.lines(draw)}

    def test_qualification_leave_and_post_decide_who_is_in_the_officers_library(self, world):
        """Source: clause 18.3."""
        first, second, *_ = world.department("WJ").inspectors.order_by("number")
        Certificate.objects.filter(inspector=first).update(valid_to=w.STARTS)
        Leave.objects.create(inspector=second, first_on=w.STARTS, last_on=w.ENDS)
        of = w.dispatched(world)
        prepared = rosters.prepare(of=of, department=world.department("WJ"), on=NOON.date())
        assert {person.number for person in prepared.drawable} == {
            *("WJ-003", "WJ-004", "WJ-005", "WJ-006")
        }
        faults = {prepared.excluded["*", each.number] for each in (first, second)}
        assert faults == {
            eligibility.InspectorFault.CERTIFICATE_ENDS.value,
            eligibility.InspectorFault.ON_LEAVE.value,
        }

    def test_both_libraries_are_closed_before_anybody_is_drawn(self, world):
        """Source: clause 17.3."""
        draw = w.freeze(world)
        assert draw.rule_at is None
        assert {f.department.code for f in draw.inputs.all()} == {"GA", "WJ", "SCJG", "XF"}


class TestArticle19:
    def test_without_a_public_value_nobody_knows_all_numbers_before_they_are_shown(self, world):
        """Source: art. 19, paragraph 1 (公开公正); draw protocol, §§2 and 3."""
        draw = w.kept(world)
        with pytest.raises(Blocked, match="还不能开封") as refusal:
            actions.open_sheets(draw=draw, nonces=w.sheets(draw), by=draw.keeper, at=NOON)
        assert refusal.value.article == "19"
        for party in draw.parties.all():
            actions.take_envelope(party=party, by=draw.keeper, at=NOON)
        draw = actions.open_sheets(draw=draw, nonces=w.sheets(draw), by=draw.keeper, at=NOON)
        assert actions.lock(draw=draw, by=world.cast.shen, at=NOON).seed

    def test_a_failed_keeper_is_no_second_chance_without_a_public_value(self, world):
        """Source: art. 19, paragraph 1; draw protocol, §3."""
        draw = w.kept(world)
        names = [party.name for party in draw.parties.all()]
        actions.fail_escrow(draw=draw, nonces={}, lacking=names, by=draw.keeper, at=NOON)
        actions.void(draw=draw, by=world.cast.cheng, at=NOON)
        again = w.freeze(world, at=NOON)
        with pytest.raises(Blocked, match="必须约定公开随机值"):
            w.open_rule(world, again, "WJ", beacon=None, escrow=w.KEEPER)

    def test_the_plans_ratio_is_drawn_from_every_class_rounded_up(self, drawn):
        """Source: clause 19.1."""
        sizes = {each["name"]: each["size"] for each in drawn.strata}
        counts = Counter(drawn.drawn.values_list("stratum", flat=True))
        for name, ratio in w.RATES:
            p, q = map(int, ratio.split("/"))
            assert counts.get(name, 0) == ceil(p * sizes[name] / q)

    def test_the_draw_can_be_repeated_by_anybody_and_gives_the_same_list(self, drawn):
        """Source: clause 19.1."""
        rule = rules.logged(drawn)
        lines = frames.lines_of(frames.frame_of(drawn))
        again = sampling.draw_targets(lines, rule.strata, drawn.seed)
        assert [line.code for line in again.lines] == list(
            drawn.drawn.order_by("id").values_list("candidate__code", flat=True)
        )

    def test_openly_what_is_published_is_accepted_by_the_verifier(self, drawn):
        """Source: clause 19.1."""
        files = {name: build() for name, build in bundles.builders(drawn).items()}
        assert verify.check(files).is_good

    def test_no_seed_exists_before_the_pool_is_frozen_and_logged(self, world):
        """Source: clause 17.3."""
        draw = w.freeze(world)
        assert (draw.seed, draw.beacon_value, draw.parties.count()) == ("", "", 0)
        with pytest.raises(Blocked):
            actions.lock(draw=draw, by=world.cast.shen, at=w.DUE)

    def test_it_goes_to_every_participant(self, drawn):
        """Source: clause 19.2."""
        assert {d.department.code for d in drawn.dispatches.all()} == {"GA", "WJ", "SCJG", "XF"}

    def test_each_department_draws_its_own_people_and_no_other_may(self, world, drawn):
        """Source: clause 19.3."""
        with pytest.raises(Blocked):
            actions.freeze_inspectors(
                task=world.task, department=world.department("WJ"), by=world.cast.shen, at=w.DUE
            )
        draw = w.draw_inspectors(world, "WJ")
        people = Assignment.objects.filter(draw=draw).values_list(
            "inspector__department", flat=True
        )
        assert set(people) == {world.department("WJ").pk}

    def test_two_of_each_for_every_target(self, world, drawn):
        """Source: clause 19.3."""
        for code in ("GA", "WJ", "SCJG", "XF"):
            w.draw_inspectors(world, code)
        world.task.refresh_from_db()
        assert world.task.state == TaskState.INSPECTORS_DRAWN
        for target in drawn.drawn.all():
            found = queries.current_inspectors(target)
            assert sorted(len(people) for people in found.values()) == [2, 2, 2, 2]

    def test_recusal_and_leave_are_out_before_the_draw(self, world, drawn):
        target = drawn.drawn.first()
        person = world.department("WJ").inspectors.first()
        Recusal.objects.create(
            inspector=person, target=target.target, relation="relative", declared_at=w.DUE
        )
        draw = w.draw_inspectors(world, "WJ")
        assert not draw.assignments.filter(drawn_target=target, inspector=person).exists()

    def test_a_drawn_list_is_never_drawn_again(self, world, drawn):
        """Source: clause 19.5."""
        before = list(DrawnTarget.objects.values_list("target__code", flat=True))
        with pytest.raises(Blocked):
            actions.lock(draw=drawn, by=world.cast.shen, at=w.DUE)
        with pytest.raises(Blocked):
            w.freeze(world)
        assert list(DrawnTarget.objects.values_list("target__code", flat=True)) == before

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE draw_drawntarget SET target_id = target_id",
            "DELETE FROM draw_drawntarget",
            "UPDATE draw_assignment SET inspector_id = inspector_id",
            "DELETE FROM draw_assignment",
        ],
    )
    def test_the_locked_list_cannot_be_changed_by_anybody(self, world, drawn, statement):
        """Source: clause 19.5."""
        w.draw_inspectors(world, "WJ")
        with (
            pytest.raises(DatabaseError, match=locks.MESSAGE[:3]),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    def test_a_target_that_has_gone_stays_on_the_list(self, drawn):
        target = drawn.drawn.first().target
        Target.objects.filter(pk=target.pk).update(status="cancelled")
        assert drawn.drawn.filter(target=target).exists()
        with pytest.raises(DatabaseError), transaction.atomic():
            Target.objects.filter(pk=target.pk).delete()

    def test_an_inspector_is_replaced_with_a_reason_by_the_word_of_the_own_head(self, world, drawn):
        """Source: clauses 19.6 and 19.7."""
        draw = w.draw_inspectors(world, "WJ")
        seat = draw.assignments.first()
        with pytest.raises(NeedsReason):
            actions.request_replacement(assignment=seat, reason="", by=world.cast.lu, at=w.DUE)
        asked = actions.request_replacement(
            assignment=seat, reason="health", by=world.cast.lu, at=w.DUE
        )
        with pytest.raises(Blocked) as refusal:
            actions.decide_replacement(replacement=asked, agree=True, by=world.cast.cheng, at=w.DUE)
        assert (refusal.value.article, refusal.value.paragraph) == ("19", 3)

        actions.decide_replacement(replacement=asked, agree=True, by=world.cast.gu, at=w.DUE)

        now = queries.current_inspectors(seat.drawn_target)[world.department("WJ")]
        assert asked.coming in now
        assert seat.inspector not in now

    def test_before_the_head_agrees_nothing_changes(self, world, drawn):
        """Source: clause 19.7."""
        draw = w.draw_inspectors(world, "WJ")
        seat = draw.assignments.first()
        actions.request_replacement(assignment=seat, reason="recusal", by=world.cast.lu, at=w.DUE)
        now = queries.current_inspectors(seat.drawn_target)[world.department("WJ")]
        assert seat.inspector in now
