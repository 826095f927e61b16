"""What can happen in this room, in the order in which it happens."""

from .ceremony import (
    BeaconSpec,
    PartySpec,
    close,
    commit,
    commitment_of,
    enter_beacon,
    log_rule,
    open_rule,
    reveal,
)
from .dispatching import acknowledge, dispatch, note_reading
from .locking import compute_void, lock
from .manning import decide_replacement, freeze_inspectors, request_replacement
from .pooling import choose_pool, freeze, set_aside, take_back
from .voiding import ask_void, void

__all__ = [
    "BeaconSpec",
    "PartySpec",
    "acknowledge",
    "ask_void",
    "choose_pool",
    "close",
    "commit",
    "commitment_of",
    "compute_void",
    "decide_replacement",
    "dispatch",
    "enter_beacon",
    "freeze",
    "freeze_inspectors",
    "lock",
    "log_rule",
    "note_reading",
    "open_rule",
    "request_replacement",
    "reveal",
    "set_aside",
    "take_back",
    "void",
]
