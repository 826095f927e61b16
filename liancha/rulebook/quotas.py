"""How many a plan asks for: "5%", "60–70家", "≤10所的不少于2所，其余按5%", "全覆盖", "各2家".

A clerk's words become a count once the number of targets is known, and the count can be explained.
Whatever has no single reading is refused with what to write instead. Reading is exact: no floats.
Source: art. 14, 抽查基数和比例; art. 15, 设置不同的抽查比例; decision A29 for the rounding.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Final

from .verdicts import Blocked

LONGEST: Final = 80
MOST: Final = 2**53 - 1
ROUNDING: Final = "每层户数乘以比例，向上取整，不超过该层户数；比例大于 0 的非空层至少抽 1 户。"
RANGE: Final = "写成范围的取下限；库中不足下限的全部抽取。"

_UNIT = "[户家个所座处台辆件批名]"
_NUMBER = "([0-9]{1,9})"
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)%")
_RATIO = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")
_FIXED = re.compile(rf"{_NUMBER}{_UNIT}")
_RANGE = re.compile(rf"{_NUMBER}{_UNIT}?[-~至到]{_NUMBER}{_UNIT}")
_LEAST = re.compile(r"(?:不低于|不少于|不得低于|不得少于|至少|>=)(.+)|(.+?)(?:\(含\))?以上")
_MOST = re.compile(r"(?:不高于|不超过|不多于|不得高于|不得超过|至多|最多|<=)(.+)|(.+?)以内")
_ALL = re.compile(r"全覆盖|全部(?:抽查|检查)?|全数|逐[户家个所](?:抽查|检查)?|100%全覆盖")
_FREQUENCY = re.compile(r"(?:每年|全年)?[0-9]{1,2}次(?:/年)?|频次.*")
_DIGITS = dict(zip("一二两三四五六七八九", "1223456789", strict=True)) | {"十": "10"}

# A condition on the number of targets, before what it asks for. 以上 and 以下 include the number,
# as the Civil Code reads them; of two that hold the first one counts.
_CONDITIONS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"(?:<=|不超过|不多于){_NUMBER}{_UNIT}的(.+)"), "<="),
    (re.compile(rf"{_NUMBER}{_UNIT}(?:\(含\)|及)?以下的?(.+)"), "<="),
    (re.compile(rf"(?:<|不足|不满|少于){_NUMBER}{_UNIT}的(.+)"), "<"),
    (re.compile(rf"(?:>=|不少于|不低于){_NUMBER}{_UNIT}的(.+)"), ">="),
    (re.compile(rf"{_NUMBER}{_UNIT}(?:\(含\)|及)?以上的?(.+)"), ">="),
    (re.compile(rf"(?:>|超过|多于){_NUMBER}{_UNIT}的(.+)"), ">"),
)
_REST = re.compile(r"(?:其余|其他|其它|余下|剩余)(?:的)?(.+)")
_WORDS = {"<=": "不超过", "<": "不足", ">=": "不少于", ">": "超过"}


@dataclass(frozen=True, slots=True)
class Ask:
    """What one branch asks for: the rate, but at least so many and at most so many.

    rate   None where only a number is fixed
    """

    rate: Fraction | None
    least: int
    most: int

    def count(self, size: int) -> int:
        """Of so many targets: exact, rounded up, never more than there are."""
        share = 0 if self.rate is None else -(-self.rate.numerator * size // self.rate.denominator)
        return min(size, self.most, max(share, self.least))

    def words(self, size: int, unit: str) -> str:
        if self.rate == 1:
            return "全部抽取"
        parts = []
        if self.rate is None:
            ranged = f"写成范围，取下限 {self.least:,} {unit}"
            parts.append(ranged if self.most < MOST else f"定数 {self.least:,} {unit}")
        else:
            share = -(-self.rate.numerator * size // self.rate.denominator)
            parts.append(f"{size:,} × {percent(self.rate)}，向上取整为 {share:,} {unit}")
        if self.rate is not None and self.least:
            parts.append(f"至少 {self.least:,} {unit}")
        if self.rate is not None and self.most < MOST:
            parts.append(f"至多 {self.most:,} {unit}")
        if self.least > size:
            parts.append(f"库中只有 {size:,} {unit}，全部抽取")
        return "，".join(parts)


@dataclass(frozen=True, slots=True)
class Branch:
    """A condition on the size, and what is asked if it holds. sign "" holds always."""

    sign: str
    bound: int
    ask: Ask

    def holds(self, size: int) -> bool:
        match self.sign:
            case "<=":
                return size <= self.bound
            case "<":
                return size < self.bound
            case ">=":
                return size >= self.bound
            case ">":
                return size > self.bound
        return True


@dataclass(frozen=True, slots=True)
class Quota:
    """What the plan says of one stratum, as it was written and as it is read.

    text      the clerk's words
    unit      户, 家, 所…
    branches  the first whose condition holds counts; together they cover every size
    rounds    how often a year, where the words say that too; nothing here reckons with it
    """

    text: str
    unit: str
    branches: tuple[Branch, ...]
    rounds: int | None = None

    @property
    def rate(self) -> Fraction | None:
        """The rate where nothing else matters; None where a number or a condition does."""
        first = self.branches[0]
        is_plain = first == Branch("", 0, Ask(first.ask.rate, 0, MOST))
        return first.ask.rate if is_plain else None

    def ask(self, size: int) -> Ask:
        return self._branch(size).ask

    def count(self, size: int) -> int:
        """How many of so many targets are drawn."""
        return self.ask(size).count(size) if size else 0

    def ratio(self, size: int) -> str:
        """The rate as the rule of a draw writes it: the plan's own, else count/size.

        Source: draw protocol, §2, a plan that fixes numbers writes count/size.
        """
        if self.rate is not None:
            return f"{self.rate.numerator}/{self.rate.denominator}"
        return f"{self.count(size)}/{size}" if size else "0/1"

    def explain(self, size: int) -> str:
        """How the words come to the count, one Chinese sentence."""
        if not size:
            return f"“{self.text}”：库中没有检查对象，不抽取。"
        branch = self._branch(size)
        why = ""
        if len(self.branches) > 1:
            case = f"{_WORDS[branch.sign]} {branch.bound:,} {self.unit}" if branch.sign else "其余"
            why = f"库中 {size:,} {self.unit}，属于“{case}”，"
        return (
            f"“{self.text}”：{why}{branch.ask.words(size, self.unit)}，"
            f"应抽 {self.count(size):,} {self.unit}。"
        )

    def _branch(self, size: int) -> Branch:
        return next(each for each in self.branches if each.holds(size))


def read(text: str) -> Quota:
    """The quota in a clerk's words. Raises Blocked, with what to write, where there is no one
    reading.

    Source: art. 14, 抽查基数和比例.
    """
    written = text.strip()
    plain = _plain(written)
    if not plain:
        raise _refused(written, "还没有写")
    if len(written) > LONGEST:
        raise _refused(written[:20] + "…", f"超过 {LONGEST} 字")
    branches: list[Branch] = []
    rounds: int | None = None
    for part in re.split("[,;。]|且|并", plain):
        if _FREQUENCY.fullmatch(part):
            said = re.search("([0-9]+)次", part)
            rounds = int(said[1]) if said else rounds
            continue
        if not part:
            continue
        sign, bound, asked, is_new = _condition(part)
        ask = _asked(asked, written)
        if is_new or not branches:
            branches.append(Branch(sign, bound, ask))
        else:
            last = branches[-1]
            branches[-1] = Branch(last.sign, last.bound, _both(last.ask, ask, written))
    if not branches:
        raise _refused(written, "只有频次，没有写抽多少")
    _check_branches(branches, written)
    unit = re.search(_UNIT, plain)
    return Quota(written, unit[0] if unit else "户", tuple(branches), rounds)


def percent(ratio: Fraction) -> str:
    """2%, 0.5%, or 1/3 where no short decimal says it exactly."""
    exact = Decimal(ratio.numerator) * 100 / Decimal(ratio.denominator)
    text = f"{exact:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    if Fraction(text) != ratio * 100:
        return f"{ratio.numerator}/{ratio.denominator}"
    return f"{text}%"


def _plain(text: str) -> str:
    """Half-width, without blanks; signs and numerals in one spelling."""
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    plain = re.sub("[–—―~〜～−]+", "-", plain).replace("≤", "<=").replace("≥", ">=")
    plain = plain.replace("；", ";").replace("，", ",").replace("、", ",")
    return re.sub(f"([一二两三四五六七八九十])(?={_UNIT})", lambda found: _DIGITS[found[1]], plain)


def _condition(part: str) -> tuple[str, int, str, bool]:
    """(sign, bound, what is asked, whether a condition was there)."""
    if rest := _REST.fullmatch(part):
        return "", 0, rest[1], True
    for pattern, sign in _CONDITIONS:
        if found := pattern.fullmatch(part):
            return sign, int(found[1]), found[2], True
    return "", 0, part, False


def _asked(part: str, written: str) -> Ask:
    part = re.sub(r"^(?:全年|每年|按|抽查|抽取|各县区|每县区|各|每层)+", "", part)
    part = re.sub(r"(?:的?比例)?(?:抽查|抽取)$", "", part)
    if _ALL.fullmatch(part):
        return Ask(Fraction(1), 0, MOST)
    if found := _RANGE.fullmatch(part):
        low, high = int(found[1]), int(found[2])
        if low > high:
            raise _refused(written, f"范围 {low}–{high} 的下限大于上限")
        return Ask(None, low, high)
    if (found := _LEAST.fullmatch(part)) and (ask := _amount(found[1] or found[2])):
        return ask
    if (found := _MOST.fullmatch(part)) and (ask := _amount(found[1] or found[2])):
        if ask.rate is not None:
            raise _refused(written, "只写了比例的上限，没有写抽多少")
        return Ask(None, 0, ask.least)
    if ask := _amount(part):
        return ask
    raise _refused(written, f"“{part}”读不出抽多少" if part != _plain(written) else "读不出抽多少")


def _amount(part: str) -> Ask | None:
    """5%, 1/20 or 9户; None for anything else."""
    rate = None
    if found := _PERCENT.fullmatch(part):
        rate = Fraction(Decimal(found[1])) / 100
    elif found := _RATIO.fullmatch(part):
        rate = Fraction(int(found[1]), int(found[2])) if int(found[2]) else None
    elif found := _FIXED.fullmatch(part):
        return Ask(None, int(found[1]), MOST)
    if rate is None or rate > 1:
        return None
    return Ask(rate, 0, MOST)


def _both(first: Ask, second: Ask, written: str) -> Ask:
    """A rate with a least and a most: each said once."""
    twice = (
        (first.rate is not None and second.rate is not None)
        or (first.least and second.least)
        or (first.most < MOST and second.most < MOST)
    )
    if twice:
        raise _refused(written, "写了两个比例或两个户数，不知道按哪一个")
    least, most = max(first.least, second.least), min(first.most, second.most)
    if least > most:
        raise _refused(written, f"至少 {least} 大于至多 {most}")
    return Ask(first.rate if first.rate is not None else second.rate, least, most)


def _check_branches(branches: list[Branch], written: str) -> None:
    """Together they cover every size, each is reached, and a number alone says how many."""
    for each in branches:
        if each.ask.rate is None and not each.ask.least and each.ask.most < MOST:
            raise _refused(written, "只写了上限，没有写抽多少")
    for before, after in pairwise(branches):
        if not before.sign or (not after.sign and after is not branches[-1]):
            raise _refused(written, "“其余”应写在最后")
    edges = sorted({max(0, each.bound + n) for each in branches for n in (-1, 0, 1)})
    for size in (*edges, MOST):
        if not any(each.holds(size) for each in branches):
            where = f"{size} 户时" if size < MOST else "更多时"
            raise _refused(written, f"没有写{where}抽多少，请补上“其余按…”")


def _refused(written: str, problem: str) -> Blocked:
    return Blocked(
        f"抽查比例“{written}”{problem}。请写成 5%、1/20、9户、不低于3%、60–70家、全覆盖、"
        "5%且不少于2户，或“≤10所的不少于2所，其余按5%”；不同对象比例不同的，请分层后逐层填写。",
        article="14",
    )
