"""Pages of the task: one click from the plan, confirmation, the scheme and its document."""

from __future__ import annotations

import io
from datetime import date, timedelta
from itertools import pairwise

import pytest
import time_machine
from django.urls import reverse
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Mm

from liancha.ledger.models import Entry
from liancha.plan.models import PlanLine
from liancha.rulebook.lifecycles import TaskState
from liancha.task import actions, proposals, queries
from liancha.task.models import STAGES as NAMES
from liancha.task.models import Participation, Period, Task
from tests.people import NOON
from tests.rooms.plan_world import STAGES, make_plan_world

pytestmark = pytest.mark.django_db
TODAY = NOON.date()


@pytest.fixture
def world():
    return make_plan_world()


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


def at(name: str, *args: object) -> str:
    return reverse(f"task:{name}", args=args)


def scheme_form(**changes: object) -> dict[str, object]:
    """What a browser posts for a good scheme."""
    days = {}
    for n, stage in enumerate(STAGES):
        days[f"starts_{n}"], days[f"ends_{n}"] = stage["starts"], stage["ends"]
    return {
        "goal": "查清住宿业安全状况",
        "duties": "公安牵头",
        "method": "1",
        "offsite": "part",
        "offsite_note": "证照可以网上核对",
        **days,
        **changes,
    }


class TestFromThePlan:
    def test_one_click(self, client, world):
        world.published()
        client.force_login(world.cast.shen)
        line = world.line()
        assert (
            reverse("task:from_line", args=[line.pk])
            in client.get(line.get_absolute_url()).content.decode()
        )
        answer = client.post(at("from_line", line.pk))
        task = Task.objects.get()
        assert answer.url == task.get_absolute_url()
        assert client.get(answer.url).status_code == 200

    def test_two_clicks_make_one(self, client, world):
        world.published()
        client.force_login(world.cast.shen)
        answers = [client.post(at("from_line", world.line().pk)).status_code for _ in range(2)]
        assert answers == [302, 409]
        assert Task.objects.count() == 1

    def test_another_departments_line_is_not_there(self, client, world):
        world.published()
        client.force_login(world.cast.huo)
        assert client.post(at("from_line", world.line().pk)).status_code == 404

    def test_a_handler_makes_no_task(self, client, world):
        world.published()
        client.force_login(world.cast.lu)
        assert client.post(at("from_line", world.line().pk)).status_code == 403

    def test_it_is_not_made_by_looking(self, client, world):
        world.published()
        client.force_login(world.cast.shen)
        assert client.get(at("from_line", world.line().pk)).status_code == 405


class TestOutsideThePlan:
    def form(self, world, **changes: object) -> dict[str, object]:
        return {
            "source": "risk",
            "source_document": "市安委办〔2026〕7号",
            "source_reason": "连续两起火灾",
            "name": "旅店消防专项",
            "field": world.fields["JF05"].pk,
            "departments": [world.department("XF").pk],
            "starts_on": "2026-12-01",
            "ends_on": "2026-12-20",
            **changes,
        }

    def test_with_its_document(self, client, world):
        client.force_login(world.cast.shen)
        client.post(at("new_task"), self.form(world))
        task = Task.objects.get()
        assert (task.source, task.source_document) == ("risk", "市安委办〔2026〕7号")
        page = client.get(task.get_absolute_url()).content.decode()
        assert "突发风险 市安委办〔2026〕7号" in page

    @pytest.mark.parametrize(
        ("changes", "article"),
        [
            ({"source_document": ""}, "第十三条"),
            ({"departments": []}, "第三条"),
        ],
    )
    def test_is_refused_with_the_article_and_keeps_what_was_typed(
        self, client, world, changes, article
    ):
        client.force_login(world.cast.shen)
        answer = client.post(at("new_task"), self.form(world, **changes))
        page = answer.content.decode()
        assert answer.status_code == 409
        assert article in page
        assert "旅店消防专项" in page
        assert not Task.objects.exists()

    def test_two_fields_are_refused(self, client, world):
        client.force_login(world.cast.shen)
        both = [world.fields["JF05"].pk, world.fields["JF40"].pk]
        answer = client.post(at("new_task"), self.form(world, field=both))
        assert answer.status_code == 409
        assert "第四条" in answer.content.decode()

    def test_a_department_without_standing_may_be_ticked_and_is_refused(self, client, world):
        grid = world.department("XF")
        grid.is_qualified = False
        grid.save()
        client.force_login(world.cast.shen)
        answer = client.post(at("new_task"), self.form(world))
        assert answer.status_code == 409
        assert "无行政检查主体资格" in answer.content.decode()


class TestWhoSeesWhat:
    @pytest.mark.parametrize("who", ["shen", "cheng", "lu", "gu", "xiang", "pei", "zhou", "xu"])
    def test_participants_coordinators_and_supervisors(self, client, world, who):
        task = world.task()
        client.force_login(getattr(world.cast, who))
        assert client.get(task.get_absolute_url()).status_code == 200
        assert task.name in client.get(at("tasks")).content.decode()

    def test_another_department_sees_nothing(self, client, world):
        task = world.submitted()
        client.force_login(world.cast.huo)
        for name in ("task", "confirm", "scheme", "scheme_docx"):
            assert client.get(at(name, task.pk)).status_code == 404
        for name in ("submit", "approve", "return", "platform"):
            assert client.post(at(name, task.pk)).status_code == 404
        assert task.number not in client.get(at("tasks")).content.decode()

    @pytest.mark.parametrize("who", ["lin", "qin", "sys"])
    def test_who_has_no_business_here_is_stopped(self, client, world, who):
        task = world.task()
        client.force_login(getattr(world.cast, who))
        assert client.get(task.get_absolute_url()).status_code == 403

    def test_a_participant_does_not_write_the_scheme(self, client, world):
        task = world.task()
        client.force_login(world.cast.lu)
        assert client.get(at("edit_scheme", task.pk)).status_code == 403
        assert client.post(at("approve", task.pk)).status_code == 403

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ({}, 1),
            ({"q": "宾馆"}, 1),
            ({"q": "4103002026112"}, 1),
            ({"q": "养老"}, 0),
            ({"state": "created"}, 1),
            ({"state": "archived"}, 0),
            ({"mine": "wait"}, 1),
            ({"mine": "first"}, 0),
            ({"mine": "join"}, 1),
            ({"year": "2026"}, 1),
            ({"source": "risk"}, 0),
        ],
    )
    def test_filters(self, client, world, query, count):
        world.task()
        client.force_login(world.cast.lu)
        assert len(client.get(at("tasks"), query).context["page_obj"]) == count


class TestConfirming:
    def test_a_department_reads_its_items_and_confirms(self, client, world):
        task = world.task()
        client.force_login(world.cast.lu)
        page = client.get(at("confirm", task.pk)).content.decode()
        assert "卫健事项JF05" in page
        assert "公安事项JF05" not in page.split("职责分工")[0]
        for _ in range(2):
            assert client.post(at("confirm", task.pk)).status_code == 302
        own = Participation.objects.get(task=task, department=world.department("WJ"))
        assert own.confirmed_by == world.cast.lu
        assert Entry.objects.filter(what="task.confirm").count() == 1

    def test_the_coordinating_offices_reader_confirms_nothing(self, client, world):
        task = world.task()
        client.force_login(world.cast.zhou)
        assert client.post(at("confirm", task.pk)).status_code == 403

    def test_not_after_the_scheme_is_approved(self, client, world):
        task = world.submitted()
        actions.approve_scheme(task=task, by=world.cast.cheng, at=NOON)
        Participation.objects.filter(department=world.department("WJ")).update(confirmed_at=None)
        client.force_login(world.cast.lu)
        assert client.post(at("confirm", task.pk)).status_code == 409

    def test_the_page_counts_who_may_be_drawn(self, world):
        task = world.task()
        from liancha.roster.models import Inspector

        Inspector.objects.filter(number__in=["WJ-0001", "WJ-0002", "WJ-0003"]).update(status="left")
        Inspector.objects.filter(number="XF-0001").update(status="left")
        found = {
            seat.participation.department.code: (seat.drawable, seat.shortage)
            for seat in queries.seats(task, today=TODAY)
        }
        assert found == {"GA": (4, ""), "SCJG": (4, ""), "WJ": (1, "不足 2 名"), "XF": (3, "偏少")}


class TestTheScheme:
    def test_it_begins_with_words_from_the_plan_line(self, client, world):
        task = world.task()
        client.force_login(world.cast.shen)
        page = client.get(at("edit_scheme", task.pk)).content.decode()
        for words in ("计划编号 41030020260001", "80 户；A 2%", "洛阳市公安局牵头", "2026-11-23"):
            assert words in page

    def test_saved_and_submitted_in_one_go(self, client, world):
        task = world.task()
        client.force_login(world.cast.shen)
        client.post(at("edit_scheme", task.pk), scheme_form(submit="1"))
        task.refresh_from_db()
        assert (task.state, task.scheme.offsite) == (TaskState.SCHEME_SUBMITTED, "part")

    def test_outside_the_plan_nothing_is_saved_and_the_page_points_to_adjustment(
        self, client, world
    ):
        task = world.task()
        client.force_login(world.cast.shen)
        answer = client.post(
            at("edit_scheme", task.pk), scheme_form(ends_3="2027-01-20", submit="1")
        )
        page = answer.content.decode()
        assert answer.status_code == 409
        assert "第十七条" in page
        assert "先办理计划调整" in page
        task.refresh_from_db()
        assert task.state == TaskState.CREATED
        assert not hasattr(task, "scheme")

    def test_dates_that_run_backwards_are_marked_at_their_field(self, client, world):
        task = world.task()
        client.force_login(world.cast.shen)
        answer = client.post(at("edit_scheme", task.pk), scheme_form(ends_2="2026-11-01"))
        assert answer.status_code == 422
        assert "ends_2" in answer.context["form"].errors

    def test_after_submission_it_is_no_longer_written(self, client, world):
        task = world.submitted()
        client.force_login(world.cast.shen)
        assert client.get(at("edit_scheme", task.pk)).status_code == 409

    def test_the_head_approves_once(self, client, world):
        task = world.submitted()
        client.force_login(world.cast.cheng)
        assert "批准方案" in client.get(task.get_absolute_url()).content.decode()
        assert client.post(at("approve", task.pk)).status_code == 302
        assert client.post(at("approve", task.pk)).status_code == 409

    def test_a_return_without_words_is_refused(self, client, world):
        task = world.submitted()
        client.force_login(world.cast.cheng)
        assert client.post(at("return", task.pk), {"note": ""}).status_code == 409
        long = client.post(at("return", task.pk), {"note": "紧" * 301})
        assert long.status_code == 409
        assert "最多 300 字" in long.content.decode()
        client.post(at("return", task.pk), {"note": "日程太紧"})
        client.force_login(world.cast.shen)
        assert "日程太紧" in client.get(task.get_absolute_url()).content.decode()

    @pytest.mark.parametrize("days", [1, 3, 4, 10, 40, 85, 365])
    def test_proposed_stages_fill_the_window_in_order(self, days):
        last = TODAY + timedelta(days=days - 1)
        periods = proposals.proposed_stages(TODAY, last)
        assert [each.name for each in periods] == list(NAMES)
        assert (periods[0].starts_on, periods[-1].ends_on) == (TODAY, last)
        for before, after in pairwise(periods):
            assert before.starts_on <= before.ends_on
            assert before.starts_on <= after.starts_on
        if days >= 4:
            assert all(
                after.starts_on == before.ends_on + timedelta(days=1)
                for before, after in pairwise(periods)
            )
        if days >= 85:
            assert periods[3].days >= proposals.PUBLISHING_DAYS

    def test_bars_stand_where_their_dates_are(self, world):
        task = world.submitted()
        labels, bars = queries.bars(task)
        assert len(labels) == 7
        assert bars[0].first == 1
        assert max(bar.after for bar in bars) == 43
        assert all(1 <= bar.first < bar.after <= 43 for bar in bars)


class TestTheDocument:
    def open(self, client, task: Task):
        answer = client.get(at("scheme_docx", task.pk))
        assert answer.status_code == 200
        return Document(io.BytesIO(answer.content))

    def test_it_has_the_chapters_in_official_form(self, client, world):
        task = world.submitted()
        client.force_login(world.cast.shen)
        paper = self.open(client, task)
        lines = [line.text for line in paper.paragraphs]
        for heading in (
            "一、目标任务",
            "二、职责分工",
            "三、工作阶段安排",
            "四、实施方式",
            "五、工作要求",
        ):
            assert heading in lines
        section = paper.sections[0]
        edges = (section.top_margin, section.bottom_margin, section.left_margin)
        for edge, millimetres in zip(edges, (37, 35, 28), strict=True):
            assert abs(edge - Mm(millimetres)) < 1000
        title = paper.paragraphs[0].runs[0]
        assert title._element.rPr.rFonts.get(qn("w:eastAsia")) == "方正小标宋简体"
        assert title.font.size.pt == 22

    def test_it_names_items_rates_and_days(self, client, world):
        task = world.submitted()
        client.force_login(world.cast.lu)
        paper = self.open(client, task)
        cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
        assert "消防事项JF05" in cells
        assert "信用风险分类 D" in cells
        text = "\n".join(line.text for line in paper.paragraphs)
        assert "（2026年12月1日至2026年12月11日）" in text
        assert "2026年11月23日（草稿）" in text

    def test_what_somebody_typed_stays_text(self, client, world):
        task = world.task()
        world.write_scheme(task, goal="<b>&{{ 7*7 }}\x01\x1f\ufffe</b>")
        client.force_login(world.cast.shen)
        text = "\n".join(line.text for line in self.open(client, task).paragraphs)
        assert "<b>&{{ 7*7 }}</b>" in text

    def test_without_a_scheme_there_is_no_document(self, client, world):
        task = world.task()
        client.force_login(world.cast.shen)
        assert client.get(at("scheme_docx", task.pk)).status_code == 404


class TestThePage:
    @pytest.mark.parametrize("state", list(TaskState))
    def test_every_state_has_its_steps_and_next_thing(self, client, world, state):
        task = world.submitted()
        Task.objects.filter(pk=task.pk).update(state=state)
        client.force_login(world.cast.shen)
        page = client.get(task.get_absolute_url())
        assert page.status_code == 200
        made = [each[2] for each in page.context["steps"]]
        assert made.count("now") == (0 if state == TaskState.ARCHIVED else 1)
        assert ("下一步" in page.content.decode()) is (state != TaskState.ARCHIVED)

    def test_the_timeline_names_people(self, client, world):
        task = world.submitted()
        client.force_login(world.cast.shen)
        page = client.get(task.get_absolute_url()).content.decode()
        assert "陆时雨（卫健）" in page
        assert "提交实施方案" in page

    def test_the_platform_number(self, client, world):
        task = world.task()
        client.force_login(world.cast.shen)
        assert client.post(at("platform", task.pk), {"number": ""}).status_code == 409
        client.post(at("platform", task.pk), {"number": "4103002026050017"})
        assert "4103002026050017" in client.get(task.get_absolute_url()).content.decode()

    def test_lines_to_start_are_counted_down(self, world):
        world.published()
        assert queries.lines_to_start(world.cast.shen).count() == 1
        world.task()
        assert queries.lines_to_start(world.cast.shen).count() == 0

    def test_numbers_run_on_within_a_day(self, world):
        first = world.task()
        Task.objects.filter(pk=first.pk).update(state=TaskState.ARCHIVED)
        PlanLine.objects.filter(field__code="JF05").update(frequency=3)
        second = world.task()
        assert (first.number, second.number) == ("410300202611230001", "410300202611230002")
        assert second.name == "宾馆、旅店监督抽查（第 2 批）"

    def test_visits_are_those_of_the_scheme(self, world):
        task = world.task()
        assert task.visits == Period("实地核查", date(2026, 10, 8), date(2026, 12, 31))
        world.write_scheme(task)
        task = Task.objects.get(pk=task.pk)
        assert task.visits == Period("实地核查", date(2026, 12, 1), date(2026, 12, 11))
