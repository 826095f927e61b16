"""The component kit, as one set of builtin tags and filters; docs/interface.md shows their use.

Every page is written with these, so that a state, a deadline or a form looks and reads the same
everywhere. The tags only show what they are given: they ask no permission and change nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django import template

from liancha.site import words

from . import lc_acts, lc_blocks, lc_charts, lc_chips, lc_forms, lc_lists

register = template.Library()
for part in (lc_acts, lc_blocks, lc_charts, lc_chips, lc_forms, lc_lists):
    register.tags.update(part.register.tags)
    register.filters.update(part.register.filters)


def _or_dash(write: Callable[..., str]) -> Callable[..., str]:
    """The same filter, with a dash for what is not there."""

    def filtered(value: Any, *more: Any) -> str:
        return words.ABSENT if value is None or value == "" else write(value, *more)

    return filtered


for name, write in (
    ("day", words.day),
    ("day_short", words.day_short),
    ("weekday", words.weekday),
    ("moment", words.moment),
    ("clock", words.clock),
    ("thousands", words.thousands),
    ("wan", words.wan),
    ("percent", words.percent),
    ("initial", words.initial),
):
    register.filter(name, _or_dash(write))


@register.filter
def until(start: date | datetime | None, end: date | datetime | None) -> str:
    """`{{ task.starts_on|until:task.ends_on }}`: 11-26 至 12-11."""
    return words.span(start, end) if start and end else words.ABSENT
