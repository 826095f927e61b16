"""The visit before it begins: teams, schedule, notices, arrival."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import transaction

from liancha.inspection import actions, crew
from liancha.inspection.models import Invitation, Team, Visit
from liancha.ledger.models import Entry
from liancha.registry.models import Target
from liancha.roster.models import Certificate
from liancha.rulebook.lifecycles import TaskState
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON
from tests.rooms.visit_world import (
    DAY,
    MORNING,
    answer_all,
    arrive,
    begun,
    make_visit_world,
    replace,
    sign,
    tell,
    told,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_visit_world()


def shown(visit: Visit) -> Visit:
    return Visit.objects.get(pk=visit.pk)


class TestTeams:
    def test_one_team_and_one_visit_for_every_drawn_target(self, world):
        teams = actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        world.task.refresh_from_db()
        assert [each.number for each in teams] == [1, 2, 3]
        assert world.task.state == TaskState.TEAMS_SET
        assert {each.leader for each in teams} == {world.officers["GA"][0]}
        assert all(each.members.count() == 8 for each in teams)
        assert Entry.objects.filter(what="inspection.form_teams").count() == 1

    def test_an_item_whose_tag_the_target_lacks_is_not_asked_there(self, world):
        actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        first, second, _ = world.visits
        lift = world.items["电梯使用登记"]
        assert not first.parts.get(rows__item=lift).rows.get(item=lift).is_expected
        assert second.parts.get(rows__item=lift).rows.get(item=lift).is_expected

    def test_a_department_released_from_a_target_is_not_involved_and_does_not_go(self, world):
        from liancha.registry.models import Release

        target = Target.objects.order_by("id")[0]
        Release.objects.create(
            target=target,
            department=world.cast.department["XF"],
            reason="无",
            by=world.cast.shen,
            at=NOON,
        )
        actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        visit = world.visits[0]
        assert not visit.parts.get(department__code="XF").is_involved
        assert {each.department.code for each in visit.team.members.all()} == {"GA", "WJ", "SCJG"}
        assert len(crew.members(visit)) == 6

    def test_an_approved_replacement_before_the_teams_counts(self, world):
        actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        visit = world.visits[0]
        one, _, third = world.officers["WJ"]
        replace(world, visit, one, third)
        assert third in crew.members(visit)
        assert one not in crew.members(visit)
        assert Visit.objects.attended_by(third).get() == visit
        assert visit not in Visit.objects.attended_by(one)

    def test_a_leader_who_was_replaced_is_followed_by_the_next_of_the_initiator(self, world):
        visit = told(world)[0]
        one, two, third = world.officers["GA"]
        replace(world, visit, one, third)
        arrive(world, visit, "WJ")
        visit = shown(visit)
        assert visit.team.leader in (two, third)
        assert set(visit.team.members.all()) == set(crew.members(visit))

    def test_who_may_lead_and_holds_a_valid_certificate_leads(self, world):
        first, second, _ = world.officers["GA"]
        first.may_lead = False
        first.save()
        team = actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)[0]
        assert team.leader == second

    def test_without_such_a_person_the_initiators_first_leads(self, world):
        first, second, _ = world.officers["GA"]
        for each in (first, second):
            each.may_lead = False
            each.save()
        second.certificates.update(valid_to=date(2026, 11, 22))
        team = actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)[0]
        assert team.leader == first

    def test_teams_cannot_be_formed_twice_or_before_the_officers_are_drawn(self, world):
        actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        with pytest.raises(Blocked, match="没有需要新组"):
            actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        world.task.state = TaskState.DISPATCHED
        world.task.save()
        with pytest.raises(Blocked, match="待抽人员"):
            actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        assert Team.objects.count() == 3

    def test_an_officer_planned_twice_within_ninety_minutes_is_a_remark(self, world):
        """Source: clause 20.4."""
        actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        first, second, third = world.visits
        facts = {"by": world.cast.shen, "at": NOON}
        assert actions.plan_visit(visit=first, planned_on=DAY, slot="09:00", **facts) == ()
        remarks = actions.plan_visit(visit=second, planned_on=DAY, slot="10:00", **facts)
        assert "相隔不到 90 分钟" in remarks[0]
        assert actions.plan_visit(visit=third, planned_on=DAY, slot="13:30", **facts) == ()
        assert crew.double_booked([first, second, third]) == set()  # as read, before planning
        assert crew.double_booked(world.visits) == {first.pk, second.pk}

    def test_a_day_in_the_past_is_refused_and_one_outside_the_task_is_a_remark(self, world):
        actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        visit, facts = world.visits[0], {"slot": "09:00", "by": world.cast.shen, "at": NOON}
        with pytest.raises(Blocked, match="已经过去"):
            actions.plan_visit(visit=visit, planned_on=date(2026, 11, 22), **facts)
        remarks = actions.plan_visit(visit=visit, planned_on=date(2026, 12, 20), **facts)
        assert "不在任务期限" in remarks[0]

    def test_more_visits_than_a_day_holds_are_refused_as_a_whole(self, world):
        actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        with pytest.raises(Blocked, match="一天排不下"):
            actions.plan_visits(
                visits=world.visits,
                planned_on=DAY,
                slot="20:00",
                every=timedelta(hours=3),
                by=world.cast.shen,
                at=NOON,
            )
        assert all(each.planned_on is None for each in world.visits)

    def test_an_expert_speaks_for_himself_only_and_before_the_signature(self, world):
        visit = begun(world)
        expert = world.officers["XF"][2]
        expert.is_expert = True
        expert.save()
        invitation = actions.invite(visit=visit, expert=expert, by=world.cast.shen, at=NOON)
        actions.invite(visit=visit, expert=expert, by=world.cast.shen, at=NOON)
        assert Invitation.objects.count() == 1
        with pytest.raises(Blocked, match="本人填写"):
            actions.give_opinion(
                invitation=invitation, opinion="好", by=world.cast.shen, at=MORNING
            )
        actions.give_opinion(invitation=invitation, opinion="线路老化", by=expert.user, at=MORNING)
        answer_all(world, visit)
        sign(world, visit)
        with pytest.raises(Blocked, match="已签字"):
            actions.give_opinion(invitation=invitation, opinion="改", by=expert.user, at=MORNING)


class TestNotices:
    def test_a_second_notice_takes_the_place_of_the_first_and_the_ledger_keeps_both(self, world):
        visit = told(world)[0]
        tell(world, visit)
        assert shown(visit).notice.number == f"{visit.number}告"
        assert Entry.objects.about("visit", visit.pk).filter(what="inspection.notify").count() == 2

    def test_without_a_planned_day_there_is_nothing_to_tell(self, world):
        actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        with pytest.raises(Blocked, match="还没有安排检查日期"):
            tell(world, world.visits[0])

    def test_several_notices_are_written_together_or_not_at_all(self, world):
        actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        first, second, _ = world.visits
        actions.plan_visit(visit=first, planned_on=DAY, slot="09:00", by=world.cast.shen, at=NOON)
        words = {
            "items": "公安：许可",
            "when": "27 日",
            "papers": "执照",
            "channel": "phone",
            "contact": "经理",
        }
        with pytest.raises(Blocked), transaction.atomic():
            actions.notify_many(
                notices=[(first, words), (second, words)], by=world.cast.shen, at=NOON
            )
        assert not hasattr(shown(first), "notice")

    def test_a_firm_already_told_cannot_be_surprised(self, world):
        visit = told(world)[0]
        with pytest.raises(Blocked, match="不能再办突击检查"):
            actions.notify_surprise(
                visit=visit,
                clue_source="投诉",
                clue_number="1",
                approver="程以宁",
                by=world.cast.shen,
                at=NOON,
            )

    def test_the_clue_does_not_go_into_the_ledger(self, world):
        actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        actions.notify_surprise(
            visit=world.visits[0],
            clue_source="内部举报张某",
            clue_number="密 118",
            approver="程以宁",
            by=world.cast.shen,
            at=NOON,
        )
        said = "".join(Entry.objects.values_list("body", flat=True))
        assert "内部举报" not in said
        assert "密 118" not in said

    def test_only_departments_that_take_part_tell_the_firm(self, world):
        visit = told(world)[0]
        with pytest.raises(Blocked, match="由参与部门办理"):
            actions.log_failed_contact(
                visit=visit, channel="phone", note="没人接", by=world.cast.huo, at=NOON
            )


class TestArrival:
    def test_the_leader_enters_a_colleague_by_the_number_on_the_certificate(self, world):
        visit = told(world)[0]
        leader, colleague = world.officers["GA"][0], world.officers["WJ"][0]
        number = colleague.certificates.get().number
        facts = {"visit": visit, "inspector": colleague, "by": leader.user, "at": MORNING}
        with pytest.raises(Blocked, match="请输入"):
            actions.check_in(**facts)
        with pytest.raises(Blocked, match="证号与输入的不符"):
            actions.check_in(**facts, certificate_number="16030000000")
        arrived = actions.check_in(**facts, certificate_number=f" {number} ")
        assert (arrived.certificate_number, arrived.by) == (number, leader.user)

    def test_nobody_but_the_leader_enters_a_colleague(self, world):
        visit = told(world)[0]
        one, two, _ = world.officers["WJ"]
        with pytest.raises(Blocked, match="由组长"):
            actions.check_in(
                visit=visit,
                inspector=two,
                certificate_number=two.certificates.get().number,
                by=one.user,
                at=MORNING,
            )

    def test_a_certificate_that_is_over_does_not_count(self, world):
        visit = told(world)[0]
        one = world.officers["GA"][0]
        Certificate.objects.filter(inspector=one).update(valid_to=date(2026, 11, 26))
        with pytest.raises(Blocked, match="已过期（有效期 2024-01-01 至 2026-11-26）"):
            actions.check_in(visit=visit, inspector=one, by=one.user, at=MORNING)

    def test_who_was_not_drawn_does_not_check_in(self, world):
        visit = told(world)[0]
        third = world.officers["GA"][2]
        with pytest.raises(Blocked, match="不在这一组"):
            actions.check_in(visit=visit, inspector=third, by=third.user, at=MORNING)

    def test_the_day_before_is_too_early(self, world):
        visit = told(world)[0]
        one = world.officers["GA"][0]
        with pytest.raises(Blocked, match="还没有到日子"):
            actions.check_in(
                visit=visit, inspector=one, by=one.user, at=MORNING - timedelta(days=1)
            )

    def test_twice_is_once(self, world):
        visit = told(world)[0]
        one = world.officers["GA"][0]
        facts = {"visit": visit, "inspector": one, "by": one.user}
        first = actions.check_in(**facts, at=MORNING)
        assert actions.check_in(**facts, at=MORNING + timedelta(hours=1)) == first
        assert visit.checkins.count() == 1

    def test_starting_again_when_nobody_waits_is_refused(self, world):
        visit = begun(world)
        with pytest.raises(Blocked, match="各部门都已开始"):
            actions.start(visit=visit, by=world.officers["WJ"][0].user, at=MORNING)

    def test_the_first_start_moves_the_task_on(self, world):
        begun(world)
        world.task.refresh_from_db()
        assert world.task.state == TaskState.INSPECTING
