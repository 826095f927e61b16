"""The public value that comes last (liancha-draw/1, §§2 and 4).

How a beacon is named before it exists, so that two people read the same, and which values fit
that name. Whether the value was read off correctly shows from the source kept beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from .form import Refused, text_problem

BEACON_DIGITS: Final = 8  # at least; ten to the eighth is more than 24 bits
VALUE_WITHIN: Final = timedelta(days=1)  # no value so long after `due` is a ground to void

_RFC_3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:)([0-9]{2})(?:\.[0-9]+)?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)


@dataclass(frozen=True, slots=True)
class Beacon:
    """A public value that does not exist yet.

    source  in words that two people read the same: 双色球 第 2026135 期 红球升序 + 蓝球
    form    its spelling with 0 for each digit: 00 00 00 00 00 00 + 00
    due     RFC 3339 with offset: when it becomes public
    """

    source: str
    form: str
    due: str

    def as_json(self) -> dict[str, object]:
        return {"due": self.due, "form": self.form, "source": self.source}

    def problems(self, part: str) -> list[Refused]:
        found = []
        if problem := form_problem(self.form):
            found.append(Refused(f"{part}.form", problem))
        try:
            due_at(self.due, f"{part}.due")
        except Refused as problem_of_due:
            found.append(problem_of_due)
        return found


def form_problem(form: str) -> str | None:
    """Why this spelling would not do for a beacon, or None."""
    if problem := text_problem(form):
        return problem
    if any(mark.isdecimal() and mark != "0" for mark in form):
        return "格式中只能用 0 表示数字的位置"
    if form.count("0") < BEACON_DIGITS:
        return f"格式中至少要有 {BEACON_DIGITS} 位数字"
    return None


def value_problem(form: str, value: str) -> str | None:
    """Why this is no value of the form, or None."""
    if len(value) != len(form):
        return f"应与格式 {form} 等长"
    for mark, given in zip(form, value, strict=True):
        if mark == "0" and given not in "0123456789":
            return f"应符合格式 {form}，0 的位置写阿拉伯数字"
        if mark not in ("0", given):
            return f"应符合格式 {form}，“{mark}”的位置照写"
    return None


def due_at(due: str, part: str = "due") -> datetime:
    """The moment an RFC 3339 text names. Raises Refused, also for a text without offset."""
    found = _RFC_3339.fullmatch(due)
    try:
        if not found or found[3] > "60" or (found[5] or "") > "23" or (found[6] or "") > "59":
            raise ValueError(due)
        day, clock, second, sign, hours, minutes = found.groups()
        offset = f"{sign}{hours}:{minutes}" if sign else "+00:00"
        moment = datetime.fromisoformat(f"{day}T{clock}{min(second, '59')}{offset}")
        return moment + timedelta(seconds=second == "60")
    except (ValueError, OverflowError):
        message = "应为带时区的时间，例如 2026-08-30T21:15:00+08:00"
        raise Refused(part, message) from None


def due_text(moment: datetime) -> str:
    """The RFC 3339 text of an aware moment, to the second."""
    if moment.utcoffset() is None:
        raise ValueError("due needs an offset")
    return moment.isoformat(timespec="seconds")
