"""第二章 — Chapter 2: what the lists do to plans, tasks and lone inspections (arts. 8–11)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
import time_machine

from liancha.accounts.models import Department, User
from liancha.lists import actions as lists
from liancha.lists import rows as parsed
from liancha.lists.models import ListChange
from liancha.oversight import queries as oversight
from liancha.oversight.solo import board
from liancha.plan import actions as plans
from liancha.plan.models import PlanLine
from liancha.registry import actions as registry
from liancha.registry import queries as libraries
from liancha.registry.models import InspectionFact, Tag, Target
from liancha.roster import actions as roster
from liancha.roster import queries as people
from liancha.roster.models import Inspector
from liancha.rulebook.eligibility import Span
from liancha.rulebook.lifecycles import TaskState
from liancha.rulebook.verdicts import Blocked, NeedsReason
from liancha.site import todos
from tests.people import NOON, make_cast
from tests.rooms.listings import HOTELS, PETROL, draft, published
from tests.rooms.plan_world import YEAR, make_plan_world
from tests.rooms.registers import write_target

TODAY = NOON.date()


@pytest.fixture
def cast(db):
    return make_cast()


@pytest.fixture
def world(db):
    return make_plan_world(people=0)


def hotel(n=1):
    target = write_target(n)
    target.tags.add(Tag.objects.get(code="hotel"))
    return target


def branch(cast, code, **more):
    """The branch of a city department in 栾川县."""
    system = cast.department[code]
    return Department.objects.create(
        code=f"{code}-LC",
        name=f"栾川县{system.short}局",
        short=f"栾川{system.short}",
        level="county",
        region_id="410324",
        system=system,
        **more,
    )


class TestArticle8:
    def test_only_a_field_of_the_list_the_plan_rests_on_is_planned(self, world):
        """Source: clause 8.1."""
        plan = plans.start_plan(year=YEAR, by=world.cast.zhou, at=NOON)
        other = draft(world.cast, HOTELS)
        field = other.fields.get(code="JF05")
        with pytest.raises(Blocked, match="不在这份计划依据的清单") as refused:
            plans.save_line(
                plan=plan,
                data=replace(world.line_data(), field=field, items=list(field.items.all())),
                by=world.cast.shen,
                at=NOON,
            )
        assert (refused.value.article, refused.value.paragraph) == ("8", 1)
        assert not PlanLine.objects.exists()

    def test_without_a_public_list_there_is_no_plan(self, cast):
        """Source: clause 8.1."""
        draft(cast, HOTELS)
        with pytest.raises(Blocked, match="先公布清单") as refused:
            plans.start_plan(year=YEAR, by=cast.zhou, at=NOON)
        assert refused.value.article == "8"

    def test_a_task_of_a_field_that_left_the_list_goes_on_and_says_so(self, world, client):
        """Source: clause 8.4."""
        cast, task = world.cast, world.task()
        task.state = TaskState.TARGETS_DRAWN
        task.save()
        client.force_login(cast.shen)
        assert "领域已调出清单" not in client.get(f"/tasks/{task.pk}/").content.decode()
        version = lists.start_version(
            kind="joint", title="新清单", basis="机构改革", by=cast.zhou, at=NOON
        )
        field = version.fields.get(code="JF05")
        lists.remove_field(field=field, basis="并入其他领域", by=cast.zhou, at=NOON)
        version.state, version.previous.state = "published", "superseded"
        version.published_at = NOON
        version.previous.save()
        version.save()
        task.refresh_from_db()
        assert (task.state, task.field.code) == (TaskState.TARGETS_DRAWN, "JF05")
        assert "领域已调出清单" in client.get(f"/tasks/{task.pk}/").content.decode()

    @pytest.fixture
    def asked(self, cast):
        published(cast)
        return registry.request_solo(
            target=hotel(),
            item="客房卫生",
            planned_on=TODAY + timedelta(days=1),
            code="complaint",
            by=cast.lu,
            at=NOON,
        )

    def rows(self, user, day):
        found = oversight.pending(today=day, user=user)
        return [(one.is_over, one.key) for one in found if one.kind == "solo"]

    def test_a_request_nobody_decided_is_due_before_the_visit_and_then_over(self, cast, asked):
        """Source: clause 8.2."""
        assert self.rows(cast.zhou, TODAY - timedelta(days=5)) == []
        assert self.rows(cast.zhou, TODAY) == [(False, asked.pk)]
        assert self.rows(cast.gu, TODAY + timedelta(days=2)) == [(True, asked.pk)]
        assert self.rows(cast.shen, TODAY + timedelta(days=2)) == []
        registry.decide_solo(check=asked, is_approved=True, by=cast.gu, at=NOON)
        assert self.rows(cast.zhou, TODAY + timedelta(days=2)) == []

    @pytest.mark.parametrize("day", [date(1, 1, 1), TODAY - timedelta(days=1)])
    def test_it_is_asked_before_anybody_goes(self, cast, asked, day):
        """Source: clause 8.2."""
        with pytest.raises(Blocked, match="已经过去"):
            registry.request_solo(
                target=asked.target,
                item="卫生",
                planned_on=day,
                code="statute",
                by=cast.lu,
                at=NOON,
            )
        type(asked).objects.update(planned_on=day)
        registry.note_inspection(
            target=asked.target,
            department=cast.department["GA"],
            origin="solo",
            on=TODAY,
            subject="治安",
            outcome="未发现问题",
            by=cast.shen,
            at=NOON,
        )
        assert self.rows(cast.zhou, TODAY) == [(True, asked.pk)]  # and breaks nobody's page

    def test_it_waits_on_the_desk_of_the_head_who_did_not_ask(self, cast, asked):
        """Source: clause 8.2."""

        def waiting(user):
            user = User.objects.get(pk=user.pk)
            found = todos.waiting_for(user, TODAY)
            return [each.note for each in found if each.verb == "审批单独检查"]

        assert waiting(cast.gu) == ["客房卫生"]
        assert [waiting(each) for each in (cast.lu, cast.cheng)] == [[], []]
        registry.decide_solo(check=asked, is_approved=True, by=cast.gu, at=NOON)
        assert waiting(cast.gu) == []

    def test_what_it_found_is_said_and_offered_to_the_next(self, cast, asked, client):
        """Source: clauses 8.2 and 9.3(2)."""
        day = TODAY + timedelta(days=1)
        later = NOON + timedelta(days=2)
        said = {"outcome": "未发现问题", "at": later}
        with pytest.raises(Blocked, match="还没有批准"):
            registry.close_solo(check=asked, checked_on=day, by=cast.lu, **said)
        registry.decide_solo(check=asked, is_approved=True, by=cast.gu, at=NOON)
        for checked_on, who, why in (
            (day, cast.pei, "由该部门填写"),
            (TODAY - timedelta(days=1), cast.lu, "先批准后检查"),
            (TODAY + timedelta(days=3), cast.lu, "还没有到"),
        ):
            with pytest.raises(Blocked, match=why):
                registry.close_solo(check=asked, checked_on=checked_on, by=who, **said)
        wanted = "1 次单独检查还没有填写结果"
        assert wanted in [one.title for one in todos.waiting_for(cast.lu, day + timedelta(days=9))]
        client.force_login(cast.lu, backend="liancha.accounts.backends.WithDepartment")
        with time_machine.travel(later):
            client.post(
                f"/solo-checks/{asked.pk}/close/", {"checked_on": day, "outcome": "未发现问题"}
            )
        assert "未发现问题" in client.get("/solo-checks/").content.decode()
        fact = InspectionFact.objects.get()
        assert (fact.origin, fact.on, fact.subject) == ("solo", day, asked.item)
        assert wanted not in [one.title for one in todos.waiting_for(cast.lu, later.date())]
        with pytest.raises(Blocked, match="已经填写"):
            registry.close_solo(check=asked, checked_on=day, by=cast.lu, **said)
        assert asked.target.inspections.recent(later.date()).of_others(cast.pei.department).exists()
        assert libraries.overlaps(later.date()) == []  # one department alone repeats nobody
        own = registry.request_solo(
            target=asked.target, item="通道", planned_on=day, code="complaint", by=cast.pei, at=NOON
        )
        head = User.objects.create(
            username="xfhead", full_name="纪南乔", department=cast.pei.department
        )
        registry.decide_solo(check=own, is_approved=True, by=head, at=NOON)
        registry.close_solo(check=own, checked_on=day, by=cast.pei, **said)
        (row,) = [one for one in libraries.overlaps(later.date()) if one.tag.code == "hotel"]
        assert (row.visits, row.departments) == (2, ("卫健", "消防"))

    def test_the_board_counts_what_became_of_them_and_what_could_be_spared(
        self, cast, asked, client
    ):
        """Source: clause 8.2."""
        fact = registry.note_inspection(
            target=asked.target,
            department=cast.department["XF"],
            origin=InspectionFact.Origin.JOINT,
            on=TODAY - timedelta(days=30),
            subject="消防情况",
            outcome="未发现问题",
            by=cast.pei,
            at=NOON,
        )
        registry.request_solo(
            target=asked.target, item="通道", planned_on=TODAY, reused=fact, by=cast.lu, at=NOON
        )
        refused = registry.request_solo(
            target=write_target(2), item="称重", planned_on=TODAY, by=cast.lu, at=NOON
        )
        registry.decide_solo(
            check=refused, is_approved=False, opinion="改为联合抽查", by=cast.gu, at=NOON
        )
        unhelped = write_target(3)  # its own result and an old one of others are no help
        for code, days in (("WJ", 5), ("XF", 200)):
            registry.note_inspection(
                target=unhelped,
                department=cast.department[code],
                origin=InspectionFact.Origin.SOLO,
                on=TODAY - timedelta(days=days),
                subject="卫生",
                outcome="未发现问题",
                by="system",
                at=NOON,
            )
        registry.request_solo(
            target=unhelped, item="卫生", planned_on=TODAY + timedelta(days=9), by=cast.lu, at=NOON
        )
        found = board(cast.zhou, today=TODAY + timedelta(days=3))
        assert [(state, n) for state, _, n in found.states] == [
            ("waiting", 2),
            ("approved", 0),
            ("refused", 1),
            ("reused", 1),
        ]
        assert (found.over, found.offered, found.in_field, found.total) == (1, 1, 2, 4)
        assert board(cast.shen, today=TODAY).total == 0
        with time_machine.travel(NOON + timedelta(days=3), tick=False):
            client.force_login(cast.zhou)
            page = client.get("/overdue/?kind=solo").content.decode()
            reused = client.get("/solo-checks/?state=reused").context["page_obj"]
        assert "消防 2026-10-24 的结果可以采用" in page
        assert "1 件已过拟检查日期" in page
        assert reused.paginator.count == 1


class TestArticle9:
    @pytest.mark.parametrize("wrong", ["", "secret"])
    def test_a_field_says_how_much_risk_its_items_carry(self, cast, wrong):
        """Source: clause 9.2."""
        with pytest.raises(Blocked, match="重点检查事项") as refused:
            draft(cast, HOTELS | {"item_class": wrong})
        assert refused.value.article == "10"

    def test_duties_of_a_body_that_lost_its_powers_are_not_recorded(self, cast):
        """Source: clause 9.2."""
        fire = cast.department["XF"]
        fire.is_qualified = False
        fire.save()
        with pytest.raises(Blocked, match="不登记职责"):
            lists.record_duty(
                department=fire,
                code="JF05",
                name="宾馆",
                duty="major",
                basis="消防法",
                by=cast.zhou,
                at=NOON,
            )

    def test_a_county_takes_in_more_departments_and_fields_by_the_same_rules(self, cast):
        """Source: clause 9.5."""
        published(cast, HOTELS)
        office = branch(cast, "SCJG", is_coordinator=True)
        for code in ("GA", "WJ", "XF", "SWJ"):
            branch(cast, code)
        person = cast.xiang
        person.department = office
        person.save()
        version = lists.start_version(
            kind="joint", title="清单", basis="本地实际", region="410324", by=person, at=NOON
        )
        field = version.fields.get(code="JF05")
        assert field.initiator.code == "GA-LC"
        row = parsed.of_field(field)
        tax, health = Department.objects.get(code="SWJ-LC"), Department.objects.get(code="WJ-LC")
        wider = replace(row, cooperators=[*row.cooperators, tax])
        with pytest.raises(NeedsReason, match="依据"):
            lists.save_field(version=version, row=wider, field=field, by=person, at=NOON)
        done, _ = lists.save_field(
            version=version, row=wider, field=field, basis="县里涉税问题多", by=person, at=NOON
        )
        assert tax in done.cooperators.all()
        swapped = replace(row, initiator=health, cooperators=[row.initiator, tax])
        with pytest.raises(Blocked, match="不能作为发起部门") as refused:
            lists.save_field(
                version=version, row=swapped, field=done, basis="换", by=person, at=NOON
            )
        assert (refused.value.article, refused.value.paragraph) == ("10", 2)
        added = parsed.joint(
            PETROL
            | {
                "code": "LC01",
                "name": "旅游景区抽查",
                "initiator": "SCJG-LC",
                "cooperators": ["XF-LC"],
                "items": [{"name": "景区价格", "department": "SCJG-LC"}],
            },
            parsed.Departments.load("410324"),
        )
        with pytest.raises(Blocked, match="没有登记职责"):
            lists.save_field(version=version, row=added, basis="景区县", by=person, at=NOON)
        lists.record_duty(
            department=office,
            code="LC01",
            name="旅游景区",
            duty="major",
            basis="三定规定",
            by=cast.zhou,
            at=NOON,
        )
        lists.save_field(version=version, row=added, basis="景区县", by=person, at=NOON)
        kinds = set(version.changes.values_list("code", "kind"))
        assert kinds == {("JF05", ListChange.Kind.CHANGED), ("LC01", ListChange.Kind.ADDED)}
        lists.consult(version=version, by=person, at=NOON)
        sign_to = set(version.cosigns.values_list("department__code", flat=True))
        assert {"SWJ-LC", "SCJG-LC"} <= sign_to


class TestArticle11:
    @pytest.mark.parametrize(
        ("days", "light"), [(27, "green"), (28, "yellow"), (35, "yellow"), (36, "red")]
    )
    def test_what_nobody_looked_at_for_36_days_shows_red_until_somebody_does(
        self, cast, days, light
    ):
        """Source: clause 11.4."""
        target = write_target(1)
        Target.objects.update(updated_at=NOON, reviewed_at=None)
        target.refresh_from_db()
        later = NOON + timedelta(days=days)
        assert libraries.freshness(target, later.date())[0] == light
        registry.review(targets=[target.pk], by=cast.zhou, at=later)
        target.refresh_from_db()
        assert libraries.freshness(target, later.date())[0] == "green"

    def test_a_person_enters_their_own_departments_library_and_needs_a_certificate(self, cast):
        """Source: clauses 11.2 and 11.3."""
        health = cast.department["WJ"]
        with pytest.raises(Blocked, match="只能维护本部门") as refused:
            roster.save_inspector(name="安若水", department=health, by=cast.shen, at=NOON)
        assert (refused.value.article, refused.value.paragraph) == ("11", 1)
        person = roster.save_inspector(name="安若水", by=cast.lu, at=NOON)
        assert (person.department, person.number) == (health, "WJ-0001")
        window = Span(TODAY, TODAY + timedelta(days=9))
        for is_drawable in (False, True):
            fresh = Inspector.objects.with_papers().get(pk=person.pk)
            assert people.standing(fresh, window=window, on=TODAY).is_drawable is is_drawable
            if not is_drawable:
                roster.save_certificate(
                    inspector=person,
                    number="16030001",
                    valid_from=TODAY,
                    valid_to=date(2029, 1, 1),
                    by=cast.lu,
                    at=NOON,
                )

    @pytest.mark.parametrize(("days", "is_named"), [(61, False), (60, True), (0, True)])
    def test_a_certificate_that_runs_out_is_named_before_it_has(self, cast, days, is_named):
        """Source: clause 11.4."""
        person = roster.save_inspector(name="安若水", by=cast.lu, at=NOON)
        roster.save_certificate(
            inspector=person,
            number="16030001",
            valid_from=date(2024, 1, 1),
            valid_to=TODAY + timedelta(days=days),
            by=cast.lu,
            at=NOON,
        )
        user = User.objects.get(pk=cast.lu.pk)
        found = [each for each in todos.waiting_for(user, TODAY) if each.verb == "更新证件"]
        assert ["安若水" in each.note for each in found] == [True] * is_named
