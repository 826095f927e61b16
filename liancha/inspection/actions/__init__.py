"""What can happen in this room. Every function here changes something."""

from .answers import Conflict, Filled, MeasureDraft, answer, as_filled, fill, take_measure
from .calls import Coming, call_together
from .endings import (
    confirm_refusal,
    refuse,
    settle,
    sign,
    state_refusal,
    withdraw_refusal,
)
from .notices import log_failed_contact, notify, notify_many, notify_surprise
from .teams import form_teams, give_opinion, invite, plan_visit, plan_visits, set_leader
from .visits import check_in, start

__all__ = [
    "Coming",
    "Conflict",
    "Filled",
    "MeasureDraft",
    "answer",
    "as_filled",
    "call_together",
    "check_in",
    "confirm_refusal",
    "fill",
    "form_teams",
    "give_opinion",
    "invite",
    "log_failed_contact",
    "notify",
    "notify_many",
    "notify_surprise",
    "plan_visit",
    "plan_visits",
    "refuse",
    "set_leader",
    "settle",
    "sign",
    "start",
    "state_refusal",
    "take_measure",
    "withdraw_refusal",
]
