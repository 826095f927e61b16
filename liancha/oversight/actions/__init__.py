"""What can happen in this room: a department is reminded and answers; files go to the provincial
platform and numbers come back.
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
from .reminding import remind, remind_of_receipt, reply

__all__ = [
    "UNDO_WITHIN",
    "check_file",
    "commit_file",
    "export_file",
    "remind",
    "remind_of_receipt",
    "reply",
    "reset_map",
    "save_map",
    "undo_file",
]
