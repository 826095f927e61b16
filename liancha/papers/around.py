"""What clerks write in and around a table that is no row of it: 合计, 备注：…, 填表人：…, and 同上.

Says only what a row is; whether it is left out or refused is for whoever reads the table.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

DITTO = frozenset({"同上", "同前", "〃", "″", "〞"})
_BESIDE = re.compile(
    r"(?:备\s*注|附\s*注|注|说\s*明|(?:填表|填报|编制)说明"
    r"|(?:填表|填报|制表|审核|审批|经办|联系|负责|单位负责|分管负责)人"
    r"|(?:填表|填报|制表)(?:单位|部门|日期|时间)|联系电话)\s*[0-9一二三]?\s*[：:]"
    r"|(?:合\s*计|总\s*计|小\s*计|共\s*计)\s*[：:]?$"
)


def is_beside(cells: Sequence[str]) -> bool:
    """Whether a row belongs to what stands around a table: 备注：…, 填表人：…, 合计."""
    first = next((cell for cell in cells if cell), "")
    return bool(_BESIDE.match(first))


def as_above(cells: tuple[str, ...], above: Sequence[str]) -> tuple[str, ...]:
    """A row whose 同上 say what stands above them; one with nothing above stays as it is.

    above  the last cell of each column that said something
    """
    if DITTO.isdisjoint(cells):
        return cells
    return tuple(
        above[place] if cell in DITTO and place < len(above) and above[place] else cell
        for place, cell in enumerate(cells)
    )
