"""The frozen pool as it is kept: pages of frame.tsv, each with its people beside it.

A page holds some hundred lines. Joined, the pages of a draw's candidates are the very bytes that
were hashed at the freeze. They are written once, in one stroke, and read for ever; a sealed draw's
pages refuse every change. Who may see what of them is asked by the doors.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple

from django.db import connection, models

from .models import Draw, FrozenPage

ROWS = 500  # lines of a page: few to look one firm up, many to write a million quickly
MOST_FOUND = 1_000  # hits of a search; a longer answer nobody reads

In, Out = FrozenPage.Part.IN, FrozenPage.Part.OUT
Cells = tuple[str, ...]


class Line(NamedTuple):
    """A candidate as it was at the freeze. target is the key of its row in the registry."""

    code: str
    stratum: str
    salt: str
    target: int
    name: str
    address: str
    region_name: str
    credit_class: str


class Outsider(NamedTuple):
    """A target that carried the tag and did not enter, and why."""

    code: str
    target: int
    name: str
    address: str
    region_name: str
    reason: str
    note: str


# ── Writing ───────────────────────────────────────────────────────────────────────────────────


class Page(NamedTuple):
    """A page that is made and not yet written."""

    part: str
    rows: int
    first: str
    lines: bytes
    people: bytes


def pages_of(
    part: str, codes: Sequence[str], people: Sequence[str], lines: Sequence[bytes] = ()
) -> Iterator[Page]:
    """Cut into pages; what belongs together has the same place in all three, by code.

    people  as `written` gives them
    lines   of frame.tsv without LF; none for outsiders
    """
    for start in range(0, len(codes), ROWS):
        end = min(start + ROWS, len(codes))
        frame = b"\n".join(lines[start:end])
        yield Page(
            part,
            end - start,
            codes[start],
            frame and frame + b"\n",
            "\n".join(people[start:end]).encode(),
        )


def write(draw: Draw, pages: Iterable[Page]) -> None:
    load(
        FrozenPage,
        ("draw", "part", "position", "rows", "first", "lines", "people"),
        (
            (draw.pk, page.part, position, page.rows, page.first, page.lines, page.people)
            for position, page in enumerate(pages)
        ),
    )


def load(model: type[models.Model], names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert rows of plain values, a million in seconds: COPY, or one prepared statement.

    names  field names in the order of the values; keys of related rows go in as numbers
    """
    fields = {field.name: field.column for field in model._meta.concrete_fields}
    columns = [fields[name] for name in names]
    listed = ", ".join(f'"{column}"' for column in columns)
    table = f'"{model._meta.db_table}"'
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            statement = f"COPY {table} ({listed}) FROM STDIN"
            with connection.wrap_database_errors, cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({listed}) VALUES ({marks})", rows)  # type: ignore[arg-type]


# ── A page's text: cells between TABs, with the few characters escaped that would look like one ──

_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n"})
_PLAIN = {"\\": "\\", "t": "\t", "n": "\n"}


def written(rows: Sequence[Cells]) -> list[str]:
    """Each row as a line; rows of one length. Quick where nothing needs an escape."""
    lines = list(map("\t".join, rows))
    text = "\n".join(lines)
    plain = (len(rows[0]) - 1) * len(rows) if rows else 0
    if "\\" in text or text.count("\t") > plain or text.count("\n") >= max(1, len(rows)):
        return ["\t".join(cell.translate(_ESCAPED) for cell in row) for row in rows]
    return lines


def _cells(line: str) -> list[str]:
    cells = line.split("\t")
    return [_unescaped(cell) for cell in cells] if "\\" in line else cells


def _unescaped(cell: str) -> str:
    feed = iter(cell)
    return "".join(_PLAIN[next(feed)] if letter == "\\" else letter for letter in feed)


# ── Reading ───────────────────────────────────────────────────────────────────────────────────


def frame_of(draw: Draw) -> bytes:
    """frame.tsv as it stands in the database."""
    rows = _pages(draw, In).values_list("lines", flat=True)
    return b"".join(rows.iterator(chunk_size=ROWS))


def lines(draw: Draw) -> list[Line]:
    """All candidates, in the order of the frame. Of a large pool, ask for a part instead."""
    return [line for page in _pages(draw, In).iterator() for line in _in_lines(page)]


def outsiders(draw: Draw) -> list[Outsider]:
    """All targets that did not enter, by code."""
    return [each for page in _pages(draw, Out).iterator() for each in _out_lines(page)]


def found(draw: Draw, codes: Iterable[str]) -> dict[str, Line]:
    """Code → line, for those of the codes that are in the pool."""
    wanted = sorted(set(codes))
    pages = list(_pages(draw, In).values_list("first", "pk"))
    firsts = [first for first, _ in pages]
    by_page: dict[int, set[str]] = {}
    for code in wanted:
        place = bisect_right(firsts, code) - 1
        if place >= 0:
            by_page.setdefault(pages[place][1], set()).add(code)
    there: dict[str, Line] = {}
    keys = sorted(by_page)
    for start in range(0, len(keys), ROWS):
        for page in FrozenPage.objects.filter(pk__in=keys[start : start + ROWS]).iterator():
            there |= {line.code: line for line in _some(page, by_page[page.pk])}
    return there


def _pages(draw: Draw, part: str) -> models.QuerySet[FrozenPage]:
    return FrozenPage.objects.filter(draw=draw, part=part).order_by("position")


def _some(page: FrozenPage, codes: set[str]) -> Iterator[Line]:
    """The lines of these codes, without taking the others apart."""
    text = "\n" + bytes(page.lines).decode()
    people: list[str] = []
    for wanted in codes:
        start = text.find(f"\n{wanted}\t") + 1
        if not start:
            continue
        people = people or bytes(page.people).decode().split("\n")
        code, stratum, salt = text[start : text.index("\n", start)].split("\t")
        yield _line(code, stratum, salt, people[text.count("\n", 1, start)])


def _in_lines(page: FrozenPage) -> Iterator[Line]:
    frame = bytes(page.lines).decode().removesuffix("\n").split("\n")
    people = bytes(page.people).decode().split("\n")
    for line, person in zip(frame, people, strict=True):
        code, stratum, salt = line.split("\t")
        yield _line(code, stratum, salt, person)


def _line(code: str, stratum: str, salt: str, person: str) -> Line:
    target, name, address, region, credit = _cells(person)
    return Line(code, stratum, salt, int(target), name, address, region, credit)


def _out_lines(page: FrozenPage) -> Iterator[Outsider]:
    for person in bytes(page.people).decode().split("\n"):
        code, target, name, address, region, reason, note = _cells(person)
        yield Outsider(code, int(target), name, address, region, reason, note)


# ── Leafing through, for the page of a frozen pool ────────────────────────────────────────────


@dataclass
class Listing:
    """One part of a frozen pool as a paginator wants it: `len` and slices of Line or Outsider.

    text    part of the name or address, or the code's beginning
    choice  a stratum of the candidates, a reason of the outsiders

    At most MOST_FOUND hits are looked for when anything is asked.
    """

    draw: Draw
    part: str
    text: str = ""
    choice: str = ""

    def __post_init__(self) -> None:
        self.text = self.text.strip()
        self._sizes = list(_pages(self.draw, self.part).values_list("pk", "rows"))
        self._ends = list(accumulate(rows for _, rows in self._sizes))
        self._hits = self._search() if self.text or self.choice else None

    @property
    def is_cut_short(self) -> bool:
        return self._hits is not None and len(self._hits) >= MOST_FOUND

    def count(self) -> int:
        return len(self)

    def __len__(self) -> int:
        if self._hits is not None:
            return len(self._hits)
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, wanted: slice) -> list[Any]:
        if self._hits is not None:
            return self._hits[wanted]
        start, stop, _ = wanted.indices(len(self))
        first = bisect_right(self._ends, start)
        last = bisect_right(self._ends, max(start, stop - 1))
        keys = [key for key, _ in self._sizes[first : last + 1]]
        begin = self._ends[first] - self._sizes[first][1] if keys else 0
        rows = self._rows(FrozenPage.objects.filter(pk__in=keys).order_by("position"))
        return list(rows)[start - begin : stop - begin]

    def _rows(self, pages: Iterable[FrozenPage]) -> Iterator[Any]:
        for page in pages:
            yield from _in_lines(page) if self.part == In else _out_lines(page)

    def _search(self) -> list[Any]:
        is_code = self.text.isascii() and self.text.isalnum() and any(map(str.isdigit, self.text))
        text = self.text.upper() if is_code else self.text
        hits: list[Any] = []
        for page in _pages(self.draw, self.part).iterator(chunk_size=ROWS):
            if not self._may_hold(page, text, is_code):
                continue
            for row in self._rows([page]):
                given = row.stratum if self.part == In else row.reason
                if self.choice and given != self.choice:
                    continue
                if (
                    row.code.startswith(text)
                    if is_code
                    else text in row.name or text in row.address
                ):
                    hits.append(row)
                    if len(hits) >= MOST_FOUND:
                        return hits
        return hits

    def _may_hold(self, page: FrozenPage, text: str, is_code: bool) -> bool:
        """A quick look at the bytes, so that most pages need not be taken apart."""
        facts = page.lines if self.part == In else page.people  # code, and stratum or reason
        sought = text if is_code else text.translate(_ESCAPED)
        if sought.encode() not in bytes(facts if is_code else page.people):
            return False
        return not self.choice or f"\t{self.choice}\t".encode() in bytes(facts)
