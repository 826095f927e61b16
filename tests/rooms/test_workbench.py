"""The start page: each person sees what waits for them, and nothing of another department."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone

from liancha.accounts.models import Grant, User
from liancha.disclosure import actions as disclosure
from liancha.draw import actions as draws
from liancha.draw.models import Assignment, Replacement
from liancha.inspection import actions as inspection
from liancha.inspection.models import Visit
from liancha.lists.models import CoSign, ListVersion
from liancha.oversight import actions as oversight
from liancha.plan.models import Plan, PlanCoSign, PlanLine
from liancha.rulebook.deadlines import Calendar, DayKind
from liancha.rulebook.lifecycles import ListState, PlanState, TaskState
from liancha.site import todos, workbench
from liancha.site.desk import Desk
from tests.people import NOON
from tests.rooms import draw_world
from tests.rooms.disclosure_world import EVENING, NEXT_DAY, enter, finish, publish, result_of
from tests.rooms.draw_world import World, make_world
from tests.rooms.visit_world import DAY, make_visit_world, tell

pytestmark = pytest.mark.django_db

MONDAY = NOON.date()
CALENDAR = Calendar(years=frozenset({2026}))


@pytest.fixture
def world() -> World:
    return make_world(classes="ABCD")


def waiting(user, day=MONDAY):
    user = User.objects.get(pk=user.pk)  # as a request loads it: nothing remembered
    return todos.waiting_for(user, day)


def verbs(user, day=MONDAY) -> list[str]:
    return [todo.verb for todo in waiting(user, day)]


def at(world, state: TaskState) -> None:
    world.task.state = state
    world.task.save(update_fields=["state"])


# ── Tasks ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("state", "planner", "head"),
    [
        (TaskState.CREATED, ["拟方案", "确认参与"], []),
        (TaskState.SCHEME_SUBMITTED, ["确认参与"], ["审阅方案"]),
        (TaskState.SCHEME_APPROVED, ["建库"], []),
        (TaskState.TARGETS_DRAWN, ["派发名单"], []),
        (TaskState.DISPATCHED, ["抽取人员"], []),
        (TaskState.INSPECTORS_DRAWN, ["组建检查组"], []),
        (TaskState.COMPLETED, [], []),
    ],
)
def test_each_step_of_a_task_waits_for_the_one_whose_step_it_is(world, state, planner, head):
    at(world, state)
    assert sorted(verbs(world.cast.shen)) == sorted(planner)
    assert verbs(world.cast.cheng) == head


def test_a_scheme_that_came_back_says_what_is_to_be_mended(world):
    at(world, TaskState.CREATED)
    world.task.scheme.returned_note = "请补充交通部门的分工"
    world.task.scheme.save()
    [todo] = [each for each in waiting(world.cast.shen) if each.verb == "修改方案"]
    assert "请补充交通部门的分工" in todo.note
    assert (todo.word, todo.tone) == ("已退回", "back")


def test_whoever_wrote_a_scheme_is_not_asked_to_approve_it(world):
    at(world, TaskState.SCHEME_SUBMITTED)
    world.task.scheme.submitted_by = world.cast.cheng
    world.task.scheme.save()
    assert verbs(world.cast.cheng) == []


def test_a_cooperating_department_is_asked_to_confirm_and_others_are_not(world):
    at(world, TaskState.CREATED)
    assert verbs(world.cast.lu) == ["确认参与"]
    own = world.task.participations.get(department=world.department("WJ"))
    own.confirmed_at = NOON
    own.save()
    assert verbs(world.cast.lu) == []


@pytest.mark.parametrize("state", list(TaskState))
def test_a_department_outside_the_task_hears_nothing_of_it(world, state):
    at(world, state)
    assert verbs(world.cast.huo) == []
    assert Desk(world.cast.huo, MONDAY).tasks == []
    assert verbs(world.cast.sec) == []


def test_a_task_without_its_number_has_one_to_be_filled_in(world):
    at(world, TaskState.DISPATCHED)
    world.task.platform_number, world.task.platform_reason = "", "平台升级"
    world.task.save()
    [todo] = [each for each in waiting(world.cast.shen) if each.verb == "补录编号"]
    assert todo.note == "平台升级"
    assert todo.due_on == date(2026, 11, 30)


def test_what_the_department_set_going_stands_apart_with_the_next_thing(world):
    at(world, TaskState.SCHEME_SUBMITTED)
    desk = Desk(world.cast.shen, MONDAY)
    [asked] = todos.asked_by(desk)
    assert str(world.task) == asked.title
    assert asked.who == "公安负责人"
    assert todos.asked_by(Desk(world.cast.lu, MONDAY)) == []


# ── Draws ─────────────────────────────────────────────────────────────────────────────────


def test_a_draw_asks_each_hand_in_its_turn(world):
    cast = world.cast
    draw = draw_world.freeze(world)
    assert verbs(cast.shen) == ["定规则"]
    assert verbs(cast.qin) == []
    draw = draw_world.open_rule(world, draw, "WJ")
    assert verbs(cast.lu) == ["提交承诺"]
    assert verbs(cast.qin) == ["提交承诺"]
    assert verbs(cast.xiang) == []
    draw_world.commit(world, draw)
    assert verbs(cast.qin) == ["揭示随机数"]
    [todo] = waiting(cast.qin)
    assert todo.due_at == draw_world.DUE
    draw_world.reveal(world, draw)
    assert verbs(cast.qin) == []
    [todo] = waiting(cast.shen)
    assert todo.title.startswith("录入公开随机值")
    draw.refresh_from_db()
    draws.enter_beacon(
        draw=draw, value=draw_world.LOTTERY_VALUE, evidence="公告", by=cast.shen, at=draw_world.DUE
    )
    assert verbs(cast.shen) == ["锁定名单"]
    draw.refresh_from_db()
    draws.lock(draw=draw, by=cast.shen, at=draw_world.DUE)
    assert verbs(cast.shen) == ["派发名单"]
    draw.refresh_from_db()
    draws.dispatch(draw=draw, by=cast.shen, at=draw_world.DUE)
    assert verbs(cast.lu) == ["签收"]
    assert verbs(cast.shen) == ["抽取人员"]
    draws.acknowledge(
        dispatch=draw.dispatches.get(department=world.department("WJ")),
        by=cast.lu,
        at=draw_world.DUE,
    )
    assert verbs(cast.lu) == ["抽取人员"]
    draw_world.draw_inspectors(world, "WJ")
    assert verbs(cast.lu) == []


def test_a_void_that_is_asked_for_waits_for_the_head(world):
    draw = draw_world.closed(world)
    draws.ask_void(
        draw=draw, cause="technical", reason="停电，设备损坏", by=world.cast.shen, at=draw_world.DUE
    )
    assert verbs(world.cast.cheng) == ["审阅作废"]
    assert verbs(world.cast.gu) == []


def test_a_replacement_waits_for_the_head_of_the_own_department():
    world = make_visit_world(1)
    seat = Assignment.objects.filter(inspector__department__code="WJ").first()
    Replacement.objects.create(
        assignment=seat,
        leaving=seat.inspector,
        coming=world.officers["WJ"][2],
        reason="health",
        requested_by=world.cast.lu,
        requested_at=NOON,
    )
    assert verbs(world.cast.gu) == ["审阅更换"]
    assert "审阅更换" not in verbs(world.cast.cheng)


# ── Visits and results ────────────────────────────────────────────────────────────────────


def test_visits_are_planned_announced_and_made_by_those_who_do_it():
    world = make_visit_world(2)
    officer = world.officers["GA"][0].user
    assert verbs(world.cast.shen) == ["组建检查组"]
    inspection.form_teams(task=world.task, by=world.cast.shen, at=NOON)
    assert verbs(world.cast.shen) == ["排日程"]
    inspection.plan_visits(
        visits=world.visits, planned_on=DAY, slot="09:00", by=world.cast.shen, at=NOON
    )
    [todo] = waiting(world.cast.shen)
    assert (todo.verb, todo.due_on, todo.note) == ("告知企业", DAY, "2 户已排日程，还没有告知")
    assert verbs(officer) == []
    for visit in world.visits:
        tell(world, visit)
    assert verbs(world.cast.shen) == []
    assert verbs(officer) == ["到场检查", "到场检查"]
    outsider = world.officers["GA"][2].user
    assert verbs(outsider) == []
    [asked] = todos.asked_by(Desk(world.cast.shen, MONDAY))
    assert asked.note == "已查 0 / 2 户"


def test_results_wait_step_by_step_and_many_of_one_step_are_one_row():
    world = make_visit_world(2)
    visits = finish(world)
    disclosure.collect(by="system", at=EVENING)
    [todo] = waiting(world.cast.lu, EVENING.date())
    assert todo.title == "录入结果：洛阳第1宾馆 等 2 户"
    assert "state=to_enter" in todo.url
    assert (todo.due_on, todo.is_result) == (date(2026, 12, 25), True)
    one = result_of(visits[0], "WJ")
    enter(one, world.cast.lu)
    assert verbs(world.cast.gu) == ["审核结果"]
    disclosure.send_back(result=one, note="写明楼层", by=world.cast.gu, at=EVENING)
    assert sorted(verbs(world.cast.lu)) == ["修改结果", "录入结果"]
    enter(one, world.cast.lu)
    disclosure.audit(result=one, by=world.cast.gu, at=EVENING)
    assert "预览公示" in verbs(world.cast.lu)
    assert verbs(world.cast.gu) == []


def test_who_entered_is_not_asked_to_audit():
    world = make_visit_world(1)
    [visit] = finish(world)
    Grant.objects.create(user=world.cast.lu, role="head", granted_at=NOON, granted_by="sec")
    enter(result_of(visit, "WJ"), world.cast.lu)
    assert "审核结果" not in verbs(world.cast.lu)
    assert verbs(world.cast.gu) == ["审核结果"]


def test_corrections_and_follow_ups_wait_too():
    world = make_visit_world(1)
    [visit] = finish(world, found=("公共场所卫生许可",))
    old = publish(result_of(visit, "WJ"), world.cast.lu, world.cast.gu)
    assert verbs(world.cast.lu, NEXT_DAY.date()) == ["办结处置"]
    items = {item.item_id: ("01", "") for item in old.result.items.all()}
    disclosure.ask_correction(
        publication=old, items=items, reason="误记", by=world.cast.lu, at=NEXT_DAY
    )
    assert verbs(world.cast.gu) == ["审核更正"]


# ── Plans, lists, the office, the administrators ──────────────────────────────────────────


def test_a_department_signs_the_plan_once(world):
    plan = Plan.objects.get()
    plan.state = PlanState.COSIGNING
    plan.save()
    at(world, TaskState.COMPLETED)
    sign = PlanCoSign.objects.create(plan=plan, department=world.department("WJ"))
    assert verbs(world.cast.gu) == ["查看并会签"]
    sign.signed_at = NOON
    sign.save()
    assert verbs(world.cast.gu) == []


def test_a_list_is_signed_by_all_and_then_waits_for_the_office(world):
    at(world, TaskState.COMPLETED)
    version = ListVersion.objects.get()
    version.state = ListState.CONSULTING
    version.save()
    sign = CoSign.objects.create(version=version, department=world.department("WJ"))
    assert verbs(world.cast.lu) == ["查看并会签"]
    assert "批准清单" not in verbs(world.cast.zhou)
    sign.agrees, sign.signed_at = True, NOON
    sign.save()
    assert verbs(world.cast.lu) == []
    assert "批准清单" in verbs(world.cast.zhou)


def test_the_office_sees_fields_without_a_line_until_the_plan_covers_them(world):
    at(world, TaskState.COMPLETED)
    version = ListVersion.objects.get()
    version.state, version.published_at = ListState.PUBLISHED, NOON
    version.save()
    assert "补计划行" not in verbs(world.cast.zhou)
    PlanLine.objects.update(state="cancelled")
    [todo] = [each for each in waiting(world.cast.zhou) if each.verb == "补计划行"]
    assert "1 个领域" in todo.title
    assert todo.due_on == date(2026, 4, 30)


def test_the_office_and_the_supervisor_see_what_is_over_kind_by_kind():
    world = make_visit_world(1)
    finish(world)
    disclosure.collect(by="system", at=EVENING)
    late = date(2026, 12, 28)
    for person in (world.cast.zhou, world.cast.xu):
        titles = [todo.title for todo in waiting(person, late) if todo.verb == "看超期清单"]
        assert titles == ["结果未公示 4 件"]
    assert "看超期清单" not in verbs(world.cast.lu, late)


def test_what_is_overdue_comes_first_and_is_pressing(world):
    oversight.remind(
        to=world.department("WJ"), subject="请公示结果", basis="22",
        due_on=date(2026, 11, 24), by=world.cast.zhou, at=NOON,
    )  # fmt: skip
    at(world, TaskState.CREATED)
    tuesday = MONDAY + timedelta(days=1)
    first, second = waiting(world.cast.lu, tuesday)
    assert (first.verb, first.is_pressing(tuesday)) == ("回复督办", True)
    assert (second.verb, second.is_pressing(tuesday)) == ("确认参与", False)
    [asked] = todos.asked_by(Desk(world.cast.zhou, tuesday))
    assert asked.title == "请公示结果"


def test_administrators_see_the_calendar_and_the_accounts(world):
    assert "录入日历" in verbs(world.cast.sys, date(2026, 11, 1))
    assert "录入日历" not in verbs(world.cast.sys, date(2026, 10, 31))
    assert verbs(world.cast.sec) == []
    User.objects.create(username="new", full_name="新同事", department=world.department("WJ"))
    assert verbs(world.cast.sec) == ["授予角色"]
    world.cast.huo.is_active = False
    world.cast.huo.save()
    assert "开设账号" in verbs(world.cast.sys)


# ── The page ──────────────────────────────────────────────────────────────────────────────


def test_the_number_of_queries_does_not_grow_with_the_work(client, django_assert_max_num_queries):
    world = make_visit_world(3)
    finish(world, count=2)
    disclosure.collect(by="system", at=EVENING)
    people = (*("shen", "lu", "cheng", "zhou", "xu", "qin", "sys"), world.officers["GA"][0].user)
    with time_machine.travel(EVENING, tick=False):
        for each in people:
            person = world.cast.user[each] if isinstance(each, str) else each
            client.force_login(person)
            client.get("/")
            with django_assert_max_num_queries(26):
                client.get("/")


def test_the_week_shows_each_kind_once_on_its_day_and_where_visits_are(world):
    at(world, TaskState.CREATED)
    world.task.scheme.stages = [
        {"name": "分类建库", "starts": "2026-11-26", "ends": "2026-11-27"},
        {"name": "摇号派发", "starts": "2026-11-27", "ends": "2026-11-30"},
        {"name": "实地核查", "starts": "2026-12-01", "ends": "2026-12-08"},
        {"name": "公示处理", "starts": "2026-12-08", "ends": "2026-12-11"},
    ]
    world.task.scheme.save()
    found = waiting(world.cast.shen) * 3
    week = workbench.week(found, MONDAY, CALENDAR, visits={DAY: 2})
    assert [day.on.day for day in week.days] == [23, 24, 25, 26, 27, 28, 29]
    assert [day.is_today for day in week.days] == [True] + [False] * 6
    assert [day.is_rest for day in week.days] == [False] * 5 + [True] * 2
    assert sorted((mark.word, mark.tone) for mark in week.days[3].marks) == [
        ("方案", "ora"),
        ("确认", "ora"),
    ]
    assert [(mark.word, mark.said) for mark in week.days[4].marks] == [("检查", "检查 2 户")]
    assert (week.before, week.after) == (date(2026, 11, 16), date(2026, 11, 30))
    other = workbench.week(found, MONDAY, CALENDAR, around=week.after)
    assert not any(day.marks or day.is_today for day in other.days)


def test_rest_days_are_those_of_the_calendar():
    worked = Calendar(
        frozenset({2026}), {date(2026, 11, 28): DayKind.WORK, date(2026, 11, 24): DayKind.REST}
    )
    week = workbench.week([], MONDAY, worked)
    assert [day.is_rest for day in week.days] == [False, True, False, False, False, False, True]
    assert workbench.working_day_number(date(2026, 1, 2), worked) == 2
    assert workbench.working_day_number(date(2027, 1, 4), worked) is None


def test_a_task_stands_at_one_of_seven_steps(world):
    places = []
    for state in TaskState:
        at(world, state)
        progress = workbench.progress_of(world.task)
        assert progress.dots.count("n") == 1
        assert len(progress.dots) == 7
        places.append(progress.place)
    assert places == sorted(places)
    assert set(places) == set(range(1, 8))


def test_the_start_page_shows_the_work(client, world):
    with time_machine.travel(NOON, tick=False):
        client.force_login(world.cast.shen)
        page = client.get("/").content.decode()
        late = client.get("/?tab=late").content.decode()
        asked = client.get("/?tab=asked").content.decode()
        other_week = client.get("/?week=2026-12-07").content.decode()
        assert client.get("/?week=nonsense&page=x&tab=x").status_code == 200
    assert "建待抽检库：宾馆、旅店监督抽查（第 1 批）" in page
    assert "第 2 步，共 7 步：建库" in page
    assert "发起任务" in page
    assert "本年第 220 个工作日" in page
    assert "没有超期的事项" in late
    assert "看任务" in asked
    assert "12-07 至 12-13" in other_week


def test_the_start_page_of_those_without_work_says_so(client, world):
    at(world, TaskState.COMPLETED)
    for who in ("aud", "huo", "qin"):
        client.force_login(world.cast.user[who])
        page = client.get("/")
        assert page.status_code == 200
        assert "没有待办" in page.content.decode(), who


def test_the_strip_of_figures_is_that_of_the_results_page(client):
    world = make_visit_world(2)
    visits = finish(world)
    publish(result_of(visits[0], "WJ"), world.cast.lu, world.cast.gu)
    with time_machine.travel(NEXT_DAY, tick=False):
        client.force_login(world.cast.lu)
        clock = client.get("/").context["clock"]
        assert clock.said == "1 / 1"
        assert client.get("/results/").context["clock"] == clock
        assert "少进门 6 户次" in client.get("/").content.decode()
        for band in clock.bands:
            rows = client.get("/results/", {"used": band.key}).context["page_obj"]
            assert rows.paginator.count == band.count
    assert Visit.objects.count() == 2
    assert timezone.localdate(NEXT_DAY).isoweekday() == 1
