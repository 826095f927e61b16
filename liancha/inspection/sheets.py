"""The record form as it lies on paper: which rows and blocks stand on which A4 page.

A browser cannot number pages it breaks by itself, so the breaks are reckoned here, from the
widths of the columns and the number of characters. Reckoned too high, a page stays a little
short; never too low. What the form says is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil

from liancha.roster.models import Inspector

from .contents import Outcome, Row, Section, people_of, sections
from .models import CheckIn, Visit

# Pixels of print.css: a line, the paper inside its margins less the foot, and what stands above.
LINE = 20
PAGE = 960
FIRST_HEAD, HEAD = 360, 66
ITEM_CHARS, SITUATION_CHARS, MEASURE_CHARS, TEXT_CHARS = 9, 18, 9, 38
MOST_OFFICERS = 16  # of one block
LONGEST_CELL = 30  # lines of one row; what is longer goes on in a second row

RESULTS = (  # the words of domain §c.4, as the form prints them
    ("01", "未发现问题"),
    ("02", "未按规定公示应当公示的信息"),
    ("03", "公示信息隐瞒真实情况、弄虚作假"),
    ("04", "通过登记的住所（经营场所）无法联系"),
    ("05", "发现问题已责令改正"),
    ("06", "不配合检查情节严重"),
    ("07", "未发现开展本次抽查涉及的经营活动"),
    ("08", "发现问题待后续处理"),
    ("09", "注销、迁出、被吊销或被撤销"),
    ("10", "已关闭停业或正在组织清算"),
    ("11", "发现问题已责令改正并移送或抄告其他部门"),
)
FOLLOW_UPS = (  # domain §c.7
    ("1", "无需后续处置"),
    ("3", "责令改正，由日常监管部门跟踪"),
    ("2", "反馈日常监管部门"),
    ("4", "移送办案机构"),
    ("5", "抄告相关部门"),
    ("6", "列入经营异常名录"),
    ("7", "移送司法机关"),
    ("9", "其他"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the items' table: a department's heading, or a row, or the rest of a row."""

    height: int
    section: Section | None = None
    row: Row | None = None
    situation: str = ""
    measures: str = ""
    is_rest: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A block below the items: its kind names the template's part."""

    kind: str
    height: int
    text: str = ""
    is_rest: bool = False
    officers: list[tuple[Inspector, CheckIn | None]] = field(default_factory=list)


@dataclass(slots=True)
class Page:
    """One sheet of paper."""

    number: int
    lines: list[Line] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    left: int = PAGE


def columns(text: str) -> float:
    """Width of a text in Chinese characters; Latin ones take a little more than half."""
    return sum(1 if ord(each) > 0x2E7F else 0.6 for each in text)


def lines_of(text: str, width: int) -> int:
    """How many lines a text takes in a column of so many characters."""
    return sum(max(1, ceil(columns(each) / width)) for each in text.split("\n"))


def pieces(text: str, width: int, most: int = LONGEST_CELL) -> list[str]:
    """Cut a text so that no piece takes more lines than fit; one piece if it is short."""
    if lines_of(text, width) <= most:
        return [text]
    found: list[str] = []
    now, used = "", 0.0
    for paragraph in text.splitlines():
        step = width // 2 or 1  # short enough that it never takes two lines
        parts = [paragraph[i : i + step] for i in range(0, len(paragraph), step)] or [""]
        for n, part in enumerate(parts):
            cost = 0.5 if n else 1.0
            if used + cost > most:
                found.append(now)
                now, used = "", 0.0
            now += part
            used += cost
        now += "\n"
    return [*found, now.rstrip("\n")]


def _lines(visit: Visit) -> Iterator[Line]:
    for section in sections(visit):
        yield Line(LINE + 10, section=section)
        for row in section.rows:
            situations = pieces(row.situation, SITUATION_CHARS)
            measures = pieces(
                "\n".join(each.sentence for each in row.measures) or "无", MEASURE_CHARS
            )
            for n in range(max(len(situations), len(measures))):
                situation = situations[n] if n < len(situations) else ""
                ordered = measures[n] if n < len(measures) else ""
                height = max(
                    lines_of(row.row.item.name, ITEM_CHARS) if n == 0 else 1,
                    lines_of(situation, SITUATION_CHARS),
                    lines_of(ordered, MEASURE_CHARS),
                )
                yield Line(
                    max(35, height * LINE + 9),
                    row=row,
                    situation=situation,
                    measures=ordered,
                    is_rest=n > 0,
                )


def _blocks(visit: Visit, officers: list[tuple[Inspector, CheckIn | None]]) -> Iterator[Block]:
    form = getattr(visit, "form", None)
    opinions = "\n".join(
        f"{each.expert}：{each.opinion or '未写意见。'}" for each in visit.invitations.all()
    )
    for n, piece in enumerate(pieces(opinions or "本次未聘请专家。", TEXT_CHARS)):
        yield Block("expert", max(50, lines_of(piece, TEXT_CHARS) * LINE + 12), piece, n > 0)
    said = form.opinion if form else ""
    for n, piece in enumerate(pieces(said or "（未填写意见）" if form else "", TEXT_CHARS)):
        yield Block("opinion", max(50, lines_of(piece, TEXT_CHARS) * LINE + 12), piece, n > 0)
    refusal = form.refusal if form else ""
    witnesses = 2 * LINE if form and form.witnesses.exists() else 0
    yield Block("ending", 68 + lines_of(refusal, TEXT_CHARS - 20) * LINE + witnesses, refusal)
    for n in range(0, len(officers), MOST_OFFICERS):
        part = officers[n : n + MOST_OFFICERS]
        yield Block("officers", (len(part) + 1) * 28 + 16, officers=part, is_rest=n > 0)
    yield Block("results", 154)
    yield Block("follow_up", 54)
    yield Block("leader", 88)
    yield Block("publication", 108)
    yield Block("verify", 104)


def pages(visit: Visit, officers: list[tuple[Inspector, CheckIn | None]]) -> list[Page]:
    """Set the form on pages. officers: everybody of the team, with their check-in."""
    candidate = visit.drawn_target.candidate
    extra = (
        sum((lines_of(text, 15) - 1) * LINE for text in (candidate.name, candidate.address))
        + max(0, lines_of(people_of(visit)[0], 15) - 2) * LINE
        + (lines_of(visit.team.task.name, TEXT_CHARS) - 1) * LINE
    )
    done = [Page(1, left=PAGE - FIRST_HEAD - extra)]

    def room(height: int) -> Page:
        if done[-1].left < height:
            done.append(Page(len(done) + 1, left=PAGE - HEAD))
        done[-1].left -= height
        return done[-1]

    waiting: Line | None = None
    for line in _lines(visit):
        if line.section is not None:
            waiting = line  # a heading goes with its first row, never alone at the foot
            continue
        page = room(line.height + (waiting.height if waiting else 0))
        if waiting:
            page.lines.append(waiting)
            waiting = None
        page.lines.append(line)
    for block in _blocks(visit, officers):
        room(block.height).blocks.append(block)
    return done


def ticked_results(visit: Visit) -> set[str]:
    """Which result codes the departments' rows come to; a first reading, not the published one."""
    return {
        each.outcome.value
        for each in sections(visit)
        if each.part.is_involved and each.outcome is not None
    }


def ticked_follow_ups(results: set[str]) -> set[str]:
    """What follows from that without anybody's decision: nothing, or the tracking of an order."""
    if not results:
        return set()
    if results <= {Outcome.FINE.value, Outcome.NO_ACTIVITY.value}:
        return {"1"}
    return {"3"} if Outcome.ORDERED.value in results else set()
