"""Reading the yearly holiday notice as it is published, or a table of days.

The text of 国务院办公厅关于……部分节假日安排的通知 is pasted whole; the sentences with dates are
read, checked against their own weekdays and day counts, and everything else is left aside. Nothing
is fetched, and nothing doubtful is taken silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from liancha.rulebook.deadlines import WEEKDAYS, DayKind, calendar_faults

FULL_WIDTH = str.maketrans("０１２３４５６７８９，：；", "0123456789,:;")
HEADING = re.compile(r"^[一二三四五六七八九十]+、\s*([^:]{1,16}):(.*)$")
DAY = re.compile(
    r"(?:(?P<year>\d{4})年)?(?:(?P<month>\d{1,2})月)?(?P<day>\d{1,2})日"
    r"(?:\((?P<note>[^()]*)\))?"
)
COUNT = re.compile(r"共(\d{1,2})天")
TITLE = re.compile(r"关于(\d{4})年.{0,6}节假日安排的通知")
SIGNED = re.compile(r"^\d{4}年\d{1,2}月\d{1,2}日$")
ISO = r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
ROW = re.compile(rf"^{ISO}(?:\s*(?:至|到|~|—|,|\t)\s*{ISO})?[\s,]*(放假|休息?|上班|班)[\s,]*(\S*)$")
NAME_LETTERS = 20


@dataclass(frozen=True, slots=True)
class Day:
    """One day that differs from Monday to Friday, and the holiday it belongs to."""

    on: date
    kind: DayKind
    name: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says.

    faults   Chinese sentences, each with its line: nothing may be published while there is one
    remarks  what was left aside and is worth knowing
    """

    days: tuple[Day, ...]
    faults: tuple[str, ...]
    remarks: tuple[str, ...]


def read(text: str, *, year: int) -> Reading:
    """Read a notice or a table of one year.

    A table row is `2026-02-15 至 2026-02-23 放假 春节` or `2026-02-14 上班 春节`, with blanks,
    commas or tabs between.
    """
    days: list[Day] = []
    faults: list[str] = []
    remarks: list[str] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.translate(FULL_WIDTH).replace("（", "(").replace("）", ")").strip(" \u3000\t")
        try:
            if row := ROW.match(line):
                days += _table_row(row)
            elif heading := HEADING.match(line):
                days += _sentences(heading[1].strip(), heading[2], year)
            elif title := TITLE.search(line.replace(" ", "")):
                if int(title[1]) != year:
                    raise ValueError(f"这是 {title[1]} 年的通知，现在填的是 {year} 年")
            elif _has_a_day(line) and not SIGNED.match(line):
                raise ValueError("没有看懂这一行，请改成“2026-02-14 上班 春节”这样的写法")
        except ValueError as fault:
            faults.append(f"第 {number} 行：{fault}。")
    outside = [day.on for day in days if day.on.year != year]
    if outside:
        listed = "、".join(str(on) for on in outside)
        remarks.append(f"{listed} 不在 {year} 年，没有计入；请到那一年的日历中核对。")
    days = [day for day in days if day.on.year == year]
    if not faults:
        faults += calendar_faults(year, [(day.on, day.kind) for day in days])
    return Reading(tuple(sorted(days, key=lambda day: day.on)), tuple(faults), tuple(remarks))


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring days of one holiday: 2026-02-15 to 2026-02-23, 放假, 春节."""

    first: date
    last: date
    kind: DayKind
    name: str

    @property
    def length(self) -> int:
        return (self.last - self.first).days + 1


def runs(days: Mapping[date, tuple[DayKind, str]]) -> tuple[Run, ...]:
    """The days, neighbours of the same holiday joined, in order."""

    def run(each: tuple[int, date]) -> tuple[date, DayKind, str]:
        place, on = each
        return (on - timedelta(days=place), *days[on])

    found = []
    for (_, kind, name), group in groupby(enumerate(sorted(days)), key=run):
        ons = [on for _, on in group]
        found.append(Run(ons[0], ons[-1], kind, name))
    return tuple(found)


def written(days: Mapping[date, tuple[DayKind, str]]) -> str:
    """The days as table rows: what `read` takes back."""
    return "\n".join(
        f"{each.first}{f' 至 {each.last}' if each.length > 1 else ''} "
        f"{each.kind.label} {each.name}".rstrip()
        for each in runs(days)
    )


def differences(
    before: Mapping[date, tuple[DayKind, str]], after: Sequence[Day]
) -> tuple[tuple[date, bool, bool], ...]:
    """Days that are worked under one arrangement and not under the other: (day, before, after)."""
    then = {day.on: (day.kind, day.name) for day in after}
    found = []
    for on in sorted(before.keys() | then.keys()):
        was, will = _is_worked(on, before), _is_worked(on, then)
        if was is not will:
            found.append((on, was, will))
    return tuple(found)


def _is_worked(on: date, days: Mapping[date, tuple[DayKind, str]]) -> bool:
    return days[on][0] is DayKind.WORK if on in days else on.weekday() < 5


def _has_a_day(line: str) -> bool:
    return re.search(rf"\d{{1,2}}月\d{{1,2}}日|{ISO}", line) is not None


def _table_row(row: re.Match[str]) -> Iterator[Day]:
    first = _date(int(row[1]), int(row[2]), int(row[3]))
    last = _date(int(row[4]), int(row[5]), int(row[6])) if row[4] else first
    kind = DayKind.WORK if "班" in row[7] else DayKind.REST
    yield from _run(first, last, kind, row[8])


def _sentences(name: str, body: str, year: int) -> Iterator[Day]:
    """元旦:1月1日(周四)至3日(周六)放假调休,共3天。1月4日(周日)上班。"""
    for sentence in filter(None, re.split(r"[。;]", body.replace(" ", ""))):
        if "上班" in sentence:
            for first, last in _spans(sentence, year):
                yield from _run(first, last, DayKind.WORK, name)
        elif "放假" in sentence:
            rest = [
                day
                for first, last in _spans(sentence[: sentence.index("放假")], year)
                for day in _run(first, last, DayKind.REST, name)
            ]
            if (count := COUNT.search(sentence)) and int(count[1]) != len(rest):
                raise ValueError(f"{name}写明共 {count[1]} 天，读到 {len(rest)} 天")
            yield from rest
        elif _has_a_day(sentence):
            raise ValueError(f"“{sentence}”没有写明放假还是上班")


def _spans(text: str, year: int) -> list[tuple[date, date]]:
    """The days a text names, 至 joining two; month and year go on until another is named."""
    found: list[tuple[date, date]] = []
    month, end = None, 0
    for match in DAY.finditer(text):
        year = int(match["year"] or year)
        month = int(match["month"]) if match["month"] else month
        if month is None:
            raise ValueError(f"“{match[0]}”前面没有月份")
        on = _date(year, month, int(match["day"]))
        weekday = re.search(r"(?:周|星期)([一二三四五六日天])", match["note"] or "")
        if weekday and weekday[1].replace("天", "日") != WEEKDAYS[on.weekday()]:
            raise ValueError(f"{on} 是周{WEEKDAYS[on.weekday()]}，通知写作{weekday[0]}，请核对年度")
        if found and text[end : match.start()] == "至":
            found[-1] = (found[-1][0], on)
        else:
            found.append((on, on))
        end = match.end()
    return found


def _run(first: date, last: date, kind: DayKind, name: str) -> Iterator[Day]:
    if not 0 <= (last - first).days <= 31:
        raise ValueError(f"{first} 至 {last} 不像一个假期，请核对")
    for n in range((last - first).days + 1):
        yield Day(first + timedelta(days=n), kind, _named(name))


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError(f"没有 {year} 年 {month} 月 {day} 日这一天") from None


def _named(name: str) -> str:
    if len(name) > NAME_LETTERS:
        raise ValueError(f"名称“{name}”超过 {NAME_LETTERS} 个字")
    return name
