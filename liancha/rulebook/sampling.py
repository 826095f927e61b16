"""Which targets are drawn (Measures, arts. 18 and 19; liancha-draw/1, §5).

A draw depends on three things, all fixed before it starts: the frozen frame, the numbers of the
rule, and the seed. Whoever holds the three repeats the draw and gets the same list in the same
order, whatever the order of the frame. The order beyond the threshold is used for nothing: there
is no next in line, and no function here that would tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from math import isqrt
from typing import Final, NamedTuple

from .form import Refused, is_hex, shown
from .protocol import Stratum
from .verdicts import Blocked

EVERY_TICKET: Final = b"\xff" * 33
NO_TICKET: Final = b""
AT_ONCE: Final = 2048  # lines cut in one go


def ticket(seed: str, code: str, salt: str) -> str:
    """A candidate's ticket, 64 hex digits. The smallest of a stratum are drawn."""
    return sha256(f"{seed}:{code}:{salt}".encode()).hexdigest()


def is_drawn(ticket: str, threshold: str | None) -> bool:
    """Drawn if and only if the ticket does not exceed the stratum's threshold."""
    return threshold is not None and ticket <= threshold


Held = tuple[bytes, bytes, bytes]  # ticket, code, salt
Sifted = tuple[dict[bytes, int], dict[bytes, list[Held]]]  # lines of each stratum; those below
Sieve = Callable[[Mapping[bytes, bytes], str], Sifted]  # `sift` of a frame at hand: bounds, seed


class DrawnLine(NamedTuple):
    """A line of drawn.tsv. place counts from 1 within the stratum, by ticket."""

    stratum: str
    place: int
    ticket: str
    code: str
    salt: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """What came out of a draw.

    strata      as they went in
    lines       strata in order, within each by (ticket, code)
    thresholds  for each stratum the ticket of the last one drawn, None if nobody was
    """

    strata: tuple[Stratum, ...]
    lines: tuple[DrawnLine, ...]
    thresholds: tuple[str | None, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """The drawn codes, sorted by their bytes."""
        return tuple(sorted(line.code for line in self.lines))


def draw_targets(frame: Iterable[bytes], strata: Sequence[Stratum], seed: str) -> Drawing:
    """Draw from every stratum its count of candidates with the smallest (ticket, code).

    frame   lines of frame.tsv, with or without LF: `code TAB stratum TAB salt`, in any order.
            It may be read more than once: a list or an open-again file, no generator
    strata  the rule's: names, sizes and counts
    seed    64 hex digits

    Raises Blocked for an empty frame, Refused where frame and rule do not fit.
    Source: art. 19, paragraph 1.
    """
    if isinstance(frame, Iterator):
        raise TypeError("the frame is read more than once; give a list or an object to re-open")
    return draw_with(lambda bounds, seed: sift(frame, bounds, seed), strata, seed)


def draw_with(sieve: Sieve, strata: Sequence[Stratum], seed: str) -> Drawing:
    """The same draw, where the tickets are computed by somebody else: another engine.

    An engine's word is good enough for a screen. Before a list is locked, `check_drawing`.
    Source: liancha-draw/1, §5.
    """
    if not is_hex(seed, 64):
        raise Refused("seed", "应为 64 位小写十六进制数")
    wanted = {stratum.name.encode(): stratum for stratum in strata}
    if not strata or len(wanted) < len(strata):
        raise Refused("strata", "至少要有一层，各层名称应互不相同")
    for stratum in strata:
        if not 0 <= stratum.count <= stratum.size:
            message = f"应抽 {stratum.count} 户，不在 0 到 {stratum.size} 之间"
            raise Refused(f"分层 {stratum.name}", message)
    aims = {name: _first_aim(stratum.count) for name, stratum in wanted.items()}
    found: dict[bytes, list[Held]] = {}
    while aims:
        bounds = {
            name: _bound(aims[name], stratum.size) if name in aims else NO_TICKET
            for name, stratum in wanted.items()
        }
        sizes, held = sieve(bounds, seed)
        if not found:
            _check_sizes(sizes, wanted)
        for name in list(aims):
            found[name] = held[name]
            stratum = wanted[name]
            if len(held[name]) >= min(stratum.count + 1, stratum.size):
                del aims[name]
            else:
                aims[name] *= 2

    lines: list[DrawnLine] = []
    thresholds: list[str | None] = []
    for name, stratum in wanted.items():
        drawn = sorted(found[name])[: stratum.count]
        lines += (
            DrawnLine(stratum.name, place, digest.hex(), code.decode(), salt.decode())
            for place, (digest, code, salt) in enumerate(drawn, start=1)
        )
        thresholds.append(drawn[-1][0].hex() if drawn else None)
    return Drawing(tuple(strata), tuple(lines), tuple(thresholds))


def check_drawing(frame: Iterable[bytes], drawing: Drawing, seed: str) -> None:
    """Compute every ticket again and compare: what must hold before a list is locked.

    A fast engine that lost a line would not show in the lines it gave; it shows here.

    Raises Refused naming the first line that differs.
    Source: liancha-draw/1, §5.
    """
    plain = draw_targets(frame, drawing.strata, seed)
    for number, (theirs, ours) in enumerate(zip(drawing.lines, plain.lines, strict=False), start=1):
        if theirs != ours:
            raise Refused(
                f"抽中清单第 {number} 行",
                f"复算得到 {shown(ours.code)}，给出的是 {shown(theirs.code)}",
            )
    if len(drawing.lines) != len(plain.lines):
        message = f"复算得到 {len(plain.lines)} 户，给出的是 {len(drawing.lines)} 户"
        raise Refused("抽中清单", message)
    if drawing.thresholds != plain.thresholds:
        raise Refused("抽中线", "与复算结果不符")


# Threshold first: keep the few tickets that can matter, then sort those


def _first_aim(count: int) -> int:
    """How many tickets to keep on average so that hardly ever fewer than count + 1 remain."""
    root = isqrt(count)
    return count + 6 * (root if root * root == count else root + 1) + 16


def _bound(aim: int, size: int) -> bytes:
    """Tickets with first 64 bits below ⌊aim · 2⁶⁴ / size⌋ compare less than this."""
    return EVERY_TICKET if aim >= size else (aim * 2**64 // size).to_bytes(8, "big")


def sift(frame: Iterable[bytes], bounds: Mapping[bytes, bytes], seed: str) -> Sifted:
    """One pass over the frame: lines by stratum, and the candidates whose ticket is below.

    frame   lines with or without LF, all alike; the last may lack it
    bounds  stratum → bound, for every stratum there is; NO_TICKET and EVERY_TICKET are two
    returns lines of each stratum; its candidates with a ticket below the bound, in any order

    The seed fills one block of SHA-256 exactly; its state is copied for each ticket. Lines are cut
    many at a time, which takes a fifth less than one by one.
    """
    copy = sha256(f"{seed}:".encode()).copy
    highest = max(bounds.values(), default=NO_TICKET)
    sizes = dict.fromkeys(bounds, 0)
    held: dict[bytes, list[Held]] = {name: [] for name in bounds}
    lines = iter(frame)
    while some := list(islice(lines, AT_ONCE)):
        codes, strata, salts = _columns(some, bounds)
        for name, size in Counter(strata).items():
            sizes[name] += size
        for at, words in enumerate(map(b":".join, zip(codes, salts, strict=True))):
            state = copy()
            state.update(words)
            digest = state.digest()
            if digest < highest and digest < bounds[strata[at]]:
                held[strata[at]].append((digest, codes[at], salts[at]))
    return sizes, held


def _columns(
    lines: list[bytes], bounds: Mapping[bytes, bytes]
) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """Codes, strata and salts. Raises Refused naming the first line that has not these three, or
    a stratum that is not in the rule."""
    whole = (b"" if lines[0].endswith(b"\n") else b"\n").join(lines).removesuffix(b"\n")
    fields = whole.replace(b"\n", b"\t").split(b"\t")
    codes, strata, salts = fields[::3], fields[1::3], fields[2::3]
    if len(fields) == 3 * len(lines) and bounds.keys() >= set(strata):
        return codes, strata, salts
    for line in lines:
        parts = line.removesuffix(b"\n").split(b"\t")
        if len(parts) != 3:
            raise Refused("名单", f"行 {shown(line.decode(errors='replace'))} 应为 3 列")
        if parts[1] not in bounds:
            raise Refused("名单", f"行 {shown(line.decode(errors='replace'))} 的分层不在规则中")
    raise ValueError("lines with LF and without it in one frame")


def _check_sizes(sizes: dict[bytes, int], wanted: dict[bytes, Stratum]) -> None:
    for name in sorted(sizes.keys() - wanted.keys()):
        raise Refused("名单", f"分层 {shown(name.decode(errors='replace'))} 不在规则中")
    if not any(sizes.values()):
        raise Blocked("待抽检库里没有检查对象，无法抽取。请先调整范围再冻结名单。", article="18")
    for name, stratum in wanted.items():
        if sizes[name] != stratum.size:
            message = f"规则记 {stratum.size} 户，名单中有 {sizes[name]} 户"
            raise Refused(f"分层 {stratum.name}", message)
