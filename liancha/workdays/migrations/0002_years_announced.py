"""The years whose arrangement is known when this is written: 2024 to 2026."""

from datetime import date, timedelta

from django.db import migrations

from liancha.workdays.models import digest_of

# year → holidays as (name, first, last) and the weekend days worked for them, month and day
ANNOUNCED = {
    2024: (
        (
            ("元旦", (1, 1), (1, 1)),
            ("春节", (2, 10), (2, 17)),
            ("清明节", (4, 4), (4, 6)),
            ("劳动节", (5, 1), (5, 5)),
            ("端午节", (6, 10), (6, 10)),
            ("中秋节", (9, 15), (9, 17)),
            ("国庆节", (10, 1), (10, 7)),
        ),
        (
            ("春节", (2, 4), (2, 18)),
            ("清明节", (4, 7)),
            ("劳动节", (4, 28), (5, 11)),
            ("中秋节", (9, 14)),
            ("国庆节", (9, 29), (10, 12)),
        ),
    ),
    2025: (
        (
            ("元旦", (1, 1), (1, 1)),
            ("春节", (1, 28), (2, 4)),
            ("清明节", (4, 4), (4, 6)),
            ("劳动节", (5, 1), (5, 5)),
            ("端午节", (5, 31), (6, 2)),
            ("国庆节、中秋节", (10, 1), (10, 8)),
        ),
        (
            ("春节", (1, 26), (2, 8)),
            ("劳动节", (4, 27)),
            ("国庆节、中秋节", (9, 28), (10, 11)),
        ),
    ),
    2026: (
        (
            ("元旦", (1, 1), (1, 3)),
            ("春节", (2, 15), (2, 23)),
            ("清明节", (4, 4), (4, 6)),
            ("劳动节", (5, 1), (5, 5)),
            ("端午节", (6, 19), (6, 21)),
            ("中秋节", (9, 25), (9, 27)),
            ("国庆节", (10, 1), (10, 7)),
        ),
        (
            ("元旦", (1, 4)),
            ("春节", (2, 14), (2, 28)),
            ("劳动节", (5, 9)),
            ("国庆节", (9, 20), (10, 10)),
        ),
    ),
}


def days_of(year):
    holidays, worked = ANNOUNCED[year]
    for name, first, last in holidays:
        start = date(year, *first)
        for n in range((date(year, *last) - start).days + 1):
            yield start + timedelta(days=n), "rest", name
    for name, *days in worked:
        for day in days:
            yield date(year, *day), "work", name


def enter(apps, schema_editor):
    CalendarYear = apps.get_model("workdays", "CalendarYear")
    DayOff = apps.get_model("workdays", "DayOff")
    for year in ANNOUNCED:
        days = list(days_of(year))
        entered = CalendarYear.objects.create(
            year=year,
            source=f"国务院办公厅关于 {year} 年部分节假日安排的通知",
            digest=digest_of(days),
        )
        DayOff.objects.bulk_create(
            DayOff(calendar_year=entered, on=on, kind=kind, name=name) for on, kind, name in days
        )


class Migration(migrations.Migration):
    dependencies = [("workdays", "0001_initial")]

    operations = [migrations.RunPython(enter, migrations.RunPython.noop, elidable=False)]
