"""What can happen in this room, in the order in which it happens."""

from .agreeing import INVITED, BeaconSpec, PartySpec, draw_with_failed_escrow, open_rule
from .ceremony import (
    close,
    commit,
    commitment_of,
    enter_beacon,
    log_rule,
    reveal,
)
from .cosigning import go_on_uncosigned
from .dispatching import acknowledge, dispatch, note_reading
from .inviting import accept_invitation, accept_keeping
from .keeping import fail_escrow, hand_over, name_key, open_sheets, take_envelope
from .locking import compute_void, lock
from .manning import decide_replacement, freeze_inspectors, request_replacement
from .pooling import choose_pool, freeze, set_aside, take_back
from .single import Side, ask_single_random, decide_single_random, shortages
from .supplementing import (
    MAY_GROW,
    ask_supplement,
    check_freeze_supplement,
    decide_supplement,
    freeze_supplement,
    left_by,
)
from .voiding import ask_void, void

__all__ = [
    "INVITED",
    "MAY_GROW",
    "BeaconSpec",
    "PartySpec",
    "Side",
    "accept_invitation",
    "accept_keeping",
    "acknowledge",
    "ask_single_random",
    "ask_supplement",
    "ask_void",
    "check_freeze_supplement",
    "choose_pool",
    "close",
    "commit",
    "commitment_of",
    "compute_void",
    "decide_replacement",
    "decide_single_random",
    "decide_supplement",
    "dispatch",
    "draw_with_failed_escrow",
    "enter_beacon",
    "fail_escrow",
    "freeze",
    "freeze_inspectors",
    "freeze_supplement",
    "go_on_uncosigned",
    "hand_over",
    "left_by",
    "lock",
    "log_rule",
    "name_key",
    "note_reading",
    "open_rule",
    "open_sheets",
    "request_replacement",
    "reveal",
    "set_aside",
    "shortages",
    "take_back",
    "take_envelope",
    "void",
]
