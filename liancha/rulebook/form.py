"""How anything of a draw is written down (liancha-draw/1, §0).

Hash, canonical JSON, digests, and the strict readers for JSON and TSV. What is written otherwise
than the protocol says is refused, never repaired, so that two readers cannot read one file in two
ways. This module does not know what the files mean.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Final

LARGEST: Final = 2**53 - 1  # what every language's JSON reads exactly
DEEPEST: Final = 32

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # Unicode Cc
_CONTROL_IN_TSV = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_HEX = re.compile(r"[0-9a-f]*")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,15}")


class Refused(ValueError):
    """Something is not written as the protocol says.

    part      file, field or line: `transcript.json strata[0].count`, `frame.tsv 第 5 行`
    problems  every finding of the reading that ended here, this one first
    """

    def __init__(self, part: str, message: str) -> None:
        super().__init__(f"{part}：{message}")
        self.part = part
        self.message = message
        self.problems: tuple[Refused, ...] = (self,)


def raise_all(problems: Sequence[Refused]) -> None:
    """Raise the first problem, carrying all of them. Nothing happens without one."""
    if problems:
        first = Refused(problems[0].part, problems[0].message)
        first.problems = tuple(problems)
        raise first


# Hash and digest


def H(text: str) -> str:
    """SHA-256 of the UTF-8 bytes, as 64 lower-case hex digits."""
    return sha256(text.encode()).hexdigest()


def canonical(value: object) -> str:
    """The value's RFC 8785 form: keys sorted by UTF-16, no blanks, nothing escaped needlessly.

    value  None, bool, int of at most 2⁵³−1 either way, str, list or tuple, dict with str keys

    Raises Refused for anything else; a float has no place in a draw.
    """
    pieces: list[str] = []
    _write(value, pieces, 0)
    return "".join(pieces)


def _write(value: object, out: list[str], depth: int) -> None:
    if depth > DEEPEST:
        raise Refused("JSON", f"层次超过 {DEEPEST} 层")
    if isinstance(value, str):
        if _SURROGATE.search(value):
            raise Refused("JSON", f"文字 {shown(value)} 含有不成对的代理项")
        out.append(encode_basestring(value))
    elif value is None:
        out.append("null")
    elif isinstance(value, bool):
        out.append("true" if value else "false")
    elif isinstance(value, int):
        if abs(value) > LARGEST:
            raise Refused("JSON", "整数超过 2⁵³−1")
        out.append(int.__repr__(value))
    elif isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise Refused("JSON", "键应为文字")
        opening = "{"
        for key in sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass")):
            out.append(opening)
            _write(key, out, depth + 1)
            out.append(":")
            _write(value[key], out, depth + 1)
            opening = ","
        out.append("{}" if opening == "{" else "}")
    elif isinstance(value, list | tuple):
        opening = "["
        for item in value:
            out.append(opening)
            _write(item, out, depth + 1)
            opening = ","
        out.append("[]" if opening == "[" else "]")
    else:
        raise Refused(
            "JSON", f"{type(value).__name__} 没有规范写法，可用整数、文字、真假、空、列表和对象"
        )


def digest(value: object) -> str:
    """H of the canonical form: 64 hex digits."""
    return H(canonical(value))


def file_digest(data: bytes) -> str:
    """SHA-256 of a file, as 64 hex digits."""
    return sha256(data).hexdigest()


# Text


def shown(text: str) -> str:
    """Any text, made fit for one line on a screen: escaped, at most 40 characters."""
    cut = text if len(text) <= 40 else text[:40] + "…"
    cut = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", cut)
    return "「" + _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", cut) + "」"


def text_problem(text: str) -> str | None:
    """Why this is no string of the protocol, or None: not empty, NFC, no Cc, no surrogate."""
    if not text:
        return "不能为空"
    if text.isascii():
        return None if text.isprintable() else "含有控制字符"
    if _SURROGATE.search(text):
        return "含有不成对的代理项"
    if _CONTROL.search(text):
        return "含有控制字符"
    if not unicodedata.is_normalized("NFC", text):
        return "不是 NFC 规范形式"
    return None


def name_problem(text: str) -> str | None:
    """Why this is no code, unit or inspector, or None: a string without a colon."""
    return text_problem(text) or ("不能含有冒号" if ":" in text else None)


def is_hex(value: object, digits: int) -> bool:
    """True for exactly so many lower-case hex digits."""
    return isinstance(value, str) and len(value) == digits and bool(_HEX.fullmatch(value))


def decimal(text: str) -> int | None:
    """An ASCII decimal 0…2⁵³−1 without leading zero; None if it is not one."""
    if not _DECIMAL.fullmatch(text):
        return None
    number = int(text)
    return number if number <= LARGEST else None


# JSON


def decode(data: bytes, part: str) -> str:
    """UTF-8 without a byte order mark. Raises Refused."""
    if data.startswith(b"\xef\xbb\xbf"):
        raise Refused(part, "开头有字节顺序标记（BOM），应去掉")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Refused(part, f"第 {line} 行不是 UTF-8") from None


class Misfit:
    """Stands where JSON holds something that the protocol has no use for."""

    def __init__(self, message: str) -> None:
        self.message = message


class Doubled(dict[str, object]):
    """An object in which keys stand more than once; `twice` names them."""

    twice: list[str]


_CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*"|NaN|-?Infinity', re.DOTALL)


def load_json(data: bytes | str, part: str, *, is_signed: bool = False) -> object:
    """Read JSON with a Misfit or Doubled wherever it could be read in two ways.

    Raises Refused for what cannot be read at all: no UTF-8, no JSON, more than 32 levels.
    """
    text = decode(data, part) if isinstance(data, bytes) else data

    def pairs(found: list[tuple[str, object]]) -> dict[str, object]:
        read = dict(found)
        if len(read) == len(found):
            return read
        keys = [key for key, _ in found]
        doubled = Doubled(read)
        doubled.twice = [key for key in read if keys.count(key) > 1]
        return doubled

    def integer(digits: str) -> object:
        number = decimal(digits.removeprefix("-") if is_signed else digits)
        if number is None or digits == "-0":
            return Misfit(f"数 {shown(digits)} 应为 0 到 2⁵³−1 的整数")
        return -number if digits.startswith("-") else number

    def no_number(digits: str) -> object:
        return Misfit(f"数 {shown(digits)} 应为整数，不带小数点和指数")

    def no_json(word: str) -> object:
        # Python reads NaN and the infinities, JSON does not have them; the first outside a text.
        found = next(each for each in _CONSTANT.finditer(text) if each[0][0] != '"')
        before = text[: found.start()]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise Refused(part, f"第 {line} 行第 {column} 字起不是 JSON")

    try:
        value: object = json.loads(
            text,
            object_pairs_hook=pairs,
            parse_int=integer,
            parse_float=no_number,
            parse_constant=no_json,
        )
    except json.JSONDecodeError as error:
        raise Refused(part, f"第 {error.lineno} 行第 {error.colno} 字起不是 JSON") from None
    except RecursionError:
        raise Refused(part, f"层次超过 {DEEPEST} 层") from None
    if _depth_exceeds(value, DEEPEST):
        raise Refused(part, f"层次超过 {DEEPEST} 层")
    return value


def parse_json(data: bytes | str, part: str, *, is_signed: bool = False) -> object:
    """Read JSON that has one meaning only.

    Refused: a doubled key, a number with point or exponent, NaN, an integer outside 0…2⁵³−1
    (with `is_signed`, outside ±(2⁵³−1)), more than 32 levels, a byte order mark, trailing text.
    """
    value = load_json(data, part, is_signed=is_signed)
    level = [value]
    while level:
        for item in level:
            if isinstance(item, Misfit):
                raise Refused(part, item.message)
            if isinstance(item, Doubled):
                raise Refused(part, f"键 {shown(item.twice[0])} 写了两次")
        level = _inner(level)
    return value


def _inner(level: list[object]) -> list[object]:
    return [
        item
        for holder in level
        if isinstance(holder, list | dict)
        for item in (holder.values() if isinstance(holder, dict) else holder)
    ]


def _depth_exceeds(value: object, limit: int) -> bool:
    level: list[object] = [value]
    for _ in range(limit + 1):
        level = _inner(level)
        if not level:
            return False
    return True


_Problem = Callable[[str], str | None]


class _Absent:
    """Stands for a value whose absence is already on record."""


ABSENT: Final = _Absent()


class Reader:
    """Reads values out of what `load_json` gives and keeps every problem, to name all parts.

    Each method returns a harmless value where it notes a problem; `finish()` raises them.
    """

    def __init__(self) -> None:
        self.problems: list[Refused] = []

    def note(self, part: str, message: str) -> None:
        self.problems.append(Refused(part, message))

    def finish(self) -> None:
        raise_all(self.problems)

    def fields(self, value: object, part: str, *keys: str) -> dict[str, object]:
        """Exactly these keys."""
        absent: dict[str, object] = dict.fromkeys(keys, ABSENT)
        if not isinstance(value, dict):
            self._wrong(value, part, "应为对象")
            return absent
        if isinstance(value, Doubled):
            for key in value.twice:
                self.note(_inside(part, shown(key)), "写了两次")
        for key in value:
            if key not in absent:
                self.note(_inside(part, shown(key)), "协议里没有这一项")
        for key in keys:
            if key not in value:
                self.note(_inside(part, key), "缺少这一项")
        return {key: value.get(key, ABSENT) for key in keys}

    def items(self, value: object, part: str) -> Sequence[object]:
        if isinstance(value, list):
            return value
        self._wrong(value, part, "应为列表")
        return ()

    def text(self, value: object, part: str) -> str:
        return self._checked(value, part, text_problem)

    def name(self, value: object, part: str) -> str:
        """A code, unit or inspector."""
        return self._checked(value, part, name_problem)

    def raw(self, value: object, part: str) -> str:
        """Text whose form is the caller's to check: it may hold TAB and LF."""
        return self._checked(value, part, lambda text: None)

    def literal(self, value: object, part: str, *, expected: str) -> None:
        if value is not ABSENT and not (isinstance(value, str) and value == expected):
            self.note(part, f"应为 {expected}")

    def hex(self, value: object, part: str, digits: int = 64) -> str:
        if isinstance(value, str) and is_hex(value, digits):
            return value
        self._wrong(value, part, f"应为 {digits} 位小写十六进制数")
        return "0" * digits

    def number(self, value: object, part: str) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST:
            return value
        self._wrong(value, part, "应为 0 到 2⁵³−1 的整数")
        return 0

    def truth(self, value: object, part: str) -> bool:
        if isinstance(value, bool):
            return value
        self._wrong(value, part, "应为 true 或 false")
        return False

    def _checked(self, value: object, part: str, problem_of: _Problem) -> str:
        if not isinstance(value, str):
            self._wrong(value, part, "应为文字")
            return "-"
        problem = problem_of(value)
        if problem:
            self.note(part, problem)
        return value

    def _wrong(self, value: object, part: str, message: str) -> None:
        if value is not ABSENT:
            self.note(part, value.message if isinstance(value, Misfit) else message)


def _inside(part: str, key: str) -> str:
    """`transcript.json` and `seed` give `transcript.json seed`; deeper down a dot joins."""
    return f"{part} {key}" if part.endswith(".json") else f"{part}.{key}"


# TSV


def clean_lines(data: bytes, part: str) -> list[str]:
    """The lines of a TSV file that has no fault outside its columns. Raises Refused."""
    text = decode(data, part)
    if _CONTROL_IN_TSV.search(text) or not unicodedata.is_normalized("NFC", text):
        raise Refused(part, "含有控制字符，或不是 NFC 规范形式")
    lines = text.split("\n")
    if lines.pop():
        raise Refused(part, "末尾缺少换行符")
    return lines


def rows(
    data: bytes, part: str, columns: int, problems: list[Refused]
) -> list[tuple[int, list[str]]]:
    """The lines of a TSV file: (number from 1, so many cells).

    A line that does not fit is noted in `problems` and left out; order and meaning of the columns
    are the caller's. An empty file has no lines.
    """
    try:
        text = decode(data, part)
    except Refused as refusal:
        problems.append(refusal)
        return []
    if not text:
        return []
    lines = text.split("\n")
    if lines.pop():
        problems.append(Refused(f"{part} 第 {len(lines) + 1} 行", "末尾缺少换行符"))
    clean = _CONTROL_IN_TSV.search(text) is None and unicodedata.is_normalized("NFC", text)
    read: list[tuple[int, list[str]]] = []
    for number, line in enumerate(lines, start=1):
        cells = line.split("\t")
        if len(cells) != columns:
            problems.append(Refused(f"{part} 第 {number} 行", f"应为 {columns} 列"))
        elif clean and all(cells):
            read.append((number, cells))
        elif problem := next(filter(None, map(text_problem, cells)), None):
            problems.append(Refused(f"{part} 第 {number} 行", problem))
        else:
            read.append((number, cells))
    return read
