"""Lists on paper: the tables shipped with the software, uploads, and downloads for everybody."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import IO, Any

from django.utils.timezone import localtime

from liancha.papers.readers import Column, Row, find_table, open_book
from liancha.papers.writers import Sheet, write_workbook

from .models import ItemClass, ListVersion, Method

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
_CLASSES = {
    **{label: value for value, label in ItemClass.choices},
    **{"重点": "key", "一般": "general", "K": "key", "G": "general"},
}
_METHODS = {label: value for value, label in Method.choices}
_LEVELS = {
    "市级": "C",
    "市": "C",
    "县（区）级": "X",
    "县": "X",
    "市、县（区）级": "CX",
    "市县": "CX",
}
_DUTIES = {"主管部门": "competent", "重要监管职责": "major", "一般监管职责": "ordinary"}


def shipped_joint() -> list[dict[str, Any]]:
    """The 40 joint fields of the first list, ready for actions.load_joint."""
    items: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for item in _shipped("joint_items.csv"):
        items[item["field"]].append(item)
    return [field | {"items": items[field["code"]]} for field in _shipped("joint_fields.csv")]


def shipped_items() -> list[dict[str, str]]:
    """The 23 single-department items of the first list, ready for actions.load_items."""
    return _shipped("check_items.csv")


def read_items(path: Path, file_name: str, *, department: str) -> list[dict[str, str]]:
    """Rows of an uploaded 抽查事项清单.

    department  whose items they are where the file does not say

    Raises Unreadable.
    """
    with open_book(path, file_name) as book:
        return [
            {column.key: row[column.key] for column in ITEM_COLUMNS}
            | {
                "item_class": _CLASSES.get(row["item_class"], row["item_class"]),
                "department": row["department"] or department,
            }
            for row in find_table(book, ITEM_COLUMNS).rows()
        ]


def read_joint(path: Path, file_name: str) -> list[dict[str, Any]]:
    """Fields of an uploaded joint list: one row an item, a field's words on its first row.

    An item without a department of its own is the initiator's. Raises Unreadable.
    """
    fields: dict[str, dict[str, Any]] = {}
    code = ""
    with open_book(path, file_name) as book:
        for row in find_table(book, JOINT_COLUMNS).rows():
            code = row["code"] or code
            field = fields.setdefault(code, _field(row, code))
            for name in filter(None, row["item"].replace("；", ";").split(";")):
                field["items"].append(
                    {
                        "name": name.strip(),
                        "department": row["department"] or field["initiator"],
                        "basis": row["basis"],
                        "needs_tag": row["needs_tag"],
                    }
                )
    return list(fields.values())


def read_upper(path: Path, file_name: str) -> list[dict[str, str]]:
    """Fields of a list from above: one row a field, or one an item under its field.

    Raises Unreadable.
    """
    fields: dict[str, dict[str, str]] = {}
    code = ""
    with open_book(path, file_name) as book:
        for row in find_table(book, UPPER_COLUMNS).rows():
            code = row["code"] or code
            field = fields.get(code)
            if field is None:
                fields[code] = {column.key: row[column.key] for column in UPPER_COLUMNS}
                fields[code]["code"] = code
            elif row["items"]:
                field["items"] = "；".join(filter(None, (field["items"], row["items"])))
    return list(fields.values())


def write_version(target: IO[bytes], version: ListVersion) -> None:
    """A version as a workbook; a joint list comes in the form that read_joint takes."""
    lines = [f"{version.title}（第 {version.number} 版）"]
    if version.document_number:
        lines.append(version.document_number)
    if version.published_at:
        day = localtime(version.published_at)
        lines.append(f"公布日期 {day:%Y-%m-%d}，{version.get_state_display()}")
    if version.is_joint:
        columns = [column for column in JOINT_COLUMNS if column.key != "duty"]
        rows: Iterable[Any] = _joint_lines(version)
        widths: tuple[int, ...] = (8, 24, 36, 28, 18, 30, 14, 14, 14, 18, 14, 24, 26, 20, 16)
    else:
        columns, rows = list(ITEM_COLUMNS), _item_lines(version)
        widths = (16, 36, 28, 14, 20, 26, 40, 14)
    titles = [column.words[0] for column in columns]
    write_workbook(target, [Sheet("清单", titles, rows, lines=lines, widths=widths)])


def as_json(version: ListVersion) -> dict[str, Any]:
    """A version as open data."""
    base: dict[str, Any] = {
        "kind": version.kind,
        "kind_name": version.get_kind_display(),
        "region": version.region_id,
        "version": version.number,
        "title": version.title,
        "document_number": version.document_number,
        "state": version.state,
        "published_at": localtime(version.published_at).isoformat()
        if version.published_at
        else None,
    }
    if version.is_joint:
        return base | {
            "fields": [
                {
                    "code": field.code,
                    "name": field.name,
                    "targets": field.targets,
                    "item_class": field.get_item_class_display(),
                    "methods": [Method(digit).label for digit in field.methods.split()],
                    "level": field.get_level_display(),
                    "initiator": field.initiator.name,
                    "cooperators": [department.name for department in field.cooperators.all()],
                    "items": [
                        {
                            "name": item.name,
                            "department": item.department.name,
                            "basis": item.basis,
                        }
                        for item in field.items.all()
                    ],
                }
                for field in fields_of(version)
            ]
        }
    return base | {
        "items": [
            {
                "category": item.category,
                "name": item.name,
                "targets": item.targets,
                "item_class": item.get_item_class_display(),
                "methods": item.methods,
                "subject": item.subject,
                "basis": item.basis,
                "department": item.department.name,
            }
            for item in version.items.select_related("department")
        ]
    }


def fields_of(version: ListVersion) -> Iterable[Any]:
    """Fields with everything a page or a file shows of them, in four queries."""
    return version.fields.select_related("initiator").prefetch_related(
        "cooperators", "items__department"
    )


def _field(row: Row, code: str) -> dict[str, Any]:
    methods = [word for word in row["methods"].replace("、", " ").split() if word]
    return {
        "code": code,
        "name": row["name"],
        "targets": row["targets"],
        "tag": row["tag"],
        "initiator": row["initiator"],
        "cooperators": row["cooperators"],
        "item_class": _CLASSES.get(row["item_class"], row["item_class"] or "general"),
        "methods": " ".join(_METHODS.get(word, word) for word in methods) or "1",
        "level": _LEVELS.get(row["level"], row["level"]),
        "ratio_note": row["ratio_note"],
        "source": row["source"],
        "duty": _DUTIES.get(row["duty"], row["duty"]),
        "items": [],
    }


def _joint_lines(version: ListVersion) -> Iterable[list[str]]:
    for field in fields_of(version):
        for item in field.items.all():
            yield [
                field.code,
                field.name,
                item.name,
                field.targets,
                field.initiator.short,
                "、".join(department.short for department in field.cooperators.all()),
                item.department.short,
                field.tag,
                field.get_item_class_display(),
                field.method_words,
                field.get_level_display(),
                field.ratio_note,
                item.basis,
                field.source,
                item.needs_tag,
            ]


def _item_lines(version: ListVersion) -> Iterable[list[str]]:
    for item in version.items.select_related("department"):
        yield [
            item.category,
            item.name,
            item.targets,
            item.get_item_class_display(),
            item.methods,
            item.subject,
            item.basis,
            item.department.name,
        ]


def _shipped(name: str) -> list[dict[str, str]]:
    text = resources.files("liancha.lists").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
