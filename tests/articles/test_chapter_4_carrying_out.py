"""第四章 联合抽查活动的组织实施 — Chapter 4, carrying out (arts. 17–19); 20–22 stand beside it."""

from datetime import date
from itertools import product

import pytest

from liancha.rulebook import coverage, deadlines, eligibility, leeway, lifecycles
from liancha.rulebook.eligibility import (
    InspectorFacts,
    InspectorFault,
    Need,
    Relation,
    Span,
    TargetFacts,
    TargetFault,
    TargetStatus,
)
from liancha.rulebook.leeway import RandomMode, ReplacementReason
from liancha.rulebook.lifecycles import TaskState
from liancha.rulebook.verdicts import Blocked, NeedsReason
from tests.articles.calendars import CALENDAR

WINDOW = Span(date(2026, 11, 26), date(2026, 12, 11))
LONG = (Span(date(2024, 1, 1), date(2029, 12, 31)),)


class TestArticle17:
    @pytest.mark.parametrize("lifecycle", lifecycles.LIFECYCLES, ids=lambda each: each.name)
    def test_steps_come_in_order_and_none_is_skipped(self, lifecycle):
        states = type(next(iter(lifecycle.steps))[0])
        for now, then in product(states, states):
            if (now, then) in lifecycle.steps:
                assert lifecycle.step(now, then) is then
                continue
            with pytest.raises(Blocked, match=lifecycles.label(then)) as refusal:
                lifecycle.step(now, then)
            assert int(refusal.value.article) in range(1, 24)

    def test_a_task_goes_from_scheme_to_publication_by_pool_draw_and_visit(self):
        state, path = TaskState.CREATED, []
        for then in (
            TaskState.SCHEME_SUBMITTED,
            TaskState.SCHEME_APPROVED,
            TaskState.POOL_FROZEN,
            TaskState.TARGETS_DRAWN,
            TaskState.DISPATCHED,
            TaskState.INSPECTORS_DRAWN,
            TaskState.TEAMS_SET,
            TaskState.INSPECTING,
            TaskState.COMPLETED,
            TaskState.RESULTS_PUBLISHED,
            TaskState.ARCHIVED,
        ):
            state = lifecycles.TASK.step(state, then)
            path.append(state)
        assert set(path) | {TaskState.CREATED} == set(TaskState)

    @pytest.mark.parametrize("part", coverage.SCHEME_PARTS)
    def test_a_scheme_has_its_three_parts(self, part):
        scheme = {
            "目标任务": "查 18 户",
            "职责分工": "各查各项",
            "工作阶段安排": [{"name": "建库"}],
        }
        coverage.check_scheme(scheme)
        with pytest.raises(Blocked, match=f"缺少：{part}") as refusal:
            coverage.check_scheme(scheme | {part: [] if part == "工作阶段安排" else " "})
        assert refusal.value.article == "17"

    def test_it_stays_inside_the_plans_dates(self):
        line = {"line_starts_on": date(2026, 11, 1), "line_ends_on": date(2026, 12, 15)}
        coverage.check_scheme_dates(date(2026, 11, 1), date(2026, 12, 15), **line)
        for starts_on, ends_on in (
            (date(2026, 10, 31), date(2026, 12, 1)),
            (date(2026, 11, 5), date(2026, 12, 16)),
        ):
            with pytest.raises(Blocked, match="计划调整"):
                coverage.check_scheme_dates(starts_on, ends_on, **line)

    def test_every_participant_confirms_before_it_is_approved(self):
        coverage.check_confirmed(["公安", "卫健"], confirmed={"公安", "卫健"})
        with pytest.raises(Blocked, match="卫健、消防"):
            coverage.check_confirmed(["公安", "卫健", "消防"], confirmed={"公安"})


class TestArticle18:
    def test_a_target_is_common_to_all_participants(self):
        assert eligibility.common_to(
            participants={"公安", "卫健"}, supervisors={"公安", "卫健", "市监"}
        ) == {"公安", "卫健"}
        assert eligibility.common_to(participants={"公安", "卫健"}, supervisors={"公安"}) is None

    def test_a_department_may_be_released_with_a_reason(self):
        facts = {"participants": {"公安", "卫健", "市监"}, "supervisors": {"公安", "卫健"}}
        assert eligibility.common_to(**facts) is None
        assert eligibility.common_to(**facts, released={"市监": " "}) is None
        assert eligibility.common_to(**facts, released={"市监": "没有电梯"}) == {"公安", "卫健"}

    def test_two_departments_must_remain(self):
        assert (
            eligibility.common_to(
                participants={"公安", "卫健"},
                supervisors={"公安", "卫健"},
                released={"卫健": "不涉及"},
            )
            is None
        )

    def test_what_was_set_aside_elsewhere_stays_out(self):
        target = TargetFacts(
            TargetStatus.ACTIVE,
            "410305",
            frozenset({"宾馆旅店"}),
            frozenset({TargetFault.IN_OPEN_TASK}),
        )
        assert eligibility.target_faults(target, tag="宾馆旅店") == (TargetFault.IN_OPEN_TASK,)

    def test_inspectors_match_by_skill_and_post(self):
        need = Need(frozenset({"食品"}), frozenset({"监管岗"}))
        able = InspectorFacts(LONG, post="监管岗", skills=frozenset({"食品", "计量"}))
        other = InspectorFacts(LONG, post="窗口", skills=frozenset({"计量"}))
        assert eligibility.inspector_faults(able, window=WINDOW, need=need) == ()
        assert eligibility.inspector_faults(other, window=WINDOW, need=need) == (
            InspectorFault.POST,
            InspectorFault.SKILL,
        )

    def test_a_day_of_leave_does_not_take_anybody_out_of_the_draw(self):
        day = Span(date(2026, 11, 30), date(2026, 11, 30))
        inspector = InspectorFacts(LONG, leaves=(day,))
        assert eligibility.inspector_faults(inspector, window=WINDOW) == ()
        assert len(eligibility.inspector_remarks(inspector, window=WINDOW)) == 1

    def test_leave_over_more_than_half_of_the_window_does(self):
        half = Span(date(2026, 11, 1), date(2026, 12, 3))  # 8 of 16 days
        more = Span(date(2026, 12, 11), date(2026, 12, 20))  # one more
        assert (
            eligibility.inspector_faults(InspectorFacts(LONG, leaves=(half,)), window=WINDOW) == ()
        )
        assert eligibility.inspector_faults(
            InspectorFacts(LONG, leaves=(half, more)), window=WINDOW
        ) == (InspectorFault.ON_LEAVE,)

    def test_a_day_in_two_leaves_is_away_once_and_a_leave_may_have_no_end(self):
        half = Span(date(2026, 11, 1), date(2026, 12, 3))
        inside = Span(date(2026, 11, 28), date(2026, 12, 1))
        twice = InspectorFacts(LONG, leaves=(inside, half, half))
        assert eligibility.inspector_faults(twice, window=WINDOW) == ()
        endless = InspectorFacts(LONG, leaves=(Span(date(2020, 1, 1), date(9999, 9, 9)),))
        assert eligibility.inspector_faults(endless, window=WINDOW) == (InspectorFault.ON_LEAVE,)

    def test_an_expert_is_not_drawn(self):
        expert = InspectorFacts(LONG, is_expert=True)
        assert eligibility.inspector_faults(expert, window=WINDOW) == (InspectorFault.EXPERT,)


class TestArticle19:
    def test_a_recused_inspector_is_not_drawn_for_that_target_alone(self):
        inspector = InspectorFacts(LONG, recused_from=frozenset({"H1"}))
        assert eligibility.inspector_faults(inspector, window=WINDOW, target="H1") == (
            InspectorFault.RECUSED,
        )
        assert eligibility.inspector_faults(inspector, window=WINDOW, target="H2") == ()

    def test_only_a_former_post_lapses_and_only_after_three_years(self):
        ended = date(2024, 2, 29)
        assert eligibility.is_recused(Relation.FORMER, on=date(2027, 2, 28), ended_on=ended)
        assert not eligibility.is_recused(Relation.FORMER, on=date(2027, 3, 1), ended_on=ended)
        assert eligibility.is_recused(Relation.FORMER, on=date(2030, 1, 1))
        assert eligibility.is_recused(Relation.RELATIVE, on=date(2030, 1, 1), ended_on=ended)
        # as other systems write what has no end
        assert eligibility.is_recused(
            Relation.FORMER, on=date(2030, 1, 1), ended_on=date(9999, 9, 9)
        )

    def test_targets_are_not_drawn_only_when_all_are_inspected(self):
        word = {"reason": "只有 3 户", "approved_by": "head"}
        leeway.check_targets_not_drawn(pool=3, count=3, **word)
        with pytest.raises(Blocked, match="可以随机抽取检查对象"):
            leeway.check_targets_not_drawn(pool=300, count=3, **word)

    def test_inspectors_are_not_drawn_only_when_there_are_too_few(self):
        word = {"reason": "只有 2 人持证", "approved_by": "head"}
        leeway.check_inspectors_not_drawn("市监", eligible=2, needed=2, **word)
        with pytest.raises(Blocked, match="市监有 3 名可抽人员"):
            leeway.check_inspectors_not_drawn("市监", eligible=3, needed=2, **word)

    def test_single_random_has_a_reason_and_a_word_of_the_head(self):
        with pytest.raises(NeedsReason):
            leeway.check_targets_not_drawn(pool=3, count=3, reason=" ", approved_by="head")
        with pytest.raises(Blocked, match="批准"):
            leeway.check_inspectors_not_drawn(
                "市监", eligible=2, needed=2, reason="只有 2 人持证", approved_by=""
            )

    @pytest.mark.parametrize(
        ("targets", "inspectors", "mode"),
        [
            (True, [True, False], RandomMode.DOUBLE),
            (True, [False, False], RandomMode.TARGETS_ONLY),
            (False, [True, True], RandomMode.INSPECTORS_ONLY),
            (False, [False], RandomMode.NEITHER),
        ],
    )
    def test_the_mode_of_a_task_follows_from_what_was_drawn(self, targets, inspectors, mode):
        assert leeway.random_mode(targets_drawn=targets, inspectors_drawn=inspectors) is mode
        assert bool(leeway.random_remarks(mode)) == (mode is RandomMode.NEITHER)

    def test_a_replacement_has_a_reason_from_the_list(self):
        with pytest.raises(NeedsReason) as refusal:
            leeway.check_replacement(None)
        assert [label for _, label in refusal.value.codes] == [
            "岗位调整",
            "工作冲突",
            "健康状况",
            "执法回避",
            "其他",
        ]
        leeway.check_replacement(ReplacementReason.HEALTH)
        with pytest.raises(NeedsReason, match="具体原因"):
            leeway.check_replacement(ReplacementReason.OTHER)

    def test_a_person_picked_by_hand_needs_a_second_reason(self):
        with pytest.raises(NeedsReason, match="指定原因"):
            leeway.check_replacement(ReplacementReason.HEALTH, is_designated=True)
        leeway.check_replacement(
            ReplacementReason.HEALTH, is_designated=True, designation_reason="唯一持特种设备证"
        )

    def test_the_head_of_the_inspectors_own_department_agrees(self):
        facts = {
            "approver": "head",
            "approver_is_head": True,
            "approver_department": "市监",
            "inspector_department": "市监",
            "requester": "handler",
        }
        leeway.check_replacement_approval(**facts)
        for wrong in (
            {"approver_department": "公安"},
            {"approver_is_head": False},
            {"requester": "head"},
        ):
            with pytest.raises(Blocked):
                leeway.check_replacement_approval(**(facts | wrong))

    def test_participants_confirm_the_list_within_two_working_days(self):
        assert deadlines.acknowledge_due(date(2026, 9, 18), CALENDAR).due == date(2026, 9, 21)
        assert deadlines.acknowledge_due(date(2026, 9, 30), CALENDAR).due == date(2026, 10, 9)
