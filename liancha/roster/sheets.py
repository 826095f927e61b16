"""Tables of this room to take away: the template, the roster itself, what was wrong in an import.

All have the columns the import knows, so that each can be imported again.
"""

from __future__ import annotations

from collections.abc import Iterable

from liancha.accounts.models import Region
from liancha.papers.blanks import Blank, template
from liancha.papers.errata import error_sheets
from liancha.papers.held import Held
from liancha.papers.writers import Sheet

from .columns import COLUMNS, EXAMPLE, WORDS, cells_of
from .models import Import, Inspector

SHEET = "执法检查人员"
TITLES = tuple(column.words[0] for column in COLUMNS)
HINTS = {
    "number": "新增人员留空，由系统编号；修改时保留原编号。",
    "name": "必填，一行一人。示例行不会导入，可以留着。",
    "department": "留空就是导入人所在部门。只能导入本部门的人员（第十一条）。",
    "certificate": "没有执法证件的不参加抽取。请把这一列设为文本，以免证号变成科学计数。",
    "certificate_kind": "留空为行政执法证。",
    "valid_from": "有证号的必填，写成 2026-01-31；2026/1/31、20260131 也认。",
    "valid_to": "有证号的必填，不早于有效期自。",
    "skills": "多项用顿号分开，每项不超过 20 字，例如 食品、特种设备。",
    "post": "例如 执法科。",
    "qualification": "例如 特种设备安全监察员。",
    "region": "本市的县（区），全市性人员填“洛阳市”或留空。",
    "status": "在岗、借调或离岗，新增人员留空为在岗。",
    "capacity": "一次抽取最多承担的户数，1 到 999，新增人员留空为 20。",
    "may_lead": "是或否，新增人员留空为否。",
    "is_expert": "是或否。专家只协助检查，不参加抽取（第二十条）。",
}
WIDTHS = (14, 14, 26, 18, 14, 14, 14, 22, 18, 22, 14, 10, 10, 10, 8)


def blank() -> list[Sheet]:
    """An empty roster with an example row, a note on every heading and drop-downs."""
    choices: dict[str, tuple[str, ...]] = {
        "region": tuple(Region.objects.order_by("code").values_list("name", flat=True)),
        "status": tuple(str(label) for label in Inspector.Status.labels),
        "may_lead": ("是", "否"),
        "is_expert": ("是", "否"),
    }
    return template(
        SHEET,
        [
            Blank(column, HINTS[column.key], width, choices.get(column.key, ()))
            for column, width in zip(COLUMNS, WIDTHS, strict=True)
        ],
        [EXAMPLE],
    )


def roster(inspectors: Iterable[Inspector]) -> list[Sheet]:
    """These people, one a row."""
    return [Sheet(SHEET, TITLES, map(cells_of, inspectors), (), WIDTHS)]


def faults(batch: Import) -> list[Sheet]:
    """The rows that were not taken with what to mend, then fault by fault, and the remarks."""
    return error_sheets(Held.of(batch.held), batch.faults, batch.remarks, words=WORDS)
