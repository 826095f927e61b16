"""Records of this room.

targets    检查对象 and what is known of them
imports    what came in with files
doubts     two records that may be one; former codes, licences, key flags
checks     inspections that are not drawn, and what inspections found
searching  the narrow table of the search box
standing   licences and marks that came in by table
touched    which targets a batch was about
"""

from ..classes import CreditBatch, CreditChange
from .checks import SOLO_STATES, CaseCheck, InspectionFact, SoloCheck
from .doubts import CHOSEN, ComplaintDecision, Doubt, FormerCode, KeyFlag, Licence
from .imports import Import, ImportChange, ImportFault, RegisterQuerySet
from .searching import SearchFill, SearchRow
from .standing import StandingChange, StandingImport
from .targets import (
    PlaceName,
    Release,
    Tag,
    Tagging,
    TagKeyword,
    Target,
    TargetQuerySet,
)
from .touched import Touched

__all__ = [
    "CHOSEN",
    "SOLO_STATES",
    "CaseCheck",
    "ComplaintDecision",
    "CreditBatch",
    "CreditChange",
    "Doubt",
    "FormerCode",
    "Import",
    "ImportChange",
    "ImportFault",
    "InspectionFact",
    "KeyFlag",
    "Licence",
    "PlaceName",
    "RegisterQuerySet",
    "Release",
    "SearchFill",
    "SearchRow",
    "SoloCheck",
    "StandingChange",
    "StandingImport",
    "Tag",
    "TagKeyword",
    "Tagging",
    "Target",
    "TargetQuerySet",
    "Touched",
]
