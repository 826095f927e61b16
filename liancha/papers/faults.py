"""What a file can be refused for, and what can be wrong with one of its cells.

The words are for the person who chose the file.
"""

from __future__ import annotations

from typing import TypedDict


class Unreadable(ValueError):
    """The file is not a table we can read; the message says in Chinese what it is and what helps.

    Nothing has been taken from the file. A form shows the message under its file field.
    """


class Fault(TypedDict):
    """One cell that cannot be taken, or is taken with a doubt; plain values, to be kept as JSON.

    row     as Excel numbers it
    name    of what the row is about
    column  what the room calls the column
    fault   哪里不对
    cure    怎么改
    """

    row: int
    name: str
    column: str
    value: str
    fault: str
    cure: str


def fault(row: int, name: str, column: str, value: str, what: str, cure: str) -> Fault:
    """A fault with its words cut to what a page and a database take."""
    return {
        "row": row,
        "name": name[:40],
        "column": column[:60],
        "value": value[:300],
        "fault": what[:300],
        "cure": cure[:300],
    }
