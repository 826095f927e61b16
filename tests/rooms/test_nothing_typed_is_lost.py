"""What somebody typed comes back when it is not taken: in its field, with the fault, every door.

The doors here have no page of their own: a line in a dialog, a small form beside a table. Their
answer is the page the form stands on. Doors with a page of their own bind their form themselves.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.http import QueryDict
from django.urls import reverse

from liancha.accounts.models import User
from liancha.accounts.refilling import refilled
from liancha.inspection.actions import form_teams
from liancha.inspection.models import Visit
from liancha.lists import actions as lists
from liancha.plan import actions as plans
from liancha.registry import actions as registry
from liancha.registry.models import Target
from liancha.roster.models import Inspector
from tests.house.source import PACKAGE, parsed, python_files
from tests.people import NOON
from tests.rooms import draw_world
from tests.rooms.plan_world import PlanWorld, make_plan_world
from tests.rooms.visit_world import make_visit_world

pytestmark = pytest.mark.django_db

TYPED = "洛河边“丙”字号<院>"
LONG = TYPED + "再写" * 200
TODAY = NOON.date()


@dataclass(frozen=True)
class Post:
    """One post that cannot be taken: by whom, where, what, and the page it comes from."""

    by: User
    door: str
    said: dict[str, Any]
    page: str
    kept: str = LONG


def at(name: str, *args: object) -> str:
    return reverse(name, args=args)


# ── Doors of the plan and the task ────────────────────────────────────────────────────────


def new_part(world: PlanWorld) -> Post:
    return Post(
        world.cast.shen, at("plan:new_part"), {"year": "19990"}, at("plan:parts"), kept="19990"
    )


def report(world: PlanWorld) -> Post:
    said = {"to": "", "number": TYPED, "on": ""}
    return Post(world.cast.zhou, at("plan:file_report"), said, at("plan:plans"), kept=TYPED)


def filing(world: PlanWorld) -> Post:
    plan, said = world.published(), {"kind": "report", "to": TYPED, "on": "明天"}
    page = at("plan:plan", plan.pk) + "?tab=filing"
    return Post(world.cast.zhou, at("plan:file", plan.pk), said, page, kept=TYPED)


def platform_of_plan(world: PlanWorld) -> Post:
    plan = world.published()
    page = at("plan:plan", plan.pk)
    return Post(world.cast.zhou, at("plan:platform", plan.pk), {"number": LONG}, page)


def publishing(world: PlanWorld) -> Post:
    plan = world.cosigned()
    page = at("plan:plan", plan.pk)
    said = {"document_number": LONG, "platform_number": ""}
    return Post(world.cast.zhou, at("plan:publish", plan.pk), said, page)


def returning(world: PlanWorld) -> Post:
    plan = world.draft()
    plans.send_for_cosign(plan=plan, by=world.cast.zhou, at=NOON)
    page = at("plan:cosign", plan.pk)
    return Post(world.cast.gu, at("plan:return", plan.pk), {"opinion": LONG}, page)


def platform_of_task(world: PlanWorld) -> Post:
    task, said = world.task(), {"number": "", "reason": LONG}
    return Post(world.cast.shen, at("task:platform", task.pk), said, at("task:task", task.pk))


def returned_scheme(world: PlanWorld) -> Post:
    task = world.submitted()
    said = {"note": LONG}
    return Post(world.cast.cheng, at("task:return", task.pk), said, at("task:task", task.pk))


# ── Doors of the registry and the lists ───────────────────────────────────────────────────


def hotel() -> Target:
    return Target.objects.order_by("pk")[0]


def placed(world: PlanWorld) -> Post:
    said = {"pick": [hotel().pk], "region-region": "", "region-reason": TYPED}
    return Post(world.cast.shen, at("registry:place"), said, at("registry:targets"), kept=TYPED)


def placed_alone(world: PlanWorld) -> Post:
    one = hotel().pk
    said = {"pick": [one], "page": one, "region-region": "", "region-reason": TYPED}
    page = at("registry:target", one)
    return Post(world.cast.shen, at("registry:place"), said, page, kept=TYPED)


def flagged(world: PlanWorld) -> Post:
    said = {"pick": [hotel().pk], "flag-kind": "abnormal", "flag-source": TYPED, "flag-until": ""}
    return Post(world.cast.shen, at("registry:flag"), said, at("registry:targets"), kept=TYPED)


def case(world: PlanWorld) -> Post:
    found = registry.register_case(
        target=hotel(),
        origin="complaint",
        reference="",
        clue="异味",
        received_on=TODAY,
        by=world.cast.lu,
        at=NOON,
    )
    said = {"checked_on": "", "outcome": TYPED}
    page = at("registry:case_checks")
    return Post(world.cast.lu, at("registry:close_case", found.pk), said, page, kept=TYPED)


def alone(world: PlanWorld) -> Post:
    found = registry.request_solo(
        target=hotel(),
        item="客房卫生",
        planned_on=TODAY + timedelta(days=1),
        code="complaint",
        by=world.cast.lu,
        at=NOON,
    )
    registry.decide_solo(check=found, is_approved=True, by=world.cast.gu, at=NOON)
    said = {"checked_on": "前天", "outcome": TYPED}
    page = at("registry:solo_check", found.pk)
    return Post(world.cast.lu, at("registry:close_solo", found.pk), said, page, kept=TYPED)


def opinion_on_alone(world: PlanWorld) -> Post:
    found = registry.request_solo(
        target=hotel(),
        item="客房卫生",
        planned_on=TODAY + timedelta(days=1),
        code="complaint",
        by=world.cast.lu,
        at=NOON,
    )
    said = {"verb": "no", "opinion": LONG}
    page = at("registry:solo_check", found.pk)
    return Post(world.cast.gu, at("registry:decide_solo", found.pk), said, page)


def sent_back_list(world: PlanWorld) -> Post:
    new = lists.start_version(
        kind="joint", title="新清单", basis="会议", by=world.cast.zhou, at=NOON
    )
    lists.consult(version=new, by=world.cast.zhou, at=NOON)
    page = at("lists:version", "joint", new.pk)
    return Post(world.cast.zhou, at("lists:send_back", new.pk), {"note": LONG}, page)


PLANNED: tuple[Callable[[PlanWorld], Post], ...] = (
    *(new_part, report, filing, platform_of_plan, publishing, returning),
    *(platform_of_task, returned_scheme, placed, placed_alone, flagged, case, alone),
    *(opinion_on_alone, sent_back_list),
)


@pytest.mark.parametrize("door", PLANNED, ids=lambda door: door.__name__)
def test_beside_lists_registry_and_plan(client, door):
    assert_kept(client, door(make_plan_world(people=0)))


# ── Doors of the draw ─────────────────────────────────────────────────────────────────────


def own_commitment(world: draw_world.World) -> Post:
    draw = draw_world.open_rule(world, draw_world.freeze(world), "WJ")
    party = draw.parties.first()
    said = {"commitment": TYPED, "made": "own"}
    page = at("draw:draw", draw.pk)
    return Post(world.cast.shen, at("draw:commit", party.pk), said, page, kept=TYPED)


def left_out(world: draw_world.World) -> Post:
    draw_world.dispatched(world)
    one = Inspector.objects.filter(department=world.cast.shen.department).first()
    said = {"base": "甲", "out": one.number, f"why-{one.number}": TYPED}
    page = at("draw:inspectors", world.task.pk)
    door = at("draw:freeze_inspectors", world.task.pk)
    return Post(world.cast.shen, door, said, page, kept=TYPED)


DRAWN: tuple[Callable[[draw_world.World], Post], ...] = (own_commitment, left_out)


@pytest.mark.parametrize("door", DRAWN, ids=lambda door: door.__name__)
def test_beside_the_draw(client, door):
    with time_machine.travel(NOON, tick=False):
        assert_kept(client, door(draw_world.make_world(classes="A" * 6 + "B" * 6, people=3)))


def test_a_page_that_has_moved_on_says_so_over_what_it_shows_now(client):
    with time_machine.travel(NOON, tick=False):
        world = draw_world.make_world(classes="A" * 6, people=3)
        draw = draw_world.freeze(world)
        client.force_login(world.cast.shen)
        answer = client.post(at("draw:beacon", draw.pk), {"value": ""})
    assert answer.status_code == 422
    before, said, _ = answer.content.decode().partition("公开随机值没有录入")
    assert said
    assert before.rindex('role="alert"') > before.index('id="main"')


# ── Doors of the inspection ───────────────────────────────────────────────────────────────


def tried(world: Any, visit: Visit) -> Post:
    said = {"channel": "", "note": LONG}
    page = at("inspection:visit", visit.pk)
    return Post(world.cast.shen, at("inspection:failed_contact", visit.pk), said, page)


def one_day(world: Any, visit: Visit) -> Post:
    said = {"pick": [visit.pk], "planned_on": "下周", "slot": "09:40", "every": "90"}
    page = at("inspection:task", world.task.pk)
    return Post(world.cast.shen, at("inspection:plan_many", world.task.pk), said, page, "下周")


@pytest.mark.parametrize("door", [tried, one_day], ids=lambda door: door.__name__)
def test_beside_the_visit(client, door):
    world = make_visit_world(hotels=1)
    [visit] = form_teams(task=world.task, by=world.cast.shen, at=NOON)
    assert_kept(client, door(world, visit))


def assert_kept(client: Any, post: Post) -> None:
    """The answer is the page, with what was typed in a field of it, and why it was not taken."""
    client.force_login(post.by)
    came = client.get(post.page)
    assert came.status_code == 200, post.page
    answer = client.post(post.door, post.said, headers={"referer": f"http://testserver{post.page}"})
    assert answer.status_code in (409, 422), answer.status_code
    html = answer.content.decode()
    assert any(sign in html for sign in ('role="alert"', 'id="why"', "field-error"))
    before, kept, _ = unescape(html).partition(post.kept)
    assert kept, "what was typed is not in the answer"
    if before.rfind("<dialog") > before.rfind("</dialog"):
        dialog = before[before.rfind("<dialog") :]
        assert " open" in dialog[: dialog.index(">")]


def test_a_reason_that_is_too_long_is_asked_for_again_as_it_was_written(client):
    world = make_plan_world(people=0)
    plan = world.draft()
    plans.send_for_cosign(plan=plan, by=world.cast.zhou, at=NOON)
    client.force_login(world.cast.zhou)
    door = at("plan:approve", plan.pk)
    asked = client.post(door, {})
    assert 'id="reason"' in asked.content.decode()
    said = {"reason": LONG, "reason_code": "kept"}
    answer = client.post(door, said, headers={"referer": f"http://testserver{door}"})
    assert answer.status_code == 409
    html = unescape(answer.content.decode())
    assert LONG in html[html.index('id="reason"') :]
    assert 'name="reason_code" value="kept"' in html


# ── The writing itself ────────────────────────────────────────────────────────────────────

FORMS = """<main><form method="post" action="/a/"><input type="hidden" name="key" value="1">
<input name="why" value="old"></form><details><form method="post" action="/a/">
<input type="hidden" name="key" value="2"><input type="password" name="word"><input name="why">
<select name="kind"><option value="x" selected>甲</option><option value="y">乙</option></select>
<input type="checkbox" name="sure" checked><textarea name="more">was</textarea></form></details>
<dialog><button form="b" formaction="/c/">办</button><input form="b" name="why"></dialog>
<form id="b" method="post" action="/b/"></form></main>"""


def written(query: str, action: str = "/a/") -> str:
    """FORMS after a post of this query."""
    html = refilled(
        FORMS,
        action=action,
        page="/",
        data=QueryDict(query),
        notice="<p>NO</p>",
        faults={"why": ["短些"]},
    )
    assert html is not None
    return html


def test_of_two_forms_for_one_door_the_one_with_its_key_is_filled():
    html = written("key=2&why=neu&kind=y&more=%3Cb%3E&word=secret")
    assert '<input name="why" value="old">' in html
    assert 'value="neu"' in html
    assert '<option value="y" selected>' in html
    assert '<option value="x">' in html
    assert '<textarea name="more">\n&lt;b&gt;</textarea>' in html
    assert '<input type="checkbox" name="sure">' in html
    assert "<details open><p>NO</p><form" in html
    assert "secret" not in html


def test_what_was_typed_stays_text_whatever_it_is():
    html = written("key=2&more=</textarea><script>%00&why=%22'><script>%00")
    assert "<script" not in html
    assert "&lt;/textarea&gt;&lt;script&gt;\0</textarea>" in html
    assert 'value="&quot;&#x27;&gt;&lt;script&gt;\0"' in html


def test_a_dialog_of_a_batch_is_opened_with_its_reason_in_it():
    html = written("why=neu", "/c/")
    assert "<dialog open><p>NO</p>" in html
    assert 'form="b" name="why" class="is-invalid" aria-invalid="true" value="neu">' in html
    assert "短些" in html


def test_a_button_alone_has_nothing_to_fill():
    html = '<form method="post" action="/a/"><input type="hidden" name="k" value="1"></form>'
    data = QueryDict("k=1")
    assert refilled(html, action="/a/", page="/", data=data, notice="", faults={}) is None


def test_no_door_sends_a_fault_to_another_page():
    """A red note after a redirect has lost what was typed."""
    found = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in python_files(PACKAGE)
        if "views" in path.as_posix()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and node.attr == "error"
        if isinstance(node.value, ast.Name) and node.value.id == "messages"
    ]
    assert found == []
