"""What a clerk wrote in a cell of a plan: rates of several classes, days of the year, departments.

Reads words and nothing else: whether a line may say it is for the actions. What has no single
reading is refused with what to write instead.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from liancha.papers.readers import Row
from liancha.rulebook.verdicts import Blocked

_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*[%％]?")
_FRACTION = re.compile(r"([0-9]{1,9})\s*/\s*([0-9]{1,9})")
_WIDE = {wide: wide - 0xFEE0 for wide in map(ord, "０１２３４５６７８９．／")}
_FIXED = re.compile(r"([0-9]{1,7})\s*[户家个所座]")

_UNIT = "[户家个所座处台辆件批名]"
_BASE = re.compile(rf"(?:抽查)?(?:基数)?[为:]?([0-9][0-9,]*){_UNIT}")
_NAMED_BASE = re.compile(rf"(?:抽查)?基数[为:]?([0-9][0-9,]*){_UNIT}?[,;、，；]?")
_COUNT = re.compile(rf"(?:拟抽|计划抽|应抽|共抽|合计抽?)取?[为:]?[0-9][0-9,]*{_UNIT}")
_TIMES = re.compile(r"(?:每年|全年|频次)?[为:]?([0-9]{1,2})次(?:/年)?")
_LAST_TIMES = re.compile(r"[，,、]\s*(?:每年|全年|频次)?\s*([0-9]{1,2})\s*次(?:/年)?$")
_IN_WORDS = re.compile(r"百分之\s*([0-9.]+|[零〇一二两三四五六七八九十百点]+)")
_AT_LEAST = re.compile(r"\s*[（(]\s*且?(不少于\s*[0-9]+\s*[户家个所座])\s*[)）]")
_BARE = re.compile(r"(?:[0-9]*\.[0-9]+|1(?:\.0+)?)")
_DIGITS = {each: place for place, each in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_AFTER_NAME = r"(?:类|级|档)?(?:企业|对象)?(?:的|为|按|抽查|抽取|比例|[:：])*"
REST_WORDS = ("其余", "其他", "其它", "余下")
EACH_COUNTY = ("各县区", "每县区", "各县(区)", "每县(区)", "各县", "每个县", "各区县", "每区县")
MOST_PARTS = 60
QUOTES = "'‘’`"  # before what Excel is to take for text

_DATE = r"(?:([0-9]{4})[年./-])?([0-9]{1,2})(?:月(?:([0-9]{1,2})[日号]?)?|[./-]([0-9]{1,2})[日号]?)"
_TO = "(?:至|到|-)"
_SPAN = re.compile(f"{_DATE}{_TO}{_DATE}")
_MONTHS = re.compile(rf"(?:([0-9]{{4}})年)?([0-9]{{1,2}})月?{_TO}([0-9]{{1,2}})月(?:份|底|末)?")
_MONTH = re.compile(r"(?:([0-9]{4})年)?([0-9]{1,2})月份?")
_QUARTERS = re.compile(
    rf"(?:([0-9]{{4}})年)?第?([1-4一二三四])(?:季度)?(?:{_TO}第?([1-4一二三四]))?季度"
)
_HALVES = {"上半年": (1, 6), "下半年": (7, 12)} | dict.fromkeys(
    ("全年", "全年度", "年内", "本年", "本年度"), (1, 12)
)
_ORDINALS = {"一": 1, "二": 2, "三": 3, "四": 4}


def read_rate(text: str) -> tuple[str, int | None]:
    """A rate as it is typed: ("1/50", None) for 2 or 2%, ("1/3", None), ("", 9) for 9户.

    Digits may be full-width, as an input method leaves them. Raises ValueError. Exact: nothing
    passes through a float.
    """
    text = text.translate(_WIDE).strip()
    if found := _FIXED.fullmatch(text):
        return "", int(found[1])
    if found := _FRACTION.fullmatch(text):
        if int(found[2]) == 0:
            raise ValueError("分母不能是 0")
        return f"{int(found[1])}/{int(found[2])}", None
    if found := _PERCENT.fullmatch(text):
        ratio = Fraction(Decimal(found[1])) / 100
        return f"{ratio.numerator}/{ratio.denominator}", None
    raise ValueError("不是数")


def plain(text: str) -> str:
    """Half-width and without blanks, dashes in one spelling."""
    found = "".join(unicodedata.normalize("NFKC", text).split())
    return re.sub("[–—―~〜～−]+", "-", found)


def check_each(text: str, *, is_by_county: bool, is_whole: bool = False) -> None:
    """Words for every county fit a line that is cut by counties: elsewhere they would say so many
    of the whole.

    is_whole  the line is not cut at all, so that 各 has nothing to be said of

    Raises Blocked.
    Source: art. 14, 抽查基数和比例. Clause 14.1.
    """
    said = plain(text)
    is_each = any(plain(word) in said for word in EACH_COUNTY)
    if (is_each and not is_by_county) or (is_whole and said.startswith("各")):
        raise Blocked(
            f"“{text.strip()}”是每一份各抽多少，这里没有这样分层，会按总数来抽。"
            "请改为按县区分层（或逐层填写），或写明一共抽多少。",
            article="14",
        )


def is_same(one: str, other: str) -> bool:
    """Whether two cells say the same, however they are spaced and whatever their width."""
    return plain(one) == plain(other)


@dataclass(frozen=True, slots=True)
class Said:
    """What a cell of 抽查基数和比例 says.

    by_class   (stratum as the cut calls it, words), each once, in their order; empty for one rate
    overall    the words of one rate for everybody, "" where classes have their own
    rest       the words for all classes that are not named
    cut        which of the cuts the classes are of; "" where none is named
    base       the number written as 基数; the registry's own counts
    frequency  rounds a year
    """

    by_class: tuple[tuple[str, str], ...] = ()
    overall: str = ""
    rest: str = ""
    cut: str = ""
    base: int | None = None
    frequency: int | None = None


def shares(text: str, cuts: Mapping[str, Mapping[str, str]]) -> Said:
    """Read 抽查基数和比例: "240 户；A 2%、B 5%；拟抽 18 户", "5%", "60–70家", "A类1%，其余5%".

    cuts  by the name of a way of cutting: word for a class → what the cut calls it; the first cut
          that knows every word counts

    Nothing is checked of the rates themselves. Raises Blocked for a class that is named twice or
    has no rate, and for a number alone that may be a share or a percentage (0.05, 1).
    Source: art. 14, 抽查基数和比例.
    """
    base: int | None = None
    frequency: int | None = None
    text = _with_signs(text.strip())
    if found := _LAST_TIMES.search(text):
        frequency, text = int(found[1]), text[: found.start()]
    if found := _NAMED_BASE.match(plain(text)):
        base, text = _number(found[1]), plain(text)[found.end() :]
    parts: list[str] = []
    pieces = [each.strip() for each in re.split(r"[；;\n]", text) if each.strip()]
    for place, piece in enumerate(pieces):
        bare = plain(piece)
        if place == 0 and len(pieces) > 1 and (found := _BASE.fullmatch(bare)):
            base = _number(found[1])
        elif found := _TIMES.fullmatch(bare):
            frequency = int(found[1])
        elif not _COUNT.fullmatch(bare):
            parts.append(piece)
    rest = "；".join(parts)
    _refuse_bare(rest)
    for cut, words in cuts.items():
        if classes := _by_class(rest, words):
            return Said(*classes, cut, base, frequency)
    if any(plain(rest).startswith(plain(word)) for word in EACH_COUNTY):
        return Said((), rest, "", "region", base, frequency)
    return Said((), rest, "", "", base, frequency)


def own_shares(text: str) -> tuple[int | None, str]:
    """(base, words of the share) of a department's own line: "200 户；5%；拟抽 10 户".

    Nobody else counts its base, so the number counts. Only what calls itself planned to be drawn
    is left out: 9户 by itself is a share. Raises Blocked as `shares` for a number alone.
    Source: art. 14, 抽查基数和比例.
    """
    base: int | None = None
    text = _with_signs(text.strip())
    if found := _NAMED_BASE.match(plain(text)):
        base, text = _number(found[1]), plain(text)[found.end() :]
    pieces = [each.strip() for each in re.split(r"[；;\n]", text) if each.strip()]
    if base is None and len(pieces) > 1 and (found := _BASE.fullmatch(plain(pieces[0]))):
        base = _number(found[1])
        pieces = pieces[1:]
    words = "；".join(each for each in pieces if not _COUNT.fullmatch(plain(each)))
    words = re.sub("^(?:抽查)?比例[为:：]?", "", words)
    _refuse_bare(words)
    return base, own_words(words)


def own_words(text: str) -> str:
    """The words of a share, where a number alone is a percentage: 5 is 5%."""
    bare = plain(text)
    return f"{bare}%" if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", bare) else text.strip()


def _with_signs(text: str) -> str:
    """百分之五 as 5%, 百分之十二点五 as 12.5%, 5%（不少于10户） as 5%且不少于10户."""

    def signed(found: re.Match[str]) -> str:
        whole, _, places = found[1].partition("点")
        if found[1][0].isascii():
            return f"{found[1]}%"
        number = in_digits(whole)
        if number is None or any(each not in _DIGITS for each in places):
            return found[0]
        after = "".join(str(_DIGITS[each]) for each in places)
        return f"{number}{'.' if after else ''}{after}%"

    return _AT_LEAST.sub(r"且\1", _IN_WORDS.sub(signed, text))


def in_digits(words: str) -> int | None:
    """五, 十, 二十五, 一百 and 百 as numbers; None for anything else."""
    if words in ("百", "一百"):
        return 100
    if words in _DIGITS:
        return _DIGITS[words]
    tens, ten, ones = words.partition("十")
    if not ten or tens not in {"", *_DIGITS} or ones not in {"", *_DIGITS}:
        return None
    return (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0)


def _refuse_bare(text: str) -> None:
    """A number alone, at most 1: Excel's 5% without its format is 0.05, and a clerk's 1 is 1%."""
    bare = plain(text)
    if _BARE.fullmatch(bare) and 0 < (number := Decimal(bare)) <= 1:
        share, percentage = f"{(number * 100).normalize():f}%", f"{number.normalize():f}%"
        raise _refused(
            "抽查基数和比例",
            text,
            f"看不出是 {share} 还是 {percentage}",
            f"请带上百分号，写成 {share} 或 {percentage}。",
        )


def _by_class(
    text: str, words: Mapping[str, str]
) -> tuple[tuple[tuple[str, str], ...], str, str] | None:
    """(classes, "", words of the rest), or None where not every part names a class."""
    if not words:
        return None
    names = "|".join(re.escape(each) for each in sorted({*words, *REST_WORDS}, key=_longest))
    pattern = re.compile(f"({names}){_AFTER_NAME}(.*)")
    named: dict[str, str] = {}
    waiting: list[str] = []
    rest = ""
    parts = [each.strip() for each in re.split(r"[、，,；;\n]", text) if each.strip()]
    for part in parts[:MOST_PARTS]:
        found = pattern.fullmatch("".join(unicodedata.normalize("NFKC", part).split()))
        if found is None:
            return None
        word, rate = found[1], found[2]
        if word in REST_WORDS and word not in words:
            rest = rate
            continue
        waiting.append(words[word])
        if not rate:
            continue
        for name in waiting:
            if name in named:
                raise _refused(
                    "抽查基数和比例", text, f"“{word}”的比例写了两次", "每一类只写一次。"
                )
            named[name] = rate
        waiting.clear()
    if waiting or not named:
        return None
    return tuple(named.items()), "", rest


def window(text: str, year: int) -> tuple[date, date]:
    """First and last day of "2026-03-01 至 2026-05-31", "3月至5月", "第二季度", "全年".

    year  the plan's, where the words name none

    Raises Blocked for what has no two ends.
    Source: art. 14, 时间安排.
    """
    said = plain(text)
    bare = re.sub(r"^[0-9]{4}年(?=[上下全])", "", said)
    try:
        if bare in _HALVES:
            named = re.match(r"[0-9]{4}(?=年)", said)
            return _months(int(named[0]) if named else year, *_HALVES[bare])
        if found := _SPAN.fullmatch(said):
            first_year = int(found[1] or year)
            last_year = int(found[5] or first_year)
            first = date(first_year, int(found[2]), int(found[3] or found[4] or 1))
            last_month, last_day = int(found[6]), found[7] or found[8]
            last = (
                date(last_year, last_month, int(last_day))
                if last_day
                else _months(last_year, last_month, last_month)[1]
            )
            return first, last
        if found := _MONTHS.fullmatch(said):
            return _months(int(found[1] or year), int(found[2]), int(found[3]))
        if found := _MONTH.fullmatch(said):
            return _months(int(found[1] or year), int(found[2]), int(found[2]))
        if found := _QUARTERS.fullmatch(said):
            first_of, last_of = _quarter(found[2]), _quarter(found[3] or found[2])
            return _months(int(found[1] or year), first_of * 3 - 2, last_of * 3)
    except ValueError:
        problem = "不是日历上的日子"
    else:
        problem = "读不出起止"
    raise _refused(
        "时间安排",
        text,
        problem,
        f"请写成 {year}-03-01 至 {year}-05-31、3月至5月、第二季度或全年。",
    )


def said_days(row: Row, was: tuple[date, date] | None) -> tuple[str, str]:
    """(column, words) of the days a row says, from one cell or from two; ("", "") for none.

    was  the days that stand there, for the half that a row leaves out
    """
    if row["window"] or not (row["starts_on"] or row["ends_on"]):
        return ("window", row["window"]) if row["window"] else ("", "")
    first, last = (each.isoformat() for each in was) if was else ("", "")
    return "starts_on", f"{row['starts_on'] or first} 至 {row['ends_on'] or last}"


def names(text: str) -> list[tuple[str, bool]]:
    """(name, whether it is marked as initiator) of 公安（发起）、卫健、市监, each once."""
    found: dict[str, bool] = {}
    for each in re.split(r"[、，,；;\n/]+|\s+(?=(?:发起|牵头|配合|参与)(?:部门)?[:：])", text):
        word = each.strip()
        bare = re.sub(
            r"\s*[（(](?:发起|牵头|配合|参与)[^）)]*[）)]|^(?:发起|牵头|配合|参与)(?:部门)?[:：]",
            "",
            word,
        )
        if bare:
            is_first = bool(re.search(r"[（(](?:发起|牵头)|^(?:发起|牵头)", word))
            found[bare.strip()] = found.get(bare.strip(), False) or is_first
    return list(found.items())


def items(text: str) -> list[str]:
    """Names of items, divided by semicolons or line breaks, without numbers before them."""
    found = (
        re.sub(r"^\s*[0-9]{1,2}[.、．]\s*", "", each).strip().rstrip("。")
        for each in re.split(r"[；;\n]", text)
    )
    return list(dict.fromkeys(each for each in found if each))


def words_for(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Words as `shares` wants them: without blanks, half-width; the first of a kind stays."""
    found: dict[str, str] = {}
    for word, value in pairs:
        found.setdefault(plain(word), value)
    return found


def _longest(word: str) -> tuple[int, str]:
    return -len(word), word


def _quarter(word: str) -> int:
    return _ORDINALS.get(word) or int(word)


def _months(year: int, first: int, last: int) -> tuple[date, date]:
    return date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1])


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def _refused(column: str, text: str, problem: str, cure: str) -> Blocked:
    said = text.strip()
    said = said if len(said) <= 40 else said[:40] + "…"
    return Blocked(f"{column}“{said}”{problem}。{cure}", article="14")
