"""What a file can be refused for. The message is for the person who chose the file."""

from __future__ import annotations


class Unreadable(ValueError):
    """The file is not a table we can read; the message says in Chinese what it is and what helps.

    Nothing has been taken from the file. A form shows the message under its file field.
    """
