"""What can happen in this room: a department is reminded and answers; files go to the provincial
platform and numbers come back; inspections of one firm are proposed as one visit, and decided.
"""

from .exchanging import (
    UNDO_WITHIN,
    check_file,
    commit_file,
    export_file,
    reset_map,
    save_map,
    undo_file,
)
from .merging import agree_to_merge, decline_merge, match
from .reminding import remind, remind_of_receipt, reply

__all__ = [
    "UNDO_WITHIN",
    "agree_to_merge",
    "check_file",
    "commit_file",
    "decline_merge",
    "export_file",
    "match",
    "remind",
    "remind_of_receipt",
    "reply",
    "reset_map",
    "save_map",
    "undo_file",
]
