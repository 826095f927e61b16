"""Rule, commitments, beacon and seed, and the worked example of the protocol."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from math import ceil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liancha.rulebook import bundle, protocol, reading
from liancha.rulebook.form import H, Refused
from liancha.rulebook.protocol import Beacon, InspectorRule, Stratum, TargetRule
from liancha.rulebook.staffing import Need, Seat, Staffing, forced_units, inputs_of
from liancha.rulebook.transcript import TargetTranscript, begin
from tests.rooms import bundles

SPEC = Path(__file__).resolve().parents[3] / "shared" / "spec"
worked_example = pytest.mark.skipif(
    not SPEC.is_dir(), reason="the protocol's worked example is not beside this repository"
)
DICE = Beacon("八枚骰子 自左至右", "00000000", "2026-11-23T10:10:00+08:00")
RULE = bundles.target_draw().transcript.rule
ZEROS, ONES = "0" * 64, "1" * 64


class TestCounts:
    @pytest.mark.parametrize(
        ("ratio", "size", "count"),
        [
            ("5/100", 201, 11),
            ("7/100", 100, 7),
            ("1/50", 20, 1),
            ("1/50", 0, 0),
            ("0/1", 20, 0),
            ("3/2", 20, 20),
            ("1/1", 20, 20),
            ("2/100", 50, 1),
            ("9007199254740991/9007199254740990", 3, 3),
        ],
    )
    def test_rounded_up_and_never_above_the_size(self, ratio, size, count):
        assert protocol.count(ratio, size) == count

    @given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(0, 10**7))
    def test_exact_for_every_fraction(self, p, q, size):
        assert protocol.count(f"{p}/{q}", size) == min(size, ceil(Fraction(p, q) * size))

    @pytest.mark.parametrize(
        "ratio",
        [
            "",
            "1",
            "1/0",
            "01/2",
            "1/02",
            "+1/2",
            "-1/2",
            "1 /2",
            "1/2 ",
            "1/2\n",
            "１/2",
            "0.5",
            "1/" + "9" * 30,
        ],
    )
    def test_another_spelling_of_a_ratio_is_refused(self, ratio):
        with pytest.raises(Refused):
            protocol.count(ratio, 10)

    def test_a_number_fixed_by_the_plan_is_written_as_number_over_size(self):
        assert Stratum.at_number("学校", 10, 2) == Stratum("学校", 10, "2/10", 2)
        assert Stratum.at_number("学校", 0, 0) == Stratum("学校", 0, "0/1", 0)
        with pytest.raises(Refused):
            Stratum.at_number("学校", 1, 2)

    def test_small_confidential_strata_and_rates_of_nought_or_one_are_pointed_out(self):
        strata = [
            Stratum.at_rate("A", 120, "1/50"),
            Stratum.at_rate("B", 4, "1/4"),
            Stratum.at_rate("C", 30, "1/1"),
            Stratum.at_rate("D", 9, "0/1"),
            Stratum.at_rate("E", 0, "1/2"),
        ]
        concerns = protocol.confidential_concerns(strata)
        assert [concern[3] for concern in concerns] == ["B", "C", "D"]


class TestBeacon:
    @pytest.mark.parametrize("form", ["00000000", "00 00 00 00 00 00 + 00", "第0期 0000000"])
    def test_a_form_has_at_least_eight_digits(self, form):
        assert protocol.form_problem(form) is None

    @pytest.mark.parametrize(
        "form", ["", "0000000", "00000001", "0000000０", "00000000\n", "00000000e\u0301"]
    )
    def test_other_forms_are_refused(self, form):
        assert protocol.form_problem(form)

    def test_a_value_is_spelt_like_the_form(self):
        form = "00 00 00 00 00 00 + 00"
        assert protocol.value_problem(form, "03 08 15 19 26 33 + 07") is None
        for value in (
            "3 08 15 19 26 33 + 07",
            "03 08 15 19 26 33 - 07",
            "03 08 15 19 26 33 + 0７",
            "03 08 15 19 26 33 + 07 ",
            "03 08 15 19 26 33 + x7",
            "",
        ):
            assert protocol.value_problem(form, value)

    @pytest.mark.parametrize(
        ("due", "moment"),
        [
            ("2026-08-30T21:15:00+08:00", datetime(2026, 8, 30, 13, 15, tzinfo=UTC)),
            ("2026-08-30t13:15:00z", datetime(2026, 8, 30, 13, 15, tzinfo=UTC)),
            ("2026-08-30T13:15:00.250-00:30", datetime(2026, 8, 30, 13, 45, tzinfo=UTC)),
            ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ],
    )
    def test_due_is_an_rfc_3339_time(self, due, moment):
        assert protocol.due_at(due) == moment

    @pytest.mark.parametrize(
        "due",
        [
            "2026-08-30 21:15:00+08:00",
            "2026-08-30T21:15:00",
            "2026-08-30T21:15+08:00",
            "2026-02-30T21:15:00Z",
            "2026-08-30T24:00:00Z",
            "2026-08-30T21:15:61Z",
            "2026-08-30T21:15:00+0800",
            "2026-08-30T21:15:00+08:60",
            "２026-08-30T21:15:00Z",
            "9999-12-31T23:59:60Z",
        ],
    )
    def test_other_times_are_refused(self, due):
        with pytest.raises(Refused):
            protocol.due_at(due)

    def test_the_text_of_a_moment_is_read_back(self):
        moment = datetime(2026, 11, 23, 10, 10, tzinfo=timezone(timedelta(hours=8)))
        assert protocol.due_text(moment) == DICE.due
        assert protocol.due_at(protocol.due_text(moment)) == moment
        with pytest.raises(ValueError, match="offset"):
            protocol.due_text(moment.replace(tzinfo=None))


class TestRule:
    def test_a_good_rule_passes(self):
        assert RULE.checked() is RULE

    @pytest.mark.parametrize(
        ("changes", "part"),
        [
            ({"beacon": None}, "规则 escrow"),
            ({"parties": RULE.parties[:1], "beacon": None, "escrow": "公证处"}, "规则 parties"),
            ({"parties": ()}, "规则 parties"),
            ({"parties": RULE.parties[:1] * 2}, "规则 parties"),
            ({"escrow": RULE.parties[0].name}, "规则 escrow"),
            ({"escrow": ""}, "规则 escrow"),
            ({"draw": "a\nb"}, "规则 draw"),
            ({"strata": RULE.strata[:2]}, "规则 strata"),
            ({"strata": (*RULE.strata, RULE.strata[-1])}, "规则 strata"),
            (
                {"strata": (replace(RULE.strata[0], count=3), *RULE.strata[1:])},
                "规则 strata[0].count",
            ),
            (
                {"strata": (replace(RULE.strata[0], ratio="10%"), *RULE.strata[1:])},
                "规则 strata[0].ratio",
            ),
            ({"beacon": replace(DICE, form="000")}, "规则 beacon.form"),
            ({"beacon": replace(DICE, due="明天")}, "规则 beacon.due"),
            ({"beacon": replace(DICE, source="")}, "规则 beacon.source"),
            ({"supplements": protocol.Reference(RULE.draw, ZEROS)}, "规则 supplements.draw"),
        ],
    )
    def test_what_is_wrong_is_named(self, changes, part):
        with pytest.raises(Refused) as refusal:
            replace(RULE, **changes).checked()
        assert part in [problem.part for problem in refusal.value.problems]

    def test_one_party_and_a_beacon_are_enough(self):
        replace(RULE, parties=RULE.parties[:1]).checked()

    def test_two_parties_and_a_keeper_are_enough(self):
        replace(RULE, beacon=None, escrow="公证处").checked()

    def test_any_change_gives_another_digest(self):
        others = [
            replace(RULE, draw="x"),
            replace(RULE, escrow="公证处"),
            replace(RULE, parties=RULE.parties[::-1]),
            replace(RULE, strata=RULE.strata[::-1]),
            replace(RULE, beacon=DICE),
            replace(RULE, supplements=protocol.Reference("x", ZEROS)),
            replace(RULE, frame=replace(RULE.frame, root=ZEROS)),
        ]
        assert len({rule.digest for rule in [RULE, *others]}) == 8

    def test_the_logged_text_is_read_back(self):
        for rule in (RULE, bundles.inspector_draw().transcript.rule):
            assert reading.read_rule(rule.text) == rule
            assert H(rule.text) == rule.digest

    def test_a_rule_with_another_key_is_refused(self):
        with pytest.raises(Refused, match="协议里没有这一项"):
            reading.read_rule(RULE.text.replace('"alg"', '"also":1,"alg"'))


class TestSeed:
    def test_the_formulas_of_the_protocol_written_out(self):
        assert protocol.commitment("d", "p", ZEROS) == H(f"liancha-commit/1\nd\np\n{ZEROS}\n")
        assert protocol.salt(ZEROS, "c") == H(f"liancha-salt/1\n{ZEROS}\nc\n")[:32]
        assert protocol.seed(ONES, [ZEROS, None], "7") == (
            H(f"liancha-seed/1\n{ONES}\n{ZEROS}\n-\n7\n")
        )
        assert protocol.seed(ONES, [ZEROS], None) == H(f"liancha-seed/1\n{ONES}\n{ZEROS}\n-\n")
        inputs = protocol.Inputs(eligible="e", needs="n", roster="r")
        assert protocol.inputs_seal("s", inputs) == H("s\ne\nn\nr\n")

    def test_without_any_nonce_there_is_no_seed(self):
        with pytest.raises(Refused, match="作废"):
            protocol.seed(ONES, [None, None], "7")

    @pytest.mark.parametrize("nonce", ["", "0" * 63, "0" * 65, "A" * 64, "０" * 64])
    def test_a_nonce_is_64_lower_case_hex_digits(self, nonce):
        with pytest.raises(Refused):
            protocol.commitment("d", "p", nonce)
        with pytest.raises(Refused):
            protocol.seed(ONES, [ZEROS, nonce], None)

    def test_a_ceremony_begins_only_with_what_the_rule_foresees(self):
        nonces = list(bundles.target_draw().transcript.nonces)
        value = "3 5 1 6 2 2 4 6"
        assert begin(RULE, nonces, value) == protocol.seed(RULE.digest, nonces, value)
        for wrong, said in (
            ((nonces, None), "还没有开奖结果"),
            ((nonces, "3 5 1 6"), "等长"),
            (([ZEROS, *nonces[1:]], value), "与承诺不符"),
            (([None, None, None], value), "作废"),
            ((nonces[:2], value), "3 份"),
        ):
            with pytest.raises(Refused, match=said):
                begin(RULE, *wrong)

    def test_without_a_beacon_nobody_may_be_missing(self):
        rule = bundles.inspector_draw().transcript.rule
        nonces = list(bundles.inspector_draw().transcript.nonces)
        begin(rule, nonces, None)
        with pytest.raises(Refused, match="没有公开随机数时不能缺揭示"):
            begin(rule, [nonces[0], None], None)
        with pytest.raises(Refused, match="没有指定公开随机数"):
            begin(rule, nonces, "3 5 1 6 2 2 4 6")


class TestFreeze:
    def test_the_file_is_sorted_and_salted(self):
        data = bundle.freeze([("b", "乙"), ("a", "甲")], ZEROS)
        salts = [protocol.salt(ZEROS, code) for code in "ab"]
        assert data.decode() == f"a\t甲\t{salts[0]}\nb\t乙\t{salts[1]}\n"
        assert bundle.frame_of(data).size == 2

    @pytest.mark.parametrize(
        "candidates",
        [
            [],
            [("a", "甲"), ("a", "乙")],
            [("a:b", "甲")],
            [("", "甲")],
            [("a", "")],
            [("a\tb", "甲")],
            [(f"a\tX\t{'0' * 32}\nb", "甲")],
            [("e\u0301", "甲")],
            [("a", "e\u0301")],
            [("a\u0085", "甲")],
            [("\ud800", "甲")],
        ],
    )
    def test_what_is_no_list_is_refused(self, candidates):
        with pytest.raises(Refused):
            bundle.freeze(candidates, ZEROS)

    def test_a_secret_has_64_digits(self):
        with pytest.raises(Refused):
            bundle.freeze([("a", "甲")], "0" * 32)

    def test_two_lines_with_one_salt_are_refused(self):
        line = bundle.Candidate("a", "甲", "0" * 32)
        with pytest.raises(Refused, match="盐"):
            bundle.frame_file([line, line._replace(code="b")])

    def test_a_firm_that_was_not_in_the_pool_gets_no_answer(self):
        made = bundles.target_draw()
        answers = bundle.FirmAnswers(made.files["frame.tsv"], made.transcript)
        for code in ("", "9", "999", "914103000000000000\tA"):
            with pytest.raises(KeyError):
                answers.of(code)


class TestInputsOfInspectors:
    def test_the_files_are_read_back(self):
        given = bundles.staffing()
        assert Staffing.read(given.files()) == given
        assert inputs_of(given.files()) == given.inputs()

    @pytest.mark.parametrize(
        ("roster", "needs", "eligible", "part"),
        [
            ({}, {}, {}, "roster.tsv"),
            ({"P": 1}, {"U": Need(1, 2)}, {}, "needs.tsv"),
            ({"P": 1}, {"U": Need(2)}, {"V": {"P": Seat.ANY}}, "eligible.tsv"),
            ({"P": 1}, {"U": Need(2)}, {"U": {"Q": Seat.ANY}}, "eligible.tsv"),
            ({"P:1": 1}, {"U": Need(2)}, {}, "P:1"),
        ],
    )
    def test_what_does_not_belong_together_is_refused(self, roster, needs, eligible, part):
        with pytest.raises(Refused, match=part):
            Staffing(roster, needs, eligible).checked()

    @pytest.mark.parametrize(
        ("name", "data", "where"),
        [
            ("roster.tsv", b"P2\t1\nP1\t1\n", "roster.tsv 第 2 行"),
            ("roster.tsv", b"P1\t1\nP1\t2\n", "roster.tsv 第 2 行"),
            ("roster.tsv", b"P1\t01\n", "roster.tsv 第 1 行"),
            ("needs.tsv", b"U1\t2\n", "needs.tsv 第 1 行"),
            ("needs.tsv", b"U2\t2\t0\nU1\t2\t0\n", "needs.tsv 第 2 行"),
            ("eligible.tsv", b"U1\tP1\tboss\n", "eligible.tsv 第 1 行"),
            ("eligible.tsv", b"U1\tP1\tany\nU1\tP1\tlead\n", "eligible.tsv 第 2 行"),
            ("eligible.tsv", b"U1\tP1\tany", "eligible.tsv 第 1 行"),
        ],
    )
    def test_the_line_that_is_wrong_is_named(self, name, data, where):
        files = {"roster.tsv": b"P1\t1\n", "needs.tsv": b"U1\t2\t0\n", "eligible.tsv": b""}
        with pytest.raises(Refused) as refusal:
            Staffing.read(files | {name: data})
        assert where in [problem.part for problem in refusal.value.problems]

    def test_units_with_no_more_eligible_than_needed_are_shown(self):
        any_, lead = Seat.ANY, Seat.LEAD
        given = Staffing(
            {"P": 9, "Q": 9, "R": 9},
            {"all go": Need(2), "free": Need(2, 1), "one may lead": Need(2, 1), "none": Need(0)},
            {
                "all go": {"P": any_, "Q": any_},
                "free": {"P": lead, "Q": lead, "R": any_},
                "one may lead": {"P": lead, "Q": any_, "R": any_},
            },
        )
        assert forced_units(given) == ("all go", "one may lead")

    def test_excluded_reasons_are_sorted_and_single(self):
        rule = bundles.inspector_draw().transcript.rule
        assert isinstance(rule, InspectorRule)
        assert rule.excluded == (("回避", 14), ("请假", 2))
        for excluded in (rule.excluded[::-1], rule.excluded[:1] * 2):
            with pytest.raises(Refused, match="excluded"):
                replace(rule, excluded=excluded).checked()


@worked_example
class TestWorkedExample:
    def test_digests_of_the_protocol_text(self):
        data = (SPEC / "draw-example" / "transcript.json").read_bytes()
        transcript = reading.read_transcript(data)
        assert isinstance(transcript, TargetTranscript)
        assert isinstance(transcript.rule, TargetRule)
        text = (SPEC / "draw-protocol.md").read_text(encoding="utf-8")
        for digest in (transcript.rule.digest, transcript.expected_seed(), transcript.digest):
            assert f"`{digest}`" in text

    def test_the_frame_and_both_firms(self):
        folder = SPEC / "draw-example"
        transcript = reading.read_transcript((folder / "transcript.json").read_bytes())
        assert isinstance(transcript, TargetTranscript)
        frame = (folder / "frame.tsv").read_bytes()
        assert bundle.frame_of(frame) == transcript.rule.frame
        answers = bundle.FirmAnswers(frame, transcript)
        for name in ("firm-drawn.json", "firm-not-drawn.json"):
            given = bundle.read_firm((folder / name).read_bytes(), name)
            assert answers.of(given.line.split("\t")[0]) == given
