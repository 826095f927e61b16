"""What can happen in this room. Every function here changes something.

A department keeps its own people only (art. 11); nobody is deleted: who leaves is 离岗, and drawn
lists of the past go on naming them.
"""

from .importing import import_inspectors, load_rows
from .people import (
    cancel_leave,
    declare_recusal,
    grant_leave,
    lift_recusal,
    remove_certificate,
    save_certificate,
    save_inspector,
)

__all__ = [
    "cancel_leave",
    "declare_recusal",
    "grant_leave",
    "import_inspectors",
    "lift_recusal",
    "load_rows",
    "remove_certificate",
    "save_certificate",
    "save_inspector",
]
