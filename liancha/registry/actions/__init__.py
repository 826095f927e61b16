"""What can happen in this room.

imports  a file is looked at, written, or given up; undoing takes it back within a day
targets  a target is saved, placed, tagged, reviewed, released; its class, its last inspection
doubts   records that may be one target: found, merged, kept apart
checks   inspections that are not drawn, and what inspections found
standing licences and marks, one by one; standing_tables: many from a table
words    the words that give tags, the place names, which departments supervise a tag
"""

from .checks import (
    Finding,
    close_case,
    close_solo,
    covering,
    decide_solo,
    note_inspection,
    note_results,
    register_case,
    request_solo,
)
from .credit import (
    attach_credit_job,
    commit_credit,
    give_up_credit,
    look_credit,
    may_take_credit,
    open_credit,
    set_credit,
    sweep_credit,
    undo_credit,
)
from .doubts import find_doubts, keep_both, merge, settle_name
from .imports import (
    attach_job,
    check_import,
    commit_import,
    give_up_import,
    import_targets,
    open_import,
    sweep,
)
from .searching import fill_search, tidy_search
from .standing import (
    lift_key_flag,
    remove_licence,
    save_licence,
    set_key_flag,
    set_key_flags,
    weigh_complaints,
)
from .standing_tables import (
    attach_standing_job,
    check_standing,
    commit_standing,
    give_up_standing,
    open_standing,
    undo_standing,
)
from .targets import (
    mark_inspected,
    note_export,
    release,
    review,
    save_target,
    set_region,
    show_phone,
    tag_targets,
    take_back_release,
)
from .undoing import is_undoable, undo_import
from .words import retag, save_place, save_tag, sync_supervisors

__all__ = [
    "Finding",
    "attach_credit_job",
    "attach_job",
    "attach_standing_job",
    "check_import",
    "check_standing",
    "close_case",
    "close_solo",
    "commit_credit",
    "commit_import",
    "commit_standing",
    "covering",
    "decide_solo",
    "fill_search",
    "find_doubts",
    "give_up_credit",
    "give_up_import",
    "give_up_standing",
    "import_targets",
    "is_undoable",
    "keep_both",
    "lift_key_flag",
    "look_credit",
    "mark_inspected",
    "may_take_credit",
    "merge",
    "note_export",
    "note_inspection",
    "note_results",
    "open_credit",
    "open_import",
    "open_standing",
    "register_case",
    "release",
    "remove_licence",
    "request_solo",
    "retag",
    "review",
    "save_licence",
    "save_place",
    "save_tag",
    "save_target",
    "set_credit",
    "set_key_flag",
    "set_key_flags",
    "set_region",
    "settle_name",
    "show_phone",
    "sweep",
    "sweep_credit",
    "sync_supervisors",
    "tag_targets",
    "take_back_release",
    "tidy_search",
    "undo_credit",
    "undo_import",
    "undo_standing",
    "weigh_complaints",
]
