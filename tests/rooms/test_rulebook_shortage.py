"""When nobody can be found: what is missing and what would help; and why it was this inspector."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liancha.rulebook import assignment, explanation
from liancha.rulebook.assignment import assign
from liancha.rulebook.explanation import Fate
from liancha.rulebook.shortage import Infeasible, Loosen
from liancha.rulebook.staffing import Need, Seat, Staffing
from tests.rooms.staffings import by_district, seed_of, staffings


class TestInfeasible:
    def shortage(self, staffing: Staffing):
        with pytest.raises(Infeasible) as refusal:
            assign(staffing.checked(), seed=seed_of(7))
        assert refusal.value.article == "19"
        return refusal.value.shortages

    def test_too_few_are_allowed_at_all(self):
        (found,) = self.shortage(
            Staffing({"甲": 9, "乙": 9}, {"U": Need(2)}, {"U": {"甲": Seat.ANY}})
        )
        assert str(found) == "U 需 2 席，可派的只有 1 人"
        assert [[str(change) for change in way] for way in found.relaxations] == [["乙 可派往 U"]]

    def test_nobody_allowed_may_lead(self):
        (found,) = self.shortage(
            Staffing(
                {"甲": 9, "乙": 9, "丙": 9},
                {"U": Need(2, 1)},
                {"U": {"甲": Seat.ANY, "乙": Seat.ANY}},
            )
        )
        assert found.is_lead
        assert str(found) == "U 需 1 主检席，合格的只有 0 人"
        kinds = [way[0].kind for way in found.relaxations]
        assert kinds == [Loosen.LEAD, Loosen.ALLOW_LEAD, Loosen.LEADS]

    def test_those_who_may_lead_are_full(self):
        """The design page's case: three lead seats, two qualified, one group each."""
        needs = {f"第 {at} 组": Need(2, 1) for at in (2, 4, 6)}
        seats = {"万里晴": Seat.LEAD, "钟离秋": Seat.LEAD, "甲": Seat.ANY, "乙": Seat.ANY}
        roster = {"万里晴": 1, "钟离秋": 1, "甲": 3, "乙": 3}
        (found,) = self.shortage(Staffing(roster, needs, dict.fromkeys(needs, seats)))
        assert found.is_lead
        assert found.seats == 1
        assert found.inspectors == (("万里晴", 1), ("钟离秋", 1))
        assert found.reached == 3
        (first, *_) = found.relaxations
        assert [change.kind for change in first] == [Loosen.CAPACITY]
        assert str(first[0]).endswith("的上限由 1 改为 2")

    def test_everybody_is_full(self):
        needs = {f"U{at}": Need(2) for at in range(6)}
        seats = {f"P{at}": Seat.ANY for at in range(4)}
        (found,) = self.shortage(
            Staffing(dict.fromkeys(seats, 2), needs, dict.fromkeys(needs, seats))
        )
        assert found.seats == 4
        assert sum(capacity for _, capacity in found.inspectors) == 8
        assert [len(way) for way in found.relaxations] == [1, 4]
        assert str(found.relaxations[0][0]) == "能派去的人上限都提高到 3"

    def test_two_knots_are_told_apart(self):
        shortages = self.shortage(
            Staffing(
                {"东": 1, "西": 1, "空": 5},
                {"E1": Need(1), "E2": Need(1), "W1": Need(1), "W2": Need(1)},
                {
                    "E1": {"东": Seat.ANY},
                    "E2": {"东": Seat.ANY},
                    "W1": {"西": Seat.ANY},
                    "W2": {"西": Seat.ANY},
                },
            )
        )
        assert [found.inspectors for found in shortages] == [(("东", 1),), (("西", 1),)]

    def test_people_are_never_talked_down_below_two(self):
        (found,) = self.shortage(Staffing({"甲": 9}, {"U": Need(2)}, {"U": {"甲": Seat.ANY}}))
        assert found.relaxations == ()

    @settings(max_examples=200, deadline=None)
    @given(staffings(), st.integers(0, 10**6))
    def test_every_relaxation_offered_is_enough(self, staffing, number):
        try:
            assign(staffing, seed=seed_of(number))
        except Infeasible as refusal:
            shortages = refusal.shortages
        else:
            return
        if len(shortages) > 1:
            return  # two knots may want the same person; each is offered its own way out
        for way in shortages[0].relaxations:
            assign(with_changes(staffing, way, shortages[0]), seed=seed_of(number + 1))


def with_changes(staffing: Staffing, way, found) -> Staffing:
    roster = dict(staffing.roster)
    needs = dict(staffing.needs)
    eligible = {unit: dict(seats) for unit, seats in staffing.eligible.items()}
    for change in way:
        match change.kind:
            case Loosen.CAPACITY:
                assert roster[change.inspector] == change.before
                roster[change.inspector] = change.after
            case Loosen.EVERYONE:
                for name, capacity in found.inspectors:
                    roster[name] = max(capacity, change.after)
            case Loosen.LEAD:
                eligible[change.unit][change.inspector] = Seat.LEAD
            case Loosen.ALLOW | Loosen.ALLOW_LEAD:
                seat = Seat.ANY if change.kind is Loosen.ALLOW else Seat.LEAD
                eligible.setdefault(change.unit, {})[change.inspector] = seat
            case Loosen.LEADS:
                needs[change.unit] = Need(needs[change.unit].people, change.after)
            case Loosen.PEOPLE:
                needs[change.unit] = Need(change.after, needs[change.unit].leads)
    return Staffing(roster, needs, eligible).checked()


class TestExplanation:
    @pytest.mark.parametrize("number", range(10))
    def test_whoever_has_a_smaller_ticket_was_full_moved_or_not_qualified(self, number):
        staffing = by_district(number)
        found = assign(staffing, seed=seed_of(number))
        for unit in staffing.needs:
            fates = explanation.explain_unit(staffing, found, seed=seed_of(number), unit=unit)
            assert [it.inspector for it in fates] == sorted(
                staffing.eligible[unit],
                key=lambda name: assignment.ticket(seed_of(number), unit, name),
            )
            drawn = {it.inspector for it in fates if it.fate in (Fate.DRAWN, Fate.REPAIRED)}
            assert drawn == set(found.teams[unit])
            for it in fates:
                if it.fate is Fate.FULL:
                    assert found.loads[it.inspector] > 0
                if it.fate is Fate.SEAT:
                    assert staffing.eligible[unit][it.inspector] == Seat.ANY
                if it.fate is Fate.MOVED:
                    assert it.moved_to in staffing.needs
                if it.fate is Fate.LATER:
                    drawn_by_ticket = [d.ticket for d in fates if d.fate is Fate.DRAWN]
                    assert all(it.ticket > ticket for ticket in drawn_by_ticket)

    def test_the_panel_of_an_inspector_says_the_same(self):
        staffing = by_district(1)
        found = assign(staffing, seed=seed_of(1))
        units = {
            it.unit: it
            for it in explanation.explain_inspector(
                staffing, found, seed=seed_of(1), inspector="P03"
            )
        }
        assert units.keys() == {u for u, seats in staffing.eligible.items() if "P03" in seats}
        for unit, it in units.items():
            panel = explanation.explain_unit(staffing, found, seed=seed_of(1), unit=unit)
            assert it in panel

    def test_each_fate_is_told(self):
        seen: set[Fate] = set()
        for number in range(40):
            staffing = by_district(number, scarce=number % 3 == 0)
            found = assign(staffing, seed=seed_of(number))
            for unit in staffing.needs:
                seen |= {
                    it.fate
                    for it in explanation.explain_unit(
                        staffing, found, seed=seed_of(number), unit=unit
                    )
                }
        assert seen == set(Fate)
