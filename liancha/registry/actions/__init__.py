"""What can happen in this room.

imports  a file is looked at, written, or given up
targets  a target is saved, placed, tagged, reviewed, released; its class, its last inspection
words    the words that give tags, the place names, which departments supervise a tag
"""

from .imports import (
    attach_job,
    check_import,
    commit_import,
    give_up_import,
    import_targets,
    open_import,
)
from .targets import (
    mark_inspected,
    release,
    review,
    save_target,
    set_credit,
    set_region,
    show_phone,
    tag_targets,
    take_back_release,
)
from .words import retag, save_place, save_tag, sync_supervisors

__all__ = [
    "attach_job",
    "check_import",
    "commit_import",
    "give_up_import",
    "import_targets",
    "mark_inspected",
    "open_import",
    "release",
    "retag",
    "review",
    "save_place",
    "save_tag",
    "save_target",
    "set_credit",
    "set_region",
    "show_phone",
    "sync_supervisors",
    "tag_targets",
    "take_back_release",
]
