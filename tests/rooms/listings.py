"""Small made-up lists for the tests of versions, co-signing and publication."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from liancha.lists import actions
from liancha.lists.models import ListVersion
from tests.people import NOON, Cast

HOTELS: dict[str, Any] = {
    "code": "JF05",
    "name": "宾馆、旅店监督抽查",
    "targets": "各类宾馆、旅店",
    "tag": "hotel",
    "item_class": "key",
    "methods": "1",
    "level": "CX",
    "initiator": "GA",
    "cooperators": ["WJ", "XF"],
    "items": [
        {"name": "治安安全情况的检查", "department": "GA"},
        {"name": "卫生情况的检查", "department": "WJ"},
        {"name": "消防情况的检查", "department": "XF"},
    ],
}
PETROL: dict[str, Any] = HOTELS | {
    "code": "JF26",
    "name": "成品油市场抽查",
    "targets": "加油站、油库",
    "tag": "petrol",
    "initiator": "SCJG",
    "cooperators": ["XF"],
    "items": [
        {"name": "油品质量的检查", "department": "SCJG"},
        {"name": "消防安全的检查", "department": "XF"},
    ],
}
LICENCE = {
    "category": "登记事项检查",
    "name": "营业执照规范使用情况的检查",
    "targets": "企业、个体工商户",
    "item_class": "general",
    "methods": "现场检查、网络监测",
    "subject": "县级以上市场监督管理部门",
    "basis": "《市场主体登记管理条例》第36条",
    "department": "SCJG",
}


def draft(
    cast: Cast, *rows: dict[str, Any], kind: str = "joint", at: datetime = NOON
) -> ListVersion:
    """A draft with these rows."""
    version = actions.start_version(
        kind=kind, title="洛阳市抽查清单", basis="首次制定", by=cast.zhou, at=at
    )
    load = actions.load_joint if kind == "joint" else actions.load_items
    load(version=version, rows=rows, by=cast.zhou, at=at)
    return version


def sign_all(cast: Cast, version: ListVersion, at: datetime = NOON) -> None:
    """Every department named agrees, by one of its people."""
    for sign in version.cosigns.select_related("department"):
        person = sign.department.people.first()
        assert person is not None
        actions.cosign(version=version, department=sign.department, by=person, at=at)


def published(cast: Cast, *rows: dict[str, Any], kind: str = "joint") -> ListVersion:
    """A version that went the whole way."""
    version = draft(cast, *(rows or (HOTELS, PETROL)), kind=kind)
    actions.consult(version=version, by=cast.zhou, at=NOON)
    sign_all(cast, version)
    actions.approve(version=version, by=cast.zhou, at=NOON)
    return actions.publish(version=version, by=cast.zhou, at=NOON)
