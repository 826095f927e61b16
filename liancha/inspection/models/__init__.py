"""The records of the visit."""

from .calls import Caller, JointCall
from .notices import FailedContact, Notice
from .record import CheckIn, ItemAnswer, Measure, RecordForm, RefusalWitness
from .visits import OVER, Invitation, Team, Visit, VisitItem, VisitPart, VisitQuerySet, seats

__all__ = [
    "OVER",
    "Caller",
    "CheckIn",
    "FailedContact",
    "Invitation",
    "ItemAnswer",
    "JointCall",
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
