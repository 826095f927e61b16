"""What can happen in this room, in the order in which it happens."""

from ..answers import Entered, checked_items
from .corrections import ask_correction, decide_correction
from .followups import close_follow_up, open_follow_up
from .handing import hand_link, revoke_link, take_link
from .publishing import publish
from .results import LONGEST, audit, collect, enter, send_back

__all__ = [
    "LONGEST",
    "Entered",
    "ask_correction",
    "audit",
    "checked_items",
    "close_follow_up",
    "collect",
    "decide_correction",
    "enter",
    "hand_link",
    "open_follow_up",
    "publish",
    "revoke_link",
    "send_back",
    "take_link",
]
