"""第一章 总则 — Chapter 1, who urges whom (arts. 5, 6 and 7)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from liancha.accounts.models import Department, Region
from liancha.accounts.permissions import ROLES, Permission, Role
from liancha.draw.models import Draw
from liancha.ledger.models import Entry
from liancha.oversight import actions, queries
from liancha.oversight.models import Reminder
from liancha.plan.models import PlanLine
from liancha.rulebook.lifecycles import LineState, TaskState
from liancha.rulebook.verdicts import Blocked, NeedsReason
from tests.people import NOON, make_cast
from tests.rooms.disclosure_world import finish, result_of
from tests.rooms.visit_world import make_visit_world

pytestmark = pytest.mark.django_db

TODAY = NOON.date()


@pytest.fixture
def cast():
    return make_cast()


def county(cast, code: str = "LC-GA") -> Department:
    return Department.objects.create(
        code=code,
        name="栾川县公安局",
        short="栾川公安",
        level="county",
        region=Region.objects.get(name__startswith="栾川"),
        system=cast.department["GA"],
    )


def remind(cast, to: Department, **more) -> Reminder:
    return actions.remind(
        **{
            "to": to,
            "subject": "请公示洛阳第1宾馆的抽查结果",
            "basis": "22",
            "due_on": TODAY + timedelta(days=7),
            "by": cast.zhou,
            "at": NOON,
        }
        | more
    )


class TestArticle5:
    def test_a_task_that_went_out_without_a_number_is_on_the_list_until_it_has_one(self):
        """Source: clause 5.1."""
        world = make_visit_world(1)
        draw = Draw.objects.of_targets().get()
        world.task.platform_number, world.task.platform_reason = "", "平台升级"
        world.task.save()
        later = TODAY + timedelta(days=10)

        def missing(day: date) -> list[str]:
            found = queries.overdue(today=day, user=world.cast.zhou)
            return [one.title for one in found if one.kind == "platform"]

        assert draw.locked_at == NOON
        assert missing(TODAY) == []
        assert missing(later) == [f"{world.task.name} 监管平台编号"]
        world.task.platform_number = "4103002026050017"
        world.task.save()
        assert missing(later) == []


class TestArticle6:
    def test_the_office_urges_departments_of_its_own_level_and_region_only(self, cast):
        """Source: clause 6.1."""
        with pytest.raises(Blocked, match="只能督办本级、本区域的部门") as refusal:
            remind(cast, county(cast))
        assert refusal.value.article == "6"
        reminder = remind(cast, cast.department["GA"])
        assert reminder.number == "洛双随机督〔2026〕1号"
        assert remind(cast, cast.department["WJ"]).number == "洛双随机督〔2026〕2号"

    def test_the_department_answers_once_and_nobody_answers_for_it(self, cast):
        """Source: clause 6.1."""
        reminder = remind(cast, cast.department["WJ"])
        with pytest.raises(Blocked, match="请由该部门回复"):
            actions.reply(reminder=reminder, text="已办", by=cast.cheng, at=NOON)
        with pytest.raises(NeedsReason):
            actions.reply(reminder=reminder, text=" ", by=cast.lu, at=NOON)
        answered = actions.reply(reminder=reminder, text="明日公示", by=cast.lu, at=NOON)
        assert (answered.reply, answered.replied_by) == ("明日公示", cast.lu)
        with pytest.raises(Blocked, match="已经回复"):
            actions.reply(reminder=reminder, text="补充", by=cast.gu, at=NOON)
        whats = list(Entry.objects.values_list("what", flat=True))
        assert whats[-2:] == ["oversight.remind", "oversight.reply"]

    def test_a_reminder_looks_forward_and_says_what_it_is_about(self, cast):
        with pytest.raises(Blocked, match="已经过去"):
            remind(cast, cast.department["GA"], due_on=TODAY - timedelta(days=1))
        with pytest.raises(Blocked, match="还没有写督办的事由"):
            remind(cast, cast.department["GA"], subject=" ")
        elsewhere = remind(cast, cast.department["GA"], link="//elsewhere.invalid/")
        assert elsewhere.link == ""
        assert remind(cast, cast.department["GA"], link="/results/1/").link == "/results/1/"

    def test_a_city_department_sees_its_own_system_in_the_counties_and_no_other(self, cast):
        """Source: clause 6.2."""
        branch = county(cast)
        Reminder.objects.create(
            number="栾双随机督〔2026〕1号",
            to=branch,
            subject="请签收",
            basis="19",
            due_on=TODAY - timedelta(days=3),
            issued_by=cast.zhou,
            issued_at=NOON,
        )
        assert [one.kind for one in queries.overdue(today=TODAY, user=cast.shen)] == ["reminder"]
        assert queries.overdue(today=TODAY, user=cast.lu) == []
        assert len(queries.overdue(today=TODAY, user=cast.zhou)) == 1

    def test_every_plan_line_is_a_duty_of_each_department_it_names(self):
        """Source: clause 6.3."""
        world = make_visit_world(1)
        line = PlanLine.objects.get()
        named = [line.initiator, *line.cooperators.all()]
        assert len(named) == 4
        for department in named:
            person = department.people.first()
            assert list(PlanLine.objects.concerning(person)) == [line]
        assert list(PlanLine.objects.concerning(world.cast.huo)) == []


class TestArticle7:
    def test_a_result_that_is_late_is_on_the_list_of_its_department_and_of_the_office(self):
        world = make_visit_world(1)
        [visit] = finish(world)
        result = result_of(visit, "WJ")
        day_after = result.due_on + timedelta(days=1)
        own = queries.overdue(today=day_after, user=world.cast.lu)
        assert [(one.title, one.article, one.is_local) for one in own] == [
            ("洛阳第1宾馆 抽查结果", "22", False)
        ]
        office = queries.overdue(today=day_after, user=world.cast.zhou)
        assert {one.department.code for one in office if one.kind == "result"} == {
            "GA", "WJ", "SCJG", "XF",
        }  # fmt: skip
        assert queries.overdue(today=result.due_on, user=world.cast.lu) == []
        assert queries.overdue(today=day_after, user=world.cast.huo) == []

    def test_two_working_days_before_it_is_a_warning(self):
        world = make_visit_world(1)
        [visit] = finish(world)
        result = result_of(visit, "WJ")
        assert result.due_on == date(2026, 12, 25)  # 周五
        for day, warned in ((22, False), (23, False), (24, True), (25, True)):
            found = queries.pending(today=date(2026, 12, day), user=world.cast.lu)
            assert [one.is_over for one in found] == [False] * warned, day

    def test_working_days_over_are_counted_without_the_weekend(self):
        world = make_visit_world(1)
        [visit] = finish(world)
        result_of(visit, "WJ")
        [monday] = queries.overdue(today=date(2026, 12, 28), user=world.cast.lu)
        assert monday.days == 1

    def test_a_task_beyond_its_last_day_and_a_field_without_a_line_are_seen(self):
        """Source: clauses 12.2 and 13.1."""
        world = make_visit_world(1)
        world.task.state = TaskState.INSPECTING
        world.task.save()
        late = queries.overdue(today=date(2026, 12, 14), user=world.cast.shen)
        assert [one.kind for one in late] == ["task"]
        world.task.field.version.state = "published"
        world.task.field.version.published_at = NOON
        world.task.field.version.save()
        assert "plan" not in {
            one.kind for one in queries.overdue(today=TODAY, user=world.cast.shen)
        }
        PlanLine.objects.update(state=LineState.CANCELLED)
        unplanned = queries.overdue(today=TODAY, user=world.cast.shen)
        assert [(one.kind, one.due_on) for one in unplanned] == [("plan", date(2026, 4, 30))]
        assert queries.overdue(today=date(2026, 4, 30), user=world.cast.shen) == []

    def test_who_supervises_reads_and_urges_and_does_no_business(self):
        business = {
            Permission.DRAW_RUN,
            Permission.DRAW_INSPECTORS,
            Permission.DISCLOSURE_ENTER,
            Permission.DISCLOSURE_PUBLISH,
            Permission.INSPECTION_CHECK,
        }
        for role in (Role.COORDINATOR, Role.SUPERVISOR):
            held = ROLES[role].permissions
            assert Permission.OVERSIGHT_REMIND in held
            assert not business & held
