"""Reads across this room: who is there, what is still open, what the form says in full."""

from .form import Outcome, Row, Section, hindrances, items_text, record_facts, sections
from .people import (
    SPACING,
    Attendance,
    attendance,
    begins,
    clashes,
    double_booked,
    members,
    members_by_target,
    present,
)

__all__ = [
    "SPACING",
    "Attendance",
    "Outcome",
    "Row",
    "Section",
    "attendance",
    "begins",
    "clashes",
    "double_booked",
    "hindrances",
    "items_text",
    "members",
    "members_by_target",
    "present",
    "record_facts",
    "sections",
]
