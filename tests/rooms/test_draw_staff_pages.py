"""The pages on which a department draws and replaces its own people."""

from __future__ import annotations

import re

import pytest

from liancha.draw.models import Draw, Replacement
from tests.people import NOON
from tests.rooms import draw_world as w
from tests.rooms.draw_world import as_, text, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(time_machine) -> w.World:
    time_machine.move_to(NOON)
    return w.make_world()


class TestInspectorPages:
    @pytest.fixture
    def of(self, world, time_machine) -> Draw:
        draw = w.dispatched(world)
        time_machine.move_to(w.DUE)
        return draw

    def test_a_department_freezes_from_its_page(self, world, of):
        lu = as_(world, "lu")
        page = text(lu.get(url("inspectors", world.task.pk)))
        assert "冻结洛阳市卫生健康委员会的人员库" in page
        assert "14 席" in page
        given = {"base": "1", "out": "WJ-001", "why-WJ-001": "住院"}
        response = lu.post(url("freeze_inspectors", world.task.pk), given)
        draw = Draw.objects.of_inspectors().get()
        assert response.headers["Location"] == url("draw", draw.pk)
        assert "正在抽取" not in text(lu.get(url("inspectors", world.task.pk)))
        assert "冻结洛阳市卫生健康委员会的人员库" not in text(
            lu.get(url("inspectors", world.task.pk))
        )

    def test_nonsense_for_base_is_said(self, world, of):
        given = {"base": "很多"}
        response = as_(world, "lu").post(
            url("freeze_inspectors", world.task.pk), given, follow=True
        )
        assert "均衡起点应是 1 以上的整数" in text(response)

    def test_who_cannot_be_seated_is_named(self, time_machine):
        time_machine.move_to(w.DUE)
        world = w.make_world(people=1)
        w.dispatched(world)
        page = text(as_(world, "lu").get(url("inspectors", world.task.pk)))
        assert "排不开" in page
        assert "能派去的只有 1 人" in page
        assert "上面排不开的地方解决后才能冻结" in page

    def test_the_hall_shows_seats_loads_and_tickets_but_nobody(self, world, of):
        draw = w.inspectors_computed(world, "WJ")
        page = as_(world, "lu").get(url("hall", draw.pk)).content.decode()
        assert "14 席已算出" in " ".join(re.sub(r"<[^>]+>", " ", page).split())
        assert page.count('class="on"/') == 14  # seats, each below its line
        assert "每人户数" in page
        for inspector in draw.department.inspectors.all():
            assert inspector.name not in page
            assert inspector.number not in page
        for each in of.drawn.select_related("candidate"):
            assert each.candidate.name not in page
            assert each.candidate.code not in page

    def test_the_hall_before_the_seed_shows_only_counts(self, world, of):
        draw = w.actions.freeze_inspectors(
            task=world.task, department=world.department("WJ"), by=world.cast.lu, at=w.DUE
        )
        page = text(as_(world, "lu").get(url("hall", draw.pk)))
        assert "随机数齐了才能算出" in page
        assert "每人户数" not in page

    def test_the_drawn_page_and_a_replacement(self, world, of):
        draw = w.draw_inspectors(world, "WJ")
        lu, gu = as_(world, "lu"), as_(world, "gu")
        assert lu.get(url("draw", draw.pk)).headers["Location"] == url("staff", draw.pk)
        page = text(lu.get(url("staff", draw.pk)))
        assert "有人不能去时，按票据补上" in page
        assert "抽中" in page

        seat = draw.assignments.first()
        form = url("replace", seat.pk)
        assert "按票据的次序" in text(lu.get(form))
        assert lu.post(form, {}).status_code == 422
        assert lu.post(form, {"reason": "other"}).status_code == 422
        assert lu.post(form, {"reason": "health"}).status_code == 302
        asked = Replacement.objects.get()
        assert "同意更换" in text(gu.get(url("staff", draw.pk)))
        assert as_(world, "cheng").post(url("decide", asked.pk)).status_code == 404
        assert gu.post(url("decide", asked.pk)).status_code == 409
        assert gu.post(url("decide", asked.pk), {"agree": "yes"}).status_code == 302
        assert asked.coming.name in text(lu.get(url("staff", draw.pk)))

    def test_others_may_not_ask(self, world, of):
        draw = w.draw_inspectors(world, "WJ")
        seat = draw.assignments.first()
        assert as_(world, "pei").get(url("replace", seat.pk)).status_code == 404
        assert as_(world, "gu").get(url("replace", seat.pk)).status_code == 403

    def test_why_may_be_asked_of_any_target(self, world, of):
        draw = w.draw_inspectors(world, "WJ")
        target = of.drawn.last()
        lu = as_(world, "lu")
        page = text(lu.get(url("staff", draw.pk) + f"?why={target.pk}"))
        assert f"为什么是他们查{target.candidate.name}" in page
        assert lu.get(url("staff", draw.pk) + "?why=abc").status_code == 200

    def test_outside_the_task_it_stays_closed_until_the_visits_are_over(self, world, of):
        draw = w.draw_inspectors(world, "WJ")
        world.task.participations.filter(department=world.department("SCJG")).delete()
        assert "检查结束前只给参与部门看" in text(as_(world, "zhou").get(url("staff", draw.pk)))
