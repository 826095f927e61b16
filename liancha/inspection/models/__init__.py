"""The records of the visit."""

from .notices import FailedContact, Notice
from .record import CheckIn, ItemAnswer, Measure, RecordForm, RefusalWitness
from .visits import OVER, Invitation, Team, Visit, VisitItem, VisitPart, VisitQuerySet, seats

__all__ = [
    "OVER",
    "CheckIn",
    "FailedContact",
    "Invitation",
    "ItemAnswer",
    "Measure",
    "Notice",
    "RecordForm",
    "RefusalWitness",
    "Team",
    "Visit",
    "VisitItem",
    "VisitPart",
    "VisitQuerySet",
    "seats",
]
