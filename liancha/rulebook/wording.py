"""Code lists that carry their Chinese words.

A member is stored by its value and shown by its label. This module holds no list itself and
decides nothing: each list stands in the module whose rule needs it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Worded(StrEnum):
    """A code list whose members are written `NAME = "value", "中文"`."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        # The default is for the type checker, which takes Kind("rest") for this call.
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """(value, Chinese word) pairs, for a model field or a list to choose from."""
        return [(member.value, member.label) for member in cls]
