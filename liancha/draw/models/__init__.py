"""The records of the draw."""

from .draws import Dispatch, Draw, DrawQuerySet, Party, Rule, Transcript
from .leeway import SingleRandom, Supplement
from .lists import (
    Candidate,
    DrawnTarget,
    DrawnTargetQuerySet,
    FrozenPage,
    InputFile,
    PoolChoices,
    Reckoning,
    SetAside,
)
from .staff import Assignment, Replacement

__all__ = [
    "Assignment",
    "Candidate",
    "Dispatch",
    "Draw",
    "DrawQuerySet",
    "DrawnTarget",
    "DrawnTargetQuerySet",
    "FrozenPage",
    "InputFile",
    "Party",
    "PoolChoices",
    "Reckoning",
    "Replacement",
    "Rule",
    "SetAside",
    "SingleRandom",
    "Supplement",
    "Transcript",
]
