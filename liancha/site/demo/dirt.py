"""What is wrong with rows of real registers, each kind with its share and what must become of it.

Kinds were seen in a sample of 60 registrations whose code is not plain (54 old numbers of 15
digits, lower case, a wrong or missing digit, one of 13), in the open registers (N/A, brackets, full
width) and in what clerks' spreadsheets do to codes and dates.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from random import Random

from liancha.papers.writers import Sheet, write_workbook

from .metropolis import (
    ADDRESS,
    CAPITAL,
    CLASS,
    CODE,
    FOUNDED,
    HEADINGS,
    NAME,
    STATUS,
    Metropolis,
    Wheel,
)

Cells = list[str | int | date]


class Fate(StrEnum):
    """What an import must do with a row."""

    REFUSED = "应拒收"
    MENDED = "应自动整理"
    REMARKED = "应收下并提示"
    PENDING = "应收下并待核"
    GOOD = "应照收"


# label → (rows in 10,000, fate)
DIRT: dict[str, tuple[int, Fate]] = {
    "校验位不对": (30, Fate.REFUSED),
    "中间少一位": (12, Fate.REFUSED),
    "字母O当0": (12, Fate.REFUSED),
    "13位旧号": (6, Fate.REFUSED),
    "科学计数": (12, Fate.REFUSED),
    "没有代码": (12, Fate.REFUSED),
    "没有名称": (6, Fate.REFUSED),
    "代码重复": (30, Fate.REFUSED),
    "没有这一天": (8, Fate.REFUSED),
    "日期在将来": (6, Fate.REFUSED),
    "状态不在字典": (10, Fate.REFUSED),
    "名称是公式": (4, Fate.REFUSED),
    "小写代码": (40, Fate.MENDED),
    "代码有空格": (40, Fate.MENDED),
    "全角代码": (30, Fate.MENDED),
    "日期写法": (60, Fate.MENDED),
    "日期序号": (30, Fate.MENDED),
    "表格日期": (60, Fate.MENDED),
    "名称有空白": (40, Fate.MENDED),
    "状态写法": (60, Fate.MENDED),
    "分类写法": (40, Fate.MENDED),
    "空值写法": (80, Fate.MENDED),
    "旧县名": (40, Fate.MENDED),
    "15位注册号": (40, Fate.REMARKED),
    "合作社旧号": (10, Fate.REMARKED),
    "外地住所": (12, Fate.PENDING),
    "住所没有县区": (30, Fate.PENDING),
}
OLD_COUNTIES = {"偃师区": "偃师市", "孟津区": "孟津县"}
_STATUS_WORDS = {"存续": ("开业", "在营", "存续（在营、开业、在册）"), "注销": ("已注销", "注销 "),
                 "吊销": ("吊销，未注销",), "在业": ("正常",)}  # fmt: skip
_CLASS_WORDS = {"A": "A类", "B": "信用风险一般", "C": "C级", "D": "信用风险高"}
_FULL_WIDTH = {n: n + 0xFEE0 for n in range(0x21, 0x7F)}
_EPOCH = date(1899, 12, 30)
LABEL_HEADINGS = ("行", "标签", "应当", "原代码")
WIDTHS = (34, 24, 26, 40, 60, 20, 14, 12, 16, 14)
KEPT = 5_000  # earlier codes that a double may repeat


@dataclass(frozen=True, slots=True)
class Made:
    """One row of the register.

    cells  under HEADINGS; text, but for what a spreadsheet keeps as a number or a day
    label  "" for a row as it should be, else the kind of dirt (see dirt.DIRT)
    clean  the same target without the dirt
    """

    cells: tuple[str | int | date, ...]
    label: str
    clean: tuple[str, ...]


def rows(seed: int, size: int) -> Iterator[Made]:
    """A register of `size` rows, dirty in the shares of DIRT; the same for the same seed."""
    chance = Random(seed)
    city = Metropolis(chance)
    dirty = sum(share for share, _ in DIRT.values()) / 10_000
    wheel = Wheel([(label, share) for label, (share, _) in DIRT.items()])
    earlier: list[str] = []
    for serial in range(1, size + 1):
        clean = city.target(serial)
        label = wheel.turn(chance) if chance.random() < dirty else ""
        if not label:
            if len(earlier) < KEPT:
                earlier.append(clean[CODE])
            yield Made(clean, "", clean)
            continue
        cells: Cells = list(clean)
        if label == "代码重复":
            if not earlier:
                yield Made(clean, "", clean)
                continue
            cells[CODE] = earlier[int(chance.random() * len(earlier))]
        else:
            soiled = _SOIL[label](cells, clean, serial)
            if not soiled:
                yield Made(clean, "", clean)
                continue
        yield Made(tuple(cells), label, clean)


def write(path: Path, seed: int, size: int) -> Path:
    """The register as .xlsx or .csv by its name, its labels beside it; returns the labels' path.

    The labels are no part of the register: they say row by row (as Excel numbers them) what is
    wrong, what must become of the row, and which code it has underneath.
    """
    labels = path.with_name(f"{path.stem}-标签.csv")
    with labels.open("w", encoding="utf-8-sig", newline="") as beside:
        book = csv.writer(beside)
        book.writerow(LABEL_HEADINGS)

        def noted() -> Iterator[tuple[str | int | date, ...]]:
            for number, made in enumerate(rows(seed, size), 2):
                fate = DIRT[made.label][1] if made.label else Fate.GOOD
                book.writerow((number, made.label or "无", fate, made.clean[CODE]))
                yield made.cells

        if path.suffix.lower() == ".xlsx":
            write_workbook(str(path), [Sheet("检查对象名录", HEADINGS, noted(), widths=WIDTHS)])
        else:
            with path.open("w", encoding="utf-8-sig", newline="") as file:
                table = csv.writer(file)
                table.writerow(HEADINGS)
                table.writerows(noted())
    return labels


def _wrong_digit(cells: Cells, clean: tuple[str, ...], serial: int) -> bool:
    code = clean[CODE]
    cells[CODE] = code[:-1] + ("1" if code[-1] != "1" else "2")
    return True


def _short(cells: Cells, clean: tuple[str, ...], serial: int) -> bool:
    cells[CODE] = clean[CODE][:11] + clean[CODE][12:]
    return True


def _letter(cells: Cells, clean: tuple[str, ...], serial: int) -> bool:
    cells[CODE] = clean[CODE].replace("0", "O")
    return True


def _old_number(cells: Cells, clean: tuple[str, ...], serial: int) -> bool:
    cells[CODE] = f"41030{serial % 10**8:08}"
    return True


def _scientific(cells: Cells, clean: tuple[str, ...], serial: int) -> bool:
    cells[CODE] = f"9.1410{serial % 10}E+17"
    return True


def _registration(cells: Cells, clean: tuple[str, ...], serial: int) -> bool:
    """An old number with a wrong check digit; a spreadsheet keeps it as a number."""
    cells[CODE] = int(f"4103{serial:010}{_wrong_check(f'4103{serial:010}')}")
    return True


def _wrong_check(digits: str) -> int:
    rest = 10
    for digit in digits:
        rest = ((rest + int(digit)) % 10 or 10) * 2 % 11
    return ((11 - rest) % 10 + 1) % 10


def _cooperative(cells: Cells, clean: tuple[str, ...], serial: int) -> bool:
    cells[CODE] = f"410300NA{serial % 10**6:06}X"
    return True


def _put(place: int, value: str) -> Callable[[Cells, tuple[str, ...], int], bool]:
    def put(cells: Cells, clean: tuple[str, ...], serial: int) -> bool:
        cells[place] = value
        return True

    return put


def _formula(cells: Cells, clean: tuple[str, ...], serial: int) -> bool:
    cells[NAME] = f'=HYPERLINK("x","{clean[NAME]}")'
    return True


def _lower(cells: Cells, clean: tuple[str, ...], serial: int) -> bool:
    cells[CODE] = clean[CODE].lower()
    return True


def _spaced(cells: Cells, clean: tuple[str, ...], serial: int) -> bool:
    code = clean[CODE]
    cells[CODE] = f"{code[:2]} {code[2:8]} {code[8:]}"
    return True


def _wide(cells: Cells, clean: tuple[str, ...], serial: int) -> bool:
    cells[CODE] = clean[CODE].translate(_FULL_WIDTH)
    return True


def _day_words(cells: Cells, clean: tuple[str, ...], serial: int) -> bool:
    year, month, day = (int(part) for part in clean[FOUNDED].split("-"))
    written = (
        f"{year}/{month}/{day}",
        f"{year}年{month}月{day}日",
        f"{year}{month:02}{day:02}",
        f"{year}.{month}.{day}",
    )
    cells[FOUNDED] = written[serial % 4]
    return True


def _serial_day(cells: Cells, clean: tuple[str, ...], serial: int) -> bool:
    cells[FOUNDED] = str((date.fromisoformat(clean[FOUNDED]) - _EPOCH).days)
    return True


def _sheet_day(cells: Cells, clean: tuple[str, ...], serial: int) -> bool:
    cells[FOUNDED] = date.fromisoformat(clean[FOUNDED])
    return True


def _blank_name(cells: Cells, clean: tuple[str, ...], serial: int) -> bool:
    name = clean[NAME]
    cells[NAME] = (f"\u3000{name} ", f"{name}\u200b", f"\ufeff{name}", f"{name}\n")[serial % 4]
    return True


def _status_words(cells: Cells, clean: tuple[str, ...], serial: int) -> bool:
    words = _STATUS_WORDS[clean[STATUS]]
    cells[STATUS] = words[serial % len(words)]
    return True


def _class_words(cells: Cells, clean: tuple[str, ...], serial: int) -> bool:
    if clean[CLASS] not in _CLASS_WORDS:
        return False
    cells[CLASS] = _CLASS_WORDS[clean[CLASS]]
    return True


def _nothing(cells: Cells, clean: tuple[str, ...], serial: int) -> bool:
    if clean[CAPITAL] or clean[CLASS]:
        return False
    cells[CAPITAL] = ("N/A", "-", "无", "—")[serial % 4]
    cells[CLASS] = ("/", "暂无", "", "null")[serial % 4]
    return True


def _old_county(cells: Cells, clean: tuple[str, ...], serial: int) -> bool:
    for now, before in OLD_COUNTIES.items():
        if now in clean[ADDRESS]:
            cells[ADDRESS] = clean[ADDRESS].replace(now, before)
            return True
    return False


def _elsewhere(cells: Cells, clean: tuple[str, ...], serial: int) -> bool:
    cells[ADDRESS] = f"河南省郑州市金水区青禾街{serial % 200 + 1}号"
    return True


def _no_county(cells: Cells, clean: tuple[str, ...], serial: int) -> bool:
    cells[ADDRESS] = f"洛阳市青禾街{serial % 200 + 1}号"
    return True


_SOIL: dict[str, Callable[[Cells, tuple[str, ...], int], bool]] = {
    "校验位不对": _wrong_digit,
    "中间少一位": _short,
    "字母O当0": _letter,
    "13位旧号": _old_number,
    "科学计数": _scientific,
    "没有代码": _put(CODE, ""),
    "没有名称": _put(NAME, ""),
    "没有这一天": _put(FOUNDED, "2019-02-30"),
    "日期在将来": _put(FOUNDED, "2061-03-01"),
    "状态不在字典": _put(STATUS, "状态不明"),
    "名称是公式": _formula,
    "小写代码": _lower,
    "代码有空格": _spaced,
    "全角代码": _wide,
    "日期写法": _day_words,
    "日期序号": _serial_day,
    "表格日期": _sheet_day,
    "名称有空白": _blank_name,
    "状态写法": _status_words,
    "分类写法": _class_words,
    "空值写法": _nothing,
    "旧县名": _old_county,
    "15位注册号": _registration,
    "合作社旧号": _cooperative,
    "外地住所": _elsewhere,
    "住所没有县区": _no_county,
}
