"""The calendar of 2024 to 2026 as the State Council announced it, for claims about terms.

Written here once more, from the notices, so that a wrong day in the room's own table shows.
"""

from datetime import date, timedelta

from liancha.rulebook.deadlines import Calendar, DayKind

REST = {
    2024: "1/1 2/10-2/17 4/4-4/6 5/1-5/5 6/10 9/15-9/17 10/1-10/7",
    2025: "1/1 1/28-2/4 4/4-4/6 5/1-5/5 5/31-6/2 10/1-10/8",
    2026: "1/1-1/3 2/15-2/23 4/4-4/6 5/1-5/5 6/19-6/21 9/25-9/27 10/1-10/7",
}
WORK = {
    2024: "2/4 2/18 4/7 4/28 5/11 9/14 9/29 10/12",
    2025: "1/26 2/8 4/27 9/28 10/11",
    2026: "1/4 2/14 2/28 5/9 9/20 10/10",
}


def read(table: dict[int, str], kind: DayKind) -> dict[date, DayKind]:
    days = {}
    for year, runs in table.items():
        for run in runs.split():
            first, _, last = run.partition("-")
            day, end = (date(year, *map(int, each.split("/"))) for each in (first, last or first))
            while day <= end:
                days[day] = kind
                day += timedelta(days=1)
    return days


CALENDAR = Calendar(frozenset(REST), read(REST, DayKind.REST) | read(WORK, DayKind.WORK))
