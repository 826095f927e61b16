"""Every engine draws what the plain one draws, and nobody has to have one."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from random import Random

import pytest

from liancha.draw import engines
from liancha.draw.engines import Engine, hands
from liancha.rulebook import bundle, sampling
from liancha.rulebook.form import Refused
from liancha.rulebook.protocol import Stratum
from liancha.rulebook.verdicts import Blocked

needs_datafusion = pytest.mark.skipif(
    find_spec("datafusion") is None, reason="DataFusion is not installed (extra scale)"
)
needs_numba = pytest.mark.skipif(
    find_spec("numba") is None, reason="numba is not installed (extra scale)"
)
FAST = [
    Engine.HANDS,
    pytest.param(Engine.DATAFUSION, marks=needs_datafusion),
    pytest.param(Engine.COMPILED, marks=needs_numba),
]

DATA = Path(__file__).parents[1] / "data" / "draw"
ODD = ("9141", '"', "'", "#", "é", "𠮷", "企业", "\\", " ", "a,b", "%s", "NULL", "{}")
SECRET, SEED = "5e" * 32, "0d" * 32


def made(random: Random, names: int = 6, most: int = 60) -> tuple[bytes, list[Stratum]]:
    """A frame with strata of all sizes and rates, in names that a careless reader trips over."""
    sizes = {f"{random.choice(ODD)}/{n}'\"": random.randint(0, most) for n in range(names)}
    sizes["all"], sizes["none"], sizes["empty"] = 7, 9, 0
    layers = [name for name, size in sizes.items() for _ in range(size)]
    pairs = [(f"{random.choice(ODD)}{n}", layer) for n, layer in enumerate(layers)]
    strata = [
        Stratum.at_number(name, size, random.randint(0, size)) for name, size in sizes.items()
    ]
    strata[-3:] = [
        Stratum.at_rate("all", 7, "1/1"),
        Stratum.at_rate("none", 9, "0/1"),
        Stratum.at_rate("empty", 0, "1/2"),
    ]
    return bundle.freeze(pairs, SECRET), strata


def fail_loudly(monkeypatch):
    """An engine that gives up must not be covered by the plain one."""
    monkeypatch.setattr(engines.log, "warning", lambda *words: pytest.fail(str(words)))


@pytest.mark.parametrize("engine", FAST)
def test_the_same_draw_whatever_the_frame_is_like(engine, monkeypatch, tmp_path):
    fail_loudly(monkeypatch)
    for number in range(3 if engine == Engine.HANDS else 8):
        frame, strata = made(Random(number))
        seed = f"{Random(number).getrandbits(256):064x}"
        plain = sampling.draw_targets(frame.splitlines(), strata, seed)
        assert engines.draw_by(engine, frame, strata, seed) == plain
        (tmp_path / "frame.tsv").write_bytes(frame)
        assert engines.draw_by(engine, tmp_path / "frame.tsv", strata, seed) == plain


@pytest.mark.parametrize("engine", FAST)
def test_a_bound_that_was_too_low_is_raised(engine, monkeypatch):
    fail_loudly(monkeypatch)
    monkeypatch.setattr(sampling, "_first_aim", lambda count: 1)
    frame, strata = made(Random(3))
    assert engines.draw_by(engine, frame, strata, SEED) == (
        sampling.draw_targets(frame.splitlines(), strata, SEED)
    )


@pytest.mark.parametrize("engine", [Engine.PLAIN, *FAST])
def test_a_frame_that_does_not_fit_the_rule_is_refused(engine):
    frame, strata = made(Random(1))
    bigger = [Stratum.at_rate(s.name, s.size + 1, "1/2") for s in strata]
    with pytest.raises(Refused):
        engines.draw_by(engine, frame, bigger, SEED)
    with pytest.raises(Refused, match="不在规则中"):
        engines.draw_by(engine, frame, strata[1:], SEED)
    with pytest.raises(Refused, match="3 列"):
        engines.draw_by(engine, b"a\tA\n", [Stratum.at_rate("A", 1, "1/2")], SEED)
    with pytest.raises(Blocked):
        engines.draw_by(engine, b"", [Stratum.at_rate("A", 0, "1/2")], SEED)


def test_an_engine_that_fails_is_replaced_by_the_plain_one(monkeypatch, caplog):
    frame, strata = made(Random(2))
    monkeypatch.setattr(hands.sys, "executable", "/nowhere/python")
    assert engines.draw_by(Engine.HANDS, frame, strata, SEED) == (
        sampling.draw_targets(frame.splitlines(), strata, SEED)
    )
    assert "the plain one draws" in caplog.text


def test_the_engine_goes_by_the_size_of_the_pool(monkeypatch):
    monkeypatch.setattr(hands, "count", lambda: 2)
    assert engines.choose(5_000) == Engine.PLAIN
    if find_spec("numba"):
        assert engines.choose(10_000_000) == Engine.COMPILED
    has = find_spec("datafusion") is not None
    assert engines.choose(1_000_000) == (Engine.DATAFUSION if has else Engine.HANDS)
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    assert engines.choose(1_000_000) == Engine.HANDS
    monkeypatch.setattr(hands, "count", lambda: 1)
    assert engines.choose(1_000_000) == Engine.PLAIN


# The freeze


def test_several_hands_freeze_what_one_freezes(monkeypatch):
    monkeypatch.setattr(engines, "HANDS_FROM", 10)
    monkeypatch.setattr(hands, "count", lambda: 3)
    fail_loudly(monkeypatch)
    random = Random(5)
    pairs = [(f"{random.choice(ODD)}{n}", random.choice(ODD)) for n in range(13_000)]
    random.shuffle(pairs)
    data, frame = engines.freeze(pairs, SECRET)
    assert data == bundle.freeze(pairs, SECRET)
    assert frame == bundle.frame_of(data) == engines.frame_of(data)


@pytest.mark.parametrize(
    "spoilt",
    [
        ("a\tb", "A"),
        ("a\n", "A"),
        ("a", "A\n"),
        ("a", ""),
        ("a:", "A"),
        ("1", "B"),
        ("\ud800", "A"),
    ],
)
def test_several_hands_refuse_what_one_refuses(spoilt, monkeypatch):
    pairs = [(str(n), "A") for n in range(40)] + [spoilt]
    with pytest.raises(Refused) as alone:
        bundle.freeze(pairs, SECRET)
    monkeypatch.setattr(engines, "HANDS_FROM", 10)
    monkeypatch.setattr(hands, "count", lambda: 2)
    with pytest.raises(Refused) as together:
        engines.freeze(pairs, SECRET)
    assert str(together.value) == str(alone.value)


@pytest.mark.parametrize("into", [1, 2, 3, 8])
def test_pieces_are_whole_lines_and_the_whole_file(into):
    data = b"".join(b"%b\n" % (b"x" * (n % 17)) for n in range(1000))
    cut = hands.pieces(memoryview(data), into, multiple=64)
    assert b"".join(cut) == data
    assert 1 <= len(cut) <= into
    assert all(bytes(piece).count(b"\n") % 64 == 0 for piece in cut[:-1])
    assert all(bytes(piece).endswith(b"\n") for piece in cut)


@pytest.mark.parametrize("fault", range(6))
def test_a_frame_with_shifted_columns_is_no_clean_frame(fault):
    """The quick reader looks at whole columns; a cell too many must fill no missing one."""
    salt = "ab" * 16
    data = [
        f"a\tA\nb{salt}\tc\tA\t{salt}\n",
        f"a\tA\t{salt}\tb\nA\t{salt}\n",
        f"a\tA\t{salt}\nb\tA\t{salt}\n",
        f"b\tA\t{salt}\na\tA\t{salt[:-1]}c\n",
        f"a\tA\t{salt[:-1]}\nb\tA\t{salt}0\n",
        f"\tA\t{salt}\n",
    ][fault]
    assert bundle.read_frame(data.encode()).problems


# The command and Spark


def run(*words: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "liancha.draw.engines", str(DATA / "frame.tsv")]
    return subprocess.run([*command, *words], capture_output=True, check=False)


def test_the_command_repeats_a_draw_and_says_if_it_is_another(tmp_path):
    done = run(str(DATA / "transcript.json"), "--engine", "hands")
    assert (done.returncode, done.stdout) == (0, (DATA / "drawn.tsv").read_bytes())
    said = json.loads((DATA / "transcript.json").read_bytes())
    said["drawn"]["sha256"] = "0" * 64
    (tmp_path / "t.json").write_text(json.dumps(said))
    other = run(str(tmp_path / "t.json"))
    assert other.returncode == 1
    assert "与抽取记录不符" in other.stderr.decode()


@pytest.mark.skipif(
    os.environ.get("LIANCHA_SPARK") != "1", reason="Spark takes 10 s to start: LIANCHA_SPARK=1"
)
def test_spark_draws_the_same_list(tmp_path):
    from liancha.draw.engines import spark

    session = spark.begin("local[2]")
    try:
        for number in range(3):
            frame, strata = made(Random(number))
            (tmp_path / f"{number}.tsv").write_bytes(frame)
            sieve = spark.sieve(tmp_path / f"{number}.tsv", session)
            assert sampling.draw_with(sieve, strata, SEED) == (
                sampling.draw_targets(frame.splitlines(), strata, SEED)
            )
    finally:
        session.stop()
