"""What a verification found: one line for each thing asked, in calm words.

A report holds lines and the levels that were reached (liancha-draw/1, §6); it does not look at any
file itself. Every line can be written for a screen that has only ASCII.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from .form import Refused
from .wording import Worded

MOST_LINES = 12  # of one topic; a file with every line wrong is not told line by line


class Topic(Worded):
    FILES = "files", "文件"
    LEVEL = "level", "级别"
    RULE = "rule", "规则"
    COUNTS = "counts", "应抽数"
    PARTIES = "commitments", "承诺与揭示"
    BEACON = "beacon", "公开随机数"
    SEED = "seed", "种子"
    FRAME = "frame", "名单先定"
    TICKETS = "tickets", "票据"
    THRESHOLDS = "thresholds", "抽中线"
    DRAWN = "drawn", "抽中名单"
    EARLIER = "earlier draw", "前一次抽取"
    FIRM = "firm", "企业自查"
    INPUTS = "inputs", "派人依据"
    ASSIGNMENT = "assignment", "派人结果"
    LOG = "log", "公开日志"


class Level(Worded):
    """What could be checked with the files at hand."""

    FULL = "full", "完整"
    TRANSCRIPT = "transcript", "抽取记录"
    LOG = "log", "公开日志"
    FIRM = "firm", "企业自查"


class Mark(Enum):
    GOOD = "✓"
    BAD = "✗"
    OPEN = "○"  # not checked, and why

    @property
    def ascii(self) -> str:
        return {"✓": "[ok]", "✗": "[BAD]", "○": "[--]"}[self.value]


@dataclass(frozen=True, slots=True)
class Finding:
    mark: Mark
    topic: Topic
    text: str

    def __str__(self) -> str:
        return f"{self.mark.value} {self.topic.label}：{self.text}"

    @property
    def ascii(self) -> str:
        text = self.text.encode("ascii", "backslashreplace").decode()
        return f"{self.mark.ascii} {self.topic.value}: {text}"


@dataclass(slots=True)
class Report:
    findings: list[Finding] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not self.failed and bool(self.levels)

    @property
    def failed(self) -> list[Topic]:
        """Topics with something wrong, each once, in the order they were asked."""
        bad = [finding.topic for finding in self.findings if finding.mark is Mark.BAD]
        return list(dict.fromkeys(bad))

    def good(self, topic: Topic, text: str) -> None:
        self.findings.append(Finding(Mark.GOOD, topic, text))

    def bad(self, topic: Topic, text: str) -> None:
        self.findings.append(Finding(Mark.BAD, topic, text))

    def open(self, topic: Topic, text: str) -> None:
        self.findings.append(Finding(Mark.OPEN, topic, text))

    def settle(self, topic: Topic, problems: Sequence[Refused], text: str) -> bool:
        """Every problem on a line of its own, or, without any, the text as a good finding."""
        for problem in problems[:MOST_LINES]:
            self.bad(topic, str(problem))
        if len(problems) > MOST_LINES:
            self.bad(topic, f"另有 {len(problems) - MOST_LINES} 处")
        if not problems:
            self.good(topic, text)
        return not problems

    def lines(self, *, is_ascii: bool = False) -> Iterator[str]:
        """The findings, then the verdict with its level."""
        for finding in self.findings:
            yield finding.ascii if is_ascii else str(finding)
        reached = set(self.levels) - ({Level.TRANSCRIPT} if Level.FULL in self.levels else set())
        levels = [level for level in Level if level in reached]
        if is_ascii:
            word = "MATCH" if self.is_good else "NO MATCH" if levels else "CANNOT CHECK"
            bad = ", ".join(topic.value for topic in self.failed)
            level = ", ".join(level.value for level in levels) or "none"
            yield f"verdict: {word}; level: {level}" + (f"; wrong: {bad}" if bad else "")
            return
        level = "、".join(f"{level.label}（{level.value}）" for level in levels) or "无"
        if self.is_good:
            yield f"结论：相符。核对级别：{level}。"
        else:
            bad = "、".join(topic.label for topic in self.failed)
            word = "不符" if levels else "不能核对"
            yield f"结论：{word}，问题在：{bad}。核对级别：{level}。"
