"""The lists as tables: their columns, how a field's rows stand together, what a cell may say.

Whether a row may stand in a list is for `rows` to say. Knows no database.
"""

from __future__ import annotations

import re
import unicodedata

from liancha.papers.readers import Column
from liancha.rulebook.eligibility import Duty

from .models import LEVELS, ItemClass, Method

ITEM_COLUMNS = (
    Column("category", ("抽查类别", "类别"), is_required=True),
    Column("name", ("抽查事项", "事项"), is_required=True),
    Column("targets", ("检查对象", "抽查对象"), is_required=True),
    Column("item_class", ("事项类别", "重点/一般"), is_required=True),
    Column("methods", ("检查方式", "抽查方式"), is_required=True),
    Column("subject", ("检查主体", "实施主体"), is_required=True),
    Column("basis", ("检查依据", "抽查依据"), is_required=True),
    Column("department", ("部门", "所属部门", "责任部门")),
)
JOINT_COLUMNS = (
    Column("code", ("代码", "领域代码", "序号"), is_required=True),
    Column("name", ("抽查领域", "领域"), is_required=True),
    Column("item", ("抽查事项", "事项"), is_required=True),
    Column("targets", ("检查对象", "抽查对象"), is_required=True),
    Column("initiator", ("发起部门", "发起"), is_required=True),
    Column("cooperators", ("配合部门", "配合"), is_required=True),
    Column("department", ("检查部门", "事项检查部门")),
    Column("tag", ("对象标签",)),
    Column("item_class", ("事项类别", "重点/一般")),
    Column("methods", ("检查方式", "抽查方式")),
    Column("level", ("层级",)),
    Column("ratio_note", ("参考比例和频次", "抽查比例")),
    Column("basis", ("检查依据", "抽查依据")),
    Column("source", ("来源",)),
    Column("duty", ("发起部门职责",)),
    Column("needs_tag", ("需另有标签",)),
)
UPPER_COLUMNS = (
    Column("code", ("代码", "领域代码", "序号", "编号"), is_required=True),
    Column("name", ("抽查领域", "领域"), is_required=True),
    Column("items", ("抽查事项", "事项")),
    Column("targets", ("检查对象", "抽查对象")),
    Column("initiator", ("发起部门", "牵头部门", "发起")),
    Column("cooperators", ("配合部门", "参与部门", "配合")),
)
COLUMNS = {"items": ITEM_COLUMNS, "joint": JOINT_COLUMNS, "upper": UPPER_COLUMNS}

CLASSES = {
    **{str(label): value for value, label in ItemClass.choices},
    **{"重点": "key", "一般": "general", "K": "key", "G": "general"},
    **{value: value for value in ItemClass.values},
}
METHODS = {str(label): value for value, label in Method.choices} | {
    value: value for value in Method.values
}
LEVEL_WORDS = {
    **{label: value for value, label in LEVELS},
    **{"市": "C", "县": "X", "市县": "CX", "C": "C", "X": "X", "CX": "CX"},
}
DUTIES = {str(label): str(value) for value, label in Duty.choices()} | {
    duty.value: duty.value for duty in Duty
}
# What clerks call a way of checking beside its own name.
METHOD_ALIASES = dict.fromkeys(
    ("实地核查", "实地检查", "现场核查"), str(Method.ONSITE.value)
) | dict.fromkeys(("书面审查", "书面核查"), str(Method.DOCUMENT.value))
_SPLIT = re.compile(r"[、，,;；/\s]+")


def half(text: str) -> str:
    """Digits and letters in half width: ＪＦ０５ is JF05."""
    return unicodedata.normalize("NFKC", text).strip()


def code_of(text: str) -> str:
    """The code of a field as it is kept: ＪＦ 05, 'JF05 and jf05 are JF05."""
    return re.sub(r"[\s'‘’`]", "", half(text)).upper()


def words_of(text: str) -> list[str]:
    """公安、卫健 as two words, each once."""
    return list(dict.fromkeys(word for word in _SPLIT.split(text) if word))


def names_of(text: str) -> list[str]:
    """Names of items in one cell, divided by semicolons or line breaks."""
    return [name.strip() for name in re.split(r"[；;\n]", text) if name.strip()]


def column_words(kind: str) -> dict[str, str]:
    """Column key → the word a fault calls it by."""
    return {column.key: column.words[0] for column in COLUMNS[kind]}
