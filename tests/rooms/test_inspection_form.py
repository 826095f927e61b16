"""The record form: its rows, its end, its seal, the signature on it."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction

from liancha.inspection import actions, contents, signature
from liancha.inspection.models import ItemAnswer, RecordForm, Visit
from liancha.ledger.models import Entry
from liancha.registry.models import Target
from liancha.rulebook.lifecycles import TaskState, VisitState
from liancha.rulebook.verdicts import Blocked
from tests.people import NOON
from tests.rooms.visit_world import (
    DAY,
    MORNING,
    answer_all,
    arrive,
    begun,
    drawn_signature,
    make_visit_world,
    sign,
    told,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_visit_world()


def shown(visit: Visit) -> Visit:
    return Visit.objects.get(pk=visit.pk)


class TestForm:
    def test_the_same_row_twice_changes_nothing(self, world):
        visit = begun(world)
        officer, item = world.officers["WJ"][0], world.items["公共场所卫生许可"]
        facts = {"visit": visit, "item": item, "by": officer.user, "at": MORNING}
        filled = actions.Filled("fine", "证照齐全")
        first = actions.fill(**facts, filled=filled, seen=0)
        entries = Entry.objects.count()
        again = actions.fill(**facts, filled=filled, seen=0)
        assert (again.pk, again.version) == (first.pk, 1)
        assert Entry.objects.count() == entries

    def test_a_row_another_has_written_is_never_overwritten_unseen(self, world):
        visit = begun(world)
        one, two, _ = world.officers["WJ"]
        item = world.items["公共场所卫生许可"]
        facts = {"visit": visit, "item": item, "at": MORNING, "seen": 0}
        actions.fill(**facts, filled=actions.Filled("fine", "甲写的"), by=one.user)
        with pytest.raises(actions.Conflict) as conflict:
            actions.fill(**facts, filled=actions.Filled("none", "乙写的"), by=two.user)
        assert conflict.value.answer.situation == "甲写的"
        assert ItemAnswer.objects.get(item=item).situation == "甲写的"
        chosen = facts | {"seen": conflict.value.answer.version}
        actions.fill(**chosen, filled=actions.Filled("none", "乙写的"), by=two.user)
        assert ItemAnswer.objects.get(item=item).situation == "乙写的"

    def test_ones_own_lost_receipt_is_no_conflict(self, world):
        visit = begun(world)
        one, item = world.officers["WJ"][0], world.items["公共场所卫生许可"]
        facts = {"visit": visit, "item": item, "at": MORNING, "seen": 0, "by": one.user}
        actions.fill(**facts, filled=actions.Filled("fine", "甲"), written_from="tab-1")
        answer = actions.fill(**facts, filled=actions.Filled("fine", "甲乙"), written_from="tab-1")
        assert answer.version == 2
        with pytest.raises(actions.Conflict):
            actions.fill(**facts, filled=actions.Filled("fine", "丙"), written_from="tab-2")

    def test_taking_back_a_finding_takes_its_measures_along(self, world):
        visit = begun(world)
        one, item = world.officers["SCJG"][0], world.items["明码标价情况"]
        facts = {"visit": visit, "item": item, "by": one.user, "at": MORNING}
        answer = actions.answer(**facts, finding="found", situation="未标明附加费")
        actions.take_measure(
            answer=answer,
            kind="rectify",
            channel="written",
            basis="价格法",
            deadline_on=date(2026, 12, 4),
            by=one.user,
            at=MORNING,
        )
        answer = actions.answer(**facts, finding="found", situation="未标明附加费和退订费")
        assert answer.measures.count() == 1
        answer = actions.answer(**facts, finding="fine")
        assert answer.measures.count() == 0

    def test_a_date_to_mend_by_is_neither_past_nor_years_away(self, world):
        visit = begun(world)
        one, item = world.officers["SCJG"][0], world.items["明码标价情况"]
        answer = actions.answer(
            visit=visit, item=item, finding="found", situation="未标明", by=one.user, at=MORNING
        )
        for day in (date(2026, 11, 26), date(2028, 1, 1)):
            with pytest.raises(Blocked, match="一年以内"):
                actions.take_measure(
                    answer=answer,
                    kind="rectify",
                    channel="written",
                    basis="价格法",
                    deadline_on=day,
                    by=one.user,
                    at=MORNING,
                )

    def test_a_text_longer_than_the_form_takes_is_refused(self, world):
        visit = begun(world)
        one, item = world.officers["WJ"][0], world.items["公共场所卫生许可"]
        with pytest.raises(Blocked, match="最多写 4,000 个字"):
            actions.answer(
                visit=visit,
                item=item,
                finding="fine",
                situation="长" * 4001,
                by=one.user,
                at=MORNING,
            )

    def test_a_half_written_finding_names_what_it_lacks(self, world):
        visit = begun(world)
        one, item = world.officers["SCJG"][0], world.items["明码标价情况"]
        answer_all(world, visit, but=("明码标价情况",))
        actions.fill(
            visit=visit,
            item=item,
            filled=actions.Filled("found", "", (actions.MeasureDraft("rectify", basis="价格法"),)),
            by=one.user,
            at=MORNING,
        )
        with pytest.raises(Blocked, match="缺发现的情况、责令改正的方式、责令改正的期限"):
            sign(world, visit)


class TestEnding:
    def test_the_signed_form_is_sealed_in_the_database(self, world):
        visit = begun(world)
        answer_all(world, visit)
        form = sign(world, visit)
        tables = ("inspection_recordform", "inspection_itemanswer")
        columns = {"inspection_recordform": "opinion", "inspection_itemanswer": "situation"}
        for table in tables:
            for statement in (
                f"UPDATE {table} SET {columns[table]} = '改'",
                f"DELETE FROM {table}",
            ):
                with (
                    pytest.raises(DatabaseError, match="已锁定"),
                    transaction.atomic(),
                    connection.cursor() as cursor,
                ):
                    cursor.execute(statement)
        with pytest.raises(DatabaseError, match="已锁定"), transaction.atomic():
            form.witnesses.create(
                inspector=world.officers["GA"][0],
                certificate_number="1",
                at=MORNING,
                by=world.cast.shen,
            )

    def test_the_digest_holds_all_the_form_says(self, world):
        from hashlib import sha256

        from liancha.rulebook import protocol

        visit = begun(world)
        answer_all(world, visit)
        form = sign(world, visit, opinion="无异议")
        facts = contents.record_facts(shown(visit))
        assert sha256(protocol.canonical(facts).encode()).hexdigest() == form.digest
        assert facts["opinion"] == "无异议"
        # The registry goes on; the form keeps whom it named when the visit began.
        firm = Target.objects.get(pk=visit.drawn_target.target_id)
        firm.representative = firm.contact = "后来人"
        firm.save()
        assert contents.record_facts(shown(visit)) == facts
        assert "后来人" not in contents.people_of(shown(visit))
        assert facts["sections"][2]["rows"][2]["finding"] == "none"

    def test_the_last_visit_completes_the_task_and_the_registry_knows_the_day(self, world):
        visits = told(world)
        for n, visit in enumerate(visits):
            arrive(world, visit)
            actions.start(visit=visit, by=world.officers["GA"][0].user, at=MORNING)
            answer_all(world, shown(visit))
            sign(world, visit)
            world.task.refresh_from_db()
            is_last = n == len(visits) - 1
            assert world.task.state == (TaskState.COMPLETED if is_last else TaskState.INSPECTING)
        assert world.task.completed_at is not None
        assert set(
            Target.objects.filter(drawn__draw__task=world.task).values_list(
                "last_inspected_on", flat=True
            )
        ) == {DAY}

    def test_each_department_has_its_own_moment_of_completion(self, world):
        visit = begun(world)
        answer_all(world, visit)
        form = sign(world, visit)
        assert set(visit.parts.values_list("completed_at", flat=True)) == {form.ended_at}

    def test_two_signatures_are_one(self, world):
        visit = begun(world)
        answer_all(world, visit)
        sign(world, visit)
        with pytest.raises(Blocked, match="已签字，不能再改"):
            sign(world, visit, signer="别人")
        assert RecordForm.objects.get().signer == "前厅部经理"

    def test_the_second_officer_may_confirm_by_their_own_log_in(self, world):
        visit = begun(world)
        answer_all(world, visit)
        one, two = world.officers["GA"][0], world.officers["WJ"][1]
        actions.state_refusal(
            visit=visit,
            ending="refused",
            refusal="负责人称需请示总部，拒绝签名。",
            by=one.user,
            at=MORNING,
        )
        assert shown(visit).state == VisitState.STARTED
        with pytest.raises(Blocked, match="两名执法检查人员"):
            actions.confirm_refusal(visit=visit, by=one.user, at=MORNING)
        form = actions.confirm_refusal(visit=visit, by=two.user, at=MORNING)
        assert shown(visit).state == VisitState.ANNOTATED
        assert [each.by for each in form.witnesses.all()] == [one.user, two.user]

    def test_a_firm_that_signs_after_all_leaves_no_statement_behind(self, world):
        visit = begun(world)
        answer_all(world, visit)
        one = world.officers["GA"][0]
        actions.state_refusal(
            visit=visit,
            ending="nobody",
            refusal="现场没有人，电话无人接听。",
            by=one.user,
            at=MORNING,
        )
        actions.withdraw_refusal(visit=visit, by=one.user, at=MORNING)
        form = sign(world, visit)
        assert (form.ending, form.refusal, form.witnesses.count()) == ("signed", "", 0)

    def test_a_check_off_the_spot_needs_no_check_in_but_two_named_and_two_words(self, world):
        actions.form_teams(task=world.task, by=world.cast.shen, at=NOON)
        visit = world.visits[0]
        actions.plan_visit(
            visit=visit, planned_on=DAY, slot="09:00", method="2", by=world.cast.shen, at=NOON
        )
        one, two = world.officers["GA"][:2]
        actions.start(visit=visit, by=one.user, at=MORNING)
        answer_all(world, shown(visit))
        actions.refuse(
            visit=visit,
            ending="nobody",
            refusal="书面检查，调阅报送材料，未到现场。",
            inspectors=[two],
            by=one.user,
            at=MORNING,
        )
        assert shown(visit).state == VisitState.ANNOTATED


class TestSignature:
    def test_a_drawing_is_taken_and_keeps_its_bytes(self):
        drawn = signature.read(drawn_signature())
        assert drawn.png.startswith(b"\x89PNG")
        assert len(drawn.sha256) == 64

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "还没有签名"),
            ("data:image/png;base64,!!!!", "没有传完整"),
            ("data:image/png;base64,aGVsbG8=", "不是可以读取的 PNG"),
            ("A" * 500_000, "超过 300 KB"),
            (drawn_signature(ink=False), "几乎没有笔画"),
            (drawn_signature(size=(2100, 2100)), "尺寸过大"),
            (drawn_signature()[:-400], "PNG|传完整"),
        ],
    )
    def test_anything_else_is_refused_with_a_cure(self, text, message):
        with pytest.raises(signature.BadSignature, match=message):
            signature.read(text)

    def test_a_picture_of_another_kind_is_no_signature(self):
        import base64
        from io import BytesIO

        from PIL import Image

        out = BytesIO()
        Image.new("RGB", (100, 100), "black").save(out, "JPEG")
        with pytest.raises(signature.BadSignature, match="PNG"):
            signature.read(base64.b64encode(out.getvalue()).decode())
