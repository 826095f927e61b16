"""Text tables: which encoding, which delimiter, which record. Nothing about what they mean."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from statistics import mode

from .faults import Unreadable

WORDS = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "gb18030": "GB18030",
}
DELIMITERS = {",": "逗号", "\t": "制表符", ";": "分号", "，": "中文逗号", "|": "竖线"}
CHUNK = 2**20
PIECE = 200  # records looked at together; no more is read than is asked for
LONGEST = 8 * 2**20  # characters in one field; an unclosed quote swallows the rest of the file
LINES_IN_A_CELL = 200
csv.field_size_limit(LONGEST)

_EXCEL_TEXT = re.compile(r'^="(.*)"$', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Text:
    """How a text table is to be read.

    is_broken  some bytes belong to no encoding; those characters read as �
    """

    path: Path
    encoding: str
    delimiter: str
    is_broken: bool = False

    @property
    def words(self) -> str:
        """GB18030，逗号分隔."""
        return f"{WORDS[self.encoding]}，{DELIMITERS[self.delimiter]}分隔"

    def lines(self) -> int:
        """About how many records there are: the lines of the file."""
        with self.path.open("rb") as file:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(CHUNK), b""))

    def _has(self, text: str) -> bool:
        """Whether these ASCII characters stand anywhere; of UTF-16, that they may."""
        wanted, tail = text.encode(), b""
        size = len(wanted) - 1
        with self.path.open("rb") as file:
            for chunk in iter(lambda: file.read(CHUNK), b""):
                if wanted in chunk or wanted in tail + chunk[:size]:
                    return True
                tail = chunk[-size:]
        return self.encoding == "utf-16"

    def records(self) -> Iterator[list[str]]:
        """One list of cells a record, blank ones too, so that counting gives Excel's row numbers.

        Raises Unreadable, naming the record, for a quote that is never closed.
        """
        number = lines = 0
        read: list[list[str]] = []
        is_wrapped = self._has('="')
        with self.path.open(encoding=self.encoding, errors="replace", newline="") as file:
            reader = csv.reader(file, delimiter=self.delimiter)
            try:
                while True:
                    # What is read before an error stays in the list, so that it can be counted.
                    read = []
                    read.extend(islice(reader, PIECE))
                    if not read:
                        return
                    if reader.line_num - lines >= len(read) + LINES_IN_A_CELL:
                        _refuse_long(read, number)
                    number, lines = number + len(read), reader.line_num
                    if is_wrapped:
                        read = [[_EXCEL_TEXT.sub(r"\1", cell) for cell in each] for each in read]
                    yield from read
            except csv.Error as error:
                _refuse_long(read, number)
                number += len(read) + 1
                fault = _unclosed(number) if self._has('"') else _endless(number)
                raise Unreadable(fault) from error


def _refuse_long(records: list[list[str]], before: int) -> None:
    """A cell with hundreds of lines is a quote that was closed by the next one."""
    for number, record in enumerate(records, before + 1):
        if any(cell.count("\n") > LINES_IN_A_CELL for cell in record):
            raise Unreadable(_unclosed(number))


def recognise(path: Path) -> Text:
    """Find encoding and delimiter. Raises Unreadable for what is no text."""
    encoding, is_broken = _encoding(path)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        head = file.read(64 * 1024)
    if "\x00" in head:
        raise Unreadable("文件里有空字符，不是文本表格。请用 Excel 打开后另存为 .xlsx 再导入。")
    if not head.strip():
        raise Unreadable("文件是空的。请选择有内容的表格。")
    return Text(path, encoding, _delimiter(head), is_broken)


def _encoding(path: Path) -> tuple[str, bool]:
    with path.open("rb") as file:
        if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16", False
    if _is_sound(path, "utf-8-sig"):
        return "utf-8-sig", False
    broken, sound = _decodable(path, "utf-8-sig")
    # A damaged UTF-8 file is still full of sound characters; a GB18030 file hardly has any.
    if not broken or broken * 10 < sound:
        return "utf-8-sig", bool(broken)
    return "gb18030", not _is_sound(path, "gb18030")


def _is_sound(path: Path, encoding: str) -> bool:
    """Whether every byte belongs to a character of the encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            for chunk in chain(iter(lambda: file.read(CHUNK), b""), (b"",)):
                decoder.decode(chunk, final=not chunk)
    except UnicodeDecodeError:
        return False
    return True


def _decodable(path: Path, encoding: str) -> tuple[int, int]:
    """How many characters beyond ASCII are broken in this encoding, and how many are sound."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    broken = beyond = 0
    with path.open("rb") as file:
        for chunk in chain(iter(lambda: file.read(CHUNK), b""), (b"",)):
            piece = decoder.decode(chunk, final=not chunk)
            broken += piece.count("�")
            beyond += len(piece) - len(piece.encode("ascii", "ignore"))
    return broken, beyond - broken


def _delimiter(head: str) -> str:
    """The one that cuts the first records most alike, and into more than one cell."""
    lines = head.splitlines(keepends=True)
    if len(lines) > 1 and not head.endswith(("\n", "\r")):
        lines = lines[:-1]
    best = (0.0, 0, ",")
    for delimiter in DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(lines[:60], delimiter=delimiter) if row]
        except csv.Error:
            continue
        if not widths or (usual := mode(widths)) < 2:
            continue
        alike = sum(width == usual for width in widths) / len(widths)
        if (alike, usual) > best[:2]:
            best = (alike, usual, delimiter)
    return best[2]


def _endless(number: int) -> str:
    return (
        f"第 {number} 行有一格超过 {csv.field_size_limit() // 10_000} 万字，不像表格的内容。"
        "请核对是不是选错了文件，或另存为 .xlsx 再导入。"
    )


def _unclosed(number: int) -> str:
    return (
        f"第 {number} 行有一个双引号没有成对，后面的行都连成了一格。"
        "请补上引号，或另存为 .xlsx 再导入。"
    )
