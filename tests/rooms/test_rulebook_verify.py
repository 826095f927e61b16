"""The verifier accepts what was published and names every field and line that was changed."""

import copy
import json
from collections.abc import Iterator

import pytest

from liancha.rulebook import verify
from liancha.rulebook.findings import Level, Mark, Topic
from tests.rooms import bundles
from tests.rooms.bundles import INSPECTOR_FILES as INSPECTORS
from tests.rooms.bundles import TARGET_FILES as TARGETS
from tests.rooms.bundles import bad, topics

BOTH = pytest.mark.parametrize("files", [TARGETS, INSPECTORS], ids=["targets", "inspectors"])


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
