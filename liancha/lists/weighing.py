"""What a table would do to a list, row by row: steps, what goes, faults; and how a cell is read.

Which rows a list has and what they must say is `intake`'s. Writes nothing.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from liancha.accounts.models import Department
from liancha.papers.faults import Fault, fault
from liancha.papers.held import Held
from liancha.papers.readers import Row as Line
from liancha.rulebook.verdicts import Blocked

from .columns import code_of, column_words, half
from .models import Import
from .rows import Departments

LENGTHS = {
    "joint": {"code": 10, "name": 80, "targets": 200, "tag": 40, "ratio_note": 80, "source": 60},
    "items": {"category": 60, "name": 200, "targets": 200, "methods": 60, "subject": 100},
    "upper": {"code": 20, "name": 120, "targets": 300, "initiator": 80, "cooperators": 300},
}
NO_DEPARTMENT = "请写部门的全称、简称或代码，或先在部门与人员中建立。"


@dataclass(frozen=True, slots=True)
class Step:
    """What one good row, or field, would do.

    key   code of a field; department code and name of an item
    row   what it says as `rows` writes it; of a list from above plain words
    was   what stands there by the column's word, empty for a new one; `now` what it would be
    """

    key: str
    code: str
    name: str
    row: Any
    was: Mapping[str, str]
    now: Mapping[str, str]
    is_same: bool

    @property
    def kind(self) -> str:
        return "added" if not self.was else "unchanged" if self.is_same else "changed"

    def difference(self) -> dict[str, Any]:
        parts = [
            [word, self.was.get(word, ""), said]
            for word, said in self.now.items()
            if self.was.get(word, "") != said
        ]
        return {"kind": self.kind, "code": self.code, "name": self.name, "parts": parts}


@dataclass(slots=True)
class Weighed:
    """What a whole table would do.

    gone  key → (code, name) of what it does not name and would take out
    lost  rows that are not taken, with all rows of the field they are about
    """

    steps: list[Step] = field(default_factory=list)
    gone: dict[str, tuple[str, str]] = field(default_factory=dict)
    held_back: int = 0
    faults: list[Fault] = field(default_factory=list)
    remarks: list[Fault] = field(default_factory=list)
    faulty: int = 0
    lost: list[int] = field(default_factory=list)

    def count(self, kind: str) -> int:
        return sum(step.kind == kind for step in self.steps)

    def differences(self) -> list[dict[str, Any]]:
        """Changed ones first, then those that go, then new ones."""
        told = [step.difference() for step in self.steps if step.kind != "unchanged"]
        gone = [
            {"kind": "removed", "code": code, "name": name, "parts": []}
            for code, name in self.gone.values()
        ]
        changed = [each for each in told if each["kind"] == "changed"]
        return [*changed, *gone, *(each for each in told if each["kind"] == "added")]

    def put_on(self, batch: Import) -> None:
        """The counts, the faults and the differences on the import."""
        batch.added, batch.changed = self.count("added"), self.count("changed")
        batch.unchanged, batch.faulty = self.count("unchanged"), self.faulty
        batch.removed, batch.held_back, batch.lost = len(self.gone), self.held_back, self.lost
        batch.note(self.faults, self.remarks, self.differences())


class Table(ABC):
    """One pass over a table; `kind` says which."""

    kind = ""

    def __init__(self, held: Held, there: Sequence[Mapping[str, Any]]) -> None:
        self.held, self.out = held, Weighed()
        self.words = column_words(self.kind)
        self.there = {self.key_of(row): row for row in there}
        self.codes = {code_of(key): key for key in self.there}
        self.named: dict[str, int] = {}  # what the file is about → in which row it stands first
        self.is_unclear = False  # a bad row that may be about anything

    def key_of(self, row: Mapping[str, Any]) -> str:
        return str(row["code"])

    def name_of(self, key: str) -> tuple[str, str]:
        return key, str(self.there[key]["name"])

    def lines(self) -> Iterator[Line]:
        """The rows, with a name that was broken over two lines to fit its cell in one again."""
        for line in self.held.rows():
            cells = list(line.cells)
            if (place := line.places.get("name")) is not None:
                cells[place] = re.sub(r"\s*\n\s*", "", cells[place])
            yield Line(line.number, tuple(cells), line.places)

    def code_in(self, line: Line) -> str:
        """The code a row names, spelled as it stands there already."""
        code = code_of(line["code"])
        return self.codes.get(code, code)

    @abstractmethod
    def read(self) -> None:
        """Look at every row that is held: a step, a remark or a fault for each."""

    def ended(self, is_whole: bool) -> Weighed:
        """What the file does not name goes, if it is the whole list and every row could be read."""
        left = {key: self.name_of(key) for key in self.there if key not in self.named}
        if is_whole and self.out.faulty:
            self.out.held_back = len(left)
        elif is_whole:
            self.out.gone = left
        self.out.lost.sort()
        return self.out

    def refuse(self, lines: Iterable[Line], faults: list[Fault]) -> None:
        self.out.faulty += 1
        self.out.faults += faults
        self.out.lost += [line.number for line in lines]

    def wrong(self, line: Line, key: str, value: str, what: str, cure: str) -> Fault:
        word = self.words.get(key, key)
        return fault(line.number, line["name"] or line["item"], word, value, what, cure)

    def text(
        self, line: Line, key: str, faults: list[Fault], there: Mapping[str, Any], longest: int = 0
    ) -> str:
        """A cell, or what stands there when it is blank; too long is a fault."""
        said = line[key] or str(there.get(key, ""))
        longest = longest or LENGTHS[self.kind].get(key, 4_000)
        if len(said) > longest:
            what, cure = f"有 {len(said)} 字，太长", f"请缩短到 {longest} 字以内。"
            faults.append(self.wrong(line, key, line[key], what, cure))
        return said

    def choice(
        self, line: Line, key: str, words: Mapping[str, str], faults: list[Fault], there: str
    ) -> str:
        """One of the words a column may say."""
        said = half(line[key])
        if not said:
            return there
        known = {half(word): value for word, value in words.items()}
        if said not in known:
            cure = f"可用：{'、'.join(word for word in words if not word.isascii())}。"
            faults.append(self.wrong(line, key, line[key], "不在字典中", cure))
            return there
        return known[said]

    def department(
        self, line: Line, key: str, word: str, known: Departments, faults: list[Fault]
    ) -> Department | None:
        found = known.found.get(word.strip())
        if found is None:
            what = f"没有“{word[:40]}”这个部门"
            faults.append(self.wrong(line, key, line[key], what, NO_DEPARTMENT))
        return found

    def missing(self, line: Line, values: Mapping[str, Any], faults: list[Fault]) -> None:
        """Columns that must say something; a cell that is wrong already is not missing."""
        wrong = {each["column"] for each in faults}
        for key, value in values.items():
            if not value and self.words[key] not in wrong:
                what, cure = f"缺少{self.words[key]}", "请补全这一格（第十条）。"
                faults.append(self.wrong(line, key, "", what, cure))


def refused(line: Line, name: str, blocked: Blocked) -> Fault:
    """A rule's refusal as a fault of the whole row."""
    what, _, cure = str(blocked).partition("。")
    return fault(line.number, name, "整行", "", what, cure or f"请按第 {blocked.article} 条改正。")


def grouped(lines: Iterable[Line], code_in: Callable[[Line], str]) -> list[tuple[str, list[Line]]]:
    """Rows of one field together, in the file's order: one without a code follows the one above.

    A row with a new name and no code is a field of its own, whose code is missing.
    """
    found: dict[str, list[Line]] = {}
    code, unnamed = "", 0
    for line in lines:
        said = code_in(line)
        if not said and line["name"] and (not code or line["name"] != found[code][0]["name"]):
            unnamed += 1
            code = f"\0{unnamed}"
        code = said or code
        found.setdefault(code, []).append(line)
    return [("" if code.startswith("\0") else code, lines) for code, lines in found.items()]
