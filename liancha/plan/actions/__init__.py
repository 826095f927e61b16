"""What can happen in this room. Every function here changes something.

A plan is made by the initiators line by line, signed by every department it names, approved and
published by the coordinating office; published, it changes only by adjustments (arts. 12–16).
"""

from .adjustments import adjust, approve_adjustment, decline_adjustment
from .beside import file_plan, file_report, register_campaign
from .deriving import Derived, derive
from .following import Followed, follow_list
from .importing import (
    check_import,
    commit_import,
    give_up_import,
    is_stale,
    open_import,
    undo_import,
)
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
from .parts import (
    OwnLineData,
    drop_own_line,
    items_of,
    publish_part,
    save_own_line,
    start_part,
    targets_of,
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
from .rates import Rate, as_typed, check_rates
from .reasons import NeedsCapReason
from .terms import Terms, save_filter, set_terms
from .trials import apply_rates, drop_scenario, save_scenario

__all__ = [
    "Derived",
    "Followed",
    "LineData",
    "NeedsCapReason",
    "OwnLineData",
    "Rate",
    "Terms",
    "adjust",
    "apply_rates",
    "approve",
    "approve_adjustment",
    "as_typed",
    "check_coverage",
    "check_import",
    "check_rates",
    "check_writer",
    "commit_import",
    "cosign",
    "decline_adjustment",
    "derive",
    "drop_line",
    "drop_own_line",
    "drop_scenario",
    "duty_of",
    "except_field",
    "executor_text",
    "file_plan",
    "file_report",
    "follow_list",
    "give_up_import",
    "is_stale",
    "items_of",
    "lock_rates",
    "open_import",
    "publish",
    "publish_part",
    "record_platform_number",
    "recount",
    "register_campaign",
    "return_plan",
    "save_filter",
    "save_line",
    "save_own_line",
    "save_scenario",
    "send_for_cosign",
    "set_rates",
    "set_terms",
    "start_part",
    "start_plan",
    "targets_of",
    "undo_import",
    "withdraw_exception",
    "withdraw_plan",
]
