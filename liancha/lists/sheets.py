"""Lists on paper: the tables shipped with the software, templates, and downloads for everybody."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from importlib import resources
from typing import Any

from django.utils.timezone import localtime

from liancha.accounts.models import Department
from liancha.papers.blanks import Blank, template
from liancha.papers.errata import error_sheets
from liancha.papers.held import Held
from liancha.papers.writers import Sheet
from liancha.rulebook.eligibility import Duty

from .columns import COLUMNS, ITEM_COLUMNS, JOINT_COLUMNS, column_words
from .models import LEVELS, Import, ItemClass, ListVersion, Method

HINTS = {
    "items": {
        "category": "必填，例如 登记事项检查。几行同类的可以合并单元格。",
        "name": "必填，一行一个事项。同一部门的同名事项就是同一个。",
        "targets": "必填，例如 企业、个体工商户。",
        "item_class": "必填，重点检查事项或一般检查事项。",
        "methods": "必填，例如 现场检查、网络监测。",
        "subject": "必填，例如 县级以上市场监督管理部门。",
        "basis": "必填，法律、法规、规章的名称和条款，名称写在书名号里。",
        "department": "部门的全称、简称或代码，留空就是导入人所在部门。",
    },
    "joint": {
        "code": "必填，例如 JF05。同一领域的各行代码相同，或只写在第一行。",
        "name": "必填，写在领域的第一行。",
        "item": "必填，一行一个事项；一格里也可以用分号分开几个。",
        "targets": "必填，例如 各类宾馆、旅店。",
        "initiator": "必填，主管部门或有重要监管职责的部门（第十条）。",
        "cooperators": "必填，几个部门用顿号分开。",
        "department": "这一事项由哪个部门检查，留空就是发起部门。",
        "tag": "必填，名录库里对象标签的代码，例如 hotel。",
        "item_class": "重点检查事项或一般检查事项，新领域留空为一般。",
        "methods": "现场检查、书面检查、网络监测等，用顿号分开，新领域留空为现场检查。",
        "level": "市级、县（区）级，或市、县（区）级。新领域留空为市、县（区）级。",
        "ratio_note": "例如 5%，每年 1 次。",
        "basis": "这一事项的依据。",
        "source": "例如 省联席办清单。",
        "duty": "职责表里没有登记的才看这一列，留空为主管部门。",
        "needs_tag": "只有还带这个标签的对象才查这一事项，例如 lift。",
    },
    "upper": {
        "code": "必填，照上级清单的编号。",
        "name": "必填，照上级清单。",
        "items": "一行一个，或一格里用分号分开。",
        "targets": "照上级清单。",
        "initiator": "照上级清单。",
        "cooperators": "照上级清单。",
    },
}


def shipped_joint() -> list[dict[str, Any]]:
    """The 40 joint fields of the first list, ready for actions.load_joint."""
    items: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for item in _shipped("joint_items.csv"):
        items[item["field"]].append(item)
    return [field | {"items": items[field["code"]]} for field in _shipped("joint_fields.csv")]


def shipped_items() -> list[dict[str, str]]:
    """The 23 single-department items of the first list, ready for actions.load_items."""
    return _shipped("check_items.csv")


def version_sheets(version: ListVersion) -> list[Sheet]:
    """A version in the official order of columns, in the form that can be brought in again."""
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
    return [Sheet("清单", titles, rows, lines=lines, widths=widths)]


def blank(kind: str) -> list[Sheet]:
    """An empty table for one of the lists, with a note on every heading and drop-downs.

    kind  items, joint or upper
    """
    choices = {
        "item_class": tuple(map(str, ItemClass.labels)),
        "level": tuple(label for _, label in LEVELS),
        "duty": tuple(duty.label for duty in Duty),
    }
    if kind != Import.Kind.UPPER:
        names = Department.objects.active().city().order_by("pk").values_list("short", flat=True)
        choices |= {"initiator": tuple(names), "department": tuple(names)}
    return template(
        "清单",
        [
            Blank(column, HINTS[kind][column.key], 24, choices.get(column.key, ()))
            for column in COLUMNS[kind]
        ],
    )


def faults(batch: Import) -> list[Sheet]:
    """The rows that were not taken with what to mend, then fault by fault, and the remarks."""
    words = {word: key for key, word in column_words(batch.kind).items()}
    return error_sheets(
        Held.of(batch.held), batch.faults, batch.remarks, words=words, also=batch.lost
    )


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
