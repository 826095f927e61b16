"""The public values people here know: two lotteries, ten dice on the table.

How each is named before it exists and which digits it can show. The protocol takes any source
with at least eight digits; these come with their wording, so that nobody writes them in two
ways (draw protocol, §2).
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

RED, BLUE = 33, 16
FRONT, BACK = 35, 12
NATIONAL_DAYS = 4  # no lottery is drawn from 1 to 4 October


@dataclass(frozen=True, slots=True)
class Preset:
    """One kind of beacon.

    wording  the source's text with {issue} where its number goes
    begins   how every text that means this source begins
    form     spelling with 0 for each digit
    odd      says what no such source can show, "" when the value may be
    evidence what to give as proof of the value
    days     weekdays it is drawn on, Monday 0; () where there is no calendar of it
    at       when it is drawn on those days
    """

    code: str
    label: str
    wording: str
    begins: str
    form: str
    hint: str
    evidence: str
    odd: Callable[[str], str]
    days: tuple[int, ...] = ()
    at: time = time(0)

    @property
    def is_lottery(self) -> bool:
        return bool(self.days)

    def source(self, issue: str = "") -> str:
        return self.wording.format(issue=issue)


def _odd_lottery(value: str) -> str:
    reds, blue = value.split(" + ")
    balls = [int(ball) for ball in reds.split(" ")]
    if balls != sorted(set(balls)) or not 1 <= balls[0] <= balls[-1] <= RED:
        return f"红球应为 01 到 {RED} 之间的六个号码，从小到大，互不相同。请对照公告核对。"
    if not 1 <= int(blue) <= BLUE:
        return f"蓝球应在 01 到 {BLUE} 之间。请对照公告核对。"
    return ""


def _odd_super(value: str) -> str:
    front, back = ([int(ball) for ball in part.split(" ")] for part in value.split(" + "))
    for balls, most, word in ((front, FRONT, "前区"), (back, BACK, "后区")):
        if balls != sorted(set(balls)) or not 1 <= balls[0] <= balls[-1] <= most:
            return f"{word}应为 01 到 {most} 之间的号码，从小到大，互不相同。请对照公告核对。"
    return ""


def _odd_dice(value: str) -> str:
    if any(face not in "123456" for face in value.split(" ")):
        return "骰子的点数只有 1 到 6。请对照照片自左至右核对。"
    return ""


LOTTERY = Preset(
    code="lottery",
    label="双色球开奖号码",
    wording="双色球 第{issue}期 红球升序 + 蓝球",
    begins="双色球",
    form="00 00 00 00 00 00 + 00",
    hint="每周二、四、日 21:15 开奖。抽取会等到开奖后继续，各方不必守候。",
    evidence="开奖公告的网址或报纸名称",
    odd=_odd_lottery,
    days=(1, 3, 6),
    at=time(21, 15),
)
SUPER = Preset(
    code="super",
    label="大乐透开奖号码",
    wording="大乐透 第{issue}期 前区升序 + 后区升序",
    begins="大乐透",
    form="00 00 00 00 00 + 00 00",
    hint="每周一、三、六 21:25 开奖。抽取会等到开奖后继续，各方不必守候。",
    evidence="开奖公告的网址或报纸名称",
    odd=_odd_super,
    days=(0, 2, 5),
    at=time(21, 25),
)
DICE = Preset(
    code="dice",
    label="现场掷骰 10 枚",
    wording="现场掷骰 10 枚，自左至右",
    begins="现场掷骰",
    form="0 0 0 0 0 0 0 0 0 0",
    hint="在场各方看着掷，见证人读数，拍照存证。",
    evidence="读数的见证人、地点",
    odd=_odd_dice,
)
PRESETS = {preset.code: preset for preset in (LOTTERY, SUPER, DICE)}


def preset_of(form: str, source: str) -> Preset | None:
    """Which of ours a rule's beacon is, if any: by its spelling and how its name begins."""
    for preset in PRESETS.values():
        if form == preset.form and source.startswith(preset.begins):
            return preset
    return None


def odd_value(form: str, source: str, value: str) -> str:
    """Why the source can hardly have shown this value, "" if it may have.

    value  fits the form already
    """
    preset = preset_of(form, source)
    return preset.odd(value) if preset else ""


def next_lottery(
    now: datetime, preset: Preset = LOTTERY, *, spring: Set[date] = frozenset()
) -> datetime:
    """The next drawing of a lottery that is at least an hour away, in the city's time.

    spring  days of the Spring Festival holiday, when nothing is drawn
    """
    for days in range(31):
        on = now.date() + timedelta(days=days)
        moment = datetime.combine(on, preset.at, tzinfo=now.tzinfo)
        if _is_drawn(on, preset, spring) and moment - now >= timedelta(hours=1):
            return moment
    raise AssertionError("there is a drawing every fortnight")


def issue_on(on: date, preset: Preset, *, spring: Set[date]) -> str:
    """The issue drawn on this day, as the calendar has it: year and number within the year.

    A proposal, for a person to compare with the announcement: a drawing may be put off.
    """
    first = date(on.year, 1, 1)
    days = (first + timedelta(days=n) for n in range((on - first).days + 1))
    return f"{on.year}{sum(_is_drawn(day, preset, spring) for day in days):03d}"


def _is_drawn(on: date, preset: Preset, spring: Set[date]) -> bool:
    is_national = on.month == 10 and on.day <= NATIONAL_DAYS
    return on.weekday() in preset.days and not is_national and on not in spring
