"""第八条、第十三条: the list changed after the plan was begun; the one in force is covered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from liancha.lists.models import JointField, JointItem, ListVersion
from liancha.plan import actions
from liancha.plan.models import Plan
from liancha.rulebook.coverage import ExceptionReason
from liancha.rulebook.lifecycles import ListState, PlanState
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON
from tests.rooms.plan_world import YEAR, make_plan_world

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=1)


@pytest.fixture
def world():
    return make_plan_world(people=0)


def newer_list(world, *, without=(), joining=()):
    """A second version: fields left out, a department that joins the hotels, a field JF41."""
    old = world.version
    new = ListVersion.objects.create(
        kind="joint",
        region_id="410300",
        number=2,
        title="清单（修订）",
        state=ListState.DRAFT,
        created_by=world.cast.zhou,
        created_at=NOON,
    )
    rows = [(each, each.code, each.name) for each in old.fields.exclude(code__in=without)]
    rows.append((old.fields.get(code="JF40"), "JF41", "月子中心抽查"))
    for field, code, name in rows:
        made = JointField.objects.get(pk=field.pk)
        made.pk, made.version, made.code, made.name = None, new, code, name
        made.save()
        others = [*field.cooperators.all(), *(joining if code == "JF05" else ())]
        made.cooperators.set(others)
        for item in field.items.all():
            item.pk, item.version, item.field = None, new, made
            item.save()
        for place, each in enumerate(joining if code == "JF05" else (), 90):
            JointItem.objects.create(
                version=new, field=made, position=place, name="新增事项", department=each
            )
    ListVersion.objects.filter(pk=old.pk).update(state=ListState.SUPERSEDED)
    ListVersion.objects.filter(pk=new.pk).update(state=ListState.PUBLISHED, published_at=LATER)
    return new


class TestArticle13:
    def test_a_field_of_the_list_in_force_is_covered_and_not_only_of_the_one_before(self, world):
        """Source: clause 13.1."""
        plan = world.cosigned()
        new = newer_list(world, joining=[world.department("SWJ")])
        with pytest.raises(Blocked, match=r"月子中心抽查.*换用现行清单") as refused:
            actions.publish(plan=plan, by=world.cast.zhou, at=LATER)
        assert (refused.value.article, refused.value.paragraph) == ("13", 1)
        moved = new.joint_items.filter(name="卫健事项JF05")
        assert moved.update(department=world.department("XF")) == 1  # another answers it now
        plan = actions.withdraw_plan(plan=plan, by=world.cast.zhou, at=LATER)
        done = actions.follow_list(plan=plan, by=world.cast.zhou, at=LATER)
        assert (done.new, done.changed) == (("JF41",), ("宾馆、旅店监督抽查",))
        plan = Plan.objects.get(pk=plan.pk)
        assert (plan.list_version, plan.state, plan.approved_at) == (new, PlanState.DRAFT, None)
        line = world.line()
        assert (line.field.version, world.department("SWJ") in line.departments) == (new, True)
        assert {"新增事项", "卫健事项JF05"} <= {item.name for item in line.items.all()}
        assert line.base == 0  # taxes supervise no hotel: nothing is common, and it shows
        with pytest.raises(Blocked, match="计划还缺 1 个：月子中心抽查"):
            actions.check_coverage(plan)

    def test_who_signed_is_asked_again_only_for_lines_that_changed(self, world):
        """Source: clauses 12.2 and 13.1."""
        plan = world.cosigned()
        newer_list(world, joining=[world.department("SWJ")])
        plan = actions.withdraw_plan(plan=plan, by=world.cast.zhou, at=LATER)
        actions.follow_list(plan=plan, by=world.cast.zhou, at=LATER)
        asked = actions.send_for_cosign(plan=plan, by=world.cast.zhou, at=LATER)
        unsigned = {each.department.code for each in asked if each.signed_at is None}
        assert unsigned == {"GA", "WJ", "SCJG", "XF", "SWJ"}

    def test_an_approved_plan_with_a_field_missing_is_mended_and_no_dead_end(self, world):
        """Source: clause 13.1."""
        plan = world.cosigned("JF05", "JF26")
        with pytest.raises(Blocked, match="养老机构抽查"):
            actions.publish(plan=plan, by=world.cast.zhou, at=LATER)
        plan = actions.withdraw_plan(plan=plan, by=world.cast.zhou, at=LATER)
        data = world.line_data("JF40")
        line = actions.save_line(plan=plan, data=data, by=world.cast.zhou, at=LATER)
        assert line.plan_id == plan.pk
        actions.check_coverage(plan)

    def test_an_exception_that_was_signed_goes_along(self, world):
        """Source: clause 13.1."""
        plan = world.draft("JF05", "JF26")
        actions.except_field(
            plan=plan,
            field=world.fields["JF40"],
            reason=ExceptionReason.SUPERIOR.value,
            by=world.cast.zhou,
            at=NOON,
        )
        new = newer_list(world)
        actions.follow_list(plan=plan, by=world.cast.zhou, at=LATER)
        assert plan.exceptions.get().field == new.fields.get(code="JF40")


class TestArticle8:
    def test_a_line_whose_field_left_the_list_is_dropped_by_a_person(self, world):
        """Source: clause 8.1."""
        plan = world.draft()
        with pytest.raises(Blocked, match="就是现行清单"):
            actions.follow_list(plan=plan, by=world.cast.zhou, at=LATER)
        newer_list(world, without=("JF26",))
        with pytest.raises(Blocked, match="已没有：成品油市场抽查") as refused:
            actions.follow_list(plan=plan, by=world.cast.zhou, at=LATER)
        assert (refused.value.article, refused.value.paragraph) == ("8", 1)
        with pytest.raises(Blocked, match="联席会议办公室"):
            actions.follow_list(plan=plan, by=world.cast.shen, at=LATER)
        actions.drop_line(line=world.line("JF26"), by=world.cast.zhou, at=LATER)
        assert actions.follow_list(plan=plan, by=world.cast.zhou, at=LATER).changed == ()

    def test_the_door(self, world, client):
        plan = world.draft()
        newer_list(world)
        client.force_login(world.cast.zhou)
        assert "换用现行清单" in client.get(f"/plans/{plan.pk}/").content.decode()
        page = client.post(f"/plans/{plan.pk}/follow-list/", follow=True).content.decode()
        assert "已换用现行清单" in page
        assert "新增的领域：JF41" in page
        assert "编制依据的清单已有新版" not in page
        assert Plan.objects.get(pk=plan.pk, year=YEAR).list_version.number == 2
