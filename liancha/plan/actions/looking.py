"""What one pass over a table of lines comes to: a step a good row, faults of the others.

Both parts of the plan book look at their tables through this. Knows no columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from liancha.papers.faults import Fault

L = TypeVar("L")
C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Step(Generic[L, C]):
    """What one good row would do.

    line     the one it is about; None for a new one
    checked  what may be written; None for a line that stays as it is
    was, now the line's columns in words
    """

    line: L | None
    checked: C | None
    code: str
    name: str
    was: Mapping[str, str]
    now: Mapping[str, str]

    @property
    def kind(self) -> str:
        return "unchanged" if self.checked is None else "changed" if self.line else "added"

    def difference(self) -> dict[str, Any]:
        """As `TableImport.differences` keeps it."""
        parts = [
            [word, self.was.get(word, ""), said]
            for word, said in self.now.items()
            if self.was.get(word, "") != said
        ]
        return {"kind": self.kind, "code": self.code, "name": self.name, "parts": parts}


@dataclass(kw_only=True)
class Looked(Generic[L, C]):
    """The steps and faults of a table, in the order of its rows; faulty counts rows."""

    steps: list[Step[L, C]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    remarks: list[Fault] = field(default_factory=list)
    faulty: int = 0

    def count(self, kind: str) -> int:
        return sum(step.kind == kind for step in self.steps)

    def differences(self) -> list[dict[str, Any]]:
        """Changed lines first, then new ones."""
        told = [step.difference() for step in self.steps if step.kind != "unchanged"]
        return sorted(told, key=lambda each: each["kind"] != "changed")
