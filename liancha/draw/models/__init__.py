"""The records of the draw."""

from .draws import Dispatch, Draw, DrawQuerySet, Party, Rule, Transcript
from .lists import (
    Candidate,
    CandidateQuerySet,
    DrawnTarget,
    DrawnTargetQuerySet,
    Exclusion,
    InputFile,
    PoolChoices,
    SetAside,
)
from .staff import Assignment, Replacement

__all__ = [
    "Assignment",
    "Candidate",
    "CandidateQuerySet",
    "Dispatch",
    "Draw",
    "DrawQuerySet",
    "DrawnTarget",
    "DrawnTargetQuerySet",
    "Exclusion",
    "InputFile",
    "Party",
    "PoolChoices",
    "Replacement",
    "Rule",
    "SetAside",
    "Transcript",
]
