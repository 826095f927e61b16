"""What never goes public: phone, ID, card, plate, mail, names of people (domain §k.3; art. 22).

Finds them in free text and puts asterisks in their place, length kept, so that what is left can be
read. It judges nothing else. Of names it knows those it is given, people on the record form, and
common ones right after a word like 联系人; whoever enters a result sees what it found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from stdnum.cn import ric, uscc

_WIDE = {ord("０") + n: ord("0") + n for n in range(10)} | {
    ord("Ａ") + n: ord("A") + n for n in range(26)
}
_ANY = r"(?<![0-9A-Za-z])"


@dataclass(frozen=True, slots=True)
class Masked:
    """The text the public gets, and what was covered: (what it is, how it was written)."""

    text: str
    found: tuple[tuple[str, str], ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """["手机号", …], each once."""
        return tuple(dict.fromkeys(kind for kind, _ in self.found))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of number: how it looks, how many characters stay in front and behind.

    spares  what only looks like one
    """

    name: str
    looks: re.Pattern[str]
    head: int
    tail: int
    spares: Callable[[str], bool] = lambda text: False


def _is_a_task(number: str) -> bool:
    """Our own task numbers look like an ID: the city, a day, a serial. Their last digit does not
    fit, but for one in eleven, which is covered then.
    """
    looks_like_one = TASK.fullmatch(number) is not None
    return looks_like_one and ric.calc_check_digit(number[:-1]) != number[-1]


TASK = re.compile(r"410300(?:19|20)\d{10}")
KINDS: tuple[Kind, ...] = (
    Kind(
        "身份证号",
        re.compile(
            _ANY + r"[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{3}[0-9Xx]"
            r"(?![0-9A-Za-z])"
        ),
        3,
        4,
        spares=_is_a_task,
    ),
    Kind("手机号", re.compile(r"(?<!\d)1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)"), 3, 4),
    Kind(
        "银行卡号",
        re.compile(r"(?<![0-9A-Za-z])[3-6]\d{3}(?:[ -]?\d{4}){3}(?:[ -]?\d{1,3})?(?![0-9A-Za-z])"),
        4,
        4,
        spares=lambda text: uscc.is_valid(text) or _is_a_task(text),
    ),
    Kind("固定电话", re.compile(r"(?<!\d)[(（]?0\d{2,3}[)） -]{0,2}\d{7,8}(?!\d)"), 4, 2),
    Kind("固定电话", re.compile(r"(?<=电话)[:： ]?\d{7,8}(?!\d)"), 3, 2),
    Kind("电子邮箱", re.compile(r"[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"), 1, 4),
    Kind(
        "车牌号",
        re.compile(
            r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
            r"[A-HJ-Z]·?[A-HJ-NP-Z0-9]{5,6}(?![A-Za-z0-9])"
        ),
        2,
        1,
    ),
)
# 联系人张三称…: a post, a common surname, one or two characters, and a stop or a verb of saying.
NAMED = re.compile(
    r"(?:联系人|负责人|经营者|店长|经理|法定代表人|法人代表|法人|当事人|老板|业主|店主|员工|厨师|服务员)"
    r"(?:姓名)?[:：是为 ]?(?!陈述|张贴|周围|周边|周知|郑重)(?P<name>"
    r"[王李张刘陈杨赵黄周吴徐孙胡朱林郭罗梁宋郑谢韩唐冯董袁邓傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎潘杜戴"
    r"汪姜范姚谭廖邹熊陆郝崔邱秦顾侯邵孟钱汤尹黎乔贺龚]"
    r"[\u4e00-\u9fff]{1,2}?)"
    r"(?=[\s\d，。、；,;（(]|称|说|表示|陈述|反映|在场|到场|陪同|签|承认|电话|$)"
)
SHORTEST_NAME = 2  # a single character is no name: it would cover half the text


def mask(text: str, names: Iterable[str] = ()) -> Masked:
    """Cover every number of a person in a text, and these names; credit codes stay readable.

    names  people the record form knows; the surname stays

    Source: art. 22, paragraph 1, for what is published; domain §k.3 for what is not. Clause 22.3.
    """
    text = text.translate(_WIDE)
    found: list[tuple[str, str]] = []

    def cover(match: re.Match[str], kind: Kind) -> str:
        number = match[0]
        if kind.spares(number):
            return number
        found.append((kind.name, number))
        hidden = "*" * (len(number) - kind.head - kind.tail)
        return number[: kind.head] + hidden + number[len(number) - kind.tail :]

    for kind in KINDS:
        text = kind.looks.sub(partial(cover, kind=kind), text)
    names = {*names, *(match["name"] for match in NAMED.finditer(text))}
    for name in sorted({each.strip() for each in names}, key=len, reverse=True):
        if len(name) >= SHORTEST_NAME and name in text:
            found.append(("姓名", name))
            text = text.replace(name, name[0] + "*" * (len(name) - 1))
    return Masked(text, tuple(found))
