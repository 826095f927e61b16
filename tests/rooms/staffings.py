"""Who may go where, in many shapes, for the tests of the assignment."""

import hashlib
import random

from hypothesis import strategies as st

from liancha.rulebook.staffing import Need, Seat, Staffing


def seed_of(number: int) -> str:
    return hashlib.sha256(b"%d" % number).hexdigest()


@st.composite
def staffings(pick: st.DrawFn, most_people: int = 6, most_units: int = 7) -> Staffing:
    people = [f"P{at}" for at in range(pick(st.integers(1, most_people)))]
    units = [f"U{at}" for at in range(pick(st.integers(0, most_units)))]
    roster = {name: pick(st.integers(0, 6)) for name in people}
    needs = {}
    eligible = {}
    for unit in units:
        wanted = pick(st.integers(0, 3))
        needs[unit] = Need(wanted, pick(st.integers(0, wanted)))
        seats = pick(
            st.dictionaries(st.sampled_from(people), st.sampled_from(list(Seat)), max_size=6)
        )
        if seats:
            eligible[unit] = seats
    return Staffing(roster, needs, eligible).checked()


def by_district(number: int, *, scarce: bool = False) -> Staffing:
    """Forty units, fourteen people in three districts, few who may lead."""
    chance = random.Random(number)
    roster = {f"P{at:02d}": 30 for at in range(14)}
    everywhere = {"P00", "P01"}  # they lead, so that there is an assignment
    district = {name: 0 if name in everywhere else chance.randrange(3) for name in roster}
    share = 0.1 if scarce else 0.6
    leads = everywhere | {name for name in roster if chance.random() < share}
    needs = {f"U{at:02d}": Need(2, 1) for at in range(40)}
    eligible = {}
    for unit in needs:
        where = chance.choice([0, 0, 0, 1, 2])
        eligible[unit] = {
            name: Seat.LEAD if name in leads else Seat.ANY
            for name in roster
            if name in everywhere or (district[name] in (where, 0) and chance.random() > 0.05)
        }
    return Staffing(roster, needs, eligible)
