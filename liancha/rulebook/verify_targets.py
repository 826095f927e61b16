"""Does a draw of targets follow from its own record (liancha-draw/1, §§1–6; art. 19)?

The transcript alone, the lists with it, one firm's answer. Each question is settled on its own
where it can be, so that a report names every part that is wrong and not only the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest

from . import tree
from .bundle import (
    CODES,
    DRAWN,
    FRAME,
    FrameReading,
    codes_file,
    frame_of,
    read_drawn,
    read_firm,
    read_frame,
)
from .findings import Level, Report, Topic
from .form import Refused, file_digest, name_problem, shown
from .sampling import Drawing, DrawnLine, draw_targets, is_drawn, ticket
from .transcript import FILE, Ceremony, TargetTranscript, drawn_file
from .verdicts import Blocked


def check_ceremony(report: Report, transcript: Ceremony) -> None:
    """Rule, commitments, beacon and seed: the same for both kinds of draw.

    Source: liancha-draw/1, §§2–4.
    """
    rule = transcript.rule
    problems = rule.problems(FILE)
    counts = [problem for problem in problems if problem.part.endswith((".count", ".ratio"))]
    report.settle(
        Topic.RULE,
        [problem for problem in problems if problem not in counts],
        f"{rule.draw}，规则摘要 {rule.digest}",
    )
    if isinstance(transcript, TargetTranscript):
        strata = transcript.rule.strata
        drawn = sum(stratum.count for stratum in strata)
        text = f"{len(strata)} 层共 {transcript.rule.frame.size} 户，应抽 {drawn} 户，逐层向上取整"
        report.settle(Topic.COUNTS, counts, text)
    missing = "、".join(transcript.missing)
    report.settle(
        Topic.PARTIES,
        transcript.reveal_problems(),
        f"{len(rule.parties)} 方承诺，{len(rule.parties) - len(transcript.missing)} 方揭示，"
        + (f"与承诺相符；未揭示：{missing}" if missing else "与承诺相符"),
    )
    if rule.beacon is None:
        report.open(Topic.BEACON, f"没有公开随机数；随机数由 {rule.escrow} 保管")
    else:
        text = f"{rule.beacon.source} {transcript.value}，{rule.beacon.due}"
        report.settle(Topic.BEACON, transcript.value_problems(), text)
    expected = transcript.expected_seed()
    wrong = []
    if expected is None:
        wrong.append(Refused(f"{FILE} seed", "没有揭示的随机数，算不出种子"))
    elif expected != transcript.seed:
        message = f"由规则、随机数和开奖结果算得 {expected}，与记录的不同；其中任何一项改动都会如此"
        wrong.append(Refused(f"{FILE} seed", message))
    report.settle(Topic.SEED, wrong, transcript.seed)


def check_transcript(report: Report, transcript: TargetTranscript) -> None:
    """All that needs neither list.

    Source: liancha-draw/1, §6, level transcript.
    """
    check_ceremony(report, transcript)
    strata = transcript.rule.strata
    report.settle(
        Topic.THRESHOLDS,
        [
            Refused(f"{FILE} strata[{index}].threshold", "抽中户数为 0 时才没有抽中线")
            for index, (stratum, threshold) in enumerate(
                zip(strata, transcript.thresholds, strict=True)
            )
            if (threshold is None) != (stratum.count == 0)
        ],
        "每层一条，未抽取的层没有",
    )
    due = sum(stratum.count for stratum in strata)
    wrong = []
    if transcript.drawn.size != due:
        wrong.append(
            Refused(f"{FILE} drawn.size", f"各层应抽共 {due} 户，记为 {transcript.drawn.size}")
        )
    report.settle(Topic.DRAWN, wrong, f"{due} 户，摘要 {transcript.drawn.sha256}")
    report.levels.append(Level.TRANSCRIPT)


def check_lists(report: Report, transcript: TargetTranscript, files: Mapping[str, bytes]) -> None:
    """frame.tsv, drawn.tsv and codes.txt, whichever are there.

    Source: liancha-draw/1, §6, level full; art. 19, paragraph 3: the list is what was drawn.
    """
    drawing = None
    codes = None
    if FRAME in files:
        reading = _check_frame(report, transcript, files[FRAME])
        drawing = _draw_again(report, transcript, reading) if reading else None
    if DRAWN in files:
        lines = _check_drawn(report, transcript, files[DRAWN], drawing)
        codes = tuple(line.code for line in lines)
    if drawing:
        codes = drawing.codes
    if CODES in files:
        _check_codes(report, transcript, files[CODES], codes)
    if FRAME in files and DRAWN in files:
        report.levels.append(Level.FULL)


def _check_frame(report: Report, transcript: TargetTranscript, data: bytes) -> FrameReading | None:
    """The reading, if its lines can be drawn from."""
    recorded, found, reading = transcript.rule.frame, frame_of(data), read_frame(data)
    problems = list(reading.problems)
    for name, ours, theirs in (
        ("sha256", found.sha256, recorded.sha256),
        ("size", found.size, recorded.size),
        ("root", found.root, recorded.root),
    ):
        if ours != theirs:
            problems.append(Refused(FRAME, f"{name} 算得 {ours}，记录为 {theirs}"))
    sizes = {stratum.name: stratum.size for stratum in transcript.rule.strata}
    for name in sorted(sizes.keys() | reading.sizes.keys()):
        held, ruled = reading.sizes.get(name, 0), sizes.get(name)
        if held != ruled and not (reading.problems and ruled is not None):
            said = "规则中没有这一层" if ruled is None else f"记录为 {ruled} 户"
            problems.append(Refused(FRAME, f"分层 {shown(name)} 有 {held} 户，{said}"))
    text = f"{found.size} 户，代码与盐各不重复；SHA-256 {found.sha256}，根 {found.root}"
    report.settle(Topic.FRAME, problems, text)
    return None if reading.problems else reading


def _draw_again(
    report: Report, transcript: TargetTranscript, reading: FrameReading
) -> Drawing | None:
    """Every ticket computed again from the recorded seed."""
    try:
        drawing = draw_targets(reading.lines, transcript.rule.strata, transcript.seed)
    except Refused as problem:
        report.bad(Topic.TICKETS, f"不能复算：{problem}")
        return None
    except Blocked as refusal:
        report.bad(Topic.TICKETS, f"不能复算：{refusal}")
        return None
    problems = [
        Refused(f"{FILE} strata[{index}].threshold", f"复算得 {ours}，记录为 {theirs}")
        for index, (ours, theirs) in enumerate(
            zip(drawing.thresholds, transcript.thresholds, strict=True)
        )
        if ours != theirs
    ]
    if file_digest(drawn_file(drawing.lines)) != transcript.drawn.sha256:
        message = "由名单和种子复算的抽中名单与记录的摘要不符"
        problems.append(Refused(f"{FILE} drawn.sha256", message))
    report.settle(Topic.TICKETS, problems, f"{len(reading.lines)} 张逐户复算，抽中线与抽中名单一致")
    return drawing


def _check_drawn(
    report: Report, transcript: TargetTranscript, data: bytes, drawing: Drawing | None
) -> list[DrawnLine]:
    problems: list[Refused] = []
    numbered = read_drawn(data, problems)
    lines = [line for _, line in numbered]
    if file_digest(data) != transcript.drawn.sha256:
        problems.append(Refused(DRAWN, f"SHA-256 算得 {file_digest(data)}，与记录的不同"))
    if len(lines) != transcript.drawn.size:
        message = f"有 {len(lines)} 行，记录为 {transcript.drawn.size} 户"
        problems.append(Refused(DRAWN, message))
    strata = {stratum.name: at for at, stratum in enumerate(transcript.rule.strata)}
    thresholds = dict(zip(strata, transcript.thresholds, strict=False))
    before: tuple[int, str, str] = (-1, "", "")
    codes: set[str] = set()
    places: dict[str, int] = {}
    for number, line in numbered:
        where = f"{DRAWN} 第 {number} 行"
        places[line.stratum] = places.get(line.stratum, 0) + 1
        spot = (strata.get(line.stratum, len(strata)), line.ticket, line.code)
        if line.stratum not in strata:
            problems.append(Refused(where, f"规则中没有分层 {shown(line.stratum)}"))
        elif not is_drawn(line.ticket, thresholds[line.stratum]):
            problems.append(Refused(where, "票据大于本层的抽中线"))
        if line.ticket != ticket(transcript.seed, line.code, line.salt):
            problems.append(Refused(where, "票据与种子、代码、盐算得的不符"))
        if spot <= before:
            problems.append(Refused(where, "应按规则中各层的次序、层内按票据排列"))
        if line.place != places[line.stratum]:
            problems.append(Refused(where, f"层内序号应为 {places[line.stratum]}"))
        if line.code in codes:
            problems.append(Refused(where, f"{shown(line.code)} 重复"))
        codes.add(line.code)
        before = spot
    last = {line.stratum: line.ticket for line in lines}
    for index, stratum in enumerate(transcript.rule.strata):
        found = places.get(stratum.name, 0)
        if found != stratum.count:
            message = f"分层 {shown(stratum.name)} 有 {found} 户，应抽 {stratum.count} 户"
            problems.append(Refused(DRAWN, message))
        if last.get(stratum.name) != transcript.thresholds[index]:
            message = f"分层 {shown(stratum.name)} 最后一张票据与抽中线不同"
            problems.append(Refused(DRAWN, message))
    if drawing:
        pairs = zip_longest(lines, drawing.lines)
        for number, (theirs, ours) in enumerate(pairs, start=1):
            if theirs != ours:
                want = shown(ours.code) if ours else "没有这一行"
                problems.append(Refused(f"{DRAWN} 第 {number} 行", f"复算为 {want}"))
                break
    report.settle(Topic.DRAWN, problems, f"{DRAWN} {len(lines)} 行，逐行相符")
    return lines


def _check_codes(
    report: Report, transcript: TargetTranscript, data: bytes, codes: tuple[str, ...] | None
) -> None:
    problems = []
    given = data.decode(errors="replace").split("\n")[:-1]
    is_listed = data == codes_file(set(given))
    if not is_listed or any(code.startswith("\ufeff") or name_problem(code) for code in given):
        problems.append(Refused(CODES, "应为每行一个代码，按字节排序，不重复"))
    if len(given) != transcript.drawn.size:
        message = f"有 {len(given)} 个代码，记录为 {transcript.drawn.size} 户"
        problems.append(Refused(CODES, message))
    if codes is not None and data != codes_file(codes):
        problems.append(Refused(CODES, "与抽中名单的代码不同"))
    if codes is None and not problems:
        # Nothing public covers codes alone: a digest of them could be guessed before the visits.
        text = f"{CODES} {len(given)} 个代码，个数相符；缺少 {DRAWN}，代码本身核对不了"
        report.open(Topic.DRAWN, text)
        return
    report.settle(Topic.DRAWN, problems, f"{CODES} {len(given)} 个代码，与抽中名单相同")


def check_firm(report: Report, transcript: TargetTranscript, data: bytes, name: str) -> None:
    """One firm's own answer: line in the committed tree, ticket, threshold, drawn or not.

    Source: liancha-draw/1, §6, level firm.
    """
    try:
        answer = read_firm(data, name)
    except Refused as refusal:
        report.settle(Topic.FIRM, refusal.problems, "")
        return
    rule = transcript.rule
    code, stratum, salt = answer.line.split("\t")
    problems = []
    if answer.draw != rule.draw:
        problems.append(Refused(f"{name} draw", f"抽取记录的编号是 {rule.draw}"))
    if answer.seed != transcript.seed:
        problems.append(Refused(f"{name} seed", "与抽取记录的种子不同"))
    leaf = tree.leaf_hash(answer.line.encode())
    path = [bytes.fromhex(node) for node in answer.path]
    root = bytes.fromhex(rule.frame.root)
    if not tree.includes(root, rule.frame.size, answer.index, leaf, path):
        message = "这一行与旁证算不出抽取前公布的名单根"
        problems.append(Refused(f"{name} line、index、path", message))
    if answer.ticket != ticket(answer.seed, code, salt):
        problems.append(Refused(f"{name} ticket", "与种子、代码、盐算得的不符"))
    thresholds = {
        one.name: threshold
        for one, threshold in zip(rule.strata, transcript.thresholds, strict=True)
    }
    if stratum not in thresholds:
        problems.append(Refused(f"{name} line", f"规则中没有分层 {shown(stratum)}"))
    elif answer.threshold != thresholds[stratum]:
        problems.append(Refused(f"{name} threshold", "与抽取记录中本层的抽中线不同"))
    if answer.drawn != is_drawn(answer.ticket, answer.threshold):
        problems.append(Refused(f"{name} drawn", "票据不大于抽中线才是抽中"))
    word = "抽中，票据不大于抽中线" if answer.drawn else "未抽中，票据大于抽中线"
    if answer.threshold is None:
        word = "未抽中，本层不抽取"
    report.settle(Topic.FIRM, problems, f"{name}：{code} 在冻结的名单中；{word}")
    report.levels.append(Level.FIRM)
