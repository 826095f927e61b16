"""补抽 and 单随机: further batches of a task, and drawing one side only."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from liancha.draw import actions, bundles, chains, queries
from liancha.draw.models import Dispatch, Draw, DrawnTarget, SingleRandom
from liancha.inspection import actions as visits
from liancha.ledger.models import Entry
from liancha.lists.models import JointItem
from liancha.roster.models import Inspector
from liancha.rulebook import verify
from liancha.rulebook.findings import Level
from liancha.rulebook.verdicts import Blocked, NeedsReason
from tests.rooms import draw_world as w
from tests.rooms import supplement_world as s

pytestmark = pytest.mark.django_db
RATES = [(code, "1/4") for code in w.REGIONS]
WANTED = {"410302": 2, "410303": 1}


@pytest.fixture
def world() -> w.World:
    return w.make_world(
        classes="A" * 24, stratify="region", rates=RATES, participants=("GA", "WJ"), people=4
    )


def files(draw: Draw) -> dict[str, bytes]:
    return {name: build() for name, build in bundles.builders(draw).items()}


class TestAsking:
    def test_only_after_the_lock_by_the_initiator_with_a_reason_and_for_what_is_left(self, world):
        with pytest.raises(Blocked, match="名单锁定后"):
            s.asked(world, w.freeze(world), WANTED)

    @pytest.mark.parametrize(
        ("wanted", "said"),
        [
            ({}, "还没有填补抽户数"),
            ({"410302": 5}, "抽剩 4 户，不能补抽 5 户"),
            ({"410302": -1}, "不能补抽 -1 户"),
            ({"乙": 1}, "没有“乙”这一层"),
        ],
    )
    def test_numbers_that_are_not_left_are_refused(self, world, wanted, said):
        with pytest.raises(Blocked, match=said):
            s.asked(world, w.locked(world), wanted)

    def test_no_reason_no_batch_and_nobody_elses(self, world):
        draw = w.locked(world)
        ask = {"after": draw, "wanted": WANTED, "at": s.LATER}
        with pytest.raises(NeedsReason, match="补抽要写明原因"):
            actions.ask_supplement(**ask, reason=" ", by=world.cast.shen)
        with pytest.raises(Blocked, match="只能由"):
            actions.ask_supplement(**ask, reason="停业", by=world.cast.lu)

    def test_the_head_agrees_who_did_not_ask_and_once(self, world):
        asked = s.asked(world, w.locked(world), WANTED)
        for by, said in ((world.cast.shen, "负责人批准"), (world.cast.lu, "只能由")):
            with pytest.raises(Blocked, match=said):
                actions.decide_supplement(supplement=asked, agree=True, by=by, at=s.LATER)
        with pytest.raises(Blocked, match="还没有批准"):
            actions.freeze_supplement(supplement=asked, by=world.cast.shen, at=s.LATER)
        decide = {"supplement": asked, "by": world.cast.cheng, "at": s.LATER}
        actions.decide_supplement(**decide, agree=False, note="先核对停业情况")
        with pytest.raises(Blocked, match="已经批复"):
            actions.decide_supplement(**decide, agree=True)
        assert s.asked(world, asked.after, WANTED).is_agreed is None

    def test_one_request_a_batch(self, world):
        draw = w.locked(world)
        s.asked(world, draw, WANTED)
        with pytest.raises(Blocked, match="已经有一份补抽申请"):
            s.asked(world, draw, WANTED)


class TestBatch:
    def test_the_pool_is_what_was_left_with_fresh_salts_and_the_first_list_stands(self, world):
        first = w.locked(world)
        before = files(first)
        batch = s.drawn(world, s.frozen(world, first, WANTED))
        after = files(batch)
        taken = set(before["codes.txt"].split())
        was = {tuple(line.split(b"\t")[:2]) for line in before["frame.tsv"].splitlines()}
        now = {tuple(line.split(b"\t")[:2]) for line in after["frame.tsv"].splitlines()}
        assert now == {line for line in was if line[0] not in taken}
        assert batch.frame_size == 24 - 8
        assert len(after["codes.txt"].split()) == 3
        assert not set(after["codes.txt"].split()) & taken
        salts = [
            {line.split(b"\t")[2] for line in each["frame.tsv"].splitlines()}
            for each in (before, after)
        ]
        assert not salts[0] & salts[1]
        assert files(first) == before
        assert (first.number, batch.number) == ("洛公安抽〔2026〕1号-1", "洛公安抽〔2026〕2号-1")

    def test_the_verifier_accepts_it_against_the_first_and_refuses_another(self, world):
        first = w.locked(world)
        batch = s.drawn(world, s.frozen(world, first, WANTED))
        report = verify.check(files(batch), earlier=[files(first)])
        assert report.is_good
        assert Level.FULL in report.levels
        assert "候选是那次的名单减去已抽中的" in "\n".join(report.lines())
        assert not verify.check(files(batch), earlier=[files(batch)]).is_good

    def test_a_chain_of_three(self, world):
        first = w.locked(world)
        second = s.drawn(world, s.frozen(world, first, {"410302": 1}))
        with pytest.raises(Blocked, match=f"请从{second.number}提出"):
            s.asked(world, first, {"410302": 1})
        at = s.LATER + timedelta(days=1)
        third = s.drawn(world, s.frozen(world, second, {"410302": 1}, at), at)
        assert chains.earlier(third) == [first, second]
        assert verify.check(files(third), earlier=[files(first), files(second)]).is_good
        drawn = DrawnTarget.objects.of_task(world.task)
        assert drawn.count() == drawn.values("target").distinct().count() == 10

    def test_it_leaves_the_task_where_it_is_and_a_void_only_its_own_number(self, world):
        first = w.dispatched(world)
        supplement = s.agreed(world, first, WANTED)
        freeze = {"supplement": supplement, "by": world.cast.shen, "at": s.LATER}
        batch = actions.freeze_supplement(**freeze)
        with pytest.raises(Blocked, match="已经开始"):
            actions.freeze_supplement(**freeze)
        actions.ask_void(
            draw=batch, cause="technical", reason="断电", by=world.cast.shen, at=s.LATER
        )
        actions.void(draw=batch, by=world.cast.cheng, at=s.LATER)
        world.task.refresh_from_db()
        assert world.task.state == "dispatched"
        again = actions.freeze_supplement(**freeze)
        assert again.number != batch.number
        assert Draw.objects.filter(pk=batch.pk, state="void").exists()
        s.drawn(world, again)
        world.task.refresh_from_db()
        assert world.task.state == "dispatched"

    def test_a_second_first_batch_is_refused_by_the_database(self, world):
        first = w.locked(world)
        twin = Draw.objects.get(pk=first.pk)
        twin.pk, twin.number, twin.serial = None, "x", 99
        with pytest.raises(IntegrityError), transaction.atomic():
            twin.save(force_insert=True)

    def test_the_inspectors_of_each_batch_are_drawn_for_it_and_have_less_room(self, world):
        first = w.dispatched(world)
        people = Inspector.objects.filter(department=world.department("GA"))
        people.update(capacity=9)
        for part in world.task.participations.all():
            part.items.set(JointItem.objects.filter(department=part.department))
        for code in ("GA", "WJ"):
            w.draw_inspectors(world, code)
        world.task.refresh_from_db()
        assert world.task.state == "inspectors_drawn"
        batch = s.drawn(world, s.frozen(world, first, WANTED))
        with pytest.raises(Blocked, match="派发后"):
            w.draw_inspectors(world, "GA")
        actions.dispatch(draw=batch, by=world.cast.shen, at=s.LATER)
        assert Dispatch.objects.filter(draw=batch).count() == 2
        formed = visits.form_teams(task=world.task, by=world.cast.shen, at=s.LATER)
        assert len(formed) == 8, "the batch still lacks its people"
        roster = batch.inputs.get(department=world.department("GA"), name="roster.tsv").text
        assert sum(int(line.split("\t")[1]) for line in roster.splitlines()) == 4 * 9 - 2 * 8
        for code in ("GA", "WJ"):
            own = w.draw_inspectors(world, code)
            assert own.of == batch
            assert own.supplements.of == first
        assert len(visits.form_teams(task=world.task, by=world.cast.shen, at=s.LATER)) == 3


class TestOpenness:
    def test_lists_of_the_whole_chain_open_together(self, world):
        """A supplement's frame beside the first one's gives the first one's drawn codes."""
        first = w.dispatched(world)
        batch = s.drawn(world, s.frozen(world, first, WANTED))
        for draw in (first, batch):
            assert queries.is_public(draw, bundles.TRANSCRIPT, s.LATER)
            assert not queries.is_public(draw, bundles.FRAME, s.LATER)
            assert not queries.openness(draw, s.LATER).firms
        world.task.state = "completed"
        world.task.save()
        for draw in (first, batch):
            draw.refresh_from_db()
            assert queries.is_public(draw, bundles.FRAME, s.LATER)

    def test_the_office_does_not_read_the_drawn_out_of_the_pool_of_the_next_batch(self, world):
        first = w.dispatched(world)
        s.frozen(world, first, WANTED)
        page = w.url("pool", world.task.pk)
        for name, sees in (("zhou", False), ("shen", True), ("lu", True)):
            answer = w.text(w.as_(world, name).get(page))
            assert ("洛阳第" in answer) is sees, name


class TestPages:
    def test_from_the_task_to_the_ceremony(self, world):
        first = w.locked(world)
        shen, cheng = w.as_(world, "shen"), w.as_(world, "cheng")
        page = w.url("batches", world.task.pk)
        assert "抽剩 4 户" in w.text(shen.get(page))
        bad = shen.post(w.url("ask_supplement", world.task.pk), {"more_0": 9, "reason": "停业"})
        assert bad.status_code == 422
        assert "只剩 4 户" in w.text(bad)
        shen.post(w.url("ask_supplement", world.task.pk), {"more_0": 2, "reason": "两户停业"})
        assert "同意补抽" not in w.text(shen.get(page))
        assert "同意补抽" in w.text(cheng.get(page))
        (asked,) = first.supplements_asked.all()
        assert cheng.post(w.url("decide_supplement", asked.pk)).status_code == 409
        cheng.post(w.url("decide_supplement", asked.pk), {"agree": "1"})
        answer = shen.post(w.url("freeze_supplement", asked.pk), follow=True)
        batch = Draw.objects.get(supplements=first)
        assert (batch.number in w.text(answer), batch.number[-2:]) == (True, "-1")
        assert shen.get(w.url("task", world.task.pk)).url == answer.request["PATH_INFO"]
        assert w.as_(world, "pei").get(page).status_code == 404

    def test_the_public_page_names_the_chain_and_the_reason(self, world, client):
        first = w.locked(world)
        batch = s.drawn(world, s.frozen(world, first, WANTED))
        shown = w.text(client.get(f"/public/draws/{batch.pk}/"))
        assert f"补充批次，接 {first.number}" in shown
        assert "已抽中的两户停业" in shown
        assert batch.number in w.text(client.get(f"/public/draws/{first.pk}/"))


class TestSingleRandom:
    """Art. 19, paragraph 2: only where the system finds too few."""

    def ask(self, world, department=None, reason="只有两名持证人员"):
        return actions.ask_single_random(
            task=world.task, department=department, reason=reason, by=world.cast.shen, at=w.NOON
        )

    def test_with_enough_of_both_it_is_refused(self, world):
        assert actions.shortages(world.task, w.NOON) == []
        for department in (None, world.department("WJ")):
            with pytest.raises(Blocked, match="数量足够，应当实施双随机") as refusal:
                self.ask(world, department)
            assert (refusal.value.article, refusal.value.paragraph) == ("19", 2)

    def test_a_department_with_two_people_has_nothing_to_draw(self, world, client):
        wj = world.department("WJ")
        Inspector.objects.filter(department=wj, number__gt="WJ-002").update(status="left")
        (short,) = actions.shortages(world.task, w.NOON)
        assert (short.department, short.have, short.wanted) == (wj, 2, 2)
        assert "可抽的执法检查人员 2 名，每户需要 2 名" in short.words
        with pytest.raises(NeedsReason):
            self.ask(world, wj, "")
        request = self.ask(world, wj)
        assert request.random == SingleRandom.Random.TARGETS
        decide = {"request": request, "agree": True, "at": w.NOON}
        with pytest.raises(Blocked, match="负责人批准"):
            actions.decide_single_random(**decide, by=world.cast.shen)
        actions.decide_single_random(**decide, by=world.cast.cheng)
        entry = Entry.objects.get(what="draw.decide_single_random")
        assert '"agreed":true' in entry.body
        draw = w.locked(world)
        shown = w.text(client.get(f"/public/draws/{draw.pk}/"))
        assert "只随机抽取检查对象" in shown
        assert "只有两名持证人员" in shown

    def test_a_pool_drawn_whole_leaves_chance_to_the_people_and_both_to_nothing(self, world):
        world.task.line.rates.update(ratio="1/1")
        (short,) = actions.shortages(world.task, w.NOON)
        assert (short.department, short.have, short.wanted) == (None, 24, 24)
        assert self.ask(world).random == SingleRandom.Random.INSPECTORS
        wj = world.department("WJ")
        Inspector.objects.filter(department=wj, number__gt="WJ-002").update(status="left")
        assert self.ask(world, wj).random == SingleRandom.Random.NOTHING

    def test_what_is_enough_again_is_not_agreed_to(self, world):
        world.task.line.rates.update(ratio="1/1")
        request = self.ask(world)
        world.task.line.rates.update(ratio="1/4")
        with pytest.raises(Blocked, match="现在数量已经足够"):
            actions.decide_single_random(
                request=request, agree=True, by=world.cast.cheng, at=w.NOON
            )

    def test_the_page_offers_it_only_with_a_shortage(self, world):
        page = w.url("batches", world.task.pk)
        assert "应当实施双随机" in w.text(w.as_(world, "shen").get(page))
        world.task.line.rates.update(ratio="1/1")
        assert "申请单随机" in w.text(w.as_(world, "shen").get(page))
        w.as_(world, "shen").post(
            w.url("ask_single_random", world.task.pk), {"department": "", "reason": "全部检查"}
        )
        assert "只随机抽取执法检查人员" in w.text(w.as_(world, "cheng").get(page))
