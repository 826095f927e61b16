"""Two small draws with every file that is published of them, made the same way each time.

`python -m tests.rooms.bundles` writes them to tests/data/; a test keeps the two alike.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from liancha.rulebook import bundle, chain, protocol, publiclog, sampling, tree
from liancha.rulebook.assignment import assign
from liancha.rulebook.findings import Mark, Report, Topic
from liancha.rulebook.protocol import Beacon, InspectorRule, Party, Reference, Stratum, TargetRule
from liancha.rulebook.publiclog import Checkpoint, Log, LogEntry
from liancha.rulebook.staffing import Need, Seat, Staffing
from liancha.rulebook.transcript import InspectorTranscript, TargetTranscript, begin, drawn_file

DATA = Path(__file__).resolve().parents[1] / "data"
TARGETS = DATA / "draw"
INSPECTORS = DATA / "assignment"
TARGET_FILES = {path.name: path.read_bytes() for path in TARGETS.glob("*.*")}
INSPECTOR_FILES = {path.name: path.read_bytes() for path in INSPECTORS.glob("*.*")}

DICE = "8 枚骰子 自左至右 市政务服务中心"
DUE = "2026-11-23T10:10:00+08:00"


def digits(what: str, length: int = 64) -> str:
    """Fixed digits where a real draw has random ones."""
    return sha256(f"tests {what}".encode()).hexdigest()[:length]


def parties(draw: str, *names: str) -> tuple[Party, ...]:
    return tuple(
        Party(name, protocol.commitment(draw, name, digits(f"nonce {name}"))) for name in names
    )


def public_log(
    number: str, facts: list[tuple[str, dict[str, object]]], log: tree.Tree | None = None
) -> Log:
    """The entries of a draw among others of the day, a checkpoint after each of them.

    log  grows by the entries, for who wants proofs of its own from it
    """
    log = tree.Tree() if log is None else log
    entries: list[tuple[int, str, int]] = []
    sizes: list[int] = []
    for kind, more in facts:
        for other in range(3):
            body = protocol.canonical({"at": "2026-11-20", "by": "某人", "what": f"{kind} {other}"})
            log.append(chain.leaf(digits(body, 32), body))
        body = protocol.canonical({"by": "某人", "draw": number, "kind": kind} | more)
        leaf = chain.leaf(digits(body, 32), body)
        log.append(leaf)
        entries.append((len(log) - 1, leaf.decode(), len(log)))
        sizes.append(len(log))
    checkpoints = []
    for at, size in enumerate(sizes):
        root = log.root(size)
        # Key id, time, signature: the form of a cosignature, with digits for the signature.
        time = (1_795_399_000 + 60 * at).to_bytes(8)
        blob = bytes.fromhex(digits("key", 8)) + time + bytes.fromhex(digits("signature", 64)) * 2
        checkpoints.append(
            Checkpoint(
                size=size,
                root=root.hex(),
                text=publiclog.checkpoint_text("liancha.test/log", size, root),
                signatures=(f"— witness.test {base64.b64encode(blob).decode()}",),
                consistency=tuple(node.hex() for node in log.consistency(size)),
            )
        )
    return Log(
        entries=tuple(
            LogEntry(
                index=index,
                leaf=leaf,
                path=tuple(node.hex() for node in log.inclusion(index, size)),
                checkpoint=at,
            )
            for at, (index, leaf, size) in enumerate(entries)
        ),
        checkpoints=tuple(checkpoints),
    )


@dataclass(frozen=True)
class TargetDraw:
    transcript: TargetTranscript
    files: dict[str, bytes]
    log: tree.Tree


def target_draw() -> TargetDraw:
    number = "洛测抽〔2026〕1号-1"
    strata = {"A": 12, "餐饮/410311": 7, "丙 级": 3, "D": 2}
    names = [name for name, size in strata.items() for _ in range(size)]
    codes = [f"91410300{at * 7919 % 10**10:010d}" for at in range(20)]
    codes += ["410300000000017", "N2", "企业三", "N1"]
    frame = bundle.freeze(zip(codes, names, strict=True), digits("secret"))
    rule = TargetRule(
        draw=number,
        parties=parties(number, "市公安局", "市市场监管局", "市司法局"),
        beacon=Beacon(DICE, "0 0 0 0 0 0 0 0", DUE),
        escrow=None,
        frame=bundle.frame_of(frame),
        strata=(
            Stratum.at_rate("A", 12, "1/10"),
            Stratum.at_number("餐饮/410311", 7, 3),
            Stratum.at_rate("丙 级", 3, "0/1"),
            Stratum.at_rate("D", 2, "3/2"),
            Stratum.at_rate("空", 0, "1/2"),
        ),
    ).checked()
    nonces = [digits("nonce 市公安局"), digits("nonce 市市场监管局"), None]
    value = "3 5 1 6 2 2 4 6"
    seed = begin(rule, nonces, value)
    drawing = sampling.draw_targets(frame.splitlines(), rule.strata, seed)
    transcript = TargetTranscript.of(rule, nonces, value, drawing)
    answers = bundle.FirmAnswers(frame, transcript)
    leaves = tree.Tree()
    drawn = drawing.codes[0]
    spared = next(code for code in codes if code not in drawing.codes)
    log = public_log(
        number,
        [
            ("freeze", {"frame": rule.frame.as_json()}),
            ("rule", {"rule_digest": rule.digest}),
            ("close", {"missing": transcript.missing}),
            ("draw", {"transcript": transcript.digest}),
        ],
        leaves,
    )
    files = {
        "transcript.json": transcript.file(),
        "frame.tsv": frame,
        "drawn.tsv": drawn_file(drawing.lines),
        "codes.txt": bundle.codes_file(drawing.codes),
        "log.json": log.file(),
        "firm-drawn.json": answers.of(drawn).file(),
        "firm-not-drawn.json": answers.of(spared).file(),
    }
    return TargetDraw(transcript, files, leaves)


def staffing() -> Staffing:
    """Ten units, eight inspectors in two districts, specialists for the lead seats."""
    people = {f"P{at}": 4 if at else 2 for at in range(8)}
    needs = {f"U{at}": Need(3 if at == 4 else 2, 1 if at % 2 else 0) for at in range(10)}
    eligible = {
        unit: {
            name: Seat.LEAD if at % 3 == 0 else Seat.ANY
            for at, name in enumerate(people)
            if (at + place) % 5 and (at < 5 or place > 3)
        }
        for place, unit in enumerate(needs)
    }
    return Staffing(people, needs, eligible).checked()


@dataclass(frozen=True)
class InspectorDraw:
    transcript: InspectorTranscript
    files: dict[str, bytes]


def inspector_draw() -> InspectorDraw:
    number, given = "洛测抽〔2026〕1号-1-公安", staffing()
    rule = InspectorRule(
        draw=number,
        parties=parties(number, "市公安局", "市市场监管局"),
        beacon=None,
        escrow="市司法局",
        of=Reference("洛测抽〔2026〕1号-1", target_draw().transcript.digest),
        inputs=given.inputs(),
        salt=digits("salt"),
        excluded=protocol.excluded({"请假": 2, "回避": 14}),
    ).checked()
    nonces = [digits("nonce 市公安局"), digits("nonce 市市场监管局")]
    seed = begin(rule, nonces, None)
    transcript = InspectorTranscript.of(rule, nonces, None, assign(given, seed=seed))
    log = public_log(
        number,
        [
            ("freeze", {"frame": protocol.inputs_seal(rule.salt, rule.inputs)}),
            ("rule", {"rule_digest": rule.digest}),
            ("close", {"missing": []}),
            ("draw", {"transcript": transcript.digest}),
        ],
    )
    files = {"transcript.json": transcript.file(), "log.json": log.file()} | given.files()
    return InspectorDraw(transcript, files)


def bad(report: Report) -> list[str]:
    """The lines of what is wrong."""
    return [str(finding) for finding in report.findings if finding.mark is Mark.BAD]


def topics(report: Report) -> set[Topic]:
    return set(report.failed)


def write() -> None:
    for folder, files in ((TARGETS, target_draw().files), (INSPECTORS, inspector_draw().files)):
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    write()
