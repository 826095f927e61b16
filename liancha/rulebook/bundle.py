"""The files of a draw of targets, as they are frozen and published (liancha-draw/1, §§1 and 6).

frame.tsv, drawn.tsv, codes.txt and firm.json: written from what a draw has, read back strictly.
When each may be shown, and to whom, is decided by the room that keeps them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from operator import lt, methodcaller
from typing import Final, NamedTuple

from . import tree
from .form import (
    Reader,
    Refused,
    decimal,
    decode,
    is_hex,
    load_json,
    name_problem,
    raise_all,
    rows,
    shown,
    text_problem,
)
from .protocol import Frame
from .sampling import DrawnLine, is_drawn, ticket
from .transcript import TargetTranscript, json_file

FRAME: Final = "frame.tsv"
DRAWN: Final = "drawn.tsv"
CODES: Final = "codes.txt"


# frame.tsv


class Candidate(NamedTuple):
    """A line of frame.tsv."""

    code: str
    stratum: str
    salt: str


def freeze(candidates: Iterable[tuple[str, str]], secret: str) -> bytes:
    """frame.tsv of these (code, stratum) pairs, in any order.

    secret  64 hex digits of 32 fresh random bytes; it serves this draw number only

    Raises Refused for an empty list, a code given twice, or a name that is not of the form.
    Source: art. 18, paragraph 1.
    """
    pairs = list(candidates)
    own = salts((code for code, _ in pairs), secret)
    return _sorted_file(
        f"{code}\t{stratum}\t{salt}\n" for (code, stratum), salt in zip(pairs, own, strict=True)
    )


def salts(codes: Iterable[str], secret: str) -> list[str]:
    """The salt of each code, 32 hex digits, in the order of the codes (a second for a million).

    secret  64 hex digits, as for `freeze`; raises Refused for anything else
    """
    if not is_hex(secret, 64):
        raise Refused("secret", "应为 64 位小写十六进制数")
    begun = sha256(f"liancha-salt/1\n{secret}\n".encode()).copy
    own = []
    try:
        for code in codes:
            state = begun()
            state.update(f"{code}\n".encode())
            own.append(state.hexdigest()[:32])
    except UnicodeEncodeError:
        raise Refused(FRAME, "代码或分层含有不成对的代理项") from None
    return own


def merged(files: Iterable[bytes]) -> bytes:
    """frame.tsv of several files of its lines. Raises Refused with every problem."""
    lines = b"".join(files).split(b"\n")
    lines.pop()
    lines.sort()  # pieces in order make this a merge
    lines.append(b"")
    data = b"\n".join(lines)
    raise_all(read_frame(data).problems)
    return data


def frame_file(candidates: Iterable[Candidate]) -> bytes:
    """frame.tsv of candidates that have their salts. Raises Refused with every problem."""
    return _sorted_file(f"{code}\t{stratum}\t{salt}\n" for code, stratum, salt in candidates)


def _sorted_file(given: Iterable[str]) -> bytes:
    try:
        lines = sorted(given)  # as by code: a TAB is smaller than whatever a code may hold
        data = "".join(lines).encode()
    except UnicodeEncodeError:
        raise Refused(FRAME, "代码或分层含有不成对的代理项") from None
    read = read_frame(data)
    raise_all(read.problems)
    if len(read.lines) != len(lines):
        raise Refused(FRAME, "代码或分层中不能有换行")
    return data


@dataclass(frozen=True, slots=True)
class FrameReading:
    """What stands in a frame.tsv.

    lines     without LF, in the order of the file
    sizes     stratum → number of lines
    problems  everything that is not of the protocol's form
    """

    lines: list[bytes]
    sizes: dict[str, int] = field(default_factory=dict)
    problems: list[Refused] = field(default_factory=list)


_LINE = re.compile(rb"([^\x00-\x1f\x7f:]+)\t([^\x00-\x1f\x7f]+)\t([0-9a-f]{32})")


def read_frame(data: bytes) -> FrameReading:
    """Read frame.tsv: form of every line, order and uniqueness of codes, uniqueness of salts."""
    return _read_clean(data) or _read_each(data)


_NOT_IN_A_CODE: Final = bytes((*range(0x20), 0x3A, *range(0x7F, 0x100)))
_AT_ONCE: Final = 1 << 16
_count_tabs = methodcaller("count", b"\t")


def _read_clean(data: bytes) -> FrameReading | None:
    """The reading of a file without a fault and with plain codes, None for any other.

    Whole columns are looked at at once: a million lines take under a second.
    """
    lines = data.split(b"\n")
    if lines.pop() or not lines:
        return None
    sizes: dict[bytes, int] = {}
    seen: set[bytes] = set()
    previous = b""
    for start in range(0, len(lines), _AT_ONCE):
        chunk = lines[start : start + _AT_ONCE]
        if set(map(_count_tabs, chunk)) != {2}:
            return None
        cells = b"\t".join(chunk).split(b"\t")
        codes, strata, salts = cells[::3], cells[1::3], cells[2::3]
        joined, digits = b"".join(codes), b"".join(salts)
        if len(joined.translate(None, _NOT_IN_A_CODE)) < len(joined):
            return None
        if set(map(len, salts)) != {32} or digits.translate(None, b"0123456789abcdef"):
            return None
        if codes[0] <= previous or not all(map(lt, codes, codes[1:])):
            return None
        previous = codes[-1]
        seen.update(salts)
        for stratum, size in Counter(strata).items():
            sizes[stratum] = sizes.get(stratum, 0) + size
    if len(seen) < len(lines):
        return None
    try:
        read = {stratum.decode(): size for stratum, size in sizes.items()}
    except UnicodeDecodeError:
        return None
    return None if any(map(text_problem, read)) else FrameReading(lines, read)


def _read_each(data: bytes) -> FrameReading:
    """The reading line by line, with whatever is wrong in each."""
    problems: list[Refused] = []
    try:
        if not data.isascii() or data.startswith(b"\xef\xbb\xbf"):
            decode(data, FRAME)
    except Refused as problem:
        return FrameReading(data.split(b"\n"), problems=[problem])
    lines = data.split(b"\n")
    if lines.pop():
        problems.append(Refused(FRAME, "末尾缺少换行符"))
    if not lines:
        problems.append(Refused(FRAME, "名单至少要有一户"))
    sizes: dict[bytes, int] = {}
    salts: set[bytes] = set()
    previous = b""
    for number, line in enumerate(lines, start=1):
        found = _LINE.fullmatch(line)
        if found is None or not (line.isascii() or _is_text(found[1], found[2])):
            message = "应为 代码、分层、32 位小写十六进制数 三列，以制表符分隔"
            problems.append(Refused(f"{FRAME} 第 {number} 行", message))
            continue
        code, stratum, salt = found.groups()
        if code <= previous:
            word = "与上一行重复" if code == previous else "应按代码排序"
            problems.append(
                Refused(f"{FRAME} 第 {number} 行", f"代码 {shown(code.decode())} {word}")
            )
        if salt in salts:
            problems.append(Refused(f"{FRAME} 第 {number} 行", "盐与前面的某一行重复"))
        previous = code
        salts.add(salt)
        sizes[stratum] = sizes.get(stratum, 0) + 1
    read = {stratum.decode(): size for stratum, size in sizes.items()}
    return FrameReading(lines, read, problems)


def _is_text(code: bytes, stratum: bytes) -> bool:
    return not (name_problem(code.decode()) or text_problem(stratum.decode()))


def frame_of(data: bytes) -> Frame:
    """Root, SHA-256 and size of frame.tsv: what is logged at the freeze."""
    lines = data.removesuffix(b"\n").split(b"\n")
    return Frame(tree.root(lines).hex(), sha256(data).hexdigest(), len(lines) if data else 0)


def supplement_problems(frame: bytes, earlier: bytes, drawn: bytes) -> list[Refused]:
    """A supplementary batch draws from the earlier pool minus the drawn, with fresh salts.

    frame           frame.tsv of the supplement
    earlier, drawn  frame.tsv and drawn.tsv of the draw it adds to; that one's pool is in turn
                    what its own predecessor left, so one step at a time covers the chain
    """
    problems: list[Refused] = []
    taken = {line.code for _, line in read_drawn(drawn, problems)}
    reading = read_frame(earlier)
    problems += [Refused(f"前一批的 {each.part}", each.message) for each in reading.problems]
    before, now = _by_code(reading.lines), _by_code(read_frame(frame).lines)
    left = {code: rest[:1] for code, rest in before.items() if code not in taken}
    if {code: rest[:1] for code, rest in now.items()} != left:
        odd = sorted(
            {code for code in now.keys() | left.keys() if now.get(code, [])[:1] != left.get(code)}
        )
        message = f"候选应为前一批的名单减去已抽中的，{shown(odd[0])} 等 {len(odd)} 户不符"
        problems.append(Refused(FRAME, message))
    if {rest[-1] for rest in now.values()} & {rest[-1] for rest in before.values()}:
        problems.append(Refused(FRAME, "盐与前一批的相同，应另取"))
    return problems


def _by_code(lines: Iterable[bytes]) -> dict[str, list[str]]:
    """code → [stratum, salt] of the lines that are of the form; of the others something is said
    where the file itself is checked.
    """
    cells = (line.decode(errors="replace").split("\t") for line in lines)
    return {code: rest for code, *rest in cells if len(rest) == 2}


# drawn.tsv, codes.txt


def read_drawn(data: bytes, problems: list[Refused]) -> list[tuple[int, DrawnLine]]:
    """Lines of drawn.tsv by their number; problems of form are noted. Order is asked elsewhere."""
    read = []
    for number, (stratum, place, own, code, salt) in rows(data, DRAWN, 5, problems):
        where = f"{DRAWN} 第 {number} 行"
        spot = decimal(place)
        if not spot:
            problems.append(Refused(where, "序号应为从 1 起的阿拉伯数字"))
        if not is_hex(own, 64):
            problems.append(Refused(where, "票据应为 64 位小写十六进制数"))
        if not is_hex(salt, 32):
            problems.append(Refused(where, "盐应为 32 位小写十六进制数"))
        if problem := name_problem(code):
            problems.append(Refused(where, f"代码{problem}"))
        read.append((number, DrawnLine(stratum, spot or 0, own, code, salt)))
    return read


def codes_file(codes: Iterable[str]) -> bytes:
    """codes.txt: what is opened of a confidential draw, sorted by bytes."""
    return "".join(f"{code}\n" for code in sorted(codes)).encode()


# firm.json


@dataclass(frozen=True, slots=True)
class FirmAnswer:
    """One firm's own line with its proof; path from leaf to root, threshold None if none drawn."""

    draw: str
    line: str
    index: int
    path: tuple[str, ...]
    seed: str
    ticket: str
    threshold: str | None
    drawn: bool

    def as_json(self) -> dict[str, object]:
        return {
            "draw": self.draw,
            "line": self.line,
            "index": self.index,
            "path": list(self.path),
            "seed": self.seed,
            "ticket": self.ticket,
            "threshold": self.threshold,
            "drawn": self.drawn,
        }

    def file(self) -> bytes:
        return json_file(self.as_json())


class FirmAnswers:
    """Answers for every firm of one frame; the tree is built once (150 bytes a firm)."""

    def __init__(self, frame: bytes, transcript: TargetTranscript) -> None:
        self._lines = frame.removesuffix(b"\n").split(b"\n")
        self._tree = tree.Tree(self._lines)
        self._transcript = transcript
        strata = transcript.rule.strata
        self._thresholds: Mapping[str, str | None] = {
            stratum.name: threshold
            for stratum, threshold in zip(strata, transcript.thresholds, strict=True)
        }
        if self._tree.root().hex() != transcript.rule.frame.root:
            raise Refused(FRAME, "与抽取记录的名单根不符")

    def of(self, code: str) -> FirmAnswer:
        """Raises KeyError for a firm that was not in the pool."""
        if name_problem(code):
            raise KeyError(code)
        start = f"{code}\t".encode()
        index = bisect_left(self._lines, start)
        if index == len(self._lines) or not self._lines[index].startswith(start):
            raise KeyError(code)
        line = self._lines[index].decode()
        _, stratum, salt = line.split("\t")
        own = ticket(self._transcript.seed, code, salt)
        threshold = self._thresholds[stratum]
        return FirmAnswer(
            draw=self._transcript.rule.draw,
            line=line,
            index=index,
            path=tuple(node.hex() for node in self._tree.inclusion(index)),
            seed=self._transcript.seed,
            ticket=own,
            threshold=threshold,
            drawn=is_drawn(own, threshold),
        )


def read_firm(data: bytes, part: str) -> FirmAnswer:
    """Read firm.json. Raises Refused with every part that is not of the form."""
    reader = Reader()
    keys = ("draw", "line", "index", "path", "seed", "ticket", "threshold", "drawn")
    fields = reader.fields(load_json(data, part), part, *keys)
    threshold = fields["threshold"]
    path = reader.items(fields["path"], f"{part} path")
    line = reader.raw(fields["line"], f"{part} line")
    if isinstance(fields["line"], str) and (problem := line_problem(line)):
        reader.note(f"{part} line", problem)
    read = FirmAnswer(
        draw=reader.text(fields["draw"], f"{part} draw"),
        line=line,
        index=reader.number(fields["index"], f"{part} index"),
        path=tuple(reader.hex(node, f"{part} path[{at}]") for at, node in enumerate(path)),
        seed=reader.hex(fields["seed"], f"{part} seed"),
        ticket=reader.hex(fields["ticket"], f"{part} ticket"),
        threshold=None if threshold is None else reader.hex(threshold, f"{part} threshold"),
        drawn=reader.truth(fields["drawn"], f"{part} drawn"),
    )
    reader.finish()
    return read


def line_problem(line: str) -> str | None:
    """Why this is no line of frame.tsv (without its LF), or None."""
    cells: Sequence[str] = line.split("\t")
    if len(cells) != 3 or name_problem(cells[0]) or text_problem(cells[1]):
        return "应为 代码、分层、盐 三列，以制表符分隔"
    return None if is_hex(cells[2], 32) else "盐应为 32 位小写十六进制数"
