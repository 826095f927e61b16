"""What does not belong in the repository, and how long a file may grow."""

import re

from tests.house.source import PACKAGE, ROOT, shown, tracked

LONGEST = 450  # lines
TEXT = {".py", ".md", ".toml", ".txt", ".lock", ".html", ".css", ".js", ".json", ".cfg", ".yml"}
INDEX = re.compile(
    r"--(?:extra-)?index-url|find-links|(?<!no-emit-)\bindex-url\b"
    r"|https?://[^\s\"')]*(?:pypi|registry\.npm|files\.pythonhosted|/simple/)",
    re.IGNORECASE,
)
MACHINE = re.compile(r"(?<![\w.])/(?:root|home|work|Users)/\w")
TODO = re.compile(r"\b(?:TODO|FIXME)\b")

WRITTEN = [
    path
    for path in tracked()
    if path.suffix in TEXT and not path.is_relative_to(ROOT / "tests" / "house")
]
OURS = [path for path in WRITTEN if path.suffix != ".lock" and path.name != "package-lock.json"]


def test_there_is_no_uv_lock():
    """It would keep the address of the index it was made from."""
    assert [shown(path) for path in tracked() if path.name == "uv.lock"] == []


def found_in_files(pattern, paths):
    return [
        f"{shown(path)}: {match[0]}"
        for path in paths
        for match in pattern.finditer(path.read_text(encoding="utf-8"))
    ]


def test_no_file_holds_the_address_of_an_index():
    assert found_in_files(INDEX, WRITTEN) == []


def test_no_file_holds_a_place_on_a_machine():
    assert found_in_files(MACHINE, WRITTEN) == []


def test_nothing_is_left_to_do_in_a_comment():
    assert found_in_files(TODO, OURS) == []


def test_files_stay_pleasant_to_read():
    alone = ROOT / "dev.py"  # runs before there is anything to import
    long = {
        shown(path): lines
        for path in tracked()
        if path != alone
        and path.suffix in {".py", ".html", ".js"}
        and "migrations" not in path.parts
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) >= LONGEST
    }
    assert long == {}


def test_there_is_no_drawer_for_odds_and_ends():
    drawers = {"utils.py", "helpers.py", "common.py", "misc.py", "tools.py"}
    assert [shown(p) for p in tracked() if p.is_relative_to(PACKAGE) and p.name in drawers] == []


def test_nothing_is_committed_that_a_build_makes():
    made = {"vendor", "node_modules", "__pycache__", "var"}
    assert [shown(p) for p in tracked() if made & set(p.relative_to(ROOT).parts)] == []
