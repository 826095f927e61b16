"""How dates, numbers and states are written on every page, as the design page fixes it.

Pure: a value in, Chinese text out. Nothing here knows HTML, the clock or the database; the tags
and filters in `templatetags` call it, and so may whoever writes a sentence for a message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from django.utils import timezone

WEEKDAYS = "一二三四五六日"
ABSENT = "—"
LONGEST_DEPARTMENT = 10
COUNTY = re.compile(r"^(?!洛阳).{1,5}?[区县]")
KIND_OF_DEPARTMENT = re.compile(r"(局|委员会|分局|大队|支队)$")

Number = int | Fraction | Decimal


def local(value: date | datetime) -> date | datetime:
    """A moment in the city's own time; a date as it is."""
    if isinstance(value, datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value


def day(value: date | datetime) -> str:
    """2026-11-23 周一."""
    value = local(value)
    return f"{value:%Y-%m-%d} 周{WEEKDAYS[value.weekday()]}"


def day_short(value: date | datetime, *, today: date | None = None) -> str:
    """11-23 within this year, 2025-11-23 otherwise."""
    value = local(value)
    year = (today or timezone.localdate()).year
    return f"{value:%m-%d}" if value.year == year else f"{value:%Y-%m-%d}"


def weekday(value: date | datetime) -> str:
    """周一."""
    return f"周{WEEKDAYS[local(value).weekday()]}"


def moment(value: datetime) -> str:
    """2026-11-23 10:16."""
    return f"{local(value):%Y-%m-%d %H:%M}"


def clock(value: datetime) -> str:
    """10:16."""
    return f"{local(value):%H:%M}"


def span(start: date, end: date, *, today: date | None = None) -> str:
    """11-26 至 12-11; years only where they are not this one; one day only once."""
    if start == end:
        return day_short(start, today=today)
    if start.year == end.year != (today or timezone.localdate()).year:
        return f"{start:%Y-%m-%d} 至 {end:%m-%d}"
    return f"{day_short(start, today=today)} 至 {day_short(end, today=today)}"


def thousands(value: Number) -> str:
    """1,286. Fractions are not rounded here; see `percent`."""
    return f"{value:,}"


def wan(value: int) -> str:
    """1,286 below ten thousand, 1.2 万 from there on: for prose, never for tables."""
    if abs(value) < 10_000:
        return f"{value:,}"
    tenths = Decimal(value) / 10_000
    return f"{tenths.quantize(Decimal('0.1'), ROUND_HALF_UP).normalize():,f} 万"


def percent(value: Number, digits: int = 1) -> str:
    """A ratio as 98.7%, rounded half up, without trailing zeros: 1 is 100%, 1/50 is 2%.

    A very small one has as many places as it needs not to read as nothing: 1/4900 is 0.02%.
    """
    exact = Fraction(value) * 100
    while 0 < abs(exact) * 10**digits < Fraction(1, 2):
        digits += 1
    scale = 10**digits
    scaled = exact * scale
    rounded = (abs(scaled) + Fraction(1, 2)).__floor__() * (-1 if scaled < 0 else 1)
    text = f"{Decimal(rounded) / scale:.{digits}f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"


def initial(name: str) -> str:
    """The first character of a person's or department's name; 市 and 洛阳市 are passed over."""
    for prefix in ("洛阳市", "市"):
        if name.startswith(prefix) and len(name) > len(prefix) + 1:
            name = name.removeprefix(prefix)
            break
    return name[:1]


def department(name: str, short: str = "") -> str:
    """市公安局: the name without the city's; where that is still long, 老城区发改委."""
    within = name.removeprefix("洛阳") if name.startswith("洛阳市") else name
    if len(within) <= LONGEST_DEPARTMENT or not short:
        return within
    place = COUNTY.match(name)
    kind = KIND_OF_DEPARTMENT.search(name)
    return (
        f"{place[0] if place else '市' if '洛阳市' in name else ''}"
        f"{short}{kind[0].removesuffix('员会') if kind else ''}"
    )


def short_digest(digest: str) -> str:
    """9267a087…07acce: eight digits, six digits. Shorter texts stay whole."""
    return digest if len(digest) <= 16 else f"{digest[:8]}…{digest[-6:]}"


@dataclass(frozen=True, slots=True)
class Tone:
    """How a kind of state looks: `name` is the tag's data-s, `icon` a bootstrap-icons name."""

    name: str
    icon: str


TONES: dict[str, Tone] = {
    name: Tone(name, icon)
    for name, icon in (
        ("draft", "pencil"),
        ("rest", "archive"),
        ("review", "hourglass-split"),
        ("cosign", "people"),
        ("active", "play-fill"),
        ("back", "arrow-return-left"),
        ("locked", "lock-fill"),
        ("public", "megaphone"),
        ("done", "check-lg"),
        ("over", "exclamation-lg"),
        ("bad", "exclamation-triangle"),
        ("void", "slash-circle"),
    )
}


def _by_state(rows: Iterable[tuple[str, str]]) -> dict[str, Tone]:
    return {state: TONES[tone] for tone, states in rows for state in states.split()}


# Every state of rulebook/lifecycles.py by its value. Where a room's own code list uses the same
# word otherwise, the row names the record: a Target that is "active" is 存续.
STATE_TONES: dict[str, Tone] = _by_state(
    (
        ("draft", "draft"),
        ("rest", "archived lapsed"),
        (
            "review",
            "created consulting scheme_submitted requested rule_logged notified pending waiting"
            " open to_enter entered audited completed proposed Target.suspended",
        ),
        ("cosign", "cosigning committing"),
        (
            "active",
            "scheme_approved pool_frozen targets_drawn dispatched inspectors_drawn teams_set"
            " inspecting in_progress running started",
        ),
        ("back", "returned refused postponed declined Target.moved"),
        ("locked", "frozen closed locked"),
        ("public", "published results_published"),
        ("done", "approved accepted done signed annotated FollowUp.closed Target.active"),
        ("bad", "failed Target.revoked Target.withdrawn"),
        ("void", "void cancelled superseded"),
    )
)


def tone_of(state: object, *, record: str = "") -> Tone:
    """How a state looks: by record and value, by value, or by the name of a tone; else grey."""
    value = str(getattr(state, "value", state))
    for key in (f"{record}.{value}", value):
        if key in STATE_TONES:
            return STATE_TONES[key]
    return TONES.get(value, TONES["draft"])
