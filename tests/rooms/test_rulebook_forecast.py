"""A forecast on small cases, against every possible draw counted by hand: the same numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liancha.rulebook import forecast, workload
from liancha.rulebook.forecast import Assumptions, Group, Line

SPRING, MAY, AUTUMN = (
    (date(2026, 3, 1), date(2026, 4, 30)),
    (date(2026, 5, 1), date(2026, 5, 31)),
    (date(2026, 9, 1), date(2026, 10, 31)),
)


def line(key, window=SPRING, rates=None, departments=("公安", "消防"), frequency=1):
    return Line(key, departments, *window, rates or {"全部": Fraction(1, 2)}, frequency)


def firms(groups):
    """One entry a target: the strata it is in."""
    return [group.strata for group in groups for _ in range(group.size)]


def every_draw(lines, groups):
    """All outcomes that can happen, each as likely: for each firm, the rounds that drew it."""
    there = firms(groups)
    urns = []
    for each in lines:
        for one in forecast.rounds(each):
            for stratum in each.rates:
                members = [n for n, strata in enumerate(there) if (each.key, stratum) in strata]
                count = forecast.shares(lines, groups).get((each.key, stratum), (0, 0))[1]
                urns.append([(one, chosen) for chosen in combinations(members, count)])
    for outcome in product(*urns):
        drawn = [[] for _ in there]
        for one, chosen in outcome:
            for n in chosen:
                drawn[n].append(one)
        yield drawn


def merged(rounds, merge_days):
    """Who goes together, as somebody with a calendar would arrange it."""
    visits = []
    for one in sorted(rounds, key=lambda each: each.ends_on):
        if merge_days is not None and visits:
            latest = visits[-1][0].ends_on + timedelta(days=merge_days)
            if one.starts_on <= latest:
                visits[-1].append(one)
                continue
        visits.append([one])
    return visits


def by_hand(lines, groups, suppose):
    """The same figures by counting, as exact fractions."""
    total = firm_count = visit_count = over = 0
    histogram = [0] * 13
    days = {each: Fraction(0) for one in lines for each in one.departments}
    for drawn in every_draw(lines, groups):
        total += 1
        for rounds in drawn:
            visits = merged(rounds, suppose.merge_days)
            histogram[len(visits)] += 1
            visit_count += len(visits)
            firm_count += bool(visits)
            for department in days:
                goes = sum(any(department in one.departments for one in v) for v in visits)
                days[department] += goes
                over += suppose.cap is not None and goes > suppose.cap
    effort = suppose.people * suppose.days
    return (
        Fraction(firm_count, total),
        Fraction(visit_count, total),
        [Fraction(n, total) for n in histogram],
        Fraction(over, total),
        {name: effort * n / total for name, n in days.items()},
    )


THREE = (
    line("一", SPRING, {"A": Fraction(1, 3), "D": Fraction(1, 1)}, ("公安", "消防", "卫健")),
    line("二", MAY, {"全部": Fraction(2, 5)}, ("消防", "市监")),
    line("三", AUTUMN, {"全部": 1}, ("市监", "公安")),
)
MIXED = (
    Group(2, (("一", "A"), ("二", "全部"))),
    Group(1, (("一", "A"),)),
    Group(1, (("一", "D"), ("二", "全部"), ("三", "全部"))),
    Group(1, (("三", "全部"),)),
    Group(3, ()),
)


class TestAgainstEveryDraw:
    @pytest.mark.parametrize("merge_days", [None, 0, 30, 365])
    @pytest.mark.parametrize("cap", [None, 0, 1, 2])
    def test_three_lines_and_eight_firms(self, merge_days, cap):
        suppose = Assumptions(merge_days=merge_days, cap=cap)
        self.check(THREE, MIXED, suppose)

    def test_a_line_drawn_twice_a_year_is_two_draws(self):
        lines = (line("一", SPRING, frequency=2), line("二", MAY))
        groups = (Group(2, (("一", "全部"), ("二", "全部"))), Group(1, (("二", "全部"),)))
        for merge_days in (None, 0, 30):
            self.check(lines, groups, Assumptions(merge_days=merge_days, cap=1))

    @settings(max_examples=25, deadline=None)
    @given(st.data())
    def test_any_small_plan(self, data):
        windows = st.sampled_from((SPRING, MAY, AUTUMN, (date(2026, 4, 15), date(2026, 6, 15))))
        names = ("公安", "消防", "卫健")
        lines = tuple(
            line(
                key,
                data.draw(windows),
                {"全部": data.draw(st.sampled_from((Fraction(1, 3), Fraction(1, 2), 1)))},
                tuple(data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))),
            )
            for key in "一二三"
        )
        groups = tuple(
            Group(
                data.draw(st.integers(0, 2)),
                tuple((key, "全部") for key in "一二三" if data.draw(st.booleans())),
            )
            for _ in range(2)
        )
        merge_days = data.draw(st.sampled_from((None, 0, 20, 60)))
        self.check(lines, groups, Assumptions(merge_days=merge_days, cap=1))

    @staticmethod
    def check(lines, groups, suppose):
        found = forecast.forecast(lines, groups, suppose=suppose)
        firm, visits, histogram, over, days = by_hand(lines, groups, suppose)
        assert found.firms == pytest.approx(float(firm))
        assert found.visits == pytest.approx(float(visits))
        assert found.histogram == pytest.approx([float(n) for n in histogram])
        assert found.over_cap == pytest.approx(float(over))
        got = {name: sum(row) for name, row in found.need.items()}
        assert got == pytest.approx({name: float(n) for name, n in days.items()})
        assert sum(found.histogram) == pytest.approx(sum(group.size for group in groups))


class TestCounts:
    def test_what_is_drawn_is_what_the_plan_prints(self):
        found = forecast.forecast(
            [line("一", rates={"A": Fraction(1, 50), "D": Fraction(1, 2), "B": 9})],
            [Group(101, (("一", "A"),)), Group(5, (("一", "D"),)), Group(4, (("一", "B"),))],
        )
        assert found.by_stratum == {("一", "A"): (101, 3), ("一", "D"): (5, 3), ("一", "B"): (4, 4)}
        assert (found.drawn["一"], found.unmerged, found.separate) == (10, 10, 20)

    def test_a_stratum_without_a_rate_is_not_drawn(self):
        found = forecast.forecast([line("一")], [Group(7, (("一", "别的"),))])
        assert (found.unmerged, found.firms) == (0, 0)

    def test_two_people_half_a_day_each(self):
        found = forecast.forecast([line("一")], [Group(8, (("一", "全部"),))])
        assert {name: sum(row) for name, row in found.need.items()} == {"公安": 4, "消防": 4}

    def test_a_million_firms_cost_no_more_than_ten(self):
        groups = [Group(250_000, each.strata) for each in MIXED]
        found = forecast.forecast(THREE, groups, suppose=Assumptions(merge_days=30, cap=2))
        assert sum(found.histogram) == pytest.approx(1_250_000)


class TestMonths:
    def test_working_days_say_how_much_falls_in_a_month(self):
        may_day = frozenset(date(2026, 5, day) for day in range(1, 6))
        found = forecast.by_month(date(2026, 4, 26), date(2026, 5, 10), may_day)
        assert (found[3], found[4]) == (Fraction(1, 2), Fraction(1, 2))
        assert sum(found) == 1

    def test_a_window_of_holidays_only_is_still_somewhere(self):
        days = frozenset(date(2026, 10, day) for day in range(1, 8))
        assert forecast.by_month(date(2026, 10, 1), date(2026, 10, 7), days)[9] == 1

    @pytest.mark.parametrize("frequency", [1, 2, 3, 12])
    def test_the_rounds_of_a_line_fill_its_window(self, frequency):
        found = forecast.rounds(line("一", SPRING, frequency=frequency))
        assert len(found) == frequency
        assert (found[0].starts_on, found[-1].ends_on) == SPRING


class TestWorkload:
    LINES = (
        line("一", MAY, departments=("消防", "公安")),
        line("二", MAY, departments=("消防",)),
    )
    GROUPS = (Group(40, (("一", "全部"),)), Group(10, (("二", "全部"),)))
    CAPACITY = {"消防": [21.0] * 12, "公安": [30.0] * 12}

    def test_who_is_overloaded_and_when(self):
        found = forecast.forecast(self.LINES, self.GROUPS)
        assert workload.overloaded(found.need, self.CAPACITY) == [
            ("消防", 4, pytest.approx(25 / 21))
        ]
        assert workload.excess(found.need, self.CAPACITY) == pytest.approx(4)
        assert workload.overloaded(found.need, {"消防": [25.0] * 12, "公安": [20.0] * 12}) == []
        assert workload.overloaded(found.need, {})[0][2] == float("inf")

    def test_the_smallest_move_that_takes_it_away(self):
        found = forecast.forecast(self.LINES, self.GROUPS)
        proposed = workload.moves(self.LINES, found, self.CAPACITY)
        assert [(each.line, each.months) for each in proposed] == [("一", 1), ("二", 1)]
        assert proposed[0].spared == pytest.approx(4)
        assert proposed[0].peak == ("消防", 4, pytest.approx(25 / 21), pytest.approx(5 / 21))

    def test_a_move_is_what_the_forecast_of_the_moved_plan_says(self):
        found = forecast.forecast(self.LINES, self.GROUPS)
        best = workload.moves(self.LINES, found, self.CAPACITY)[0]
        there = workload.moved(self.LINES[0], best.months)
        again = forecast.forecast((there, self.LINES[1]), self.GROUPS)
        now = workload.excess(again.need, self.CAPACITY)
        assert workload.excess(found.need, self.CAPACITY) - now == pytest.approx(best.spared)

    def test_with_people_enough_nothing_is_proposed(self):
        found = forecast.forecast(self.LINES, self.GROUPS)
        assert workload.moves(self.LINES, found, {"消防": [99.0] * 12, "公安": [99.0] * 12}) == []

    @pytest.mark.parametrize(
        ("months", "there"),
        [
            (1, (date(2026, 6, 1), date(2026, 6, 30))),
            (-3, (date(2026, 2, 1), date(2026, 2, 28))),
            (8, None),
            (-5, None),
        ],
    )
    def test_a_line_stays_inside_its_year(self, months, there):
        found = workload.moved(line("一", MAY), months)
        assert (found and (found.starts_on, found.ends_on)) == there


class TestOffSite:
    """A share of the drawn is checked without a visit: against every draw and every choice."""

    LINES = (
        replace(THREE[0], may_be_off_site=True),
        THREE[1],
        replace(THREE[2], may_be_off_site=True),
    )
    GROUPS = tuple(replace(each, credit="AABD"[n % 4]) for n, each in enumerate(MIXED))

    def by_hand(self, suppose):
        """visits, checks off site and person-days by department, as exact fractions."""
        credits = [group.credit for group in self.GROUPS for _ in range(group.size)]
        by_key = {each.key: each for each in self.LINES}
        draws = list(every_draw(self.LINES, self.GROUPS))
        visits = away = Fraction(0)
        days = dict.fromkeys(("公安", "消防", "卫健", "市监"), Fraction(0))
        for credit, rounds in [
            pair for drawn in draws for pair in zip(credits, drawn, strict=True)
        ]:
            for gone in product((True, False), repeat=len(rounds)):
                weight = Fraction(1, len(draws))
                for one, is_gone in zip(rounds, gone, strict=True):
                    share = suppose.off_site_share(by_key[one.line], credit)
                    weight *= 1 - share if is_gone else share
                left = [one for one, is_gone in zip(rounds, gone, strict=True) if is_gone]
                spared = [one for one, is_gone in zip(rounds, gone, strict=True) if not is_gone]
                made = merged(left, suppose.merge_days)
                visits += weight * len(made)
                away += weight * len(spared)
                for name in days:
                    goes = sum(any(name in one.departments for one in v) for v in made)
                    reads = sum(name in one.departments for one in spared)
                    days[name] += weight * suppose.people * goes * suppose.days
                    days[name] += weight * suppose.people * reads * suppose.off_site_days
        return visits, away, days

    @pytest.mark.parametrize("merge_days", [None, 30])
    @pytest.mark.parametrize("classes", [frozenset("A"), None])
    @pytest.mark.parametrize("share", [Fraction(1, 3), Fraction(1)])
    def test_visits_and_days_are_those_of_every_choice(self, merge_days, classes, share):
        suppose = Assumptions(
            merge_days=merge_days,
            off_site=share,
            off_site_classes=classes,
            off_site_days=Fraction(1, 5),
        )
        found = forecast.forecast(self.LINES, self.GROUPS, suppose=suppose)
        visits, away, days = self.by_hand(suppose)
        assert found.visits == pytest.approx(float(visits))
        assert found.off_site == pytest.approx(float(away)) != 0
        got = {name: sum(row) for name, row in found.need.items()}
        assert got == pytest.approx({name: float(n) for name, n in days.items()})
        everybody = forecast.forecast(self.LINES, self.GROUPS, suppose=Assumptions())
        assert found.firms == pytest.approx(everybody.firms)
        assert found.person_days < everybody.person_days

    def test_without_a_method_for_it_everybody_is_visited(self):
        suppose = Assumptions(off_site=Fraction(1), off_site_classes=None)
        found = forecast.forecast(THREE, self.GROUPS, suppose=suppose)
        everybody = forecast.forecast(THREE, self.GROUPS)
        assert (found.off_site, found.visits) == (0, everybody.visits)
        assert suppose.factor(THREE[0], "A") == 1
        assert suppose.factor(self.LINES[0], "A") == 0.5
