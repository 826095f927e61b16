"""Quiet periods: days on which daily checks leave firms alone (安静期, E17).

A region's own practice, off until somebody registers one, and never law: the Measures name no such
days. What is asked here is a remark or a written reason, never a refusal for good, and nothing
here is printed as a legal duty. Only going there counts: a check off the spot disturbs nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from .coverage import TaskSource
from .deadlines import Calendar
from .verdicts import Blocked, NeedsReason
from .wording import Worded

LAST_DAY = 27  # of a monthly period: some days of every month must be left
LONGEST = 366  # days of a dated period
LONGEST_REASON = 200  # letters
KAIFENG = "《开封市规范行政执法十条措施（试行）》第一条"  # S33, 30 September 2025


class QuietKind(Worded):
    """How a period says its days."""

    MONTHLY = "monthly", "每月 1 日起"
    DATED = "dated", "一段日期"


class Strength(Worded):
    """What a check planned into the period meets."""

    OFF = "off", "不启用"
    WARN = "warn", "提醒"
    REASON = "reason", "写明例外情形"


class Exemption(Worded):
    """Which checks go there all the same."""

    SUPERIOR = "superior", "上级交办、统一部署"
    REFERRED = "referred", "部门转办"
    COMPLAINT = "complaint", "投诉举报、问题线索"
    CASE = "case", "案件查处"
    PERMIT = "permit", "行政许可现场勘验"
    SAFETY = "safety", "直接涉及公众安全和生命健康的行业、领域"
    STATE_OWNED = "state_owned", "国有独资或控股企业"
    CAMPAIGN = "campaign", "经批准的专项检查"
    RISK = "risk", "突发风险"
    OTHER = "other", "其他"

    @property
    def source(self) -> str:
        """Where the exemption is from, for the page."""
        return _SOURCES[self]


_SOURCES = {
    **dict.fromkeys(
        (
            Exemption.SUPERIOR,
            Exemption.REFERRED,
            Exemption.COMPLAINT,
            Exemption.CASE,
            Exemption.PERMIT,
            Exemption.SAFETY,
            Exemption.STATE_OWNED,
        ),
        KAIFENG,
    ),
    Exemption.CAMPAIGN: "开封市对《十条措施》的解读",
    Exemption.RISK: "《实施办法》第十三条第二款",
    Exemption.OTHER: "本地做法",
}
_BY_SOURCE = {
    TaskSource.SUPERIOR: Exemption.SUPERIOR,
    TaskSource.SPECIAL: Exemption.CAMPAIGN,
    TaskSource.RISK: Exemption.RISK,
}


@dataclass(frozen=True, slots=True)
class Quiet:
    """One period of a region.

    starts_on  first day it holds
    ends_on    last day it holds, None for a monthly one without an end
    until_day  of a monthly one: quiet from the first to this day of each month
    source     the document it rests on
    region     whose it is, in words
    """

    title: str
    source: str
    strength: Strength
    starts_on: date
    ends_on: date | None = None
    until_day: int | None = None
    region: str = ""

    def holds_on(self, day: date) -> bool:
        """Whether firms are left alone that day. A period that is off holds on none."""
        if self.strength is Strength.OFF or day < self.starts_on:
            return False
        if self.ends_on is not None and day > self.ends_on:
            return False
        return self.until_day is None or day.day <= self.until_day

    @property
    def days(self) -> str:
        """每月 1 日至 20 日, 2026-06-07 至 2026-06-10."""
        if self.until_day is not None:
            return f"每月 1 日至 {self.until_day} 日"
        if self.ends_on in (None, self.starts_on):
            return f"{self.starts_on}"
        return f"{self.starts_on} 至 {self.ends_on}"

    @property
    def word(self) -> str:
        return f"“{self.title}”（{self.days}）"


@dataclass(frozen=True, slots=True)
class Exempted:
    """An exemption somebody claimed, and their words; code "" is none."""

    code: str = ""
    reason: str = ""

    @classmethod
    def of(cls, posted: Mapping[str, Any]) -> Exempted | None:
        """What the page that asks for it sent: `reason_code` and `reason`; None for neither."""
        code, reason = posted.get("reason_code", ""), posted.get("reason", "")
        return cls(str(code), str(reason)) if code or reason else None


@dataclass(frozen=True, slots=True)
class Span:
    """Neighbouring days on which the same periods hold, both days counted."""

    first: date
    last: date
    periods: tuple[Quiet, ...]


def holding(periods: Iterable[Quiet], day: date) -> tuple[Quiet, ...]:
    """The periods that hold on a day.

    Source: E17, local practice.
    """
    return tuple(each for each in periods if each.holds_on(day))


def met(periods: Sequence[Quiet], first: date, last: date) -> tuple[Quiet, ...]:
    """The periods that hold on some day from first to last, in the order of their days.

    Source: E17, local practice.
    """
    found = spans(periods, first, last)
    return tuple(dict.fromkeys(each for span in found for each in span.periods))


def spans(periods: Sequence[Quiet], first: date, last: date) -> tuple[Span, ...]:
    """The quiet days from first to last as a calendar shows them.

    Source: E17, local practice.
    """
    found: list[Span] = []
    for day in _days(first, last):
        if not (here := holding(periods, day)):
            continue
        before = found[-1] if found else None
        if before and before.periods == here and before.last + timedelta(days=1) == day:
            found[-1] = Span(before.first, day, here)
        else:
            found.append(Span(day, day, here))
    return tuple(found)


def open_days(
    periods: Sequence[Quiet], first: date, last: date, calendar: Calendar
) -> tuple[date, ...]:
    """Working days from first to last outside every period; Monday to Friday of unknown years.

    Source: E17, local practice.
    """
    works = calendar.is_likely_worked
    return tuple(day for day in _days(first, last) if works(day) and not holding(periods, day))


def implied(source: str, *, is_surprise: bool = False) -> Exempted | None:
    """The exemption a check has by what it is: an order or a risk with its document, a clue.

    Source: E17 and S33; art. 13, paragraph 2, and art. 21, paragraph 1, for the documents.
    """
    if is_surprise:
        return Exempted(Exemption.COMPLAINT, "有问题线索的突击检查")
    code = _BY_SOURCE.get(TaskSource(source))
    return Exempted(code, f"任务来源是{TaskSource(source).label}") if code else None


def check_day(
    periods: Sequence[Quiet], day: date, *, what: str, exempted: Exempted | None = None
) -> tuple[str, ...]:
    """A visit on a quiet day is remarked, or needs an exemption. Returns remarks (WARN).

    Raises NeedsReason.
    Source: E17, local practice; art. 20, paragraph 2, for who negotiates the day.
    """
    here = holding(periods, day)
    if not here:
        return ()
    return _answer(here, f"{what} {day} 在安静期内", exempted, article="20", paragraph=2)


def check_window(
    periods: Sequence[Quiet],
    first: date,
    last: date,
    *,
    what: str,
    calendar: Calendar,
    exempted: Exempted | None = None,
) -> tuple[str, ...]:
    """A stretch of days that leaves none for visits is remarked, or needs an exemption.

    Where some working days are left, the remark says how many: the visits go there.
    Raises NeedsReason.
    Source: E17, local practice; art. 17, paragraph 1, 工作阶段安排.
    """
    here = met(periods, first, last)
    if not here:
        return ()
    said = f"{what} {first} 至 {last}"
    if left := open_days(periods, first, last, calendar):
        words = "、".join(each.word for each in here)
        return (
            f"{said} 中有安静期：{words}。可以入企的有 {len(left)} 个工作日，从 {left[0]} 起。",
        )
    return _answer(here, f"{said} 全在安静期内", exempted, article="17", paragraph=1)


def window_remarks(
    periods: Sequence[Quiet],
    first: date,
    last: date,
    *,
    what: str,
    calendar: Calendar,
    exempted: Exempted | None = None,
) -> tuple[str, ...]:
    """What check_window has to say of a stretch, for a page that only tells it.

    Source: E17, local practice.
    """
    try:
        return check_window(periods, first, last, what=what, calendar=calendar, exempted=exempted)
    except NeedsReason as needs:
        return (str(needs),)


def check_exempted(exempted: Exempted, *, article: str = "20", paragraph: int = 2) -> None:
    """An exemption is one of the table and has its reason in words.

    Raises NeedsReason.
    Source: E17 and S33, local practice.
    """
    words = len(exempted.reason.strip())
    if exempted.code not in list(Exemption) or not 0 < words <= LONGEST_REASON:
        long = f"理由有 {words} 字，最多 {LONGEST_REASON} 字。" if words > LONGEST_REASON else ""
        raise NeedsReason(
            f"安静期内入企要选一种例外情形，并写明理由。{long or '两项都要填。'}",
            article=article,
            paragraph=paragraph,
            codes=Exemption.choices(),
        )


def check_period(
    *,
    kind: QuietKind,
    title: str,
    source: str,
    first: date,
    last: date | None,
    until_day: int | None,
) -> None:
    """A period has a name, a document and days that leave room for checks.

    Raises Blocked.
    Source: E17, local practice; art. 6, paragraph 1, for whose word it is.
    """
    fault = ""
    if not title.strip() or not source.strip():
        fault = "安静期要有名称和依据文件。请补全。"
    elif last is not None and last < first:
        fault = f"结束日期 {last} 早于开始日期 {first}。请改正。"
    elif kind is QuietKind.MONTHLY and not 1 <= (until_day or 0) <= LAST_DAY:
        fault = (
            f"每月的安静期从 1 日起，到 1 日至 {LAST_DAY} 日之间的一天止，月末要留出检查的日子。"
        )
    elif kind is QuietKind.DATED and last is None:
        fault = "还没有结束日期。请填写这段安静期的最后一天。"
    elif kind is QuietKind.DATED and last is not None and (last - first).days >= LONGEST:
        fault = f"一段安静期最长 {LONGEST} 天。长期有效的，请按每月登记。"
    if fault:
        raise Blocked(fault, article="6", paragraph=1)


def _answer(
    here: Sequence[Quiet], said: str, exempted: Exempted | None, *, article: str, paragraph: int
) -> tuple[str, ...]:
    """A remark; or, where a period wants it, the question which exemption applies."""
    words = "、".join(each.word for each in here)
    if exempted is not None and exempted.code:
        check_exempted(exempted, article=article, paragraph=paragraph)
        word = Exemption(exempted.code).label
        return (f"{said}：{words}，按例外情形“{word}”办理：{exempted.reason.strip()}。",)
    if all(each.strength is Strength.WARN for each in here):
        return (f"{said}：{words}。日常检查请尽量安排在其他日子。",)
    sources = "、".join(dict.fromkeys(each.source for each in here))
    raise NeedsReason(
        f"{said}：{words}。请改日子，或选择例外情形并写明理由（本地做法，依据{sources}）。",
        article=article,
        paragraph=paragraph,
        codes=Exemption.choices(),
    )


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))
