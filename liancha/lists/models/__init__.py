"""Records of this room.

versions  the two lists: versions, rows, co-signatures, changes
sources   what they rest on: legal bases, lists from above, duties, mechanisms
imports   what came in with tables
"""

from .imports import Import
from .sources import FieldDuty, LegalBasis, Mechanism, UpperDecision, UpperList, UpperRow
from .versions import (
    LEVELS,
    CheckItem,
    Cooperation,
    CoSign,
    ItemClass,
    JointField,
    JointItem,
    ListChange,
    ListVersion,
    ListVersionQuerySet,
    Method,
)

__all__ = [
    "LEVELS",
    "CheckItem",
    "CoSign",
    "Cooperation",
    "FieldDuty",
    "Import",
    "ItemClass",
    "JointField",
    "JointItem",
    "LegalBasis",
    "ListChange",
    "ListVersion",
    "ListVersionQuerySet",
    "Mechanism",
    "Method",
    "UpperDecision",
    "UpperList",
    "UpperRow",
]
