"""The error table of an import: the rows that were not taken, what is wrong, what to do.

The original columns keep their headings, so that the mended table can be brought in again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from .faults import Fault
from .held import Held
from .writers import Bad, Sheet, Value

TITLES = ("行", "名称", "列", "文件中的值", "哪里不对", "怎么改")
NEIGHBOUR = "和有误的行是同一个，一起改好再导"
ADDED = ("原表行号", "哪里不对", "怎么改")
WIDTHS = (8, 24, 20, 30, 40, 60)


def error_sheets(
    held: Held,
    faults: Sequence[Fault],
    remarks: Sequence[Fault] = (),
    *,
    words: Mapping[str, str],
    also: Collection[int] = (),
) -> list[Sheet]:
    """Three sheets: the bad rows with the cure behind them, fault by fault, and the remarks.

    held   the table they stood in
    words  what the room calls a column → its key, to mark the cells at fault
    also   rows that are not taken for what is wrong with their neighbour
    """
    titles = [title or "（无标题）" for title in held.titles]
    return [
        Sheet(
            "有误的行",
            (*titles, *ADDED),
            _lines(held, faults, words, also),
            widths=[*(18 for _ in titles), 10, 40, 50],
        ),
        Sheet("逐项清单", TITLES, _listed(faults), widths=WIDTHS),
        Sheet("可以写入但请留意", TITLES, _listed(remarks), widths=WIDTHS),
    ]


def _lines(
    held: Held, faults: Sequence[Fault], words: Mapping[str, str], also: Collection[int]
) -> Iterator[list[Value | Bad]]:
    by_row: defaultdict[int, list[Fault]] = defaultdict(list)
    for each in faults:
        by_row[each["row"]].append(each)
    for number, cells in held.lines:
        found = by_row.get(number, [])
        if not found and number not in also:
            continue
        wrong = {held.places.get(words.get(each["column"], "")) for each in found}
        cells = cells[: len(held.titles)]
        yield [
            *(Bad(cell) if n in wrong else cell for n, cell in enumerate(cells)),
            *("" for _ in range(len(held.titles) - len(cells))),
            number,
            "；".join(dict.fromkeys(each["fault"] for each in found)) or NEIGHBOUR,
            "；".join(dict.fromkeys(each["cure"] for each in found)),
        ]


def _listed(faults: Iterable[Fault]) -> Iterator[list[Value | Bad]]:
    for each in faults:
        yield [
            each["row"],
            each["name"],
            each["column"],
            Bad(each["value"] or "（空）"),
            each["fault"],
            each["cure"],
        ]
