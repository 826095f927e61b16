"""The draw of targets against its definition: sort everything, take the first."""

import hashlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liancha.rulebook import sampling
from liancha.rulebook.form import Refused
from liancha.rulebook.protocol import Stratum
from liancha.rulebook.verdicts import Blocked

SEED = hashlib.sha256(b"a seed").hexdigest()


def frame(sizes: dict[str, int], *, salt: str = "") -> list[bytes]:
    names = [name for name, size in sizes.items() for _ in range(size)]
    random.Random(3).shuffle(names)
    return [
        f"9141{at:014d}\t{name}\t{hashlib.md5(f'{salt}{at}'.encode()).hexdigest()}\n".encode()
        for at, name in enumerate(names)
    ]


def by_definition(lines: list[bytes], strata: list[Stratum], seed: str) -> list[tuple[str, ...]]:
    """Every ticket, sorted, the first `count` of each stratum."""
    drawn = []
    for stratum in strata:
        tickets = []
        for line in lines:
            code, name, salt = line.decode().rstrip("\n").split("\t")
            if name == stratum.name:
                own = hashlib.sha256(f"{seed}:{code}:{salt}".encode()).hexdigest()
                tickets.append((own, code, salt))
        drawn += [
            (stratum.name, place, *it)
            for place, it in enumerate(sorted(tickets)[: stratum.count], start=1)
        ]
    return drawn


@st.composite
def draws(pick: st.DrawFn) -> tuple[list[bytes], list[Stratum], str]:
    sizes = pick(st.dictionaries(st.sampled_from("ABCD甲"), st.integers(0, 60), min_size=1))
    sizes["Z"] = pick(st.integers(1, 60))
    strata = [Stratum.at_number(name, n, pick(st.integers(0, n))) for name, n in sizes.items()]
    return frame(sizes), strata, pick(st.integers(0, 2**256 - 1).map("{:064x}".format))


@given(draws())
def test_the_smallest_tickets_of_each_stratum_are_drawn(draw):
    lines, strata, seed = draw
    drawing = sampling.draw_targets(lines, strata, seed)
    assert [tuple(line) for line in drawing.lines] == by_definition(lines, strata, seed)
    assert [sum(line.stratum == s.name for line in drawing.lines) for s in strata] == [
        s.count for s in strata
    ]


@given(draws(), st.randoms(use_true_random=False))
def test_the_order_of_the_frame_changes_nothing(draw, chance):
    lines, strata, seed = draw
    shuffled = list(lines)
    chance.shuffle(shuffled)
    assert sampling.draw_targets(shuffled, strata, seed) == (
        sampling.draw_targets(lines, strata, seed)
    )


@settings(max_examples=25)
@given(draws(), st.integers(1, 40))
def test_how_many_tickets_are_kept_first_never_matters(draw, aim):
    lines, strata, seed = draw
    expected = sampling.draw_targets(lines, strata, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sampling, "_first_aim", lambda count: aim)
        assert sampling.draw_targets(lines, strata, seed) == expected


def test_you_were_drawn_if_and_only_if_your_ticket_is_within_the_threshold():
    lines = frame({"A": 500, "B": 90})
    strata = [Stratum.at_rate("A", 500, "3/100"), Stratum.at_rate("B", 90, "0/1")]
    drawing = sampling.draw_targets(lines, strata, SEED)
    threshold = dict(zip("AB", drawing.thresholds, strict=True))
    assert threshold["B"] is None
    drawn = set(drawing.codes)
    for line in lines:
        code, stratum, salt = line.decode().split()
        own = sampling.ticket(SEED, code, salt)
        assert sampling.is_drawn(own, threshold[stratum]) == (code in drawn)


def test_a_large_stratum_is_drawn_through_the_bound():
    lines = frame({"A": 20_000})
    strata = [Stratum.at_rate("A", 20_000, "1/100")]
    drawing = sampling.draw_targets(lines, strata, SEED)
    assert [tuple(line) for line in drawing.lines] == by_definition(lines, strata, SEED)


def test_another_salt_gives_another_draw():
    strata = [Stratum.at_rate("A", 300, "1/10")]
    one = sampling.draw_targets(frame({"A": 300}), strata, SEED)
    other = sampling.draw_targets(frame({"A": 300}, salt="x"), strata, SEED)
    assert one.codes != other.codes


def test_lines_may_end_in_a_line_feed_or_not():
    lines = frame({"A": 40})
    strata = [Stratum.at_rate("A", 40, "1/4")]
    bare = [line.rstrip(b"\n") for line in lines]
    assert sampling.draw_targets(bare, strata, SEED) == (sampling.draw_targets(lines, strata, SEED))


class TestRefusals:
    LINES = frame({"A": 10})

    def test_an_empty_pool_is_blocked_by_article_18(self):
        with pytest.raises(Blocked) as blocked:
            sampling.draw_targets([], [Stratum.at_rate("A", 0, "1/2")], SEED)
        assert blocked.value.article == "18"

    @pytest.mark.parametrize(
        "strata",
        [
            [],
            [Stratum.at_rate("A", 9, "1/2")],
            [Stratum.at_rate("B", 10, "1/2")],
            [Stratum("A", 10, "1/2", 11)],
            [Stratum("A", 10, "1/2", -1)],
            [Stratum.at_rate("A", 10, "1/2"), Stratum.at_rate("A", 0, "1/2")],
            [Stratum.at_rate("A", 10, "1/2"), Stratum.at_rate("B", 1, "1/2")],
        ],
    )
    def test_a_rule_that_does_not_fit_the_frame_is_refused(self, strata):
        with pytest.raises(Refused):
            sampling.draw_targets(self.LINES, strata, SEED)

    @pytest.mark.parametrize("seed", ["", "x" * 64, SEED.upper(), SEED[:-1]])
    def test_a_seed_has_64_hex_digits(self, seed):
        with pytest.raises(Refused):
            sampling.draw_targets(self.LINES, [Stratum.at_rate("A", 10, "1/2")], seed)

    def test_a_broken_line_is_refused(self):
        with pytest.raises(Refused):
            sampling.draw_targets([b"x\n"], [Stratum.at_rate("A", 1, "1/2")], SEED)

    def test_a_generator_would_be_empty_the_second_time(self):
        with pytest.raises(TypeError):
            sampling.draw_targets(iter(self.LINES), [Stratum.at_rate("A", 10, "1/2")], SEED)


class TestBeforeTheLock:
    """A fast engine's list is computed again with the plain one."""

    LINES = frame({"A": 200, "B": 50})
    STRATA = (Stratum.at_rate("A", 200, "1/20"), Stratum.at_rate("B", 50, "1/10"))
    DRAWING = sampling.draw_targets(LINES, STRATA, SEED)

    def test_the_same_list_passes(self):
        sampling.check_drawing(self.LINES, self.DRAWING, SEED)

    def test_a_list_from_a_frame_that_lost_a_line_is_refused(self):
        first = self.DRAWING.lines[0].code.encode()
        lost = [line for line in self.LINES if not line.startswith(first)]
        short = sampling.draw_targets(lost, (Stratum("A", 199, "1/20", 10), self.STRATA[1]), SEED)
        given = sampling.Drawing(self.STRATA, short.lines, short.thresholds)
        with pytest.raises(Refused, match="第 1 行"):
            sampling.check_drawing(self.LINES, given, SEED)

    @pytest.mark.parametrize("cut", [slice(0, -1), slice(1, None)])
    def test_a_shorter_list_is_refused(self, cut):
        given = sampling.Drawing(self.STRATA, self.DRAWING.lines[cut], self.DRAWING.thresholds)
        with pytest.raises(Refused):
            sampling.check_drawing(self.LINES, given, SEED)

    def test_another_threshold_is_refused(self):
        given = sampling.Drawing(self.STRATA, self.DRAWING.lines, ("0" * 64, None))
        with pytest.raises(Refused, match="抽中线"):
            sampling.check_drawing(self.LINES, given, SEED)
