"""The public values people here know: the Sunday lottery, ten dice on the table.

How each is named before it exists and which digits it can show. The protocol takes any source
with at least eight digits; these two come with their wording, so that nobody writes them in two
ways (draw protocol, §2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

LOTTERY_DAYS = (1, 3, 6)  # Tuesday, Thursday, Sunday
LOTTERY_TIME = time(21, 15)
RED, BLUE = 33, 16


@dataclass(frozen=True, slots=True)
class Preset:
    """One kind of beacon.

    wording  the source's text with {issue} where its number goes
    begins   how every text that means this source begins
    form     spelling with 0 for each digit
    odd      says what no such source can show, "" when the value may be
    evidence what to give as proof of the value
    """

    code: str
    label: str
    wording: str
    begins: str
    form: str
    hint: str
    evidence: str
    odd: Callable[[str], str]

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
PRESETS = {preset.code: preset for preset in (LOTTERY, DICE)}


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


def next_lottery(now: datetime) -> datetime:
    """The next drawing of the lottery that is at least an hour away, in the city's time."""
    for days in range(8):
        moment = datetime.combine(
            now.date() + timedelta(days=days), LOTTERY_TIME, tzinfo=now.tzinfo
        )
        if moment.weekday() in LOTTERY_DAYS and moment - now >= timedelta(hours=1):
            return moment
    raise AssertionError("there is a drawing every week")
