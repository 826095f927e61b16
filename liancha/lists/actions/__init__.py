"""What can happen in this room.

drafting   a version is begun; its rows are loaded, saved, taken out
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
from .sources import decide_upper, load_upper, record_basis, record_duty, record_mechanism

__all__ = [
    "approve",
    "consult",
    "cosign",
    "decide_upper",
    "load_items",
    "load_joint",
    "load_upper",
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
]
