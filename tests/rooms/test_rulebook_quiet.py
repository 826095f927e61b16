"""The days of quiet periods, and what is asked on them: arithmetic of E17, without a database."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liancha.rulebook import quiet
from liancha.rulebook.quiet import Exempted, Exemption, Quiet, QuietKind, Strength
from liancha.rulebook.verdicts import Blocked, NeedsReason
from tests.articles.calendars import CALENDAR

MONTHLY = Quiet("企业安静期", "某文", Strength.REASON, date(2026, 1, 1), None, 20)
EXAMS = Quiet("中高考期间", "某文", Strength.WARN, date(2026, 6, 7), date(2026, 6, 10))
DAYS = st.dates(date(2025, 1, 1), date(2027, 12, 31))


def test_the_first_twenty_days_of_every_month_are_quiet():
    """Source: E17, the daily checks of 开封 stand in the last ten days of a month."""
    assert MONTHLY.holds_on(date(2026, 2, 20))
    assert not MONTHLY.holds_on(date(2026, 2, 21))
    assert not MONTHLY.holds_on(date(2025, 12, 1))
    assert MONTHLY.days == "每月 1 日至 20 日"


def test_a_stretch_of_dates_holds_on_both_ends():
    held = [day for day in range(1, 31) if EXAMS.holds_on(date(2026, 6, day))]
    assert held == [7, 8, 9, 10]


@given(day=DAYS, until=st.integers(1, quiet.LAST_DAY))
def test_every_month_keeps_days_on_which_checks_are_made(day, until):
    period = Quiet("x", "x", Strength.REASON, date(2025, 1, 1), None, until)
    first = day.replace(day=1)
    month = [first + timedelta(days=n) for n in range(28)]
    assert any(not period.holds_on(each) for each in month)


@given(day=DAYS)
def test_off_holds_on_no_day(day):
    assert not Quiet("x", "x", Strength.OFF, date(2025, 1, 1), None, 20).holds_on(day)


@given(first=DAYS, length=st.integers(0, 80))
def test_the_spans_are_the_quiet_days_and_no_others(first, length):
    last = first + timedelta(days=length)
    spans = quiet.spans((MONTHLY, EXAMS), first, last)
    shown = {
        each.first + timedelta(days=n)
        for each in spans
        for n in range((each.last - each.first).days + 1)
    }
    days = {first + timedelta(days=n) for n in range(length + 1)}
    assert shown == {day for day in days if quiet.holding((MONTHLY, EXAMS), day)}


class TestWhatIsAskedOfAWindow:
    def ask(self, first, last, *periods, exempted=None):
        return quiet.check_window(
            periods, first, last, what="实地核查", calendar=CALENDAR, exempted=exempted
        )

    def test_nothing_outside(self):
        assert self.ask(date(2026, 3, 21), date(2026, 3, 31), MONTHLY) == ()

    def test_a_remark_where_working_days_are_left(self):
        (said,) = self.ask(date(2026, 3, 9), date(2026, 3, 24), MONTHLY)
        assert "可以入企的有 2 个工作日，从 2026-03-23 起" in said  # the 21st is a Saturday

    def test_a_weekend_is_no_day_that_is_left(self):
        with pytest.raises(NeedsReason, match="全在安静期内"):
            self.ask(date(2026, 3, 9), date(2026, 3, 22), MONTHLY)

    def test_an_unknown_year_counts_monday_to_friday(self):
        with pytest.raises(NeedsReason):
            self.ask(date(2030, 4, 1), date(2030, 4, 20), MONTHLY)
        (said,) = self.ask(date(2030, 4, 1), date(2030, 4, 22), MONTHLY)
        assert "从 2030-04-22 起" in said

    def test_the_strictest_period_decides(self):
        june = (date(2026, 6, 8), date(2026, 6, 10))
        assert self.ask(*june, EXAMS)
        with pytest.raises(NeedsReason):
            self.ask(*june, EXAMS, MONTHLY)

    def test_the_question_names_the_document_and_says_it_is_local(self):
        with pytest.raises(NeedsReason, match="本地做法，依据某文") as asked:
            self.ask(date(2026, 3, 9), date(2026, 3, 10), MONTHLY)
        assert asked.value.codes == tuple(Exemption.choices())


class TestExemptions:
    @pytest.mark.parametrize("code", list(Exemption))
    def test_every_one_has_its_source_and_lets_the_check_pass(self, code):
        assert code.source
        said = Exempted(code, "有文件")
        (remark,) = quiet.check_day((MONTHLY,), date(2026, 3, 9), what="某店", exempted=said)
        assert code.label in remark

    @pytest.mark.parametrize(
        "said",
        [
            Exempted("safety", ""),
            Exempted("nothing", "x"),
            Exempted("safety", "长" * 201),
        ],
    )
    def test_half_of_one_is_asked_for_again(self, said):
        with pytest.raises(NeedsReason):
            quiet.check_day((MONTHLY,), date(2026, 3, 9), what="某店", exempted=said)

    def test_a_task_of_the_plan_has_none_by_itself(self):
        assert quiet.implied("plan") is None
        assert quiet.implied("plan", is_surprise=True).code == Exemption.COMPLAINT
        assert quiet.implied("superior").code == Exemption.SUPERIOR

    def test_what_was_posted(self):
        assert Exempted.of({}) is None
        assert Exempted.of({"reason_code": "risk", "reason": "x"}) == Exempted("risk", "x")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": " "}, "名称和依据"),
        ({"source": ""}, "名称和依据"),
        ({"until_day": 28}, "月末要留出"),
        ({"until_day": None}, "月末要留出"),
        ({"last": date(2025, 1, 1)}, "早于开始"),
        ({"kind": QuietKind.DATED, "until_day": None}, "还没有结束日期"),
        ({"kind": QuietKind.DATED, "last": date(2028, 1, 1)}, "最长 366 天"),
    ],
)
def test_a_period_that_cannot_be_is_refused(changes, said):
    period = {
        "kind": QuietKind.MONTHLY,
        "title": "安静期",
        "source": "某文",
        "first": date(2026, 1, 1),
        "last": None,
        "until_day": 20,
    }
    quiet.check_period(**period)
    with pytest.raises(Blocked, match=said):
        quiet.check_period(**period | changes)
