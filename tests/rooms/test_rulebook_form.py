"""Text forms of the draw: what is written otherwise is refused, never repaired."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liancha.rulebook import form
from liancha.rulebook.form import Reader, Refused

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-form.LARGEST, form.LARGEST) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


class TestCanonicalJson:
    def test_the_example_of_rfc_8785_without_its_fractions(self):
        # RFC 8785, 3.2.2 and 3.2.3: literals, escapes, and keys sorted by UTF-16 units.
        value = {
            "literals": [None, True, False],
            "string": '\u20ac$\u000f\nA\'B"\\\\"/',
        }
        assert form.canonical(value) == (
            '{"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
        )

    def test_keys_are_sorted_by_utf_16_units_not_by_code_points(self):
        keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
        order = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
        assert list(json.loads(form.canonical(dict.fromkeys(keys, 0)))) == order

    @given(VALUES)
    def test_reading_it_back_gives_the_value(self, value):
        text = form.canonical(value)
        assert form.parse_json(text, "x", is_signed=True) == value
        assert form.canonical(form.parse_json(text, "x", is_signed=True)) == text

    @pytest.mark.parametrize("value", [1.0, 2**53, b"x", {1: 2}, "\ud800", {"\ud800": 1}, {1}])
    def test_what_has_no_canonical_form_is_refused(self, value):
        with pytest.raises(Refused):
            form.canonical(value)

    def test_the_digest_is_sha_256_of_the_canonical_form(self):
        assert form.digest({"b": 1, "a": "联"}) == (
            hashlib.sha256('{"a":"联","b":1}'.encode()).hexdigest()
        )


class TestReadingJson:
    @pytest.mark.parametrize(
        "text",
        [
            '{"a":1,"a":1}',
            "1.0",
            "1e3",
            "-1",
            "-0",
            "01",
            "9007199254740992",
            "9" * 5000,
            "NaN",
            "Infinity",
            "[1] x",
            "",
            "{",
            "[" * 50 + "]" * 50,
            "[" * 100_000,
            '"\x01"',
        ],
    )
    def test_json_with_another_meaning_elsewhere_is_refused(self, text):
        with pytest.raises(Refused, match=r"^part"):
            form.parse_json(text, "part")

    @pytest.mark.parametrize("data", [b"\xef\xbb\xbf{}", b'"\xff"', '"联"'.encode("gb18030")])
    def test_only_utf_8_without_a_mark(self, data):
        with pytest.raises(Refused):
            form.parse_json(data, "part")

    def test_the_largest_number_is_read_exactly(self):
        assert form.parse_json("9007199254740991", "x") == 2**53 - 1

    def test_every_problem_is_named_not_only_the_first(self):
        reader = Reader()
        found = reader.fields({"a": 1, "b": "", "x": 0}, "f.json", "a", "b", "c")
        reader.text(found["a"], "f.json a")
        reader.text(found["b"], "f.json b")
        reader.text(found["c"], "f.json c")
        with pytest.raises(Refused) as refusal:
            reader.finish()
        parts = [problem.part for problem in refusal.value.problems]
        assert parts == ["f.json 「x」", "f.json c", "f.json a", "f.json b"]

    def test_a_number_of_another_spelling_and_a_doubled_key_are_named_where_they_stand(self):
        reader = Reader()
        found = reader.fields(form.load_json('{"a":1.5,"b":2,"b":2e1}', "x"), "f.json", "a", "b")
        reader.number(found["a"], "f.json a")
        reader.number(found["b"], "f.json b")
        assert [problem.part for problem in reader.problems] == [
            "f.json 「b」",
            "f.json a",
            "f.json b",
        ]

    @pytest.mark.parametrize("value", [True, "1", 1.0, None, -1, 2**53])
    def test_a_number_is_an_integer_in_range_and_no_truth_value(self, value):
        reader = Reader()
        reader.number(value, "x")
        assert reader.problems

    def test_one_is_no_truth_value(self):
        reader = Reader()
        reader.truth(1, "x")
        assert reader.problems


class TestText:
    @pytest.mark.parametrize("text", ["", "e\u0301", "a\tb", "a\x7f", "a\u0085", "\ud800"])
    def test_strings_are_not_empty_composed_and_without_control_characters(self, text):
        assert form.text_problem(text)

    @pytest.mark.parametrize("text", ["A/410311", "洛市监抽〔2026〕1号-1", "é", "a b", "𠮷"])
    def test_ordinary_text_is_fine(self, text):
        assert form.text_problem(text) is None

    def test_codes_hold_no_colon(self):
        assert form.name_problem("a:b")
        assert form.name_problem("ab") is None

    @given(st.text(st.characters()))
    def test_anything_can_be_shown_on_one_line_of_any_screen(self, text):
        shown = form.shown(text)
        shown.encode()
        assert not any(ord(mark) < 32 for mark in shown)


class TestTsv:
    @pytest.mark.parametrize(
        ("data", "where"),
        [
            (b"a\tb", "第 1 行"),
            (b"a\tb\nc", "第 2 行"),
            (b"a\tb\n\n", "第 2 行"),
            (b"a\tb\tc\n", "第 1 行"),
            (b"a\tb\r\n", "第 1 行"),
            (b"a\t\n", "第 1 行"),
            (b"\xef\xbb\xbfa\tb\n", "BOM"),
            (b"a\tb\n\xff\tb\n", "第 2 行"),
            ("e\u0301\tb\n".encode(), "第 1 行"),
        ],
    )
    def test_the_line_that_is_wrong_is_named(self, data, where):
        problems: list[Refused] = []
        form.rows(data, "x.tsv", 2, problems)
        assert any(where in str(problem) for problem in problems)

    def test_the_other_lines_keep_their_numbers(self):
        problems: list[Refused] = []
        read = form.rows(b"a\tb\nbroken\nc\td\n", "x.tsv", 2, problems)
        assert read == [(1, ["a", "b"]), (3, ["c", "d"])]
        assert len(problems) == 1

    @pytest.mark.parametrize(
        ("text", "number"), [("0", 0), ("17", 17), ("9007199254740991", 2**53 - 1)]
    )
    def test_decimal_numbers(self, text, number):
        assert form.decimal(text) == number

    @pytest.mark.parametrize(
        "text", ["", "01", "+1", "-1", "1 ", "１", "9007199254740992", "9" * 400]
    )
    def test_other_spellings_of_a_number_are_none(self, text):
        assert form.decimal(text) is None
