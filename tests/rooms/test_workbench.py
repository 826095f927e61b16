"""The start page: each person sees what waits for them, and nothing of another department."""

from __future__ import annotations

from datetime import date

import pytest

from liancha.oversight.models import Reminder
from liancha.plan.models import Plan, PlanCoSign
from liancha.rulebook.deadlines import Calendar
from liancha.rulebook.lifecycles import PlanState, TaskState
from liancha.site import search, todos, workbench
from tests.people import NOON
from tests.rooms.draw_world import STARTS, World, make_world

pytestmark = pytest.mark.django_db

MONDAY = NOON.date()
CALENDAR = Calendar(years=frozenset({2026}))


@pytest.fixture
def world(monkeypatch) -> World:
    # What is asked here is what waits; where a page stands is the rooms' own matter.
    monkeypatch.setattr(todos, "place_of", lambda record, *page: f"/{record.pk}/")
    monkeypatch.setattr(workbench, "place_of", lambda record, *page: f"/{record.pk}/")
    monkeypatch.setattr(search, "place_of", lambda record, *page: f"/{record.pk}/")
    return make_world(classes="ABCD")


def verbs(user) -> list[str]:
    return [todo.verb for todo in todos.waiting_for(user, MONDAY)]


def at(world: World, state: TaskState) -> None:
    world.task.state = state
    world.task.save(update_fields=["state"])


@pytest.mark.parametrize(
    ("state", "planner", "head"),
    [
        (TaskState.CREATED, ["拟方案"], []),
        (TaskState.SCHEME_SUBMITTED, [], ["审阅方案"]),
        (TaskState.SCHEME_APPROVED, ["建库"], []),
        (TaskState.POOL_FROZEN, ["进入摇号"], []),
        (TaskState.TARGETS_DRAWN, ["派发名单"], []),
        (TaskState.DISPATCHED, ["抽取人员"], []),
        (TaskState.INSPECTORS_DRAWN, ["组建检查组"], []),
        (TaskState.COMPLETED, [], []),
    ],
)
def test_each_step_of_a_task_waits_for_the_one_whose_step_it_is(world, state, planner, head):
    at(world, state)
    assert verbs(world.cast.shen) == planner
    assert verbs(world.cast.cheng) == head


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
    assert verbs(world.cast.sys) == []
    assert workbench.my_tasks(world.cast.huo) == []


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


def test_what_is_overdue_comes_first_and_is_pressing(world):
    Reminder.objects.create(
        number="督〔2026〕1号", to=world.department("WJ"), subject="请公示结果", basis="22",
        due_on=date(2026, 11, 20), issued_by=world.cast.zhou, issued_at=NOON,
    )  # fmt: skip
    at(world, TaskState.CREATED)
    first, second = todos.waiting_for(world.cast.lu, MONDAY)
    assert (first.verb, first.is_pressing(MONDAY)) == ("回复督办", True)
    assert (second.verb, second.is_pressing(MONDAY)) == ("确认参与", False)


def test_what_has_no_page_is_not_offered(world, monkeypatch):
    monkeypatch.setattr(todos, "place_of", lambda record, *page: "")
    assert verbs(world.cast.shen) == []


def test_the_number_of_queries_does_not_grow_with_the_work(world, django_assert_max_num_queries):
    for person in ("shen", "lu", "cheng", "lin", "zhou"):
        with django_assert_max_num_queries(len(todos.SOURCES) + 3):
            todos.waiting_for(world.cast.user[person], MONDAY)


def test_the_week_shows_each_kind_once_on_its_day(world):
    waiting = todos.waiting_for(world.cast.shen, MONDAY) * 3
    days = workbench.week(waiting, MONDAY, CALENDAR)
    assert [day.on.day for day in days] == [23, 24, 25, 26, 27, 28, 29]
    assert [day.is_today for day in days] == [True] + [False] * 6
    assert [day.is_rest for day in days] == [False] * 5 + [True] * 2
    thursday = days[3]
    assert (thursday.on, thursday.marks) == (STARTS, (("建库", "ora"),))


def test_a_task_stands_at_one_of_seven_steps(world):
    places = []
    for state in TaskState:
        at(world, state)
        progress = workbench.progress_of(world.task)
        assert progress.dots.count("n") == 1
        places.append(progress.place)
    assert places == sorted(places)
    assert set(places) == set(range(1, 8))


def test_the_start_page_shows_the_work(client, world):
    client.force_login(world.cast.shen)
    page = client.get("/").content.decode()
    assert "建待抽检库：宾馆、旅店监督抽查（第 1 批）" in page
    assert "第 2 步，共 7 步：建库" in page
    assert "没有超期的事项" in client.get("/?tab=late").content.decode()


# ── The search box ────────────────────────────────────────────────────────────────────────


def test_the_search_finds_what_the_lists_would_show(client, world):
    client.force_login(world.cast.shen)
    page = client.get("/search/", {"q": "宾馆"}).content.decode()
    assert "洛阳第1宾馆" in page
    assert "宾馆、旅店监督抽查（第 1 批）" in page


def test_the_search_does_not_look_over_fences(client, world):
    client.force_login(world.cast.huo)
    page = client.get("/search/", {"q": "宾馆"}).content.decode()
    assert "宾馆、旅店监督抽查（第 1 批）" not in page
    client.force_login(world.cast.sys)
    assert "没有找到" in client.get("/search/", {"q": "宾馆"}).content.decode()


def test_a_single_hit_is_opened_at_once(client, world):
    client.force_login(world.cast.shen)
    answer = client.get("/search/", {"q": world.task.number})
    assert answer.status_code == 302
    assert answer["Location"] == f"/{world.task.pk}/"
