"""Repeat a published draw, with Python alone: no database, no account, no trust in us.

    python -m liancha.rulebook.verify FOLDER [--level LEVEL] [--with FOLDER]
    python -m liancha.rulebook.verify FIRM.json --transcript TRANSCRIPT.json

A folder holds what was published (liancha-draw/1, §6): transcript.json and whatever is at hand of
log.json, frame.tsv, drawn.tsv, codes.txt, firm*.json, or roster.tsv, needs.tsv and eligible.tsv.
The levels that the files allow are checked and named. Exit status 0: everything agrees; 1: it does
not, or what was asked for cannot be checked; 2: called wrongly.

Signatures of the log are not checked, for the standard library has no Ed25519: `liancha log audit`
does that.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn, TextIO

from . import publiclog, verify_inspectors, verify_targets
from .beacon import due_at
from .bundle import CODES, DRAWN, FRAME, supplement_problems
from .findings import Level, Report, Topic
from .form import Refused, file_digest, shown, text_problem
from .protocol import Reference, inputs_seal
from .reading import read_transcript
from .staffing import ELIGIBLE, NEEDS, ROSTER
from .transcript import FILE, InspectorTranscript, TargetTranscript

LOG: Final = publiclog.FILE
OF_TARGETS: Final = (FRAME, DRAWN, CODES)
OF_INSPECTORS: Final = (ROSTER, NEEDS, ELIGIBLE)

Transcript = TargetTranscript | InspectorTranscript
Files = Mapping[str, bytes]


def check(files: Files, *, level: Level | None = None, earlier: Sequence[Files] = ()) -> Report:
    """Check the files of one draw by their names.

    level    only this level, and nothing good to say if its files are missing; None: whatever
             the files allow
    earlier  files of other draws: the one a supplement adds to, the target draw that an
             inspectors' draw is of
    """
    report = Report()
    transcript = _read(report, files)
    if transcript is None:
        return report
    is_targets = isinstance(transcript, TargetTranscript)
    firms = sorted(name for name in files if _is_firm(name))
    needed = [FRAME, DRAWN] if is_targets else list(OF_INSPECTORS)
    missing = {
        Level.FULL: [name for name in needed if name not in files],
        Level.TRANSCRIPT: [],
        Level.LOG: [] if LOG in files else [LOG],
        Level.FIRM: [] if firms else ["firm.json"],
    }
    if level and missing[level]:
        report.bad(Topic.LEVEL, f"缺少 {'、'.join(missing[level])}，不能做{level.label}核对")
    asked = set(Level) if level is None else {level}
    if isinstance(transcript, TargetTranscript):
        verify_targets.check_transcript(report, transcript)
        if Level.FULL in asked:
            verify_targets.check_lists(report, transcript, files)
    else:
        verify_inspectors.check_transcript(report, transcript)
        if Level.FULL in asked and any(name in files for name in OF_INSPECTORS):
            verify_inspectors.check_inputs(report, transcript, files)
    if level is None and missing[Level.FULL]:
        report.open(Topic.LEVEL, f"缺少 {'、'.join(missing[Level.FULL])}，未做完整核对")
    if asked & {Level.FULL, Level.TRANSCRIPT}:
        _check_earlier(report, transcript, files, earlier)
    if Level.LOG in asked and LOG in files:
        _check_log(report, transcript, files[LOG])
    if Level.FIRM in asked:
        for name in firms:
            if isinstance(transcript, TargetTranscript):
                verify_targets.check_firm(report, transcript, files[name], name)
            else:
                report.bad(Topic.FIRM, f"{FILE} 是抽取执法检查人员的记录，里面没有企业")
    return report


def check_firm(firm: bytes, transcript: bytes, *, name: str = "firm.json") -> Report:
    """Check one firm's answer against a transcript, and the transcript with it.

    name  how the answer is called in the report
    """
    report = Report()
    read = _read(report, {FILE: transcript})
    if isinstance(read, TargetTranscript):
        verify_targets.check_transcript(report, read)
        verify_targets.check_firm(report, read, firm, name)
    elif read is not None:
        report.bad(Topic.FIRM, f"{FILE} 是抽取执法检查人员的记录，里面没有企业")
    return report


def _is_firm(name: str) -> bool:
    return name.startswith("firm") and name.endswith(".json") and text_problem(name) is None


def _read(report: Report, files: Files) -> Transcript | None:
    if FILE not in files:
        report.bad(Topic.FILES, f"缺少 {FILE}，没有它什么都不能核对")
        return None
    try:
        transcript = read_transcript(files[FILE])
    except Refused as refusal:
        report.settle(Topic.FILES, refusal.problems, "")
        report.open(Topic.LEVEL, f"{FILE} 格式有误，其余未核对")
        return None
    report.good(Topic.FILES, f"{FILE} 合乎 liancha-draw/1 的格式，记录摘要 {transcript.digest}")
    return transcript


def _check_log(report: Report, transcript: Transcript, data: bytes) -> None:
    rule = transcript.rule
    frozen: object
    if isinstance(transcript, TargetTranscript):
        frozen = transcript.rule.frame.as_json()
    else:
        frozen = inputs_seal(transcript.rule.salt, transcript.rule.inputs)
    expected = {
        "freeze": ("frame", frozen),
        "rule": ("rule_digest", rule.digest),
        "close": ("missing", transcript.missing),
        "draw": ("transcript", transcript.digest),
    }
    try:
        log = publiclog.read_log(data)
    except Refused as refusal:
        report.settle(Topic.LOG, refusal.problems, "")
        return
    problems = publiclog.tree_problems(log)
    problems += publiclog.entry_problems(log, rule.draw, expected)
    if rule.beacon and not rule.beacon.problems(FILE):
        problems += publiclog.late_cosigning(log, due_at(rule.beacon.due))
    places = "、".join(f"{entry.words.get('kind')} 第 {entry.index} 条" for entry in log.entries)
    report.settle(Topic.LOG, problems, f"{places}，都在日志的树中，各检查点前后一致")
    report.levels.append(Level.LOG)
    for kind in ("rule", "close"):
        checkpoint = log.checkpoint_of(kind)
        if checkpoint and not checkpoint.cosigned_at():
            report.open(Topic.LOG, f"{kind} 的检查点没有见证方联签")
    signatures = sum(len(checkpoint.signatures) for checkpoint in log.checkpoints)
    report.open(Topic.LOG, f"检查点共有 {signatures} 份署名，署名真伪本命令不核对")
    if log.entry("void"):
        report.open(Topic.LOG, "日志记明这次抽取已作废")


def _check_earlier(
    report: Report, transcript: Transcript, files: Files, earlier: Sequence[Files]
) -> None:
    """The other draw that this one refers to, if its folder was given."""
    reference: Reference | None
    if isinstance(transcript, TargetTranscript):
        reference, what = transcript.rule.supplements, "补充的是"
    else:
        reference, what = transcript.rule.of, "依据的对象抽取是"
    if reference is None:
        return
    for other in earlier:
        try:
            found = read_transcript(other.get(FILE, b""))
        except Refused:
            continue
        if found.digest != reference.transcript:
            continue
        problems = []
        if found.rule.draw != reference.draw:
            problems.append(Refused(f"{FILE} 引用", f"那次抽取的编号是 {found.rule.draw}"))
        if not isinstance(found, TargetTranscript):
            problems.append(Refused(f"{FILE} 引用", "那次抽取不是抽取检查对象"))
        text = f"{what} {reference.draw}，记录摘要相符"
        if isinstance(transcript, TargetTranscript) and FRAME in files:
            if FRAME in other and DRAWN in other and isinstance(found, TargetTranscript):
                told = {FRAME: found.rule.frame.sha256, DRAWN: found.drawn.sha256}
                problems += [
                    Refused(f"前一批的 {name}", "与它自己的抽取记录不符")
                    for name, digest in told.items()
                    if file_digest(other[name]) != digest
                ]
                problems += supplement_problems(files[FRAME], other[FRAME], other[DRAWN])
                text += "；候选是那次的名单减去已抽中的，盐已另取"
            else:
                report.open(Topic.EARLIER, "那次抽取的名单不全，候选范围未核对")
        report.settle(Topic.EARLIER, problems, text)
        return
    if earlier:
        message = "给出的文件夹里没有摘要相符的抽取记录"
        report.settle(Topic.EARLIER, [Refused(f"{FILE} 引用", message)], "")
    else:
        report.open(Topic.EARLIER, f"{what} {reference.draw}，未核对；可用 --with 给出它的文件夹")


# The command


def read_folder(folder: Path, report: Report) -> dict[str, bytes]:
    """The files a verifier knows, by name. What cannot be read is said in the report."""
    known = {FILE, LOG, *OF_TARGETS, *OF_INSPECTORS}
    files: dict[str, bytes] = {}
    others = []
    for name in sorted(os.listdir(folder)):
        if name in known or _is_firm(name):
            data = read_file(folder / name, report)
            if data is not None:
                files[name] = data
        else:
            others.append(name)
    if others:
        more = f" 等 {len(others)} 个" if len(others) > 5 else ""
        report.open(Topic.FILES, f"不认识的文件未核对：{'、'.join(map(shown, others[:5]))}{more}")
    return files


def read_file(path: Path, report: Report) -> bytes | None:
    if not os.path.isfile(path):
        word = "是文件夹，不是文件" if os.path.isdir(path) else "不是文件"
        report.bad(Topic.FILES, f"{shown(path.name)} {word if os.path.exists(path) else '不存在'}")
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        report.bad(Topic.FILES, f"{shown(path.name)} 读不出来：{error.strerror}")
        return None


def verify(path: str, level: Level | None, transcript: str, others: Sequence[str]) -> Report:
    """Read what the command was given, and check it."""
    report = Report()
    if os.path.isdir(path):
        files = read_folder(Path(path), report)
        earlier = [read_folder(Path(other), Report()) for other in others]
        found = check(files, level=level, earlier=earlier)
    else:
        firm = read_file(Path(path), report)
        record = read_file(Path(transcript), report) if firm is not None else None
        if firm is None or record is None:
            return report
        found = check_firm(firm, record, name=shown(Path(path).name)[1:-1])
    report.findings += found.findings
    report.levels += found.levels
    return report


class _Arguments(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        say(f"{self.format_usage()}用法有误：{message}", sys.stderr)
        raise SystemExit(2)


def arguments() -> argparse.ArgumentParser:
    parser = _Arguments(
        prog="python -m liancha.rulebook.verify",
        description="重算一次公开的抽取，逐项说明是否相符。只用 Python 标准库。",
        epilog="退出状态：0 相符；1 不符或不能核对；2 用法有误。",
    )
    parser.add_argument(
        "path", metavar="PATH", help="抽取的文件夹，或一家企业的 firm.json（须加 --transcript）"
    )
    parser.add_argument(
        "--level",
        choices=[level.value for level in Level],
        help="只核对这一级，缺文件时不通过；不写则有什么文件核对什么",
    )
    parser.add_argument(
        "--transcript", metavar="FILE", default="", help="核对 firm.json 所用的 transcript.json"
    )
    parser.add_argument(
        "--with",
        dest="others",
        metavar="FOLDER",
        action="append",
        default=[],
        help="所依据的另一次抽取的文件夹：补充批次的前一批，派人所对应的对象抽取",
    )
    return parser


def main(words: Sequence[str] | None = None) -> int:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    parser = arguments()
    given = parser.parse_args(words)
    for other in given.others:
        if not os.path.isdir(other):
            parser.error(f"--with 要给出文件夹，{shown(other)} 不是")
    if os.path.isdir(given.path):
        if given.transcript:
            parser.error("--transcript 只用于核对一份 firm.json")
    elif os.path.isfile(given.path):
        if not given.transcript:
            parser.error("核对 firm.json 要用 --transcript 给出抽取记录 transcript.json")
        if given.others or given.level not in (None, Level.FIRM):
            parser.error("核对一份 firm.json 时不用 --with，级别只有 firm")
    level = Level(given.level) if given.level else None
    try:
        report = verify(given.path, level, given.transcript, given.others)
    except Exception as error:
        # Whatever stands in somebody's files, the answer is a sentence.
        report = Report()
        report.bad(Topic.FILES, f"无法核对（{type(error).__name__}）")
    try:
        for line in report.lines(is_ascii=not can_say("核对", sys.stdout)):
            say(line, sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0 if report.is_good else 1


def can_say(text: str, stream: TextIO) -> bool:
    try:
        text.encode(stream.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def say(line: str, stream: TextIO) -> None:
    """Write a line with what the screen has: GBK has no ✓, ASCII no Chinese."""
    if not can_say(line, stream):
        line = line.replace("✓", "√").replace("✗", "×")
    encoding = stream.encoding or "utf-8"
    print(line.encode(encoding, "backslashreplace").decode(encoding), file=stream)


if __name__ == "__main__":
    sys.exit(main())
