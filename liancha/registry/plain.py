"""Rows with nothing to remark on, read column by column.

Of a million rows nearly all are as they should be, and most cells of a column say the same few
things. They are read here, quickly; every other row is named and left to `columns.read`, which
alone knows what to say about it. Both must take the same from the same row (a test compares them).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from datetime import date
from typing import Generic, TypeVar

from liancha.papers.feed import Piece, Source

from . import codes, columns
from .kinds import CodeKind

K = TypeVar("K")

ODD = "\0"  # what no cell can be: the row is not for here
_IS_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_FORMULA = re.compile(f"[{columns.FORMULA}]").search
_FIRST_DAY = str(columns.FIRST_DAY)
RUN = 100  # cells looked at together
KEPT = 50_000  # different cells of a column that are remembered
TEXTS = {  # key: longest
    **{"name": 200, "premises": 300, "address": 300, "scope": 20_000, "industry": 80},
    **{"capital": 60, "legal_form": 80, "authority": 80, "phone": 40, "credit_source": 60},
    **{"representative": 80, "contact": 80},
}
WORDS = ("status", "credit_class")
DAYS = ("registered_on", "credit_on")
# What is read of every row, in this order; "" for what the file does not say.
READ = (
    *("code", "code_kind", "name", "kind", "address", "county", "city", "status", "scope"),
    *("industry", "registered_on", "capital", "legal_form", "authority", "phone"),
    *("credit_class", "credit_on", "credit_source"),
    *("representative", "contact", "registered_address"),
)


class _Known(dict[K, str], Generic[K]):
    """What cells were read as; each different one is read once."""

    def __init__(self, read: Callable[[K], str]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, cell: K) -> str:
        found = self._read(cell)
        if len(self) >= KEPT:
            self.clear()
        self[cell] = found
        return found


class PlainRows:
    """Reads the pieces of one table."""

    def __init__(self, table: Source, today: date) -> None:
        self._places = table.places
        self._texts = {key: _Known(_text_reader(key, longest)) for key, longest in TEXTS.items()}
        self._words = {key: _Known(_word_reader(key)) for key in WORDS}
        self._day = _Known[str](lambda cell: _day(cell, today))
        self._value = _Known[str](columns.value_of)
        self._kind = _Known[tuple[str, str]](_kind)

    def read(self, piece: Piece) -> tuple[list[list[str]], list[int]]:
        """The columns of READ, and the places of rows that must be read by themselves.

        What stands at such a place means nothing.
        """
        found = {key: self._texts_of(piece, key, longest) for key, longest in TEXTS.items()}
        found |= {key: self._known_of(piece, key, self._words[key]) for key in WORDS}
        found |= {key: self._known_of(piece, key, self._day) for key in DAYS}
        found |= {key: self._known_of(piece, key, self._value) for key in ("county", "city")}
        found["code"] = [
            cell if codes.is_plain(cell) else ODD for cell in self._cells(piece, "code")
        ]
        found["code_kind"] = [str(CodeKind.USCC)] * len(piece.numbers)
        found["registered_address"] = [""] * len(piece.numbers)
        if "premises" in self._places:
            found["registered_address"] = found["address"]
            found["address"] = [
                own if own and own not in columns.SAME_ADDRESS else registered
                for own, registered in zip(found["premises"], found["address"], strict=True)
            ]
        self._read_kinds(piece, found)
        odd: set[int] = set()
        for key, column in found.items():
            if key not in self._places and key != "registered_address":
                continue  # says nothing, or what another column says
            place = -1
            with suppress(ValueError):
                while True:
                    odd.add(place := column.index(ODD, place + 1))
        return [found[key] for key in READ], sorted(odd)

    def _cells(self, piece: Piece, key: str) -> list[str]:
        place = self._places.get(key)
        return [""] * len(piece.numbers) if place is None else piece.columns[place]

    def _known_of(self, piece: Piece, key: str, known: _Known[str]) -> list[str]:
        if key not in self._places:
            return [""] * len(piece.numbers)
        return [known[cell] for cell in self._cells(piece, key)]

    def _texts_of(self, piece: Piece, key: str, longest: int) -> list[str]:
        """Most runs of cells are seen at one look to hold nothing odd; the others one by one."""
        known, least = self._texts[key], columns.LONGEST_BLANK
        if key not in self._places and key != "name":
            return [""] * len(piece.numbers)
        cells, read = self._cells(piece, key), list[str]()
        for start in range(0, len(cells), RUN):
            run = cells[start : start + RUN]
            text, sizes = "".join(run), list(map(len, run))
            if (
                max(sizes) <= longest
                and text.isprintable()
                and "  " not in text
                and "�" not in text
                and (key != "name" or not _FORMULA(text))
            ):
                if min(sizes) < least:
                    run = [cell if len(cell) >= least else known[cell] for cell in run]
                read += run
                continue
            read += [
                cell
                if least <= len(cell) <= longest
                and cell.isprintable()
                and "  " not in cell
                and "�" not in cell
                and cell[0] not in columns.FORMULA
                else known[cell]
                for cell in run
            ]
        return read

    def _read_kinds(self, piece: Piece, found: dict[str, list[str]]) -> None:
        """Kind by its own column, else by the register's 类型, else by the code."""
        words = found["legal_form"]
        if "kind" in self._places:
            own = self._known_of(piece, "kind", self._value)
            words = [a or b for a, b in zip(own, words, strict=True)]
        known = self._kind
        found["kind"] = [
            known[code[:2], word] for code, word in zip(found["code"], words, strict=True)
        ]
        found["legal_form"] = [
            "" if word in columns.KINDS else form
            for word, form in zip(words, found["legal_form"], strict=True)
        ]


def mute(places: Collection[str]) -> set[str]:
    """The texts that a file with these columns says nothing of, in any row."""
    found = {key for key in TEXTS if key not in places} - {"name", "premises"}
    if "premises" in places:
        return found - {"address"}
    return {*found, "registered_address"}


def said(row: Iterable[str]) -> dict[str, str]:
    """What a row says, by key."""
    return {key: value for key, value in zip(READ, row, strict=False) if value}


def _text_reader(key: str, longest: int) -> Callable[[str], str]:
    above = columns.DITTO if key != "premises" else frozenset[str]()
    longest_above = max(map(len, columns.DITTO))

    def read(cell: str) -> str:
        value = columns.value_of(cell)
        size = len(value)
        if size > longest or "�" in value or (size <= longest_above and value in above):
            return ODD
        if key == "name" and (not value or value[0] in columns.FORMULA):
            return ODD
        return value

    return read


def _word_reader(key: str) -> Callable[[str], str]:
    def read(cell: str) -> str:
        if not columns.value_of(cell):
            return ""
        found = columns.word_of(key, cell)
        return ODD if found is None else str(found)

    return read


def _day(cell: str, today: date) -> str:
    if _IS_DAY(cell) and _FIRST_DAY <= cell <= str(today):
        with suppress(ValueError):
            date.fromisoformat(cell)
            return cell
    value = columns.value_of(cell)
    if not value or value in columns.NO_END:
        return ""
    day = columns.day_of(value)
    if isinstance(day, str) or not columns.FIRST_DAY <= day <= today or value.isdecimal():
        return ODD  # a number may be a spreadsheet's own, and that is said
    return day.isoformat()


def _kind(about: tuple[str, str]) -> str:
    start, word = about
    if start == ODD:
        return ODD
    return str(columns.KINDS.get(word) or codes.kind_of(codes.Code(start, CodeKind.USCC), word))
