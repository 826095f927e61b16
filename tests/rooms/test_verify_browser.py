"""The page's verifier and the command's say the same: of honest draws, and of every spoilt one.

Each implementation was written from the protocol; where they differ, one of them, or the text, is
wrong. Cases are drawn from fixed seeds, so a failure comes back.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from liancha.rulebook import tree
from liancha.rulebook.assignment import assign
from liancha.rulebook.form import canonical
from liancha.rulebook.protocol import InspectorRule, Reference
from liancha.rulebook.staffing import Need, Seat, Staffing
from liancha.rulebook.transcript import InspectorTranscript, begin
from tests.rooms import bundles
from tests.rooms.browser_verifier import HOST, Answer, Files, in_browser, in_python, serve
from tests.rooms.random_draws import (
    TEXTS,
    UNFAIR,
    inspector_files,
    json_changes,
    line_changes,
    retold,
    supplement_files,
    target_files,
)

SPEC = Path(__file__).resolve().parents[3] / "shared" / "spec"
worked_example = pytest.mark.skipif(
    not SPEC.is_dir(), reason="the protocol's worked example is not beside this repository"
)
EXAMPLES = {"targets": bundles.TARGETS, "inspectors": bundles.INSPECTORS}


def folder(path: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in path.iterdir()}


@pytest.fixture
def page(new_page):
    page = new_page()
    serve(page)
    return page


def agree(page, base: Files, changes: list[dict[str, bytes]]) -> Iterator[tuple[Files, Answer]]:
    """Each change with the answer that both gave."""
    for change, ours in zip(changes, in_browser(page, base, changes), strict=True):
        theirs = in_python({**base, **change})
        assert ours == theirs, change
        yield change, ours


# Honest draws


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_shipped_draws_are_accepted(page, kind):
    [answer] = in_browser(page, folder(EXAMPLES[kind]))
    assert answer.is_good
    assert answer.levels >= {"full", "transcript", "log"}


@worked_example
class TestWorkedExample:
    def test_it_is_accepted_in_full(self, page):
        for name in ("draw-example", "assignment-example"):
            [answer] = in_browser(page, folder(SPEC / name))
            assert answer.is_good
            assert "full" in answer.levels

    def test_the_assignment_under_another_base(self, page):
        files = folder(SPEC / "assignment-example")
        other = json.loads(files["base-3.json"])
        told = json.loads(files["transcript.json"])
        rows = [line.split("\t") for line in files["eligible.tsv"].decode().splitlines()]
        inputs = {
            "roster": [[a, int(b)] for a, b in _cells(files["roster.tsv"])],
            "needs": [[a, int(b), int(c)] for a, b, c in _cells(files["needs.tsv"])],
            "eligible": [[a, b, seat == "lead"] for a, b, seat in rows],
        }
        found = page.evaluate(
            """async ([host, inputs, seed, base]) => {
              const { assign } = await import(`${host}/static/disclosure/verify/assignment.js`);
              const { outcome } = await import(`${host}/static/disclosure/verify/within.js`);
              return outcome(assign(inputs, seed, base));
            }""",
            [HOST, inputs, told["seed"], other["base"]],
        )
        assert found["pairs"] == other["assignment"]
        assert found["loads"] == other["loads"]
        assert found["cap"] == other["cap"]


def _cells(data: bytes) -> list[list[str]]:
    return [line.split("\t") for line in data.decode().splitlines()]


def accepted(page, make: Callable[[Random], dict[str, bytes] | None], wanted: int) -> None:
    made, seed = 0, 0
    while made < wanted:
        seed += 1
        assert seed < 20 * wanted
        files = make(Random(seed))
        if files is None:
            continue
        made += 1
        [ours] = in_browser(page, files)
        assert ours == in_python(files), seed
        assert ours.is_good, seed
        assert "full" in ours.levels


def test_random_draws_of_targets(page):
    accepted(page, target_files, 80)


def test_random_draws_of_inspectors(page):
    accepted(page, inspector_files, 80)


@pytest.mark.parametrize("unfair", ["", *UNFAIR])
def test_a_supplement_against_the_draw_it_adds_to(page, unfair):
    pairs = [supplement_files(Random(seed), unfair) for seed in range(60)]
    made = [pair for pair in pairs if pair is not None]
    assert len(made) > 15
    for files, earlier in made[:15]:
        [ours] = in_browser(page, files, earlier=[earlier])
        theirs = in_python(files, earlier=[earlier])
        assert ours.failed == theirs.failed == ({"earlier draw"} if unfair else set())
        assert ours.levels == theirs.levels
        [alone] = in_browser(page, files)
        assert alone.is_good


def test_a_larger_draw_of_inspectors(page):
    """Long repairs: few may lead, and the districts hardly overlap."""
    random = Random(7)
    people = {f"P{n:03d}": 70 for n in range(60)}
    needs = {f"U{n:04d}": Need(2, 1) for n in range(600)}
    eligible = {
        unit: {
            name: Seat.LEAD if at % 5 == 0 else Seat.ANY
            for at, name in enumerate(people)
            if at % 6 == n % 6 or random.random() < 0.05
        }
        for n, unit in enumerate(needs)
    }
    given = Staffing(people, needs, eligible)
    number = "洛测抽〔2026〕3号-1-公安"
    rule = InspectorRule(
        draw=number,
        parties=bundles.parties(number, "甲", "乙"),
        beacon=None,
        escrow="丙",
        of=Reference("洛测抽〔2026〕3号-1", "ab" * 32),
        inputs=given.inputs(),
        salt="cd" * 32,
        base=2,
    ).checked()
    nonces = [bundles.digits("nonce 甲"), bundles.digits("nonce 乙")]
    made = assign(given, seed=begin(rule, nonces, None), base=2)
    transcript = InspectorTranscript.of(rule, nonces, None, made)
    [answer] = in_browser(page, {"transcript.json": transcript.file()} | given.files())
    assert answer.is_good
    assert answer.levels == {"full", "transcript"}


# Spoilt ones


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("targets", "transcript.json"),
        ("targets", "log.json"),
        ("targets", "firm-drawn.json"),
        ("inspectors", "transcript.json"),
        ("inspectors", "log.json"),
    ],
)
def test_every_field_of_every_json_file(page, kind, name):
    files = folder(EXAMPLES[kind])
    changes = json_changes(name, files[name], 4)
    refused = 0
    for change, answer in agree(page, files, changes):
        refused += not answer.is_good
        # What nobody can check without keys is the only thing that may change unseen.
        if answer.is_good:
            assert name == "log.json", change
    assert refused > 0.95 * len(changes)


def test_json_that_could_be_read_in_two_ways(page):
    files = folder(bundles.TARGETS)
    changes = [{"transcript.json": text} for text in TEXTS + retold(files["transcript.json"])]
    answers = list(agree_on_topics(page, files, changes))
    assert sum(answer.is_good for answer in answers) == 5  # blanks, and escapes nobody needed


def agree_on_topics(page, base: Files, changes: list[dict[str, bytes]]) -> Iterator[Answer]:
    """As `agree`, where the place in the file may be named in another way."""
    for change, ours in zip(changes, in_browser(page, base, changes), strict=True):
        theirs = in_python({**base, **change})
        assert ours.is_good == theirs.is_good, change
        assert ours.failed == theirs.failed, change
        assert ours.levels == theirs.levels, change
        yield ours


@pytest.mark.parametrize(
    "name", ["frame.tsv", "drawn.tsv", "roster.tsv", "needs.tsv", "eligible.tsv"]
)
def test_every_line_of_every_list(page, name):
    files = folder(bundles.TARGETS if name in ("frame.tsv", "drawn.tsv") else bundles.INSPECTORS)
    changes = line_changes(name, files[name], 8)
    for change, answer in zip(changes, agree_on_topics(page, files, changes), strict=True):
        assert not answer.is_good, change


def test_every_line_of_the_codes(page):
    files = folder(bundles.TARGETS)
    for change in line_changes("codes.txt", files["codes.txt"], 8):
        [answer] = in_browser(page, files, [change])
        assert "drawn" in answer.failed, change


def test_confidential_codes_are_of_the_form_too(page):
    """Opened alone, codes.txt must still be codes: not empty, no colon."""
    files = {
        name: data for name, data in folder(bundles.TARGETS).items() if name == "transcript.json"
    }
    files["codes.txt"] = folder(bundles.TARGETS)["codes.txt"]
    lines = files["codes.txt"].splitlines()
    spoilt = [b"", b"a:b", b"a\tb", b"a\r", "e\u0301".encode()]
    changes = [
        {"codes.txt": b"".join(sorted(e + b"\n" for e in [one, *lines[1:]]))} for one in spoilt
    ]
    [good] = in_browser(page, files)
    assert good.is_good
    assert not any(answer.is_good for answer in in_browser(page, files, changes))


@pytest.mark.parametrize("kind", EXAMPLES)
def test_files_left_out(page, kind):
    files = folder(EXAMPLES[kind])
    for left in files:
        rest = {name: data for name, data in files.items() if name != left}
        [answer] = agree_on_topics(page, rest, [{}])
        assert answer.is_good == (left != "transcript.json")


# The arithmetic below


def test_every_proof_of_small_trees(page):
    """Inclusion and consistency for all sizes up to 20, each proof also with one digit changed."""
    grown = tree.Tree(f"leaf {n}".encode() for n in range(20))
    roots = {size: grown.root(size).hex() for size in range(1, 21)}
    included, extended = [], []
    for size in range(1, 21):
        for index in range(size):
            path = [node.hex() for node in grown.inclusion(index, size)]
            included.append([roots[size], size, index, path, True])
            included.append([roots[size], size, (index + 1) % size, path, size == 1])
            included.append([roots[size], size, index, [*path, roots[size]], False])
        for first in range(1, size + 1):
            path = [node.hex() for node in grown.consistency(first, size)]
            extended.append([first, roots[first], size, roots[size], path, True])
            extended.append([first, roots[size], size, roots[first], path, first == size])
            if path:
                broken = [*path[:-1], f"{int(path[-1], 16) ^ 1:064x}"]
                extended.append([first, roots[first], size, roots[size], broken, False])
    wrong = page.evaluate(
        """async ([host, included, extended]) => {
          const at = (name) => import(`${host}/static/disclosure/verify/${name}.js`);
          const { includes, extendsTree, leafHash } = await at('tree');
          const { bytes, fromHex } = await at('form');
          const raw = (path) => path.map(fromHex);
          return [
            ...included.filter(([root, size, index, path, is]) => {
              const leaf = leafHash(bytes(`leaf ${index}`));
              return includes(fromHex(root), size, index, leaf, raw(path)) !== is;
            }),
            ...extended.filter(([first, one, second, two, path, is]) =>
              extendsTree(first, fromHex(one), second, fromHex(two), raw(path)) !== is),
          ];
        }""",
        [HOST, included, extended],
    )
    assert wrong == []


def test_roots_of_all_sizes(page):
    lines = [f"line {n}" for n in range(130)]
    expected = [tree.root(line.encode() for line in lines[:size]).hex() for size in range(131)]
    found = page.evaluate(
        """async ([host, lines]) => {
          const at = (name) => import(`${host}/static/disclosure/verify/${name}.js`);
          const { Growing } = await at('tree');
          const { bytes, toHex } = await at('form');
          return Array.from({ length: lines.length + 1 }, (_, size) => {
            const tree = new Growing();
            for (const line of lines.slice(0, size)) tree.add(bytes(line), 0, bytes(line).length);
            return toHex(tree.root());
          });
        }""",
        [HOST, lines],
    )
    assert found == expected


def test_canonical_json(page):
    values: list[Any] = [
        {
            "b": 1,
            "a": [None, True, False, 'é\u2028\x7f\x00\x1f"\\/\b\f\n\r\t'],
            "\U0001f600": 2,
            "｡": 3,
        },
        {"": {"x": {}}, "z": [], "_": 2**53 - 1, "n": -7},
    ]
    found = page.evaluate(
        """async ([host, texts]) => {
          const at = (name) => import(`${host}/static/disclosure/verify/${name}.js`);
          const { parseJson } = await at('json');
          const { canonical } = await at('form');
          return texts.map((text) => canonical(parseJson(text, 'x')));
        }""",
        [HOST, [json.dumps(value) for value in values]],
    )
    assert found == [canonical(value) for value in values]
