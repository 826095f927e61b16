"""What a file is, told by its first bytes and never by its name.

Clerks upload XML named .xlsx, workbooks named .xls, archives named .csv. This module looks inside,
says which reader takes the file, and refuses what is no table or would burst. It reads no cells.
"""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

from .faults import Unreadable


class Kind(StrEnum):
    """How a table is stored; the value is its word in messages."""

    TEXT = "CSV"
    XLSX = "XLSX"
    XLS = "XLS"
    XML = "XML 表格"
    HTML = "网页表格"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read at most: bytes of the file, bytes once unpacked, cells of a sheet."""

    file: int = 512 * 2**20
    unpacked: int = 2 * 2**30
    cells: int = 40_000_000


LIMITS = Limits()
CHUNK = 2**20

# First bytes of what people choose by mistake.
FOREIGN = (
    (b"%PDF", "PDF 文件"),
    (b"\x89PNG", "图片"),
    (b"\xff\xd8\xff", "图片"),
    (b"GIF8", "图片"),
    (b"BM", "图片"),
    (b"Rar!", "RAR 压缩包"),
    (b"7z\xbc\xaf", "7z 压缩包"),
    (b"{\\rtf", "RTF 文档"),
    (b"MZ", "程序"),
    (b"\x7fELF", "程序"),
    (b"SQLite format 3", "数据库文件"),
)
SAVE_AS = "请用 Excel 或 WPS 打开后另存为 .xlsx 或 .csv 再导入。"
TABLE_NAMES = (".csv", ".txt", ".tsv", ".xlsx", ".xls", ".xml", ".htm", ".html")


def look(path: Path, *, limits: Limits = LIMITS) -> Kind | None:
    """The kind of table a file holds; None for an archive with one file inside (see `unpack`).

    Raises Unreadable for an empty file, one over the limits, or something that is no table.
    """
    size = path.stat().st_size
    if size == 0:
        raise Unreadable("文件是空的。请选择有内容的表格。")
    if size > limits.file:
        raise Unreadable(
            f"文件有 {size // 2**20} MB，超过 {limits.file // 2**20} MB。请分成几个文件导入。"
        )
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(b"PK\x03\x04"):
        return _look_in_archive(path, limits)
    if head.startswith(b"\x1f\x8b"):
        return None
    if head.startswith(b"PK\x05\x06"):
        raise Unreadable("压缩包是空的。请选择有内容的表格。")
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return Kind.XLS
    for mark, word in FOREIGN:
        # Two letters may as well begin a heading: BM,MC,DZ.
        if head.startswith(mark) and (len(mark) > 2 or b"\x00" in head):
            raise Unreadable(f"这是{_spaced(word)}，不是表格。{SAVE_AS}")
    return _look_in_text(head)


def unpack(path: Path, target: IO[bytes], *, limits: Limits = LIMITS) -> str:
    """Write the one file of a gzip or zip archive to `target`; returns its name inside.

    Raises Unreadable when it is broken or larger than the limit once unpacked.
    """
    try:
        with path.open("rb") as file:
            is_gzip = file.read(2) == b"\x1f\x8b"
        if is_gzip:
            with gzip.open(path) as source:
                _copy(source, target, limits.unpacked)
            return path.name.removesuffix(".gz")
        with zipfile.ZipFile(path) as archive:
            (entry,) = _tables_in(archive)
            with archive.open(entry) as source:
                _copy(source, target, limits.unpacked)
            return entry.filename
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
        raise Unreadable("压缩文件已损坏或有密码，解不开。请直接选择里面的表格。") from error


def check_workbook(path: Path, *, limits: Limits = LIMITS) -> None:
    """Refuse an .xlsx that would burst: by what really comes out of it, not by what it declares.

    A reader lays a sheet out as a rectangle, so two cells far apart cost as much as a full sheet.
    Raises Unreadable.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            left = limits.unpacked
            for entry in archive.infolist():
                is_sheet = entry.filename.lower().startswith("xl/worksheets/")
                # Reading stops at the declared size otherwise, and a liar declares little.
                entry.file_size = limits.unpacked + 1
                left -= _inflate(archive, entry, left, limits.cells if is_sheet else 0)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise Unreadable(f"这个 Excel 文件已损坏。{SAVE_AS}") from error
    except (RuntimeError, NotImplementedError) as error:
        raise Unreadable("这个文件有密码。请去掉密码后再导入。") from error


_REFERENCE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_FAR = re.compile(rb'r="[A-Z]{2,3}[0-9]')
NEAR = 26 * 1_048_576  # cells of the columns A to Z, the longest sheet


def _inflate(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int, cells: int) -> int:
    """Read an entry to its end; the bytes that came out. `cells` is the limit for a sheet."""
    total, width, height, tail = 0, 1, 1, b""
    is_far = cells < NEAR  # whether a sheet that stays within A to Z could be too large at all
    with archive.open(entry) as source:
        while chunk := source.read(CHUNK):
            total += len(chunk)
            if total > left:
                raise Unreadable("文件展开后过大，不像正常的表格。请只保留需要的工作表后另存。")
            if not cells:
                continue
            seen, tail = tail + chunk, chunk[-40:]
            if not is_far:
                if not _FAR.search(seen):
                    continue
                # Beyond Z every reference counts, those passed by as well: begin again.
                is_far, height = True, _height_before(archive, entry, total - len(chunk))
                width = 26 if height > 1 else 1
            found = _REFERENCE.findall(seen)
            if found:
                width = max(width, *(_column(letters) for letters in {name for name, _ in found}))
                height = max(height, *(int(row) for row in {row for _, row in found}))
            if width * height > cells:
                raise Unreadable(
                    f"工作表一直用到第 {height} 行、第 {width} 列，远处有多余的单元格。"
                    "请删去空白的行和列后另存。"
                )
    return total


def _height_before(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, size: int) -> int:
    """The last row that the first bytes of a sheet name."""
    height, tail = 1, b""
    with archive.open(entry) as source:
        while size > 0 and (chunk := source.read(min(CHUNK, size))):
            size -= len(chunk)
            rows = {int(row) for _, row in _REFERENCE.findall(tail + chunk)}
            height, tail = max(height, *rows, 1), chunk[-40:]
    return height


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _copy(source: IO[bytes] | gzip.GzipFile, target: IO[bytes], limit: int) -> None:
    total = 0
    while chunk := source.read(CHUNK):
        total += len(chunk)
        if total > limit:
            raise Unreadable("压缩文件展开后过大，不像正常的表格。请解开后分成几个文件导入。")
        target.write(chunk)


def _look_in_archive(path: Path, limits: Limits) -> Kind | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.lower() for name in archive.namelist()}
            if "xl/workbook.xml" in names:
                return Kind.XLSX
            for mark, word in (
                ("word/document.xml", "Word 文档"),
                ("ppt/presentation.xml", "PPT 文档"),
                ("xl/workbook.bin", ".xlsb 工作簿"),
                ("mimetype", "ODF 文档"),
            ):
                if mark in names:
                    raise Unreadable(f"这是{_spaced(word)}，不能直接导入。{SAVE_AS}")
            found = len(_tables_in(archive))
    except zipfile.BadZipFile as error:
        raise Unreadable(f"文件不完整，可能没有下载完。{SAVE_AS}") from error
    if found == 1:
        return None
    raise Unreadable(
        f"压缩包里有 {found} 个表格，不知道导入哪一个。请解开后选择其中一个。"
        if found
        else "压缩包里没有表格。请选择 .xlsx 或 .csv 文件。"
    )


def _tables_in(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    return [
        entry
        for entry in archive.infolist()
        if entry.filename.lower().endswith(TABLE_NAMES)
        and not entry.filename.startswith("__MACOSX/")
        and not entry.filename.rsplit("/", 1)[-1].startswith(".")
    ]


def _look_in_text(head: bytes) -> Kind:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Kind.TEXT
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if b"urn:schemas-microsoft-com:office:spreadsheet" in start:
        return Kind.XML
    if start.startswith((b"<html", b"<!doctype html", b"<table", b"<meta")) or (
        start.startswith(b"<") and b"<table" in start
    ):
        return Kind.HTML
    if start.startswith(b"<?xml"):
        raise Unreadable(f"这是 XML 文件，但不是 Excel 的 XML 表格。{SAVE_AS}")
    if b"\x00" in head:
        raise Unreadable(f"这不是文本表格，里面有二进制内容。{SAVE_AS}")
    return Kind.TEXT


def _spaced(word: str) -> str:
    """A word to follow Chinese text: Latin letters get a space before them."""
    return f" {word}" if word[0].isascii() else word
