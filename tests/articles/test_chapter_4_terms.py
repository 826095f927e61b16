"""第四章 联合抽查活动的组织实施 — Chapter 4, terms for results and penalties (art. 22)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liancha.rulebook import deadlines
from liancha.rulebook.deadlines import Calendar, Colour, Completion, DayKind
from tests.articles.calendars import CALENDAR

# start, +7, +10, +20 working days, as the domain reference computed them
VECTORS = """
2026-01-30 2026-02-10 2026-02-13 2026-03-05
2026-02-11 2026-02-27 2026-03-03 2026-03-17
2026-02-14 2026-03-03 2026-03-06 2026-03-20
2026-02-18 2026-03-03 2026-03-06 2026-03-20
2026-04-30 2026-05-13 2026-05-18 2026-06-01
2026-06-18 2026-06-30 2026-07-03 2026-07-17
2026-09-18 2026-09-29 2026-10-09 2026-10-22
2026-09-30 2026-10-15 2026-10-20 2026-11-03
2025-12-19 2025-12-30 2026-01-05 2026-01-19
2025-09-26 2025-10-13 2025-10-16 2025-10-30
2024-09-13 2024-09-25 2024-09-29 2024-10-17
"""
ROWS = [tuple(map(date.fromisoformat, line.split())) for line in VECTORS.split("\n") if line]
ANY_DAY = st.dates(date(2024, 1, 1), date(2026, 10, 31))


class TestArticle22:
    @pytest.mark.parametrize(("start", "seven", "ten", "twenty"), ROWS)
    def test_working_days_are_counted_from_the_next_day(self, start, seven, ten, twenty):
        counted = [deadlines.working_days_after(start, n, CALENDAR).due for n in (7, 10, 20)]
        assert counted == [seven, ten, twenty]

    @pytest.mark.parametrize(("year", "days"), [(2024, 251), (2025, 248), (2026, 248)])
    def test_a_year_has_so_many_working_days(self, year, days):
        assert CALENDAR.working_days_in(year) == days

    @given(ANY_DAY, st.integers(1, 30))
    def test_the_due_day_is_worked_and_so_many_days_on(self, start, days):
        term = deadlines.working_days_after(start, days, CALENDAR)
        assert term.due is not None
        assert CALENDAR.is_working_day(term.due)
        assert deadlines.days_used(start, term.due, CALENDAR) == days

    @given(ANY_DAY)
    def test_a_start_on_a_rest_day_is_the_same_as_on_the_working_day_before(self, start):
        before = start
        while not CALENDAR.is_working_day(before):
            before -= timedelta(days=1)
            if not CALENDAR.knows(before):
                return
        assert deadlines.working_days_after(start, 20, CALENDAR) == deadlines.working_days_after(
            before, 20, CALENDAR
        )

    def test_results_are_due_twenty_working_days_after_completion(self):
        term = deadlines.results_due(
            target_completed_on=date(2026, 2, 11),
            task_completed_on=None,
            task_planned_end=date(2026, 3, 31),
            calendar=CALENDAR,
        )
        assert term.due == date(2026, 3, 17)

    def test_the_end_of_the_task_is_an_outer_limit_even_if_only_planned(self):
        def due(target, task=None):
            return deadlines.results_due(
                target_completed_on=target,
                task_completed_on=task,
                task_planned_end=date(2026, 9, 18),
                calendar=CALENDAR,
            ).due

        assert due(date(2026, 9, 30)) == date(2026, 10, 22)
        assert due(date(2026, 9, 1)) == date(2026, 9, 29)
        assert due(date(2026, 9, 10), task=date(2026, 8, 31)) == date(2026, 9, 28)

    def test_by_task_only_the_outer_limit_counts(self):
        term = deadlines.results_due(
            target_completed_on=date(2026, 2, 11),
            task_completed_on=None,
            task_planned_end=date(2026, 9, 18),
            calendar=CALENDAR,
            completion=Completion.PER_TASK,
        )
        assert term.due == date(2026, 10, 22)

    def test_a_penalty_is_collected_within_seven_working_days_of_the_decision(self):
        assert deadlines.penalty_due(date(2026, 9, 18), CALENDAR).due == date(2026, 9, 29)
        assert deadlines.penalty_due(date(2026, 9, 30), CALENDAR).due == date(2026, 10, 15)

    def test_a_suspected_crime_goes_on_within_a_day_of_approval(self):
        approved = datetime(2026, 9, 18, 2, tzinfo=UTC)
        assert deadlines.transfer_due(approved) == approved + timedelta(days=1)

    def test_a_year_that_is_not_announced_is_not_guessed(self):
        term = deadlines.working_days_after(date(2026, 12, 11), 20, CALENDAR)
        assert term.due is None
        assert (term.counted, term.days, term.until) == (14, 20, date(2026, 12, 31))
        assert term.label == "2027 年工作日未公布，已计 14/20 日，至 2026-12-31"

    def test_a_term_that_ends_with_the_year_is_known(self):
        assert deadlines.working_days_after(date(2026, 12, 3), 20, CALENDAR).due == date(
            2026, 12, 31
        )
        assert deadlines.working_days_after(date(2026, 12, 4), 20, CALENDAR).due is None

    def test_it_is_completed_when_the_year_is_announced(self):
        holiday = {date(2027, 1, 1): DayKind.REST}
        announced = Calendar(CALENDAR.years | {2027}, {**CALENDAR.days, **holiday})
        term = deadlines.working_days_after(date(2026, 12, 11), 20, announced)
        assert term.due == date(2027, 1, 11)

    def test_of_two_clocks_the_earlier_governs_even_if_one_is_not_counted_out(self):
        known = deadlines.working_days_after(date(2026, 11, 20), 20, CALENDAR)
        open_one = deadlines.working_days_after(date(2026, 12, 11), 20, CALENDAR)
        later_one = deadlines.working_days_after(date(2026, 12, 18), 20, CALENDAR)
        assert deadlines.earlier(known, open_one) == deadlines.earlier(open_one, known) == known
        assert deadlines.earlier(later_one, open_one) == open_one
        assert deadlines.earlier(open_one, later_one) == open_one

    @pytest.mark.parametrize(
        ("on", "used", "left", "colour"),
        [
            (date(2026, 2, 11), 0, 20, Colour.GREEN),
            (date(2026, 3, 3), 10, 10, Colour.GREEN),
            (date(2026, 3, 4), 11, 9, Colour.YELLOW),
            (date(2026, 3, 10), 15, 5, Colour.YELLOW),
            (date(2026, 3, 11), 16, 4, Colour.ORANGE),
            (date(2026, 3, 13), 18, 2, Colour.ORANGE),
            (date(2026, 3, 16), 19, 1, Colour.RED),
            (date(2026, 3, 17), 20, 0, Colour.RED),
            (date(2026, 3, 18), 21, -1, Colour.BLACK),
        ],
    )
    def test_colours_turn_at_11_16_19_and_after_the_20th(self, on, used, left, colour):
        start = date(2026, 2, 11)
        term = deadlines.working_days_after(start, 20, CALENDAR)
        stands = deadlines.standing(term, start=start, on=on, calendar=CALENDAR)
        assert (stands.used, stands.left, stands.colour) == (used, left, colour)

    def test_a_rest_day_after_the_due_day_is_overdue(self):
        start = date(2026, 8, 26)
        term = deadlines.working_days_after(start, 20, CALENDAR)
        assert term.due == date(2026, 9, 22)
        friday = deadlines.working_days_after(date(2026, 8, 7), 20, CALENDAR)
        assert friday.due == date(2026, 9, 4)
        stands = deadlines.standing(
            friday, start=date(2026, 8, 7), on=date(2026, 9, 5), calendar=CALENDAR
        )
        assert stands.colour is Colour.BLACK

    def test_beyond_the_calendar_the_colour_is_grey_unless_it_is_over(self):
        start = date(2026, 12, 11)
        open_one = deadlines.working_days_after(start, 20, CALENDAR)
        stands = deadlines.standing(open_one, start=start, on=date(2027, 1, 5), calendar=CALENDAR)
        assert stands.colour is Colour.GREY
        done = deadlines.working_days_after(date(2026, 12, 1), 20, CALENDAR)
        late = deadlines.standing(
            done, start=date(2026, 12, 1), on=date(2027, 1, 5), calendar=CALENDAR
        )
        assert late.colour is Colour.BLACK

    def test_a_calendar_needs_rest_days_and_weekends_only_are_made_up(self):
        fine = [(date(2027, 1, 1), DayKind.REST), (date(2027, 1, 2), DayKind.WORK)]
        assert deadlines.calendar_faults(2027, fine) == ()
        (nothing,) = deadlines.calendar_faults(2027, [])
        assert "没有读到 2027 年的放假安排" in nothing
        faults = deadlines.calendar_faults(
            2027,
            [
                (date(2026, 1, 1), DayKind.REST),
                (date(2027, 1, 4), DayKind.WORK),
                (date(2027, 1, 2), DayKind.WORK),
                (date(2027, 1, 2), DayKind.REST),
            ],
        )
        assert [fault[:10] for fault in faults] == ["2026-01-01", "2027-01-04", "2027-01-02"]
