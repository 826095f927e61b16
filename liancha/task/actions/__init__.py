"""What can happen in this room. Every function here changes something.

A task comes from a published plan line, or from a risk or an order with its document. Its scheme
is written by the initiator, confirmed by every department and approved by the initiator's head.
"""

from .quiet import exempt_quiet, settle_visit
from .schemes import approve_scheme, return_scheme, save_scheme, submit_scheme
from .tasks import confirm, create_task, follow_line, record_platform_number

__all__ = [
    "approve_scheme",
    "confirm",
    "create_task",
    "exempt_quiet",
    "follow_line",
    "record_platform_number",
    "return_scheme",
    "save_scheme",
    "settle_visit",
    "submit_scheme",
]
