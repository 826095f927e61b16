"""What can happen in this room. Every function here changes something.

A department keeps its own people only (art. 11); nobody is deleted: who leaves is 离岗, and drawn
lists of the past go on naming them.
"""

from .importing import commit_import, give_up_import, import_inspectors, open_import
from .people import (
    cancel_leave,
    declare_recusal,
    grant_leave,
    lift_recusal,
    note_export,
    remove_certificate,
    save_certificate,
    save_inspector,
)
from .undoing import undo_import

__all__ = [
    "cancel_leave",
    "commit_import",
    "declare_recusal",
    "give_up_import",
    "grant_leave",
    "import_inspectors",
    "lift_recusal",
    "note_export",
    "open_import",
    "remove_certificate",
    "save_certificate",
    "save_inspector",
    "undo_import",
]
