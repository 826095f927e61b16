"""Does a draw of inspectors follow from its own record (liancha-draw/1, §8; art. 19)?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from .assignment import assign
from .findings import Level, Report, Topic
from .form import Refused, file_digest, raise_all, shown
from .staffing import ELIGIBLE, NEEDS, ROSTER, Staffing
from .transcript import FILE, InspectorTranscript
from .verdicts import Blocked
from .verify_targets import check_ceremony

INPUTS = (ROSTER, NEEDS, ELIGIBLE)


def check_transcript(report: Report, transcript: InspectorTranscript) -> None:
    """All that needs none of the three input files.

    Source: liancha-draw/1, §6, level transcript.
    """
    check_ceremony(report, transcript)
    loads = dict(transcript.loads)
    found = Counter(inspector for _, inspector in transcript.assignment)
    problems = [
        Refused(
            f"{FILE} loads", f"{shown(name)} 记为 {loads.get(name, '缺')}，派出 {found[name]} 次"
        )
        for name in sorted(loads.keys() | found.keys())
        if loads.get(name) != found[name]
    ]
    if transcript.cap < transcript.rule.base:
        problems.append(Refused(f"{FILE} cap", "不能小于均衡起点 base"))
    if transcript.cap < max(loads.values(), default=0):
        problems.append(Refused(f"{FILE} cap", "不能小于最大的负荷"))
    text = f"{len(transcript.assignment)} 人次，{len(loads)} 人，上限 {transcript.cap}"
    report.settle(Topic.ASSIGNMENT, problems, text)
    report.levels.append(Level.TRANSCRIPT)


def check_inputs(
    report: Report, transcript: InspectorTranscript, files: Mapping[str, bytes]
) -> None:
    """The three files, and, when all are there, the assignment made again from them.

    Source: liancha-draw/1, §8; art. 19, paragraph 1.
    """
    rule = transcript.rule
    recorded = {
        ROSTER: rule.inputs.roster,
        NEEDS: rule.inputs.needs,
        ELIGIBLE: rule.inputs.eligible,
    }
    problems = [
        Refused(name, f"SHA-256 算得 {file_digest(files[name])}，记录为 {recorded[name]}")
        for name in INPUTS
        if name in files and file_digest(files[name]) != recorded[name]
    ]
    if not all(name in files for name in INPUTS):
        given = "、".join(name for name in INPUTS if name in files)
        report.settle(Topic.INPUTS, problems, f"{given} 的摘要与规则相符")
        return
    staffing = None
    try:
        staffing = Staffing.read(files)
    except Refused as refusal:
        problems += refusal.problems
    text = "人员、需求、可派范围三份文件的摘要与规则相符"
    report.settle(Topic.INPUTS, problems, text)
    report.levels.append(Level.FULL)
    if staffing is None:
        report.open(Topic.ASSIGNMENT, "依据有误，未复算")
        return
    report.settle(
        Topic.ASSIGNMENT, _assign_again(transcript, staffing), "由三份文件和种子逐席复算，一致"
    )


def _assign_again(transcript: InspectorTranscript, staffing: Staffing) -> list[Refused]:
    try:
        if transcript.rule.base < 1:
            raise_all([Refused(f"{FILE} base", "均衡起点至少为 1")])
        again = assign(staffing, seed=transcript.seed, base=transcript.rule.base)
    except Refused as problem:
        return [problem]
    except Blocked as refusal:
        return [Refused(f"{FILE} assignment", f"复算得不到派人结果。{refusal}")]
    problems = []
    odd = sorted(set(again.pairs) ^ set(transcript.assignment))
    if odd:
        pairs = "、".join(f"{shown(unit)} {shown(name)}" for unit, name in odd[:3])
        message = f"与复算结果有 {len(odd)} 处不同：{pairs}"
        problems.append(Refused(f"{FILE} assignment", message))
    if dict(transcript.loads) != dict(again.loads):
        problems.append(Refused(f"{FILE} loads", "与复算的负荷不同"))
    if transcript.cap != again.cap:
        problems.append(Refused(f"{FILE} cap", f"复算为 {again.cap}，记录为 {transcript.cap}"))
    return problems
