"""Writes docs/articles.md and docs/lifecycles.md from the code. Standard library and rulebook only.

    python docs/write.py            write both
    python docs/write.py --check    write nothing, exit 1 if one of them is not up to date

For each article: what it asks, the rules that answer it (docstrings with `Source: art. N`), the
rooms (docstrings that cite it), and its tests (classes TestArticleN). An article without tests
must say in NOTES why: no software, or later. For each clause of rulebook/clauses.py: what keeps it
and which tests hold it, both by docstrings that say `clause N.n`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from liancha.rulebook import clauses, lifecycles  # noqa: E402
from liancha.rulebook.articles import ARTICLES, TITLE  # noqa: E402

PACKAGE = ROOT / "liancha"
TESTS = ROOT / "tests"
CITED = re.compile(r"\bart\.\s+(\d+)|\barts\.\s+(\d[\d–,\s]*(?:and\s+\d[\d–,\s]*)*)")

OBLIGATIONS: Mapping[int, str] = {
    1: "Purpose and basis: fewer, merged, regular inspections, after 豫双随机办〔2020〕1 号.",
    2: "Scope: departments of this city with supervisory powers, at every level.",
    3: "What a joint check is: lists and plan, targets and inspectors at random, results public.",
    4: "Principle: one field and one kind of target, steadily and in order.",
    5: "Joint checks are started on the national publicity system's platform.",
    6: "Market regulation urges departments of its level; city departments guide their systems.",
    7: "Joint checks count in the city's assessment; departments supervise and urge.",
    8: "A list decides what is checked jointly; it is public and kept up with the law.",
    9: "The city's departments make the lists together; counties derive theirs.",
    10: "Columns of both lists; who may initiate, who cooperates.",
    11: "Libraries of targets and of inspectors that match the list, kept up to date.",
    12: "The city's joint plan for the year is made by 30 April; counties follow.",
    13: "The plan covers every field of the list; what may be checked outside the plan.",
    14: "The eight columns of a plan.",
    15: "Rates by credit class: more where risk is high, less where it is low.",
    16: "The plan is entered and published; so are its changes.",
    17: "A scheme for each check; four steps in order: pool, draw, visit, publication.",
    18: "Targets common to all participants; inspectors by qualification, skill and post.",
    19: "Two random draws; when one may be left out; a locked list never changes; replacement.",
    20: "On the spot as a rule; one team with one leader; experts only help.",
    21: "Word beforehand, two officers of each department, one record form, signature or refusal.",
    22: "Results within 20 working days, penalties within 7; follow-up; use in credit judgements.",
    23: "In force from the day of publication.",
}

# For articles that have no test yet: why. Shown only while that is so.
NOTES: Mapping[int, str] = {
    5: "later: a task keeps its platform number, or why it has none; receipts come with issue 5",
    6: "no software of its own: urging is a notice of art. 7's supervision; read rights by level",
    7: "no software: how the city weighs its departments is the city government's to set",
}


@dataclass
class Found:
    """What answers one article."""

    rules: dict[str, list[str]] = field(default_factory=dict)
    rooms: dict[str, list[str]] = field(default_factory=dict)
    tests: dict[str, int] = field(default_factory=dict)


@dataclass
class Kept:
    """What answers one clause.

    by     rules and actions, dotted, as rulebook.listing.check_solo
    tests  file below tests/ → names of its test functions
    """

    by: list[str] = field(default_factory=list)
    tests: dict[str, list[str]] = field(default_factory=dict)


def cited(text: str) -> Iterator[int]:
    """Articles a text cites: "arts. 2–4, 8 and 18" gives 2, 3, 4, 8, 18; "art. 22, 7 days" 22."""
    for match in CITED.finditer(text):
        for first, last in re.findall(r"(\d+)(?:–(\d+))?", match[1] or match[2]):
            yield from range(int(first), int(last or first) + 1)


def documented(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(dotted name, docstring) of a module ("" for itself), its public classes and functions."""
    yield "", ast.get_docstring(tree) or ""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, ast.get_docstring(node) or ""
            if isinstance(node, ast.ClassDef):
                for each in node.body:
                    if isinstance(each, ast.FunctionDef) and not each.name.startswith("_"):
                        yield f"{node.name}.{each.name}", ast.get_docstring(each) or ""


def source_of(docstring: str) -> str:
    """What follows "Source:" in a docstring, "" without."""
    return docstring.partition("Source:")[2]


def sources(folder: Path) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).parts
        if not {"migrations", "node_modules"} & set(parts):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def gather() -> dict[int, Found]:
    """Rules, rooms and tests of every article."""
    found = {number: Found() for number in ARTICLES}
    for path, tree in sources(PACKAGE / "rulebook"):
        for name, docstring in documented(tree):
            for number in dict.fromkeys(cited(source_of(docstring))):
                found[number].rules.setdefault(path.stem, []).append(name or path.stem)
    for path, tree in sources(PACKAGE):
        room, *rest = path.relative_to(PACKAGE).with_suffix("").parts
        if room == "rulebook" or not rest:
            continue
        module = ".".join(part for part in rest if part != "__init__")
        for name, docstring in documented(tree):
            for number in dict.fromkeys(cited(docstring)):
                full = ".".join(filter(None, (module, name)))
                entries = found[number].rooms.setdefault(room, [])
                if full:
                    entries.append(full)
    for path, tree in sources(TESTS):
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and (
                m := re.fullmatch(r"TestArticle(\d+)", node.name)
            ):
                claims = sum(
                    isinstance(each, ast.FunctionDef) and each.name.startswith("test_")
                    for each in node.body
                )
                place = path.relative_to(TESTS).as_posix()
                tests = found[int(m[1])].tests
                tests[place] = tests.get(place, 0) + claims
    return found


def gather_clauses() -> dict[str, Kept]:
    """What keeps each clause, and the tests that hold it. KeyError for one that does not exist."""
    kept = {number: Kept() for number in clauses.CLAUSES}
    for path, tree in sources(PACKAGE):
        module = path.relative_to(PACKAGE).with_suffix("").as_posix().removesuffix("/__init__")
        if module == "rulebook/clauses":
            continue
        for name, docstring in documented(tree):
            for number in dict.fromkeys(clauses.cited(docstring)):
                kept[number].by.append(".".join(filter(None, (module.replace("/", "."), name))))
    for path, tree in sources(TESTS):
        place = path.relative_to(TESTS).as_posix()
        for name, docstring in documented(tree):
            test = name.rpartition(".")[2]
            if test.startswith("test_"):
                for number in dict.fromkeys(clauses.cited(docstring)):
                    kept[number].tests.setdefault(place, []).append(test)
    return kept


WRITTEN = "<!-- Written by docs/write.py. Change the code, then run it again. -->"


def articles_page() -> str:
    """docs/articles.md."""
    lines = [
        "# The articles",
        "",
        WRITTEN,
        "",
        f"《{TITLE}》: what each of its {len(ARTICLES)} articles asks, the rules in",
        "`rulebook` that answer it, the rooms that cite it, and the tests that hold it; for the",
        "articles cut into clauses (`liancha/rulebook/clauses.py`), the same for each clause.",
    ]
    chapter, kept = 0, gather_clauses()
    for number, found in gather().items():
        article = ARTICLES[number]
        if article.chapter != chapter:
            chapter = article.chapter
            lines += ["", f"## {article.chapter_name}"]
        lines += ["", f"### {number} · {article.name}", "", OBLIGATIONS[number], ""]
        if found.rules:
            lines.append(f"- rules: {_grouped(found.rules)}")
        if found.rooms:
            lines.append(f"- rooms: {_grouped(found.rooms)}")
        if found.tests:
            tests = ", ".join(f"`{place}` ({count})" for place, count in found.tests.items())
            lines.append(f"- tests: {tests}")
        else:
            lines.append(f"- {NOTES.get(number, '**nothing yet**')}")
        for clause in clauses.of_article(number):
            lines += ["", *_clause(clause, kept[clause.number])]
    return "\n".join(lines) + "\n"


def _clause(clause: clauses.Clause, kept: Kept) -> list[str]:
    """Its number, words and obligation; what keeps it; the tests that hold it."""
    lines = [f"**{clause.number}** ¶{clause.paragraph} “{clause.words}”: {clause.obliges}"]
    if clause.apart:
        return [*lines, f"- no software: {clause.apart}"]
    by = ", ".join(f"`{name}`" for name in kept.by) or "**nothing yet**"
    lines += ["", f"- kept by {by}"]
    for place, names in kept.tests.items():
        lines.append(f"- `{place}`: {', '.join(f'`{name}`' for name in names)}")
    if not kept.tests:
        lines.append("- tests: **nothing yet**")
    return lines


def _grouped(names: Mapping[str, list[str]]) -> str:
    """`coverage`: a, b; `draw`."""
    groups = []
    for module, inside in names.items():
        listed = ", ".join(f"`{name}`" for name in dict.fromkeys(inside) if name != module)
        groups.append(f"**{module}** {listed}".rstrip())
    return "; ".join(groups)


def lifecycles_page() -> str:
    """docs/lifecycles.md."""
    lines = [
        "# Lifecycles",
        "",
        WRITTEN,
        "",
        "Every state a record can be in and every step there is, with the article it rests on. A",
        "step that is not here does not exist, for anybody (`liancha/rulebook/lifecycles.py`).",
    ]
    for lifecycle in lifecycles.LIFECYCLES:
        states = type(next(iter(lifecycle.steps))[0])
        lines += ["", f"## {lifecycle.name} · `{states.__name__}`", ""]
        lines += ["```mermaid", "stateDiagram-v2"]
        lines += [f"    {state.value} : {lifecycles.label(state)}" for state in states]
        lines += [
            f"    {now.value} --> {then.value} : {ARTICLES[int(article)].name}"
            for (now, then), article in lifecycle.steps.items()
        ]
        lines += ["```", "", "| from | to | article |", "|---|---|---|"]
        lines += [
            f"| {lifecycles.label(now)} `{now.value}` | {lifecycles.label(then)} `{then.value}` "
            f"| {article} |"
            for (now, then), article in lifecycle.steps.items()
        ]
    return "\n".join(lines) + "\n"


PAGES = {"articles.md": articles_page, "lifecycles.md": lifecycles_page}


def main() -> int:
    stale = []
    for name, page in PAGES.items():
        path = ROOT / "docs" / name
        text = page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(text, encoding="utf-8")
    if stale:
        print(f"{'not up to date' if '--check' in sys.argv else 'written'}: {', '.join(stale)}")
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
