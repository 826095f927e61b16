"""Every rule names its article, and every article it names exists."""

import ast
import importlib
import inspect

import pytest

from docs import write
from liancha.rulebook.articles import ARTICLES
from liancha.rulebook.wording import Worded
from tests.house.source import PACKAGE, ROOMS, parsed, python_files, shown

RULEBOOK = python_files(PACKAGE / "rulebook")
# What is true on paper but not law: forms of files, hashes, code lists. They cite the protocol.
NOT_LAW = {
    "__init__.py",
    "articles.py",
    "beacon.py",
    "chain.py",
    "form.py",
    "lifecycles.py",
    "protocol.py",
    "tree.py",
    "verdicts.py",
    "verify.py",
    "wording.py",
}


def test_the_articles_that_are_cited_exist():
    strange = [
        f"{shown(path)}: {number}"
        for path in python_files(PACKAGE)
        for number in write.cited(path.read_text(encoding="utf-8"))
        if number not in ARTICLES
    ]
    assert strange == []


def test_a_refusal_names_a_place_that_exists():
    """`article="19"` and `paragraph=3` wherever they are written as constants."""
    strange = []
    for path in python_files(PACKAGE):
        for call in (each for each in ast.walk(parsed(path)) if isinstance(each, ast.Call)):
            named = {
                each.arg: each.value.value
                for each in call.keywords
                if isinstance(each.value, ast.Constant)
            }
            if "article" not in named:
                continue
            article = ARTICLES.get(int(named["article"]))
            paragraph = named.get("paragraph") or 1
            if article is None or not 1 <= paragraph <= len(article.paragraphs):
                strange.append(f"{shown(path)}:{call.lineno} {named}")
    assert strange == []


def test_every_check_in_the_rulebook_names_its_source():
    silent = [
        f"{shown(path)}: {node.name}"
        for path in RULEBOOK
        if path.name not in NOT_LAW
        for node in parsed(path).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")
        if not write.source_of(ast.get_docstring(node) or "")
    ]
    assert silent == []


@pytest.mark.parametrize("room", ["rulebook", *ROOMS])
def test_a_room_opens_by_saying_what_it_is_for(room):
    said = ast.get_docstring(parsed(PACKAGE / room / "__init__.py"))
    assert said is not None
    assert len(said.splitlines()) > 1, "say what happens here and what never does"


def test_every_code_in_the_rulebook_has_its_chinese_word():
    wordless = [
        f"{kind.__name__}.{member.name}"
        for path in RULEBOOK
        if path.stem not in ("__init__", "verify")
        for _, kind in inspect.getmembers(
            importlib.import_module(f"liancha.rulebook.{path.stem}"), inspect.isclass
        )
        if issubclass(kind, Worded)
        for member in kind
        if not member.label
    ]
    assert wordless == []
