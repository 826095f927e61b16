"""综合查一次 (E14): who is proposed one visit, who may read it, what comes of a yes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from liancha.draw.models import DrawnTarget
from liancha.inspection import actions as inspection
from liancha.inspection import calls, crew
from liancha.inspection.doorcodes import token_of
from liancha.inspection.models import Caller, JointCall, Visit
from liancha.ledger.models import Entry
from liancha.oversight import actions, merging
from liancha.oversight.models import MergeProposal, MergeSide
from liancha.queue.timetable import nightly
from liancha.registry.models import Target
from liancha.rulebook.lifecycles import MergeState, TaskState
from liancha.rulebook.quiet import Exempted
from liancha.rulebook.verdicts import Blocked, NeedsReason
from liancha.task.models import QuietExemption
from tests.people import NOON
from tests.rooms import merge_world as m
from tests.rooms.quiet_world import quiet_stretch
from tests.rooms.visit_world import DAY, MORNING, make_visit_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db):
    return make_visit_world()


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


def match() -> list[MergeProposal]:
    actions.match(by="system", at=NOON)
    return list(MergeProposal.objects.filter(state=MergeState.PROPOSED))


def agree(proposal, by, *, on=DAY, slot="09:00", at=NOON):
    return actions.agree_to_merge(proposal=proposal, appointed_on=on, slot=slot, by=by, at=at)


def as_(user) -> Client:
    client = Client()
    client.force_login(user, backend="liancha.accounts.backends.WithDepartment")
    return client


def page(proposal: MergeProposal, user, what: str = "merge"):
    return as_(user).get(reverse(f"oversight:{what}", args=[proposal.pk]))


class TestMatching:
    def test_a_check_alone_at_a_drawn_hotel_is_proposed_as_one_visit(self, world):
        m.solo(world, m.hotel(world))
        [one] = match()
        assert one.target == m.hotel(world)
        assert [(each.kind, m.of_side(each)) for each in one.sides.all()] == [
            ("drawn", "GA"),
            ("solo", "WJ"),
        ]
        assert (one.gap, one.appointed_on) == (0, m.PLANNED)

    def test_the_same_night_again_proposes_nothing_twice(self, world):
        m.solo(world, m.hotel(world))
        assert actions.match(by="system", at=NOON) == (1, 0)
        assert actions.match(by="system", at=NOON) == (0, 0)

    def test_thirty_days_are_near_and_thirty_one_are_not_unless_the_site_says_so(
        self, world, settings
    ):
        last = world.task.visits.ends_on
        m.solo(world, m.hotel(world, 0), on=last + timedelta(days=30))
        m.solo(world, m.hotel(world, 1), on=last + timedelta(days=31))
        assert [one.target for one in match()] == [m.hotel(world, 0)]
        settings.LIANCHA_MERGE_DAYS = 31
        assert {one.target for one in match()} == {m.hotel(world, 0), m.hotel(world, 1)}

    def test_two_draws_of_two_fields_are_proposed_and_one_draw_alone_is_not(self, world):
        assert match() == []
        m.second_task(world, [m.hotel(world, 2)])
        [one] = match()
        assert {each.kind for each in one.sides.all()} == {MergeSide.Kind.DRAWN}

    def test_what_was_made_meanwhile_lapses_and_may_come_again(self, world):
        check = m.solo(world, m.hotel(world))
        [one] = match()
        check.planned_on = NOON.date() - timedelta(days=1)
        check.save()
        assert actions.match(by="system", at=NOON) == (0, 1)
        one.refresh_from_db()
        assert one.state == MergeState.LAPSED
        check.planned_on = m.PLANNED
        check.save()
        [again] = match()
        assert again.pk != one.pk

    def test_a_visit_under_way_is_nobody_elses_occasion_any_more(self, world):
        m.solo(world, m.hotel(world))
        inspection.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        Visit.objects.filter(drawn_target__target=m.hotel(world)).update(state="started")
        assert match() == []

    def test_only_what_is_open_is_read_never_the_register(
        self, world, django_assert_max_num_queries
    ):
        for n in range(3):
            m.solo(world, m.hotel(world, n))
        with django_assert_max_num_queries(6):
            few = len(merging.errands(NOON.date()))
        assert few == 3 + 3

    def test_a_line_ahead_is_told_with_a_number_to_those_who_may_read_the_list(self, world):
        joint = m.second_task(world, [m.hotel(world)]).field
        m.line_ahead(world, joint)
        rows = merging.lines_ahead(world.cast.shen, NOON.date())
        assert [(each.task, each.firms) for each in rows] == [(world.task, 3)]
        assert merging.lines_ahead(world.cast.huo, NOON.date()) == []

    def test_it_runs_every_night(self, db):
        from django_q.models import Schedule

        nightly(2, 30, "oversight.match", now=NOON)
        row = Schedule.objects.get(name="oversight.match")
        assert row.schedule_type == Schedule.DAILY
        assert f"{row.next_run:%m-%d %H:%M}" == "11-23 18:30"  # UTC; 02:30 in the city


class TestDeciding:
    def test_both_say_yes_and_both_have_one_appointment(self, world):
        m.second_task(world, [m.hotel(world)])
        [one] = match()
        task = next(each.task for each in one.sides.all() if each.task_id != world.task.pk)
        inspection.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        agree(one, world.cast.cheng, slot="10:30")
        one.refresh_from_db()
        assert one.state == MergeState.PROPOSED
        assert not JointCall.objects.exists()
        settled, _ = agree(one, world.cast.gu, slot="10:30", at=m.later(5))
        assert settled.state == MergeState.ACCEPTED
        visit = Visit.objects.get(drawn_target__target=m.hotel(world))
        assert (visit.planned_on, visit.slot) == (DAY, "10:30")
        inspection.form_teams(task=task, by=world.cast.lu, at=m.later(9))
        other = Visit.objects.get(team__task=task)
        assert (other.planned_on, other.slot) == (DAY, "10:30"), "teams formed later begin with it"
        assert crew.clashes(visit) == [], "the same door at the same time is no clash"
        assert crew.double_booked([visit, other]) == set()

    def test_a_new_day_for_one_is_a_new_day_for_all(self, world):
        visit, other = self._together(world)
        remarks = inspection.plan_visit(
            visit=visit,
            planned_on=DAY + timedelta(days=4),
            slot="14:00",
            by=world.cast.shen,
            at=NOON,
        )
        other.refresh_from_db()
        assert (other.planned_on, other.slot) == (DAY + timedelta(days=4), "14:00")
        assert any("一并改期" in each for each in remarks)

    def test_a_new_day_is_asked_of_both_where_it_is_quiet(self, world):
        """The one who moves goes there by order (implied); the other has nothing to say for it."""
        visit, ordered = self._together(world)
        quiet_on = DAY + timedelta(days=4)
        quiet_stretch(world.cast, quiet_on)
        moved = {"visit": ordered, "planned_on": quiet_on, "by": world.cast.lu, "at": NOON}
        with pytest.raises(NeedsReason, match="在安静期内"):
            inspection.plan_visit(**moved, slot="14:00")
        visit.refresh_from_db()
        assert visit.planned_on == DAY
        said = Exempted("complaint", "12345 转来投诉 3 件")
        remarks = inspection.plan_visit(**moved, slot="14:00", exempted=said)
        visit.refresh_from_db()
        assert (visit.planned_on, visit.slot) == (quiet_on, "14:00")
        assert any("按例外情形“投诉举报、问题线索”办理" in each for each in remarks)
        written = QuietExemption.objects.values_list("task", "target")
        target = m.hotel(world).pk
        assert sorted(written) == sorted(
            [(visit.team.task_id, target), (ordered.team.task_id, target)]
        )

    def test_who_comes_along_is_told_on_the_phone_to_the_team_and_at_the_door_to_the_firm(
        self, world
    ):
        visit, other = self._together(world)
        officer = world.officers["GA"][0]
        [beside] = calls.companions(visit, officer.user)
        assert beside.is_own, "the same officer was drawn for both: two forms from one page"
        said = as_(officer.user).get(reverse("inspection:arrive", args=[visit.pk])).content.decode()
        assert reverse("inspection:arrive", args=[other.pk]) in said
        stranger = world.officers["XF"][0]
        [beside] = calls.companions(visit, stranger.user)
        assert not beside.is_own
        visit.checkins.create(
            inspector=officer, certificate_number="1", at=MORNING, by=officer.user
        )
        with time_machine.travel(MORNING, tick=False):
            door = Client().get(reverse("inspection:check", args=[token_of(visit)]))
        assert "同一次上门的还有" in door.content.decode()

    def test_the_second_word_is_for_the_day_of_the_first(self, world):
        m.solo(world, m.hotel(world))
        [one] = match()
        agree(one, world.cast.cheng)
        with pytest.raises(Blocked, match="对方已同意的时间"):
            agree(one, world.cast.gu, slot="15:00")

    @pytest.mark.parametrize("name", ["xu", "zhou", "huo"])
    def test_only_those_who_started_one_of_the_two_decide(self, world, name):
        m.solo(world, m.hotel(world))
        [one] = match()
        with pytest.raises(Blocked, match="由发起这两项检查的部门商定"):
            agree(one, world.cast.user[name])
        with pytest.raises(Blocked):
            actions.decline_merge(proposal=one, reason="不", by=world.cast.user[name], at=NOON)

    def test_a_day_that_is_past_is_refused(self, world):
        m.solo(world, m.hotel(world))
        [one] = match()
        with pytest.raises(Blocked, match="已经过去"):
            agree(one, world.cast.cheng, on=date(2026, 11, 20))

    def test_a_no_needs_a_reason_and_is_not_asked_again(self, world):
        m.solo(world, m.hotel(world))
        [one] = match()
        with pytest.raises(NeedsReason):
            actions.decline_merge(proposal=one, reason=" ", by=world.cast.cheng, at=NOON)
        actions.decline_merge(proposal=one, reason="卫健需夜间检查", by=world.cast.cheng, at=NOON)
        assert match() == []
        with pytest.raises(Blocked, match="不合并"):
            agree(one, world.cast.gu)

    def test_what_has_begun_meanwhile_cannot_be_merged(self, world):
        check = m.solo(world, m.hotel(world))
        [one] = match()
        check.delete()
        with pytest.raises(Blocked, match="已经开始、办结或取消"):
            agree(one, world.cast.cheng)

    def test_what_was_spared_is_counted(self, world):
        self._together(world)
        balance = merging.balance(DAY.year)
        assert (balance.calls, balance.saved) == (1, 1)
        m.solo(world, m.hotel(world))
        later = next(
            each
            for each in match()
            if {side.task_id for side in each.sides.all()} == {world.task.pk, None}
        )
        agree(later, world.cast.cheng, slot="10:30")
        agree(later, world.cast.gu, slot="10:30")
        balance = merging.balance(DAY.year)
        assert (balance.calls, balance.saved) == (1, 2), "three errands, one door"

    def _together(self, world) -> tuple[Visit, Visit]:
        task = m.second_task(world, [m.hotel(world)])
        [one] = match()
        for each, who in ((world.task, world.cast.shen), (task, world.cast.lu)):
            inspection.form_teams(task=each, by=who, at=NOON)
        agree(one, world.cast.cheng, slot="10:30")
        agree(one, world.cast.gu, slot="10:30")
        first, second = Visit.objects.filter(drawn_target__target=m.hotel(world)).order_by("pk")
        return first, second


class TestWhoReads:
    """Draw protocol, §6: a proposal that names a drawn firm is for those who may read its list."""

    def test_a_department_outside_the_task_does_not_learn_that_its_case_was_drawn(self, world):
        m.case(world, m.hotel(world))
        [one] = match()
        assert page(one, world.cast.huo).status_code == 404
        assert m.hotel(world).name not in self._list(world.cast.huo)
        assert not MergeProposal.objects.decidable_by(world.cast.huo).exists()
        assert m.hotel(world).name in self._list(world.cast.cheng)
        with pytest.raises(Blocked, match="还不能看对方任务的名单"):
            agree(one, world.cast.cheng)

    def test_of_two_lists_both_must_be_open_to_the_reader(self, world):
        m.second_task(world, [m.hotel(world)])
        [one] = match()
        seen = {
            name
            for name in ("shen", "cheng", "lu", "gu", "xiang", "pei", "huo", "xu")
            if page(one, world.cast.user[name]).status_code == 200
        }
        assert seen == {"shen", "cheng", "lu", "gu", "xu"}

    def test_the_coordinating_office_is_told_a_number_of_tasks_it_has_no_part_in(self, world):
        m.case(world, m.hotel(world))
        world.task.participations.filter(department__code="SCJG").delete()
        match()
        said = self._list(world.cast.zhou)
        assert "另有 1 处可以合并" in said
        assert m.hotel(world).name not in said

    def test_nor_a_number_where_it_knows_one_of_the_lists(self, world):
        m.case(world, m.hotel(world))
        task = m.second_task(world, [m.hotel(world)], cooperators=())
        match()
        assert world.task.participations.filter(department__code="SCJG").exists()
        between = MergeProposal.objects.withheld_from(world.cast.zhou)
        assert not between.filter(sides__task=world.task).exists()
        assert between.filter(sides__task=task).exists()

    def test_after_the_last_visit_of_the_task_everybody_with_a_side_reads_it(self, world):
        m.case(world, m.hotel(world))
        [one] = match()
        world.task.state = TaskState.COMPLETED
        world.task.save()
        assert page(one, world.cast.huo).status_code == 200
        assert page(one, world.cast.pei).status_code == 404, "no side of theirs"

    def test_the_log_says_the_same_whether_or_not_a_firm_was_drawn(self, world):
        m.case(world, Target.objects.exclude(drawn__draw__task=world.task).first())
        actions.match(by=world.cast.huo, at=NOON)
        m.case(world, m.hotel(world))
        actions.match(by=world.cast.huo, at=NOON)
        one, two = Entry.objects.filter(what="oversight.match").order_by("index")
        assert one.body == two.body

    def test_the_entries_of_a_yes_name_neither_firm_nor_record(self, world):
        m.solo(world, m.hotel(world))
        [one] = match()
        agree(one, world.cast.cheng)
        agree(one, world.cast.gu)
        rows = Entry.objects.filter(
            what__in=("oversight.agree_to_merge", "inspection.call_together")
        )
        assert rows.count() == 3
        for entry in rows:
            for word in (m.hotel(world).name, m.hotel(world).code, "solo:", "drawn:"):
                assert word not in entry.body

    def _list(self, user) -> str:
        answer = as_(user).get(reverse("oversight:merging"))
        assert answer.status_code == 200
        return answer.content.decode()


@pytest.mark.usefixtures("at_noon")
class TestPages:
    def test_agree_and_decline_through_the_pages(self, world):
        m.solo(world, m.hotel(world, 0))
        m.solo(world, m.hotel(world, 1))
        client = as_(world.cast.cheng)
        with_match = client.post(reverse("oversight:match"), follow=True)
        assert "已重新比对" in with_match.content.decode()
        first, second = MergeProposal.objects.order_by("target__pk")
        place = reverse("oversight:agree_to_merge", args=[first.pk])
        refused = client.post(place, {"appointed_on": "", "slot": "9"})
        assert refused.status_code == 422
        past = client.post(place, {"appointed_on": "2026-11-20", "slot": "09:30"})
        assert past.status_code == 409
        said = client.post(place, {"appointed_on": "2026-11-30", "slot": "09:30"}, follow=True)
        assert "等对方部门同意" in said.content.decode()
        no = reverse("oversight:decline_merge", args=[second.pk])
        assert client.post(no, {"reason": ""}).status_code == 422
        client.post(no, {"reason": "要夜间检查"})
        second.refresh_from_db()
        assert (second.state, second.decline) == (MergeState.DECLINED, "要夜间检查")

    def test_the_workbench_asks_those_whose_word_is_missing(self, world):
        m.solo(world, m.hotel(world))
        match()
        assert "商定合并检查" in as_(world.cast.gu).get(reverse("site:workbench")).content.decode()
        other = as_(world.cast.huo).get(reverse("site:workbench")).content.decode()
        assert "商定合并检查" not in other

    def test_who_may_not_decide_has_no_buttons(self, world):
        m.solo(world, m.hotel(world))
        [one] = match()
        assert "同意合并检查" in page(one, world.cast.cheng).content.decode()
        assert "同意合并检查" not in page(one, world.cast.xu).content.decode()
        answer = as_(world.cast.xu).post(reverse("oversight:agree_to_merge", args=[one.pk]))
        assert answer.status_code == 403

    def test_one_appointment_holds_a_firm_and_a_drawn_target_once(self, world):
        m.solo(world, m.hotel(world))
        [one] = match()
        agree(one, world.cast.cheng)
        agree(one, world.cast.gu)
        assert Caller.objects.count() == 2
        drawn = DrawnTarget.objects.get(target=m.hotel(world))
        assert calls.call_of(drawn.pk) is not None
