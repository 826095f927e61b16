"""The pool: who may be drawn, who stays out and why, and what a freeze writes down."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from liancha.draw import actions, frames, freezing, frozen, pools, rosters
from liancha.draw.actions import pooling
from liancha.draw.models import Draw, FrozenPage, InputFile
from liancha.ledger.models import Entry, Seal
from liancha.registry.models import Release, Target
from liancha.roster.models import Leave
from liancha.rulebook import bundle, eligibility, protocol
from liancha.rulebook.eligibility import TargetFacts, TargetStatus
from liancha.rulebook.verdicts import Blocked, NeedsReason
from liancha.task.models import Task
from tests.people import NOON
from tests.rooms import draw_world as w

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> w.World:
    return w.make_world()


def change(target: Target, **fields: object) -> None:
    Target.objects.filter(pk=target.pk).update(**fields)


def release(world: w.World, target: Target, *codes: str) -> None:
    for code in codes:
        Release.objects.create(
            target=target,
            department=world.department(code),
            reason="没有电梯",
            by=world.cast.lu,
            at=NOON,
        )


def out(world: w.World) -> dict[str, int]:
    return {each.code: each.count for each in pools.pool(world.task).excluded}


class TestWhoIsOut:
    def test_everybody_with_the_tag_is_in_or_out_exactly_once(self, world):
        change(world.targets[0], status="cancelled")
        change(world.targets[1], is_pending=True, region=None)

        pool = pools.pool(world.task)

        assert pool.universe == 76
        assert pool.size == pool.candidates.count() == 74
        assert pool.set_aside.count() == pool.out == 2

    @pytest.mark.parametrize("status", ["revoked", "cancelled", "withdrawn", "moved"])
    def test_the_gone_are_out(self, world, status):
        change(world.targets[0], status=status)
        assert out(world) == {"not_open": 1}

    def test_the_suspended_are_out_unless_the_initiator_takes_them(self, world):
        change(world.targets[0], status="suspended")
        assert out(world) == {"suspended": 1}

        actions.choose_pool(task=world.task, takes_suspended=True, by=world.cast.shen, at=NOON)

        assert out(world) == {}

    def test_no_address_no_visit(self, world):
        change(world.targets[0], address="")
        assert out(world) == {"incomplete": 1}

    def test_a_county_initiator_draws_at_home_only(self, world):
        department = world.department("GA")
        department.level, department.region_id = "county", "410302"
        department.save()

        pool = pools.pool(Task.objects.get(pk=world.task.pk))

        assert {t.region_id for t in pool.candidates} == {"410302"}
        assert {each.code for each in pool.excluded} == {"outside"}

    def test_a_target_drawn_in_another_open_task_rests(self, world):
        drawn = w.locked(world)
        other = Task.objects.get(pk=world.task.pk)
        other.pk, other.number, other.state = None, "41030020261116-2", "scheme_approved"
        other.save()
        for part in world.task.participations.all():
            part.pk, part.task = None, other
            part.save()

        assert out(w.World(world.cast, other, world.tag)) == {"in_open_task": drawn.drawn.count()}

        Task.objects.filter(pk=world.task.pk).update(state="completed")
        assert out(w.World(world.cast, other, world.tag)) == {}

    def test_class_a_rests_for_the_chosen_months_and_no_other_class(self, world):
        """Source: clause 15.4."""
        a, b = world.targets[0], world.targets[45]
        for target in (a, b):
            change(target, last_inspected_on=w.STARTS - timedelta(days=100))
        assert out(world) == {}

        actions.choose_pool(task=world.task, cooling_months=6, by=world.cast.shen, at=NOON)
        assert out(world) == {"cooling": 1}

        actions.choose_pool(task=world.task, cooling_months=3, by=world.cast.shen, at=NOON)
        assert out(world) == {}

    @pytest.mark.parametrize(
        ("day", "months", "then"),
        [
            (date(2026, 11, 26), 12, date(2025, 11, 26)),
            (date(2026, 3, 31), 1, date(2026, 2, 28)),
            (date(2024, 3, 30), 1, date(2024, 2, 29)),
            (date(2026, 1, 15), 1, date(2025, 12, 15)),
        ],
    )
    def test_months_are_counted_by_the_calendar(self, day, months, then):
        assert pools.months_before(day, months) == then

    def test_by_hand_needs_a_reason_and_can_be_undone_until_the_freeze(self, world):
        target = world.targets[0]
        with pytest.raises(NeedsReason):
            actions.set_aside(
                task=world.task, target=target, reason=" ", by=world.cast.shen, at=NOON
            )

        actions.set_aside(
            task=world.task, target=target, reason="停业装修", by=world.cast.shen, at=NOON
        )
        assert out(world) == {"by_hand": 1}
        with pytest.raises(Blocked, match="已经排除"):
            actions.set_aside(
                task=world.task, target=target, reason="再次", by=world.cast.shen, at=NOON
            )

        actions.take_back(task=world.task, target=target, by=world.cast.shen, at=NOON)
        assert out(world) == {}
        assert [e.what for e in Entry.objects.about("task", world.task.pk)] == [
            "draw.set_aside",
            "draw.take_back",
        ]

    def test_nobody_else_may_change_another_departments_pool(self, world):
        with pytest.raises(Blocked, match="洛阳市公安局"):
            actions.choose_pool(task=world.task, cooling_months=6, by=world.cast.lu, at=NOON)


class TestCommonTargets:
    """Art. 18, 共同的监管对象, and decision A10; each answer is the rulebook's own."""

    @pytest.mark.parametrize(
        "released",
        [(), ("XF",), ("XF", "SCJG"), ("XF", "SCJG", "WJ"), ("GA", "WJ", "SCJG", "XF")],
    )
    def test_releases_leave_two_departments_or_the_target_out(self, world, released):
        release(world, world.targets[0], *released)
        names = ["GA", "WJ", "SCJG", "XF"]
        staying = eligibility.common_to(
            participants=names,
            supervisors=names,
            released=dict.fromkeys(released, "没有电梯"),
        )

        assert out(world) == ({} if staying is not None else {"not_common": 1})

    def test_a_department_without_the_tag_has_no_common_targets(self, world):
        world.tag.supervisors.remove(world.department("XF"))
        release(world, world.targets[0], "XF")

        pool = pools.pool(world.task)

        assert [t.pk for t in pool.candidates] == [world.targets[0].pk]
        assert {each.code for each in pool.excluded} == {"not_common"}

    def test_a_county_cooperator_supervises_at_home(self, world):
        department = world.department("XF")
        department.level, department.region_id = "county", "410305"
        department.save()
        elsewhere = next(t for t in world.targets if t.region_id == "410302")
        release(world, elsewhere, "XF")

        candidates = list(pools.pool(world.task).candidates)

        assert {t.region_id for t in candidates if t.pk != elsewhere.pk} == {"410305"}
        assert elsewhere.pk in {t.pk for t in candidates}

    def test_a_release_without_a_reason_is_none(self, world):
        release(world, world.targets[0], "XF", "SCJG", "WJ")
        Release.objects.update(reason="")
        assert out(world) == {}


def test_status_and_region_are_judged_by_the_rulebook(world):
    """Every status in every region: the page says what the rulebook says."""
    statuses = list(TargetStatus)
    for n, target in enumerate(world.targets):
        change(target, status=statuses[n % len(statuses)])
    actions.choose_pool(task=world.task, takes_suspended=True, by=world.cast.shen, at=NOON)

    pool = pools.pool(world.task)

    for target in pool.targets:
        facts = TargetFacts(TargetStatus(target.status), target.region_id, frozenset({"hotel"}))
        assert (target.reason == "") == (eligibility.target_faults(facts, tag="hotel") == ())


class TestStrata:
    def test_counts_are_rounded_up_in_each_stratum(self, world):
        strata = {s.name: (s.size, s.ratio, s.count) for s in pools.pool(world.task).strata}
        assert strata == {
            "A": (40, "1/50", 1),
            "B": (20, "1/20", 1),
            "C": (10, "1/5", 2),
            "D": (6, "1/2", 3),
            "未分类": (0, "1/10", 0),
        }

    def test_the_unclassified_have_a_rate_of_their_own_never_as(self):
        world = w.make_world(classes="A" * 50 + "-" * 20)
        strata = {s.name: s.count for s in pools.pool(world.task).strata}
        assert (strata["A"], strata["未分类"]) == (1, 2)

    def test_without_their_rate_the_pool_cannot_be_frozen(self):
        world = w.make_world(classes="A" * 50 + "-" * 3, rates=(("A", "1/50"),))
        pool = pools.pool(world.task)
        assert pool.problems == (
            "“未分类”有 3 户，但没有抽查比例。请先按第十六条调整计划行的比例。",
        )
        with pytest.raises(Blocked, match="未分类"):
            w.freeze(world)

    def test_by_district_the_label_is_its_name(self):
        world = w.make_world(stratify="region", rates=[(r, "1/10") for r in w.REGIONS])
        strata = pools.pool(world.task).strata
        assert [(s.name, s.label) for s in strata][:2] == [
            ("410302", "老城区"),
            ("410303", "西工区"),
        ]
        assert sum(s.size for s in strata) == 76

    def test_not_cut_at_all(self):
        world = w.make_world(stratify="none", rates=[("全部", "1/10")])
        assert [(s.name, s.size, s.count) for s in pools.pool(world.task).strata] == [
            ("全部", 76, 8)
        ]

    def test_a_task_without_plan_line_sets_its_own_ratio(self, world):
        Task.objects.filter(pk=world.task.pk).update(line=None, source="risk")
        task = Task.objects.get(pk=world.task.pk)
        assert "请先填写抽查比例" in pools.pool(task).problems[0]

        with pytest.raises(Blocked, match="请写成"):
            actions.choose_pool(task=task, ratio="一些", by=world.cast.shen, at=NOON)
        actions.choose_pool(task=task, ratio="1/20", by=world.cast.shen, at=NOON)

        assert [(s.name, s.count) for s in pools.pool(task).strata] == [("全部", 4)]

    def test_a_task_without_plan_line_is_cut_and_worded_as_a_plan_would(self, world):
        """40, 20, 10 and 6 of the classes; the words hold for each of them."""
        Task.objects.filter(pk=world.task.pk).update(line=None, source="risk")
        task = Task.objects.get(pk=world.task.pk)
        choose = {"by": world.cast.shen, "at": NOON}
        actions.choose_pool(
            task=task, ratio="≤10家的不少于2家，其余按5%", stratify="credit", **choose
        )
        found = pools.pool(task)
        assert [(s.name, s.count) for s in found.strata] == [
            *(("A", 2), ("B", 1), ("C", 2), ("D", 2)),
        ]
        assert "属于" in found.strata[2].why
        assert found.stratify == "credit"
        with pytest.raises(Blocked, match="按标签分层要有计划行"):
            actions.choose_pool(task=task, ratio="5%", stratify="tag", **choose)
        with pytest.raises(Blocked, match="每一份各抽多少"):
            actions.choose_pool(task=task, ratio="各县区2家", **choose)  # two in all

    def test_rates_that_draw_nobody_are_no_draw(self):
        world = w.make_world(classes="A" * 5, rates=[("A", "0/1")])
        assert "一户也抽不到" in pools.pool(world.task).problems[0]

    def test_an_empty_pool_is_no_pool(self):
        world = w.make_world(classes="A" * 3)
        Target.objects.update(status="moved")
        assert "没有检查对象" in pools.pool(world.task).problems[-1]

    def test_an_old_registry_is_worth_a_remark(self, world):
        """Source: clause 11.4."""
        pool = pools.pool(world.task)
        assert pool.remarks(NOON.date()) == ()
        assert "38 天没有更新" in pool.remarks((NOON + timedelta(days=35)).date())[0]


class TestFreeze:
    def test_a_confidential_pool_that_tells_too_much_needs_a_reason(self):
        world = w.make_world(classes="A" * 40 + "D" * 3)
        with pytest.raises(NeedsReason, match="D 只有 3 户") as refusal:
            actions.freeze(task=world.task, by=world.cast.shen, at=NOON)
        assert refusal.value.article == "18"
        assert not Draw.objects.exists()

        draw = actions.freeze(task=world.task, reason="全市如此", by=world.cast.shen, at=NOON)
        assert draw.freeze_note == "全市如此"

    def test_open_strata_ask_nothing(self):
        world = w.make_world(classes="A" * 40 + "D" * 3, confidential=False)
        actions.freeze(task=world.task, by=world.cast.shen, at=NOON)

    def test_the_rows_are_the_file_that_was_hashed(self, world):
        draw = w.freeze(world)

        data = frames.frame_of(draw)

        assert bundle.frame_of(data) == frames.logged_frame(draw)
        assert data.count(b"\n") == draw.frame_size == 76
        first = frozen.lines(draw)[0]
        assert first.salt == protocol.salt(draw.secret, first.code)

    def test_the_ledger_has_the_frame_and_gives_no_roster_away(self, world):
        draw = w.freeze(world)

        entry = Entry.objects.of_draw(draw.number).get()
        body = json.loads(entry.body)

        assert (entry.kind, body["frame"]) == ("freeze", frames.logged_frame(draw).as_json())
        assert draw.secret not in entry.body
        files = InputFile.objects.filter(draw=draw)
        assert not [f for f in files if f.sha256 in entry.body]
        assert Seal.objects.filter(subject=f"frame:{draw.pk}").exists()

    def test_who_is_out_is_kept_with_the_reason(self, world):
        change(world.targets[0], status="moved")
        actions.set_aside(
            task=world.task, target=world.targets[1], reason="停业装修", by=world.cast.shen, at=NOON
        )

        draw = w.freeze(world)

        assert draw.excluded == [["not_open", 1], ["by_hand", 1]]
        rows = sorted(frozen.outsiders(draw), key=lambda each: each.target)
        assert [(r.target, r.reason, r.note) for r in rows] == [
            (world.targets[0].pk, "not_open", ""),
            (world.targets[1].pk, "by_hand", "停业装修"),
        ]

    def test_a_target_renamed_later_keeps_its_frozen_name(self, world):
        draw = w.freeze(world)
        before = frames.frame_of(draw)
        change(world.targets[0], name="改了名的宾馆", address="别处", credit_class="D")

        code = world.targets[0].code
        candidate = frozen.found(draw, [code])[code]

        assert (candidate.name, candidate.credit_class) == ("洛阳第1宾馆", "A")
        assert frames.frame_of(draw) == before

    def test_every_roster_is_frozen_at_the_same_moment(self, world):
        draw = w.freeze(world)
        Leave.objects.create(
            inspector=world.department("WJ").inspectors.first(), first_on=w.STARTS, last_on=w.ENDS
        )
        w.add_people(world.department("XF"), 0)

        rows = InputFile.objects.filter(draw=draw, name="roster.tsv")

        assert {row.department.code for row in rows} == {"GA", "WJ", "SCJG", "XF"}
        text = rosters.frozen_roster(draw, world.department("WJ"))
        assert text == "".join(f"WJ-{n:03d}\t20\n" for n in range(1, 7))
        assert rosters.frozen_people(draw, world.department("WJ"))[0].facts.leaves == ()

    def test_numbers_run_without_gaps_per_department_and_year(self, world):
        first = w.freeze(world)
        second = pooling.next_number(world.department("GA"), 2026)
        other = pooling.next_number(world.department("WJ"), 2026)
        later = pooling.next_number(world.department("GA"), 2027)

        assert first.number == "洛公安抽〔2026〕1号-1"
        assert second == (2, "洛公安抽〔2026〕2号-1")
        assert other == (1, "洛卫健抽〔2026〕1号-1")
        assert later == (1, "洛公安抽〔2027〕1号-1")

    def test_once(self, world):
        w.freeze(world)
        with pytest.raises(Blocked) as refusal:
            w.freeze(world)
        assert refusal.value.article == "18"
        with pytest.raises(Blocked, match="已经冻结"):
            actions.choose_pool(task=world.task, cooling_months=6, by=world.cast.shen, at=NOON)
        assert Draw.objects.count() == 1

    def test_only_by_the_initiator(self, world):
        with pytest.raises(Blocked, match="洛阳市公安局"):
            actions.freeze(task=world.task, reason="x", by=world.cast.lu, at=NOON)

    def test_not_before_the_scheme_is_approved(self, world):
        """Source: clause 17.3."""
        Task.objects.filter(pk=world.task.pk).update(state="created")
        with pytest.raises(Blocked, match="待拟方案"):
            w.freeze(world)

    def test_a_code_the_protocol_cannot_write_is_refused_whole(self, world):
        change(world.targets[0], code="9141:0300")
        with pytest.raises(Blocked, match="不能入库"):
            w.freeze(world)
        assert not FrozenPage.objects.exists()
        world.task.refresh_from_db()
        assert world.task.state == "scheme_approved"

    def test_pages_of_the_registry_are_read_one_after_another(self, world, monkeypatch):
        monkeypatch.setattr(freezing, "PAGE", 7)
        seen = []

        draw = actions.freeze(
            task=world.task,
            reason="x",
            by=world.cast.shen,
            at=NOON,
            progress=lambda done, total: seen.append((done, total)),
        )

        assert seen[0] == (7, 152)
        assert seen[-1] == (152, 152)
        assert bundle.frame_of(frames.frame_of(draw)) == frames.logged_frame(draw)


def test_supplies_say_which_department_lacks_people(world):
    Leave.objects.bulk_create(
        Leave(inspector=each, first_on=w.STARTS, last_on=w.ENDS)
        for each in world.department("XF").inspectors.all()[:5]
    )
    found = {s.department.code: s for s in rosters.supplies(world.task, count=7, on=NOON.date())}

    assert (found["XF"].drawable, found["XF"].is_short) == (1, True)
    assert (found["GA"].drawable, found["GA"].is_short, found["GA"].needed) == (6, False, 14)
