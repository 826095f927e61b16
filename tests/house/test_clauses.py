"""Every clause of the articles has what keeps it and what holds it, or says why it cannot."""

import pytest

from docs import write
from liancha.rulebook import clauses
from liancha.rulebook.articles import ARTICLES
from liancha.rulebook.clauses import CLAUSES

# Not kept yet: the penalty register and the use of results come with the rooms that need them.
OPEN = {"21.6", "22.5", "22.6", "22.7", "22.8"}
CUT = (5, 6, *range(8, 23))  # the articles that are cut into clauses


@pytest.fixture(scope="module")
def kept():
    return write.gather_clauses()  # KeyError: a docstring cites a clause that does not exist


def test_no_clause_is_without_something_that_keeps_it(kept):
    bare = {number for number, each in CLAUSES.items() if not each.apart and not kept[number].by}
    assert bare == OPEN, "cite the clause where the rule stands, or write the rule"


def test_no_clause_is_without_a_test(kept):
    bare = {number for number, each in CLAUSES.items() if not each.apart and not kept[number].tests}
    assert bare == OPEN, "cite the clause in the docstring of a test that fails without the rule"


def test_chapters_2_and_3_are_whole():
    assert not [number for number in OPEN if CLAUSES[number].article < 17]


def test_a_clause_set_apart_has_neither(kept):
    assert [n for n, each in CLAUSES.items() if each.apart and (kept[n].by or kept[n].tests)] == []


def test_each_clause_quotes_its_paragraph():
    wrong = [
        number
        for number, each in CLAUSES.items()
        if each.words not in ARTICLES[each.article].paragraphs[each.paragraph - 1]
    ]
    assert wrong == []


@pytest.mark.parametrize("number", CUT)
def test_every_paragraph_of_an_article_has_its_clauses(number):
    named = {each.paragraph for each in clauses.of_article(number)}
    assert named == set(range(1, len(ARTICLES[number].paragraphs) + 1))


def test_clauses_follow_one_another():
    order = [
        [int(part) for part in number.replace("(", ".").rstrip(")").split(".")]
        for number in CLAUSES
    ]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Source: art. 8, paragraph 1. Clause 8.2.", ["8.2"]),
        ("Source: clauses 9.1, 9.3(2) and 10.4.", ["9.1", "9.3(2)", "10.4"]),
        ("Source: art. 22, 7 days; see 9.3.", []),
    ],
)
def test_citations_are_read(text, found):
    assert list(clauses.cited(text)) == found
