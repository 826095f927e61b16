"""What never goes public: phone, ID, card, plate, mail (domain §k.3; Measures, art. 3 依法公开).

Finds them in free text and puts asterisks in their place. It does not judge the text otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial


@dataclass(frozen=True, slots=True)
class Masked:
    """The text the public gets, and what was covered: ["手机号", …]."""

    text: str
    kinds: tuple[str, ...]


# (what it is, how it looks, characters kept in front, characters kept behind)
PATTERNS: tuple[tuple[str, re.Pattern[str], int, int], ...] = (
    ("身份证号", re.compile(r"(?<![0-9A-Za-z])[1-9]\d{16}[0-9Xx](?![0-9A-Za-z])"), 3, 4),
    ("手机号", re.compile(r"(?<!\d)1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)"), 3, 4),
    ("银行卡号", re.compile(r"(?<!\d)[3-6]\d{3}(?:[ -]?\d{4}){3}(?:[ -]?\d{1,3})?(?!\d)"), 4, 4),
    ("固定电话", re.compile(r"(?<!\d)0\d{2,3}[ -]\d{7,8}(?!\d)"), 4, 2),
    ("电子邮箱", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), 1, 4),
    (
        "车牌号",
        re.compile(
            r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
            r"[A-Z][A-Z0-9]{5,6}(?![A-Z0-9])"
        ),
        2,
        1,
    ),
)


def mask(text: str) -> Masked:
    """Cover every number of a person in a text; credit codes of firms stay readable."""
    kinds = []
    for kind, pattern, head, tail in PATTERNS:
        covered = pattern.sub(partial(_cover, head=head, tail=tail), text)
        if covered != text:
            kinds.append(kind)
            text = covered
    return Masked(text, tuple(kinds))


def _cover(found: re.Match[str], head: int, tail: int) -> str:
    number = found[0]
    return number[:head] + "*" * (len(number) - head - tail) + number[len(number) - tail :]
