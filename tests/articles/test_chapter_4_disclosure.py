"""第四章 联合抽查活动的组织实施 — Chapter 4, results entered and published (art. 22)."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest
from django.db import DatabaseError, connection, transaction

from liancha.disclosure import actions
from liancha.disclosure.answers import Entered, suggested
from liancha.disclosure.models import Publication, Result, ResultCode
from liancha.disclosure.terms import BEFORE_THE_MEASURES
from liancha.inspection.models import VisitPart
from liancha.ledger.models import Entry
from liancha.rulebook.deadlines import DayKind
from liancha.rulebook.lifecycles import LineState, ResultState, TaskState
from liancha.rulebook.verdicts import Blocked, NeedsReason
from liancha.task.models import Task
from liancha.workdays import actions as workdays
from liancha.workdays.notices import Day
from tests.articles.calendars import CALENDAR
from tests.people import LUOYANG
from tests.rooms.disclosure_world import (
    EVENING,
    NEXT_DAY,
    enter,
    finish,
    make_head,
    publish,
    result_of,
)
from tests.rooms.visit_world import VisitWorld, make_visit_world

pytestmark = pytest.mark.django_db

PRICE = "明码标价情况"
# completed, due: 20 working days of the calendars of 2024 to 2026
VECTORS = (
    ("2026-01-30", "2026-03-05"),
    ("2026-02-11", "2026-03-17"),
    ("2026-02-14", "2026-03-20"),
    ("2026-02-18", "2026-03-20"),
    ("2026-04-30", "2026-06-01"),
    ("2026-06-18", "2026-07-17"),
    ("2026-09-18", "2026-10-22"),
    ("2026-09-30", "2026-11-03"),
    ("2025-12-19", "2026-01-19"),
    ("2025-09-26", "2025-10-30"),
    ("2024-09-13", "2024-10-17"),
)


@pytest.fixture
def world() -> VisitWorld:
    return make_visit_world(2)


def noon(day: str | date) -> datetime:
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return datetime.combine(day, time(12), tzinfo=LUOYANG)


def completed(
    world: VisitWorld, day: str, *, created: str = "2024-01-05", ends: str = "2027-12-31"
):
    """A part of a visit completed on a day, with nothing else about it; its result."""
    visits = finish(world, count=1)
    Task.objects.update(
        created_at=noon(created), ends_on=date.fromisoformat(ends), completed_at=None
    )
    VisitPart.objects.filter(visit=visits[0]).update(completed_at=noon(day))
    Result.objects.all().delete()
    actions.collect(by="system", at=noon(day))
    return Result.objects.get(part__visit=visits[0], part__department__code="WJ")


class TestArticle22:
    # ── 20 working days ───────────────────────────────────────────────────────────────────

    @pytest.mark.parametrize(("day", "due"), VECTORS)
    def test_results_are_due_twenty_working_days_after_the_visit(self, world, day, due):
        """Source: clause 22.2."""
        result = completed(world, day)
        assert result.completed_on.isoformat() == day
        assert result.due_on.isoformat() == due
        assert result.term_note == ""

    def test_each_department_that_went_has_its_own_result_and_term(self, world):
        visits = finish(world)
        actions.collect(by="system", at=EVENING)
        assert Result.objects.count() == 2 * 4
        assert {r.due_on for r in Result.objects.all()} == {date(2026, 12, 25)}
        assert visits[0].parts.count() == 4

    def test_collecting_twice_opens_nothing_twice(self, world):
        finish(world, count=1)
        first = actions.collect(by="system", at=EVENING)
        entries = Entry.objects.count()
        assert (first, actions.collect(by="system", at=EVENING)) == (4, 0)
        assert Entry.objects.count() == entries

    def test_the_end_of_a_visit_opens_them_by_itself(
        self, world, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            finish(world, count=1)
        assert Result.objects.count() == 4

    def test_what_is_completed_after_the_planned_end_is_due_from_the_planned_end(self, world):
        """Source: clause 22.2."""
        assert completed(world, "2026-09-30", ends="2026-09-18").due_on == date(2026, 10, 22)

    def test_a_delay_of_the_plan_line_in_public_moves_the_planned_end(self, world):
        late = completed(world, "2026-09-30", ends="2026-09-18")
        line = world.task.line
        line.ends_on = date(2026, 12, 28)
        line.save()
        line.adjustments.create(
            kind="delay",
            reason="并入年末检查",
            requested_by=world.cast.shen,
            requested_at=noon("2026-09-01"),
            published_at=noon("2026-09-02"),
        )
        actions.collect(by="system", at=EVENING)
        late.refresh_from_db()
        assert late.due_on == date(2026, 11, 3)

    def test_a_year_without_a_calendar_is_not_guessed_and_is_counted_once_announced(self, world):
        result = completed(world, "2026-12-11")
        assert result.due_on is None
        assert result.term_note == "2027 年工作日未公布，已计 14/20 日，至 2026-12-31"
        workdays.publish_year(
            year=2027,
            source="made up",
            days=[Day(date(2027, 1, 1), DayKind.REST, "元旦")],
            by=world.cast.sys,
            at=EVENING,
        )
        actions.collect(by="system", at=EVENING)
        result.refresh_from_db()
        assert (result.due_on, result.term_note) == (date(2027, 1, 11), "")

    def test_a_task_from_before_the_measures_carries_no_term(self, world, settings):
        settings.LIANCHA_EFFECTIVE_FROM = date(2026, 6, 1)
        result = completed(world, "2026-09-18", created="2026-05-31")
        assert (result.due_on, result.term_note) == (None, BEFORE_THE_MEASURES)
        settings.LIANCHA_EFFECTIVE_FROM = date(2026, 5, 31)
        actions.collect(by="system", at=EVENING)
        result.refresh_from_db()
        assert result.due_on == date(2026, 10, 22)

    def test_the_calendar_of_the_tests_is_that_of_the_software(self, world):
        assert CALENDAR.years == {2024, 2025, 2026}

    # ── 谁检查、谁录入、谁公开 ────────────────────────────────────────────────────────────────

    def test_another_department_can_neither_enter_nor_audit_nor_publish(self, world):
        """Source: clause 22.1."""
        [visit] = finish(world, count=1)
        result = result_of(visit, "WJ")
        for act in (
            lambda: enter(result, world.cast.xiang),
            lambda: actions.audit(result=result, by=world.cast.cheng, at=EVENING),
            lambda: actions.send_back(result=result, note="x", by=world.cast.cheng, at=EVENING),
            lambda: actions.publish(results=[result], by=world.cast.xiang, at=EVENING),
        ):
            with pytest.raises(Blocked, match="由该部门录入、公示") as refusal:
                act()
            assert refusal.value.article == "22"
        result.refresh_from_db()
        assert result.state == ResultState.TO_ENTER

    def test_who_entered_does_not_audit(self, world):
        [visit] = finish(world, count=1)
        result = enter(result_of(visit, "WJ"), world.cast.lu)
        with pytest.raises(Blocked, match="不能审核自己录入的结果"):
            actions.audit(result=result, by=world.cast.lu, at=EVENING)
        assert actions.audit(result=result, by=world.cast.gu, at=EVENING).state == "audited"

    def test_nothing_is_published_that_nobody_audited(self, world):
        [visit] = finish(world, count=1)
        result = enter(result_of(visit, "WJ"), world.cast.lu)
        with pytest.raises(Blocked, match="不能直接变为“已公示”"):
            actions.publish(results=[result], by=world.cast.lu, at=EVENING)
        assert not Publication.objects.exists()

    def test_what_is_sent_back_is_entered_again_and_who_sent_it_says_why(self, world):
        [visit] = finish(world, count=1)
        result = enter(result_of(visit, "WJ"), world.cast.lu)
        with pytest.raises(NeedsReason):
            actions.send_back(result=result, note=" ", by=world.cast.gu, at=EVENING)
        back = actions.send_back(result=result, note="写明楼层", by=world.cast.gu, at=EVENING)
        assert (back.state, back.returned_note) == ("returned", "写明楼层")
        again = enter(result, world.cast.lu)
        assert (again.state, again.returned_note) == ("entered", "")

    # ── What is entered ───────────────────────────────────────────────────────────────────

    def test_every_item_of_the_department_gets_a_result_and_no_other(self, world):
        [visit] = finish(world, count=1)
        result = result_of(visit, "SCJG")
        first, *rest = actions.checked_items(result)
        assert rest
        with pytest.raises(Blocked, match=f"还有 {len(rest)} 项没有结果"):
            enter(result, world.cast.xiang, items={first.item_id: Entered("01")})
        foreign = world.items["公共场所卫生许可"].pk
        with pytest.raises(Blocked, match="不在本部门的检查事项里"):
            enter(result, world.cast.xiang, items={foreign: Entered("01")})
        with pytest.raises(Blocked, match="不在代码表里"):
            enter(result, world.cast.xiang, items={first.item_id: Entered("99")})

    def test_the_form_suggests_the_code(self, world):
        [visit] = finish(world, count=1, found=(PRICE,))
        codes = {
            answer.item.name: suggested(answer)
            for answer in actions.checked_items(result_of(visit, "SCJG"))
        }
        assert codes["营业执照公示"].code == ResultCode.FINE
        assert codes[PRICE].code == ResultCode.ORDERED
        assert codes[PRICE].order_number == "洛市监责改〔2026〕118号"
        assert codes[PRICE].deadline_on == date(2026, 12, 4)

    def test_the_summary_is_the_worst_item(self, world):
        [visit] = finish(world, count=1, found=(PRICE,))
        assert enter(result_of(visit, "SCJG"), world.cast.xiang).code == "05"

    def test_a_finding_on_the_form_is_not_talked_away_without_a_reason(self, world):
        [visit] = finish(world, count=1, found=(PRICE,))
        result = result_of(visit, "SCJG")
        fine = {a.item_id: Entered("01") for a in actions.checked_items(result)}
        with pytest.raises(NeedsReason, match="发现了问题"):
            enter(result, world.cast.xiang, items=fine)
        enter(result, world.cast.xiang, items=fine, reason="误记，当场已更正")
        assert "误记" in Entry.objects.filter(what="disclosure.enter").last().body

    @pytest.mark.parametrize("code", ["02", "03", "04", "05", "08", "09", "10", "11"])
    def test_such_codes_say_nothing_without_words(self, world, code):
        [visit] = finish(world, count=1)
        result = result_of(visit, "WJ")
        [item] = actions.checked_items(result)
        with pytest.raises(Blocked, match="还没有检查情况"):
            enter(result, world.cast.lu, items={item.item_id: Entered(code)})

    def test_an_order_has_a_number_and_a_day_unless_it_was_given_on_the_spot(self, world):
        [visit] = finish(world, count=1)
        result = result_of(visit, "WJ")
        [item] = actions.checked_items(result)
        for given, word in (
            (Entered("05", "许可证过期"), "文号"),
            (Entered("05", "许可证过期", "卫责改〔2026〕1号"), "改正期限"),
        ):
            with pytest.raises(Blocked, match=word):
                enter(result, world.cast.lu, items={item.item_id: given})
        whole = Entered("05", "许可证过期", "卫责改〔2026〕1号", date(2026, 12, 1))
        assert enter(result, world.cast.lu, items={item.item_id: whole}).code == "05"

    def test_not_cooperating_needs_a_record_of_it(self, world):
        [visit] = finish(world, count=1)
        result = result_of(visit, "WJ")
        [item] = actions.checked_items(result)
        with pytest.raises(Blocked, match="拒绝签名的记录或现场笔录"):
            enter(result, world.cast.lu, items={item.item_id: Entered("06", "拒绝开门")})

    def test_what_is_said_of_the_target_stands_for_items_that_were_not_checked(self, world):
        [visit] = finish(world, count=1)
        result = result_of(visit, "SCJG")
        first, *rest = actions.checked_items(result)
        gone = {first.item_id: Entered("04", "登记住所无人经营")}
        enter(result, world.cast.xiang, items=gone)
        said = set(result.items.values_list("code", "text"))
        assert said == {("04", "登记住所无人经营")}
        assert result.items.count() == 1 + len(rest)

    # ── Publication ───────────────────────────────────────────────────────────────────────

    def test_no_finding_is_published_too(self, world):
        """Source: clause 22.3."""
        [visit] = finish(world, count=1)
        publication = publish(result_of(visit, "WJ"), world.cast.lu, world.cast.gu)
        assert (publication.serial, publication.code) == (1, "01")
        assert [row.item for row in publication.rows.all()] == ["公共场所卫生许可"]

    def test_a_batch_goes_out_whole_or_not_at_all(self, world):
        first, second = finish(world)
        one = enter(result_of(first, "WJ"), world.cast.lu)
        other = enter(result_of(second, "WJ"), world.cast.lu)
        actions.audit(result=one, by=world.cast.gu, at=EVENING)
        with pytest.raises(Blocked), transaction.atomic():
            actions.publish(results=[one, other], by=world.cast.lu, at=NEXT_DAY)
        one.refresh_from_db()
        assert one.state == ResultState.AUDITED
        assert not Publication.objects.exists()
        actions.audit(result=other, by=world.cast.gu, at=EVENING)
        out = actions.publish(results=[one, other], by=world.cast.lu, at=NEXT_DAY)
        assert [each.serial for each in out] == [1, 2]
        assert Entry.objects.filter(what="disclosure.publish").count() == 1

    def test_a_second_click_publishes_nothing_again(self, world):
        [visit] = finish(world, count=1)
        result = result_of(visit, "WJ")
        publish(result, world.cast.lu, world.cast.gu)
        with pytest.raises(Blocked):
            actions.publish(results=[result], by=world.cast.lu, at=NEXT_DAY)
        assert Publication.objects.count() == 1

    def test_the_digest_covers_all_that_was_said(self, world):
        import hashlib

        from liancha.rulebook import protocol

        [visit] = finish(world, count=1)
        publication = publish(result_of(visit, "WJ"), world.cast.lu, world.cast.gu)
        fresh = Publication.objects.get(pk=publication.pk)
        again = hashlib.sha256(protocol.canonical(fresh.facts()).encode()).hexdigest()
        assert fresh.digest == again
        entry = Entry.objects.filter(what="disclosure.publish").get()
        assert fresh.digest in entry.body

    def test_the_database_refuses_to_change_what_was_published(self, world):
        [visit] = finish(world, count=1)
        publication = publish(result_of(visit, "WJ"), world.cast.lu, world.cast.gu)
        row = publication.rows.get()
        attacks = [
            ("UPDATE disclosure_publication SET code = '01' WHERE id = %s", [publication.pk]),
            ("DELETE FROM disclosure_publication WHERE id = %s", [publication.pk]),
            ("UPDATE disclosure_publishedrow SET text = '' WHERE id = %s", [row.pk]),
            ("DELETE FROM disclosure_publishedrow WHERE id = %s", [row.pk]),
            (
                "INSERT INTO disclosure_publishedrow (publication_id, position, item, code, text)"
                " VALUES (%s, 9, '补一项', '01', '')",
                [publication.pk],
            ),
            (
                "INSERT INTO disclosure_publication (serial, result_id, edition, task_id,"
                " department_id, target_name, target_code, completed_on, code, reason, digest,"
                " published_at, published_by_id) SELECT 99, result_id, edition, task_id,"
                " department_id, target_name, target_code, completed_on, '01', '', digest,"
                " published_at, published_by_id FROM disclosure_publication WHERE id = %s",
                [publication.pk],
            ),
        ]
        if connection.vendor == "sqlite":
            columns = "id, publication_id, position, item, code, text"
            attacks.append(
                (
                    f"INSERT OR REPLACE INTO disclosure_publishedrow ({columns})"
                    " VALUES (%s, %s, 1, '改', '01', '')",
                    [row.pk, publication.pk],
                )
            )
            attacks.append(
                (
                    "INSERT OR REPLACE INTO disclosure_publication SELECT id + 50, serial + 50,"
                    " edition, target_name, target_code, completed_on, '01', reason, digest,"
                    " published_at, corrects_id, department_id, published_by_id, task_id, result_id"
                    " FROM disclosure_publication WHERE id = %s",
                    [publication.pk],
                )
            )
        else:
            attacks.append(("TRUNCATE disclosure_publishedrow", []))
            attacks.append(("TRUNCATE disclosure_publication CASCADE", []))
        for statement, values in attacks:
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement, values)
        assert Publication.objects.get().rows.get().item == "公共场所卫生许可"

    def test_the_last_result_closes_the_task_and_its_plan_line(self, world):
        visits = finish(world)
        heads = {
            "GA": world.cast.cheng,
            "WJ": world.cast.gu,
            "SCJG": make_head(world, "SCJG", "scjg-head"),
            "XF": make_head(world, "XF", "xf-head"),
        }
        handlers = {
            "GA": world.cast.shen,
            "WJ": world.cast.lu,
            "SCJG": world.cast.xiang,
            "XF": world.cast.pei,
        }
        world.task.refresh_from_db()
        assert world.task.state == TaskState.COMPLETED
        for visit in visits:
            for code, handler in handlers.items():
                world.task.refresh_from_db()
                assert world.task.state == TaskState.COMPLETED
                publish(result_of(visit, code), handler, heads[code])
        world.task.refresh_from_db()
        assert world.task.state == TaskState.RESULTS_PUBLISHED
        world.task.line.refresh_from_db()
        assert world.task.line.state == LineState.DONE
