"""The pages of oversight: overdue list, 督办, log; who sees which."""

from __future__ import annotations

import ast
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from liancha.ledger.models import Entry
from liancha.oversight import actions, queries, verbs
from liancha.oversight.models import Reminder
from tests.house.source import PACKAGE, ROOMS, parsed, python_files
from tests.people import NOON, make_cast
from tests.rooms.disclosure_world import finish, result_of
from tests.rooms.visit_world import make_visit_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def world():
    return make_visit_world(1)


def late(world):
    """A result of every department is four working days over."""
    [visit] = finish(world)
    result = result_of(visit, "WJ")
    return result, result.due_on + timedelta(days=6)


@contextmanager
def on(day, client, person):
    """It is noon of that day, and this person has just logged in."""
    noon = NOON.replace(year=day.year, month=day.month, day=day.day)
    with time_machine.travel(noon, tick=False):
        client.force_login(person)
        yield


# ── The overdue list ──────────────────────────────────────────────────────────────────────


def test_the_list_names_what_is_late_whose_it_is_and_the_article(client, world):
    result, day = late(world)
    with on(day, client, world.cast.zhou):
        page = client.get("/overdue/").content.decode()
    assert "洛阳第1宾馆 抽查结果" in page
    assert "第二十二条" in page
    assert result.get_absolute_url() in page
    assert reverse("oversight:remind") in page


def test_a_department_reads_its_own_and_cannot_urge(client, world):
    _, day = late(world)
    with on(day, client, world.cast.lu):
        page = client.get("/overdue/").content.decode()
    assert page.count("洛阳第1宾馆 抽查结果") == 1
    assert reverse("oversight:remind") not in page
    with on(day, client, world.cast.huo):
        page = client.get("/overdue/").content.decode()
    assert "洛阳第1宾馆" not in page


def test_the_figures_add_up_to_the_rows_they_open(client, world):
    _, day = late(world)
    with on(day, client, world.cast.zhou):
        whole = client.get("/overdue/")
        counts = {label: count for label, count, _ in whole.context["counts"]}
        for kind, label in queries.KINDS.items():
            rows = client.get("/overdue/", {"kind": kind}).context["page_obj"]
            assert rows.paginator.count == counts[label], kind
    assert counts["结果未公示"] == 4


def test_what_is_due_tomorrow_is_a_warning_on_its_own_tab(client, world):
    result, _ = late(world)
    with on(result.due_on, client, world.cast.lu):
        assert "没有超期的事项" in client.get("/overdue/").content.decode()
        soon = client.get("/overdue/", {"tab": "soon"}).content.decode()
    assert "洛阳第1宾馆 抽查结果" in soon
    assert "今天到期" in soon


def test_the_page_counts_what_nobody_has_counted_yet(client, world):
    from liancha.disclosure.models import Result

    finish(world)
    assert not Result.objects.exists()
    client.force_login(world.cast.zhou)
    client.get("/overdue/")
    assert Result.objects.count() == 4
    before = Entry.objects.count()
    client.get("/overdue/")
    assert Entry.objects.count() == before


@pytest.mark.parametrize(
    ("who", "status"), [("zhou", 200), ("shen", 200), ("gu", 200), ("lin", 403), ("sys", 403)]
)
def test_who_may_open_the_overdue_list(client, cast, who, status):
    client.force_login(cast.user[who])
    assert client.get("/overdue/").status_code == status


# ── 督办 ──────────────────────────────────────────────────────────────────────────────────


def test_a_reminder_is_written_from_a_row_and_answered(client, world):
    result, day = late(world)
    wj = world.cast.department["WJ"]
    with on(day, client, world.cast.zhou):
        link = result.get_absolute_url()
        form = client.get(
            "/reminders/new/", {"to": wj.pk, "subject": "请公示", "basis": "22", "link": link}
        )
        assert "请公示" in form.content.decode()
        offered = form.context["form"].initial["due_on"]
        sent = client.post(
            "/reminders/new/",
            {"to": wj.pk, "subject": "请公示", "basis": "22", "due_on": offered, "link": link},
        )
        reminder = Reminder.objects.get()
        assert sent["Location"] == reminder.get_absolute_url()
        client.force_login(world.cast.lu)
        assert link in client.get(reminder.get_absolute_url()).content.decode()
        empty = client.post(f"/reminders/{reminder.pk}/reply/", {"text": " "})
        assert empty.status_code == 422
        client.post(f"/reminders/{reminder.pk}/reply/", {"text": "明日公示"})
        again = client.post(f"/reminders/{reminder.pk}/reply/", {"text": "再答"})
    assert again.status_code == 409
    reminder.refresh_from_db()
    assert reminder.reply == "明日公示"


def test_a_reminder_of_others_is_not_there(client, cast):
    reminder = actions.remind(
        to=cast.department["WJ"], subject="请签收", basis="19",
        due_on=NOON.date(), by=cast.zhou, at=NOON,
    )  # fmt: skip
    for who, status in (("lu", 200), ("zhou", 200), ("xu", 200), ("shen", 404), ("huo", 404)):
        client.force_login(cast.user[who])
        assert client.get(reminder.get_absolute_url()).status_code == status, who
    client.force_login(cast.shen)
    answer = client.post(f"/reminders/{reminder.pk}/reply/", {"text": "代答"})
    assert answer.status_code == 404


def test_the_form_offers_only_departments_that_may_be_urged(client, cast):
    client.force_login(cast.zhou)
    offered = client.get("/reminders/new/").context["form"].fields["to"].queryset
    assert cast.department["SCJG"] not in offered
    assert cast.department["WJ"] in offered
    client.force_login(cast.lu)
    assert client.get("/reminders/new/").status_code == 403


def test_a_day_that_is_past_is_refused_beside_the_field(client, cast):
    client.force_login(cast.zhou)
    answer = client.post(
        "/reminders/new/",
        {
            "to": cast.department["WJ"].pk,
            "subject": "x",
            "basis": "22",
            "due_on": "2020-01-01",
        },
    )
    assert answer.status_code == 422
    assert "已经过去" in answer.content.decode()


# ── The log ───────────────────────────────────────────────────────────────────────────────


def test_the_log_names_people_and_what_they_did(client, cast):
    actions.remind(
        to=cast.department["WJ"], subject="请签收", basis="19",
        due_on=NOON.date(), by=cast.zhou, at=NOON,
    )  # fmt: skip
    client.force_login(cast.aud)
    page = client.get("/oversight/log/").content.decode()
    assert "发出督办单" in page
    assert "周若禾" in page
    for text, found in (("周若禾", 1), ("zhou", 1), ("督办", 1), ("陆时雨", 0)):
        rows = client.get("/oversight/log/", {"q": text}).context["page_obj"]
        assert rows.paginator.count == found, text


def test_what_an_entry_says_is_for_those_whom_it_concerns(client, world):
    [visit] = finish(world)
    result_of(visit, "WJ")
    entry = Entry.objects.about("visit", visit.pk).last()
    for who, reads in (("aud", True), ("xu", True), ("cheng", True), ("gu", True), ("huo", False)):
        client.force_login(world.cast.user[who])
        page = client.get(f"/oversight/log/{entry.index}/")
        assert page.status_code == 200
        assert (page.context["facts"] is not None) == reads, who
        assert (entry.salt in page.content.decode()) == reads, who
        assert entry.digest in page.content.decode()
        assert ("办理人" in page.content.decode()) == reads, who
    client.force_login(world.cast.lu)
    assert client.get("/oversight/log/").status_code == 403
    client.force_login(world.cast.aud)
    assert client.get("/oversight/log/999999/").status_code == 404


def test_every_kind_of_entry_has_its_word():
    """Add a line to oversight/verbs.py when an action appends something new."""
    appended = {
        argument.value
        for room in ROOMS
        for path in python_files(PACKAGE / room)
        if "actions" in path.relative_to(PACKAGE / room).as_posix()
        for call in ast.walk(parsed(path))
        if isinstance(call, ast.Call) and "append" in ast.unparse(call.func)
        for argument in call.args
        if isinstance(argument, ast.Constant)
        and isinstance(argument.value, str)
        and argument.value.partition(".")[0] in ROOMS
    }
    assert len(appended) > 50
    assert sorted(appended - set(verbs.WORDS)) == []
    assert {what.partition(".")[0] for what in verbs.WORDS} <= set(ROOMS)
