"""The verifier: accepts what was published, names every part that was changed, at every level.

In-process checks go through `verify.check`, which the command calls; the command itself runs as an
outsider would run it, with the standard library alone.
"""

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from liancha.rulebook import bundle, protocol, publiclog, sampling, verify
from liancha.rulebook.findings import Level, Mark, Report, Topic
from liancha.rulebook.protocol import Reference, Stratum, TargetRule
from liancha.rulebook.transcript import TargetTranscript, begin, drawn_file
from tests.rooms import bundles

ROOT = Path(__file__).resolve().parents[2]
SPEC = ROOT.parent / "shared" / "spec"
worked_example = pytest.mark.skipif(
    not SPEC.is_dir(), reason="the protocol's worked example is not beside this repository"
)
TARGETS = {path.name: path.read_bytes() for path in bundles.TARGETS.iterdir()}
INSPECTORS = {path.name: path.read_bytes() for path in bundles.INSPECTORS.iterdir()}
BOTH = pytest.mark.parametrize("files", [TARGETS, INSPECTORS], ids=["targets", "inspectors"])


def bad(report: Report) -> list[str]:
    return [str(finding) for finding in report.findings if finding.mark is Mark.BAD]


def topics(report: Report) -> set[Topic]:
    return set(report.failed)


class TestPublishedFiles:
    def test_the_shipped_files_are_those_the_code_makes(self):
        assert bundles.target_draw().files == TARGETS
        assert bundles.inspector_draw().files == INSPECTORS

    def test_a_draw_of_targets_is_accepted_at_every_level(self):
        report = verify.check(TARGETS)
        assert bad(report) == []
        assert report.is_good
        *_, verdict = report.lines()
        assert verdict == "结论：相符。核对级别：完整（full）、公开日志（log）、企业自查（firm）。"
        for level in Level:
            assert verify.check(TARGETS, level=level).is_good

    def test_a_draw_of_inspectors_is_accepted(self):
        report = verify.check(INSPECTORS)
        assert bad(report) == []
        *_, verdict = report.lines()
        assert verdict == "结论：相符。核对级别：完整（full）、公开日志（log）。"

    def test_the_layout_of_the_json_does_not_matter(self):
        compact = json.dumps(json.loads(TARGETS["transcript.json"])).encode()
        assert verify.check({**TARGETS, "transcript.json": compact}).is_good

    def test_the_signatures_are_said_to_be_unchecked(self):
        report = verify.check(TARGETS)
        said = [str(finding) for finding in report.findings if finding.mark is Mark.OPEN]
        assert any("署名真伪本命令不核对" in line for line in said)


# Every field


def paths(value: object, at: tuple = ()) -> Iterator[tuple]:
    if at:
        yield at
    if isinstance(value, dict):
        for key in value:
            yield from paths(value[key], (*at, key))
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from paths(value[index], (*at, index))


def changed(value: object) -> Iterator[object]:
    """Other values: of the same kind, of other kinds, and some that are nothing."""
    if isinstance(value, bool):
        yield from (not value, int(value))
    elif isinstance(value, int):
        yield from (value + 1, value - 1, str(value), 2**53, 10**400)
    elif isinstance(value, str):
        last = "1" if value.endswith("0") else "0"
        yield from (value[:-1] + last, value + "0", value[1:], value.swapcase() + "x", "", "\ud800")
        yield from ("e\u0301", value + "\n", value + "\x00", value + "\u0085")
    elif value is None:
        yield from ("x", 0, "0" * 64)
    elif isinstance(value, list):
        yield from (value + value[-1:], value[:-1], [], {}, [None])
        if len(value) > 1:
            yield value[::-1]
    elif isinstance(value, dict):
        yield from ({}, [], {**value, "also": 1})
        for key in value:
            yield {("x" + k if k == key else k): v for k, v in value.items()}
            yield {k: v for k, v in value.items() if k != key}
    yield from (None, 1.5, [value], True)


def put(root: object, at: tuple, value: object) -> object:
    root = copy.deepcopy(root)
    holder = root
    for key in at[:-1]:
        holder = holder[key]
    holder[at[-1]] = value
    return root


# What may be named when a top-level key of the transcript is changed to another fitting value.
NAMED = {
    "alg": {Topic.FILES},
    "assignment": {Topic.ASSIGNMENT},
    "base": {Topic.SEED},
    "beacon": {Topic.SEED, Topic.BEACON},
    "cap": {Topic.ASSIGNMENT},
    "draw": {Topic.PARTIES},
    "drawn": {Topic.TICKETS, Topic.DRAWN},
    "escrow": {Topic.RULE, Topic.SEED},
    "excluded": {Topic.RULE, Topic.SEED},
    "frame": {Topic.FRAME, Topic.SEED, Topic.RULE},
    "inputs": {Topic.INPUTS},
    "kind": {Topic.FILES},
    "loads": {Topic.ASSIGNMENT},
    "of": {Topic.SEED},
    "parties": {Topic.PARTIES, Topic.SEED},
    "protocol": {Topic.FILES},
    "rounding": {Topic.FILES},
    "salt": {Topic.SEED},
    "seed": {Topic.SEED},
    "strata": {Topic.COUNTS, Topic.SEED, Topic.THRESHOLDS, Topic.TICKETS, Topic.RULE},
    "supplements": {Topic.SEED},
}


@BOTH
def test_every_field_of_the_transcript(files):
    record = json.loads(files["transcript.json"])
    tried = 0
    for at in paths(record):
        for value in changed(_at(record, at)):
            wrong = put(record, at, value)
            if _same(wrong, record):
                continue
            data = json.dumps(wrong).encode()
            alone = verify.check({**files, "transcript.json": data}, level=Level.FULL)
            assert not alone.is_good, (at, value)
            if topics(alone) == {Topic.FILES}:
                # Not of the form: the field itself, or what stands in it, is named.
                assert any(at[0] in line for line in bad(alone)), (at, value, bad(alone))
            else:
                assert topics(alone) & NAMED[at[0]], (at, value, bad(alone))
            tried += 1
    assert tried > 500


@pytest.mark.parametrize("name", ["firm-drawn.json", "firm-not-drawn.json"])
def test_every_field_of_a_firms_answer(name):
    answer = json.loads(TARGETS[name])
    for at in paths(answer):
        for value in changed(_at(answer, at)):
            wrong = put(answer, at, value)
            if _same(wrong, answer):
                continue
            report = verify.check({**TARGETS, name: json.dumps(wrong).encode()}, level=Level.FIRM)
            assert topics(report) == {Topic.FIRM}, (at, value)
            assert any(f"{name}" in line and str(at[0]) in line for line in bad(report)), (
                at,
                value,
            )


@BOTH
def test_every_field_of_the_log_but_its_signatures(files):
    log = json.loads(files["log.json"])
    for at in paths(log):
        if "signatures" in at:
            continue
        for value in changed(_at(log, at)):
            wrong = put(log, at, value)
            if _same(wrong, log):
                continue
            report = verify.check(
                {**files, "log.json": json.dumps(wrong).encode()}, level=Level.LOG
            )
            assert topics(report) == {Topic.LOG}, (at, value)


def _at(value: object, at: tuple) -> object:
    for key in at:
        value = value[key]
    return value


def _same(one: object, other: object) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


# Every line


LISTS = [
    ("frame.tsv", TARGETS, Topic.FRAME),
    ("drawn.tsv", TARGETS, Topic.DRAWN),
    ("codes.txt", TARGETS, Topic.DRAWN),
    ("roster.tsv", INSPECTORS, Topic.INPUTS),
    ("needs.tsv", INSPECTORS, Topic.INPUTS),
    ("eligible.tsv", INSPECTORS, Topic.INPUTS),
]


@pytest.mark.parametrize(("name", "files", "topic"), LISTS, ids=[name for name, *_ in LISTS])
def test_every_line_of_every_list(name, files, topic):
    lines = files[name].splitlines(keepends=True)
    for at, line in enumerate(lines):
        before, after = lines[:at], lines[at + 1 :]
        cells = line[:-1].split(b"\t")
        others = [
            [],
            [line, line],
            [line.replace(b"\n", b"\r\n")],
            [line[:-1] + b" \n"],
            [b"\xff" + line],
            [b":" + line],
            [line[:-1] + b"\tx\n"],
            [b"\n", line],
            *(
                [b"\t".join([*cells[:c], cell[:-1] + b"\x7f", *cells[c + 1 :]]) + b"\n"]
                for c, cell in enumerate(cells)
            ),
            *(
                [b"\t".join([*cells[:c], cell + b"9", *cells[c + 1 :]]) + b"\n"]
                for c, cell in enumerate(cells)
            ),
            *([b"\t".join([*cells[:c], *cells[c + 1 :]]) + b"\n"] for c in range(len(cells))),
        ]
        changes = [b"".join([*before, *other, *after]) for other in others]
        if after:
            changes.append(b"".join([*before, after[0], line, *after[1:]]))
        for data in changes:
            report = verify.check({**files, name: data})
            assert topic in topics(report), data
            assert any(name in text for text in bad(report)), data


@BOTH
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\x00",
        b"\xff\xfe",
        b"NaN",
        b"null",
        b"[" * 100_000,
        b'{"kind":' * 100_000,
        b"9" * 100_000,
        b'{"kind":"inspectors"}',
        b'{"kind":"targets","kind":"targets"}',
        "联查".encode("gb18030"),
    ],
    ids=range(12),
)
def test_any_bytes_in_any_file_give_a_sentence(files, data):
    for name in files:
        report = verify.check({**files, name: data})
        assert not report.is_good
        assert any(name in text for text in bad(report))
        for line in report.lines():
            assert "\n" not in line
            line.encode()


@BOTH
def test_a_byte_order_mark_is_refused_in_every_file(files):
    for name, data in files.items():
        report = verify.check({**files, name: b"\xef\xbb\xbf" + data})
        assert any(name in text for text in bad(report))


@BOTH
def test_windows_line_ends_are_refused_in_every_list(files):
    for name, data in files.items():
        if not name.endswith(".json"):
            report = verify.check({**files, name: data.replace(b"\n", b"\r\n")})
            assert any(name in text for text in bad(report))


# Levels


class TestLevels:
    def test_with_a_file_missing_the_lower_level_is_named(self):
        for name in ("frame.tsv", "drawn.tsv"):
            report = verify.check({key: TARGETS[key] for key in TARGETS if key != name})
            assert report.is_good
            text = "\n".join(report.lines())
            assert f"缺少 {name}，未做完整核对" in text
            assert Level.FULL not in report.levels
            assert Level.TRANSCRIPT in report.levels

    def test_the_transcript_alone(self):
        report = verify.check({"transcript.json": TARGETS["transcript.json"]})
        assert report.is_good
        assert report.levels == [Level.TRANSCRIPT]

    @pytest.mark.parametrize(
        ("level", "missing"),
        [(Level.FULL, "frame.tsv、drawn.tsv"), (Level.LOG, "log.json"), (Level.FIRM, "firm.json")],
    )
    def test_a_level_that_is_asked_for_and_cannot_be_checked_is_refused(self, level, missing):
        report = verify.check({"transcript.json": TARGETS["transcript.json"]}, level=level)
        assert not report.is_good
        assert bad(report) == [f"✗ 级别：缺少 {missing}，不能做{level.label}核对"]

    def test_inspectors_with_one_input_missing(self):
        files = {key: INSPECTORS[key] for key in INSPECTORS if key != "needs.tsv"}
        report = verify.check(files)
        assert report.is_good
        assert Level.FULL not in report.levels
        assert not verify.check(files, level=Level.FULL).is_good

    def test_one_list_alone_is_still_held_against_the_record(self):
        for name in ("frame.tsv", "drawn.tsv"):
            files = {
                "transcript.json": TARGETS["transcript.json"],
                name: TARGETS[name][:-40] + b"\n",
            }
            assert not verify.check(files).is_good

    def test_a_lower_level_does_not_look_at_the_lists(self):
        files = {**TARGETS, "frame.tsv": b"broken"}
        assert verify.check(files, level=Level.TRANSCRIPT).is_good
        assert not verify.check(files).is_good

    def test_without_a_transcript_nothing_can_be_checked(self):
        report = verify.check({"frame.tsv": TARGETS["frame.tsv"]})
        assert bad(report) == ["✗ 文件：缺少 transcript.json，没有它什么都不能核对"]
        assert not report.is_good


# Stories of tampering, told with good hashes where a forger would make them good


def forged(**changes: object) -> dict[str, bytes]:
    """The draw again, from the same ceremony, after somebody changed what was frozen."""
    made = bundles.target_draw()
    frame = changes.get("frame", made.files["frame.tsv"])
    rule = made.transcript.rule
    assert isinstance(rule, TargetRule)
    assert isinstance(frame, bytes)
    drawing = sampling.draw_targets(frame.splitlines(), rule.strata, made.transcript.seed)
    data = drawn_file(drawing.lines)
    record = json.loads(made.files["transcript.json"])
    record["drawn"]["sha256"] = protocol.file_digest(data)
    for stratum, threshold in zip(record["strata"], drawing.thresholds, strict=True):
        stratum["threshold"] = threshold
    return {
        "transcript.json": json.dumps(record).encode(),
        "frame.tsv": frame,
        "drawn.tsv": data,
    }


def test_a_friend_left_out_after_the_freeze_shows_in_the_root():
    lines = TARGETS["drawn.tsv"].splitlines()
    code = lines[1].split(b"\t")[3]
    frame = TARGETS["frame.tsv"]
    (victim,) = (line for line in frame.splitlines(keepends=True) if line.startswith(code))
    stranger = victim.replace(code, code[:-1] + b"X")
    frame = b"".join(sorted(frame.replace(victim, stranger).splitlines(keepends=True)))
    report = verify.check(forged(frame=frame))
    assert Topic.FRAME in topics(report)
    assert any("root" in line for line in bad(report))


def test_a_drawn_firm_swapped_for_another_shows_in_tickets_and_list():
    lines = TARGETS["drawn.tsv"].splitlines(keepends=True)
    drawn = {line.split(b"\t")[3] for line in lines}
    code, _, salt = next(
        line.split(b"\t")
        for line in TARGETS["frame.tsv"].splitlines()
        if line.split(b"\t")[0] not in drawn and line.split(b"\t")[1] == b"A"
    )
    seed = json.loads(TARGETS["transcript.json"])["seed"]
    own = sampling.ticket(seed, code.decode(), salt.decode()).encode()
    data = b"\t".join([b"A", b"1", own, code, salt]) + b"\n" + b"".join(lines[1:])
    report = verify.check({**TARGETS, "drawn.tsv": data})
    text = "\n".join(bad(report))
    assert "drawn.tsv 第 1 行：票据大于本层的抽中线" in text
    assert "drawn.tsv 第 1 行：复算为" in text


def test_another_beacon_value_shows_in_the_seed_alone():
    record = json.loads(TARGETS["transcript.json"])
    record["beacon"]["value"] = "1 1 1 1 1 1 1 1"
    report = verify.check(
        {**TARGETS, "transcript.json": json.dumps(record).encode()}, level=Level.FULL
    )
    assert topics(report) == {Topic.SEED}


def test_a_nonce_that_is_not_the_committed_one_names_its_party():
    record = json.loads(TARGETS["transcript.json"])
    record["parties"][1]["nonce"] = "0" * 64
    report = verify.check({"transcript.json": json.dumps(record).encode()})
    assert any("市市场监管局揭示的随机数与承诺不符" in line for line in bad(report))


class TestLog:
    def log(self, change) -> Report:
        made = bundles.target_draw()
        rule = made.transcript.rule
        facts = {
            "freeze": {"frame": rule.frame.as_json()},
            "rule": {"rule_digest": rule.digest},
            "close": {"missing": made.transcript.missing},
            "draw": {"transcript": made.transcript.digest},
        }
        number, entries = change(rule.draw, list(facts.items()))
        data = bundles.public_log(number, entries).file()
        return verify.check({**made.files, "log.json": data})

    def test_an_honest_log(self):
        assert self.log(lambda number, entries: (number, entries)).is_good

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda n, e: ("洛测抽〔2026〕2号-1", e), "属于另一次抽取"),
            (lambda n, e: (n, e[:3]), "缺少 draw 条目"),
            (lambda n, e: (n, e[1:]), "缺少 freeze 条目"),
            (lambda n, e: (n, [*e, e[1]]), "rule 有 2 条"),
            (lambda n, e: (n, [e[1], e[0], *e[2:]]), "次序应为"),
            (lambda n, e: (n, [e[0], ("rule", {"rule_digest": "0" * 64}), *e[2:]]), "rule_digest"),
            (lambda n, e: (n, [e[0], ("rule", {}), *e[2:]]), "rule_digest"),
            (lambda n, e: (n, [*e[:2], ("close", {"missing": []}), e[3]]), "missing"),
            (lambda n, e: (n, [*e[:2], ("close", {"missing": None}), e[3]]), "missing"),
            (lambda n, e: (n, [*e[:3], ("draw", {"transcript": "x"})]), "transcript"),
            (lambda n, e: (n, [*e, ("party", {})]), "不该有"),
        ],
    )
    def test_entries_that_say_something_else(self, change, said):
        report = self.log(change)
        assert topics(report) == {Topic.LOG}
        assert any(said in line for line in bad(report)), bad(report)

    def test_commitments_may_stand_with_them(self):
        report = self.log(lambda n, e: (n, [e[0], ("commit", {"party": "市公安局"}), *e[1:]]))
        assert report.is_good

    def test_a_void_draw_is_said_to_be_void(self):
        report = self.log(lambda n, e: (n, [*e[:3], ("void", {"reason": "断电"})]))
        assert report.is_good
        assert "日志记明这次抽取已作废" in "\n".join(report.lines())

    def test_a_rule_proven_only_by_the_last_checkpoint_is_refused(self):
        made = bundles.target_draw()
        log = publiclog.read_log(made.files["log.json"])
        tree_of_all = log.checkpoints[-1]
        record = json.loads(log.file())
        for entry in record["entries"]:
            entry["checkpoint"] = 3
            entry["path"] = [
                node.hex() for node in made.log.inclusion(entry["index"], tree_of_all.size)
            ]
        report = verify.check({**made.files, "log.json": json.dumps(record).encode()})
        text = "\n".join(bad(report))
        assert "规则要用 close 之前的检查点证明" in text
        assert "揭示截止要用 draw 之前的检查点证明" in text

    def test_a_close_cosigned_after_the_draw_was_due_is_refused_by_its_own_word(self):
        log = publiclog.read_log(TARGETS["log.json"])
        due = protocol.due_at(bundles.DUE)
        assert publiclog.late_cosigning(log, due) == []
        (problem,) = publiclog.late_cosigning(log, min(log.checkpoints[2].cosigned_at()))
        assert "不早于开奖时间" in problem.message


class TestSupplement:
    """A supplementary batch: the earlier pool minus the drawn, fresh salts."""

    def files(self, frame: bytes) -> dict[str, bytes]:
        first = bundles.target_draw()
        number = "洛测抽〔2026〕2号-1"
        sizes = bundle.read_frame(frame).sizes
        rule = TargetRule(
            draw=number,
            parties=bundles.parties(number, "市公安局", "市司法局"),
            beacon=first.transcript.rule.beacon,
            escrow=None,
            frame=bundle.frame_of(frame),
            strata=tuple(Stratum.at_rate(name, size, "1/3") for name, size in sizes.items()),
            supplements=Reference(first.transcript.rule.draw, first.transcript.digest),
        ).checked()
        nonces = [bundles.digits("nonce 市公安局"), bundles.digits("nonce 市司法局")]
        seed = begin(rule, nonces, "1 2 3 4 5 6 1 2")
        drawing = sampling.draw_targets(frame.splitlines(), rule.strata, seed)
        transcript = TargetTranscript.of(rule, nonces, "1 2 3 4 5 6 1 2", drawing)
        return {
            "transcript.json": transcript.file(),
            "frame.tsv": frame,
            "drawn.tsv": drawn_file(drawing.lines),
        }

    def left(self) -> list[tuple[str, str]]:
        drawn = set(TARGETS["codes.txt"].decode().splitlines())
        lines = (line.split("\t") for line in TARGETS["frame.tsv"].decode().splitlines())
        return [(code, stratum) for code, stratum, _ in lines if code not in drawn]

    def test_the_rest_of_the_pool_with_fresh_salts(self):
        files = self.files(bundle.freeze(self.left(), bundles.digits("second secret")))
        report = verify.check(files, earlier=[TARGETS])
        assert report.is_good
        assert "候选是那次的名单减去已抽中的" in "\n".join(report.lines())

    def test_without_the_earlier_folder_it_is_said_to_be_open(self):
        files = self.files(bundle.freeze(self.left(), bundles.digits("second secret")))
        report = verify.check(files)
        assert report.is_good
        assert "未核对；可用 --with 给出它的文件夹" in "\n".join(report.lines())

    @pytest.mark.parametrize(
        ("spoil", "secret", "said"),
        [
            (lambda left: left[1:], "second secret", "候选应为前一批的名单减去已抽中的"),
            (lambda left: [*left, ("9", "A")], "second secret", "候选应为"),
            (lambda left: [(left[0][0], "D"), *left[1:]], "second secret", "候选应为"),
            (lambda left: left, "secret", "盐与前一批的相同"),
        ],
    )
    def test_another_pool_or_old_salts_are_refused(self, spoil, secret, said):
        files = self.files(bundle.freeze(spoil(self.left()), bundles.digits(secret)))
        report = verify.check(files, earlier=[TARGETS])
        assert topics(report) == {Topic.EARLIER}
        assert any(said in line for line in bad(report))

    def test_another_draw_than_the_one_named_is_refused(self):
        assert topics(verify.check(INSPECTORS, earlier=[INSPECTORS])) == {Topic.EARLIER}
        assert verify.check(INSPECTORS, earlier=[TARGETS]).is_good


# The command, as an outsider runs it


RUN = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1));"
    "runpy.run_module('liancha.rulebook.verify', run_name='__main__', alter_sys=True)"
)


def command(*words: object, encoding: str = "utf-8") -> subprocess.CompletedProcess[str]:
    """Isolated, without site packages: neither Django nor anything else can be imported."""
    python = [sys.executable, "-I", "-S", "-X", f"utf8={int(encoding == 'utf-8')}"]
    found = subprocess.run(
        [*python, "-c", SPEAK.format(encoding) + RUN, str(ROOT), *map(str, words)],
        capture_output=True,
        timeout=60,
    )
    answer = subprocess.CompletedProcess(
        found.args, found.returncode, found.stdout.decode(encoding), found.stderr.decode("utf-8")
    )
    assert "Traceback" not in answer.stderr
    return answer


SPEAK = "import sys; sys.stdout.reconfigure(encoding={0!r}, errors='strict');"


class TestCommand:
    def test_it_needs_nothing_but_python(self):
        answer = command(bundles.TARGETS)
        assert answer.returncode == 0
        assert answer.stdout.splitlines()[-1].startswith("结论：相符。核对级别：完整（full）")
        assert answer.stderr == ""
        probe = subprocess.run(
            [sys.executable, "-I", "-S", "-c", "import django"], capture_output=True
        )
        assert probe.returncode == 1

    def test_the_documented_words(self):
        answer = subprocess.run(
            [sys.executable, "-m", "liancha.rulebook.verify", bundles.INSPECTORS],
            cwd=ROOT,
            capture_output=True,
            env={**os.environ, "PYTHONUTF8": "1"},
        )
        assert answer.returncode == 0
        assert "结论：相符" in answer.stdout.decode()

    def test_a_changed_byte_is_named_with_status_1(self, tmp_path):
        folder = shutil.copytree(bundles.TARGETS, tmp_path / "draw")
        path = folder / "frame.tsv"
        path.write_bytes(path.read_bytes().replace(b"9", b"8", 1))
        answer = command(folder)
        assert answer.returncode == 1
        assert "✗ 名单先定：" in answer.stdout
        assert answer.stdout.splitlines()[-1].startswith("结论：不符，问题在：名单先定")

    def test_full_is_refused_with_a_file_missing(self, tmp_path):
        folder = shutil.copytree(bundles.TARGETS, tmp_path / "draw")
        (folder / "drawn.tsv").unlink()
        assert command(folder).returncode == 0
        answer = command(folder, "--level", "full")
        assert answer.returncode == 1
        assert "缺少 drawn.tsv，不能做完整核对" in answer.stdout

    def test_one_firm(self, tmp_path):
        transcript = bundles.TARGETS / "transcript.json"
        for name in ("firm-drawn.json", "firm-not-drawn.json"):
            answer = command(bundles.TARGETS / name, "--transcript", transcript)
            assert answer.returncode == 0
            assert "企业自查（firm）" in answer.stdout
        renamed = shutil.copy(bundles.TARGETS / "firm-drawn.json", tmp_path / "我的.json")
        assert command(renamed, "--transcript", transcript).returncode == 0
        other = command(renamed, "--transcript", bundles.INSPECTORS / "transcript.json")
        assert other.returncode == 1
        assert "里面没有企业" in other.stdout

    @pytest.mark.parametrize(
        "words",
        [
            (),
            ("a", "b"),
            (bundles.TARGETS, "--level", "most"),
            (bundles.TARGETS / "firm-drawn.json",),
            (bundles.TARGETS, "--transcript", "x"),
            (bundles.TARGETS, "--with", "nowhere"),
            (bundles.TARGETS / "firm-drawn.json", "--transcript", "x", "--level", "full"),
        ],
    )
    def test_called_wrongly_is_status_2(self, words):
        answer = command(*words)
        assert answer.returncode == 2
        assert "用法有误" in answer.stderr

    @pytest.mark.parametrize("name", ["nowhere", "x" * 5000, "with\nbreak"])
    def test_a_path_that_is_not_there(self, name):
        answer = command(name)
        assert answer.returncode == 1
        assert "不存在" in answer.stdout

    def test_folders_and_strange_things_in_the_place_of_files(self, tmp_path):
        folder = shutil.copytree(bundles.TARGETS, tmp_path / "draw")
        (folder / "frame.tsv").unlink()
        (folder / "frame.tsv").mkdir()
        (folder / "drawn.tsv").unlink()
        (folder / "drawn.tsv").symlink_to("nowhere")
        (folder / "log.json").unlink()
        os.mkfifo(folder / "log.json")
        (folder / "notes.txt").write_text("x")
        answer = command(folder)
        assert answer.returncode == 1
        assert "「frame.tsv」 是文件夹，不是文件" in answer.stdout
        assert "「drawn.tsv」 不存在" in answer.stdout
        assert "「log.json」 不是文件" in answer.stdout
        assert "不认识的文件未核对：「notes.txt」" in answer.stdout

    def test_an_empty_folder(self, tmp_path):
        answer = command(tmp_path)
        assert answer.returncode == 1
        assert "缺少 transcript.json" in answer.stdout

    def test_a_screen_that_has_only_ascii(self):
        answer = command(bundles.TARGETS, encoding="ascii")
        assert answer.returncode == 0
        lines = answer.stdout.splitlines()
        assert all(line.startswith(("[ok] ", "[--] ")) for line in lines[:-1])
        assert lines[-1] == "verdict: MATCH; level: full, log, firm"
        assert command("--help", encoding="ascii").returncode == 0

    def test_a_screen_that_has_gbk_reads_chinese(self):
        answer = command(bundles.TARGETS, encoding="gbk")
        assert answer.returncode == 0
        assert "√ 种子：" in answer.stdout
        assert "结论：相符" in answer.stdout

    def test_a_reader_who_has_seen_enough(self):
        words = [sys.executable, "-m", "liancha.rulebook.verify", str(bundles.TARGETS)]
        run = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert run.stdout is not None
        run.stdout.close()
        assert run.stderr is not None
        assert run.stderr.read() == b""
        assert run.wait(30) == 0


class TestByHand:
    """The shell lines of docs/draw.md, run as they stand there."""

    PAGE = (ROOT / "docs" / "draw.md").read_text(encoding="utf-8")

    def line(self, beginning: str) -> str:
        (found,) = (line for line in self.PAGE.splitlines() if line.startswith(beginning))
        return found

    def run(self, script: str, **names: str) -> list[str]:
        bash = shutil.which("bash")
        if bash is None or shutil.which("sha256sum") is None:
            pytest.skip("the documented lines want bash and sha256sum")
        found = subprocess.run(
            [bash, "-c", script],
            cwd=bundles.TARGETS,
            env={**os.environ, **names},
            capture_output=True,
            check=True,
            text=True,
            encoding="utf-8",
        )
        return found.stdout.splitlines()

    def test_the_whole_list(self):
        record = json.loads(TARGETS["transcript.json"])
        lines = self.run(self.line("while IFS="), SEED=record["seed"])
        drawn = []
        for stratum in record["strata"]:
            own = [line for line in lines if line.split("\t")[0] == stratum["name"]]
            drawn += own[: stratum["count"]]
        published = (line.split("\t") for line in TARGETS["drawn.tsv"].decode().splitlines())
        assert drawn == ["\t".join((name, own, code)) for name, _, own, code, _ in published]

    def test_one_ticket(self):
        answer = json.loads(TARGETS["firm-drawn.json"])
        code, _, salt = answer["line"].split("\t")
        (line,) = self.run(self.line("printf %s"), SEED=answer["seed"], CODE=code, SALT=salt)
        assert line.split()[0] == answer["ticket"]


@worked_example
class TestWorkedExample:
    @pytest.mark.parametrize("name", ["draw-example", "assignment-example"])
    def test_it_is_accepted_in_full(self, name):
        files = {path.name: path.read_bytes() for path in (SPEC / name).iterdir()}
        report = verify.check(files, level=Level.FULL)
        assert bad(report) == []
        assert Level.FULL in report.levels

    def test_every_byte_of_its_lists_counts(self):
        files = {path.name: path.read_bytes() for path in (SPEC / "draw-example").iterdir()}
        for name in ("frame.tsv", "drawn.tsv"):
            data = files[name]
            for at in range(len(data)):
                spoilt = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
                report = verify.check({**files, name: spoilt})
                assert any(name in line for line in bad(report)), at
