"""The calendar room: reading the notice, publishing a year, what every other room asks."""

import contextlib
from datetime import date, timedelta

import holidays
import pytest
from django.db import transaction
from django.urls import reverse

from liancha.ledger.models import Entry
from liancha.rulebook.deadlines import DayKind, working_days_after
from liancha.rulebook.verdicts import Blocked
from liancha.workdays import actions, notices, queries
from liancha.workdays.models import CalendarYear, DayOff
from tests.articles.calendars import CALENDAR
from tests.people import NOON, make_cast

NOTICE = """国务院办公厅关于2027年
部分节假日安排的通知

经国务院批准，现将2027年放假调休日期的具体安排通知如下。
一、元旦：1月1日（周五）至3日（周日）放假，共3天。
二、春节：2月5日（农历腊月二十九、周五）至11日（农历正月初六、周四）放假调休，共7天。1月31日（周日）、2月20日（周六）上班。
三、劳动节：5月1日（周六）至5日（周三）放假调休，共5天。5月8日（周六）上班。
节假日期间，各地区、各部门要妥善安排好值班和安全、保卫等工作。
国务院办公厅
2026年11月10日
"""  # made up: the notice for 2027 is not out
SOURCE = "国务院办公厅关于 2027 年部分节假日安排的通知"


@pytest.fixture
def cast(db):
    return make_cast()


@pytest.fixture
def admin(client, cast):
    client.force_login(cast.sys)
    return client


def publish(cast, text=NOTICE, year=2027):
    reading = notices.read(text, year=year)
    assert reading.faults == ()
    return actions.publish_year(year=year, source=SOURCE, days=reading.days, by=cast.sys, at=NOON)


class TestTheYearsThatComeWithTheSoftware:
    def test_they_say_what_the_notices_say(self, db):
        known = queries.calendar()
        assert known.years == CALENDAR.years
        assert dict(known.days) == dict(CALENDAR.days)

    @pytest.mark.parametrize("year", [2024, 2025, 2026])
    def test_a_library_of_holidays_says_the_same_of_every_day(self, db, year):
        other, ours = holidays.country_holidays("CN", years=year), queries.calendar()
        day = date(year, 1, 1)
        while day.year == year:
            assert ours.is_working_day(day) == other.is_working_day(day), day
            day += timedelta(days=1)


class TestReading:
    def test_the_notice_as_it_is_published(self):
        reading = notices.read(NOTICE, year=2027)
        assert reading.faults == ()
        assert reading.remarks == ()
        assert notices.written({day.on: (day.kind, day.name) for day in reading.days}) == (
            "2027-01-01 至 2027-01-03 放假 元旦\n"
            "2027-01-31 上班 春节\n"
            "2027-02-05 至 2027-02-11 放假 春节\n"
            "2027-02-20 上班 春节\n"
            "2027-05-01 至 2027-05-05 放假 劳动节\n"
            "2027-05-08 上班 劳动节"
        )

    def test_what_it_writes_it_reads_again(self):
        days = notices.read(NOTICE, year=2027).days
        again = notices.read(
            notices.written({day.on: (day.kind, day.name) for day in days}), year=2027
        )
        assert again.days == days

    def test_a_table_with_commas_and_a_heading(self):
        text = "日期,至,安排,名称\n2027/1/1,2027/1/3,放假,元旦\n2027年1月31日,班\n"
        days = notices.read(text, year=2027).days
        assert [(str(day.on), day.kind, day.name) for day in days] == [
            ("2027-01-01", DayKind.REST, "元旦"),
            ("2027-01-02", DayKind.REST, "元旦"),
            ("2027-01-03", DayKind.REST, "元旦"),
            ("2027-01-31", DayKind.WORK, ""),
        ]

    @pytest.mark.parametrize(
        ("line", "fault"),
        [
            ("一、元旦：1月1日（周四）放假。", "第 1 行：2027-01-01 是周五，通知写作周四"),
            ("一、元旦：1月1日至3日放假，共4天。", "第 1 行：元旦写明共 4 天，读到 3 天"),
            ("一、元旦：1日放假。", "前面没有月份"),
            ("一、元旦：1月1日安排另行通知。", "没有写明放假还是上班"),
            ("一、元旦：2月30日放假。", "没有 2027 年 2 月 30 日这一天"),
            ("国务院办公厅关于2026年部分节假日安排的通知", "这是 2026 年的通知"),
            ("元旦从1月1日开始", "没有看懂这一行"),
            ("2027-01-01 至 2027-12-01 放假 元旦", "不像一个假期"),
            ("2027-01-04 上班 元旦", "本来就上班"),
            ("2027-01-02 放假 元旦\n2027-01-02 上班 元旦", "既放假又上班"),
            ("各单位要妥善安排值班", "没有读到 2027 年的放假安排"),
            ("", "没有读到 2027 年的放假安排"),
            (f"2027-01-01 放假 {'假' * 21}", "超过 20 个字"),
        ],
    )
    def test_what_is_doubtful_is_refused_with_its_line(self, line, fault):
        reading = notices.read(line, year=2027)
        assert any(fault in each for each in reading.faults), reading.faults

    def test_days_of_the_neighbouring_year_are_named_and_left_aside(self):
        text = "一、元旦：2026年12月31日至2027年1月2日放假调休，共3天。"
        reading = notices.read(text, year=2027)
        assert [str(day.on) for day in reading.days] == ["2027-01-01", "2027-01-02"]
        assert reading.faults == ()
        assert "2026-12-31 不在 2027 年" in reading.remarks[0]


class TestPublishing:
    def test_a_new_year_counts_at_once_and_completes_open_terms(self, cast):
        start = date(2026, 12, 11)
        assert queries.is_working_day(date(2027, 1, 4)) is None
        assert working_days_after(start, 20, queries.calendar()).due is None

        publish(cast)

        assert queries.is_working_day(date(2027, 1, 4)) is True
        assert queries.is_working_day(date(2027, 1, 31)) is True
        assert queries.is_working_day(date(2027, 2, 5)) is False
        assert working_days_after(start, 20, queries.calendar()).due == date(2027, 1, 11)

    def test_it_stands_in_the_ledger_with_every_day(self, cast):
        before = Entry.objects.count()
        published = publish(cast)
        assert Entry.objects.count() == before + 1
        entry = Entry.objects.about("workdays", 2027).get()
        assert entry.what == "workdays.publish_year"
        assert published.digest in entry.body
        assert '"2027-02-20"' in entry.body

    def test_publishing_again_replaces_the_year_and_only_it(self, cast):
        publish(cast)
        others = DayOff.objects.exclude(calendar_year=2027).count()
        again = publish(cast, "2027-01-01 放假 元旦")
        assert again.edition == 2
        assert list(again.days.values_list("on", flat=True)) == [date(2027, 1, 1)]
        assert DayOff.objects.exclude(calendar_year=2027).count() == others
        assert queries.is_working_day(date(2027, 2, 5)) is True

    def test_a_transaction_rolled_back_leaves_no_calendar_behind(self, cast):
        with contextlib.suppress(RuntimeError), transaction.atomic():
            publish(cast)
            assert queries.is_working_day(date(2027, 1, 4)) is True
            raise RuntimeError
        assert queries.is_working_day(date(2027, 1, 4)) is None

    def test_days_that_are_no_calendar_are_refused_and_nothing_is_written(self, cast):
        days = [notices.Day(date(2027, 1, 4), DayKind.WORK, "元旦")]
        with pytest.raises(Blocked):
            actions.publish_year(year=2027, source=SOURCE, days=days, by=cast.sys, at=NOON)
        assert not CalendarYear.objects.filter(year=2027).exists()

    def test_asking_costs_one_query_until_something_changes(self, cast, django_assert_num_queries):
        queries.calendar()
        with django_assert_num_queries(1):
            queries.calendar()
        publish(cast)
        with django_assert_num_queries(2):
            queries.calendar()


class TestPages:
    def test_the_year_is_shown_with_a_term(self, client, cast):
        client.force_login(cast.shen)
        response = client.get(
            reverse("workdays:year", args=[2026]), {"start": "2026-02-11", "days": "20"}
        )
        page = response.content.decode()
        assert "248 个工作日" in page
        assert "2026-03-17 周二" in page
        assert reverse("workdays:edit", args=[2026]) not in page

    def test_a_year_that_is_not_announced_says_so(self, admin):
        page = admin.get(reverse("workdays:year", args=[2027])).content.decode()
        assert "还没有公布" in page
        assert reverse("workdays:edit", args=[2027]) in page

    def test_an_open_term_is_said_and_not_guessed(self, admin):
        page = admin.get(
            reverse("workdays:year", args=[2026]), {"start": "2026-12-11", "days": "20"}
        ).content.decode()
        assert "2027 年工作日未公布，已计 14/20 日" in page

    @pytest.mark.parametrize("query", [{"start": "昨天", "days": "20"}, {"start": "2026-02-11"}])
    def test_a_question_that_makes_no_sense_is_answered_in_words(self, admin, query):
        response = admin.get(reverse("workdays:year", args=[2026]), query)
        assert response.status_code == 200

    def test_reading_shows_and_publishes_nothing(self, admin):
        response = admin.post(
            reverse("workdays:edit", args=[2027]), {"source": SOURCE, "text": NOTICE, "read": "1"}
        )
        page = response.content.decode()
        assert response.status_code == 200
        assert "公布 2027 年日历" in page
        assert "2027-02-05 至 2027-02-11 放假 春节" in page
        assert not CalendarYear.objects.filter(year=2027).exists()

    def test_what_was_shown_is_published(self, admin):
        address = reverse("workdays:edit", args=[2027])
        shown = admin.post(address, {"source": SOURCE, "text": NOTICE, "read": "1"})
        initial = shown.context["form"].initial
        response = admin.post(address, initial | {"publish": "1"})
        assert response.status_code == 302
        assert CalendarYear.objects.get(year=2027).digest == initial["seen"]

    def test_what_was_not_shown_is_shown_first(self, admin):
        address = reverse("workdays:edit", args=[2027])
        shown = admin.post(address, {"source": SOURCE, "text": NOTICE, "read": "1"})
        initial = shown.context["form"].initial
        changed = initial | {"text": "2027-01-01 放假 元旦", "publish": "1"}
        response = admin.post(address, changed)
        assert response.status_code == 200
        assert "请再核对一次" in response.content.decode()
        assert not CalendarYear.objects.filter(year=2027).exists()

    def test_a_revision_lists_the_days_that_change(self, admin):
        response = admin.post(
            reverse("workdays:edit", args=[2026]),
            {"source": "修订", "text": "2026-01-01 至 2026-01-03 放假 元旦", "read": "1"},
        )
        changes = response.context["changes"]
        assert (date(2026, 1, 4), True, False) in changes
        assert all(on != date(2026, 1, 1) for on, _, _ in changes)

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
    def test_a_file_is_read_in_either_encoding(self, admin, tmp_path, encoding):
        path = tmp_path / "通知.txt"
        path.write_bytes(NOTICE.encode(encoding))
        with path.open("rb") as file:
            response = admin.post(
                reverse("workdays:edit", args=[2027]),
                {"source": SOURCE, "text": "", "file": file, "read": "1"},
            )
        assert "2027-02-05 至 2027-02-11 放假 春节" in response.content.decode()

    def test_a_file_that_is_no_text_is_refused_in_words(self, admin, tmp_path):
        path = tmp_path / "通知.txt"
        path.write_bytes(b"\xff\xfe\x00\x81\xff")
        with path.open("rb") as file:
            response = admin.post(
                reverse("workdays:edit", args=[2027]), {"source": SOURCE, "file": file}
            )
        assert response.status_code == 422
        assert "认不出文件的编码" in response.content.decode()

    def test_a_wrong_year_is_refused_and_what_was_typed_stays(self, admin):
        response = admin.post(
            reverse("workdays:edit", args=[2028]), {"source": SOURCE, "text": NOTICE, "read": "1"}
        )
        assert response.status_code == 422
        assert "1月31日（周日）" in response.content.decode()

    @pytest.mark.parametrize("year", [1, 1999, 2100, 99999])
    def test_years_out_of_reach_are_not_there(self, admin, year):
        assert admin.get(f"/workdays/{year}/").status_code == 404

    def test_only_the_system_administrator_edits(self, client, cast):
        for person in (cast.shen, cast.zhou, cast.xu):
            client.force_login(person)
            assert client.get(reverse("workdays:edit", args=[2027])).status_code == 403
        client.force_login(cast.sec)
        assert client.get(reverse("workdays:year", args=[2026])).status_code == 403
