"""安静期: who registers it, what it asks of a check, what firms read (E17). Off at first."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse

from liancha.accounts.models import Department, Grant, Region, User
from liancha.ledger.models import Entry
from liancha.rulebook.quiet import Strength
from liancha.rulebook.verdicts import Blocked
from liancha.workdays import actions, queries
from liancha.workdays.models import QuietPeriod
from tests.people import NOON, make_cast
from tests.rooms.quiet_world import DOCUMENT, quiet_months

pytestmark = pytest.mark.django_db
TODAY = NOON.date()


@pytest.fixture
def cast():
    return make_cast()


def county_office(region="410326"):
    """The coordinating office of 汝阳县 and somebody in it."""
    office = Department.objects.create(
        code=f"SCJG-{region}",
        name="汝阳县市场监督管理局",
        short="汝阳市监",
        level="county",
        region_id=region,
        is_coordinator=True,
    )
    person = User.objects.create(
        username="ruyang",
        full_name="何汝",
        department=office,
        must_change_password=False,
        password_changed_at=NOON,
    )
    Grant.objects.create(user=person, role="coordinator", granted_at=NOON, granted_by="sec")
    return person


class TestNothingUntilItIsRegistered:
    def test_a_city_without_one_knows_none(self, db):
        assert queries.quiet_periods("410326") == ()

    def test_a_new_one_is_off_unless_somebody_says_otherwise(self, cast):
        period = actions.add_quiet_period(
            region=cast.zhou.department.region,
            kind="monthly",
            title="企业安静期",
            source=DOCUMENT,
            until_day=20,
            starts_on=TODAY,
            by=cast.zhou,
            at=NOON,
        )
        assert period.strength == Strength.OFF
        assert queries.quiet_periods() == ()


class TestTheOfficeThatKeepsIt:
    def test_every_change_is_one_entry(self, cast):
        period = quiet_months(cast, strength="off")
        actions.set_quiet_strength(period=period, strength="warn", by=cast.zhou, at=NOON)
        actions.set_quiet_strength(period=period, strength="warn", by=cast.zhou, at=NOON)
        actions.end_quiet_period(period=period, note="文件废止", by=cast.zhou, at=NOON)
        entries = [
            (each.what.partition(".")[2], json.loads(each.body))
            for each in Entry.objects.about("quiet", period.pk)
        ]
        assert [what for what, _ in entries] == [
            "add_quiet_period",
            "set_quiet_strength",
            "end_quiet_period",
        ]
        assert entries[0][1]["source"] == DOCUMENT
        assert (entries[1][1]["before"], entries[1][1]["strength"]) == ("off", "warn")
        assert entries[2][1]["note"] == "文件废止"

    def test_it_ends_with_the_day_and_stays_ended(self, cast):
        period = quiet_months(cast, until_day=27)
        actions.end_quiet_period(period=period, note="文件废止", by=cast.zhou, at=NOON)
        (quiet,) = queries.quiet_periods()
        assert quiet.holds_on(TODAY)
        assert not quiet.holds_on(TODAY + timedelta(days=1))
        with pytest.raises(Blocked, match="已于 2026-11-23 终止"):
            actions.set_quiet_strength(period=period, strength="off", by=cast.zhou, at=NOON)

    def test_ending_it_says_why(self, cast):
        with pytest.raises(Blocked, match="依据或原因"):
            actions.end_quiet_period(period=quiet_months(cast), note=" ", by=cast.zhou, at=NOON)

    def test_a_county_registers_its_own_and_no_other(self, cast):
        county = county_office()
        said = {"kind": "dated", "title": "牡丹节", "source": DOCUMENT, "by": county, "at": NOON}
        days = {"starts_on": date(2026, 12, 1), "ends_on": date(2026, 12, 5)}
        own = actions.add_quiet_period(
            region=county.department.region, strength="warn", **said, **days
        )
        with pytest.raises(Blocked, match="由本级或市级联席会议办公室"):
            actions.add_quiet_period(region=cast.zhou.department.region, **said, **days)
        assert QuietPeriod.objects.kept_by(county).get() == own
        assert QuietPeriod.objects.kept_by(cast.zhou).get() == own

    def test_a_department_registers_none(self, cast):
        with pytest.raises(Blocked, match="联席会议办公室"):
            actions.add_quiet_period(
                region=cast.shen.department.region,
                kind="monthly",
                title="安静期",
                source=DOCUMENT,
                until_day=20,
                starts_on=TODAY,
                by=cast.shen,
                at=NOON,
            )

    def test_a_county_is_quiet_with_the_city_but_not_with_its_neighbour(self, cast):
        quiet_months(cast)
        quiet_months(cast, region="410326", title="汝阳安静期")
        titles = [
            [each.title for each in queries.quiet_periods(region)]
            for region in (None, "410326", "410327")
        ]
        assert titles == [["企业安静期"], ["企业安静期", "汝阳安静期"], ["企业安静期"]]

    def test_an_area_is_quiet_with_the_district_it_belongs_to(self, cast):
        area = Region.objects.filter(kind=Region.Kind.AREA).first()
        district = Region.objects.filter(kind=Region.Kind.DISTRICT).first()
        Region.objects.filter(pk=area.pk).update(host=district)
        quiet_months(cast, region=district.pk, title="区的安静期")
        assert [each.title for each in queries.quiet_periods(area.pk)] == ["区的安静期"]

    @pytest.mark.parametrize(
        "changes",
        [{"until_day": None}, {"until_day": 28}, {"kind": "dated"}, {"until_day": 0}],
    )
    def test_the_database_refuses_days_that_cannot_be(self, cast, changes):
        period = quiet_months(cast)
        with pytest.raises(IntegrityError), transaction.atomic():
            QuietPeriod.objects.filter(pk=period.pk).update(**changes)


class TestPages:
    def post(self, client, **changes):
        said = {
            "region": "410300",
            "title": "企业安静期",
            "source": DOCUMENT,
            "kind": "monthly",
            "until_day": "20",
            "starts_on": "2026-11-01",
            "ends_on": "",
            "strength": "warn",
        }
        with time_machine.travel(NOON, tick=False):
            return client.post(reverse("workdays:new_quiet"), said | changes)

    def test_the_office_registers_changes_and_ends_one(self, client, cast):
        client.force_login(cast.zhou)
        assert client.get(reverse("workdays:new_quiet")).status_code == 200
        assert self.post(client).status_code == 302
        period = QuietPeriod.objects.get()
        place = reverse("workdays:quiet")
        client.post(reverse("workdays:quiet_strength", args=[period.pk]), {"strength": "reason"})
        page = client.get(place).content.decode()
        assert "每月 1 日至 20 日" in page
        assert "企业安静期：改为“写明例外情形”" in page
        assert "部门转办" in page
        assert "开封市规范行政执法十条措施" in page
        client.post(reverse("workdays:end_quiet", args=[period.pk]), {"note": "文件到期"})
        period.refresh_from_db()
        assert period.ended_note == "文件到期"

    @pytest.mark.parametrize(
        ("changes", "status", "said"),
        [
            ({"until_day": "40"}, 422, "27"),
            ({"until_day": ""}, 409, "月末要留出检查的日子"),
            ({"kind": "dated", "until_day": ""}, 409, "还没有结束日期"),
            ({"ends_on": "2026-10-01"}, 409, "早于开始日期"),
            ({"starts_on": "9999-01-01"}, 422, "2000 至 2100"),
            ({"source": " "}, 422, "依据文件"),
        ],
    )
    def test_what_cannot_be_is_said_where_it_was_typed(self, client, cast, changes, status, said):
        client.force_login(cast.zhou)
        answer = self.post(client, **changes)
        assert answer.status_code == status
        assert said in answer.content.decode()
        assert not QuietPeriod.objects.exists()

    def test_others_read_it_and_change_nothing(self, client, cast):
        period = quiet_months(cast)
        client.force_login(cast.shen)
        page = client.get(reverse("workdays:quiet")).content.decode()
        assert "企业安静期" in page
        assert "改处理" not in page
        assert client.get(reverse("workdays:new_quiet")).status_code == 403
        place = reverse("workdays:end_quiet", args=[period.pk])
        assert client.post(place, {"note": "x"}).status_code == 403
        county = county_office()
        client.force_login(county)
        assert client.post(place, {"note": "x"}).status_code == 404

    def test_firms_read_when_they_are_left_alone(self, client, cast):
        place = reverse("workdays:public_quiet")
        assert "还没有设定安静期" in client.get(place).content.decode()
        quiet_months(cast)
        quiet_months(cast, title="内部草稿", strength="off")
        quiet_months(cast, region="410326", title="汝阳安静期")
        with time_machine.travel(NOON, tick=False):
            page = client.get(place).content.decode()
            assert "今天不在安静期内" in page
            assert DOCUMENT in page
            assert "投诉举报" in page
            assert "内部草稿" not in page
            assert page.count('<table class="wd-month">') == 2  # November and December
            assert client.get(place, {"region": "410326"}).status_code == 200
            assert client.get(place, {"region": "x"}).status_code == 404

    def test_the_calendar_of_the_year_shows_them(self, client, cast):
        quiet_months(cast)
        client.force_login(cast.zhou)
        page = client.get(reverse("workdays:year", args=[2026])).content.decode()
        assert page.count(" hush") == 12 * 20
