"""第十三条、第十七条 on tasks: where they come from, their scheme, who confirms, who approves."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from liancha.accounts.models import Grant
from liancha.plan import actions as plans
from liancha.rulebook.lifecycles import LineState, TaskState
from liancha.rulebook.verdicts import Blocked
from liancha.task import actions
from liancha.task.models import Participation, Scheme, Task
from tests.people import NOON
from tests.rooms.plan_world import STAGES, make_plan_world

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=1)


@pytest.fixture
def world():
    return make_plan_world()


class TestArticle13:
    @pytest.mark.parametrize("source", ["risk", "superior", "special"])
    @pytest.mark.parametrize(
        ("document", "reason", "lacks"),
        [("", "事故频发", "来源文件文号"), ("豫市监办〔2026〕18号", "", "原因")],
    )
    def test_a_task_outside_the_plan_names_its_document_and_reason(
        self, world, source, document, reason, lacks
    ):
        """Source: clause 13.3."""
        with pytest.raises(Blocked, match=lacks) as refused:
            actions.create_task(
                source=source,
                source_document=document,
                source_reason=reason,
                field=world.fields["JF05"],
                starts_on=date(2026, 12, 1),
                ends_on=date(2026, 12, 20),
                by=world.cast.shen,
                at=NOON,
            )
        assert refused.value.article == "13"
        assert not Task.objects.exists()

    def test_it_is_a_task_like_any_other(self, world):
        """Source: clause 13.3."""
        task = actions.create_task(
            source="risk",
            source_document="市安委办〔2026〕7号",
            source_reason="连续两起火灾",
            field=world.fields["JF05"],
            departments=[world.department("XF"), world.department("SWJ")],
            starts_on=date(2026, 12, 1),
            ends_on=date(2026, 12, 20),
            by=world.cast.shen,
            at=NOON,
        )
        assert task.state == TaskState.CREATED
        roles = {p.department.code: (p.role, p.is_from_list) for p in task.participations.all()}
        assert roles == {
            "GA": ("initiator", True),
            "XF": ("cooperator", True),
            "SWJ": ("cooperator", False),
        }

    def test_only_the_competent_department_organises_it(self, world):
        with pytest.raises(Blocked, match="不能作为发起部门") as refused:
            actions.create_task(
                source="risk",
                source_document="市安委办〔2026〕7号",
                source_reason="火灾",
                field=world.fields["JF05"],
                starts_on=date(2026, 12, 1),
                ends_on=date(2026, 12, 20),
                by=world.cast.lu,
                at=NOON,
            )
        assert refused.value.article == "10"


class TestArticle17:
    def test_a_task_follows_the_plan(self, world):
        """Source: clause 17.2."""
        plan = world.draft()
        line = world.line()
        with pytest.raises(Blocked, match="只能由已公布、未取消的计划行建立") as refused:
            actions.create_task(line=line, by=world.cast.shen, at=NOON)
        assert refused.value.article == "17"
        assert plan.lines.filter(state=LineState.IN_PROGRESS).count() == 0

    def test_one_click_makes_it_with_everybody_and_their_items(self, world):
        world.published()
        task = actions.create_task(line=world.line(), by=world.cast.shen, at=NOON)
        assert task.number == "410300202611230001"
        assert (task.starts_on, task.ends_on) == (date(2026, 10, 8), date(2026, 12, 31))
        assert world.line().state == LineState.IN_PROGRESS
        items = {p.department.code: p.items.count() for p in task.participations.all()}
        assert items == {"GA": 1, "WJ": 1, "SCJG": 1, "XF": 1}

    def test_a_second_click_makes_no_second_task(self, world):
        world.task()
        with pytest.raises(Blocked, match="已有一个任务待拟方案"):
            world.task()
        assert Task.objects.count() == 1

    def test_no_more_tasks_than_the_plan_says(self, world):
        task = world.task()
        Task.objects.filter(pk=task.pk).update(state=TaskState.ARCHIVED)
        with pytest.raises(Blocked, match="计划频次是 1 次") as refused:
            world.task()
        assert refused.value.article == "16"

    def test_another_department_does_not_set_the_line_going(self, world):
        world.published()
        with pytest.raises(Blocked, match="由洛阳市公安局发起"):
            actions.create_task(line=world.line(), by=world.cast.huo, at=NOON)

    def test_a_cancelled_line_makes_no_task(self, world):
        world.published()
        asked = plans.adjust(
            line=world.line(), kind="cancel", reason="重复", by=world.cast.shen, at=NOON
        )
        plans.approve_adjustment(adjustment=asked, by=world.cast.cheng, at=NOON)
        with pytest.raises(Blocked, match="已取消"):
            actions.create_task(line=world.line(), by=world.cast.shen, at=NOON)

    def test_the_initiator_has_confirmed_by_creating_it(self, world):
        task = world.task()
        confirmed = Participation.objects.filter(task=task, confirmed_at__isnull=False)
        assert [p.department.code for p in confirmed] == ["GA"]

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"ends": date(2027, 1, 10)}, "超出计划的 2026-10-08 至 2026-12-31"),
            ({"ends": date(2026, 12, 1), "starts": date(2026, 12, 5)}, "早于开始"),
            ({"starts": date(2026, 11, 20)}, "四个阶段应依次进行"),
        ],
    )
    def test_the_stages_are_in_order_and_inside_the_plans_dates(self, world, changes, words):
        """Source: clause 17.2."""
        task = world.task()
        stages = [*STAGES[:3], {**STAGES[3], **changes}]
        with pytest.raises(Blocked, match=words) as refused:
            world.write_scheme(task, stages=stages)
        assert refused.value.article == "17"
        assert not Scheme.objects.exists()

    def test_after_the_plan_is_adjusted_the_later_dates_fit(self, world):
        task = world.task()
        early = [*STAGES[:2], {**STAGES[2], "ends": date(2026, 12, 20)}, STAGES[3]]
        asked = plans.adjust(
            line=world.line(),
            kind="delay",
            after={"ends_on": date(2026, 12, 15)},
            reason="提前完成",
            by=world.cast.shen,
            at=NOON,
        )
        plans.approve_adjustment(adjustment=asked, by=world.cast.cheng, at=NOON)
        with pytest.raises(Blocked, match="先办理计划调整"):
            world.write_scheme(task, stages=early)
        asked = plans.adjust(
            line=world.line(),
            kind="delay",
            after={"ends_on": date(2026, 12, 31)},
            reason="恢复原安排",
            by=world.cast.shen,
            at=LATER,
        )
        plans.approve_adjustment(adjustment=asked, by=world.cast.cheng, at=LATER)
        world.write_scheme(task, stages=early)
        assert task.visits.ends_on == date(2026, 12, 20)

    @pytest.mark.parametrize("part", ["goal", "duties"])
    def test_a_scheme_without_a_part_is_not_submitted(self, world, part):
        """Source: clause 17.1."""
        task = world.task()
        world.write_scheme(task, **{part: "  "})
        with pytest.raises(Blocked, match="实施方案缺少") as refused:
            actions.submit_scheme(task=task, by=world.cast.shen, at=NOON)
        assert refused.value.article == "17"

    def test_every_participant_confirms_before_the_head_approves(self, world):
        """Source: clause 17.1."""
        task = world.task()
        world.write_scheme(task)
        actions.submit_scheme(task=task, by=world.cast.shen, at=NOON)
        with pytest.raises(Blocked, match="还没有确认参与的部门") as refused:
            actions.approve_scheme(task=task, by=world.cast.cheng, at=NOON)
        assert refused.value.article == "17"
        world.confirm_all(task)
        task = actions.approve_scheme(task=task, by=world.cast.cheng, at=LATER)
        assert task.state == TaskState.SCHEME_APPROVED

    def test_who_wrote_it_does_not_approve_it(self, world):
        task = world.submitted()
        Grant.objects.create(user=world.cast.shen, role="head", granted_at=NOON, granted_by="sec")
        with pytest.raises(Blocked, match="不能批准自己的方案") as refused:
            actions.approve_scheme(task=task, by=world.cast.shen, at=LATER)
        assert refused.value.article == "17"

    def test_only_the_initiators_head_approves(self, world):
        task = world.submitted()
        with pytest.raises(Blocked, match="由洛阳市公安局发起"):
            actions.approve_scheme(task=task, by=world.cast.gu, at=LATER)

    def test_a_returned_scheme_is_written_again(self, world):
        task = world.submitted()
        with pytest.raises(Blocked, match="还没有写退回的意见"):
            actions.return_scheme(task=task, note=" ", by=world.cast.cheng, at=LATER)
        actions.return_scheme(task=task, note="日程太紧", by=world.cast.cheng, at=LATER)
        task.refresh_from_db()
        assert (task.state, task.scheme.returned_note) == (TaskState.CREATED, "日程太紧")
        world.write_scheme(task, goal="修改后的目标")
        task = actions.submit_scheme(task=task, by=world.cast.shen, at=LATER)
        assert task.state == TaskState.SCHEME_SUBMITTED

    def test_a_submitted_scheme_is_not_edited(self, world):
        task = world.submitted()
        with pytest.raises(Blocked, match="已经提交"):
            world.write_scheme(task, goal="改一下")

    def test_it_is_approved_once(self, world):
        task = world.submitted()
        actions.approve_scheme(task=task, by=world.cast.cheng, at=LATER)
        with pytest.raises(Blocked, match="不在待批准的状态"):
            actions.approve_scheme(task=task, by=world.cast.cheng, at=LATER)
