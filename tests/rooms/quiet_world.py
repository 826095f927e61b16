"""Quiet periods of the city as its coordinating office registers them."""

from __future__ import annotations

from datetime import date

from liancha.accounts.models import Region
from liancha.rulebook.quiet import Strength
from liancha.workdays import actions
from liancha.workdays.models import QuietPeriod
from tests.people import NOON, Cast

DOCUMENT = "洛政办〔2026〕12号"


def quiet_months(cast: Cast, **changes) -> QuietPeriod:
    """Quiet from the first to the twentieth of every month, unless told otherwise."""
    return _add(cast, {"kind": "monthly", "until_day": 20, "starts_on": date(2026, 1, 1)} | changes)


def quiet_stretch(cast: Cast, first: date, last: date | None = None, **changes) -> QuietPeriod:
    """Quiet from first to last, or on the first alone."""
    return _add(cast, {"kind": "dated", "starts_on": first, "ends_on": last or first} | changes)


def _add(cast: Cast, said: dict[str, object]) -> QuietPeriod:
    usual = {"title": "企业安静期", "source": DOCUMENT, "strength": Strength.REASON}
    region = Region.objects.get(pk=said.pop("region", "410300"))
    return actions.add_quiet_period(**usual | said, region=region, by=cast.zhou, at=NOON)
