"""What can happen in this room.

drafting   a version is begun; its rows are loaded, saved, taken out
importing  a table is looked at, written, given up; undoing takes it back within a day
deciding   it is sent for consultation, co-signed, approved, published
sources    what the lists rest on: laws, lists from above, duties, mechanisms
"""

from .deciding import approve, consult, cosign, publish, send_back
from .drafting import (
    load_items,
    load_joint,
    remove_field,
    remove_item,
    save_field,
    save_item,
    start_version,
)
from .importing import check_import, commit_import, give_up_import, is_stale, open_import
from .sources import decide_upper, load_upper, record_basis, record_duty, record_mechanism
from .undoing import undo_import

__all__ = [
    "approve",
    "check_import",
    "commit_import",
    "consult",
    "cosign",
    "decide_upper",
    "give_up_import",
    "is_stale",
    "load_items",
    "load_joint",
    "load_upper",
    "open_import",
    "publish",
    "record_basis",
    "record_duty",
    "record_mechanism",
    "remove_field",
    "remove_item",
    "save_field",
    "save_item",
    "send_back",
    "start_version",
    "undo_import",
]
