"""The pages in docs/ say what the code says."""

import inspect
import re

import pytest
from django.apps import apps

from docs import write
from liancha.rulebook import lifecycles
from tests.house.source import ROOMS, ROOT

GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (?P<term>[^|]+) \| (?P<name>[^|]+) \|", re.MULTILINE)
NAMED = re.compile(r"`([A-Z]\w+)`")


@pytest.mark.parametrize("name", write.PAGES)
def test_a_written_page_is_up_to_date(name):
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert text == write.PAGES[name](), "run: python docs/write.py"


def test_every_article_has_a_test_or_a_reason_why_not():
    silent = [
        number
        for number, found in write.gather().items()
        if not found.tests and number not in write.NOTES
    ]
    assert silent == []


def test_every_article_says_what_it_asks():
    assert sorted(write.OBLIGATIONS) == sorted(write.ARTICLES)


def models() -> set[str]:
    return {m.__name__ for m in apps.get_models() if m._meta.app_label in ROOMS}


def states() -> set[str]:
    return {kind.__name__ for kind in lifecycles.LABELS}


def test_every_record_and_lifecycle_has_one_chinese_term():
    table = {name for row in ROW.finditer(GLOSSARY) for name in NAMED.findall(row["name"])}
    assert sorted((models() | states()) - table) == []


def test_the_glossary_names_nothing_that_is_gone():
    import importlib

    from tests.house.source import PACKAGE, python_files

    rulebook = {
        name
        for path in python_files(PACKAGE / "rulebook")
        if path.stem not in {"__init__", "verify"}
        for name, _ in inspect.getmembers(
            importlib.import_module(f"liancha.rulebook.{path.stem}"), inspect.isclass
        )
    }
    named = set(NAMED.findall(GLOSSARY))
    assert sorted(named - models() - states() - rulebook) == []


def test_no_name_has_two_terms():
    names = [
        name
        for row in ROW.finditer(GLOSSARY)
        for name in re.findall(r"^`([A-Z]\w+)`$", row["name"].strip())
    ]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_every_state_has_its_word_and_every_record_its_steps():
    for lifecycle in lifecycles.LIFECYCLES:
        kind = type(next(iter(lifecycle.steps))[0])
        assert set(lifecycles.LABELS[kind]) == {state.value for state in kind}


def test_links_between_pages_lead_somewhere():
    broken = [
        f"{page.name}: {target}"
        for page in [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
        if page.exists()
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []
