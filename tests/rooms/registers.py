"""Small made-up registers for the tests of the two lists and the registry."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from liancha.registry.models import Target
from liancha.site.demo.city import code
from tests.people import NOON

HEADINGS = ("企业名称", "统一社会信用代码", "类型", "住所", "经营范围", "成立日期", "登记状态")

__all__ = ["HEADINGS", "code", "firm", "rows", "text", "write", "write_target"]


def firm(n: int, **changes: str) -> list[str]:
    """One row under HEADINGS: hotel number n in 洛龙区; `changes` by heading."""
    row = {
        "企业名称": f"洛阳云岫{n}号宾馆有限公司",
        "统一社会信用代码": code("91", "410311", n),
        "类型": "有限责任公司",
        "住所": f"河南省洛阳市洛龙区青禾街{n}号",
        "经营范围": "住宿服务；餐饮服务",
        "成立日期": "2017-06-08",
        "登记状态": "存续",
    }
    return list((row | changes).values())


def rows(count: int) -> list[list[str]]:
    """So many good rows."""
    return [firm(n) for n in range(1, count + 1)]


def text(
    lines: Iterable[Sequence[str]],
    headings: Sequence[str] = HEADINGS,
    *,
    above: Iterable[Sequence[str]] = (),
    delimiter: str = ",",
) -> str:
    """The rows as CSV text, with their heading and whatever stands above it."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([*above, headings, *lines])
    return out.getvalue()


def write(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    """A file with this content."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def write_target(n: int, **fields: object) -> Target:
    """A target in the registry, without an import."""
    values: dict[str, object] = {
        "code": code("91", "410311", n),
        "code_kind": "uscc",
        "name": f"洛阳漱石{n}号宾馆有限公司",
        "kind": "01",
        "address": f"洛阳市洛龙区松照路{n}号",
        "region_id": "410311",
        "updated_at": NOON,
    }
    return Target.objects.create(**(values | fields))
