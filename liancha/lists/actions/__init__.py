"""What can happen in this room.

drafting   a version is begun; its rows are loaded, saved, taken out
deciding   it is sent for consultation, co-signed, approved, published
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

__all__ = [
    "approve",
    "consult",
    "cosign",
    "load_items",
    "load_joint",
    "publish",
    "remove_field",
    "remove_item",
    "save_field",
    "save_item",
    "send_back",
    "start_version",
]
