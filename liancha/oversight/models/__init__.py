"""The little this room owns: reminders, the exchange with the platform, proposals of one visit."""

from .exchange import ExchangeKind, ExchangeMap, PlatformEntry, PlatformFile
from .merging import MergeProposal, MergeProposalQuerySet, MergeSide
from .reminders import Reminder

__all__ = [
    "ExchangeKind",
    "ExchangeMap",
    "MergeProposal",
    "MergeProposalQuerySet",
    "MergeSide",
    "PlatformEntry",
    "PlatformFile",
    "Reminder",
]
