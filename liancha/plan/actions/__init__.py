"""What can happen in this room. Every function here changes something.

A plan is made by the initiators line by line, signed by every department it names, approved and
published by the coordinating office; published, it changes only by adjustments (arts. 12–16).
"""

from .adjustments import adjust, approve_adjustment, decline_adjustment
from .beside import file_plan, register_campaign
from .deriving import Derived, derive
from .lines import (
    LineData,
    check_writer,
    drop_line,
    duty_of,
    executor_text,
    lock_rates,
    recount,
    save_line,
    set_rates,
)
from .plans import (
    approve,
    check_coverage,
    cosign,
    except_field,
    publish,
    record_platform_number,
    return_plan,
    send_for_cosign,
    start_plan,
    withdraw_exception,
    withdraw_plan,
)
from .rates import Rate, check_rates
from .terms import Terms, save_filter, set_terms
from .trials import apply_rates, drop_scenario, save_scenario

__all__ = [
    "Derived",
    "LineData",
    "Rate",
    "Terms",
    "adjust",
    "apply_rates",
    "approve",
    "approve_adjustment",
    "check_coverage",
    "check_rates",
    "check_writer",
    "cosign",
    "decline_adjustment",
    "derive",
    "drop_line",
    "drop_scenario",
    "duty_of",
    "except_field",
    "executor_text",
    "file_plan",
    "lock_rates",
    "publish",
    "record_platform_number",
    "recount",
    "register_campaign",
    "return_plan",
    "save_filter",
    "save_line",
    "save_scenario",
    "send_for_cosign",
    "set_rates",
    "set_terms",
    "start_plan",
    "withdraw_exception",
    "withdraw_plan",
]
