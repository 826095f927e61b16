"""What a quiet period asks of a scheme, of a visit's day and of who arrives (E17)."""

from __future__ import annotations

import pytest
import time_machine
from django.urls import reverse

from liancha.ledger.models import Entry
from liancha.rulebook.quiet import Exempted, Strength
from liancha.rulebook.verdicts import NeedsReason
from liancha.task import actions as tasks
from liancha.task import quiet_days
from liancha.task.models import QuietExemption, Scheme, Task
from tests.people import NOON
from tests.rooms.plan_world import STAGES, make_plan_world
from tests.rooms.quiet_world import quiet_months, quiet_stretch
from tests.rooms.test_task_pages import at, scheme_form

pytestmark = pytest.mark.django_db
SAID = Exempted("safety", "节前消防安全检查")


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def world():
    return make_plan_world()


@pytest.fixture
def task(world):
    world.published()
    return tasks.create_task(line=world.line(), by=world.cast.shen, at=NOON)


def quiet(world, strength=Strength.REASON, **changes):
    """Quiet the whole time of the visits, unless told otherwise."""
    visits = next(each for each in STAGES if each["name"] == "实地核查")
    return quiet_stretch(world.cast, visits["starts"], visits["ends"], strength=strength, **changes)


def save(world, task, **more):
    return tasks.save_scheme(
        task=task,
        goal="查清住宿业安全状况",
        duties="公安牵头",
        stages=STAGES,
        by=world.cast.shen,
        at=NOON,
        **more,
    )


class TestTheScheme:
    def test_visits_on_quiet_days_only_need_an_exemption(self, world, task):
        quiet(world)
        with pytest.raises(NeedsReason, match="全在安静期内") as needs:
            save(world, task)
        assert ("complaint", "投诉举报、问题线索") in needs.value.codes
        assert not Scheme.objects.exists()
        save(world, task, exempted=SAID)
        written = task.quiet_exemptions.get()
        assert (written.code, written.reason, written.target) == (SAID.code, SAID.reason, None)
        assert Entry.objects.filter(what="task.exempt_quiet").count() == 1

    def test_once_written_it_holds_for_the_task(self, world, task):
        quiet(world)
        save(world, task, exempted=SAID)
        save(world, task)
        tasks.submit_scheme(task=task, by=world.cast.shen, at=NOON)
        assert QuietExemption.objects.count() == 1

    @pytest.mark.parametrize("said", [Exempted("", "有事"), Exempted("safety", " ")])
    def test_half_an_exemption_is_none(self, world, task, said):
        quiet(world)
        with pytest.raises(NeedsReason):
            save(world, task, exempted=said)
        assert not QuietExemption.objects.exists()

    def test_a_period_that_only_reminds_lets_it_pass_with_a_remark(self, world, task):
        quiet(world, Strength.WARN)
        save(world, task)
        (remark,) = quiet_days.of_task(Task.objects.get())
        assert "全在安静期内" in remark

    def test_a_period_that_is_off_says_nothing(self, world, task):
        quiet(world, Strength.OFF)
        save(world, task)
        assert quiet_days.of_task(Task.objects.get()) == ()

    def test_days_that_are_left_are_named_and_nothing_is_asked(self, world, task):
        visits = next(each for each in STAGES if each["name"] == "实地核查")
        quiet_stretch(world.cast, visits["starts"])
        save(world, task)
        (remark,) = quiet_days.of_task(Task.objects.get())
        assert "可以入企的有" in remark

    def test_a_county_s_period_is_not_the_city_s(self, world, task):
        quiet(world, region="410326")
        save(world, task)

    def test_off_the_spot_nobody_is_disturbed(self, world, task):
        quiet(world)
        save(world, task, method="2")
        save(world, task, offsite="yes")

    def test_a_period_switched_on_after_saving_is_met_at_submission(self, world, task):
        save(world, task)
        quiet(world)
        with pytest.raises(NeedsReason):
            tasks.submit_scheme(task=task, by=world.cast.shen, at=NOON)
        tasks.submit_scheme(task=task, exempted=SAID, by=world.cast.shen, at=NOON)
        assert task.quiet_exemptions.get().recorded_by == world.cast.shen

    @pytest.mark.parametrize("source", ["superior", "risk", "special"])
    def test_an_order_or_a_risk_is_exempt_by_itself(self, world, task, source):
        quiet(world)
        Task.objects.filter(pk=task.pk).update(source=source)
        save(world, task)
        (remark,) = quiet_days.of_task(Task.objects.get())
        assert "按例外情形" in remark

    def test_the_exemption_stays_as_it_was_written(self, world, task):
        from django.db import DatabaseError, transaction

        quiet(world)
        save(world, task, exempted=SAID)
        with pytest.raises(DatabaseError), transaction.atomic():
            QuietExemption.objects.update(reason="别的")


class TestThePagesOfATask:
    def test_the_page_asks_and_keeps_what_was_typed(self, client, world, task):
        quiet(world)
        client.force_login(world.cast.shen)
        asked = client.post(at("edit_scheme", task.pk), scheme_form())
        page = asked.content.decode()
        assert asked.status_code == 409
        assert 'value="state_owned"' in page
        assert "查清住宿业安全状况" in page
        more = {"reason_code": "safety", "reason": "节前消防安全检查"}
        assert client.post(at("edit_scheme", task.pk), scheme_form(**more)).status_code == 302
        page = client.get(task.get_absolute_url()).content.decode()
        assert "直接涉及公众安全和生命健康" in page
        assert "节前消防安全检查" in page

    def test_a_made_up_code_is_asked_for_again(self, client, world, task):
        quiet(world)
        client.force_login(world.cast.shen)
        more = {"reason_code": "because", "reason": "x"}
        assert client.post(at("edit_scheme", task.pk), scheme_form(**more)).status_code == 409

    def test_submission_asks_too(self, client, world, task):
        save(world, task)
        quiet(world)
        client.force_login(world.cast.shen)
        assert client.post(at("submit", task.pk)).status_code == 409
        more = {"reason_code": "safety", "reason": "节前消防安全检查"}
        assert client.post(at("submit", task.pk), more).status_code == 302

    def test_a_new_task_says_so_at_once(self, client, world):
        world.published()
        quiet_months(world.cast)
        client.force_login(world.cast.shen)
        page = client.post(at("from_line", world.line().pk), follow=True).content.decode()
        assert "中有安静期" in page


def test_the_scheme_s_document_says_why(client, world, task):
    quiet(world)
    save(world, task, exempted=SAID)
    client.force_login(world.cast.shen)
    assert "节前消防安全检查" in client.get(reverse("task:scheme", args=[task.pk])).content.decode()
