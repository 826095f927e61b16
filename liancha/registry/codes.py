"""How a target is identified: 统一社会信用代码, 15-digit registration number, number of our own.

Says what a code is, or what is wrong with it and what cures it, in words for the clerk who holds
the licence in hand. Guesses nothing: a likely correction is named, never made.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass

from stdnum.cn import uscc

from .kinds import CodeKind, Kind

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
NOT_USED = {"I": "1", "O": "0", "Z": "2", "S": "5", "V": "U"}
# First digit of the code: who registers. 9 market regulation, 5 civil affairs, 1 establishment.
AUTHORITIES = "123456789ANY"

_SEPARATORS = re.compile(r"[\s\-—–_.·'‘’“”\"`]+")
_SCIENTIFIC = re.compile(r"^\d(\.\d+)?E\+?\d+$", re.IGNORECASE)
_REGISTRATION = re.compile(r"^\d{15}$")
_COOPERATIVE = re.compile(r"^\d{6}NA\d{6}[\dX]$")
_OWN = re.compile(r"^B\d{2}[0-9A-F]{16}$")
_ORGANISATION = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True)
class Code:
    """A code that can be taken.

    mended   what was put right by itself, "" when nothing
    remark   what is odd about it (WARN), "" when nothing
    """

    text: str
    kind: CodeKind
    mended: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a code, and what the clerk does about it."""

    fault: str
    cure: str


def read(cell: str) -> Code | Fault:
    """Take a code as somebody wrote it: spaces, full width, lower case are put right.

    Source: art. 11; GB 32100-2015 for the credit code (domain §c.9). Clause 11.1.
    """
    if _SCIENTIFIC.match(cell):
        return Fault(
            "Excel 把代码变成了科学计数，后面的数字已丢失",
            "把这一列设为“文本”格式，对照营业执照重新填写",
        )
    text = _SEPARATORS.sub("", unicodedata.normalize("NFKC", cell)).upper()
    if not text:
        return Fault("没有填写代码", "填营业执照上的统一社会信用代码；没有的填 15 位注册号")
    mended = _mended(cell, text)
    if _REGISTRATION.match(text):
        remark = "" if _registration_digit(text) == text[-1] else _registration_remark(text)
        return Code(text, CodeKind.REGISTRATION, mended, remark)
    if _COOPERATIVE.match(text):
        return Code(text, CodeKind.REGISTRATION, mended, "农民专业合作社的旧注册号")
    if _OWN.match(text):
        return Code(text, CodeKind.OWN, mended)
    return _credit_code(text, mended)


def is_plain(text: str) -> bool:
    """Whether this is a credit code as it should be, so that `read` would take it unchanged.

    Many times quicker than `read`; for the rows of an import that have nothing wrong.
    """
    try:
        total = (
            _HEADS[text[:8]]
            + _AT_9[text[8:10]]
            + _AT_11[text[10:12]]
            + _AT_13[text[12:14]]
            + _AT_15[text[14:16]]
            + _AT_17[text[16:]]
        )
    except KeyError:
        return False
    return total % 31 == 0


def check_digit(text: str) -> str:
    """The 18th place of a credit code from its first 17 (GB 32100-2015). Raises KeyError."""
    return ALPHABET[-_sum(text[:17], 0) % 31]


def _sum(piece: str, start: int) -> int:
    """The weighted sum of some places of a code. Raises KeyError for a letter it cannot have."""
    return sum(_PLACE[letter] * 3**place for place, letter in enumerate(piece, start))


def _pairs(start: int) -> dict[str, int]:
    """The same of every two letters that may stand there."""
    return {a + b: _sum(a + b, start) % 31 for a in ALPHABET for b in ALPHABET}


class _Heads(dict[str, int]):
    """The same of the first eight places: who registers, what, and where. Raises KeyError."""

    def __missing__(self, head: str) -> int:
        if not _HEAD(head):
            raise KeyError(head)
        if len(self) > _KEPT_HEADS:
            self.clear()
        found = self[head] = _sum(head, 0) % 31
        return found


_PLACE = {letter: place for place, letter in enumerate(ALPHABET)}
_KEPT_HEADS = 100_000
_HEAD = re.compile(rf"[{AUTHORITIES}][{ALPHABET}]\d{{6}}", re.ASCII).fullmatch
_HEADS = _Heads()
_AT_9, _AT_11, _AT_13, _AT_15 = map(_pairs, (8, 10, 12, 14))
# The last place is the check digit, which makes the sum of all a multiple of 31.
_AT_17 = {a + b: _sum(a, 16) % 31 + _PLACE[b] for a in ALPHABET for b in ALPHABET}


def own(kind: str, name: str, address: str) -> str:
    """A number of our own for what has no code: the same for the same kind, name and address."""
    what = "\0".join((kind, name, address))
    return f"B{kind}{hashlib.sha256(what.encode()).hexdigest()[:16].upper()}"


def kind_of(code: Code, words: str = "") -> str:
    """The kind of target a code belongs to; `words` is the register's own 类型."""
    if code.kind is CodeKind.REGISTRATION:
        if "NA" in code.text or "合作社" in words:
            return Kind.COOPERATIVE
        return Kind.INDIVIDUAL if "个体" in words else Kind.COMPANY
    match code.text[:2]:
        case "91" if "代表机构" in words or "代表处" in words:
            return Kind.OFFICE
        case "91":
            return Kind.COMPANY
        case "92":
            return Kind.INDIVIDUAL
        case "93":
            return Kind.COOPERATIVE
        case "11" | "12" | "13" | "19":
            return Kind.PUBLIC
        case "51" | "52" | "53" | "59":
            return Kind.SOCIAL
        case _:
            return Kind.OTHER_BODY


def _credit_code(text: str, mended: str) -> Code | Fault:
    if wrong := [letter for letter in dict.fromkeys(text) if letter not in ALPHABET]:
        return _wrong_letters(text, wrong)
    if len(text) != 18:
        return _wrong_length(text)
    if not text[2:8].isdigit() or text[0] not in AUTHORITIES:
        place = "第 1 位登记机关" if text[0] not in AUTHORITIES else "第 3 至 8 位登记地"
        return Fault(f"{place}不对", "对照营业执照核对前 8 位；第 3 至 8 位都是数字")
    if text[-1] == (right := uscc.calc_check_digit(text[:17])):
        return Code(text, CodeKind.USCC, mended)
    cure = (
        f"请对照营业执照核对末位，应为 {right}"
        if organisation_digit(text[8:16]) == text[16]
        else "第 9 至 17 位也对不上，多半是中间抄错，请对照营业执照逐位核对"
    )
    return Fault(f"第 18 位应为 {right}", cure)


def _wrong_letters(text: str, wrong: list[str]) -> Fault:
    if not all(letter.isascii() and letter.isalnum() for letter in wrong):
        shown = "".join(letter for letter in wrong if not (letter.isascii() and letter.isalnum()))
        return Fault(f"含有不是数字和字母的“{shown[:6]}”", "只填营业执照上的 18 位代码")
    named = "、".join(wrong)
    likely = "".join(NOT_USED.get(letter, letter) for letter in text)
    hints = "，".join(f"{letter} 多为 {NOT_USED[letter]}" for letter in wrong)
    length = f"，且只有 {len(text)} 位" if len(text) < 18 else ""
    if uscc.is_valid(likely):
        return Fault(f"含有代码不用的字母 {named}", f"{hints}：改为 {likely} 即通过，请对照执照")
    return Fault(f"含有代码不用的字母 {named}{length}", f"{hints}，请对照营业执照核对")


def _wrong_length(text: str) -> Fault:
    size = len(text)
    if size in (13, 14, 16) and text.isdigit():
        return Fault(
            f"{size} 位数字，不是 18 位统一代码，也不是 15 位注册号",
            "旧号已停用，请到登记系统查出 18 位统一社会信用代码",
        )
    if size < 18:
        return Fault(f"只有 {size} 位，少 {18 - size} 位", "请对照营业执照补齐 18 位")
    return Fault(f"有 {size} 位，多 {size - 18} 位", "请对照营业执照，只留 18 位")


def _mended(cell: str, text: str) -> str:
    done = []
    bare = unicodedata.normalize("NFKC", cell)
    if bare != cell:
        done.append("全角改为半角")
    if _SEPARATORS.search(bare.strip()):
        done.append("去掉空格和符号")
    if bare != bare.upper():
        done.append("小写改为大写")
    return "、".join(done)


def _registration_digit(text: str) -> str:
    """Check digit of a 15-digit registration number (ISO 7064, MOD 11,10)."""
    rest = 10
    for digit in text[:14]:
        rest = ((rest + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - rest) % 10)


def _registration_remark(text: str) -> str:
    return f"注册号的校验位应为 {_registration_digit(text)}，请有空时核对；不影响导入"


def organisation_digit(body: str) -> str:
    """Check digit of an organisation code (GB 11714), the 17th place of a credit code."""
    total = sum(w * _ORGANISATION.index(c) for w, c in zip(_WEIGHTS, body, strict=True))
    rest = 11 - total % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))
