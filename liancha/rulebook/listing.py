"""What stands on the two lists, and what leaves them (Measures, arts. 8–10).

Whole rows, signatures of every department named, the upper level's rows taken over or left out
with a reason, and what a field on the list means for inspecting alone. Who may be named in a row
is said by `eligibility`; versions and their publication are a room's.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from .verdicts import Blocked, NeedsReason
from .wording import Worded

CHECK_ITEM_COLUMNS = (
    "抽查类别",
    "抽查事项",
    "检查对象",
    "事项类别",
    "检查方式",
    "检查主体",
    "检查依据",
)
_ARTICLE = re.compile(r"第[0-9０-９零〇一二三四五六七八九十百千、，,和至到\s-]+条")
EVERYBODY = {"市场主体", "经营主体", "企业", "个体工商户", "经营者"}  # 检查对象 of any trade
JOINT_FIELD_COLUMNS = ("抽查领域", "抽查事项", "检查对象", "发起部门", "配合部门")


def missing_columns(row: Mapping[str, object], columns: Sequence[str]) -> tuple[str, ...]:
    """The columns a row leaves empty: absent, None, blank text or an empty list.

    Source: art. 10, paragraph 1, for the two lists; art. 14 for the plan. Clauses 10.1 and 10.2.
    """
    return tuple(column for column in columns if _is_empty(row.get(column)))


def check_list_row(row: Mapping[str, object], columns: Sequence[str], *, place: str) -> None:
    """A row of a list has all the columns of its kind.

    columns  CHECK_ITEM_COLUMNS or JOINT_FIELD_COLUMNS
    place    which row it is, as the person knows it: 第 7 行

    Raises Blocked.
    Source: art. 10, paragraph 1. Clauses 10.1 and 10.2.
    """
    if missing := missing_columns(row, columns):
        raise Blocked(
            f"{place}缺少：{'、'.join(missing)}。请补全后再保存。", article="10", paragraph=1
        )


def basis_remark(basis: str) -> str:
    """What is worth saying of 检查依据 that names a law and no article of it; "" otherwise.

    WARN, since published lists do so: who is inspected cannot look the duty up.
    Source: art. 10, paragraph 1, 检查依据. Clause 10.1.
    """
    if not basis.strip() or _ARTICLE.search(basis):
        return ""
    return "检查依据只写了名称，没有写到第几条"


def covers(targets: str, kind: str) -> bool:
    """Whether what a list calls its 检查对象 is, by its words, this kind of target too.

    Words only: one name within the other, or a name for everybody (市场主体, 企业). A person reads
    what was found and decides. Source: art. 10. Clause 10.4.
    """
    named, wanted = _names(targets), _names(kind)
    return bool(named & EVERYBODY) or any(
        one in other or other in one for one in named for other in wanted
    )


def check_cosigned(
    *, named: Collection[str], signed: Collection[str], minutes: str = ""
) -> tuple[str, ...]:
    """A list is published when every department it names has signed.

    minutes  reference of the meeting that decided without the missing ones
    returns  the departments that have not signed, covered by the minutes

    Raises NeedsReason without minutes.
    Source: art. 9, paragraph 1, 会同相关部门……共同制定. Clause 9.1.
    """
    lacking = tuple(sorted(set(named) - set(signed)))
    if lacking and not minutes.strip():
        raise NeedsReason(
            f"还没有会签：{'、'.join(lacking)}。请等待会签，或填写联席会议纪要的文号后公布。",
            article="9",
            paragraph=1,
        )
    return lacking


def check_adopted(
    *, upper: Mapping[str, str], ours: Collection[str], excluded: Mapping[str, str]
) -> None:
    """Every row of the upper level's joint list is on ours, or is left out with a reason.

    upper     code → name of the rows above
    excluded  code → reason: no such target here, no such power

    Raises NeedsReason naming the rows.
    Source: art. 9, paragraphs 1 (一) and 2. Clause 9.3(1).
    """
    lacking = [
        name
        for code, name in upper.items()
        if code not in ours and not excluded.get(code, "").strip()
    ]
    if lacking:
        raise NeedsReason(
            f"上级清单中有 {len(lacking)} 个领域未纳入：{'、'.join(lacking)}。"
            "请纳入，或逐个写明原因（本地没有此类对象、没有相应职权）。",
            article="9",
        )


class SoloReason(Worded):
    """Why a department inspects alone in a field of the joint list (art. 8, decision A14).

    What follows a case (案件查处) is registered as a case check and asks nobody.
    """

    COMPLAINT = "complaint", "投诉举报"
    REFERRED = "referred", "转办交办"
    MONITORING = "monitoring", "数据监测"
    LICENSING = "licensing", "许可核查"
    EMERGENCY = "emergency", "应急处置"
    STATUTE = "statute", "法律法规明确规定"
    REQUESTED = "requested", "企业申请"


def check_solo(item: str, *, field_name: str | None, reason: SoloReason | None) -> None:
    """A daily inspection by one department of what a joint field covers needs a reason.

    field_name  the joint field the item belongs to, None if to none

    Raises NeedsReason. Case inspections do not pass here: they are never held up.
    Source: art. 8, paragraph 1, 原则上……不再单独开展日常性监督检查. Clause 8.2.
    """
    if field_name is not None and reason is None:
        raise NeedsReason(
            f"“{item}”已在联合抽查领域“{field_name}”中，原则上不再单独开展日常检查。"
            "请改为参加联合抽查，或选择单独检查的原因。",
            article="8",
            paragraph=1,
            codes=SoloReason.choices(),
        )


def _names(text: str) -> set[str]:
    """宾馆, 旅店 of 各类宾馆、旅店."""
    parts = re.split(r"[、，,；;（）()和及与或/\s]+", text)
    names = {re.sub(r"^(各类|各级|所有|全部|全市)", "", part) for part in parts}
    return {name for name in names if len(name) > 1}


def _is_empty(value: object) -> bool:
    if value is None:
        return True
    if isinstance(value, str):
        return not value.strip()
    return isinstance(value, Collection) and len(value) == 0
